/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/optimiser.h"

#include <math.h>
#include <stdlib.h>

uint64_t optimiser_work(const struct optimiser *optimiser)
{
        return optimiser->spent + optimiser->chooser.work + board_work(&optimiser->board) + board_work(&optimiser->empty) +
               (optimiser->stores != NULL ? optimiser->stores->work : 0);
}

bool optimiser_is_over(void *context)
{
        const struct optimiser *optimiser = context;
        uint64_t spent = optimiser_work(optimiser);
        const struct plan_budget *budget = optimiser->budget;

        return spent >= budget->work || (budget->aborted != NULL && budget->aborted(budget->context));
}

/* A stride coprime to n, about its golden section: visits all, neighbours far apart. */
size_t optimiser_stride(size_t n)
{
        for (size_t step = (size_t)(0.618 * (double)n) | 1; n > 1; step++) {
                size_t a = n, b = step;

                while (b != 0) {
                        size_t rest = a % b;

                        a = b;
                        b = rest;
                }
                if (a == 1)
                        return step % n;
        }
        return 1;
}

/* ---- order */

/* Seconds between what a job needs and what it has until its deadline. */
static double slack(const struct optimiser *optimiser, size_t j)
{
        const struct plan_job *job = &optimiser->problem->jobs[j];
        int64_t horizon = optimiser->problem->horizon;
        int64_t until = job->deadline != 0 && job->deadline < horizon ? job->deadline : horizon;

        return (double)(until - job->release) - job->work_s / job->modes[0].speed - (double)job->start_cost_s;
}

/* What a job is sorted by. */
struct rank {
        size_t job;
        int group; /* pinned, running, the others */
        double slack;
};

/* Pinned and running jobs first, then the least slack; in submit order among equals. */
static int by_rank(const void *a, const void *b)
{
        const struct rank *x = a, *y = b;

        if (x->group != y->group)
                return x->group - y->group;
        if (x->slack != y->slack)
                return x->slack < y->slack ? -1 : 1;
        return x->job < y->job ? -1 : x->job > y->job;
}

static int make_order(struct optimiser *optimiser)
{
        size_t n = optimiser->problem->n_jobs;
        struct rank *ranks = calloc(n + 1, sizeof(*ranks));

        if (ranks == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < n; j++) {
                const struct plan_job *job = &optimiser->problem->jobs[j];

                ranks[j] = (struct rank){ j, job->pinned ? 0 : job->running ? 1 : 2, slack(optimiser, j) };
        }
        qsort(ranks, n, sizeof(*ranks), by_rank);
        for (size_t i = 0; i < n; i++)
                optimiser->order[i] = ranks[i].job;
        free(ranks);
        return 0;
}

/* ---- life */

int optimiser_init(struct optimiser *optimiser, const struct plan_problem *problem, const struct plan_budget *budget, size_t slots)
{
        size_t n_jobs = problem->n_jobs, n;

        *optimiser = (struct optimiser){ .problem = problem, .budget = budget, .bound = -INFINITY, .seed = 1 };
        chooser_init(&optimiser->chooser);
        if (dependents_init(&optimiser->dependents, problem) != 0 ||
            prices_init(&optimiser->prices, problem, slots) != 0 ||
            board_init(&optimiser->board, problem, &optimiser->prices, &optimiser->dependents) != 0 ||
            board_init(&optimiser->empty, problem, &optimiser->prices, &optimiser->dependents) != 0 ||
            schedule_init(&optimiser->soft, n_jobs) != 0 || schedule_init(&optimiser->best, n_jobs) != 0 || schedule_init(&optimiser->at_once, n_jobs) != 0)
                return OFFPEAK_ENOMEM;
        optimiser->empty.chooser.one_way = true;
        optimiser->board.shares_peak = n_jobs <= OPTIMISER_SMALL;
        n = optimiser->prices.slots.n * optimiser->prices.capacities.n;
        optimiser->theta = calloc(n_jobs + 1, sizeof(double));
        optimiser->site = calloc(n_jobs + 1, sizeof(uint32_t));
        optimiser->order = calloc(n_jobs + 1, sizeof(size_t));
        if (optimiser->theta == NULL || optimiser->site == NULL || optimiser->order == NULL || price_set_init(&optimiser->mean, n) != 0 ||
            price_set_init(&optimiser->proof, n) != 0 || price_set_init(&optimiser->guide, n) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < n_jobs; j++)
                optimiser->theta[j] = NAN;
        return make_order(optimiser);
}

void optimiser_finish(struct optimiser *optimiser)
{
        free(optimiser->order);
        free(optimiser->theta);
        free(optimiser->site);
        price_set_finish(&optimiser->guide);
        price_set_finish(&optimiser->proof);
        price_set_finish(&optimiser->mean);
        schedule_finish(&optimiser->at_once);
        schedule_finish(&optimiser->best);
        schedule_finish(&optimiser->soft);
        if (optimiser->empty.problem != NULL)
                board_finish(&optimiser->empty);
        if (optimiser->board.problem != NULL)
                board_finish(&optimiser->board);
        prices_finish(&optimiser->prices);
        dependents_finish(&optimiser->dependents);
        chooser_finish(&optimiser->chooser);
        free(optimiser->scratch.intervals);
}
