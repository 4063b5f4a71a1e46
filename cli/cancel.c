/* SPDX-License-Identifier: Apache-2.0 */
/* cancel.c - `offpeak cancel`: a job shall end; a running one is asked to stop first. */
#include "cli/command.h"
#include "cli/commands.h"

const struct option_row cancel_rows[] = { COMMAND_OPTIONS };

int command_cancel(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return command_each_job(run, argc, argv, offpeak_cancel, "cancelled", err);
}
