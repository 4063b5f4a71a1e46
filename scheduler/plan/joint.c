/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/joint.h"

#include <math.h>
#include <string.h>

#include "plan/account.h"
#include "plan/supply_rate.h"
#include "plan/think.h"

#define SHARE_OF_PRICES 0.35 /* of the budget */

/* No plan costs as much. */
#define DEAREST 1e300

/* ---- life */

static bool is_limited(const struct plan_problem *problem)
{
        for (size_t s = 0; s < problem->n_sites; s++)
                for (size_t t = 0; problem->sites[s].store != NULL && t < problem->sites[s].n_steps; t++)
                        if (!isinf(supply_firm_limit(&problem->sites[s].steps[t])))
                                return true;
        return false;
}

int joint_init(struct joint *joint, const struct plan_problem *problem, const struct plan_budget *budget, size_t slots)
{
        *joint = (struct joint){ .problem = problem, .budget = budget, .slots = slots, .best_cost = INFINITY };
        joint->limited = is_limited(problem);
        joint->for_prices = *budget;
        joint->for_prices.work = (uint64_t)(SHARE_OF_PRICES * (double)budget->work);
        if (beside_stores_widen(&joint->widened, problem) != 0 ||
            optimiser_init(&joint->prices, &joint->widened.problem, &joint->for_prices, slots) != 0 ||
            stores_init(&joint->stores, problem, &joint->prices.prices) != 0 ||
            dispatch_init(&joint->dispatch, problem, &joint->prices.prices.slots) != 0 ||
            dispatch_init(&joint->best_dispatch, problem, &joint->prices.prices.slots) != 0 ||
            schedule_init(&joint->best, problem->n_jobs) != 0)
                return OFFPEAK_ENOMEM;
        joint->prices.stores = &joint->stores;
        return 0;
}

void joint_finish(struct joint *joint)
{
        schedule_finish(&joint->best);
        flows_finish(&joint->at_once);
        dispatch_finish(&joint->best_dispatch);
        dispatch_finish(&joint->dispatch);
        joint->prices.stores = NULL;
        stores_finish(&joint->stores);
        optimiser_finish(&joint->prices);
        beside_stores_finish(&joint->widened);
}

uint64_t joint_work_left(const struct joint *joint)
{
        uint64_t spent = joint->spent + optimiser_work(&joint->prices) + joint->dispatch.work;

        spent += joint->kept;
        return spent < joint->budget->work ? joint->budget->work - spent : 0;
}

/* ---- schedules, with what the stores do for them */

int joint_appraise(struct joint *joint, const struct schedule *schedule, struct plan_terms *ret_terms)
{
        *ret_terms = (struct plan_terms){ .total = INFINITY };
        if (dispatch_run(&joint->dispatch, joint->problem, &joint->prices.prices.slots, schedule, NULL) != 0)
                return OFFPEAK_ENOMEM;
        if (!joint->dispatch.feasible)
                return 0;
        return account(joint->problem, schedule, &joint->dispatch.flows, ret_terms, NULL);
}

static int copy_dispatch(struct joint *joint)
{
        size_t n = joint->problem->n_sites * joint->prices.prices.slots.n;

        memcpy(joint->best_dispatch.values, joint->dispatch.values, n * sizeof(double));
        memcpy(joint->best_dispatch.levels_w, joint->dispatch.levels_w, n * sizeof(double));
        return flows_copy(&joint->best_dispatch.flows, &joint->dispatch.flows);
}

int joint_take(struct joint *joint, const struct schedule *schedule, const struct plan_terms *terms)
{
        joint->best_cost = terms->total;
        joint->best_over_limit = terms->over_limit;
        return schedule_copy(&joint->best, schedule) != 0 || copy_dispatch(joint) != 0 ? OFFPEAK_ENOMEM : 0;
}

double joint_much(const struct joint *joint)
{
        return PLAN_HYSTERESIS * fabs(joint->best_cost - joint->best_over_limit);
}

int joint_consider(struct joint *joint, const struct schedule *schedule, bool *ret_better)
{
        struct plan_terms terms;

        *ret_better = false;
        if (joint_appraise(joint, schedule, &terms) != 0)
                return OFFPEAK_ENOMEM;
        if (!(terms.total < joint->best_cost - (joint->recalled ? joint_much(joint) : 1e-9 * fabs(joint->best_cost))) && !isinf(joint->best_cost))
                return 0;
        if (isinf(terms.total))
                return 0;
        *ret_better = true;
        joint->recalled = false; /* moved anyway: from now on every bit counts */
        return joint_take(joint, schedule, &terms);
}

/* ---- jobs beside stores */

bool joint_is_aborted(const struct joint *joint)
{
        return joint->budget->aborted != NULL && joint->budget->aborted(joint->budget->context);
}

int joint_plan_beside(struct joint *joint, enum manner manner, uint64_t work, bool *ret_better)
{
        struct plan_budget budget = { .work = work, .aborted = joint->budget->aborted, .context = joint->budget->context };
        struct optimiser optimiser = { 0 };
        struct beside_stores shifted;
        int code = beside_stores_shift(&shifted, joint->problem, &joint->prices.prices.slots, &joint->dispatch,
                                       joint->prices.proof.demand);

        shifted.problem.last = &joint->guide;
        if (code == 0)
                code = optimiser_init(&optimiser, &shifted.problem, &budget, joint->slots);
        if (code == 0)
                optimiser.best_cost = DEAREST;
        optimiser.board.reluctance = manner == RELUCTANTLY ? JOB_HYSTERESIS : 0;
        if (code == 0)
                code = manner == ANEW ? optimiser_think(&optimiser) : optimiser_improve(&optimiser, &joint->best);
        joint->spent += code == 0 ? optimiser_work(&optimiser) : 0;
        if (code == 0)
                code = joint_consider(joint, &optimiser.best, ret_better);
        optimiser_finish(&optimiser);
        beside_stores_finish(&shifted);
        return code;
}
