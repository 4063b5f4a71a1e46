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
 *   WORK    sum of speed (T x - S y) = work         plans are in whole seconds, which this leaves out
 *   ONCE    X(t) + D(t-1) <= 1                      D rises once, in a slot that is run, behind which nothing is
 *   RISE    D(t) >= D(t-1)                          LAST    D(t) - D(t-1) <= X(t)          D is 1 in the end
 *   HERE    X(s,t) <= u(s) or p(s,t)                MOVE    v(t) >= p(s,t) - p(s,t-1)
 *   REST    X(t) + v(t-i) <= 1, i slots of rest     AFTER   X(t) <= D(t-1) of each job that it comes after
 *   STARTS  sum of y >= 1                           SLOTS   sum of X >= those that its work takes at its fastest
 *
 * So a cap changes at any time for nothing, another width is a start. X is whole, therefore D is, and y if there is one
 * mode of a width: else it has to be told.
 *
 * Where power has several prices, or its peak one, a mean will not do: there a mode has its own X, and what is drawn is
 * counted as if the slot were run to its end. What is not run of it is paid back at the lowest price: no more than a
 * plan saves; nothing, where energy is stored.
 */
#include "bench/plan_mps_writer.h"

#include <math.h>
#include <stdlib.h>

#include <offpeak/error.h>

/* Slots [first, last) that lie between the release and the deadline. */
static void find_window(const struct program *program, const struct plan_job *job, struct job_columns *columns)
{
        const struct plan_problem *problem = program->problem;
        int64_t end = job->deadline != 0 && job->deadline < problem->horizon ? job->deadline : problem->horizon;

        columns->first = (size_t)((job->release - problem->now + program->slot_s - 1) / program->slot_s);
        columns->last = (size_t)((end - problem->now) / program->slot_s);
}

/* A factor of `columns` in a row: those of a site and of modes as wide as m (NO_COLUMN: all), each column once. */
void add_all(const struct writer *writer, size_t row, size_t *columns, size_t site, size_t mode, size_t t,
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
void add_seat(const struct writer *writer, size_t row, size_t site, size_t mode, size_t t, double factor)
{
        add_all(writer, row, writer->columns->seat, site, mode, t, factor);
}

void add_done(const struct writer *writer, size_t row, size_t t, double factor)
{
        if (t >= writer->columns->first) /* nothing is done before the first slot */
                mps_add(writer->mps, row, writer->columns->done[t], factor);
}

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

int program_add_job(struct program *program, size_t j)
{
        const struct plan_job *job = &program->problem->jobs[j];
        struct writer writer = { program, program->mps, job, &program->jobs[j], j, 0 };
        double share = program->whole ? 1 : 1 - PLAN_WORK_TOLERANCE; /* no solver would leave 1e-9 of a slot out for sure */

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
