/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of job j, at site s, in mode m of width w, in slot t of T seconds. A start takes S seconds.
 *
 *   x(s,m,t)        share of the slot that it runs           X(s,w,t) 0/1   the slot is taken, its GPUs all of it
 *   y(s,m,t)        it starts there                          D(t)           it is done by the end of slot t: 0, then 1
 *   u(s) 0/1        its one site; or, if it may move: p(s,t) 0/1 where its data is, v(t) it moves as slot t begins
 *
 * With sums over the modes of a width, and X(t) over sites and widths:
 *
 *   SEAT    x(w,t) <= X(w,t)                        LEAST   T x(w,t) >= X(w,t) + S y(w,t)
 *   BORDER  X(w,t) - x(w,t) <= 1 - X(w,t+1) + y(w,t)        a part of a slot begins a run or ends it
 *   START   y(w,t) >= X(w,t) - X(w,t-1)             FRESH   y(w,t) + X(w,t-1) <= 1         FIRST   T x(m,t) >= S y(m,t)
 *   WORK    sum of speed (T x - S y) - q = work     q < 1 s of progress: plans end with a whole second
 *   ONCE    X(t) + D(t-1) <= 1                      D rises once, in a slot that is run, behind which nothing is
 *   RISE    D(t) >= D(t-1)                          LAST    D(t) - D(t-1) <= X(t)          D is 1 in the end
 *   HERE    X(s,t) <= u(s) or p(s,t)                MOVE    v(t) >= p(s,t) - p(s,t-1)
 *   REST    X(t) + v(t-i) <= 1, i slots of rest     AFTER   X(t) <= D(t-1) of each job that it comes after
 *
 * So a cap changes at any time for nothing, another width is a start. X is whole, therefore y and D are.
 *
 * Where power has several prices, or its peak one, a mean will not do: there a mode has its own X, and what is drawn is
 * counted as if the slot were run to its end. What is not run of it is paid back at the lowest price: no more than a
 * plan saves.
 */
#include "bench/plan_mps_job.h"

#include <math.h>
#include <stdlib.h>

#include <offpeak/error.h>

/* The job at hand. */
struct writer {
        struct program *program;
        struct mps *mps;
        const struct plan_job *job;
        struct job_columns *columns;
        size_t j;
        size_t work; /* the row */
};

static size_t *at(const struct writer *writer, size_t *columns, size_t s, size_t m, size_t t)
{
        return &columns[(s * writer->job->n_modes + m) * writer->program->n_slots + t];
}

static bool may_run(const struct plan_job *job, size_t s)
{
        return job->sites >> s & 1;
}

static size_t n_sites(const struct writer *writer)
{
        return writer->program->problem->n_sites;
}

static bool has_home(const struct plan_job *job)
{
        return job->may_move && job->home != PLAN_ANYWHERE;
}

static bool as_wide(const struct plan_job *job, size_t a, size_t b)
{
        return job->modes[a].gpus == job->modes[b].gpus;
}

static bool first_of_width(const struct plan_job *job, size_t m)
{
        size_t i = 0;

        while (!as_wide(job, i, m))
                i++;
        return i == m;
}

/* Does a mean over the slot say what its power costs? */
static bool is_plain(const struct writer *writer, size_t s, size_t t)
{
        const struct plan_site *site = &writer->program->problem->sites[s];

        return site->n_demands == 0 && site->steps[t].n_segments == 1;
}

/* Slots [first, last) that lie between the release and the deadline. */
static void find_window(const struct program *program, const struct plan_job *job, struct job_columns *columns)
{
        const struct plan_problem *problem = program->problem;
        int64_t end = job->deadline != 0 && job->deadline < problem->horizon ? job->deadline : problem->horizon;

        columns->first = (size_t)((job->release - problem->now + program->slot_s - 1) / program->slot_s);
        columns->last = (size_t)((end - problem->now) / program->slot_s);
}

/* A factor of `columns` in a row: those of a site and of modes as wide as m (NO_COLUMN: all), each column once. */
static void add_all(const struct writer *writer, size_t row, size_t *columns, size_t site, size_t mode, size_t t,
                    double factor)
{
        for (size_t s = 0; s < n_sites(writer); s++)
                for (size_t m = 0; m < writer->job->n_modes; m++) {
                        bool fits = (site == NO_COLUMN || s == site) &&
                                    (mode == NO_COLUMN || as_wide(writer->job, m, mode));
                        size_t column = *at(writer, columns, s, m, t);

                        if (fits && column != NO_COLUMN)
                                mps_add(writer->mps, row, column, factor);
                }
}

