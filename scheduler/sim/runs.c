/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/runs.h"

#include <stdlib.h>

#include <offpeak/error.h>

static int by_attempt(const void *a, const void *b)
{
        const struct sim_run *x = a, *y = b;

        if (x->job != y->job)
                return x->job < y->job ? -1 : 1;
        return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

/* Sorted runs of which those of one attempt become one. How many are left. */
static size_t join(struct sim_run *runs, size_t n)
{
        size_t unique = 0;

        for (size_t i = 0; i < n; i++) {
                struct sim_run *last = unique > 0 ? &runs[unique - 1] : NULL;

                if (last == NULL || by_attempt(last, &runs[i]) != 0) {
                        runs[unique++] = runs[i];
                        continue;
                }
                last->start = runs[i].start < last->start ? runs[i].start : last->start;
                last->end = runs[i].end > last->end ? runs[i].end : last->end;
        }
        return unique;
}

int runs_collect(const struct booking *bookings, size_t n_bookings, struct sim_run **ret_runs, size_t *ret_n)
{
        struct sim_run *runs = calloc(n_bookings + 1, sizeof(*runs));
        size_t n = 0;

        if (runs == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < n_bookings; i++) {
                const struct booking *booking = &bookings[i];

                if (booking->account == ACCOUNT_JOB && booking->end > booking->start)
                        runs[n++] = (struct sim_run){ .job = booking->job,
                                                      .attempt = booking->attempt,
                                                      .site = booking->site,
                                                      .start = booking->start,
                                                      .end = booking->end };
        }
        qsort(runs, n, sizeof(*runs), by_attempt);
        *ret_n = join(runs, n);
        *ret_runs = runs;
        return 0;
}
