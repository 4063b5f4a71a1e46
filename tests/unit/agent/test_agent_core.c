/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's core against a script of inputs; what it did stands in a trace, a line each: time, action, contents.
 * The planted bugs of the protocol's section 9 that an agent can have are each a test here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/core/agent_step.h"
#include "core/decide.h"

enum { LEASE_MS = 60000, RENEW_MS = 10000 };

struct world {
        struct agent_state state;
        int64_t now_ms;
        uint8_t next_nonce;
        bool deaf; /* keep no trace */
        char trace[16384];
};

static void say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct world *world, const char *format, ...)
{
        size_t used = strlen(world->trace);
        va_list args;

        va_start(args, format);
        vsnprintf(world->trace + used, sizeof(world->trace) - used, format, args);
        va_end(args);
        assert_true(strlen(world->trace) < sizeof(world->trace) - 1);
}

static void say_legs(struct world *world)
{
        static const char *const states[] = { "?", "armed", "running", "stopping", "exited" };
        static const char *const hows[] = { "?", "exit", "asked", "never", "lost", "reboot" };

        for (size_t i = 0; i < world->state.n_legs; i++) {
                struct message_leg report;
                if (!agent_leg_report(&world->state.legs[i], &report))
                        continue;
                say(world, " %d.%d@%d=%s", (int)report.job, (int)report.attempt, (int)report.epoch,
                    states[report.state]);
                if (report.state == REPORT_EXITED)
                        say(world, "(%s %d%s)", hows[report.how], report.status, report.refused[0] ? " refused" : "");
        }
}

static void say_action(struct world *world, const struct agent_action *action)
{
        const int job = (int)action->id.job, attempt = (int)action->id.attempt;

        say(world, "%d ", (int)world->now_ms);
        switch (action->type) {
        case AGENT_KEEP_TERM:
                say(world, "keep-term %d", (int)action->number);
                break;
        case AGENT_SEND_HELLO:
                say(world, "hello n%d", world->state.nonce[0]);
                break;
        case AGENT_SEND_RENEW:
                say(world, "renew s%d #%d", (int)world->state.session, (int)action->number);
                say_legs(world);
                break;
        case AGENT_ACKED:
                say(world, "acked %d", (int)action->number);
                break;
        case AGENT_LAUNCH:
                assert_true(action->order->has_launch);
                say(world, "launch %d.%d until %d", job, attempt, (int)action->deadline_ms);
                break;
        case AGENT_GO:
                say(world, "go %d.%d until %d", job, attempt, (int)action->deadline_ms);
                break;
        case AGENT_STOP:
                say(world, "stop %d.%d reason %d grace %d", job, attempt, action->reason, (int)action->grace_s);
                break;
        case AGENT_LEASE:
                say(world, "lease %d.%d until %d", job, attempt, (int)action->deadline_ms);
                break;
        case AGENT_BURY:
                say(world, "bury %d.%d", job, attempt);
                break;
        case AGENT_DELETE:
                say(world, "delete %d.%d", job, attempt);
                break;
        case AGENT_CAP:
                say(world, "cap %d.%d at %d", job, attempt, (int)action->cap_ppm);
                break;
        case AGENT_WARN:
                say(world, "warn");
                break;
        }
        say(world, "\n");
}

static void step(struct world *world, struct agent_input *input)
{
        struct agent_turn turn;

        input->now_ms = world->now_ms;
        input->random[0] = world->next_nonce;
        agent_turn_init(&turn);
        agent_step(&world->state, input, &turn);
        assert_false(turn.failed);
        for (size_t i = 0; i < turn.n_actions && !world->deaf; i++)
                say_action(world, &turn.actions[i]);
        agent_turn_finish(&turn);
}

/* ---- what can happen */

static void at(struct world *world, int64_t now_ms)
{
        struct agent_input input = { .type = AGENT_TICK };

        assert_true(now_ms >= world->now_ms);
        for (int64_t next = agent_next(&world->state); next < now_ms; next = agent_next(&world->state)) {
                world->now_ms = next > world->now_ms ? next : world->now_ms;
                step(world, &input);
        }
        world->now_ms = now_ms;
        step(world, &input);
}

