/* SPDX-License-Identifier: Apache-2.0 */
/* A leg's life against the protocol's table, and the lease's times against arithmetic done here by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/shim/machine.h"

enum { GRACE = 30000, MARGIN = 2000, LEASE = 100000 };

static struct machine make(bool relaunch)
{
        struct machine m;

        machine_init(&m, relaunch, GRACE, MARGIN, LEASE);
        return m;
}

static struct machine make_running(bool relaunch)
{
        struct machine m = make(relaunch);

        machine_go(&m, LEASE);
        assert_int_equal(machine_tick(&m, 0), MACHINE_START);
        machine_started(&m, 1000);
        assert_int_equal(machine_tick(&m, 0), 0);
        assert_int_equal(machine_report(&m), REPORT_RUNNING);
        return m;
}

static void expect_record(struct machine *m, int64_t now, enum leg_how how, int status, bool killed)
{
        assert_int_equal(machine_tick(m, now), MACHINE_RECORD);
        assert_int_not_equal(machine_report(m), REPORT_EXITED);
        assert_int_equal(m->record.how, how);
        assert_int_equal(m->record.status, status);
        assert_int_equal(m->record.killed, killed);
        machine_recorded(m);
        assert_int_equal(machine_tick(m, now), MACHINE_LEAVE);
        assert_int_equal(machine_report(m), REPORT_EXITED);
        assert_int_equal(machine_tick(m, now + 1000000), 0);
        assert_true(machine_wake(m, now) == INT64_MAX);
}

static void armed_waits_for_go(void **state)
{
        struct machine m = make(false);

        (void)state;
        assert_int_equal(machine_tick(&m, 0), 0);
        assert_int_equal(machine_tick(&m, LEASE - MARGIN - 1), 0);
        assert_int_equal(machine_report(&m), REPORT_ARMED);
        assert_int_equal(machine_wake(&m, 0), LEASE - MARGIN);
}

static void armed_ends_when_its_lease_is_over_in_any_class(void **state)
{
        (void)state;
        for (int relaunch = 0; relaunch < 2; relaunch++) {
                struct machine m = make(relaunch);

                expect_record(&m, LEASE - MARGIN, LEG_NEVER, 0, false);
                assert_true(strstr(m.record.why, "lease") != NULL);
        }
}

static void a_go_that_comes_too_late_starts_nothing(void **state)
{
        struct machine m = make(false);

        (void)state;
        machine_go(&m, LEASE);
        expect_record(&m, LEASE, LEG_NEVER, 0, false);
        assert_int_equal(m.record.started, 0);
}

static void a_go_can_bring_a_longer_lease(void **state)
{
        struct machine m = make(false);

        (void)state;
        machine_go(&m, 2 * LEASE);
        assert_int_equal(machine_tick(&m, LEASE), MACHINE_START);
}

static void a_stop_before_go_means_never(void **state)
{
        struct machine m = make(false);

        (void)state;
        machine_stop(&m, "cancel", GRACE, 10);
        machine_go(&m, LEASE);
        expect_record(&m, 10, LEG_NEVER, 0, false);
}

static void an_exit_clears_what_is_left_and_is_recorded(void **state)
{
        struct machine m = make_running(true);

        (void)state;
        machine_ended(&m, 3 << 8, 5, "");
        assert_int_equal(machine_tick(&m, 500), MACHINE_KILL);
        assert_int_equal(machine_tick(&m, 500), 0);
        assert_int_equal(machine_wake(&m, 500), 500 + MACHINE_KILL_RETRY_MS);
        assert_int_equal(machine_tick(&m, 500 + MACHINE_KILL_RETRY_MS), MACHINE_KILL);
        assert_int_equal(machine_report(&m), REPORT_RUNNING);
        machine_empty(&m, 1001);
        expect_record(&m, 900, LEG_EXIT, 3 << 8, false);
        assert_int_equal(m.record.rank, 5);
        assert_int_equal(m.record.started, 1000);
        assert_int_equal(m.record.ended, 1001);
}

static void a_stop_that_comes_after_the_exit_is_not_its_cause(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        machine_ended(&m, 0, 0, "");
        assert_int_equal(machine_tick(&m, 500), MACHINE_KILL);
        machine_stop(&m, "pause", GRACE, 501);
        machine_empty(&m, 1001);
        expect_record(&m, 501, LEG_EXIT, 0, false);
}

static void a_stop_that_is_heeded_is_not_a_kill(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        machine_stop(&m, "pause", GRACE, 1000);
        assert_int_equal(machine_tick(&m, 1000), MACHINE_SAY_STOP | MACHINE_SIGNAL);
        assert_string_equal(m.stop_word, "pause");
        assert_int_equal(machine_kill_at(&m), 1000 + GRACE);
        assert_int_equal(machine_report(&m), REPORT_STOPPING);
        machine_ended(&m, 0, 0, "");
        assert_int_equal(machine_tick(&m, 2000), 0);
        machine_empty(&m, 1002);
        expect_record(&m, 2000, LEG_ASKED, 0, false);
}

/* A wrapper ends at once; the rank below it still writes its checkpoint. */
static void a_stop_leaves_all_processes_their_grace(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        machine_stop(&m, "pause", GRACE, 1000);
        machine_tick(&m, 1000);
        machine_ended(&m, 15, 0, "");
        for (int64_t now = 1001; now < 1000 + GRACE; now += 500)
                assert_int_equal(machine_tick(&m, now), 0);
        assert_int_equal(machine_tick(&m, 1000 + GRACE), MACHINE_KILL);
        machine_empty(&m, 1031);
        expect_record(&m, 1000 + GRACE, LEG_ASKED, 15, true);
}

