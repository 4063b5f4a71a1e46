/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_dispatch.c - the difference between plan and reality, as launches and stops.
 *
 *   queued, and one that it comes after did not end well    -> on hold for that
 *   queued, in its hours, nodes up, devices and power there -> launch (one at a time: the next one sees it)
 *   nobody else to launch, hours later, devices there now   -> launch, if waiting costs more (backfill.h)
 *   running, out of its hours, with later ones to come      -> pause, if that saves something or someone needs the room
 *   running, in hours of as many GPUs under other caps      -> cap, if the power for it is there
 *   running, in hours at another width, with room for it    -> pause: it is launched again at once
 *   running, without any hours, and the power is gone       -> pause: it waits until there is some
 *   running, its class's GPU-hours of the month used up     -> pause, if it may be paused
 *   running far beyond what was asked for                   -> stop at its limit
 *   hours missed or used up with work left                  -> a new plan
 */
#include "core/decide_parts.h"

#include <stdlib.h>

#include "core/after.h"
#include "core/backfill.h"
#include "core/fit.h"
#include "core/month.h"
#include "core/pause.h"
#include "core/plan_records.h"
#include "core/power.h"
#include "core/stored.h"
#include "core/width.h"
#include "core/work.h"

/* A cap is changed for so long at the least. */
enum { LEAST_CAP_S = 60 };

static bool has_interval_after(const struct job *job, int64_t wall)
{
        return job->n_planned > 0 && job->planned[job->n_planned - 1].start > wall;
}

/* ---- launch */

/* A lease that must leave room for the shim to stop the job before it ends. */
static int64_t lease_for(const struct policy_class *class, int64_t grace_s)
{
        int64_t least = class->on_lost == ON_LOST_RELAUNCH ? 2 * grace_s * 1000 + 4000 : 0;

        return class->lease_ms > least ? class->lease_ms : least;
}

static void record_launch(const struct state *state, const struct job *job, const struct plan_interval *interval,
                          const struct place_leg *places, const struct now *now, struct turn *turn)
{
        const struct policy_class *class = state_class(state, job);
        struct record *record = turn_record(turn, RECORD_LAUNCH, now);
        struct offpeak_width width = width_of(&job->spec, interval->mode);
        int64_t grace_s = job->spec.signal_lead_s > 0 ? job->spec.signal_lead_s : class->stop_grace_s;

        record->u.launch.legs = calloc(width.nodes, sizeof(struct leg));
        if (record->u.launch.legs == NULL) {
                turn->failed = true;
                return;
        }
        for (uint32_t l = 0; l < width.nodes; l++)
                record->u.launch.legs[l] =
                        (struct leg){ .node = places[l].node, .devices = places[l].devices, .state = LEG_ORDERED };
        record->u.launch.n_legs = width.nodes;
        record->u.launch.job = job->id;
        record->u.launch.attempt = job->attempts + 1;
        record->u.launch.mode = interval->mode;
        record->u.launch.go = width.nodes == 1;
        record->u.launch.lease_ms = lease_for(class, grace_s);
        record->u.launch.grace_s = grace_s;
        record->u.launch.on_lost = class->on_lost;
        record->u.launch.launched_ms = now->mono_ms;
}

static void try_launch(const struct state *state, const struct job *job, const struct plan_interval *interval,
                       struct promise *promise, const struct now *now, struct turn *turn)
{
        const struct site *site = &state->sites[interval->site];
        struct place_leg *places;

        if (!fit_may_start(state, job, interval->mode, site, now))
                return;
        places = promise_find(promise, state, job, interval->mode, site, now, true);
        turn->failed = turn->failed || promise->failed;
        if (places != NULL)
                record_launch(state, job, interval, places, now, turn);
        free(places);
}

