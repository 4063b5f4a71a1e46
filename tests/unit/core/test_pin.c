/* SPDX-License-Identifier: Apache-2.0 */
/* test_pin.c - hours that a job keeps: what a pin takes and refuses, who makes way, and what becomes of hours that are
 * lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/pause.h"
#include "core/pin.h"
#include "unit/core/scene.h"

static void set_prices(struct scene *scene, const double *prices, size_t n)
{
        struct input input = { .type = INPUT_SERIES };
        struct series price;

        world_series(&price, SERIES_PRICE, WORLD_START, prices, n);
        price.issued = scene->now.wall;
        input.u.series.series = &price;
        scene_send(scene, &input);
        series_finish(&price);
}

/* Nodes of four GPUs each, up; prices as scene.h has them: the later, the dearer. */
static void begin(struct scene *scene, int nodes)
{
        struct input config = { .type = INPUT_CONFIG };

        scene_init(scene, ON_LOST_WAIT);
        scene->policy.classes[0].lease_ms = 1000 * DAY;
        scene->policy.classes[0].max_delay_s = 7 * HOUR;
        config.u.config.policy = &scene->policy;
        scene_send(scene, &config);
        for (int i = 0; i < nodes; i++) {
                scene_hello(scene, i, 1);
                scene_renew(scene, i, NULL, 0);
        }
}

static struct plan_question ask(const struct scene *scene)
{
        struct plan_question question;

        assert_int_equal(plan_question_init(&scene->state, &scene->now, &question), 0);
        assert_int_equal(plan_problem_check(&question.problem, NULL), 0);
        return question;
}

static void answer(struct scene *scene, struct plan_question *question)
{
        struct plan_budget budget = { .work = 100000 };
        struct input input = { .type = INPUT_PLAN_READY };
        struct plan plan;

        plan_init(&plan);
        input.u.plan_ready.code = plan_compute(&question->problem, &budget, &plan, NULL);
        assert_int_equal(input.u.plan_ready.code, 0);
        input.u.plan_ready.plan = &plan;
        input.u.plan_ready.problem = &question->problem;
        input.u.plan_ready.asked_index = question->log_index;
        scene_send(scene, &input);
        plan_finish(&plan);
        plan_question_finish(question);
}

static void plan(struct scene *scene)
{
        struct plan_question question = ask(scene);

        answer(scene, &question);
}

static uint64_t submit(struct scene *scene, uint32_t gpus, int64_t time_s, int64_t from)
{
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, "job", gpus, time_s);
        spec.begin = from;
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        assert_int_not_equal(job, 0);
        return job;
}

static int tell(struct scene *scene, enum input_type type, uint64_t job, int64_t start)
{
        struct input input = { .type = type };

        input.u.job.client = scene_client(scene);
        input.u.job.job = job;
        input.u.job.start = start;
        scene_send(scene, &input);
        return scene_sent(scene, ACTION_REPLY)->code;
}

static void refused(struct scene *scene, uint64_t job, int64_t start, int code, const char *text)
{
        const char *said;

        assert_int_equal(tell(scene, INPUT_PIN, job, start), code);
        said = scene_sent(scene, ACTION_REPLY)->text;
        if (strstr(said, text) == NULL)
                fail_msg("\"%s\" is not in \"%s\"", text, said);
        assert_null(scene_recorded(scene, RECORD_PINNED));
}

static const struct job *job_of(const struct scene *scene, uint64_t id)
{
        return state_job(&scene->state, id);
}

static void expect_hours(const struct scene *scene, uint64_t id, int64_t start, int64_t end)
{
        const struct job *job = job_of(scene, id);

        assert_int_equal(job->n_planned, 1);
        assert_int_equal(job->planned[0].start, start);
        assert_int_equal(job->planned[0].end, end);
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

static const double cheap_late[] = { 80, 80, 80, 80, 80, 80, 5, 5 };

static void planned_hours_are_kept(void **unused)
{
        struct scene scene;
        uint64_t pinned, free_one;

        (void)unused;
        begin(&scene, 1);
        pinned = submit(&scene, 1, HOUR, WORLD_START + HOUR);
        free_one = submit(&scene, 1, HOUR, WORLD_START + HOUR);
        expect_hours(&scene, pinned, WORLD_START + HOUR, WORLD_START + 2 * HOUR);
        assert_int_equal(tell(&scene, INPUT_PIN, pinned, 0), OFFPEAK_OK);
        assert_string_equal(scene_sent(&scene, ACTION_REPLY)->text,
                            "pinned, from 2025-06-09T01:00:00Z to 2025-06-09T02:00:00Z");
        set_prices(&scene, cheap_late, 8);
        plan(&scene);
        expect_hours(&scene, pinned, WORLD_START + HOUR, WORLD_START + 2 * HOUR);
        assert_int_equal(job_of(&scene, pinned)->reason, PLAN_PINNED);
        assert_true(job_of(&scene, free_one)->planned[0].start >= WORLD_START + 6 * HOUR);
        assert_images_hold(&scene);
        assert_int_equal(tell(&scene, INPUT_UNPIN, pinned, 0), OFFPEAK_OK);
        plan(&scene);
        assert_true(job_of(&scene, pinned)->planned[0].start >= WORLD_START + 6 * HOUR);
        assert_int_equal(tell(&scene, INPUT_UNPIN, pinned, 0), OFFPEAK_OK);
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "was not pinned"));
        assert_null(scene_recorded(&scene, RECORD_PINNED));
        scene_finish(&scene);
}

