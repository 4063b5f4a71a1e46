/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_run.c - a store run for known hours: against figures by hand, and against all ways there are, level by
 * level. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial/sources.h"
#include "trial/store_run.h"
#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

enum { HOUR = 3600, HOURS = 8, TRIALS = 300, KW = 1000 };
#define START ((int64_t)MAKE_TRIAL_START)

static void near(double value, double expected)
{
        if (!(fabs(value - expected) < 1e-9))
                fail_msg("%.12g is not %.12g", value, expected);
}

static struct supply_terms *terms_of(struct trial *trial)
{
        return &trial->policy.sites[0].terms;
}

static void give_store(struct trial *trial, int64_t energy_wh, int64_t power_w, int64_t charge_ppm,
                       int64_t discharge_ppm)
{
        terms_of(trial)->has_store = true;
        terms_of(trial)->store = (struct supply_store){ .energy_wh = energy_wh,
                                                        .charge_w = power_w,
                                                        .discharge_w = power_w,
                                                        .charge_ppm = charge_ppm,
                                                        .discharge_ppm = discharge_ppm };
}

/* One job of 8 kW for as many hours as there are prices, from the beginning on. */
static struct outcome run_all_the_time(struct trial *trial, const double *prices, size_t n)
{
        struct outcome outcome;

        make_nodes(trial, "here", 1, 8);
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, n, HOUR);
        make_job(trial, 0, (int64_t)n * HOUR, 8);
        make_ready(trial);
        assert_int_equal(outcome_init(&outcome, 1), 0);
        assert_int_equal(outcome_add(&outcome, (struct segment){ 0, 0, 8, START, START + (int64_t)n * HOUR, 0, false, 0 }, false),
                         0);
        outcome.finish[0] = START + (int64_t)n * HOUR;
        return outcome;
}

/* ---- by hand */

