/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_signals.c - signals that change while jobs run, in virtual time: trips that are pushed, feeds that fall silent, and plans
 * on forecasts. The log is replayed as it is written, and both states must agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/decide.h"
#include "support/sim_world.h"

#define EUR INT64_C(1000000)

static const double flat[] = { 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50 };

static void push_value(struct sim_world *world, enum offpeak_signal signal, int64_t value, int64_t life_s)
{
        struct offpeak_signal_point point = { 0, value };
        struct offpeak_push push = { .signal = signal, .site = (char *)"hanford", .points = &point, .n_points = 1,
                                     .life_s = life_s, .currency = signal == OFFPEAK_PRICE ? (char *)"EUR" : NULL };
        struct offpeak_error err = { 0 };

        if (sim_push(world->sim, &push, &err) != 0)
                fail_msg("%s", err.text);
}

static uint64_t submit(struct sim_world *world, uint32_t gpus, int64_t time_s)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        uint64_t job = 0;

        world_spec(&spec, "job", gpus, time_s);
        assert_int_equal(sim_submit(world->sim, &spec, &job, &err), 0);
        offpeak_job_spec_finish(&spec);
        return job;
}

/* Two units of 300 W feed a node of four devices at 100 W each; the planner looks again only every six hours. */
static void begin_on_reactor(struct sim_world *world)
{
        struct supply_terms *terms;

        memset(world, 0, sizeof(*world));
        world_policy(&world->policy);
        world->policy.plan_interval_s = 6 * HOUR;
        world->policy.classes[0].delay_cost = EUR; /* an hour that is lost costs something */
        terms = &world->policy.sites[0].terms;
        terms->grid_limit_w = 0;
        terms->has_reactor = true;
        terms->reactor_fuel = 6 * EUR;
        terms->n_reactors = 2;
        terms->reactors[0] = (struct supply_reactor){ .name = "a", .rating_w = 300 };
        terms->reactors[1] = (struct supply_reactor){ .name = "b", .rating_w = 300 };
        sim_world_init(world, flat, 12);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world->sim, WORLD_START), 0);
}

/* One unit trips at 1:00 and 200 W are gone: of four jobs two go on. At 2:00 it is back, and so are they, without a plan due. */
static void a_trip_sheds_what_has_no_power(void **unused)
{
        struct sim_world world;
        uint64_t jobs[4];
        int running = 0;

        (void)unused;
        begin_on_reactor(&world);
        for (int i = 0; i < 4; i++)
                jobs[i] = submit(&world, 1, 4 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        push_value(&world, OFFPEAK_CAPACITY, 200, 5 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR + 1), 0);
        for (int i = 0; i < 4; i++)
                running += sim_world_job(&world, jobs[i])->state == OFFPEAK_JOB_ACTIVE;
        assert_int_equal(running, 2);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 2 * HOUR), 0);
        push_value(&world, OFFPEAK_CAPACITY, 600, 5 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 2 * HOUR + 1), 0);
        running = 0;
        for (int i = 0; i < 4; i++)
                running += sim_world_job(&world, jobs[i])->state == OFFPEAK_JOB_ACTIVE;
        assert_int_equal(running, 4);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 10 * HOUR), 0);
        for (int i = 0; i < 4; i++)
                assert_int_equal(sim_world_job(&world, jobs[i])->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_state(world.sim)->sites[0].books[ACCOUNT_JOB].joules, 4 * 4 * HOUR * 100);
        sim_world_finish(&world);
}

/* A push ends by itself: power is there again at 3:00, and what waited for it starts though nobody says anything. */
static void a_push_that_expires_gives_the_power_back(void **unused)
{
        struct sim_world world;
        uint64_t job;

        (void)unused;
        begin_on_reactor(&world);
        job = submit(&world, 4, 2 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        push_value(&world, OFFPEAK_CAPACITY, 0, 2 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR + 1), 0);
        assert_int_equal(sim_world_job(&world, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, job)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_world_job(&world, job)->attempt.launched_at, WORLD_START + 3 * HOUR);
        assert_int_equal(sim_world_job(&world, job)->ended_at, WORLD_START + 4 * HOUR);
        sim_world_finish(&world);
}

