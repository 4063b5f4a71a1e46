/* SPDX-License-Identifier: Apache-2.0 */
/* test_profile.c - what jobs of a name were seen to do, and what the next one of it is planned with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/copy.h"
#include "core/profile.h"
#include "core/width.h"
#include "unit/core/scene.h"

static void begin(struct scene *scene)
{
        scene_init(scene, ON_LOST_WAIT);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
}

static uint64_t submit(struct scene *scene, const char *name, uint32_t gpus, int64_t time_s)
{
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, name, gpus, time_s);
        spec.interruptible = OFFPEAK_NO; /* what is cheapest is not the matter here */
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return job;
}

/* Which may run on 2 GPUs as well as on 4. */
static uint64_t submit_elastic(struct scene *scene, const char *name)
{
        struct offpeak_width half = { 1, 2, 0, 0 };
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, name, 4, 2 * HOUR);
        spec.widths = malloc(sizeof(half));
        spec.widths[0] = half;
        spec.n_widths = 1;
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return job;
}

static const struct job *job_of(const struct scene *scene, uint64_t job)
{
        return state_job(&scene->state, job);
}

static const struct job_profile *profile_of_job(const struct scene *scene, uint64_t job)
{
        return profile_of(&scene->state, job_of(scene, job));
}

/* The time goes on, and the node tells how far the job is. */
static void tell_at(struct scene *scene, uint64_t job, int64_t seconds, double fraction)
{
        struct leg_report leg = scene_leg(scene, job, REPORT_RUNNING, LEG_EXIT, 0);

        leg.done = fraction;
        leg.total = 1;
        scene->now.wall += seconds;
        scene_wait_ms(scene, 1000);
        scene_renew(scene, 0, &leg, 1);
}

static void end(struct scene *scene, uint64_t job, int64_t seconds)
{
        scene->now.wall += seconds;
        scene_wait_ms(scene, 1000);
        scene_renew_with(scene, 0, job, REPORT_EXITED, LEG_EXIT, 0);
        assert_int_equal(job_of(scene, job)->state, OFFPEAK_JOB_DONE);
}

static void meter(struct scene *scene, uint64_t job, int64_t seconds, int64_t joules, enum quality quality)
{
        struct leg_report leg = scene_leg(scene, job, REPORT_RUNNING, LEG_EXIT, 0);
        struct reading reading = { .seq = scene->seq[0] + 1,
                                   .job = job,
                                   .attempt = job_of(scene, job)->attempt.number,
                                   .start = scene->now.wall,
                                   .end = scene->now.wall + seconds,
                                   .joules = joules,
                                   .quality = quality };
        struct input input = { .type = INPUT_RENEW };

        scene->now.wall += seconds;
        scene_wait_ms(scene, 1000);
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

/* It asked for two hours and makes a tenth of its work in six minutes: twice as fast as it asked for. */
static void progress_teaches_the_time_it_takes(void **unused)
{
        struct scene scene;
        uint64_t job, next;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 1, 2 * HOUR);
        assert_int_equal(job_of(&scene, job)->total_s, 2 * HOUR);
        for (int i = 0; i <= 6; i++)
                tell_at(&scene, job, 360, 0.1 * i);
        assert_int_equal(profile_of_job(&scene, job)->points[0].ran_s, 6 * 361);
        assert_true(fabs(profile_of_job(&scene, job)->points[0].work_s - 0.6 * 2 * HOUR) < 1);
        end(&scene, job, 1440);
        next = submit(&scene, "bert", 1, 2 * HOUR);
        assert_in_range(job_of(&scene, next)->total_s, HOUR, HOUR + HOUR / 4); /* ten minutes of it are as asked for */
        assert_int_equal(width_speed(job_of(&scene, next), 0), 1);
        assert_int_equal(job_of(&scene, submit(&scene, "other", 1, 2 * HOUR))->total_s, 2 * HOUR);
        assert_int_equal(job_of(&scene, submit(&scene, "bert", 1, 3 * HOUR))->total_s, 3 * HOUR);
        scene_finish(&scene);
}

