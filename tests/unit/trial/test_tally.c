/* SPDX-License-Identifier: Apache-2.0 */
/* test_tally.c - what an outcome comes to, against sums over every second. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

enum { STEPS = 24, STEP_S = 97, SECONDS = STEPS * STEP_S, JOBS = 7, TRIALS = 60 };
#define START ((int64_t)MAKE_TRIAL_START)

/* What the oracle knows of a site: no series of the product's. */
struct place {
        double price[STEPS], carbon[STEPS], reactor_w[STEPS]; /* NAN: not known */
        double fuel, life_cycle, grid_w, pue, fixed_w, idle_w;
};

/* ---- a random trial */

static void fill(uint64_t *seed, double *values, double low, double high, double holes)
{
        for (int i = 0; i < STEPS; i++) {
                values[i] =
                        random_unit(seed) < holes ? NAN : round(100 * (low + (high - low) * random_unit(seed))) / 100;
        }
}

static void furnish(struct trial *trial, size_t s, struct place *place, uint64_t *seed)
{
        struct supply_terms *terms = &trial->policy.sites[s].terms;
        const char *name = trial->policy.sites[s].name;
        double holes = random_unit(seed) < 0.5 ? 0 : 0.2;

        place->pue = random_unit(seed) < 0.3 ? 1 : 1.25;
        place->fixed_w = random_unit(seed) < 0.5 ? 0 : 700;
        terms->pue_ppm = llround(place->pue * 1e6);
        terms->pue_fixed_w = llround(place->fixed_w);
        fill(seed, place->price, -20, 100, holes);
        fill(seed, place->carbon, 10, 600, holes);
        make_series(trial, name, SERIES_PRICE, TRIAL_TRUTH, place->price, STEPS, STEP_S);
        make_series(trial, name, SERIES_CARBON, TRIAL_TRUTH, place->carbon, STEPS, STEP_S);
        place->grid_w = random_unit(seed) < 0.5 ? INFINITY : 5000;
        terms->has_reactor = random_unit(seed) < 0.6;
        if (terms->has_reactor) {
                fill(seed, place->reactor_w, 0, 6000, 0.1);
                for (int i = 0; i < STEPS; i++)
                        place->reactor_w[i] = round(place->reactor_w[i]);
                make_series(trial, name, SERIES_CAPACITY, TRIAL_TRUTH, place->reactor_w, STEPS, STEP_S);
                place->fuel = 9;
                place->life_cycle = 6;
                terms->reactor_fuel = 9000000;
                terms->reactor_carbon = 6000;
        } else {
                for (int i = 0; i < STEPS; i++)
                        place->reactor_w[i] = 0;
        }
        make_nodes(trial, name, 2, 8);
        for (size_t i = trial->n_nodes - 2; i < trial->n_nodes; i++)
                trial->nodes[i].idle_w = random_range(seed, 0, 400);
        place->idle_w = place->fixed_w + place->pue * (double)(trial->nodes[trial->n_nodes - 2].idle_w +
                                                               trial->nodes[trial->n_nodes - 1].idle_w);
}

static void give_jobs(struct trial *trial, uint64_t *seed)
{
        trial->policy.classes[0].delay_cost = 350000;
        for (int j = 0; j < JOBS; j++) {
                struct trace_job *job = make_job(trial, random_range(seed, 0, 600), random_range(seed, 1, 900),
                                                 (uint32_t)random_range(seed, 1, 8));

                job->power_w = random_unit(seed) < 0.5 ? NAN : 3000 * random_unit(seed);
                job->deadline = random_unit(seed) < 0.5 ? 0 : job->submit + random_range(seed, 1, 1500);
        }
}

/* Afterwards: a trial leaves out the jobs that these are too narrow for. */
static void limit_grids(struct trial *trial, const struct place places[2])
{
        for (size_t s = 0; s < 2; s++)
                if (!isinf(places[s].grid_w))
                        trial->policy.sites[s].terms.grid_limit_w = llround(places[s].grid_w);
}

