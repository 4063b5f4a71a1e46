/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_order.c - orders say what should be. One that is met already changes nothing, however often it comes.
 *
 *          NONE                    INTENT     ARMED    RUNNING  STOPPING  EXITED
 *   ARM    launch, or refuse       -          -        -        -         -
 *   GO     one node: as ARM        -          go       cap      -         -
 *   STOP   exited(never)           remember   stop     stop     stop      -
 *   FORGET -                       -          -        -        -         delete
 *
 * What was refused stays refused until it is forgotten: an order that came twice must not be refused first, which the
 * scheduler takes as the leg's end, and then obeyed. It need not reach the disk: with the agent its session ends, and
 * in the next one the leg is absent.
 */
#include "agent/core/agent_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/decide.h"

static bool is_forgotten(const struct agent_state *state, struct leg_id id)
{
        for (size_t i = 0; i < state->n_graves; i++)
                if (state->graves[i].id.job == id.job && state->graves[i].id.attempt == id.attempt)
                        return true;
        return false;
}

static void forget(struct agent_state *state, const struct agent_leg *leg)
{
        struct agent_grave *grave = &state->graves[state->next_grave];

        if (state->n_graves < AGENT_GRAVES)
                state->n_graves++;
        else if (grave->epoch > state->floor)
                state->floor = grave->epoch;
        *grave = (struct agent_grave){ .id = leg->id, .epoch = leg->epoch };
        state->next_grave = (state->next_grave + 1) % AGENT_GRAVES;
}

static void never(struct agent_state *state, const struct message_order *order, struct agent_turn *turn,
                  const char *why, ...) __attribute__((format(printf, 4, 5)));

/* The leg ends here without having begun. */
static void never(struct agent_state *state, const struct message_order *order, struct agent_turn *turn,
                  const char *why, ...)
{
        struct leg_id id = { order->job, order->attempt };
        struct agent_leg *leg = agent_leg_add(state, id, turn);
        va_list args;

        if (leg == NULL)
                return;
        leg->epoch = order->epoch;
        leg->state = AGENT_LEG_EXITED;
        leg->how = LEG_NEVER;
        va_start(args, why);
        vsnprintf(leg->why, sizeof(leg->why), why, args);
        va_end(args);
        state->changed = true;
}

static const struct agent_leg *holder(const struct agent_state *state, uint64_t devices)
{
        for (size_t i = 0; i < state->n_legs; i++)
                if (state->legs[i].state != AGENT_LEG_EXITED && (state->legs[i].devices & devices) != 0)
                        return &state->legs[i];
        return NULL;
}

static void launch(struct agent_state *state, const struct message_order *order, int64_t now_ms,
                   struct agent_turn *turn)
{
        const struct message_launch *what = &order->launch;
        int64_t deadline_ms = state->base_ms + what->lease_ms;
        const struct agent_leg *other = holder(state, what->devices);
        struct agent_action *action;
        struct agent_leg *leg;

        if (order->epoch <= state->floor) {
                never(state, order, turn, "the order is older than one that this node was told to forget");
                return;
        }
        if (!state->granted || now_ms >= deadline_ms) {
                never(state, order, turn,
                      "the lease of this node is over: no renewal sent in the last %" PRId64 " s was granted",
                      what->lease_ms / 1000);
                return;
        }
        if (what->devices == 0 || (what->devices & ~state->devices) != 0) {
                never(state, order, turn, "this node has no device of mask %" PRIx64 " (it has %" PRIx64 ")",
                      what->devices & ~state->devices, state->devices);
                return;
        }
        if (other != NULL) {
                never(state, order, turn, "its devices (mask %" PRIx64 ") are still held by job %" PRIu64 " attempt %" PRIu32 ", which is being stopped",
                      other->devices & what->devices, other->id.job, other->id.attempt);
                return;
        }
        leg = agent_leg_add(state, (struct leg_id){ order->job, order->attempt }, turn);
        action = agent_act(turn, AGENT_LAUNCH);
        if (leg == NULL || action == NULL)
                return;
        leg->epoch = order->epoch;
        leg->devices = what->devices;
        leg->lease_ms = what->lease_ms;
        leg->cap_ppm = what->cap_ppm;
        action->id = leg->id;
        action->order = order;
        action->deadline_ms = deadline_ms;
}

