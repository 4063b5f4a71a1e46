/* SPDX-License-Identifier: Apache-2.0 */
/* test_sites.c - jobs that go on at another site, in virtual time: hours and books that can be worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/sim_world.h"

/* The second is like the first. Both have links of 1 Gbit/s. */
static void two_sites(struct policy *policy)
{
        world_policy(policy);
        policy->sites = realloc(policy->sites, 2 * sizeof(*policy->sites));
        policy->sites[1] = policy->sites[0];
        policy->sites[1].name = strdup("lulea");
        policy->sites[1].currency = strdup("EUR");
        policy->n_sites = 2;
        policy->sites[0].wan_mbit_per_s = policy->sites[1].wan_mbit_per_s = 1000;
        policy->classes[0].may_move = true;
}

static void begin(struct sim_world *world, const double *here, const double *there, int64_t move_mb, int64_t egress_cost)
{
        struct series price;

        two_sites(&world->policy);
        world->policy.sites[0].egress_cost = world->policy.sites[1].egress_cost = egress_cost;
        world->policy.classes[0].move_mb = move_mb;
        sim_world_init(world, here, 12);
        world_series(&price, SERIES_PRICE, WORLD_START, there, 12);
        series_set_names(&price, "lulea", "test");
        assert_int_equal(sim_take_series(world->sim, &price), 0);
        series_finish(&price);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "m1", "lulea", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world->sim, WORLD_START), 0);
}

static uint64_t submit(struct sim_world *world, int64_t time_s)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        uint64_t job = 0;

        world_spec(&spec, "mover", 1, time_s);
        spec.deadline = WORLD_START + 12 * HOUR;
        assert_int_equal(sim_submit(world->sim, &spec, &job, &err), 0);
        offpeak_job_spec_finish(&spec);
        return job;
}

/* Joules that a site booked for jobs. */
static int64_t booked(const struct sim_world *world, uint32_t site)
{
        return sim_state(world->sim)->sites[site].books[ACCOUNT_JOB].joules;
}

static const double here[] = { 5, 5, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200 };
static const double there[] = { 200, 200, 200, 10, 10, 10, 200, 200, 200, 200, 200, 200 };

/*
 * 675 GB over 1 Gbit/s are an hour and a half: from 2:00, where the cheap hours here end, to 3:30. The plan is made anew every
 * five minutes on the way.
 */
static void a_job_follows_the_cheap_hours(void **unused)
{
        struct sim_world world;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&world, here, there, 675000, 10);
        id = submit(&world, 4 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 3 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(job->site, 0);
        assert_int_equal(job->attempt.over_at, WORLD_START + 2 * HOUR);
        assert_int_equal(job->planned[0].site, 1);
        assert_int_equal(job->last_pause.cause, PAUSE_MOVE);
        assert_int_equal(job->last_pause.site, 1);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(job->pauses, 1);
        assert_int_equal(job->site, 1);
        assert_int_equal(job->attempt.launched_at, WORLD_START + 3 * HOUR + 1800);
        assert_int_equal(job->ended_at, WORLD_START + 5 * HOUR + 1800);
        assert_int_equal(booked(&world, 0), 100 * 2 * HOUR);
        assert_int_equal(booked(&world, 1), 100 * 2 * HOUR);
        assert_int_equal(job->cost, 3000); /* of the energy: who is paid for the link is not in the books */
        sim_world_finish(&world);
}

/* In one place it costs 0.023 EUR; in two 0.003, and 0.045 for the GB. */
static void a_dear_move_is_not_made(void **unused)
{
        struct sim_world world;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&world, here, there, 450000, 100);
        id = submit(&world, 4 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(job->site, 1);
        assert_int_equal(booked(&world, 0), 0);
        sim_world_finish(&world);
}

/* Without may_move it stays where it began, whatever it costs there. */
static void a_job_that_may_not_move_stays(void **unused)
{
        struct sim_world world;
        const struct job *job;
        uint64_t id;

        (void)unused;
        two_sites(&world.policy);
        world.policy.classes[0].may_move = false;
        sim_world_init(&world, here, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        id = submit(&world, 4 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "m1", "lulea", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(booked(&world, 1), 0);
        sim_world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_job_follows_the_cheap_hours),
                cmocka_unit_test(a_dear_move_is_not_made),
                cmocka_unit_test(a_job_that_may_not_move_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
