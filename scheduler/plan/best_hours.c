/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the window is the job's own, up to its deadline; slots behind it are looked at only if what the window offers
 * is dearer than the least that being late can cost. In the window a path for a job that goes on, and one for a job that
 * starts; the cheaper one becomes runs in seconds.
 *
 * The release lies within a slot as a rule: now is no round time. What is left of that slot is a stub before the grid: a job
 * leaves it out, or runs all of it and goes on into the grid, or is done in it.
 */
#include "plan/best_hours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All that one call looks at. */
struct quest {
        const struct wish *wish;
        const struct slots *slots;
        const struct rates *rates;
        struct hours *hours;
        const struct plan_job *job;
        size_t first;      /* slot of the release */
        size_t grid;       /* slots of the window before the grid begins: 1 if there is a stub, else 0 */
        int64_t stub_s;    /* from the release to the grid */
        double stub_cost;  /* of running all of it; INFINITY: it cannot */
        size_t n, filled;  /* slots of the window; those with rates */
        int64_t length;    /* of each of its slots */
        int64_t need_s;    /* progress, in seconds of the mode */
        bool may_go_on;
};

void hours_init(struct hours *hours)
{
        *hours = (struct hours){ .theta = NAN };
        grid_path_init(&hours->path);
        response_init(&hours->response);
}

void hours_finish(struct hours *hours)
{
        grid_path_finish(&hours->path);
        response_finish(&hours->response);
        free(hours->curve.edges);
        free(hours->curve.rates);
        free(hours->memory);
        free(hours->runs);
        hours_init(hours);
}

enum { ARRAYS = 8 };

static int reserve(struct hours *hours, size_t n)
{
        size_t room = (n + 8) & ~(size_t)7;
        float *memory;

        if (room <= hours->room)
                return 0;
        memory = malloc(ARRAYS * room * sizeof(*memory));
        free(hours->memory);
        free(hours->curve.edges);
        free(hours->curve.rates);
        hours->memory = memory;
        hours->curve.edges = malloc((room + 1) * sizeof(*hours->curve.edges));
        hours->curve.rates = malloc(room * sizeof(*hours->curve.rates));
        hours->room = 0;
        if (memory == NULL || hours->curve.edges == NULL || hours->curve.rates == NULL)
                return OFFPEAK_ENOMEM;
        hours->rates = memory;
        hours->full = memory + room;
        hours->start = memory + 2 * room;
        hours->head = memory + 3 * room;
        hours->tail = memory + 4 * room;
        hours->end_full = memory + 5 * room;
        hours->end_tail = memory + 6 * room;
        hours->seats = memory + 7 * room;
        hours->room = room;
        return 0;
}

static int reserve_runs(struct hours *hours, size_t n)
{
        struct run *runs;

        if (n <= hours->room_runs)
                return 0;
        runs = realloc(hours->runs, 2 * n * sizeof(*runs));
        if (runs == NULL)
                return OFFPEAK_ENOMEM;
        hours->runs = runs;
        hours->room_runs = 2 * n;
        return 0;
}

/* ---- cost */

/* Seconds [from, to) of the window's slot t, not all of it. */
static double part_cost(const struct quest *quest, size_t t, int64_t from, int64_t to)
{
        const struct rates *rates = quest->rates;
        const struct hours *hours = quest->hours;

        if (rates->is_divided != NULL && rates->is_divided(rates->context, quest->first + t))
                return rates->part(rates->context, quest->first + t, from, to);
        return (double)hours->rates[t] * (double)(to - from) + (double)hours->seats[t];
}

static double slot_cost(const struct quest *quest, size_t t)
{
        return (double)quest->hours->rates[t] * (double)slots_length(quest->slots, quest->first + t) +
               (double)quest->hours->seats[t];
}

static double run_cost(const struct quest *quest, const struct run *run)
{
        const int64_t *edges = quest->slots->edges;
        double cost = 0;

        for (size_t t = slots_find(quest->slots, run->start); t < quest->slots->n && edges[t] < run->end; t++) {
                int64_t from = run->start > edges[t] ? run->start : edges[t];
                int64_t to = run->end < edges[t + 1] ? run->end : edges[t + 1];
                bool whole = to - from == slots_length(quest->slots, t);

                cost += whole ? slot_cost(quest, t - quest->first)
                              : part_cost(quest, t - quest->first, from - edges[t], to - edges[t]);
        }
        return cost;
}

