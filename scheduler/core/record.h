/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - facts and decisions: the only thing that changes state.
 *
 * A durable record goes to the log before anything acts on it, and replaying the log rebuilds the state. A volatile
 * one (RECORD_V_*) changes memory only: sessions, what legs were seen to do, the plan under way. A snapshot is a list
 * of images (RECORD_I_*) that rebuild the durable state from nothing.
 *
 * Ownership: a record owns what its pointers reach; record_finish frees it. apply() copies what it keeps.
 */
#ifndef OFFPEAK_CORE_RECORD_H
#define OFFPEAK_CORE_RECORD_H

#include "core/state.h"

/* Stored as numbers: never renumber, only append. X(name, number) */
#define RECORD_TYPES(X)                                                                                                \
        X(TERM, 1)        /* a scheduler started */                                                                    \
        X(CONFIG, 2)      /* the policy's content */                                                                   \
        X(SERIES, 3)      /* what a site's feed says now */                                                            \
        X(SUBMITTED, 4)   /* a job, with the request that made it */                                                   \
        X(HELD, 5)        /* hold or release */                                                                        \
        X(CANCEL, 6)      /* the owner wants it gone */                                                                \
        X(NODE_UP, 7)     /* inventory and boot of a node in a new session */                                          \
        X(NODE_FENCED, 8) /* the operator's word: nothing runs there */                                                \
        X(LAUNCH, 9)      /* an attempt: where, with what lease; its index is the epoch */                             \
        X(GO, 10)         /* every leg of a gang is armed */                                                           \
        X(STOP, 11)       /* the attempt shall end */                                                                  \
        X(LEG_END, 12)    /* how a leg ended */                                                                        \
        X(LATE_EXIT, 13)  /* an exit that was given up before */                                                       \
        X(OVER, 14)       /* all legs ended; the job queues again or ends with the next */                             \
        X(ENDED, 15)      /* the job's final state */                                                                  \
        X(PROGRESS, 16)   /* coarse */                                                                                 \
        X(PLAN, 17)       /* an adopted plan */                                                                        \
        X(BOOKED, 18)     /* a line of the books */                                                                    \
        X(PUSHED, 19)     /* what somebody said a signal is, or that it holds no more */                               \
        X(CONFIRMED, 20)  /* a feed said the same again */                                                             \
        X(DRAINED, 22)    /* a node takes no jobs any more, or does again */                                           \
        X(LEARNED, 24)    /* what was measured of jobs of a name, as curves */                                         \
        X(CAPPED, 25)     /* a running attempt goes on under other power caps */                                       \
        X(DEVICES, 23)    /* which devices of a node are unwell */                                                     \
        X(PINNED, 21)     /* the hours that a job keeps, or that it keeps none any more */                             \
        X(I_META, 40)                                                                                                  \
        X(I_SITE, 41)                                                                                                  \
        X(I_NODE, 42)                                                                                                  \
        X(I_JOB, 43)                                                                                                   \
        X(I_REQUEST, 44)                                                                                               \
        X(I_PROFILE, 45)                                                                                               \
        X(V_SESSION, 60)  /* a node's session: made, confirmed, silent, gone */                                        \
        X(V_RENEWED, 61)  /* a renewal was taken, and will be answered now */                                          \
        X(V_LEG, 62)      /* a leg was seen armed or running */                                                        \
        X(V_PLANNING, 63) /* a plan was asked for, or is wanted, or came back */                                       \
        X(V_BACKOFF, 64)  /* a job waits before its next launch */                                                     \
        X(V_STARTED, 65)  /* this process began: leases and timeouts count from here at the earliest */                \
        X(V_FORECAST, 66) /* a forecast is being made, or was */

enum record_type {
#define RECORD_X(name, number) RECORD_##name = (number),
        RECORD_TYPES(RECORD_X)
#undef RECORD_X
};

struct record_leg_ref {
        uint64_t job;
        uint32_t attempt;
        uint32_t node;
};

struct record_planned_job {
        uint64_t job;
        struct plan_interval *intervals; /* sites are stable ids */
        uint32_t n_intervals;
        enum plan_reason reason;
        int64_t finish, late_s;
        double cost, run_now_cost;
};