/* Dear hours that others had: they make way, and it starts then and not sooner. */
static void a_start_is_kept_and_others_make_way(void **unused)
{
        struct scene scene;
        struct offpeak_job_spec spec;
        uint64_t pinned, other;

        (void)unused;
        begin(&scene, 1);
        world_spec(&spec, "other", 4, HOUR);
        spec.begin = WORLD_START + 4 * HOUR;
        spec.deadline = WORLD_START + 7 * HOUR;
        other = scene_submit_spec(&scene, &spec);
        offpeak_job_spec_finish(&spec);
        pinned = submit(&scene, 4, HOUR, WORLD_START + HOUR);
        expect_hours(&scene, other, WORLD_START + 4 * HOUR, WORLD_START + 5 * HOUR);
        assert_int_equal(tell(&scene, INPUT_PIN, pinned, WORLD_START + 4 * HOUR + 600), OFFPEAK_OK);
        assert_int_equal(job_of(&scene, pinned)->planned[0].start, WORLD_START + 4 * HOUR + 600);
        scene.now.wall = WORLD_START + HOUR; /* its planned hours of before */
        scene_wait_ms(&scene, 0);
        assert_int_equal(job_of(&scene, pinned)->state, OFFPEAK_JOB_QUEUED);
        plan(&scene);
        assert_int_equal(job_of(&scene, pinned)->planned[0].start, WORLD_START + 4 * HOUR + 600);
        assert_true(job_of(&scene, other)->planned[0].start >= job_of(&scene, pinned)->planned[0].end);
        scene.now.wall = WORLD_START + 4 * HOUR + 600;
        scene_wait_ms(&scene, 0);
        assert_int_equal(job_of(&scene, pinned)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void what_cannot_be_pinned_is_refused(void **unused)
{
        struct scene scene;
        struct offpeak_job_spec spec;
        struct input input = { .type = INPUT_PIN };
        uint64_t first, second, third;

        (void)unused;
        begin(&scene, 1);
        refused(&scene, 99, 0, OFFPEAK_ENOTFOUND, "there is no job 99");
        first = submit(&scene, 3, HOUR, WORLD_START + HOUR);
        second = submit(&scene, 3, HOUR, WORLD_START + HOUR);
        input.u.job.client = scene_client(&scene);
        input.u.job.client.user = "bo";
        input.u.job.client.uid = 2000;
        input.u.job.job = first;
        scene_send(&scene, &input);
        assert_int_equal(scene_sent(&scene, ACTION_REPLY)->code, OFFPEAK_EPERMISSION);
        refused(&scene, first, WORLD_START - 60, OFFPEAK_EINVAL, "is in the past");
        refused(&scene, first, WORLD_START + 60, OFFPEAK_ESTATE, "may not start before 2025-06-09T01:00:00Z");
        refused(&scene, first, WORLD_START + 8 * DAY, OFFPEAK_ESTATE, "which is as far as plans look");
        assert_int_equal(tell(&scene, INPUT_PIN, first, WORLD_START + 2 * HOUR), OFFPEAK_OK);
        refused(&scene, second, WORLD_START + 2 * HOUR + 1800, OFFPEAK_EINVAL,
                "need 6 GPUs, there are 4: unpin one of them");
        assert_int_equal(tell(&scene, INPUT_PIN, second, WORLD_START + 4 * HOUR), OFFPEAK_OK);
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), second);
        refused(&scene, second, 0, OFFPEAK_ESTATE, "is on hold and has no hours: release it first");
        world_spec(&spec, "behind", 1, HOUR);
        spec.after_ok = malloc(sizeof(uint64_t));
        spec.after_ok[spec.n_after_ok++] = first;
        third = scene_submit_spec(&scene, &spec);
        offpeak_job_spec_finish(&spec);
        refused(&scene, third, 0, OFFPEAK_ESTATE, "comes after others that have not ended");
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), first);
        refused(&scene, first, 0, OFFPEAK_ESTATE, "has already ended");
        world_spec(&spec, "whole", 4, 2 * HOUR);
        spec.interruptible = OFFPEAK_NO;
        first = scene_submit_spec(&scene, &spec);
        offpeak_job_spec_finish(&spec);
        assert_int_equal(job_of(&scene, first)->state, OFFPEAK_JOB_ACTIVE);
        refused(&scene, first, WORLD_START + 3 * HOUR, OFFPEAK_ESTATE, "runs and cannot be interrupted");
        second = submit(&scene, 1, HOUR, 0);
        refused(&scene, second, WORLD_START + HOUR, OFFPEAK_ESTATE,
                "jobs that run and cannot be interrupted have what");
        assert_int_equal(tell(&scene, INPUT_PIN, second, WORLD_START + 2 * HOUR + 60), OFFPEAK_OK);
        scene_finish(&scene);
}

