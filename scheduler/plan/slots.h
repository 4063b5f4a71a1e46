/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - the planner's slots: the horizon cut so that within one nothing changes at any site.
 *
 * They contain every edge of the steps, of the limits and of the demand charge's months. Between these they are cut at round
 * times: hours or quarters, whatever gives about as many as a plan needs, never finer than the steps ask for.
 */
#ifndef OFFPEAK_PLAN_SLOTS_H
#define OFFPEAK_PLAN_SLOTS_H

#include "plan/schedule.h"

struct slots {
        size_t n;
        int64_t *edges;      /* n + 1, from now to the horizon */
        size_t *same_until;  /* the first slot from t on that is not as long as t */
        int64_t inner_s;     /* length of every slot but the first and the last; 0: they differ */
};

/* `about`: how many there should be, if the edges that must be there do not make them more. ENOMEM. */
int slots_init(struct slots *slots, const struct plan_problem *problem, size_t about);

/* Other slots, cut where a schedule's intervals begin and end as well: whole slots are what they take. Without same_until. ENOMEM. */
int slots_cut(struct slots *ret_slots, const struct slots *slots, const struct schedule *schedule);

enum { SLOTS_COARSE = 336 }; /* a fortnight of hours */
void slots_finish(struct slots *slots);

/* The slot that holds `time`. */
size_t slots_find(const struct slots *slots, int64_t time);

static inline int64_t slots_length(const struct slots *slots, size_t t)
{
        return slots->edges[t + 1] - slots->edges[t];
}

#endif
