/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuts.h - a site's time, cut where a step, an interval of a job or a flow of the store begins or ends: between cuts nothing
 * changes.
 */
#ifndef OFFPEAK_PLAN_CUTS_H
#define OFFPEAK_PLAN_CUTS_H

#include "plan/flows.h"
#include "plan/schedule.h"

struct cuts {
        const struct plan_site *site;
        uint32_t index;
        int64_t *times; /* n + 1 */
        const struct plan_step **steps;
        double *watts; /* IT power of the jobs */
        double *flows; /* of the store, W at the meter */
        size_t n;
};

/* flows: NULL for none. ENOMEM. */
int cuts_init(struct cuts *cuts, const struct plan_problem *problem, uint32_t site, const struct schedule *schedule,
              const struct flows *flows);
void cuts_finish(struct cuts *cuts);

/* The last cut that begins no later than `time`. */
size_t cuts_find(const struct cuts *cuts, int64_t time);

#endif
