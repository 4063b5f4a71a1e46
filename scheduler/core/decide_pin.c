/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_pin.c - pin a job to hours, and take the pin off again.
 *
 * A pin is taken only where it can be kept as things are: beside the other pins, and beside what runs and cannot be
 * interrupted. All others make way with the next plan.
 */
#include "core/decide_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "core/after.h"
#include "core/copy.h"
#include "core/move.h"
#include "core/pin.h"
#include "core/question_jobs.h"
#include "core/width.h"
#include "core/work.h"

struct pinning {
        const struct state *state;
        const struct now *now;
        const struct job *job;
        int64_t start; /* as asked; 0: the planned hours */
        const struct plan_problem *problem;
        const struct plan_job *asked; /* the job in it */
        struct plan_interval *hours;  /* that it shall keep: room for n */
        uint32_t n;
};

/* What needs no look at the others. */
static int check_job(const struct pinning *pinning, struct offpeak_error *err)
{
        const struct job *job = pinning->job;
        char at[WHEN_TEXT_SIZE];

        if (job->cancel)
                return fail(err, OFFPEAK_ESTATE, "job %" PRIu64 " is being cancelled", job->id);
        if (job->held)
                return fail(err, OFFPEAK_ESTATE, "job %" PRIu64 " is on hold and has no hours: release it first",
                            job->id);
        if (after_look(pinning->state, job, NULL) != AFTER_MET)
                return fail(err, OFFPEAK_ESTATE,
                            "job %" PRIu64
                            " comes after others that have not ended, and starts when they have: pin it then",
                            job->id);
        if (pinning->start == 0)
                return 0;
        if (pinning->start < pinning->now->wall)
                return fail(err, OFFPEAK_EINVAL, "the start %s is in the past: give a later one",
                            when_format_utc(pinning->start, at));
        if (work_goes_on(job) && !work_may_pause(job, state_class(pinning->state, job)))
                return fail(err, OFFPEAK_ESTATE,
                            "job %" PRIu64 " runs and cannot be interrupted: pin it without --start, or let it run",
                            job->id);
        return 0;
}

/* The hours that are planned and not over. */
static int take_planned(struct pinning *pinning, struct offpeak_error *err)
{
        const struct job *job = pinning->job;

        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].end > pinning->now->wall)
                        pinning->hours[pinning->n++] = job->planned[i];
        if (pinning->n == 0)
                return fail(err, OFFPEAK_ESTATE,
                            "job %" PRIu64
                            " has no hours to pin: give a time with --start, or pin it when it is planned "
                            "(offpeak show %" PRIu64 " tells why it is not)",
                            job->id, job->id);
        for (uint32_t i = 1; i < pinning->n; i++)
                if (pinning->hours[i].site != pinning->hours[0].site)
                        return fail(err, OFFPEAK_ESTATE,
                                    "job %" PRIu64
                                    " moves between its hours, and a move cannot be pinned: pin one run with "
                                    "--start",
                                    job->id);
        return 0;
}

/* The job with its hours as one of the pinned. False: they do not end before the horizon, or lie where it may not be.
 */
static bool pin_one(const struct pinning *pinning, struct plan_interval *room, struct plan_job *ret_job)
{
        struct job pinned = *pinning->job;

        pinned.pins = pinning->hours;
        pinned.n_pins = pinning->n;
        *ret_job = *pinning->asked;
        ret_job->kept = room;
        ret_job->n_kept = pin_hours(&pinned, state_class(pinning->state, pinning->job), pinning->problem->now,
                                    ret_job->release, pinning->problem->horizon, room);
        ret_job->pinned = true;
        ret_job->may_move = false;
        for (size_t i = 0; i < ret_job->n_kept; i++) {
                room[i].mode = question_mode(ret_job, room[i].mode);
                if (room[i].mode == ret_job->n_modes)
                        return false;
        }
        return ret_job->n_kept > 0 && (ret_job->sites >> room[0].site & 1) != 0;
}

