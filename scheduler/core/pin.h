/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin.h - hours that a job keeps, whatever they cost.
 *
 * A pin is on record (job.pins) until it is taken off or the last of its hours is over. Every plan gives the job what
 * is left of them, and at their end what its work needs beyond. Where they cannot be had any more, as nodes or power
 * were lost, the plan places the job as any other; the next one tries the pin again.
 */
#ifndef OFFPEAK_CORE_PIN_H
#define OFFPEAK_CORE_PIN_H

#include "core/decide.h"

/* Is the job pinned, and not over? */
bool pin_holds(const struct job *job, int64_t wall);

/*
 * The hours that a plan from `now` to `horizon` has to give a job that may not begin before `release`: written to ret,
 * with room for job->n_pins. How many; 0: the pin says nothing more, or its work does not end before the horizon.
 */
size_t pin_hours(const struct job *job, const struct policy_class *class, int64_t now, int64_t release, int64_t horizon,
                 struct plan_interval *ret);

/* Can these jobs, all pinned, have their kept hours at once at a problem's sites? Its own jobs are left aside. ENOMEM;
 * EINVAL. */
int pin_fit(const struct plan_problem *problem, const struct plan_job *pinned, size_t n, struct offpeak_error *err);

#endif
