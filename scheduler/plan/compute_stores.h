/* SPDX-License-Identifier: Apache-2.0 */
/* compute_stores.h - plan_compute() where a site stores energy. */
#ifndef OFFPEAK_PLAN_COMPUTE_STORES_H
#define OFFPEAK_PLAN_COMPUTE_STORES_H

#include "plan/plan.h"

/* On about so many slots; the problem is well-formed. As plan_compute(). */
int compute_beside_stores(const struct plan_problem *problem, const struct plan_budget *budget, size_t slots, struct plan *ret_plan,
                          struct offpeak_error *err);

#endif