static double start_cost(const struct quest *quest, int64_t start)
{
        return job_start_cost(quest->wish->problem, quest->job, quest->wish->site, quest->wish->mode, start);
}

static double runs_cost(const struct quest *quest, const struct run *runs, size_t n)
{
        double cost = 0, progress = 0, speed = quest->job->modes[quest->wish->mode].speed;
        struct outcome outcome;

        for (size_t i = 0; i < n; i++) {
                bool goes_on = quest->may_go_on && runs[i].start == quest->wish->problem->now;

                cost += run_cost(quest, &runs[i]) + (goes_on ? 0 : start_cost(quest, runs[i].start));
                progress += speed * (double)(runs[i].end - runs[i].start - (goes_on ? 0 : quest->job->start_cost_s));
        }
        outcome = job_outcome(quest->wish->problem, quest->job, progress, n > 0 ? runs[n - 1].end : 0);
        return cost + outcome.delay + outcome.lateness + outcome.unfinished;
}

/* ---- the window */

static void fill_rates(struct quest *quest)
{
        if (quest->n <= quest->filled)
                return;
        quest->rates->fill(quest->rates->context, quest->first + quest->filled, quest->n - quest->filled,
                           quest->hours->rates + quest->filled, quest->hours->seats + quest->filled);
        quest->hours->work += (quest->n - quest->filled) / 4 + 1;
        quest->filled = quest->n;
}

/*
 * Slots from the release to the deadline, and one more: what ends behind that is late enough to be ruled out. All there
 * are if it has none.
 */
static size_t window(const struct quest *quest)
{
        size_t all = quest->slots->n - quest->first, last;

        if (quest->job->deadline == 0 || quest->job->deadline >= quest->slots->edges[quest->slots->n])
                return all;
        if (quest->job->deadline <= quest->slots->edges[quest->first])
                return all;
        last = slots_find(quest->slots, quest->job->deadline - 1) + 1;
        return (last < quest->slots->n ? last + 1 : last) - quest->first;
}

/* The least that any way costs that ends behind the window. */
static double least_beyond(const struct quest *quest)
{
        double seconds = (double)(quest->need_s + (quest->may_go_on ? 0 : quest->job->start_cost_s));

        return quest->rates->least * seconds + job_end_cost(quest->job, quest->slots->edges[quest->first + quest->n]);
}

/* ---- the path */

/* What running costs for some seconds right before slot t; INFINITY if it cannot. */
static double cost_before(const struct quest *quest, size_t t, int64_t seconds)
{
        double cost = 0;

        for (; seconds > 0 && t > quest->grid; t--) {
                int64_t here = seconds < quest->length ? seconds : quest->length;

                cost += here == quest->length ? slot_cost(quest, t - 1)
                                              : part_cost(quest, t - 1, quest->length - here, quest->length);
                seconds -= here;
        }
        return seconds > 0 ? INFINITY : cost;
}

/*
 * A further start takes its time before the run begins, and costs something whatever the sign of the price. One that takes
 * none takes no seat either.
 */
static void fill_starts(const struct quest *quest, bool may_start_again)
{
        struct hours *hours = quest->hours;
        int64_t overhead_s = quest->job->start_cost_s;
        float seconds = (float)overhead_s;

        hours->start[quest->grid] = INFINITY;
        for (size_t t = quest->grid + 1; !may_start_again && t < quest->n; t++)
                hours->start[t] = INFINITY;
        if (!may_start_again)
                return;
        if (quest->rates->is_divided == NULL && overhead_s > 0 && overhead_s <= quest->length) {
                for (size_t t = quest->grid + 1; t < quest->n; t++) {
                        float cost = hours->rates[t - 1] * seconds + hours->seats[t - 1];

                        hours->start[t] = cost > 0 ? cost : -cost;
                }
                return;
        }
        for (size_t t = quest->grid + 1; t < quest->n; t++) {
                double cost = cost_before(quest, t, overhead_s);

                hours->start[t] = (float)fabs(cost);
        }
}