static void start(struct world *world)
{
        struct agent_input input = { .type = AGENT_START, .u.start = { .term = 4, .sure = true, .devices = 0xf } };

        world->next_nonce++;
        step(world, &input);
}

static void welcome(struct world *world, uint8_t nonce, uint64_t term, uint64_t session)
{
        struct message_welcome message = {
                .nonce = { nonce }, .term = term, .session = session, .lease_ms = LEASE_MS, .renew_ms = RENEW_MS
        };
        struct agent_input input = { .type = AGENT_WELCOME, .u.welcome = &message };

        step(world, &input);
}

static void grant(struct world *world, uint64_t session, uint64_t seq)
{
        struct message_grant message = { .term = 5, .session = session, .seq = seq };
        struct agent_input input = { .type = AGENT_GRANT, .u.grant = { .grant = &message } };

        step(world, &input);
}

static void stale(struct world *world, uint64_t session)
{
        struct message_stale message = { .term = 5, .session = session };
        struct agent_input input = { .type = AGENT_STALE, .u.stale = &message };

        world->next_nonce++;
        step(world, &input);
}

static struct message_order make_order(uint64_t session, uint64_t job, uint64_t epoch, enum want want)
{
        return (struct message_order){
                .term = 5, .session = session, .job = job, .attempt = 1, .epoch = epoch, .want = want, .grace_s = 30
        };
}

static void give(struct world *world, const struct message_order *order)
{
        struct agent_input input = { .type = AGENT_ORDER, .u.order = order };

        step(world, &input);
}

/* ARM, or a GO that launches; job n takes device n. */
static void order_launch(struct world *world, uint64_t session, uint64_t job, uint64_t epoch, enum want want, bool gang)
{
        struct message_order order = make_order(session, job, epoch, want);

        order.has_launch = true;
        order.launch.devices = UINT64_C(1) << (job % 64);
        order.launch.lease_ms = LEASE_MS;
        order.launch.gang = gang;
        give(world, &order);
}

static void order(struct world *world, uint64_t session, uint64_t job, uint64_t epoch, enum want want)
{
        struct message_order message = make_order(session, job, epoch, want);

        message.reason = want == WANT_STOP ? STOP_PAUSE : STOP_NONE;
        give(world, &message);
}

static void found(struct world *world, uint64_t job, uint64_t epoch)
{
        struct agent_input input = {
                .type = AGENT_FOUND,
                .u.found = { .id = { job, 1 }, .epoch = epoch, .devices = UINT64_C(1) << job, .lease_ms = LEASE_MS },
        };
        step(world, &input);
}

static void shim(struct world *world, uint64_t job, enum report_state state)
{
        struct agent_input input = {
                .type = AGENT_SHIM,
                .u.shim = { .id = { job, 1 }, .devices = UINT64_C(1) << job, .lease_ms = LEASE_MS, .state = state },
        };
        step(world, &input);
}

static void gone(struct world *world, uint64_t job)
{
        struct agent_input input = { .type = AGENT_GONE, .u.gone = { .id = { job, 1 } } };

        step(world, &input);
}

static void ended(struct world *world, uint64_t job, enum leg_how how, int32_t status)
{
        struct leg_exit record = { .how = how, .status = status };
        struct agent_input input = { .type = AGENT_ENDED, .u.ended = { .id = { job, 1 }, .exit = &record } };

        step(world, &input);
}

/* ---- the trace */

static void expect(struct world *world, const char *lines)
{
        assert_string_equal(world->trace, lines);
        world->trace[0] = '\0';
}

static void forget_trace(struct world *world)
{
        world->trace[0] = '\0';
}

static int setup(void **state)
{
        struct world *world = calloc(1, sizeof(*world));

        agent_state_init(&world->state);
        world->now_ms = 1000;
        *state = world;
        return 0;
}

static int teardown(void **state)
{
        struct world *world = *state;

        agent_state_finish(&world->state);
        free(world);
        return 0;
}

/* In session 1 of term 5, first renewal granted as it was sent: at time 1000, base 1000. */
static void in_session(struct world *world)
{
        start(world);
        welcome(world, 1, 5, 1);
        grant(world, 1, 1);
        forget_trace(world);
}

