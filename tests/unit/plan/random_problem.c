/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plan/random_problem.h"

#include <math.h>
#include <stdlib.h>

#define NOW INT64_C(1800000000)

uint64_t random_next(uint64_t *seed)
{
        uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

double random_unit(uint64_t *seed)
{
        return (double)(random_next(seed) >> 11) / 9007199254740992.0;
}

int64_t random_range(uint64_t *seed, int64_t low, int64_t high)
{
        return low + (int64_t)(random_next(seed) % (uint64_t)(high - low + 1));
}

static bool chance(uint64_t *seed, double share)
{
        return random_unit(seed) < share;
}

static void *room(size_t n, size_t size)
{
        void *memory = calloc(n + 1, size);

        if (memory == NULL)
                abort();
        return memory;
}

/* A day's shape with noise, rounded so that sums stay readable. */
static double price_at(uint64_t *seed, const struct random_shape *shape, size_t t)
{
        double hours = (double)t * (double)shape->step_s / 3600;
        double wave = shape->step_s >= 900 ? 0.6 * sin((hours - 15) * 3.14159265 / 12) : 0;
        double price = shape->price * (1 + wave + 0.8 * (random_unit(seed) - 0.5));

        return round(chance(seed, shape->negative) ? -0.5 * price : price);
}

static void make_step(uint64_t *seed, const struct random_shape *shape, struct plan_step *step, size_t t,
                      double reactor_w, double limit_w)
{
        bool out = chance(seed, shape->outages);
        double price = price_at(seed, shape, t);

        step->carbon = (double)random_range(seed, 0, 600);
        step->gpus = out ? (uint32_t)random_range(seed, 0, shape->gpus) : shape->gpus;
        if (out && chance(seed, 0.5))
                limit_w *= 0.5;
        step->n_segments = 1;
        step->segments[0] = (struct plan_segment){ price, limit_w };
        if (reactor_w > 0) {
                double cheap = fmin(price, 0.1 * shape->price);

                step->n_segments = 2;
                step->segments[0] = (struct plan_segment){ cheap, out ? 0 : reactor_w };
                step->segments[1] = (struct plan_segment){ price, limit_w };
        }
}

static void make_site(uint64_t *seed, const struct random_shape *shape, struct plan_site *site, struct plan_step *steps,
                      const int64_t *edges)
{
        double full_w = shape->gpus * shape->watts_per_gpu;
        double reactor_w = chance(seed, shape->two_segments) ? round(0.4 * full_w) : 0;
        double limit_w = chance(seed, shape->limited) ? round(0.8 * full_w - reactor_w) : INFINITY;

        *site = (struct plan_site){ .name = "site", .steps = steps, .n_steps = shape->n_steps, .pue_factor = 1 };
        if (chance(seed, 0.5)) {
                site->idle_w = round(0.1 * full_w);
                site->pue_fixed_w = round(0.02 * full_w);
                site->pue_factor = 1.25;
                limit_w += round(0.2 * full_w);
        }
        for (size_t t = 0; t < shape->n_steps; t++) {
                steps[t].start = edges[t];
                make_step(seed, shape, &steps[t], t, reactor_w, limit_w);
        }
}

/* One month that holds all, or two that meet within. A MW of rise costs about what its energy does in some steps. */
static void make_demands(uint64_t *seed, const struct random_shape *shape, const struct plan_problem *problem,
                         struct plan_site *site, struct plan_demand *demands)
{
        double full_w = site->pue_factor * shape->gpus * shape->watts_per_gpu;
        int64_t middle = problem->now + random_range(seed, 1, problem->horizon - problem->now);

        site->demands = demands;
        site->n_demands = chance(seed, 0.5) ? 1 : 2;
        for (size_t d = 0; d < site->n_demands; d++)
                demands[d] = (struct plan_demand){
                        .start = d == 0 ? problem->now - random_range(seed, 0, 9) : middle,
                        .end = d + 1 == site->n_demands ? problem->horizon + random_range(seed, 1, 9) : middle,
                        .price = shape->price * (double)shape->step_s / 3600 * 3 * random_unit(seed),
                        .paid_w = site->pue_fixed_w + site->pue_factor * site->idle_w +
                                  round(0.5 * full_w * random_unit(seed)),
                        .interval_s = random_range(seed, 1, 2 * shape->step_s),
                };
}

static void make_modes(uint64_t *seed, const struct random_shape *shape, struct plan_job *job, struct plan_mode *modes)
{
        uint32_t gpus = (uint32_t)random_range(seed, 1, shape->job_gpus);

        job->modes = modes;
        job->n_modes = (size_t)random_range(seed, 1, (int64_t)shape->n_modes);
        for (size_t m = 0; m < job->n_modes; m++) {
                modes[m] = (struct plan_mode){ gpus, gpus * shape->watts_per_gpu, 1, 0, 0 };
                if (m % 2 == 1) /* a cap */
                        modes[m] = (struct plan_mode){ gpus, round(0.7 * gpus * shape->watts_per_gpu), 0.8, 0, 0 };
                if (m >= 2 && gpus > 1) { /* half as wide */
                        modes[m].gpus = gpus / 2;
                        modes[m].watts = round(modes[m].watts / 2);
                        modes[m].speed *= 0.55;
                }
                if (chance(seed, shape->fractions))
                        modes[m].speed *= 0.5 + random_unit(seed);
        }
}

static void make_job(uint64_t *seed, const struct random_shape *shape, const struct plan_problem *problem,
                     struct plan_job *job, struct plan_mode *modes)
{
        int64_t span = problem->horizon - problem->now;
        int64_t shortest;

        make_modes(seed, shape, job, modes);
        job->running = chance(seed, shape->running);
        job->sites = (uint64_t)random_range(seed, 1, (INT64_C(1) << problem->n_sites) - 1);
        while (job->running && (job->sites >> job->run_site & 1) == 0)
                job->run_site++;
        job->work_s = (double)random_range(seed, 1, shape->work_s);
        if (shape->skew > 0)
                job->work_s = ceil(job->work_s * pow(random_unit(seed), shape->skew));
        if (chance(seed, shape->fractions))
                job->work_s = fmax(0.25, job->work_s - random_unit(seed));
        job->release = problem->now + (job->running || chance(seed, 0.5) ? 0 : random_range(seed, 0, span / 2));
        job->start_cost_s = random_range(seed, 0, shape->start_cost_s);
        job->min_run_s = random_range(seed, 0, shape->min_run_s);
        job->max_starts = chance(seed, shape->once) ? !job->running
                          : chance(seed, 0.5)       ? (uint32_t)random_range(seed, 1, 3)
                                                    : PLAN_ANY_STARTS;
        shortest = (int64_t)ceil(job->work_s / job->modes[0].speed) + job->start_cost_s;
        job->earliest_finish = job->release + shortest;
        if (chance(seed, shape->deadlines)) {
                job->deadline = job->earliest_finish + random_range(seed, 0, span);
                job->lateness_cost = round(shape->price * job->modes[0].gpus * shape->watts_per_gpu / 1e6 * 2) + 1;
        }
        if (chance(seed, shape->delays))
                job->delay_cost = round(random_unit(seed) * shape->price * shape->watts_per_gpu / 1e6 * 1000) / 1000;
        if (chance(seed, 0.3))
                job->carbon_price = 80;
}

/* Two limits, of which the first changes once, and which modes count in them. */
static void make_limits(uint64_t *seed, const struct random_shape *shape, struct random_problem *random)
{
        struct plan_problem *problem = &random->problem;
        int64_t middle = problem->now + random_range(seed, 1, problem->horizon - problem->now - 1);

        random->limit_steps[0] = (struct plan_limit_step){ problem->now, (uint32_t)random_range(seed, 0, shape->gpus) };
        random->limit_steps[1] = (struct plan_limit_step){ middle, (uint32_t)random_range(seed, 1, shape->gpus) };
        random->limit_steps[2] = (struct plan_limit_step){ problem->now, (uint32_t)random_range(seed, 1, shape->gpus) };
        random->limits[0] = (struct plan_limit){ "pool", random->limit_steps, 2 };
        random->limits[1] = (struct plan_limit){ "quota", random->limit_steps + 2, 1 };
        problem->limits = random->limits;
        problem->n_limits = 2;
        for (size_t j = 0; j < problem->n_jobs; j++) {
                uint64_t quota = chance(seed, 0.5) ? 2 : 0;

                for (size_t m = 0; m < random->jobs[j].n_modes; m++)
                        random->modes[j * shape->n_modes + m].limits = quota | (chance(seed, 0.5) ? 1 : 0);
        }
}

static void make_ties(uint64_t *seed, const struct random_shape *shape, struct random_problem *random)
{
        struct plan_problem *problem = &random->problem;

        for (size_t j = 0; j < problem->n_jobs; j++) {
                struct plan_job *job = &random->jobs[j];

                if (j > 0 && !job->running && chance(seed, shape->afters)) {
                        random->after[j] = (size_t)random_range(seed, 0, (int64_t)j - 1);
                        job->after = &random->after[j];
                        job->n_after = 1;
                }
                if (chance(seed, shape->movers)) {
                        job->may_move = true;
                        job->home = job->running                ? job->run_site
                                    : chance(seed, 0.5)         ? PLAN_ANYWHERE
                                                                : (uint32_t)random_range(seed, 0, (int64_t)problem->n_sites - 1);
                        job->move_cost = random_unit(seed) * shape->price * shape->watts_per_gpu * (double)shape->step_s / 3.6e9;
                        job->move_s = random_range(seed, 0, shape->step_s);
                        if (!job->running && chance(seed, 0.5)) /* it has rested for a while */
                                job->rests_since = job->release - random_range(seed, 0, shape->step_s);
                }
                if (chance(seed, shape->risks))
                        job->risk = round(10 * (random_unit(seed) * 1.6 - 0.6)) / 10;
        }
        for (size_t k = 0; k < problem->n_sites * shape->n_steps; k++)
                if (chance(seed, shape->risks))
                        random->steps[k].spread = round(random_unit(seed) * shape->price);
}

void random_problem_init(struct random_problem *random, uint64_t seed, const struct random_shape *shape)
{
        struct plan_problem *problem = &random->problem;
        int64_t *edges = room(shape->n_steps + 1, sizeof(*edges));
        double watt_price = shape->price * shape->watts_per_gpu / 1e6;

        *random = (struct random_problem){
                .sites = room(shape->n_sites, sizeof(*random->sites)),
                .steps = room(shape->n_sites * shape->n_steps, sizeof(*random->steps)),
                .demands = room(2 * shape->n_sites, sizeof(*random->demands)),
                .jobs = room(shape->n_jobs, sizeof(*random->jobs)),
                .modes = room(shape->n_jobs * shape->n_modes, sizeof(*random->modes)),
                .after = room(shape->n_jobs, sizeof(*random->after)),
        };
        edges[0] = NOW;
        for (size_t t = 0; t < shape->n_steps; t++)
                edges[t + 1] =
                        edges[t] + (shape->irregular ? random_range(&seed, 1, 2 * shape->step_s) : shape->step_s);
        *problem = (struct plan_problem){ .now = NOW, .horizon = edges[shape->n_steps] };
        problem->sites = random->sites;
        problem->n_sites = shape->n_sites;
        problem->jobs = random->jobs;
        problem->n_jobs = shape->n_jobs;
        problem->terminal_price = shape->price;
        problem->unfinished_cost = shape->unfinished_cost > 0 ? shape->unfinished_cost : 50 * watt_price;
        problem->over_limit_cost = 100 * shape->price;
        for (size_t s = 0; s < shape->n_sites; s++)
                make_site(&seed, shape, &random->sites[s], &random->steps[s * shape->n_steps], edges);
        for (size_t s = 0; s < shape->n_sites && shape->demands > 0; s++)
                if (chance(&seed, shape->demands))
                        make_demands(&seed, shape, problem, &random->sites[s], &random->demands[2 * s]);
        for (size_t j = 0; j < shape->n_jobs; j++) {
                random->jobs[j].id = j + 1;
                make_job(&seed, shape, problem, &random->jobs[j], &random->modes[j * shape->n_modes]);
        }
        if (shape->limits > 0 && chance(&seed, shape->limits) && problem->horizon > problem->now + 1)
                make_limits(&seed, shape, random);
        if (shape->afters + shape->movers + shape->risks > 0)
                make_ties(&seed, shape, random);
        free(edges);
}

void random_problem_finish(struct random_problem *random)
{
        free(random->sites);
        free(random->steps);
        free(random->demands);
        free(random->jobs);
        free(random->modes);
        free(random->after);
}
