/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: x<j>_<s>_<t> job j runs slot t at site s; y: it starts there; u<j>_<s>: it is at site s; o<j>: seconds that it
 * runs for nothing; e<s>_<t>_<i>: kWh from segment i; z<s>_<d>: kW above what month d has paid for.
 *
 * A plan ends a job in the second in which its work is done, whole slots may end later. Where prices are negative that
 * would earn, so o costs what the lowest of them could pay: a plan that leaves these seconds out costs no more than the
 * program. Nor may a start be where nothing starts, to use them up.
 *
 * The linear program has x as a share of the slot, and neither y nor u nor o.
 */
#include "bench/plan_mps.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

struct writer {
        FILE *file;
        const struct plan_problem *problem;
        int64_t slot_s;
        bool whole; /* slots are run whole, and starts count; else linear */
};

static double hours(const struct writer *writer)
{
        return (double)writer->slot_s / 3600;
}

/* Slots [first, last) that lie between the release and the deadline. */
static void window(const struct writer *writer, const struct plan_job *job, size_t *ret_first, size_t *ret_last)
{
        int64_t end = job->deadline != 0 && job->deadline < writer->problem->horizon ? job->deadline
                                                                                     : writer->problem->horizon;

        *ret_first = (size_t)((job->release - writer->problem->now + writer->slot_s - 1) / writer->slot_s);
        *ret_last = (size_t)((end - writer->problem->now) / writer->slot_s);
}

static bool may_run(const struct plan_job *job, size_t s)
{
        return job->sites >> s & 1;
}

static void write_rows(const struct writer *writer)
{
        const struct plan_problem *problem = writer->problem;

        fputs("ROWS\n N COST\n", writer->file);
        for (size_t j = 0; j < problem->n_jobs; j++) {
                size_t first, last;

                window(writer, &problem->jobs[j], &first, &last);
                fprintf(writer->file, " E WORK%zu\n", j);
                if (!writer->whole)
                        continue;
                fprintf(writer->file, " E ONE%zu\n", j);
                for (size_t s = 0; s < problem->n_sites; s++)
                        for (size_t t = first; may_run(&problem->jobs[j], s) && t < last; t++) {
                                fprintf(writer->file, " G START%zu_%zu_%zu\n L AT%zu_%zu_%zu\n", j, s, t, j, s, t);
                                fprintf(writer->file, " L RUNS%zu_%zu_%zu\n L FRESH%zu_%zu_%zu\n", j, s, t, j, s, t);
                        }
        }
        for (size_t s = 0; s < problem->n_sites; s++) {
                for (size_t t = 0; t < problem->sites[s].n_steps; t++) {
                        fprintf(writer->file, " L GPUS%zu_%zu\n E POWER%zu_%zu\n", s, t, s, t);
                        for (size_t d = 0; d < problem->sites[s].n_demands; d++)
                                fprintf(writer->file, " L PEAK%zu_%zu_%zu\n", s, d, t);
                }
        }
}

static void write_run(const struct writer *writer, size_t j, size_t s, size_t t)
{
        const struct plan_job *job = &writer->problem->jobs[j];
        const struct plan_site *site = &writer->problem->sites[s];
        double kw = site->pue_factor * job->modes[0].watts / 1e3, kwh = kw * hours(writer);
        char name[64];

        snprintf(name, sizeof(name), "x%zu_%zu_%zu", j, s, t);
        fprintf(writer->file, " %s WORK%zu %.12g\n", name, j, job->modes[0].speed * (double)writer->slot_s);
        fprintf(writer->file, " %s GPUS%zu_%zu %u\n", name, s, t, job->modes[0].gpus);
        fprintf(writer->file, " %s POWER%zu_%zu %.12g\n", name, s, t, kwh);
        fprintf(writer->file, " %s COST %.12g\n", name, kwh * job->carbon_price * site->steps[t].carbon / 1000);
        for (size_t d = 0; d < site->n_demands; d++)
                if (site->steps[t].start >= site->demands[d].start && site->steps[t].start < site->demands[d].end)
                        fprintf(writer->file, " %s PEAK%zu_%zu_%zu %.12g\n", name, s, d, t, kw);
}

/* What x has to do with the whole job: right behind write_run(), as it is the same column. */
static void write_order(const struct writer *writer, size_t j, size_t s, size_t t, size_t last)
{
        char name[64];

        snprintf(name, sizeof(name), "x%zu_%zu_%zu", j, s, t);
        fprintf(writer->file, " %s START%zu_%zu_%zu -1\n %s AT%zu_%zu_%zu 1\n", name, j, s, t, name, j, s, t);
        fprintf(writer->file, " %s RUNS%zu_%zu_%zu -1\n", name, j, s, t);
        if (t + 1 < last)
                fprintf(writer->file, " %s START%zu_%zu_%zu 1\n %s FRESH%zu_%zu_%zu 1\n", name, j, s, t + 1, name, j, s,
                        t + 1);
}

