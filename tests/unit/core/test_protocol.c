/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_protocol.c - the scheduler's side of the attempt protocol, rule by rule: what is recorded and what is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/health.h"
#include "core/lease.h"
#include "unit/core/scene.h"

/* ---- sessions */

static void a_hello_makes_a_session_and_concludes_nothing(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_RELAUNCH);
        uint64_t first = scene_session(&scene, 0)->number;

        (void)unused;
        scene_hello(&scene, 0, 2);
        assert_non_null(scene_sent(&scene, ACTION_WELCOME));
        assert_int_equal(scene_sent(&scene, ACTION_WELCOME)->nonce[0], 2);
        assert_true(scene_session(&scene, 0)->number > first);
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_PENDING);
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void a_repeated_hello_gets_the_same_session(void **unused)
{
        struct scene scene;
        uint64_t number;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 7);
        number = scene_session(&scene, 0)->number;
        scene_hello(&scene, 0, 7);
        assert_int_equal(scene_sent(&scene, ACTION_WELCOME)->session, number);
        assert_int_equal(scene_session(&scene, 0)->number, number);
        scene_finish(&scene);
}

static void a_renewal_of_another_session_is_stale(void **unused)
{
        struct scene scene;
        struct input input = { .type = INPUT_RENEW };

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        scene_renew(&scene, 0, NULL, 0);
        input.u.renew.node = "n1";
        input.u.renew.term = scene_session(&scene, 0)->term;
        input.u.renew.session = scene_session(&scene, 0)->number + 1;
        input.u.renew.seq = 99;
        scene_send(&scene, &input);
        assert_non_null(scene_sent(&scene, ACTION_STALE));
        assert_null(scene_sent(&scene, ACTION_GRANT));
        scene_finish(&scene);
}

static void a_renewal_seen_before_is_dropped(void **unused)
{
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        scene_renew(&scene, 0, NULL, 0);
        assert_non_null(scene_sent(&scene, ACTION_GRANT));
        scene.seq[0]--;
        scene_renew(&scene, 0, NULL, 0);
        assert_null(scene_sent(&scene, ACTION_GRANT));
        scene_finish(&scene);
}

static void silence_comes_after_half_a_lease(void **unused)
{
        struct scene scene;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        scene_renew(&scene, 0, NULL, 0);
        scene_wait_ms(&scene, 29000);
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_UP);
        scene_wait_ms(&scene, 2000);
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_SILENT);
        assert_int_equal(scene_submit(&scene, scene_client(&scene), 1), 1);
        assert_null(scene_recorded(&scene, RECORD_LAUNCH)); /* nothing starts on a node nobody hears */
        scene_renew(&scene, 0, NULL, 0);
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_UP);
        assert_non_null(scene_recorded(&scene, RECORD_LAUNCH));
        scene_finish(&scene);
}

/* ---- launches */

static void the_epoch_is_the_launch_record(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        const struct record *launch = scene_recorded(&scene, RECORD_LAUNCH);

        (void)unused;
        assert_non_null(launch);
        assert_int_equal(state_job(&scene.state, job)->attempt.epoch, launch->index);
        assert_non_null(scene_ordered(&scene, WANT_GO));
        assert_int_equal(scene_ordered(&scene, WANT_GO)->epoch, launch->index);
        scene_finish(&scene);
}

static void an_order_is_a_level(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        scene_renew(&scene, 0, NULL, 0); /* it never arrived: not the first renewal, so nothing has ended */
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        assert_non_null(scene_ordered(&scene, WANT_GO));
        scene_renew_with(&scene, 0, job, REPORT_RUNNING, 0, 0);
        assert_null(scene_ordered(&scene, WANT_GO));
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), job);
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        scene_renew_with(&scene, 0, job, REPORT_RUNNING, 0, 0); /* the stop was lost */
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        scene_renew_with(&scene, 0, job, REPORT_STOPPING, 0, 0);
        assert_null(scene_ordered(&scene, WANT_STOP));
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_ASKED, 0);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_CANCELLED);
        assert_non_null(scene_ordered(&scene, WANT_FORGET));
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_ASKED, 0); /* so was the forget */
        assert_non_null(scene_ordered(&scene, WANT_FORGET));
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        scene_finish(&scene);
}

