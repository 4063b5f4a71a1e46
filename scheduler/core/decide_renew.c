/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_renew.c - a node renews its lease: it proves that it is alive, and tells of its legs and its energy.
 *
 *   session not current -> STALE;  seq seen -> drop
 *   unwell devices, readings -> bookings     (first: an exit must find its devices as they are, its energy booked)
 *   first of the session: legs on record that are not listed have ended
 *   each listed leg: seen armed, seen running, ended, or not wanted
 *   then GRANT; the orders follow from the state after this turn
 */
#include "core/decide_parts.h"

#include <math.h>
#include <string.h>

#include "core/caps.h"
#include "core/power.h"
#include "core/width.h"
#include "core/work.h"

/* A job's own progress goes on record in steps of a hundredth. */
#define PROGRESS_STEP 0.01

/* How much of the work an attempt must have done before its pace is believed. */
#define PACE_STEP 0.05

static const struct job *open_job(const struct state *state, uint64_t id, uint32_t attempt)
{
        const struct job *job = state_job(state, id);

        return job != NULL && job->state == OFFPEAK_JOB_ACTIVE && job->attempt.number == attempt ? job : NULL;
}

static const struct leg *leg_at(const struct job *job, uint32_t node)
{
        for (uint32_t l = 0; job != NULL && l < job->attempt.n_legs; l++)
                if (job->attempt.legs[l].node == node)
                        return &job->attempt.legs[l];
        return NULL;
}

/* ---- energy */

/* Up to where a leg's energy is booked, this turn's bookings included: state lags behind within an input. */
static int64_t booked_until(const struct turn *turn, size_t first, uint64_t job, uint32_t attempt, uint32_t node,
                            int64_t on_record)
{
        enum account account = job != 0 ? ACCOUNT_JOB : ACCOUNT_IDLE;

        for (size_t i = turn->n_records; i-- > first;) {
                const struct booking *booking = &turn->records[i].u.booked.booking;

                if (turn->records[i].type == RECORD_BOOKED && booking->account == account && booking->node == node &&
                    booking->job == job && booking->attempt == attempt)
                        return booking->end;
        }
        return on_record;
}

/* A stretch nobody reported, between two that were. */
static void book_gap(const struct state *state, const struct input *input, const struct job *job,
                     const struct leg *leg, int64_t start, int64_t end, struct booker *booker)
{
        struct energy gap = { .job = job->id,
                              .attempt = job->attempt.number,
                              .node = leg->node,
                              .start = start,
                              .end = end,
                              .joules = power_spent_by_leg(state, job, leg, start, end),
                              .quality = QUALITY_ESTIMATED };

        booker_add(booker, &input->now, &gap);
}

/* Book what of the reading is not booked yet; a repeated or overlapping one is cut by time. */
static void book_reading(const struct state *state, const struct input *input, const struct node *node,
                         const struct reading *reading, size_t first, struct booker *booker, struct turn *turn)
{
        const struct job *job = reading->job != 0 ? state_job(state, reading->job) : NULL;
        const struct leg *leg = NULL;
        struct energy energy = { .job = reading->job,
                                 .attempt = reading->attempt,
                                 .node = node->id,
                                 .start = reading->start,
                                 .end = reading->end,
                                 .joules = reading->joules,
                                 .quality = reading->quality };
        int64_t until;

        if (reading->job != 0) {
                if (job == NULL || job->attempts == 0 || job->attempt.number != reading->attempt)
                        return; /* its attempt was closed, and what it left unbooked was estimated then */
                leg = leg_at(job, node->id);
                if (leg == NULL)
                        return;
        }
        until = booked_until(turn, first, reading->job, reading->attempt, node->id,
                             leg != NULL ? leg->booked_until : node->idle_until);
        if (reading->end <= until || reading->end <= reading->start || reading->joules < 0)
                return;
        if (leg != NULL && until != 0 && reading->start > until)
                book_gap(state, input, job, leg, until, reading->start, booker);
        if (reading->start < until) {
                __int128 part = (__int128)reading->joules * (reading->end - until);

                energy.joules = (int64_t)(part / (reading->end - reading->start));
                energy.start = until;
        }
        booker_add(booker, &input->now, &energy);
}

static uint64_t book_readings(const struct state *state, const struct input *input, const struct node *node,
                              struct booker *booker, struct turn *turn)
{
        size_t first = turn->n_records;
        uint64_t acked = 0;

        for (uint32_t i = 0; i < input->u.renew.n_readings; i++) {
                const struct reading *reading = &input->u.renew.readings[i];

                if (booker != NULL)
                        book_reading(state, input, node, reading, first, booker, turn);
                if (reading->seq > acked)
                        acked = reading->seq;
        }
        return acked;
}

/* ---- legs */

static bool was_given_up(enum leg_how how)
{
        return how == LEG_ABSENT || how == LEG_LEASE_OVER || how == LEG_FENCED || how == LEG_NO_GO;
}

static bool tells_a_status(const struct leg_report *report)
{
        return report->how == LEG_EXIT || report->how == LEG_ASKED;
}