/* The job's hours are from now on: what goes beyond its plan would be paused, or planned on again. */
static void record_hours_now(const struct backfill *backfill, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_PLAN, now);
        struct record_planned_job *planned = calloc(1, sizeof(*planned));
        struct plan_interval *run = malloc(sizeof(*run));

        if (planned == NULL || run == NULL) {
                free(planned);
                free(run);
                turn->failed = true;
                return;
        }
        *run = backfill->run;
        *planned = (struct record_planned_job){ .job = backfill->job->id,
                                                .intervals = run,
                                                .n_intervals = 1,
                                                .reason = PLAN_AT_ONCE,
                                                .finish = backfill->run.end,
                                                .late_s = plan_lateness(&backfill->job->spec, backfill->run.end),
                                                .cost = backfill->cost,
                                                .run_now_cost = backfill->job->planned_run_now_cost };
        record->u.plan.jobs = planned;
        record->u.plan.n_jobs = 1;
}

/* Who may start before its hours, when nobody else can start. */
static void launch_early(const struct state *state, struct promise *promise, const struct now *now, struct turn *turn)
{
        struct backfill backfill = { 0 };

        if (!backfill_may_help(state, now))
                return;
        if (backfill_find(state, now, promise, &backfill) != 0)
                turn->failed = true;
        if (backfill.job != NULL) {
                record_hours_now(&backfill, now, turn);
                record_launch(state, backfill.job, &backfill.run, backfill.places, now, turn);
        }
        free(backfill.places);
}

/* ---- stop */

static struct record *record_stop(const struct job *job, enum stop_reason reason, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_STOP, now);

        record->u.stop.job = job->id;
        record->u.stop.attempt = job->attempt.number;
        record->u.stop.reason = reason;
        return record;
}

static void record_pause(const struct job *job, const struct pause *why, const struct now *now, struct turn *turn)
{
        record_stop(job, why->cause == PAUSE_POWER ? STOP_SHED : STOP_PAUSE, now, turn)->u.stop.pause = *why;
}

/* What starts take is beside what it asked for: how often it is started is the scheduler's doing. */
static bool ran_too_long(const struct state *state, const struct job *job, int64_t wall)
{
        const struct policy_class *class = state_class(state, job);
        int64_t limit_ppm = class->limit_ppm;
        int64_t ran = width_worked_s(job) + (int64_t)work_made(job, class, wall) - class->start_cost_s * job->attempts;

        return limit_ppm > 0 && ran > (int64_t)((__int128)job->spec.time_s * limit_ppm / 1000000);
}

/* Nothing is lost: its owner may release it all the same, or cancel it. */
static void record_unmet(const struct state *state, const struct job *job, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_HELD, now);

        record->u.held.job = job->id;
        record->u.held.held = record->u.held.unmet = true;
        want_plan(state, now, turn);
}

static void follow_queued(const struct state *state, const struct job *job, struct promise *promise,
                          const struct now *now, struct turn *turn)
{
        const struct plan_interval *interval = fit_interval(job, now->wall);

        if (!job->held && after_look(state, job, NULL) == AFTER_NEVER)
                record_unmet(state, job, now, turn);
        else if (interval != NULL && interval->site < state->n_sites) {
                try_launch(state, job, interval, promise, now, turn);
                if (!job->held && (!fit_month(state, job, now->wall) ||
                                   !fit_caps(state, job, interval->mode, &state->sites[interval->site])))
                        want_plan(state, now, turn); /* planned before the month was used up, or caps were allowed no more */
        } else if (!job->held && job->n_planned > 0 && !has_interval_after(job, now->wall))
                want_plan(state, now, turn); /* its hours went by without it */
}

/* The last class that was asked for: many that run are of one. */
struct months {
        const struct policy_class *class;
        bool used_up;
};

static bool month_stops(const struct state *state, const struct job *job, int64_t wall, struct months *months)
{
        const struct policy_class *class = state_class(state, job);

        if (class->quota_gpu_hours == 0 || !work_may_pause(job, class) || job->pauses >= class->max_pauses)
                return false;
        if (months->class != class)
                *months = (struct months){ class, month_left(state, class, wall) <= 0 };
        return months->used_up;
}

