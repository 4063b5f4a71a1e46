/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pin.h"

#include <math.h>

#include "core/width.h"
#include "core/work.h"

bool pin_holds(const struct job *job, int64_t wall)
{
        return job->n_pins > 0 && job->pins[job->n_pins - 1].end > wall;
}

/* A cap may change on the way. */
static bool same_run(const struct job *job, const struct plan_interval *before, const struct plan_interval *next)
{
        return before->end == next->start && width_is_same(&job->spec, before->mode, next->mode);
}

static bool goes_on(const struct job *job, int64_t now, const struct plan_interval *hours)
{
        return work_goes_on(job) && hours->start == now && hours->site == job->site &&
               width_is_same(&job->spec, hours->mode, job->attempt.mode);
}

/* Seconds of progress in hours that ascend: every run but one that goes on from now loses a start. */
static int64_t progress_in(const struct job *job, const struct policy_class *class, int64_t now,
                           const struct plan_interval *hours, size_t n)
{
        int64_t progress = 0, starting = 0;

        for (size_t i = 0; i < n; i++) {
                int64_t length = hours[i].end - hours[i].start, lost;

                if (i == 0 || !same_run(job, &hours[i - 1], &hours[i]))
                        starting = goes_on(job, now, &hours[i]) ? 0 : class->start_cost_s;
                lost = starting < length ? starting : length;
                starting -= lost;
                progress += (int64_t)((double)(length - lost) * width_speed(job, hours[i].mode));
        }
        return progress;
}

size_t pin_hours(const struct job *job, const struct policy_class *class, int64_t now, int64_t release, int64_t horizon,
                 struct plan_interval *ret)
{
        int64_t from = release > now ? release : now, missing;
        size_t n = 0;

        for (uint32_t i = 0; i < job->n_pins; i++) {
                struct plan_interval hours = job->pins[i];

                hours.start = hours.start > from ? hours.start : from;
                if (hours.start < hours.end)
                        ret[n++] = hours;
        }
        if (n == 0)
                return 0;
        missing = (int64_t)ceil(work_left(job, class, now)) - progress_in(job, class, now, ret, n);
        while (missing > 0) { /* twice where the last of them does not even hold its start */
                ret[n - 1].end += (int64_t)ceil((double)missing / width_speed(job, ret[n - 1].mode));
                missing = (int64_t)ceil(work_left(job, class, now)) - progress_in(job, class, now, ret, n);
        }
        return ret[n - 1].end <= horizon ? n : 0;
}

int pin_fit(const struct plan_problem *problem, const struct plan_job *pinned, size_t n, struct offpeak_error *err)
{
        struct plan_problem alone = *problem;
        struct plan plan;
        int code;

        alone.jobs = pinned;
        alone.n_jobs = n;
        alone.last = NULL;
        plan_init(&plan);
        code = plan_run_now(&alone, &plan, err);
        plan_finish(&plan);
        return code;
}
