/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supply/series.h"
#include "supply/supply.h"

#define MW INT64_C(1000000)

static struct supply_now now(int64_t grid_price, int64_t grid_limit_w, int64_t reactor_price, int64_t reactor_w)
{
        return (struct supply_now){ .grid_price = grid_price,
                                    .grid_carbon = 300000,
                                    .grid_limit_w = grid_limit_w,
                                    .reactor_price = reactor_price,
                                    .reactor_carbon = 12000,
                                    .reactor_w = reactor_w };
}

static struct supply_curve curve(int64_t grid_price, int64_t grid_limit_w, int64_t reactor_price, int64_t reactor_w)
{
        struct supply_now n = now(grid_price, grid_limit_w, reactor_price, reactor_w);

        return supply_curve(&n);
}

static void cheapest_first(void **state)
{
        struct supply_curve c = curve(90 * MW, 5 * MW, 8 * MW, 20 * MW);

        (void)state;
        assert_int_equal(c.n_segments, 2);
        assert_int_equal(c.segments[0].unit, SUPPLY_REACTOR);
        assert_int_equal(c.segments[0].carbon, 12000);
        assert_int_equal(c.segments[1].unit, SUPPLY_GRID);
        assert_int_equal(c.segments[1].limit_w, 5 * MW);
        c = curve(-40 * MW, 5 * MW, 8 * MW, 20 * MW); /* a negative price is cheaper than any fuel */
        assert_int_equal(c.segments[0].unit, SUPPLY_GRID);
        assert_int_equal(c.segments[0].price, -40 * MW);
        c = curve(8 * MW, 5 * MW, 8 * MW, 20 * MW); /* the same price: the cleaner one */
        assert_int_equal(c.segments[0].unit, SUPPLY_REACTOR);
}

static void an_unknown_price_is_the_dearest(void **state)
{
        struct supply_curve c = curve(SERIES_UNKNOWN, 5 * MW, INT64_MAX, 20 * MW);

        (void)state;
        assert_int_equal(c.n_segments, 2);
        assert_int_equal(c.segments[0].unit, SUPPLY_REACTOR);
        assert_int_equal(c.segments[1].price, SERIES_UNKNOWN);
}

static void a_unit_that_gives_nothing_is_no_segment(void **state)
{
        struct supply_curve c = curve(90 * MW, 5 * MW, 8 * MW, SERIES_UNKNOWN);

        (void)state;
        assert_int_equal(c.n_segments, 1);
        assert_int_equal(c.segments[0].unit, SUPPLY_GRID);
        c = curve(90 * MW, 0, 8 * MW, 20 * MW);
        assert_int_equal(c.n_segments, 1);
        assert_int_equal(c.segments[0].unit, SUPPLY_REACTOR);
        c = curve(90 * MW, 0, 8 * MW, 0);
        assert_int_equal(c.n_segments, 0);
        c = curve(90 * MW, -1, 8 * MW, -1);
        assert_int_equal(c.n_segments, 0);
}

static void the_limit_is_the_sum(void **state)
{
        struct supply_curve c = curve(90 * MW, 5 * MW, 8 * MW, 20 * MW);

        (void)state;
        assert_int_equal(supply_limit(&c), 25 * MW);
        c = curve(90 * MW, INT64_MAX, 8 * MW, 20 * MW);
        assert_int_equal(supply_limit(&c), INT64_MAX);
        c = curve(90 * MW, 0, 8 * MW, 0);
        assert_int_equal(supply_limit(&c), 0);
}

static void averages(void **state)
{
        struct supply_curve c = curve(100 * MW, 10 * MW, 10 * MW, 30 * MW);

        (void)state;
        assert_int_equal(supply_average_price(&c, 0), 10 * MW); /* the first watt's */
        assert_int_equal(supply_average_price(&c, 30 * MW), 10 * MW);
        assert_int_equal(supply_average_price(&c, 40 * MW), 32500000); /* (30 * 10 + 10 * 100) / 40 */
        assert_int_equal(supply_average_carbon(&c, 40 * MW), 84000);   /* (30 * 12 + 10 * 300) / 40 g */
        assert_int_equal(supply_average_price(&c, 60 * MW), 55 * MW);  /* beyond the limit like the last segment */
        assert_int_equal(supply_average_price(&c, INT64_MAX), 100 * MW);
}

static void averages_round_to_the_nearest(void **state)
{
        struct supply_curve c = curve(1, INT64_MAX, 0, 1);

        (void)state;
        assert_int_equal(supply_average_price(&c, 2), 1); /* 1/2 */
        assert_int_equal(supply_average_price(&c, 3), 1); /* 2/3 */
        c = curve(-1, 1, 0, INT64_MAX);
        assert_int_equal(supply_average_price(&c, 2), 0);  /* -1/2, halves up */
        assert_int_equal(supply_average_price(&c, 3), 0);  /* -1/3 */
        assert_int_equal(supply_average_price(&c, 1), -1);
}

/* An unknown segment spoils the average once it is used, and not before. */
static void unknown_is_not_zero(void **state)
{
        struct supply_curve c = curve(SERIES_UNKNOWN, 10 * MW, 10 * MW, 30 * MW), none = { 0 };

        (void)state;
        assert_int_equal(supply_average_price(&c, 30 * MW), 10 * MW);
        assert_int_equal(supply_average_price(&c, 30 * MW + 1), SERIES_UNKNOWN);
        assert_int_equal(supply_average_carbon(&c, 40 * MW), 84000); /* its carbon is known all the same */
        assert_int_equal(supply_average_price(&none, 1), SERIES_UNKNOWN);
        assert_int_equal(supply_average_carbon(&none, 0), SERIES_UNKNOWN);
}

/* Cost is average times power: it never falls behind by more than the rounding, and segments fill in order. */
static void averages_agree_with_a_sum_by_watt(void **state)
{
        (void)state;
        for (int64_t grid = -7; grid <= 13; grid += 5) {
                struct supply_curve c = curve(grid, 4, 3, 6);
                int64_t sum = 0;

                for (int64_t w = 1; w <= 15; w++) {
                        int64_t first_w = c.segments[0].limit_w, twice;

                        sum += w <= first_w ? c.segments[0].price : c.segments[1].price;
                        twice = 2 * (supply_average_price(&c, w) * w - sum);
                        assert_true(twice <= w && twice > -w);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cheapest_first),
                cmocka_unit_test(an_unknown_price_is_the_dearest),
                cmocka_unit_test(a_unit_that_gives_nothing_is_no_segment),
                cmocka_unit_test(the_limit_is_the_sum),
                cmocka_unit_test(averages),
                cmocka_unit_test(averages_round_to_the_nearest),
                cmocka_unit_test(unknown_is_not_zero),
                cmocka_unit_test(averages_agree_with_a_sum_by_watt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