/* Runs at random, as wide as the job and one after the other; that they fit nobody says. */
static void run_somehow(const struct trial *trial, struct outcome *outcome, uint64_t *seed)
{
        assert_int_equal(outcome_init(outcome, JOBS), 0);
        for (size_t j = 0; j < JOBS; j++) {
                const struct trace_job *job = &trial->trace.jobs[j];
                int64_t at = job->submit;

                while (random_unit(seed) < 0.7) {
                        int64_t start = at + random_range(seed, 0, 300), end = start + random_range(seed, 1, 400);

                        if (end > START + SECONDS)
                                break;
                        assert_int_equal(outcome_add(outcome,
                                                     (struct segment){ j, (uint32_t)random_range(seed, 0, 1), job->gpus,
                                                                       start, end, 0, false, 0 },
                                                     false),
                                         0);
                        at = end;
                }
                outcome->finish[j] = random_unit(seed) < 0.8 && at > job->submit ? at : 0;
        }
}

/* ---- second by second */

static double watts_of(const struct trial *trial, size_t j)
{
        const struct trace_job *job = &trial->trace.jobs[j];

        return isnan(job->power_w) ? job->gpus * 1000.0 : job->power_w;
}

/* For one second of so many watts at the meter; the cheaper source first, the other one takes the rest. */
static void draw(const struct place *place, int i, double watts, double sign, struct tally *sum)
{
        double reactor_w = isnan(place->reactor_w[i]) ? 0 : place->reactor_w[i], from_reactor, from_grid;
        bool grid_first = !isnan(place->price[i]) && place->price[i] < place->fuel;

        if (grid_first)
                from_reactor = reactor_w > 0 ? fmax(0, watts - place->grid_w) : 0;
        else
                from_reactor = fmin(watts, reactor_w);
        from_grid = watts - from_reactor;
        sum->cost += sign * from_reactor * place->fuel / 3.6e9;
        sum->carbon_kg += sign * from_reactor * place->life_cycle / 3.6e9;
        if (isnan(place->price[i]))
                sum->unpriced_mwh += sign * from_grid / 3.6e9;
        else
                sum->cost += sign * from_grid * place->price[i] / 3.6e9;
        if (isnan(place->carbon[i]))
                sum->uncounted_mwh += sign * from_grid / 3.6e9;
        else
                sum->carbon_kg += sign * from_grid * place->carbon[i] / 3.6e9;
}

static struct tally every_second(const struct trial *trial, const struct place *places, const struct outcome *outcome)
{
        struct tally sum = { 0 };

        for (int64_t t = 0; t < SECONDS; t++) {
                double all = 0;

                for (uint32_t s = 0; s < 2; s++) {
                        double watts = 0;

                        for (size_t i = 0; i < outcome->n; i++)
                                if (outcome->segments[i].site == s && outcome->segments[i].start <= START + t &&
                                    START + t < outcome->segments[i].end)
                                        watts += places[s].pue * watts_of(trial, outcome->segments[i].job);
                        draw(&places[s], (int)(t / STEP_S), places[s].idle_w + watts, 1, &sum);
                        draw(&places[s], (int)(t / STEP_S), places[s].idle_w, -1, &sum);
                        sum.energy_mwh += watts / 3.6e9;
                        all += watts;
                }
                sum.peak_mw = fmax(sum.peak_mw, all / 1e6);
        }
        return sum;
}

static void near(double got, double want)
{
        if (!(fabs(got - want) <= 1e-9 + 1e-9 * fabs(want)))
                fail_msg("%.12g is not %.12g", got, want);
}