/* Ten minutes of start, and then as fast as it asked for: what is told as it is launched begins no stretch. */
static void a_start_makes_nobody_slow(void **unused)
{
        struct scene scene;
        uint64_t job;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene.policy.classes[0].start_cost_s = 600;
        scene_set_policy(&scene);
        scene_hello(&scene, 0, 1);
        scene_renew(&scene, 0, NULL, 0);
        job = submit(&scene, "bert", 1, 2 * HOUR);
        tell_at(&scene, job, 1, 0);
        tell_at(&scene, job, 700, 0.02);
        for (int i = 1; i <= 6; i++)
                tell_at(&scene, job, 359, 0.02 + 0.05 * i); /* a second passes with each */
        assert_int_equal(profile_of_job(&scene, job)->n_points, 1);
        assert_int_equal(profile_of_job(&scene, job)->points[0].ran_s, 6 * 360);
        assert_true(fabs(profile_of_job(&scene, job)->points[0].work_s - 0.3 * 2 * HOUR) < 1);
        scene_finish(&scene);
}

/* It is lost, and begins again. */
static void begin_again(struct scene *scene, uint64_t job)
{
        const struct plan_interval hours = { scene->now.wall, scene->now.wall + 10 * HOUR, 0, 0 };
        struct job *changed = state_job(&scene->state, job);

        scene_renew_with(scene, 0, job, REPORT_EXITED, LEG_SHIM_LOST, 0);
        free(changed->planned);
        assert_int_equal(copy_bytes(&hours, 1, sizeof(hours), (void **)&changed->planned), 0);
        changed->n_planned = 1;
        scene_wait_ms(scene, 600 * 1000);
        scene_renew(scene, 0, NULL, 0);
        assert_int_equal(job_of(scene, job)->state, OFFPEAK_JOB_ACTIVE);
}

/* It begins again from a checkpoint behind what it had told: what it does again is no part of its pace. */
static void who_begins_again_further_back_is_no_slower(void **unused)
{
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 1, 2 * HOUR);
        for (int i = 0; i <= 5; i++)
                tell_at(&scene, job, HOUR / 5, 0.1 * i);
        begin_again(&scene, job);
        tell_at(&scene, job, 1, 0.3);
        for (int i = 1; i <= 5; i++)
                tell_at(&scene, job, 2 * HOUR / 20, 0.3 + 0.05 * i);
        assert_in_range(job_of(&scene, job)->total_s, 2 * HOUR - 60, 2 * HOUR + 60);
        scene_finish(&scene);
}

/* Without a word of progress its whole run says it, start cost taken off; not if it was stopped in between. */
static void a_silent_run_teaches_it_too(void **unused)
{
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 1, HOUR);
        tell_at(&scene, job, 1, 0);
        assert_int_equal(profile_of_job(&scene, job)->n_points, 0);
        end(&scene, job, HOUR / 2);
        assert_int_equal(profile_of_job(&scene, job)->n_points, 0); /* it had told its progress: that speaks */
        job = submit(&scene, "silent", 1, HOUR);
        scene.now.wall = job_of(&scene, job)->planned[0].start;
        scene_wait_ms(&scene, 1000);
        assert_int_equal(job_of(&scene, job)->state, OFFPEAK_JOB_ACTIVE);
        scene.now.wall += HOUR / 2;
        end(&scene, job, 0);
        assert_int_equal(profile_of_job(&scene, job)->n_points, 1);
        assert_int_equal(profile_of_job(&scene, job)->points[0].work_s, HOUR);
        assert_in_range(job_of(&scene, submit(&scene, "silent", 1, HOUR))->total_s, HOUR / 2, HOUR * 3 / 4);
        scene_finish(&scene);
}

/* What sensors measured is planned with; what a model says is not. */
static void only_measured_joules_teach(void **unused)
{
        struct scene scene;
        uint64_t job, next;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 2, 2 * HOUR);
        meter(&scene, job, 900, 900 * 130, QUALITY_MODELLED);
        meter(&scene, job, 900, 900 * 130, QUALITY_ESTIMATED);
        assert_int_equal(profile_of_job(&scene, job)->n_points, 0);
        meter(&scene, job, 3000, 3000 * 130, QUALITY_MEASURED);
        assert_int_equal(profile_of_job(&scene, job)->points[0].metered_ms, 3000 * 1000);
        assert_int_equal(width_power(job_of(&scene, job), 0), 130); /* nobody had declared any: there is nothing beside it */
        next = submit(&scene, "bert", 2, 2 * HOUR);
        assert_int_equal(width_power(job_of(&scene, next), 0), 130);
        assert_int_equal(width_power(job_of(&scene, submit(&scene, "other", 2, 2 * HOUR)), 0), 0);
        scene_finish(&scene);
}

/* A sensor that is off by far says nothing, and does no harm. */
static void joules_that_no_job_draws_are_passed_over(void **unused)
{
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 2, 2 * HOUR);
        for (int i = 0; i < 4; i++)
                meter(&scene, job, 900, INT64_MAX / 8, QUALITY_MEASURED);
        assert_int_equal(profile_of_job(&scene, job)->n_points, 0);
        assert_int_equal(width_power(job_of(&scene, job), 0), 0);
        scene_finish(&scene);
}

