/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/core/agent_turn.h"

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
