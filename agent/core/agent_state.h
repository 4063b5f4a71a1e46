/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_state.h - a node as its agent knows it: the session with the scheduler, the lease, the legs.
 *
 *   session  NONE -> HELLO -> SESSION -> (STALE) HELLO ...
 *   leg      INTENT -> ARMED -> RUNNING -> STOPPING -> EXITED -> gone     (only forward)
 *
 * The states are those of the attempt protocol. INTENT is never told to the scheduler: a leg in it may or may not come
 * alive, so that neither its listing nor its absence would be true. Later renewals leave it out, which proves nothing;
 * the first renewal of a session, whose absences do prove something, waits until no leg is in it.
 *
 * Times are milliseconds of CLOCK_BOOTTIME, given from outside. Read by everyone, changed by agent_step() alone.
 */
#ifndef OFFPEAK_AGENT_STATE_H
#define OFFPEAK_AGENT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/shim/leg_dir.h"
#include "core/input.h"

enum agent_contact { AGENT_SILENT = 0, AGENT_HELLO, AGENT_SESSION };

enum agent_leg_state {
        AGENT_LEG_INTENT = 1, /* directory written, shim not heard yet; or found at the start, not yet looked into */
        AGENT_LEG_ARMED,
        AGENT_LEG_RUNNING,
        AGENT_LEG_STOPPING,
        AGENT_LEG_EXITED,
};

/* Of a leg that an earlier agent launched, or whose cards did not do as ordered: told so, the scheduler says it again. */
#define AGENT_CAP_UNKNOWN UINT32_MAX

struct agent_leg {
        struct leg_id id;
        uint64_t epoch;             /* highest of its orders */
        enum agent_leg_state state;
        bool burying;               /* its shim is dead: what is left is being cleared away */
        uint64_t devices;           /* bit mask; held until EXITED */
        int64_t lease_ms;           /* L of its launch */
        uint32_t cap_ppm;           /* power cap as ordered last, of each GPU's limit; 0: none */
        bool stop;                  /* was asked to stop; told again to a shim that comes up */
        enum stop_reason reason;
        int64_t grace_s;
        double done, total;         /* of its progress file; total 0: none */
        enum leg_how how;           /* when EXITED, and all below */
        int32_t status;
        bool killed;
        uint32_t rank;              /* whose status it is */
        char why[LEG_WHY_SIZE];     /* for people: what went wrong; "" */
};

/* Legs forgotten in this session: an order that was delayed past its FORGET finds them here. */
struct agent_grave {
        struct leg_id id;
        uint64_t epoch;
};

enum {
        AGENT_GRAVES = 64,     /* remembered by name; older ones by the floor */
        AGENT_SENT = 64,       /* renewals whose sending time is remembered */
        AGENT_MAX_LEGS = MESSAGE_MAX_LEGS, /* what a renewal can tell; orders for more are dropped */
};

struct agent_sent {
        uint64_t seq;
        int64_t at_ms;
};

struct agent_state {
        /* session */
        enum agent_contact contact;
        uint8_t nonce[16];        /* of the hello under way */
        uint64_t top_term;        /* highest seen; on disk before it counts */
        uint64_t term, session;
        uint64_t seq;             /* of the last renewal; 0: none yet in this session */
        struct agent_sent sent[AGENT_SENT]; /* by seq modulo */
        int64_t renew_ms;         /* renew this often */
        int64_t due_ms;           /* next hello or renewal */
        int64_t hello_gap_ms;     /* between the last two hellos; doubles */
        bool changed;             /* something to report at once */

        /* lease: base is the sending of the latest renewal that was granted */
        bool granted;
        int64_t base_ms;

        /* legs */
        bool sure;                /* live shims were looked for in the kernel: absence proves something */
        uint64_t devices;         /* that this node has, bit mask */
        struct agent_leg *legs;
        size_t n_legs, cap_legs;
        struct agent_grave graves[AGENT_GRAVES];
        size_t n_graves, next_grave;
        uint64_t floor;           /* highest epoch of the forgotten that are no longer named in graves */
};

void agent_state_init(struct agent_state *state);
void agent_state_finish(struct agent_state *state);

/* NULL if there is none. Valid until the next step. */
struct agent_leg *agent_leg(const struct agent_state *state, struct leg_id id);

/* What a renewal says of a leg; false: nothing yet (INTENT). */
bool agent_leg_report(const struct agent_leg *leg, struct message_leg *ret_report);

#endif
