/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand.h - the demand charge, for the planner's own use: what a site's months cost, and how a month's price spreads over
 * its slots while a plan is looked for.
 *
 * The spread is a price on power: in each slot max(0, what it was + how far use is above a level), the level such that all of
 * them, x hours, sum to the month's price; where even the paid peak as the level sums to less, that is the level. This is
 * the projection on the set of spreads that prove a bound (check_bound.c).
 */
#ifndef OFFPEAK_PLAN_DEMAND_H
#define OFFPEAK_PLAN_DEMAND_H

#include "plan/slots.h"

/* Power of a site's jobs (IT side) as a step function: watts[i] during [times[i], times[i + 1]). Currency. */
double demand_cost(const struct plan_site *site, const int64_t *times, const double *watts, size_t n);

/* A month of a site while its price is being spread. */
struct demand_level {
        const struct plan_demand *demand;
        size_t first, last; /* its slots: [first, last) */
        double level_w;     /* facility power at which the spread begins to rise */
};

/* levels: one for each of the site's months. */
void demand_levels_init(const struct plan_site *site, const struct slots *slots, struct demand_level *levels);

/*
 * Find the level for use[t] W of facility power in slot t, `base` and the rise of `gain` currency per MWh and W, and write
 * the spread. Arrays are of the site's slots.
 */
void demand_spread(struct demand_level *level, const struct slots *slots, const double *use_w, const double *base,
                   double gain, double *ret_spread);

#endif
