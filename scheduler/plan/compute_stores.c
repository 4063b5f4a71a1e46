/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview:
 *   1. running at once: within what supply and stores hold at all times, or within supply alone, whichever is cheaper
 *   2. prices: jobs and stores answer them together (passes.c, stores.c); they prove the bound
 *   3. a plan of the jobs beside what the stores then do (beside_stores.c), all of compute.c
 *   4. what the stores best do for that plan's load, exactly (dispatch.c); jobs moving beside it one by one; and so on, while it
 *      helps
 *   5. again from 3 beside the best plan's stores, while there is budget
 *   6. where power is limited: the order in which jobs ask what the stores can carry (line_up.c), and 4 once more
 * Only what the stores can carry, at its exact cost, is ever kept.
 */
#include "plan/compute_stores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/at_once.h"
#include "plan/beside_stores.h"
#include "plan/check.h"
#include "plan/fill.h"
#include "plan/line_up.h"
#include "plan/passes.h"
#include "plan/supply_rate.h"

enum {
        ALTERNATIONS = 64, /* of stores and jobs, at most */
        ROUNDS = 4,       /* plans from scratch beside the best one's stores, at most */
        PATIENCE = 16,    /* alternations without a better plan, where power is limited, */
        SOME_PATIENCE = 6, /* or a peak is charged */
        PARTS = 10,       /* of the horizon, in which room is kept */
        MOST_HELPED = 32, /* late jobs, in a round */
        TRIES = 4,        /* times at which the stores are asked for a late job */
};

#define SHARE_OF_PRICES 0.35 /* of the budget */
#define SHARE_OF_ROUND  0.5  /* of what is left of it */
#define SHARE_KEPT      0.2
#define SHARE_OF_LINE   0.8

#define DEAREST 1e300

struct joint {
        const struct plan_problem *problem;
        const struct plan_budget *budget;
        size_t slots;
        bool limited; /* power is, at a site with a store */
        struct beside_stores widened;
        struct plan_budget for_prices;
        struct optimiser prices; /* on the widened problem; its at_once is the one of the plan */
        struct stores stores;
        struct plan_multipliers guide; /* borrowed of prices: where each round's begin */
        struct dispatch dispatch, best_dispatch;
        struct flows at_once;
        struct schedule best;
        double best_cost;
        uint64_t spent; /* beside prices */
        uint64_t kept;  /* of the budget, for what comes last */
        unsigned rounds; /* of alternating */
};

static uint64_t work_left(const struct joint *joint)
{
        uint64_t spent = joint->spent + optimiser_work(&joint->prices) + joint->dispatch.work;

        spent += joint->kept;
        return spent < joint->budget->work ? joint->budget->work - spent : 0;
}

/* ---- schedules, with what the stores do for them */

/* What the stores best do for a schedule, and what both cost: INFINITY if they cannot carry it. */
static int appraise(struct joint *joint, const struct schedule *schedule, double *ret_cost)
{
        struct plan_terms terms;

        *ret_cost = INFINITY;
        if (dispatch_run(&joint->dispatch, joint->problem, &joint->prices.prices.slots, schedule, NULL) != 0)
                return OFFPEAK_ENOMEM;
        if (!joint->dispatch.feasible)
                return 0;
        if (account(joint->problem, schedule, &joint->dispatch.flows, &terms, NULL) != 0)
                return OFFPEAK_ENOMEM;
        *ret_cost = terms.total;
        return 0;
}

static int copy_dispatch(struct joint *joint)
{
        size_t n = joint->problem->n_sites * joint->prices.prices.slots.n;

        memcpy(joint->best_dispatch.values, joint->dispatch.values, n * sizeof(double));
        memcpy(joint->best_dispatch.levels_w, joint->dispatch.levels_w, n * sizeof(double));
        return flows_copy(&joint->best_dispatch.flows, &joint->dispatch.flows);
}

static int consider(struct joint *joint, const struct schedule *schedule, bool *ret_better)
{
        double cost;

        *ret_better = false;
        if (appraise(joint, schedule, &cost) != 0)
                return OFFPEAK_ENOMEM;
        if (!(cost < joint->best_cost - 1e-9 * fabs(joint->best_cost)) && !isinf(joint->best_cost))
                return 0;
        if (isinf(cost))
                return 0;
        *ret_better = true;
        joint->best_cost = cost;
        return schedule_copy(&joint->best, schedule) != 0 || copy_dispatch(joint) != 0 ? OFFPEAK_ENOMEM : 0;
}

