/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - `offpeak version`: of this program, and of the scheduler if it answers. */
#include <offpeak/version.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"

const struct option_row version_rows[] = { COMMAND_OPTIONS };

static json_t *ask(const struct command_run *run, struct offpeak_error *err)
{
        struct offpeak_client *client;
        json_t *document = NULL;

        if (command_open(run, &client, err) != 0)
                return NULL;
        if (command_ask(client, "version", NULL, &document, err) != 0)
                document = NULL;
        offpeak_close(client);
        return document;
}

/* A scheduler that does not answer is no failure here: this program's own version is the answer. */
int command_version(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        json_t *document;
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        if (r != 0)
                return r;
        document = ask(run, err);
        if (run->json) {
                json_t *both = json_pack("{s:s, s:s, s:o?}", "schema", "offpeak.versions/1", "client",
                                         offpeak_version(), "scheduler", document);

                command_print_json(run, both);
                json_decref(both);
                return 0;
        }
        fprintf(run->out, "offpeak %s\n", offpeak_version());
        if (document != NULL) {
                const char *version = document_text(document, "version");

                fputs("scheduler ", run->out);
                screen_print(&run->screen, run->out, version != NULL ? version : "?");
                putc('\n', run->out);
        } else {
                fputs("scheduler: ", run->out);
                screen_print(&run->screen, run->out, err->text);
                putc('\n', run->out);
        }
        json_decref(document);
        return 0;
}
