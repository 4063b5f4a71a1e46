/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h - what planned hours take, as changes in order of time. */
#ifndef OFFPEAK_CORE_USAGE_H
#define OFFPEAK_CORE_USAGE_H

#include <stddef.h>
#include <stdint.h>

struct usage {
        int64_t at;
        int64_t gpus;      /* more from then on; negative: fewer */
        double facility_w; /* likewise, at the meter */
};

/* Append a change to a list that grows; the caller frees it. ENOMEM. */
int usage_add(struct usage **usage, size_t *n, int64_t at, int64_t gpus, double facility_w);
/*
 * In order of time, those of one time in the order in which they were added. By digits, not by comparing: every
 * submission has all that is planned sorted. ENOMEM.
 */
int usage_sort(struct usage *usage, size_t n);

#endif
