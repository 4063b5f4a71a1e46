/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: a board with the plan's hours on it, the multipliers cut into the checker's pieces, and each job's part of the bound.
 * An event changes the problem, then the board (one job placed or lifted, a few others where it is cheaper now), then cost and
 * bound by what changed.
 */
#include "plan/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/account.h"
#include "plan/board.h"
#include "plan/check.h"
#include "plan/check_bound.h"
#include "plan/make_way.h"

struct plan_session {
        struct plan_problem problem;
        struct plan_site *sites; /* with their steps: owned */
        struct plan_job *jobs;   /* owned, with their `after` */
        size_t room;
        struct prices prices;
        struct dependents dependents;
        struct board board;
        struct plan_multipliers multipliers;
        struct pieces pieces[64];
        struct bound_part *parts; /* of each job */
        int64_t *ends;            /* of each job: when it can be done at the earliest */
        bool *stale;              /* of each job: its part is less than it could be */
        size_t next_stale;        /* where to go on looking for one */
        struct bound_part capacities, all; /* all: the sum over the jobs */
        double cost;
        bool has_demand; /* cost is summed up anew each time: peaks are nobody's own */
        uint64_t seed;
};

/* ---- life */

static int copy_sites(struct plan_session *session)
{
        const struct plan_problem *problem = &session->problem;

        session->sites = calloc(problem->n_sites + 1, sizeof(*session->sites));
        for (size_t s = 0; session->sites != NULL && s < problem->n_sites; s++) {
                size_t size = problem->sites[s].n_steps * sizeof(struct plan_step);
                struct plan_step *steps = malloc(size);

                if (steps == NULL)
                        return OFFPEAK_ENOMEM;
                memcpy(steps, problem->sites[s].steps, size);
                session->sites[s] = problem->sites[s];
                session->sites[s].steps = steps;
                session->has_demand = session->has_demand || problem->sites[s].n_demands > 0;
        }
        session->problem.sites = session->sites;
        return session->sites == NULL ? OFFPEAK_ENOMEM : 0;
}

/* Take over a job whose `after` is the caller's. */
static int copy_job(struct plan_job *to, const struct plan_job *from)
{
        size_t *after = NULL;

        if (from->n_after > 0) {
                after = malloc(from->n_after * sizeof(*after));
                if (after == NULL)
                        return OFFPEAK_ENOMEM;
                memcpy(after, from->after, from->n_after * sizeof(*after));
        }
        *to = *from;
        to->after = after;
        if (!from->pinned) { /* the board knows */
                to->kept = NULL;
                to->n_kept = 0;
        }
        return 0;
}

/* Room for one more job in all that is kept of each. */
static int make_room(struct plan_session *session)
{
        size_t room = session->room + session->room / 2 + 16;
        struct board *board = &session->board;
        struct plan_job *jobs;
        struct bound_part *parts;
        int64_t *ends;
        double *theta;
        bool *stale;
        struct choice *choices;

        if (session->problem.n_jobs < session->room)
                return 0;
        jobs = realloc(session->jobs, room * sizeof(*jobs));
        session->jobs = jobs != NULL ? jobs : session->jobs;
        parts = realloc(session->parts, room * sizeof(*parts));
        session->parts = parts != NULL ? parts : session->parts;
        stale = realloc(session->stale, room * sizeof(*stale));
        session->stale = stale != NULL ? stale : session->stale;
        ends = realloc(session->ends, room * sizeof(*ends));
        session->ends = ends != NULL ? ends : session->ends;
        theta = realloc(board->theta, room * sizeof(*theta));
        board->theta = theta != NULL ? theta : board->theta;
        choices = realloc(board->schedule.jobs, room * sizeof(*choices));
        board->schedule.jobs = choices != NULL ? choices : board->schedule.jobs;
        if (jobs == NULL || parts == NULL || ends == NULL || stale == NULL || theta == NULL || choices == NULL)
                return OFFPEAK_ENOMEM;
        session->problem.jobs = jobs;
        session->room = room;
        return 0;
}