static bool late_exit_known(const struct job *job, const struct leg_report *report, uint32_t node)
{
        for (uint32_t i = 0; i < job->n_late_exits; i++)
                if (job->late_exits[i].attempt == report->attempt && job->late_exits[i].node == node)
                        return true;
        return false;
}

/* An exit of a leg that had been given up: kept beside the attempt, and without consequence. */
static void note_late_exit(const struct state *state, const struct input *input, const struct node *node,
                           const struct leg_report *report, struct turn *turn)
{
        const struct job *job = state_job(state, report->job);
        const struct leg *leg;
        struct record *record;

        if (job == NULL || job->attempts == 0 || job->attempt.number != report->attempt)
                return; /* that attempt is history */
        leg = leg_at(job, node->id);
        if (leg == NULL || !was_given_up(leg->how) || !tells_a_status(report) ||
            late_exit_known(job, report, node->id))
                return;
        record = turn_record(turn, RECORD_LATE_EXIT, &input->now);
        record->u.late_exit.leg = (struct record_leg_ref){ report->job, report->attempt, node->id };
        record->u.late_exit.status = report->status;
}

static void end_leg(const struct input *input, const struct job *job, uint32_t node, enum leg_how how, int32_t status,
                    bool killed, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_LEG_END, &input->now);

        record->u.leg_end.leg = (struct record_leg_ref){ job->id, job->attempt.number, node };
        record->u.leg_end.how = how;
        record->u.leg_end.status = status;
        record->u.leg_end.killed = killed;
}

/* Of the first of its attempt alone, to keep the log small. */
static void tell_failure(const struct job *job, const struct leg_report *report, struct turn *turn)
{
        struct record *record = &turn->records[turn->n_records - 1];

        if ((report->how == LEG_EXIT && report->status == 0) || job->attempt.stop != STOP_NONE ||
            job->failure.attempt == job->attempt.number)
                return;
        record->u.leg_end.rank = report->rank;
        if (report->why[0] != '\0')
                record->u.leg_end.why = turn_text(turn, "%.*s", FAILURE_WHY_SIZE - 1, report->why);
        if (report->tail != NULL)
                record->u.leg_end.tail = turn_text(turn, "%.*s", FAILURE_TAIL_SIZE - 1, report->tail);
}

/* capped: its node tells caps that it was thought not to have yet. */
static void see_leg(const struct input *input, const struct job *job, const struct leg *leg, enum leg_state seen,
                    bool capped, struct turn *turn)
{
        struct record *record;

        if (leg->state >= seen && !capped)
                return;
        record = turn_record(turn, RECORD_V_LEG, &input->now);
        record->u.leg.capped = capped;
        record->u.leg.leg = (struct record_leg_ref){ job->id, job->attempt.number, leg->node };
        record->u.leg.state = seen;
}

/* ---- progress */

/* How long the whole job takes as asked for, by the pace of this attempt, or what was thought before. */
static int64_t total_at_pace(const struct state *state, const struct job *job, const struct leg *leg, double fraction,
                             int64_t wall)
{
        double done = fraction - job->attempt.fraction_before;
        int64_t began = leg->started_at != 0 ? leg->started_at : job->attempt.launched_at;
        const struct policy_class *class = state_class(state, job);
        double waited = (double)(began - job->attempt.launched_at), start = (double)class->start_cost_s;
        double ran = (double)(wall - began) - start;

        if (done < PACE_STEP || ran < 60)
                return job->total_s;
        return (int64_t)ceil((work_made(job, class, wall) - start - waited * width_speed(job, job->attempt.mode)) / done);
}

/* Steps of a hundredth while it runs; all of it when it leaves. */
static bool is_news(double known, double fraction, enum report_state state)
{
        if (state == REPORT_EXITED || fraction >= 1)
                return fraction > known || fraction < known;
        return fabs(fraction - known) >= PROGRESS_STEP;
}

static void note_progress(const struct state *state, const struct input *input, const struct job *job,
                          const struct leg *leg, const struct leg_report *report, struct turn *turn)
{
        double fraction = report->total > 0 ? fmin(1, fmax(0, report->done / report->total)) : -1;
        struct record *record;

        if (fraction < 0 || (job->fraction_reported && !is_news(job->fraction, fraction, report->state)))
                return;
        record = turn_record(turn, RECORD_PROGRESS, &input->now);
        record->u.progress.job = job->id;
        record->u.progress.fraction = fraction;
        record->u.progress.reported = true;
        record->u.progress.total_s = total_at_pace(state, job, leg, fraction, input->now.wall);
}

static bool has_its_cap(const struct job *job, const struct leg *leg, const struct leg_report *report)
{
        return leg->level != width_level(&job->spec, job->attempt.mode) &&
               report->cap_ppm == width_cap_ppm(&job->spec, job->attempt.mode);
}

