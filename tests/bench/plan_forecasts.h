/* SPDX-License-Identifier: Apache-2.0 */
/* plan_forecasts.h - how long a plan takes to be made from the last one when all prices are forecast anew. */
#ifndef OFFPEAK_TESTS_PLAN_FORECASTS_H
#define OFFPEAK_TESTS_PLAN_FORECASTS_H

#include "plan/plan.h"

/*
 * A plan of a problem, and `n` times a forecast in which every price is off by a random share (standard deviation 6 %): planned
 * from the last plan's hours and multipliers with an eighth of `work` units, and without them with all of it for comparison.
 * Prints a line of JSON with medians: milliseconds, gaps, and starts moved for each job. The checker looks at every plan.
 * EINVAL, ENOMEM (in err).
 */
int plan_time_forecasts(const struct plan_problem *problem, size_t n, uint64_t work, struct offpeak_error *err);

#endif
