/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beside_stores.h - the problem that jobs see beside stores: the same jobs, and sites without stores that supply what is left.
 *
 * Widened: a site with a store may draw as much more as that can give, at a price that nothing else has; so prices can rise over what
 * is firm. Where the store can give more than the idle site draws, all power is counted with what it can give on top, and the first so
 * much costs next to nothing: so prices can fall where net power goes down to nothing.
 * Shifted: stores do in each slot what they do on average. What charges is taken off the cheapest segments; what is given is a segment
 * at the price that it has in store. Above a slot's level, power costs what it raises the month's peak, and the site has no demand
 * charge.
 * Steady: the highest constant power that supply and store hold until the horizon is the site's limit, at all times but those at
 * which they do not hold idle power (idle_lack.h).
 */
#ifndef OFFPEAK_PLAN_BESIDE_STORES_H
#define OFFPEAK_PLAN_BESIDE_STORES_H

#include "plan/dispatch.h"

struct beside_stores {
        struct plan_problem problem; /* but for sites and steps it borrows what the other points to */
        struct plan_site *sites;
        struct plan_step *steps;
        struct plan_demand *demands;
};

/* What is counted on top of the power of a widened site: W at the meter. */
double widened_by(const struct plan_site *site);

bool problem_has_stores(const struct plan_problem *problem);

/* ENOMEM; beside_stores_finish() also then. */
int beside_stores_widen(struct beside_stores *beside, const struct plan_problem *problem);

/* demand: currency per MWh, as in plan_multipliers: what spreads the demand charge. NULL: nothing. */
int beside_stores_shift(struct beside_stores *beside, const struct plan_problem *problem, const struct slots *slots,
                        const struct dispatch *dispatch, const double *demand);

int beside_stores_steady(struct beside_stores *beside, const struct plan_problem *problem);
void beside_stores_finish(struct beside_stores *beside);

#endif
