/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fit_deadline.h - why one job cannot be done by a time, how much is missing, and from when on it can.
 */
#ifndef OFFPEAK_PLAN_FIT_DEADLINE_H
#define OFFPEAK_PLAN_FIT_DEADLINE_H

#include "plan/alternatives.h"

enum fit_cause {
        FIT_NOTHING = 0,    /* it can be done in time, or nobody knows: that lies behind the horizon */
        FIT_TIME,           /* the time is too short, were it alone with all the power in the world */
        FIT_GPUS,           /* others have the GPUs */
        FIT_POWER,          /* power is limited, or others draw it */
        FIT_GPUS_AND_POWER, /* both: without either limit alone it would still be late */
};
const char *fit_cause_name(enum fit_cause cause); /* "nothing", "time", "gpus", "power", "gpus and power" */

struct deadline_fit {
        enum fit_cause cause;
        double missing_gpu_s; /* GPU-seconds of its work that cannot be done in time */
        int64_t earliest;     /* when it can be done at the earliest, cost what it may; 0: not before the horizon */
        int64_t deadline;     /* the earliest end that a plan at the problem's prices keeps: what lateness costs is weighed
                                 against power. Never before `earliest`; 0: none before the horizon */
        int64_t release;      /* the latest it may begin to be in time, if it may not begin early enough; 0: that is not it */
};

/* Could the question's job be done by `deadline`? Its present hours do not matter. ENOMEM; ret is written on success only. */
int fit_deadline(const struct lone_question *question, int64_t deadline, struct deadline_fit *ret);

#endif