/* What runs and cannot be interrupted goes on whatever is pinned: as if it were pinned itself. */
static bool goes_on(const struct plan_job *job, int64_t now, int64_t horizon, struct plan_interval *hours)
{
        if (!job->running || job->max_starts != 0 || job->pinned)
                return false;
        *hours = (struct plan_interval){ now, now + (int64_t)job->work_s + 1, job->run_site, job->run_mode };
        if (hours->end > horizon)
                hours->end = horizon;
        return true;
}

/* Beside the other pins, and then beside what cannot be interrupted as well. */
static int check_room(const struct pinning *pinning, struct plan_interval *room, struct plan_job *jobs,
                      struct plan_interval *others, struct offpeak_error *err)
{
        const struct plan_problem *problem = pinning->problem;
        char at[WHEN_TEXT_SIZE];
        size_t n = 0;
        int code;

        if (!pin_one(pinning, room, &jobs[n++]))
                return fail(err, OFFPEAK_ESTATE,
                            "job %" PRIu64
                            " would not be done by %s, which is as far as plans look: pin it to earlier hours",
                            pinning->job->id, when_format_utc(problem->horizon, at));
        for (size_t j = 0; j < problem->n_jobs; j++)
                if (problem->jobs[j].pinned && problem->jobs[j].id != pinning->job->id)
                        jobs[n++] = problem->jobs[j];
        code = pin_fit(problem, jobs, n, err);
        for (size_t j = 0; code == 0 && j < problem->n_jobs; j++)
                if (problem->jobs[j].id != pinning->job->id &&
                    goes_on(&problem->jobs[j], problem->now, problem->horizon, others)) {
                        jobs[n] = problem->jobs[j];
                        jobs[n].kept = others++;
                        jobs[n].n_kept = 1;
                        jobs[n].pinned = true;
                        jobs[n++].may_move = false;
                }
        if (code != 0)
                return code;
        code = pin_fit(problem, jobs, n, err);
        return code != OFFPEAK_EINVAL ? code
                                      : fail(err, OFFPEAK_ESTATE,
                                             "jobs that run and cannot be interrupted have what job %" PRIu64
                                             " would need: pin it to later hours",
                                             pinning->job->id);
}

static int check_hours(const struct pinning *pinning, struct offpeak_error *err)
{
        size_t n = pinning->problem->n_jobs;
        struct plan_interval *room = calloc(pinning->n, sizeof(*room));
        struct plan_interval *others = calloc(n + 1, sizeof(*others));
        struct plan_job *jobs = calloc(n + 1, sizeof(*jobs));
        int code = room != NULL && others != NULL && jobs != NULL ? check_room(pinning, room, jobs, others, err)
                                                                  : fail(err, OFFPEAK_ENOMEM, "pinning: out of memory");

        free(room);
        free(others);
        free(jobs);
        return code;
}

/* One unbroken run from the start, as wide as it is or was asked for, at the site where it is planned or ran last, or else at the first that can have it.
 */
static int take_start(struct pinning *pinning, struct offpeak_error *err)
{
        const struct job *job = pinning->job;
        const struct policy_class *class = state_class(pinning->state, job);
        uint32_t first = job->site != NONE_U32 ? job->site : job->n_planned > 0 ? job->planned[0].site : 0;
        uint32_t mode = work_goes_on(job) ? job->attempt.mode : pinning->asked->modes[0].id;
        double work_s = work_left(job, class, pinning->now->wall) / width_speed(job, mode);
        int64_t length = class->start_cost_s + (int64_t)work_s + 1;
        int code = OFFPEAK_ESTATE;

        if (pinning->start < pinning->asked->release)
                return fail(err, OFFPEAK_ESTATE, "job %" PRIu64 " may not start before %s: give a later --start",
                            job->id, when_format_utc(pinning->asked->release, (char[WHEN_TEXT_SIZE]){ 0 }));
        for (uint32_t i = 0; code != 0 && i < pinning->state->n_sites; i++) {
                uint32_t site = (first + i) % pinning->state->n_sites;
                bool stays = !work_goes_on(job) || site == job->site;

                if (site >= 64 || (pinning->asked->sites >> site & 1) == 0 || !stays ||
                    move_ready_at(pinning->state, job, &pinning->state->sites[site]) > pinning->start)
                        continue;
                pinning->hours[0] = (struct plan_interval){ pinning->start, pinning->start + length, site, mode };
                pinning->n = 1;
                code = check_hours(pinning, err);
        }
        return pinning->n == 0 ? fail(err, OFFPEAK_ESTATE,
                                      "no site can have job %" PRIu64 " by then: give a later --start", job->id)
                               : code;
}

