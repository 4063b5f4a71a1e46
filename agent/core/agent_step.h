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

enum agent_action_type {
        AGENT_KEEP_TERM = 1, /* to disk, before anything after it; if that fails, stop */
        AGENT_SEND_HELLO,    /* with state's nonce */
        AGENT_SEND_RENEW,    /* with state's session, seq, sure and legs; and what the host knows of its devices */
        AGENT_ACKED,         /* readings up to seq are in the books */
        AGENT_LAUNCH,        /* make the directory from the order, start the shim */
        AGENT_GO,
        AGENT_STOP,
        AGENT_LEASE,
        AGENT_CAP,           /* of a leg that runs: its GPUs' power */
        AGENT_BURY,          /* see bury.h, until it says how the leg ended */
        AGENT_DELETE,        /* remove the directory */
        AGENT_WARN,          /* tell people */
};

enum { AGENT_TEXT_SIZE = 192 };

struct agent_action {
        enum agent_action_type type;
        struct leg_id id;                  /* LAUNCH, GO, STOP, LEASE, BURY, DELETE */
        uint64_t number;                   /* KEEP_TERM: term; SEND_RENEW, ACKED: seq */
        int64_t deadline_ms;               /* LAUNCH, GO, LEASE: of the lease, CLOCK_BOOTTIME */
        const struct message_order *order; /* LAUNCH: the input's */
        enum stop_reason reason;           /* STOP */
        int64_t grace_s;                   /* STOP */
        uint32_t cap_ppm;                  /* CAP: of each GPU's limit; 0: none */
        char text[AGENT_TEXT_SIZE];        /* WARN */
};

struct agent_turn {
        struct agent_action *actions;
        size_t n_actions, cap_actions;
        bool failed; /* out of memory: the host must stop; legs live on under their shims */
};

void agent_turn_init(struct agent_turn *turn);
void agent_turn_finish(struct agent_turn *turn);

/* Take one input. Appends to turn. */
void agent_step(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn);

/* When a TICK is wanted at the latest. INT64_MAX: never. */
int64_t agent_next(const struct agent_state *state);

#endif
