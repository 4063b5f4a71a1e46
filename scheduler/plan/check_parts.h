/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_parts.h - what the parts of plan_check() share: a plan that is checked, and what it was found to cost so far. Sums are long
 * double: what is compared to 1e-6 is known to far less. Of no use outside of the checker.
 */
#ifndef OFFPEAK_PLAN_CHECK_PARTS_H
#define OFFPEAK_PLAN_CHECK_PARTS_H

#include <math.h>

#include "plan/check.h"

struct job_facts {
        double rest_s; /* work not done, in seconds of progress */
        int64_t finish;
        int64_t late_s;
        long double share;
};

/* A term, and the sum of its parts' absolute values: what a relative error is relative to. */
struct amount {
        long double sum, size;
};

struct check {
        const struct plan_problem *problem;
        const struct plan *plan;
        struct offpeak_error *err;
        struct job_facts *jobs;
        struct amount supply, carbon, delay, lateness, unfinished, demand, starts, risk, moves, storage, over_limit;
};

static inline void check_add(struct amount *amount, long double part)
{
        amount->sum += part;
        amount->size += fabsl(part);
}

/* "job 7 at 2025-06-11T15:00:00Z: WHAT", as EINVAL. */
int check_refuse_job(struct check *check, size_t job, int64_t time, const char *what);

/* Each job's intervals alone: order, runs, starts, progress; fills check->jobs and what they cost by themselves. EINVAL. */
int check_jobs(struct check *check);

/*
 * Each site in one sweep over the exact seconds at which anything changes: GPUs, power, and money, of which every job gets its share.
 * EINVAL, ENOMEM.
 */
int check_sites(struct check *check);

/* W that a step gives whatever happens; above it, what is dear. */
long double check_firm_limit(const struct plan_step *step);

#endif
