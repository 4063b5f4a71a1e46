/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview:
 *   1. running at once: an answer, and what the plan is measured against
 *   2. the last plan's hours, as far as they hold: from here on only what pays well moves them
 *   3. provers: every job in turn is taken out and answers prices that rise with use; then the prices settle
 *   4. the bound of the settled prices; the best is kept
 *   5. makers: passes once more, as if nobody could share a GPU's slot
 *   6. a board: what the jobs answered is put on it strictly, those without room where they find some
 *   7. descent: job by job to where it is cheaper at true marginal cost; the best schedule is kept
 *   8. again from 6 with one disturbed pass, while there is budget and it helps
 *   9. shuffles of a few jobs at a time, likewise
 * docs/planning.md says why. Everything is counted in units of work, so that the same problem and budget give the same plan.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/board.h"
#include "plan/check.h"
#include "plan/keep_hours.h"
#include "plan/make_way.h"
#include "plan/prices.h"
#include "plan/reasons.h"
#include "plan/repair.h"
#include "plan/run_now.h"
#include "plan/shuffle.h"

/* Of prices that prove: from the first passes to the last. */
#define MOST_STEEP 5.0
#define WARM_STEEP 1.0 /* where the last plan's prices are known */
#define LEAST_STEEP 0.2

/* The last plan is kept unless making it anew saves more than this share. */
#define PLAN_HYSTERESIS 0.005

enum {
        HOUR_S = 3600,
        PASSES = 28,          /* with budget for it */
        WARM_PASSES = 9,      /* with the last plan's prices */
        FEW_PASSES = 3,       /* fewer are worth nothing */
        SOME_PASSES = 6,      /* so many are worth going over the budget for */
        GUESSED_PASSES = 3,   /* after so many a pass costs what all later ones do */
        SCHEDULE_PASSES = 10, /* a schedule made from prices costs as much as so many passes */
        BOUND_PASSES = 3,     /* the last so many that prove are worth a bound */
        SMALL = 300,          /* jobs: prices have little to say of so few, and descending from run_now is cheap */
        DESCENTS = 4,
        FEW_MOVES = 200,  /* one job in so many moves: a descent is over */
        ROUNDS = 60,      /* disturbed, at most */
        FINEST_S = 900,   /* slots are not made finer than this: starts had better fit in */
        MOST_HELPED = 64, /* jobs without a place in time, for each schedule */
        PATIENCE = 16,    /* rounds without a better plan */
};

struct planner {
        const struct plan_problem *problem;
        const struct plan_budget *budget;
        struct prices prices;
        struct price_set mean;  /* of the later passes that prove */
        struct price_set proof; /* the prices of the bound */
        struct price_set guide; /* the last of the passes that make plans */
        struct board board, empty;
        struct schedule soft; /* what the jobs answered the prices */
        struct schedule best, at_once;
        struct dependents dependents;
        struct chooser chooser;
        struct choice scratch;
        double *theta; /* of each job, for the next response */
        size_t *order; /* least flexible first */
        const struct schedule *hint; /* what was found on coarser slots, or NULL */
        uint64_t spent;              /* on that */
        double best_cost;
        bool warm;     /* prices began with the last plan's */
        bool recalled; /* the best schedule is the last plan's, or was better by enough */
        double bound;
        unsigned realised; /* schedules made from prices so far */
        uint64_t seed;
};

static uint64_t work_of(const struct planner *planner)
{
        return planner->spent + planner->chooser.work + board_work(&planner->board) + board_work(&planner->empty);
}

static bool is_over(void *context)
{
        const struct planner *planner = context;
        uint64_t spent = work_of(planner);
        const struct plan_budget *budget = planner->budget;

        return spent >= budget->work || (budget->aborted != NULL && budget->aborted(budget->context));
}

/* ---- passes */

/* The cheapest a job can have at the present prices, as a choice; and the least that any way costs, in *ret_least. */
static int respond_to_prices(struct planner *planner, const struct plan_job *job, size_t j, double *ret_least,
                             struct choice *choice)
{
        struct market market = prices_market(&planner->prices);
        double cost = INFINITY;
        int code;

        planner->chooser.theta = planner->theta[j];
        code = best_choice(&market, job, INT64_MAX, &planner->chooser, &cost, choice);
        planner->theta[j] = planner->chooser.theta;
        *ret_least = planner->chooser.least;
        return code;
}

