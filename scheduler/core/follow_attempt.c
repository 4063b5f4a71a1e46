/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_attempt.c - an attempt's way through its states, as far as it follows from what is on record.
 *
 *   ARMING    all legs armed                                  -> go
 *   ARMING    a leg ended, arming took too long               -> stop
 *   GOING     a leg ended without success                     -> stop
 *   GOING     the leg ended that the others work for          -> stop (launcher head)
 *   stopped and no go on record                               -> every open leg has ended: no rank ever ran
 *   all legs ended                                            -> over, and what becomes of the job
 */
#include "core/decide_parts.h"

#include <math.h>

#include "core/health.h"
#include "core/power.h"
#include "core/width.h"
#include "core/work.h"

static struct record *record_stop(const struct job *job, enum stop_reason reason, const struct now *now,
                                  struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_STOP, now);

        record->u.stop.job = job->id;
        record->u.stop.attempt = job->attempt.number;
        record->u.stop.reason = reason;
        return record;
}

static bool any_leg_failed(const struct attempt *attempt)
{
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                if (attempt->legs[l].state == LEG_ENDED && !leg_succeeded(&attempt->legs[l]))
                        return true;
        return false;
}

static bool all_legs(const struct attempt *attempt, enum leg_state state)
{
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                if (attempt->legs[l].state != state)
                        return false;
        return true;
}

static bool any_leg(const struct attempt *attempt, enum leg_state state)
{
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                if (attempt->legs[l].state == state)
                        return true;
        return false;
}

static void end_legs_without_go(const struct job *job, const struct now *now, struct turn *turn)
{
        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                struct record *record;

                if (job->attempt.legs[l].state == LEG_ENDED)
                        continue;
                record = turn_record(turn, RECORD_LEG_END, now);
                record->u.leg_end.leg =
                        (struct record_leg_ref){ job->id, job->attempt.number, job->attempt.legs[l].node };
                record->u.leg_end.how = LEG_NO_GO;
        }
}

/* ---- over */

struct outcome {
        bool ends;                    /* the job, not only the attempt */
        enum offpeak_job_state state;
        enum job_end end;
        int32_t status;
        bool paused, lost;
        uint32_t avoid_node;
        uint32_t blamed_node;
        uint64_t blamed; /* its devices at fault */
};

/* Those by which the job's end is judged. With launcher head the others only do what the first asks for. */
static uint32_t legs_that_count(const struct job *job)
{
        return job->spec.launcher == OFFPEAK_LAUNCHER_HEAD ? 1 : job->attempt.n_legs;
}

/* Every leg exited with 0, by itself or when asked. */
static bool all_zero(const struct job *job, bool asked_too)
{
        const struct attempt *attempt = &job->attempt;

        for (uint32_t l = 0; l < legs_that_count(job); l++)
                if (!leg_succeeded(&attempt->legs[l]) &&
                    !(asked_too && attempt->legs[l].how == LEG_ASKED && attempt->legs[l].status == 0))
                        return false;
        return true;
}

static bool all_before_stop(const struct job *job)
{
        for (uint32_t l = 0; l < legs_that_count(job); l++)
                if (!job->attempt.legs[l].before_stop)
                        return false;
        return true;
}

static bool failed_by_itself(const struct leg *leg)
{
        return leg->how == LEG_EXIT && leg->status != 0 && leg->before_stop;
}

static const struct leg *leg_that_failed(const struct job *job)
{
        for (uint32_t l = 0; l < legs_that_count(job); l++)
                if (failed_by_itself(&job->attempt.legs[l]))
                        return &job->attempt.legs[l];
        return NULL;
}

/* One that only served the others, and failed, was no work of the job's. */
static const struct leg *leg_that_was_lost(const struct job *job)
{
        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                const struct leg *leg = &job->attempt.legs[l];

                if ((leg->how != LEG_EXIT && leg->how != LEG_ASKED) ||
                    (l >= legs_that_count(job) && failed_by_itself(leg)))
                        return leg;
        }
        return NULL;
}

