/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/fill.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/check.h"
#include "plan/reasons.h"

static int fill_reasons(struct optimiser *optimiser, struct plan *plan)
{
        int code = 0;

        for (size_t j = 0; code == 0 && j < plan->n_jobs; j++)
                if (optimiser->budget->unexplained)
                        plan->jobs[j].reason = reason_plain(optimiser->problem, &optimiser->best, j);
                else
                        code = reason_full(&optimiser->empty, &optimiser->best, j, plan->jobs[j].cost,
                                           &plan->jobs[j].reason);
        return code;
}

static int fill_run_now(const struct plan_problem *problem, const struct schedule *at_once, const struct flows *flows,
                        struct plan *plan)
{
        double *shares = calloc(plan->n_jobs + 1, sizeof(*shares));
        int code = shares == NULL ? OFFPEAK_ENOMEM : account(problem, at_once, flows, &plan->run_now, shares);

        for (size_t j = 0; code == 0 && j < plan->n_jobs; j++) {
                plan->jobs[j].run_now_cost = shares[j];
                plan->jobs[j].run_now_waiting = account_waiting(problem, &problem->jobs[j], &at_once->jobs[j]);
        }
        free(shares);
        return code;
}

/* The prices of the bound leave the optimiser. */
static int fill_multipliers(struct optimiser *optimiser, struct plan_multipliers *multipliers)
{
        const struct slots *slots = &optimiser->prices.slots;

        multipliers->edges = malloc((slots->n + 1) * sizeof(int64_t));
        if (multipliers->edges == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(multipliers->edges, slots->edges, (slots->n + 1) * sizeof(int64_t));
        multipliers->n_sites = optimiser->problem->n_sites;
        multipliers->n_limits = optimiser->problem->n_limits;
        multipliers->n_slots = slots->n;
        multipliers->power = optimiser->proof.power;
        multipliers->gpus = optimiser->proof.gpus;
        if (optimiser->problem->n_limits > 0) {
                size_t n_limits = optimiser->problem->n_limits * slots->n;

                multipliers->limits = malloc(n_limits * sizeof(double));
                if (multipliers->limits == NULL)
                        return OFFPEAK_ENOMEM;
                memcpy(multipliers->limits, optimiser->proof.gpus + optimiser->problem->n_sites * slots->n,
                       n_limits * sizeof(double));
        }
        multipliers->demand = optimiser->proof.demand;
        optimiser->proof = (struct price_set){ 0 };
        return 0;
}

int plan_fill(struct optimiser *optimiser, struct plan *plan, struct offpeak_error *err)
{
        if (account_plan(optimiser->problem, &optimiser->best, NULL, plan) != 0 ||
            fill_run_now(optimiser->problem, &optimiser->at_once, NULL, plan) != 0 || fill_reasons(optimiser, plan) != 0)
                return fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
        plan->work = optimiser_work(optimiser);
        plan->bound = -INFINITY;
        if (fill_multipliers(optimiser, &plan->multipliers) != 0)
                return fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
        if (optimiser->budget->unproven)
                return 0;
        return plan_bound(optimiser->problem, &plan->multipliers, &plan->bound, err);
}

/* Those of the stores. */
static int fill_values(const struct stores *stores, struct plan_multipliers *multipliers)
{
        size_t n = multipliers->n_sites * multipliers->n_slots;

        multipliers->storage = malloc((n + 1) * sizeof(double));
        if (multipliers->storage == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(multipliers->storage, stores->proof, n * sizeof(double));
        return 0;
}

int plan_fill_beside_stores(const struct plan_problem *problem, struct optimiser *prices, struct optimiser *best,
                            const struct flows *flows, const struct flows *at_once, struct plan *plan, struct offpeak_error *err)
{
        if (account_plan(problem, &best->best, flows, plan) != 0 || fill_run_now(problem, &prices->at_once, at_once, plan) != 0 ||
            fill_reasons(best, plan) != 0)
                return fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
        plan->bound = -INFINITY;
        if (fill_multipliers(prices, &plan->multipliers) != 0 || fill_values(prices->stores, &plan->multipliers) != 0)
                return fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
        return prices->budget->unproven ? 0 : plan_bound(problem, &plan->multipliers, &plan->bound, err);
}
