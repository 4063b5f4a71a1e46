/* SPDX-License-Identifier: Apache-2.0 */
#include "core/apply_parts.h"

#include <stdlib.h>

#include "core/copy.h"

static int plan_one(struct state *state, const struct record_planned_job *planned)
{
        struct job *job = state_job(state, planned->job);
        struct plan_interval *intervals;

        if (job == NULL)
                return OFFPEAK_EINVAL;
        if (copy_bytes(planned->intervals, planned->n_intervals, sizeof(*intervals), (void **)&intervals) != 0)
                return OFFPEAK_ENOMEM;
        free(job->planned);
        job->planned = intervals;
        job->n_planned = planned->n_intervals;
        job->reason = planned->reason;
        job->planned_finish = planned->finish;
        job->planned_late_s = planned->late_s;
        job->planned_cost = planned->cost;
        job->planned_run_now_cost = planned->run_now_cost;
        job->cost_when_planned = job->cost + job->overhead_cost;
        return 0;
}

int apply_flows(struct state *state, const struct plan_flow *flows, uint32_t n)
{
        struct plan_flow *copy;

        if (copy_bytes(flows, n, sizeof(*copy), (void **)&copy) != 0)
                return OFFPEAK_ENOMEM;
        free(state->flows);
        state->flows = copy;
        state->n_flows = n;
        return 0;
}

/* Jobs that the record does not name keep what they had: a submission places its own job among the others. */
int apply_plan(struct state *state, const struct record *record)
{
        for (uint32_t i = 0; i < record->u.plan.n_jobs; i++) {
                int code = plan_one(state, &record->u.plan.jobs[i]);

                if (code != 0)
                        return code;
        }
        if (record->u.plan.plan.version == 0)
                return 0;
        if (apply_flows(state, record->u.plan.flows, record->u.plan.n_flows) != 0)
                return OFFPEAK_ENOMEM;
        state->plan = record->u.plan.plan;
        return 0;
}

int apply_planning(struct state *state, const struct record *record)
{
        state->plan_wanted = record->u.planning.wanted;
        state->plan_asked = record->u.planning.asked;
        state->plan_asked_index = record->u.planning.asked_index;
        state->plan_due_at = record->u.planning.due_at;
        state->plan_dropped = record->u.planning.dropped;
        state->plan_hurried = record->u.planning.hurried;
        return 0;
}