static void running(struct world *world, uint64_t job, uint64_t epoch)
{
        order_launch(world, 1, job, epoch, WANT_GO, false);
        shim(world, job, REPORT_ARMED);
        shim(world, job, REPORT_RUNNING);
        forget_trace(world);
}

/* ---- tests */

static void test_a_whole_life(void **arg)
{
        struct world *world = *arg;

        start(world);
        world->now_ms = 1010;
        welcome(world, 1, 5, 1);
        world->now_ms = 1020;
        grant(world, 1, 1);
        order_launch(world, 1, 3, 70, WANT_GO, false);
        shim(world, 3, REPORT_ARMED);
        shim(world, 3, REPORT_RUNNING);
        at(world, 12000);
        world->now_ms = 12010;
        grant(world, 1, 4);
        ended(world, 3, LEG_EXIT, 256);
        order(world, 1, 3, 70, WANT_FORGET);
        expect(world, "1000 hello n1\n"
                      "1010 keep-term 5\n"
                      "1010 renew s1 #1\n"
                      "1020 launch 3.1 until 61010\n"
                      "1020 lease 3.1 until 61010\n"
                      "1020 renew s1 #2 3.1@70=armed\n"
                      "1020 renew s1 #3 3.1@70=running\n"
                      "11020 renew s1 #4 3.1@70=running\n"
                      "12010 lease 3.1 until 71020\n"
                      "12010 renew s1 #5 3.1@70=exited(exit 256)\n"
                      "12010 delete 3.1\n");
        assert_int_equal(world->state.n_legs, 0);
}

static void test_gang_waits_for_go(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        order_launch(world, 1, 2, 50, WANT_ARM, true);
        order_launch(world, 1, 2, 51, WANT_GO, true); /* early: nothing armed yet; it comes again */
        shim(world, 2, REPORT_ARMED);
        order_launch(world, 1, 2, 51, WANT_GO, true);
        order_launch(world, 1, 2, 51, WANT_GO, true);
        shim(world, 2, REPORT_RUNNING);
        order_launch(world, 1, 2, 51, WANT_GO, true);
        expect(world, "1000 launch 2.1 until 61000\n"
                      "1000 lease 2.1 until 61000\n"
                      "1000 renew s1 #2 2.1@51=armed\n"
                      "1000 go 2.1 until 61000\n"
                      "1000 go 2.1 until 61000\n"
                      "1000 renew s1 #3 2.1@51=running\n");
}

static void order_cap(struct world *world, uint64_t job, uint64_t epoch, uint32_t cap_ppm)
{
        struct message_order order = make_order(1, job, epoch, WANT_GO);

        order.has_launch = true;
        order.launch.devices = UINT64_C(1) << (job % 64);
        order.launch.lease_ms = LEASE_MS;
        order.launch.cap_ppm = cap_ppm;
        give(world, &order);
}

/* A level: what is met already is not done again. It is told, and a leg of an earlier agent is said not to be known. */
static void test_caps_change_while_it_runs(void **arg)
{
        struct world *world = *arg;
        struct message_leg report;

        in_session(world);
        order_cap(world, 3, 70, 700000);
        shim(world, 3, REPORT_ARMED);
        shim(world, 3, REPORT_RUNNING);
        assert_true(agent_leg_report(&world->state.legs[0], &report));
        assert_int_equal(report.cap_ppm, 700000);
        forget_trace(world);
        order_cap(world, 3, 70, 700000);
        order_cap(world, 3, 70, 550000);
        order_cap(world, 3, 70, 550000);
        order_cap(world, 3, 70, 0);
        assert_true(agent_leg_report(&world->state.legs[0], &report));
        assert_int_equal(report.cap_ppm, 0);
        order(world, 1, 3, 70, WANT_STOP);
        order_cap(world, 3, 70, 550000); /* overtaken */
        expect(world, "1000 cap 3.1 at 550000\n"
                      "1000 renew s1 #4 3.1@70=running\n" /* at once: somebody may wait for the power */
                      "1000 cap 3.1 at 0\n"
                      "1000 renew s1 #5 3.1@70=running\n"
                      "1000 stop 3.1 reason 1 grace 30\n");
}

