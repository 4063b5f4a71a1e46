/* SPDX-License-Identifier: Apache-2.0 */
/* follow_plan.c - when to ask for a plan, and when to look again at all. */
#include "core/decide_parts.h"

#include "core/lease.h"
#include "core/month.h"
#include "core/move.h"
#include "core/pause.h"

void want_plan(const struct state *state, const struct now *now, struct turn *turn)
{
        struct record *record;

        if (state->plan_wanted)
                return;
        record = turn_record(turn, RECORD_V_PLANNING, now);
        record->u.planning.wanted = true;
        record->u.planning.asked = state->plan_asked;
        record->u.planning.asked_index = state->plan_asked_index;
        record->u.planning.due_at = state->plan_due_at;
        record->u.planning.dropped = state->plan_dropped;
        record->u.planning.hurried = state->plan_hurried;
}

/*
 * Power was pushed away under a plan that does not know of it: it is not waited for. Once between two plans that are adopted, or
 * pushes that come faster than plans would keep any from being made.
 */
static bool is_overtaken(const struct state *state, int64_t wall)
{
        if (!state->plan_asked || state->plan_dropped || state->plan_hurried || state->pushed_index <= state->plan_asked_index)
                return false;
        for (uint32_t s = 0; s < state->n_sites; s++)
                if (pause_for_power(state, &state->sites[s], wall))
                        return true;
        return false;
}

static void drop_plan(const struct state *state, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_V_PLANNING, now);

        record->u.planning.wanted = record->u.planning.asked = true;
        record->u.planning.dropped = record->u.planning.hurried = true;
        record->u.planning.asked_index = state->plan_asked_index;
        record->u.planning.due_at = state->plan_due_at;
        turn_action(turn, ACTION_DROP_PLAN);
}

int64_t next_expiry(const struct state *state, int64_t after)
{
        int64_t first = INT64_MAX;

        for (uint32_t s = 0; s < state->n_sites; s++) {
                const struct site *site = &state->sites[s];
                const struct policy_site *policy = policy_site(&state->policy, site->name);

                for (int kind = SERIES_PRICE; policy != NULL && kind <= SERIES_LAST; kind++) {
                        int64_t issued = site->feed[kind].n_points > 0 ? site->feed[kind].issued : 0;
                        int64_t expiry = signal_expires_at(&policy->signals[kind], issued);

                        if (expiry > after && expiry < first)
                                first = expiry;
                }
        }
        return first;
}

/* Has a signal grown too old since a plan was asked for last? */
static bool any_expired(const struct state *state, int64_t wall)
{
        return next_expiry(state, state->plan_due_at - state->policy.plan_interval_s) <= wall;
}

static bool any_job_to_plan(const struct state *state)
{
        for (size_t i = 0; i < state->n_open; i++)
                if (state_open_job(state, i)->state <= OFFPEAK_JOB_ACTIVE && !state_open_job(state, i)->held)
                        return true;
        return false;
}

/* One at a time; what happens while it is computed is wanted again after it. */
void follow_plan(const struct state *state, const struct now *now, struct turn *turn)
{
        bool due = state->plan_wanted || now->wall >= state->plan_due_at || any_expired(state, now->wall);
        struct record *record;

        if (is_overtaken(state, now->wall)) {
                drop_plan(state, now, turn);
                return;
        }
        if (!due || state->plan_asked || state->n_sites == 0 || !any_job_to_plan(state))
                return;
        record = turn_record(turn, RECORD_V_PLANNING, now);
        record->u.planning.asked = true;
        record->u.planning.hurried = state->plan_hurried;
        record->u.planning.asked_index = state->log_index;
        record->u.planning.due_at = now->wall + state->policy.plan_interval_s;
        turn_action(turn, ACTION_ASK_PLAN);
}

static void sooner(int64_t *next, int64_t candidate)
{
        if (candidate < *next)
                *next = candidate;
}

static void next_of_job(const struct job *job, const struct state *state, const struct now *now, struct now *next)
{
        int64_t ready = 0;

        if (job->state >= OFFPEAK_JOB_DONE)
                return;
        for (uint32_t i = 0; i < job->n_planned; i++) {
                if (job->planned[i].start > now->wall)
                        sooner(&next->wall, job->planned[i].start);
                if (job->planned[i].end > now->wall)
                        sooner(&next->wall, job->planned[i].end);
                if (job->state == OFFPEAK_JOB_QUEUED && job->planned[i].site < state->n_sites)
                        ready = move_ready_at(state, job, &state->sites[job->planned[i].site]);
                if (ready > now->wall)
                        sooner(&next->wall, ready);
        }
        if (job->not_before_ms > now->mono_ms)
                sooner(&next->mono_ms, job->not_before_ms);
        if (job->state != OFFPEAK_JOB_ACTIVE)
                return;
        if (job->attempt.state == ATTEMPT_ARMING)
                sooner(&next->mono_ms, job->attempt.launched_ms + state->policy.arm_timeout_ms + 1);
        if (job->attempt.on_lost != ON_LOST_RELAUNCH)
                return;
        for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                if (job->attempt.legs[l].state != LEG_ENDED)
                        sooner(&next->mono_ms, state->nodes[job->attempt.legs[l].node].session.last_reply_ms +
                                                       lease_wait_ms(job->attempt.lease_ms));
}

struct now core_next(const struct state *state, const struct now *now)
{
        struct now next = { .wall = INT64_MAX, .mono_ms = INT64_MAX };

        for (size_t i = 0; i < state->n_open; i++)
                next_of_job(state_open_job(state, i), state, now, &next);
        sooner(&next.wall, next_expiry(state, now->wall));
        sooner(&next.wall, month_runs_out(state, now->wall));
        if (any_job_to_plan(state) && !state->plan_asked)
                sooner(&next.wall, state->plan_due_at > now->wall ? state->plan_due_at : now->wall + 1);
        return next;
}
