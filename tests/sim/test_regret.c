/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_regret.c - what not knowing cost, on some days of made-up prices: against a second arithmetic in here from the bookings
 * and an array of prices, against the bound, and in a world so small that the answer is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/campaign.h"
#include "support/effort.h"
#include "support/world.h"

enum { PAST_DAYS = 14, DAYS = 4, HOURS = 40 * 24, JOBS = 40, HINDSIGHT = EFFORT(20000000, 4000000) };

#define SOONER    1e-5 /* what the scheduler adds to every class: of two equal plans the one that ends sooner */
#define TOLERANCE 0.02 /* of cost: what two plans of one problem may differ by */

/* ---- prices of a market: two peaks a day, a dip at noon that goes below zero, quieter weekends, weather of some days */

static double price[HOURS], carbon[HOURS];

static double unit(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return (double)(*seed >> 11) / 9007199254740992.0;
}

static void make_prices(uint64_t seed)
{
        double weather = 0;

        for (int h = 0; h < HOURS; h++) {
                int hour = h % 24, weekday = h / 24 % 7;
                double sun = hour > 6 && hour < 20 ? sin((hour - 6) * M_PI / 14) : 0;

                if (hour == 0)
                        weather = 0.6 * weather + 60 * (unit(&seed) - 0.5);
                price[h] = 90 + weather - (weekday >= 5 ? 30 : 0) + 25 * sin((hour - 4) * M_PI / 6) -
                           (70 + weather) * sun + 12 * (unit(&seed) - 0.5);
                price[h] = round(100 * price[h]) / 100;
                carbon[h] = round(350 + weather - 150 * sun);
        }
}

static int64_t first_hour(void)
{
        return WORLD_START - PAST_DAYS * DAY;
}

/* The integral of values over [start, end), in value x hours. */
static double over_hours(const double *values, int64_t start, int64_t end)
{
        double sum = 0;

        for (int64_t t = start; t < end;) {
                int64_t hour = (t - first_hour()) / HOUR, edge = first_hour() + (hour + 1) * HOUR;
                int64_t until = edge < end ? edge : end;

                sum += values[hour] * (double)(until - t) / HOUR;
                t = until;
        }
        return sum;
}

static void assert_near(double a, double b, double tolerance)
{
        if (!(fabs(a - b) <= tolerance))
                fail_msg("%.12g is not %.12g", a, b);
}

/* ---- a campaign */

struct rig {
        struct series price, carbon;
        struct campaign campaign;
        struct regret regret;
};

static void run(struct rig *rig, uint64_t seed, bool known)
{
        struct offpeak_error err;

        make_prices(seed);
        world_series(&rig->price, SERIES_PRICE, first_hour(), price, HOURS);
        world_series(&rig->carbon, SERIES_CARBON, first_hour(), carbon, HOURS);
        rig->campaign = (struct campaign){ .price = &rig->price,
                                           .carbon = &rig->carbon,
                                           .nodes = 1,
                                           .start = WORLD_START,
                                           .days = DAYS,
                                           .n_jobs = JOBS,
                                           .load = 0.5,
                                           .slack_s = DAY,
                                           .seed = seed,
                                           .known = known,
                                           .delay_cost = 2000,        /* 0.002 per GPU-hour */
                                           .carbon_price = 30000000,  /* 30 per tonne */
                                           .start_cost_s = 240,
                                           .stop_s = 30,
                                           .work = 200000 };
        if (campaign_run(&rig->campaign, &err) != 0 || campaign_regret(&rig->campaign, HINDSIGHT, &rig->regret, &err) != 0)
                fail_msg("%s", err.text);
        if (rig->regret.objection.code != 0)
                fail_msg("the hours are no plan: %s", rig->regret.objection.text);
        assert_int_equal(rig->regret.n_jobs, JOBS);
        assert_int_equal(rig->regret.n_left_out, 0);
}

static void finish(struct rig *rig)
{
        campaign_finish(&rig->campaign);
        series_finish(&rig->price);
        series_finish(&rig->carbon);
}

