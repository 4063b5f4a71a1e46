/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/board.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/supply_rate.h"
#include "plan/timeline.h"

int board_init(struct board *board, const struct plan_problem *problem, const struct prices *prices)
{
        *board = (struct board){ .problem = problem, .prices = prices };
        response_init(&board->response);
        board->sites = calloc(problem->n_sites + 1, sizeof(*board->sites));
        board->history = calloc(problem->n_sites * prices->n_slots + 1, sizeof(*board->history));
        board->theta = calloc(problem->n_jobs + 1, sizeof(*board->theta));
        if (board->sites == NULL || board->history == NULL || board->theta == NULL ||
            schedule_init(&board->schedule, problem->n_jobs) != 0)
                goto fail;
        for (size_t j = 0; j < problem->n_jobs; j++)
                board->theta[j] = NAN;
        for (uint32_t s = 0; s < problem->n_sites; s++)
                if (timeline_init(&board->sites[s], problem, s, prices->edges, prices->n_slots + 1) != 0)
                        goto fail;
        return 0;
fail:
        board_finish(board);
        return OFFPEAK_ENOMEM;
}

void board_finish(struct board *board)
{
        for (size_t s = 0; board->sites != NULL && s < board->problem->n_sites; s++)
                timeline_finish(&board->sites[s]);
        free(board->sites);
        schedule_finish(&board->schedule);
        response_finish(&board->response);
        free(board->curve.edges);
        free(board->curve.rates);
        free(board->before);
        free(board->history);
        free(board->theta);
        *board = (struct board){ 0 };
}

/* ---- on and off */

void board_lift(struct board *board, size_t j)
{
        struct choice *choice = &board->schedule.jobs[j];

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];

                timeline_remove(&board->sites[run->site], run->start, run->end,
                                &board->problem->jobs[j].modes[run->mode]);
        }
        choice->n = 0;
}