static void take_report(const struct state *state, const struct input *input, const struct node *node,
                        const struct leg_report *report, struct turn *turn)
{
        const struct job *job = open_job(state, report->job, report->attempt);
        const struct leg *leg = leg_at(job, node->id);

        if (leg == NULL || leg->state == LEG_ENDED || report->epoch != job->attempt.epoch) {
                if (report->state == REPORT_EXITED)
                        note_late_exit(state, input, node, report, turn);
                return; /* alive and not wanted: the orders will say STOP */
        }
        if (leg == &job->attempt.legs[0])
                note_progress(state, input, job, leg, report, turn);
        switch (report->state) {
        case REPORT_ARMED:
                see_leg(input, job, leg, LEG_ARMED, false, turn);
                break;
        case REPORT_RUNNING:
        case REPORT_STOPPING:
                see_leg(input, job, leg, LEG_RUNNING, has_its_cap(job, leg, report), turn);
                break;
        case REPORT_EXITED:
                end_leg(input, job, node->id, report->how, report->status, report->killed, turn);
                tell_failure(job, report, turn);
                break;
        }
}

static bool is_listed(const struct input *input, const struct job *job)
{
        for (uint32_t i = 0; i < input->u.renew.n_legs; i++)
                if (input->u.renew.legs[i].job == job->id && input->u.renew.legs[i].attempt == job->attempt.number)
                        return true;
        return false;
}

/* Only from the first renewal of a session: a later one may have been sent before an order arrived. */
static void end_absent_legs(const struct state *state, const struct input *input, const struct node *node,
                            size_t first, struct booker *booker, struct turn *turn)
{
        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);
                const struct leg *leg = job->state == OFFPEAK_JOB_ACTIVE ? leg_at(job, node->id) : NULL;
                int64_t until;

                if (leg == NULL || leg->state == LEG_ENDED || is_listed(input, job))
                        continue;
                until = booked_until(turn, first, job->id, job->attempt.number, node->id, leg->booked_until);
                if (booker != NULL && until != 0 && until < input->now.wall)
                        book_gap(state, input, job, leg, until, input->now.wall, booker);
                end_leg(input, job, node->id, LEG_ABSENT, 0, false, turn);
        }
}

static bool any_alive(const struct input *input)
{
        for (uint32_t i = 0; i < input->u.renew.n_legs; i++)
                if (input->u.renew.legs[i].state != REPORT_EXITED)
                        return true;
        return false;
}

/* A live leg that no open attempt has, or has given up: an old one that shall stop, or one that a lost tail of the log launched. */
static bool any_foreign(const struct state *state, const struct input *input, const struct node *node)
{
        for (uint32_t i = 0; i < input->u.renew.n_legs; i++) {
                const struct leg_report *report = &input->u.renew.legs[i];
                const struct job *job = open_job(state, report->job, report->attempt);
                const struct leg *leg = leg_at(job, node->id);

                if (report->state != REPORT_EXITED &&
                    (leg == NULL || leg->state == LEG_ENDED || report->epoch != job->attempt.epoch))
                        return true;
        }
        return false;
}

static void grant(const struct state *state, const struct input *input, const struct node *node, uint64_t readings_acked, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_V_RENEWED, &input->now);
        struct action *action = turn_action(turn, ACTION_GRANT);

        record->u.renewed.node = node->id;
        record->u.renewed.seq = input->u.renew.seq;
        record->u.renewed.mono_ms = input->now.mono_ms;
        record->u.renewed.foreign = any_foreign(state, input, node);
        action->connection = input->u.renew.connection;
        action->node = node->id;
        action->term = input->u.renew.term;
        action->session = input->u.renew.session;
        action->seq = input->u.renew.seq;
        action->readings_acked = readings_acked;
}

static void stale(const struct input *input, const struct node *node, struct turn *turn)
{
        struct action *action = turn_action(turn, ACTION_STALE);

        action->connection = input->u.renew.connection;
        action->node = node != NULL ? node->id : NONE_U32;
        action->term = input->u.renew.term;
        action->session = input->u.renew.session;
}

void decide_renew(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct node *node = state_node(state, input->u.renew.node);
        const struct session *session = node != NULL ? &node->session : NULL;
        struct booker *booker;
        size_t first = turn->n_records;
        uint64_t acked;

        if (session == NULL || session->state == SESSION_NONE || session->term != input->u.renew.term ||
            session->number != input->u.renew.session) {
                stale(input, node, turn);
                return;
        }
        if (input->u.renew.seq <= session->last_seq)
                return;
        decide_devices(state, input, node, turn);
        booker = booker_open(state, node->site, turn);
        acked = book_readings(state, input, node, booker, turn);
        if (session->state == SESSION_PENDING) {
                if (input->u.renew.sure)
                        end_absent_legs(state, input, node, first, booker, turn);
                want_plan(state, &input->now, turn);
        }
        for (uint32_t i = 0; i < input->u.renew.n_legs; i++)
                take_report(state, input, node, &input->u.renew.legs[i], turn);
        if (node->fenced && !any_alive(input)) {
                struct record *record = turn_record(turn, RECORD_NODE_FENCED, &input->now);

                record->u.node_fenced.node = node->id;
                want_plan(state, &input->now, turn);
        }
        grant(state, input, node, acked, turn);
        booker_close(booker);
}
