/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/variant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/error.h>

struct variant_steps {
        struct plan_step *at;
        size_t n, room;
};

static int copy_steps(struct variant *variant, size_t s)
{
        const struct plan_site *site = &variant->sites[s];
        struct variant_steps *steps = &variant->steps[s];

        steps->at = malloc((site->n_steps + 1) * sizeof(*steps->at));
        if (steps->at == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(steps->at, site->steps, site->n_steps * sizeof(*steps->at));
        steps->n = site->n_steps;
        steps->room = site->n_steps + 1;
        variant->sites[s].steps = steps->at;
        return 0;
}

int variant_init(struct variant *variant, const struct plan_problem *problem)
{
        *variant = (struct variant){ .problem = *problem, .job = problem->jobs[0] };
        variant->sites = calloc(problem->n_sites + 1, sizeof(*variant->sites));
        variant->steps = calloc(problem->n_sites + 1, sizeof(*variant->steps));
        if (variant->sites == NULL || variant->steps == NULL)
                goto fail;
        memcpy(variant->sites, problem->sites, problem->n_sites * sizeof(*variant->sites));
        for (size_t s = 0; s < problem->n_sites; s++)
                if (copy_steps(variant, s) != 0)
                        goto fail;
        variant->job.kept = NULL;
        variant->job.n_kept = 0;
        variant->problem.sites = variant->sites;
        variant->problem.jobs = &variant->job;
        variant->problem.n_jobs = 1;
        return 0;
fail:
        variant_finish(variant);
        return OFFPEAK_ENOMEM;
}

void variant_finish(struct variant *variant)
{
        for (size_t s = 0; variant->steps != NULL && s < variant->problem.n_sites; s++)
                free(variant->steps[s].at);
        free(variant->steps);
        free(variant->sites);
        *variant = (struct variant){ 0 };
}

void variant_bind(struct variant *variant, uint32_t site, uint32_t mode)
{
        struct plan_job *job = &variant->job;
        bool goes_on = job->running && job->modes[mode].gpus == job->modes[job->run_mode].gpus;

        variant->mode = job->modes[mode];
        if (variant->mode.gpus > 0) /* delay counts the GPUs of the first mode */
                job->delay_cost *= (double)job->modes[0].gpus / variant->mode.gpus;
        job->sites = UINT64_C(1) << site;
        job->modes = &variant->mode;
        job->n_modes = 1;
        job->running = goes_on;
        job->run_mode = 0;
}

/* ---- steps */

static size_t step_at(const struct plan_step *steps, size_t n, int64_t time)
{
        size_t low = 0, high = n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (steps[middle].start <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* Make a step begin at `time`. */
static int split(struct variant *variant, size_t s, int64_t time)
{
        struct variant_steps *steps = &variant->steps[s];
        size_t t = step_at(steps->at, steps->n, time);

        if (steps->n == 0 || time <= steps->at[t].start || time >= variant->problem.horizon)
                return 0;
        if (steps->n == steps->room) {
                struct plan_step *grown = realloc(steps->at, 2 * steps->room * sizeof(*grown));

                if (grown == NULL)
                        return OFFPEAK_ENOMEM;
                steps->at = grown;
                steps->room *= 2;
                variant->sites[s].steps = grown;
        }
        memmove(&steps->at[t + 2], &steps->at[t + 1], (steps->n - t - 1) * sizeof(*steps->at));
        steps->at[t + 1] = steps->at[t];
        steps->at[t + 1].start = time;
        variant->sites[s].n_steps = ++steps->n;
        return 0;
}

int variant_close(struct variant *variant, uint32_t site, int64_t from, int64_t to)
{
        struct variant_steps *steps = &variant->steps[site];

        if (split(variant, site, from) != 0 || split(variant, site, to) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t t = 0; t < steps->n; t++)
                if (steps->at[t].start >= from && steps->at[t].start < to)
                        steps->at[t].gpus = 0;
        return 0;
}

/* Let steps begin wherever those of the other sites do. */
static int split_like(struct variant *variant, const struct plan_site *sites)
{
        for (size_t s = 0; s < variant->problem.n_sites; s++)
                for (size_t t = 0; t < sites[s].n_steps; t++)
                        if (split(variant, s, sites[s].steps[t].start) != 0)
                                return OFFPEAK_ENOMEM;
        return 0;
}

int variant_take_gpus(struct variant *variant, const struct plan_site *sites)
{
        if (split_like(variant, sites) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t s = 0; s < variant->problem.n_sites; s++)
                for (size_t t = 0; t < variant->steps[s].n; t++) {
                        struct plan_step *step = &variant->steps[s].at[t];

                        step->gpus = sites[s].steps[step_at(sites[s].steps, sites[s].n_steps, step->start)].gpus;
                }
        return 0;
}

int variant_take_power(struct variant *variant, const struct plan_site *sites)
{
        if (split_like(variant, sites) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t s = 0; s < variant->problem.n_sites; s++)
                for (size_t t = 0; t < variant->steps[s].n; t++) {
                        struct plan_step *step = &variant->steps[s].at[t];
                        const struct plan_step *from =
                                &sites[s].steps[step_at(sites[s].steps, sites[s].n_steps, step->start)];

                        step->n_segments = from->n_segments;
                        memcpy(step->segments, from->segments, sizeof(step->segments));
                        if (step->n_segments > 0)
                                step->segments[step->n_segments - 1].limit_w = INFINITY;
                }
        return 0;
}

void variant_hurry(struct variant *variant)
{
        for (size_t s = 0; s < variant->problem.n_sites; s++) {
                for (size_t t = 0; t < variant->steps[s].n; t++) {
                        struct plan_step *step = &variant->steps[s].at[t];

                        for (unsigned i = 0; i < step->n_segments; i++)
                                step->segments[i].price = 0;
                        step->carbon = 0;
                }
                variant->sites[s].demands = NULL;
                variant->sites[s].n_demands = 0;
        }
        variant->job.deadline = 0;
        variant->job.lateness_cost = 0;
        variant->job.delay_cost = 1;
        variant->job.earliest_finish = variant->job.release;
        variant->problem.terminal_price = 0;
        variant->problem.unfinished_cost = 1e4;
        variant->problem.over_limit_cost = 0;
}

void variant_cut(struct variant *variant, int64_t horizon)
{
        variant->problem.horizon = horizon;
        for (size_t s = 0; s < variant->problem.n_sites; s++) {
                struct variant_steps *steps = &variant->steps[s];

                while (steps->n > 1 && steps->at[steps->n - 1].start >= horizon)
                        steps->n--;
                variant->sites[s].n_steps = steps->n;
        }
}
