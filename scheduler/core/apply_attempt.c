/* SPDX-License-Identifier: Apache-2.0 */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/health.h"
#include "core/month.h"
#include "core/room.h"
#include "core/width.h"
#include "core/work.h"

/* The open attempt of that number, or NULL: the job moved on. */
static struct job *job_in_attempt(struct state *state, uint64_t id, uint32_t attempt)
{
        struct job *job = state_job(state, id);

        return job != NULL && job->attempts > 0 && job->attempt.number == attempt ? job : NULL;
}

static struct leg *find_leg(struct state *state, const struct record_leg_ref *ref)
{
        struct job *job = job_in_attempt(state, ref->job, ref->attempt);

        for (uint32_t l = 0; job != NULL && l < job->attempt.n_legs; l++)
                if (job->attempt.legs[l].node == ref->node)
                        return &job->attempt.legs[l];
        return NULL;
}

int apply_launch(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.launch.job);
        struct attempt *attempt;
        struct site *site;
        struct leg *legs;

        if (job == NULL || record->u.launch.n_legs == 0 || record->u.launch.legs[0].node >= state->n_nodes)
                return OFFPEAK_EINVAL;
        if (copy_bytes(record->u.launch.legs, record->u.launch.n_legs, sizeof(*legs), (void **)&legs) != 0)
                return OFFPEAK_ENOMEM;
        attempt = &job->attempt;
        free(attempt->legs);
        memset(attempt, 0, sizeof(*attempt));
        attempt->number = record->u.launch.attempt;
        attempt->epoch = record->index;
        attempt->state = record->u.launch.go ? ATTEMPT_GOING : ATTEMPT_ARMING;
        attempt->go = record->u.launch.go;
        attempt->mode = record->u.launch.mode;
        attempt->launched_at = attempt->mode_since = record->at;
        attempt->launched_ms = record->u.launch.launched_ms;
        attempt->lease_ms = record->u.launch.lease_ms;
        attempt->grace_s = record->u.launch.grace_s;
        attempt->on_lost = record->u.launch.on_lost;
        attempt->fraction_before = job->fraction;
        attempt->legs = legs;
        attempt->n_legs = record->u.launch.n_legs;
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                legs[l].level = width_level(&job->spec, attempt->mode);
        job->attempts = attempt->number;
        job->state = OFFPEAK_JOB_ACTIVE;
        site = state_site(state, state->nodes[legs[0].node].site);
        job->site = site != NULL ? site->id : NONE_U32;
        return 0;
}

int apply_go(struct state *state, const struct record *record)
{
        struct job *job = job_in_attempt(state, record->u.go.job, record->u.go.attempt);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        job->attempt.go = true;
        job->attempt.state = ATTEMPT_GOING;
        return 0;
}

/* What it did in the mode before stays counted in that mode. */
int apply_capped(struct state *state, const struct record *record)
{
        struct job *job = job_in_attempt(state, record->u.capped.job, record->u.capped.attempt);
        const struct policy_class *class = job != NULL ? state_class(state, job) : NULL;
        struct attempt *attempt;
        uint32_t level;

        if (class == NULL)
                return OFFPEAK_EINVAL;
        attempt = &job->attempt;
        attempt->carried_s = work_since_known(job, class, record->at);
        attempt->drawn_s = work_drawn(job, record->at);
        attempt->made_s = work_made(job, class, record->at);
        attempt->mode_before = attempt->mode;
        attempt->before_since = attempt->mode_since != 0 ? attempt->mode_since : attempt->launched_at;
        attempt->mode_since = record->at;
        attempt->mode = record->u.capped.mode;
        attempt->mark_at = 0;
        level = width_level(&job->spec, attempt->mode);
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                attempt->legs[l].level = level < attempt->legs[l].level ? level : attempt->legs[l].level;
        return 0;
}

/* What comes after an attempt's first failure follows from it. */
static int take_failure(struct job *job, struct failure failure)
{
        const struct attempt *attempt = &job->attempt;
        uint32_t l = 0;

        if (job->failure.attempt == attempt->number)
                return 0;
        failure.attempt = attempt->number;
        while (l < attempt->n_legs && attempt->legs[l].node != failure.node)
                l++;
        if (job->spec.launcher != OFFPEAK_LAUNCHER_GPU)
                failure.rank = l;
        else if (failure.how != LEG_EXIT) /* all of them, and its first is named */
                failure.rank = l * width_of(&job->spec, attempt->mode).gpus_per_node;
        if (failure_copy(&failure, &failure) != 0)
                return OFFPEAK_ENOMEM;
        failure_finish(&job->failure);
        job->failure = failure;
        return 0;
}

