/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/at_once.h"

#include <math.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/beside_stores.h"
#include "plan/reasons.h"
#include "plan/run_now.h"

/* What the stores do for it and what both cost, if that is less than the best so far. */
static int consider(const struct plan_problem *problem, const struct slots *slots, struct dispatch *dispatch,
                    const struct schedule *schedule, double *best, struct schedule *ret_best, struct flows *ret_flows)
{
        struct plan_terms terms;

        if (dispatch_run(dispatch, problem, slots, schedule, NULL) != 0)
                return OFFPEAK_ENOMEM;
        if (!dispatch->feasible)
                return 0;
        if (account(problem, schedule, &dispatch->flows, &terms, NULL) != 0)
                return OFFPEAK_ENOMEM;
        if (!(terms.total < *best))
                return 0;
        *best = terms.total;
        return schedule_copy(ret_best, schedule) != 0 || flows_copy(ret_flows, &dispatch->flows) != 0 ? OFFPEAK_ENOMEM : 0;
}

static int choose(const struct plan_problem *problem, struct schedule *best, struct flows *flows, double *cost)
{
        struct schedule within = { 0 }, steady = { 0 };
        struct beside_stores beside = { 0 };
        struct dispatch dispatch = { 0 };
        struct slots slots = { 0 };
        int code = OFFPEAK_ENOMEM;

        if (slots_init(&slots, problem, SLOTS_COARSE) == 0 && dispatch_init(&dispatch, problem, &slots) == 0 &&
            beside_stores_steady(&beside, problem) == 0 && schedule_init(&within, problem->n_jobs) == 0 &&
            schedule_init(&steady, problem->n_jobs) == 0 && run_now(problem, &within) == 0 && run_now(&beside.problem, &steady) == 0)
                code = 0;
        if (code == 0)
                code = consider(problem, &slots, &dispatch, &within, cost, best, flows);
        if (code == 0)
                code = consider(problem, &slots, &dispatch, &steady, cost, best, flows);
        schedule_finish(&steady);
        schedule_finish(&within);
        beside_stores_finish(&beside);
        dispatch_finish(&dispatch);
        slots_finish(&slots);
        return code;
}

int at_once(const struct plan_problem *problem, struct schedule *schedule, struct flows *ret_flows, struct offpeak_error *err)
{
        double cost = INFINITY;
        int code = problem_has_stores(problem) ? choose(problem, schedule, ret_flows, &cost) : run_now(problem, schedule);

        if (code != 0)
                return fail(err, code, "running at once: out of memory");
        if (problem_has_stores(problem) && isinf(cost))
                return fail(err, OFFPEAK_EINVAL, "the sites' stores do not carry the jobs that are pinned: unpin one of them");
        return 0;
}

int plan_run_now(const struct plan_problem *problem, struct plan *ret_plan, struct offpeak_error *err)
{
        struct flows flows = { 0 };
        struct schedule schedule;
        struct plan plan;
        int code = plan_problem_check(problem, err);

        if (code != 0)
                return code;
        plan_init(&plan);
        code = schedule_init(&schedule, problem->n_jobs) != 0 ? fail(err, OFFPEAK_ENOMEM, "running at once: out of memory") :
                                                                at_once(problem, &schedule, &flows, err);
        if (code == 0 && account_plan(problem, &schedule, &flows, &plan) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "running at once: out of memory");
        if (code != 0) {
                plan_finish(&plan);
        } else {
                plan.run_now = plan.terms;
                for (size_t j = 0; j < plan.n_jobs; j++) {
                        plan.jobs[j].run_now_cost = plan.jobs[j].cost;
                        plan.jobs[j].run_now_waiting = plan.jobs[j].waiting;
                        plan.jobs[j].reason = reason_plain(problem, &schedule, j);
                }
                *ret_plan = plan;
        }
        flows_finish(&flows);
        schedule_finish(&schedule);
        return code;
}