static void an_alien_leg_is_stopped(void **unused)
{
        struct scene scene;
        struct leg_report alien = { .job = 77, .attempt = 3, .epoch = 5, .state = REPORT_RUNNING };

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        scene_renew(&scene, 0, &alien, 1);
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        assert_int_equal(scene_ordered(&scene, WANT_STOP)->job, 77);
        alien.state = REPORT_EXITED;
        alien.how = LEG_EXIT;
        scene_renew(&scene, 0, &alien, 1);
        assert_non_null(scene_ordered(&scene, WANT_FORGET));
        scene_finish(&scene);
}

/* ---- ends */

static void absence_counts_in_the_first_renewal_only(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        scene_renew(&scene, 0, NULL, 0);
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        scene_hello(&scene, 0, 2);
        scene_renew(&scene, 0, NULL, 0);
        assert_non_null(scene_recorded(&scene, RECORD_LEG_END));
        assert_int_equal(scene_recorded(&scene, RECORD_LEG_END)->u.leg_end.how, LEG_ABSENT);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        scene_finish(&scene);
}

static void an_unsure_absence_proves_nothing(void **unused)
{
        struct scene scene;
        struct input input = { .type = INPUT_RENEW };
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        scene_hello(&scene, 0, 2);
        input.u.renew.node = "n1";
        input.u.renew.term = scene_session(&scene, 0)->term;
        input.u.renew.session = scene_session(&scene, 0)->number;
        input.u.renew.seq = 1;
        input.u.renew.sure = false;
        scene_send(&scene, &input);
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void a_lease_is_waited_for(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_RELAUNCH);
        int64_t wait = lease_wait_ms(state_job(&scene.state, job)->attempt.lease_ms);

        (void)unused;
        assert_true(wait >= 60000 * 1001 / 999);
        scene_wait_ms(&scene, wait - 1);
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        scene_wait_ms(&scene, 1);
        assert_non_null(scene_recorded(&scene, RECORD_LEG_END));
        assert_int_equal(scene_recorded(&scene, RECORD_LEG_END)->u.leg_end.how, LEG_LEASE_OVER);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_NONE);
        scene_finish(&scene);
}

static void a_job_that_waits_is_never_given_up(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        for (int i = 0; i < 100; i++)
                scene_wait_ms(&scene, 60000);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static int restart(struct scene *scene)
{
        struct input start = { .type = INPUT_START };

        scene_send(scene, &start);
        return 0;
}

static void a_restarted_scheduler_counts_from_its_start(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_RELAUNCH);
        int64_t wait = lease_wait_ms(state_job(&scene.state, job)->attempt.lease_ms);

        (void)unused;
        scene_wait_ms(&scene, wait - 10);
        restart(&scene);
        scene_wait_ms(&scene, wait - 10);
        assert_null(scene_recorded(&scene, RECORD_LEG_END));
        scene_wait_ms(&scene, 10);
        assert_non_null(scene_recorded(&scene, RECORD_LEG_END));
        scene_finish(&scene);
}

/* Its node was frozen: the old leg still stops there, and holds its devices. Nothing is launched into that. */
static void what_still_stops_is_waited_for(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_RELAUNCH);
        struct leg_report alive = scene_leg(&scene, job, REPORT_RUNNING, 0, 0);

        (void)unused;
        scene_wait_ms(&scene, lease_wait_ms(60000));
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        scene_hello(&scene, 0, 2);
        for (int i = 0; i < 12; i++) {
                scene_renew(&scene, 0, &alive, 1);
                assert_null(scene_recorded(&scene, RECORD_LAUNCH));
                scene_wait_ms(&scene, 10000);
                assert_null(scene_recorded(&scene, RECORD_LAUNCH));
        }
        scene_renew(&scene, 0, NULL, 0);
        scene_wait_ms(&scene, 1000);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        scene_finish(&scene);
}

static void an_exit_that_comes_late_is_kept_without_consequence(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_RELAUNCH);
        struct leg_report late = scene_leg(&scene, job, REPORT_EXITED, LEG_EXIT, 0);

        (void)unused;
        scene_wait_ms(&scene, lease_wait_ms(60000));
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        scene_hello(&scene, 0, 2);
        scene_renew(&scene, 0, &late, 1);
        assert_non_null(scene_recorded(&scene, RECORD_LATE_EXIT));
        assert_non_null(scene_ordered(&scene, WANT_FORGET));
        scene_renew(&scene, 0, &late, 1);
        assert_null(scene_recorded(&scene, RECORD_LATE_EXIT)); /* once */
        assert_int_equal(state_job(&scene.state, job)->n_late_exits, 1);
        assert_int_not_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_DONE);
        scene_finish(&scene);
}

