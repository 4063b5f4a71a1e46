/* SPDX-License-Identifier: Apache-2.0 */
/* test_rule.c - what single jobs want by the rules of other schedulers, against trying every start and every second. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trial/rules.h"
#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

enum { STEPS = 12, SECONDS = 200, TRIALS = 400 };
#define START ((int64_t)MAKE_TRIAL_START)

/* A site's rates of each second, and the same as a trial has them. */
struct case_of {
        struct trial trial;
        struct rates rates;
        double rate[SECONDS];
        struct rule_question question;
        struct wishes wishes;
};

static void take(struct trial *trial, enum series_kind kind, double unit, const int64_t *edges, const double *values)
{
        struct series series;

        series_init(&series, kind);
        assert_int_equal(series_set_names(&series, "here", "a test"), 0);
        for (int i = 0; i < STEPS; i++)
                assert_int_equal(series_append(&series, START + edges[i],
                                               isnan(values[i]) ? SERIES_UNKNOWN : llround(values[i] * unit)),
                                 0);
        series.end = START + SECONDS;
        assert_int_equal(trial_take(trial, &series, TRIAL_TRUTH), 0);
}

/* Steps of 1 to 32 s, some of which cost the same. */
static void make_case(struct case_of *c, uint64_t *seed)
{
        double prices[STEPS];
        int64_t edges[STEPS] = { 0 };

        *c = (struct case_of){ 0 };
        make_trial(&c->trial);
        make_nodes(&c->trial, "here", 1, 8);
        for (int i = 0; i < STEPS; i++) {
                prices[i] = (double)random_range(seed, -3, 8) * 10;
                edges[i] = i > 0 ? edges[i - 1] + random_range(seed, 1, 16) : 0;
        }
        take(&c->trial, SERIES_PRICE, 1e6, edges, prices);
        for (int t = 0, i = 0; t < SECONDS; t++) {
                while (i + 1 < STEPS && edges[i + 1] <= t)
                        i++;
                c->rate[t] = prices[i];
        }
        make_job(&c->trial, 0, 1, 1);
        make_ready(&c->trial);
        assert_int_equal(rates_init(&c->rates, &c->trial, "here", 0), 0);
        c->question.rates = &c->rates;
        c->question.earliest = START + random_range(seed, 0, SECONDS / 2);
        c->question.seconds = random_range(seed, 1, SECONDS / 3);
        c->question.latest = c->question.earliest + c->question.seconds +
                             random_range(seed, 0, START + SECONDS - c->question.earliest - c->question.seconds);
        c->question.interruptible = random_unit(seed) < 0.6;
}

static void end_case(struct case_of *c)
{
        wishes_finish(&c->wishes);
        rates_finish(&c->rates);
        trial_finish(&c->trial);
}

static double cost_between(const struct case_of *c, int64_t from, int64_t to)
{
        double sum = 0;

        for (int64_t t = from; t < to; t++)
                sum += c->rate[t - START];
        return sum;
}

/* Whole, ascending, apart and within the job's time. What they cost. */
static double cost_of(const struct case_of *c)
{
        int64_t sum = 0;
        double cost = 0;

        for (size_t i = 0; i < c->wishes.n; i++) {
                const struct wish *wish = &c->wishes.at[i];

                assert_true(wish->start < wish->end);
                assert_true(wish->start >= c->question.earliest && wish->end <= c->question.latest);
                if (i > 0)
                        assert_true(wish[-1].end < wish->start);
                sum += wish->end - wish->start;
                cost += cost_between(c, wish->start, wish->end);
        }
        assert_int_equal(sum, c->question.seconds);
        return cost;
}

static void near(double got, double want)
{
        if (!(fabs(got - want) <= 1e-6))
                fail_msg("%.12g is not %.12g", got, want);
}

/* ---- rates */

static void price_and_carbon_make_one_rate(void **state)
{
        static const double prices[] = { 50, NAN, 20, NAN }, carbon[] = { 100, 200, NAN, NAN };
        struct trial trial;
        struct rates rates;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 4, 10);
        make_series(&trial, "here", SERIES_CARBON, TRIAL_TRUTH, carbon, 4, 10);
        make_job(&trial, 0, 1, 1);
        make_ready(&trial);
        assert_int_equal(rates_init(&rates, &trial, "here", 80), 0); /* 100 g/kWh are 0.1 t/MWh: 8 EUR */
        near(rates_over(&rates, START, START + 10), 580);
        near(rates_over(&rates, START + 15, START + 25), 5 * 16 + 5 * 20);
        near(rates_over(&rates, START + 30, START + 31), (58.0 + 16 + 20) / 3); /* nothing is known: as good as any */
        rates_finish(&rates);
        trial_finish(&trial);
}

