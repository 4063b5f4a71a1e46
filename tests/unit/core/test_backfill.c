/* SPDX-License-Identifier: Apache-2.0 */
/* test_backfill.c - gangs whose hour has come are kept nodes; what they cannot use is not left idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/core/scene.h"

/* Two nodes with four devices each, on hold until told otherwise, so that a test says everybody's hours. */
static void begin(struct scene *scene, int64_t delay_cost)
{
        scene_init(scene, ON_LOST_WAIT);
        for (int node = 0; node < 2; node++) {
                scene_hello(scene, node, 1);
                scene_renew(scene, node, NULL, 0);
        }
        for (size_t c = 0; c < scene->state.policy.n_classes; c++)
                scene->state.policy.classes[c].delay_cost = delay_cost;
}

static struct job *job_of(struct scene *scene, uint64_t id)
{
        struct job *job = state_job(&scene->state, id);

        assert_non_null(job);
        return job;
}

/* A job that has no hours. */
static uint64_t submit(struct scene *scene, uint32_t gpus, int64_t seconds)
{
        struct offpeak_job_spec spec;
        uint64_t id;

        world_spec(&spec, "job", gpus, seconds);
        spec.hold = true;
        id = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        assert_int_not_equal(id, 0);
        return id;
}

/* Its hours begin so long from now. */
static void plan(struct scene *scene, uint64_t id, int64_t from)
{
        struct job *job = job_of(scene, id);

        free(job->planned);
        job->planned = calloc(1, sizeof(*job->planned));
        assert_non_null(job->planned);
        job->planned[0].start = scene->now.wall + from;
        job->planned[0].end = job->planned[0].start + job->spec.time_s;
        job->planned_finish = job->planned[0].end;
        job->n_planned = 1;
        job->held = false;
}

static bool runs(struct scene *scene, uint64_t id)
{
        return job_of(scene, id)->state == OFFPEAK_JOB_ACTIVE;
}

static uint32_t node_of(struct scene *scene, uint64_t id)
{
        assert_true(runs(scene, id));
        return job_of(scene, id)->attempt.legs[0].node;
}

/* Half of each node is in use, of the first for an hour, of the second for three; a job of four devices finds no node.
 */
static uint64_t crowd(struct scene *scene, int64_t delay_cost)
{
        uint64_t first, second, gang;

        begin(scene, delay_cost);
        first = submit(scene, 3, HOUR);
        second = submit(scene, 2, 3 * HOUR);
        plan(scene, first, 0);
        scene_wait_ms(scene, 0);
        plan(scene, second, 0);
        scene_wait_ms(scene, 0);
        assert_int_equal(node_of(scene, first), 0);
        assert_int_equal(node_of(scene, second), 1);
        gang = submit(scene, 4, HOUR);
        plan(scene, gang, 0);
        return gang;
}

static void a_gang_is_kept_the_node_that_is_free_soonest(void **unused)
{
        struct scene scene;
        uint64_t gang, longer, shorter, another;

        (void)unused;
        gang = crowd(&scene, 0);
        longer = submit(&scene, 1, 2 * HOUR);
        shorter = submit(&scene, 1, HOUR / 2);
        another = submit(&scene, 2, 2 * HOUR);
        plan(&scene, longer, 0);
        plan(&scene, shorter, 0);
        plan(&scene, another, 0);
        scene_wait_ms(&scene, 0);
        assert_false(runs(&scene, gang));
        assert_int_equal(node_of(&scene, longer), 1);
        assert_int_equal(node_of(&scene, shorter), 0);
        assert_false(runs(&scene, another)); /* one device is left on each node */
        scene_finish(&scene);
}

static void what_a_gang_cannot_use_is_not_left_idle(void **unused)
{
        struct scene scene;
        uint64_t later, gang;

        (void)unused;
        gang = crowd(&scene, 1000000);
        later = submit(&scene, 2, 2 * HOUR);
        plan(&scene, later, 2 * HOUR);
        scene_wait_ms(&scene, 0);
        assert_false(runs(&scene, gang));
        assert_int_equal(node_of(&scene, later), 1);
        assert_int_equal(job_of(&scene, later)->planned_finish, scene.now.wall + 2 * HOUR);
        scene_wait_ms(&scene, 60000); /* and it goes on */
        assert_true(runs(&scene, later));
        scene_finish(&scene);
}

/* Free devices or not: its owner does not want it before. */
static void nobody_starts_before_its_begin(void **unused)
{
        struct scene scene;
        uint64_t later;

        (void)unused;
        crowd(&scene, 1000000);
        later = submit(&scene, 2, 2 * HOUR);
        state_job(&scene.state, later)->spec.begin = scene.now.wall + HOUR;
        plan(&scene, later, HOUR);
        scene_wait_ms(&scene, 0);
        assert_false(runs(&scene, later));
        scene_finish(&scene);
}

static void hours_that_are_cheaper_are_waited_for(void **unused)
{
        static const int64_t worth[] = { 0, 1 }; /* of a GPU-hour, micro-currency */

        (void)unused;
        for (size_t i = 0; i < 2; i++) {
                struct scene scene;
                uint64_t later;

                begin(&scene, worth[i]);
                for (size_t k = 0; k < scene.state.sites[0].series[SERIES_PRICE].n_points; k++)
                        scene.state.sites[0].series[SERIES_PRICE].points[k].value = k == 0 ? 90000000 : 10000000;
                later = submit(&scene, 1, HOUR / 2);
                plan(&scene, later, 2 * HOUR);
                scene_wait_ms(&scene, 0);
                assert_false(runs(&scene, later));
                scene_finish(&scene);
        }
}

static void a_job_with_a_deadline_finds_its_gpus(void **unused)
{
        struct scene scene;
        uint64_t later, due;

        (void)unused;
        crowd(&scene, 1000000);
        due = submit(&scene, 3, HOUR); /* it finds no node yet */
        plan(&scene, due, HOUR);
        job_of(&scene, due)->spec.deadline = scene.now.wall + 3 * HOUR;
        later = submit(&scene, 2, 2 * HOUR);
        plan(&scene, later, 2 * HOUR);
        scene_wait_ms(&scene, 0);
        assert_false(runs(&scene, later)); /* it would still run then */
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_gang_is_kept_the_node_that_is_free_soonest),
                cmocka_unit_test(what_a_gang_cannot_use_is_not_left_idle),
                cmocka_unit_test(nobody_starts_before_its_begin),
                cmocka_unit_test(hours_that_are_cheaper_are_waited_for),
                cmocka_unit_test(a_job_with_a_deadline_finds_its_gpus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