static void a_failure_is_final_and_its_status_kept(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_EXIT, 256);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_FAILED);
        assert_int_equal(state_job(&scene.state, job)->status, 256);
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), job);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_ESTATE);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_FAILED);
        scene_finish(&scene);
}

static void losses_are_tried_again_until_none_is_left(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        for (uint32_t i = 0; i < 3; i++) {
                scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_SHIM_LOST, 0);
                assert_int_equal(state_job(&scene.state, job)->losses, i + 1);
                scene_renew(&scene, 0, NULL, 0);
                assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED); /* it backs off */
                for (int k = 0; k < 10; k++) {
                        scene_wait_ms(&scene, 10000);
                        scene_renew(&scene, 0, NULL, 0);
                }
                assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        }
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_SHIM_LOST, 0);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_FAILED);
        assert_int_equal(state_job(&scene.state, job)->end, END_LOST);
        scene_finish(&scene);
}

/* ---- gangs */

static uint64_t scene_with_gang(struct scene *scene)
{
        scene_init(scene, ON_LOST_WAIT);
        for (int node = 0; node < 2; node++) {
                scene_hello(scene, node, 1);
                scene_renew(scene, node, NULL, 0);
        }
        return scene_submit(scene, scene_client(scene), 2);
}

static void a_gang_goes_when_all_are_armed(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_gang(&scene);

        (void)unused;
        assert_non_null(scene_ordered(&scene, WANT_ARM));
        assert_null(scene_ordered(&scene, WANT_GO));
        scene_renew_with(&scene, 0, job, REPORT_ARMED, 0, 0);
        assert_null(scene_recorded(&scene, RECORD_GO));
        scene_renew_with(&scene, 1, job, REPORT_ARMED, 0, 0);
        assert_non_null(scene_recorded(&scene, RECORD_GO));
        assert_non_null(scene_ordered(&scene, WANT_GO));
        scene_finish(&scene);
}

static void without_go_nothing_is_waited_for(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_gang(&scene);

        (void)unused;
        scene_renew_with(&scene, 0, job, REPORT_ARMED, 0, 0);
        scene_renew_with(&scene, 1, job, REPORT_EXITED, LEG_NEVER, 0);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        scene_renew_with(&scene, 0, job, REPORT_ARMED, 0, 0); /* still armed: it shall leave */
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        scene_finish(&scene);
}

static void a_gang_that_arms_too_slowly_is_called_off(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_gang(&scene);

        (void)unused;
        for (int i = 0; i < 4; i++) {
                scene_wait_ms(&scene, 10000);
                scene_renew(&scene, 0, NULL, 0);
        }
        assert_true(state_job(&scene.state, job)->losses > 0);
        scene_finish(&scene);
}

/* One node was frozen, and its leg is given up; the other's still stops. What lives on the first holds its devices all the same. */
static void a_leg_that_was_given_up_holds_its_devices(void **unused)
{
        struct leg_report alive;
        struct scene scene;
        uint64_t job, other;

        (void)unused;
        scene_init(&scene, ON_LOST_RELAUNCH);
        for (int node = 0; node < 2; node++) {
                scene_hello(&scene, node, 1);
                scene_renew(&scene, node, NULL, 0);
        }
        job = scene_submit(&scene, scene_client(&scene), 2);
        for (int node = 0; node < 2; node++)
                scene_renew_with(&scene, node, job, REPORT_ARMED, 0, 0);
        alive = scene_leg(&scene, job, REPORT_RUNNING, 0, 0);
        for (int i = 0; i < 60 && scene_session(&scene, 0)->state != SESSION_NONE; i++) {
                scene_renew(&scene, 1, &alive, 1);
                scene_wait_ms(&scene, 2000);
        }
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_NONE);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_hello(&scene, 0, 2);
        scene_renew(&scene, 0, &alive, 1);
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        assert_false(health_takes_jobs(state_node(&scene.state, "n1")));
        other = scene_submit(&scene, scene_client(&scene), 2);
        assert_int_equal(state_job(&scene.state, other)->state, OFFPEAK_JOB_QUEUED);
        scene_renew(&scene, 0, NULL, 0);
        assert_true(health_takes_jobs(state_node(&scene.state, "n1")));
        assert_int_equal(state_job(&scene.state, other)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void one_failed_rank_stops_the_others(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_gang(&scene);

        (void)unused;
        scene_renew_with(&scene, 0, job, REPORT_ARMED, 0, 0);
        scene_renew_with(&scene, 1, job, REPORT_ARMED, 0, 0);
        scene_renew_with(&scene, 0, job, REPORT_RUNNING, 0, 0);
        scene_renew_with(&scene, 1, job, REPORT_EXITED, LEG_EXIT, 9);
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_ASKED, 0);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_FAILED);
        assert_int_equal(state_job(&scene.state, job)->status, 9);
        scene_finish(&scene);
}