/* Policies go by what they see. */
static void rates_are_those_that_are_seen(void **state)
{
        static const double truth[] = { 50, 60 }, seen[] = { 30, 10 };
        struct trial trial;
        struct rates rates;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, truth, 2, 10);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_SEEN, seen, 2, 10);
        trial.sight = TRIAL_SEES_GIVEN;
        make_job(&trial, 0, 1, 1);
        make_ready(&trial);
        assert_int_equal(rates_init(&rates, &trial, "here", 0), 0);
        near(rates_over(&rates, START, START + 20), 400);
        rates_finish(&rates);
        trial_finish(&trial);
}

/* ---- rules */

static void the_cheapest_window(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                uint64_t random = seed;
                int64_t first = 0;
                double least = INFINITY;
                struct case_of c;

                make_case(&c, &random);
                for (int64_t s = c.question.earliest; s + c.question.seconds <= c.question.latest; s++) {
                        double cost = cost_between(&c, s, s + c.question.seconds);

                        first = cost < least - 1e-9 ? s : first;
                        least = fmin(least, cost);
                }
                assert_int_equal(rule_cheapest_window(&c.question, &c.wishes), 0);
                assert_int_equal(c.wishes.n, 1);
                near(cost_of(&c), least);
                assert_int_equal(c.wishes.at[0].start, first); /* of equals the earliest */
                end_case(&c);
        }
}

static void the_most_saved_for_each_second(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                uint64_t random = seed;
                double most = -INFINITY, at_once, saved;
                struct case_of c;

                make_case(&c, &random);
                at_once = cost_between(&c, c.question.earliest, c.question.earliest + c.question.seconds);
                for (int64_t s = c.question.earliest; s + c.question.seconds <= c.question.latest; s++)
                        most = fmax(most, (at_once - cost_between(&c, s, s + c.question.seconds)) /
                                                  (double)(s + c.question.seconds - c.question.earliest));
                assert_int_equal(rule_carbon_time(&c.question, &c.wishes), 0);
                assert_int_equal(c.wishes.n, 1);
                saved = at_once - cost_of(&c);
                near(saved / (double)(c.wishes.at[0].end - c.question.earliest), most);
                end_case(&c);
        }
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static void the_cheapest_seconds(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                uint64_t random = seed;
                double sorted[SECONDS], least = 0;
                struct case_of c;
                size_t n = 0;

                make_case(&c, &random);
                c.question.interruptible = true;
                for (int64_t t = c.question.earliest; t < c.question.latest; t++)
                        sorted[n++] = c.rate[t - START];
                qsort(sorted, n, sizeof(*sorted), by_size);
                for (int64_t i = 0; i < c.question.seconds; i++)
                        least += sorted[i];
                assert_int_equal(rule_wait_awhile(&c.question, &c.wishes), 0);
                near(cost_of(&c), least);
                c.question.interruptible = false; /* then in one piece, as well as it can */
                assert_int_equal(rule_wait_awhile(&c.question, &c.wishes), 0);
                assert_int_equal(c.wishes.n, 1);
                assert_true(cost_of(&c) >= least - 1e-6);
                end_case(&c);
        }
}

/* Second by second: is it cheap enough, has it begun and may not pause, or must it? */
static void expect_threshold(const struct case_of *c, double level)
{
        int64_t left = c->question.seconds;
        size_t i = 0;

        for (int64_t t = c->question.earliest; t < c->question.latest; t++) {
                bool begun = left < c->question.seconds && !c->question.interruptible;
                bool runs = left > 0 && (c->rate[t - START] <= level || begun || c->question.latest - t <= left);

                while (i < c->wishes.n && c->wishes.at[i].end <= t)
                        i++;
                assert_int_equal(i < c->wishes.n && c->wishes.at[i].start <= t, runs);
                left -= runs;
        }
}

static void whenever_it_is_cheap_enough(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                uint64_t random = seed;
                struct case_of c;

                make_case(&c, &random);
                c.question.level = (double)random_range(&random, -4, 9) * 10;
                assert_int_equal(rule_threshold(&c.question, &c.wishes), 0);
                cost_of(&c);
                expect_threshold(&c, c.question.level);
                end_case(&c);
        }
}

static void a_share_of_its_time_makes_the_level(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                uint64_t random = seed;
                double sorted[SECONDS];
                size_t n = 0, rank = 0;
                struct case_of c;

                make_case(&c, &random);
                c.question.share = (double)random_range(&random, 1, 99) / 100;
                for (int64_t t = c.question.earliest; t < c.question.latest; t++)
                        sorted[n++] = c.rate[t - START];
                qsort(sorted, n, sizeof(*sorted), by_size);
                while ((double)rank < c.question.share * (double)n)
                        rank++;
                assert_int_equal(rule_threshold(&c.question, &c.wishes), 0);
                cost_of(&c);
                expect_threshold(&c, sorted[rank - 1]);
                end_case(&c);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(price_and_carbon_make_one_rate),
                cmocka_unit_test(rates_are_those_that_are_seen),
                cmocka_unit_test(the_cheapest_window),
                cmocka_unit_test(the_most_saved_for_each_second),
                cmocka_unit_test(the_cheapest_seconds),
                cmocka_unit_test(whenever_it_is_cheap_enough),
                cmocka_unit_test(a_share_of_its_time_makes_the_level),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
