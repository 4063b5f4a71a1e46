/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caps.c - power caps in plans, through the virtual-time host: a job goes on under a cap where stopping would cost
 * more, or fits where it would not without; what each mode drew and did is in the books to the joule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "core/caps.h"
#include "core/outcome.h"
#include "core/profile.h"
#include "core/width.h"
#include "support/sim_world.h"

enum { GPU_W = 500, LEAST_W = 200, GPUS = 4 };

static void begin(struct sim_world *world, const double *prices, size_t n, int64_t cap_floor_ppm, uint32_t least_w)
{
        const struct sim_options options = { .renew_s = 60 };

        world->policy.classes[0].cap_floor_ppm = cap_floor_ppm;
        sim_world_init_failing(world, prices, n, &options);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", GPUS, 0, GPU_W, least_w }), 0);
}

static uint64_t submit(struct sim_world *world, const char *name, int64_t time_s, int64_t deadline)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err = { 0 };
        uint64_t id;

        world_spec(&spec, name, GPUS, time_s);
        spec.deadline = deadline;
        assert_int_equal(sim_submit(world->sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        return id;
}

/* J of the job in [from, to). */
static int64_t joules_in(const struct sim_world *world, uint64_t job, int64_t from, int64_t to)
{
        int64_t joules = 0;
        size_t n;
        const struct booking *bookings = sim_bookings(world->sim, &n);

        for (size_t i = 0; i < n; i++)
                if (bookings[i].account == ACCOUNT_JOB && bookings[i].job == job && bookings[i].start >= from &&
                    bookings[i].end <= to)
                        joules += bookings[i].joules;
        return joules;
}

static const double one_dear_hour[] = { 50, 50, 1000, 50, 50, 50, 50, 50, 50, 50 };

/* What it is compared with is the same work at once without a cap, at the power that this draws. */
static void assert_compared_with(const struct sim_world *world, uint64_t id, int64_t work_s)
{
        struct report_job outcome = outcome_of_job(sim_state(world->sim), sim_world_job(world, id), 0);

        assert_true(fabs((double)(outcome.work_s - work_s)) <= 3);
        assert_true(fabs(outcome.power_w - GPUS * GPU_W) <= 1);
}

/*
 * Waiting costs 4 an hour. The dear hour's 2 kW cost 2 without a cap; at 0.7 of the limit 1.556, and 0.072 of an hour
 * later, which is 0.29: better than either going on at full power or stopping.
 */
static void a_dear_hour_is_spent_under_a_cap(void **unused)
{
        struct sim_world world;
        const struct job *job;
        int64_t capped_w = (int64_t)(GPUS * GPU_W * caps_power(2)), extra_s;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        world.policy.classes[0].delay_cost = 1000000;
        begin(&world, one_dear_hour, 10, 550000, LEAST_W);
        id = submit(&world, "job", 4 * HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 10 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(job->attempts, 1);
        assert_int_equal(job->pauses, 0);
        extra_s = job->ended_at - (WORLD_START + 4 * HOUR);
        assert_true(fabs((double)extra_s - (1 - caps_speed(2)) * HOUR) <= 2);
        assert_int_equal(joules_in(&world, id, WORLD_START, WORLD_START + 2 * HOUR), INT64_C(2) * HOUR * GPUS * GPU_W);
        assert_int_equal(joules_in(&world, id, WORLD_START + 2 * HOUR, WORLD_START + 3 * HOUR), HOUR * capped_w);
        assert_int_equal(job->joules, (3 * HOUR + extra_s) * GPUS * GPU_W + HOUR * capped_w);
        assert_true(fabs((double)job->worked_s - 4 * HOUR) <= 3); /* as if it had run without a cap */
        assert_compared_with(&world, id, 4 * HOUR);
        sim_world_finish(&world);
}

static void expect_no_cap(int64_t floor_ppm, uint32_t least_w)
{
        struct sim_world world;
        uint64_t id;

        world_policy(&world.policy);
        world.policy.classes[0].delay_cost = 1000000;
        begin(&world, one_dear_hour, 10, floor_ppm, least_w);
        id = submit(&world, "job", 4 * HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 10 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->ended_at, WORLD_START + 4 * HOUR);
        assert_int_equal(sim_world_job(&world, id)->joules, 4 * HOUR * GPUS * GPU_W);
        sim_world_finish(&world);
}

static void class_and_cards_must_allow_it(void **unused)
{
        (void)unused;
        expect_no_cap(0, LEAST_W);      /* the class says nothing of caps */
        expect_no_cap(900000, LEAST_W); /* no level is that high but none */
        expect_no_cap(550000, 0);       /* the node cannot */
        expect_no_cap(550000, GPU_W);   /* its cards go no lower */
}

static void limit(struct sim_world *world, const double *watts, size_t n)
{
        struct series series;

        world_series(&series, SERIES_LIMIT, WORLD_START, watts, n);
        assert_int_equal(sim_take_series(world->sim, &series), 0);
        series_finish(&series);
}

/* 2 kW would be refused where there are 1.6 at the most; under a cap it runs, below the limit all the time. */
static void where_power_is_short_it_runs_under_a_cap(void **unused)
{
        const double prices[] = { 50, 50, 50, 50, 50, 50, 50, 50 };
        const double watts[] = { 1600, 1600, 1600, 1600, 1600, 1600, 1600, 1600 };
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        world.policy.classes[0].start_cost_s = 600;
        begin(&world, prices, 8, 550000, LEAST_W);
        limit(&world, watts, 8);
        id = submit(&world, "job", 2 * HOUR, 0);
        assert_true(id > 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 8 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        assert_true(sim_world_job(&world, id)->joules <=
                    1600 * (sim_world_job(&world, id)->ended_at - sim_world_job(&world, id)->first_started_at));
        assert_compared_with(&world, id, 2 * HOUR);
        sim_world_finish(&world);
}

/* Power falls under a job that runs: it goes on with what there is, and at full power again when that is back. */
static void a_drop_caps_and_does_not_stop(void **unused)
{
        const double prices[] = { 50, 50, 50, 50, 50, 50, 50, 50 };
        const double watts[] = { 2500, 1300, 1300, 2500, 2500, 2500, 2500, 2500 };
        struct sim_world world;
        const struct job *job;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        world.policy.classes[0].delay_cost = 1000000;
        begin(&world, prices, 8, 550000, LEAST_W);
        limit(&world, watts, 8);
        id = submit(&world, "job", 4 * HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 8 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(job->attempts, 1);
        assert_int_equal(joules_in(&world, id, WORLD_START + HOUR, WORLD_START + 3 * HOUR),
                         2 * HOUR * (int64_t)(GPUS * GPU_W * caps_power(3)));
        assert_int_equal(joules_in(&world, id, WORLD_START + 3 * HOUR, WORLD_START + 4 * HOUR), HOUR * GPUS * GPU_W);
        sim_world_finish(&world);
}

/* What it did under a cap is told by its progress, and the next one of its name is planned with it. */
static void what_a_cap_does_is_learned(void **unused)
{
        struct sim_world world;
        const struct profile_point *point;
        const struct job_profile *profile;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        world.policy.classes[0].delay_cost = 1000000;
        begin(&world, one_dear_hour, 10, 550000, LEAST_W);
        id = submit(&world, "bert", 4 * HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 10 * HOUR), 0);
        profile = profile_of(sim_state(world.sim), sim_world_job(&world, id));
        assert_non_null(profile);
        point = profile_point(profile, GPUS, 2);
        assert_non_null(point);
        assert_in_range(point->ran_s, HOUR - 600, HOUR);
        assert_true(fabs(point->work_s / (double)point->ran_s - caps_speed(2)) < 0.001);
        assert_true(profile->fitted_index > 0);
        sim_world_finish(&world);
}

static uint32_t level_of(const struct sim_world *world, uint64_t id)
{
        const struct job *job = sim_world_job(world, id);

        return width_level(&job->spec, job->attempt.mode);
}

static void push_price(struct sim_world *world, double eur)
{
        struct offpeak_signal_point point = { 0, (int64_t)(eur * 1000000) };
        struct offpeak_push push = { .signal = OFFPEAK_PRICE, .site = (char *)"hanford", .points = &point, .n_points = 1,
                                     .life_s = HOUR, .currency = (char *)"EUR" };
        struct offpeak_error err = { 0 };

        if (sim_push(world->sim, &push, &err) != 0)
                fail_msg("%s", err.text);
}

/*
 * At whatever second a price is said, the job is under another cap at once: no plan fills up its last second by a moment of another one,
 * which nobody would change for so short.
 */
static void a_price_that_is_said_changes_the_cap_at_once(void **unused)
{
        double prices[48];

        (void)unused;
        for (int h = 0; h < 48; h++)
                prices[h] = 5;
        for (int64_t k = 0; k < 60; k++) {
                int64_t at = WORLD_START + 17 + k * 61;
                struct sim_world world;
                uint64_t id;

                world_policy(&world.policy);
                world.policy.classes[0].delay_cost = 1000000;
                world.policy.classes[0].start_cost_s = 20;
                begin(&world, prices, 48, 550000, LEAST_W);
                assert_int_equal(sim_run_until(world.sim, at), 0);
                id = submit(&world, "job", 4 * HOUR, 0);
                for (int64_t i = 1; i <= 4; i++) {
                        assert_int_equal(sim_run_until(world.sim, at + i * (30 + k % 7)), 0);
                        push_price(&world, i % 2 == 0 ? 5 : 1000);
                        assert_int_equal(sim_run_until(world.sim, at + i * (30 + k % 7) + 5), 0);
                        if ((level_of(&world, id) == 0) != (i % 2 == 0))
                                fail_msg("second %lld: level %u", (long long)(at - WORLD_START), level_of(&world, id));
                }
                sim_world_finish(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_price_that_is_said_changes_the_cap_at_once),
                cmocka_unit_test(a_dear_hour_is_spent_under_a_cap),
                cmocka_unit_test(class_and_cards_must_allow_it),
                cmocka_unit_test(where_power_is_short_it_runs_under_a_cap),
                cmocka_unit_test(a_drop_caps_and_does_not_stop),
                cmocka_unit_test(what_a_cap_does_is_learned),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
