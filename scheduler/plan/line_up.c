/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: from the hours that jobs have, a job that costs much and some that are in its way are placed anew; or it goes before one of
 * them in the order, and all behind it are. Kept is what costs no more. Where that leaves a job late, all are placed from scratch, in the
 * cheaper of two orders, and pulled forward until nobody is. Of many jobs no more is asked: prices tell more of the rest.
 */
#include "plan/line_up.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/account.h"
#include "plan/dependents.h"

enum {
        SMALL = 300,    /* jobs: of more, the search ends when nobody is late */
        MOST = 8,       /* jobs that are placed anew at once */
        PLACES = 4,     /* looked at for each of them */
        PATIENCE = 20,  /* tries without a gain, for each job, */
        AT_LEAST = 400, /* and beside that */
};

#define ANY_JOB 0.2 /* of all tries: not by what it costs */

struct line {
        const struct plan_problem *problem;
        const struct plan_budget *budget;
        struct slots slots; /* those of the planner, cut where runs begin and end: whole slots are what they take */
        struct carry carry;
        size_t *order, *before; /* jobs that are placed; and as it was before the try */
        size_t n;
        struct schedule now, had;
        double *cost, *had_cost; /* of each job */
        double *sum;             /* by position, summed up: scratch */
        double *key;             /* of each job: what it is sorted by */
        uint64_t seed;
};

/* ---- life */

static int line_init(struct line *line, const struct schedule *schedule, const struct plan_problem *problem, const struct slots *slots,
                     const struct plan_budget *budget)
{
        size_t n = problem->n_jobs + 1;

        *line = (struct line){ .problem = problem, .budget = budget, .seed = 1 };
        line->order = calloc(n, sizeof(*line->order));
        line->before = calloc(n, sizeof(*line->before));
        line->cost = calloc(n, sizeof(double));
        line->had_cost = calloc(n, sizeof(double));
        line->sum = calloc(n, sizeof(double));
        line->key = calloc(n, sizeof(double));
        if (line->order == NULL || line->before == NULL || line->cost == NULL || line->had_cost == NULL || line->sum == NULL ||
            line->key == NULL)
                return OFFPEAK_ENOMEM;
        if (schedule_init(&line->now, problem->n_jobs) != 0 || schedule_init(&line->had, problem->n_jobs) != 0)
                return OFFPEAK_ENOMEM;
        return slots_cut(&line->slots, slots, schedule) != 0 ? OFFPEAK_ENOMEM : carry_init(&line->carry, problem, &line->slots);
}

static void line_finish(struct line *line)
{
        carry_finish(&line->carry);
        slots_finish(&line->slots);
        schedule_finish(&line->had);
        schedule_finish(&line->now);
        free(line->key);
        free(line->sum);
        free(line->had_cost);
        free(line->cost);
        free(line->before);
        free(line->order);
}

static bool is_over(const struct line *line)
{
        const struct plan_budget *budget = line->budget;

        return line->carry.work >= budget->work || (budget->aborted != NULL && budget->aborted(budget->context));
}

static double next_random(struct line *line)
{
        line->seed = line->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(line->seed >> 11) / 9007199254740992.0;
}

/* ---- placing */

static double waiting(const struct line *line, size_t j, const struct choice *choice)
{
        const struct plan_job *job = &line->problem->jobs[j];
        struct outcome outcome = job_outcome(line->problem, job, job_progress(line->problem, job, choice->intervals, choice->n),
                                             choice->n > 0 ? choice->intervals[choice->n - 1].end : 0);

        return outcome.delay + outcome.lateness + outcome.unfinished;
}

/* Those from a place in the order on, which are off. */
static int place_from(struct line *line, size_t from)
{
        carry_refresh(&line->carry, 0, line->carry.slots->n);
        for (size_t i = from; i < line->n; i++) {
                size_t j = line->order[i];
                const struct plan_job *job = &line->problem->jobs[j];
                struct choice *choice = &line->now.jobs[j];

                if (carry_find(&line->carry, job, choice) != 0)
                        return OFFPEAK_ENOMEM;
                carry_put(&line->carry, job, choice);
                carry_refresh_around(&line->carry, choice);
                line->cost[j] = waiting(line, j, choice);
        }
        return 0;
}

static void lift_from(struct line *line, size_t from)
{
        for (size_t i = from; i < line->n; i++)
                carry_lift(&line->carry, &line->problem->jobs[line->order[i]], &line->now.jobs[line->order[i]]);
}

static double total_from(const struct line *line, size_t from)
{
        double sum = 0;

        for (size_t i = from; i < line->n; i++)
                sum += line->cost[line->order[i]];
        return sum;
}

/* What the jobs have, from a place in the order on, and what was there; swapped. */
static void swap_from(struct line *line, size_t from)
{
        for (size_t i = from; i < line->n; i++) {
                size_t j = line->order[i];
                struct choice choice = line->now.jobs[j];
                double cost = line->cost[j];

                line->now.jobs[j] = line->had.jobs[j];
                line->had.jobs[j] = choice;
                line->cost[j] = line->had_cost[j];
                line->had_cost[j] = cost;
        }
}

