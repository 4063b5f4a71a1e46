/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - the commands: one function and one table of options each. */
#ifndef OFFPEAK_CLI_COMMANDS_H
#define OFFPEAK_CLI_COMMANDS_H

#include "cli/command.h"

/* X(name) */
/* clang-format off */
#define COMMANDS(X)                                                                                                             \
        X(submit) X(jobs) X(show) X(explain) X(profile) X(plan) X(report) X(price) X(signals) X(estimate) X(simulate) X(assess) X(nodes)   \
        X(logs) X(cancel) X(hold) X(release) X(pin) X(unpin) X(drain) X(resume) X(fence) X(push) X(policy) X(reload) \
        X(keygen) X(version)
/* clang-format on */

#define COMMANDS_X(name)                                                                                           \
        int command_##name(struct command_run *run, int argc, char **argv, struct offpeak_error *err);             \
        extern const struct option_row name##_rows[];
COMMANDS(COMMANDS_X)
#undef COMMANDS_X

#endif