/* Cards that refuse: said with the next renewal, and what is ordered then is tried again. */
static void test_caps_that_do_not_come_are_said_again(void **arg)
{
        struct world *world = *arg;
        struct agent_input failed = { .type = AGENT_UNCAPPED, .u.uncapped = { { 3, 1 } } };
        struct message_leg report;

        in_session(world);
        running(world, 3, 70);
        order_cap(world, 3, 70, 700000);
        step(world, &failed);
        assert_true(agent_leg_report(&world->state.legs[0], &report));
        assert_int_equal(report.cap_ppm, AGENT_CAP_UNKNOWN);
        order_cap(world, 3, 70, 700000);
        assert_true(agent_leg_report(&world->state.legs[0], &report));
        assert_int_equal(report.cap_ppm, 700000);
}

static void test_caps_of_an_earlier_agent_are_said_again(void **arg)
{
        struct world *world = *arg;
        struct message_leg report;

        found(world, 3, 70);
        shim(world, 3, REPORT_RUNNING);
        assert_true(agent_leg_report(&world->state.legs[0], &report));
        assert_int_equal(report.cap_ppm, AGENT_CAP_UNKNOWN);
        in_session(world);
        order_cap(world, 3, 70, 0);
        expect(world, "1000 cap 3.1 at 0\n1000 renew s1 #2 3.1@70=running\n");
}

static void test_go_of_a_gang_launches_nothing(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        order_launch(world, 1, 2, 51, WANT_GO, true);
        order(world, 1, 2, 51, WANT_FORGET);
        expect(world, "");
        assert_int_equal(world->state.n_legs, 0);
}

/* "counting from the grant's arrival": the grant comes 5 s after the sending, and the lease runs from the sending. */
static void test_lease_counts_from_sending(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        at(world, 11000);
        forget_trace(world);
        world->now_ms = 16000;
        grant(world, 1, 4);
        expect(world, "16000 lease 3.1 until 71000\n");
}

static void test_old_grant_does_not_shorten(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        at(world, 11000);
        grant(world, 1, 4);
        forget_trace(world);
        grant(world, 1, 2); /* sent at 1000, delayed */
        grant(world, 1, 4); /* repeated */
        expect(world, "");
        assert_int_equal(world->state.base_ms, 11000);
}

static void test_grant_must_match_a_sending(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        world->now_ms = 5000;
        grant(world, 1, 0);
        grant(world, 1, 2); /* not sent yet */
        grant(world, 1, 999);
        grant(world, 9, 1); /* another session */
        assert_int_equal(world->state.base_ms, 1000);
        for (int i = 0; i < AGENT_SENT + 1; i++) /* #2 to #66: #1 and #2 fall out of memory */
                at(world, world->now_ms + RENEW_MS);
        assert_true(world->state.seq > AGENT_SENT + 1);
        grant(world, 1, 2);
        assert_int_equal(world->state.base_ms, 1000);
}

static void test_launch_needs_a_lease(void **arg)
{
        struct world *world = *arg;

        start(world);
        welcome(world, 1, 5, 1);
        forget_trace(world);
        order_launch(world, 1, 3, 70, WANT_GO, false); /* nothing was ever granted */
        expect(world, "1000 renew s1 #2 3.1@70=exited(never 0 refused)\n");
        grant(world, 1, 1);
        world->now_ms = 1000 + LEASE_MS;
        order_launch(world, 1, 2, 80, WANT_ARM, true); /* over by the millisecond */
        expect(world, "61000 renew s1 #3 3.1@70=exited(never 0 refused) 2.1@80=exited(never 0 refused)\n");
}

static void test_launch_just_within_the_lease(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        world->now_ms = 1000 + LEASE_MS - 1;
        world->state.due_ms = INT64_MAX;
        order_launch(world, 1, 3, 70, WANT_GO, false);
        expect(world, "60999 launch 3.1 until 61000\n");
}

