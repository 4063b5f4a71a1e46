/* SPDX-License-Identifier: Apache-2.0 */
/* question.h - the planner's question for one job alone, the others' planned hours being taken. */
#ifndef OFFPEAK_CORE_QUESTION_H
#define OFFPEAK_CORE_QUESTION_H

#include "core/decide.h"

/*
 * As plan_question_init, for `candidate` only (it need not be in the state yet): GPUs and power that other jobs' planned
 * hours use are taken out of the supply, and it begins behind the planned ends of those it comes after. problem.n_jobs is 0
 * when no site could ever hold the job, or one that it comes after has no hours.
 */
int question_for_one(const struct state *state, const struct now *now, const struct job *candidate,
                     struct plan_question *ret_question);

/* The same as if nobody else had hours. */
int question_for_one_alone(const struct state *state, const struct now *now, const struct job *candidate,
                           struct plan_question *ret_question);

#endif