/* Two pinned to one hour on two nodes: with one node gone one of them has to wait, until it is back. */
static void a_pin_that_is_lost_is_tried_again(void **unused)
{
        struct scene scene;
        uint64_t first, second;

        (void)unused;
        begin(&scene, 2);
        first = submit(&scene, 4, HOUR, WORLD_START + HOUR);
        second = submit(&scene, 4, HOUR, WORLD_START + HOUR);
        assert_int_equal(tell(&scene, INPUT_PIN, first, WORLD_START + 3 * HOUR), OFFPEAK_OK);
        assert_int_equal(tell(&scene, INPUT_PIN, second, WORLD_START + 3 * HOUR), OFFPEAK_OK);
        plan(&scene);
        assert_int_equal(job_of(&scene, second)->planned[0].start, WORLD_START + 3 * HOUR);
        scene.state.nodes[1].fenced = true;
        plan(&scene);
        assert_int_equal(job_of(&scene, first)->planned[0].start, WORLD_START + 3 * HOUR);
        assert_int_equal(job_of(&scene, first)->reason, PLAN_PINNED);
        assert_int_not_equal(job_of(&scene, second)->reason, PLAN_PINNED);
        assert_true(job_of(&scene, second)->n_planned > 0);
        assert_int_not_equal(job_of(&scene, second)->planned[0].start, WORLD_START + 3 * HOUR);
        scene.state.nodes[1].fenced = false;
        plan(&scene);
        assert_int_equal(job_of(&scene, second)->planned[0].start, WORLD_START + 3 * HOUR);
        assert_int_equal(job_of(&scene, second)->reason, PLAN_PINNED);
        scene_finish(&scene);
}

/* No power in its hours: it is planned as any other, and there is a plan at all. */
static void a_pin_without_power_is_let_go(void **unused)
{
        static const double limits[] = { 1000, 1000, 1000, 0, 1000, 1000, 1000, 1000 };
        struct scene scene;
        struct input input = { .type = INPUT_SERIES };
        struct series limit;
        uint64_t id;

        (void)unused;
        begin(&scene, 1);
        id = submit(&scene, 1, HOUR, WORLD_START + HOUR);
        assert_int_equal(tell(&scene, INPUT_PIN, id, WORLD_START + 3 * HOUR), OFFPEAK_OK);
        world_series(&limit, SERIES_LIMIT, WORLD_START, limits, 8);
        input.u.series.series = &limit;
        scene_send(&scene, &input);
        series_finish(&limit);
        plan(&scene);
        expect_hours(&scene, id, WORLD_START + HOUR, WORLD_START + 2 * HOUR);
        assert_int_not_equal(job_of(&scene, id)->reason, PLAN_PINNED);
        assert_true(pin_holds(job_of(&scene, id), scene.now.wall));
        scene_finish(&scene);
}

/* Half of its hour went by without it: it has the other half, and as long as it needs behind. Then nothing is pinned
 * any more. */
