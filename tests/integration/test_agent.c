/* SPDX-License-Identifier: Apache-2.0 */
/* A real agent with real shims and jobs against a fake scheduler. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "integration/agent_rig.h"

static int setup(void **state)
{
        struct rig *rig = calloc(1, sizeof(*rig));

        rig_open(rig);
        *state = rig;
        return 0;
}

static int teardown(void **state)
{
        rig_close(*state);
        free(*state);
        return 0;
}

/* ---- what is waited for; job 1 unless it says otherwise */

static bool is_state(const struct rig *rig, uint64_t job, enum report_state state)
{
        const struct message_leg *leg = rig_leg(rig, job);

        return leg != NULL && leg->state == state;
}

static bool is_armed(const struct rig *rig)
{
        return is_state(rig, 1, REPORT_ARMED);
}

static bool is_running(const struct rig *rig)
{
        return is_state(rig, 1, REPORT_RUNNING);
}

static bool is_exited(const struct rig *rig)
{
        return is_state(rig, 1, REPORT_EXITED);
}

/* A job of a moment may be over before anybody was told that it runs. */
static bool has_begun(const struct rig *rig)
{
        return is_running(rig) || is_exited(rig);
}

static bool is_not_listed(const struct rig *rig)
{
        return rig_is_in_session(rig) && rig_leg(rig, 1) == NULL;
}

static bool is_ready(const struct rig *rig)
{
        return rig_has(rig, "ready");
}

static bool has_no_shim(const struct rig *rig)
{
        return rig_shim_pid(rig, 1) == 0;
}

static bool has_progress(const struct rig *rig)
{
        const struct message_leg *leg = rig_leg(rig, 1);

        return leg != NULL && leg->total > 0;
}

static bool asked_thrice(const struct rig *rig)
{
        return rig->hellos >= 3;
}

static void to_running(struct rig *rig, const char *script)
{
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_pass(rig, 100); /* the grant arrives */
        rig_order_launch(rig, 1, WANT_GO, false, script);
        rig_wait(rig, has_begun);
}

/* ---- tests */

static void test_hello_says_what_the_node_has(void **state)
{
        struct rig *rig = *state;

        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        const struct message_hello *hello = &rig->hello.u.hello;
        assert_string_equal(hello->node, rig->node);
        assert_string_equal(hello->site, "here");
        assert_true(strlen(hello->boot) >= 32);
        assert_int_equal(hello->n_devices, 4);
        assert_int_equal(hello->devices[3].kind, DEVICE_CPU_SLOT);
        assert_int_equal(hello->devices[3].max_w, 50);
        assert_int_equal(hello->idle_w, 100);
        assert_int_equal(hello->power_quality, QUALITY_MODELLED);
        assert_string_equal(hello->model, "Two Sockets");
        assert_true(hello->cores > 0);
        assert_true(hello->memory_mb > 0);
        assert_true(rig->first.u.renew.sure);
        assert_int_equal(rig->first.u.renew.n_legs, 0);
}

static void test_hello_is_repeated_with_its_nonce(void **state)
{
        struct rig *rig = *state;

        rig->mute_hello = true;
        rig_start_agent(rig);
        rig_wait(rig, asked_thrice);
        assert_int_equal(rig->nonces, 1);
        rig->mute_hello = false;
        rig_wait(rig, rig_is_in_session);
}

static void test_a_job_from_order_to_forget(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "echo done > ready; exit 3");
        rig_wait(rig, is_exited);
        const struct message_leg *leg = rig_leg(rig, 1);
        assert_int_equal(leg->how, LEG_EXIT);
        assert_int_equal(WEXITSTATUS(leg->status), 3);
        assert_int_equal(leg->epoch, 100);
        assert_true(is_ready(rig));
        rig_pass(rig, 500);
        assert_true(is_exited(rig)); /* told until it is forgotten */
        rig_order(rig, 1, WANT_FORGET);
        rig_wait(rig, is_not_listed);
        assert_false(rig_has(rig, "state/legs/1.1"));
        rig_order_launch(rig, 1, WANT_GO, false, "touch again"); /* late */
        rig_pass(rig, 500);
        assert_null(rig_leg(rig, 1));
        assert_false(rig_has(rig, "again"));
}

