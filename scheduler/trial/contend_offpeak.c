/* SPDX-License-Identifier: Apache-2.0 */
/* contend_offpeak.c - the scheduler itself: the core, its planner and its books, in virtual time (sim/sim.h). */
#include "trial/contend_offpeak.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/room.h"
#include "core/width.h"
#include "sim/runs.h"
#include "trial/publish.h"

/* Nothing is lost here, so that nodes are heard for their news alone. */
enum { RENEW_S = 86400, STEP_S = 3600 };

/* In which mode an attempt is from a time on. */
struct change {
        uint64_t job;
        uint32_t attempt, gpus, level;
        int64_t at;
        size_t order; /* in which it was heard */
};

struct replay {
        const struct trial *trial;
        const struct trial_watch *watch;
        struct sim *sim;
        uint64_t *ids;          /* of job j in the core */
        size_t *jobs;           /* the other way round: of id k at [k] */
        struct change *changes; /* as they were heard */
        size_t n_changes;
        bool deaf;              /* out of memory while one was heard */
        size_t *refused;        /* jobs that have no room while nodes are down: they are submitted again */
        size_t n_refused;
        int64_t published;      /* up to when what came out was told; 0: nothing yet */
        struct offpeak_error *err;
};

static void note_change(struct replay *replay, uint64_t id, uint32_t attempt, uint32_t mode, int64_t at)
{
        const struct offpeak_job_spec *spec = &state_job(sim_state(replay->sim), id)->spec;
        struct change *change = room_for_one((void **)&replay->changes, replay->n_changes, sizeof(*change));

        replay->deaf = replay->deaf || change == NULL;
        if (change == NULL)
                return;
        *change = (struct change){ id, attempt, width_gpus(spec, mode), width_level(spec, mode), at, replay->n_changes };
        replay->n_changes++;
}

static void hear(void *context, const struct record *record)
{
        struct replay *replay = context;

        if (record->type == RECORD_LAUNCH)
                note_change(replay, record->u.launch.job, record->u.launch.attempt, record->u.launch.mode, record->at);
        if (record->type == RECORD_CAPPED)
                note_change(replay, record->u.capped.job, record->u.capped.attempt, record->u.capped.mode, record->at);
        if (replay->watch != NULL && replay->watch->record != NULL)
                replay->watch->record(replay->watch->context, record);
}

static void tell(const struct replay *replay, size_t done)
{
        if (replay->watch != NULL && replay->watch->progress != NULL)
                replay->watch->progress(replay->watch->context, (double)done / (double)replay->trial->trace.n);
}

static const struct series *series_seen(const struct trial *trial, size_t i)
{
        return trial_seen(trial, trial->truth[i].site, trial->truth[i].kind);
}

static int take_all_series(struct replay *replay)
{
        const struct trial *trial = replay->trial;
        int code = 0;

        for (size_t i = 0; code == 0 && i < trial->n_truth && trial->sight != TRIAL_SEES_PUBLISHED; i++)
                code = sim_take_series(replay->sim, series_seen(trial, i));
        return code;
}

static int add_nodes(struct replay *replay)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < replay->trial->n_nodes; i++) {
                const struct trial_node *node = &replay->trial->nodes[i];

                code = sim_add_node(replay->sim, &(struct sim_node){ node->name, node->site, node->gpus, node->idle_w,
                                                                     node->gpu_w, node->least_gpu_w });
        }
        return code;
}

static int open_world(struct replay *replay)
{
        const struct trial *trial = replay->trial;
        struct sim_options options = { .start = trial->trace.jobs[0].submit,
                                       .policy = &trial->policy,
                                       .forecasts = trial->sight == TRIAL_SEES_PUBLISHED,
                                       .renew_s = RENEW_S,
                                       .unproven = replay->watch == NULL || replay->watch->record == NULL,
                                       .plan_gap_s = trial->plan_gap_s,
                                       .ramp_s = trial->hardware.ramp_s,
                                       .outages = &trial->hardware.outages,
                                       .checkpoint_s = trial->hardware.checkpoint_s,
                                       .journal = hear,
                                       .context = replay };
        int code = sim_create(&options, &replay->sim);

        if (code == 0)
                code = take_all_series(replay);
        if (code == 0)
                code = add_nodes(replay);
        return code;
}

/* When the next node is back, after `time`; INT64_MAX: none is down. */
static int64_t next_return(const struct replay *replay, int64_t time)
{
        const struct outages *outages = &replay->trial->hardware.outages;
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < outages->n && outages->at[i].from <= time; i++)
                if (outages->at[i].to > time && outages->at[i].to < next)
                        next = outages->at[i].to;
        return next;
}

/* Too wide for the nodes that are up: its user tries again, unless it is too late by then. */
static bool may_try_again(const struct replay *replay, size_t j)
{
        int64_t next = next_return(replay, sim_now(replay->sim)), deadline = replay->trial->trace.jobs[j].deadline;

        return next != INT64_MAX && (deadline == 0 || next < deadline);
}

