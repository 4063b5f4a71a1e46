/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim.c - the core from end to end in virtual time: small worlds whose right answer can be worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/outcome.h"
#include "support/sim_world.h"

static uint64_t submit(struct sim_world *world, const char *name, uint32_t gpus, int64_t time_s, int64_t deadline)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        uint64_t job = 0;

        world_spec(&spec, name, gpus, time_s);
        spec.deadline = deadline;
        assert_int_equal(sim_submit(world->sim, &spec, &job, &err), 0);
        offpeak_job_spec_finish(&spec);
        return job;
}

/* 100 W for two hours at 10 EUR/MWh: 0.2 kWh, 0.002 EUR. */
static void runs_in_the_cheap_hours(void **unused)
{
        static const double prices[] = { 50, 40, 10, 10, 60, 60, 60, 60, 60, 60, 60, 60 };
        struct sim_world world;
        const struct job *job;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 60), 0);
        id = submit(&world, "one", 1, 2 * HOUR, WORLD_START + 12 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(job->first_started_at, WORLD_START + 2 * HOUR);
        assert_int_equal(job->ended_at, WORLD_START + 4 * HOUR);
        assert_int_equal(job->joules, 100 * 2 * HOUR);
        assert_int_equal(job->cost, 2000); /* micro-EUR */
        sim_world_finish(&world);
}

/* Two jobs of a class that may hold four GPUs: the plan puts one behind the other, though both would fit the cheap hours. */
static void a_quota_is_planned_for(void **unused)
{
        static const double prices[] = { 50, 40, 10, 10, 30, 30, 60, 60, 60, 60, 60, 60 };
        struct offpeak_job_spec wide;
        struct offpeak_error err;
        struct sim_world world;
        const struct job *first, *second;
        uint64_t one, two, refused;

        (void)unused;
        world_policy(&world.policy);
        world.policy.classes[0].quota_gpus = 4;
        sim_world_init(&world, prices, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 8, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 60), 0);
        one = submit(&world, "one", 4, 2 * HOUR, WORLD_START + 12 * HOUR);
        two = submit(&world, "two", 3, 2 * HOUR, WORLD_START + 12 * HOUR);
        world_spec(&wide, "wide", 5, HOUR);
        assert_int_not_equal(sim_submit(world.sim, &wide, &refused, &err), 0);
        assert_non_null(strstr(err.text, "may hold 4 at once"));
        offpeak_job_spec_finish(&wide);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        first = sim_world_job(&world, one);
        second = sim_world_job(&world, two);
        assert_int_equal(first->state, OFFPEAK_JOB_DONE);
        assert_int_equal(second->state, OFFPEAK_JOB_DONE);
        assert_true(first->ended_at <= second->first_started_at || second->ended_at <= first->first_started_at);
        assert_int_equal(first->first_started_at, WORLD_START + 2 * HOUR); /* the wider one has the cheap hours */
        assert_int_equal(second->first_started_at, WORLD_START + 4 * HOUR); /* and the other the next best, as planned */
        sim_world_finish(&world);
}

static void pauses_over_a_dear_hour(void **unused)
{
        static const double prices[] = { 10, 90, 10, 90, 90, 90, 90, 90, 90, 90, 90, 90 };
        struct sim_world world;
        const struct job *job;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 50, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        id = submit(&world, "one", 2, 2 * HOUR, WORLD_START + 12 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        assert_int_equal(job->pauses, 1);
        assert_int_equal(job->last_pause.cause, PAUSE_COST);
        assert_int_equal(job->last_pause.attempt, 1);
        assert_int_equal(job->last_pause.at, WORLD_START + HOUR);
        assert_int_equal(job->attempts, 2);
        assert_int_equal(job->joules, 200 * 2 * HOUR);
        assert_int_equal(job->cost, 4000);
        sim_world_finish(&world);
}

static void a_deadline_comes_before_the_price(void **unused)
{
        static const double prices[] = { 50, 50, 50, 10, 10, 10, 10, 10, 10, 10, 10, 10 };
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 50, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        id = submit(&world, "urgent", 1, 2 * HOUR, WORLD_START + 2 * HOUR + 1800);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        assert_true(sim_world_job(&world, id)->ended_at <= WORLD_START + 2 * HOUR + 1800);
        sim_world_finish(&world);
}

static void a_gang_takes_two_nodes(void **unused)
{
        static const double prices[] = { 50, 10, 50, 50, 50, 50 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 6);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n2", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        world_spec(&spec, "gang", 3, HOUR);
        spec.nodes = 2;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 6 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_world_job(&world, id)->attempt.n_legs, 2);
        assert_int_equal(sim_world_job(&world, id)->joules, 600 * HOUR);
        assert_int_equal(sim_world_job(&world, id)->cost, 6000);
        sim_world_finish(&world);
}