/* From before causes were on record a shed tells its own. */
static void take_pause(struct job *job, const struct record *record)
{
        enum stop_reason reason = record->u.stop.reason;

        if (reason != STOP_PAUSE && reason != STOP_HOLD && reason != STOP_SHED)
                return;
        job->last_pause = record->u.stop.pause;
        if (job->last_pause.cause == PAUSE_UNKNOWN && reason == STOP_SHED)
                job->last_pause.cause = PAUSE_POWER;
        job->last_pause.attempt = record->u.stop.attempt;
        job->last_pause.at = record->at;
}

int apply_stop(struct state *state, const struct record *record)
{
        struct job *job = job_in_attempt(state, record->u.stop.job, record->u.stop.attempt);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        job->attempt.state = ATTEMPT_STOPPING;
        job->attempt.stop = record->u.stop.reason;
        take_pause(job, record);
        if (record->u.stop.why == NULL)
                return 0;
        return take_failure(
                job, (struct failure){ .node = record->u.stop.node, .at = record->at, .why = record->u.stop.why });
}

int apply_leg(struct state *state, const struct record *record)
{
        struct leg *leg = find_leg(state, &record->u.leg.leg);

        if (leg != NULL && leg->state < record->u.leg.state) /* only forward */
                leg->state = record->u.leg.state;
        if (leg != NULL && record->u.leg.capped) {
                const struct job *job = state_job(state, record->u.leg.leg.job);

                leg->level = width_level(&job->spec, job->attempt.mode);
        }
        return 0;
}

int apply_leg_end(struct state *state, const struct record *record)
{
        struct leg *leg = find_leg(state, &record->u.leg_end.leg);
        struct job *job = state_job(state, record->u.leg_end.leg.job);

        if (leg == NULL)
                return OFFPEAK_EINVAL;
        leg->state = LEG_ENDED;
        leg->how = record->u.leg_end.how;
        leg->status = record->u.leg_end.status;
        leg->killed = record->u.leg_end.killed;
        leg->before_stop = job->attempt.stop == STOP_NONE;
        health_note(state, job, leg, record->at);
        if (!leg->before_stop || leg_succeeded(leg))
                return 0;
        return take_failure(job, (struct failure){ .node = leg->node,
                                                   .how = leg->how,
                                                   .status = leg->status,
                                                   .killed = leg->killed,
                                                   .rank = record->u.leg_end.rank,
                                                   .at = record->at,
                                                   .why = record->u.leg_end.why,
                                                   .tail = record->u.leg_end.tail });
}

int apply_late_exit(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.late_exit.leg.job);
        struct late_exit *late;

        if (job == NULL)
                return OFFPEAK_EINVAL;
        late = room_for_one((void **)&job->late_exits, job->n_late_exits, sizeof(*late));
        if (late == NULL)
                return OFFPEAK_ENOMEM;
        late->attempt = record->u.late_exit.leg.attempt;
        late->node = record->u.late_exit.leg.node;
        late->status = record->u.late_exit.status;
        job->n_late_exits++;
        return 0;
}

/* What it held counts for its class's month. */
static int count_hours(struct state *state, const struct job *job, int64_t at)
{
        const struct policy_class *class = state_class(state, job);

        return class == NULL ? 0
                             : month_add(state, class->name, width_held(job),
                                         job->attempt.launched_at, at);
}

int apply_over(struct state *state, const struct record *record)
{
        struct job *job = job_in_attempt(state, record->u.over.job, record->u.over.attempt);
        const struct policy_class *class = job != NULL ? state_class(state, job) : NULL;

        if (class == NULL)
                return OFFPEAK_EINVAL;
        if (count_hours(state, job, record->at) != 0)
                return OFFPEAK_ENOMEM;
        job->attempt.over_at = record->at;
        job->state = OFFPEAK_JOB_QUEUED; /* unless an `ended` comes with it */
        job->ran_s += record->u.over.ran_s;
        job->worked_s += (int64_t)work_made(job, class, job->attempt.launched_at + record->u.over.ran_s);
        job->gpu_s += (int64_t)(work_drawn(job, job->attempt.launched_at + record->u.over.ran_s) * width_gpus(&job->spec, 0));
        job->pauses += record->u.over.paused;
        job->losses += record->u.over.lost;
        job->avoid_node = record->u.over.avoid_node;
        if (record->u.over.blamed == 0)
                return 0;
        return record->u.over.blamed_node < state->n_nodes
                       ? apply_blame(state, record->u.over.blamed_node, record->u.over.blamed)
                       : OFFPEAK_EINVAL;
}