/* Where it failed first; all others follow from that: a rank that was not told to go proves nothing of its node. */
static uint32_t node_to_avoid(const struct job *job, const struct leg *lost)
{
        if (job->failure.attempt == job->attempt.number)
                return job->failure.node;
        return lost != NULL ? lost->node : NONE_U32;
}

/* After a stop an exit code is not believed, progress is: a stopped job is done only if all of its work is. */
static bool is_done(const struct job *job)
{
        if (all_zero(job, false) && (all_before_stop(job) || !job->fraction_reported || job->fraction >= 1))
                return true;
        return job->fraction_reported && job->fraction >= 1 && all_zero(job, true);
}

static bool is_pause(enum stop_reason reason)
{
        return reason == STOP_PAUSE || reason == STOP_HOLD || reason == STOP_SHED;
}

static struct outcome ends_as(enum offpeak_job_state state, enum job_end end, int32_t status)
{
        return (struct outcome){ .ends = true, .state = state, .end = end, .status = status, .avoid_node = NONE_U32 };
}

static struct outcome ends_lost(const struct state *state, const struct job *job, const struct leg *lost,
                                uint64_t unwell, uint32_t unwell_node)
{
        struct outcome outcome = job->losses >= state_class(state, job)->retries
                                         ? ends_as(OFFPEAK_JOB_FAILED, END_LOST, 0)
                                         : (struct outcome){ .lost = true, .avoid_node = node_to_avoid(job, lost) };

        outcome.blamed = unwell;
        outcome.blamed_node = unwell_node;
        if (unwell != 0)
                outcome.avoid_node = NONE_U32; /* its other devices are as good as any */
        return outcome;
}

static struct outcome judge(const struct state *state, const struct job *job, int64_t wall)
{
        const struct leg *failed = leg_that_failed(job);
        const struct leg *lost = leg_that_was_lost(job);
        int64_t at = job->failure.attempt == job->attempt.number ? job->failure.at : wall;
        uint32_t unwell_node = 0;
        uint64_t unwell = health_unwell_held(state, &job->attempt, at, &unwell_node);

        if (job->cancel)
                return ends_as(OFFPEAK_JOB_CANCELLED, END_CANCELLED, failed != NULL ? failed->status : 0);
        if (is_done(job))
                return ends_as(OFFPEAK_JOB_DONE, END_DONE, 0);
        if (job->attempt.stop == STOP_LIMIT)
                return ends_as(OFFPEAK_JOB_FAILED, END_LIMIT, 0);
        if (failed != NULL && unwell == 0)
                return ends_as(OFFPEAK_JOB_FAILED, END_EXIT, failed->status);
        if (is_pause(job->attempt.stop) && lost == NULL)
                return (struct outcome){ .paused = true, .avoid_node = NONE_U32 };
        return ends_lost(state, job, lost, unwell, unwell_node);
}

/* Wall seconds that the attempt ran, start cost included. */
static int64_t seconds_run(const struct job *job, int64_t wall)
{
        int64_t longest = 0;

        for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                const struct leg *leg = &job->attempt.legs[l];
                int64_t ran = leg->booked_until - leg->started_at;

                if (leg->started_at == 0) /* nobody metered it */
                        ran = job->attempt.go && (leg->how == LEG_EXIT || leg->how == LEG_ASKED) ?
                                      wall - job->attempt.launched_at : 0;
                if (ran > longest)
                        longest = ran;
        }
        return longest;
}

static bool any_leg_killed(const struct attempt *attempt)
{
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                if (attempt->legs[l].killed || attempt->legs[l].how > LEG_ASKED)
                        return true;
        return false;
}

/* A job that reports nothing has progressed by time x speed; what a kill cut off since the last checkpoint is lost. */
static void record_time_as_progress(const struct state *state, const struct job *job, int64_t ran,
                                    const struct now *now, struct turn *turn)
{
        const struct policy_class *class = state_class(state, job);
        double worked = work_made(job, class, job->attempt.launched_at + ran) - (double)class->start_cost_s;
        struct record *record;

        if (job->fraction_reported || worked <= 0 || any_leg_killed(&job->attempt))
                return;
        record = turn_record(turn, RECORD_PROGRESS, now);
        record->u.progress.job = job->id;
        record->u.progress.fraction = fmin(0.999, job->fraction + worked / (double)job->total_s);
        record->u.progress.total_s = job->total_s;
}