/* When the jobs before it are done, as they answered last. */
static int64_t soft_release(const struct planner *planner, const struct plan_job *job)
{
        int64_t release = job->release;

        for (size_t i = 0; i < job->n_after; i++) {
                int64_t end = schedule_end(planner->problem, job->after[i], &planner->soft.jobs[job->after[i]]);

                release = end < INT64_MAX && end > release ? end : release;
        }
        return release;
}

static int answer(struct planner *planner, size_t j)
{
        struct plan_job job = dependents_hurry(&planner->dependents, planner->problem, j);
        struct choice *choice = &planner->soft.jobs[j];
        double least;
        int code = 0;

        prices_use(&planner->prices, j, choice, -1);
        choice->n = 0;
        job.release = soft_release(planner, &job);
        if (job.pinned)
                code = choice_set(choice, job.kept, job.n_kept);
        else if (job.release < planner->problem->horizon)
                code = respond_to_prices(planner, &job, j, &least, choice);
        prices_use(&planner->prices, j, choice, 1);
        return code;
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

        if (planner->warm && is_over(planner))
                return 0; /* better the last plan's prices than those of jobs that have not answered */
        prices_steepen(&planner->prices, steepness);
        prices_recount(&planner->prices, &planner->soft);
        for (size_t i = 0, j = 0; i < n; i++, j = (j + step) % n) {
                if (i % 64 == 0 && is_over(planner))
                        break;
                if (i % 64 == 0)
                        prices_respread(&planner->prices);
                if (answer(planner, j) != 0)
                        return OFFPEAK_ENOMEM;
        }
        prices_settle(&planner->prices);
        return 0;
}

/* ---- the bound */