/* ---- who is in line */

static bool is_late(const struct line *line, size_t j, const struct choice *choice)
{
        const struct plan_job *job = &line->problem->jobs[j];
        int64_t end = schedule_end(line->problem, j, choice);

        return end > line->problem->horizon || (job->deadline != 0 && end > job->deadline);
}

static int find_jobs(struct line *line, const struct schedule *schedule)
{
        const struct plan_problem *problem = line->problem;
        struct dependents dependents;

        if (dependents_init(&dependents, problem) != 0) {
                dependents_finish(&dependents);
                return OFFPEAK_ENOMEM;
        }
        for (size_t j = 0; j < problem->n_jobs; j++) {
                const struct plan_job *job = &problem->jobs[j];
                bool tied = job->n_after > 0 || dependents.first[j + 1] > dependents.first[j];

                if (job->pinned || job->running || job->may_move || tied || job->release >= problem->horizon)
                        carry_put(&line->carry, job, &schedule->jobs[j]);
                else if (job_is_possible(problem, job))
                        line->order[line->n++] = j;
        }
        dependents_finish(&dependents);
        return 0;
}

struct rank {
        size_t job;
        double key;
};

static int by_key(const void *a, const void *b)
{
        const struct rank *x = a, *y = b;

        if (x->key != y->key)
                return x->key < y->key ? -1 : 1;
        return x->job < y->job ? -1 : x->job > y->job;
}

static int sort(struct line *line)
{
        struct rank *ranks = calloc(line->n + 1, sizeof(*ranks));

        if (ranks == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < line->n; i++)
                ranks[i] = (struct rank){ line->order[i], line->key[line->order[i]] };
        qsort(ranks, line->n, sizeof(*ranks), by_key);
        for (size_t i = 0; i < line->n; i++)
                line->order[i] = ranks[i].job;
        free(ranks);
        return 0;
}

/* The second at which a job must begin at the latest. */
static double latest_start(const struct plan_problem *problem, const struct plan_job *job)
{
        int64_t until = job->deadline != 0 && job->deadline < problem->horizon ? job->deadline : problem->horizon;

        return (double)(until - job_seconds(job, &job->modes[0]) - job->start_cost_s);
}

static int sort_by_hours(struct line *line, const struct schedule *schedule)
{
        for (size_t i = 0; i < line->n; i++) {
                size_t j = line->order[i];
                const struct choice *choice = &schedule->jobs[j];

                line->key[j] = is_late(line, j, choice) ? -1 : (double)(choice->intervals[0].start - line->problem->now);
        }
        return sort(line);
}

static int sort_by_latest_start(struct line *line)
{
        for (size_t i = 0; i < line->n; i++)
                line->key[line->order[i]] = latest_start(line->problem, &line->problem->jobs[line->order[i]]);
        return sort(line);
}

static void put_from(struct line *line, size_t from)
{
        for (size_t i = from; i < line->n; i++)
                carry_put(&line->carry, &line->problem->jobs[line->order[i]], &line->now.jobs[line->order[i]]);
}

/* The hours that jobs have. */
static int begin(struct line *line, const struct schedule *schedule)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < line->n; i++) {
                size_t j = line->order[i];

                code = choice_set(&line->now.jobs[j], schedule->jobs[j].intervals, schedule->jobs[j].n);
                line->cost[j] = waiting(line, j, &line->now.jobs[j]);
        }
        put_from(line, 0);
        return code == 0 ? sort_by_hours(line, schedule) : code;
}

/* All jobs anew in the order that there is; kept unless it costs more. */
static int try_order(struct line *line)
{
        double had = total_from(line, 0);
        int code;

        lift_from(line, 0);
        swap_from(line, 0);
        code = place_from(line, 0);
        if (code != 0 || total_from(line, 0) <= had)
                return code;
        lift_from(line, 0);
        swap_from(line, 0);
        put_from(line, 0);
        return 0;
}

/* The cheaper of two orders: by the hours that jobs have, the late ones first; and by the latest start. */
static int begin_anew(struct line *line)
{
        int code = sort_by_hours(line, &line->now);

        lift_from(line, 0);
        if (code == 0)
                code = place_from(line, 0);
        if (code == 0)
                code = sort_by_latest_start(line);
        return code == 0 ? try_order(line) : code;
}

/* ---- the search */

/* A place in the order, by what its job costs. */
static size_t pick_first(struct line *line)
{
        double sum = 0, at;

        for (size_t i = 0; i < line->n; i++)
                line->sum[i] = sum += line->cost[line->order[i]];
        at = next_random(line) * sum;
        if (next_random(line) < ANY_JOB)
                return (size_t)(next_random(line) * (double)line->n);
        for (size_t i = 0; i < line->n; i++)
                if (line->sum[i] > at)
                        return i;
        return line->n - 1;
}