/* 4 kWh are stored of 4 / 0.9 kWh at 10, and 3.6 kWh of them are given at 100. */
static void test_buys_at_ten_and_saves_at_hundred(void **state)
{
        static const double prices[] = { 10, 100 }, carbon[] = { 100, 700 };
        struct trial trial;
        struct outcome outcome;
        struct tally sum;

        (void)state;
        make_trial(&trial);
        make_series(&trial, "here", SERIES_CARBON, TRIAL_TRUTH, carbon, 2, HOUR);
        outcome = run_all_the_time(&trial, prices, 2);
        near(make_tally(&trial, &outcome).cost, 0.88);
        assert_true(make_tally(&trial, &outcome).store_saved == 0);
        give_store(&trial, 4 * KW, 8 * KW, 900000, 900000);
        sum = make_tally(&trial, &outcome);
        near(sum.store_saved, 0.360 - 0.040 / 0.9);
        near(sum.cost, 0.88 - 0.360 + 0.040 / 0.9);
        near(sum.carbon_kg, (8 + 4 / 0.9) * 0.1 + (8 - 3.6) * 0.7);
        near(sum.energy_mwh * 1000, 16 + 4 / 0.9 - 3.6);
        near(sum.stored_mwh * 1000, 4 / 0.9);
        near(sum.given_mwh * 1000, 3.6);
        near(sum.store_lost_mwh * 1000, 4 / 0.9 - 3.6);
        near(sum.store_cycles, 1);
        near(sum.peak_mw * 1000, 8 + 4 / 0.9);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* What is lost costs more than the hours differ by: 0.81 x 12 < 10. */
static void test_rests_where_it_would_not_pay(void **state)
{
        static const double prices[] = { 10, 12, 100, NAN, 10, 12 };
        struct trial trial;
        struct outcome outcome;
        struct store_run run;

        (void)state;
        make_trial(&trial);
        outcome = run_all_the_time(&trial, prices, 6);
        assert_int_equal(store_run(&trial, &outcome, 0, START, START + 6 * HOUR, false, &run), 0);
        assert_int_equal(run.n, 0); /* there is none */
        give_store(&trial, 4 * KW, 8 * KW, 900000, 900000);
        assert_int_equal(store_run(&trial, &outcome, 0, START, START + 2 * HOUR, false, &run), 0);
        assert_true(run.n > 0 && run.drawn_mwh == 0 && run.given_mwh == 0);
        store_run_finish(&run);
        assert_int_equal(store_run(&trial, &outcome, 0, START + 2 * HOUR, START + 6 * HOUR, false, &run), 0);
        assert_true(run.drawn_mwh == 0 && run.given_mwh == 0); /* nor is the dear hour before the cheap one any good */
        store_run_finish(&run);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* A reactor's heat is stored of what the reactor gives, and not of the grid's cheap hour without it. */
static void test_heat_is_the_reactors(void **state)
{
        static const double prices[] = { 10, 20, 100 }, reactor_w[] = { 0, 3000, 0 };
        struct trial trial;
        struct outcome outcome;
        struct tally sum;

        (void)state;
        make_trial(&trial);
        make_series(&trial, "here", SERIES_CAPACITY, TRIAL_TRUTH, reactor_w, 3, HOUR);
        terms_of(&trial)->has_reactor = true;
        outcome = run_all_the_time(&trial, prices, 3);
        give_store(&trial, 4 * KW, 8 * KW, 1000000, 1000000);
        terms_of(&trial)->store.from_reactor = true;
        sum = make_tally(&trial, &outcome);
        near(sum.stored_mwh * 1000, 3); /* at 20: the reactor's 3 kW go to the job anyway */
        near(sum.store_saved, 0.003 * (100 - 20));
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* 2 kW idle, and 8 kW more for an hour of the month: of 10 kW the store takes 4 away, and the rest is paid for. */
static void test_keeps_a_demand_charge_low(void **state)
{
        static const double prices[] = { 1, 1, 1, 1, 1, 1 };
        struct trial trial;
        struct outcome outcome;
        struct site_sources with, without;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        trial.nodes[0].idle_w = 2 * KW;
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 6, HOUR);
        make_job(&trial, 3 * HOUR, HOUR, 8);
        make_ready(&trial);
        assert_int_equal(outcome_init(&outcome, 1), 0);
        assert_int_equal(outcome_add(&outcome, (struct segment){ 0, 0, 8, START + 3 * HOUR, START + 4 * HOUR, 0, false, 0 }, false),
                         0);
        outcome.finish[0] = START + 4 * HOUR;
        terms_of(&trial)->demands[0] = (struct supply_demand){ .per_kw = 10000000, .interval_s = HOUR };
        terms_of(&trial)->n_demands = 1;
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + 6 * HOUR, &without), 0);
        give_store(&trial, 4 * KW, 5 * KW, 1000000, 1000000);
        assert_int_equal(sources_of(&trial, &outcome, 0, START, START + 6 * HOUR, &with), 0);
        near(without.demand, 100);
        if (fabs(with.demand - 60) > 0.05)
                fail_msg("%g is not 60", with.demand);
        assert_true(fabs(with.peak_w - 6 * KW) < 5);
        assert_true(fabs(with.given_mwh - 0.004) < 5e-6 && fabs(with.stored_mwh - 0.004) < 5e-6);
        assert_true(fabs(with.cost - with.demand - (without.cost - without.demand)) < 1e-5); /* as much at one price */
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Plans leave the store out, so what they prove does not hold; without one it does. */
static void test_no_bound_beside_a_store(void **state)
{
        static const double prices[] = { 10, 100, 100, 30, 100, 20, 100, 90 };
        struct trial trial;
        struct outcome outcome;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, HOUR);
        make_job(&trial, 0, 3 * HOUR, 8)->deadline = START + HOURS * HOUR;
        make_ready(&trial);
        outcome = make_outcome(&trial, "oracle");
        assert_true(outcome.bound > 0 && outcome.bound <= make_tally(&trial, &outcome).cost + 1e-9);
        outcome_finish(&outcome);
        give_store(&trial, 8 * KW, 8 * KW, 1000000, 1000000);
        outcome = make_outcome(&trial, "oracle");
        assert_true(isnan(outcome.bound));
        near(make_tally(&trial, &outcome).cost, 0.008 * (10 + 10 + 20)); /* the hour at 30 is given at 10 */
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* ---- against all ways there are */

/* Of a site with a grid and a reactor, hour by hour; energy in half kWh. Drawing 2 stores 1. */
struct world {
        int price[HOURS], reactor[HOURS], load[HOURS];
        int fuel, limit, energy, reserve, power;
};

/* Least that `halves` of half a kWh cost in an hour, in EUR; INFINITY: there are not so many. */
static double cost_of(const struct world *world, int hour, int halves)
{
        int cheap = world->fuel < world->price[hour] ? world->reactor[hour] : world->limit;
        int low = world->fuel < world->price[hour] ? world->fuel : world->price[hour];
        int high = world->fuel < world->price[hour] ? world->price[hour] : world->fuel;
        int first = halves < cheap ? halves : cheap;

        if (halves > world->limit + world->reactor[hour])
                return INFINITY;
        return (first * low + (halves - first) * high) * 0.0005;
}

/* The least that all hours cost, of every level in every hour, if no more than `most` is drawn at once. */
static double least_below(const struct world *world, const int load[HOURS], int most)
{
        double best[2][64];

        for (int level = 0; level <= world->energy; level++)
                best[0][level] = level == world->reserve ? 0 : INFINITY;
        for (int h = 0; h < HOURS; h++) {
                const double *before = best[h % 2];
                double *after = best[(h + 1) % 2];

                for (int level = 0; level <= world->energy; level++)
                        after[level] = INFINITY;
                for (int level = world->reserve; level <= world->energy; level++)
                        for (int flow = -world->power; flow <= world->power; flow++) {
                                int next = flow > 0 ? level + flow / 2 : level + flow;

                                if (flow > 0 && flow % 2 != 0)
                                        continue;
                                if (load[h] + flow < 0 || load[h] + flow > most || next < world->reserve ||
                                    next > world->energy)
                                        continue;
                                after[next] = fmin(after[next], before[level] + cost_of(world, h, load[h] + flow));
                        }
        }
        return best[HOURS % 2][world->reserve]; /* more in it at the end was bought for nothing */
}

static double least_of(const struct world *world, const int load[HOURS])
{
        return least_below(world, load, INT32_MAX);
}

static void dream_up(struct world *world, uint64_t *seed)
{
        *world = (struct world){ .fuel = (int)random_range(seed, 1, 60),
                                 .limit = 2 * (int)random_range(seed, 8, 14),
                                 .energy = (int)random_range(seed, 4, 30),
                                 .power = 2 * (int)random_range(seed, 1, 8) };
        world->reserve = (int)random_range(seed, 0, world->energy / 2);
        for (int h = 0; h < HOURS; h++) {
                world->price[h] = (int)random_range(seed, 0, 120);
                world->reactor[h] = 2 * (int)random_range(seed, 0, 6);
        }
}

static void furnish(struct trial *trial, struct outcome *outcome, struct world *world, uint64_t *seed)
{
        double prices[HOURS], reactor_w[HOURS];

        make_trial(trial);
        make_nodes(trial, "here", 1, 8);
        trial->nodes[0].idle_w = 2 * KW;
        for (int h = 0; h < HOURS; h++) {
                prices[h] = world->price[h];
                reactor_w[h] = world->reactor[h] * 500;
                make_job(trial, h * HOUR, HOUR, (uint32_t)random_range(seed, 1, 6));
        }
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, HOUR);
        make_series(trial, "here", SERIES_CAPACITY, TRIAL_TRUTH, reactor_w, HOURS, HOUR);
        terms_of(trial)->has_reactor = true;
        terms_of(trial)->reactor_fuel = world->fuel * INT64_C(1000000);
        make_ready(trial);
        terms_of(trial)->grid_limit_w = world->limit * 500;
        give_store(trial, world->energy * 500, world->power * 500, 500000, 1000000);
        terms_of(trial)->store.reserve_wh = world->reserve * 500;
        assert_int_equal(outcome_init(outcome, HOURS), 0);
        for (int h = 0; h < HOURS; h++) {
                const struct trace_job *job = &trial->trace.jobs[h];

                world->load[h] = 4;
                if (random_range(seed, 0, 2) == 0)
                        continue;
                world->load[h] += 2 * (int)job->gpus;
                assert_int_equal(
                        outcome_add(outcome,
                                    (struct segment){ (size_t)h, 0, job->gpus, job->submit, job->submit + HOUR, 0, false, 0 },
                                    false),
                        0);
                outcome->finish[h] = job->submit + HOUR;
        }
}

