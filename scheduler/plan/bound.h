/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.h - the bound that prices prove, as the planner computes it while it looks for the best prices.
 *
 * The checker's plan_bound() is another implementation of the same idea (see check_bound.c for why it holds) and has
 * the last word.
 */
#ifndef OFFPEAK_PLAN_BOUND_H
#define OFFPEAK_PLAN_BOUND_H

#include "plan/prices.h"

/* The bound of the base prices; *work grows by the units spent. ENOMEM. */
int prices_bound(const struct prices *prices, double *ret_bound, uint64_t *work);

#endif