static void test_gang_waits_for_go(void **state)
{
        struct rig *rig = *state;

        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_pass(rig, 100);
        rig_order_launch(rig, 1, WANT_ARM, true, "touch ready; sleep 1000");
        rig_wait(rig, is_armed);
        rig_pass(rig, 300);
        assert_false(is_ready(rig));
        rig_order_launch(rig, 1, WANT_GO, true, "touch ready; sleep 1000");
        rig_wait(rig, is_ready);
        rig_wait(rig, is_running);
}

static void test_stop(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "trap 'echo saved > saved; exit 9' TERM; touch ready; while :; do sleep 0.05; done");
        rig_wait(rig, is_ready);
        rig_order(rig, 1, WANT_STOP);
        rig_wait(rig, is_exited);
        assert_int_equal(rig_leg(rig, 1)->how, LEG_ASKED);
        assert_true(rig_has(rig, "saved"));
        assert_int_equal(rig_job_processes(rig), 0);
}

static void test_progress_is_told(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "echo 25 100 >> $OFFPEAK_PROGRESS; sleep 1000");
        rig_wait(rig, has_progress);
        assert_float_equal(rig_leg(rig, 1)->done, 25, 0);
        assert_float_equal(rig_leg(rig, 1)->total, 100, 0);
}

static void test_last_progress_comes_with_the_exit(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "sleep 0.3; echo 100 100 >> $OFFPEAK_PROGRESS");
        rig_wait(rig, is_exited);
        assert_float_equal(rig_leg(rig, 1)->done, 100, 0);
}

static void test_a_leg_that_cannot_be_launched(void **state)
{
        struct rig *rig = *state;

        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_pass(rig, 100);
        rig_order_launch(rig, 1, WANT_GO, false, "sleep 1000");
        rig_wait(rig, is_running);
        struct message order = { .type = MESSAGE_ORDER };
        order.u.order = (struct message_order){
                .term = rig->term, .session = rig->session, .job = 9, .attempt = 1, .epoch = 900, .want = WANT_STOP
        };
        rig_send(rig, &order);
        rig_order_launch(rig, 5, WANT_GO, false, "true"); /* there is no fifth device */
        rig_pass(rig, 1000);
        assert_true(is_state(rig, 9, REPORT_EXITED));
        assert_int_equal(rig_leg(rig, 9)->how, LEG_NEVER);
        assert_string_equal(rig_leg(rig, 9)->refused, "");
        assert_int_equal(rig_leg(rig, 5)->how, LEG_NEVER);
        assert_non_null(strstr(rig_leg(rig, 5)->refused, "device"));
}

static void test_stale_session(void **state)
{
        struct rig *rig = *state;
        uint64_t before;

        to_running(rig, "sleep 1000");
        before = rig->session;
        rig->session = 1000; /* the scheduler was restarted: it knows no session, and is another term */
        rig->term++;
        rig_wait(rig, rig_is_in_session);
        assert_int_equal(rig->nonces, 2);
        assert_int_equal(rig_first_leg(rig, 1)->state, REPORT_RUNNING);
        assert_true(rig->first.u.renew.sure);
        struct message stop = { .type = MESSAGE_ORDER };
        stop.u.order = (struct message_order){ .term = rig->term - 1,
                                               .session = before,
                                               .job = 1,
                                               .attempt = 1,
                                               .epoch = 500,
                                               .want = WANT_STOP,
                                               .grace_s = 1 };
        rig_send(rig, &stop); /* of the older session */
        rig_pass(rig, 700);
        assert_true(is_running(rig));
}

static void test_sigterm_leaves_the_job(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "trap 'exit 9' TERM; touch ready; while :; do sleep 0.05; test -e go && exit 4; done");
        rig_wait(rig, is_ready);
        int status = rig_end_agent(rig, SIGTERM);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_true(rig_job_processes(rig) > 0);
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_wait(rig, is_running);
        char command[128];
        snprintf(command, sizeof(command), "touch %s/go", rig->root);
        assert_int_equal(system(command), 0);
        rig_wait(rig, is_exited);
        assert_int_equal(WEXITSTATUS(rig_leg(rig, 1)->status), 4);
}

static void test_killed_agent_is_followed(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "trap 'exit 9' TERM; touch ready; while :; do sleep 0.05; done");
        rig_wait(rig, is_ready);
        rig_end_agent(rig, SIGKILL);
        rig_pass(rig, 500);
        assert_true(rig_job_processes(rig) > 0);
        uint64_t before = rig->session;
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        assert_true(rig->session > before);
        assert_int_equal(rig_first_leg(rig, 1)->state, REPORT_RUNNING);
        assert_int_equal(rig_first_leg(rig, 1)->epoch, 100);
        rig_order(rig, 1, WANT_STOP);
        rig_wait(rig, is_exited);
        assert_int_equal(rig_leg(rig, 1)->how, LEG_ASKED);
        rig_order(rig, 1, WANT_FORGET);
        rig_wait(rig, is_not_listed);
}

