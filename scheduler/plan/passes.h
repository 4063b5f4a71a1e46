/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passes.h - every job in turn is taken out, answers prices that rise with use, and is put back; then the prices settle.
 */
#ifndef OFFPEAK_PLAN_PASSES_H
#define OFFPEAK_PLAN_PASSES_H

#include "plan/optimiser.h"

/* One pass, at the prices that there are. ENOMEM. */
int passes_once(struct optimiser *optimiser, double steepness);

/*
 * Passes by seconds, until prices prove what they can: bound and proof. *ret_passes: how many the budget pays for in all, two thirds of
 * which these were. ENOMEM.
 */
int passes_prove(struct optimiser *optimiser, int *ret_passes);

/* Passes as a plan will have to have it, so that little is left to repair; their last prices are the guide. ENOMEM. */
int passes_make(struct optimiser *optimiser, int passes);

/* An estimate of what the present base prices prove; the checker has the last word. The prices that prove most are kept. ENOMEM. */
int passes_try_bound(struct optimiser *optimiser);

#endif
