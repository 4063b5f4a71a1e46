/* SPDX-License-Identifier: Apache-2.0 */
/* test_month.c - GPU-hours of a month: what counts, who is let into which month, and who is stopped or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/when.h"
#include "core/copy.h"
#include "core/month.h"
#include "core/month_door.h"
#include "core/work.h"
#include "unit/core/scene.h"

#define JULY (WORLD_START + 22 * DAY) /* 2025-07-01T00:00:00Z */

static int64_t utc(int year, int month, int day)
{
        struct when_civil civil = { .year = year, .month = month, .day = day };

        return when_from_civil(&civil);
}

static void months_are_those_of_the_calendar(void **unused)
{
        (void)unused;
        assert_int_equal(JULY, utc(2025, 7, 1));
        assert_int_equal(month_begin(WORLD_START), utc(2025, 6, 1));
        assert_int_equal(month_next(WORLD_START), JULY);
        assert_int_equal(month_begin(JULY), JULY);
        assert_int_equal(month_begin(JULY - 1), utc(2025, 6, 1));
        assert_int_equal(month_next(utc(2025, 12, 31)), utc(2026, 1, 1));
        assert_int_equal(month_next(utc(2024, 2, 29)), utc(2024, 3, 1));
        assert_int_equal(month_begin(utc(2024, 3, 1) - 1), utc(2024, 2, 1));
}

/* A node up at `wall`, and a class that may hold so many GPU-hours a month; its jobs may be capped where the node can. */
static void begin_with_caps(struct scene *scene, int64_t wall, int64_t hours, uint32_t least_w)
{
        struct input config = { .type = INPUT_CONFIG };

        scene_init(scene, ON_LOST_WAIT);
        scene->now.wall = wall;
        scene->least_w = least_w;
        scene->policy.classes[0].cap_floor_ppm = 550000;
        scene->policy.classes[0].quota_gpu_hours = hours;
        scene->policy.classes[0].lease_ms = 1000 * DAY; /* nothing is lost while a test lets hours pass */
        config.u.config.policy = &scene->policy;
        scene_send(scene, &config);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
}

static void begin(struct scene *scene, int64_t wall, int64_t hours)
{
        begin_with_caps(scene, wall, hours, 0);
}

static void set_hours(struct scene *scene, int64_t hours)
{
        struct input config = { .type = INPUT_CONFIG };

        scene->policy.classes[0].quota_gpu_hours = hours;
        config.u.config.policy = &scene->policy;
        scene_send(scene, &config);
}

static void plan(struct scene *scene)
{
        struct plan_budget budget = { .work = 100000 };
        struct input input = { .type = INPUT_PLAN_READY };
        struct plan_question question;
        struct plan answer;

        plan_init(&answer);
        assert_int_equal(plan_question_init(&scene->state, &scene->now, &question), 0);
        input.u.plan_ready.code = plan_compute(&question.problem, &budget, &answer, NULL);
        assert_int_equal(input.u.plan_ready.code, 0);
        input.u.plan_ready.plan = &answer;
        input.u.plan_ready.problem = &question.problem;
        scene_send(scene, &input);
        plan_finish(&answer);
        plan_question_finish(&question);
}

static uint64_t submit(struct scene *scene, uint32_t gpus, int64_t time_s)
{
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, "job", gpus, time_s);
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return job;
}

static int64_t used(const struct scene *scene)
{
        return month_used(&scene->state, policy_class(&scene->state.policy, NULL), scene->now.wall);
}

/* The state made again from its own images. */
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

/* Two GPUs from two hours before the month's turn to one behind it: in June they count by the hours there, in July by
 * those there. */
