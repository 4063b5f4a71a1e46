/* SPDX-License-Identifier: Apache-2.0 */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/profile.h"
#include "core/room.h"

/* Answers are kept longer than any client retries: by number, so that replay drops the same ones. */
enum { REQUESTS_KEPT = 20000, REQUESTS_DROPPED_AT_ONCE = 4000 };

static void drop_oldest_requests(struct state *state)
{
        for (size_t i = 0; i < REQUESTS_DROPPED_AT_ONCE; i++)
                request_finish(&state->requests[i]);
        state->n_requests -= REQUESTS_DROPPED_AT_ONCE;
        memmove(state->requests, state->requests + REQUESTS_DROPPED_AT_ONCE,
                state->n_requests * sizeof(*state->requests));
}

int apply_request(struct state *state, const struct request *request)
{
        static const uint8_t none[16];
        struct request *kept;

        if (memcmp(request->id, none, sizeof(none)) == 0)
                return 0; /* decided by the scheduler itself */
        if (state->n_requests >= REQUESTS_KEPT)
                drop_oldest_requests(state);
        kept = room_for_one((void **)&state->requests, state->n_requests, sizeof(*kept));
        if (kept == NULL || request_copy(request, kept) != 0)
                return OFFPEAK_ENOMEM;
        state->n_requests++;
        return 0;
}

int apply_submitted(struct state *state, const struct record *record)
{
        struct job *job = room_for_one((void **)&state->jobs, state->n_jobs, sizeof(*job));

        if (job == NULL || offpeak_job_spec_copy(&record->u.submitted.spec, &job->spec) != 0 ||
            copy_text(record->u.submitted.user, &job->user) != 0)
                return OFFPEAK_ENOMEM;
        job->id = record->u.submitted.job;
        job->uid = record->u.submitted.uid;
        job->submitted_at = record->at;
        job->state = OFFPEAK_JOB_QUEUED;
        job->held = record->u.submitted.held;
        job->total_s = job->spec.time_s;
        job->site = NONE_U32;
        job->avoid_node = NONE_U32;
        state->n_jobs++;
        if (state_open(state) != 0)
                return OFFPEAK_ENOMEM;
        state->next_job = job->id + 1;
        if (profile_open(state, job) != 0)
                return OFFPEAK_ENOMEM;
        return apply_request(state, &record->u.submitted.request);
}

int apply_held(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.held.job);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        if (job->unmet && !record->u.held.held)
                job->anyhow = true;
        job->unmet = record->u.held.held && (job->unmet || record->u.held.unmet);
        job->held = record->u.held.held;
        return apply_request(state, &record->u.held.request);
}

/* Its hours are those at once: until the next plan it must not start in others. */
static int plan_pins(struct job *job)
{
        struct plan_interval *planned;

        if (copy_bytes(job->pins, job->n_pins, sizeof(*planned), (void **)&planned) != 0)
                return OFFPEAK_ENOMEM;
        free(job->planned);
        job->planned = planned;
        job->n_planned = job->n_pins;
        job->planned_finish = planned[job->n_pins - 1].end;
        job->planned_late_s = job->spec.deadline != 0 && job->planned_finish > job->spec.deadline
                                      ? job->planned_finish - job->spec.deadline
                                      : 0;
        job->reason = PLAN_PINNED;
        return 0;
}

int apply_pinned(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.pinned.job);
        struct plan_interval *hours;

        if (job == NULL)
                return OFFPEAK_EINVAL;
        if (copy_bytes(record->u.pinned.hours, record->u.pinned.n_hours, sizeof(*hours), (void **)&hours) != 0)
                return OFFPEAK_ENOMEM;
        free(job->pins);
        job->pins = hours;
        job->n_pins = record->u.pinned.n_hours;
        job->pinned_index = record->index;
        if (job->n_pins > 0 && plan_pins(job) != 0)
                return OFFPEAK_ENOMEM;
        return apply_request(state, &record->u.pinned.request);
}

int apply_cancel(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.cancel.job);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        job->cancel = true;
        return apply_request(state, &record->u.cancel.request);
}

int apply_progress(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.progress.job);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        if (record->u.progress.reported && profile_note_progress(state, job, record->u.progress.fraction, record->at) != 0)
                return OFFPEAK_ENOMEM;
        if (record->u.progress.reported && job->state == OFFPEAK_JOB_ACTIVE &&
            record->u.progress.fraction < job->attempt.fraction_before)
                job->attempt.fraction_before = record->u.progress.fraction; /* it began further back than it had got */
        job->fraction = record->u.progress.fraction;
        job->fraction_reported = record->u.progress.reported;
        job->fraction_at = record->at;
        job->total_s = record->u.progress.total_s;
        return 0;
}

int apply_ended(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.ended.job);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        job->state = record->u.ended.state;
        job->end = record->u.ended.end;
        job->status = record->u.ended.status;
        job->ended_at = record->at;
        job->cancel = false;
        state_close(state, job);
        free(job->known);
        job->known = NULL;
        job->n_known = 0;
        if (job->state != OFFPEAK_JOB_DONE)
                return 0;
        job->fraction = 1.0;
        return profile_note_done(state, job);
}

int apply_backoff(struct state *state, const struct record *record)
{
        struct job *job = state_job(state, record->u.backoff.job);

        if (job == NULL)
                return OFFPEAK_EINVAL;
        job->not_before_ms = record->u.backoff.not_before_ms;
        return 0;
}
