/* SPDX-License-Identifier: Apache-2.0 */
#include "core/width.h"

#include <math.h>

#define MICRO 1e-6
#define EXPONENT 0.9 /* of the built-in curve */

uint32_t width_modes(const struct offpeak_job_spec *spec)
{
        return 1 + (uint32_t)spec->n_widths;
}

struct offpeak_width width_of(const struct offpeak_job_spec *spec, uint32_t mode)
{
        if (mode > 0 && mode <= spec->n_widths)
                return spec->widths[mode - 1];
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

        for (uint32_t mode = 1; mode < width_modes(spec); mode++) {
                uint32_t gpus = width_gpus(spec, mode);

                least = gpus < least ? gpus : least;
        }
        return least;
}

double width_speed(const struct offpeak_job_spec *spec, uint32_t mode)
{
        return mode == 0 ? 1 : (double)width_of(spec, mode).speed_ppm * MICRO;
}

double width_fastest(const struct offpeak_job_spec *spec)
{
        double fastest = 1;

        for (uint32_t mode = 1; mode < width_modes(spec); mode++)
                fastest = fmax(fastest, width_speed(spec, mode));
        return fastest;
}

uint32_t width_held(const struct job *job)
{
        return width_gpus(&job->spec, job->attempts > 0 ? job->attempt.mode : 0);
}

/* Jobs of logs from before there were widths have no such sum. */
int64_t width_worked_s(const struct job *job)
{
        return job->spec.n_widths > 0 ? job->worked_s : job->ran_s;
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
