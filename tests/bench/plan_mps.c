/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: rows of the sites and limits first, then each job (plan_mps_job.c says how), then what power costs.
 *
 * Columns: e<s>_<t>_<i>: kWh from segment i; z<s>_<d>: kW above what month d has paid for; c<s>_<t>, g<s>_<t> and k<s>_<t>: kWh that the
 * store draws, gives, and has in it at the slot's end, b<s>_<t>: it charges, where a price below 0 would pay for both; the rest are jobs'. The
 * linear program has x as a share of the slot, and nothing else of a job.
 */
#include "bench/plan_mps.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bench/plan_mps_job.h"

static double idle_w(const struct plan_site *site)
{
        return site->pue_fixed_w + site->pue_factor * site->idle_w;
}

/* GPUs of a limit in slot t: the fewest of its steps there. */
static uint32_t limit_gpus(const struct program *program, const struct plan_limit *limit, size_t t)
{
        int64_t start = program->problem->now + (int64_t)t * program->slot_s;
        uint32_t gpus = UINT32_MAX;

        for (size_t i = 0; i < limit->n_steps && limit->steps[i].start < start + program->slot_s; i++)
                if (i + 1 == limit->n_steps || limit->steps[i + 1].start > start)
                        gpus = limit->steps[i].gpus < gpus ? limit->steps[i].gpus : gpus;
        return gpus;
}

/* What jobs take: GPUs <= those in service, kWh = those of the segments, kW <= what is paid + z. */
static void add_site_rows(struct program *program, size_t s)
{
        const struct plan_site *site = &program->problem->sites[s];
        size_t n = program->n_slots;

        for (size_t t = 0; t < n; t++) {
                program->gpus[s * n + t] = mps_row(program->mps, MPS_AT_MOST, site->steps[t].gpus, "GPUS%zu_%zu", s, t);
                program->power[s * n + t] = mps_row(program->mps, MPS_EQUAL, 0, "POWER%zu_%zu", s, t);
                if (site->store != NULL)
                        program->given[s * n + t] = mps_row(program->mps, MPS_AT_MOST, 0, "GIVEN%zu_%zu", s, t);
                for (size_t d = 0; d < site->n_demands; d++)
                        program->peaks[program->first_peak[s] + d * n + t] =
                                mps_row(program->mps, MPS_AT_MOST, (site->demands[d].paid_w - idle_w(site)) / 1e3,
                                        "PEAK%zu_%zu_%zu", s, d, t);
        }
}

static void add_limit_rows(struct program *program)
{
        for (size_t l = 0; l < program->problem->n_limits; l++)
                for (size_t t = 0; t < program->n_slots; t++)
                        program->limits[l * program->n_slots + t] =
                                mps_row(program->mps, MPS_AT_MOST, limit_gpus(program, &program->problem->limits[l], t),
                                        "LIMIT%zu_%zu", l, t);
}

/* Energy up to each segment's limit, idle power first. */
static void add_segments(struct program *program, size_t s, size_t t)
{
        const struct plan_site *site = &program->problem->sites[s];
        double idle = idle_w(site);

        for (unsigned i = 0; i < site->steps[t].n_segments; i++) {
                const struct plan_segment *segment = &site->steps[t].segments[i];
                double most = isinf(segment->limit_w) ? INFINITY
                                                      : fmax(0, segment->limit_w - idle) / 1e3 * slot_hours(program);

                mps_add(program->mps, program->power[s * program->n_slots + t],
                        mps_column(program->mps, false, segment->price, most, "e%zu_%zu_%u", s, t, i), -1);
                idle = fmax(0, idle - segment->limit_w);
        }
}

/* What flows counts in the power, the peaks and the store. */
static void add_flow(struct program *program, size_t s, size_t t, size_t column, double drawn, size_t balance, double stored)
{
        const struct plan_site *site = &program->problem->sites[s];

        mps_add(program->mps, program->power[s * program->n_slots + t], column, drawn);
        mps_add(program->mps, balance, column, -stored);
        for (size_t d = 0; d < site->n_demands; d++)
                mps_add(program->mps, program->peaks[program->first_peak[s] + d * program->n_slots + t], column,
                        drawn / slot_hours(program));
}

