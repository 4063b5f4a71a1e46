/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_up.h - list scheduling beside stores: jobs one after the other, each where it ends first (carry.h), and a search for the order in
 * which that is least late. Only what waiting costs is looked at: for problems where power is limited at every hour.
 */
#ifndef OFFPEAK_PLAN_LINE_UP_H
#define OFFPEAK_PLAN_LINE_UP_H

#include "plan/carry.h"

/*
 * Improve a schedule. Jobs that are pinned, run now, may move, come after others or have others behind them keep their hours; so do all,
 * where that is no better, or these few alone are more than supply and store carry. budget: its work is for this alone. The same
 * schedule and budget give the same result. ENOMEM.
 */
int line_up(struct schedule *schedule, const struct plan_problem *problem, const struct slots *slots, const struct plan_budget *budget,
            uint64_t *ret_work, bool *ret_better);

#endif