/* A refusal stands: told and then obeyed would be two copies. */
static void test_refused_stays_refused(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        struct message_order same_device = make_order(1, 9, 80, WANT_GO);
        same_device.has_launch = true;
        same_device.launch.devices = 1 << 3;
        same_device.launch.lease_ms = LEASE_MS;
        give(world, &same_device);
        ended(world, 3, LEG_EXIT, 0); /* the device is free now */
        give(world, &same_device);
        expect(world, "1000 renew s1 #4 3.1@70=running 9.1@80=exited(never 0 refused)\n"
                      "1000 renew s1 #5 3.1@70=exited(exit 0) 9.1@80=exited(never 0 refused)\n");
        order(world, 1, 9, 80, WANT_FORGET);
        give(world, &same_device); /* a third copy of it, late */
        expect(world, "1000 delete 9.1\n");
}

static void test_refused_device_of_another_node(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        order_launch(world, 1, 8, 80, WANT_GO, false); /* devices 0 to 3 */
        expect(world, "1000 renew s1 #2 8.1@80=exited(never 0 refused)\n");
        assert_non_null(strstr(world->state.legs[0].why, "100"));
}

/* "orders of an older session taken" */
static void test_orders_of_older_session_refused(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        stale(world, 1);
        order_launch(world, 1, 3, 70, WANT_GO, false);
        expect(world, "1000 hello n2\n");
        welcome(world, 2, 5, 2);
        grant(world, 2, 1);
        forget_trace(world);
        order_launch(world, 1, 3, 70, WANT_GO, false);
        order(world, 1, 3, 70, WANT_STOP);
        expect(world, "");
        order_launch(world, 2, 3, 70, WANT_GO, false);
        expect(world, "1000 launch 3.1 until 61000\n");
}

static void test_order_of_another_term_refused(void **arg)
{
        struct world *world = *arg;
        struct message_order order = make_order(1, 3, 70, WANT_STOP);

        in_session(world);
        order.term = 4;
        give(world, &order);
        expect(world, "");
}

/* "a GO that arrives twice, the second time after FORGET" */
static void test_go_after_forget(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        ended(world, 3, LEG_EXIT, 0);
        order(world, 1, 3, 70, WANT_FORGET);
        forget_trace(world);
        order_launch(world, 1, 3, 70, WANT_GO, false);
        order(world, 1, 3, 71, WANT_STOP);
        order(world, 1, 3, 70, WANT_FORGET);
        expect(world, "");
        assert_int_equal(world->state.n_legs, 0);
}

/* An order of a lower epoch for another job is not late: it is in time, only slower. */
static void test_slow_order_of_another_job_is_taken(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        ended(world, 3, LEG_EXIT, 0);
        order(world, 1, 3, 70, WANT_FORGET);
        forget_trace(world);
        order_launch(world, 1, 2, 60, WANT_GO, false);
        expect(world, "1000 launch 2.1 until 61000\n");
}

/* Beyond the graves that are named, the floor refuses what is older than what was forgotten. */
static void test_floor(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        for (uint64_t job = 100; job < 100 + AGENT_GRAVES + 2; job++) {
                order(world, 1, job, job, WANT_STOP);
                order(world, 1, job, job, WANT_FORGET);
        }
        assert_int_equal(world->state.floor, 101);
        forget_trace(world);
        order_launch(world, 1, 2, 101, WANT_GO, false); /* as old as one that is no longer named */
        assert_null(strstr(world->trace, "launch"));
        assert_int_equal(world->state.legs[0].how, LEG_NEVER);
        assert_non_null(strstr(world->state.legs[0].why, "older"));
        forget_trace(world);
        order_launch(world, 1, 3, 102, WANT_GO, false);
        assert_non_null(strstr(world->trace, "launch 3.1"));
}

/* A new session may say anything anew: its scheduler may have lost the end of its log, and with it what it forgot. */
static void test_a_new_session_forgets_the_forgotten(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        ended(world, 3, LEG_EXIT, 0);
        order(world, 1, 3, 70, WANT_FORGET);
        stale(world, 1);
        welcome(world, 2, 5, 2);
        forget_trace(world);
        order_launch(world, 2, 3, 60, WANT_GO, false);
        expect(world, "1000 launch 3.1 until 61000\n");
}

static void test_device_of_an_ended_leg_is_free(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        ended(world, 3, LEG_EXIT, 0);
        forget_trace(world);
        struct message_order same_device = make_order(1, 9, 80, WANT_GO);
        same_device.has_launch = true;
        same_device.launch.devices = 1 << 3;
        same_device.launch.lease_ms = LEASE_MS;
        give(world, &same_device); /* before the end is acknowledged */
        expect(world, "1000 launch 9.1 until 61000\n");
}