static void test_exit_while_no_agent_looked(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "sleep 0.7; exit 6");
        rig_end_agent(rig, SIGKILL);
        rig_wait(rig, has_no_shim);
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        assert_int_equal(rig_first_leg(rig, 1)->state, REPORT_EXITED);
        assert_int_equal(rig_first_leg(rig, 1)->how, LEG_EXIT);
        assert_int_equal(WEXITSTATUS(rig_first_leg(rig, 1)->status), 6);
}

static void test_killed_shim(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "sleep 1000");
        int shim = rig_shim_pid(rig, 1);
        assert_true(shim > 0);
        assert_int_equal(kill(shim, SIGKILL), 0);
        rig_wait(rig, is_exited);
        assert_int_equal(rig_leg(rig, 1)->how, LEG_SHIM_LOST);
        assert_int_equal(rig_job_processes(rig), 0);
}

static void test_killed_shim_and_agent(void **state)
{
        struct rig *rig = *state;

        to_running(rig, "sleep 1000");
        int shim = rig_shim_pid(rig, 1);
        rig_end_agent(rig, SIGKILL);
        assert_int_equal(kill(shim, SIGKILL), 0);
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        assert_non_null(rig_first_leg(rig, 1)); /* being buried, or buried: never absent */
        rig_wait(rig, is_exited);
        assert_int_equal(rig_leg(rig, 1)->how, LEG_SHIM_LOST);
        assert_int_equal(rig_job_processes(rig), 0);
}

/* "live shims not looked for after amnesia" */
static void test_amnesia(void **state)
{
        struct rig *rig = *state;
        char command[128];

        to_running(rig, "trap 'exit 9' TERM; while :; do sleep 0.05; done");
        rig_end_agent(rig, SIGKILL);
        snprintf(command, sizeof(command), "rm -rf '%s'", rig->state);
        assert_int_equal(system(command), 0);
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        assert_true(rig->first.u.renew.sure);
        assert_int_equal(rig_first_leg(rig, 1)->state, REPORT_RUNNING);
        assert_int_equal(rig_first_leg(rig, 1)->epoch, 100);
        rig_order(rig, 1, WANT_STOP);
        rig_wait(rig, is_exited);
        rig_order(rig, 1, WANT_FORGET);
        rig_wait(rig, is_not_listed);
}

static void test_lower_term_is_refused(void **state)
{
        struct rig *rig = *state;

        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_end_agent(rig, SIGKILL);
        rig->term = 6;
        rig_start_agent(rig);
        unsigned before = rig->hellos;
        rig_pass(rig, 1500);
        assert_true(rig->hellos > before);
        assert_false(rig_is_in_session(rig));
        rig->term = 8;
        rig_wait(rig, rig_is_in_session);
}

static void test_second_agent_leaves(void **state)
{
        struct rig *rig = *state;
        int first, status;

        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        first = rig->agent;
        rig->agent = 0;
        rig_start_agent(rig);
        assert_int_equal(waitpid(rig->agent, &status, 0), rig->agent);
        rig->agent = first;
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 75);
        assert_true(rig_log_says(rig, "another agent"));
}

static void test_lease_is_over_without_grants(void **state)
{
        struct rig *rig = *state;

        rig->mute_renew = true;
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_order_launch(rig, 1, WANT_GO, false, "touch ready");
        rig_wait(rig, is_exited);
        assert_int_equal(rig_leg(rig, 1)->how, LEG_NEVER);
        assert_non_null(strstr(rig_leg(rig, 1)->refused, "lease"));
        assert_false(is_ready(rig));
}

/* ---- energy */

/* Each account's stretches abut; returns joules, and where they begin and end. */
static int64_t expect_abutting(const struct rig *rig, uint64_t job, int64_t *ret_start, int64_t *ret_end)
{
        int64_t joules = 0, end = 0;

        for (size_t i = 0; i < rig->n_readings; i++) {
                const struct message_reading *reading = &rig->readings[i];
                if (reading->job != job)
                        continue;
                if (end == 0)
                        *ret_start = reading->start;
                else
                        assert_int_equal(reading->start, end);
                assert_true(reading->end > reading->start);
                assert_true(reading->start / 300 == (reading->end - 1) / 300);
                assert_int_equal(reading->quality, QUALITY_MODELLED);
                end = reading->end;
                joules += reading->joules;
        }
        assert_true(end > 0);
        *ret_end = end;
        return joules;
}