/* ---- one that has the others start what it asks for */

static uint64_t scene_with_head(struct scene *scene)
{
        uint64_t job = scene_with_gang(scene);

        state_job(&scene->state, job)->spec.launcher = OFFPEAK_LAUNCHER_HEAD;
        scene_renew_with(scene, 0, job, REPORT_ARMED, 0, 0);
        scene_renew_with(scene, 1, job, REPORT_ARMED, 0, 0);
        scene_renew_with(scene, 0, job, REPORT_RUNNING, 0, 0);
        scene_renew_with(scene, 1, job, REPORT_RUNNING, 0, 0);
        return job;
}

static void the_end_of_the_head_is_the_end_of_all(void **unused)
{
        static const struct {
                int32_t status;
                enum offpeak_job_state state;
        } cases[] = { { 0, OFFPEAK_JOB_DONE }, { 9 << 8, OFFPEAK_JOB_FAILED } };

        (void)unused;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct scene scene;
                uint64_t job = scene_with_head(&scene);

                state_job(&scene.state, job)->fraction_reported = true; /* the last of it was not told */
                state_job(&scene.state, job)->fraction = 0.98;
                scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_EXIT, cases[i].status);
                assert_int_equal(scene_ordered(&scene, WANT_STOP)->node, 1);
                scene_renew_with(&scene, 1, job, REPORT_EXITED, LEG_ASKED, 15); /* of which nobody asks */
                assert_int_equal(state_job(&scene.state, job)->state, cases[i].state);
                assert_int_equal(state_job(&scene.state, job)->status, cases[i].status);
                scene_finish(&scene);
        }
}

/* It is not the job that failed: it is tried again, as after a node that was lost. */
static void a_leg_that_dies_under_a_head_fails_the_attempt(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_head(&scene);

        (void)unused;
        scene_renew_with(&scene, 1, job, REPORT_EXITED, LEG_EXIT, 9);
        assert_int_equal(scene_ordered(&scene, WANT_STOP)->node, 0);
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_ASKED, 1);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        assert_int_equal(state_job(&scene.state, job)->avoid_node, 1);
        scene_finish(&scene);
}

static void a_head_that_is_paused_goes_on_later(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_head(&scene);

        (void)unused;
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), job);
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_ASKED, 1);
        scene_renew_with(&scene, 1, job, REPORT_EXITED, LEG_ASKED, 0);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        scene_finish(&scene);
}

/* ---- requests */

static void a_repeated_request_is_answered_as_before(void **unused)
{
        struct scene scene;
        struct client who;
        uint64_t job;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        who = scene_client(&scene);
        job = scene_submit(&scene, who, 1);
        assert_int_equal(scene_submit(&scene, who, 1), job);
        assert_int_equal(scene.state.n_jobs, 1);
        who.digest++;
        assert_int_equal(scene_submit(&scene, who, 1), 0);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_ECONFLICT);
        scene_finish(&scene);
}

static void a_job_being_cancelled_is_not_released(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        struct input release = { .type = INPUT_RELEASE };

        (void)unused;
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), job);
        release.u.job.client = scene_client(&scene);
        release.u.job.job = job;
        scene_send(&scene, &release);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_ESTATE);
        assert_true(state_job(&scene.state, job)->cancel);
        scene_finish(&scene);
}

static void a_job_that_was_not_held_is_not_said_to_be_released(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        uint64_t index = scene.state.log_index;

        (void)unused;
        scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), job);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_OK);
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "not on hold"));
        assert_true(scene.state.log_index == index);
        scene_finish(&scene);
}

