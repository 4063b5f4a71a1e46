/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reasons.h - why a job runs when it does.
 */
#ifndef OFFPEAK_PLAN_REASONS_H
#define OFFPEAK_PLAN_REASONS_H

#include "plan/board.h"

/*
 * What the schedule alone tells: PLAN_IMPOSSIBLE, PLAN_BEYOND, PLAN_LATE, PLAN_RUNNING, PLAN_NO_PRICE, PLAN_AT_ONCE,
 * or PLAN_CHEAPEST for whatever waits or pauses.
 */
enum plan_reason reason_plain(const struct plan_problem *problem, const struct schedule *schedule, size_t job);

/*
 * The same, and for what waits or pauses what it waits for: were it cheaper with the sites for itself, it is
 * PLAN_CROWDED; were it cheaper still without its deadline, PLAN_DEADLINE. `empty` is a board without jobs, `cost` the
 * job's share in the schedule. ENOMEM.
 */
int reason_full(struct board *empty, const struct schedule *schedule, size_t job, double cost,
                enum plan_reason *ret_reason);

#endif
