/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/picture_coarse.h"

#include <stdlib.h>

enum { HOUR = 3600, DAY = 86400 };

/* The picture's time in stretches: number 0 begins at or before its beginning. */
struct stretches {
        int64_t from, to, first, length;
        size_t n;
};

/* Each is as wide as an eye can tell. */
static struct stretches stretches_of(const struct picture *picture)
{
        static const int64_t lengths[] = { 60,       300, 900,     1800,    HOUR,     2 * HOUR, 3 * HOUR,
                                           6 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY, 364 * DAY };
        struct stretches all = { .from = picture->from, .to = picture->to };
        int64_t offset = picture->utc_offset != NULL ? picture->utc_offset(picture->from) : 0;
        size_t i = 0;

        while (i < sizeof(lengths) / sizeof(lengths[0]) - 1 &&
               (all.to - all.from) / lengths[i] > PICTURE_MOST_STEPS / 2)
                i++;
        all.length = lengths[i];
        all.first = (all.from + offset) / all.length * all.length - offset;
        all.n = (size_t)((all.to - all.first + all.length - 1) / all.length);
        return all;
}

static size_t at(const struct stretches *all, int64_t time)
{
        return (size_t)((time - all->first) / all->length);
}

static int64_t start_of(const struct stretches *all, size_t i)
{
        int64_t start = all->first + (int64_t)i * all->length;

        return start > all->from ? start : all->from;
}

static int64_t end_of(const struct stretches *all, size_t i)
{
        int64_t end = all->first + (int64_t)(i + 1) * all->length;

        return end < all->to ? end : all->to;
}

/* What a step adds to the stretches that it lies in: value times seconds. */
static void spread_step(const struct picture_step *step, const struct stretches *all, struct picture_step *steps,
                        double *seconds)
{
        for (int64_t t = step->start, next; t < step->end; t = next) {
                size_t s = at(all, t);

                next = end_of(all, s) < step->end ? end_of(all, s) : step->end;
                steps[s].value += step->value * (double)(next - t);
                steps[s].forecast = steps[s].forecast || step->forecast;
                seconds[s] += (double)(next - t);
        }
}

int64_t picture_coarse_steps(const struct picture *picture, const struct picture_series *series,
                             struct picture_step **ret_steps, size_t *ret_n)
{
        struct stretches all = stretches_of(picture);
        struct picture_step *steps;
        double *seconds;
        size_t n = 0;

        if (series->n <= PICTURE_MOST_STEPS)
                return 0;
        steps = calloc(all.n, sizeof(*steps));
        seconds = calloc(all.n, sizeof(*seconds));
        if (steps == NULL || seconds == NULL) {
                free(steps);
                free(seconds);
                return OFFPEAK_ENOMEM;
        }
        for (size_t i = 0; i < series->n; i++)
                spread_step(&series->steps[i], &all, steps, seconds);
        for (size_t s = 0; s < all.n; s++) {
                struct picture_step mean = { start_of(&all, s), end_of(&all, s), 0, steps[s].forecast };

                if (seconds[s] <= 0)
                        continue;
                mean.value = steps[s].value / seconds[s];
                steps[n++] = mean;
        }
        free(seconds);
        *ret_steps = steps;
        *ret_n = n;
        return all.length;
}

/* What a load gives to the stretches that it lies in, in joules. */
static void spread_load(const struct picture_load *load, const struct stretches *all, struct picture_load *loads,
                        double *seconds)
{
        for (int64_t t = load->start, next; t < load->end; t = next) {
                size_t s = at(all, t);

                next = end_of(all, s) < load->end ? end_of(all, s) : load->end;
                for (int layer = 0; layer < PICTURE_LAYERS; layer++)
                        loads[s].watts[layer] += load->watts[layer] * (double)(next - t);
                loads[s].planned = loads[s].planned || load->planned;
                seconds[s] += (double)(next - t);
        }
}

int64_t picture_coarse_loads(const struct picture *picture, const struct picture_site *site,
                             struct picture_load **ret_loads, size_t *ret_n)
{
        struct stretches all = stretches_of(picture);
        struct picture_load *loads;
        double *seconds;
        size_t n = 0;

        if (site->n_loads <= PICTURE_MOST_STEPS)
                return 0;
        loads = calloc(all.n, sizeof(*loads));
        seconds = calloc(all.n, sizeof(*seconds));
        if (loads == NULL || seconds == NULL) {
                free(loads);
                free(seconds);
                return OFFPEAK_ENOMEM;
        }
        for (size_t i = 0; i < site->n_loads; i++)
                spread_load(&site->loads[i], &all, loads, seconds);
        for (size_t s = 0; s < all.n; s++) {
                struct picture_load mean = loads[s];

                if (seconds[s] <= 0)
                        continue;
                for (int layer = 0; layer < PICTURE_LAYERS; layer++)
                        mean.watts[layer] /= seconds[s];
                mean.start = start_of(&all, s);
                mean.end = end_of(&all, s);
                loads[n++] = mean;
        }
        free(seconds);
        *ret_loads = loads;
        *ret_n = n;
        return all.length;
}
