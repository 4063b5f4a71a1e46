/* SPDX-License-Identifier: Apache-2.0 */
/* test_pause.c - when a running job whose hours are over is stopped for the sake of another, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/pause.h"
#include "unit/core/scene.h"

/* A job of an hour on all four devices. */
static struct job *submit(struct scene *scene, const char *name, int64_t deadline)
{
        struct offpeak_job_spec spec;
        uint64_t id;

        world_spec(&spec, name, 4, HOUR);
        spec.deadline = deadline;
        id = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        assert_int_not_equal(id, 0);
        return state_job(&scene->state, id);
}

static void plan_at(struct job *job, int64_t start)
{
        assert_int_equal(job->n_planned, 1);
        job->planned[0].start = start;
        job->planned[0].end = start + HOUR;
        job->planned_cost = job->planned_run_now_cost = 1; /* neither saves by waiting */
}

/* The one that runs is planned for later now, and the other for now. */
static void begin(struct scene *scene, int64_t deadline)
{
        struct job *running, *waiting;

        scene_init(scene, ON_LOST_WAIT);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
        submit(scene, "first", 0);
        scene->now.wall += 60;
        submit(scene, "second", deadline != 0 ? scene->now.wall + deadline : 0);
        running = &scene->state.jobs[0];
        waiting = &scene->state.jobs[1];
        assert_int_equal(running->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(waiting->state, OFFPEAK_JOB_QUEUED);
        plan_at(running, scene->now.wall + 3 * HOUR);
        plan_at(waiting, scene->now.wall);
}

static void room_is_made_for_one_that_would_be_late(void **unused)
{
        struct scene scene;
        struct pause why = { 0 };

        (void)unused;
        begin(&scene, HOUR + 600);
        assert_true(scene_pause_is_due(&scene, &scene.state.jobs[0], &why));
        assert_int_equal(why.cause, PAUSE_ROOM);
        assert_int_equal(why.other, scene.state.jobs[1].id);
        assert_int_equal(why.limit_w, 0);
        scene_finish(&scene);
}

/* The hour of work that is left to it takes four hours as narrow as it runs: the other, due in four, cannot come after it. */
static void a_narrow_one_takes_longer(void **unused)
{
        struct scene scene;
        struct pause why = { 0 };
        struct job *running;

        (void)unused;
        begin(&scene, 4 * HOUR);
        for (size_t i = 0; i < scene.state.sites[0].series[SERIES_PRICE].n_points; i++)
                scene.state.sites[0].series[SERIES_PRICE].points[i].value = 1000000;
        running = &scene.state.jobs[0];
        running->spec.widths = calloc(1, sizeof(*running->spec.widths));
        assert_non_null(running->spec.widths);
        running->spec.n_widths = 1;
        running->spec.widths[0] = (struct offpeak_width){ 1, 4, 250000, 0 };
        assert_false(scene_pause_is_due(&scene, running, &why));
        running->attempt.mode = 1;
        assert_true(scene_pause_is_due(&scene, running, &why));
        assert_int_equal(why.cause, PAUSE_ROOM);
        scene_finish(&scene);
}

static void what_changes_nothing_is_not_done(void **unused)
{
        struct scene scene;
        struct pause why = { 0 };

        (void)unused;
        begin(&scene, 4 * HOUR);
        for (size_t i = 0; i < scene.state.sites[0].series[SERIES_PRICE].n_points; i++)
                scene.state.sites[0].series[SERIES_PRICE].points[i].value = 1000000; /* to wait costs nothing */
        assert_false(scene_pause_is_due(&scene, &scene.state.jobs[0], &why));
        assert_int_equal(why.cause, PAUSE_UNKNOWN);
        scene.state.jobs[0].planned_run_now_cost = 2;
        assert_true(scene_pause_is_due(&scene, &scene.state.jobs[0], &why));
        assert_int_equal(why.cause, PAUSE_COST);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(room_is_made_for_one_that_would_be_late),
                cmocka_unit_test(a_narrow_one_takes_longer),
                cmocka_unit_test(what_changes_nothing_is_not_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