static void sums_over_every_second(void **state)
{
        double unpriced = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                uint64_t random = seed;
                struct place places[2] = { 0 };
                struct outcome outcome;
                struct tally want, got;
                struct trial trial;

                make_trial(&trial);
                make_site(&trial, "there");
                furnish(&trial, 0, &places[0], &random);
                furnish(&trial, 1, &places[1], &random);
                give_jobs(&trial, &random);
                make_ready(&trial);
                limit_grids(&trial, places);
                run_somehow(&trial, &outcome, &random);
                want = every_second(&trial, places, &outcome);
                got = make_tally(&trial, &outcome);
                near(got.cost, want.cost);
                near(got.carbon_kg, want.carbon_kg);
                near(got.energy_mwh, want.energy_mwh);
                near(got.unpriced_mwh, want.unpriced_mwh);
                near(got.uncounted_mwh, want.uncounted_mwh);
                near(got.peak_mw, want.peak_mw);
                near(got.net_cost, got.cost + got.delay_cost);
                assert_int_equal(got.starts, outcome.n);
                unpriced += want.unpriced_mwh;
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
        assert_true(unpriced > 0); /* there were such */
}

/* ---- jobs */

/* n jobs of an hour on a GPU each, submitted at once; job j is done (j * 11 % n) hours later than it could; EUR 0.35 a
 * GPU-hour. */
static struct tally delayed(size_t n, size_t never, struct trial *trial)
{
        struct outcome outcome;
        double prices[300];
        struct tally sum;

        for (size_t i = 0; i < 300; i++)
                prices[i] = 50;
        make_trial(trial);
        make_nodes(trial, "here", 1, 8);
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 300, 3600);
        trial->policy.classes[0].delay_cost = 350000;
        for (size_t j = 0; j < n; j++)
                make_job(trial, 0, 3600, 2)->deadline = START + 11 * 3600;
        make_ready(trial);
        assert_int_equal(outcome_init(&outcome, n), 0);
        for (size_t j = 0; j < n; j++) {
                int64_t late = (int64_t)(j * 11 % n) * 3600;

                assert_int_equal(
                        outcome_add(&outcome, (struct segment){ j, 0, 2, START + late, START + late + 3600, 0, false, 0 }, false),
                        0);
                outcome.finish[j] = j < never ? 0 : START + late + 3600;
        }
        sum = make_tally(trial, &outcome);
        outcome_finish(&outcome);
        return sum;
}

/* Of delays 0, 1, ... n - 1 the one at rank ceil(0.95 n). */
static void the_95th_percentile_is_the_nearest_rank(void **state)
{
        static const size_t sizes[] = { 1, 2, 19, 20, 21, 39, 40, 41, 100 };

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                size_t n = sizes[i], rank = 0;
                struct trial trial;
                struct tally sum = delayed(n, 0, &trial);

                while (100 * rank < 95 * n)
                        rank++;
                near(sum.p95_delay_h, (double)(rank - 1));
                near(sum.mean_delay_h, (double)(n - 1) / 2);
                near(sum.delay_gpu_h, (double)(n * (n - 1)));
                near(sum.delay_cost, 0.35 * (double)(n * (n - 1)));
                assert_int_equal(sum.n_jobs, n);
                assert_int_equal(sum.n_done, n);
                assert_int_equal(sum.missed_deadlines, n > 11 ? n - 11 : 0);
                near(sum.utilisation, 2.0 * (double)n / (8.0 * (double)n));
                trial_finish(&trial);
        }
}

/* Jobs done after 1 to 5 hours: the fourth is half an hour behind its deadline, the fifth one behind what its class
 * allows. */
static void lateness_is_counted_by_the_hour(void **state)
{
        struct trial trial;
        struct outcome outcome;
        const double price = 50;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 36000);
        trial.policy.classes[0].lateness_cost = 40000000;
        trial.policy.classes[0].max_delay_s = 3 * 3600;
        for (int64_t j = 0; j < 5; j++)
                make_job(&trial, 0, 3600, 1);
        trial.trace.jobs[3].deadline = START + 12600;
        make_ready(&trial);
        assert_int_equal(outcome_init(&outcome, 5), 0);
        for (size_t j = 0; j < 5; j++) {
                outcome.finish[j] = START + (int64_t)(j + 1) * 3600;
                assert_int_equal(outcome_add(&outcome,
                                             (struct segment){ j, 0, 1, outcome.finish[j] - 3600, outcome.finish[j], 0, false, 0 },
                                             false),
                                 0);
        }
        near(make_tally(&trial, &outcome).lateness_cost, 0.5 * 40 + 1 * 40);
        assert_int_equal(make_tally(&trial, &outcome).missed_deadlines, 1);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