/* At 4 GPUs as asked, at 2 three quarters of that: far better than the built-in curve has it (0.54). */
static void an_elastic_job_learns_its_curve(void **unused)
{
        struct job_profile *profile, fitted;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene);
        job = submit_elastic(&scene, "bert");
        assert_true(fabs(width_speed(job_of(&scene, job), 1) - 0.536) < 0.001);
        profile = profile_of(&scene.state, job_of(&scene, job));
        profile->points = calloc(2, sizeof(*profile->points));
        profile->n_points = 2;
        profile->points[0] = (struct profile_point){ .gpus = 4, .ran_s = 36000, .work_s = 36000 };
        profile->points[1] = (struct profile_point){ .gpus = 2, .ran_s = 36000, .work_s = 27000 };
        assert_true(profile_is_due(profile));
        assert_int_equal(profile_fit(profile, &fitted), 0);
        assert_int_equal(fitted.n_points, 0);
        assert_int_equal(fitted.n_widths, 2);
        assert_true(fabs((double)fitted.widths[0].speed_ppm - 750000) < 6000);
        assert_true(fabs((double)fitted.widths[1].speed_ppm - 1000000) < 6000);
        assert_int_equal(profile_take_fit(&scene.state, &fitted, 77), 0);
        assert_false(profile_is_due(profile));
        assert_true(fabs(width_speed(job_of(&scene, job), 1) - 0.75) < 0.006);
        profile_finish(&fitted);
        scene_finish(&scene);
}

/* Faster than in proportion is no concave curve: the fit stays below it. And power goes its own way. */
static void a_fit_is_concave_and_joins_caps(void **unused)
{
        struct job_profile fitted, profile = { .gpus = 8, .time_s = HOUR };
        struct profile_width widths[] = { { 4, 536000, 0, 0, 0 }, { 8, 1000000, 0, 0, 0 }, { 16, 1866000, 0, 0, 0 } };
        struct profile_point points[] = { { 4, 0, 90000, 45000, 90000000, 90000 * 1200, 0, 0 },
                                          { 16, 0, 90000, 270000, 90000000, 90000 * INT64_C(5000), 0, 0 },
                                          { 8, 2, 90000, 81000, 90000000, 90000 * 1800, 0, 0 } };

        (void)unused;
        profile.points = points;
        profile.n_points = 3;
        profile.widths = widths;
        profile.n_widths = 3;
        assert_int_equal(profile_fit(&profile, &fitted), 0);
        for (unsigned i = 1; i < 3; i++) {
                assert_true(fitted.widths[i].speed_ppm >= fitted.widths[i - 1].speed_ppm);
                assert_true(fitted.widths[i].speed_ppm <= 2 * fitted.widths[i - 1].speed_ppm + 2);
                assert_true(fitted.widths[i].power_w <= 2 * fitted.widths[i - 1].power_w + 2);
        }
        for (unsigned level = 1; level < CAPS_LEVELS; level++) {
                assert_true(fitted.cap_speed_ppm[level] <= fitted.cap_speed_ppm[level - 1]);
                assert_true(fitted.cap_power_ppm[level] <= fitted.cap_power_ppm[level - 1]);
        }
        assert_int_equal(fitted.cap_speed_ppm[0], 1000000);
        assert_int_equal(fitted.cap_power_ppm[0], 1000000);
        profile_finish(&fitted);
}

/* Far under a cap's share of power it is all but still: the line through that would fall below nothing. */
static void what_hardly_moves_under_a_cap_is_slow_and_not_unknown(void **unused)
{
        struct job_profile fitted, profile = { .gpus = 8, .time_s = HOUR };
        struct profile_width widths[] = { { 8, 1000000, 0, 0, 0 }, { 16, 1866000, 0, 0, 0 } };
        struct profile_point points[] = { { 8, 0, 9000000, 9000000, 9000000000, 9000000 * INT64_C(2000), 0, 0 },
                                          { 8, 1, 9000000, 90000, 9000000000, 9000000 * INT64_C(20), 0, 0 },
                                          { 8, 2, 9000000, 90000, 9000000000, 9000000 * INT64_C(20), 0, 0 },
                                          { 16, 3, 9000000, 90000, 9000000000, 9000000 * INT64_C(20), 0, 0 } };

        (void)unused;
        profile.points = points;
        profile.n_points = 4;
        profile.widths = widths;
        profile.n_widths = 2;
        assert_int_equal(profile_fit(&profile, &fitted), 0);
        for (unsigned level = 1; level < CAPS_LEVELS; level++) {
                assert_in_range(fitted.cap_speed_ppm[level], 10000, 700000);
                assert_in_range(fitted.cap_power_ppm[level], 10000, 700000);
        }
        for (unsigned i = 0; i < 2; i++) {
                assert_in_range(fitted.widths[i].speed_ppm, 200000, 2000000);
                assert_in_range(fitted.widths[i].power_w, 400, 4000);
        }
        profile_finish(&fitted);
}