static int put_off(struct replay *replay, size_t j)
{
        size_t *refused = room_for_one((void **)&replay->refused, replay->n_refused, sizeof(*refused));

        if (refused == NULL)
                return fail(replay->err, OFFPEAK_ENOMEM, "out of memory");
        *refused = j;
        replay->n_refused++;
        return 0;
}

/* Behind the trial's end nothing is known, and nothing is counted: what might wait until then is due then. */
static void bound_end(const struct trial *trial, size_t j, struct offpeak_job_spec *spec)
{
        const struct trace_job *job = &trial->trace.jobs[j];
        const struct policy_class *class = &trial->policy.classes[trial->classes[j]];
        int64_t most = class->max_delay_s + class->start_cost_s + job->duration_s;
        bool is_bound = class->max_delay_s > 0 && most <= trial->to - job->submit;

        if (spec->deadline != 0 ? spec->deadline > trial->to : !is_bound)
                spec->deadline = trial->to;
}

static int submit(struct replay *replay, size_t j)
{
        const struct trace_job *job = &replay->trial->trace.jobs[j];
        struct offpeak_job_spec spec;
        int code = trial_spec(replay->trial, j, &spec);

        if (code != 0)
                return fail(replay->err, code, "out of memory");
        bound_end(replay->trial, j, &spec);
        code = sim_submit(replay->sim, &spec, &replay->ids[j], replay->err);
        offpeak_job_spec_finish(&spec);
        if (code == OFFPEAK_EINVAL && may_try_again(replay, j))
                return put_off(replay, j);
        if (code != 0 && job->line != 0)
                return fail_at(replay->err, "job %.64s of line %zu", job->id, job->line);
        return code == 0 ? 0 : fail_at(replay->err, "job %.64s", job->id);
}

/* Whoever was refused tries again. */
static int submit_refused(struct replay *replay)
{
        size_t n = replay->n_refused, *jobs = replay->refused;
        int code = 0;

        replay->refused = NULL;
        replay->n_refused = 0;
        for (size_t i = 0; code == 0 && i < n; i++)
                code = submit(replay, jobs[i]);
        free(jobs);
        return code;
}

/* ---- time, as it passes */

/* What came out since the last look: of series that all is known of, everything at the first. */
static int publish(struct replay *replay, int64_t now)
{
        const struct trial *trial = replay->trial;
        int code = 0;

        for (size_t i = 0; code == 0 && i < trial->n_truth; i++) {
                const struct series *series = series_seen(trial, i);
                struct series known;

                if (replay->published != 0 &&
                    publish_until(series->kind, now) == publish_until(series->kind, replay->published))
                        continue;
                code = publish_series(series, now, &known);
                if (code == 0)
                        code = sim_take_series(replay->sim, &known);
                series_finish(&known);
        }
        replay->published = now;
        return code;
}

static int64_t next_publication(const struct replay *replay)
{
        const struct trial *trial = replay->trial;
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < trial->n_truth; i++) {
                int64_t at = publish_next(trial->truth[i].kind, replay->published);

                next = at < next ? at : next;
        }
        return next;
}

/* Let time pass up to `wall`, and what is published by then come out. */
static int pass(struct replay *replay, int64_t wall)
{
        int code = 0;

        if (replay->trial->sight == TRIAL_SEES_PUBLISHED && replay->published == 0)
                code = publish(replay, sim_now(replay->sim));
        while (code == 0 && replay->trial->sight == TRIAL_SEES_PUBLISHED && next_publication(replay) <= wall) {
                int64_t at = next_publication(replay);

                code = sim_run_until(replay->sim, at);
                if (code == 0)
                        code = publish(replay, at);
        }
        while (code == 0 && replay->n_refused > 0 && next_return(replay, sim_now(replay->sim)) < wall) {
                code = sim_run_until(replay->sim, next_return(replay, sim_now(replay->sim)));
                if (code == 0 && submit_refused(replay) != 0)
                        return replay->err->code;
        }
        if (code == 0)
                code = sim_run_up_to(replay->sim, wall);
        return code == 0 ? 0 : fail(replay->err, OFFPEAK_ENOMEM, "out of memory");
}

static int submit_all(struct replay *replay)
{
        int code = 0;

        for (size_t j = 0; code == 0 && j < replay->trial->trace.n; j++) {
                code = pass(replay, replay->trial->trace.jobs[j].submit);
                if (code == 0)
                        code = submit(replay, j);
                tell(replay, j);
        }
        return code;
}

static bool all_over(const struct replay *replay)
{
        const struct state *state = sim_state(replay->sim);

        if (replay->n_refused > 0)
                return false;
        for (size_t i = state->n_jobs; i > 0; i--)
                if (state->jobs[i - 1].state <= OFFPEAK_JOB_ACTIVE)
                        return false;
        return true;
}

