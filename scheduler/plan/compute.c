/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: how finely to look, and how often. A schedule is thought out (think.c) on slots as fine as the budget allows; of few jobs
 * on hours before; where somebody is late and jobs may be capped, once more without caps (uncapped.h). Beside stores the plan is
 * made otherwise (compute_stores.h). In a debug build the checker has the last word.
 */
#include <stdlib.h>

#include "base/fail.h"
#include "plan/beside_stores.h"
#include "plan/check.h"
#include "plan/compute_stores.h"
#include "plan/fill.h"
#include "plan/think.h"
#include "plan/uncapped.h"

enum {
        HOUR_S = 3600,
        FINEST_S = 900, /* slots are not made finer than this: starts had better fit in */
};

/*
 * Finer slots let jobs share hours to the quarter, for four times the work of a pass: as many as leave enough of the budget for
 * every way of every job.
 */
static size_t count_slots(const struct plan_problem *problem, const struct plan_budget *budget)
{
        uint64_t ways = 1; /* a job at a site in a mode */
        size_t slots = SLOTS_COARSE;

        for (size_t j = 0; j < problem->n_jobs; j++)
                ways += problem->jobs[j].n_modes * (size_t)__builtin_popcountll(problem->jobs[j].sites);
        for (uint64_t each = 5000; budget->work / each >= ways; each *= 16) {
                if ((problem->horizon - problem->now) / (int64_t)(2 * slots) < FINEST_S)
                        break;
                slots *= 2;
        }
        if (budget->slot_s > 0 && (problem->horizon - problem->now) / budget->slot_s > (int64_t)slots)
                slots = (size_t)((problem->horizon - problem->now) / budget->slot_s) + 1;
        return slots;
}

/*
 * Slots finer than hours let jobs share hours; on whole hours few jobs are found to fit one behind the other. Both are tried, unless
 * there is a last plan to go on from.
 */
static bool thinks_twice(const struct plan_problem *problem, size_t slots)
{
        return !prices_may_recall(problem) && problem->n_jobs > 1 && problem->n_jobs <= OPTIMISER_SMALL &&
               (problem->horizon - problem->now) / (int64_t)slots < HOUR_S;
}

static int think_coarsely(struct optimiser *coarse, const struct plan_problem *problem, const struct plan_budget *budget)
{
        struct plan_budget share = { .work = budget->work / 4, .aborted = budget->aborted, .context = budget->context };
        int code = optimiser_init(coarse, problem, &share, (size_t)((problem->horizon - problem->now) / HOUR_S) + 1);

        return code == 0 ? optimiser_think(coarse) : code;
}

/* The best schedule that is found; optimiser_finish() also after a failure. ENOMEM. */
static int think(struct optimiser *optimiser, const struct plan_problem *problem, const struct plan_budget *budget)
{
        size_t slots = count_slots(problem, budget);
        struct optimiser coarse = { 0 };
        int code = 0;

        if (thinks_twice(problem, slots))
                code = think_coarsely(&coarse, problem, budget);
        if (code == 0)
                code = optimiser_init(optimiser, problem, budget, slots);
        optimiser->hint = coarse.problem != NULL ? &coarse.best : NULL;
        optimiser->spent = optimiser_work(&coarse);
        if (code == 0)
                code = optimiser_think(optimiser);
        optimiser->hint = NULL;
        optimiser_finish(&coarse);
        return code;
}

static bool is_late(const struct optimiser *optimiser)
{
        for (size_t j = 0; j < optimiser->problem->n_jobs; j++) {
                const struct plan_job *job = &optimiser->problem->jobs[j];

                if (job->deadline != 0 && job->lateness_cost > 0 &&
                    schedule_end(optimiser->problem, j, &optimiser->best.jobs[j]) > job->deadline)
                        return true;
        }
        return false;
}

/* Somebody is late: the plan that is found without caps may be the better one, or lead to it. That takes the budget once more. */
static int think_uncapped(struct optimiser *optimiser)
{
        struct optimiser plain = { 0 };
        struct plan_problem view;
        struct plan_job *jobs;
        bool any;
        int code = uncapped_view(optimiser->problem, &view, &jobs, &any);

        if (code == 0 && any)
                code = think(&plain, &view, optimiser->budget);
        optimiser->spent += optimiser_work(&plain);
        if (code == 0 && any && optimiser_is_better(optimiser, plain.best_cost)) {
                optimiser->recalled = false;
                optimiser->best_cost = plain.best_cost;
                code = schedule_copy(&optimiser->best, &plain.best);
                if (code == 0)
                        code = optimiser_improve(optimiser, &plain.best);
        }
        optimiser_finish(&plain);
        free(jobs);
        return code;
}

static int compute(const struct plan_problem *problem, const struct plan_budget *budget, struct plan *ret_plan,
                   struct offpeak_error *err)
{
        struct optimiser optimiser = { 0 };
        struct plan plan;
        int code;

        plan_init(&plan);
        code = think(&optimiser, problem, budget);
        if (code == 0 && is_late(&optimiser))
                code = think_uncapped(&optimiser);
        if (code == 0)
                code = plan_fill(&optimiser, &plan, err);
        else
                fail(err, code, "planning: out of memory");
        optimiser_finish(&optimiser);
        if (code != 0) {
                plan_finish(&plan);
                return code;
        }
        *ret_plan = plan;
        return 0;
}

int plan_compute(const struct plan_problem *problem, const struct plan_budget *budget, struct plan *ret_plan,
                 struct offpeak_error *err)
{
        struct offpeak_error refusal __attribute__((unused));
        int code = plan_problem_check(problem, err);

        if (code != 0)
                return code;
        code = problem_has_stores(problem) ?
                       compute_beside_stores(problem, budget, count_slots(problem, budget), ret_plan, err) :
                       compute(problem, budget, ret_plan, err);
#ifndef NDEBUG
        if (code == 0 && plan_check(problem, ret_plan, NULL, &refusal) != 0) {
                plan_finish(ret_plan);
                code = fail(err, OFFPEAK_EINTERNAL, "the optimiser made a plan that its checker refuses: %s", refusal.text);
        }
#endif
        return code;
}