static void record_backoff(const struct state *state, const struct job *job, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_V_BACKOFF, now);
        uint32_t doublings = job->losses < 6 ? job->losses : 6;

        record->u.backoff.job = job->id;
        record->u.backoff.not_before_ms = now->mono_ms + (state->policy.backoff_ms << doublings);
}

static void attempt_over(const struct state *state, const struct job *job, const struct now *now, struct turn *turn)
{
        struct outcome outcome = judge(state, job, now->wall);
        int64_t ran = seconds_run(job, now->wall);
        struct record *record;

        if (!outcome.ends)
                record_time_as_progress(state, job, ran, now, turn);
        record = turn_record(turn, RECORD_OVER, now);
        record->u.over.job = job->id;
        record->u.over.attempt = job->attempt.number;
        record->u.over.paused = outcome.paused;
        record->u.over.lost = outcome.lost;
        record->u.over.ran_s = ran;
        record->u.over.avoid_node = outcome.avoid_node;
        record->u.over.blamed_node = outcome.blamed_node;
        record->u.over.blamed = outcome.blamed;
        if (outcome.ends) {
                record = turn_record(turn, RECORD_ENDED, now);
                record->u.ended.job = job->id;
                record->u.ended.state = outcome.state;
                record->u.ended.end = outcome.end;
                record->u.ended.status = outcome.status;
        } else if (outcome.lost) {
                record_backoff(state, job, now, turn);
        }
        want_plan(state, now, turn);
}

/* ---- one job */

static bool arming_took_too_long(const struct state *state, const struct job *job, const struct now *now)
{
        return now->mono_ms - job->attempt.launched_ms > state->policy.arm_timeout_ms;
}

/* Names the first that is not armed: it is the one to avoid. */
static void record_arm_timeout(const struct state *state, const struct job *job, const struct now *now,
                               struct turn *turn)
{
        const struct attempt *attempt = &job->attempt;
        struct record *record = record_stop(job, STOP_ARM_TIMEOUT, now, turn);
        uint32_t l = 0;

        while (l + 1 < attempt->n_legs && attempt->legs[l].state != LEG_ORDERED)
                l++;
        record->u.stop.node = attempt->legs[l].node;
        record->u.stop.why =
                turn_text(turn, "node %s did not get ready within %lld s", state->nodes[attempt->legs[l].node].name,
                          (long long)state->policy.arm_timeout_ms / 1000);
}

static bool head_ended(const struct job *job)
{
        return job->spec.launcher == OFFPEAK_LAUNCHER_HEAD && job->attempt.legs[0].state == LEG_ENDED;
}

static void record_go(const struct job *job, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_GO, now);

        record->u.go.job = job->id;
        record->u.go.attempt = job->attempt.number;
}

static void follow_job(const struct state *state, const struct job *job, const struct now *now, struct turn *turn)
{
        const struct attempt *attempt = &job->attempt;

        if (all_legs(attempt, LEG_ENDED))
                attempt_over(state, job, now, turn);
        else if (attempt->state == ATTEMPT_STOPPING && !attempt->go)
                end_legs_without_go(job, now, turn);
        else if (attempt->state == ATTEMPT_ARMING && any_leg(attempt, LEG_ENDED))
                record_stop(job, STOP_LEG_FAILED, now, turn);
        else if (attempt->state == ATTEMPT_ARMING && all_legs(attempt, LEG_ARMED))
                record_go(job, now, turn);
        else if (attempt->state == ATTEMPT_ARMING && arming_took_too_long(state, job, now))
                record_arm_timeout(state, job, now, turn);
        else if (attempt->state == ATTEMPT_GOING && (any_leg_failed(attempt) || head_ended(job)))
                record_stop(job, STOP_LEG_FAILED, now, turn);
}

void follow_attempt(const struct state *state, const struct now *now, struct turn *turn)
{
        for (size_t i = 0; i < state->n_open; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_ACTIVE)
                        follow_job(state, state_open_job(state, i), now, turn);
}
