/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/ease_starts.h"

#include <string.h>

uint32_t eased_mode(const struct plan_job *job, uint32_t mode)
{
        uint32_t best = mode;

        for (uint32_t m = 0; m < job->n_modes; m++)
                if (job->modes[m].gpus == job->modes[mode].gpus && job->modes[m].limits == job->modes[mode].limits &&
                    job->modes[m].watts < job->modes[best].watts)
                        best = m;
        return best;
}

bool starts_ease(const struct plan_job *job)
{
        if (job->start_cost_s == 0)
                return false;
        for (uint32_t m = 0; m < job->n_modes; m++)
                if (eased_mode(job, m) != m)
                        return true;
        return false;
}

/* The first seconds of interval i in another mode. */
static int change_mode(struct choice *choice, size_t i, int64_t seconds, uint32_t mode)
{
        struct plan_interval *at = &choice->intervals[i];

        if (seconds < at->end - at->start) {
                if (choice_append(choice, (struct plan_interval){ 0 }) != 0)
                        return OFFPEAK_ENOMEM;
                at = &choice->intervals[i];
                memmove(at + 1, at, (choice->n - i - 1) * sizeof(*at));
                at[1].start = at->end = at->start + seconds;
        }
        at->mode = mode;
        return 0;
}

/* Intervals that touch in one mode are one. */
static void join(struct choice *choice)
{
        size_t n = 0;

        for (size_t i = 0; i < choice->n; i++) {
                struct plan_interval *last = &choice->intervals[n > 0 ? n - 1 : 0], *at = &choice->intervals[i];

                if (n > 0 && last->end == at->start && last->site == at->site && last->mode == at->mode)
                        last->end = at->end;
                else
                        choice->intervals[n++] = *at;
        }
        choice->n = n;
}

int ease_starts(const struct plan_problem *problem, const struct plan_job *job, struct choice *choice)
{
        int64_t left_s = 0;

        if (!starts_ease(job))
                return 0;
        for (size_t i = 0; i < choice->n; i++) {
                const struct plan_interval *at = &choice->intervals[i];
                int64_t seconds = at->end - at->start;
                uint32_t mode = eased_mode(job, at->mode);

                if (job_starts_at(problem, job, choice->intervals, i))
                        left_s = job->start_cost_s;
                else if (i == 0 || !job_same_run(job, at - 1, at))
                        left_s = 0;
                seconds = left_s < seconds ? left_s : seconds;
                if (seconds > 0 && mode != at->mode && change_mode(choice, i, seconds, mode) != 0)
                        return OFFPEAK_ENOMEM;
                left_s -= seconds;
        }
        join(choice);
        return 0;
}
