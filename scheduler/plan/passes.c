/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/passes.h"

#include <math.h>

/* Of prices that prove: from the first passes to the last. */
#define MOST_STEEP 5.0
#define WARM_STEEP 1.0 /* where the last plan's prices are known */
#define LEAST_STEEP 0.2
/* An answer this share of its cost above the least that any can cost is kept. */
#define CONTENT 0.0003

enum {
        PASSES = 28,         /* with budget for it */
        WARM_PASSES = 9,     /* with the last plan's prices */
        LONE_PASSES = 6,     /* of a job alone: prices rise by its own use only */
        FEW_PASSES = 3,      /* fewer are worth nothing */
        SOME_PASSES = 6,     /* so many are worth going over the budget for */
        GUESSED_PASSES = 5,  /* after so many a pass costs what all later ones do */
        SCHEDULE_PASSES = 6, /* a schedule made from prices costs as much as so many passes */
        BOUND_PASSES = 3,    /* the last so many that prove are worth a bound */
};

/*
 * The cheapest a job can have at the present prices, as a choice, if it beats *cost, which then is what it costs. The least that any way
 * costs is left in the chooser.
 */
static int answer_now(struct optimiser *optimiser, const struct plan_job *job, size_t j, double *cost, struct choice *choice)
{
        struct market market = prices_market(&optimiser->prices);
        int code;

        optimiser->chooser.theta = optimiser->theta[j];
        optimiser->chooser.first = optimiser->site[j];
        code = best_choice(&market, job, INT64_MAX, &optimiser->chooser, cost, choice);
        optimiser->theta[j] = optimiser->chooser.theta;
        if (code == 0 && choice->n > 0)
                optimiser->site[j] = choice->intervals[0].site;
        return code;
}

/* When the jobs before it are done, as they answered last. */
static int64_t soft_release(const struct optimiser *optimiser, const struct plan_job *job)
{
        int64_t release = job->release;

        for (size_t i = 0; i < job->n_after; i++) {
                int64_t end = schedule_end(optimiser->problem, job->after[i], &optimiser->soft.jobs[job->after[i]]);

                release = end < INT64_MAX && end > release ? end : release;
        }
        return release;
}

/* Does what a job answered last still do all its work, now that it is released then? */
static bool still_does(const struct optimiser *optimiser, const struct plan_job *job, const struct choice *choice)
{
        return choice->n > 0 && choice->intervals[0].start >= job->release &&
               job_progress(optimiser->problem, job, choice->intervals, choice->n) >= job->work_s * (1 - PLAN_WORK_TOLERANCE);
}

/*
 * A job answers again. With several modes it keeps its last answer where that is nearly as cheap as any could be; with one, answers
 * are exact, and that they move leads on.
 */
static int answer_again(struct optimiser *optimiser, const struct plan_job *job, size_t j, struct choice *choice)
{
        struct market market = prices_market(&optimiser->prices);
        double cost = INFINITY;
        int code = 0;

        if (job->n_modes > 1 && still_does(optimiser, job, choice)) {
                code = choice_cost(&market, job, &optimiser->chooser, choice->intervals, choice->n, &cost);
                optimiser->chooser.content = CONTENT;
        }
        if (isinf(cost))
                choice->n = 0;
        if (code == 0)
                code = answer_now(optimiser, job, j, &cost, choice);
        optimiser->chooser.content = 0;
        return code;
}

static int answer(struct optimiser *optimiser, size_t j)
{
        struct plan_job job = dependents_hurry(&optimiser->dependents, optimiser->problem, j);
        struct choice *choice = &optimiser->soft.jobs[j];
        int code = 0;

        prices_use(&optimiser->prices, j, choice, -1);
        job.release = soft_release(optimiser, &job);
        if (job.pinned)
                code = choice_set(choice, job.kept, job.n_kept);
        else if (job.release < optimiser->problem->horizon)
                code = answer_again(optimiser, &job, j, choice);
        else
                choice->n = 0;
        prices_use(&optimiser->prices, j, choice, 1);
        return code;
}

int passes_once(struct optimiser *optimiser, double steepness)
{
        size_t n = optimiser->problem->n_jobs, step = optimiser_stride(n);

        if (optimiser->warm && optimiser_is_over(optimiser))
                return 0; /* better the last plan's prices than those of jobs that have not answered */
        prices_steepen(&optimiser->prices, steepness);
        prices_recount(&optimiser->prices, &optimiser->soft);
        if (optimiser->stores != NULL)
                stores_recount(optimiser->stores);
        for (size_t i = 0, j = 0; i < n; i++, j = (j + step) % n) {
                if (i % 64 == 0 && optimiser_is_over(optimiser))
                        break;
                if (i % 64 == 0)
                        prices_respread(&optimiser->prices);
                if (optimiser->stores != NULL && (i == 0 || i == n / 2) && stores_answer(optimiser->stores) != 0)
                        return OFFPEAK_ENOMEM;
                if (answer(optimiser, j) != 0)
                        return OFFPEAK_ENOMEM;
        }
        prices_settle(&optimiser->prices);
        return 0;
}

