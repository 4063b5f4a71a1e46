/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.h - from an order to a running program: environment, files, user, limits, processors, memory.
 *
 * Prepared before the fork, where memory and name services may be used; carried out after it. By its launcher a leg has
 * one process, which starts its ranks itself, as torchrun does (RANK counts nodes then, and LOCAL_WORLD_SIZE is 1), or
 * one for each of its GPUs. With launcher head the first leg has the job's process and a holder (agent/remote), which
 * starts what that one asks for, and the others a holder alone.
 */
#ifndef OFFPEAK_SHIM_LAUNCH_H
#define OFFPEAK_SHIM_LAUNCH_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <offpeak/error.h>

#include "agent/shim/launch_paths.h"
#include "agent/shim/leg_dir.h"

enum { LAUNCH_WHY_SIZE = LEG_WHY_SIZE };

enum { LAUNCH_MAX_PROCESSES = OFFPEAK_MAX_DEVICES + 1 };

/* What one process of a leg has for itself. */
struct launch_process {
        uint32_t rank, local_rank;
        bool holds;                          /* a holder, not the job's command */
        struct launch_paths paths;
        cpu_set_t *cpus; /* NULL: not bound, or by its cgroup */
};

struct launch {
        const struct offpeak_job_spec *spec;
        struct launch_process *processes; /* n_processes >= 1 */
        uint32_t n_processes;
        uint32_t n_counted; /* the first of them, by which the leg ends */
        char **env; /* NAME=value, then NULL; RANK and LOCAL_RANK of the first process */
        char checkpoint[PATH_MAX]; /* absolute; made by the job's user */
        bool switch_user;          /* we are root, and the job is not */
        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        size_t set_size;        /* of a set, in bytes */
        cpu_set_t *mems;        /* memory nodes to prefer, as a set of their numbers; NULL: all the same */
        struct leg_group group; /* cgroups to join */
        bool required;          /* all of them, or it does not start */
        struct leg_rlimits rlimits;
        int log_fd;                /* to which the output files are handed over (job_log.h); -1: nobody */
        bool die_with_parent;      /* set by the keeper: no namespace does it */
        uint32_t first_pid;        /* of the first process, in a pid namespace */
};

/*
 * Decide all of it, write the host files, and make the default checkpoint directory. order must outlive the launch.
 * EUSAGE: it asks for what no node can do; EPERMISSION: we may not run jobs of that user; ENOTFOUND: it has no account
 * here; EINVAL; EIO; ENOMEM.
 */
int launch_prepare(const struct leg_dir *dir, const struct message_order *order, const struct leg_local *local,
                   struct launch *ret_launch, struct offpeak_error *err);
void launch_finish(struct launch *launch);

/*
 * In the new process: become this process of the job. Does not return. What fails is written to the job's stderr file
 * (to ours as long as that is not open), handed to `report`, and told by the exit status: 127 no such program, 126
 * anything else.
 */
_Noreturn void launch_exec(const struct launch *launch, const struct launch_process *process,
                           void (*report)(void *context, const char *why), void *context);

/* Take on user and groups, for good. 0, or -1 and errno. */
int launch_become_user(const struct launch *launch);

#endif