static void write_start(const struct writer *writer, size_t j, size_t s, size_t t)
{
        const struct plan_job *job = &writer->problem->jobs[j];
        const struct plan_site *site = &writer->problem->sites[s];
        double start_kwh = site->pue_factor * job->modes[0].watts / 1e3 * (double)job->start_cost_s / 3600;

        fprintf(writer->file, " y%zu_%zu_%zu WORK%zu %.12g\n", j, s, t, j,
                -job->modes[0].speed * (double)job->start_cost_s);
        fprintf(writer->file, " y%zu_%zu_%zu START%zu_%zu_%zu 1\n", j, s, t, j, s, t);
        fprintf(writer->file, " y%zu_%zu_%zu RUNS%zu_%zu_%zu 1\n y%zu_%zu_%zu FRESH%zu_%zu_%zu 1\n", j, s, t, j, s, t, j, s,
                t, j, s, t);
        fprintf(writer->file, " y%zu_%zu_%zu COST %.12g\n", j, s, t,
                2 * start_kwh * fmax(0, -site->steps[t].segments[0].price));
}

static void write_job(const struct writer *writer, size_t j)
{
        const struct plan_job *job = &writer->problem->jobs[j];
        size_t first, last;

        window(writer, job, &first, &last);
        for (size_t s = 0; s < writer->problem->n_sites; s++) {
                for (size_t t = first; !writer->whole && may_run(job, s) && t < last; t++)
                        write_run(writer, j, s, t);
                if (!writer->whole || !may_run(job, s))
                        continue;
                fprintf(writer->file, " u%zu_%zu ONE%zu 1\n", j, s, j);
                for (size_t t = first; t < last; t++)
                        fprintf(writer->file, " u%zu_%zu AT%zu_%zu_%zu -1\n", j, s, j, s, t);
                for (size_t t = first; t < last; t++) {
                        write_run(writer, j, s, t);
                        write_order(writer, j, s, t, last);
                        write_start(writer, j, s, t);
                }
        }
}

/* Per second: the most that power at the lowest price could pay for running the job. */
static double most_paid(const struct writer *writer, const struct plan_job *job)
{
        double most = 0;

        for (size_t s = 0; s < writer->problem->n_sites; s++) {
                const struct plan_site *site = &writer->problem->sites[s];
                double kwh = site->pue_factor * job->modes[0].watts / 1e3 / 3600;

                for (size_t t = 0; may_run(job, s) && t < site->n_steps; t++)
                        most = fmax(most, -kwh * site->steps[t].segments[0].price);
        }
        return most;
}

static void write_overrun(const struct writer *writer, size_t j)
{
        const struct plan_job *job = &writer->problem->jobs[j];

        fprintf(writer->file, " o%zu WORK%zu %.12g\n o%zu COST %.12g\n", j, j, -job->modes[0].speed, j,
                most_paid(writer, job));
}

static void write_supply(const struct writer *writer, size_t s)
{
        const struct plan_site *site = &writer->problem->sites[s];

        for (size_t t = 0; t < site->n_steps; t++)
                for (unsigned i = 0; i < site->steps[t].n_segments; i++)
                        fprintf(writer->file, " e%zu_%zu_%u POWER%zu_%zu -1\n e%zu_%zu_%u COST %.12g\n", s, t, i, s, t,
                                s, t, i, site->steps[t].segments[i].price);
        for (size_t d = 0; d < site->n_demands; d++) {
                fprintf(writer->file, " z%zu_%zu COST %.12g\n", s, d, site->demands[d].price);
                for (size_t t = 0; t < site->n_steps; t++)
                        fprintf(writer->file, " z%zu_%zu PEAK%zu_%zu_%zu -1\n", s, d, s, d, t);
        }
}

static void write_job_right_sides(const struct writer *writer, size_t j)
{
        const struct plan_job *job = &writer->problem->jobs[j];
        size_t first, last;

        window(writer, job, &first, &last);
        fprintf(writer->file, " R WORK%zu %.12g\n", j, job->work_s * (1 - PLAN_WORK_TOLERANCE));
        if (!writer->whole)
                return;
        fprintf(writer->file, " R ONE%zu 1\n", j);
        for (size_t s = 0; s < writer->problem->n_sites; s++)
                for (size_t t = first; may_run(job, s) && t < last; t++)
                        fprintf(writer->file, " R FRESH%zu_%zu_%zu 1\n", j, s, t);
}

