/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/widths.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/caps.h"
#include "core/room.h"
#include "core/width.h"
#include "trial/needs.h"

#define MILLI 1e-3

static int add(struct trial *trial, size_t j, struct trial_width width, struct offpeak_error *err)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        struct trial_width *kept;
        uint32_t nodes, each;

        if (width.gpus == job->gpus || !needs_nodes(trial, job, width.gpus, &nodes, &each))
                return 0;
        if (trial->n_widths - trial->first_width[j] == OFFPEAK_MAX_WIDTHS)
                return fail(err, OFFPEAK_EINVAL,
                            "job %.64s may have more than %d widths: bound them with min_gpus and max_gpus, or leave rows out of "
                            "the profile", job->id, OFFPEAK_MAX_WIDTHS + 1);
        kept = room_for_one((void **)&trial->widths, trial->n_widths, sizeof(*kept));
        if (kept == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        *kept = width;
        trial->n_widths++;
        return 0;
}

/* ---- by profile */

static bool within(const struct trace_job *job, int64_t gpus)
{
        return (job->min_gpus == 0 || gpus >= job->min_gpus) && (job->max_gpus == 0 || gpus <= job->max_gpus);
}

static bool is_own(const struct profile *row, const struct trace_job *job)
{
        return row->gpus == job->gpus && strcmp(row->class, needs_class_name(job)) == 0;
}

/* The row of the job's own width; NULL: there is none. */
static const struct profile *own_row(const struct trial *trial, const struct trace_job *job)
{
        for (size_t i = 0; i < trial->profiles.n; i++)
                if (is_own(&trial->profiles.rows[i], job))
                        return &trial->profiles.rows[i];
        return NULL;
}

static int add_profile(struct trial *trial, size_t j, const struct profile *own, struct offpeak_error *err)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        int code = 0;

        for (size_t i = 0; code == 0 && i < trial->profiles.n; i++) {
                const struct profile *row = &trial->profiles.rows[i];
                double scale = needs_watts(trial, job) / ((double)own->milliwatts * MILLI);
                struct trial_width width = { .gpus = (uint32_t)row->gpus,
                                             .speed = (double)row->throughput / (double)own->throughput,
                                             .watts = (double)row->milliwatts * MILLI * scale };

                if (strcmp(row->class, own->class) == 0 && within(job, row->gpus) && row->gpus <= UINT32_MAX)
                        code = add(trial, j, width, err);
        }
        return code;
}

static bool lacks_own(const void *context, const struct trace_job *job)
{
        const struct trial *trial = context;

        for (size_t i = 0; i < trial->profiles.n; i++)
                if (strcmp(trial->profiles.rows[i].class, needs_class_name(job)) == 0)
                        return own_row(trial, job) == NULL;
        return false;
}

/* ---- by the built-in curve */

static int add_scaled(struct trial *trial, size_t j, uint32_t gpus, struct offpeak_error *err)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        struct offpeak_width width = { .nodes = 1, .gpus_per_node = gpus };
        struct offpeak_job_spec spec = { .nodes = 1, .gpus_per_node = job->gpus, .widths = &width, .n_widths = 1 };

        width_complete(&spec);
        return add(trial, j,
                   (struct trial_width){ gpus, (double)spec.widths[0].speed_ppm * 1e-6, needs_watts(trial, job) * gpus / job->gpus }, err);
}

static int add_halves_and_doubles(struct trial *trial, size_t j, struct offpeak_error *err)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        uint32_t gpus = job->gpus;
        int code = 0;

        while (gpus % 2 == 0 && gpus / 2 >= job->min_gpus)
                gpus /= 2;
        for (; code == 0 && gpus <= job->max_gpus; gpus *= 2)
                code = add_scaled(trial, j, gpus, err);
        return code;
}

/* ---- all */

static int prepare_job(struct trial *trial, size_t j, struct offpeak_error *err)
{
        struct trace_job *job = &trial->trace.jobs[j];
        const struct profile *own = own_row(trial, job);

        if (own != NULL && isnan(job->power_w))
                job->power_w = (double)own->milliwatts * MILLI;
        if (own != NULL)
                return add_profile(trial, j, own, err);
        if (job->min_gpus != 0 && !lacks_own(trial, job))
                return add_halves_and_doubles(trial, j, err);
        return 0;
}

int widths_prepare(struct trial *trial, struct offpeak_error *err)
{
        size_t n = trial->trace.n;
        int code = 0;

        trace_sift(&trial->trace, TRACE_NO_PROFILE, lacks_own, trial, "it keeps its width");
        trial->first_width = calloc(n + 1, sizeof(*trial->first_width));
        if (trial->first_width == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t j = 0; code == 0 && j < n; j++) {
                trial->first_width[j] = trial->n_widths;
                code = prepare_job(trial, j, err);
        }
        trial->first_width[n] = trial->n_widths;
        return code;
}

const struct trial_width *widths_of(const struct trial *trial, size_t j, size_t *ret_n)
{
        *ret_n = trial->first_width != NULL ? trial->first_width[j + 1] - trial->first_width[j] : 0;
        return *ret_n > 0 ? &trial->widths[trial->first_width[j]] : NULL;
}

static double uncapped_watts(const struct trial *trial, size_t j, uint32_t gpus)
{
        size_t n;
        const struct trial_width *widths = widths_of(trial, j, &n);

        for (size_t i = 0; i < n; i++)
                if (widths[i].gpus == gpus)
                        return widths[i].watts;
        return needs_watts(trial, &trial->trace.jobs[j]);
}

double widths_watts(const struct trial *trial, size_t j, uint32_t gpus, uint32_t level)
{
        return uncapped_watts(trial, j, gpus) * caps_power(level);
}
