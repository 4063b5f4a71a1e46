/* SPDX-License-Identifier: Apache-2.0 */
/* The report against figures worked out by hand, and against what must hold for any input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/report.h"

#define HOUR 3600

/* ---- one site on the grid: 100.00 in the first hour, 20.00 in the second, then 50.00 a MWh */

struct world {
        struct series_point price_points[3], carbon_points[2];
        struct series price, carbon, limit;
        struct report_site site;
        struct report_input input;
};

static void make_world(struct world *world)
{
        memset(world, 0, sizeof(*world));
        world->price_points[0] = (struct series_point){ 0, 100000000 };
        world->price_points[1] = (struct series_point){ HOUR, 20000000 };
        world->price_points[2] = (struct series_point){ 2 * HOUR, 50000000 };
        world->price = (struct series){ .kind = SERIES_PRICE, .points = world->price_points, .n_points = 3 };
        world->price.end = 1000 * HOUR;
        world->carbon_points[0] = (struct series_point){ 0, 400000 };
        world->carbon_points[1] = (struct series_point){ HOUR, 100000 };
        world->carbon = (struct series){ .kind = SERIES_CARBON, .points = world->carbon_points, .n_points = 2 };
        world->carbon.end = 1000 * HOUR;
        world->site.name = "hanford";
        world->site.gpus = 4;
        world->site.idle_w = 500;
        world->site.supply.price = &world->price;
        world->site.supply.carbon = &world->carbon;
        world->site.supply.terms.grid_limit_w = INT64_MAX;
        world->site.supply.terms.pue_fixed_w = 1000;
        world->site.supply.terms.pue_ppm = 1200000;
        world->input.to = 100 * HOUR;
        world->input.sites = &world->site;
        world->input.n_sites = 1;
}

/* 4 GPUs and 2 kW for an hour, ten minutes of it to start; as metered: 2.4 kWh with its overhead. */
static struct report_job hour_job(uint64_t id, int64_t finish, int64_t cost, int64_t carbon_mg)
{
        return (struct report_job){
                .id = id,
                .gpus = 4,
                .finish = finish,
                .work_s = 3000,
                .start_cost_s = 600,
                .power_w = 2000,
                .delay_cost = 500000,
                .joules = 8640000,
                .cost = cost,
                .carbon_mg = carbon_mg,
                .starts = 1,
        };
}

static struct report compute(const struct report_input *input)
{
        struct offpeak_error err = { 0 };
        struct report report;

        if (report_compute(input, &report, &err) != 0)
                fail_msg("%s", err.text);
        return report;
}

/*
 * Two such jobs at time 0 on four GPUs. At once: the first in the dear hour, 2.4 kWh x 0.10 = 0.24 and 960 g; the
 * second waits an hour: 2.4 x 0.02 = 0.048 and 240 g, 4 GPU-hours waited at 0.50. In fact they ran one and two hours
 * later.
 */
static void test_two_jobs_by_hand(void **state)
{
        struct world world;
        struct report_job jobs[2];
        struct report report;

        (void)state;
        make_world(&world);
        jobs[0] = hour_job(1, 2 * HOUR, 48000, 240000);
        jobs[1] = hour_job(2, 3 * HOUR, 120000, 240000);
        jobs[1].deadline = 10000;
        world.input.jobs = jobs;
        world.input.n_jobs = 2;
        report = compute(&world.input);

        assert_int_equal(report.n_jobs, 2);
        assert_int_equal(report.run_now.joules, 17280000);
        assert_int_equal(report.run_now.cost, 288000);
        assert_int_equal(report.run_now.carbon_mg, 1200000);
        assert_int_equal(report.run_now.delay_s, 3600);
        assert_int_equal(report.run_now.gpu_delay_s, 14400);
        assert_int_equal(report.run_now.delay_cost, 2000000);
        assert_int_equal(report.run_now.missed_deadlines, 0);
        assert_int_equal(report.run_now.starts, 2);

        assert_int_equal(report.actual.joules, 17280000);
        assert_int_equal(report.actual.cost, 168000);
        assert_int_equal(report.actual.carbon_mg, 480000);
        assert_int_equal(report.actual.delay_s, 10800);
        assert_int_equal(report.actual.gpu_delay_s, 43200);
        assert_int_equal(report.actual.delay_cost, 6000000);
        assert_int_equal(report.actual.missed_deadlines, 1);
        assert_int_equal(report.actual.starts, 2);

        assert_int_equal(report.saved, 120000);
        assert_int_equal(report.saved_carbon_mg, 720000);
        assert_int_equal(report.net_saved, -3880000);
        assert_int_equal(report.run_now.unpriced_joules, 0);
        assert_int_equal(report.actual.unpriced_joules, 0);
}

