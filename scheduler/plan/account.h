/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - the bill of a schedule, in plan.h's terms: totals, and each job's share.
 */
#ifndef OFFPEAK_PLAN_ACCOUNT_H
#define OFFPEAK_PLAN_ACCOUNT_H

#include "plan/cuts.h"

/*
 * Totals of a schedule within the limits, stores doing what flows say (NULL: nothing). shares: one for each job, may be NULL. ENOMEM.
 */
int account(const struct plan_problem *problem, const struct schedule *schedule, const struct flows *flows,
            struct plan_terms *ret_terms, double *shares);

/* Of one site: supply, power above the limit, demand and storage are added to what terms have of them; total is their sum. ENOMEM. */
int account_power(const struct plan_problem *problem, struct cuts *cuts, struct plan_terms *terms);

/* Of one job: all that is neither power nor carbon. */
double account_waiting(const struct plan_problem *problem, const struct plan_job *job, const struct choice *choice);

/* The schedule as a plan: intervals, results, terms. No reasons, no bound. plan must be initialised. ENOMEM. */
int account_plan(const struct plan_problem *problem, const struct schedule *schedule, const struct flows *flows, struct plan *plan);

/* Could the job run at some site at some time, were it alone? */
bool job_is_possible(const struct plan_problem *problem, const struct plan_job *job);

#endif