/* An order for a leg that this node does not have. */
static void take_unknown(struct agent_state *state, const struct message_order *order, int64_t now_ms,
                         struct agent_turn *turn)
{
        if (order->want == WANT_FORGET || is_forgotten(state, (struct leg_id){ order->job, order->attempt }))
                return;
        if (state->n_legs >= AGENT_MAX_LEGS) {
                agent_warn(turn, "order for job %" PRIu64 " dropped: %d legs wait here to be forgotten", order->job,
                           AGENT_MAX_LEGS);
                return;
        }
        if (order->want == WANT_STOP) {
                never(state, order, turn, "%s", "");
                return;
        }
        if (!order->has_launch) {
                agent_warn(turn, "order for job %" PRIu64 " dropped: it does not say what to run", order->job);
                return;
        }
        if (order->want == WANT_GO && order->launch.gang)
                return; /* it was never armed here; the next renewal shows that */
        launch(state, order, now_ms, turn);
}

static void take_go(const struct agent_state *state, const struct agent_leg *leg, struct agent_turn *turn)
{
        struct agent_action *action;

        if (leg->state != AGENT_LEG_ARMED || leg->stop || !state->granted)
                return;
        action = agent_act(turn, AGENT_GO);
        if (action == NULL)
                return;
        action->id = leg->id;
        action->deadline_ms = state->base_ms + leg->lease_ms;
}

/* Its GPUs' power is what may change while it runs. */
static void take_cap(struct agent_state *state, struct agent_leg *leg, const struct message_order *order,
                     struct agent_turn *turn)
{
        struct agent_action *action;

        if (leg->state != AGENT_LEG_RUNNING || leg->stop || !order->has_launch || order->launch.cap_ppm == leg->cap_ppm)
                return;
        action = agent_act(turn, AGENT_CAP);
        if (action == NULL)
                return;
        leg->cap_ppm = action->cap_ppm = order->launch.cap_ppm;
        action->id = leg->id;
        state->changed = true; /* somebody may wait for the power */
}

static void take_stop(struct agent_leg *leg, const struct message_order *order, struct agent_turn *turn)
{
        if (leg->state == AGENT_LEG_EXITED)
                return;
        leg->stop = true;
        leg->reason = (enum stop_reason)order->reason;
        leg->grace_s = order->grace_s;
        if (leg->state != AGENT_LEG_INTENT && !leg->burying)
                agent_tell_stop(leg, turn);
}

static void take_forget(struct agent_state *state, struct agent_leg *leg, struct agent_turn *turn)
{
        struct agent_action *action;

        if (leg->state != AGENT_LEG_EXITED)
                return;
        action = agent_act(turn, AGENT_DELETE);
        if (action == NULL)
                return;
        action->id = leg->id;
        forget(state, leg);
        agent_leg_remove(state, leg);
}

static bool is_sound(const struct message_order *order)
{
        return order->want >= WANT_ARM && order->want <= WANT_FORGET && order->reason <= STOP_SHED && order->job > 0 &&
               order->attempt > 0 && order->grace_s >= 0 &&
               (!order->has_launch || (order->launch.lease_ms > 0 && order->launch.grace_s >= 0));
}

void agent_take_order(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        const struct message_order *order = input->u.order;
        struct agent_leg *leg;

        if (state->contact != AGENT_SESSION || order->term != state->term || order->session != state->session)
                return;
        if (!is_sound(order)) {
                agent_warn(turn,
                           "order for job %" PRIu64 " dropped: it makes no sense (want %" PRIu32 ", reason %" PRIu32
                           "); do scheduler and agent have the same version?",
                           order->job, order->want, order->reason);
                return;
        }
        leg = agent_leg(state, (struct leg_id){ order->job, order->attempt });
        if (leg == NULL) {
                take_unknown(state, order, input->now_ms, turn);
                return;
        }
        if (order->epoch < leg->epoch)
                return;
        leg->epoch = order->epoch;
        if (order->want == WANT_GO) {
                take_go(state, leg, turn);
                take_cap(state, leg, order, turn);
        } else if (order->want == WANT_STOP)
                take_stop(leg, order, turn);
        else if (order->want == WANT_FORGET)
                take_forget(state, leg, turn);
}