int board_put(struct board *board, size_t j, const struct plan_interval *intervals, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (timeline_add(&board->sites[intervals[i].site], intervals[i].start, intervals[i].end,
                                 &board->problem->jobs[j].modes[intervals[i].mode]) != 0 ||
                    choice_append(&board->schedule.jobs[j], intervals[i]) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

bool board_has_room(const struct board *board, size_t j, const struct plan_interval *intervals, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (timeline_room_until(&board->sites[intervals[i].site], intervals[i].start,
                                        &board->problem->jobs[j].modes[intervals[i].mode]) < intervals[i].end)
                        return false;
        return true;
}

int board_load(struct board *board, const struct schedule *schedule)
{
        for (size_t j = 0; j < schedule->n_jobs; j++)
                board_lift(board, j);
        for (size_t j = 0; j < schedule->n_jobs; j++)
                if (board_put(board, j, schedule->jobs[j].intervals, schedule->jobs[j].n) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

/* ---- true marginal cost */

static int reserve(struct board *board, size_t n)
{
        size_t room = board->room > 0 ? board->room : 256;
        int64_t *edges;
        double *rates;

        while (room < n + 1)
                room *= 2;
        if (room == board->room)
                return 0;
        edges = realloc(board->curve.edges, room * sizeof(*edges));
        if (edges == NULL)
                return OFFPEAK_ENOMEM;
        board->curve.edges = edges;
        rates = realloc(board->curve.rates, room * sizeof(*rates));
        if (rates == NULL)
                return OFFPEAK_ENOMEM;
        board->curve.rates = rates;
        board->room = room;
        return 0;
}

static double marginal_rate(const struct plan_site *site, const struct span *span, const struct plan_job *job,
                            const struct plan_mode *mode)
{
        double watts = (double)span->power / 1000;

        return supply_rate(span->step, site_facility_w(site, watts + mode->watts)) -
               supply_rate(span->step, site_facility_w(site, watts)) + carbon_rate(site, span->step, job, mode->watts);
}

/* What is paid per second for what would be too many GPUs and too much power. Only while repairing. */
static double overload_rate(const struct board *board, const struct plan_site *site, const struct span *span,
                            const struct plan_mode *mode, size_t k)
{
        double over = (double)(span->gpus + mode->gpus) - span->step->gpus;
        double watts = site_facility_w(site, (double)span->power / 1000 + mode->watts) - supply_firm_limit(span->step);
        double most_w = site->pue_factor * mode->watts;

        over = over > mode->gpus ? mode->gpus : over;
        watts = watts > most_w ? most_w : watts;
        return (over > 0 ? over * board->penalty * board->prices->gpu_scale / 3600 : 0) +
               (watts > 0 ? watts * board->penalty * board->prices->power_scale / PLAN_JOULES_PER_MWH : 0) +
               mode->gpus * board->history[k] / 3600;
}

/* Room at all, were the site empty. */
static bool could_have_room(const struct timeline *timeline, const struct span *span, const struct plan_mode *mode)
{
        const struct span empty = { .step = span->step };

        return timeline_has_room(timeline, &empty, mode);
}

/* What a mode costs at a site beside all jobs that are on, from the job's release to the horizon. */
static int draw_curve(struct board *board, const struct plan_job *job, uint32_t s, uint32_t m, double guide)
{
        const struct timeline *timeline = &board->sites[s];
        const struct plan_mode *mode = &job->modes[m];
        const double *gpu_price = &board->prices->gpu_price[s * board->prices->n_slots];
        size_t first = timeline_find(timeline, job->release), slot = prices_slot(board->prices, job->release), n = 0;

        if (reserve(board, timeline->n - first) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = first; i < timeline->n && timeline->spans[i].start < board->problem->horizon; i++) {
                const struct span *span = &timeline->spans[i];
                double rate = INFINITY;

                while (slot + 1 < board->prices->n_slots && board->prices->edges[slot + 1] <= span->start)
                        slot++;
                if (board->penalty > 0 ? could_have_room(timeline, span, mode)
                                       : timeline_has_room(timeline, span, mode))
                        rate = marginal_rate(timeline->site, span, job, mode) +
                               guide * gpu_price[slot] * mode->gpus / 3600;
                if (board->penalty > 0 && !isinf(rate))
                        rate += overload_rate(board, timeline->site, span, mode, s * board->prices->n_slots + slot);
                if (n > 0 && (rate == board->curve.rates[n - 1]))
                        continue; /* nothing changes for this job */
                board->curve.edges[n] = i == first ? job->release : span->start;
                board->curve.rates[n++] = rate;
        }
        board->curve.n = n;
        board->curve.edges[n] = board->problem->horizon;
        board->work += n;
        return 0;
}

/* ---- placing */

/* The best of all sites and modes, as intervals in ret; `cost` is what it has to beat and becomes. */
static int find_place(struct board *board, const struct plan_job *job, double guide, double *theta, double *cost,
                      struct choice *ret)
{
        if (job->release >= board->problem->horizon) {
                *cost = 0;
                return 0;
        }
        for (uint32_t s = 0; s < board->problem->n_sites; s++)
                for (uint32_t m = 0; (job->sites >> s & 1) != 0 && m < job->n_modes; m++) {
                        struct wish wish = { board->problem, job, s, m, *theta };

                        if (draw_curve(board, job, s, m, guide) != 0 ||
                            respond(&wish, &board->curve, &board->response) != 0)
                                return OFFPEAK_ENOMEM;
                        if (!(board->response.cost < (isinf(*cost) ? *cost : *cost - 1e-9 * fabs(*cost))))
                                continue;
                        *cost = board->response.cost;
                        *theta = board->response.theta;
                        ret->n = 0;
                        for (size_t i = 0; i < board->response.n_runs; i++)
                                if (choice_append(ret, (struct plan_interval){ board->response.runs[i].start,
                                                                               board->response.runs[i].end, s, m }) !=
                                    0)
                                        return OFFPEAK_ENOMEM;
                }
        return 0;
}

static int place(struct board *board, size_t j, double guide, double *ret_cost)
{
        struct choice found = { 0 };
        int code;

        *ret_cost = INFINITY;
        code = find_place(board, &board->problem->jobs[j], guide, &board->theta[j], ret_cost, &found);
        if (code == 0)
                code = board_put(board, j, found.intervals, found.n);
        free(found.intervals);
        return code;
}

int board_place(struct board *board, size_t j, double guide)
{
        double cost;

        return place(board, j, guide, &cost);
}

int board_find(struct board *board, const struct plan_job *job, double guide, double *cost, struct choice *ret_choice)
{
        double theta = NAN;

        return find_place(board, job, guide, &theta, cost, ret_choice);
}

/* What the job's present intervals cost at the margin; it is off the board. */
static int present_cost(struct board *board, size_t j, const struct choice *present, double *ret_cost)
{
        const struct plan_job *job = &board->problem->jobs[j];
        uint32_t site = present->n > 0 ? present->intervals[0].site : 0;
        uint32_t mode = present->n > 0 ? present->intervals[0].mode : 0;
        struct wish wish = { board->problem, job, site, mode, NAN };

        if (job->release >= board->problem->horizon) {
                *ret_cost = 0;
                return 0;
        }
        if (present->n > board->before_room) {
                struct run *runs = realloc(board->before, present->n * sizeof(*runs));

                if (runs == NULL)
                        return OFFPEAK_ENOMEM;
                board->before = runs;
                board->before_room = present->n;
        }
        for (size_t i = 0; i < present->n; i++)
                board->before[i] = (struct run){ present->intervals[i].start, present->intervals[i].end };
        if (draw_curve(board, job, site, mode, 0) != 0)
                return OFFPEAK_ENOMEM;
        return response_cost(&wish, &board->curve, &board->response, board->before, present->n, ret_cost);
}

int board_present_cost(struct board *board, size_t j, double *ret_cost)
{
        struct choice present = { 0 };
        int code = choice_set(&present, board->schedule.jobs[j].intervals, board->schedule.jobs[j].n);

        if (code == 0) {
                board_lift(board, j);
                code = present_cost(board, j, &present, ret_cost);
        }
        if (code == 0)
                code = board_put(board, j, present.intervals, present.n);
        free(present.intervals);
        return code;
}

int board_improve(struct board *board, size_t j, bool *ret_moved)
{
        struct choice present = { 0 }, found = { 0 };
        double cost;
        int code = OFFPEAK_ENOMEM;

        *ret_moved = false;
        if (board->problem->jobs[j].release >= board->problem->horizon)
                return 0;
        if (choice_set(&present, board->schedule.jobs[j].intervals, board->schedule.jobs[j].n) != 0 ||
            choice_set(&found, present.intervals, present.n) != 0)
                goto out;
        board_lift(board, j);
        if (present_cost(board, j, &present, &cost) != 0 ||
            find_place(board, &board->problem->jobs[j], 0, &board->theta[j], &cost, &found) != 0)
                goto out;
        *ret_moved = !choice_same(&present, &found);
        code = board_put(board, j, found.intervals, found.n);
out:
        free(present.intervals);
        free(found.intervals);
        return code;
}

/* ---- shuffle */

/* Lift the jobs, keep what they had, and add up what each is worth at the margin as it leaves. */
static int lift_all(struct board *board, const size_t *jobs, size_t n, struct choice *had, double *ret_cost)
{
        *ret_cost = 0;
        for (size_t i = 0; i < n; i++) {
                const struct choice *choice = &board->schedule.jobs[jobs[i]];
                double cost;

                if (choice_set(&had[i], choice->intervals, choice->n) != 0)
                        return OFFPEAK_ENOMEM;
                board_lift(board, jobs[i]);
                if (present_cost(board, jobs[i], &had[i], &cost) != 0)
                        return OFFPEAK_ENOMEM;
                *ret_cost += cost;
        }
        return 0;
}

static int put_back(struct board *board, const size_t *jobs, size_t n, const struct choice *had)
{
        for (size_t i = 0; i < n; i++)
                board_lift(board, jobs[i]);
        for (size_t i = 0; i < n; i++)
                if (board_put(board, jobs[i], had[i].intervals, had[i].n) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

int board_shuffle(struct board *board, const size_t *jobs, size_t n, bool *ret_better)
{
        struct choice had[BOARD_SHUFFLE] = { { 0 } };
        double before, after = 0;
        int code = lift_all(board, jobs, n, had, &before);

        for (size_t i = 0; code == 0 && i < n; i++) {
                double cost;

                code = place(board, jobs[i], 0, &cost);
                after += cost;
        }
        *ret_better = code == 0 && after < before - 1e-9 * fabs(before);
        if (code == 0 && !*ret_better)
                code = put_back(board, jobs, n, had);
        for (size_t i = 0; i < n; i++)
                free(had[i].intervals);
        return code;
}

/* ---- repair */

enum { REPAIRS = 20 };

/* Is the job on a second on which there is too much? */
static bool is_crowded(const struct board *board, size_t j)
{
        const struct choice *choice = &board->schedule.jobs[j];

        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *run = &choice->intervals[i];
                const struct timeline *timeline = &board->sites[run->site];

                for (size_t k = timeline_find(timeline, run->start);
                     k < timeline->n && timeline->spans[k].start < run->end; k++)
                        if (!timeline_is_kept(timeline, &timeline->spans[k]))
                                return true;
        }
        return false;
}

/* Remember the slots on which there is too much. */
static void add_history(struct board *board)
{
        double step = 0.03 * board->prices->gpu_scale;

        for (size_t s = 0; s < board->problem->n_sites; s++) {
                const struct timeline *timeline = &board->sites[s];
                double *history = &board->history[s * board->prices->n_slots];
                size_t slot = 0, last = SIZE_MAX;

                for (size_t i = 0; i < timeline->n && timeline->spans[i].start < board->problem->horizon; i++) {
                        while (slot + 1 < board->prices->n_slots &&
                               board->prices->edges[slot + 1] <= timeline->spans[i].start)
                                slot++;
                        if (slot != last && !timeline_is_kept(timeline, &timeline->spans[i])) {
                                history[slot] += step;
                                last = slot;
                        }
                }
        }
}

/* One round of moves. Returns how many jobs were crowded, in ret_n. */
static int repair_round(struct board *board, const size_t *order, size_t *ret_n)
{
        *ret_n = 0;
        for (size_t i = board->problem->n_jobs; i-- > 0;) { /* the flexible move first */
                size_t j = order[i];

                if (!is_crowded(board, j))
                        continue;
                *ret_n += 1;
                board_lift(board, j);
                if (board_place(board, j, 1) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* Whoever is still crowded leaves, the flexible first, and finds room where there is. */
static int evict(struct board *board, const size_t *order)
{
        size_t n = board->problem->n_jobs;

        for (size_t i = n; i-- > 0;)
                if (is_crowded(board, order[i]))
                        board_lift(board, order[i]);
        for (size_t i = 0; i < n; i++)
                if (board->schedule.jobs[order[i]].n == 0 && board_place(board, order[i], 1) != 0)
                        return OFFPEAK_ENOMEM;
        return 0;
}

int board_repair(struct board *board, const struct schedule *schedule, const size_t *order, bool (*stop)(void *context),
                 void *context)
{
        size_t crowded = 1;
        int code = board_load(board, schedule);

        memset(board->history, 0, board->problem->n_sites * board->prices->n_slots * sizeof(*board->history));
        board->penalty = 0.1;
        for (int round = 0; code == 0 && round < REPAIRS && crowded > 0 && !stop(context); round++) {
                code = repair_round(board, order, &crowded);
                add_history(board);
                board->penalty *= 1.5;
        }
        board->penalty = 0;
        return code == 0 ? evict(board, order) : code;
}