static void never_more_devices_than_there_are(void **unused)
{
        static const double prices[] = { 50, 10, 50, 50, 50, 50, 50, 50, 50, 50 };
        struct sim_world world;
        uint64_t ids[4];

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 10);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        for (int i = 0; i < 4; i++)
                ids[i] = submit(&world, "wide", 3, HOUR, WORLD_START + 10 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 10 * HOUR), 0);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(sim_world_job(&world, ids[i])->state, OFFPEAK_JOB_DONE);
                for (int k = 0; k < i; k++)
                        assert_true(sim_world_job(&world, ids[i])->first_started_at >= sim_world_job(&world, ids[k])->ended_at ||
                                    sim_world_job(&world, ids[k])->first_started_at >= sim_world_job(&world, ids[i])->ended_at);
        }
        sim_world_finish(&world);
}

static void equal_prices_are_no_reason_to_pause(void **unused)
{
        static const double prices[] = { 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50 };
        struct sim_world world;

        (void)unused;
        world_policy(&world.policy);
        world.policy.plan_interval_s = 600;
        sim_world_init(&world, prices, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n2", "hanford", 4, 0, 100, 0 }), 0);
        for (int i = 0; i < 20; i++) {
                assert_int_equal(sim_run_until(world.sim, WORLD_START + i * 300), 0);
                submit(&world, "job", 1 + (uint32_t)i % 3, 1500 + i * 100, WORLD_START + 12 * HOUR);
        }
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        for (uint64_t id = 1; id <= 20; id++) {
                assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
                assert_int_equal(sim_world_job(&world, id)->pauses, 0);
        }
        sim_world_finish(&world);
}

/* Cheap now and dear later; then, ten minutes into the run, it turns out to be the other way round. */
static void a_begun_run_lasts_its_minimum(void **unused)
{
        static const double hoped[] = { 10, 90, 90, 90, 90, 90 }, turned_out[] = { 900, 900, 1, 1, 1, 1 };
        struct sim_world world;
        struct series price;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        for (size_t i = 0; i < world.policy.n_classes; i++)
                world.policy.classes[i].min_run_s = 1800;
        sim_world_init(&world, hoped, 6);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        id = submit(&world, "one", 2, 5400, WORLD_START + 6 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 600), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_ACTIVE);
        world_series(&price, SERIES_PRICE, WORLD_START, turned_out, 6);
        assert_int_equal(sim_take_series(world.sim, &price), 0);
        series_finish(&price);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 1790), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 2400), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(sim_world_job(&world, id)->pauses, 1);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 6 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        sim_world_finish(&world);
}

static void a_cancelled_job_stops(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10 };
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        id = submit(&world, "one", 1, 3 * HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(sim_cancel(world.sim, id), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR + 60), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_CANCELLED);
        assert_int_equal(sim_world_job(&world, id)->joules, 100 * HOUR);
        sim_world_finish(&world);
}

static void a_job_behind_the_horizon_is_not_work_left_undone(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        world_spec(&spec, "later", 1, 300);
        spec.begin = WORLD_START + 1000 * DAY;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_QUEUED);
        assert_true(sim_state(world.sim)->plan.terms.unfinished < 1e-9);
        sim_world_finish(&world);
}