/*
 * The same two on eight GPUs, the second after the first: at once, too, it waits for the first one's end. Where the job
 * that it came after is not compared, it waits for the end that this one had.
 */
static void test_a_job_waits_for_those_before_it(void **state)
{
        const size_t first = 0;
        struct world world;
        struct report_job jobs[2];
        struct report report;

        (void)state;
        make_world(&world);
        world.site.gpus = 8;
        jobs[0] = hour_job(1, 2 * HOUR, 48000, 240000);
        jobs[1] = hour_job(2, 3 * HOUR, 120000, 240000);
        world.input.jobs = jobs;
        world.input.n_jobs = 2;
        assert_int_equal(compute(&world.input).run_now.cost, 480000);

        jobs[1].after = &first;
        jobs[1].n_after = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, 288000);
        assert_int_equal(report.run_now.delay_s, HOUR);

        jobs[1].n_after = 0;
        jobs[1].others_end = 2 * HOUR;
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, 240000 + 120000);
        assert_int_equal(report.run_now.delay_s, 2 * HOUR);

        jobs[0].work_s = 0; /* nothing to wait for */
        jobs[1].after = &first;
        jobs[1].n_after = 1;
        jobs[1].others_end = 0;
        assert_int_equal(compute(&world.input).run_now.cost, 240000);
}

/* The first two with another site as large: at once nobody waits where both might have gone there, though both ran at one. */
static void test_at_once_a_job_goes_where_there_is_room(void **state)
{
        struct report_site sites[2];
        struct world world;
        struct report_job jobs[2];
        struct report report;

        (void)state;
        make_world(&world);
        sites[0] = sites[1] = world.site;
        sites[1].name = "lulea";
        world.input.sites = sites;
        world.input.n_sites = 2;
        jobs[0] = hour_job(1, 2 * HOUR, 48000, 240000);
        jobs[1] = hour_job(2, 3 * HOUR, 120000, 240000);
        world.input.jobs = jobs;
        world.input.n_jobs = 2;
        assert_int_equal(compute(&world.input).run_now.delay_s, HOUR);

        jobs[0].sites = jobs[1].sites = 3;
        report = compute(&world.input);
        assert_int_equal(report.run_now.delay_s, 0);
        assert_int_equal(report.run_now.cost, 480000);
}

/*
 * A reactor of 3,000 W at 10.00 below a grid at 100.00. One job: 1000 + 1.2 x 2500 = 4,000 W, mean (3 x 10 + 100) / 4 =
 * 32.50. Two at once: 6,400 W, mean (3 x 10 + 3.4 x 100) / 6.4 = 57.8125: the hour of both costs 4.8 kWh x 57.8125.
 */
static void test_everyone_pays_the_mean_of_what_the_site_draws(void **state)
{
        struct series_point capacity_point = { 0, 3000 };
        struct series capacity = { .kind = SERIES_CAPACITY, .points = &capacity_point, .n_points = 1, .end = HOUR };
        struct world world;
        struct report_job jobs[2];
        struct report report;

        (void)state;
        make_world(&world);
        world.site.gpus = 8;
        world.site.supply.capacity = &capacity;
        world.site.supply.terms.has_reactor = true;
        world.site.supply.terms.reactor_fuel = 10000000;
        jobs[0] = hour_job(1, HOUR, 0, 0);
        jobs[1] = hour_job(2, HOUR, 0, 0);
        world.input.jobs = jobs;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, 78000); /* 2.4 kWh x 0.0325 */
        world.input.n_jobs = 2;
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, 277500); /* 4.8 kWh x 0.0578125 */
        assert_int_equal(report.run_now.delay_s, 0);
}

