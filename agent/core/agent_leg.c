/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_leg.c - news of legs. A leg's state only moves forward, and its exit record is the last word.
 */
#include "agent/core/agent_parts.h"

void agent_tell_stop(const struct agent_leg *leg, struct agent_turn *turn)
{
        struct agent_action *action = agent_act(turn, AGENT_STOP);

        if (action == NULL)
                return;
        action->id = leg->id;
        action->reason = leg->reason;
        action->grace_s = leg->grace_s;
}

static void tell_lease(const struct agent_state *state, const struct agent_leg *leg, struct agent_turn *turn)
{
        struct agent_action *action = agent_act(turn, AGENT_LEASE);

        if (action == NULL)
                return;
        action->id = leg->id;
        action->deadline_ms = state->base_ms + leg->lease_ms;
}

void agent_take_found(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        struct agent_leg *leg = agent_leg(state, input->u.found.id);

        if (leg == NULL)
                leg = agent_leg_add(state, input->u.found.id, turn);
        if (leg == NULL)
                return;
        leg->epoch = input->u.found.epoch;
        leg->devices = input->u.found.devices;
        leg->lease_ms = input->u.found.lease_ms;
        leg->cap_ppm = AGENT_CAP_UNKNOWN;
}

static enum agent_leg_state as_state(enum report_state state)
{
        switch (state) {
        case REPORT_ARMED:
                return AGENT_LEG_ARMED;
        case REPORT_RUNNING:
                return AGENT_LEG_RUNNING;
        case REPORT_STOPPING:
        case REPORT_EXITED: /* its record is not read yet */
                break;
        }
        return AGENT_LEG_STOPPING;
}

/* A shim that lives: what it says of its leg is truer than what we remember, after amnesia the only source. */
void agent_take_shim(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        struct agent_leg *leg = agent_leg(state, input->u.shim.id);
        enum agent_leg_state now = as_state(input->u.shim.state);
        bool new_contact;

        if (leg == NULL || leg->state == AGENT_LEG_EXITED)
                return;
        new_contact = leg->state == AGENT_LEG_INTENT || leg->burying;
        if (input->u.shim.epoch > leg->epoch)
                leg->epoch = input->u.shim.epoch;
        leg->devices = input->u.shim.devices;
        leg->lease_ms = input->u.shim.lease_ms;
        if (now > leg->state || leg->burying)
                state->changed = true;
        leg->burying = false;
        if (now > leg->state)
                leg->state = now;
        if (new_contact && state->granted)
                tell_lease(state, leg, turn);
        if (leg->stop && leg->state < AGENT_LEG_STOPPING)
                agent_tell_stop(leg, turn);
}

void agent_take_gone(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        struct agent_leg *leg = agent_leg(state, input->u.gone.id);
        struct agent_action *action;

        if (leg == NULL || leg->state == AGENT_LEG_EXITED || leg->burying)
                return;
        leg->burying = true;
        state->changed = true;
        action = agent_act(turn, AGENT_BURY);
        if (action != NULL)
                action->id = leg->id;
}

void agent_take_ended(struct agent_state *state, const struct agent_input *input)
{
        struct agent_leg *leg = agent_leg(state, input->u.ended.id);
        const struct leg_exit *record = input->u.ended.exit;

        if (leg == NULL || leg->state == AGENT_LEG_EXITED)
                return;
        leg->state = AGENT_LEG_EXITED;
        leg->burying = false;
        leg->how = record->how;
        leg->status = record->status;
        leg->killed = record->killed;
        leg->rank = record->rank;
        for (size_t i = 0; i < sizeof(leg->why); i++)
                leg->why[i] = record->why[i];
        state->changed = true;
}

/* Told with the next renewal, and not at once: the order that follows tries again. */
void agent_take_uncapped(struct agent_state *state, const struct agent_input *input)
{
        struct agent_leg *leg = agent_leg(state, input->u.uncapped.id);

        if (leg != NULL && leg->state != AGENT_LEG_EXITED)
                leg->cap_ppm = AGENT_CAP_UNKNOWN;
}

void agent_take_progress(struct agent_state *state, const struct agent_input *input)
{
        struct agent_leg *leg = agent_leg(state, input->u.progress.id);

        if (leg == NULL || leg->state == AGENT_LEG_EXITED)
                return;
        leg->done = input->u.progress.done;
        leg->total = input->u.progress.total;
}
