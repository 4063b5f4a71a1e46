/* SPDX-License-Identifier: Apache-2.0 */
#include "core/apply_parts.h"

#include <stdlib.h>

#include "core/copy.h"
#include "core/room.h"

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

int apply_flows(const struct plan_flow *flows, uint32_t n, struct plan_flow **flows_kept, uint32_t *n_kept)
{
        struct plan_flow *copy;

        if (copy_bytes(flows, n, sizeof(*copy), (void **)&copy) != 0)
                return OFFPEAK_ENOMEM;
        free(*flows_kept);
        *flows_kept = copy;
        *n_kept = n;
        return 0;
}

static void forget_past_flows(struct state *state, int64_t before)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < state->n_past_flows; i++)
                if (state->past_flows[i].end > before)
                        state->past_flows[kept++] = state->past_flows[i];
        state->n_past_flows = kept;
}

/* One that goes on as its site's last is one with it. */
static int keep_past_flow(struct state *state, const struct plan_flow *flow)
{
        struct plan_flow *past;

        for (uint32_t i = 0; i < state->n_past_flows; i++) {
                past = &state->past_flows[i];
                if (past->site == flow->site && past->end == flow->start && past->watts == flow->watts) {
                        past->end = flow->end;
                        return 0;
                }
        }
        past = room_for_one((void **)&state->past_flows, state->n_past_flows, sizeof(*past));
        if (past == NULL)
                return OFFPEAK_ENOMEM;
        *past = *flow;
        state->n_past_flows++;
        return 0;
}

/* What the plan had stores do up to the moment at which another one takes its place. */
static int pass_flows(struct state *state, int64_t at)
{
        for (uint32_t i = 0; i < state->n_flows; i++) {
                struct plan_flow flow = state->flows[i];

                flow.end = flow.end < at ? flow.end : at;
                if (flow.start < flow.end && keep_past_flow(state, &flow) != 0)
                        return OFFPEAK_ENOMEM;
        }
        forget_past_flows(state, at - PAST_FLOWS_KEPT_S);
        return 0;
}

/* A plan is adopted some time after the moment that it was made for: it says nothing of the time before. */
static void begin_flows(struct state *state, int64_t at)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < state->n_flows; i++) {
                struct plan_flow flow = state->flows[i];

                flow.start = flow.start > at ? flow.start : at;
                if (flow.start < flow.end)
                        state->flows[kept++] = flow;
        }
        state->n_flows = kept;
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
        if (pass_flows(state, record->at) != 0 ||
            apply_flows(record->u.plan.flows, record->u.plan.n_flows, &state->flows, &state->n_flows) != 0)
                return OFFPEAK_ENOMEM;
        begin_flows(state, record->at);
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
