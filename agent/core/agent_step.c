/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/core/agent_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void agent_turn_init(struct agent_turn *turn)
{
        memset(turn, 0, sizeof(*turn));
}

void agent_turn_finish(struct agent_turn *turn)
{
        free(turn->actions);
        agent_turn_init(turn);
}

struct agent_action *agent_act(struct agent_turn *turn, enum agent_action_type type)
{
        if (turn->n_actions == turn->cap_actions) {
                size_t cap = turn->cap_actions == 0 ? 8 : 2 * turn->cap_actions;
                struct agent_action *actions = realloc(turn->actions, cap * sizeof(*actions));
                if (actions == NULL) {
                        turn->failed = true;
                        return NULL;
                }
                turn->actions = actions;
                turn->cap_actions = cap;
        }
        struct agent_action *action = &turn->actions[turn->n_actions++];
        memset(action, 0, sizeof(*action));
        action->type = type;
        return action;
}

void agent_warn(struct agent_turn *turn, const char *format, ...)
{
        struct agent_action *action = agent_act(turn, AGENT_WARN);
        va_list args;

        if (action == NULL)
                return;
        va_start(args, format);
        vsnprintf(action->text, sizeof(action->text), format, args);
        va_end(args);
}

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