/* An estimate of what the present base prices prove; the checker has the last word. Keep the prices that prove most. */
static int try_bound(struct planner *planner)
{
        double bound = prices_dual(&planner->prices), least;

        prices_steepen(&planner->prices, 0);
        planner->prices.parts_take_all = false;
        for (size_t j = 0; j < planner->problem->n_jobs; j++) {
                const struct plan_job *job = &planner->problem->jobs[j];

                if (job->release >= planner->problem->horizon || job->pinned)
                        continue; /* the same under all prices, or nearly */
                if (respond_to_prices(planner, job, j, &least, &planner->scratch) != 0)
                        return OFFPEAK_ENOMEM;
                bound += least;
        }
        if (!(bound > planner->bound))
                return 0;
        planner->bound = bound;
        price_set_copy(&planner->proof, &planner->prices.base);
        return 0;
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

static int make_order(struct planner *planner)
{
        size_t n = planner->problem->n_jobs;
        struct rank *ranks = calloc(n + 1, sizeof(*ranks));

        if (ranks == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < n; j++)
                ranks[j] = (struct rank){ j, planner->problem->jobs[j].pinned    ? 0
                                             : planner->problem->jobs[j].running ? 1
                                                                                 : 2,
                                          slack(planner, j) };
        qsort(ranks, n, sizeof(*ranks), by_rank);
        for (size_t i = 0; i < n; i++)
                planner->order[i] = ranks[i].job;
        free(ranks);
        return 0;
}

static int descend(struct planner *planner)
{
        size_t n = planner->problem->n_jobs, step = stride(n), moves = n;

        for (int round = 0; round < DESCENTS && moves > n / FEW_MOVES; round++) {
                moves = 0;
                planner->board.chooser.thorough = round > 0;
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
        *ret_better = terms.total <
                      planner->best_cost - (planner->recalled ? PLAN_HYSTERESIS : 1e-9) * fabs(planner->best_cost);
        if (!*ret_better)
                return 0;
        planner->recalled = false; /* moved anyway: from now on every bit counts */
        planner->best_cost = terms.total;
        return schedule_copy(&planner->best, &planner->board.schedule);
}

/* Whoever found no place in time is given one, if others can make way; also when the budget is spent, but not for many. */
static int help_the_late(struct planner *planner)
{
        const struct plan_problem *problem = planner->problem;
        size_t helped = 0, moved = 0;
        double change;

        for (size_t j = 0; j < problem->n_jobs && helped < MOST_HELPED; j++) {
                if (problem->jobs[j].release >= problem->horizon || !board_is_late(&planner->board, j))
                        continue;
                if (make_way(&planner->board, j, &change, &moved) != 0)
                        return OFFPEAK_ENOMEM;
                helped++;
        }
        return 0;
}

static int realise_and_keep(struct planner *planner, bool *ret_better)
{
        static const double fine[] = { 1, 1.005, 1.01, 1.02 }, coarse[] = { 1, 1.02, 1.05, 1.1, 1.2, 1.35, 1.6, 2 };
        bool few = planner->problem->n_jobs <= SMALL;
        size_t n = few ? sizeof(coarse) / sizeof(coarse[0]) : sizeof(fine) / sizeof(fine[0]);
        size_t k = planner->realised++ % n;
        int code;

        /* the peak that prices settle at is below what whole jobs can keep: try a little above, or much with few jobs */
        board_set_levels(&planner->board, few ? coarse[k] : fine[k]);
        planner->board.chooser.thorough = false;
        memcpy(planner->board.theta, planner->theta, planner->problem->n_jobs * sizeof(double));
        code = repair(&planner->board, &planner->soft, planner->order, is_over, planner);

        if (code == 0)
                code = help_the_late(planner);
        if (code == 0)
                code = descend(planner);
        if (code == 0)
                code = keep(planner, ret_better);
        return code;
}

/* ---- the whole */

/*
 * How many passes three quarters of the budget pay for, when `done` are done and one more costs so much; less if that leaves too
 * little to make a schedule.
 */
static int count_passes(const struct planner *planner, int done, uint64_t cost)
{
        uint64_t budget = planner->budget->work, spent = work_of(planner), schedule = SCHEDULE_PASSES * cost;
        uint64_t share = budget / 4 > schedule ? budget / 4 * 3 : budget > schedule ? budget - schedule : 0;
        int most = planner->warm ? WARM_PASSES : PASSES;
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
static int run_provers(struct planner *planner, int *ret_passes)
{
        double steepness = planner->warm ? WARM_STEEP : MOST_STEEP;
        int code = 0, provers = 2;

        for (int i = 0; code == 0 && i < provers && (i < 2 || !is_over(planner)); i++) {
                uint64_t before = work_of(planner);

                if (i >= 2)
                        steepness *= pow(LEAST_STEEP / steepness, 1.0 / (provers - i));
                code = pass(planner, steepness);
                if (i >= 1 && i <= GUESSED_PASSES) {
                        uint64_t cost = work_of(planner) - before;

                        *ret_passes = count_passes(planner, i + 1, i == 1 ? cost / 2 : cost);
                        provers = *ret_passes * 2 / 3;
                }
                price_set_approach(&planner->mean, &planner->prices.base, i < 2 || 2 * i < provers ? 1 : 0.2);
                if (code == 0 && i >= 2 && i + BOUND_PASSES >= provers)
                        code = try_bound(planner);
        }
        if (code == 0)
                price_set_copy(&planner->prices.base, &planner->mean);
        return code == 0 ? try_bound(planner) : code;
}

/* Passes as a plan will have to have it, so that little is left to repair: steepness falls from 1 to 0.2. */
static int run_makers(struct planner *planner, int passes)
{
        int code = 0;

        planner->prices.parts_take_all = true; /* from here on */
        for (int i = 0; code == 0 && i < passes && !is_over(planner); i++)
                code = pass(planner, passes > 1 ? pow(0.2, (double)i / (passes - 1)) : 1);
        price_set_copy(&planner->guide, &planner->prices.base);
        return code;
}

static double next_random(struct planner *planner)
{
        planner->seed = planner->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(planner->seed >> 11) / 9007199254740992.0;
}

/* Disturb: at the guiding prices one steep pass from the best schedule or the last, and down again. */
static int run_rounds(struct planner *planner)
{
        int code = 0;

        for (int round = 0, last = 0; code == 0 && round < ROUNDS && round - last < PATIENCE && !is_over(planner);
             round++) {
                bool better = false;

                price_set_copy(&planner->prices.base, &planner->guide);
                if (next_random(planner) < 0.7)
                        code = schedule_copy(&planner->soft, &planner->best);
                if (code == 0)
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

/* From a schedule that is there: few jobs leave prices little to say. */
static int improve_on(struct planner *planner, const struct schedule *schedule)
{
        bool better;
        int code = board_load(&planner->board, schedule);

        if (code == 0)
                code = descend(planner);
        return code == 0 ? keep(planner, &better) : code;
}

/* Running at once must be better by enough to be preferred. */
static int keep_recalled(struct planner *planner)
{
        struct plan_terms terms;

        if (account(planner->problem, &planner->board.schedule, &terms, NULL) != 0)
                return OFFPEAK_ENOMEM;
        planner->recalled = terms.total <= planner->best_cost + PLAN_HYSTERESIS * fabs(planner->best_cost);
        if (!planner->recalled)
                return 0;
        planner->best_cost = terms.total;
        return schedule_copy(&planner->best, &planner->board.schedule);
}

/* The last plan, as far as it holds, with the jobs that are new or have to move where they are cheapest beside it. */
static int recall(struct planner *planner)
{
        size_t n = planner->problem->n_jobs, n_kept = 0;
        int code = board_load(&planner->board, &planner->soft); /* empty */
        double cost;
        bool kept;

        for (size_t i = 0; code == 0 && i < n; i++) {
                code = keep_hours(&planner->board, planner->order[i], &kept);
                n_kept += kept && !planner->problem->jobs[planner->order[i]].pinned;
        }
        if (code != 0 || n_kept == 0)
                return code;
        for (size_t i = 0; code == 0 && i < n; i++)
                if (planner->board.schedule.jobs[planner->order[i]].n == 0 && !planner->problem->jobs[planner->order[i]].pinned)
                        code = board_place(&planner->board, planner->order[i], &cost);
        if (code == 0)
                code = board_reorder(&planner->board);
        planner->board.reluctance = JOB_HYSTERESIS;
        if (code == 0)
                code = descend(planner);
        planner->board.reluctance = 0;
        return code == 0 ? keep_recalled(planner) : code;
}

/* Prices begin where the last plan's ended, and jobs where its hours are. */
static int warm_up(struct planner *planner)
{
        planner->warm = prices_may_recall(planner->problem);
        if (!planner->warm)
                return 0;
        prices_recall(&planner->prices);
        return schedule_copy(&planner->soft, &planner->board.schedule);
}

static int think(struct planner *planner)
{
        struct plan_terms terms;
        double at_once;
        bool better;
        int passes, code;

        if (run_now(planner->problem, &planner->at_once) != 0 ||
            account(planner->problem, &planner->at_once, &terms, NULL) != 0 ||
            schedule_copy(&planner->best, &planner->at_once) != 0)
                return OFFPEAK_ENOMEM;
        planner->best_cost = at_once = terms.total;
        code = recall(planner);
        if (code == 0)
                code = warm_up(planner);
        if (code == 0 && planner->problem->n_jobs <= SMALL)
                code = improve_on(planner, planner->hint != NULL ? planner->hint : &planner->at_once);
        if (code == 0)
                code = run_provers(planner, &passes);
        if (code == 0)
                code = run_makers(planner, passes - passes * 2 / 3);
        if (code == 0 && passes > 1) /* also when the budget is spent: all that was done would be for nothing */
                code = realise_and_keep(planner, &better);
        if (code == 0 && !(planner->best_cost < at_once))
                code = improve_on(planner, &planner->at_once);
        if (code == 0)
                code = run_rounds(planner);
        return code == 0 && !is_over(planner) ? run_shuffles(planner) : code;
}

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
        return slots;
}

static int planner_init(struct planner *planner, const struct plan_problem *problem, const struct plan_budget *budget, size_t slots)
{
        size_t n_jobs = problem->n_jobs, n;

        *planner = (struct planner){ .problem = problem, .budget = budget, .bound = -INFINITY, .seed = 1 };
        chooser_init(&planner->chooser);
        if (dependents_init(&planner->dependents, problem) != 0 ||
            prices_init(&planner->prices, problem, slots) != 0 ||
            board_init(&planner->board, problem, &planner->prices, &planner->dependents) != 0 ||
            board_init(&planner->empty, problem, &planner->prices, &planner->dependents) != 0 ||
            schedule_init(&planner->soft, n_jobs) != 0 || schedule_init(&planner->best, n_jobs) != 0 || schedule_init(&planner->at_once, n_jobs) != 0)
                return OFFPEAK_ENOMEM;
        planner->empty.chooser.one_way = true;
        planner->board.shares_peak = n_jobs <= SMALL;
        n = planner->prices.slots.n * planner->prices.capacities.n;
        planner->theta = calloc(n_jobs + 1, sizeof(double));
        planner->order = calloc(n_jobs + 1, sizeof(size_t));
        if (planner->theta == NULL || planner->order == NULL || price_set_init(&planner->mean, n) != 0 ||
            price_set_init(&planner->proof, n) != 0 || price_set_init(&planner->guide, n) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < n_jobs; j++)
                planner->theta[j] = NAN;
        return make_order(planner);
}

static void planner_finish(struct planner *planner)
{
        free(planner->order);
        free(planner->theta);
        price_set_finish(&planner->guide);
        price_set_finish(&planner->proof);
        price_set_finish(&planner->mean);
        schedule_finish(&planner->at_once);
        schedule_finish(&planner->best);
        schedule_finish(&planner->soft);
        if (planner->empty.problem != NULL)
                board_finish(&planner->empty);
        if (planner->board.problem != NULL)
                board_finish(&planner->board);
        prices_finish(&planner->prices);
        dependents_finish(&planner->dependents);
        chooser_finish(&planner->chooser);
        free(planner->scratch.intervals);
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
                plan->jobs[j].run_now_cost = shares[j];
                plan->jobs[j].run_now_waiting =
                        account_waiting(planner->problem, &planner->problem->jobs[j], &planner->at_once.jobs[j]);
        }
        free(shares);
        return code;
}

/* The prices of the bound leave the planner. */
static int fill_multipliers(struct planner *planner, struct plan_multipliers *multipliers)
{
        const struct slots *slots = &planner->prices.slots;

        multipliers->edges = malloc((slots->n + 1) * sizeof(int64_t));
        if (multipliers->edges == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(multipliers->edges, slots->edges, (slots->n + 1) * sizeof(int64_t));
        multipliers->n_sites = planner->problem->n_sites;
        multipliers->n_limits = planner->problem->n_limits;
        multipliers->n_slots = slots->n;
        multipliers->power = planner->proof.power;
        multipliers->gpus = planner->proof.gpus;
        if (planner->problem->n_limits > 0) {
                size_t n_limits = planner->problem->n_limits * slots->n;

                multipliers->limits = malloc(n_limits * sizeof(double));
                if (multipliers->limits == NULL)
                        return OFFPEAK_ENOMEM;
                memcpy(multipliers->limits, planner->proof.gpus + planner->problem->n_sites * slots->n,
                       n_limits * sizeof(double));
        }
        multipliers->demand = planner->proof.demand;
        planner->proof = (struct price_set){ 0 };
        return 0;
}

static int fill_plan(struct planner *planner, struct plan *plan)
{
        if (account_plan(planner->problem, &planner->best, plan) != 0 || fill_run_now(planner, plan) != 0 ||
            fill_reasons(planner, plan) != 0)
                return OFFPEAK_ENOMEM;
        if (fill_multipliers(planner, &plan->multipliers) != 0)
                return OFFPEAK_ENOMEM;
        if (plan_bound(planner->problem, &plan->multipliers, &plan->bound, NULL) != 0)
                return OFFPEAK_ENOMEM;
        plan->work = work_of(planner);
        return 0;
}

/*
 * Slots finer than hours let jobs share hours; on whole hours few jobs are found to fit one behind the other. Both are tried, unless
 * there is a last plan to go on from.
 */
static bool thinks_twice(const struct plan_problem *problem, size_t slots)
{
        return !prices_may_recall(problem) && problem->n_jobs <= SMALL && (problem->horizon - problem->now) / (int64_t)slots < HOUR_S;
}

static int think_coarsely(struct planner *coarse, const struct plan_problem *problem, const struct plan_budget *budget)
{
        struct plan_budget share = { budget->work / 4, budget->aborted, budget->context };
        int code = planner_init(coarse, problem, &share, (size_t)((problem->horizon - problem->now) / HOUR_S) + 1);

        return code == 0 ? think(coarse) : code;
}

int plan_compute(const struct plan_problem *problem, const struct plan_budget *budget, struct plan *ret_plan,
                 struct offpeak_error *err)
{
        struct offpeak_error refusal __attribute__((unused));
        struct planner planner = { 0 }, coarse = { 0 };
        struct plan plan;
        size_t slots;
        int code = plan_problem_check(problem, err);

        if (code != 0)
                return code;
        plan_init(&plan);
        slots = count_slots(problem, budget);
        if (thinks_twice(problem, slots))
                code = think_coarsely(&coarse, problem, budget);
        if (code == 0)
                code = planner_init(&planner, problem, budget, slots);
        planner.hint = coarse.problem != NULL ? &coarse.best : NULL;
        planner.spent = work_of(&coarse);
        if (code == 0)
                code = think(&planner);
        if (code == 0)
                code = fill_plan(&planner, &plan);
        planner_finish(&planner);
        planner_finish(&coarse);
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