/* Within its limits at all times, and at the end not below where it began. */
static void check_flows(const struct trial *trial, const struct outcome *outcome, const struct world *world)
{
        struct store_run run;
        double level = world->reserve * 500.0;

        assert_int_equal(store_run(trial, outcome, 0, START, START + HOURS * HOUR, false, &run), 0);
        for (size_t i = 0; i < run.n; i++) {
                const struct store_flow *flow = &run.flows[i];
                int hour = (int)((flow->from - START) / HOUR);
                double load = world->load[hour] * 500.0;

                assert_true(flow->from == (i == 0 ? START : run.flows[i - 1].to) && flow->to > flow->from);
                assert_true(fabs(flow->watts) <= world->power * 500 + 1e-6);
                assert_true(load + flow->watts >= -1e-6);
                assert_true(flow->watts <= 0 ||
                            load + flow->watts <= (world->limit + world->reactor[hour]) * 500 + 1e-6);
                level += flow->watts * (double)(flow->to - flow->from) / HOUR * (flow->watts > 0 ? 0.5 : 1);
                assert_true(level >= world->reserve * 500 - 1e-6 && level <= world->energy * 500 + 1e-6);
        }
        assert_true(run.n > 0 && run.flows[run.n - 1].to == START + HOURS * HOUR);
        assert_true(level >= world->reserve * 500 - 1e-6);
        near(run.drawn_mwh - run.given_mwh - run.lost_mwh, (level - world->reserve * 500) / 1e6);
        store_run_finish(&run);
}

