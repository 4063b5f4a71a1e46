/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/dependents.h"

#include <stdlib.h>

int dependents_init(struct dependents *dependents, const struct plan_problem *problem)
{
        size_t n = 0;

        for (size_t j = 0; j < problem->n_jobs; j++)
                n += problem->jobs[j].n_after;
        *dependents = (struct dependents){ .jobs = calloc(n + 1, sizeof(size_t)), .n = n };
        dependents->first = calloc(problem->n_jobs + 2, sizeof(size_t));
        if (dependents->jobs == NULL || dependents->first == NULL) {
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
        return 0;
}

void dependents_finish(struct dependents *dependents)
{
        free(dependents->jobs);
        free(dependents->first);
        *dependents = (struct dependents){ 0 };
}