static void test_stop_before_begin(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        order(world, 1, 3, 71, WANT_STOP);
        order_launch(world, 1, 3, 70, WANT_GO, false); /* overtaken by the stop */
        order(world, 1, 3, 71, WANT_STOP);
        expect(world, "1000 renew s1 #2 3.1@71=exited(never 0)\n");
}

static void test_stop_is_told_to_a_shim_that_comes_up(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        order_launch(world, 1, 3, 70, WANT_GO, false);
        order(world, 1, 3, 75, WANT_STOP);
        shim(world, 3, REPORT_ARMED);
        expect(world, "1000 launch 3.1 until 61000\n"
                      "1000 lease 3.1 until 61000\n"
                      "1000 stop 3.1 reason 1 grace 30\n"
                      "1000 renew s1 #2 3.1@75=armed\n");
        order(world, 1, 3, 75, WANT_STOP);
        ended(world, 3, LEG_NEVER, 0);
        order(world, 1, 3, 75, WANT_STOP);
        expect(world, "1000 stop 3.1 reason 1 grace 30\n"
                      "1000 renew s1 #3 3.1@75=exited(never 0)\n");
}

static void test_stop_is_a_level(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        order(world, 1, 3, 75, WANT_STOP);
        order(world, 1, 3, 70, WANT_GO); /* overtaken: its epoch is lower */
        shim(world, 3, REPORT_STOPPING);
        order(world, 1, 3, 75, WANT_STOP);
        ended(world, 3, LEG_ASKED, 15);
        order(world, 1, 3, 75, WANT_STOP);
        expect(world, "1000 stop 3.1 reason 1 grace 30\n"
                      "1000 renew s1 #4 3.1@75=stopping\n"
                      "1000 stop 3.1 reason 1 grace 30\n"
                      "1000 renew s1 #5 3.1@75=exited(asked 15)\n");
}

static void test_go_after_stop_is_not_told(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        order_launch(world, 1, 2, 50, WANT_ARM, true);
        shim(world, 2, REPORT_ARMED);
        order(world, 1, 2, 60, WANT_STOP);
        forget_trace(world);
        order_launch(world, 1, 2, 60, WANT_GO, true);
        expect(world, "");
}

static void test_forget_needs_an_end(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        order(world, 1, 3, 70, WANT_FORGET);
        expect(world, "");
        assert_int_equal(world->state.n_legs, 1);
}

static void test_dead_shim_is_buried(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        gone(world, 3);
        gone(world, 3);
        order(world, 1, 3, 75, WANT_STOP); /* nobody to tell */
        ended(world, 3, LEG_SHIM_LOST, 0);
        gone(world, 3);
        expect(world, "1000 bury 3.1\n"
                      "1000 renew s1 #4 3.1@70=stopping\n"
                      "1000 renew s1 #5 3.1@75=exited(lost 0)\n");
}

static void test_the_first_record_stands(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 3, 70);
        ended(world, 3, LEG_EXIT, 7);
        ended(world, 3, LEG_SHIM_LOST, 0);
        shim(world, 3, REPORT_RUNNING);
        expect(world, "1000 renew s1 #4 3.1@70=exited(exit 7)\n");
}

/* "absence concluded ...": nothing is said of a leg that may still come alive, and no first renewal is sent before. */
static void test_intent_holds_the_first_renewal(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        running(world, 2, 60);
        order_launch(world, 1, 3, 70, WANT_GO, false);
        at(world, 11000); /* a later renewal says nothing of 3 */
        expect(world, "1000 launch 3.1 until 61000\n"
                      "11000 renew s1 #4 2.1@60=running\n");
        stale(world, 1);
        at(world, 12000);
        expect(world, "");
        shim(world, 3, REPORT_ARMED);
        welcome(world, 2, 5, 2);
        expect(world, "12000 lease 3.1 until 61000\n"
                      "12000 hello n2\n"
                      "12000 renew s2 #1 2.1@60=running 3.1@70=armed\n");
}

