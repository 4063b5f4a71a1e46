/* SPDX-License-Identifier: Apache-2.0 */
/* fill.h - what an optimiser has found, as a plan: results, terms, run_now, reasons, multipliers and their bound. */
#ifndef OFFPEAK_PLAN_FILL_H
#define OFFPEAK_PLAN_FILL_H

#include "plan/optimiser.h"

/* The prices of the bound leave the optimiser. ENOMEM, EINTERNAL: prices that the checker refuses (in err). */
int plan_fill(struct optimiser *optimiser, struct plan *plan, struct offpeak_error *err);

/*
 * The same for a problem with stores: `prices` has proven the bound and knows running at once, `best` the schedule on the board of what
 * the stores leave. Work is left to the caller.
 */
int plan_fill_beside_stores(const struct plan_problem *problem, struct optimiser *prices, struct optimiser *best,
                            const struct flows *flows, const struct flows *at_once, struct plan *plan, struct offpeak_error *err);

#endif