/* X(s,w,t), or sums of it. */
static void add_seat(const struct writer *writer, size_t row, size_t site, size_t mode, size_t t, double factor)
{
        add_all(writer, row, writer->columns->seat, site, mode, t, factor);
}

static void add_done(const struct writer *writer, size_t row, size_t t, double factor)
{
        if (t >= writer->columns->first) /* nothing is done before the first slot */
                mps_add(writer->mps, row, writer->columns->done[t], factor);
}

/* ---- ways to run */

/* In thousandths, of a kWh that the job draws in the slot, beside the price of power. */
static double kwh_cost(const struct plan_job *job, const struct plan_step *step)
{
        return job->carbon_price * step->carbon / 1000 + job->risk * step->spread;
}

/* GPUs and limits of a whole slot (or of a share). */
static void take_gpus(const struct writer *writer, size_t column, size_t s, size_t m, size_t t)
{
        const struct program *program = writer->program;
        const struct plan_mode *mode = &writer->job->modes[m];

        mps_add(writer->mps, program->gpus[s * program->n_slots + t], column, mode->gpus);
        for (size_t l = 0; l < program->problem->n_limits; l++)
                if ((mode->limits >> l & 1) != 0)
                        mps_add(writer->mps, program->limits[l * program->n_slots + t], column, mode->gpus);
}

static double kw_of(const struct writer *writer, size_t s, size_t m)
{
        return writer->program->problem->sites[s].pue_factor * writer->job->modes[m].watts / 1e3;
}

static void take_power(const struct writer *writer, size_t column, size_t s, size_t m, size_t t)
{
        const struct program *program = writer->program;
        const struct plan_site *site = &program->problem->sites[s];
        double kw = kw_of(writer, s, m);

        mps_add(writer->mps, program->power[s * program->n_slots + t], column, kw * slot_hours(program));
        for (size_t d = 0; d < site->n_demands; d++)
                if (site->steps[t].start >= site->demands[d].start && site->steps[t].start < site->demands[d].end)
                        mps_add(writer->mps, program->peaks[program->first_peak[s] + d * program->n_slots + t], column,
                                kw);
}

/* X: a column for each width, or for each mode where its power is counted as all of the slot. */
static void add_seats(struct writer *writer, size_t s, size_t m, size_t t)
{
        const struct plan_step *step = &writer->program->problem->sites[s].steps[t];
        bool plain = is_plain(writer, s, t);
        double kwh = kw_of(writer, s, m) * slot_hours(writer->program);
        size_t seat;

        if (plain && !first_of_width(writer->job, m))
                return;
        seat = mps_column(writer->mps, true, plain ? 0 : -kwh * step->segments[0].price, 1, "X%zu_%zu_%zu_%zu",
                          writer->j, s, m, t);
        *at(writer, writer->columns->seat, s, m, t) = seat;
        take_gpus(writer, seat, s, m, t);
        if (!plain)
                take_power(writer, seat, s, m, t);
}

/* x: progress, and money for what is drawn. */
static void add_run(struct writer *writer, size_t s, size_t m, size_t t)
{
        struct program *program = writer->program;
        const struct plan_step *step = &program->problem->sites[s].steps[t];
        double kwh = kw_of(writer, s, m) * slot_hours(program);
        bool counted = program->whole && !is_plain(writer, s, t);
        size_t x = mps_column(writer->mps, false,
                              kwh * (kwh_cost(writer->job, step) + (counted ? step->segments[0].price : 0)), 1,
                              "x%zu_%zu_%zu_%zu", writer->j, s, m, t);

        *at(writer, writer->columns->run, s, m, t) = x;
        mps_add(writer->mps, writer->work, x, writer->job->modes[m].speed * (double)program->slot_s);
        if (!counted)
                take_power(writer, x, s, m, t);
        if (!program->whole)
                take_gpus(writer, x, s, m, t);
        if (counted) {
                size_t row = mps_row(writer->mps, MPS_AT_MOST, 0, "MODE%zu_%zu_%zu_%zu", writer->j, s, m, t);

                mps_add(writer->mps, row, x, 1);
                mps_add(writer->mps, row, *at(writer, writer->columns->seat, s, m, t), -1);
        }
}

