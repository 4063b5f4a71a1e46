/* SPDX-License-Identifier: Apache-2.0 */
/* best_start.c - corner by corner: the runs that begin or end at an edge, and those at the ends of the range. */
#include "ledger/best_start.h"

struct search {
        const struct best_start_request *request;
        struct best_start best;
        bool any;
        __int128 lowest, highest; /* value x seconds over the run */
};

/* Index of the point that holds at `time`; n_points: none does. */
static size_t point_at(const struct series *series, int64_t time)
{
        size_t low = 0, high = series->n_points;

        if (series->n_points == 0 || time < series->points[0].start || time >= series->end)
                return series->n_points;
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (series->points[middle].start <= time)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static int64_t point_end(const struct series *series, size_t i)
{
        int64_t next = i + 1 < series->n_points ? series->points[i + 1].start : series->end;

        return next < series->end ? next : series->end;
}

/* The integral over [from, to); false where it is not known throughout. */
static bool integrate(const struct series *series, int64_t from, int64_t to, __int128 *ret_sum)
{
        __int128 sum = 0;

        for (size_t i = point_at(series, from); from < to; i++) {
                int64_t until;

                if (i >= series->n_points || from >= series->end || series->points[i].value == SERIES_UNKNOWN)
                        return false;
                until = point_end(series, i) < to ? point_end(series, i) : to;
                sum += (__int128)series->points[i].value * (until - from);
                from = until;
        }
        *ret_sum = sum;
        return true;
}

static void try_start(struct search *search, int64_t start)
{
        const struct best_start_request *request = search->request;
        int64_t end = start + request->seconds;
        struct best_start *best = &search->best;
        __int128 sum, ignored;

        if (start < request->first || start > request->last)
                return;
        if (!integrate(request->series, start, end, &sum) ||
            (request->also != NULL && !integrate(request->also, start, end, &ignored)))
                return;
        if (!search->any || sum < search->lowest || (sum == search->lowest && start < best->lowest)) {
                search->lowest = sum;
                best->lowest = start;
        }
        if (!search->any || sum > search->highest || (sum == search->highest && start < best->highest)) {
                search->highest = sum;
                best->highest = start;
        }
        best->first = !search->any || start < best->first ? start : best->first;
        best->last = !search->any || start > best->last ? start : best->last;
        search->any = true;
}

static void try_edges(struct search *search, const struct series *series)
{
        for (size_t i = 0; i <= series->n_points; i++) {
                int64_t edge = i < series->n_points ? series->points[i].start : series->end;

                if (edge < search->request->first)
                        continue;
                try_start(search, edge);
                try_start(search, edge - search->request->seconds);
        }
}

/* Is there a hole between the first and the last possible start? Then some run between them meets it. */
static bool has_hole(const struct series *series, int64_t from, int64_t to)
{
        for (size_t i = 0; i < series->n_points; i++)
                if (series->points[i].value == SERIES_UNKNOWN && series->points[i].start < to && point_end(series, i) > from &&
                    series->points[i].start < series->end)
                        return true;
        return false;
}

bool best_start_find(const struct best_start_request *request, struct best_start *ret_best)
{
        struct search search = { .request = request };

        try_start(&search, request->first);
        try_start(&search, request->last);
        try_edges(&search, request->series);
        if (request->also != NULL)
                try_edges(&search, request->also);
        if (!search.any)
                return false;
        search.best.holes = has_hole(request->series, search.best.first, search.best.last + request->seconds) ||
                            (request->also != NULL &&
                             has_hole(request->also, search.best.first, search.best.last + request->seconds));
        *ret_best = search.best;
        return true;
}