static void who_is_not_done_waits_to_the_end(void **state)
{
        struct trial trial;
        struct tally sum = delayed(10, 1, &trial);

        (void)state;
        assert_int_equal(sum.n_done, 9);
        assert_int_equal(sum.missed_deadlines, 1);
        near(sum.mean_delay_h, (45.0 + 299) / 10); /* it could have been done after an hour, and the trial has 300 */
        near(sum.p95_delay_h, 299);
        trial_finish(&trial);
}

/* ---- what is no outcome */

static void refused(const struct trial *trial, struct segment first, struct segment second, const char *says)
{
        struct offpeak_error err = { 0 };
        struct outcome outcome;
        struct tally sum;

        assert_int_equal(outcome_init(&outcome, trial->trace.n), 0);
        assert_int_equal(outcome_add(&outcome, first, false), 0);
        assert_int_equal(outcome_add(&outcome, second, false), 0);
        assert_int_equal(tally(trial, &outcome, &sum, &err), OFFPEAK_EINVAL);
        if (strstr(err.text, says) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.text, says);
        outcome_finish(&outcome);
}

static void runs_that_cannot_be(void **state)
{
        const struct segment good = { 0, 0, 1, START, START + 60, 0, false, 0 };
        struct trial trial;
        double price = 50;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 3600);
        make_job(&trial, 0, 120, 1);
        make_job(&trial, 60, 120, 1);
        make_ready(&trial);
        refused(&trial, good, (struct segment){ 0, 0, 1, START + 59, START + 90, 0, false, 0 }, "job j1 runs twice at once");
        refused(&trial, good, (struct segment){ 1, 0, 1, START + 59, START + 90, 0, false, 0 },
                "job j2 runs before it is submitted");
        refused(&trial, good, (struct segment){ 2, 0, 1, START + 60, START + 90, 0, false, 0 }, "of no job");
        refused(&trial, good, (struct segment){ 1, 1, 1, START + 60, START + 90, 0, false, 0 }, "of no job or site");
        refused(&trial, good, (struct segment){ 1, 0, 1, START + 90, START + 90, 0, false, 0 }, "does not end after it starts");
        trial_finish(&trial);
}

/* 8 kW, 600 s of each start at -20 EUR/MWh: a plan counts it as if it cost 20, and so does its bound. */
static void starts_at_negative_prices_are_told_as_plans_count_them(void **state)
{
        double prices[24];
        struct outcome outcome;
        struct tally tally;
        struct trial trial;

        (void)state;
        for (int h = 0; h < 24; h++)
                prices[h] = h == 5 ? -20 : 50;
        make_trial(&trial);
        trial.policy.classes[0].start_cost_s = 600;
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 24, 3600);
        make_job(&trial, 0, 3000, 8);
        make_ready(&trial);
        outcome = make_outcome(&trial, "oracle");
        tally = make_tally(&trial, &outcome);
        assert_int_equal(outcome.segments[0].start, START + 5 * 3600);
        assert_true(fabs(tally.cost + 20 * 8e-3) < 1e-9);
        assert_true(fabs(tally.starts_cost - 2 * 20 * 8e-3 * 600 / 3600) < 1e-9);
        assert_true(fabs(tally.net_cost - tally.cost) < 1e-12); /* nobody pays it */
        assert_true(outcome.bound > tally.cost);
        assert_true(outcome.bound <= tally.cost + tally.starts_cost);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sums_over_every_second),
                cmocka_unit_test(the_95th_percentile_is_the_nearest_rank),
                cmocka_unit_test(lateness_is_counted_by_the_hour),
                cmocka_unit_test(who_is_not_done_waits_to_the_end),
                cmocka_unit_test(runs_that_cannot_be),
                cmocka_unit_test(starts_at_negative_prices_are_told_as_plans_count_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
