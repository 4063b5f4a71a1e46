/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/machine.h"

#include <assert.h>
#include <stdio.h>
#include <sys/wait.h>

#define BIT(state) (1u << (state))

/* Asserted, not acted on. */
static const unsigned next_states[] __attribute__((unused)) = {
        [MACHINE_ARMED] = BIT(MACHINE_RUNNING) | BIT(MACHINE_RECORDING),
        [MACHINE_RUNNING] = BIT(MACHINE_STOPPING) | BIT(MACHINE_CLEARING) | BIT(MACHINE_RECORDING),
        [MACHINE_STOPPING] = BIT(MACHINE_RECORDING),
        [MACHINE_CLEARING] = BIT(MACHINE_RECORDING),
        [MACHINE_RECORDING] = BIT(MACHINE_DONE),
        [MACHINE_DONE] = 0,
};

static void enter(struct machine *m, enum machine_state next)
{
        assert(next_states[m->state] & BIT(next));
        m->state = next;
        m->retry_at = INT64_MIN;
}

static int64_t min(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

void machine_init(struct machine *m, bool relaunch, int64_t grace_ms, int64_t margin_ms, int64_t lease)
{
        *m = (struct machine){ .relaunch = relaunch,
                               .grace_ms = grace_ms,
                               .margin_ms = margin_ms,
                               .lease = lease,
                               .retry_at = INT64_MIN,
                               .stop_word = "" };
}

/* ---- facts */

void machine_lease(struct machine *m, int64_t deadline)
{
        if (deadline > m->lease)
                m->lease = deadline;
}

void machine_go(struct machine *m, int64_t deadline)
{
        machine_lease(m, deadline);
        m->go = true;
}

void machine_stop(struct machine *m, const char *word, int64_t grace_ms, int64_t now)
{
        int64_t kill_at = now + grace_ms;

        if (m->asked && kill_at >= m->kill_at)
                return;
        m->asked = true;
        m->stop_word = word;
        m->kill_at = kill_at;
        m->said_stop = false;
}

void machine_started(struct machine *m, int64_t wall_s)
{
        m->record.started = wall_s;
}

void machine_refused(struct machine *m, const char *why)
{
        m->record.how = LEG_NEVER;
        snprintf(m->record.why, sizeof(m->record.why), "%s", why);
        enter(m, MACHINE_RECORDING);
}

void machine_forbidden(struct machine *m, uint32_t rank, const char *why)
{
        machine_ended(m, W_EXITCODE(126, 0), rank, why);
        enter(m, MACHINE_RECORDING);
}

void machine_ended(struct machine *m, int32_t status, uint32_t rank, const char *why)
{
        if (m->ended)
                return;
        m->ended = true;
        m->record.how = m->asked ? LEG_ASKED : LEG_EXIT;
        m->record.status = status;
        m->record.rank = rank;
        snprintf(m->record.why, sizeof(m->record.why), "%s", why);
}

void machine_lost(struct machine *m, const char *why)
{
        if (m->ended)
                return;
        m->ended = true;
        m->record.how = LEG_SHIM_LOST;
        snprintf(m->record.why, sizeof(m->record.why), "%s", why);
}

void machine_empty(struct machine *m, int64_t wall_s)
{
        m->record.ended = wall_s;
        m->empty = true;
}

void machine_recorded(struct machine *m)
{
        m->recorded = true;
}

/* ---- what follows */

static int64_t lease_kill(const struct machine *m)
{
        return m->lease - m->margin_ms;
}

static int64_t stop_at(const struct machine *m)
{
        return m->relaunch ? lease_kill(m) - m->grace_ms : INT64_MAX;
}

int64_t machine_kill_at(const struct machine *m)
{
        return m->relaunch ? min(m->kill_at, lease_kill(m)) : m->kill_at;
}

static unsigned retry(struct machine *m, unsigned action, int64_t pause_ms, int64_t now)
{
        if (now < m->retry_at)
                return 0;
        m->retry_at = now + pause_ms;
        return action;
}

static unsigned armed(struct machine *m, int64_t now)
{
        if (m->asked) {
                machine_refused(m, "stopped before it began");
        } else if (now >= lease_kill(m)) {
                machine_refused(m, "its lease was over before it began");
        } else if (m->go) {
                enter(m, MACHINE_RUNNING);
                return MACHINE_START;
        }
        return 0;
}

static unsigned running(struct machine *m, int64_t now)
{
        if (m->ended) {
                enter(m, MACHINE_CLEARING);
                return 0;
        }
        if (!m->asked && now >= stop_at(m))
                machine_stop(m, "lease", lease_kill(m) - now, now);
        if (!m->asked)
                return 0;
        enter(m, MACHINE_STOPPING);
        m->said_stop = true;
        return MACHINE_SAY_STOP | MACHINE_SIGNAL;
}

static unsigned stopping(struct machine *m, int64_t now)
{
        unsigned actions = m->said_stop ? 0 : MACHINE_SAY_STOP;

        m->said_stop = true;
        if (m->empty) {
                enter(m, MACHINE_RECORDING);
        } else if (now >= machine_kill_at(m)) {
                m->record.killed = true;
                actions |= retry(m, MACHINE_KILL, MACHINE_KILL_RETRY_MS, now);
        }
        return actions;
}

static unsigned clearing(struct machine *m, int64_t now)
{
        if (!m->empty)
                return retry(m, MACHINE_KILL, MACHINE_KILL_RETRY_MS, now);
        enter(m, MACHINE_RECORDING);
        return 0;
}

static unsigned recording(struct machine *m, int64_t now)
{
        if (!m->recorded)
                return retry(m, MACHINE_RECORD, MACHINE_RECORD_RETRY_MS, now);
        enter(m, MACHINE_DONE);
        return MACHINE_LEAVE;
}

static unsigned step(struct machine *m, int64_t now)
{
        switch (m->state) {
        case MACHINE_ARMED:
                return armed(m, now);
        case MACHINE_RUNNING:
                return running(m, now);
        case MACHINE_STOPPING:
                return stopping(m, now);
        case MACHINE_CLEARING:
                return clearing(m, now);
        case MACHINE_RECORDING:
                return recording(m, now);
        case MACHINE_DONE:
                return 0;
        }
        return 0;
}

unsigned machine_tick(struct machine *m, int64_t now)
{
        unsigned actions = 0;
        enum machine_state before;

        do {
                before = m->state;
                actions = step(m, now);
        } while (actions == 0 && m->state != before);
        return actions;
}

int64_t machine_wake(const struct machine *m, int64_t now)
{
        switch (m->state) {
        case MACHINE_ARMED:
                return lease_kill(m);
        case MACHINE_RUNNING:
                return stop_at(m);
        case MACHINE_STOPPING:
                return now >= machine_kill_at(m) ? m->retry_at : machine_kill_at(m);
        case MACHINE_CLEARING:
        case MACHINE_RECORDING:
                return m->retry_at;
        case MACHINE_DONE:
                break;
        }
        return INT64_MAX;
}

enum report_state machine_report(const struct machine *m)
{
        switch (m->state) {
        case MACHINE_ARMED:
                return REPORT_ARMED;
        case MACHINE_RUNNING:
        case MACHINE_CLEARING:
                return REPORT_RUNNING;
        case MACHINE_STOPPING:
                return REPORT_STOPPING;
        case MACHINE_RECORDING: /* not EXITED: a status is not told before it is on disk */
                return m->record.started == 0 ? REPORT_ARMED : m->asked ? REPORT_STOPPING : REPORT_RUNNING;
        case MACHINE_DONE:
                return REPORT_EXITED;
        }
        return REPORT_ARMED;
}