/* It does one or the other. */
static void bind_direction(struct program *program, size_t s, size_t t, size_t charge, double most_charge, size_t give, double most_give)
{
        size_t way = mps_column(program->mps, true, 0, 1, "b%zu_%zu", s, t);
        size_t up = mps_row(program->mps, MPS_AT_MOST, 0, "UP%zu_%zu", s, t);
        size_t down = mps_row(program->mps, MPS_AT_MOST, most_give, "DOWN%zu_%zu", s, t);

        mps_add(program->mps, up, charge, 1);
        mps_add(program->mps, up, way, -most_charge);
        mps_add(program->mps, down, give, 1);
        mps_add(program->mps, down, way, most_give);
}

/* In the store at the slot's end: k(t) - k(t-1) = what was drawn x efficiency - what was given / efficiency. */
static void add_store(struct program *program, size_t s)
{
        const struct plan_site *site = &program->problem->sites[s];
        const struct plan_store *store = site->store;
        double hours = slot_hours(program), kwh = 3.6e6;
        size_t before = 0;

        for (size_t t = 0; t < program->n_slots; t++) {
                bool first = t == 0, last = t + 1 == program->n_slots;
                const struct plan_step *step = &site->steps[t];
                double take = (store->by_step ? fmin(store->charge_w, step->charge_w) : store->charge_w) / 1e3 * hours;
                double give = store->discharge_w / 1e3 * hours;
                size_t charge = mps_column(program->mps, false, 0, take, "c%zu_%zu", s, t);
                size_t given = mps_column(program->mps, false, 0, give, "g%zu_%zu", s, t);
                size_t in = mps_column(program->mps, false, last ? -store->end_price : 0, store->energy_j / kwh, "k%zu_%zu", s, t);
                size_t balance = mps_row(program->mps, MPS_EQUAL, first ? store->start_j / kwh : 0, "STORE%zu_%zu", s, t);

                mps_add(program->mps, mps_row(program->mps, MPS_AT_LEAST, (last ? store->least_end_j : store->reserve_j) / kwh,
                                              "LEAST%zu_%zu", s, t), in, 1);
                mps_add(program->mps, balance, in, 1);
                if (!first)
                        mps_add(program->mps, balance, before, -1);
                add_flow(program, s, t, charge, 1, balance, store->charge_efficiency);
                add_flow(program, s, t, given, -1, balance, -1 / store->discharge_efficiency);
                mps_add(program->mps, program->given[s * program->n_slots + t], given, 1);
                if (program->whole && step->n_segments > 0 && step->segments[0].price < 0)
                        bind_direction(program, s, t, charge, take, given, give);
                before = in;
        }
}

static void add_supply(struct program *program, size_t s)
{
        const struct plan_site *site = &program->problem->sites[s];

        for (size_t t = 0; t < program->n_slots; t++)
                add_segments(program, s, t);
        if (site->store != NULL)
                add_store(program, s);
        for (size_t d = 0; d < site->n_demands; d++) {
                size_t z = mps_column(program->mps, false, site->demands[d].price, INFINITY, "z%zu_%zu", s, d);

                for (size_t t = 0; t < program->n_slots; t++)
                        mps_add(program->mps, program->peaks[program->first_peak[s] + d * program->n_slots + t], z, -1);
        }
}

static int check_job(const struct program *program, size_t j, struct offpeak_error *err)
{
        const struct plan_job *job = &program->problem->jobs[j];

        if (job->running || job->pinned)
                return fail(err, OFFPEAK_EINVAL, "job %zu runs, or is pinned", j + 1);
        if (job->start_cost_s >= program->slot_s || job->min_run_s > program->slot_s)
                return fail(err, OFFPEAK_EINVAL, "job %zu: its start or least run is longer than a slot", j + 1);
        for (size_t m = 1; m < job->n_modes; m++)
                if (job->modes[m].limits != job->modes[0].limits)
                        return fail(err, OFFPEAK_EINVAL, "job %zu: its modes count in different limits", j + 1);
        if (!program->whole && (program->problem->n_sites > 1 || job->start_cost_s > 0 || job->n_modes > 1))
                return fail(err, OFFPEAK_EINVAL, "job %zu has to choose a site or mode, or its starts take time",
                            j + 1);
        return 0;
}

