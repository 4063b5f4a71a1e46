/* SPDX-License-Identifier: Apache-2.0 */
#include "core/due.h"

#include "core/after.h"

/*
 * What the plan aims at, so that a start that takes its time does not miss the deadline itself: a minute and the class's share of
 * the run time ahead of it, but no more than the slack there is.
 */
static int64_t aim(const struct job *job, const struct policy_class *class, int64_t earliest)
{
        int64_t finish = earliest + 1, margin = class->deadline_margin_ppm;
        int64_t ahead = job->spec.deadline - (margin > 0 ? 60 + (int64_t)((__int128)job->total_s * margin / 1000000) : 0);

        if (ahead >= finish)
                return ahead;
        return finish < job->spec.deadline ? finish : job->spec.deadline;
}

int64_t due_by_class(const struct state *state, const struct job *job, int64_t let_in)
{
        const struct policy_class *class = state_class(state, job);
        int64_t release = job->spec.begin > job->submitted_at ? job->spec.begin : job->submitted_at;
        int64_t last_end = after_last_end(state, job);

        release = last_end > release ? last_end : release;
        release = let_in > release ? let_in : release;

        return class->max_delay_s > 0 ? release + class->max_delay_s + class->start_cost_s + job->total_s : 0;
}

bool due_class_decides(const struct state *state, const struct job *job)
{
        int64_t latest = due_by_class(state, job, 0);

        return latest != 0 && (job->spec.deadline == 0 || latest <= job->spec.deadline);
}

int64_t due_for_plan(const struct state *state, const struct job *job, int64_t earliest, int64_t let_in)
{
        int64_t latest = due_by_class(state, job, let_in);

        if (job->spec.deadline == 0 || (latest != 0 && latest <= job->spec.deadline))
                return latest;
        return aim(job, state_class(state, job), earliest);
}