static void fill_rest(const struct quest *quest, int64_t rest_s)
{
        struct hours *hours = quest->hours;

        for (size_t t = quest->grid; t < quest->n; t++) {
                hours->tail[t] = (float)part_cost(quest, t, 0, rest_s);
                hours->head[t] = (float)part_cost(quest, t, quest->length - rest_s, quest->length);
        }
}

/* Being done before this slot costs nothing more. */
static size_t first_dear_end(const struct quest *quest)
{
        const int64_t *edges = &quest->slots->edges[quest->first + quest->grid];
        int64_t from = quest->job->deadline != 0 ? quest->job->deadline : INT64_MAX;
        size_t t = 0;

        if (quest->job->delay_cost > 0 && quest->job->earliest_finish < from)
                from = quest->job->earliest_finish;
        if (from <= edges[0])
                return quest->grid;
        if ((from - edges[0]) / quest->length > (int64_t)quest->n)
                return quest->n;
        t = (size_t)((from - edges[0]) / quest->length);
        return (t > 0 ? t - 1 : 0) + quest->grid;
}

static void fill_costs(const struct quest *quest, int64_t rest_s)
{
        struct hours *hours = quest->hours;
        float length = (float)quest->length;

        for (size_t t = 0; t < quest->n; t++)
                hours->full[t] = hours->rates[t] * length + hours->seats[t];
        memset(hours->end_full, 0, quest->n * sizeof(float));
        memset(hours->end_tail, 0, quest->n * sizeof(float));
        if (rest_s > 0)
                fill_rest(quest, rest_s);
        for (size_t t = first_dear_end(quest); t < quest->n; t++) {
                int64_t edge = quest->slots->edges[quest->first + t];

                hours->end_full[t] = (float)job_end_cost(quest->job, edge + quest->length);
                hours->end_tail[t] = (float)job_end_cost(quest->job, edge + rest_s);
        }
}

static struct run run_of(const struct quest *quest, const struct grid_run *run, int64_t rest_s)
{
        const int64_t *edges = &quest->slots->edges[quest->first + quest->grid];

        return (struct run){ run->head ? edges[run->first + 1] - rest_s : edges[run->first],
                             run->tail ? edges[run->last] + rest_s : edges[run->last + 1] };
}

/* A further start takes its time before the run: into the slot before. False: no room there. */
static bool lengthen(const struct quest *quest, const struct run *before, struct run *run)
{
        const int64_t *edges = quest->slots->edges;
        int64_t start = run->start - quest->job->start_cost_s;
        size_t t = slots_find(quest->slots, start), last = slots_find(quest->slots, run->start - 1);

        if (start <= before->end) /* runs that touch are one */
                return false;
        for (; t <= last; t++) {
                int64_t from = start > edges[t] ? start - edges[t] : 0;
                int64_t to = run->start < edges[t + 1] ? run->start - edges[t] : slots_length(quest->slots, t);

                if (isinf(part_cost(quest, t - quest->first, from, to)))
                        return false;
        }
        run->start = start;
        return true;
}

/* min_run_s binds what is started, but for what ends the job; and the first run is longer than its start. */
static bool is_allowed(const struct quest *quest, const struct run *runs, size_t n)
{
        bool goes_on = quest->may_go_on && runs[0].start == quest->wish->problem->now;

        if (n - goes_on > quest->job->max_starts)
                return false;
        if (n > 0 && !goes_on && runs[0].end - runs[0].start <= quest->job->start_cost_s)
                return false;
        for (size_t i = goes_on; i + 1 < n; i++)
                if (runs[i].end - runs[i].start < quest->job->min_run_s)
                        return false;
        return true;
}

enum verdict { WORSE, BETTER, NOT_ALLOWED };

