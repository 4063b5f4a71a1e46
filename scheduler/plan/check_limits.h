/* SPDX-License-Identifier: Apache-2.0 */
/* check_limits.h - pools and quotas are kept at every second: part of the checker. */
#ifndef OFFPEAK_PLAN_CHECK_LIMITS_H
#define OFFPEAK_PLAN_CHECK_LIMITS_H

#include "plan/plan.h"

/* EINVAL, in err, naming limit and time, if more GPUs are in use at once than a limit allows. ENOMEM. The plan's shape is checked. */
int limits_check(const struct plan_problem *problem, const struct plan *plan, struct offpeak_error *err);

#endif