/* ---- the second arithmetic */

/* When an attempt began: by its bookings, or INT64_MAX. */
static int64_t began(const struct campaign *campaign, uint64_t job, uint32_t attempt)
{
        size_t n;
        const struct booking *bookings = sim_bookings(campaign->sim, &n);
        int64_t start = INT64_MAX;

        for (size_t i = 0; i < n; i++)
                if (bookings[i].account == ACCOUNT_JOB && bookings[i].job == job && bookings[i].attempt == attempt &&
                    bookings[i].start < start)
                        start = bookings[i].start;
        return start;
}

/* What starts draw where power has a negative price costs as if it had a positive one: twice that is added. */
static double cost_of_starts(const struct campaign *campaign, const struct job *job, double mw)
{
        double negative[HOURS], cost = 0;

        for (int h = 0; h < HOURS; h++)
                negative[h] = fmax(0, -price[h]);
        for (uint32_t attempt = 1; attempt <= job->attempts; attempt++) {
                int64_t start = began(campaign, job->id, attempt);

                if (start != INT64_MAX)
                        cost += 2 * mw * over_hours(negative, start, start + campaign->start_cost_s);
        }
        return cost;
}

static struct plan_terms by_bookings(const struct campaign *campaign)
{
        const struct state *state = sim_state(campaign->sim);
        double pue = CAMPAIGN_PUE_PPM * 1e-6;
        struct plan_terms terms = { 0 };
        size_t n;
        const struct booking *bookings = sim_bookings(campaign->sim, &n);

        for (size_t i = 0; i < n; i++) {
                const struct booking *booking = &bookings[i];
                double mw = (double)booking->joules / (double)(booking->end - booking->start) * 1e-6 * pue;

                if (booking->account != ACCOUNT_JOB)
                        continue;
                terms.supply += mw * over_hours(price, booking->start, booking->end);
                terms.carbon += mw * over_hours(carbon, booking->start, booking->end) * 1e-3 * 30; /* g/kWh is kg/MWh */
        }
        for (size_t i = 0; i < state->n_jobs; i++) {
                const struct job *job = &state->jobs[i];
                const struct campaign_job *asked = &campaign->jobs[i];
                double delay = (double)(job->ended_at - asked->release - asked->time_s - campaign->start_cost_s) / HOUR;
                double late = (double)(job->ended_at - asked->deadline) / HOUR;

                terms.delay += fmax(0, delay) * asked->gpus * (0.002 + SOONER);
                terms.lateness += fmax(0, late) * 1000;
                terms.starts += cost_of_starts(campaign, job, asked->gpus * CAMPAIGN_GPU_W * 1e-6 * pue);
        }
        terms.total = terms.supply + terms.carbon + terms.delay + terms.lateness + terms.starts;
        return terms;
}

/* To the micro-currency of every booking: what the ledger says the jobs and their share of overhead cost. */
static double booked_cost(const struct campaign *campaign)
{
        const struct state *state = sim_state(campaign->sim);
        double cost = 0;

        for (size_t i = 0; i < state->n_jobs; i++)
                cost += (double)(state->jobs[i].cost + state->jobs[i].overhead_cost) * 1e-6;
        return cost;
}

static void the_cost_is_that_of_the_bookings(const struct rig *rig)
{
        const struct plan_terms *realised = &rig->regret.realised;
        struct plan_terms again = by_bookings(&rig->campaign);

        assert_near(realised->supply, again.supply, 1e-6 * fabs(again.supply) + 1e-9);
        assert_near(realised->supply, booked_cost(&rig->campaign), 1e-3);
        assert_near(realised->carbon, again.carbon, 1e-6 * again.carbon + 1e-9);
        assert_near(realised->delay, again.delay, 1e-6 * again.delay + 1e-9);
        assert_near(realised->lateness, again.lateness, 1e-6 * again.lateness + 1e-9);
        assert_near(realised->starts, again.starts, 1e-6 * again.starts + 1e-9);
        assert_near(realised->total, again.total, 1e-6 * fabs(again.total) + 1e-9);
        assert_near(realised->unfinished + realised->over_limit + realised->demand, 0, 0);
}

