/* SPDX-License-Identifier: Apache-2.0 */
/* unpin.c - `offpeak unpin`: plans may move jobs again. */
#include "cli/command.h"
#include "cli/commands.h"

const struct option_row unpin_rows[] = { COMMAND_OPTIONS };

int command_unpin(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return command_each_job(run, argc, argv, offpeak_unpin, "unpinned", err);
}