/* ---- the bound */

int passes_try_bound(struct optimiser *optimiser)
{
        double bound = prices_dual(&optimiser->prices);

        if (optimiser->stores != NULL && stores_dual(optimiser->stores, &bound) != 0)
                return OFFPEAK_ENOMEM;
        prices_steepen(&optimiser->prices, 0);
        optimiser->prices.parts_take_all = false;
        for (size_t j = 0; j < optimiser->problem->n_jobs; j++) {
                const struct plan_job *job = &optimiser->problem->jobs[j];
                double cost = INFINITY;

                if (job->release >= optimiser->problem->horizon || job->pinned)
                        continue; /* the same under all prices, or nearly */
                if (answer_now(optimiser, job, j, &cost, &optimiser->scratch) != 0)
                        return OFFPEAK_ENOMEM;
                bound += optimiser->chooser.least;
        }
        if (!(bound > optimiser->bound))
                return 0;
        optimiser->bound = bound;
        price_set_copy(&optimiser->proof, &optimiser->prices.base);
        if (optimiser->stores != NULL)
                stores_note_proof(optimiser->stores);
        return 0;
}

/* ---- many */

/*
 * How many passes three quarters of the budget pay for, when `done` are done and one more costs so much; less if that leaves too
 * little to make a schedule.
 */
static int count_passes(const struct optimiser *optimiser, int done, uint64_t cost)
{
        uint64_t budget = optimiser->budget->work, spent = optimiser_work(optimiser), schedule = SCHEDULE_PASSES * cost;
        uint64_t share = budget / 4 > schedule ? budget / 4 * 3 : budget > schedule ? budget - schedule : 0;
        int most = optimiser->problem->n_jobs == 1 ? LONE_PASSES : optimiser->warm ? WARM_PASSES : PASSES;
        uint64_t passes = (uint64_t)done + (share > spent ? (share - spent) / (cost + 1) : 0);

        if (passes < FEW_PASSES)
                return 1;
        if (passes < BOUND_PASSES + 1 + SOME_PASSES)
                return passes < SOME_PASSES ? (int)passes : SOME_PASSES;
        return passes - BOUND_PASSES - 1 < (uint64_t)most ? (int)passes - BOUND_PASSES - 1 : most;
}

/*
 * Passes by seconds, with prices that prove a bound: steepness falls to LEAST_STEEP. The first ones tell what one costs: they cost
 * more than those to come, as nobody has a guess yet.
 */
int passes_prove(struct optimiser *optimiser, int *ret_passes)
{
        double steepness = optimiser->warm ? WARM_STEEP : MOST_STEEP;
        int code = 0, provers = 2;

        for (int i = 0; code == 0 && i < provers && (i < 2 || !optimiser_is_over(optimiser)); i++) {
                uint64_t before = optimiser_work(optimiser);

                if (i >= 2)
                        steepness *= pow(LEAST_STEEP / steepness, 1.0 / (provers - i));
                code = passes_once(optimiser, steepness);
                if (i >= 1 && i <= GUESSED_PASSES) {
                        uint64_t cost = optimiser_work(optimiser) - before;

                        *ret_passes = count_passes(optimiser, i + 1, cost / 20 * (i == 1 ? 9 : i == 2 ? 17 : 20));
                        provers = *ret_passes * 2 / 3;
                }
                price_set_approach(&optimiser->mean, &optimiser->prices.base, i < 2 || 2 * i < provers ? 1 : 0.2);
                if (code == 0 && i >= 2 && i + BOUND_PASSES >= provers)
                        code = passes_try_bound(optimiser);
        }
        if (code == 0)
                price_set_copy(&optimiser->prices.base, &optimiser->mean);
        return code == 0 ? passes_try_bound(optimiser) : code;
}

/* Passes as a plan will have to have it, so that little is left to repair: steepness falls from 1 to 0.2. */
int passes_make(struct optimiser *optimiser, int passes)
{
        int code = 0;

        optimiser->prices.parts_take_all = true; /* from here on */
        for (int i = 0; code == 0 && i < passes && !optimiser_is_over(optimiser); i++)
                code = passes_once(optimiser, passes > 1 ? pow(0.2, (double)i / (passes - 1)) : 1);
        price_set_copy(&optimiser->guide, &optimiser->prices.base);
        return code;
}