static void test_no_other_way_is_cheaper(void **state)
{
        static const int idle[HOURS] = { 4, 4, 4, 4, 4, 4, 4, 4 };
        uint64_t seed = 7;
        int used = 0;

        (void)state;
        for (int i = 0; i < TRIALS; i++) {
                struct world world;
                struct trial trial;
                struct outcome outcome;
                struct tally sum;

                dream_up(&world, &seed);
                furnish(&trial, &outcome, &world, &seed);
                sum = make_tally(&trial, &outcome);
                near(sum.cost, least_of(&world, world.load) - least_of(&world, idle));
                check_flows(&trial, &outcome, &world);
                used += sum.given_mwh > 0;
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
        assert_true(used > TRIALS / 4);
}

/* Its level is found by search, in parts of a watt: better than all levels in steps of half a kW, or as good. */
static void test_no_other_peak_is_cheaper(void **state)
{
        uint64_t seed = 11;

        (void)state;
        for (int i = 0; i < TRIALS; i++) {
                struct world world;
                struct trial trial;
                struct outcome outcome;
                struct site_sources sources;
                double per_kw = 0.01 * (double)random_range(&seed, 1, 20), best = INFINITY;

                dream_up(&world, &seed);
                furnish(&trial, &outcome, &world, &seed);
                terms_of(&trial)->demands[0] =
                        (struct supply_demand){ .per_kw = llround(per_kw * 1e6), .interval_s = HOUR };
                terms_of(&trial)->n_demands = 1;
                assert_int_equal(sources_of(&trial, &outcome, 0, START, START + HOURS * HOUR, &sources), 0);
                for (int most = 1; most <= 40; most++)
                        best = fmin(best, least_below(&world, world.load, most) + per_kw * most / 2);
                if (sources.cost > best + 1e-3)
                        fail_msg("trial %d: %.9g is more than %.9g", i, sources.cost, best);
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_buys_at_ten_and_saves_at_hundred),
                cmocka_unit_test(test_rests_where_it_would_not_pay),
                cmocka_unit_test(test_heat_is_the_reactors),
                cmocka_unit_test(test_keeps_a_demand_charge_low),
                cmocka_unit_test(test_no_bound_beside_a_store),
                cmocka_unit_test(test_no_other_way_is_cheaper),
                cmocka_unit_test(test_no_other_peak_is_cheaper),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
