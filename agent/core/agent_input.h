/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_input.h - everything that can happen to an agent: messages of the scheduler, news of legs, time.
 *
 * Inputs are borrowed: the core copies what it keeps.
 */
#ifndef OFFPEAK_AGENT_INPUT_H
#define OFFPEAK_AGENT_INPUT_H

#include "agent/core/agent_state.h"
#include "wire/message.h"

enum agent_input_type {
        AGENT_FOUND = 1, /* before START: a leg of an earlier agent, on disk or alive in the kernel */
        AGENT_START,     /* all legs were found: the scheduler may be greeted */
        AGENT_TICK,      /* time passed */
        AGENT_WELCOME,
        AGENT_GRANT,
        AGENT_STALE,
        AGENT_ORDER,
        AGENT_SHIM,     /* a shim told its leg's state (not EXITED: that is ENDED, once its record was read) */
        AGENT_GONE,     /* a leg's shim is dead, or cannot be found */
        AGENT_ENDED,    /* the exit record that stands; or the leg could not be launched, or its directory is gone */
        AGENT_PROGRESS, /* of a leg, as its job tells it */
        AGENT_UNCAPPED, /* a leg's cards did not take the cap that was ordered: which one holds is not known */
        AGENT_NEWS,     /* of the node: what a renewal tells beside legs has changed */
};

struct agent_input {
        enum agent_input_type type;
        int64_t now_ms;     /* CLOCK_BOOTTIME */
        uint8_t random[16]; /* fresh with START and STALE: the nonce of the next hello */
        union {
                struct { uint64_t term; bool sure; uint64_t devices; } start;
                const struct message_welcome *welcome;
                struct { const struct message_grant *grant; bool more_readings; /* wait to be sent */ } grant;
                const struct message_stale *stale;
                const struct message_order *order;
                struct { struct leg_id id; uint64_t epoch, devices; int64_t lease_ms; } found;
                struct {
                        struct leg_id id;
                        uint64_t epoch, devices;
                        int64_t lease_ms;
                        enum report_state state;
                } shim;
                struct { struct leg_id id; } gone;
                struct { struct leg_id id; const struct leg_exit *exit; } ended;
                struct { struct leg_id id; double done, total; } progress;
                struct { struct leg_id id; } uncapped;
        } u;
};

#endif