/* y: a start costs its time, and twice what it would earn. */
static void add_start(struct writer *writer, size_t s, size_t m, size_t t)
{
        const struct plan_step *step = &writer->program->problem->sites[s].steps[t];
        double start_s = (double)writer->job->start_cost_s, kwh = kw_of(writer, s, m) * start_s / 3600;
        size_t y = mps_column(writer->mps, false, 2 * kwh * fmax(0, -step->segments[0].price), 1, "y%zu_%zu_%zu_%zu",
                              writer->j, s, m, t);
        size_t row = mps_row(writer->mps, MPS_AT_MOST, 0, "FIRST%zu_%zu_%zu_%zu", writer->j, s, m, t);

        *at(writer, writer->columns->start, s, m, t) = y;
        mps_add(writer->mps, writer->work, y, -writer->job->modes[m].speed * start_s);
        mps_add(writer->mps, row, y, start_s / (double)writer->program->slot_s);
        mps_add(writer->mps, row, *at(writer, writer->columns->run, s, m, t), -1);
}

static void add_ways(struct writer *writer)
{
        for (size_t s = 0; s < n_sites(writer); s++)
                for (size_t m = 0; may_run(writer->job, s) && m < writer->job->n_modes; m++)
                        for (size_t t = writer->columns->first; t < writer->columns->last; t++) {
                                if (writer->program->whole)
                                        add_seats(writer, s, m, t);
                                add_run(writer, s, m, t);
                                if (writer->program->whole)
                                        add_start(writer, s, m, t);
                        }
}

/* ---- runs, of all modes as wide as m */

static void bind_seat(const struct writer *writer, size_t s, size_t m, size_t t)
{
        const struct job_columns *columns = writer->columns;
        double slot_s = (double)writer->program->slot_s;
        size_t seat = mps_row(writer->mps, MPS_AT_MOST, 0, "SEAT%zu_%zu_%zu_%zu", writer->j, s, m, t);
        size_t least = mps_row(writer->mps, MPS_AT_LEAST, 0, "LEAST%zu_%zu_%zu_%zu", writer->j, s, m, t);

        add_all(writer, seat, columns->run, s, m, t, 1);
        add_seat(writer, seat, s, m, t, -1);
        add_all(writer, least, columns->run, s, m, t, 1);
        add_seat(writer, least, s, m, t, -1 / slot_s);
        add_all(writer, least, columns->start, s, m, t, -(double)writer->job->start_cost_s / slot_s);
        if (t + 1 < columns->last) {
                size_t border = mps_row(writer->mps, MPS_AT_MOST, 1, "BORDER%zu_%zu_%zu_%zu", writer->j, s, m, t);

                add_seat(writer, border, s, m, t, 1);
                add_seat(writer, border, s, m, t + 1, 1);
                add_all(writer, border, columns->run, s, m, t, -1);
                add_all(writer, border, columns->start, s, m, t, -1);
        }
}

static void bind_start(const struct writer *writer, size_t s, size_t m, size_t t)
{
        size_t start = mps_row(writer->mps, MPS_AT_LEAST, 0, "START%zu_%zu_%zu_%zu", writer->j, s, m, t);
        size_t fresh = mps_row(writer->mps, MPS_AT_MOST, 1, "FRESH%zu_%zu_%zu_%zu", writer->j, s, m, t);

        add_all(writer, start, writer->columns->start, s, m, t, 1);
        add_all(writer, fresh, writer->columns->start, s, m, t, 1);
        add_seat(writer, start, s, m, t, -1);
        if (t > writer->columns->first) {
                add_seat(writer, start, s, m, t - 1, 1);
                add_seat(writer, fresh, s, m, t - 1, 1);
        }
}

static void bind_runs(const struct writer *writer)
{
        for (size_t s = 0; s < n_sites(writer); s++)
                for (size_t m = 0; may_run(writer->job, s) && m < writer->job->n_modes; m++)
                        for (size_t t = writer->columns->first;
                             first_of_width(writer->job, m) && t < writer->columns->last; t++) {
                                bind_seat(writer, s, m, t);
                                bind_start(writer, s, m, t);
                        }
}

