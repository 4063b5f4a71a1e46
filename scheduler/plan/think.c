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
#include "plan/think.h"

#include <math.h>
#include <string.h>

#include "plan/account.h"
#include "plan/keep_hours.h"
#include "plan/make_way.h"
#include "plan/passes.h"
#include "plan/repair.h"
#include "plan/run_now.h"
#include "plan/shuffle.h"

enum {
        DESCENTS = 4,
        FEW_MOVES = 200,  /* one job in so many moves: a descent is over */
        ROUNDS = 60,      /* disturbed, at most */
        MOST_HELPED = 64, /* jobs without a place in time, for each schedule */
        PATIENCE = 16,    /* rounds without a better plan */
};

#define PROVEN 1e-6 /* of a plan's cost: a gap to the bound that no further search could close */

/* ---- from prices to a strict schedule */

static int descend(struct optimiser *optimiser)
{
        size_t n = optimiser->problem->n_jobs, step = optimiser_stride(n), moves = n;

        for (int round = 0; round < DESCENTS && moves > n / FEW_MOVES; round++) {
                moves = 0;
                optimiser->board.chooser.thorough = round > 0;
                for (size_t i = 0, j = 0; i < n; i++, j = (j + step) % n) {
                        bool moved;

                        if (i % 64 == 0 && optimiser_is_over(optimiser))
                                return 0;
                        if (board_improve(&optimiser->board, j, &moved) != 0)
                                return OFFPEAK_ENOMEM;
                        moves += moved;
                }
        }
        return 0;
}

bool optimiser_is_better(const struct optimiser *optimiser, double cost)
{
        return cost < optimiser->best_cost - (optimiser->recalled ? PLAN_HYSTERESIS : 1e-9) * fabs(optimiser->best_cost);
}

/* Keep the board's schedule if it is the cheapest so far. */
static int keep(struct optimiser *optimiser, bool *ret_better)
{
        struct plan_terms terms;

        if (account(optimiser->problem, &optimiser->board.schedule, NULL, &terms, NULL) != 0)
                return OFFPEAK_ENOMEM;
        *ret_better = optimiser_is_better(optimiser, terms.total);
        if (!*ret_better)
                return 0;
        optimiser->recalled = false; /* moved anyway: from now on every bit counts */
        optimiser->best_cost = terms.total;
        return schedule_copy(&optimiser->best, &optimiser->board.schedule);
}

/* Whoever found no place in time is given one, if others can make way; also when the budget is spent, but not for many. */
static int make_way_for_the_late(struct optimiser *optimiser)
{
        const struct plan_problem *problem = optimiser->problem;
        size_t helped = 0, moved = 0;
        double change;

        for (size_t j = 0; j < problem->n_jobs && helped < MOST_HELPED; j++) {
                if (problem->jobs[j].release >= problem->horizon || !board_is_late(&optimiser->board, j))
                        continue;
                if (make_way(&optimiser->board, j, &change, &moved) != 0)
                        return OFFPEAK_ENOMEM;
                helped++;
        }
        return 0;
}

static int realise_and_keep(struct optimiser *optimiser, bool *ret_better)
{
        static const double fine[] = { 1, 1.005, 1.01, 1.02 }, coarse[] = { 1, 1.02, 1.05, 1.1, 1.2, 1.35, 1.6, 2 };
        bool few = optimiser->problem->n_jobs <= OPTIMISER_SMALL;
        size_t n = few ? sizeof(coarse) / sizeof(coarse[0]) : sizeof(fine) / sizeof(fine[0]);
        size_t k = optimiser->realised++ % n;
        int code;

        /* the peak that prices settle at is below what whole jobs can keep: try a little above, or much with few jobs */
        board_set_levels(&optimiser->board, few ? coarse[k] : fine[k]);
        optimiser->board.chooser.thorough = false;
        memcpy(optimiser->board.theta, optimiser->theta, optimiser->problem->n_jobs * sizeof(double));
        code = repair(&optimiser->board, &optimiser->soft, optimiser->order, optimiser_is_over, optimiser);

        if (code == 0)
                code = make_way_for_the_late(optimiser);
        if (code == 0)
                code = descend(optimiser);
        if (code == 0)
                code = keep(optimiser, ret_better);
        return code;
}

/* ---- the whole */

static double next_random(struct optimiser *optimiser)
{
        optimiser->seed = optimiser->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(optimiser->seed >> 11) / 9007199254740992.0;
}

/* Disturb: at the guiding prices one steep pass from the best schedule or the last, and down again. */
static int run_rounds(struct optimiser *optimiser)
{
        int code = 0;

        for (int round = 0, last = 0; code == 0 && round < ROUNDS && round - last < PATIENCE && !optimiser_is_over(optimiser);
             round++) {
                bool better = false;

                price_set_copy(&optimiser->prices.base, &optimiser->guide);
                if (next_random(optimiser) < 0.7)
                        code = schedule_copy(&optimiser->soft, &optimiser->best);
                if (code == 0)
                        code = passes_once(optimiser, pow(10, next_random(optimiser)));
                if (code == 0 && !optimiser_is_over(optimiser))
                        code = realise_and_keep(optimiser, &better);
                if (better)
                        last = round;
        }
        return code;
}