static void an_infeasible_deadline_is_told_or_refused(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        world_spec(&spec, "late", 1, 3 * HOUR);
        spec.deadline = WORLD_START + 2 * HOUR;
        spec.strict_deadline = true;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EDEADLINE);
        assert_string_equal(err.text, "refused (--strict-deadline): it misses its deadline by 1 h, as it would if it "
                                      "were alone; it would be in time with --deadline 2025-06-09T03:01:00Z");
        spec.deadline = WORLD_START + 3 * HOUR + 60; /* as it was told */
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        spec.deadline = WORLD_START + 2 * HOUR;
        spec.strict_deadline = false;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        assert_int_equal(sim_world_job(&world, id)->planned_late_s, HOUR);
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* n1's four GPUs are taken for an hour; of the two that are asked for then one less would do. */
static void a_refusal_says_who_is_in_the_way(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        world_spec(&spec, "first", 3, 2 * HOUR);
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        world_spec(&spec, "second", 2, HOUR);
        spec.strict_deadline = true;
        spec.deadline = WORLD_START + 2 * HOUR;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EDEADLINE);
        assert_string_equal(err.text, "refused (--strict-deadline): it misses its deadline by 1 h, as others have the "
                                      "GPUs; it would be in time with --deadline 2025-06-09T03:01:00Z, or perhaps with "
                                      "fewer GPUs");
        spec.begin = WORLD_START + 90 * 60; /* it may begin too late, and would even if it were alone */
        spec.gpus_per_node = 1;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EDEADLINE);
        assert_non_null(strstr(err.text, "by 30 min, as it would if it were alone; it would be in time with --deadline "
                                         "2025-06-09T02:31:00Z, or with --begin 2025-06-09T01:00:00Z"));
        spec.begin = WORLD_START + 60 * 60; /* as it was told */
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* Stopped before its start was over: at once it would have been just the same. */
static void a_job_that_ran_at_once_saves_nothing(void **unused)
{
        static const double prices[] = { 10, 90, 90, 90 };
        struct report_input input = { .from = WORLD_START, .to = WORLD_START + DAY, .n_sites = 1, .n_jobs = 1 };
        struct report_site site;
        struct report_job outcome;
        struct report report;
        struct job narrow;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        world.policy.classes[0].start_cost_s = 240;
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        id = submit(&world, "one", 1, HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 77), 0);
        assert_int_equal(sim_cancel(world.sim, id), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        site = outcome_of_site(sim_state(world.sim), &sim_state(world.sim)->sites[0]);
        outcome = outcome_of_job(sim_state(world.sim), sim_world_job(&world, id), 0);
        input.sites = &site;
        input.jobs = &outcome;
        assert_int_equal(report_compute(&input, &report, NULL), 0);
        assert_int_equal(report.actual.joules, 7700);
        assert_int_equal(report.run_now.joules, 7700);
        assert_int_equal(report.run_now.delay_s, report.actual.delay_s);
        assert_int_equal(report.saved, 0);

        /* Under a cap, or narrow, it had worked for less than it ran. */
        narrow = *sim_world_job(&world, id);
        narrow.worked_s = 62;
        outcome = outcome_of_job(sim_state(world.sim), &narrow, 0);
        assert_int_equal(outcome.start_cost_s, 61);
        assert_int_equal(outcome.work_s, 1);
        assert_int_equal(report_compute(&input, &report, NULL), 0);
        sim_world_finish(&world);
}

/* 400 kW of grid at a PUE of 1.1 + 5 kW, 10 kW idle: 349 kW are left for jobs. */
static void setup_limited(struct sim_world *world, int64_t limit_w)
{
        static const double prices[] = { 10, 10, 10, 10 };

        world_policy(&world->policy);
        world->policy.sites[0].terms.grid_limit_w = limit_w;
        world->policy.sites[0].terms.pue_ppm = 1100000;
        world->policy.sites[0].terms.pue_fixed_w = 5000;
        sim_world_init(world, prices, 4);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", 4, 10000, 1000, 0 }), 0);
        assert_int_equal(sim_run_until(world->sim, WORLD_START), 0);
}

static void a_job_beyond_all_power_is_refused(void **unused)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        setup_limited(&world, 400000);
        world_spec(&spec, "big", 1, HOUR);
        spec.power_w = 500000;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "the job needs 566 kW at the meter, and hanford's limit is 400 kW: ask for less "
                                      "--power, or raise grid.limit");
        spec.power_w = 349000;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

