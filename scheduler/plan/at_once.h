/* SPDX-License-Identifier: Apache-2.0 */
/* at_once.h - running at once (run_now.h) where sites store energy, and what the stores then best do. */
#ifndef OFFPEAK_PLAN_AT_ONCE_H
#define OFFPEAK_PLAN_AT_ONCE_H

#include "plan/flows.h"
#include "plan/schedule.h"

/*
 * Within what supply and stores hold at all times, or within supply alone, whichever is cheaper. schedule: initialised, empty. Without
 * stores it is run_now() and no flow. ENOMEM; EINVAL: pinned jobs that the stores do not carry.
 */
int at_once(const struct plan_problem *problem, struct schedule *schedule, struct flows *ret_flows, struct offpeak_error *err);

#endif
