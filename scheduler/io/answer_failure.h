/* SPDX-License-Identifier: Apache-2.0 */
/* answer_failure.h - how a job's last attempt that failed came to its end. */
#ifndef OFFPEAK_IO_ANSWER_FAILURE_H
#define OFFPEAK_IO_ANSWER_FAILURE_H

#include "io/answer_parts.h"

/* null: none ever failed. */
json_t *answer_failure(struct answer *answer, const struct job *job);

#endif
