/* SPDX-License-Identifier: Apache-2.0 */
/* plan_records.h - a plan as the record that adopts it. */
#ifndef OFFPEAK_CORE_PLAN_RECORDS_H
#define OFFPEAK_CORE_PLAN_RECORDS_H

#include "core/turn.h"

/*
 * Append the PLAN record of `plan`, the answer to `problem` (plan_question_init, question_for_one; NULL: no job has hours), whose sites are the state's site ids. header NULL: hours for single jobs only, the
 * plan in force stays. Lateness is left 0: the planner aims ahead of deadlines, plan_lateness says what is really late.
 */
void plan_records(struct turn *turn, const struct now *now, const struct adopted_plan *header,
                  const struct plan_problem *problem, const struct plan *plan);

/* Seconds by which a job that ends at `finish` misses its owner's deadline; 0: it has none, or keeps it. */
int64_t plan_lateness(const struct offpeak_job_spec *spec, int64_t finish);

#endif
