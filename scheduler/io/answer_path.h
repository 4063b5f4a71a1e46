/* SPDX-License-Identifier: Apache-2.0 */
/* answer_path.h - a file of a job's, as one of its processes has it. */
#ifndef OFFPEAK_IO_ANSWER_PATH_H
#define OFFPEAK_IO_ANSWER_PATH_H

#include "io/answer_parts.h"

/*
 * The pattern filled in: %j job, %a attempt, %n rank of the node, %r of the process, %% itself; a relative one from the
 * job's directory. NULL: no memory.
 */
json_t *answer_path(const struct job *job, const char *pattern, uint32_t attempt, uint32_t node, uint32_t rank);

#endif