static void record_cap(const struct job *job, uint32_t mode, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_CAPPED, now);

        record->u.capped.job = job->id;
        record->u.capped.attempt = job->attempt.number;
        record->u.capped.mode = mode;
}

/*
 * As many GPUs under other caps. Less power can always be had. Plans fill an hour to the second with a little of another
 * cap: for so short nothing is changed, unless the power is not there.
 */
static bool may_be_capped(const struct state *state, const struct job *job, const struct plan_interval *interval,
                          int64_t wall)
{
        const struct site *site = interval->site < state->n_sites ? &state->sites[interval->site] : NULL;
        int64_t more;

        if (site == NULL || interval->site != job->site || interval->mode == job->attempt.mode ||
            !width_is_same(&job->spec, interval->mode, job->attempt.mode) || !fit_caps(state, job, interval->mode, site))
                return false;
        more = power_of_job_at(job, interval->mode, site) - power_of_job_at(job, job->attempt.mode, site);
        if (interval->end - wall < LEAST_CAP_S && !(more < 0 && pause_for_power(state, site, wall)))
                return false;
        return more <= 0 || power_of_site(state, site) + power_not_capped_yet(state, site) +
                                            power_at_meter(state_terms(state, site), more) <=
                                    stored_limit(state, site, wall);
}

static void follow_running(const struct state *state, const struct job *job, const struct now *now,
                           struct pause_look *look, struct months *months, struct turn *turn)
{
        static const struct pause month = { .cause = PAUSE_MONTH };
        const struct plan_interval *interval = fit_interval(job, now->wall);
        struct pause why;

        if (job->attempt.state != ATTEMPT_GOING)
                return;
        if (ran_too_long(state, job, now->wall))
                record_stop(job, STOP_LIMIT, now, turn);
        else if (month_stops(state, job, now->wall, months))
                record_pause(job, &month, now, turn);
        else if (interval != NULL) {
                if (pause_to_resize(state, job, interval, now->wall, &why))
                        record_pause(job, &why, now, turn);
                else if (may_be_capped(state, job, interval, now->wall))
                        record_cap(job, interval->mode, now, turn);
        } else if (job->n_planned == 0) {
                if (pause_lacks_power(state, job, now->wall, look, &why))
                        record_pause(job, &why, now, turn);
        } else if (has_interval_after(job, now->wall)) {
                if (pause_is_due(state, job, now, look, &why))
                        record_pause(job, &why, now, turn);
        } else
                want_plan(state, now, turn); /* not done where the plan thought it would be */
}

static void follow_all_running(const struct state *state, const struct now *now, struct pause_look *look,
                               struct turn *turn)
{
        size_t before = turn->n_records;
        struct months months = { 0 };

        for (size_t i = 0; i < state->n_open && turn->n_records == before; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_ACTIVE)
                        follow_running(state, state_open_job(state, i), now, look, &months, turn);
        turn->failed = turn->failed || look->failed;
}

/* Who runs is looked at first; while one after the other is launched, not again before nobody more can be. */
void follow_dispatch(const struct state *state, const struct now *now, struct turn *turn)
{
        size_t before = turn->n_records;
        struct pause_look look = { 0 }; /* nothing changes while no record is made */
        struct promise promise = { .room = &look.room };
        bool launching = before > 0 && turn->records[before - 1].type == RECORD_LAUNCH;

        if (!launching)
                follow_all_running(state, now, &look, turn);
        for (size_t i = 0; i < state->n_open && turn->n_records == before; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_QUEUED)
                        follow_queued(state, state_open_job(state, i), &promise, now, turn);
        if (turn->n_records == before)
                launch_early(state, &promise, now, turn);
        promise_finish(&promise);
        if (launching && turn->n_records == before)
                follow_all_running(state, now, &look, turn);
        pause_look_finish(&look);
}
