/* SPDX-License-Identifier: Apache-2.0 */
/* decide_job.c - cancel, hold and release. */
#include "core/decide_parts.h"

#include <inttypes.h>
#include <string.h>

#include "core/after.h"
#include "core/work.h"

/* Jobs that came with a key when keys had no accounts yet are their owner's by his name. */
static bool owns(const struct client *client, const struct job *job)
{
        if (client->uid == NONE_U32)
                return false;
        return client->uid == job->uid || (job->uid == NONE_U32 && strcmp(client->user, job->user) == 0);
}

const struct job *changeable_job(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.job.client;
        const struct job *job = state_job(state, input->u.job.job);

        if (job == NULL)
                reply(turn, client, OFFPEAK_ENOTFOUND, input->u.job.job,
                      "there is no job %" PRIu64 "; `offpeak jobs -a` lists all", input->u.job.job);
        else if (!client->is_operator && !owns(client, job))
                reply(turn, client, OFFPEAK_EPERMISSION, job->id,
                      "job %" PRIu64 " belongs to %s; only its owner or an operator may change it", job->id, job->user);
        else if (job->state >= OFFPEAK_JOB_DONE)
                reply(turn, client, OFFPEAK_ESTATE, job->id, "job %" PRIu64 " has already ended", job->id);
        else
                return job;
        return NULL;
}

static void record_end(struct turn *turn, const struct now *now, const struct job *job)
{
        struct record *record = turn_record(turn, RECORD_ENDED, now);

        record->u.ended.job = job->id;
        record->u.ended.state = OFFPEAK_JOB_CANCELLED;
        record->u.ended.end = END_CANCELLED;
}

/* cause: of a hold. */
static void record_stop(struct turn *turn, const struct now *now, const struct job *job, enum stop_reason reason,
                        enum pause_cause cause)
{
        struct record *record;

        if (job->state != OFFPEAK_JOB_ACTIVE || job->attempt.state == ATTEMPT_STOPPING)
                return; /* it stops already; what becomes of it is decided when it is over */
        record = turn_record(turn, RECORD_STOP, now);
        record->u.stop.job = job->id;
        record->u.stop.attempt = job->attempt.number;
        record->u.stop.reason = reason;
        record->u.stop.pause.cause = cause;
}

void decide_cancel(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.job.client;
        const struct job *job;
        struct record *record;

        if (answer_again(state, client, turn))
                return;
        job = changeable_job(state, input, turn);
        if (job == NULL)
                return;
        record = turn_record(turn, RECORD_CANCEL, &input->now);
        record->u.cancel.job = job->id;
        record->u.cancel.request = request_on_record(turn, client, &input->now, job->id, NULL);
        if (job->state == OFFPEAK_JOB_QUEUED)
                record_end(turn, &input->now, job);
        else
                record_stop(turn, &input->now, job, STOP_CANCEL, PAUSE_UNKNOWN);
        want_plan(state, &input->now, turn);
        reply(turn, client, OFFPEAK_OK, job->id, NULL);
}

/* A job whose owner held it says only when it is let go that others, meanwhile, ended as they should not. */
static void reply_held(const struct state *state, const struct client *client, const struct job *job, bool hold,
                       struct turn *turn)
{
        const struct job *other = NULL;
        enum after_word word = hold ? AFTER_MET : after_look(state, job, &other);

        if (word == AFTER_NEVER && !job->unmet && other != NULL)
                reply(turn, client, OFFPEAK_OK, job->id,
                      "stays on hold: job %" PRIu64 " that it comes after did not end well; release it once more to run it all "
                      "the same", other->id);
        else
                reply(turn, client, OFFPEAK_OK, job->id, NULL);
}

void decide_hold(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.job.client;
        bool hold = input->type == INPUT_HOLD;
        const struct job *job;
        struct record *record;

        if (answer_again(state, client, turn))
                return;
        job = changeable_job(state, input, turn);
        if (job == NULL)
                return;
        if (job->cancel) {
                reply(turn, client, OFFPEAK_ESTATE, job->id, "job %" PRIu64 " is being cancelled", job->id);
                return;
        }
        if (!hold && !job->held) {
                reply(turn, client, OFFPEAK_OK, job->id, "was not on hold: nothing to release");
                return;
        }
        if (hold && job->state == OFFPEAK_JOB_ACTIVE && !work_may_pause(job, state_class(state, job))) {
                reply(turn, client, OFFPEAK_ESTATE, job->id,
                      "job %" PRIu64 " runs and cannot be interrupted; wait for its end, or cancel it", job->id);
                return;
        }
        record = turn_record(turn, RECORD_HELD, &input->now);
        record->u.held.job = job->id;
        record->u.held.held = hold;
        record->u.held.request = request_on_record(turn, client, &input->now, job->id, NULL);
        if (hold)
                record_stop(turn, &input->now, job, STOP_HOLD, owns(client, job) ? PAUSE_OWNER : PAUSE_OPERATOR);
        want_plan(state, &input->now, turn);
        reply_held(state, client, job, hold, turn);
}
