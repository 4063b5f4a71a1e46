/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - `offpeak policy VERB ...`: the scheduler's configuration, looked at before it counts. */
#include "cli/policy.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "cli/commands.h"
#include "io/config.h"
#include "io/config_document.h"

const struct option_row policy_rows[] = { COMMAND_OPTIONS };

static const struct verb {
        const char *name, *operands;
        int least, most;
        int (*run)(struct command_run *run, struct offpeak_error *err);
} verbs[] = {
        { "check", "FILE", 1, 1, policy_check },
        { "show", "[FILE]", 0, 1, policy_show },
        { "diff", "OLD NEW", 2, 2, policy_diff },
};

enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int find_verb(const char *name, const struct verb **ret_verb, struct offpeak_error *err)
{
        const char *names[N_VERBS], *nearest;

        for (size_t i = 0; i < N_VERBS; i++) {
                names[i] = verbs[i].name;
                if (name != NULL && strcmp(name, names[i]) == 0) {
                        *ret_verb = &verbs[i];
                        return 0;
                }
        }
        nearest = name != NULL ? text_nearest(name, names, N_VERBS) : NULL;
        if (name == NULL)
                return fail(err, OFFPEAK_EUSAGE,
                            "offpeak policy needs a verb: policy check FILE, policy show [FILE] or "
                            "policy diff OLD NEW");
        return fail(err, OFFPEAK_EUSAGE, "offpeak policy cannot \"%s\"%s%s%s", name,
                    nearest != NULL ? " (did you mean \"" : ": it can check, show and diff",
                    nearest != NULL ? nearest : "", nearest != NULL ? "\"?)" : "");
}

static int expect(const struct command_run *run, const struct verb *verb, struct offpeak_error *err)
{
        if (run->n_operands < verb->least)
                return fail(err, OFFPEAK_EUSAGE, "offpeak policy %s needs %s: offpeak policy %s %s", verb->name,
                            verb->least == 1 ? "a file" : "two files", verb->name, verb->operands);
        if (run->n_operands > verb->most)
                return fail(err, OFFPEAK_EUSAGE, "\"%s\" is one word too many: offpeak policy %s %s",
                            run->operands[verb->most], verb->name, verb->operands);
        return 0;
}

int policy_read(const char *path, json_t **ret_document, struct offpeak_error *err)
{
        struct config_faults faults = { 0 };
        struct config config;
        size_t first = 0;
        int code = config_read_all(path, &config, &faults, err);

        if (code == 0) {
                json_t *values = config_document(&config, true);

                *ret_document =
                        json_pack("{s:s, s:s, s:o}", "schema", "offpeak.policy/1", "source", path, "values", values);
                code = *ret_document != NULL ? 0
                                             : fail(err, OFFPEAK_ENOMEM, "out of memory, or \"%s\" is not UTF-8", path);
                config_finish(&config);
        } else if (code == OFFPEAK_ECONFIG) {
                while (first < faults.n && faults.items[first].warning)
                        first++;
                code = fail(err, OFFPEAK_EINVAL,
                            "%s:%u:%u: %s\n`offpeak policy check %s` tells all that is wrong with it", path,
                            faults.items[first].line, faults.items[first].column, faults.items[first].text, path);
        }
        config_faults_finish(&faults);
        return code;
}

int command_policy(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        const struct verb *verb;
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = find_verb(run->operands[0], &verb, err);
        if (r != 0)
                return r;
        memmove(run->operands, run->operands + 1, (size_t)run->n_operands * sizeof(*run->operands));
        run->n_operands--;
        r = expect(run, verb, err);
        return r != 0 ? r : verb->run(run, err);
}
