/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: columns of each site, mode and slot, with what they take of GPUs and power; then the rows of a width in a
 * slot.
 */
#include "bench/plan_mps_writer.h"

#include <math.h>

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

        return site->n_demands == 0 && site->store == NULL && site->steps[t].n_segments == 1;
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

/* Of a kWh that is counted and not run. Beside a store nothing: it might give what is then sold. */
static double paid_back(const struct plan_site *site, size_t t)
{
        return site->store != NULL ? fmin(0, site->steps[t].segments[0].price) : site->steps[t].segments[0].price;
}

/* X: a column for each width, or for each mode where its power is counted as all of the slot. */
static void add_seats(struct writer *writer, size_t s, size_t m, size_t t)
{
        const struct plan_site *site = &writer->program->problem->sites[s];
        bool plain = is_plain(writer, s, t);
        double kwh = kw_of(writer, s, m) * slot_hours(writer->program);
        size_t seat;

        if (plain && !first_of_width(writer->job, m))
                return;
        seat = mps_column(writer->mps, true, plain ? 0 : -kwh * paid_back(site, t), 1, "X%zu_%zu_%zu_%zu",
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
                              kwh * (kwh_cost(writer->job, step) + (counted ? paid_back(&program->problem->sites[s], t) : 0)), 1,
                              "x%zu_%zu_%zu_%zu", writer->j, s, m, t);

        *at(writer, writer->columns->run, s, m, t) = x;
        mps_add(writer->mps, writer->work, x, writer->job->modes[m].speed * (double)program->slot_s);
        if (!counted)
                take_power(writer, x, s, m, t);
        if (program->problem->sites[s].store != NULL)
                mps_add(writer->mps, program->given[s * program->n_slots + t], x, -kwh);
        if (!program->whole)
                take_gpus(writer, x, s, m, t);
        if (counted) {
                size_t row = mps_row(writer->mps, MPS_AT_MOST, 0, "MODE%zu_%zu_%zu_%zu", writer->j, s, m, t);

                mps_add(writer->mps, row, x, 1);
                mps_add(writer->mps, row, *at(writer, writer->columns->seat, s, m, t), -1);
        }
}

/* Is there another mode as wide? */
static bool has_caps(const struct plan_job *job, size_t m)
{
        for (size_t i = 0; i < job->n_modes; i++)
                if (i != m && as_wide(job, i, m))
                        return true;
        return false;
}

/* y: a start costs its time, and twice what it would earn. */
static void add_start(struct writer *writer, size_t s, size_t m, size_t t)
{
        const struct plan_step *step = &writer->program->problem->sites[s].steps[t];
        double start_s = (double)writer->job->start_cost_s, kwh = kw_of(writer, s, m) * start_s / 3600;
        size_t y = mps_column(writer->mps, has_caps(writer->job, m), 2 * kwh * fmax(0, -step->segments[0].price), 1,
                              "y%zu_%zu_%zu_%zu", writer->j, s, m, t);
        size_t row = mps_row(writer->mps, MPS_AT_MOST, 0, "FIRST%zu_%zu_%zu_%zu", writer->j, s, m, t);

        *at(writer, writer->columns->start, s, m, t) = y;
        mps_add(writer->mps, writer->work, y, -writer->job->modes[m].speed * start_s);
        mps_add(writer->mps, row, y, start_s / (double)writer->program->slot_s);
        mps_add(writer->mps, row, *at(writer, writer->columns->run, s, m, t), -1);
}

void add_ways(struct writer *writer)
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

void bind_runs(const struct writer *writer)
{
        for (size_t s = 0; s < n_sites(writer); s++)
                for (size_t m = 0; may_run(writer->job, s) && m < writer->job->n_modes; m++)
                        for (size_t t = writer->columns->first;
                             first_of_width(writer->job, m) && t < writer->columns->last; t++) {
                                bind_seat(writer, s, m, t);
                                bind_start(writer, s, m, t);
                        }
}