/* Power for half an hour in every hour, three times: the job runs in three pieces, each with its start. */
static void test_power_that_goes_away_cuts_a_run(void **state)
{
        struct series_point limit_points[] = { { 0, 10000 }, { 1800, 0 },     { 3600, 10000 },
                                               { 5400, 0 },  { 7200, 10000 }, { 9000, 0 } };
        struct series limit = { .kind = SERIES_LIMIT, .points = limit_points, .n_points = 6, .end = 1000 * HOUR };
        struct report_job job = hour_job(1, 5 * HOUR, 0, 0);
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.site.supply.limit = &limit;
        world.site.idle_w = 0;
        world.site.supply.terms.pue_fixed_w = 0;
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        /* 600 + 1200 s, 600 + 1200 s, 600 + 600 s */
        assert_int_equal(report.run_now.starts, 3);
        assert_int_equal(report.run_now.cuts, 2);
        assert_int_equal(report.run_now.joules, 2000 * (1800 + 1800 + 1200) * 12 / 10);
        assert_int_equal(report.run_now.delay_s, 8400 - 3600);
        assert_int_equal(report.run_now.cost, 120000 + 24000 + 40000);
}

/*
 * A trip half an hour after the start, an hour long. Nobody knew of it, so whoever runs at once has begun: cut after 600 + 1200 s,
 * it goes on with 600 + 1800 s when power is back. Waiting for the whole of it would end twenty minutes later.
 */
static void test_a_trip_is_not_foreseen(void **state)
{
        struct series_point limit_points[] = { { 0, 10000 }, { 1800, 0 }, { 5400, 10000 } };
        struct series limit = { .kind = SERIES_LIMIT, .points = limit_points, .n_points = 3, .end = 1000 * HOUR };
        struct report_job job = hour_job(1, 7800, 0, 0);
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.site.supply.limit = &limit;
        world.site.idle_w = 0;
        world.site.supply.terms.pue_fixed_w = 0;
        job.deadline = 8000;
        job.starts = 2;
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.starts, 2);
        assert_int_equal(report.run_now.cuts, 1);
        assert_int_equal(report.run_now.delay_s, 7800 - HOUR);
        assert_int_equal(report.run_now.missed_deadlines, 0);
        assert_int_equal(report.run_now.joules, 2000 * (1800 + 2400) * 12 / 10);
        assert_int_equal(report.run_now.cost, 120000 + 2000 * 1800 * 12 / 36 * 2 / 100 + 2000 * 600 * 12 / 36 * 5 / 100);
        assert_int_equal(report.actual.delay_s, report.run_now.delay_s);
        assert_int_equal(report.without_room, 0);
}

/* Power for one of two: the one that began last is cut, and the other goes on. */
static void test_a_smaller_trip_cuts_the_last(void **state)
{
        struct series_point limit_points[] = { { 0, 10000 }, { 2400, 3000 }, { 5400, 10000 } };
        struct series limit = { .kind = SERIES_LIMIT, .points = limit_points, .n_points = 3, .end = 1000 * HOUR };
        struct report_job jobs[2];
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.site.gpus = 8;
        world.site.supply.limit = &limit;
        world.site.idle_w = 0;
        world.site.supply.terms.pue_fixed_w = 0;
        jobs[0] = hour_job(1, 2 * HOUR, 0, 0);
        jobs[1] = hour_job(2, 3 * HOUR, 0, 0);
        jobs[1].release = 60;
        world.input.jobs = jobs;
        world.input.n_jobs = 2;
        report = compute(&world.input);
        /* the second: 2340 s with 1740 of work; from 3600 s on, when the first is done, 600 + 1260 s */
        assert_int_equal(report.run_now.cuts, 1);
        assert_int_equal(report.run_now.starts, 3);
        assert_int_equal(report.run_now.delay_s, 3600 + 600 + 1260 - 60 - HOUR);
}