static void the_figures_hold_together(const struct rig *rig)
{
        const struct regret *regret = &rig->regret;

        assert_true(regret->realised.total >= regret->bound); /* no tolerance: the bound is proved */
        assert_true(regret->hindsight.total >= regret->bound);
        assert_true(regret->run_now.total >= regret->bound);
        assert_near(regret->regret, regret->realised.total - regret->hindsight.total, 1e-12);
        assert_near(regret->gap, regret->hindsight.total - regret->bound, 1e-12);
        assert_true(regret->regret >= -TOLERANCE * fabs(regret->hindsight.total));
        assert_true(regret->realised.total < regret->run_now.total);
        assert_true(rig->campaign.plans.n > DAYS * 24);
        assert_true(rig->campaign.plans.gap >= 0);
}

static void print(const char *name, const struct regret *regret)
{
        print_message("%s: at once %.4f, realised %.4f, hindsight %.4f, bound %.4f: regret %.4f, gap %.4f\n", name,
                      regret->run_now.total, regret->realised.total, regret->hindsight.total, regret->bound,
                      regret->regret, regret->gap);
}

static void knowing_all_leaves_nothing_to_regret(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(2, 1); seed++) {
                struct rig rig;

                run(&rig, seed, true);
                print("known", &rig.regret);
                the_figures_hold_together(&rig);
                the_cost_is_that_of_the_bookings(&rig);
                assert_true(rig.regret.regret <= TOLERANCE * fabs(rig.regret.hindsight.total));
                finish(&rig);
        }
}

static void day_by_day_it_costs_something(void **state)
{
        double regret = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(2, 1); seed++) {
                struct rig rig;

                run(&rig, seed, false);
                print("day by day", &rig.regret);
                the_figures_hold_together(&rig);
                the_cost_is_that_of_the_bookings(&rig);
                regret += rig.regret.regret;
                finish(&rig);
        }
        assert_true(regret > 0);
}

/* What the two have in common: the same jobs at the same prices are the same problem, whoever knew what when. */
static void hindsight_is_the_same_for_both(void **state)
{
        struct rig known, told;

        (void)state;
        run(&known, 3, true);
        run(&told, 3, false);
        assert_near(known.regret.hindsight.total, told.regret.hindsight.total, 0);
        assert_near(known.regret.bound, told.regret.bound, 0);
        assert_near(known.regret.run_now.total, told.regret.run_now.total, 0);
        finish(&known);
        finish(&told);
}

/* ---- a world that can be worked out */

struct small {
        struct policy policy;
        struct sim *sim;
        struct series truth;
        double prices[48];
};