static int copy_multipliers(struct plan_multipliers *to, const struct plan_multipliers *from, const struct plan_problem *problem)
{
        size_t n = from->n_slots * problem->n_sites, n_limits = from->n_slots * problem->n_limits;

        *to = (struct plan_multipliers){ .n_sites = problem->n_sites, .n_limits = problem->n_limits, .n_slots = from->n_slots };
        to->edges = malloc((from->n_slots + 1) * sizeof(*to->edges));
        to->power = malloc((n + 1) * sizeof(double));
        to->gpus = malloc((n + 1) * sizeof(double));
        to->demand = calloc(n + 1, sizeof(double));
        to->limits = calloc(n_limits + 1, sizeof(double));
        if (to->edges == NULL || to->power == NULL || to->gpus == NULL || to->demand == NULL || to->limits == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(to->edges, from->edges, (from->n_slots + 1) * sizeof(*to->edges));
        memcpy(to->power, from->power, n * sizeof(double));
        memcpy(to->gpus, from->gpus, n * sizeof(double));
        if (from->demand != NULL)
                memcpy(to->demand, from->demand, n * sizeof(double));
        if (from->limits != NULL)
                memcpy(to->limits, from->limits, n_limits * sizeof(double));
        return 0;
}

static int put_plan(struct plan_session *session, const struct plan *plan)
{
        for (size_t j = 0; j < plan->n_jobs; j++)
                if (board_put(&session->board, j, plan->intervals + plan->jobs[j].first, plan->jobs[j].n) != 0)
                        return OFFPEAK_ENOMEM;
        session->cost = plan->terms.total;
        return 0;
}

static int add_part(struct plan_session *session, size_t j)
{
        if (bound_of_job(&session->problem, session->pieces, j, session->ends, &session->parts[j]) != 0)
                return OFFPEAK_ENOMEM;
        session->all.sum += session->parts[j].sum;
        session->all.size += session->parts[j].size;
        session->stale[j] = false;
        return 0;
}

enum { REFRESHES = 40 }; /* parts that are found anew with each event: less than a millisecond */

static int refresh(struct plan_session *session)
{
        size_t n = session->problem.n_jobs, done = 0;

        for (size_t i = 0; i < n && done < REFRESHES; i++) {
                size_t j = session->next_stale++ % n;

                if (!session->stale[j])
                        continue;
                session->all.sum -= session->parts[j].sum;
                if (add_part(session, j) != 0)
                        return OFFPEAK_ENOMEM;
                done++;
        }
        return 0;
}

static int prove(struct plan_session *session, struct offpeak_error *err)
{
        int code = pieces_check(&session->problem, &session->multipliers, err);

        for (uint32_t s = 0; code == 0 && s < session->problem.n_sites; s++)
                code = pieces_init(&session->pieces[s], &session->problem, s, &session->multipliers, err);
        for (size_t j = 0; code == 0 && j < session->problem.n_jobs; j++)
                code = add_part(session, j);
        session->capacities = bound_of_capacities(&session->problem, session->pieces, &session->multipliers);
        return code;
}

int plan_session_create(const struct plan_problem *problem, const struct plan *plan, struct plan_session **ret_session,
                        struct offpeak_error *err)
{
        struct plan_session *session;
        int code;

        if (plan->multipliers.n_slots == 0)
                return fail(err, OFFPEAK_EINVAL, "a session needs a plan with multipliers");
        for (size_t s = 0; s < problem->n_sites; s++)
                if (problem->sites[s].store != NULL)
                        return fail(err, OFFPEAK_EINVAL, "site %s stores energy, and a session keeps no store in mind: plan anew",
                                    problem->sites[s].name);
        session = calloc(1, sizeof(*session));
        if (session == NULL)
                return fail(err, OFFPEAK_ENOMEM, "keeping the plan in mind: out of memory");
        session->problem = *problem;
        session->seed = 1;
        session->room = problem->n_jobs + 1;
        session->jobs = calloc(session->room, sizeof(*session->jobs));
        session->parts = calloc(session->room, sizeof(*session->parts));
        session->ends = calloc(session->room, sizeof(*session->ends));
        session->stale = calloc(session->room, sizeof(*session->stale));
        code = session->jobs == NULL || session->parts == NULL || session->ends == NULL ||
                               session->stale == NULL
                       ? OFFPEAK_ENOMEM
                        : copy_sites(session);
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++)
                code = copy_job(&session->jobs[j], &problem->jobs[j]);
        session->problem.jobs = session->jobs;
        if (code == 0)
                code = copy_multipliers(&session->multipliers, &plan->multipliers, problem);
        if (code == 0)
                code = dependents_init(&session->dependents, &session->problem);
        if (code == 0)
                code = prices_init(&session->prices, &session->problem, SLOTS_COARSE);
        if (code == 0)
                code = board_init(&session->board, &session->problem, &session->prices, &session->dependents);
        if (code == 0)
                code = put_plan(session, plan);
        if (code == 0)
                code = prove(session, err);
        if (code != 0) {
                plan_session_destroy(session);
                return code == OFFPEAK_ENOMEM ? fail(err, code, "keeping the plan in mind: out of memory") : code;
        }
        session->board.reluctance = JOB_HYSTERESIS;
        *ret_session = session;
        return 0;
}

