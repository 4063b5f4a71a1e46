/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_step.h - the pure core of the agent: state and input in, new state and actions out; no I/O, no clock.
 *
 *   host:  agent_turn_init; agent_step; carry out the actions in their order; agent_turn_finish
 *
 * The agent's side of the attempt protocol: what may be concluded from which message, what lease a launch has, which
 * orders are refused. Actions on legs are levels and may fail: a lost GO, STOP or LEASE is told again on the next order
 * or grant; a LAUNCH that fails comes back as ENDED, a BURY is tried until it does.
 */
#ifndef OFFPEAK_AGENT_STEP_H
#define OFFPEAK_AGENT_STEP_H

#include "agent/core/agent_input.h"
#include "agent/core/agent_turn.h"

/* Take one input. Appends to turn. */
void agent_step(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);

/* When a TICK is wanted at the latest. INT64_MAX: never. */
int64_t agent_next(const struct agent_state *state);

#endif
