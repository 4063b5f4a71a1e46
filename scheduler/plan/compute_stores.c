/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview:
 *   1. running at once: within what supply and stores hold at all times, or within supply alone, whichever is cheaper; and the last
 *      plan's hours, as far as supply and stores carry them (promised.c): from here on only what pays well moves them
 *   2. prices: jobs and stores answer them together (passes.c, stores.c); they prove the bound
 *   3. a plan of the jobs beside what the stores do for the last plan's hours, or else answered the prices (beside_stores.c), all of
 *      compute.c
 *   4. what the stores best do for that plan's load, exactly (dispatch.c); jobs moving beside it one by one; and so on, while it
 *      helps
 *   5. again from 3 beside the best plan's stores, while there is budget
 *   6. where power is limited: the order in which jobs ask what the stores can carry (line_up.c), and 4 once more
 */
#include "plan/compute_stores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/at_once.h"
#include "plan/fill.h"
#include "plan/help_late.h"
#include "plan/joint.h"
#include "plan/line_up.h"
#include "plan/passes.h"
#include "plan/promised.h"
#include "plan/prove_stores.h"

enum {
        ALTERNATIONS = 64, /* of stores and jobs, at most */
        ROUNDS = 4,       /* plans from scratch beside the best one's stores, at most */
        PATIENCE = 16,    /* alternations without a better plan, where power is limited, */
        SOME_PATIENCE = 6, /* or a peak is charged */
        PARTS = 10,       /* of the horizon, in which room is kept */
};

#define SHARE_OF_ROUND 0.5 /* of what is left of the budget */
#define SHARE_KEPT     0.2
#define SHARE_OF_LINE  0.8

/* ---- what there is to begin with */

