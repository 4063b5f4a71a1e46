/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle_lack.h - the part of idle power that supply and store cannot carry even if no job runs. It is above the limit whatever a plan
 * does: that is no reason why jobs at other times could not be carried.
 */
#ifndef OFFPEAK_PLAN_IDLE_LACK_H
#define OFFPEAK_PLAN_IDLE_LACK_H

#include "plan/problem.h"

/*
 * ret_w[t]: W at the meter, on average over the site's step t; 0 where all is carried. The store charges all it can, and gives while it
 * has anything that need not be in it later.
 */
void idle_lack(const struct plan_problem *problem, const struct plan_site *site, double *ret_w);

#endif
