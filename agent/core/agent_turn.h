/* SPDX-License-Identifier: Apache-2.0 */
/* agent_turn.h - what the agent's core wants done: actions, in their order. */
#ifndef OFFPEAK_AGENT_TURN_H
#define OFFPEAK_AGENT_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/shim/leg_dir.h"
#include "core/state.h"
#include "wire/message.h"

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

/* For the core: a new action, zeroed but for its type; NULL when out of memory (turn->failed is set). */
struct agent_action *agent_act(struct agent_turn *turn, enum agent_action_type type);
void agent_warn(struct agent_turn *turn, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
