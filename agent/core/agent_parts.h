/* SPDX-License-Identifier: Apache-2.0 */
/* agent_parts.h - what the files of the agent's core share; not for others. */
#ifndef OFFPEAK_AGENT_PARTS_H
#define OFFPEAK_AGENT_PARTS_H

#include "agent/core/agent_input.h"
#include "agent/core/agent_turn.h"

/* A new leg in INTENT; NULL when out of memory (turn->failed is set). Other legs move. */
struct agent_leg *agent_leg_add(struct agent_state *state, struct leg_id id, struct agent_turn *turn);
void agent_leg_remove(struct agent_state *state, struct agent_leg *leg);
bool agent_legs_settled(const struct agent_state *state); /* none is in INTENT */

/* Messages of a session (agent_session.c). */
void agent_take_start(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_take_welcome(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_take_grant(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_take_stale(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_send_due(struct agent_state *state, int64_t now_ms, struct agent_turn *turn);

/* Orders (agent_order.c). */
void agent_take_order(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);

/* News of legs (agent_leg.c). */
void agent_take_found(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_take_shim(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_take_gone(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);
void agent_take_ended(struct agent_state *state, const struct agent_input *input);
void agent_take_uncapped(struct agent_state *state, const struct agent_input *input);
void agent_take_progress(struct agent_state *state, const struct agent_input *input);
void agent_tell_stop(const struct agent_leg *leg, struct agent_turn *turn);

#endif