static void a_stop_that_is_ignored_ends_in_kills_until_all_is_gone(void **state)
{
        struct machine m = make_running(false);
        int64_t now = 1000 + GRACE;

        (void)state;
        machine_stop(&m, "shed", GRACE, 1000);
        assert_int_equal(machine_tick(&m, 1000), MACHINE_SAY_STOP | MACHINE_SIGNAL);
        assert_int_equal(machine_wake(&m, 1000), now);
        assert_int_equal(machine_tick(&m, now - 1), 0);
        for (int i = 0; i < 5; i++, now += MACHINE_KILL_RETRY_MS) {
                assert_int_equal(machine_tick(&m, now), MACHINE_KILL);
                assert_int_equal(machine_tick(&m, now), 0);
                assert_int_equal(machine_wake(&m, now), now + MACHINE_KILL_RETRY_MS);
        }
        machine_ended(&m, 9, 0, "");
        machine_empty(&m, 1040);
        expect_record(&m, now, LEG_ASKED, 9, true);
}

static void a_repeated_stop_can_only_shorten_the_grace(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        machine_stop(&m, "pause", GRACE, 1000);
        machine_tick(&m, 1000);
        machine_stop(&m, "pause", GRACE, 5000);
        assert_int_equal(machine_tick(&m, 5000), 0);
        assert_int_equal(machine_kill_at(&m), 1000 + GRACE);
        machine_stop(&m, "shed", 1000, 6000);
        assert_int_equal(machine_tick(&m, 6000), MACHINE_SAY_STOP); /* told anew, signalled once */
        assert_string_equal(m.stop_word, "shed");
        assert_int_equal(machine_wake(&m, 6000), 7000);
        assert_int_equal(machine_tick(&m, 7000), MACHINE_KILL);
}

static void a_relaunch_leg_is_gone_before_its_lease(void **state)
{
        struct machine m = make_running(true);

        (void)state;
        assert_int_equal(machine_wake(&m, 0), LEASE - MARGIN - GRACE);
        assert_int_equal(machine_tick(&m, LEASE - MARGIN - GRACE - 1), 0);
        assert_int_equal(machine_tick(&m, LEASE - MARGIN - GRACE), MACHINE_SAY_STOP | MACHINE_SIGNAL);
        assert_string_equal(m.stop_word, "lease");
        assert_int_equal(machine_tick(&m, LEASE - MARGIN - 1), 0);
        assert_int_equal(machine_tick(&m, LEASE - MARGIN), MACHINE_KILL);
        machine_ended(&m, 9, 0, "");
        machine_empty(&m, 1099);
        expect_record(&m, LEASE - MARGIN + 10, LEG_ASKED, 9, true);
}