static void test_session_begun_while_a_leg_comes_up(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        stale(world, 1);
        forget_trace(world);
        /* the launch was ordered in session 1, its shim is not heard yet when session 2 begins */
        struct agent_input input = { .type = AGENT_FOUND, .u.found = { .id = { 3, 1 }, .epoch = 70 } };
        step(world, &input);
        welcome(world, 2, 5, 2);
        assert_int_equal(agent_next(&world->state), INT64_MAX);
        expect(world, "");
        shim(world, 3, REPORT_RUNNING);
        expect(world, "1000 lease 3.1 until 61000\n"
                      "1000 renew s2 #1 3.1@70=running\n");
}

static void test_recovery_comes_before_hello(void **arg)
{
        struct world *world = *arg;

        found(world, 1, 10); /* alive */
        found(world, 2, 20); /* ended while no agent looked */
        found(world, 3, 30); /* its shim died */
        start(world);
        assert_int_equal(agent_next(&world->state), INT64_MAX);
        shim(world, 1, REPORT_RUNNING);
        ended(world, 2, LEG_EXIT, 0);
        expect(world, "");
        gone(world, 3);
        expect(world, "1000 bury 3.1\n1000 hello n1\n");
        welcome(world, 1, 5, 1);
        expect(world, "1000 keep-term 5\n"
                      "1000 renew s1 #1 1.1@10=running 2.1@20=exited(exit 0) 3.1@30=stopping\n");
        order_launch(world, 1, 1, 10, WANT_GO, false); /* of an agent that has granted nothing yet */
        expect(world, "1000 cap 1.1 at 0\n" /* it does not know what cap there was */
                      "1000 renew s1 #2 1.1@10=running 2.1@20=exited(exit 0) 3.1@30=stopping\n");
}

/* A shim that could not be met at first, and then could. */
static void test_burying_is_given_up_when_the_shim_answers(void **arg)
{
        struct world *world = *arg;

        found(world, 1, 10);
        start(world);
        gone(world, 1);
        welcome(world, 1, 5, 1);
        forget_trace(world);
        shim(world, 1, REPORT_RUNNING);
        expect(world, "1000 renew s1 #2 1.1@10=running\n");
}

static void test_hello_keeps_its_nonce_and_backs_off(void **arg)
{
        struct world *world = *arg;

        start(world);
        world->next_nonce = 77;
        at(world, 1000 + 60000);
        expect(world, "1000 hello n1\n"
                      "1500 hello n1\n"
                      "2500 hello n1\n"
                      "4500 hello n1\n"
                      "8500 hello n1\n"
                      "16500 hello n1\n"
                      "31500 hello n1\n"
                      "46500 hello n1\n");
}

static void test_welcome_for_another_nonce(void **arg)
{
        struct world *world = *arg;

        start(world);
        forget_trace(world);
        welcome(world, 9, 5, 1);
        expect(world, "");
        welcome(world, 1, 5, 1);
        expect(world, "1000 keep-term 5\n1000 renew s1 #1\n");
        welcome(world, 1, 5, 2); /* repeated, or of a second hello: the session stands */
        expect(world, "");
        assert_int_equal(world->state.session, 1);
}

static void test_lower_term_refused(void **arg)
{
        struct world *world = *arg;

        start(world);
        forget_trace(world);
        welcome(world, 1, 3, 1);
        expect(world, "1000 warn\n");
        assert_int_equal(world->state.contact, AGENT_HELLO);
        welcome(world, 1, 4, 1); /* the highest known: nothing new to keep */
        expect(world, "1000 renew s1 #1\n");
}

static void test_stale_of_another_session(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        stale(world, 2);
        expect(world, "");
        stale(world, 1);
        stale(world, 1); /* once more: the hello under way stands */
        expect(world, "1000 hello n3\n");
        assert_int_equal(world->state.nonce[0], 3);
}

/* The lease is the node's, not the session's: in the model `base` outlives a session too. */
static void test_base_outlives_the_session(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        world->now_ms = 30000;
        stale(world, 1);
        welcome(world, 2, 5, 2);
        forget_trace(world);
        order_launch(world, 2, 3, 70, WANT_GO, false);
        expect(world, "30000 launch 3.1 until 61000\n");
}