static void check_ran_at_once(struct world *world, const struct report_job *job, uint32_t without_room)
{
        struct report report;

        world->input.jobs = job;
        world->input.n_jobs = 1;
        report = compute(&world->input);
        assert_int_equal(report.run_now.joules, 8640000);
        assert_int_equal(report.run_now.cost, 240000);
        assert_int_equal(report.run_now.delay_s, 0);
        assert_int_equal(report.run_now.starts, 1);
        assert_int_equal(report.without_room, without_room);
}

/* 1,000 J in 300 s are no whole number of watts: at once it is as many joules, though another job cuts it in two. */
static void test_no_joule_is_lost_to_rounding(void **state)
{
        struct report_job jobs[] = { hour_job(1, 300, 0, 0), hour_job(2, 107, 0, 0) };
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        for (int j = 0; j < 2; j++) {
                jobs[j].gpus = 2;
                jobs[j].start_cost_s = 0;
        }
        jobs[0].work_s = 300;
        jobs[0].power_w = 1000.0 / 300;
        jobs[1].release = 100;
        jobs[1].work_s = 7;
        jobs[1].power_w = 20.0 / 7;
        world.input.jobs = jobs;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.joules, 1200);
        world.input.n_jobs = 2;
        report = compute(&world.input);
        assert_int_equal(report.run_now.joules, 1200 + 24);
}

/* What did run could run: limits and GPUs that have since shrunk do not take it out of the comparison. */
static void test_a_job_without_room_on_record_ran_at_once(void **state)
{
        struct report_job job = hour_job(1, HOUR, 0, 0);
        struct world world;

        (void)state;
        make_world(&world);
        world.site.supply.terms.grid_limit_w = 3000;
        check_ran_at_once(&world, &job, 1);
        make_world(&world);
        world.site.gpus = 2;
        check_ran_at_once(&world, &job, 0);
}

static void test_a_site_without_any_source_has_no_price(void **state)
{
        struct report_job job = hour_job(1, HOUR, 0, 0);
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.site.supply.terms.grid_limit_w = 0;
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.joules, 8640000);
        assert_int_equal(report.run_now.cost, 0);
        assert_int_equal(report.run_now.unpriced_joules, 8640000);
}

static void test_unknown_prices_are_told_on_either_side(void **state)
{
        struct report_job job = hour_job(1, 5 * HOUR, 0, 0);
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.price_points[0].value = SERIES_UNKNOWN;
        job.release = 1800; /* half of it in the unknown hour, half at 20.00 */
        job.unpriced_joules = 77;
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, 24000);
        assert_int_equal(report.run_now.unpriced_joules, 4320000);
        assert_int_equal(report.actual.unpriced_joules, 77);
}

static void test_negative_prices(void **state)
{
        struct report_job job = hour_job(1, 5 * HOUR, 120000, 0);
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.price_points[0].value = -30000000;
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, -72000);
        assert_int_equal(report.saved, -192000);
}

static void test_a_job_without_work_is_counted_and_draws_nothing(void **state)
{
        struct report_job job = { .id = 3, .gpus = 1, .finish = 50, .release = 50, .joules = 5, .cost = 6 };
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        report = compute(&world.input);
        assert_int_equal(report.n_jobs, 1);
        assert_int_equal(report.run_now.joules, 0);
        assert_int_equal(report.actual.joules, 5);
        assert_int_equal(report.saved, -6);
}

/* ---- all the energy of the window */

static struct booking booking(enum account account, enum quality quality, int64_t start, int64_t end, int64_t joules)
{
        return (struct booking){
                .account = account,
                .quality = quality,
                .start = start,
                .end = end,
                .joules = joules,
                .price = 1,
                .carbon = SERIES_UNKNOWN,
                .cost = -joules,
                .carbon_mg = 3 * joules,
        };
}

