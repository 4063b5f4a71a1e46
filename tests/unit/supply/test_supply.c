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

/* A reactor of 20 MW (fuel 8) and 10 MW of sun; 12 MW may be sold. */
static struct supply_curve selling(int64_t export_price)
{
        struct supply_now n = now(90 * MW, 50 * MW, 8 * MW, 20 * MW);

        n.sources[n.n_sources++] = (struct supply_source){ .unit = SUPPLY_SOLAR, .carbon = 48000, .market = 48000, .power_w = 10 * MW };
        n.export_price = export_price;
        n.export_limit_w = 12 * MW;
        return supply_curve(&n);
}

static void is(const struct supply_curve *c, unsigned i, enum supply_unit unit, int64_t price, int64_t limit_w)
{
        assert_int_equal(c->segments[i].unit, unit);
        assert_int_equal(c->segments[i].price, price);
        assert_int_equal(c->segments[i].limit_w, limit_w);
}

/* The sun sells first, and 2 MW of the reactor: what is left of it costs its fuel, what is sold the export price. */
static void what_could_be_sold_costs_the_export_price(void **state)
{
        struct supply_curve c = selling(40 * MW);

        (void)state;
        assert_int_equal(c.n_segments, 4);
        is(&c, 0, SUPPLY_REACTOR, 8 * MW, 18 * MW);
        is(&c, 1, SUPPLY_SOLAR, 40 * MW, 10 * MW);
        is(&c, 2, SUPPLY_REACTOR, 40 * MW, 2 * MW);
        is(&c, 3, SUPPLY_GRID, 90 * MW, 50 * MW);
        assert_int_equal(supply_exported(&c, 0), 12 * MW);
        assert_int_equal(supply_exported(&c, 18 * MW), 12 * MW);
        assert_int_equal(supply_exported(&c, 20 * MW), 10 * MW);
        assert_int_equal(supply_exported(&c, 40 * MW), 0);
        assert_int_equal(supply_curtailed(&c, 0), 0); /* a reactor that gives less is not curtailed */
}

/* At 5 the sun sells and the reactor does not; dearer than the grid, it comes behind it. */
static void a_unit_sells_above_its_own_cost_only(void **state)
{
        struct supply_curve c = selling(5 * MW);

        (void)state;
        is(&c, 0, SUPPLY_SOLAR, 5 * MW, 10 * MW);
        is(&c, 1, SUPPLY_REACTOR, 8 * MW, 20 * MW);
        assert_int_equal(supply_exported(&c, 4 * MW), 6 * MW);
        c = selling(120 * MW);
        is(&c, 1, SUPPLY_GRID, 90 * MW, 50 * MW);
        is(&c, 2, SUPPLY_SOLAR, 120 * MW, 10 * MW);
}

/* Nobody sells at a loss; an unknown price is no offer. */
static void at_a_negative_price_the_sun_is_curtailed(void **state)
{
        struct supply_curve c = selling(-MW);

        (void)state;
        assert_int_equal(c.n_segments, 3);
        is(&c, 0, SUPPLY_SOLAR, 0, 10 * MW);
        assert_int_equal(supply_exported(&c, 0), 0);
        assert_int_equal(supply_curtailed(&c, 0), 10 * MW);
        assert_int_equal(supply_curtailed(&c, 7 * MW), 3 * MW);
        assert_int_equal(supply_curtailed(&c, 11 * MW), 0);
        c = selling(SERIES_UNKNOWN);
        assert_int_equal(c.n_segments, 3);
        assert_int_equal(supply_exported(&c, 0), 0);
}

/* As many units as there can be: one is cut in two. */
static void the_longest_curve_ascends(void **state)
{
        struct supply_now n = now(90 * MW, 50 * MW, 8 * MW, 20 * MW);
        struct supply_curve c;

        (void)state;
        for (unsigned i = 0; i < SUPPLY_MAX_SOURCES; i++)
                n.sources[n.n_sources++] = (struct supply_source){ .unit = SUPPLY_SOLAR + i, .price = (9 - i) * MW, .power_w = MW };
        n.export_price = 30 * MW;
        n.export_limit_w = 5 * MW + 5;
        c = supply_curve(&n);
        assert_int_equal(c.n_segments, SUPPLY_MAX_SEGMENTS);
        for (unsigned i = 1; i < c.n_segments; i++)
                assert_true(c.segments[i].price >= c.segments[i - 1].price);
        assert_int_equal(supply_limit(&c), 75 * MW);
}

/* 30 MW: 20 of the reactor, 10 of the grid, of which 4 are covered at nothing. */
static void virtual_agreements_cover_the_grid(void **state)
{
        struct supply_now n = now(90 * MW, 50 * MW, 8 * MW, 20 * MW);
        struct supply_curve c;

        (void)state;
        n.virtual_w = 4 * MW;
        n.virtual_carbon = 0;
        c = supply_curve(&n);
        assert_int_equal(c.n_segments, 2); /* no megawatts */
        assert_int_equal(supply_average_carbon(&c, 30 * MW), (20 * 12000 + 10 * 300000) / 30);
        assert_int_equal(supply_average_market(&c, 30 * MW), (20 * 12000 + 6 * 300000) / 30);
        assert_int_equal(supply_average_market(&c, 10 * MW), 12000);
        n.grid_carbon = SERIES_UNKNOWN;
        c = supply_curve(&n);
        assert_int_equal(supply_average_market(&c, 24 * MW), 10000); /* all that is unknown is covered */
        assert_int_equal(supply_average_market(&c, 25 * MW), SERIES_UNKNOWN);
        assert_int_equal(supply_average_carbon(&c, 24 * MW), SERIES_UNKNOWN);
}

static void what_is_drawn_adds_up(void **state)
{
        struct supply_curve c = selling(40 * MW);

        (void)state;
        for (int64_t power = 0; power < 200 * MW; power += 7 * MW / 2) {
                int64_t sum = 0;

                for (unsigned i = 0; i < c.n_segments; i++)
                        sum += supply_drawn(&c, i, power);
                assert_int_equal(sum, power);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_could_be_sold_costs_the_export_price),
                cmocka_unit_test(a_unit_sells_above_its_own_cost_only),
                cmocka_unit_test(at_a_negative_price_the_sun_is_curtailed),
                cmocka_unit_test(the_longest_curve_ascends),
                cmocka_unit_test(virtual_agreements_cover_the_grid),
                cmocka_unit_test(what_is_drawn_adds_up),
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
