/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timeline.h - what is used of a site at every second: GPUs and power, exact under any order of adding and removing.
 *
 * Power is kept in whole mW, each draw rounded up, so that sums come back to what they were and never flatter. The
 * last span lasts for ever: what holds at the horizon goes on behind it.
 */
#ifndef OFFPEAK_PLAN_TIMELINE_H
#define OFFPEAK_PLAN_TIMELINE_H

#include "plan/problem.h"

/* [start, next span's start). */
struct span {
        int64_t start;
        const struct plan_step *step;
        int64_t gpus;  /* used */
        int64_t power; /* IT power of jobs, mW */
        uint32_t ends; /* intervals that begin or end at `start` */
        bool fixed;    /* an edge of the steps: stays */
};

struct timeline {
        const struct plan_site *site;
        struct span *spans;
        size_t n, room;
};

/* ENOMEM. */
int timeline_init(struct timeline *timeline, const struct plan_site *site);
void timeline_finish(struct timeline *timeline);

/* The span that holds `time`. */
size_t timeline_find(const struct timeline *timeline, int64_t time);

/* Use a mode during [start, end), and take it back. ENOMEM (add only; then nothing changed). */
int timeline_add(struct timeline *timeline, int64_t start, int64_t end, const struct plan_mode *mode);
void timeline_remove(struct timeline *timeline, int64_t start, int64_t end, const struct plan_mode *mode);

/* Room for one more such mode on a span. */
bool timeline_has_room(const struct timeline *timeline, const struct span *span, const struct plan_mode *mode);

/* How long from `time` on there is room for the mode: the first second without, INT64_MAX if none. */
int64_t timeline_room_until(const struct timeline *timeline, int64_t time, const struct plan_mode *mode);

/* The same as it looks at `time`, to who thinks that the step which holds then goes on. */
int64_t timeline_seems_until(const struct timeline *timeline, int64_t time, const struct plan_mode *mode);

/* The first time from `from` on at which the mode fits for `seconds` without a break; INT64_MAX if never. */
int64_t timeline_earliest(const struct timeline *timeline, int64_t from, int64_t seconds, const struct plan_mode *mode);

#endif
