/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/summary.h"

/* How many intervals begin in [start, end); a piece of one, as a short day is, counts as one. */
static uint64_t intervals(int64_t start, int64_t end, int64_t step_s)
{
        int64_t n = (end - start + step_s / 2) / step_s;

        return n > 0 ? (uint64_t)n : 1;
}

static void count_known(struct summary *summary, int64_t value, uint64_t n, __int128 *sum)
{
        summary->min = summary->count == 0 || value < summary->min ? value : summary->min;
        summary->max = summary->count == 0 || value > summary->max ? value : summary->max;
        summary->negative += value < 0 ? n : 0;
        summary->count += n;
        *sum += (__int128)value * (__int128)n;
}

/* The first time from `from` on at which an interval of a point begins. */
static int64_t begin_from(int64_t start, int64_t from, int64_t step_s)
{
        return start >= from ? start : start + (from - start + step_s - 1) / step_s * step_s;
}

/* The part of a point's time in [from, to): of a hole just that, else the whole intervals that begin in it. False: none. */
static bool clip(bool known, int64_t step_s, int64_t from, int64_t to, int64_t *start, int64_t *end)
{
        if (*start < from)
                *start = known ? begin_from(*start, from, step_s) : from;
        if (*start < to && *end > to) {
                int64_t cut = known ? begin_from(*start, to, step_s) : to;

                *end = cut < *end ? cut : *end;
        }
        return *start < to && *start < *end;
}

struct summary summary_of(const struct series *series, int64_t step_s, int64_t from, int64_t to)
{
        struct summary summary = { 0 };
        __int128 sum = 0;

        for (size_t i = 0; i < series->n_points; i++) {
                const struct series_point *point = &series->points[i];
                int64_t end = i + 1 < series->n_points ? series->points[i + 1].start : series->end;
                int64_t start = point->start;

                if (!clip(point->value != SERIES_UNKNOWN, step_s, from, to, &start, &end))
                        continue;
                if (point->value == SERIES_UNKNOWN)
                        summary.missing += intervals(start, end, step_s);
                else
                        count_known(&summary, point->value, intervals(start, end, step_s), &sum);
                summary.from = summary.from == 0 ? start : summary.from;
                summary.to = end;
        }
        if (summary.count > 0)
                summary.mean = (double)sum / (double)summary.count;
        return summary;
}
