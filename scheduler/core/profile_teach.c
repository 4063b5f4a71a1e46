/* SPDX-License-Identifier: Apache-2.0 */
/* profile_teach.c - from a profile's curves to what a job is thought to do in each of its modes. */
#include "core/profile.h"

#include <math.h>
#include <stdlib.h>

#include "core/width.h"

#define PPM      1e6
#define EXPONENT 0.9 /* beyond the widths that are known, as width.h has it */

static double value_of(const struct profile_width *width, bool power)
{
        return (double)(power ? width->power_w : width->speed_ppm);
}

/* The curve over widths: straight between those that are known. 0: nothing is. */
static double at_width(const struct job_profile *profile, uint32_t gpus, bool power)
{
        const struct profile_width *before = NULL, *after = NULL, *end;

        for (uint32_t i = 0; i < profile->n_widths; i++) {
                if (value_of(&profile->widths[i], power) <= 0)
                        continue;
                if (profile->widths[i].gpus <= gpus)
                        before = &profile->widths[i];
                else if (after == NULL)
                        after = &profile->widths[i];
        }
        end = before != NULL ? before : after;
        if (end == NULL)
                return 0;
        if (before == NULL || after == NULL)
                return value_of(end, power) * pow((double)gpus / end->gpus, power ? 1 : EXPONENT);
        return value_of(before, power) + (value_of(after, power) - value_of(before, power)) *
                                                 (gpus - before->gpus) / (after->gpus - before->gpus);
}

static struct known_mode known_of(const struct job_profile *profile, const struct job *job, uint32_t mode)
{
        uint32_t gpus = width_gpus(&job->spec, mode), level = width_level(&job->spec, mode);
        double asked = at_width(profile, width_gpus(&job->spec, 0), false);
        struct known_mode known = { 0 };

        if (asked > 0)
                known.speed_ppm = llround(at_width(profile, gpus, false) / asked * (double)profile->cap_speed_ppm[level]);
        known.power_w = llround(at_width(profile, gpus, true) * (double)profile->cap_power_ppm[level] / PPM);
        return known;
}

/* A job that has not begun takes as long as those before it of the same name and size. */
static void take_time(const struct job_profile *profile, struct job *job)
{
        double asked = at_width(profile, width_gpus(&job->spec, 0), false);
        bool same = profile->gpus == width_gpus(&job->spec, 0) && profile->time_s == job->spec.time_s;

        if (same && asked > 0 && job->attempts == 0 && job->fraction <= 0 && profile->knows_time)
                job->total_s = llround(fmin(10, fmax(0.01, PPM / asked)) * (double)job->spec.time_s);
}

int profile_teach(const struct state *state, struct job *job)
{
        const struct job_profile *guide = profile_guide(state, job);
        struct known_mode *known = NULL;
        uint32_t n = 0;

        if (guide != NULL) {
                n = width_modes(&job->spec);
                known = calloc(n, sizeof(*known));
                if (known == NULL)
                        return OFFPEAK_ENOMEM;
                for (uint32_t mode = 0; mode < n; mode++)
                        known[mode] = known_of(guide, job, mode);
                take_time(guide, job);
        }
        free(job->known);
        job->known = known;
        job->n_known = n;
        return 0;
}