static void where_idle_nodes_draw_all_power_no_less_helps(void **unused)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        setup_limited(&world, 15000);
        world_spec(&spec, "small", 1, HOUR);
        spec.power_w = 1;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "hanford draws 16.0 kW at the meter with nothing running, and its limit is 15.0 kW: no job fits; "
                                      "raise grid.limit, or switch nodes off");
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* The limit is lowered under a job that waits: it stays, without hours, and the others' totals are their own. */
static void a_job_that_became_impossible_is_kept_apart(void **unused)
{
        static const double lowered[] = { 20000 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct series limit;
        struct sim_world world;
        uint64_t big, small;

        (void)unused;
        setup_limited(&world, 400000);
        world_spec(&spec, "big", 1, HOUR);
        spec.power_w = 100000;
        spec.begin = WORLD_START + HOUR;
        spec.deadline = WORLD_START + DAY;
        assert_int_equal(sim_submit(world.sim, &spec, &big, &err), 0);
        world_series(&limit, SERIES_LIMIT, WORLD_START, lowered, 1);
        limit.end = WORLD_START + 30 * DAY;
        assert_int_equal(sim_take_series(world.sim, &limit), 0);
        series_finish(&limit);
        small = submit(&world, "small", 1, HOUR, WORLD_START + DAY);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 1200), 0);
        assert_int_equal(sim_world_job(&world, big)->reason, PLAN_IMPOSSIBLE);
        assert_int_equal(sim_world_job(&world, big)->n_planned, 0);
        assert_true(sim_world_job(&world, small)->n_planned > 0);
        assert_true(sim_state(world.sim)->plan.terms.unfinished < 1e-9);
        assert_true(sim_state(world.sim)->plan.terms.lateness < 1e-9);
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* What a reactor will give is not known before it is reported: a job may wait for that. */
static void a_job_may_wait_for_an_unreported_reactor(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10 }, capacity[] = { 5000, 5000, 5000, 5000 };
        struct series reported;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        world.policy.sites[0].terms.grid_limit_w = 0;
        world.policy.sites[0].terms.has_reactor = true;
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        id = submit(&world, "one", 1, HOUR, 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 60), 0);
        assert_int_equal(sim_world_job(&world, id)->reason, PLAN_IMPOSSIBLE);
        world_series(&reported, SERIES_CAPACITY, WORLD_START, capacity, 4);
        assert_int_equal(sim_take_series(world.sim, &reported), 0);
        series_finish(&reported);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 2 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        sim_world_finish(&world);
}

static void no_hours_are_no_promise(void **unused)
{
        static const double prices[] = { 10, 10, 10, 10 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 4);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        world_spec(&spec, "early", 1, HOUR); /* before any node was heard of */
        spec.deadline = WORLD_START + 4 * HOUR;
        spec.strict_deadline = true;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EDEADLINE);
        assert_non_null(strstr(err.text, "has no hours before its deadline"));
        spec.strict_deadline = false;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), 0);
        assert_non_null(strstr(sim_state(world.sim)->requests[0].text, "has no hours before its deadline"));
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(runs_in_the_cheap_hours),
                cmocka_unit_test(a_quota_is_planned_for),
                cmocka_unit_test(pauses_over_a_dear_hour),
                cmocka_unit_test(a_deadline_comes_before_the_price),
                cmocka_unit_test(a_gang_takes_two_nodes),
                cmocka_unit_test(never_more_devices_than_there_are),
                cmocka_unit_test(equal_prices_are_no_reason_to_pause),
                cmocka_unit_test(a_begun_run_lasts_its_minimum),
                cmocka_unit_test(a_cancelled_job_stops),
                cmocka_unit_test(a_job_behind_the_horizon_is_not_work_left_undone),
                cmocka_unit_test(an_infeasible_deadline_is_told_or_refused),
                cmocka_unit_test(a_refusal_says_who_is_in_the_way),
                cmocka_unit_test(a_job_that_ran_at_once_saves_nothing),
                cmocka_unit_test(a_job_beyond_all_power_is_refused),
                cmocka_unit_test(where_idle_nodes_draw_all_power_no_less_helps),
                cmocka_unit_test(a_job_that_became_impossible_is_kept_apart),
                cmocka_unit_test(a_job_may_wait_for_an_unreported_reactor),
                cmocka_unit_test(no_hours_are_no_promise),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
