/* SPDX-License-Identifier: Apache-2.0 */
/*
 * month.h - the GPU-hours of a month that a class may hold.
 *
 * Held are GPUs from the launch of an attempt until it is over, whatever came of it: what has ended is on record
 * (struct month_use), what runs is added as it goes. Months are those of UTC: a class's jobs run at sites whose tariffs
 * may keep different times. Amounts are GPU-seconds.
 */
#ifndef OFFPEAK_CORE_MONTH_H
#define OFFPEAK_CORE_MONTH_H

#include "core/state.h"

/* When the month of `time` begins, and the one after it. */
int64_t month_begin(int64_t time);
int64_t month_next(int64_t time);

/* Held by a class since the month of `wall` began. */
int64_t month_used(const struct state *state, const struct policy_class *class, int64_t wall);

/* What it may still hold in it: INT64_MAX where it has no such quota, 0 or less where that is used up. */
int64_t month_left(const struct state *state, const struct policy_class *class, int64_t wall);

/*
 * What a job will hold from now on: what is left of its work, and of one start; of its modes, the one for which that is
 * most. Of caps those count that it may have: by its class, at some site, and so that a whole month holds it.
 */
int64_t month_need(const struct state *state, const struct job *job, const struct policy_class *class, int64_t wall);

/* Is a mode with a cap, which takes longer, one that the quota of a whole month holds? */
bool month_holds_cap(const struct job *job, const struct policy_class *class, uint32_t mode, int64_t wall);

/* When what runs now will have used up a class's month, of the class to which that happens first; INT64_MAX: to none
 * this month. */
int64_t month_runs_out(const struct state *state, int64_t wall);

/*
 * A shallow copy of a policy's classes without such quotas takes their place in it; the caller frees it. NULL: ENOMEM.
 * For those who look back: which jobs a month let in was settled on the way, in the order in which they came, and what
 * is bounded from below may be bounded without.
 */
struct policy_class *month_lift(struct policy *policy);

/* For apply(): an attempt that held so many GPUs over [from, to) is over. Of the month of `to`; ENOMEM. */
int month_add(struct state *state, const char *class, int64_t gpus, int64_t from, int64_t to);

#endif
