/* SPDX-License-Identifier: Apache-2.0 */
/* answer_explain.h - why a job has its hours: the cheaper ones that it does not have, and who has them. */
#ifndef OFFPEAK_IO_ANSWER_EXPLAIN_H
#define OFFPEAK_IO_ANSWER_EXPLAIN_H

#include "io/answer_parts.h"

/*
 * {"site", "price_micro_per_mwh" (mean over its planned hours), "now_micro_per_mwh", "cheaper": [{start_utc, end_utc,
 * price_micro_per_mwh, why, jobs}]}, and what answer_alternatives.h adds; null for a job without planned hours. why:
 * "taken" (jobs holds GPUs that it would need), "deadline" (behind it), "gpu_hours" (its class has none left this
 * month), "not worth it" (a start or the waiting costs more than it saves).
 */
json_t *answer_explanation(struct answer *answer, const struct job *job);

#endif