void plan_session_destroy(struct plan_session *session)
{
        if (session == NULL)
                return;
        for (size_t s = 0; s < session->problem.n_sites; s++)
                pieces_finish(&session->pieces[s]);
        plan_multipliers_finish(&session->multipliers);
        if (session->board.problem != NULL)
                board_finish(&session->board);
        if (session->prices.problem != NULL)
                prices_finish(&session->prices);
        dependents_finish(&session->dependents);
        for (size_t s = 0; session->sites != NULL && s < session->problem.n_sites; s++)
                free((void *)session->sites[s].steps);
        for (size_t j = 0; session->jobs != NULL && j < session->problem.n_jobs; j++)
                free((void *)session->jobs[j].after);
        free(session->sites);
        free(session->jobs);
        free(session->parts);
        free(session->ends);
        free(session->stale);
        free(session);
}

/* ---- what an event changes */

/* Slots between two times. */
struct stretch {
        int64_t start, end;
};

/* Could the job run then and be in time? */
static bool may_use(const struct plan_job *job, struct stretch stretch)
{
        return job->release < stretch.end && (job->deadline == 0 || job->deadline > stretch.start);
}

static bool uses(const struct choice *choice, struct stretch stretch)
{
        for (size_t i = 0; i < choice->n; i++)
                if (choice->intervals[i].start < stretch.end && choice->intervals[i].end > stretch.start)
                        return true;
        return false;
}

/*
 * Move jobs to where it is cheaper now, as long as there is work to spend: those that use the stretch, if it became dearer, or
 * those that might, if it became cheaper. In an order that goes on where the last event left off.
 */
static int improve(struct plan_session *session, struct stretch stretch, bool dearer, uint64_t until, size_t *moved)
{
        size_t n = session->problem.n_jobs;

        for (size_t i = 0; i < n && board_work(&session->board) < until; i++) {
                size_t j = (session->seed + i) % n;
                const struct choice *choice = &session->board.schedule.jobs[j];
                double before, after;
                bool better;

                if (dearer ? !uses(choice, stretch) : !may_use(&session->jobs[j], stretch) || uses(choice, stretch))
                        continue;
                if (board_present_cost(&session->board, j, &before) != 0 ||
                    board_improve(&session->board, j, &better) != 0)
                        return OFFPEAK_ENOMEM;
                if (!better)
                        continue;
                if (board_present_cost(&session->board, j, &after) != 0)
                        return OFFPEAK_ENOMEM;
                session->cost += after - before;
                *moved += 1;
        }
        session->seed += n / 3 + 1;
        return 0;
}

/* Sum cost up anew where peaks are paid for. */
static int settle(struct plan_session *session, uint64_t before, size_t moved, struct plan_change *ret_change)
{
        struct bound_part all;

        if (refresh(session) != 0)
                return OFFPEAK_ENOMEM;
        all = (struct bound_part){ session->all.sum + session->capacities.sum, session->all.size + session->capacities.size };
        if (session->has_demand) {
                struct plan_terms terms;

                if (account(&session->problem, &session->board.schedule, NULL, &terms, NULL) != 0)
                        return OFFPEAK_ENOMEM;
                session->cost = terms.total;
        }
        *ret_change = (struct plan_change){ .cost = session->cost,
                                            .bound = all.sum - BOUND_ROUNDING * all.size,
                                            .moved = moved,
                                            .work = board_work(&session->board) - before };
        return 0;
}

/* ---- a job comes */

