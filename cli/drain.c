/* SPDX-License-Identifier: Apache-2.0 */
/* drain.c - `offpeak drain` and `offpeak resume`: a node takes no more jobs, and does again. */
#include <string.h>

#include "cli/command.h"
#include "cli/commands.h"

enum { OPT_REASON = 1 };

const struct option_row drain_rows[] = {
        { OPT_REASON, 0, "reason", "TEXT", "told by `offpeak nodes`; who drained it, if not given" },
        COMMAND_OPTIONS,
};

const struct option_row resume_rows[] = { COMMAND_OPTIONS };

static int take(void *settings, const struct option_found *found, struct offpeak_error *err)
{
        (void)err;
        *(const char **)settings = found->value;
        return 0;
}

static int tell(struct command_run *run, bool drain, const char *reason, struct offpeak_error *err)
{
        const char *node = run->operands[0];
        struct offpeak_answer answer = { 0 };
        struct offpeak_client *client;
        int r = command_open(run, &client, err);

        if (r != 0)
                return r;
        r = drain ? offpeak_drain(client, node, reason, &answer, err) : offpeak_resume(client, node, &answer, err);
        if (r == 0)
                r = command_print_answer(run, &answer, node, drain ? "drained" : "resumed", err);
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        return r;
}

int command_drain(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        const char *reason = NULL;
        int r = command_parse(run, argc, argv, take, &reason, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a node's name", err);
        return r != 0 ? r : tell(run, true, reason, err);
}

int command_resume(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        int r = command_parse(run, argc, argv, NULL, NULL, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a node's name", err);
        return r != 0 ? r : tell(run, false, NULL, err);
}