static int run_at_once(struct joint *joint, struct offpeak_error *err)
{
        bool better;
        int code = at_once(joint->problem, &joint->prices.at_once, &joint->at_once, err);

        if (code == 0 && joint_consider(joint, &joint->prices.at_once, &better) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
        return code;
}

/* The last plan's hours come first, unless running at once is better by enough; who waits goes forward beside them. */
static int recall_promised(struct joint *joint)
{
        struct promised promised;
        struct plan_terms terms;
        bool better;
        int code = promised_init(&promised, joint->problem, &joint->prices.prices.slots, &joint->prices.board, joint->prices.order);

        joint->spent += promised.work;
        if (code == 0 && promised.n > 0) {
                code = joint_appraise(joint, &promised.kept, &terms);
                joint->recalled = code == 0 && terms.total <= joint->best_cost + joint_much(joint);
        }
        if (code == 0 && joint->recalled)
                code = joint_take(joint, &promised.kept, &terms);
        joint->goes_on = joint->recalled;
        if (code == 0 && joint->recalled && joint->limited) {
                joint->recalled = false;
                code = joint_consider(joint, &promised.sooner, &better);
                joint->recalled = true;
        }
        promised_finish(&promised);
        return code;
}

/* ---- prices */

/* A price that only what is firm no more can have says nothing of how much prices differ, nor of where they begin. */
static int scale_prices(struct joint *joint)
{
        struct prices plain, *prices = &joint->prices.prices;
        double delay = 0, watts = 0;

        if (prices_init(&plain, joint->problem, joint->slots) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t j = 0; j < joint->problem->n_jobs; j++) {
                delay += joint->problem->jobs[j].modes[0].gpus * joint->problem->jobs[j].delay_cost;
                watts += joint->problem->jobs[j].modes[0].watts;
        }
        prices->power_scale = fmax(plain.power_scale, watts > 0 ? delay / (watts / 1e6) : 0);
        prices->gpu_scale = plain.gpu_scale;
        price_set_copy(&prices->base, &plain.base);
        prices_finish(&plain);
        return 0;
}

/* What the stores answered is what a first plan goes by, at what their energy is worth by the prices of the bound. */
static int first_flows(struct joint *joint)
{
        size_t n = joint->problem->n_sites * joint->prices.prices.slots.n;

        memcpy(joint->dispatch.values, joint->stores.proof, n * sizeof(double));
        for (size_t k = 0; k < n; k++)
                joint->dispatch.levels_w[k] = INFINITY;
        for (size_t s = 0; s < joint->problem->n_sites; s++)
                for (size_t d = 0; d < joint->problem->sites[s].n_demands; d++) {
                        const struct demand_level *level = &joint->prices.prices.demands[s][d];

                        for (size_t t = level->first; t < level->last; t++)
                                joint->dispatch.levels_w[s * joint->prices.prices.slots.n + t] = level->level_w;
                }
        return stores_flows(&joint->stores, &joint->dispatch.flows);
}

static int find_prices(struct joint *joint)
{
        struct optimiser *prices = &joint->prices;
        int passes, code = scale_prices(joint);

        if (code == 0 && prices_may_recall(joint->problem)) {
                prices->warm = true;
                prices_recall(&prices->prices);
        }
        if (code == 0)
                code = passes_prove(prices, &passes);
        if (code == 0)
                code = passes_make(prices, passes - passes * 2 / 3);
        joint->guide = (struct plan_multipliers){
                .n_sites = joint->problem->n_sites,
                .n_limits = joint->problem->n_limits,
                .n_slots = prices->prices.slots.n,
                .edges = prices->prices.slots.edges,
                .power = prices->guide.power,
                .gpus = prices->guide.gpus,
                .limits = prices->guide.gpus + joint->problem->n_sites * prices->prices.slots.n,
        };
        return code == 0 ? first_flows(joint) : code;
}

/*
 * Where power is limited, jobs find room beside stores that keep some for them: at all times, or much in one part of the horizon after
 * the other; else beside those that do what is best for the jobs that there are.
 */
static struct dispatch_room room_of(const struct joint *joint, unsigned round)
{
        const struct plan_problem *problem = joint->problem;
        int64_t length = (problem->horizon - problem->now) / PARTS + 1, from;
        struct dispatch_room room = { .share = 1 };

        if (!joint->limited || round % 4 == 1)
                return (struct dispatch_room){ 0 };
        room.more = (struct plan_flow){ problem->now, problem->horizon, DISPATCH_ALL, 0 };
        if (round % 4 == 0)
                return room;
        from = problem->now + (int64_t)fmod(round * 0.6180339887498949 * (double)(problem->horizon - problem->now),
                                            (double)(problem->horizon - problem->now));
        room.more.start = from;
        room.more.end = from + length < problem->horizon ? from + length : problem->horizon;
        return room;
}

static int flow_beside_best(struct joint *joint, unsigned round)
{
        struct dispatch_room room = room_of(joint, round);

        return dispatch_run(&joint->dispatch, joint->problem, &joint->prices.prices.slots, &joint->best, &room);
}

/* Where power is limited: in which order jobs are asked decides who is late, so that is searched for, beside all that stores can carry. */
static int line_up_best(struct joint *joint)
{
        struct plan_budget budget = { .work = (uint64_t)(SHARE_OF_LINE * (double)joint_work_left(joint)),
                                      .aborted = joint->budget->aborted,
                                      .context = joint->budget->context };
        struct schedule schedule;
        uint64_t work = 0;
        bool better;
        int code;

        if (!joint->limited || budget.work == 0 || joint_is_aborted(joint))
                return 0;
        code = schedule_init(&schedule, joint->problem->n_jobs);
        if (code == 0)
                code = schedule_copy(&schedule, &joint->best);
        if (code == 0)
                code = line_up(&schedule, joint->problem, &joint->prices.prices.slots, &budget, &work, &better);
        joint->spent += work;
        if (code == 0 && better)
                code = joint_consider(joint, &schedule, &better);
        schedule_finish(&schedule);
        return code;
}

/*
 * The level that stores keep is right for the jobs that there are: others may keep a lower one, or be worth a higher one. A share of
 * what it is above what is paid for.
 */
static void move_levels(struct joint *joint, unsigned round)
{
        static const double shares[] = { 1, 0.9, 0.75, 1.1, 0.5, 0.25 };
        const struct slots *slots = &joint->prices.prices.slots;

        for (size_t s = 0; s < joint->problem->n_sites; s++)
                for (size_t d = 0; joint->problem->sites[s].store != NULL && d < joint->problem->sites[s].n_demands; d++) {
                        const struct demand_level *level = &joint->prices.prices.demands[s][d];
                        double paid_w = joint->problem->sites[s].demands[d].paid_w;

                        for (size_t t = level->first; t < level->last; t++) {
                                double *at_w = &joint->dispatch.levels_w[s * slots->n + t];

                                *at_w = paid_w + (*at_w - paid_w) * shares[round % (sizeof(shares) / sizeof(shares[0]))];
                        }
                }
}

static bool is_charged(const struct plan_problem *problem)
{
        for (size_t s = 0; s < problem->n_sites; s++)
                if (problem->sites[s].store != NULL && problem->sites[s].n_demands > 0)
                        return true;
        return false;
}

static int alternate(struct joint *joint)
{
        int code = 0, patience = joint->limited ? PATIENCE : is_charged(joint->problem) ? SOME_PATIENCE : 1;

        for (int i = 0, last = -1; code == 0 && i - last <= patience && i < ALTERNATIONS && joint_work_left(joint) > 0 && !joint_is_aborted(joint);
             i++) {
                bool better = false;

                code = flow_beside_best(joint, joint->rounds++);
                move_levels(joint, (unsigned)i);
                if (code == 0)
                        code = joint_plan_beside(joint, ONE_BY_ONE, joint_work_left(joint), &better);
                if (better)
                        last = i;
        }
        return code;
}

/* Jobs leave the last plan's hours where that saves enough of what they cost: beside stores that keep room, and that do what is best for these. */
static int move_reluctantly(struct joint *joint)
{
        bool better;
        int code = 0;

        if (!joint->recalled)
                return 0;
        joint->recalled = false;
        for (unsigned round = 0; code == 0 && round < 2; round++) {
                code = flow_beside_best(joint, round);
                if (code == 0)
                        code = joint_plan_beside(joint, RELUCTANTLY, joint_work_left(joint), &better);
        }
        joint->recalled = true;
        return code;
}

/*
 * The first round is beside stores that do what is best for the last plan's hours, or what they answered the prices; also when the budget is
 * spent.
 */
static int think(struct joint *joint)
{
        bool better;
        int code = recall_promised(joint);

        if (code == 0)
                code = find_prices(joint);
        if (code == 0)
                code = move_reluctantly(joint);
        joint->kept = joint->limited ? (uint64_t)(SHARE_KEPT * (double)joint_work_left(joint)) : 0;
        for (int round = 0; code == 0 && round < ROUNDS && (round == 0 || joint_work_left(joint) > 0) && !joint_is_aborted(joint); round++) {
                if (round > 0 || joint->goes_on)
                        code = flow_beside_best(joint, round > 0 ? (unsigned)round - 1 : 1);
                if (code == 0)
                        code = joint_plan_beside(joint, ANEW, (uint64_t)(SHARE_OF_ROUND * (double)joint_work_left(joint)), &better);
                if (code == 0)
                        code = help_the_late(joint);
                if (code == 0)
                        code = alternate(joint);
        }
        joint->kept = 0;
        if (code == 0)
                code = line_up_best(joint);
        if (code == 0 && joint->limited)
                code = alternate(joint);
        return code == 0 ? prove_beside_best(joint) : code;
}

/* ---- life */

/* Reasons are told on the board that the best plan's stores leave. */
static int fill(struct joint *joint, struct plan *plan, struct offpeak_error *err)
{
        struct optimiser optimiser = { 0 };
        struct beside_stores shifted;
        uint64_t work = optimiser_work(&joint->prices) + joint->spent + joint->dispatch.work;
        int code = beside_stores_shift(&shifted, joint->problem, &joint->prices.prices.slots, &joint->best_dispatch, NULL);

        if (code == 0)
                code = optimiser_init(&optimiser, &shifted.problem, joint->budget, joint->slots);
        if (code == 0)
                code = schedule_copy(&optimiser.best, &joint->best);
        if (code == 0)
                code = plan_fill_beside_stores(joint->problem, &joint->prices, &optimiser, &joint->best_dispatch.flows,
                                               &joint->at_once, plan, err);
        else
                fail(err, code, "planning: out of memory");
        plan->work = work;
        optimiser_finish(&optimiser);
        beside_stores_finish(&shifted);
        return code;
}

int compute_beside_stores(const struct plan_problem *problem, const struct plan_budget *budget, size_t slots, struct plan *ret_plan,
                          struct offpeak_error *err)
{
        struct joint joint;
        struct plan plan;
        int code = joint_init(&joint, problem, budget, slots);

        plan_init(&plan);
        if (code == 0)
                code = run_at_once(&joint, err);
        else
                fail(err, code, "planning: out of memory");
        if (code == 0 && think(&joint) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
        if (code == 0)
                code = fill(&joint, &plan, err);
        joint_finish(&joint);
        if (code != 0) {
                plan_finish(&plan);
                return code;
        }
        *ret_plan = plan;
        return 0;
}