struct record {
        enum record_type type;
        uint64_t index;  /* of a durable record in the log, from 1; 0 until it is applied */
        int64_t at;      /* wall, UTC seconds */
        union {
                struct { uint64_t term; bool fenced_start; } term;
                struct { struct policy policy; } config;
                struct { struct series series; } series;      /* names its site; apply joins it with its past */
                struct {
                        uint64_t job;
                        struct offpeak_job_spec spec;
                        uint32_t uid;
                        char *user;
                        bool held;
                        struct request request;
                } submitted;
                struct {
                        uint64_t job;
                        bool held;
                        bool unmet; /* because of those it comes after; no request then */
                        struct request request;
                } held;
                struct { uint64_t job; struct request request; } cancel;
                struct {
                        uint64_t job;
                        struct plan_interval *hours; /* sites are stable ids */
                        uint32_t n_hours;            /* 0: unpinned */
                        struct request request;
                } pinned;
                struct { char *name, *site; char boot[40]; struct inventory inventory; } node_up;
                struct { uint32_t node; bool fenced; struct request request; } node_fenced;
                struct {
                        uint32_t node;
                        char *reason;
                        struct request request;
                } drained; /* reason NULL: it takes jobs again */
                struct {
                        uint32_t node;
                        struct unwell *unwell; /* all there are, by ascending device */
                        uint32_t n_unwell;
                } devices;
                struct {
                        uint64_t job;
                        uint32_t attempt, mode;
                        bool go;
                        int64_t lease_ms, grace_s;
                        enum on_lost on_lost;
                        struct leg *legs;   /* node and devices are set */
                        uint32_t n_legs;
                        int64_t launched_ms; /* mono, for memory only: 0 on replay */
                } launch;
                struct { uint64_t job; uint32_t attempt; } go;
                struct { uint64_t job; uint32_t attempt, mode; } capped; /* as many GPUs as before */
                struct { struct job_profile fitted; } learned;               /* without points */
                struct {
                        uint64_t job;
                        uint32_t attempt;
                        enum stop_reason reason;
                        struct pause pause; /* of one that pauses; attempt and time are those of the record */
                        uint32_t node;      /* ARM_TIMEOUT: the first that did not get ready, where why is said */
                        char *why;          /* that, for people; else NULL */
                } stop;
                struct {
                        struct record_leg_ref leg;
                        enum leg_how how;
                        int32_t status;
                        bool killed;
                        uint32_t rank;    /* whose status it is, where each GPU has a process of its own */
                        char *why, *tail; /* of the first of its attempt that failed (struct failure); else NULL */
                } leg_end;
                struct { struct record_leg_ref leg; int32_t status; } late_exit;
                struct {
                        uint64_t job;
                        uint32_t attempt;
                        bool paused;        /* by us: costs no retry */
                        bool lost;          /* no result */
                        int64_t ran_s;      /* wall seconds its longest leg ran */
                        uint32_t avoid_node;
                        uint32_t blamed_node; /* where `blamed` devices were unwell, and it failed for that */
                        uint64_t blamed;      /* 0: none */
                } over;
                struct { uint64_t job; enum offpeak_job_state state; enum job_end end; int32_t status; } ended;
                struct { uint64_t job; double fraction; bool reported; int64_t total_s; } progress;
                struct {
                        struct adopted_plan plan;
                        struct record_planned_job *jobs;
                        uint32_t n_jobs;
                        struct plan_flow *flows; /* of all stores; none where the plan has no version */
                        uint32_t n_flows;
                } plan;
                struct {
                        struct booking booking;
                        int64_t pue_rest;   /* of the site, after it */
                        bool has_stock;     /* it is of a site with a store */
                        struct stock stock; /* of the site, after it */
                } booked;
                struct {
                        struct series series; /* names its site, and the source; without points: from `at` on nothing is pushed */
                        uint64_t seq, digest;
                        struct request request;
                } pushed;
                struct { char *site; enum series_kind kind; } confirmed;

                struct {
                        uint64_t log_index, term, next_job;
                        bool fenced_start;
                        struct policy policy;
                        struct adopted_plan plan;
                        struct plan_flow *flows, *past_flows;
                        uint32_t n_flows, n_past_flows;
                        struct month_use *month_uses;
                        uint32_t n_month_uses;
                } meta;
                struct { struct site site; } site;
                struct { struct node node; } node;      /* session is not part of it */
                struct { struct job job; } job;
                struct { struct request request; } request;
                struct { struct job_profile profile; } profile;

                struct { uint32_t node; struct session session; } session;
                struct { uint32_t node; uint64_t seq; int64_t mono_ms; bool foreign; } renewed;
                struct { struct record_leg_ref leg; enum leg_state state; bool capped; } leg; /* capped: as its mode has it */
                struct { bool wanted, asked, dropped, hurried; uint64_t asked_index; int64_t due_at; } planning;
                struct { uint64_t job; int64_t not_before_ms; } backoff;
                struct { int64_t mono_ms; bool forecasts; } started;
                struct { struct forecast_wish wish; bool asked; struct forecast_use use; } forecast;
        } u;
};

const char *record_type_name(enum record_type type);
static inline bool record_is_durable(const struct record *record)
{
        return record->type < RECORD_V_SESSION;
}
void record_finish(struct record *record);

/* Hand every image of the durable state to emit, in the order in which apply rebuilds it. Stops at emit's first non-zero. */
int state_images(const struct state *state, int (*emit)(void *context, const struct record *image), void *context);

#endif