/* Another size of the same name: the shape of the curve stands in, not the time. */
static void another_width_borrows_the_curve(void **unused)
{
        struct job_profile fitted;
        struct scene scene;
        uint64_t first, second;

        (void)unused;
        begin(&scene);
        first = submit_elastic(&scene, "bert");
        assert_int_equal(profile_fit(profile_of(&scene.state, job_of(&scene, first)), &fitted), 0);
        fitted.widths[0].speed_ppm = 800000;
        fitted.widths[1].speed_ppm = 1000000;
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                fitted.cap_speed_ppm[level] = 1000000;
        fitted.widths[0].power_w = 250;
        fitted.widths[1].power_w = 400;
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                fitted.cap_power_ppm[level] = 1000000;
        fitted.knows_time = true;
        assert_int_equal(profile_take_fit(&scene.state, &fitted, 5), 0);
        second = submit(&scene, "bert", 2, HOUR);
        assert_int_equal(width_power(job_of(&scene, second), 0), 250);
        assert_int_equal(job_of(&scene, second)->total_s, HOUR);
        assert_int_equal(width_power(job_of(&scene, submit(&scene, "bert", 3, HOUR)), 0), 325); /* between the two */
        assert_int_equal(width_power(job_of(&scene, submit(&scene, "bert", 1, HOUR)), 0), 125); /* below: in proportion */
        profile_finish(&fitted);
        scene_finish(&scene);
}

/* Its owner asks for an hour of it by a deadline, and no other answer than a promise will do. */
static uint64_t submit_strict(struct scene *scene, const char *name, int64_t ahead_s)
{
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, name, 1, HOUR);
        spec.interruptible = OFFPEAK_NO;
        spec.strict_deadline = true;
        spec.deadline = scene->now.wall + ahead_s;
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return job;
}

/* Who is let in, and with which hours, is told by what the job takes, not by what is asked for. */
static void a_promise_goes_by_what_was_learned(void **unused)
{
        struct job_profile fitted;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "slow", 1, HOUR);
        assert_int_equal(profile_fit(profile_of_job(&scene, job), &fitted), 0);
        fitted.widths[0].speed_ppm = 500000;
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                fitted.cap_speed_ppm[level] = 1000000;
        fitted.knows_time = true;
        assert_int_equal(profile_take_fit(&scene.state, &fitted, 5), 0);
        profile_finish(&fitted);
        assert_int_equal(submit_strict(&scene, "slow", HOUR + HOUR / 2), 0);
        job = submit_strict(&scene, "slow", 3 * HOUR);
        assert_int_not_equal(job, 0);
        assert_in_range(job_of(&scene, job)->planned_finish, scene.now.wall + 2 * HOUR, scene.now.wall + 3 * HOUR);
        assert_int_not_equal(submit_strict(&scene, "other", HOUR + HOUR / 2), 0);
        scene_finish(&scene);
}

/* A snapshot holds all of it: what follows from it is the same. */
static void a_snapshot_keeps_it(void **unused)
{
        struct scene scene;
        struct state again;
        char *a, *b;
        uint64_t job;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 1, 2 * HOUR);
        for (int i = 0; i <= 6; i++)
                tell_at(&scene, job, 360, 0.1 * i);
        meter(&scene, job, 1000, 130000, QUALITY_MEASURED);
        submit(&scene, "bert", 1, 2 * HOUR);
        assert_true(job_of(&scene, job)->n_known > 0);
        assert_int_equal(state_init(&again), 0);
        assert_int_equal(state_images(&scene.state, scene_take_image, &again), 0);
        a = state_dump(&scene.state);
        b = state_dump(&again);
        assert_string_equal(a, b);
        assert_non_null(strstr(a, "known 0 speed=1000000"));
        free(a);
        free(b);
        state_finish(&again);
        scene_finish(&scene);
}

/* Enough names that the oldest go, and all others but those that jobs wait with. */
static void fill_with_names(struct scene *scene)
{
        char name[16];

        scene->now.wall += 1;
        for (int i = 0; i < 2000; i++) {
                snprintf(name, sizeof(name), "n%d", i);
                scene_tell(scene, INPUT_CANCEL, scene_client(scene), submit(scene, name, 4, HOUR));
        }
}

