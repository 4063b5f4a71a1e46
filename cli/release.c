/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - `offpeak release`: a held job may run again. */
#include "cli/command.h"
#include "cli/commands.h"

const struct option_row release_rows[] = { COMMAND_OPTIONS };

int command_release(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return command_each_job(run, argc, argv, offpeak_release, "released", err);
}
