/* SPDX-License-Identifier: Apache-2.0 */
/* EASY backfill by hand: who starts when, in seconds from now. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"
#include "unit/plan/random_problem.h"

#define NOW INT64_C(1800000000)

enum { MAX_JOBS = 6 };

/* Two sites of 8 GPUs, one step each, for 10000 s; jobs of 1 GPU at 1000 W and 1000 s that may run at the first. */
struct scene {
        struct plan_step steps[2][3];
        struct plan_site sites[2];
        struct plan_mode modes[MAX_JOBS][2];
        struct plan_job jobs[MAX_JOBS];
        struct plan_problem problem;
        struct plan plan;
};

static void scene_init(struct scene *scene, size_t n_jobs)
{
        memset(scene, 0, sizeof(*scene));
        for (int s = 0; s < 2; s++) {
                scene->steps[s][0] = (struct plan_step){ .start = NOW, .n_segments = 1, .segments = { { 100, INFINITY } }, .gpus = 8 };
                scene->sites[s] = (struct plan_site){
                        .name = s == 0 ? "here" : "there", .steps = scene->steps[s], .n_steps = 1, .pue_factor = 1
                };
        }
        for (size_t j = 0; j < MAX_JOBS; j++) {
                scene->modes[j][0] = (struct plan_mode){ 1, 1000, 1, 0, 0 };
                scene->modes[j][1] = (struct plan_mode){ 1, 600, 0.5, 0, 0 };
                scene->jobs[j] = (struct plan_job){ .id = j + 1,
                                                    .sites = 1,
                                                    .modes = scene->modes[j],
                                                    .n_modes = 2,
                                                    .work_s = 1000,
                                                    .release = NOW,
                                                    .max_starts = PLAN_ANY_STARTS,
                                                    .earliest_finish = NOW + 1000 };
        }
        scene->problem = (struct plan_problem){ .now = NOW,
                                                .horizon = NOW + 10000,
                                                .sites = scene->sites,
                                                .n_sites = 2,
                                                .jobs = scene->jobs,
                                                .n_jobs = n_jobs,
                                                .terminal_price = 100,
                                                .unfinished_cost = 100,
                                                .over_limit_cost = 1000 };
}

static void add_step(struct scene *scene, int site, int64_t start, uint32_t gpus, double limit_w)
{
        size_t n = scene->sites[site].n_steps++;

        scene->steps[site][n] = (struct plan_step){ .start = NOW + start, .n_segments = 1, .segments = { { 100, limit_w } }, .gpus = gpus };
}

static void run(struct scene *scene)
{
        struct offpeak_error err;

        if (plan_run_now(&scene->problem, &scene->plan, &err) != 0)
                fail_msg("%s", err.text);
        if (plan_check(&scene->problem, &scene->plan, NULL, &err) != 0)
                fail_msg("%s", err.text);
        assert_true(scene->plan.bound == -INFINITY);
}

/* Interval i of job j (from 0) is [start, end) at the site. */
static void runs(const struct scene *scene, size_t j, size_t i, int64_t start, int64_t end, uint32_t site)
{
        const struct plan_job_result *result = &scene->plan.jobs[j];
        const struct plan_interval *interval = &scene->plan.intervals[result->first + i];

        if (i >= result->n)
                fail_msg("job %zu has %zu intervals", j, result->n);
        if (interval->start != NOW + start || interval->end != NOW + end || interval->site != site)
                fail_msg("job %zu runs %lld-%lld at %u", j, (long long)(interval->start - NOW),
                         (long long)(interval->end - NOW), interval->site);
}

static void jobs_start_in_submit_order(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 3);
        for (int j = 0; j < 3; j++)
                scene.modes[j][0].gpus = 5;
        run(&scene);
        runs(&scene, 0, 0, 0, 1000, 0);
        runs(&scene, 1, 0, 1000, 2000, 0);
        runs(&scene, 2, 0, 2000, 3000, 0);
        assert_int_equal(scene.plan.jobs[0].reason, PLAN_AT_ONCE);
        plan_finish(&scene.plan);
}

