/* SPDX-License-Identifier: Apache-2.0 */
/* work.h - what a job has still to do. */
#ifndef OFFPEAK_CORE_WORK_H
#define OFFPEAK_CORE_WORK_H

#include "core/state.h"

/* Seconds of progress still to make: what was left when it was last known, less the time that it ran since. Above 0. */
double work_left(const struct job *job, const struct policy_class *class, int64_t wall);

/* It runs, and nobody has told it to stop. */
bool work_goes_on(const struct job *job);

/* Whether it may be stopped and go on later: what it says itself, or else its class. */
bool work_may_pause(const struct job *job, const struct policy_class *class);

#endif