/* The path as runs, the first from the stub on if it was run, if that is cheaper than what there is. */
static int take_path(struct quest *quest, int64_t rest_s, bool with_stub, enum verdict *ret_verdict)
{
        struct hours *hours = quest->hours;
        const struct grid_path *path = &hours->path;
        struct run *runs;
        double cost;

        *ret_verdict = WORSE;
        if (isinf(path->cost) ||
            !((double)path->cost + (with_stub ? quest->stub_cost : 0) < hours->cost + 1e-5 * fabs(hours->cost)))
                return 0;
        if (reserve_runs(hours, hours->n_runs + path->n_runs) != 0)
                return OFFPEAK_ENOMEM;
        runs = hours->runs + hours->n_runs; /* behind those that are to be beaten */
        *ret_verdict = NOT_ALLOWED;
        for (size_t i = 0; i < path->n_runs; i++) {
                runs[i] = run_of(quest, &path->runs[i], rest_s);
                if (i > 0 && !lengthen(quest, &runs[i - 1], &runs[i]))
                        return 0;
        }
        if (with_stub)
                runs[0].start = quest->job->release;
        if (!is_allowed(quest, runs, path->n_runs))
                return 0;
        *ret_verdict = WORSE;
        cost = runs_cost(quest, runs, path->n_runs);
        if (!(cost < hours->cost))
                return 0;
        *ret_verdict = BETTER;
        memmove(hours->runs, runs, path->n_runs * sizeof(*runs));
        hours->n_runs = path->n_runs;
        hours->cost = cost;
        return 0;
}

/* The first run of a job that goes on takes no start. */
static bool may_start_again(const struct quest *quest, bool joined)
{
        return quest->job->max_starts > !(joined && quest->may_go_on);
}

/* seconds: on the grid. joined: its first slot is part of the first run, which goes on from before it. */
static int try_path(struct quest *quest, int64_t seconds, bool joined, enum verdict *ret_verdict)
{
        struct hours *hours = quest->hours;
        int64_t rest_s = seconds % quest->length;
        struct grid_question question = {
                .n = quest->n - quest->grid,
                .whole = (size_t)(seconds / quest->length),
                .has_rest = rest_s > 0,
                .goes_on = joined,
                .full = hours->full + quest->grid,
                .start = hours->start + quest->grid,
                .head = hours->head + quest->grid,
                .tail = hours->tail + quest->grid,
                .end_full = hours->end_full + quest->grid,
                .end_tail = hours->end_tail + quest->grid,
        };

        *ret_verdict = WORSE;
        if (seconds <= 0)
                return 0;
        fill_costs(quest, rest_s);
        if (quest->may_go_on && !joined && quest->stub_s == 0) /* from now on it would go on */
                hours->full[0] = hours->tail[0] = INFINITY;
        if (question.whole + question.has_rest > 1 || joined)
                fill_starts(quest, may_start_again(quest, joined));
        if (grid_path_find(&question, &hours->path) != 0)
                return OFFPEAK_ENOMEM;
        hours->work += quest->n * (question.whole + 16) / 128 + 1;
        return take_path(quest, rest_s, joined && quest->stub_s > 0, ret_verdict);
}

/* A run that needs no start, or all within the stub. */
static int try_from_release(struct quest *quest, int64_t seconds, enum verdict *ret_verdict)
{
        struct hours *hours = quest->hours;
        struct run run = { quest->job->release, quest->job->release + seconds };
        double cost;

        *ret_verdict = WORSE;
        if (seconds > quest->stub_s)
                return isinf(quest->stub_cost) ? 0 : try_path(quest, seconds - quest->stub_s, true, ret_verdict);
        if (isinf(quest->stub_cost) || reserve_runs(hours, 1) != 0)
                return isinf(quest->stub_cost) ? 0 : OFFPEAK_ENOMEM;
        cost = runs_cost(quest, &run, 1);
        if (cost < hours->cost) {
                hours->cost = cost;
                hours->runs[0] = run;
                hours->n_runs = 1;
        }
        return 0;
}

static void price_stub(struct quest *quest)
{
        int64_t length = slots_length(quest->slots, quest->first);

        if (quest->stub_s > 0)
                quest->stub_cost = quest->stub_s == length ? slot_cost(quest, 0)
                                                           : part_cost(quest, 0, length - quest->stub_s, length);
}