static void an_unknown_class_is_refused_by_those_that_exist(void **unused)
{
        struct scene scene;
        struct offpeak_job_spec spec;
        char program[] = "true", class_name[] = "nightley";
        char *argv[] = { program, NULL };

        (void)unused;
        scene_with_job(&scene, ON_LOST_WAIT);
        offpeak_job_spec_init(&spec);
        spec.argv = argv;
        spec.argc = 1;
        spec.nodes = spec.gpus_per_node = 1;
        spec.time_s = 60;
        spec.class_name = class_name;
        assert_int_equal(scene_submit_spec(&scene, &spec), 0);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "\"nightley\""));
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, scene.policy.classes[0].name));
        scene_finish(&scene);
}

/* What no plan can be made of is no reason to stop: the job waits for a plan. */
static void a_job_is_taken_where_no_plan_can_be_made(void **unused)
{
        struct input config = { .type = INPUT_CONFIG };
        struct scene scene;
        uint64_t job;

        (void)unused;
        scene_with_job(&scene, ON_LOST_WAIT);
        scene.policy.sites[0].terms.pue_fixed_w = INT64_C(1000000000000);
        config.u.config.policy = &scene.policy;
        scene_send(&scene, &config);
        job = scene_submit(&scene, scene_client(&scene), 1);
        assert_true(job != 0);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_OK);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, job)->n_planned, 0);
        scene_finish(&scene);
}

static void only_the_owner_or_an_operator_changes_a_job(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        struct client other = scene_client(&scene);

        (void)unused;
        other.uid = 1001;
        scene_tell(&scene, INPUT_CANCEL, other, job);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_EPERMISSION);
        assert_false(state_job(&scene.state, job)->cancel);
        other = scene_client(&scene);
        other.uid = 1001;
        other.is_operator = true;
        scene_tell(&scene, INPUT_CANCEL, other, job);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, 0);
        scene_finish(&scene);
}

static void a_hold_tells_whose_it_was(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        struct client other = scene_client(&scene);

        (void)unused;
        other.uid = 1001;
        other.is_operator = true;
        scene_tell(&scene, INPUT_HOLD, other, job);
        assert_int_equal(state_job(&scene.state, job)->last_pause.cause, PAUSE_OPERATOR);
        assert_int_equal(state_job(&scene.state, job)->last_pause.attempt, 1);
        scene_finish(&scene);
        job = scene_with_job(&scene, ON_LOST_WAIT);
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), job);
        assert_int_equal(state_job(&scene.state, job)->last_pause.cause, PAUSE_OWNER);
        scene_finish(&scene);
}

/* As a log from before causes were on record has it. */
static void a_stop_of_old_has_no_cause(void **unused)
{
        struct scene scene;
        uint64_t id = scene_with_job(&scene, ON_LOST_WAIT);
        struct record stop = { .type = RECORD_STOP, .at = scene.now.wall + 5 };
        struct job *job = state_job(&scene.state, id);

        (void)unused;
        stop.u.stop.job = id;
        stop.u.stop.attempt = 1;
        stop.u.stop.reason = STOP_CANCEL;
        assert_int_equal(apply(&scene.state, &stop), 0);
        assert_int_equal(job->last_pause.attempt, 0); /* that is no pause */
        stop.u.stop.reason = STOP_PAUSE;
        assert_int_equal(apply(&scene.state, &stop), 0);
        assert_int_equal(job->last_pause.cause, PAUSE_UNKNOWN);
        assert_int_equal(job->last_pause.attempt, 1);
        assert_int_equal(job->last_pause.at, stop.at);
        stop.u.stop.reason = STOP_SHED;
        assert_int_equal(apply(&scene.state, &stop), 0);
        assert_int_equal(job->last_pause.cause, PAUSE_POWER);
        assert_int_equal(job->last_pause.limit_w, 0);
        scene_finish(&scene);
}

