/* SPDX-License-Identifier: Apache-2.0 */
/* test_price_ahead - means over stretches of time to come, against prices looked up second by second. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supply/price_ahead.h"

#define EUR INT64_C(1000000)

enum { STEP = 60, STEPS = 40, HOLE = 20, WATTS = 3000, CHEAP_W = 1000 };

struct fixture {
        struct series price, sun;
        struct site_supply supply;
};

/* A price a minute, without one at the HOLE; the sun gives the first 1000 W for nothing at every third minute. */
static int set_up(void **state)
{
        static struct fixture f;

        f = (struct fixture){ .supply = {
                                      .terms = { .grid_limit_w = INT64_MAX, .has_solar = true, .pue_ppm = 1000000 } } };
        series_init(&f.price, SERIES_PRICE);
        series_init(&f.sun, (enum series_kind)SERIES_SOLAR);
        for (int i = 0; i < STEPS; i++) {
                series_append(&f.price, i * STEP, i == HOLE ? SERIES_UNKNOWN : (i * 37 % 11 - 3) * EUR);
                series_append(&f.sun, i * STEP, i % 3 == 0 ? CHEAP_W : 0);
        }
        f.price.end = f.sun.end = STEPS * STEP;
        f.supply.price = &f.price;
        f.supply.solar = &f.sun;
        *state = &f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        series_finish(&f->price);
        series_finish(&f->sun);
        return 0;
}

/* Second by second. */
static double mean_by_hand(const struct fixture *f, int64_t start, int64_t seconds)
{
        double sum = 0;

        for (int64_t t = start; t < start + seconds; t++) {
                struct supply_curve curve = site_supply_at(&f->supply, t);
                int64_t price = supply_average_price(&curve, WATTS);

                if (price == SERIES_UNKNOWN)
                        return NAN;
                sum += (double)price;
        }
        return sum / (double)seconds;
}

static void means_are_those_of_the_seconds(void **state)
{
        const struct fixture *f = *state;
        struct price_ahead ahead;

        price_ahead_init(&ahead, &f->supply, WATTS, 95);
        for (int64_t start = 95; start < STEPS * STEP; start += 17)
                for (int64_t seconds = 1; start + seconds <= STEPS * STEP; seconds += 41) {
                        double mean = price_ahead_mean(&ahead, start, seconds),
                               by_hand = mean_by_hand(f, start, seconds);

                        assert_int_equal(isnan(mean), isnan(by_hand));
                        assert_true(isnan(mean) || fabs(mean - by_hand) <= 1e-9 * fabs(by_hand) + 1e-6);
                }
        assert_true(!isnan(price_ahead_mean(&ahead, 95, 60)));
        assert_true(isnan(price_ahead_mean(&ahead, HOLE * STEP - 1, 2)));
        assert_true(!isnan(price_ahead_mean(&ahead, (HOLE + 1) * STEP, 60)));
        price_ahead_finish(&ahead);
}

/* The later stretch first: looking further does not change what was known. */
static void nothing_is_known_behind_the_end_and_no_mean_of_no_time(void **state)
{
        const struct fixture *f = *state;
        struct price_ahead ahead;

        price_ahead_init(&ahead, &f->supply, WATTS, 0);
        assert_true(isnan(price_ahead_mean(&ahead, (STEPS - 1) * STEP, STEP + 1)));
        assert_true(isnan(price_ahead_mean(&ahead, STEPS * STEP + 1000, 60)));
        assert_true(isnan(price_ahead_mean(&ahead, 60, 0)));
        assert_true(isnan(price_ahead_mean(&ahead, 60, -5)));
        assert_true(fabs(price_ahead_mean(&ahead, 60, 90) - mean_by_hand(f, 60, 90)) < 1e-6);
        price_ahead_finish(&ahead);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(means_are_those_of_the_seconds, set_up, tear_down),
                cmocka_unit_test_setup_teardown(nothing_is_known_behind_the_end_and_no_mean_of_no_time, set_up,
                                                tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
