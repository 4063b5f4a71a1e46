/* SPDX-License-Identifier: Apache-2.0 */
/* work.h - what a job has still to do. */
#ifndef OFFPEAK_CORE_WORK_H
#define OFFPEAK_CORE_WORK_H

#include "core/state.h"

/*
 * Seconds of progress still to make, as asked for: what was left when it was last known, less what running since has made.
 * 0 and less for one that overruns; work_left gives that one a little more at a time.
 */
double work_rest(const struct job *job, const struct policy_class *class, int64_t wall);
double work_left(const struct job *job, const struct policy_class *class, int64_t wall);

/*
 * What the attempt's running until then makes, a start's loss not taken off: its start, which makes nothing in any mode,
 * counts second for second. And its GPUs' time, by what they draw.
 */
double work_made(const struct job *job, const struct policy_class *class, int64_t until);
double work_drawn(const struct job *job, int64_t until);

/* What it made since its progress was last known; for apply(), when its mode changes. */
double work_since_known(const struct job *job, const struct policy_class *class, int64_t wall);

/* It runs, and nobody has told it to stop. */
bool work_goes_on(const struct job *job);

/* Whether it may be stopped and go on later: what it says itself, or else its class. */
bool work_may_pause(const struct job *job, const struct policy_class *class);

#endif
