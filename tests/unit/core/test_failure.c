/* SPDX-License-Identifier: Apache-2.0 */
/* test_failure.c - the first failure of an attempt: what is kept of it, and which node is avoided for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/core/scene.h"

static uint64_t scene_with_gang(struct scene *scene)
{
        scene_init(scene, ON_LOST_WAIT);
        for (int node = 0; node < 2; node++) {
                scene_hello(scene, node, 1);
                scene_renew(scene, node, NULL, 0);
        }
        return scene_submit(scene, scene_client(scene), 2);
}

static void set_going(struct scene *scene, uint64_t job)
{
        for (int node = 0; node < 2; node++)
                scene_renew_with(scene, node, job, REPORT_ARMED, 0, 0);
        assert_true(state_job(&scene->state, job)->attempt.go);
}

static void end(struct scene *scene, int node, uint64_t job, enum leg_how how, int32_t status, const char *why,
                const char *tail)
{
        struct leg_report leg = scene_leg(scene, job, REPORT_EXITED, how, status);

        strcpy(leg.why, why);
        leg.tail = tail;
        scene_renew(scene, node, &leg, 1);
}

static const struct failure *failure_of(const struct scene *scene, uint64_t job)
{
        return &state_job(&scene->state, job)->failure;
}

static void assert_images_hold(const struct scene *scene)
{
        char *before = state_dump(&scene->state), *after;
        struct state again;

        state_init(&again);
        assert_int_equal(state_images(&scene->state, scene_take_image, &again), 0);
        after = state_dump(&again);
        assert_string_equal(before, after);
        free(before);
        free(after);
        state_finish(&again);
}

static void the_first_rank_that_fails_is_kept_with_its_last_lines(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_gang(&scene);
        const struct record *record;

        (void)unused;
        assert_int_equal(failure_of(&scene, job)->attempt, 0);
        set_going(&scene, job);
        end(&scene, 1, job, LEG_EXIT, 9 << 8, "", "loading\nout of memory");
        record = scene_recorded(&scene, RECORD_LEG_END);
        assert_string_equal(record->u.leg_end.tail, "loading\nout of memory");
        assert_null(record->u.leg_end.why);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        end(&scene, 0, job, LEG_EXIT, 1 << 8, "", "a peer is gone"); /* that follows from it, and is not on record */
        assert_null(scene_recorded(&scene, RECORD_LEG_END)->u.leg_end.tail);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_FAILED);
        assert_int_equal(failure_of(&scene, job)->attempt, 1);
        assert_int_equal(failure_of(&scene, job)->node, state_node(&scene.state, "n2")->id);
        assert_int_equal(failure_of(&scene, job)->rank, 1);
        assert_int_equal(failure_of(&scene, job)->how, LEG_EXIT);
        assert_int_equal(failure_of(&scene, job)->status, 9 << 8);
        assert_int_equal(failure_of(&scene, job)->at, WORLD_START);
        assert_null(failure_of(&scene, job)->why);
        assert_string_equal(failure_of(&scene, job)->tail, "loading\nout of memory");
        assert_images_hold(&scene);
        scene_finish(&scene);
}

static void what_ends_well_or_was_asked_to_is_no_failure(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_gang(&scene);

        (void)unused;
        set_going(&scene, job);
        end(&scene, 0, job, LEG_EXIT, 0, "", NULL);
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), job);
        end(&scene, 1, job, LEG_EXIT, 1 << 8, "", "interrupted");
        assert_null(scene_recorded(&scene, RECORD_LEG_END)->u.leg_end.tail);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_CANCELLED);
        assert_int_equal(failure_of(&scene, job)->attempt, 0);
        scene_finish(&scene);
}

/* Rank 0 would have gone, had rank 1 not refused: its end says nothing of its node. */
static void a_gang_avoids_the_node_that_refused(void **unused)
{
        for (int refuses = 0; refuses < 2; refuses++) {
                struct scene scene;
                uint64_t job = scene_with_gang(&scene);
                uint32_t node = state_node(&scene.state, refuses == 0 ? "n1" : "n2")->id;

                (void)unused;
                scene_renew_with(&scene, 1 - refuses, job, REPORT_ARMED, 0, 0);
                end(&scene, refuses, job, LEG_NEVER, 0, "uid 1000 has no account on this node", NULL);
                assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
                assert_int_equal(state_job(&scene.state, job)->losses, 1);
                assert_int_equal(state_job(&scene.state, job)->avoid_node, node);
                assert_int_equal(failure_of(&scene, job)->node, node);
                assert_int_equal(failure_of(&scene, job)->how, LEG_NEVER);
                assert_string_equal(failure_of(&scene, job)->why, "uid 1000 has no account on this node");
                assert_true(state_job(&scene.state, job)->not_before_ms > scene.now.mono_ms);
                assert_images_hold(&scene);
                scene_finish(&scene);
        }
}

static void a_gang_names_and_avoids_the_node_that_was_not_ready(void **unused)
{
        for (int late = 0; late < 2; late++) {
                struct scene scene;
                uint64_t job = scene_with_gang(&scene);
                struct leg_report armed;
                char why[64];

                (void)unused;
                armed = scene_leg(&scene, job, REPORT_ARMED, 0, 0);
                for (int i = 0; i < 4; i++) {
                        scene_wait_ms(&scene, 10000);
                        scene_renew(&scene, 1 - late, &armed, 1);
                        scene_renew(&scene, late, NULL, 0);
                }
                assert_int_equal(state_job(&scene.state, job)->losses, 1);
                assert_int_equal(state_job(&scene.state, job)->avoid_node, late);
                assert_int_equal(failure_of(&scene, job)->node, late);
                assert_int_equal(failure_of(&scene, job)->rank, late);
                assert_int_equal(failure_of(&scene, job)->how, 0);
                snprintf(why, sizeof(why), "node n%d did not get ready within 30 s", late + 1);
                assert_string_equal(failure_of(&scene, job)->why, why);
                assert_images_hold(&scene);
                scene_finish(&scene);
        }
}

/* Each wait is twice the one before. */
static void who_fails_again_waits_longer(void **unused)
{
        struct scene scene;
        int64_t waits[3];
        uint64_t job;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        scene_renew(&scene, 0, NULL, 0);
        job = scene_submit(&scene, scene_client(&scene), 1);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(state_job(&scene.state, job)->attempts, i + 1);
                end(&scene, 0, job, LEG_NEVER, 0, "no", NULL);
                assert_int_equal(failure_of(&scene, job)->attempt, i + 1);
                waits[i] = state_job(&scene.state, job)->not_before_ms - scene.now.mono_ms;
                for (int64_t waited = 0; waited <= waits[i]; waited += 10000) {
                        scene_wait_ms(&scene, 10000);
                        scene_renew(&scene, 0, NULL, 0);
                }
        }
        assert_int_equal(waits[0], scene.policy.backoff_ms);
        assert_int_equal(waits[1], 2 * waits[0]);
        assert_int_equal(waits[2], 4 * waits[0]);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_rank_that_fails_is_kept_with_its_last_lines),
                cmocka_unit_test(what_ends_well_or_was_asked_to_is_no_failure),
                cmocka_unit_test(a_gang_avoids_the_node_that_refused),
                cmocka_unit_test(a_gang_names_and_avoids_the_node_that_was_not_ready),
                cmocka_unit_test(who_fails_again_waits_longer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