static int append(struct plan_session *session, const struct plan_job *job, struct offpeak_error *err)
{
        struct dependents dependents;
        size_t j = session->problem.n_jobs;
        int code = make_room(session);

        if (code == 0)
                code = copy_job(&session->jobs[j], job);
        if (code != 0)
                return code;
        session->board.theta[j] = NAN;
        session->board.schedule.jobs[j] = (struct choice){ 0 };
        session->problem.n_jobs++;
        session->board.schedule.n_jobs++;
        code = plan_problem_check_job(&session->problem, j, err);
        for (size_t i = 0; code == 0 && job->pinned && i < job->n_kept; i++)
                if (!board_has_room(&session->board, job, &job->kept[i]))
                        code = fail(err, OFFPEAK_EINVAL, "job %llu: others have the hours that it is pinned to",
                                    (unsigned long long)job->id);
        if (code == 0)
                code = dependents_init(&dependents, &session->problem);
        if (code != 0) {
                free((void *)session->jobs[j].after);
                session->problem.n_jobs--;
                session->board.schedule.n_jobs--;
                return code;
        }
        dependents_finish(&session->dependents);
        session->dependents = dependents;
        return 0;
}

int plan_session_add(struct plan_session *session, const struct plan_job *job, uint64_t work, struct plan_change *ret_change,
                     struct offpeak_error *err)
{
        uint64_t before = board_work(&session->board);
        size_t j = session->problem.n_jobs, moved = 0;
        double cost;
        int code = append(session, job, err);

        if (code != 0)
                return code;
        code = board_place(&session->board, j, &cost);
        if (code == 0) /* to the second, where the search may have taken means */
                code = board_present_cost(&session->board, j, &cost);
        session->cost += cost;
        if (code == 0 && board_is_late(&session->board, j)) {
                code = make_way(&session->board, j, &cost, &moved);
                session->cost += cost;
        }
        if (code == 0)
                code = add_part(session, j);
        session->capacities = bound_of_capacities(&session->problem, session->pieces, &session->multipliers);
        for (size_t i = 0; code == 0 && i < session->board.schedule.jobs[j].n; i++) {
                const struct plan_interval *run = &session->board.schedule.jobs[j].intervals[i];

                /* what it made dearer: power that rises with use */
                if (!session->board.sites[run->site].all_plain)
                        code = improve(session, (struct stretch){ run->start, run->end }, true, before + work, &moved);
        }
        return code == 0 ? settle(session, before, moved, ret_change) : code;
}

/* ---- a job goes */

/* Nobody waits for job j any more, and those behind it move up. */
static void forget(struct plan_session *session, size_t j)
{
        size_t n = --session->problem.n_jobs;

        free((void *)session->jobs[j].after);
        free(session->board.schedule.jobs[j].intervals);
        memmove(&session->jobs[j], &session->jobs[j + 1], (n - j) * sizeof(*session->jobs));
        memmove(&session->parts[j], &session->parts[j + 1], (n - j) * sizeof(*session->parts));
        memmove(&session->stale[j], &session->stale[j + 1], (n - j) * sizeof(*session->stale));
        memmove(&session->ends[j], &session->ends[j + 1], (n - j) * sizeof(*session->ends));
        memmove(&session->board.theta[j], &session->board.theta[j + 1], (n - j) * sizeof(double));
        memmove(&session->board.schedule.jobs[j], &session->board.schedule.jobs[j + 1], (n - j) * sizeof(struct choice));
        session->board.schedule.n_jobs--;
        for (size_t k = j; k < n; k++) {
                size_t *after = (size_t *)session->jobs[k].after, kept = 0;

                for (size_t i = 0; i < session->jobs[k].n_after; i++)
                        if (after[i] != j)
                                after[kept++] = after[i] - (after[i] > j);
                session->jobs[k].n_after = kept;
        }
}

/* Who waited for job j, or for one that did: their least cost may be less now. One flag for each job; NULL: out of memory. */
static bool *find_waiting(const struct plan_session *session, size_t j)
{
        bool *waits = calloc(session->problem.n_jobs + 1, sizeof(*waits));

        for (size_t k = j + 1; waits != NULL && k < session->problem.n_jobs; k++)
                for (size_t i = 0; i < session->jobs[k].n_after; i++)
                        waits[k] = waits[k] || session->jobs[k].after[i] == j || waits[session->jobs[k].after[i]];
        return waits;
}

