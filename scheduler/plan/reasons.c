/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/reasons.h"

#include <math.h>
#include <stdlib.h>

#include "plan/account.h"

static bool knows_no_price(const struct plan_problem *problem, const struct plan_job *job)
{
        for (size_t s = 0; s < problem->n_sites; s++)
                for (size_t t = 0; (job->sites >> s & 1) != 0 && t < problem->sites[s].n_steps; t++)
                        for (unsigned i = 0; i < problem->sites[s].steps[t].n_segments; i++)
                                if (problem->sites[s].steps[t].segments[i].price != 0)
                                        return false;
        return true;
}

enum plan_reason reason_plain(const struct plan_problem *problem, const struct schedule *schedule, size_t j)
{
        const struct plan_job *job = &problem->jobs[j];
        const struct choice *choice = &schedule->jobs[j];
        const struct plan_interval *first = choice->intervals;
        double progress = job_progress(problem, job, choice->intervals, choice->n);
        struct outcome outcome = job_outcome(problem, job, progress, choice->n > 0 ? first[choice->n - 1].end : 0);

        if (choice->n == 0 && !job_is_possible(problem, job))
                return PLAN_IMPOSSIBLE;
        if (outcome.rest_s > 0)
                return PLAN_BEYOND;
        if (outcome.late_s > 0)
                return PLAN_LATE;
        if (job_goes_on(problem, job, first->site, first->mode, first->start))
                return PLAN_RUNNING;
        if (choice->n == 1 && first->start == job->release)
                return knows_no_price(problem, job) ? PLAN_NO_PRICE : PLAN_AT_ONCE;
        return PLAN_CHEAPEST;
}

/* What the job would cost were it alone, with the deadline or without. */
static int cost_alone(struct board *empty, size_t j, bool deadline, double *ret_cost)
{
        struct plan_job job = empty->problem->jobs[j];
        struct choice place = { 0 };
        int code;

        if (!deadline)
                job.deadline = 0;
        *ret_cost = INFINITY;
        code = board_find(empty, &job, ret_cost, &place);
        free(place.intervals);
        return code;
}

int reason_full(struct board *empty, const struct schedule *schedule, size_t j, double cost,
                enum plan_reason *ret_reason)
{
        double alone, unhurried, worth;

        *ret_reason = reason_plain(empty->problem, schedule, j);
        if (*ret_reason != PLAN_CHEAPEST)
                return 0;
        if (cost_alone(empty, j, true, &alone) != 0 || cost_alone(empty, j, false, &unhurried) != 0)
                return OFFPEAK_ENOMEM;
        worth = 1e-3 * fabs(cost) + 1e-9; /* a difference that is worth telling */
        if (unhurried < alone - worth && alone - unhurried > cost - alone)
                *ret_reason = PLAN_DEADLINE;
        else if (alone < cost - worth)
                *ret_reason = PLAN_CROWDED;
        return 0;
}
