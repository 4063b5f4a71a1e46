/* SPDX-License-Identifier: Apache-2.0 */
/* keygen.c - `offpeak keygen`: a key pair for tcp. */
#include <stdlib.h>

#include "base/fail.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "wire/keys.h"

enum { OPT_DIRECTORY = 1, OPT_ROLE };

const struct option_row keygen_rows[] = {
        { OPT_DIRECTORY, 'd', "directory", "PATH", "where to put NAME.key and NAME.pub (.)" },
        { OPT_ROLE, 'r', "role", "ROLE", "user, agent, operator, push or server (user)" },
        COMMAND_OPTIONS,
};

struct settings {
        const char *directory;
        enum wire_role role;
};

/* Names and roles are mostly read from files; on the command line a wrong one is a value, not a configuration. */
static int wrong_value(int code, struct offpeak_error *err)
{
        if (code != OFFPEAK_ECONFIG)
                return code;
        if (err != NULL)
                err->code = OFFPEAK_EINVAL;
        return OFFPEAK_EINVAL;
}

static int take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct settings *settings = context;

        if (found->id == OPT_DIRECTORY) {
                settings->directory = found->value;
                return 0;
        }
        if (wire_role_parse(found->value, &settings->role, err) != 0) {
                fail_at(err, "%s", found->name);
                return wrong_value(OFFPEAK_ECONFIG, err);
        }
        return 0;
}

static int print_pair(const struct command_run *run, const struct settings *settings, const char *name)
{
        json_t *document;

        if (run->json) {
                document = json_pack("{s:s, s:s, s:s, s:s}", "schema", "offpeak.keygen/1", "directory",
                                     settings->directory, "name", name, "role", wire_role_name(settings->role));
                if (document == NULL)
                        return OFFPEAK_ENOMEM;
                command_print_json(run, document);
                json_decref(document);
                return 0;
        }
        fprintf(run->out, "%s/%s.key  secret: keep it, mode 0600\n%s/%s.pub  to hand out (role %s)\n",
                settings->directory, name, settings->directory, name, wire_role_name(settings->role));
        return 0;
}

int command_keygen(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct settings settings = { .directory = ".", .role = WIRE_ROLE_USER };
        int r = command_parse(run, argc, argv, take, &settings, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a name for the key", err);
        if (r == 0)
                r = wrong_value(wire_keys_generate(settings.directory, run->operands[0], settings.role, err), err);
        if (r == 0 && print_pair(run, &settings, run->operands[0]) != 0)
                r = fail(err, OFFPEAK_ENOMEM, "out of memory");
        return r;
}
