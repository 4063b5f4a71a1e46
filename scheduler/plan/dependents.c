/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/dependents.h"

#include <math.h>
#include <stdlib.h>

static int64_t shortest(const struct plan_job *job)
{
        double fastest = job->modes[0].speed;

        for (size_t m = 1; m < job->n_modes; m++)
                fastest = fmax(fastest, job->modes[m].speed);
        return (int64_t)ceil(job->work_s / fastest) + job->start_cost_s;
}

/* From the last job back: a job is due when those behind it must start. */
static void find_due(struct dependents *dependents, const struct plan_problem *problem)
{
        for (size_t j = problem->n_jobs; j-- > 0;)
                for (size_t i = dependents->first[j]; i < dependents->first[j + 1]; i++) {
                        size_t k = dependents->jobs[i];
                        struct plan_job next = dependents_hurry(dependents, problem, k);
                        int64_t due = next.deadline - shortest(&next);

                        if (next.deadline == 0)
                                continue;
                        if (dependents->due[j] == 0 || due < dependents->due[j])
                                dependents->due[j] = due > 1 ? due : 1;
                        dependents->due_cost[j] = fmax(dependents->due_cost[j], next.lateness_cost);
                }
}

struct plan_job dependents_hurry(const struct dependents *dependents, const struct plan_problem *problem, size_t j)
{
        struct plan_job job = problem->jobs[j];

        if (dependents->due[j] == 0)
                return job;
        if (job.deadline == 0 || dependents->due[j] < job.deadline)
                job.deadline = dependents->due[j];
        job.lateness_cost = fmax(job.lateness_cost, dependents->due_cost[j]);
        return job;
}

int dependents_init(struct dependents *dependents, const struct plan_problem *problem)
{
        size_t n = 0;

        for (size_t j = 0; j < problem->n_jobs; j++)
                n += problem->jobs[j].n_after;
        *dependents = (struct dependents){ .jobs = calloc(n + 1, sizeof(size_t)), .n = n };
        dependents->first = calloc(problem->n_jobs + 2, sizeof(size_t));
        dependents->due = calloc(problem->n_jobs + 1, sizeof(int64_t));
        dependents->due_cost = calloc(problem->n_jobs + 1, sizeof(double));
        if (dependents->jobs == NULL || dependents->first == NULL || dependents->due == NULL ||
            dependents->due_cost == NULL) {
                dependents_finish(dependents);
                return OFFPEAK_ENOMEM;
        }
        /* count one place further on, sum up, and fill: each first moves to where the next begins */
        for (size_t j = 0; j < problem->n_jobs; j++)
                for (size_t i = 0; i < problem->jobs[j].n_after; i++)
                        dependents->first[problem->jobs[j].after[i] + 2]++;
        for (size_t j = 2; j < problem->n_jobs + 2; j++)
                dependents->first[j] += dependents->first[j - 1];
        for (size_t j = 0; j < problem->n_jobs; j++)
                for (size_t i = 0; i < problem->jobs[j].n_after; i++)
                        dependents->jobs[dependents->first[problem->jobs[j].after[i] + 1]++] = j;
        find_due(dependents, problem);
        return 0;
}

void dependents_finish(struct dependents *dependents)
{
        free(dependents->jobs);
        free(dependents->first);
        free(dependents->due);
        free(dependents->due_cost);
        *dependents = (struct dependents){ 0 };
}
