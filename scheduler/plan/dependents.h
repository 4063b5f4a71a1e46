/* SPDX-License-Identifier: Apache-2.0 */
/* dependents.h - who comes after whom, seen from the front: of each job those that wait for it. */
#ifndef OFFPEAK_PLAN_DEPENDENTS_H
#define OFFPEAK_PLAN_DEPENDENTS_H

#include "plan/problem.h"

struct dependents {
        size_t *jobs;  /* of job j: jobs[first[j] .. first[j + 1]) */
        size_t *first; /* n_jobs + 1 */
        size_t n;      /* of all */
        /* of each job: when it must be done so that those behind it can be in time, and what an hour later costs them; 0: none */
        int64_t *due;
        double *due_cost;
};

int dependents_init(struct dependents *dependents, const struct plan_problem *problem); /* ENOMEM */
void dependents_finish(struct dependents *dependents);

/* A job with the deadline that it has for the sake of those behind it. */
struct plan_job dependents_hurry(const struct dependents *dependents, const struct plan_problem *problem, size_t job);

#endif
