/* SPDX-License-Identifier: Apache-2.0 */
/* repair.h - from what the jobs answered the prices to a schedule that is strict at every second. */
#ifndef OFFPEAK_PLAN_REPAIR_H
#define OFFPEAK_PLAN_REPAIR_H

#include "plan/board.h"

/*
 * Put all jobs on as they are in `schedule`, limits or no limits, then let those that are on a crowded second move, at
 * rising penalties, until none is crowded; whoever still is goes where there is room. order: the least flexible job
 * first. ENOMEM.
 */
int repair(struct board *board, const struct schedule *schedule, const size_t *order, bool (*stop)(void *context),
           void *context);

#endif
