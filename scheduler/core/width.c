/* SPDX-License-Identifier: Apache-2.0 */
#include "core/width.h"

#include <math.h>

#include "core/caps.h"

#define MICRO 1e-6
#define EXPONENT 0.9 /* of the built-in curve */

uint32_t width_count(const struct offpeak_job_spec *spec)
{
        return 1 + (uint32_t)spec->n_widths;
}

uint32_t width_modes(const struct offpeak_job_spec *spec)
{
        return width_count(spec) * CAPS_LEVELS;
}

uint32_t width_level(const struct offpeak_job_spec *spec, uint32_t mode)
{
        uint32_t level = mode / width_count(spec);

        return level < CAPS_LEVELS ? level : 0;
}

uint32_t width_at_level(const struct offpeak_job_spec *spec, uint32_t mode, uint32_t level)
{
        return mode % width_count(spec) + level * width_count(spec);
}

uint32_t width_cap_ppm(const struct offpeak_job_spec *spec, uint32_t mode)
{
        uint32_t level = width_level(spec, mode);

        return level == 0 ? 0 : caps_ppm(level);
}

bool width_is_same(const struct offpeak_job_spec *spec, uint32_t a, uint32_t b)
{
        return a % width_count(spec) == b % width_count(spec);
}

struct offpeak_width width_of(const struct offpeak_job_spec *spec, uint32_t mode)
{
        uint32_t width = mode < width_modes(spec) ? mode % width_count(spec) : 0;

        if (width > 0)
                return spec->widths[width - 1];
        return (struct offpeak_width){ spec->nodes, spec->gpus_per_node, WIDTH_SPEED_AS_ASKED, spec->power_w };
}

uint32_t width_gpus(const struct offpeak_job_spec *spec, uint32_t mode)
{
        struct offpeak_width width = width_of(spec, mode);

        return width.nodes * width.gpus_per_node;
}

uint32_t width_least_gpus(const struct offpeak_job_spec *spec)
{
        uint32_t least = width_gpus(spec, 0);

        for (uint32_t mode = 1; mode < width_count(spec); mode++) {
                uint32_t gpus = width_gpus(spec, mode);

                least = gpus < least ? gpus : least;
        }
        return least;
}

/* What was measured of a mode; NULL: nothing. */
static const struct known_mode *known(const struct job *job, uint32_t mode)
{
        return mode < job->n_known ? &job->known[mode] : NULL;
}

double width_speed(const struct job *job, uint32_t mode)
{
        const struct known_mode *measured = known(job, mode);

        if (measured != NULL && measured->speed_ppm > 0)
                return (double)measured->speed_ppm * MICRO;
        return (double)width_of(&job->spec, mode).speed_ppm * MICRO * caps_speed(width_level(&job->spec, mode));
}

double width_fastest(const struct job *job)
{
        double fastest = 1;

        for (uint32_t mode = 1; mode < width_count(&job->spec); mode++)
                fastest = fmax(fastest, width_speed(job, mode));
        return fastest;
}

int64_t width_power(const struct job *job, uint32_t mode)
{
        const struct known_mode *measured = known(job, mode);

        if (measured != NULL && measured->power_w > 0)
                return measured->power_w;
        return (int64_t)((double)width_of(&job->spec, mode).power_w * caps_power(width_level(&job->spec, mode)));
}

double width_power_share(const struct job *job, uint32_t mode)
{
        int64_t asked = width_power(job, 0), here = width_power(job, mode);

        if (asked > 0 && here > 0)
                return (double)here / (double)asked;
        return (double)width_gpus(&job->spec, mode) / (double)width_gpus(&job->spec, 0) *
               caps_power(width_level(&job->spec, mode));
}

uint32_t width_held(const struct job *job)
{
        return width_gpus(&job->spec, job->attempts > 0 ? job->attempt.mode : 0);
}

/* Jobs of logs from before there were widths have no such sum. */
int64_t width_worked_s(const struct job *job)
{
        return job->worked_s > 0 || job->spec.n_widths > 0 ? job->worked_s : job->ran_s;
}

void width_complete(struct offpeak_job_spec *spec)
{
        double asked = (double)width_gpus(spec, 0);

        for (size_t i = 0; i < spec->n_widths; i++) {
                struct offpeak_width *width = &spec->widths[i];
                double share = (double)width->nodes * width->gpus_per_node / asked;

                if (width->speed_ppm == 0)
                        width->speed_ppm = (int64_t)llround(pow(share, EXPONENT) * (double)WIDTH_SPEED_AS_ASKED);
                if (width->power_w == 0)
                        width->power_w = (int64_t)llround((double)spec->power_w * share);
        }
}
