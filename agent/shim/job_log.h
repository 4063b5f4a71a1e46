/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_log.h - the process that keeps what a job writes from filling the disk: its output files, and its progress file.
 *
 *   shim --- offpeak-logs      looks at the files, as the job's user
 *      \---- keeper --- job    writes into them directly
 *
 * Not a pipe from the job to us: its output would be lost, and it would get SIGPIPE, when that reader dies; it would
 * wait whenever the reader does; and every byte would pass through one more process. So the job has its files itself,
 * as without us, and this process takes off their older part when they grow beyond a limit (log_file.h). If it is
 * killed, the files grow, and nothing else happens. The price: between two looks a file can grow beyond its limit by
 * what the job can write in LOOK_MS and during the copy.
 *
 * It has the user, the groups and the directory of the job, never our rights: file systems that give nothing to root
 * and quotas hold, and no link that the job puts in its way leads to where the job could not write itself. Files come
 * to it as open descriptors from the job's processes, so it always has the very file that the job writes to,
 * whatever becomes of its name.
 */
#ifndef OFFPEAK_SHIM_JOB_LOG_H
#define OFFPEAK_SHIM_JOB_LOG_H

#include <stdint.h>
#include <sys/types.h>

#include "agent/shim/launch.h"

struct job_log {
        pid_t pid; /* 0: none */
        int fd;    /* ours of the socket by which files are handed over, and whose end is its end; -1 */
};

/*
 * Start it for a leg. limit and files as in leg_local.h; progress is looked after in any case. EIO: it cannot be made;
 * then *ret_log is none.
 */
int job_log_start(const struct leg_dir *dir, const struct launch *launch, int64_t limit, int64_t files,
                  struct job_log *ret_log, struct offpeak_error *err);

/* In a process of the job, the one of this number in its launch: its standard output and error to the process behind fd. */
void job_log_hand_over(int fd, uint32_t process);

/* Let it have a last look, for so long at most, and end it. Accepts none. */
void job_log_stop(struct job_log *log, int64_t patience_ms);

#endif