/* False in *ret_done: the grid has no answer. */
static int on_grid(struct quest *quest, bool *ret_done)
{
        struct hours *hours = quest->hours;
        size_t all = quest->slots->n - quest->first;

        *ret_done = false;
        for (quest->n = window(quest);; quest->n = all) {
                enum verdict restart = WORSE, on = WORSE;
                int code = 0;

                if (quest->n <= quest->grid ||
                    quest->first + quest->n > quest->slots->same_until[quest->first + quest->grid])
                        return 0;
                fill_rates(quest);
                price_stub(quest);
                if (quest->may_go_on)
                        code = try_from_release(quest, quest->need_s, &on);
                else if (quest->stub_s > 0 && quest->job->max_starts > 0)
                        code = try_from_release(quest, quest->need_s + quest->job->start_cost_s, &on);
                if (code == 0 && quest->job->max_starts > 0)
                        code = try_path(quest, quest->need_s + quest->job->start_cost_s, false, &restart);
                if (code != 0 || on == NOT_ALLOWED || restart == NOT_ALLOWED)
                        return code;
                if (!isinf(hours->cost) && (quest->n == all || hours->cost <= least_beyond(quest))) {
                        *ret_done = true;
                        return 0;
                }
                if (quest->n == all)
                        return 0;
        }
}

/* ---- any pieces */

static int on_pieces(struct quest *quest)
{
        struct hours *hours = quest->hours;
        struct wish wish = *quest->wish;

        quest->n = quest->slots->n - quest->first;
        fill_rates(quest);
        hours->curve.n = quest->n;
        memcpy(hours->curve.edges, &quest->slots->edges[quest->first], (quest->n + 1) * sizeof(int64_t));
        if (hours->curve.edges[0] < quest->job->release)
                hours->curve.edges[0] = quest->job->release;
        for (size_t t = 0; t < quest->n; t++)
                hours->curve.rates[t] = slot_cost(quest, t) / (double)slots_length(quest->slots, quest->first + t);
        if (respond(&wish, &hours->curve, &hours->response) != 0)
                return OFFPEAK_ENOMEM;
        hours->work += 2 * quest->n;
        hours->theta = hours->response.theta;
        if (!(hours->response.cost < hours->cost))
                return 0;
        if (reserve_runs(hours, hours->response.n_runs) != 0)
                return OFFPEAK_ENOMEM;
        hours->cost = hours->response.cost;
        hours->n_runs = hours->response.n_runs;
        if (hours->n_runs > 0)
                memcpy(hours->runs, hours->response.runs, hours->n_runs * sizeof(struct run));
        return 0;
}

static int begin(struct quest *quest, const struct wish *wish, const struct slots *slots, const struct rates *rates,
                 struct hours *hours)
{
        const struct plan_job *job = wish->job;

        *quest = (struct quest){ .wish = wish, .slots = slots, .rates = rates, .hours = hours, .job = job };
        quest->first = slots_find(slots, job->release);
        quest->length = slots_length(slots, quest->first);
        if (quest->first + 1 < slots->n &&
            (job->release > slots->edges[quest->first] || slots->same_until[quest->first] == quest->first + 1)) {
                quest->grid = 1;
                quest->stub_s = slots->edges[quest->first + 1] - job->release;
                quest->length = slots_length(slots, quest->first + 1);
        }
        quest->need_s = job_seconds(job, &job->modes[wish->mode]);
        quest->may_go_on = job_goes_on(wish->problem, job, wish->site, wish->mode, job->release);
        return reserve(hours, slots->n - quest->first);
}

int best_hours(const struct wish *wish, const struct slots *slots, const struct rates *rates, struct hours *hours)
{
        struct quest quest;
        bool done = false;
        int code = begin(&quest, wish, slots, rates, hours);

        hours->cost = INFINITY;
        hours->n_runs = 0;
        hours->theta = NAN;
        if (code == 0 && (quest.grid > 0 || slots->edges[quest.first] == wish->job->release))
                code = on_grid(&quest, &done);
        return code != 0 || done ? code : on_pieces(&quest);
}
