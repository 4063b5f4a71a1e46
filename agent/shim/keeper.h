/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - the process between shim and job, by which the job's processes die with their shim.
 *
 *   shim --- keeper --- first processes --- ...
 *
 * As a namespace, the keeper is init of a pid namespace (with its own /proc) and dies with the shim by PDEATHSIG: the
 * kernel then kills everything in it. Pids begin at the launch's first_pid there. As a guard, where that is not
 * allowed, it sees the shim's end of a socket close, and kills what it has: it adopts every orphan
 * (PR_SET_CHILD_SUBREAPER), so all of the leg are its descendants. It also holds the leg's lock, so that nobody takes
 * the leg for dead before it is. If the guard is killed, the shim, a subreaper as well, adopts them in turn.
 *
 * The keeper ends when nothing is left.
 */
#ifndef OFFPEAK_SHIM_KEEPER_H
#define OFFPEAK_SHIM_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <offpeak/error.h>

#include "agent/shim/launch.h"
#include "agent/shim/link.h"

#define KEEPER_NAME "offpeak-keeper" /* of its process */

struct keeper {
        pid_t pid;
        int fd;               /* readable, or SIGCHLD came: keeper_hear; -1 when it has closed its end */
        bool contained;       /* a namespace */
        bool killed;          /* with EMPTY: what was below it may be left */
        char whys[LAUNCH_MAX_PROCESSES][LAUNCH_WHY_SIZE]; /* of each: what kept its program from being executed; "" */
        uint32_t rank;                                    /* of the process that ENDED tells of */
        const char *why;                                  /* and its why */
};

enum keeper_event {
        KEEPER_NOTHING = 0, /* for now */
        KEEPER_ENDED,       /* all first processes with 0, or one that failed: *ret_status, keeper->rank and why */
        KEEPER_EMPTY,       /* nothing is left; the keeper has been waited for */
};

/*
 * Start the first processes of a leg; lock_fd is kept open by the keeper, nothing else of ours. contain GUARD or
 * NAMESPACE insist; AUTO tries the namespace first. EPERMISSION: the kernel does not allow the namespace; EIO: no
 * process can be made.
 */
int keeper_start(const struct launch *launch, enum link_contain contain, int lock_fd, struct keeper *ret_keeper,
                 struct offpeak_error *err);

/* What happened, one thing a call, without waiting; after a SIGCHLD, too. After EMPTY the keeper is finished. */
enum keeper_event keeper_hear(struct keeper *keeper, int32_t *ret_status);

/* To the first processes' groups; SIGKILL: to everything. Lost if the keeper is gone; keeper_hear tells. */
void keeper_signal(const struct keeper *keeper, int signal);

/* Kill the caller's own children: what a subreaper adopted. Theirs come up next; go on until waitpid has none. */
void keeper_kill_children(void);

#endif
