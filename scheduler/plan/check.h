/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - the independent checker: every constraint, every cost, and the bound, from the problem alone.
 *
 * It shares no arithmetic with the optimiser: event sweeps over exact seconds instead of slots.
 */
#ifndef OFFPEAK_PLAN_CHECK_H
#define OFFPEAK_PLAN_CHECK_H

#include "plan/plan.h"

/* What the checker found, recomputed; nothing is taken from the plan but intervals and multipliers. */
struct plan_verdict {
        struct plan_terms terms;
        double bound;       /* from the multipliers, less its own rounding error; -INFINITY without multipliers */
        double gap;         /* terms.total - bound, and its parts: */
        double idle;        /* GPUs that have a price and are not used */
        double supply;      /* power bought dearer, or sold cheaper, than the multipliers of power say */
        double regret;      /* jobs that have dearer hours than the cheapest they could, at the multipliers */
};

/*
 * 0 if the plan keeps every constraint (see problem.h: GPUs per site at every second, power above idle only within the
 * firm limit, one site, release, minimum run, starts, intervals inside the horizon and disjoint, no more work than
 * asked) and says the truth about its own terms and results (to 1e-6 relative), and no more of a bound than its
 * multipliers prove. EINVAL with the first violation as a sentence. ret_verdict may be NULL.
 */
int plan_check(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *ret_verdict,
               struct offpeak_error *err);

/*
 * The bound that the multipliers prove, for every plan of the problem in exact seconds:
 *   sum over jobs of the least reduced cost of that job alone - GPUs x their prices + supply's own dual.
 */
int plan_bound(const struct plan_problem *problem, const struct plan_multipliers *multipliers, double *ret_bound,
               struct offpeak_error *err);

/* The parts of a checked plan's gap: terms.total and bound are there, idle, supply and regret are filled in. */
int plan_split_gap(const struct plan_problem *problem, const struct plan *plan, struct plan_verdict *verdict,
                   struct offpeak_error *err);

#endif