static void backfill_does_not_delay_the_first_that_waits(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 4);
        scene.modes[0][0].gpus = 5;
        scene.modes[1][0].gpus = 6; /* waits until 1000 */
        scene.modes[2][0].gpus = 3;
        scene.jobs[2].work_s = 1001; /* fits now, but for a second too long */
        scene.modes[3][0].gpus = 3;
        scene.jobs[3].work_s = 1000; /* just fits */
        run(&scene);
        runs(&scene, 1, 0, 1000, 2000, 0);
        runs(&scene, 2, 0, 2000, 3001, 0);
        runs(&scene, 3, 0, 0, 1000, 0);
        plan_finish(&scene.plan);
}

static void backfill_runs_beside_the_reservation(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 3);
        scene.modes[0][0].gpus = 5;
        scene.modes[1][0].gpus = 6;
        scene.modes[2][0].gpus = 2; /* long, but 6 + 2 fit together */
        scene.jobs[2].work_s = 5000;
        run(&scene);
        runs(&scene, 1, 0, 1000, 2000, 0);
        runs(&scene, 2, 0, 0, 5000, 0);
        plan_finish(&scene.plan);
}

static void a_start_costs_time(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 1);
        scene.jobs[0].start_cost_s = 60;
        run(&scene);
        runs(&scene, 0, 0, 0, 1060, 0);
        assert_int_equal(scene.plan.jobs[0].finish, NOW + 1060);
        plan_finish(&scene.plan);
}

static void running_jobs_go_on_uncapped(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 2);
        for (int j = 0; j < 2; j++)
                scene.modes[j][0].gpus = scene.modes[j][1].gpus = 8;
        scene.jobs[1].running = true; /* the second of the queue, but it has them */
        scene.jobs[1].run_mode = 1;
        scene.jobs[1].start_cost_s = 60;
        run(&scene);
        runs(&scene, 1, 0, 0, 1000, 0);
        runs(&scene, 0, 0, 1000, 2000, 0);
        assert_int_equal(scene.plan.intervals[1].mode, 0);
        assert_int_equal(scene.plan.jobs[1].reason, PLAN_RUNNING);
        plan_finish(&scene.plan);
}

static void another_width_goes_on_as_it_is(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 1);
        scene.modes[0][0].gpus = 4;
        scene.modes[0][1].gpus = 2; /* runs narrow, at half speed */
        scene.jobs[0].running = true;
        scene.jobs[0].run_mode = 1;
        run(&scene);
        runs(&scene, 0, 0, 0, 2000, 0);
        assert_int_equal(scene.plan.intervals[0].mode, 1);
        plan_finish(&scene.plan);
}

static void power_binds_as_gpus_do(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 3);
        scene.steps[0][0].segments[0].limit_w = 2500;
        scene.sites[0].idle_w = 400;
        run(&scene); /* 400 + 2 x 1000 fit, 3 x 1000 do not */
        runs(&scene, 0, 0, 0, 1000, 0);
        runs(&scene, 1, 0, 0, 1000, 0);
        runs(&scene, 2, 0, 1000, 2000, 0);
        plan_finish(&scene.plan);
}

static void the_site_that_is_free_first_is_taken(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 4);
        for (int j = 0; j < 4; j++) {
                scene.modes[j][0].gpus = 8;
                scene.jobs[j].sites = 3;
        }
        scene.jobs[0].work_s = 3000;
        scene.jobs[3].sites = 1;
        run(&scene);
        runs(&scene, 0, 0, 0, 3000, 0);
        runs(&scene, 1, 0, 0, 1000, 1);
        runs(&scene, 2, 0, 1000, 2000, 1);
        runs(&scene, 3, 0, 3000, 4000, 0);
        plan_finish(&scene.plan);
}