static int check(const struct program *program, struct offpeak_error *err)
{
        const struct plan_problem *problem = program->problem;
        int code = 0;

        for (size_t s = 0; s < problem->n_sites; s++)
                for (size_t t = 0; t < problem->sites[s].n_steps; t++)
                        if (problem->sites[s].n_steps != program->n_slots ||
                            problem->sites[s].steps[t].start != problem->now + (int64_t)t * program->slot_s)
                                return fail(err, OFFPEAK_EINVAL, "site %s: steps are not of one length",
                                            problem->sites[s].name);
        for (size_t s = 0; s < problem->n_sites; s++)
                if (problem->sites[s].store != NULL && idle_w(&problem->sites[s]) > 0)
                        return fail(err, OFFPEAK_EINVAL, "site %s: a store beside idle power is not written", problem->sites[s].name);
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++)
                code = check_job(program, j, err);
        return code;
}

static int program_init(struct program *program, const struct plan_problem *problem, bool whole)
{
        size_t n_peaks = 0;

        *program = (struct program){ .problem = problem, .whole = whole, .n_slots = problem->sites[0].n_steps };
        program->slot_s = (problem->horizon - problem->now) / (int64_t)program->n_slots;
        program->mps = mps_create();
        program->gpus = calloc(problem->n_sites * program->n_slots, sizeof(size_t));
        program->power = calloc(problem->n_sites * program->n_slots, sizeof(size_t));
        program->limits = calloc(problem->n_limits * program->n_slots + 1, sizeof(size_t));
        program->given = calloc(problem->n_sites * program->n_slots, sizeof(size_t));
        program->first_peak = calloc(problem->n_sites, sizeof(size_t));
        program->jobs = calloc(problem->n_jobs + 1, sizeof(*program->jobs));
        if (program->first_peak != NULL)
                for (size_t s = 0; s < problem->n_sites; s++) {
                        program->first_peak[s] = n_peaks;
                        n_peaks += problem->sites[s].n_demands * program->n_slots;
                }
        program->peaks = calloc(n_peaks + 1, sizeof(size_t));
        return program->mps == NULL || program->gpus == NULL || program->power == NULL || program->limits == NULL || program->given == NULL ||
                               program->first_peak == NULL || program->peaks == NULL || program->jobs == NULL
                       ? OFFPEAK_ENOMEM
                       : 0;
}

static void program_finish(struct program *program)
{
        for (size_t j = 0; program->jobs != NULL && j < program->problem->n_jobs; j++)
                job_columns_finish(&program->jobs[j]);
        free(program->jobs);
        free(program->peaks);
        free(program->first_peak);
        free(program->limits);
        free(program->given);
        free(program->power);
        free(program->gpus);
        mps_destroy(program->mps);
}

static int build(struct program *program)
{
        int code = 0;

        for (size_t s = 0; s < program->problem->n_sites; s++)
                add_site_rows(program, s);
        add_limit_rows(program);
        for (size_t j = 0; code == 0 && j < program->problem->n_jobs; j++)
                code = program_add_job(program, j);
        for (size_t s = 0; s < program->problem->n_sites; s++)
                add_supply(program, s);
        return code;
}

static int write_program(const struct plan_problem *problem, bool whole, const char *path, struct offpeak_error *err)
{
        struct program program;
        int code = program_init(&program, problem, whole);

        if (code == 0 && check(&program, err) != 0) {
                program_finish(&program);
                return OFFPEAK_EINVAL;
        }
        if (code == 0)
                code = build(&program);
        if (code == 0)
                code = mps_write(program.mps, path);
        if (code == OFFPEAK_EIO)
                fail(err, code, "%s: %s", path, strerror(errno));
        else if (code != 0)
                fail(err, code, "%s: out of memory", path);
        program_finish(&program);
        return code;
}

int plan_write_mps(const struct plan_problem *problem, const char *path, struct offpeak_error *err)
{
        return write_program(problem, true, path, err);
}

int plan_write_lp(const struct plan_problem *problem, const char *path, struct offpeak_error *err)
{
        return write_program(problem, false, path, err);
}