static int run_at_once(struct joint *joint, struct offpeak_error *err)
{
        bool better;
        int code = at_once(joint->problem, &joint->prices.at_once, &joint->at_once, err);

        if (code == 0 && consider(joint, &joint->prices.at_once, &better) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "planning: out of memory");
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

/* ---- jobs beside stores */

static bool is_aborted(const struct joint *joint)
{
        return joint->budget->aborted != NULL && joint->budget->aborted(joint->budget->context);
}

/* Beside what the stores do now: a plan from scratch, or jobs of the best one moving one by one. */
static int plan_beside(struct joint *joint, bool anew, uint64_t work, bool *ret_better)
{
        struct plan_budget budget = { work, joint->budget->aborted, joint->budget->context };
        struct optimiser optimiser = { 0 };
        struct beside_stores shifted;
        int code = beside_stores_shift(&shifted, joint->problem, &joint->prices.prices.slots, &joint->dispatch,
                                       joint->prices.proof.demand);

        shifted.problem.last = &joint->guide;
        if (code == 0)
                code = optimiser_init(&optimiser, &shifted.problem, &budget, joint->slots);
        if (code == 0)
                optimiser.best_cost = DEAREST;
        if (code == 0)
                code = anew ? optimiser_think(&optimiser) : optimiser_improve(&optimiser, &joint->best);
        joint->spent += code == 0 ? optimiser_work(&optimiser) : 0;
        if (code == 0)
                code = consider(joint, &optimiser.best, ret_better);
        optimiser_finish(&optimiser);
        beside_stores_finish(&shifted);
        return code;
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

static bool is_limited(const struct plan_problem *problem)
{
        for (size_t s = 0; s < problem->n_sites; s++)
                for (size_t t = 0; problem->sites[s].store != NULL && t < problem->sites[s].n_steps; t++)
                        if (!isinf(supply_firm_limit(&problem->sites[s].steps[t])))
                                return true;
        return false;
}

static int flow_beside_best(struct joint *joint, unsigned round)
{
        struct dispatch_room room = room_of(joint, round);

        return dispatch_run(&joint->dispatch, joint->problem, &joint->prices.prices.slots, &joint->best, &room);
}

static bool is_late(const struct plan_problem *problem, size_t j, const struct choice *choice)
{
        int64_t deadline = problem->jobs[j].deadline != 0 ? problem->jobs[j].deadline : problem->horizon;

        return schedule_end(problem, j, choice) > deadline && job_is_possible(problem, &problem->jobs[j]);
}

/* Stores that give what a job needs from slot t on, without what it has now: do they carry it? */
static int try_room(struct joint *joint, size_t j, uint32_t s, size_t t, struct dispatch_room *room, bool *ret_carries)
{
        const struct plan_job *job = &joint->problem->jobs[j];
        int64_t start = joint->prices.prices.slots.edges[t], seconds = job_seconds(job, &job->modes[0]) + job->start_cost_s;

        start = start > job->release ? start : job->release;
        *ret_carries = start + seconds <= (job->deadline != 0 ? job->deadline : joint->problem->horizon);
        if (!*ret_carries)
                return 0;
        room->more = (struct plan_flow){ start, start + seconds, s, joint->problem->sites[s].pue_factor * job->modes[0].watts };
        return dispatch_carries(joint->problem, &joint->best, &room->more, ret_carries);
}

/* A job that is late, where stores are so many hours' way from carrying it: ask them for it. The best plan may lose it on the way. */
static int help(struct joint *joint, size_t j, struct choice *had)
{
        const struct slots *slots = &joint->prices.prices.slots;
        const struct plan_job *job = &joint->problem->jobs[j];
        struct choice *choice = &joint->best.jobs[j];
        int tries = 0, code = choice_set(had, choice->intervals, choice->n);
        bool better = false;

        for (uint32_t s = 0; code == 0 && !better && s < joint->problem->n_sites; s++)
                for (size_t t = slots_find(slots, job->release); code == 0 && !better && t < slots->n && tries < TRIES; t++) {
                        struct dispatch_room room = { 0 };
                        bool carries;

                        if ((job->sites >> s & 1) == 0 || joint->problem->sites[s].store == NULL)
                                break;
                        choice->n = 0;
                        code = try_room(joint, j, s, t, &room, &carries);
                        if (code == 0 && carries)
                                code = dispatch_run(&joint->dispatch, joint->problem, slots, &joint->best, &room);
                        if (code == 0)
                                code = choice_set(choice, had->intervals, had->n);
                        if (code != 0 || !carries)
                                continue;
                        tries++;
                        code = plan_beside(joint, false, work_left(joint), &better);
                }
        return code;
}

/* Only where power is limited: elsewhere stores make no job late. */
static int help_the_late(struct joint *joint)
{
        struct choice had = { 0 };
        size_t helped = 0;
        int code = 0;

        for (size_t j = 0; code == 0 && joint->limited && j < joint->problem->n_jobs && helped < MOST_HELPED; j++) {
                const struct plan_job *job = &joint->problem->jobs[j];

                if (job->pinned || job->release >= joint->problem->horizon || !is_late(joint->problem, j, &joint->best.jobs[j]))
                        continue;
                if (work_left(joint) == 0 || is_aborted(joint))
                        break;
                code = help(joint, j, &had);
                helped++;
        }
        free(had.intervals);
        return code;
}

/* Where hours were promised and nobody is late, shorter waits are not worth other hours for all. */
static bool is_settled(const struct joint *joint)
{
        bool promised = false;

        for (size_t j = 0; j < joint->problem->n_jobs; j++) {
                const struct plan_job *job = &joint->problem->jobs[j];

                if (!job->pinned && job->release < joint->problem->horizon && is_late(joint->problem, j, &joint->best.jobs[j]))
                        return false;
                promised = promised || job->n_kept > 0;
        }
        return promised;
}

/* Where power is limited: in which order jobs are asked decides who is late, so that is searched for, beside all that stores can carry. */
static int line_up_best(struct joint *joint)
{
        struct plan_budget budget = { (uint64_t)(SHARE_OF_LINE * (double)work_left(joint)), joint->budget->aborted,
                                      joint->budget->context };
        struct schedule schedule;
        uint64_t work = 0;
        bool better;
        int code;

        if (!joint->limited || budget.work == 0 || is_settled(joint) || is_aborted(joint))
                return 0;
        code = schedule_init(&schedule, joint->problem->n_jobs);
        if (code == 0)
                code = schedule_copy(&schedule, &joint->best);
        if (code == 0)
                code = line_up(&schedule, joint->problem, &joint->prices.prices.slots, &budget, &work, &better);
        joint->spent += work;
        if (code == 0 && better)
                code = consider(joint, &schedule, &better);
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

        for (int i = 0, last = -1; code == 0 && i - last <= patience && i < ALTERNATIONS && work_left(joint) > 0 && !is_aborted(joint);
             i++) {
                bool better = false;

                code = flow_beside_best(joint, joint->rounds++);
                move_levels(joint, (unsigned)i);
                if (code == 0)
                        code = plan_beside(joint, false, work_left(joint), &better);
                if (better)
                        last = i;
        }
        return code;
}

/* The first round is beside what the stores answered the prices; also when the budget is spent. */
static int think(struct joint *joint)
{
        bool better;
        int code = find_prices(joint);

        joint->kept = joint->limited ? (uint64_t)(SHARE_KEPT * (double)work_left(joint)) : 0;
        for (int round = 0; code == 0 && round < ROUNDS && (round == 0 || work_left(joint) > 0) && !is_aborted(joint); round++) {
                if (round > 0)
                        code = flow_beside_best(joint, (unsigned)round - 1);
                if (code == 0)
                        code = plan_beside(joint, true, (uint64_t)(SHARE_OF_ROUND * (double)work_left(joint)), &better);
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
        return code;
}

/* ---- life */

static int joint_init(struct joint *joint, const struct plan_problem *problem, const struct plan_budget *budget, size_t slots)
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

static void joint_finish(struct joint *joint)
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