static void nobody_starts_into_an_outage(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 2);
        add_step(&scene, 0, 900, 0, INFINITY);
        add_step(&scene, 0, 1500, 8, INFINITY);
        scene.jobs[1].work_s = 900;
        run(&scene);
        runs(&scene, 0, 0, 1500, 2500, 0);
        runs(&scene, 1, 0, 0, 900, 0);
        plan_finish(&scene.plan);
}

static void an_outage_cuts_what_runs(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 1);
        add_step(&scene, 0, 900, 0, INFINITY);
        add_step(&scene, 0, 1500, 8, INFINITY);
        scene.jobs[0].running = true;
        scene.jobs[0].start_cost_s = 50;
        run(&scene);
        runs(&scene, 0, 0, 0, 900, 0);
        runs(&scene, 0, 1, 1500, 1650, 0); /* 50 of start, 100 of work */
        plan_finish(&scene.plan);

        scene_init(&scene, 1); /* the same, were it not to be started again */
        add_step(&scene, 0, 900, 0, INFINITY);
        add_step(&scene, 0, 1500, 8, INFINITY);
        scene.jobs[0].running = true;
        scene.jobs[0].max_starts = 0;
        run(&scene);
        assert_int_equal(scene.plan.jobs[0].n, 1);
        assert_true(fabs(scene.plan.jobs[0].unfinished_s - 100) < 1e-6);
        assert_int_equal(scene.plan.jobs[0].reason, PLAN_BEYOND);
        plan_finish(&scene.plan);
}

static void a_job_longer_than_any_stretch_runs_in_pieces(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 1);
        add_step(&scene, 0, 4000, 0, INFINITY);
        add_step(&scene, 0, 6000, 8, INFINITY);
        scene.jobs[0].work_s = 6000;
        scene.jobs[0].start_cost_s = 100;
        run(&scene);
        runs(&scene, 0, 0, 0, 4000, 0);    /* 3900 of work */
        runs(&scene, 0, 1, 6000, 8200, 0); /* 2100 */
        plan_finish(&scene.plan);
}

static void the_horizon_cuts(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 2);
        scene.jobs[0].work_s = 15000;
        scene.modes[0][0].gpus = 8;
        scene.jobs[1].release = NOW + 9500; /* waits for what never ends */
        run(&scene);
        runs(&scene, 0, 0, 0, 10000, 0);
        assert_true(fabs(scene.plan.jobs[0].unfinished_s - 5000) < 1e-6);
        assert_int_equal(scene.plan.jobs[0].finish, NOW + 15000);
        assert_int_equal(scene.plan.jobs[1].n, 0);
        assert_int_equal(scene.plan.jobs[1].reason, PLAN_BEYOND);
        plan_finish(&scene.plan);
}

static void the_impossible_waits_for_nothing_and_blocks_nobody(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 2);
        scene.modes[0][0].gpus = scene.modes[0][1].gpus = 9;
        run(&scene);
        assert_int_equal(scene.plan.jobs[0].n, 0);
        assert_int_equal(scene.plan.jobs[0].finish, 0);
        assert_int_equal(scene.plan.jobs[0].reason, PLAN_IMPOSSIBLE);
        runs(&scene, 1, 0, 0, 1000, 0);
        plan_finish(&scene.plan);
}

static void release_is_waited_for(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 1);
        scene.jobs[0].release = NOW + 777;
        run(&scene);
        runs(&scene, 0, 0, 777, 1777, 0);
        plan_finish(&scene.plan);
}

/* Whatever the problem, the checker accepts the plan, and nobody but who was cut by an outage is paused. */
/* Power is gone from 500 to 700: nobody knew, so both begin at once. The first leaves room for one alone, and is cut as well. */
static void who_is_blind_is_cut(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 2);
        scene.problem.blind = true;
        scene.jobs[0].start_cost_s = scene.jobs[1].start_cost_s = 100;
        add_step(&scene, 0, 500, 8, 0);
        add_step(&scene, 0, 700, 8, INFINITY);
        scene.jobs[1].release = NOW + 400; /* it would be cut as its start is done: it waits */
        scene.jobs[1].earliest_finish = NOW + 1500;
        run(&scene);
        runs(&scene, 0, 0, 0, 500, 0);
        runs(&scene, 0, 1, 700, 1400, 0); /* 400 s of work are done */
        runs(&scene, 1, 0, 700, 1800, 0);
        assert_int_equal(scene.plan.jobs[0].n, 2);
        assert_int_equal(scene.plan.jobs[1].n, 1);
        plan_finish(&scene.plan);
}

