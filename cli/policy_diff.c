/* SPDX-License-Identifier: Apache-2.0 */
/* policy_diff.c - `offpeak policy diff OLD NEW`: what changes in meaning, and when that counts. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/document.h"
#include "cli/policy.h"

/* ---- for people */

static void print_value(const struct screen *screen, FILE *out, const json_t *value, const char *means)
{
        char *text;

        if (json_is_null(value)) {
                fputs(means != NULL ? means : "none", out);
        } else if (json_is_string(value)) {
                screen_print(screen, out, json_string_value(value));
        } else {
                text = json_dumps(value, 0);
                screen_print(screen, out, text != NULL ? text : "?");
                free(text);
        }
}

void policy_print_change(const struct screen *screen, FILE *out, const json_t *change)
{
        const json_t *old = json_object_get(change, "old"), *new = json_object_get(change, "new");
        const char *unit = document_text(change, "unit"), *means = document_text(change, "means");

        screen_print(screen, out, document_text(change, "path"));
        fputs(": ", out);
        if (json_is_null(old) && json_is_null(new)) {
                fputs(document_text(change, "what"), out);
        } else {
                print_value(screen, out, old, document_text(change, "old_means"));
                if (unit != NULL && json_is_null(new))
                        fprintf(out, " %s", unit);
                fputs(" -> ", out);
                print_value(screen, out, new, document_text(change, "new_means"));
                if (unit != NULL && !json_is_null(new))
                        fprintf(out, " %s", unit);
        }
        if (means != NULL)
                fprintf(out, "  (%s)", means);
        putc('\n', out);
}

static size_t count(const json_t *changes, const char *needs)
{
        json_t *change;
        size_t i, n = 0;

        json_array_foreach((json_t *)changes, i, change) n += strcmp(document_text(change, "needs"), needs) == 0;
        return n;
}

/* What is to be done for the changes to count. */
static void print_end(const struct command_run *run, const json_t *changes)
{
        size_t reload = count(changes, "reload"), restart = count(changes, "restart"),
               store = count(changes, "new store");

        fprintf(run->out, "%zu %s", reload + restart + store, reload + restart + store == 1 ? "change" : "changes");
        if (reload > 0)
                fprintf(run->out, ": %zu by `offpeak reload`", reload);
        if (restart > 0)
                fprintf(run->out, "%s %zu by a restart of offpeakd", reload > 0 ? "," : ":", restart);
        if (store > 0)
                fprintf(run->out, "%s %zu with a new store", reload + restart > 0 ? "," : ":", store);
        putc('\n', run->out);
}

/* ---- the command */

static int tell(struct command_run *run, json_t *changes, struct offpeak_error *err)
{
        json_t *change, *document;
        size_t i;

        if (run->json) {
                document = json_pack("{s:s, s:s, s:s, s:O}", "schema", "offpeak.policy_diff/1", "old", run->operands[0],
                                     "new", run->operands[1], "changes", changes);
                if (document == NULL)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory");
                command_print_json(run, document);
                json_decref(document);
        } else {
                json_array_foreach(changes, i, change) policy_print_change(&run->screen, run->out, change);
                if (json_array_size(changes) > 0)
                        print_end(run, changes);
        }
        return json_array_size(changes) > 0 ? COMMAND_DIFFERS : 0;
}

int policy_diff(struct command_run *run, const struct policy_options *options, struct offpeak_error *err)
{
        json_t *before, *after, *changes;
        int r = policy_read(run->operands[0], &before, err);

        (void)options;
        if (r != 0)
                return r;
        r = policy_read(run->operands[1], &after, err);
        if (r != 0) {
                json_decref(before);
                return r;
        }
        changes = policy_changes(before, after);
        r = changes != NULL ? tell(run, changes, err) : fail(err, OFFPEAK_ENOMEM, "out of memory");
        json_decref(changes);
        json_decref(before);
        json_decref(after);
        return r;
}
