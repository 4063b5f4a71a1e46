/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/price_ahead.h"

#include <math.h>
#include <stdlib.h>

struct price_ahead_step {
        int64_t start, end;
        int64_t price;       /* SERIES_UNKNOWN: nobody says */
        int64_t known_since; /* all is known from here to the end of the step; INT64_MAX: the step is not */
        __int128 before;     /* price x seconds of the steps before it that are known */
};

void price_ahead_init(struct price_ahead *ahead, const struct site_supply *supply, int64_t power_w, int64_t from)
{
        *ahead = (struct price_ahead){ .supply = *supply, .power_w = power_w, .from = from };
}

void price_ahead_finish(struct price_ahead *ahead)
{
        free(ahead->steps);
        *ahead = (struct price_ahead){ 0 };
}

static __int128 sum_until(const struct price_ahead_step *step, int64_t time)
{
        return step->before + (step->price == SERIES_UNKNOWN ? 0 : (__int128)step->price * (time - step->start));
}

static struct price_ahead_step *make_room(struct price_ahead *ahead)
{
        struct price_ahead_step *steps = ahead->steps;

        if ((ahead->n & (ahead->n - 1)) == 0) /* full: 0, 1, 2, 4, 8, ... steps */
                steps = realloc(ahead->steps, (ahead->n == 0 ? 1 : 2 * ahead->n) * sizeof(*steps));
        if (steps == NULL) {
                ahead->failed = true;
                return NULL;
        }
        ahead->steps = steps;
        return &steps[ahead->n];
}

static void look_further(struct price_ahead *ahead)
{
        struct price_ahead_step *step = make_room(ahead);
        const struct price_ahead_step *last = step != NULL && ahead->n > 0 ? step - 1 : NULL;
        int64_t start = last != NULL ? last->end : ahead->from;
        struct supply_curve curve;

        if (step == NULL)
                return;
        curve = site_supply_at(&ahead->supply, start);
        *step = (struct price_ahead_step){ .start = start,
                                           .end = site_supply_next_edge(&ahead->supply, start),
                                           .price = supply_average_price(&curve, ahead->power_w),
                                           .before = last != NULL ? sum_until(last, start) : 0 };
        step->known_since = last != NULL && last->known_since < start ? last->known_since : start;
        if (step->price == SERIES_UNKNOWN)
                step->known_since = INT64_MAX;
        ahead->n++;
}

/* The step that holds a time. */
static const struct price_ahead_step *step_at(const struct price_ahead *ahead, int64_t time)
{
        size_t low = 0, high = ahead->n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (ahead->steps[middle].start <= time)
                        low = middle;
                else
                        high = middle;
        }
        return &ahead->steps[low];
}

double price_ahead_mean(struct price_ahead *ahead, int64_t start, int64_t seconds)
{
        int64_t end = start + seconds;
        const struct price_ahead_step *last;
        __int128 sum;

        while (!ahead->failed && (ahead->n == 0 || ahead->steps[ahead->n - 1].end < end))
                look_further(ahead);
        if (ahead->failed || seconds <= 0)
                return NAN;
        last = step_at(ahead, end - 1);
        if (last->known_since > start)
                return NAN;
        sum = sum_until(last, end) - sum_until(step_at(ahead, start), start);
        return (double)(int64_t)(sum / seconds) + (double)(int64_t)(sum % seconds) / (double)seconds;
}
