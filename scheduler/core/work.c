/* SPDX-License-Identifier: Apache-2.0 */
#include "core/work.h"

#include <math.h>

#include "core/width.h"

/* Logs from before modes could change do not say it. */
static int64_t mode_since(const struct attempt *attempt)
{
        return attempt->mode_since != 0 ? attempt->mode_since : attempt->launched_at;
}

/* In its present mode. */
static double seconds_until(const struct attempt *attempt, int64_t until)
{
        return fmax(0, (double)(until - mode_since(attempt)));
}

double work_made(const struct job *job, const struct policy_class *class, int64_t until)
{
        const struct attempt *attempt = &job->attempt;
        int64_t started = attempt->launched_at + class->start_cost_s;
        double seconds = seconds_until(attempt, until), starting = seconds_until(attempt, started < until ? started : until);

        return attempt->made_s + starting + (seconds - starting) * width_speed(job, attempt->mode);
}

double work_drawn(const struct job *job, int64_t until)
{
        return job->attempt.drawn_s + seconds_until(&job->attempt, until) * width_power_share(job, job->attempt.mode);
}

double work_since_known(const struct job *job, const struct policy_class *class, int64_t wall)
{
        const struct attempt *attempt = &job->attempt;
        int64_t since = attempt->launched_at + class->start_cost_s;
        double carried = 0;

        if (job->fraction_at > since)
                since = job->fraction_at;
        if (mode_since(attempt) > since) {
                since = mode_since(attempt);
                carried = attempt->carried_s;
        }
        return carried + fmax(0, (double)(wall - since)) * width_speed(job, attempt->mode);
}

double work_rest(const struct job *job, const struct policy_class *class, int64_t wall)
{
        double left = (1 - job->fraction) * (double)job->total_s;

        return job->state == OFFPEAK_JOB_ACTIVE ? left - work_since_known(job, class, wall) : left;
}

double work_left(const struct job *job, const struct policy_class *class, int64_t wall)
{
        double rest = work_rest(job, class, wall);

        return fmax(rest, fmax(1, 0.01 * (double)job->total_s)); /* an overrun is given a little more at a time */
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