static void test_accounts_and_qualities(void **state)
{
        const struct booking bookings[] = {
                booking(ACCOUNT_JOB, QUALITY_MEASURED, 0, 100, 1000),
                booking(ACCOUNT_JOB, QUALITY_ESTIMATED, 100, 200, 500),
                booking(ACCOUNT_IDLE, QUALITY_MODELLED, 0, 200, 70),
                booking(ACCOUNT_LOSS, QUALITY_MODELLED, 150, 150, 9),
        };
        struct world world;
        struct report report;

        (void)state;
        make_world(&world);
        world.input.bookings = bookings;
        world.input.n_bookings = 4;
        report = compute(&world.input);
        assert_int_equal(report.n_jobs, 0);
        assert_int_equal(report.accounts[ACCOUNT_JOB].joules, 1500);
        assert_int_equal(report.accounts[ACCOUNT_JOB].cost, -1500);
        assert_int_equal(report.accounts[ACCOUNT_JOB].carbon_mg, 4500);
        assert_int_equal(report.accounts[ACCOUNT_JOB].unpriced_joules, 0);
        assert_int_equal(report.accounts[ACCOUNT_JOB].uncounted_joules, 1500);
        assert_int_equal(report.accounts[ACCOUNT_IDLE].joules, 70);
        assert_int_equal(report.accounts[ACCOUNT_OVERHEAD].joules, 0);
        assert_int_equal(report.accounts[ACCOUNT_LOSS].joules, 9);
        assert_int_equal(report.quality_joules[QUALITY_MEASURED], 1000);
        assert_int_equal(report.quality_joules[QUALITY_MODELLED], 79);
        assert_int_equal(report.quality_joules[QUALITY_ESTIMATED], 500);
        world.input.from = 50;
        world.input.to = 150;
        report = compute(&world.input);
        assert_int_equal(report.accounts[ACCOUNT_JOB].joules, 750);
        assert_int_equal(report.accounts[ACCOUNT_IDLE].joules, 35);
        assert_int_equal(report.accounts[ACCOUNT_LOSS].joules, 0);
}

/* A line of the first hour: of the grid, of the store, or of what charged it. */
static struct booking line(enum account account, enum supply_unit unit, int64_t joules, int64_t cost)
{
        struct booking line = booking(account, QUALITY_MEASURED, 0, HOUR, joules);

        line.cost = cost;
        line.carbon = 200000;
        line.carbon_mg = joules / 18; /* 200 g a kWh */
        line.unit_joules[unit] = joules;
        return line;
}

/*
 * In the first hour loads draw 1 kWh from the grid at 0.10 and 1 kWh from the store at 0.05, 0.2 kWh more are lost on the way, and
 * 0.4 kWh charge it. At once a job of that hour costs the mean of the loads, 0.075 a kWh; of the hour after it nothing is booked.
 */
static void test_a_store_is_told_and_its_average_taken(void **state)
{
        const int64_t kwh = 3600000;
        struct booking bookings[] = {
                line(ACCOUNT_JOB, SUPPLY_GRID, kwh, 100000),
                line(ACCOUNT_IDLE, SUPPLY_STORE, kwh, 50000),
                line(ACCOUNT_LOSS, SUPPLY_STORE, kwh / 5, 0),
                line(ACCOUNT_STORAGE, SUPPLY_GRID, 2 * kwh / 5, 40000),
                line(ACCOUNT_STORAGE, (enum supply_unit)0, 3 * kwh, 0),
        };
        struct report_job jobs[2];
        struct world world;
        struct report report;

        (void)state;
        bookings[4].unit_joules[0] = 0;
        bookings[4].price = SERIES_UNKNOWN; /* it was there when the books were opened */
        make_world(&world);
        world.site.supply.terms.has_store = true;
        world.input.bookings = bookings;
        world.input.n_bookings = sizeof(bookings) / sizeof(bookings[0]);
        jobs[0] = hour_job(1, 2 * HOUR, 48000, 240000);
        jobs[1] = hour_job(2, 3 * HOUR, 120000, 240000);
        world.input.jobs = jobs;
        world.input.n_jobs = 2;
        report = compute(&world.input);
        assert_int_equal(report.run_now.joules, 17280000);
        assert_int_equal(report.run_now.cost, 180000);
        assert_int_equal(report.run_now.carbon_mg, 480000);
        assert_int_equal(report.run_now.unpriced_joules, 8640000);
        assert_int_equal(report.stores[0].charged, 2 * kwh / 5);
        assert_int_equal(report.stores[0].given, kwh);
        assert_int_equal(report.stores[0].lost, kwh / 5);
        assert_int_equal(report.stores[0].found, 3 * kwh);
        assert_int_equal(report.unit_joules[0][SUPPLY_GRID], 7 * kwh / 5);
        assert_int_equal(report.unit_joules[0][SUPPLY_STORE], kwh);
        assert_int_equal(report.accounts[ACCOUNT_STORAGE].joules, 11 * kwh / 5); /* 3 + 0.4 - 1 - 0.2 */
        assert_int_equal(report.accounts[ACCOUNT_STORAGE].cost, -10000);
        assert_int_equal(report.accounts[ACCOUNT_STORAGE].unpriced_joules, 3 * kwh);
        assert_int_equal(report.accounts[ACCOUNT_LOSS].joules, kwh / 5);
        assert_int_equal(report.quality_joules[QUALITY_MEASURED], 12 * kwh / 5); /* loads and charge */
        bookings[1].price = SERIES_UNKNOWN; /* nobody knows what was in the store */
        report = compute(&world.input);
        assert_int_equal(report.run_now.cost, 0);
        assert_int_equal(report.run_now.unpriced_joules, 17280000);
}