static int run_out(struct replay *replay)
{
        int code = 0;

        while (code == 0 && !all_over(replay) && sim_now(replay->sim) < replay->trial->to)
                code = pass(replay, sim_now(replay->sim) + STEP_S);
        return code;
}

static int by_attempt(const void *a, const void *b)
{
        const struct change *x = a, *y = b;

        if (x->job != y->job)
                return x->job < y->job ? -1 : 1;
        if (x->attempt != y->attempt)
                return x->attempt < y->attempt ? -1 : 1;
        return x->order < y->order ? -1 : x->order > y->order;
}

/* Its launch is the first of them. */
static size_t find_changes(const struct replay *replay, const struct sim_run *run)
{
        const struct change key = { .job = run->job, .attempt = run->attempt };
        size_t low = 0, high = replay->n_changes;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (by_attempt(&replay->changes[middle], &key) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* A run, cut where its mode changes. */
static int add_run(const struct replay *replay, const struct sim_run *run, struct outcome *outcome)
{
        int64_t from = run->start;
        int code = 0;

        for (size_t i = find_changes(replay, run); code == 0 && from < run->end; i++) {
                const struct change *now = &replay->changes[i], *next = now + 1;
                bool is_last = i + 1 == replay->n_changes || next->job != run->job || next->attempt != run->attempt;
                int64_t to = is_last || next->at > run->end ? run->end : next->at;
                struct segment segment = { replay->jobs[run->job], run->site, now->gpus, from, to, now->level, false, 0 };

                if (to > from)
                        code = outcome_add(outcome, segment, from > run->start);
                from = to > from ? to : from;
        }
        return code;
}

static int read_hours(struct replay *replay, struct outcome *outcome)
{
        const struct state *state = sim_state(replay->sim);
        size_t n_bookings, n;
        const struct booking *bookings = sim_bookings(replay->sim, &n_bookings);
        struct sim_run *runs;

        if (replay->deaf || runs_collect(bookings, n_bookings, &runs, &n) != 0)
                return fail(replay->err, OFFPEAK_ENOMEM, "out of memory");
        if (replay->n_changes > 0)
                qsort(replay->changes, replay->n_changes, sizeof(*replay->changes), by_attempt);
        for (size_t i = 0; i < n; i++)
                if (add_run(replay, &runs[i], outcome) != 0) {
                        free(runs);
                        return fail(replay->err, OFFPEAK_ENOMEM, "out of memory");
                }
        free(runs);
        for (size_t j = 0; j < replay->trial->trace.n; j++) {
                const struct job *job = state_job(state, replay->ids[j]);

                outcome->finish[j] = job != NULL && job->state == OFFPEAK_JOB_DONE ? job->ended_at : 0;
        }
        outcome_sort(outcome);
        return 0;
}

static int read_losses(struct replay *replay, struct outcome *outcome)
{
        size_t n;
        const struct sim_loss *losses = sim_losses(replay->sim, &n);

        for (size_t i = 0; i < n; i++) {
                struct loss loss = { replay->jobs[losses[i].job], losses[i].site, losses[i].at, losses[i].lost_s };

                if (outcome_lose(outcome, loss) != 0)
                        return fail(replay->err, OFFPEAK_ENOMEM, "out of memory");
        }
        return 0;
}

static int index_jobs(struct replay *replay)
{
        size_t most = 0;

        for (size_t j = 0; j < replay->trial->trace.n; j++)
                most = replay->ids[j] > most ? replay->ids[j] : most;
        replay->jobs = calloc(most + 1, sizeof(*replay->jobs));
        if (replay->jobs == NULL)
                return fail(replay->err, OFFPEAK_ENOMEM, "out of memory");
        for (size_t j = 0; j < replay->trial->trace.n; j++)
                if (replay->ids[j] != 0)
                        replay->jobs[replay->ids[j]] = j;
        return 0;
}

int contend_offpeak(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                    struct offpeak_error *err)
{
        struct replay replay = { .trial = trial, .watch = watch, .err = err };
        struct outcome outcome = { 0 };
        int code;

        (void)parameter;
        replay.ids = calloc(trial->trace.n + 1, sizeof(*replay.ids));
        if (replay.ids == NULL || outcome_init(&outcome, trial->trace.n) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        else if (open_world(&replay) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        else
                code = submit_all(&replay);
        if (code == 0)
                code = run_out(&replay);
        if (code == 0)
                code = index_jobs(&replay);
        if (code == 0)
                code = read_hours(&replay, &outcome);
        if (code == 0)
                code = read_losses(&replay, &outcome);
        sim_destroy(replay.sim);
        free(replay.ids);
        free(replay.changes);
        free(replay.jobs);
        free(replay.refused);
        if (code != 0) {
                outcome_finish(&outcome);
                return code;
        }
        *ret_outcome = outcome;
        return 0;
}
