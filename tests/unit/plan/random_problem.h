/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_problem.h - planning problems from a seed, from a handful of seconds to a fleet over two weeks.
 */
#ifndef OFFPEAK_TEST_RANDOM_PROBLEM_H
#define OFFPEAK_TEST_RANDOM_PROBLEM_H

#include "plan/problem.h"

struct random_shape {
        size_t n_sites, n_steps, n_jobs, n_modes; /* n_modes: at most */
        int64_t step_s;                           /* length of a step; irregular: 1 to 2 x as long */
        bool irregular;
        int64_t work_s;       /* of a job, at most */
        double skew;          /* 0: all lengths alike; 2: many short jobs, few long ones */
        int64_t start_cost_s; /* at most */
        int64_t min_run_s;    /* at most */
        uint32_t gpus;        /* of a site */
        uint32_t job_gpus;    /* of a job, at most */
        double watts_per_gpu;
        double price;           /* about, per MWh */
        double negative;        /* share of steps with a negative price */
        double two_segments;    /* share of sites with a cheap first segment (a reactor) */
        double limited;         /* share of sites with a firm limit that binds */
        double outages;         /* share of steps with fewer GPUs or less power */
        double demands;         /* share of sites with a demand charge, in one month or two */
        double running;         /* share of jobs that run */
        double deadlines;       /* share of jobs with a deadline */
        double delays;          /* share of jobs whose delay costs */
        double once;            /* share of jobs that cannot be interrupted */
        double limits;          /* chance of a pool or a quota, each */
        double afters;          /* share of jobs that come after an earlier one */
        double movers;          /* share of jobs that may move */
        double risks;           /* share of steps whose price is not known, and of jobs that mind */
        double fractions;       /* share of jobs with odd speeds and fractional work */
        double unfinished_cost; /* per GPU-hour; 0: dearer than anything */
};

struct random_problem {
        struct plan_problem problem;
        struct plan_site *sites;
        struct plan_step *steps;
        struct plan_demand *demands; /* two for each site */
        struct plan_job *jobs;
        struct plan_mode *modes;
        struct plan_limit limits[2];
        struct plan_limit_step limit_steps[4];
        size_t *after; /* one for each job */
};

uint64_t random_next(uint64_t *seed);                            /* splitmix64 */
double random_unit(uint64_t *seed);                              /* [0, 1) */
int64_t random_range(uint64_t *seed, int64_t low, int64_t high); /* both included */

void random_problem_init(struct random_problem *random, uint64_t seed, const struct random_shape *shape);
void random_problem_finish(struct random_problem *random);

#endif
