/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.h - from an order to a running program: environment, files, user, limits, processors, memory.
 *
 * Prepared before the fork, where memory and name services may be used; carried out after it. One process is started
 * per leg; launchers such as torchrun start their ranks themselves, so RANK counts nodes and LOCAL_WORLD_SIZE is 1.
 */
#ifndef OFFPEAK_SHIM_LAUNCH_H
#define OFFPEAK_SHIM_LAUNCH_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <offpeak/error.h>

#include "agent/shim/leg_dir.h"

enum { LAUNCH_WHY_SIZE = LEG_WHY_SIZE };

struct launch {
        const struct offpeak_job_spec *spec;
        char **env;                /* NAME=value, then NULL */
        char directory[PATH_MAX];
        char out[PATH_MAX], error[PATH_MAX]; /* expanded; error "": with out */
        char checkpoint[PATH_MAX]; /* absolute; made by the job's user */
        bool switch_user;          /* we are root, and the job is not */
        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        cpu_set_t *cpus;        /* NULL: not bound, or by its cgroup */
        size_t set_size;        /* of a set, in bytes */
        cpu_set_t *mems;        /* memory nodes to prefer, as a set of their numbers; NULL: all the same */
        struct leg_group group; /* cgroups to join */
        bool required;          /* all of them, or it does not start */
        struct leg_rlimits rlimits;
        int log_fd;                /* to which the output files are handed over (job_log.h); -1: nobody */
        bool die_with_parent;      /* set by the keeper: no namespace does it */
};

/*
 * Decide all of it, write the host files, and make the default checkpoint directory. order must outlive the launch.
 * EPERMISSION: we may not run jobs of that user; ENOTFOUND: it has no account here; EINVAL; EIO; ENOMEM.
 */
int launch_prepare(const struct leg_dir *dir, const struct message_order *order, const struct leg_local *local,
                   struct launch *ret_launch, struct offpeak_error *err);
void launch_finish(struct launch *launch);

/*
 * In the new process: become the job. Does not return. What fails is written to the job's stderr file (to ours as long
 * as that is not open), handed to `report`, and told by the exit status: 127 no such program, 126 anything else.
 */
_Noreturn void launch_exec(const struct launch *launch, void (*report)(void *context, const char *why), void *context);

/* Take on user and groups, for good. 0, or -1 and errno. */
int launch_become_user(const struct launch *launch);

/* "%j %a %n %%" of a path. False if it does not fit. */
bool launch_expand(const char *path, uint64_t job, uint32_t attempt, uint32_t rank, char *buffer, size_t size);

#endif