/* One seat at a time. */
static void bind_slots(const struct writer *writer)
{
        for (size_t t = writer->columns->first; t < writer->columns->last; t++) {
                size_t once = mps_row(writer->mps, MPS_AT_MOST, 1, "ONCE%zu_%zu", writer->j, t);

                add_seat(writer, once, NO_COLUMN, NO_COLUMN, t, 1);
                if (writer->columns->done != NULL && t > 0)
                        add_done(writer, once, t - 1, 1);
        }
}

/* ---- the end */

/* Does anything depend on when it is done? */
static bool end_counts(const struct program *program, size_t j)
{
        for (size_t i = j + 1; i < program->problem->n_jobs; i++)
                for (size_t k = 0; k < program->problem->jobs[i].n_after; k++)
                        if (program->problem->jobs[i].after[k] == j)
                                return true;
        return program->problem->jobs[j].delay_cost != 0;
}

static int add_end(struct writer *writer)
{
        struct job_columns *columns = writer->columns;

        if (!end_counts(writer->program, writer->j))
                return 0;
        columns->done = malloc((writer->program->n_slots + 1) * sizeof(size_t));
        if (columns->done == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t t = columns->first; t < columns->last; t++)
                columns->done[t] = mps_column(writer->mps, false, 0, 1, "D%zu_%zu", writer->j, t);
        for (size_t t = columns->first; t < columns->last; t++) {
                size_t rise = mps_row(writer->mps, MPS_AT_LEAST, 0, "RISE%zu_%zu", writer->j, t);
                size_t last = mps_row(writer->mps, MPS_AT_MOST, 0, "LAST%zu_%zu", writer->j, t);

                add_done(writer, rise, t, 1);
                add_done(writer, last, t, 1);
                add_seat(writer, last, NO_COLUMN, NO_COLUMN, t, -1);
                if (t > columns->first) {
                        add_done(writer, rise, t - 1, -1);
                        add_done(writer, last, t - 1, -1);
                }
        }
        if (columns->last > columns->first)
                add_done(writer, mps_row(writer->mps, MPS_EQUAL, 1, "DONE%zu", writer->j), columns->last - 1, 1);
        return 0;
}

/* E(t): share of the last slot that is left when it is done. */
static size_t add_early(const struct writer *writer, size_t t)
{
        size_t early = mps_column(writer->mps, false, 0, 1, "E%zu_%zu", writer->j, t);
        size_t idle = mps_row(writer->mps, MPS_AT_MOST, 0, "IDLE%zu_%zu", writer->j, t);
        size_t tail = mps_row(writer->mps, MPS_AT_MOST, 0, "TAIL%zu_%zu", writer->j, t);

        mps_add(writer->mps, idle, early, 1);
        add_seat(writer, idle, NO_COLUMN, NO_COLUMN, t, -1);
        add_all(writer, idle, writer->columns->run, NO_COLUMN, NO_COLUMN, t, 1);
        mps_add(writer->mps, tail, early, 1);
        add_done(writer, tail, t, -1);
        if (t > 0)
                add_done(writer, tail, t - 1, 1);
        return early;
}

/* Waits d hours: d >= end of the window - slots it is done before - what is left of its last - earliest end. */
static void charge_delay(const struct writer *writer)
{
        const struct program *program = writer->program;
        const struct plan_job *job = writer->job;
        double end = (double)(program->problem->now - job->earliest_finish) +
                     (double)writer->columns->last * (double)program->slot_s;
        size_t delay, row;

        if (job->delay_cost == 0)
                return;
        delay = mps_column(writer->mps, false, 1000 * job->delay_cost * job->modes[0].gpus, INFINITY, "d%zu",
                           writer->j);
        row = mps_row(writer->mps, MPS_AT_LEAST, end / 3600, "WAIT%zu", writer->j);
        mps_add(writer->mps, row, delay, 1);
        for (size_t t = writer->columns->first; t < writer->columns->last; t++) {
                mps_add(writer->mps, row, add_early(writer, t), slot_hours(program));
                if (t + 1 < writer->columns->last)
                        add_done(writer, row, t, slot_hours(program));
        }
}

