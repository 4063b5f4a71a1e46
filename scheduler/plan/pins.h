/* SPDX-License-Identifier: Apache-2.0 */
/* pins.h - do the hours that jobs are pinned to fit beside one another? */
#ifndef OFFPEAK_PLAN_PINS_H
#define OFFPEAK_PLAN_PINS_H

#include "plan/problem.h"

/* EINVAL, in err, naming place and time, if pinned jobs together need more GPUs or power than a site or a limit has. ENOMEM. */
int pins_check(const struct plan_problem *problem, struct offpeak_error *err);

#endif
