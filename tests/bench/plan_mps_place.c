/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/plan_mps_writer.h"

#include <math.h>
#include <stdlib.h>

#include <offpeak/error.h>

/* ---- when */

/* Does anything depend on when it is done? */
static bool end_counts(const struct program *program, size_t j)
{
        for (size_t i = j + 1; i < program->problem->n_jobs; i++)
                for (size_t k = 0; k < program->problem->jobs[i].n_after; k++)
                        if (program->problem->jobs[i].after[k] == j)
                                return true;
        return program->problem->jobs[j].delay_cost != 0;
}

int add_end(struct writer *writer)
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
void charge_delay(const struct writer *writer)
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

void bind_order(const struct writer *writer)
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

static bool has_home(const struct plan_job *job)
{
        return job->may_move && job->home != PLAN_ANYWHERE;
}

void bind_site(const struct writer *writer)
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

int bind_moves(const struct writer *writer)
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
