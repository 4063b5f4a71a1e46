/* SPDX-License-Identifier: Apache-2.0 */
/* follow_node.c - what time does to nodes: silence, leases that are surely over; and the site's fixed overhead. */
#include "core/decide_parts.h"

#include <string.h>

#include "core/health.h"
#include "core/lease.h"
#include "core/power.h"

/* Fixed overhead is booked in stretches of this many wall seconds. */
enum { OVERHEAD_STEP_S = 900 };

static int64_t shortest_lease(const struct state *state)
{
        int64_t shortest = INT64_MAX;

        for (size_t i = 0; i < state->policy.n_classes; i++)
                if (state->policy.classes[i].lease_ms < shortest)
                        shortest = state->policy.classes[i].lease_ms;
        return shortest;
}

static void session_becomes(const struct node *node, enum session_state next, const struct now *now, struct turn *turn)
{
        struct record *record = turn_record(turn, RECORD_V_SESSION, now);

        record->u.session.node = node->id;
        record->u.session.session = node->session;
        record->u.session.session.state = next;
}

static bool lease_is_over(const struct node *node, const struct job *job, int64_t mono_ms)
{
        return job->attempt.on_lost == ON_LOST_RELAUNCH && node->session.state != SESSION_UP &&
               mono_ms >= node->session.last_reply_ms + lease_wait_ms(job->attempt.lease_ms);
}

/* A leg that cannot be alive any more: its shim ended it while its lease ran out. What it drew until then is estimated. */
static void give_up_leg(const struct state *state, const struct now *now, const struct node *node,
                        const struct job *job, const struct leg *leg, struct turn *turn)
{
        struct booker *booker = leg->booked_until != 0 && leg->booked_until < now->wall ?
                                        booker_open(state, node->site, turn) : NULL;
        struct record *record;

        if (booker != NULL) {
                struct energy gap = { .job = job->id,
                                      .attempt = job->attempt.number,
                                      .node = node->id,
                                      .start = leg->booked_until,
                                      .end = now->wall,
                                      .quality = QUALITY_ESTIMATED };

                gap.joules = power_spent_by_leg(state, job, leg, gap.start, gap.end);
                booker_add(booker, now, &gap);
                booker_close(booker);
        }
        record = turn_record(turn, RECORD_LEG_END, now);
        record->u.leg_end.leg = (struct record_leg_ref){ job->id, job->attempt.number, node->id };
        record->u.leg_end.how = LEG_LEASE_OVER;
}

static void end_leases(const struct state *state, const struct now *now, struct turn *turn)
{
        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (job->state != OFFPEAK_JOB_ACTIVE)
                        continue;
                for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                        const struct leg *leg = &job->attempt.legs[l];
                        const struct node *node = &state->nodes[leg->node];

                        if (leg->state == LEG_ENDED || !lease_is_over(node, job, now->mono_ms))
                                continue;
                        give_up_leg(state, now, node, job, leg, turn);
                        session_becomes(node, SESSION_NONE, now, turn);
                        want_plan(state, now, turn);
                        return; /* one at a time: the books that the next one needs have changed */
                }
        }
}

static void fall_silent(const struct state *state, const struct now *now, struct turn *turn)
{
        int64_t tolerated = shortest_lease(state) / 2;

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];

                if (node->session.state == SESSION_UP && now->mono_ms - node->session.last_renew_ms > tolerated)
                        session_becomes(node, SESSION_SILENT, now, turn);
        }
}

/* The fixed part of the facility's power. */
static void book_fixed_overhead(const struct state *state, const struct now *now, struct turn *turn)
{
        int64_t until = now->wall - now->wall % OVERHEAD_STEP_S;

        for (uint32_t i = 0; i < state->n_sites; i++) {
                const struct site *site = &state->sites[i];
                struct booker *booker;

                if (site->overhead_until == 0 || until <= site->overhead_until ||
                    state_terms(state, site)->pue_fixed_w <= 0)
                        continue;
                booker = booker_open(state, site->name, turn);
                if (booker == NULL)
                        continue;
                booker_add_fixed_overhead(booker, now, site->overhead_until, until);
                booker_close(booker);
        }
}

static const char *fault_text(enum leg_how how)
{
        switch (how) {
        case LEG_SHIM_LOST:
                return "its shim died";
        case LEG_REBOOT:
                return "the node rebooted";
        case LEG_NEVER:
                return "the node refused it";
        default:
                return "the node does not know it any more";
        }
}

/* Alone, before it is given more. */
static void drain_bad(const struct state *state, const struct now *now, struct turn *turn)
{
        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];
                struct record *record;

                if (!health_is_bad(state, node))
                        continue;
                record = turn_record(turn, RECORD_DRAINED, now);
                record->u.drained.node = node->id;
                record->u.drained.reason =
                        turn_text(turn, "%u jobs in a row failed on it, the last one %llu: %s", node->faults,
                                  (unsigned long long)node->fault_job, fault_text(node->fault_how));
                want_plan(state, now, turn);
        }
}

void follow_node(const struct state *state, const struct now *now, struct turn *turn)
{
        size_t before = turn->n_records;

        end_leases(state, now, turn);
        if (turn->n_records != before)
                return;
        fall_silent(state, now, turn);
        drain_bad(state, now, turn);
        book_fixed_overhead(state, now, turn);
}