static void what_its_hours_lack_comes_behind_them(void **unused)
{
        struct scene scene;
        struct plan_interval hours[2];
        struct job job = { .n_pins = 2, .state = OFFPEAK_JOB_QUEUED, .total_s = 2 * HOUR };
        struct plan_interval pins[] = { { HOUR, 2 * HOUR, 0, 0 }, { 3 * HOUR, 4 * HOUR + 60, 0, 0 } };
        struct policy_class class = { .start_cost_s = 30 };

        (void)unused;
        job.pins = pins;
        assert_int_equal(pin_hours(&job, &class, 0, 0, DAY, hours), 2);
        assert_true(hours[0].start == HOUR && hours[1].end == 4 * HOUR + 60);
        assert_int_equal(pin_hours(&job, &class, HOUR + 1800, 0, DAY, hours), 2);
        assert_true(hours[0].start == HOUR + 1800 && hours[1].end == 4 * HOUR + 60 + 1800);
        assert_int_equal(pin_hours(&job, &class, 2 * HOUR, 0, DAY, hours), 1);
        assert_int_equal(hours[0].end, 5 * HOUR + 30);
        assert_int_equal(pin_hours(&job, &class, 4 * HOUR + 50, 0, DAY, hours), 1); /* less than a start is left */
        assert_int_equal(hours[0].end, 6 * HOUR + 50 + 30);
        assert_int_equal(pin_hours(&job, &class, 2 * HOUR, 0, 5 * HOUR, hours), 0); /* beyond the horizon */
        assert_int_equal(pin_hours(&job, &class, 4 * HOUR + 60, 0, DAY, hours), 0); /* over */
        assert_true(pin_holds(&job, 4 * HOUR));
        assert_false(pin_holds(&job, 4 * HOUR + 60));
        begin(&scene, 1);
        scene_finish(&scene);
}

/* A plan that was asked for before knows nothing of the pin. */
static void an_older_plan_does_not_undo_a_pin(void **unused)
{
        struct scene scene;
        struct plan_question question;
        uint64_t id;

        (void)unused;
        begin(&scene, 1);
        id = submit(&scene, 1, HOUR, WORLD_START + HOUR);
        question = ask(&scene);
        assert_int_equal(tell(&scene, INPUT_PIN, id, WORLD_START + 5 * HOUR), OFFPEAK_OK);
        answer(&scene, &question);
        assert_int_equal(job_of(&scene, id)->planned[0].start, WORLD_START + 5 * HOUR);
        scene_finish(&scene);
}

/* One that runs and is pinned to later pauses for it; and one that holds what a pinned job needs makes room. */
static void who_runs_out_of_its_hours_stops(void **unused)
{
        struct scene scene;
        struct pause why;
        static const double flat[] = { 50, 50, 50, 50, 50, 50, 50, 50 };
        uint64_t running, pinned;

        (void)unused;
        begin(&scene, 1);
        set_prices(&scene, flat, 8); /* waiting would cost the pinned one nothing */
        running = submit(&scene, 4, 3 * HOUR, 0);
        scene_renew_with(&scene, 0, running, REPORT_RUNNING, 0, 0);
        assert_int_equal(job_of(&scene, running)->state, OFFPEAK_JOB_ACTIVE);
        pinned = submit(&scene, 4, HOUR, 0);
        assert_int_equal(tell(&scene, INPUT_PIN, pinned, WORLD_START + HOUR), OFFPEAK_OK);
        plan(&scene);
        assert_int_equal(job_of(&scene, running)->attempt.state, ATTEMPT_GOING);
        scene.now.wall = WORLD_START + HOUR;
        scene_wait_ms(&scene, 0);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        assert_int_equal(job_of(&scene, running)->last_pause.cause, PAUSE_ROOM);
        scene_renew_with(&scene, 0, running, REPORT_EXITED, LEG_ASKED, 0);
        assert_int_equal(job_of(&scene, pinned)->state, OFFPEAK_JOB_ACTIVE);
        scene_renew_with(&scene, 0, pinned, REPORT_RUNNING, 0, 0);
        assert_int_equal(tell(&scene, INPUT_PIN, pinned, WORLD_START + 6 * HOUR), OFFPEAK_OK);
        assert_int_equal(job_of(&scene, pinned)->last_pause.cause, PAUSE_PINNED);
        assert_false(scene_pause_is_due(&scene, job_of(&scene, running), &why));
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(planned_hours_are_kept),
                cmocka_unit_test(a_start_is_kept_and_others_make_way),
                cmocka_unit_test(what_cannot_be_pinned_is_refused),
                cmocka_unit_test(a_pin_that_is_lost_is_tried_again),
                cmocka_unit_test(a_pin_without_power_is_let_go),
                cmocka_unit_test(what_its_hours_lack_comes_behind_them),
                cmocka_unit_test(an_older_plan_does_not_undo_a_pin),
                cmocka_unit_test(who_runs_out_of_its_hours_stops),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
