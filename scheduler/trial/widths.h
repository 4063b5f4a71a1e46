/* SPDX-License-Identifier: Apache-2.0 */
/*
 * widths.h - the widths that a trial's jobs may have beside their own.
 *
 * With profiles a job has those of its class that lie from min_gpus to max_gpus, all where neither is said, each as fast as the
 * profile has it against the job's own width; where the trace says no power, the profile's too. Without, a job that says min_gpus
 * or max_gpus may be halved and doubled within them, by the core's built-in curve (core/width.h).
 */
#ifndef OFFPEAK_TRIAL_WIDTHS_H
#define OFFPEAK_TRIAL_WIDTHS_H

#include "trial/trial.h"

struct trial_width {
        uint32_t gpus;
        double speed; /* against the job's own width */
        double watts; /* whole job, above idle, IT side */
};

/*
 * For trial_prepare: of the jobs that are left, and their power. A job of a class with a profile that lacks its own width stays
 * rigid, with a finding. EINVAL: a class with more widths than a job may have; ENOMEM.
 */
int widths_prepare(struct trial *trial, struct offpeak_error *err);

/* Those of job j beside its own, ascending. */
const struct trial_width *widths_of(const struct trial *trial, size_t j, size_t *ret_n);

/* W that it draws at one of its widths under a cap of that level (core/caps.h), whole job, above idle, IT side. */
double widths_watts(const struct trial *trial, size_t j, uint32_t gpus, uint32_t level);

#endif
