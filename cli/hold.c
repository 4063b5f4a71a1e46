/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - `offpeak hold`: a job shall not run until it is released; a running one is paused. */
#include "cli/command.h"
#include "cli/commands.h"

const struct option_row hold_rows[] = { COMMAND_OPTIONS };

int command_hold(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return command_each_job(run, argc, argv, offpeak_hold, "held", err);
}
