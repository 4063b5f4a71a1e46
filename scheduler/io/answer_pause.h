/* SPDX-License-Identifier: Apache-2.0 */
/* answer_pause.h - why a job was paused last, as an answer tells it. */
#ifndef OFFPEAK_IO_ANSWER_PAUSE_H
#define OFFPEAK_IO_ANSWER_PAUSE_H

#include "io/answer_parts.h"

/* null: it was never paused, or before there was a record of it. What does not belong to its cause is null. */
json_t *answer_pause(struct answer *answer, const struct job *job);

#endif
