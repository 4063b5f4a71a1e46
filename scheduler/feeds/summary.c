/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/summary.h"

/* How many intervals begin in [start, end); a piece of one, as a short day is, counts as one. */
static uint64_t intervals(int64_t start, int64_t end, int64_t step_s)
{
        int64_t n = (end - start + step_s / 2) / step_s;

        return n > 0 ? (uint64_t)n : 1;
}

static void count_known(struct summary *summary, int64_t value, __int128 *sum)
{
        summary->min = summary->count == 0 || value < summary->min ? value : summary->min;
        summary->max = summary->count == 0 || value > summary->max ? value : summary->max;
        summary->negative += value < 0;
        summary->count++;
        *sum += value;
}

struct summary summary_of(const struct series *series, int64_t step_s, int64_t from, int64_t to)
{
        struct summary summary = { 0 };
        __int128 sum = 0;

        for (size_t i = 0; i < series->n_points; i++) {
                const struct series_point *point = &series->points[i];
                int64_t end = i + 1 < series->n_points ? series->points[i + 1].start : series->end;
                int64_t start = point->start;

                if (point->value == SERIES_UNKNOWN) { /* of a hole a part may lie in the time asked for */
                        start = start < from ? from : start;
                        end = end > to ? to : end;
                }
                if (start < from || start >= to || start >= end)
                        continue;
                if (point->value == SERIES_UNKNOWN)
                        summary.missing += intervals(start, end, step_s);
                else
                        count_known(&summary, point->value, &sum);
                summary.from = summary.from == 0 ? start : summary.from;
                summary.to = end;
        }
        if (summary.count > 0)
                summary.mean = (double)sum / (double)summary.count;
        return summary;
}