/* Job j goes, and its part of the bound; those that waited for it get theirs anew. */
static int leave(struct plan_session *session, size_t j)
{
        bool *waits = find_waiting(session, j);
        struct dependents dependents;
        int code = waits == NULL ? OFFPEAK_ENOMEM : 0;

        if (code == 0) {
                session->all.sum -= session->parts[j].sum;
                forget(session, j);
                code = dependents_init(&dependents, &session->problem);
        }
        if (code == 0) {
                dependents_finish(&session->dependents);
                session->dependents = dependents;
        }
        for (size_t k = j; code == 0 && k < session->problem.n_jobs; k++)
                if (waits[k + 1]) {
                        session->all.sum -= session->parts[k].sum;
                        code = add_part(session, k);
                }
        free(waits);
        session->capacities = bound_of_capacities(&session->problem, session->pieces, &session->multipliers);
        return code;
}

int plan_session_remove(struct plan_session *session, uint64_t id, uint64_t work, struct plan_change *ret_change,
                        struct offpeak_error *err)
{
        uint64_t before = board_work(&session->board);
        struct stretch freed = { INT64_MAX, 0 };
        const struct choice *choice;
        size_t j = 0, moved = 0;
        double cost;

        while (j < session->problem.n_jobs && session->jobs[j].id != id)
                j++;
        if (j == session->problem.n_jobs)
                return fail(err, OFFPEAK_ENOTFOUND, "the plan has no job %llu", (unsigned long long)id);
        choice = &session->board.schedule.jobs[j];
        if (choice->n > 0)
                freed = (struct stretch){ choice->intervals[0].start, choice->intervals[choice->n - 1].end };
        if (board_present_cost(&session->board, j, &cost) != 0)
                return OFFPEAK_ENOMEM;
        board_lift(&session->board, j);
        session->cost -= cost;
        if (leave(session, j) != 0)
                return OFFPEAK_ENOMEM;
        if (freed.end > 0 && improve(session, freed, false, before + work, &moved) != 0)
                return OFFPEAK_ENOMEM;
        return settle(session, before, moved, ret_change);
}

/* ---- a price changes */

/*
 * By how much a job could gain at the most from energy that is cheaper by `drop` per MWh during the stretch. Also one whose
 * deadline lies before it: no plan would use it, but what proves the bound might.
 */
static double most_gain(const struct plan_session *session, size_t j, uint32_t site, struct stretch stretch, double drop)
{
        const struct plan_job *job = &session->jobs[j];
        int64_t from = stretch.start > job->release ? stretch.start : job->release;
        double watts = 0;

        if ((job->sites >> site & 1) == 0 || stretch.end <= from)
                return 0;
        for (size_t m = 0; m < job->n_modes; m++)
                watts = fmax(watts, job->modes[m].watts);
        return drop * session->sites[site].pue_factor * watts * (double)(stretch.end - from) / PLAN_JOULES_PER_MWH;
}

/*
 * By how much energy can be cheaper to a job after a change of price: by what it fell, or, where the lowest price rises from below
 * zero, by what a start then costs less beside its power.
 */
static double drop_of(unsigned segment, double from, double to)
{
        double starts = segment == 0 ? 2 * (fmax(0, -from) - fmax(0, -to)) : 0;

        return fmax(0, fmax(from - to, from - to + starts));
}

/* The multipliers of power move along, so that they keep their place between the segments' prices. */
static int move_multipliers(struct plan_session *session, uint32_t site, struct stretch stretch, double by,
                            struct offpeak_error *err)
{
        const struct plan_multipliers *multipliers = &session->multipliers;

        for (size_t t = 0; t < multipliers->n_slots; t++)
                if (multipliers->edges[t] >= stretch.start && multipliers->edges[t + 1] <= stretch.end)
                        multipliers->power[site * multipliers->n_slots + t] += by;
        pieces_finish(&session->pieces[site]);
        return pieces_init(&session->pieces[site], &session->problem, site, multipliers, err);
}