/* Which hours, and whether they can be kept. */
static int choose(struct pinning *pinning, struct offpeak_error *err)
{
        struct plan_question question;
        int code = plan_question_init(pinning->state, pinning->now, &question);

        if (code != 0)
                return fail(err, code, "pinning: out of memory");
        pinning->problem = &question.problem;
        for (size_t j = 0; j < question.problem.n_jobs; j++)
                if (question.problem.jobs[j].id == pinning->job->id)
                        pinning->asked = &question.problem.jobs[j];
        if (pinning->asked == NULL)
                code = fail(err, OFFPEAK_ESTATE,
                            "job %" PRIu64 " has no hours, and can have none as things are: offpeak show %" PRIu64
                            " tells why",
                            pinning->job->id, pinning->job->id);
        else if (pinning->start != 0)
                code = take_start(pinning, err);
        else {
                code = take_planned(pinning, err);
                if (code == 0)
                        code = check_hours(pinning, err);
        }
        plan_question_finish(&question);
        return code;
}

static void record_pins(const struct pinning *pinning, const struct client *client, const char *text, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_PINNED, pinning->now);

        record->u.pinned.job = pinning->job->id;
        turn_check(turn,
                   copy_bytes(pinning->hours, pinning->n, sizeof(*pinning->hours), (void **)&record->u.pinned.hours));
        record->u.pinned.n_hours = record->u.pinned.hours != NULL ? pinning->n : 0;
        record->u.pinned.request = request_on_record(turn, client, pinning->now, pinning->job->id, text);
        want_plan(pinning->state, pinning->now, turn);
        reply(turn, client, OFFPEAK_OK, pinning->job->id, text != NULL ? "%s" : NULL, text);
}

/* The first start, and what it does to a deadline. */
static void write_answer(const struct pinning *pinning, char *text, size_t size)
{
        int64_t deadline = pinning->job->spec.deadline, end = pinning->hours[pinning->n - 1].end;
        char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE], late[WHEN_TEXT_SIZE];
        int used = snprintf(text, size, "pinned, from %s to %s", when_format_utc(pinning->hours[0].start, from),
                            when_format_utc(end, to));

        if (deadline != 0 && end > deadline && used > 0 && (size_t)used < size)
                snprintf(text + used, size - (size_t)used, ": misses its deadline by %s",
                         when_format_duration(end - deadline, late));
}

static void pin(struct pinning *pinning, const struct client *client, struct turn *turn)
{
        struct offpeak_error err = { 0 };
        char text[160];
        int code = check_job(pinning, &err);

        pinning->hours = calloc(pinning->job->n_planned + 1, sizeof(*pinning->hours));
        if (code == 0)
                code = pinning->hours != NULL ? choose(pinning, &err) : OFFPEAK_ENOMEM;
        if (code == 0) {
                write_answer(pinning, text, sizeof(text));
                record_pins(pinning, client, text, turn);
        } else if (code == OFFPEAK_ENOMEM) {
                turn->failed = true;
        } else {
                reply(turn, client, code, pinning->job->id, "%s", err.text);
        }
        free(pinning->hours);
}

void decide_pin(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.job.client;
        struct pinning pinning = { .state = state, .now = &input->now, .start = input->u.job.start };

        if (answer_again(state, client, turn))
                return;
        pinning.job = changeable_job(state, input, turn);
        if (pinning.job == NULL)
                return;
        if (input->type == INPUT_PIN)
                pin(&pinning, client, turn);
        else if (pinning.job->n_pins == 0)
                reply(turn, client, OFFPEAK_OK, pinning.job->id, "was not pinned: nothing to unpin");
        else
                record_pins(&pinning, client, NULL, turn);
}
