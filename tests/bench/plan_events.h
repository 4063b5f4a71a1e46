/* SPDX-License-Identifier: Apache-2.0 */
/* plan_events.h - how long a plan takes to be right again after one event. */
#ifndef OFFPEAK_TESTS_PLAN_EVENTS_H
#define OFFPEAK_TESTS_PLAN_EVENTS_H

#include "plan/plan.h"

/*
 * From a plan of a problem: `n` times a job goes, comes back, and a price changes by up to 2 per MWh (or back). Prints one line of
 * JSON for each kind: times, how many other jobs moved, and the gap after the last event, when the checker looks at the plan.
 * EINVAL, ENOMEM (in err).
 */
int plan_time_events(const struct plan_problem *problem, const struct plan *plan, size_t n, struct offpeak_error *err);

#endif