static void a_fence_frees_what_waits(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        struct input fence = { .type = INPUT_FENCE };
        struct leg_report alive = scene_leg(&scene, job, REPORT_RUNNING, 0, 0);

        (void)unused;
        fence.u.fence.client = scene_client(&scene);
        fence.u.fence.node = "n1";
        scene_send(&scene, &fence);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_EPERMISSION);
        fence.u.fence.client = scene_client(&scene);
        fence.u.fence.client.is_operator = true;
        scene_send(&scene, &fence);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_ESTATE); /* it is heard: the job would run twice */
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "n1 is up: it was heard 0 s ago"));
        assert_false(state_node(&scene.state, "n1")->fenced);
        for (int i = 0; i < 60 && scene_session(&scene, 0)->state == SESSION_UP; i++)
                scene_wait_ms(&scene, 1000);
        assert_int_equal(scene_session(&scene, 0)->state, SESSION_SILENT);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        fence.u.fence.client = scene_client(&scene);
        fence.u.fence.client.is_operator = true;
        scene_send(&scene, &fence);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_true(state_node(&scene.state, "n1")->fenced);
        scene_hello(&scene, 0, 2);
        scene_renew(&scene, 0, &alive, 1); /* it was not dead: it stops, and the node stays fenced */
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        assert_true(state_node(&scene.state, "n1")->fenced);
        assert_null(scene_recorded(&scene, RECORD_LAUNCH));
        scene_renew(&scene, 0, NULL, 0);
        assert_false(state_node(&scene.state, "n1")->fenced);
        scene_finish(&scene);
}

static void a_lost_tail_starts_fenced(void **unused)
{
        struct leg_report lost = { .job = 1, .attempt = 1, .epoch = 900, .state = REPORT_RUNNING };
        struct scene scene;
        struct input start = { .type = INPUT_START };

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        for (int node = 0; node < 2; node++) {
                scene_hello(&scene, node, 1);
                scene_renew(&scene, node, NULL, 0);
        }
        start.u.start.lost_tail = true;
        scene_send(&scene, &start);
        scene_submit(&scene, scene_client(&scene), 1);
        scene_hello(&scene, 0, 2);
        scene.seq[0] = 0;
        scene_renew(&scene, 0, NULL, 0);
        assert_null(scene_recorded(&scene, RECORD_LAUNCH));
        scene_hello(&scene, 1, 2);
        scene.seq[1] = 0;
        scene_renew(&scene, 1, &lost, 1); /* the lost tail launched it */
        assert_null(scene_recorded(&scene, RECORD_LAUNCH));
        assert_non_null(scene_ordered(&scene, WANT_STOP));
        scene_renew(&scene, 1, NULL, 0);
        assert_non_null(scene_recorded(&scene, RECORD_LAUNCH));
        scene_finish(&scene);
}

/* ---- energy */

static void renew_with_reading(struct scene *scene, uint64_t job, bool listed, int64_t start, int64_t end, int64_t joules)
{
        struct leg_report leg = scene_leg(scene, job, REPORT_RUNNING, 0, 0);
        struct reading reading = { .seq = 1, .job = job, .attempt = 1, .start = start, .end = end, .joules = joules,
                                   .quality = QUALITY_MEASURED };
        struct input input = { .type = INPUT_RENEW };

        input.u.renew.node = "n1";
        input.u.renew.term = scene_session(scene, 0)->term;
        input.u.renew.session = scene_session(scene, 0)->number;
        input.u.renew.seq = ++scene->seq[0];
        input.u.renew.sure = true;
        input.u.renew.legs = &leg;
        input.u.renew.n_legs = listed;
        input.u.renew.readings = &reading;
        input.u.renew.n_readings = 1;
        scene_send(scene, &input);
}

static void renew_reading(struct scene *scene, uint64_t job, int64_t start, int64_t end, int64_t joules)
{
        renew_with_reading(scene, job, true, start, end, joules);
}

/* Its last reading comes with the renewal that does not list it any more: what is estimated begins behind that. */
static void a_last_reading_is_booked_once(void **unused)
{
        static const bool booked_before[] = { true, false };

        (void)unused;
        for (int i = 0; i < 2; i++) {
                struct scene scene;
                uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
                int64_t begin = WORLD_START;

                if (booked_before[i]) {
                        scene.now.wall += HOUR / 2;
                        renew_reading(&scene, job, begin, begin + HOUR / 2, 180000);
                }
                scene.now.wall = begin + 2 * HOUR;
                scene_hello(&scene, 0, 2);
                scene.seq[0] = 0;
                renew_with_reading(&scene, job, false, booked_before[i] ? begin + HOUR / 2 : begin, begin + HOUR,
                                   booked_before[i] ? 180000 : 360000);
                assert_non_null(scene_recorded(&scene, RECORD_LEG_END));
                assert_int_equal(state_job(&scene.state, job)->joules, 360000 + 100 * HOUR);
                assert_int_equal(scene.state.sites[0].books[ACCOUNT_JOB].joules, 360000 + 100 * HOUR);
                scene_finish(&scene);
        }
}

