/* SPDX-License-Identifier: Apache-2.0 */
/* test_capped.c - a running job under other power caps: what counts as drawn, made and promised meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "core/caps.h"
#include "core/copy.h"
#include "core/power.h"
#include "core/question.h"
#include "core/width.h"
#include "core/work.h"
#include "unit/core/scene.h"

/* Of nodes of four devices with 100 W each, and 10 W at idle. */
enum { LEAST_W = 50, LOW = 3 };

static void tell_policy(struct scene *scene)
{
        struct input config = { .type = INPUT_CONFIG };

        config.u.config.policy = &scene->policy;
        scene_send(scene, &config);
}

static void begin(struct scene *scene, uint32_t least_w)
{
        scene_init(scene, ON_LOST_WAIT);
        scene->least_w = least_w;
        scene->policy.classes[0].cap_floor_ppm = 550000;
        scene->policy.classes[0].delay_cost = 1000000; /* plans by themselves cap nothing */
        scene->policy.classes[0].lease_ms = 1000 * DAY; /* nothing is lost while a test lets hours pass */
        tell_policy(scene);
        for (int node = 0; node < 2; node++) {
                scene_hello(scene, node, 1);
                scene_renew(scene, node, NULL, 0);
        }
}

static void limit(struct scene *scene, double watts)
{
        const double values[] = { watts, watts, watts, watts, watts, watts, watts, watts };
        struct input input = { .type = INPUT_SERIES };
        struct series series;

        world_series(&series, SERIES_LIMIT, WORLD_START, values, 8);
        input.u.series.series = &series;
        scene_send(scene, &input);
        series_finish(&series);
}

/* It may begin in so many seconds. */
static uint64_t submit(struct scene *scene, int64_t time_s, int64_t later_s)
{
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, "job", 4, time_s);
        spec.begin = later_s > 0 ? scene->now.wall + later_s : 0;
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return job;
}

static struct job *job_of(const struct scene *scene, uint64_t id)
{
        return state_job(&scene->state, id);
}

/* As a plan would have it: that mode from now on, in so many seconds' time at the latest none any more. */
static void plan_as(struct scene *scene, uint64_t id, uint32_t mode, int64_t seconds)
{
        const struct plan_interval hours = { scene->now.wall, scene->now.wall + seconds, 0, mode };
        struct job *job = job_of(scene, id);

        free(job->planned);
        assert_int_equal(copy_bytes(&hours, 1, sizeof(hours), (void **)&job->planned), 0);
        job->n_planned = 1;
}

static void report(struct scene *scene, int node, uint64_t id, uint32_t cap_ppm)
{
        struct leg_report leg = scene_leg(scene, id, REPORT_RUNNING, 0, 0);

        leg.cap_ppm = cap_ppm;
        scene_renew(scene, node, &leg, 1);
}