/* After a suspend the timer can come later than every deadline at once. */
static void a_relaunch_leg_that_wakes_late_is_killed_at_once(void **state)
{
        struct machine m = make_running(true);

        (void)state;
        assert_int_equal(machine_tick(&m, LEASE + 5), MACHINE_SAY_STOP | MACHINE_SIGNAL);
        assert_int_equal(machine_tick(&m, LEASE + 5), MACHINE_KILL);
}

static void a_longer_lease_moves_the_end_and_a_shorter_does_not(void **state)
{
        struct machine m = make_running(true);

        (void)state;
        machine_lease(&m, LEASE - 50000);
        assert_int_equal(machine_wake(&m, 0), LEASE - MARGIN - GRACE);
        machine_lease(&m, LEASE + 50000);
        assert_int_equal(machine_wake(&m, 0), LEASE + 50000 - MARGIN - GRACE);
        assert_int_equal(machine_tick(&m, LEASE), 0);
}

static void a_longer_lease_does_not_take_back_a_stop(void **state)
{
        struct machine m = make_running(true);

        (void)state;
        machine_tick(&m, LEASE - MARGIN - GRACE);
        machine_lease(&m, 10 * LEASE);
        assert_int_equal(machine_report(&m), REPORT_STOPPING);
        assert_int_equal(machine_tick(&m, LEASE - MARGIN), MACHINE_KILL);
}

static void a_generous_grace_does_not_outlive_the_lease(void **state)
{
        struct machine m = make_running(true);

        (void)state;
        machine_stop(&m, "pause", 100 * LEASE, 1000);
        assert_int_equal(machine_tick(&m, 1000), MACHINE_SAY_STOP | MACHINE_SIGNAL);
        assert_int_equal(machine_kill_at(&m), LEASE - MARGIN);
        assert_int_equal(machine_tick(&m, LEASE - MARGIN), MACHINE_KILL);
}

static void a_waiting_leg_outlives_its_lease(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        assert_int_equal(machine_tick(&m, 1000 * (int64_t)LEASE), 0);
        assert_true(machine_wake(&m, 0) == INT64_MAX);
}

static void a_record_that_cannot_be_written_is_tried_again(void **state)
{
        struct machine m = make_running(false);
        int64_t now = 700;

        (void)state;
        machine_ended(&m, 0, 0, "");
        machine_empty(&m, 1001);
        for (int i = 0; i < 3; i++, now += MACHINE_RECORD_RETRY_MS) {
                assert_int_equal(machine_tick(&m, now), MACHINE_RECORD);
                assert_int_equal(machine_tick(&m, now), 0);
                assert_int_equal(machine_wake(&m, now), now + MACHINE_RECORD_RETRY_MS);
                assert_int_equal(machine_report(&m), REPORT_RUNNING);
        }
        expect_record(&m, now, LEG_EXIT, 0, false);
}

static void a_refused_start_never_ran(void **state)
{
        struct machine m = make(false);

        (void)state;
        machine_go(&m, LEASE);
        assert_int_equal(machine_tick(&m, 0), MACHINE_START);
        machine_refused(&m, "uid 7 has no account on this node");
        expect_record(&m, 0, LEG_NEVER, 0, false);
        assert_string_equal(m.record.why, "uid 7 has no account on this node");
}

static void what_no_node_can_do_is_the_jobs_failure(void **state)
{
        struct machine m = make(false);

        (void)state;
        machine_go(&m, LEASE);
        assert_int_equal(machine_tick(&m, 0), MACHINE_START);
        machine_forbidden(&m, 4, "a path is too long");
        expect_record(&m, 0, LEG_EXIT, W_EXITCODE(126, 0), false);
        assert_int_equal(m.record.rank, 4);
}

static void a_lost_keeper_leaves_no_result(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        machine_lost(&m, "killed");
        assert_int_equal(machine_tick(&m, 0), MACHINE_KILL);
        machine_empty(&m, 1001);
        expect_record(&m, 0, LEG_SHIM_LOST, 0, false);
}

static void a_status_that_was_told_is_not_lost(void **state)
{
        struct machine m = make_running(false);

        (void)state;
        machine_ended(&m, 7 << 8, 0, "");
        machine_lost(&m, "killed");
        machine_ended(&m, 0, 0, "");
        machine_empty(&m, 1001);
        expect_record(&m, 0, LEG_EXIT, 7 << 8, false);
}

