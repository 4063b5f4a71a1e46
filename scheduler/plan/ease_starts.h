/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ease_starts.h - a start makes no progress at any power: it is run in the mode of its width that draws least. Whatever the sign of
 * the price that saves what the start draws less (plan.h's `starts`).
 */
#ifndef OFFPEAK_PLAN_EASE_STARTS_H
#define OFFPEAK_PLAN_EASE_STARTS_H

#include "plan/schedule.h"

/* The mode for a start of a run in `mode`: itself, or one as wide, under the same limits, that draws less. */
uint32_t eased_mode(const struct plan_job *job, uint32_t mode);

/* Has the job such a mode at all, and starts that take time? */
bool starts_ease(const struct plan_job *job);

/* Run every start of a choice so. Its progress stays. ENOMEM. */
int ease_starts(const struct plan_problem *problem, const struct plan_job *job, struct choice *choice);

#endif