/* What all jobs on a stretch of a site draw in it, times a change of price. */
static double repriced(const struct plan_session *session, uint32_t site, struct stretch stretch, double by)
{
        double joules = 0;

        for (size_t j = 0; j < session->problem.n_jobs; j++) {
                const struct choice *choice = &session->board.schedule.jobs[j];

                for (size_t i = 0; i < choice->n; i++) {
                        const struct plan_interval *run = &choice->intervals[i];
                        int64_t from = run->start > stretch.start ? run->start : stretch.start;
                        int64_t to = run->end < stretch.end ? run->end : stretch.end;

                        if (run->site == site && to > from)
                                joules += session->jobs[j].modes[run->mode].watts * (double)(to - from);
                }
        }
        return by * session->sites[site].pue_factor * joules / PLAN_JOULES_PER_MWH;
}

/* True if every W of a step costs the same and a start nothing beside: then the cost of a change of price is known at once. */
static bool is_simple(const struct plan_step *step, double price)
{
        return step->n_segments == 1 && step->segments[0].price >= 0 && price >= 0;
}

int plan_session_reprice(struct plan_session *session, uint32_t site, size_t step, unsigned segment, double price, uint64_t work,
                         struct plan_change *ret_change, struct offpeak_error *err)
{
        uint64_t before = board_work(&session->board);
        struct plan_step *at;
        struct stretch stretch;
        bool simple;
        double by, drop;
        size_t moved = 0;
        int code;

        if (site >= session->problem.n_sites || step >= session->sites[site].n_steps)
                return fail(err, OFFPEAK_EINVAL, "the plan has no such site or step");
        at = (struct plan_step *)&session->sites[site].steps[step];
        if (segment >= at->n_segments || !(fabs(price) <= 1e12) || (segment > 0 && at->segments[segment - 1].price > price) ||
            (segment + 1 < at->n_segments && at->segments[segment + 1].price < price))
                return fail(err, OFFPEAK_EINVAL, "site %s: %g is no price for segment %u of its step", session->sites[site].name,
                            price, segment);
        stretch.start = at->start;
        stretch.end = step + 1 < session->sites[site].n_steps ? at[1].start : session->problem.horizon;
        simple = is_simple(at, price);
        by = price - at->segments[segment].price;
        drop = drop_of(segment, at->segments[segment].price, price);
        at->segments[segment].price = price;
        prices_reprice(&session->prices, site);
        code = move_multipliers(session, site, stretch, by, err);
        if (code != 0)
                return code;
        for (size_t j = 0; j < session->problem.n_jobs; j++) {
                double gain = drop > 0 ? most_gain(session, j, site, stretch, drop) : 0;

                session->stale[j] = session->stale[j] || gain > 0 || may_use(&session->jobs[j], stretch);
                session->parts[j].sum -= gain;
                session->all.sum -= gain;
        }
        session->capacities = bound_of_capacities(&session->problem, session->pieces, &session->multipliers);
        if (simple) {
                session->cost += repriced(session, site, stretch, by);
        } else {
                struct plan_terms terms;

                if (account(&session->problem, &session->board.schedule, NULL, &terms, NULL) != 0)
                        return OFFPEAK_ENOMEM;
                session->cost = terms.total;
        }
        if (improve(session, stretch, by > 0, before + work, &moved) != 0)
                return OFFPEAK_ENOMEM;
        return settle(session, before, moved, ret_change);
}

/* ---- what it is now */

const struct plan_problem *plan_session_problem(const struct plan_session *session)
{
        return &session->problem;
}

int plan_session_plan(const struct plan_session *session, struct plan *ret_plan)
{
        struct bound_part all = { session->all.sum + session->capacities.sum, session->all.size + session->capacities.size };
        double proven;

        plan_init(ret_plan);
        if (account_plan(&session->problem, &session->board.schedule, NULL, ret_plan) != 0 ||
            copy_multipliers(&ret_plan->multipliers, &session->multipliers, &session->problem) != 0 ||
            plan_bound(&session->problem, &ret_plan->multipliers, &proven, NULL) != 0) {
                plan_finish(ret_plan);
                return OFFPEAK_ENOMEM;
        }
        /* a part that was found before a price rose holds on, but by another relaxation than the multipliers show now */
        ret_plan->bound = fmin(all.sum - BOUND_ROUNDING * all.size, proven);
        return 0;
}
