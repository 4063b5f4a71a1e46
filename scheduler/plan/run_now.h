/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_now.h - running at once as a schedule; plan_run_now() is the same as a plan.
 */
#ifndef OFFPEAK_PLAN_RUN_NOW_H
#define OFFPEAK_PLAN_RUN_NOW_H

#include "plan/schedule.h"

/* schedule: empty, of the problem's jobs; the problem is sound. ENOMEM. */
int run_now(const struct plan_problem *problem, struct schedule *schedule);

#endif