static void bind_order(const struct writer *writer)
{
        const struct program *program = writer->program;

        for (size_t i = 0; i < writer->job->n_after; i++) {
                const struct job_columns *before = &program->jobs[writer->job->after[i]];

                for (size_t t = writer->columns->first; t < writer->columns->last && t < before->last; t++) {
                        size_t row = mps_row(writer->mps, MPS_AT_MOST, 0, "AFTER%zu_%zu_%zu", writer->j, i, t);

                        add_seat(writer, row, NO_COLUMN, NO_COLUMN, t, 1);
                        if (t > before->first)
                                mps_add(writer->mps, row, before->done[t - 1], -1);
                }
        }
}

/* ---- where */

static void bind_site(const struct writer *writer)
{
        size_t one = mps_row(writer->mps, MPS_EQUAL, 1, "ONE%zu", writer->j);

        for (size_t s = 0; s < n_sites(writer); s++) {
                size_t u;

                if (!may_run(writer->job, s))
                        continue;
                u = mps_column(writer->mps, true, 0, 1, "u%zu_%zu", writer->j, s);
                mps_add(writer->mps, one, u, 1);
                for (size_t t = writer->columns->first; t < writer->columns->last; t++) {
                        size_t here = mps_row(writer->mps, MPS_AT_MOST, 0, "HERE%zu_%zu_%zu", writer->j, s, t);

                        add_seat(writer, here, s, NO_COLUMN, t, 1);
                        mps_add(writer->mps, here, u, -1);
                }
        }
}

/* p(s,t) for each site: HERE, and MOVE against the slot before; at first the job is at home. */
static void bind_place(const struct writer *writer, size_t t, size_t v, size_t *places)
{
        size_t one = mps_row(writer->mps, MPS_EQUAL, 1, "ONE%zu_%zu", writer->j, t);
        bool first = t == writer->columns->first;

        for (size_t s = 0; s < n_sites(writer); s++) {
                bool home = has_home(writer->job) && writer->job->home == s;
                size_t p, here, move;

                if (!may_run(writer->job, s) && !home)
                        continue;
                p = mps_column(writer->mps, true, 0, 1, "p%zu_%zu_%zu", writer->j, s, t);
                here = mps_row(writer->mps, MPS_AT_MOST, 0, "HERE%zu_%zu_%zu", writer->j, s, t);
                move = mps_row(writer->mps, MPS_AT_MOST, first && (home || !has_home(writer->job)), "MOVE%zu_%zu_%zu",
                               writer->j, s, t);
                mps_add(writer->mps, one, p, 1);
                add_seat(writer, here, s, NO_COLUMN, t, 1);
                mps_add(writer->mps, here, p, -1);
                mps_add(writer->mps, move, p, 1);
                mps_add(writer->mps, move, v, -1);
                if (!first)
                        mps_add(writer->mps, move, places[s], -1);
                places[s] = p;
        }
}

static int bind_moves(const struct writer *writer)
{
        const struct job_columns *columns = writer->columns;
        int64_t slot_s = writer->program->slot_s;
        size_t rest = (size_t)((writer->job->move_s + slot_s - 1) / slot_s);
        size_t *places = calloc(n_sites(writer), sizeof(*places));

        if (places == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t t = columns->first; t < columns->last; t++) {
                size_t v = mps_column(writer->mps, true, 1000 * writer->job->move_cost, 1, "v%zu_%zu", writer->j, t);

                bind_place(writer, t, v, places);
                for (size_t i = 0; i < rest && t + i < columns->last; i++) {
                        size_t row = mps_row(writer->mps, MPS_AT_MOST, 1, "REST%zu_%zu_%zu", writer->j, t, i);

                        add_seat(writer, row, NO_COLUMN, NO_COLUMN, t + i, 1);
                        mps_add(writer->mps, row, v, 1);
                }
        }
        free(places);
        return 0;
}

/* ---- the job */

static int reserve(const struct writer *writer)
{
        struct job_columns *columns = writer->columns;
        size_t n = n_sites(writer) * writer->job->n_modes * writer->program->n_slots;

        columns->run = malloc(n * sizeof(size_t));
        columns->seat = malloc(n * sizeof(size_t));
        columns->start = malloc(n * sizeof(size_t));
        if (columns->run == NULL || columns->seat == NULL || columns->start == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < n; i++)
                columns->run[i] = columns->seat[i] = columns->start[i] = NO_COLUMN;
        return 0;
}