/* The books take the price that was pushed, for as long as it held, and cite its version. */
static void a_pushed_price_is_booked(void **unused)
{
        const struct booking *bookings;
        struct sim_world world;
        uint64_t job;
        size_t n;

        (void)unused;
        memset(&world, 0, sizeof(world));
        world_policy(&world.policy);
        world.policy.classes[0].max_delay_s = 1; /* it does not wait for the next day, of which the last is the forecast */
        sim_world_init(&world, flat, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 250, 0 }), 0);
        job = submit(&world, 4, 3 * HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        push_value(&world, OFFPEAK_PRICE, 20 * EUR, HOUR);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, job)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_world_job(&world, job)->cost, 50000 + 20000 + 50000); /* 1 kW for an hour each */
        bookings = sim_bookings(world.sim, &n);
        for (size_t i = 0; i < n; i++)
                assert_true(bookings[i].price != 20 * EUR || bookings[i].price_version == 2);
        sim_world_finish(&world);
}

/* ---- forecasts */

/* Sixty days by the hour: a working week's shape, and noise that a repeated day carries on. */
static void sixty_days(struct series *series, int64_t end)
{
        uint64_t seed = 42;

        series_init(series, SERIES_PRICE);
        assert_int_equal(series_set_names(series, "hanford", "history"), 0);
        for (int64_t t = end - 60 * DAY; t < end; t += HOUR) {
                int64_t hour = t % DAY / HOUR;

                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
                assert_int_equal(series_append(series, t, (hour < 6 ? 20 : 80) * EUR + (int64_t)(seed >> 40) % (30 * EUR)), 0);
        }
        series->end = end;
}

static void begin_with_history(struct sim_world *world, bool forecasts, int64_t risk_ppm)
{
        struct series history;

        memset(world, 0, sizeof(*world));
        world_policy(&world->policy);
        world->policy.classes[0].risk_ppm = risk_ppm;
        if (forecasts)
                sim_world_init_forecasting(world, flat, 12);
        else
                sim_world_init(world, flat, 12);
        sixty_days(&history, WORLD_START + 2 * HOUR);
        assert_int_equal(sim_take_series(world->sim, &history), 0);
        series_finish(&history);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world->sim, WORLD_START), 0);
}

static double price_of_step(const struct plan_site *site, int64_t time, double *ret_spread)
{
        size_t i = 0;

        while (i + 1 < site->n_steps && site->steps[i + 1].start <= time)
                i++;
        *ret_spread = site->steps[i].spread;
        return site->steps[i].segments[0].price;
}

static void plans_go_by_the_forecast(void **unused)
{
        const struct site_forecast *forecast;
        const struct site *site;
        struct plan_question question;
        struct sim_world world;
        struct now now = { .wall = WORLD_START };
        double spread;

        (void)unused;
        begin_with_history(&world, true, 400000);
        site = &sim_state(world.sim)->sites[0];
        assert_non_null(site->forecasts);
        forecast = &site->forecasts[SERIES_PRICE];
        assert_int_equal(forecast->made_for.version, site->series[SERIES_PRICE].version);
        assert_int_equal(forecast->made_for.origin, WORLD_START + 2 * HOUR);
        assert_true(forecast->made_for.to >= WORLD_START + sim_state(world.sim)->policy.plan_horizon_s);
        assert_int_equal(forecast->made.method, FORECAST_REGRESSION);
        assert_true(forecast->made.regression_error < 0.9 * forecast->made.naive_error);
        assert_int_equal(plan_question_init(sim_state(world.sim), &now, &question), 0);
        assert_true(price_of_step(&question.problem.sites[0], WORLD_START + HOUR, &spread) ==
                    (double)series_at(&site->series[SERIES_PRICE], WORLD_START + HOUR) * 1e-6);
        assert_true(spread == 0); /* published */
        for (int64_t t = WORLD_START + 2 * HOUR; t < WORLD_START + 7 * DAY; t += HOUR) {
                double price = price_of_step(&question.problem.sites[0], t, &spread);

                assert_true(price == (double)series_at(&forecast->made.value, t) * 1e-6);
                assert_true(spread == (double)series_at(&forecast->made.spread, t) * 1e-6);
                assert_true(spread > 1 && spread < 30); /* the noise is 30 wide */
        }
        plan_question_finish(&question);
        sim_world_finish(&world);
}