/* What others have reserved is no limit that falls: nobody begins only to make way. */
static void who_is_blind_keeps_to_reservations(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene, 4);
        scene.problem.blind = true;
        scene.modes[0][0].gpus = 5;
        scene.modes[1][0].gpus = 6; /* waits until 1000 */
        scene.modes[2][0].gpus = 3;
        scene.jobs[2].work_s = 1001;
        scene.modes[3][0].gpus = 3;
        run(&scene);
        runs(&scene, 1, 0, 1000, 2000, 0);
        runs(&scene, 2, 0, 2000, 3001, 0);
        runs(&scene, 3, 0, 0, 1000, 0);
        for (size_t j = 0; j < 4; j++)
                assert_int_equal(scene.plan.jobs[j].n, 1);
        plan_finish(&scene.plan);
}

static void any_problem_is_run_within_its_limits(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 300; seed++) {
                uint64_t draw = seed;
                struct random_shape shape = {
                        .n_sites = (size_t)random_range(&draw, 1, 3),
                        .n_steps = (size_t)random_range(&draw, 1, 30),
                        .n_jobs = (size_t)random_range(&draw, 0, 40),
                        .n_modes = (size_t)random_range(&draw, 1, 4),
                        .step_s = 3600,
                        .irregular = seed % 2 == 0,
                        .work_s = 20000,
                        .start_cost_s = 600,
                        .min_run_s = 3600,
                        .gpus = 16,
                        .job_gpus = 12,
                        .watts_per_gpu = 700,
                        .price = 80,
                        .negative = 0.1,
                        .two_segments = 0.3,
                        .limited = 0.3,
                        .outages = seed % 3 == 0 ? 0.2 : 0,
                        .running = 0.2,
                        .deadlines = 0.5,
                        .delays = 0.5,
                        .once = 0.3,
                        .fractions = 0.2,
                };
                struct random_problem random;
                struct offpeak_error err;
                struct plan plan;

                random_problem_init(&random, seed, &shape);
                random.problem.blind = seed % 5 == 0;
                if (plan_run_now(&random.problem, &plan, &err) != 0)
                        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
                if (plan_check(&random.problem, &plan, NULL, &err) != 0)
                        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
                for (size_t j = 0; shape.outages == 0 && j < plan.n_jobs; j++)
                        if (plan.jobs[j].n > 1)
                                fail_msg("seed %llu: job %zu is paused", (unsigned long long)seed, j);
                plan_finish(&plan);
                random_problem_finish(&random);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_start_in_submit_order),
                cmocka_unit_test(backfill_does_not_delay_the_first_that_waits),
                cmocka_unit_test(backfill_runs_beside_the_reservation),
                cmocka_unit_test(a_start_costs_time),
                cmocka_unit_test(running_jobs_go_on_uncapped),
                cmocka_unit_test(another_width_goes_on_as_it_is),
                cmocka_unit_test(power_binds_as_gpus_do),
                cmocka_unit_test(the_site_that_is_free_first_is_taken),
                cmocka_unit_test(nobody_starts_into_an_outage),
                cmocka_unit_test(an_outage_cuts_what_runs),
                cmocka_unit_test(a_job_longer_than_any_stretch_runs_in_pieces),
                cmocka_unit_test(the_horizon_cuts),
                cmocka_unit_test(the_impossible_waits_for_nothing_and_blocks_nobody),
                cmocka_unit_test(release_is_waited_for),
                cmocka_unit_test(who_is_blind_is_cut),
                cmocka_unit_test(who_is_blind_keeps_to_reservations),
                cmocka_unit_test(any_problem_is_run_within_its_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
