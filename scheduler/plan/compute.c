/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview:
 *   1. running at once: an answer, and what the plan is measured against
 *   2. passes: every job in turn is taken out and answers prices that rise with use; then the prices settle
 *   3. the bound of the settled prices; the best is kept
 *   4. a board: what the jobs answered is put on it strictly, those without room where they find some
 *   5. descent: job by job to where it is cheaper at true marginal cost; the best schedule is kept
 *   6. again from 2 with one disturbed pass, while there is budget and it helps
 *   7. shuffles of a few jobs at a time, likewise
 * Everything is counted in units of work, so that the same problem and budget give the same plan.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/board.h"
#include "plan/bound.h"
#include "plan/check.h"
#include "plan/prices.h"
#include "plan/reasons.h"
#include "plan/run_now.h"
#include "plan/shuffle.h"

enum {
        PASSES = 24,      /* with budget for it */
        BOUND_PASSES = 3, /* the last so many are worth a bound */
        DESCENTS = 4,
        ROUNDS = 12,  /* disturbed, at most */
        PATIENCE = 3, /* rounds without a better plan */
        SHUFFLES = 4, /* for each job, without a better plan */
};

struct planner {
        const struct plan_problem *problem;
        const struct plan_budget *budget;
        struct prices prices, mean; /* mean: of the prices of the later passes */
        struct board board, empty;
        struct schedule soft; /* what the jobs answered the prices */
        struct schedule best, at_once;
        struct response response;
        struct curve curve;
        double *theta; /* of each job, for the next response */
        size_t *order; /* least flexible first */
        double best_cost;
        double bound;
        struct plan_multipliers proof; /* the prices of the bound */
        uint64_t work;
        uint64_t seed;
};

static uint64_t work_of(const struct planner *planner)
{
        return planner->work + planner->board.work + planner->empty.work;
}

static bool is_over(void *context)
{
        const struct planner *planner = context;
        uint64_t spent = work_of(planner);
        const struct plan_budget *budget = planner->budget;

        return spent >= budget->work || (budget->aborted != NULL && budget->aborted(budget->context));
}

/* ---- passes */

static int answer(struct planner *planner, size_t j, double steepness)
{
        const struct plan_job *job = &planner->problem->jobs[j];
        struct choice *choice = &planner->soft.jobs[j];
        struct prices *prices = &planner->prices;
        size_t first = prices_slot(prices, job->release), n = prices->n_slots - first;
        double best = INFINITY, theta = planner->theta[j];

        prices_use(prices, j, choice, -1);
        choice->n = 0;
        if (job->release >= planner->problem->horizon)
                return 0;
        memcpy(planner->curve.edges, &prices->edges[first], (n + 1) * sizeof(*prices->edges));
        planner->curve.edges[0] = job->release;
        planner->curve.n = n;
        for (uint32_t s = 0; s < planner->problem->n_sites; s++)
                for (uint32_t m = 0; (job->sites >> s & 1) != 0 && m < job->n_modes; m++) {
                        struct wish wish = { planner->problem, job, s, m, theta };

                        prices_rates(prices, job, s, m, first, steepness, planner->curve.rates);
                        if (respond(&wish, &planner->curve, &planner->response) != 0)
                                return OFFPEAK_ENOMEM;
                        planner->work += n;
                        if (!(planner->response.cost < best))
                                continue;
                        best = planner->response.cost;
                        planner->theta[j] = planner->response.theta;
                        choice->n = 0;
                        for (size_t i = 0; i < planner->response.n_runs; i++) {
                                struct run run = planner->response.runs[i];

                                if (choice_append(choice, (struct plan_interval){ run.start, run.end, s, m }) != 0)
                                        return OFFPEAK_ENOMEM;
                        }
                }
        prices_use(prices, j, choice, 1);
        return 0;
}

/* A stride coprime to n, about its golden section: visits all, neighbours far apart. */
static size_t stride(size_t n)
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

