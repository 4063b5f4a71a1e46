/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/publish.h"

#include <offpeak/error.h>

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define NOON (12 * HOUR)

enum manner { AHEAD, MEASURED, KNOWN };

static enum manner manner_of(enum series_kind kind)
{
        if (kind == SERIES_PRICE || (int)kind == SERIES_EXPORT_PRICE)
                return AHEAD;
        return kind == SERIES_CARBON || (int)kind == SERIES_SOLAR || series_kind_is_ppa(kind) ? MEASURED : KNOWN;
}

static int64_t floor_to(int64_t time, int64_t step)
{
        return time - (time % step + step) % step;
}

int64_t publish_until(enum series_kind kind, int64_t time)
{
        int64_t midnight = floor_to(time, DAY);

        switch (manner_of(kind)) {
        case AHEAD:
                return midnight + (time - midnight >= NOON ? 2 * DAY : DAY);
        case MEASURED:
                return floor_to(time, HOUR) + HOUR; /* the hour that began is what was last measured */
        default:
                return INT64_MAX;
        }
}

int64_t publish_next(enum series_kind kind, int64_t time)
{
        switch (manner_of(kind)) {
        case AHEAD:
                return floor_to(time - NOON, DAY) + DAY + NOON;
        case MEASURED:
                return floor_to(time, HOUR) + HOUR;
        default:
                return INT64_MAX;
        }
}

int publish_series(const struct series *series, int64_t time, struct series *ret_series)
{
        int64_t until = publish_until(series->kind, time);

        if (series_copy(series, ret_series) != 0)
                return OFFPEAK_ENOMEM;
        while (ret_series->n_points > 0 && ret_series->points[ret_series->n_points - 1].start >= until)
                ret_series->n_points--;
        if (ret_series->end > until)
                ret_series->end = until;
        return 0;
}