/* Is a job on the seconds between another's release and its end, at a site of its own? */
static bool is_in_the_way(const struct line *line, size_t k, size_t j)
{
        const struct choice *had = &line->now.jobs[j], *other = &line->now.jobs[k];
        int64_t until = had->n > 0 ? had->intervals[had->n - 1].end : line->problem->horizon;

        for (size_t i = 0; i < other->n; i++)
                if (other->intervals[i].start < until && other->intervals[i].end > line->problem->jobs[j].release &&
                    (line->problem->jobs[j].sites >> other->intervals[i].site & 1) != 0)
                        return true;
        return false;
}

/* A job goes to place `at`; who was there takes its place. */
static void exchange(struct line *line, size_t i, size_t at)
{
        size_t job = line->order[i];

        line->order[i] = line->order[at];
        line->order[at] = job;
}

/* A job that costs much, and behind it some that are in its way, or any, to the end of the order. Returns where it is. */
static size_t pick(struct line *line)
{
        size_t want = (size_t)(next_random(line) * MOST), from = line->n - 1;
        bool any = next_random(line) < ANY_JOB;

        exchange(line, pick_first(line), from);
        for (size_t i = 0; i < want * PLACES && line->n - from <= want && from > 0; i++) {
                size_t at = (size_t)(next_random(line) * (double)from);

                if (!any && !is_in_the_way(line, line->order[at], line->order[from]))
                        continue;
                exchange(line, at, from - 1);
                exchange(line, from - 1, from);
                from--;
                exchange(line, from + 1, from + 1 + (size_t)(next_random(line) * (double)(line->n - from - 1)));
        }
        return from;
}

/* A job that costs much to a place before one that is in its way: all from there on are placed anew. Returns where that is. */
static size_t pull(struct line *line)
{
        size_t at = pick_first(line), to = at, j = line->order[at];

        for (int i = 0; i < PLACES && at > 0; i++) {
                to = (size_t)(next_random(line) * (double)at);
                if (is_in_the_way(line, line->order[to], j))
                        break;
        }
        memmove(line->order + to + 1, line->order + to, (at - to) * sizeof(*line->order));
        line->order[to] = j;
        return to;
}

static int try_once(struct line *line, bool pulls, bool *ret_gain)
{
        size_t from;
        double had, cost;

        *ret_gain = false;
        memcpy(line->before, line->order, line->n * sizeof(*line->order));
        from = pulls ? pull(line) : pick(line);
        had = total_from(line, from);
        lift_from(line, from);
        swap_from(line, from);
        if (place_from(line, from) != 0)
                return OFFPEAK_ENOMEM;
        cost = total_from(line, from);
        *ret_gain = cost < had - 1e-9 * fabs(had);
        if (cost <= had)
                return 0;
        lift_from(line, from);
        swap_from(line, from);
        put_from(line, from);
        memcpy(line->order, line->before, line->n * sizeof(*line->order));
        return 0;
}

static bool any_is_late(const struct line *line)
{
        for (size_t i = 0; i < line->n; i++)
                if (is_late(line, line->order[i], &line->now.jobs[line->order[i]]))
                        return true;
        return false;
}

static int search(struct line *line, uint64_t work, bool pulls)
{
        size_t patience = AT_LEAST + PATIENCE * line->n;
        bool late = false;
        int code = 0;

        for (size_t i = 0, last = 0; code == 0 && i - last < patience && line->carry.work < work && !is_over(line); i++) {
                bool gain;

                if (i % 16 == 0)
                        late = any_is_late(line);
                if (!late && line->n > SMALL)
                        break;
                code = try_once(line, late ? pulls || i % 2 == 0 : i % 8 == 0, &gain);
                if (gain)
                        last = i;
        }
        return code;
}

static int take(struct line *line, struct schedule *schedule, bool *ret_better)
{
        double cost = 0;
        int code = 0;

        for (size_t i = 0; i < line->n; i++)
                cost += waiting(line, line->order[i], &schedule->jobs[line->order[i]]);
        if (!(total_from(line, 0) < cost))
                return 0;
        *ret_better = true;
        for (size_t i = 0; code == 0 && i < line->n; i++) {
                const struct choice *choice = &line->now.jobs[line->order[i]];

                code = choice_set(&schedule->jobs[line->order[i]], choice->intervals, choice->n);
        }
        return code;
}

int line_up(struct schedule *schedule, const struct plan_problem *problem, const struct slots *slots, const struct plan_budget *budget,
            uint64_t *ret_work, bool *ret_better)
{
        struct line line;
        int code = line_init(&line, schedule, problem, slots, budget);

        *ret_better = false;
        if (code == 0)
                code = find_jobs(&line, schedule);
        if (code == 0)
                code = begin(&line, schedule);
        if (code == 0 && line.n > 1)
                code = search(&line, any_is_late(&line) ? budget->work / 4 : budget->work, false);
        if (code == 0)
                code = take(&line, schedule, ret_better);
        if (code == 0 && line.n > 1 && any_is_late(&line) && !is_over(&line)) {
                code = begin_anew(&line);
                if (code == 0)
                        code = search(&line, budget->work, true);
                if (code == 0)
                        code = take(&line, schedule, ret_better);
        }
        *ret_work = line.carry.work;
        line_finish(&line);
        return code;
}
