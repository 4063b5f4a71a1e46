/* SPDX-License-Identifier: Apache-2.0 */
#include "core/work.h"

#include <math.h>

#include "core/width.h"

double work_left(const struct job *job, const struct policy_class *class, int64_t wall)
{
        double left = (1 - job->fraction) * (double)job->total_s;
        int64_t since = job->attempt.launched_at + class->start_cost_s;

        if (job->fraction_at > since)
                since = job->fraction_at;
        if (job->state == OFFPEAK_JOB_ACTIVE)
                left -= fmax(0, (double)(wall - since)) * width_speed(&job->spec, job->attempt.mode);
        return fmax(left, fmax(1, 0.01 * (double)job->total_s)); /* an overrun is given a little more at a time */
}

bool work_goes_on(const struct job *job)
{
        return job->state == OFFPEAK_JOB_ACTIVE && job->attempt.state != ATTEMPT_STOPPING;
}

bool work_may_pause(const struct job *job, const struct policy_class *class)
{
        if (job->spec.interruptible != OFFPEAK_CLASS_DECIDES)
                return job->spec.interruptible == OFFPEAK_YES;
        return class->interruptible;
}
