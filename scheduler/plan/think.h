/* SPDX-License-Identifier: Apache-2.0 */
/* think.h - an optimiser finds its best schedule. Of no use outside of compute.c and joint.c. */
#ifndef OFFPEAK_PLAN_THINK_H
#define OFFPEAK_PLAN_THINK_H

#include "plan/optimiser.h"

/* From nothing but the problem and the last plan, until the budget is spent or no more is found. ENOMEM. */
int optimiser_think(struct optimiser *optimiser);

/* From a schedule that is there, no further than jobs moving one by one. ENOMEM. */
int optimiser_improve(struct optimiser *optimiser, const struct schedule *schedule);

/* By enough to leave the last plan, if that is the best so far. */
bool optimiser_is_better(const struct optimiser *optimiser, double cost);

#endif