static int pass(struct planner *planner, double steepness)
{
        size_t n = planner->problem->n_jobs, step = stride(n);

        for (size_t i = 0, j = 0; i < n; i++, j = (j + step) % n) {
                if (i % 64 == 0 && is_over(planner))
                        break;
                if (answer(planner, j, steepness) != 0)
                        return OFFPEAK_ENOMEM;
        }
        prices_settle(&planner->prices, steepness);
        return 0;
}

/* ---- the bound */

/* Keep these prices as the proof if they prove more. */
static int try_bound(struct planner *planner, const struct prices *prices)
{
        size_t n = prices->n_slots * planner->problem->n_sites;
        double bound;

        if (prices_bound(prices, &bound, &planner->work) != 0)
                return OFFPEAK_ENOMEM;
        if (!(bound > planner->bound))
                return 0;
        planner->bound = bound;
        memcpy(planner->proof.power, prices->power_price, n * sizeof(double));
        memcpy(planner->proof.gpus, prices->gpu_price, n * sizeof(double));
        return 0;
}

/* Move the mean towards the present prices. */
static void average(struct planner *planner, double weight)
{
        size_t n = planner->prices.n_slots * planner->problem->n_sites;

        for (size_t k = 0; k < n; k++) {
                planner->mean.gpu_price[k] += weight * (planner->prices.gpu_price[k] - planner->mean.gpu_price[k]);
                planner->mean.power_price[k] +=
                        weight * (planner->prices.power_price[k] - planner->mean.power_price[k]);
        }
}

/* ---- from prices to a strict schedule */

/* Seconds between what a job needs and what it has until its deadline. */
static double slack(const struct planner *planner, size_t j)
{
        const struct plan_job *job = &planner->problem->jobs[j];
        int64_t until = job->deadline != 0 && job->deadline < planner->problem->horizon ? job->deadline
                                                                                        : planner->problem->horizon;

        return (double)(until - job->release) - job->work_s / job->modes[0].speed - (double)job->start_cost_s;
}

/* Running jobs first, then the least slack; in submit order among equals. */
static void make_order(struct planner *planner)
{
        size_t n = planner->problem->n_jobs;

        for (size_t i = 0; i < n; i++) {
                size_t k = i;

                for (; k > 0; k--) {
                        size_t before = planner->order[k - 1];
                        bool runs = planner->problem->jobs[i].running, ran = planner->problem->jobs[before].running;

                        if (ran > runs || (ran == runs && slack(planner, before) <= slack(planner, i)))
                                break;
                        planner->order[k] = before;
                }
                planner->order[k] = i;
        }
}

static int descend(struct planner *planner)
{
        size_t n = planner->problem->n_jobs, step = stride(n), moves = 1;

        for (int round = 0; round < DESCENTS && moves > 0; round++) {
                moves = 0;
                for (size_t i = 0, j = 0; i < n; i++, j = (j + step) % n) {
                        bool moved;

                        if (i % 64 == 0 && is_over(planner))
                                return 0;
                        if (board_improve(&planner->board, j, &moved) != 0)
                                return OFFPEAK_ENOMEM;
                        moves += moved;
                }
        }
        return 0;
}

/* Keep the board's schedule if it is the cheapest so far. */
static int keep(struct planner *planner, bool *ret_better)
{
        struct plan_terms terms;

        if (account(planner->problem, &planner->board.schedule, &terms, NULL) != 0)
                return OFFPEAK_ENOMEM;
        *ret_better = terms.total < planner->best_cost - 1e-9 * fabs(planner->best_cost);
        if (!*ret_better)
                return 0;
        planner->best_cost = terms.total;
        return schedule_copy(&planner->best, &planner->board.schedule);
}

static int realise_and_keep(struct planner *planner, bool *ret_better)
{
        int code = board_repair(&planner->board, &planner->soft, planner->order, is_over, planner);

        if (code == 0)
                code = descend(planner);
        if (code == 0)
                code = keep(planner, ret_better);
        return code;
}

/* ---- the whole */

/* How many passes half of the budget pays for. */
static int count_passes(const struct planner *planner)
{
        uint64_t cost = 1;

        for (size_t j = 0; j < planner->problem->n_jobs; j++)
                cost += planner->problem->jobs[j].n_modes * planner->prices.n_slots *
                        (uint64_t)__builtin_popcountll(planner->problem->jobs[j].sites);
        if (planner->budget->work / 2 / cost >= PASSES)
                return PASSES;
        return (int)(planner->budget->work / 2 / cost);
}

