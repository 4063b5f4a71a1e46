/* SPDX-License-Identifier: Apache-2.0 */
/* make_trial.h - trials made by tests: one site, a class that pauses for nothing, series from lists of values, jobs one
 * by one. */
#ifndef OFFPEAK_TESTS_MAKE_TRIAL_H
#define OFFPEAK_TESTS_MAKE_TRIAL_H

#include "trial/contender.h"
#include "trial/tally.h"
#include "trial/trial.h"

enum { MAKE_TRIAL_START = 1767571200 }; /* 2026-01-05T00:00:00Z, a Monday */

/* The site "here", PUE 1, in EUR, and the class "default": starts cost nothing and pauses are free. trial_finish()
 * it. */
void make_trial(struct trial *trial);

/* Another site, like it. name: a literal. */
void make_site(struct trial *trial, const char *name);

void make_nodes(struct trial *trial, const char *site, size_t n, uint32_t gpus);

/* A series of `site` that begins at MAKE_TRIAL_START: EUR per MWh, g per kWh or W for step_s each; NAN: unknown. */
void make_series(struct trial *trial, const char *site, enum series_kind kind, enum trial_role role,
                 const double *values, size_t n, int64_t step_s);

/* A job submitted so long after MAKE_TRIAL_START. What is returned may be changed until the next call. */
struct trace_job *make_job(struct trial *trial, int64_t submit_s, int64_t duration_s, uint32_t gpus);

/* Jobs by submission, as a list has them, and trial_prepare, which must leave out none. */
void make_ready(struct trial *trial);

/* Run a contender, "threshold:30%"; it must succeed. outcome_finish() it. */
struct outcome make_outcome(const struct trial *trial, const char *contender);
struct tally make_tally(const struct trial *trial, const struct outcome *outcome);

/* What any outcome must keep: GPUs of each site, and runs of a job one after the other, behind its submission. */
void check_room(const struct trial *trial, const struct outcome *outcome);

/* The same, and all work is done, to the second; jobs that may not be interrupted are not. */
void check_outcome(const struct trial *trial, const struct outcome *outcome);

/* Seconds that a job ran, start costs included, and in how many runs. */
int64_t seconds_of(const struct outcome *outcome, size_t job);
size_t runs_of(const struct outcome *outcome, size_t job);

#endif
