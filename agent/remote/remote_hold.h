/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_hold.h - the holder: a process of the leg that starts what the job's head asks for.
 *
 * A command runs as the holder does (user, environment, directory, processors, cgroup), in a session of its own, by
 * /bin/sh. It is ended when who asked for it is gone: SIGTERM, then SIGKILL. The job's stop signal ends nothing here:
 * the head tells its processes by its own means; the holder takes no more commands and leaves after the last.
 */
#ifndef OFFPEAK_REMOTE_HOLD_H
#define OFFPEAK_REMOTE_HOLD_H

#include <offpeak/error.h>

#include "agent/remote/remote_file.h"

/* Serve until the stop signal came and nothing runs. ETRYAGAIN: another process has the port; EIO, ENOMEM. */
int remote_hold(const struct remote_file *file, struct offpeak_error *err);

#endif