static int run_passes(struct planner *planner, int passes)
{
        int code = 0;

        for (int i = 0; code == 0 && i < passes && !is_over(planner); i++) {
                double steepness = passes > 1 ? 5 * pow(0.04, (double)i / (passes - 1)) : 1; /* 5 to 0.2 */

                code = pass(planner, steepness);
                average(planner, 2 * i < passes ? 1 : 0.2);
                if (code == 0 && i + BOUND_PASSES >= passes)
                        code = try_bound(planner, &planner->prices);
        }
        return code == 0 ? try_bound(planner, &planner->mean) : code;
}

static double next_random(struct planner *planner)
{
        planner->seed = planner->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(planner->seed >> 11) / 9007199254740992.0;
}

/* Disturb: from the best prices one steep pass, and down again. */
static int run_rounds(struct planner *planner)
{
        size_t n = planner->prices.n_slots * planner->problem->n_sites;
        int code = 0;

        for (int round = 0, last = 0; code == 0 && round < ROUNDS && round - last < PATIENCE && !is_over(planner);
             round++) {
                bool better = false;

                memcpy(planner->prices.power_price, planner->proof.power, n * sizeof(double));
                memcpy(planner->prices.gpu_price, planner->proof.gpus, n * sizeof(double));
                code = pass(planner, pow(10, next_random(planner)));
                if (code == 0 && !is_over(planner))
                        code = realise_and_keep(planner, &better);
                if (better)
                        last = round;
        }
        return code;
}

static int run_shuffles(struct planner *planner)
{
        bool better;
        int code = board_load(&planner->board, &planner->best);

        if (code == 0)
                code = shuffle(&planner->board, &planner->empty, planner->seed, is_over, planner);
        return code == 0 ? keep(planner, &better) : code;
}

static int think(struct planner *planner)
{
        struct plan_terms terms;
        bool better;
        int passes = count_passes(planner), code;

        if (run_now(planner->problem, &planner->at_once) != 0 ||
            account(planner->problem, &planner->at_once, &terms, NULL) != 0 ||
            schedule_copy(&planner->best, &planner->at_once) != 0)
                return OFFPEAK_ENOMEM;
        planner->best_cost = terms.total;
        code = run_passes(planner, passes);
        if (code == 0 && passes > 0 && !is_over(planner))
                code = realise_and_keep(planner, &better);
        if (code == 0 && !is_over(planner)) { /* the same from what running at once has */
                code = board_load(&planner->board, &planner->at_once);
                if (code == 0)
                        code = descend(planner);
                if (code == 0)
                        code = keep(planner, &better);
        }
        if (code == 0)
                code = run_rounds(planner);
        return code == 0 && !is_over(planner) ? run_shuffles(planner) : code;
}

