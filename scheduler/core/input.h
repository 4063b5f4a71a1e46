/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - everything that can happen to the scheduler, with both clocks.
 *
 * Inputs are borrowed: decide() copies what it keeps.
 */
#ifndef OFFPEAK_CORE_INPUT_H
#define OFFPEAK_CORE_INPUT_H

#include <offpeak/push.h>

#include "core/state.h"

struct now {
        int64_t wall;     /* UTC seconds; may be scaled or virtual */
        int64_t mono_ms;  /* milliseconds that never jump and are never scaled */
};

enum input_type {
        INPUT_START = 1, /* first after recovery */
        INPUT_TICK,      /* time passed */
        INPUT_CONFIG,
        INPUT_SERIES, /* what a feed says now */
        INPUT_SUBMIT,
        INPUT_CANCEL,
        INPUT_HOLD,
        INPUT_RELEASE,
        INPUT_FENCE,
        INPUT_DRAIN,
        INPUT_RESUME,
        INPUT_PUSH,
        INPUT_HELLO,
        INPUT_RENEW,
        INPUT_PLAN_READY,
        INPUT_FORECAST_READY,
        INPUT_PIN,
        INPUT_UNPIN,
};

/* Who asks: the connection to answer, and the owner as the transport proved it. */
struct client {
        uint64_t connection; /* the host's handle; handed back in the reply */
        uint32_t uid;        /* NONE_U32: the transport knows only a name */
        const char *user;
        bool is_operator;    /* may change every job and fence nodes */
        bool may_push;       /* signals */
        uint8_t request_id[16];
        uint64_t digest;     /* of the request's content */
};

/* A leg as its node reports it. */
enum report_state { REPORT_ARMED = 1, REPORT_RUNNING, REPORT_STOPPING, REPORT_EXITED };

struct leg_report {
        uint64_t job;
        uint32_t attempt;
        uint64_t epoch;
        enum report_state state;
        enum leg_how how;     /* when EXITED */
        int32_t status;
        uint32_t rank;        /* EXITED: whose status it is */
        uint32_t cap_ppm;     /* of its GPUs' limits, as it was ordered last; 0: none */
        bool killed;
        double done, total;   /* of its progress file; total 0: none */
        char why[128];        /* when EXITED: for people, what went wrong; "" */
        const char *tail;     /* when EXITED without success: the last lines of its error output; NULL: not known */
};

/* Energy over a stretch of wall time; job 0: the node's idle. Consecutive stretches of a leg abut. */
struct reading {
        uint64_t seq;         /* of the node's spool; acknowledged by the grant */
        uint64_t job;
        uint32_t attempt;
        int64_t start, end;   /* UTC seconds */
        int64_t joules;
        enum quality quality;
};

struct input {
        enum input_type type;
        struct now now;
        union {
                struct { bool lost_tail; bool forecasts; /* this host makes them when asked */ } start;
                struct { const struct policy *policy; } config;
                struct { const struct series *series; } series;
                struct { struct client client; const struct offpeak_job_spec *spec; } submit;
                struct {
                        struct client client;
                        uint64_t job;
                        int64_t start; /* PIN: of one unbroken run; 0: the hours that are planned */
                } job;                 /* CANCEL, HOLD, RELEASE, PIN, UNPIN */
                struct {
                        struct client client;
                        const char *node;
                        bool seen_dead; /* the host has seen it fail: it is believed even if the node was heard just now */
                } fence;
                struct {
                        struct client client;
                        const char *node, *reason;
                } drain; /* DRAIN, RESUME; reason: NULL, or why */
                struct { struct client client; const struct offpeak_push *push; } push;
                struct {
                        uint64_t connection;
                        const char *node, *site;
                        const char *boot;
                        uint8_t nonce[16];
                        const struct inventory *inventory;
                } hello;
                struct {
                        uint64_t connection;
                        const char *node;
                        uint64_t term, session, seq;
                        bool sure;            /* absence proves something: live shims were looked for in the kernel */
                        const struct leg_report *legs;
                        uint32_t n_legs;
                        const struct reading *readings;
                        uint32_t n_readings;
                        const struct unwell *unwell; /* all there are, by ascending device */
                        uint32_t n_unwell;
                } renew;
                struct { const struct plan *plan; const struct plan_problem *problem; uint64_t asked_index; int code; } plan_ready;
                struct { struct forecast_wish wish; const struct forecast_use *use; /* NULL: none could be made */ } forecast_ready;
        } u;
};

#endif
