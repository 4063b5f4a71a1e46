/* SPDX-License-Identifier: Apache-2.0 */
/*
 * best_start.h - when a run that is not paused is cheapest (or cleanest), and when dearest.
 *
 * A run of D seconds that draws evenly costs what the mean of the series over [s, s + D) says. As a function of the start
 * s that is piecewise linear, with its corners where s or s + D meets an edge of the series, so the least of all starts,
 * to the second, is at such a corner or at an end of the range. Sums are exact, in 128 bits.
 */
#ifndef OFFPEAK_LEDGER_BEST_START_H
#define OFFPEAK_LEDGER_BEST_START_H

#include <stdbool.h>
#include <stdint.h>

#include "supply/series.h"

struct best_start_request {
        const struct series *series; /* what is to be least */
        const struct series *also;   /* must be known too; may be NULL */
        int64_t first, last;         /* starts to compare, UTC seconds, both included */
        int64_t seconds;             /* how long the run takes; above 0 */
};

struct best_start {
        int64_t lowest, highest; /* starts; of equals the earliest */
        int64_t first, last;     /* the earliest and the latest possible start in the range; between them there may be holes */
        bool holes;              /* there are: some starts between them meet hours that are not known */
};

/* False: no start in the range has all its hours known. */
bool best_start_find(const struct best_start_request *request, struct best_start *ret_best);

#endif
