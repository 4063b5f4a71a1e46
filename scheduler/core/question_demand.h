/* SPDX-License-Identifier: Apache-2.0 */
/* question_demand.h - a site's demand charges as the planner takes them: months that do not overlap. */
#ifndef OFFPEAK_CORE_QUESTION_DEMAND_H
#define OFFPEAK_CORE_QUESTION_DEMAND_H

#include "core/state.h"

/*
 * The planner knows one charge at a time: it is asked with the one that costs most per kW, the others are billed without
 * being planned for. One that counts at certain hours is asked as these hours, each of the month's windows before the horizon
 * with an equal share of the price: a plan that is equally high in all of them pays what is billed.
 *
 * least_w: power that is drawn whatever is planned. ENOMEM. ret_demands is malloc'ed; NULL where there are none.
 */
int question_demands(const struct state *state, const struct site *site, int64_t now, int64_t horizon, double least_w,
                     struct plan_demand **ret_demands, size_t *ret_n);

#endif