static int run_shuffles(struct optimiser *optimiser)
{
        bool better;
        int code = board_load(&optimiser->board, &optimiser->best);

        if (code == 0)
                code = shuffle(&optimiser->board, &optimiser->empty, optimiser->seed, optimiser_is_over, optimiser);
        return code == 0 ? keep(optimiser, &better) : code;
}

int optimiser_improve(struct optimiser *optimiser, const struct schedule *schedule)
{
        bool better;
        int code = board_load(&optimiser->board, schedule);

        if (code == 0)
                code = descend(optimiser);
        return code == 0 ? keep(optimiser, &better) : code;
}

/* Running at once must be better by enough to be preferred. */
static int keep_recalled(struct optimiser *optimiser)
{
        struct plan_terms terms;

        if (account(optimiser->problem, &optimiser->board.schedule, NULL, &terms, NULL) != 0)
                return OFFPEAK_ENOMEM;
        optimiser->recalled = terms.total <= optimiser->best_cost + PLAN_HYSTERESIS * fabs(optimiser->best_cost);
        if (!optimiser->recalled)
                return 0;
        optimiser->best_cost = terms.total;
        return schedule_copy(&optimiser->best, &optimiser->board.schedule);
}

/* The last plan, as far as it holds, with the jobs that are new or have to move where they are cheapest beside it. */
static int recall(struct optimiser *optimiser)
{
        size_t n = optimiser->problem->n_jobs, n_kept = 0;
        int code = board_load(&optimiser->board, &optimiser->soft); /* empty */
        double cost;
        bool kept;

        for (size_t i = 0; code == 0 && i < n; i++) {
                code = keep_hours(&optimiser->board, optimiser->order[i], &kept);
                n_kept += kept && !optimiser->problem->jobs[optimiser->order[i]].pinned;
        }
        if (code != 0 || n_kept == 0)
                return code;
        for (size_t i = 0; code == 0 && i < n; i++)
                if (optimiser->board.schedule.jobs[optimiser->order[i]].n == 0 && !optimiser->problem->jobs[optimiser->order[i]].pinned)
                        code = board_place(&optimiser->board, optimiser->order[i], &cost);
        if (code == 0)
                code = board_reorder(&optimiser->board);
        optimiser->board.reluctance = JOB_HYSTERESIS;
        if (code == 0)
                code = descend(optimiser);
        optimiser->board.reluctance = 0;
        return code == 0 ? keep_recalled(optimiser) : code;
}

/*
 * Is the last plan so near to what is proved that none can be found that would take its place? By the last plan's prices that is often seen
 * at once: after one event most hours are as good as they were.
 */
static bool is_settled(const struct optimiser *optimiser)
{
        return optimiser->recalled && optimiser->best_cost - optimiser->bound <= PLAN_HYSTERESIS * fabs(optimiser->best_cost);
}

/* No plan can be better by anything that matters. */
static bool is_proven(const struct optimiser *optimiser)
{
        return optimiser->best_cost - optimiser->bound <= PROVEN * fabs(optimiser->best_cost);
}

/*
 * Few jobs leave prices little to say: they go where it is cheapest beside each other. Often that is the best there is,
 * as what supply costs proves at once: of a job alone, say.
 */
static int begin_with_few(struct optimiser *optimiser)
{
        int code = optimiser_improve(optimiser, optimiser->hint != NULL ? optimiser->hint : &optimiser->at_once);

        return code == 0 ? passes_try_bound(optimiser) : code;
}

/* Prices begin where the last plan's ended, and jobs where its hours are. */
static int warm_up(struct optimiser *optimiser)
{
        optimiser->warm = prices_may_recall(optimiser->problem);
        if (!optimiser->warm)
                return 0;
        prices_recall(&optimiser->prices);
        if (schedule_copy(&optimiser->soft, &optimiser->board.schedule) != 0)
                return OFFPEAK_ENOMEM;
        return optimiser->recalled ? passes_try_bound(optimiser) : 0;
}

int optimiser_think(struct optimiser *optimiser)
{
        struct plan_terms terms;
        double at_once;
        bool better;
        int passes, code;

        if (run_now(optimiser->problem, &optimiser->at_once) != 0 ||
            account(optimiser->problem, &optimiser->at_once, NULL, &terms, NULL) != 0 ||
            schedule_copy(&optimiser->best, &optimiser->at_once) != 0)
                return OFFPEAK_ENOMEM;
        optimiser->best_cost = at_once = terms.total;
        code = recall(optimiser);
        if (code == 0)
                code = warm_up(optimiser);
        if (code == 0 && is_settled(optimiser))
                return 0;
        if (code == 0 && optimiser->problem->n_jobs <= OPTIMISER_SMALL)
                code = begin_with_few(optimiser);
        if (code == 0 && is_proven(optimiser))
                return 0;
        if (code == 0)
                code = passes_prove(optimiser, &passes);
        if (code == 0)
                code = passes_make(optimiser, passes - passes * 2 / 3);
        if (code == 0 && passes > 1) /* also when the budget is spent: all that was done would be for nothing */
                code = realise_and_keep(optimiser, &better);
        if (code == 0 && !(optimiser->best_cost < at_once))
                code = optimiser_improve(optimiser, &optimiser->at_once);
        if (is_proven(optimiser) || optimiser->problem->n_jobs == 1)
                return code; /* nobody is in the way of a job alone */
        if (code == 0)
                code = run_rounds(optimiser);
        return code == 0 && !optimiser_is_over(optimiser) ? run_shuffles(optimiser) : code;
}
