/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/core/agent_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void agent_state_init(struct agent_state *state)
{
        memset(state, 0, sizeof(*state));
}

void agent_state_finish(struct agent_state *state)
{
        free(state->legs);
        agent_state_init(state);
}

struct agent_leg *agent_leg(const struct agent_state *state, struct leg_id id)
{
        for (size_t i = 0; i < state->n_legs; i++)
                if (state->legs[i].id.job == id.job && state->legs[i].id.attempt == id.attempt)
                        return &state->legs[i];
        return NULL;
}

struct agent_leg *agent_leg_add(struct agent_state *state, struct leg_id id, struct agent_turn *turn)
{
        if (state->n_legs == state->cap_legs) {
                size_t cap = state->cap_legs == 0 ? 8 : 2 * state->cap_legs;
                struct agent_leg *legs = realloc(state->legs, cap * sizeof(*legs));
                if (legs == NULL) {
                        turn->failed = true;
                        return NULL;
                }
                state->legs = legs;
                state->cap_legs = cap;
        }
        struct agent_leg *leg = &state->legs[state->n_legs++];
        memset(leg, 0, sizeof(*leg));
        leg->id = id;
        leg->state = AGENT_LEG_INTENT;
        return leg;
}

void agent_leg_remove(struct agent_state *state, struct agent_leg *leg)
{
        size_t after = state->n_legs - (size_t)(leg - state->legs) - 1;

        memmove(leg, leg + 1, after * sizeof(*leg));
        state->n_legs--;
}

bool agent_legs_settled(const struct agent_state *state)
{
        for (size_t i = 0; i < state->n_legs; i++)
                if (state->legs[i].state == AGENT_LEG_INTENT && !state->legs[i].burying)
                        return false;
        return true;
}

bool agent_leg_report(const struct agent_leg *leg, struct message_leg *ret_report)
{
        enum report_state state = REPORT_STOPPING; /* also while it is being buried: it may still have processes */

        if (leg->state == AGENT_LEG_INTENT && !leg->burying)
                return false;
        if (leg->state == AGENT_LEG_EXITED)
                state = REPORT_EXITED;
        else if (leg->state == AGENT_LEG_RUNNING && !leg->burying)
                state = REPORT_RUNNING;
        else if (leg->state == AGENT_LEG_ARMED && !leg->burying)
                state = REPORT_ARMED;
        *ret_report = (struct message_leg){ .job = leg->id.job,
                                            .attempt = leg->id.attempt,
                                            .epoch = leg->epoch,
                                            .state = state,
                                            .done = leg->done,
                                            .total = leg->total,
                                            .cap_ppm = leg->cap_ppm };
        if (state != REPORT_EXITED)
                return true;
        ret_report->how = leg->how;
        ret_report->status = leg->status;
        ret_report->killed = leg->killed;
        snprintf(ret_report->why, sizeof(ret_report->why), "%s", leg->why);
        ret_report->rank = leg->rank;
        if (leg->how == LEG_NEVER)
                snprintf(ret_report->refused, sizeof(ret_report->refused), "%s", leg->why);
        return true;
}