static void what_is_held_counts_where_it_lies(void **unused)
{
        struct scene scene;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&scene, JULY - 2 * HOUR, 100);
        id = submit(&scene, 2, 3 * HOUR);
        job = state_job(&scene.state, id);
        assert_int_equal(job->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(used(&scene), 0);
        scene.now.wall += HOUR;
        assert_int_equal(used(&scene), 2 * HOUR);
        scene.now.wall = JULY - 1;
        assert_int_equal(used(&scene), 4 * HOUR - 2);
        scene.now.wall = JULY;
        assert_int_equal(used(&scene), 0);
        scene.now.wall = JULY + HOUR;
        assert_int_equal(used(&scene), 2 * HOUR);
        scene_renew_with(&scene, 0, id, REPORT_EXITED, LEG_EXIT, 0);
        assert_int_equal(state_job(&scene.state, id)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(used(&scene), 2 * HOUR);
        assert_images_hold(&scene);
        scene.now.wall += 5 * DAY;
        assert_int_equal(used(&scene), 2 * HOUR);
        scene.now.wall = utc(2025, 8, 1);
        assert_int_equal(used(&scene), 0);
        scene_finish(&scene);
}

/* Three jobs of two GPU-hours each where five are left: the third waits for July, and says what for. */
static void a_month_is_not_planned_over(void **unused)
{
        struct scene scene;
        const struct job *job;
        uint64_t ids[3];

        (void)unused;
        begin(&scene, JULY - 3 * DAY, 5);
        for (int i = 0; i < 3; i++)
                ids[i] = submit(&scene, 1, 2 * HOUR);
        assert_int_equal(state_job(&scene.state, ids[1])->state, OFFPEAK_JOB_ACTIVE);
        job = state_job(&scene.state, ids[2]);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(job->reason, PLAN_MONTH);
        assert_true(job->planned[0].start >= JULY);
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "waits for 2025-07-01"));
        plan(&scene);
        job = state_job(&scene.state, ids[2]);
        assert_int_equal(job->reason, PLAN_MONTH);
        assert_true(job->planned[0].start >= JULY);
        assert_int_not_equal(state_job(&scene.state, ids[1])->reason, PLAN_MONTH);
        set_hours(&scene, 6);
        plan(&scene);
        assert_int_equal(state_job(&scene.state, ids[2])->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

/* Where no month before the horizon has room, a job has no hours, and says why. */
static void a_job_that_no_month_holds_has_no_hours(void **unused)
{
        struct scene scene;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&scene, WORLD_START, 2);
        submit(&scene, 1, HOUR);
        id = submit(&scene, 1, 2 * HOUR);
        plan(&scene);
        job = state_job(&scene.state, id);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(job->n_planned, 0);
        assert_int_equal(job->reason, PLAN_MONTH);
        id = submit(&scene, 1, HOUR); /* a smaller one that fits goes first */
        assert_int_equal(state_job(&scene.state, id)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void a_job_larger_than_a_month_is_refused(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, WORLD_START, 7);
        assert_int_equal(submit(&scene, 4, 2 * HOUR), 0);
        assert_string_equal(
                scene_sent(&scene, ACTION_REPLY)->text,
                "the job takes 8 GPU-hours with its start, and class default may hold 7 a month: ask for less --time "
                "or --gpus, or raise quota.gpu_hours_per_month");
        set_hours(&scene, 8);
        assert_int_not_equal(submit(&scene, 4, 2 * HOUR), 0);
        scene_finish(&scene);
}

/*
 * Caps make a job hold its GPUs for longer: no reason to refuse one that a month holds without, nor to count hours of
 * caps that no node can have.
 */
static void caps_that_a_month_does_not_hold_are_left_out(void **unused)
{
        for (uint32_t least_w = 0; least_w <= 50; least_w += 50) {
                struct scene scene;
                const struct job *job;

                (void)unused;
                begin_with_caps(&scene, WORLD_START, 8, least_w);
                job = state_job(&scene.state, submit(&scene, 4, 2 * HOUR));
                assert_non_null(job);
                assert_int_equal(month_need(&scene.state, job, policy_class(&scene.state.policy, NULL), WORLD_START),
                                 8 * HOUR);
                set_hours(&scene, 11);
                assert_in_range(month_need(&scene.state, job, policy_class(&scene.state.policy, NULL), WORLD_START),
                                least_w == 0 ? 8 * HOUR : 9 * HOUR, least_w == 0 ? 8 * HOUR : 11 * HOUR);
                scene_finish(&scene);
        }
}

/* It runs on beyond what it asked for, and no more than the quota. */
static void a_month_that_is_used_up_pauses(void **unused)
{
        struct scene scene;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&scene, WORLD_START, 2);
        id = submit(&scene, 2, HOUR);
        scene_renew_with(&scene, 0, id, REPORT_RUNNING, 0, 0);
        assert_int_equal(month_runs_out(&scene.state, scene.now.wall), WORLD_START + HOUR);
        assert_true(core_next(&scene.state, &scene.now).wall <= WORLD_START + HOUR);
        scene.now.wall = WORLD_START + HOUR - 1;
        scene_wait_ms(&scene, 0);
        assert_null(scene_recorded(&scene, RECORD_STOP));
        scene.now.wall++;
        scene_wait_ms(&scene, 0);
        assert_non_null(scene_recorded(&scene, RECORD_STOP));
        assert_int_equal(scene_recorded(&scene, RECORD_STOP)->u.stop.reason, STOP_PAUSE);
        scene_renew_with(&scene, 0, id, REPORT_EXITED, LEG_ASKED, 0);
        job = state_job(&scene.state, id);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(job->last_pause.cause, PAUSE_MONTH);
        assert_int_equal(job->pauses, 1);
        plan(&scene);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(job->reason, PLAN_MONTH);
        assert_images_hold(&scene);
        scene.now.wall = JULY;
        plan(&scene);
        assert_int_equal(state_job(&scene.state, id)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

/* What would be lost is not stopped: it takes what it takes, and nobody else starts. */
static void what_cannot_be_paused_goes_on(void **unused)
{
        struct scene scene;
        struct offpeak_job_spec spec;
        uint64_t id, other;

        (void)unused;
        begin(&scene, WORLD_START, 2);
        world_spec(&spec, "whole", 2, HOUR);
        spec.interruptible = OFFPEAK_NO;
        id = scene_submit_spec(&scene, &spec);
        offpeak_job_spec_finish(&spec);
        scene_renew_with(&scene, 0, id, REPORT_RUNNING, 0, 0);
        scene.now.wall += HOUR + 60;
        scene_wait_ms(&scene, 0);
        assert_null(scene_recorded(&scene, RECORD_STOP));
        other = submit(&scene, 1, 60);
        plan(&scene);
        assert_int_equal(state_job(&scene.state, id)->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(state_job(&scene.state, other)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, other)->reason, PLAN_MONTH);
        assert_int_equal(used(&scene), 2 * (HOUR + 60));
        scene_finish(&scene);
}

/* Hours that were planned before the month was used up start nothing, and are planned again. */
static void hours_of_an_older_plan_start_nothing(void **unused)
{
        struct scene scene;
        uint64_t first, second;
        struct job *job;

        (void)unused;
        begin(&scene, WORLD_START, 2);
        first = submit(&scene, 1, HOUR);
        second = submit(&scene, 4, 60); /* needs the whole node, and waits */
        assert_int_equal(state_job(&scene.state, second)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(month_add(&scene.state, "default", 1, WORLD_START, WORLD_START + 2 * HOUR), 0);
        scene.now.wall += 2 * HOUR;
        scene_renew_with(&scene, 0, first, REPORT_EXITED, LEG_EXIT, 0);
        scene.now.wall += HOUR;
        job = state_job(&scene.state, second);
        free(job->planned);
        assert_int_equal(copy_bytes(&(struct plan_interval){ scene.now.wall, scene.now.wall + HOUR, 0, 0 }, 1,
                                    sizeof(struct plan_interval), (void **)&job->planned),
                         0);
        job->n_planned = 1;
        scene.state.plan_wanted = scene.state.plan_asked = false;
        scene.state.plan_due_at = scene.now.wall + HOUR;
        scene_wait_ms(&scene, 0);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_non_null(scene_sent(&scene, ACTION_ASK_PLAN));
        scene_finish(&scene);
}

/* ---- the door against a sum that knows no order: whatever the jobs, no month could be planned over */

static uint64_t draw(uint64_t *random, uint64_t below)
{
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        return *random % below;
}

static void make_job(uint64_t *random, int64_t wall, uint64_t id, struct job *ret_job)
{
        *ret_job = (struct job){ .id = id, .submitted_at = wall, .state = OFFPEAK_JOB_QUEUED };
        ret_job->spec.nodes = 1 + (uint32_t)draw(random, 2);
        ret_job->spec.gpus_per_node = 1 + (uint32_t)draw(random, 4);
        ret_job->total_s = ret_job->spec.time_s = 600 + (int64_t)draw(random, 5 * HOUR);
        if (draw(random, 3) == 0)
                ret_job->spec.deadline = wall + (int64_t)draw(random, 90 * DAY);
        if (draw(random, 4) == 0)
                ret_job->spec.begin = wall + (int64_t)draw(random, 70 * DAY);
}

static int64_t due(const struct policy_class *class, const struct job *job, int64_t release)
{
        int64_t own = job->spec.deadline != 0 ? job->spec.deadline : INT64_MAX;
        int64_t from = release > job->spec.begin ? release : job->spec.begin;
        int64_t latest = class->max_delay_s > 0 ? from + class->max_delay_s + job->total_s : INT64_MAX;

        return own < latest ? own : latest;
}

static void no_month_is_let_in_over(void **unused)
{
        uint64_t random = 88172645463325252u;

        (void)unused;
        for (int trial = 0; trial < 300; trial++) {
                struct scene scene;
                struct month_door door;
                struct job jobs[40];
                int64_t release[40], wall = WORLD_START + (int64_t)draw(&random, 30 * DAY), let_in = 0;
                struct policy_class *class;

                scene_init(&scene, ON_LOST_WAIT);
                class = &scene.state.policy.classes[0];
                class->quota_gpu_hours = 1 + (int64_t)draw(&random, 150);
                class->max_delay_s = draw(&random, 2) == 0 ? 0 : DAY;
                assert_int_equal(month_door_init(&door, &scene.state, wall, wall + 60 * DAY, true, NULL), 0);
                for (uint64_t j = 0; j < 40; j++) {
                        int64_t earliest;

                        make_job(&random, wall, j + 1, &jobs[j]);
                        earliest = jobs[j].spec.begin > wall ? jobs[j].spec.begin : wall;
                        release[j] = month_door_let_in(&door, &jobs[j], earliest);
                        assert_true(release[j] >= earliest);
                        let_in += release[j] < wall + 60 * DAY;
                }
                for (int64_t begin = month_begin(wall); begin < wall + 60 * DAY; begin = month_next(begin)) {
                        int64_t most = 0;

                        for (int j = 0; j < 40; j++)
                                if (release[j] < wall + 60 * DAY && release[j] < month_next(begin) &&
                                    (month_begin(release[j]) == begin || due(class, &jobs[j], release[j]) > begin))
                                        most += month_begin(release[j]) > begin ? 0 : month_need(&scene.state, &jobs[j], class, wall);
                        assert_true(most <= class->quota_gpu_hours * 3600);
                }
                assert_true(let_in > 0 || class->quota_gpu_hours < 50);
                month_door_finish(&door);
                scene_finish(&scene);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(months_are_those_of_the_calendar),
                cmocka_unit_test(what_is_held_counts_where_it_lies),
                cmocka_unit_test(a_month_is_not_planned_over),
                cmocka_unit_test(a_job_that_no_month_holds_has_no_hours),
                cmocka_unit_test(a_job_larger_than_a_month_is_refused),
                cmocka_unit_test(caps_that_a_month_does_not_hold_are_left_out),
                cmocka_unit_test(a_month_that_is_used_up_pauses),
                cmocka_unit_test(what_cannot_be_paused_goes_on),
                cmocka_unit_test(hours_of_an_older_plan_start_nothing),
                cmocka_unit_test(no_month_is_let_in_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