static void write_right_sides(const struct writer *writer)
{
        const struct plan_problem *problem = writer->problem;

        fputs("RHS\n", writer->file);
        for (size_t j = 0; j < problem->n_jobs; j++)
                write_job_right_sides(writer, j);
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];
                double idle_w = site->pue_fixed_w + site->pue_factor * site->idle_w;

                for (size_t t = 0; t < site->n_steps; t++) {
                        fprintf(writer->file, " R GPUS%zu_%zu %u\n", s, t, site->steps[t].gpus);
                        for (size_t d = 0; d < site->n_demands; d++)
                                fprintf(writer->file, " R PEAK%zu_%zu_%zu %.12g\n", s, d, t,
                                        (site->demands[d].paid_w - idle_w) / 1e3);
                }
        }
}

/* Energy up to each segment's limit, idle power first; x, y and u are 0 or 1. */
static void write_bounds(const struct writer *writer)
{
        const struct plan_problem *problem = writer->problem;

        fputs("BOUNDS\n", writer->file);
        for (size_t j = 0; j < problem->n_jobs; j++) {
                size_t first, last;

                window(writer, &problem->jobs[j], &first, &last);
                for (size_t s = 0; s < problem->n_sites; s++) {
                        if (may_run(&problem->jobs[j], s) && writer->whole)
                                fprintf(writer->file, " UP B u%zu_%zu 1\n", j, s);
                        for (size_t t = first; may_run(&problem->jobs[j], s) && t < last; t++) {
                                fprintf(writer->file, " UP B x%zu_%zu_%zu 1\n", j, s, t);
                                if (writer->whole)
                                        fprintf(writer->file, " UP B y%zu_%zu_%zu 1\n", j, s, t);
                        }
                }
        }
        for (size_t s = 0; s < problem->n_sites; s++) {
                const struct plan_site *site = &problem->sites[s];

                for (size_t t = 0; t < site->n_steps; t++) {
                        double idle_w = site->pue_fixed_w + site->pue_factor * site->idle_w;

                        for (unsigned i = 0; i < site->steps[t].n_segments; i++) {
                                double limit_w = site->steps[t].segments[i].limit_w;

                                if (isinf(limit_w))
                                        continue;
                                fprintf(writer->file, " UP B e%zu_%zu_%u %.12g\n", s, t, i,
                                        fmax(0, limit_w - idle_w) / 1e3 * hours(writer));
                                idle_w = fmax(0, idle_w - limit_w);
                        }
                }
        }
}

static int check(const struct writer *writer, struct offpeak_error *err)
{
        const struct plan_problem *problem = writer->problem;

        for (size_t s = 0; s < problem->n_sites; s++)
                for (size_t t = 0; t < problem->sites[s].n_steps; t++)
                        if (problem->sites[s].steps[t].start != problem->now + (int64_t)t * writer->slot_s)
                                return fail(err, OFFPEAK_EINVAL, "site %s: steps are not of one length",
                                            problem->sites[s].name);
        for (size_t j = 0; j < problem->n_jobs; j++)
                if (problem->jobs[j].n_modes != 1 || problem->jobs[j].running)
                        return fail(err, OFFPEAK_EINVAL, "job %zu has more than one mode, or runs", j + 1);
        for (size_t j = 0; !writer->whole && j < problem->n_jobs; j++)
                if (problem->n_sites > 1 || problem->jobs[j].start_cost_s > 0)
                        return fail(err, OFFPEAK_EINVAL, "job %zu has to choose a site, or its starts take time", j + 1);
        return 0;
}

static void write_columns(const struct writer *writer)
{
        const struct plan_problem *problem = writer->problem;

        fputs("COLUMNS\n", writer->file);
        if (writer->whole)
                fputs(" MARK0 'MARKER' 'INTORG'\n", writer->file);
        for (size_t j = 0; j < problem->n_jobs; j++)
                write_job(writer, j);
        if (writer->whole)
                fputs(" MARK1 'MARKER' 'INTEND'\n", writer->file);
        for (size_t j = 0; writer->whole && j < problem->n_jobs; j++)
                write_overrun(writer, j);
        for (size_t s = 0; s < problem->n_sites; s++)
                write_supply(writer, s);
}

static int write_program(const struct plan_problem *problem, bool whole, const char *path, struct offpeak_error *err)
{
        struct writer writer = { .problem = problem, .whole = whole };

        writer.slot_s = (problem->horizon - problem->now) / (int64_t)problem->sites[0].n_steps;
        if (check(&writer, err) != 0)
                return OFFPEAK_EINVAL;
        writer.file = fopen(path, "w");
        if (writer.file == NULL)
                return fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        fputs("NAME offpeak FREE\n", writer.file);
        write_rows(&writer);
        write_columns(&writer);
        write_right_sides(&writer);
        write_bounds(&writer);
        fputs("ENDATA\n", writer.file);
        if (fclose(writer.file) != 0)
                return fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        return 0;
}

int plan_write_mps(const struct plan_problem *problem, const char *path, struct offpeak_error *err)
{
        return write_program(problem, true, path, err);
}

int plan_write_lp(const struct plan_problem *problem, const char *path, struct offpeak_error *err)
{
        return write_program(problem, false, path, err);
}
