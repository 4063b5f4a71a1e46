/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - who runs when, under construction: intervals of every job, and what follows for the job alone.
 */
#ifndef OFFPEAK_PLAN_SCHEDULE_H
#define OFFPEAK_PLAN_SCHEDULE_H

#include "plan/plan.h"

struct choice {
        struct plan_interval *intervals; /* owned; one for each run */
        size_t n, room;
};

struct schedule {
        struct choice *jobs;
        size_t n_jobs;
};

int schedule_init(struct schedule *schedule, size_t n_jobs);
void schedule_finish(struct schedule *schedule);
int schedule_copy(struct schedule *to, const struct schedule *from); /* both of the same jobs */

int choice_set(struct choice *choice, const struct plan_interval *intervals, size_t n);
int choice_append(struct choice *choice, struct plan_interval interval);
bool choice_same(const struct choice *a, const struct choice *b);

/* True if a run from `start` on needs no start. */
bool job_goes_on(const struct plan_problem *problem, const struct plan_job *job, uint32_t site, uint32_t mode,
                 int64_t start);

/* Do two intervals touch, at one site with as many GPUs: are they one run? */
bool job_same_run(const struct plan_job *job, const struct plan_interval *before, const struct plan_interval *next);

/* True if interval i begins a run that is a start: it does not go on from the interval before, nor from what runs now. */
bool job_starts_at(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *intervals,
                   size_t i);

/* Are these intervals what the job's own rules allow: starts, minimum run, time to move, a first second of progress? */
bool job_may_run(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *intervals,
                 size_t n);

/* When a job is done: the end of its last interval, or INT64_MAX if it leaves work undone. */
int64_t schedule_end(const struct plan_problem *problem, size_t job, const struct choice *choice);

/* The first second at which it may be elsewhere than at its home; and at a site, its home or not. */
int64_t job_first_move(const struct plan_job *job);
int64_t job_first_second(const struct plan_job *job, uint32_t site);

/* What its moves cost: from home, and from site to site. */
double job_moves(const struct plan_job *job, const struct plan_interval *intervals, size_t n);

/* Seconds of running without overhead that the work takes in a mode. */
int64_t job_seconds(const struct plan_job *job, const struct plan_mode *mode);

struct outcome {
        double rest_s; /* progress left undone */
        int64_t finish;
        int64_t late_s;
        double delay, lateness, unfinished; /* their cost */
};

/* What follows for the job when it makes `progress` and its last run ends at `end`. */
struct outcome job_outcome(const struct plan_problem *problem, const struct plan_job *job, double progress,
                           int64_t end);
double job_progress(const struct plan_problem *problem, const struct plan_job *job,
                    const struct plan_interval *intervals, size_t n);

/* Delay and lateness of a job that is done at `end`. */
double job_end_cost(const struct plan_job *job, int64_t end);

/* What a start at `start` costs beside its power: plan.h's `starts`. Its run is long enough. */
double job_start_cost(const struct plan_problem *problem, const struct plan_job *job, uint32_t site, uint32_t mode,
                      int64_t start);

/* The same of all its starts; a pinned run may be over before its start is. */
double job_starts(const struct plan_problem *problem, const struct plan_job *job, const struct plan_interval *intervals,
                  size_t n);

/* Cost of a second of progress (a unit of work) left undone. */
double job_undone_rate(const struct plan_problem *problem, const struct plan_job *job);

#endif