static double fastest_speed(const struct plan_job *job)
{
        double fastest = 0;

        for (size_t m = 0; m < job->n_modes; m++)
                fastest = fmax(fastest, job->modes[m].speed);
        return fastest;
}

/* Is its work done with a whole second whatever it does? */
static bool ends_whole(const struct plan_job *job)
{
        for (size_t m = 0; m < job->n_modes; m++)
                if (job->modes[m].speed != 1)
                        return false;
        return job->work_s == floor(job->work_s);
}

/* Whole seconds in each mode; what is done too much by the last of them is q. */
static void count_seconds(const struct writer *writer)
{
        const struct plan_problem *problem = writer->program->problem;
        double most = (double)(problem->horizon - problem->now);

        mps_add(writer->mps, writer->work,
                mps_column(writer->mps, false, 0, fastest_speed(writer->job), "q%zu", writer->j), -1);
        for (size_t m = 0; m < writer->job->n_modes; m++) {
                size_t seconds = mps_column(writer->mps, true, 0, most, "N%zu_%zu", writer->j, m);
                size_t row = mps_row(writer->mps, MPS_EQUAL, 0, "SECONDS%zu_%zu", writer->j, m);

                mps_add(writer->mps, row, seconds, -1);
                for (size_t s = 0; s < n_sites(writer); s++)
                        for (size_t t = writer->columns->first; may_run(writer->job, s) && t < writer->columns->last;
                             t++)
                                mps_add(writer->mps, row, *at(writer, writer->columns->run, s, m, t),
                                        (double)writer->program->slot_s);
        }
}

/* Slots and starts as a whole: what whole numbers of them say, and a solver does not see. */
static void count_runs(const struct writer *writer)
{
        const struct plan_job *job = writer->job;
        double least_s = job->work_s * (1 - PLAN_WORK_TOLERANCE) / fastest_speed(job) + (double)job->start_cost_s;
        size_t starts = mps_row(writer->mps, MPS_AT_LEAST, 1, "STARTS%zu", writer->j), most = NO_COLUMN;
        size_t slots = mps_row(writer->mps, MPS_AT_LEAST, ceil((least_s - 1e-3) / (double)writer->program->slot_s),
                               "SLOTS%zu", writer->j);

        if (job->max_starts != PLAN_ANY_STARTS)
                most = mps_row(writer->mps, MPS_AT_MOST, job->max_starts, "MOST%zu", writer->j);
        for (size_t t = writer->columns->first; t < writer->columns->last; t++) {
                add_seat(writer, slots, NO_COLUMN, NO_COLUMN, t, 1);
                add_all(writer, starts, writer->columns->start, NO_COLUMN, NO_COLUMN, t, 1);
                if (most != NO_COLUMN)
                        add_all(writer, most, writer->columns->start, NO_COLUMN, NO_COLUMN, t, 1);
        }
}

int program_add_job(struct program *program, size_t j)
{
        const struct plan_job *job = &program->problem->jobs[j];
        struct writer writer = { program, program->mps, job, &program->jobs[j], j, 0 };
        double share = program->whole && ends_whole(job) ? 1 : 1 - PLAN_WORK_TOLERANCE;

        find_window(program, job, writer.columns);
        if (reserve(&writer) != 0)
                return OFFPEAK_ENOMEM;
        writer.work = mps_row(program->mps, MPS_EQUAL, share * job->work_s, "WORK%zu", j);
        add_ways(&writer);
        if (!program->whole)
                return 0;
        if (add_end(&writer) != 0)
                return OFFPEAK_ENOMEM;
        bind_runs(&writer);
        bind_slots(&writer);
        if (!ends_whole(job))
                count_seconds(&writer);
        count_runs(&writer);
        charge_delay(&writer);
        bind_order(&writer);
        if (job->may_move)
                return bind_moves(&writer);
        if (n_sites(&writer) > 1)
                bind_site(&writer);
        return 0;
}

void job_columns_finish(struct job_columns *columns)
{
        free(columns->done);
        free(columns->start);
        free(columns->seat);
        free(columns->run);
}