static int planner_init(struct planner *planner, const struct plan_problem *problem, const struct plan_budget *budget)
{
        size_t n_jobs = problem->n_jobs, n;

        *planner = (struct planner){ .problem = problem, .budget = budget, .bound = -INFINITY, .seed = 1 };
        response_init(&planner->response);
        if (prices_init(&planner->prices, problem) != 0 || prices_init(&planner->mean, problem) != 0 ||
            board_init(&planner->board, problem, &planner->prices) != 0 ||
            board_init(&planner->empty, problem, &planner->prices) != 0 || schedule_init(&planner->soft, n_jobs) != 0 ||
            schedule_init(&planner->best, n_jobs) != 0 || schedule_init(&planner->at_once, n_jobs) != 0)
                return OFFPEAK_ENOMEM;
        n = planner->prices.n_slots;
        planner->proof = (struct plan_multipliers){
                .n_slots = n,
                .edges = calloc(n + 1, sizeof(int64_t)),
                .power = calloc(n * problem->n_sites + 1, sizeof(double)),
                .gpus = calloc(n * problem->n_sites + 1, sizeof(double)),
        };
        planner->curve.edges = calloc(n + 1, sizeof(int64_t));
        planner->curve.rates = calloc(n + 1, sizeof(double));
        planner->theta = calloc(n_jobs + 1, sizeof(double));
        planner->order = calloc(n_jobs + 1, sizeof(size_t));
        if (planner->proof.edges == NULL || planner->proof.power == NULL || planner->proof.gpus == NULL ||
            planner->curve.edges == NULL || planner->curve.rates == NULL || planner->theta == NULL ||
            planner->order == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(planner->proof.edges, planner->prices.edges, (n + 1) * sizeof(int64_t));
        for (size_t j = 0; j < n_jobs; j++)
                planner->theta[j] = NAN;
        make_order(planner);
        return 0;
}

static void planner_finish(struct planner *planner)
{
        free(planner->order);
        free(planner->theta);
        free(planner->curve.rates);
        free(planner->curve.edges);
        free(planner->proof.gpus);
        free(planner->proof.power);
        free(planner->proof.edges);
        schedule_finish(&planner->at_once);
        schedule_finish(&planner->best);
        schedule_finish(&planner->soft);
        if (planner->empty.problem != NULL)
                board_finish(&planner->empty);
        if (planner->board.problem != NULL)
                board_finish(&planner->board);
        prices_finish(&planner->mean);
        prices_finish(&planner->prices);
        response_finish(&planner->response);
}

/* ---- the answer */

static int fill_reasons(struct planner *planner, struct plan *plan)
{
        int code = 0;

        for (size_t j = 0; code == 0 && j < plan->n_jobs; j++)
                code = reason_full(&planner->empty, &planner->best, j, plan->jobs[j].cost, &plan->jobs[j].reason);
        return code;
}

static int fill_run_now(struct planner *planner, struct plan *plan)
{
        double *shares = calloc(plan->n_jobs + 1, sizeof(*shares));
        int code =
                shares == NULL ? OFFPEAK_ENOMEM : account(planner->problem, &planner->at_once, &plan->run_now, shares);

        for (size_t j = 0; code == 0 && j < plan->n_jobs; j++) {
                const struct plan_job *job = &planner->problem->jobs[j];
                const struct choice *choice = &planner->at_once.jobs[j];
                double progress = job_progress(planner->problem, job, choice->intervals, choice->n);
                struct outcome outcome = job_outcome(planner->problem, job, progress,
                                                     choice->n > 0 ? choice->intervals[choice->n - 1].end : 0);

                plan->jobs[j].run_now_cost = shares[j];
                plan->jobs[j].run_now_waiting = outcome.delay + outcome.lateness + outcome.unfinished;
        }
        free(shares);
        return code;
}

static int fill_plan(struct planner *planner, struct plan *plan)
{
        if (account_plan(planner->problem, &planner->best, plan) != 0 || fill_run_now(planner, plan) != 0 ||
            fill_reasons(planner, plan) != 0)
                return OFFPEAK_ENOMEM;
        plan->bound = planner->bound;
        plan->multipliers = planner->proof;
        planner->proof = (struct plan_multipliers){ 0 };
        plan->work = work_of(planner);
        return 0;
}

int plan_compute(const struct plan_problem *problem, const struct plan_budget *budget, struct plan *ret_plan,
                 struct offpeak_error *err)
{
        struct offpeak_error refusal __attribute__((unused));
        struct planner planner;
        struct plan plan;
        int code = plan_problem_check(problem, err);

        if (code != 0)
                return code;
        plan_init(&plan);
        code = planner_init(&planner, problem, budget);
        if (code == 0)
                code = think(&planner);
        if (code == 0)
                code = fill_plan(&planner, &plan);
        planner_finish(&planner);
        if (code != 0)
                fail(err, code, "planning: out of memory");
#ifndef NDEBUG
        if (code == 0 && plan_check(problem, &plan, NULL, &refusal) != 0)
                code = fail(err, OFFPEAK_EINTERNAL, "the planner made a plan that its checker refuses: %s",
                            refusal.text);
#endif
        if (code != 0) {
                plan_finish(&plan);
                return code;
        }
        *ret_plan = plan;
        return 0;
}