/* Any order of facts and any time: EXITED is never said before the record, nothing starts twice or after a stop. */
static void any_history_keeps_the_invariants(void **state)
{
        uint32_t seed = 1;

        (void)state;
        for (int run = 0; run < 2000; run++) {
                struct machine m = make(run % 2);
                int64_t now = 0;
                int starts = 0;
                bool recorded = false, stopped_before = false;

                for (int i = 0; i < 60 && m.state != MACHINE_DONE; i++) {
                        unsigned actions;

                        seed = seed * 1664525u + 1013904223u;
                        now += (seed >> 8) % 5000;
                        switch ((seed >> 24) % 8) {
                        case 0:
                                machine_go(&m, now + LEASE / 2);
                                break;
                        case 1:
                                machine_lease(&m, now + LEASE);
                                break;
                        case 2:
                                machine_stop(&m, "pause", (seed >> 4) % GRACE, now);
                                stopped_before = stopped_before || starts == 0;
                                break;
                        case 3:
                                if (starts > 0)
                                        machine_ended(&m, 0, 0, "");
                                break;
                        case 4:
                                if (m.ended)
                                        machine_empty(&m, 5);
                                break;
                        }
                        while ((actions = machine_tick(&m, now)) != 0) {
                                if (actions & MACHINE_START) {
                                        assert_int_equal(++starts, 1);
                                        assert_false(stopped_before);
                                        assert_true(now < m.lease - MARGIN);
                                        machine_started(&m, 1);
                                }
                                if (actions & MACHINE_RECORD) {
                                        assert_true(starts == 0 || m.empty);
                                        assert_int_equal(starts == 0, m.record.how == LEG_NEVER);
                                        recorded = seed % 3 == 0;
                                        if (recorded)
                                                machine_recorded(&m);
                                }
                        }
                        assert_int_equal(machine_report(&m) == REPORT_EXITED, recorded);
                        assert_true(machine_wake(&m, now) > now || m.state == MACHINE_DONE);
                        if (run % 2 && starts > 0 && now >= m.lease - MARGIN && !m.empty)
                                assert_true(m.state == MACHINE_STOPPING || m.state == MACHINE_CLEARING);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(armed_waits_for_go),
                cmocka_unit_test(armed_ends_when_its_lease_is_over_in_any_class),
                cmocka_unit_test(a_go_that_comes_too_late_starts_nothing),
                cmocka_unit_test(a_go_can_bring_a_longer_lease),
                cmocka_unit_test(a_stop_before_go_means_never),
                cmocka_unit_test(an_exit_clears_what_is_left_and_is_recorded),
                cmocka_unit_test(a_stop_that_comes_after_the_exit_is_not_its_cause),
                cmocka_unit_test(a_stop_that_is_heeded_is_not_a_kill),
                cmocka_unit_test(a_stop_leaves_all_processes_their_grace),
                cmocka_unit_test(a_stop_that_is_ignored_ends_in_kills_until_all_is_gone),
                cmocka_unit_test(a_repeated_stop_can_only_shorten_the_grace),
                cmocka_unit_test(a_relaunch_leg_is_gone_before_its_lease),
                cmocka_unit_test(a_relaunch_leg_that_wakes_late_is_killed_at_once),
                cmocka_unit_test(a_longer_lease_moves_the_end_and_a_shorter_does_not),
                cmocka_unit_test(a_longer_lease_does_not_take_back_a_stop),
                cmocka_unit_test(a_generous_grace_does_not_outlive_the_lease),
                cmocka_unit_test(a_waiting_leg_outlives_its_lease),
                cmocka_unit_test(a_record_that_cannot_be_written_is_tried_again),
                cmocka_unit_test(a_refused_start_never_ran),
                cmocka_unit_test(what_no_node_can_do_is_the_jobs_failure),
                cmocka_unit_test(a_lost_keeper_leaves_no_result),
                cmocka_unit_test(a_status_that_was_told_is_not_lost),
                cmocka_unit_test(any_history_keeps_the_invariants),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
