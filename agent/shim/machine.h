/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - a leg's life as its shim decides it. Pure: time and facts come in, actions go out.
 *
 *            GO, lease good          first process gone
 *   ARMED ------------------> RUNNING ----------------> CLEARING
 *     |                          | STOP, lease near        | all gone
 *     | STOP,                    v its end                 v
 *     | lease over            STOPPING -------------> RECORDING ----> DONE
 *     +------------------------------ all gone ----------^   record on disk, or
 *                                                            its directory gone
 *
 * STOPPING waits for *all* processes: a wrapper that dies of the signal must not take a rank along that still writes
 * its checkpoint. What the first process leaves behind without having been asked to stop is killed at once (CLEARING).
 * Where a leg has several first ones, it is the last of them, or the first that fails.
 *
 * A `relaunch` leg ends before its lease does, because the scheduler will run it elsewhere:
 *
 *   ---- deadline - margin - grace ------ deadline - margin ------ deadline
 *        stop signal                      SIGKILL                  nothing is alive
 *
 * A lease only grows, and so does the state. Once a stop was asked, a longer lease does not take it back, and a later
 * stop can only shorten the grace.
 *
 * Use: set facts through the functions below; then machine_tick until it returns 0, carrying out its actions; then wait
 * for a fact or for machine_wake.  All times are milliseconds on CLOCK_BOOTTIME.
 */
#ifndef OFFPEAK_SHIM_MACHINE_H
#define OFFPEAK_SHIM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/shim/leg_exit.h"
#include "core/input.h"

enum machine_state {
        MACHINE_ARMED = 0,
        MACHINE_RUNNING,
        MACHINE_STOPPING,
        MACHINE_CLEARING,
        MACHINE_RECORDING,
        MACHINE_DONE,
};

/* What the host is to do, in this order. Those marked * come again until they have worked. */
enum machine_action {
        MACHINE_START = 1 << 0,    /* the first processes; then machine_started or machine_refused */
        MACHINE_SAY_STOP = 1 << 1, /* put the stop file in place: stop_word, machine_kill_at */
        MACHINE_SIGNAL = 1 << 2,   /* thaw, and send the stop signal */
        MACHINE_KILL = 1 << 3,     /* * everything */
        MACHINE_RECORD = 1 << 4,   /* * write machine.record; then machine_recorded */
        MACHINE_LEAVE = 1 << 5,    /* it is over */
};

enum { MACHINE_KILL_RETRY_MS = 200, MACHINE_RECORD_RETRY_MS = 1000 };

struct machine {
        enum machine_state state;
        bool relaunch;             /* the lease binds while it runs */
        int64_t grace_ms, margin_ms;
        int64_t lease;             /* deadline */
        bool go;
        bool asked;                /* to stop */
        const char *stop_word;     /* why, as the job reads it */
        int64_t kill_at;           /* when asked */
        bool said_stop;            /* the stop file says kill_at */
        bool ended;                /* the first processes, or one of them badly */
        bool empty;                /* all of them */
        bool recorded;             /* or nowhere to record to */
        int64_t retry_at;
        struct leg_exit record;
};

void machine_init(struct machine *m, bool relaunch, int64_t grace_ms, int64_t margin_ms, int64_t lease);

/* ---- facts */

void machine_lease(struct machine *m, int64_t deadline);
void machine_go(struct machine *m, int64_t deadline);
void machine_stop(struct machine *m, const char *word, int64_t grace_ms, int64_t now);
void machine_started(struct machine *m, int64_t wall_s);
/* It cannot be started, or was not: why. */
void machine_refused(struct machine *m, const char *why);
/* The same, and no node could: it fails as a program that may not be executed, by the first rank of the leg. */
void machine_forbidden(struct machine *m, uint32_t rank, const char *why);
/*
 * The first processes ended, or one of them failed: its status and rank; why: "" or what kept it from being executed.
 */
void machine_ended(struct machine *m, int32_t status, uint32_t rank, const char *why);
/* Nobody can tell any more how the first process ended, or whether it did. */
void machine_lost(struct machine *m, const char *why);
/* Nothing is left. */
void machine_empty(struct machine *m, int64_t wall_s);
void machine_recorded(struct machine *m);

/* ---- what follows */

/* Move as far as the facts and the time allow; a set of actions, 0 if there is nothing to do now. */
unsigned machine_tick(struct machine *m, int64_t now);

/* When to tick again if no fact comes. INT64_MAX: never. */
int64_t machine_wake(const struct machine *m, int64_t now);

/* When SIGKILL comes to a leg that was asked to stop: its grace, or its lease if that is over before. */
int64_t machine_kill_at(const struct machine *m);

/* As the agent hears it: EXITED is not said before the record is on disk. */
enum report_state machine_report(const struct machine *m);

#endif