static bool has_many_readings(const struct rig *rig)
{
        return rig->n_readings >= 20;
}

/* An hour a second; the agent is killed twice in between, once gently. What the model says is all there, without a
 * hole. */
static void test_metering_goes_on_over_restarts(void **state)
{
        struct rig *rig = *state;
        int64_t start, end, joules;

        rig->rate = 3600;
        to_running(rig, "sleep 1000");
        rig_wait(rig, has_many_readings);
        rig_end_agent(rig, SIGKILL);
        rig_pass(rig, 700);
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session); /* what ran before it came runs in the last renewal, too */
        rig_wait(rig, is_running);
        rig_pass(rig, 1500);
        rig_end_agent(rig, SIGTERM);
        rig_pass(rig, 400);
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session); /* what ran before it came runs in the last renewal, too */
        rig_wait(rig, is_running);
        rig_pass(rig, 300);
        rig_order(rig, 1, WANT_STOP);
        rig_wait(rig, is_exited);
        rig_pass(rig, 2000);
        joules = expect_abutting(rig, 1, &start, &end);
        assert_true(end - start > 3 * 3600); /* more than three seconds of ours */
        assert_in_range(joules, (end - start) * 50 * 98 / 100, (end - start) * 50);
        joules = expect_abutting(rig, 0, &start, &end);
        assert_in_range(joules, (end - start) * 100 * 98 / 100, (end - start) * 100);
        assert_true(rig_log_says(rig, "3600 times real time"));
}

/* The job ends while no agent looks: its last stretch is told, up to about its end. */
static void test_metering_of_an_end_nobody_saw(void **state)
{
        struct rig *rig = *state;
        int64_t start, end;

        rig->rate = 3600;
        to_running(rig, "sleep 1.5");
        rig_wait(rig, has_many_readings);
        rig_end_agent(rig, SIGKILL);
        rig_wait(rig, has_no_shim);
        rig_pass(rig, 1500);
        rig_start_agent(rig);
        rig_wait(rig, is_exited);
        rig_pass(rig, 1000);
        expect_abutting(rig, 1, &start, &end);
        /* 1.5 s are 5400 s; the record's end is cut to a second, which is 3600 s */
        assert_in_range(end - start, 1000, 3 * 3600);
}

static bool has_spooled(const struct rig *rig)
{
        return rig->renew.u.renew.n_readings >= 10;
}

static void test_readings_wait_for_their_acknowledgement(void **state)
{
        struct rig *rig = *state;
        int64_t start, end;

        rig->rate = 3600;
        rig->keep_readings = true;
        rig_start_agent(rig);
        rig_wait(rig, rig_is_in_session);
        rig_wait(rig, has_spooled);
        uint64_t first = rig->renew.u.renew.readings[0].seq;
        rig_end_agent(rig, SIGKILL);
        rig_start_agent(rig);
        rig_pass(rig, 300);
        rig_wait(rig, rig_is_in_session);
        rig_wait(rig, has_spooled);
        assert_int_equal(rig->renew.u.renew.readings[0].seq, first);
        rig->keep_readings = false;
        rig_wait(rig, has_many_readings);
        expect_abutting(rig, 0, &start, &end);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_hello_says_what_the_node_has),
                TEST(test_hello_is_repeated_with_its_nonce),
                TEST(test_a_job_from_order_to_forget),
                TEST(test_gang_waits_for_go),
                TEST(test_stop),
                TEST(test_progress_is_told),
                TEST(test_last_progress_comes_with_the_exit),
                TEST(test_a_leg_that_cannot_be_launched),
                TEST(test_stale_session),
                TEST(test_sigterm_leaves_the_job),
                TEST(test_killed_agent_is_followed),
                TEST(test_exit_while_no_agent_looked),
                TEST(test_killed_shim),
                TEST(test_killed_shim_and_agent),
                TEST(test_amnesia),
                TEST(test_lower_term_is_refused),
                TEST(test_second_agent_leaves),
                TEST(test_lease_is_over_without_grants),
                TEST(test_metering_goes_on_over_restarts),
                TEST(test_metering_of_an_end_nobody_saw),
                TEST(test_readings_wait_for_their_acknowledgement),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
