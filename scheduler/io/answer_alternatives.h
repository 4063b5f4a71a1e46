/* SPDX-License-Identifier: Apache-2.0 */
/* answer_alternatives.h - what else a job could do at what cost, what it is kept from, and why it misses its deadline. */
#ifndef OFFPEAK_IO_ANSWER_ALTERNATIVES_H
#define OFFPEAK_IO_ANSWER_ALTERNATIVES_H

#include "io/answer_parts.h"

/*
 * Puts into an explanation of planned hours: "cost" (as a plan's), "alternatives" and "blockers" (docs/json.md). Where no
 * price is known they are null, [] and [].
 */
void answer_put_alternatives(struct answer *answer, json_t *explanation, const struct job *job);

/* {"cause", "missing_gpu_s", "limit_utc", "earliest_utc", "deadline_utc", "begin_utc"}; null unless its hours are late. */
json_t *answer_deadline_fit(struct answer *answer, const struct job *job);

#endif
