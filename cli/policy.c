/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - `offpeak policy VERB ...`: the scheduler's configuration, looked at before it counts. */
#include "cli/policy.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/commands.h"
#include "io/config.h"
#include "io/config_document.h"

#define DAY INT64_C(86400)
enum { MOST_REPLAY_D = 300 }; /* with its history before and what is planned behind, a window of prices */

enum { OPTION_REPLAY = 1 };

const struct option_row policy_rows[] = {
        { OPTION_REPLAY, 0, "replay", "TIME", "try: so much of the past, up to now (30d)" },
        COMMAND_OPTIONS,
};

static const struct verb {
        const char *name, *operands;
        int least, most;
        int (*run)(struct command_run *run, const struct policy_options *options, struct offpeak_error *err);
} verbs[] = {
        { "check", "FILE", 1, 1, policy_check },
        { "show", "[FILE]", 0, 1, policy_show },
        { "diff", "OLD NEW", 2, 2, policy_diff },
        { "try", "NEW", 1, 1, policy_try },
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
                            "offpeak policy needs a verb: policy check FILE, policy show [FILE], "
                            "policy diff OLD NEW or policy try NEW");
        return fail(err, OFFPEAK_EUSAGE, "offpeak policy cannot \"%s\"%s%s%s", name,
                    nearest != NULL ? " (did you mean \"" : ": it can check, show, diff and try",
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

int policy_read_config(const char *path, struct config *ret_config, struct offpeak_error *err)
{
        struct config_faults faults = { 0 };
        size_t first = 0;
        int code = config_read_all(path, ret_config, &faults, err);

        if (code == OFFPEAK_ECONFIG) {
                while (first < faults.n && faults.items[first].warning)
                        first++;
                code = fail(err, OFFPEAK_EINVAL,
                            "%s:%u:%u: %s\n`offpeak policy check %s` tells all that is wrong with it", path,
                            faults.items[first].line, faults.items[first].column, faults.items[first].text, path);
        }
        config_faults_finish(&faults);
        return code;
}

int policy_read(const char *path, json_t **ret_document, struct offpeak_error *err)
{
        struct config config;
        json_t *values;
        int code = policy_read_config(path, &config, err);

        if (code != 0)
                return code;
        values = config_document(&config, true);
        *ret_document = json_pack("{s:s, s:s, s:o}", "schema", "offpeak.policy/1", "source", path, "values", values);
        config_finish(&config);
        return *ret_document != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory, or \"%s\" is not UTF-8", path);
}

static int take(void *settings, const struct option_found *found, struct offpeak_error *err)
{
        struct policy_options *options = settings;
        int64_t *length = &options->replay_s;

        if (when_parse_duration(found->value, length, err) != 0)
                return fail_at(err, "--replay");
        if (*length <= 0 || *length > MOST_REPLAY_D * DAY)
                return fail(err, OFFPEAK_EINVAL, "--replay %s: write a time of up to %d days, as in --replay 30d",
                            found->value, MOST_REPLAY_D);
        return 0;
}

int command_policy(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct policy_options options = { 0 };
        const struct verb *verb;
        int r = command_parse(run, argc, argv, take, &options, err);

        if (r == 0)
                r = find_verb(run->operands[0], &verb, err);
        if (r != 0)
                return r;
        memmove(run->operands, run->operands + 1, (size_t)run->n_operands * sizeof(*run->operands));
        run->n_operands--;
        r = expect(run, verb, err);
        if (r == 0 && options.replay_s != 0 && verb->run != policy_try)
                r = fail(err, OFFPEAK_EUSAGE, "--replay belongs to offpeak policy try, not to policy %s", verb->name);
        return r != 0 ? r : verb->run(run, &options, err);
}