/* More of the same is no reason for another plan; what is new is. */
static void a_fit_that_says_the_same_plans_nothing_anew(void **unused)
{
        struct scene scene;
        uint64_t job;
        int fits = 0, plans = 0;

        (void)unused;
        begin(&scene);
        job = submit(&scene, "bert", 1, 2 * HOUR);
        for (int i = 0; i <= 40; i++) {
                scene.state.plan_wanted = false;
                scene.state.plan_asked = true; /* so that none is due by itself */
                tell_at(&scene, job, i <= 20 ? 143 : 287, 0.02 * i); /* as it was asked for, and then half as fast */
                fits += scene_recorded(&scene, RECORD_LEARNED) != NULL;
                plans += scene_recorded(&scene, RECORD_LEARNED) != NULL && scene.state.plan_wanted;
                if (i == 20) {
                        assert_true(fits > 5);
                        assert_in_range(plans, 0, 1); /* the first says so that it is known */
                }
        }
        assert_true(plans > 2);
        scene_finish(&scene);
}

/* Thousands of names: the one used last longest ago goes, none that a job waits with. */
static void old_names_go(void **unused)
{
        struct scene scene;
        uint64_t first, second;

        (void)unused;
        begin(&scene);
        first = submit(&scene, "first", 1, HOUR);
        second = submit(&scene, "second", 1, HOUR);
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), second);
        scene_renew_with(&scene, 0, second, REPORT_EXITED, LEG_ASKED, 0);
        fill_with_names(&scene);
        assert_int_equal(scene.state.n_profiles, 2000);
        assert_non_null(profile_of_job(&scene, first));
        assert_null(profile_of_job(&scene, second));
        assert_true(state_is_bound(&scene.state));
        scene_finish(&scene);
}

/* A job that went by another one's curves goes by none when they are gone: as it would after a restart. */
static void who_borrowed_from_a_name_that_goes_forgets_it(void **unused)
{
        struct job_profile fitted;
        struct scene scene;
        struct state again;
        uint64_t lender, borrower;
        char *a, *b;

        (void)unused;
        begin(&scene);
        lender = submit(&scene, "bert", 2, HOUR);
        assert_int_equal(profile_fit(profile_of_job(&scene, lender), &fitted), 0);
        fitted.widths[0].power_w = 300;
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                fitted.cap_power_ppm[level] = 1000000;
        assert_int_equal(profile_take_fit(&scene.state, &fitted, 5), 0);
        profile_finish(&fitted);
        scene.now.wall += 1;
        borrower = submit(&scene, "bert", 4, HOUR);
        assert_int_equal(width_power(job_of(&scene, borrower), 0), 600);
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), lender);
        scene_renew_with(&scene, 0, lender, REPORT_EXITED, LEG_ASKED, 0);
        fill_with_names(&scene);
        assert_null(profile_of_job(&scene, lender));
        assert_true(state_is_bound(&scene.state));
        assert_int_equal(state_init(&again), 0);
        assert_int_equal(state_images(&scene.state, scene_take_image, &again), 0);
        assert_true(state_is_bound(&again));
        a = state_dump(&scene.state);
        b = state_dump(&again);
        assert_string_equal(a, b);
        assert_int_equal(width_power(job_of(&scene, borrower), 0), 0);
        free(a);
        free(b);
        state_finish(&again);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(progress_teaches_the_time_it_takes),
                cmocka_unit_test(a_start_makes_nobody_slow),
                cmocka_unit_test(who_begins_again_further_back_is_no_slower),
                cmocka_unit_test(a_silent_run_teaches_it_too),
                cmocka_unit_test(only_measured_joules_teach),
                cmocka_unit_test(joules_that_no_job_draws_are_passed_over),
                cmocka_unit_test(an_elastic_job_learns_its_curve),
                cmocka_unit_test(a_fit_is_concave_and_joins_caps),
                cmocka_unit_test(what_hardly_moves_under_a_cap_is_slow_and_not_unknown),
                cmocka_unit_test(another_width_borrows_the_curve),
                cmocka_unit_test(a_promise_goes_by_what_was_learned),
                cmocka_unit_test(a_snapshot_keeps_it),
                cmocka_unit_test(a_fit_that_says_the_same_plans_nothing_anew),
                cmocka_unit_test(old_names_go),
                cmocka_unit_test(who_borrowed_from_a_name_that_goes_forgets_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