static uint64_t draw(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

static int64_t between(uint64_t *seed, int64_t low, int64_t high)
{
        return low + (int64_t)(draw(seed) % (uint64_t)(high - low + 1));
}

/* Days add up to the week, to the last joule and micro-unit, wherever the cuts fall. */
static void test_windows_add_up(void **state)
{
        struct booking bookings[40];
        struct book whole[ACCOUNT_COUNT];
        uint64_t seed = 1;
        struct world world;

        (void)state;
        make_world(&world);
        for (int round = 0; round < 50; round++) {
                struct book sum[ACCOUNT_COUNT];
                int64_t from = between(&seed, 0, 100), time = from, to = between(&seed, 900, 1100);

                memset(sum, 0, sizeof(sum));
                for (int i = 0; i < 40; i++) {
                        int64_t start = between(&seed, 0, 1000);

                        bookings[i] = booking((enum account)between(&seed, 1, 4), (enum quality)between(&seed, 1, 3),
                                              start, start + between(&seed, 0, 300), between(&seed, -100, 100000));
                        bookings[i].price = draw(&seed) % 3 == 0 ? SERIES_UNKNOWN : 1;
                }
                world.input = (struct report_input){
                        .sites = &world.site, .n_sites = 1, .bookings = bookings, .n_bookings = 40
                };
                world.input.from = from;
                world.input.to = to;
                memcpy(whole, compute(&world.input).accounts, sizeof(whole));
                while (time < to) {
                        struct report report;

                        world.input.from = time;
                        time += between(&seed, 1, 200);
                        time = time < to ? time : to;
                        world.input.to = time;
                        report = compute(&world.input);
                        for (int a = 0; a < ACCOUNT_COUNT; a++) {
                                sum[a].joules += report.accounts[a].joules;
                                sum[a].cost += report.accounts[a].cost;
                                sum[a].carbon_mg += report.accounts[a].carbon_mg;
                                sum[a].unpriced_joules += report.accounts[a].unpriced_joules;
                                sum[a].uncounted_joules += report.accounts[a].uncounted_joules;
                        }
                }
                assert_memory_equal(sum, whole, sizeof(sum));
        }
}

/* ---- any input */

/* At one constant price the run-now cost is the energy's, whatever the order; no job finishes before it can. */
static void test_energy_and_cost_of_many_jobs(void **state)
{
        enum { JOBS = 30 };
        struct report_job jobs[JOBS];
        uint64_t seed = 2;
        struct world world;

        (void)state;
        for (int round = 0; round < 20; round++) {
                struct report_site sites[2];
                struct report report;
                __int128 joules = 0;
                uint32_t starts = 0;

                make_world(&world);
                world.price.n_points = 1;
                world.carbon.n_points = 1;
                sites[0] = sites[1] = world.site;
                sites[1].gpus = 9;
                sites[1].supply.terms.pue_ppm = 0; /* none given: nothing on top */
                world.input.sites = sites;
                world.input.n_sites = 2;
                for (int j = 0; j < JOBS; j++) {
                        jobs[j] = hour_job((uint64_t)j + 1, 0, 0, 0);
                        jobs[j].site = (uint32_t)between(&seed, 0, 1);
                        jobs[j].gpus = (uint32_t)between(&seed, 1, 4);
                        jobs[j].release = between(&seed, 0, 20000);
                        jobs[j].work_s = between(&seed, 1, 9000);
                        jobs[j].start_cost_s = between(&seed, 0, 500);
                        jobs[j].power_w = (double)between(&seed, 0, 5000);
                        jobs[j].finish = jobs[j].release + jobs[j].work_s + jobs[j].start_cost_s;
                        joules += (__int128)(int64_t)jobs[j].power_w * (jobs[j].work_s + jobs[j].start_cost_s) *
                                  (jobs[j].site == 0 ? 12 : 10);
                        starts++;
                }
                world.input.jobs = jobs;
                world.input.n_jobs = JOBS;
                report = compute(&world.input);
                assert_int_equal(report.run_now.joules, (int64_t)(joules / 10));
                assert_int_equal(report.run_now.cost,
                                 (int64_t)((__int128)report.run_now.joules * 100000000 / 3600000000));
                assert_int_equal(report.run_now.starts, starts);
                assert_true(report.run_now.delay_s >= 0);
                assert_int_equal(report.actual.delay_s, 0);
                assert_int_equal(report.saved, report.run_now.cost);
        }
}

static void check_refused(const struct report_input *input, const char *named)
{
        struct offpeak_error err = { 0 };
        struct report report, untouched;

        memset(&report, 0x5a, sizeof(report));
        memset(&untouched, 0x5a, sizeof(untouched));
        assert_int_equal(report_compute(input, &report, &err), OFFPEAK_EINVAL);
        assert_memory_equal(&report, &untouched, sizeof(report));
        if (strstr(err.text, named) == NULL)
                fail_msg("\"%s\" does not name %s", err.text, named);
}

static void test_bad_input_is_named(void **state)
{
        struct report_job job = hour_job(42, 0, 0, 0);
        struct booking bad = booking((enum account)ACCOUNT_COUNT, QUALITY_MEASURED, 0, 1, 1);
        struct world world;

        (void)state;
        make_world(&world);
        world.input.jobs = &job;
        world.input.n_jobs = 1;
        job.site = 1;
        check_refused(&world.input, "job 42");
        job = hour_job(42, 0, 0, 0);
        job.gpus = 0;
        check_refused(&world.input, "job 42");
        job = hour_job(42, 0, 0, 0);
        job.release = -5;
        check_refused(&world.input, "report");
        world.input.n_jobs = 0;
        world.input.bookings = &bad;
        world.input.n_bookings = 1;
        check_refused(&world.input, "account");
        world.input.n_bookings = 0;
        world.input.from = world.input.to + 1;
        check_refused(&world.input, "window");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_two_jobs_by_hand),
                cmocka_unit_test(test_a_job_waits_for_those_before_it),
                cmocka_unit_test(test_everyone_pays_the_mean_of_what_the_site_draws),
                cmocka_unit_test(test_power_that_goes_away_cuts_a_run),
                cmocka_unit_test(test_a_trip_is_not_foreseen),
                cmocka_unit_test(test_a_smaller_trip_cuts_the_last),
                cmocka_unit_test(test_no_joule_is_lost_to_rounding),
                cmocka_unit_test(test_a_job_without_room_on_record_ran_at_once),
                cmocka_unit_test(test_a_site_without_any_source_has_no_price),
                cmocka_unit_test(test_unknown_prices_are_told_on_either_side),
                cmocka_unit_test(test_negative_prices),
                cmocka_unit_test(test_a_job_without_work_is_counted_and_draws_nothing),
                cmocka_unit_test(test_accounts_and_qualities),
                cmocka_unit_test(test_a_store_is_told_and_its_average_taken),
                cmocka_unit_test(test_at_once_a_job_goes_where_there_is_room),
                cmocka_unit_test(test_windows_add_up),
                cmocka_unit_test(test_energy_and_cost_of_many_jobs),
                cmocka_unit_test(test_bad_input_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