/* Today 50 an hour, tomorrow 10; at first only today is known, and so tomorrow is thought to be like it. */
static void make_small(struct small *small, int64_t time_s)
{
        struct sim_options options = { .start = WORLD_START, .policy = &small->policy };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct series known;
        uint64_t id;

        for (int h = 0; h < 48; h++)
                small->prices[h] = h < 24 ? 50 : 10;
        world_policy(&small->policy);
        small->policy.classes[0].max_delay_s = 0;
        world_series(&small->truth, SERIES_PRICE, WORLD_START, small->prices, 48);
        world_series(&known, SERIES_PRICE, WORLD_START, small->prices, 24);
        assert_int_equal(sim_create(&options, &small->sim), 0);
        assert_int_equal(sim_add_node(small->sim, &(struct sim_node){ "n1", "hanford", 2, 0, 1000, 0 }), 0);
        assert_int_equal(sim_take_series(small->sim, &known), 0);
        world_spec(&spec, "one", 1, time_s);
        spec.deadline = WORLD_START + 2 * DAY;
        assert_int_equal(sim_submit(small->sim, &spec, &id, &err), 0);
        assert_int_equal(sim_run_until(small->sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_take_series(small->sim, &small->truth), 0);
        offpeak_job_spec_finish(&spec);
        series_finish(&known);
}

static int look_back(const struct small *small, struct regret *ret_regret, struct offpeak_error *err)
{
        struct regret_input input = { .state = sim_state(small->sim),
                                      .truth = &small->truth,
                                      .n_truth = 1,
                                      .from = WORLD_START,
                                      .to = WORLD_START + 2 * DAY,
                                      .work = 100000 };

        input.bookings = sim_bookings(small->sim, &input.n_bookings);
        return regret_compute(&input, ret_regret, err);
}

static void finish_small(struct small *small)
{
        sim_destroy(small->sim);
        policy_finish(&small->policy);
        series_finish(&small->truth);
}

/* An hour of 1 kW at once costs 0.05; had tomorrow been known, 0.01 and the wait of a day. */
static void a_cheap_day_that_nobody_foresaw(void **state)
{
        struct small small;
        struct regret regret;
        struct offpeak_error err;

        (void)state;
        make_small(&small, HOUR);
        assert_int_equal(sim_run_until(small.sim, WORLD_START + 2 * DAY), 0);
        assert_int_equal(look_back(&small, &regret, &err), 0);
        assert_int_equal(regret.objection.code, 0);
        assert_near(regret.realised.total, 0.05, 1e-9);
        assert_near(regret.run_now.total, 0.05, 1e-9);
        assert_near(regret.hindsight.total, 0.01 + 24 * SOONER, 1e-9);
        assert_near(regret.regret, 0.04 - 24 * SOONER, 1e-9);
        assert_true(regret.gap >= 0 && regret.gap < 1e-6);
        finish_small(&small);
}

static void what_cannot_be_compared_is_refused(void **state)
{
        struct small small;
        struct regret regret = { .bound = 7 };
        struct offpeak_error err;

        (void)state;
        make_small(&small, 20 * HOUR);
        assert_int_equal(look_back(&small, &regret, &err), OFFPEAK_EINVAL); /* nothing is done yet */
        assert_string_equal(err.text, "regret: no job was done");
        assert_int_equal(sim_run_until(small.sim, WORLD_START + 2 * DAY), 0);
        small.truth.end -= HOUR;
        assert_int_equal(look_back(&small, &regret, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "price of site \"hanford\" is not known"));
        small.truth.end += HOUR;
        assert_int_equal(series_set_names(&small.truth, "elsewhere", NULL), 0);
        assert_int_equal(look_back(&small, &regret, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "no site \"elsewhere\""));
        assert_true(regret.bound == 7);
        finish_small(&small);
}

/* A job that is called off is in none of the figures. */
static void what_was_called_off_is_left_out(void **state)
{
        struct small small;
        struct regret regret;
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        uint64_t id;

        (void)state;
        make_small(&small, HOUR);
        world_spec(&spec, "two", 2, 20 * HOUR);
        assert_int_equal(sim_submit(small.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        assert_int_equal(sim_run_until(small.sim, WORLD_START + 13 * HOUR), 0);
        assert_int_equal(sim_cancel(small.sim, id), 0);
        assert_int_equal(sim_run_until(small.sim, WORLD_START + 2 * DAY), 0);
        assert_int_equal(look_back(&small, &regret, &err), 0);
        assert_int_equal(regret.n_jobs, 1);
        assert_int_equal(regret.n_left_out, 1);
        assert_near(regret.realised.total, 0.05, 1e-9);
        finish_small(&small);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(knowing_all_leaves_nothing_to_regret),
                cmocka_unit_test(day_by_day_it_costs_something),
                cmocka_unit_test(hindsight_is_the_same_for_both),
                cmocka_unit_test(a_cheap_day_that_nobody_foresaw),
                cmocka_unit_test(what_cannot_be_compared_is_refused),
                cmocka_unit_test(what_was_called_off_is_left_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
