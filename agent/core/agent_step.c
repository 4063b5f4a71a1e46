/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/core/agent_step.h"

#include "agent/core/agent_parts.h"

void agent_step(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        switch (input->type) {
        case AGENT_FOUND:
                agent_take_found(state, input, turn);
                break;
        case AGENT_START:
                agent_take_start(state, input, turn);
                break;
        case AGENT_TICK:
                break;
        case AGENT_WELCOME:
                agent_take_welcome(state, input, turn);
                break;
        case AGENT_GRANT:
                agent_take_grant(state, input, turn);
                break;
        case AGENT_STALE:
                agent_take_stale(state, input, turn);
                break;
        case AGENT_ORDER:
                agent_take_order(state, input, turn);
                break;
        case AGENT_SHIM:
                agent_take_shim(state, input, turn);
                break;
        case AGENT_GONE:
                agent_take_gone(state, input, turn);
                break;
        case AGENT_ENDED:
                agent_take_ended(state, input);
                break;
        case AGENT_UNCAPPED:
                agent_take_uncapped(state, input);
                break;
        case AGENT_PROGRESS:
                agent_take_progress(state, input);
                break;
        case AGENT_NEWS:
                state->changed = true;
                break;
        }
        agent_send_due(state, input->now_ms, turn);
}

int64_t agent_next(const struct agent_state *state)
{
        if (state->contact == AGENT_SILENT || (state->contact == AGENT_HELLO && !agent_legs_settled(state)))
                return INT64_MAX;
        if (state->contact == AGENT_SESSION && state->seq == 0)
                return INT64_MAX; /* its first renewal waits for a leg to settle, which is an input */
        return state->due_ms;
}
