/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch_env.h - what a job sees: its environment.
 *
 * Ours come first, then the owner's (theirs yield to ours of the same name), then HOME, USER, LOGNAME, SHELL and PATH
 * where nobody gave them. With launcher head there are no ranks, but what its launchers need to start processes by us, and
 * before the PATH our folder with what calls itself ssh.
 */
#ifndef OFFPEAK_SHIM_LAUNCH_ENV_H
#define OFFPEAK_SHIM_LAUNCH_ENV_H

#include "agent/shim/leg_dir.h"

struct launch_account {
        const char *name, *home, *shell;
};

/* That of the leg's first process: NAME=value, malloc'ed one by one, then NULL. Returns NULL on ENOMEM. */
char **launch_env_make(const struct leg_dir *dir, const struct message_order *order, const struct leg_local *local,
                       const struct launch_account *account, const char *checkpoint);
void launch_env_free(char **env);

/*
 * The host files in the leg's directory: one name a line, by rank; and `NAME slots=GPUS`, which mpirun and deepspeed
 * both read.
 */
int launch_env_write_hosts(const struct leg_dir *dir, const struct message_order *order, struct offpeak_error *err);

#endif
