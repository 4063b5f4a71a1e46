/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/uncapped.h"

#include <stdlib.h>
#include <string.h>

/* Is another mode as wide and in the same limits, but faster? */
static bool is_capped(const struct plan_job *job, size_t mode)
{
        for (size_t m = 0; m < job->n_modes; m++)
                if (job->modes[m].gpus == job->modes[mode].gpus && job->modes[m].limits == job->modes[mode].limits &&
                    job->modes[m].speed > job->modes[mode].speed)
                        return true;
        return false;
}

/* How many of its first modes are enough; all, where that cannot be said. */
static size_t count_uncapped(const struct plan_job *job)
{
        size_t n = 0;

        while (n < job->n_modes && !is_capped(job, n))
                n++;
        for (size_t m = n; m < job->n_modes; m++)
                if (!is_capped(job, m))
                        return job->n_modes;
        for (size_t i = 0; i < job->n_kept; i++)
                if (job->kept[i].mode >= n)
                        return job->n_modes;
        return job->running && job->run_mode >= n ? job->n_modes : n;
}

int uncapped_view(const struct plan_problem *problem, struct plan_problem *ret_view, struct plan_job **ret_jobs, bool *ret_any)
{
        struct plan_job *jobs = malloc((problem->n_jobs + 1) * sizeof(*jobs));

        *ret_jobs = jobs;
        *ret_any = false;
        if (jobs == NULL)
                return OFFPEAK_ENOMEM;
        memcpy(jobs, problem->jobs, problem->n_jobs * sizeof(*jobs));
        for (size_t j = 0; j < problem->n_jobs; j++) {
                jobs[j].n_modes = count_uncapped(&problem->jobs[j]);
                *ret_any = *ret_any || jobs[j].n_modes < problem->jobs[j].n_modes;
        }
        *ret_view = *problem;
        ret_view->jobs = jobs;
        return 0;
}
