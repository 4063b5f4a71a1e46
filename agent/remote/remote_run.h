/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_run.h - have a command run on another node of the job, as rsh would.
 */
#ifndef OFFPEAK_REMOTE_RUN_H
#define OFFPEAK_REMOTE_RUN_H

#include <stdint.h>

#include <offpeak/error.h>

#include "agent/remote/remote_file.h"

/*
 * Its output comes on our stdout and stderr; nothing is read from stdin. *ret_status is of wait(2). A signal to us
 * (HUP, INT, TERM) ends it; but the job's stop signal, which the whole process group of the head gets, is the head's
 * affair. EUNREACHABLE: nobody hears us there, or not any more; ESTATE: it is not started, err says why. Once the job
 * was asked to stop ($OFFPEAK_STOP_FILE is there), nothing is.
 */
int remote_run(const struct remote_file *file, const struct remote_node *node, const char *command, int32_t *ret_status,
               struct offpeak_error *err);

#endif