static void test_nonsense_orders(void **arg)
{
        struct world *world = *arg;
        struct message_order order = make_order(1, 3, 70, 9);

        in_session(world);
        give(world, &order);
        order = make_order(1, 3, 70, WANT_STOP);
        order.reason = 99;
        give(world, &order);
        order = make_order(1, 3, 70, WANT_STOP);
        order.grace_s = -1;
        give(world, &order);
        order = make_order(1, 0, 70, WANT_STOP);
        give(world, &order);
        order = make_order(1, 3, 70, WANT_GO); /* says not what to run */
        give(world, &order);
        expect(world, "1000 warn\n1000 warn\n1000 warn\n1000 warn\n1000 warn\n");
        assert_int_equal(world->state.n_legs, 0);
}

static void test_acknowledged_readings(void **arg)
{
        struct world *world = *arg;
        struct message_grant message = { .term = 5, .session = 1, .seq = 1, .readings_acked = 44 };
        struct agent_input input = { .type = AGENT_GRANT, .u.grant = { .grant = &message, .more_readings = true } };

        in_session(world);
        step(world, &input);
        expect(world, "1000 acked 44\n1000 renew s1 #2\n"); /* what waits goes at once */
        message.session = 7;
        step(world, &input);
        expect(world, "");
}

static void test_progress_is_reported_with_the_next_renewal(void **arg)
{
        struct world *world = *arg;
        struct message_leg report;
        struct agent_input input = { .type = AGENT_PROGRESS, .u.progress = { { 3, 1 }, 25, 100 } };

        in_session(world);
        running(world, 3, 70);
        step(world, &input);
        expect(world, "");
        assert_true(agent_leg_report(&world->state.legs[0], &report));
        assert_float_equal(report.done, 25, 0);
        assert_float_equal(report.total, 100, 0);
}

/* A flood of orders costs bounded memory. */
static void test_flood(void **arg)
{
        struct world *world = *arg;

        in_session(world);
        world->deaf = true;
        for (uint64_t job = 1; job <= AGENT_MAX_LEGS + 10; job++)
                order(world, 1, job, job, WANT_STOP);
        assert_int_equal(world->state.n_legs, AGENT_MAX_LEGS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_a_whole_life),
                TEST(test_gang_waits_for_go),
                TEST(test_caps_change_while_it_runs),
                TEST(test_caps_that_do_not_come_are_said_again),
                TEST(test_caps_of_an_earlier_agent_are_said_again),
                TEST(test_go_of_a_gang_launches_nothing),
                TEST(test_lease_counts_from_sending),
                TEST(test_old_grant_does_not_shorten),
                TEST(test_grant_must_match_a_sending),
                TEST(test_launch_needs_a_lease),
                TEST(test_launch_just_within_the_lease),
                TEST(test_refused_stays_refused),
                TEST(test_refused_device_of_another_node),
                TEST(test_orders_of_older_session_refused),
                TEST(test_order_of_another_term_refused),
                TEST(test_go_after_forget),
                TEST(test_slow_order_of_another_job_is_taken),
                TEST(test_floor),
                TEST(test_a_new_session_forgets_the_forgotten),
                TEST(test_device_of_an_ended_leg_is_free),
                TEST(test_stop_before_begin),
                TEST(test_stop_is_told_to_a_shim_that_comes_up),
                TEST(test_stop_is_a_level),
                TEST(test_go_after_stop_is_not_told),
                TEST(test_forget_needs_an_end),
                TEST(test_dead_shim_is_buried),
                TEST(test_the_first_record_stands),
                TEST(test_intent_holds_the_first_renewal),
                TEST(test_session_begun_while_a_leg_comes_up),
                TEST(test_recovery_comes_before_hello),
                TEST(test_burying_is_given_up_when_the_shim_answers),
                TEST(test_hello_keeps_its_nonce_and_backs_off),
                TEST(test_welcome_for_another_nonce),
                TEST(test_lower_term_refused),
                TEST(test_stale_of_another_session),
                TEST(test_base_outlives_the_session),
                TEST(test_nonsense_orders),
                TEST(test_acknowledged_readings),
                TEST(test_progress_is_reported_with_the_next_renewal),
                TEST(test_flood),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