/* What a node was told is not what it does yet: nobody starts on power that it may still draw. */
static void power_is_free_when_the_node_has_its_cap(void **unused)
{
        struct scene scene;
        uint64_t first, second;

        (void)unused;
        begin(&scene, LEAST_W);
        limit(&scene, 720);
        first = submit(&scene, 2 * HOUR, 0);
        assert_int_equal(job_of(&scene, first)->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(job_of(&scene, first)->attempt.mode, 0);
        report(&scene, 0, first, 0);
        second = submit(&scene, 2 * HOUR, 1);
        plan_as(&scene, second, 0, 4 * HOUR);
        scene_wait_ms(&scene, 1000);
        assert_int_equal(job_of(&scene, second)->state, OFFPEAK_JOB_QUEUED); /* 820 W would be drawn */
        plan_as(&scene, first, LOW, 4 * HOUR);
        scene_wait_ms(&scene, 1000);
        assert_int_equal(job_of(&scene, first)->attempt.mode, LOW);
        assert_int_equal(job_of(&scene, second)->state, OFFPEAK_JOB_QUEUED);
        report(&scene, 0, first, 0); /* sent before it was told */
        assert_int_equal(job_of(&scene, second)->state, OFFPEAK_JOB_QUEUED);
        assert_non_null(scene_ordered(&scene, WANT_GO));
        report(&scene, 0, first, caps_ppm(LOW));
        assert_int_equal(job_of(&scene, second)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

/* Of ten minutes' start, which makes no progress in any mode. */
static uint64_t begin_with_start(struct scene *scene)
{
        uint64_t id;

        begin(scene, LEAST_W);
        scene->policy.classes[0].start_cost_s = 600;
        tell_policy(scene);
        id = submit(scene, 4 * HOUR, 0);
        assert_int_equal(job_of(scene, id)->state, OFFPEAK_JOB_ACTIVE);
        plan_as(scene, id, 0, 20 * HOUR);
        report(scene, 0, id, 0);
        return id;
}

static void cap_in(struct scene *scene, uint64_t id, int64_t seconds, uint32_t mode)
{
        scene_wait_ms(scene, seconds * 1000);
        plan_as(scene, id, mode, 20 * HOUR);
        scene_wait_ms(scene, 0);
        assert_int_equal(job_of(scene, id)->attempt.mode, mode);
        report(scene, 0, id, width_cap_ppm(&job_of(scene, id)->spec, mode));
}

static void assert_near(double a, double b)
{
        if (fabs(a - b) > 1e-6)
                fail_msg("%.9g is not %.9g", a, b);
}

/* Silent: 400 s at full speed, then 1000 under each of two caps; it is put on hold, and says no more. */
static void a_silent_job_keeps_what_it_made_in_each_mode(void **unused)
{
        double made = 400 + 1000 * caps_speed(LOW) + 1000 * caps_speed(1);
        struct scene scene;
        uint64_t id;

        (void)unused;
        id = begin_with_start(&scene);
        cap_in(&scene, id, 1000, LOW);
        cap_in(&scene, id, 1000, 1);
        scene_wait_ms(&scene, 1000 * 1000);
        assert_near(work_rest(job_of(&scene, id), state_class(&scene.state, job_of(&scene, id)), scene.now.wall),
                    4 * HOUR - made);
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), id);
        scene_renew_with(&scene, 0, id, REPORT_EXITED, LEG_ASKED, 0);
        assert_int_equal(job_of(&scene, id)->state, OFFPEAK_JOB_QUEUED);
        assert_near(job_of(&scene, id)->fraction, made / (4 * HOUR));
        assert_int_equal(job_of(&scene, id)->worked_s, (int64_t)(600 + made)); /* its start counts as one without a cap */
        scene_finish(&scene);
}

/* Talking: its pace tells how long all of it takes without a cap, however it was capped. */
static void a_pace_is_that_without_caps(void **unused)
{
        double made = 400 + 1000 * caps_speed(LOW) + 1000 * caps_speed(1);
        struct leg_report leg;
        struct scene scene;
        uint64_t id;

        (void)unused;
        id = begin_with_start(&scene);
        cap_in(&scene, id, 1000, LOW);
        cap_in(&scene, id, 1000, 1);
        scene_wait_ms(&scene, 1000 * 1000);
        leg = scene_leg(&scene, id, REPORT_RUNNING, 0, 0);
        leg.cap_ppm = caps_ppm(1);
        leg.done = made;
        leg.total = 3 * HOUR;
        scene_renew(&scene, 0, &leg, 1);
        assert_in_range(job_of(&scene, id)->total_s, 3 * HOUR, 3 * HOUR + 1);
        scene_finish(&scene);
}

/* In the middle of an attempt under its third cap: what a snapshot gives is the same, and goes on the same. */
static void a_restart_between_two_caps_changes_nothing(void **unused)
{
        struct scene scene;
        struct state again;
        char *before, *after;
        uint64_t id;

        (void)unused;
        id = begin_with_start(&scene);
        cap_in(&scene, id, 300, LOW); /* within its start */
        cap_in(&scene, id, 1000, 1);
        cap_in(&scene, id, 77, 2);
        assert_int_equal(state_init(&again), 0);
        assert_int_equal(state_images(&scene.state, scene_take_image, &again), 0);
        before = state_dump(&scene.state);
        after = state_dump(&again);
        assert_string_equal(before, after);
        free(before);
        free(after);
        state_finish(&again);
        scene_finish(&scene);
}

/* A class that lets nobody be capped any more lets go who is; so does a node that cannot set a cap. */
static void who_may_be_capped_no_more_is_let_go(void **unused)
{
        for (int i = 0; i < 2; i++) {
                struct plan_question question;
                struct scene scene;
                uint64_t id;

                (void)unused;
                begin(&scene, LEAST_W);
                id = submit(&scene, 4 * HOUR, 0);
                plan_as(&scene, id, 0, 20 * HOUR);
                report(&scene, 0, id, 0);
                cap_in(&scene, id, 300, LOW);
                if (i == 0) {
                        scene.policy.classes[0].cap_floor_ppm = 0;
                        tell_policy(&scene);
                } else {
                        scene.least_w = 0;
                        scene_hello(&scene, 1, 2);
                        scene_renew(&scene, 1, NULL, 0);
                }
                assert_true(scene.state.plan_wanted);
                assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
                assert_int_equal(question.problem.n_jobs, 1);
                assert_int_equal(question.problem.jobs[0].n_modes, 1);
                assert_int_equal(question.problem.jobs[0].run_mode, 0);
                assert_int_equal(question.problem.jobs[0].modes[0].id, 0);
                plan_question_finish(&question);
                plan_as(&scene, id, 0, 20 * HOUR);
                scene_wait_ms(&scene, 1000);
                assert_int_equal(job_of(&scene, id)->attempt.mode, 0);
                scene_finish(&scene);
        }
}

/* Hours of a plan from before that are not kept: nobody is launched, or capped, under what it may have no more. */
static void an_old_plan_caps_nobody_any_more(void **unused)
{
        struct scene scene;
        uint64_t running, waiting;

        (void)unused;
        begin(&scene, LEAST_W);
        running = submit(&scene, 4 * HOUR, 0);
        plan_as(&scene, running, 0, 20 * HOUR);
        report(&scene, 0, running, 0);
        waiting = submit(&scene, 4 * HOUR, 2);
        scene.least_w = 0;
        scene_hello(&scene, 1, 2);
        scene_renew(&scene, 1, NULL, 0);
        plan_as(&scene, running, LOW, 20 * HOUR);
        plan_as(&scene, waiting, LOW, 20 * HOUR);
        scene.now.wall += 2;
        scene_wait_ms(&scene, 1000);
        assert_int_equal(job_of(&scene, running)->attempt.mode, 0);
        assert_int_equal(job_of(&scene, waiting)->state, OFFPEAK_JOB_QUEUED);
        scene_finish(&scene);
}

static void read_in(struct scene *scene, uint64_t id, int64_t start, int64_t end)
{
        struct leg_report leg = scene_leg(scene, id, REPORT_RUNNING, 0, 0);
        struct reading reading = { .seq = scene->seq[0] + 1, .job = id, .attempt = 1, .start = start, .end = end,
                                   .quality = QUALITY_MEASURED };
        struct input input = { .type = INPUT_RENEW };

        leg.cap_ppm = width_cap_ppm(&job_of(scene, id)->spec, job_of(scene, id)->attempt.mode);
        input.u.renew.node = "n1";
        input.u.renew.term = scene_session(scene, 0)->term;
        input.u.renew.session = scene_session(scene, 0)->number;
        input.u.renew.seq = ++scene->seq[0];
        input.u.renew.sure = true;
        input.u.renew.legs = &leg;
        input.u.renew.n_legs = 1;
        input.u.renew.readings = &reading;
        input.u.renew.n_readings = 1;
        scene_send(scene, &input);
}

/* A stretch that nobody read is booked at what it should have drawn: before the change of caps by what held then. */
static void a_gap_over_a_change_is_booked_by_both(void **unused)
{
        struct scene scene;
        int64_t began, changed;
        uint64_t id;

        (void)unused;
        begin(&scene, LEAST_W);
        began = scene.now.wall;
        id = submit(&scene, 4 * HOUR, 0);
        plan_as(&scene, id, 0, 20 * HOUR);
        report(&scene, 0, id, 0);
        scene_wait_ms(&scene, 100 * 1000);
        read_in(&scene, id, began, scene.now.wall);
        changed = scene.now.wall + 1000;
        cap_in(&scene, id, 1000, LOW);
        scene_wait_ms(&scene, 500 * 1000);
        read_in(&scene, id, changed + 400, changed + 500);
        assert_int_equal(job_of(&scene, id)->joules, 1000 * 400 + 400 * (int64_t)(400 * caps_power(LOW)));
        scene_finish(&scene);
}

/* The widest choice there is: 16 widths at 4 levels are as many modes as a mask has bits. */
static void sixty_four_modes_are_planned(void **unused)
{
        struct plan_budget budget = { .work = 100000, .unproven = true };
        struct plan_question question;
        struct offpeak_job_spec spec;
        struct scene scene;
        struct plan plan;
        uint64_t id;

        (void)unused;
        begin(&scene, LEAST_W);
        world_spec(&spec, "elastic", 1, HOUR);
        spec.widths = calloc(OFFPEAK_MAX_WIDTHS, sizeof(*spec.widths));
        spec.n_widths = OFFPEAK_MAX_WIDTHS;
        for (uint32_t w = 0; w < OFFPEAK_MAX_WIDTHS; w++)
                spec.widths[w] = (struct offpeak_width){ 1, w + 2, 0, 0 };
        spec.widths[OFFPEAK_MAX_WIDTHS - 1] = (struct offpeak_width){ 2, 4, 0, 0 }; /* 8: one of those is given away */
        spec.widths[6] = (struct offpeak_width){ 1, 16, 0, 0 };
        id = scene_submit_spec(&scene, &spec);
        offpeak_job_spec_finish(&spec);
        assert_int_not_equal(id, 0);
        assert_int_equal(width_modes(&job_of(&scene, id)->spec), 64);
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        assert_int_equal(question.problem.jobs[0].n_modes, 5 * CAPS_LEVELS); /* 1 to 4 GPUs, and 8 on two nodes */
        assert_int_equal(question.problem.jobs[0].modes[19].id, 15 + 3 * 16);
        plan_init(&plan);
        assert_int_equal(plan_compute(&question.problem, &budget, &plan, NULL), 0);
        assert_int_equal(plan.n_jobs, 1);
        plan_finish(&plan);
        plan_question_finish(&question);
        plan_as(&scene, id, 15 + 3 * 16, 20 * HOUR);
        scene_wait_ms(&scene, 1000);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(power_is_free_when_the_node_has_its_cap),
                cmocka_unit_test(a_silent_job_keeps_what_it_made_in_each_mode),
                cmocka_unit_test(a_pace_is_that_without_caps),
                cmocka_unit_test(a_restart_between_two_caps_changes_nothing),
                cmocka_unit_test(who_may_be_capped_no_more_is_let_go),
                cmocka_unit_test(an_old_plan_caps_nobody_any_more),
                cmocka_unit_test(a_gap_over_a_change_is_booked_by_both),
                cmocka_unit_test(sixty_four_modes_are_planned),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
