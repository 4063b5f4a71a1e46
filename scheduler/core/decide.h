/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - the pure core: state and input in, records and actions out; no I/O, no clock, no globals.
 *
 *   host:  turn_init; core_step (any number of times); commit turn's durable records; carry out its actions; turn_finish
 *
 * core_step = decide, apply each record, then follow-ups until nothing follows: all that one input causes is decided
 * in the same turn and committed together. Actions are idempotent and may be lost: levels are sent again.
 */
#ifndef OFFPEAK_CORE_DECIDE_H
#define OFFPEAK_CORE_DECIDE_H

#include "core/input.h"
#include "core/record.h"

enum action_type {
        ACTION_REPLY = 1,   /* to a client */
        ACTION_WELCOME,     /* to a node */
        ACTION_GRANT,
        ACTION_STALE,
        ACTION_ORDER,
        ACTION_ASK_PLAN,    /* compute a plan on the state as it is after this turn */
        ACTION_DROP_PLAN,   /* nobody waits for the plan that is computed: hand back what there is */
        ACTION_ASK_FORECAST, /* make a forecast; only asked of hosts that said they do */
};

enum want { WANT_ARM = 1, WANT_GO, WANT_STOP, WANT_FORGET };

struct action {
        enum action_type type;
        uint64_t connection;   /* REPLY, WELCOME, GRANT, STALE: who is answered. ORDER: 0, the node's last connection */
        uint32_t node;         /* WELCOME, GRANT, STALE, ORDER; NONE_U32 for a STALE to a node never heard of */
        uint64_t term, session, seq; /* as in the protocol */
        uint64_t readings_acked; /* GRANT */
        uint8_t nonce[16];     /* WELCOME: the hello's nonce; REPLY: the request id */
        /* ORDER */
        enum want want;
        uint64_t job;
        uint32_t attempt;
        uint64_t epoch;
        enum stop_reason reason;
        int64_t grace_s;
        /* REPLY */
        int32_t code;
        char *text;            /* owned; NULL: nothing to say */
        /* ASK_FORECAST */
        struct forecast_wish wish;
};

struct turn {
        struct record *records;
        size_t n_records, cap_records;
        struct action *actions;
        size_t n_actions, cap_actions;
        bool failed;           /* out of memory: the host must not commit, but stop */
};

void turn_init(struct turn *turn);
void turn_finish(struct turn *turn);

/* What one input means. Reads state only. Appends to turn. */
void decide(const struct state *state, const struct input *input, struct turn *turn);

/* What follows from the state by itself (armed gangs go, dead legs end attempts, plans launch and pause). Appends to turn. */
void decide_follow(const struct state *state, const struct now *now, struct turn *turn);

/* The only thing that changes state. Gives a durable record its index. 0, or ENOMEM (state is then unusable), EINVAL. */
int apply(struct state *state, struct record *record);

/* decide + apply + follow until quiet, then the orders that the turn's records call for. */
int core_step(struct state *state, const struct input *input, struct turn *turn);

/* Mono and wall time by which the core wants a TICK at the latest. INT64_MAX: none. */
struct now core_next(const struct state *state, const struct now *now);

/*
 * The planning problem of this moment, from state alone. Owned by the caller (plan_question_finish).
 * Jobs and sites keep their ids: problem.jobs[i].id is the job's, problem.sites[i] is state.sites[i].
 */
struct plan_question {
        struct plan_problem problem;
        uint64_t log_index;     /* of the state it speaks of */
        uint64_t work;          /* the planner's budget */
        void *memory;           /* what the problem points to */
};
int plan_question_init(const struct state *state, const struct now *now, struct plan_question *ret_question);
void plan_question_finish(struct plan_question *question);

#endif
