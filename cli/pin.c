/* SPDX-License-Identifier: Apache-2.0 */
/* pin.c - `offpeak pin`: a job keeps its planned hours, or starts at a given time, whatever that costs. */
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/submit_options.h"

enum { OPT_START = 1 };

const struct option_row pin_rows[] = {
        { OPT_START, 0, "start", "WHEN", "one unbroken run from then on: 22:00, tomorrow, now+2h (the planned hours)" },
        COMMAND_OPTIONS,
};

static int take(void *settings, const struct option_found *found, struct offpeak_error *err)
{
        (void)err;
        *(const char **)settings = found->value;
        return 0;
}

static int pin(struct command_run *run, int64_t start, struct offpeak_error *err)
{
        struct offpeak_answer answer = { 0 };
        struct offpeak_client *client;
        uint64_t job;
        int r = command_job(run->operands[0], &job, err);

        if (r == 0)
                r = command_open(run, &client, err);
        if (r != 0)
                return r;
        r = offpeak_pin(client, job, start, &answer, err);
        if (r == 0)
                r = command_print_answer(run, &answer, run->operands[0], "pinned", err);
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        return r;
}

int command_pin(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        const char *when = NULL;
        int64_t now = 0, start = 0;
        int r = command_parse(run, argc, argv, take, &when, err);

        if (r == 0)
                r = command_expect(run, 1, 1, "a job number", err);
        if (r == 0 && when != NULL)
                r = command_clock(run, &now, err);
        if (r == 0 && when != NULL)
                r = submit_resolve_time("--start", when, now, &start, err);
        return r != 0 ? r : pin(run, start, err);
}
