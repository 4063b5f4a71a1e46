/* SPDX-License-Identifier: Apache-2.0 */
/* test_order.c - jobs that come after others, in virtual time: hours, failures, and hindsight over all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/regret.h"
#include "support/sim_world.h"

static uint64_t submit(struct sim_world *world, const char *name, uint32_t gpus, int64_t time_s, uint64_t after_ok,
                       uint64_t after_any)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        uint64_t job = 0;

        world_spec(&spec, name, gpus, time_s);
        if (after_ok != 0) {
                spec.after_ok = malloc(sizeof(uint64_t));
                spec.after_ok[spec.n_after_ok++] = after_ok;
        }
        if (after_any != 0) {
                spec.after_any = malloc(sizeof(uint64_t));
                spec.after_any[spec.n_after_any++] = after_any;
        }
        spec.deadline = WORLD_START + 12 * HOUR;
        assert_int_equal(sim_submit(world->sim, &spec, &job, &err), 0);
        offpeak_job_spec_finish(&spec);
        return job;
}

static void begin(struct sim_world *world, const double *prices)
{
        world_policy(&world->policy);
        sim_world_init(world, prices, 12);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world->sim, WORLD_START + 60), 0);
}

/*
 * Alone, each of the three would run in the cheapest hour, the fourth. In a row they cannot; the answer to each submission
 * already says so, and the plan then finds the one row that costs least: hours 2 to 4.
 */
static void a_chain_shares_the_cheap_hours(void **unused)
{
        static const double prices[] = { 90, 90, 30, 20, 10, 60, 70, 80, 90, 90, 90, 90 };
        struct sim_world world;
        const struct job *jobs[3];
        uint64_t ids[3];

        (void)unused;
        begin(&world, prices);
        for (int i = 0; i < 3; i++) {
                ids[i] = submit(&world, "link", 1, HOUR, i > 0 ? ids[i - 1] : 0, 0);
                jobs[i] = sim_world_job(&world, ids[i]);
                assert_true(jobs[i]->n_planned > 0);
                if (i > 0)
                        assert_true(jobs[i]->planned[0].start >= sim_world_job(&world, ids[i - 1])->planned_finish);
        }
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        for (int i = 0; i < 3; i++) {
                jobs[i] = sim_world_job(&world, ids[i]);
                assert_int_equal(jobs[i]->state, OFFPEAK_JOB_DONE);
                assert_int_equal(jobs[i]->first_started_at, WORLD_START + (2 + i) * HOUR);
                assert_int_equal(jobs[i]->ended_at, WORLD_START + (3 + i) * HOUR);
        }
        sim_world_finish(&world);
}

/* The first is cancelled on its way: the one that needs it waits for a word of its owner, the other goes on. */
static void what_comes_after_a_cancelled_job(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10 };
        struct sim_world world;
        uint64_t first, ok, any;

        (void)unused;
        begin(&world, prices);
        first = submit(&world, "first", 4, 4 * HOUR, 0, 0);
        ok = submit(&world, "ok", 1, HOUR, first, 0);
        any = submit(&world, "any", 1, HOUR, 0, first);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        assert_int_equal(sim_cancel(world.sim, first), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 6 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, any)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_world_job(&world, any)->first_started_at, WORLD_START + HOUR);
        assert_true(sim_world_job(&world, ok)->unmet);
        assert_int_equal(sim_world_job(&world, ok)->attempts, 0);
        assert_true(sim_state(world.sim)->plan.terms.unfinished < 1e-9); /* held: not in the plan */
        assert_int_equal(sim_release(world.sim, ok), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, ok)->state, OFFPEAK_JOB_DONE);
        sim_world_finish(&world);
}

/* What was, is a plan of the problem that hindsight makes of it: order and all. */
static void hindsight_keeps_the_order(void **unused)
{
        static const double prices[] = { 50, 40, 10, 20, 60, 60, 60, 60, 60, 60, 60, 60 };
        struct sim_world world;
        struct series truth;
        struct regret_input input = { .n_truth = 1, .from = WORLD_START, .to = WORLD_START + 12 * HOUR, .work = 1000000 };
        struct regret regret;
        struct offpeak_error err = { 0 };
        uint64_t first;

        (void)unused;
        begin(&world, prices);
        first = submit(&world, "first", 2, HOUR, 0, 0);
        submit(&world, "second", 2, HOUR, first, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        world_series(&truth, SERIES_PRICE, WORLD_START, prices, 12);
        input.truth = &truth;
        input.state = sim_state(world.sim);
        input.bookings = sim_bookings(world.sim, &input.n_bookings);
        if (regret_compute(&input, &regret, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(regret.objection.code, 0);
        assert_int_equal(regret.n_jobs, 2);
        assert_true(regret.realised.supply > 0);
        assert_true(regret.hindsight.total <= regret.realised.total + 1e-9);
        series_finish(&truth);
        sim_world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_chain_shares_the_cheap_hours),
                cmocka_unit_test(what_comes_after_a_cancelled_job),
                cmocka_unit_test(hindsight_keeps_the_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
