/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_storage.h - stores: what a plan's flows do to them and to the site's power, and what values of energy in them prove.
 * Part of the checker.
 */
#ifndef OFFPEAK_PLAN_CHECK_STORAGE_H
#define OFFPEAK_PLAN_CHECK_STORAGE_H

#include "plan/check_pieces.h"

/*
 * EINVAL, in err, with the first flow that is none, overlaps another, is more than its store can do, leaves it fuller than it
 * can be or emptier than it may. ret_cost[s]: what site s has less in store at the horizon, in currency.
 */
int storage_check(const struct plan_problem *problem, const struct plan *plan, double *ret_cost, struct offpeak_error *err);

/*
 * May a site that draws `power` without its store do this flow in a step? EINVAL, in err. jobs_on: jobs may not draw above the
 * firm limit.
 */
int storage_check_power(const struct plan_site *site, const struct plan_step *step, int64_t time, double power, double flow,
                        struct offpeak_error *err);

/*
 * As piece_supply_dual(), with a store: min over the jobs' power and the flow x of
 *   F(net) - F(idle, as far as it is firm) - price (power - idle) + demand (net - paid) - stored x what x adds to the store
 */
double storage_piece_dual(const struct plan_problem *problem, const struct plan_site *site, const struct piece *piece, double most);

/* What the values are worth at the slots' edges: sum of the least of (value before - value after) x energy. *size as in check_bound.h. */
double storage_edges_dual(const struct plan_problem *problem, const struct plan_multipliers *multipliers, uint32_t site, double *size);

#endif