static void without_forecasts_the_last_day_is_repeated(void **unused)
{
        struct plan_question question;
        struct series filled;
        struct sim_world world;
        struct now now = { .wall = WORLD_START };
        int64_t ignored;
        double spread;

        (void)unused;
        begin_with_history(&world, false, 0);
        assert_null(sim_state(world.sim)->sites[0].forecasts);
        assert_int_equal(plan_question_init(sim_state(world.sim), &now, &question), 0);
        assert_int_equal(series_fill(&sim_state(world.sim)->sites[0].series[SERIES_PRICE], WORLD_START, WORLD_START + 7 * DAY, &filled,
                                     &ignored), 0);
        for (int64_t t = WORLD_START; t < WORLD_START + 7 * DAY; t += HOUR)
                assert_true(price_of_step(&question.problem.sites[0], t, &spread) == (double)series_at(&filled, t) * 1e-6);
        series_finish(&filled);
        plan_question_finish(&question);
        sim_world_finish(&world);
}

/* A feed that tells a day at a time: its own past is kept, and the forecast is made on it. */
static void a_feed_without_a_past_is_forecast_from_what_it_told(void **unused)
{
        const struct site *site;
        struct sim_world world;
        struct series history;

        (void)unused;
        memset(&world, 0, sizeof(world));
        world_policy(&world.policy);
        sim_world_init_forecasting(&world, flat, 1);
        sixty_days(&history, WORLD_START + 50 * DAY);
        for (int64_t day = 0; day < 40; day++) {
                struct series told;

                series_init(&told, SERIES_PRICE);
                assert_int_equal(series_set_names(&told, "hanford", "feed"), 0);
                for (int64_t t = WORLD_START + day * DAY; t < WORLD_START + (day + 2) * DAY; t += HOUR)
                        assert_int_equal(series_append(&told, t, series_at(&history, t)), 0);
                told.end = WORLD_START + (day + 2) * DAY;
                assert_int_equal(sim_run_until(world.sim, WORLD_START + day * DAY), 0);
                assert_int_equal(sim_take_series(world.sim, &told), 0);
                series_finish(&told);
        }
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 39 * DAY + HOUR), 0);
        site = &sim_state(world.sim)->sites[0];
        for (int64_t t = WORLD_START; t < WORLD_START + 41 * DAY; t += HOUR)
                assert_int_equal(series_at(&site->series[SERIES_PRICE], t), series_at(&history, t));
        assert_true(site->forecasts[SERIES_PRICE].made.compared);
        assert_int_equal(site->forecasts[SERIES_PRICE].made.method, FORECAST_REGRESSION);
        series_finish(&history);
        sim_world_finish(&world);
}

/* As time goes by the forecast reaches on, or plans would run out of it. */
static void a_forecast_is_made_anew_before_plans_run_out_of_it(void **unused)
{
        struct sim_world world;

        (void)unused;
        begin_with_history(&world, true, 0);
        submit(&world, 1, 3 * DAY);
        for (int64_t t = WORLD_START; t < WORLD_START + 4 * DAY; t += 6 * HOUR) {
                const struct site *site = &sim_state(world.sim)->sites[0];

                assert_int_equal(sim_run_until(world.sim, t), 0);
                assert_true(site->forecasts[SERIES_PRICE].made_for.to >= t + sim_state(world.sim)->policy.plan_horizon_s - 6 * HOUR);
        }
        sim_world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_trip_sheds_what_has_no_power),
                cmocka_unit_test(a_push_that_expires_gives_the_power_back),
                cmocka_unit_test(a_pushed_price_is_booked),
                cmocka_unit_test(plans_go_by_the_forecast),
                cmocka_unit_test(without_forecasts_the_last_day_is_repeated),
                cmocka_unit_test(a_feed_without_a_past_is_forecast_from_what_it_told),
                cmocka_unit_test(a_forecast_is_made_anew_before_plans_run_out_of_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