/* Price 10 EUR/MWh in the first hour, 20 in the second. */
static void energy_is_booked_once_and_without_holes(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);
        const struct job *it;

        (void)unused;
        scene.now.wall += 3 * HOUR;
        renew_reading(&scene, job, WORLD_START, WORLD_START + HOUR / 2, 180000);
        it = state_job(&scene.state, job);
        assert_int_equal(it->joules, 180000);
        assert_int_equal(it->cost, 500); /* 0.05 kWh at 1 cent */
        renew_reading(&scene, job, WORLD_START, WORLD_START + HOUR / 2, 180000); /* its grant was lost */
        assert_int_equal(it->joules, 180000);
        renew_reading(&scene, job, WORLD_START + HOUR, WORLD_START + 2 * HOUR, 360000); /* half an hour is missing */
        assert_int_equal(it->joules, 180000 + 100 * HOUR / 2 + 360000);
        assert_int_equal(it->cost, 500 + 500 + 2000);
        assert_int_equal(scene.state.sites[0].books[ACCOUNT_JOB].joules, it->joules);
        renew_reading(&scene, job, WORLD_START + HOUR, WORLD_START + 3 * HOUR, 720000); /* half of it is booked */
        assert_int_equal(it->joules, 180000 + 180000 + 360000 + 360000);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_hello_makes_a_session_and_concludes_nothing),
                cmocka_unit_test(a_repeated_hello_gets_the_same_session),
                cmocka_unit_test(a_renewal_of_another_session_is_stale),
                cmocka_unit_test(a_renewal_seen_before_is_dropped),
                cmocka_unit_test(silence_comes_after_half_a_lease),
                cmocka_unit_test(the_epoch_is_the_launch_record),
                cmocka_unit_test(an_order_is_a_level),
                cmocka_unit_test(an_alien_leg_is_stopped),
                cmocka_unit_test(absence_counts_in_the_first_renewal_only),
                cmocka_unit_test(an_unsure_absence_proves_nothing),
                cmocka_unit_test(a_lease_is_waited_for),
                cmocka_unit_test(a_job_that_waits_is_never_given_up),
                cmocka_unit_test(a_restarted_scheduler_counts_from_its_start),
                cmocka_unit_test(what_still_stops_is_waited_for),
                cmocka_unit_test(an_exit_that_comes_late_is_kept_without_consequence),
                cmocka_unit_test(a_failure_is_final_and_its_status_kept),
                cmocka_unit_test(losses_are_tried_again_until_none_is_left),
                cmocka_unit_test(a_gang_goes_when_all_are_armed),
                cmocka_unit_test(without_go_nothing_is_waited_for),
                cmocka_unit_test(a_gang_that_arms_too_slowly_is_called_off),
                cmocka_unit_test(a_leg_that_was_given_up_holds_its_devices),
                cmocka_unit_test(one_failed_rank_stops_the_others),
                cmocka_unit_test(the_end_of_the_head_is_the_end_of_all),
                cmocka_unit_test(a_leg_that_dies_under_a_head_fails_the_attempt),
                cmocka_unit_test(a_head_that_is_paused_goes_on_later),
                cmocka_unit_test(a_repeated_request_is_answered_as_before),
                cmocka_unit_test(a_job_being_cancelled_is_not_released),
                cmocka_unit_test(a_job_that_was_not_held_is_not_said_to_be_released),
                cmocka_unit_test(an_unknown_class_is_refused_by_those_that_exist),
                cmocka_unit_test(a_job_is_taken_where_no_plan_can_be_made),
                cmocka_unit_test(only_the_owner_or_an_operator_changes_a_job),
                cmocka_unit_test(a_hold_tells_whose_it_was),
                cmocka_unit_test(a_stop_of_old_has_no_cause),
                cmocka_unit_test(a_fence_frees_what_waits),
                cmocka_unit_test(a_lost_tail_starts_fenced),
                cmocka_unit_test(a_last_reading_is_booked_once),
                cmocka_unit_test(energy_is_booked_once_and_without_holes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
