/* SPDX-License-Identifier: Apache-2.0 */
/* summary.h - a series in a few numbers. */
#ifndef OFFPEAK_FEEDS_SUMMARY_H
#define OFFPEAK_FEEDS_SUMMARY_H

#include "supply/series.h"

struct summary {
        uint64_t count;    /* intervals whose value is known */
        uint64_t missing;  /* intervals whose value is not */
        uint64_t negative; /* of count */
        int64_t min, max;  /* in the series' unit; 0 with count 0 */
        double mean;
        int64_t from, to; /* from the first interval's start to the last one's end; 0: none */
};

/* Of the intervals of step_s seconds that begin in [from, to). */
struct summary summary_of(const struct series *series, int64_t step_s, int64_t from, int64_t to);

#endif
