/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supply/site_supply.h"

#define MW INT64_C(1000000)

struct fixture {
        struct series price, carbon, capacity, limit;
        struct site_supply site;
};

/*
 * time      0    100   200   300   400
 * price     |-40 |  60 | ?   | 90  |
 * carbon    |300 | ... (until 250)
 * capacity    from 50: 20 MW; from 150: ?; from 350: 5 MW, until 1000
 * limit     from 120: 3 MW, from 220: 50 MW, until 320
 */
static int set_up(void **state)
{
        static struct fixture f;

        f = (struct fixture){ 0 };
        series_init(&f.price, SERIES_PRICE);
        series_append(&f.price, 0, -40 * MW);
        series_append(&f.price, 100, 60 * MW);
        series_append(&f.price, 200, SERIES_UNKNOWN);
        series_append(&f.price, 300, 90 * MW);
        f.price.end = 400;
        series_init(&f.carbon, SERIES_CARBON);
        series_append(&f.carbon, 0, 300000);
        f.carbon.end = 250;
        series_init(&f.capacity, SERIES_CAPACITY);
        series_append(&f.capacity, 50, 20 * MW);
        series_append(&f.capacity, 150, SERIES_UNKNOWN);
        series_append(&f.capacity, 350, 5 * MW);
        f.capacity.end = 1000;
        series_init(&f.limit, SERIES_LIMIT);
        series_append(&f.limit, 120, 3 * MW);
        series_append(&f.limit, 220, 50 * MW);
        f.limit.end = 320;
        f.site = (struct site_supply){
                .terms = { .grid_adder = 5 * MW,
                           .grid_limit_w = 10 * MW,
                           .has_reactor = true,
                           .reactor_fuel = 8 * MW,
                           .reactor_carbon = 12000,
                           .pue_ppm = 1000000 },
                .price = &f.price,
                .carbon = &f.carbon,
                .capacity = &f.capacity,
                .limit = &f.limit,
        };
        *state = &f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        series_finish(&f->price);
        series_finish(&f->carbon);
        series_finish(&f->capacity);
        series_finish(&f->limit);
        return 0;
}

static void follows_its_series(void **state)
{
        struct fixture *f = *state;
        struct supply_curve c = site_supply_at(&f->site, 0);

        assert_int_equal(c.n_segments, 1); /* nobody reports the reactor yet */
        assert_int_equal(c.segments[0].price, -35 * MW);
        assert_int_equal(c.segments[0].carbon, 300000);
        c = site_supply_at(&f->site, 99);
        assert_int_equal(c.n_segments, 2);
        assert_int_equal(c.segments[0].unit, SUPPLY_GRID); /* paid to draw */
        c = site_supply_at(&f->site, 130);
        assert_int_equal(c.segments[0].unit, SUPPLY_REACTOR);
        assert_int_equal(c.segments[0].limit_w, 20 * MW);
        assert_int_equal(c.segments[1].price, 65 * MW);
        assert_int_equal(supply_limit(&c), 23 * MW);
}

static void the_grid_gives_the_smaller_of_two_limits(void **state)
{
        struct fixture *f = *state;
        struct supply_curve c = site_supply_at(&f->site, 160);

        assert_int_equal(c.segments[0].limit_w, 3 * MW);
        c = site_supply_at(&f->site, 220);
        assert_int_equal(c.segments[0].limit_w, 10 * MW); /* the series says 50, the contract 10 */
        c = site_supply_at(&f->site, 320);
        assert_int_equal(c.segments[0].limit_w, 10 * MW); /* the series says nothing */
        f->site.terms.grid_limit_w = INT64_MAX;
        c = site_supply_at(&f->site, 320);
        assert_int_equal(c.segments[0].limit_w, INT64_MAX);
}

static void an_adder_makes_nothing_known(void **state)
{
        struct fixture *f = *state;
        struct supply_curve c = site_supply_at(&f->site, 230);

        assert_int_equal(c.segments[0].price, SERIES_UNKNOWN);
        assert_int_equal(c.segments[0].carbon, 300000);
        c = site_supply_at(&f->site, 260);
        assert_int_equal(c.segments[0].carbon, SERIES_UNKNOWN);
        f->price.points[3].value = INT64_MAX - 1;
        c = site_supply_at(&f->site, 300);
        assert_int_equal(c.segments[0].price, INT64_MAX); /* saturates */
        f->price.points[3].value = INT64_MIN + 2;
        f->site.terms.grid_adder = -5;
        c = site_supply_at(&f->site, 300);
        assert_int_equal(c.segments[0].price, INT64_MIN + 1); /* and never becomes "unknown" */
}

static void without_a_reactor_its_series_says_nothing(void **state)
{
        struct fixture *f = *state;
        struct supply_curve c;

        f->site.terms.has_reactor = false;
        c = site_supply_at(&f->site, 60);
        assert_int_equal(c.n_segments, 1);
        assert_int_equal(site_supply_next_edge(&f->site, 0), 100);
        assert_int_equal(site_supply_next_edge(&f->site, 320), 400);
}

static void a_site_without_series(void **state)
{
        struct site_supply site = { .terms = { .grid_limit_w = MW, .has_reactor = true } };
        struct supply_curve c = site_supply_at(&site, 0);

        (void)state;
        assert_int_equal(c.n_segments, 1);
        assert_int_equal(c.segments[0].price, SERIES_UNKNOWN);
        assert_int_equal(site_supply_next_edge(&site, 0), INT64_MAX);
}

/* Between two edges the curve does not change; at each edge of a series there is one. */
static void edges_leave_nothing_out(void **state)
{
        struct fixture *f = *state;
        static const int64_t expected[] = { 0, 50, 100, 120, 150, 200, 220, 250, 300, 320, 350, 400, 1000, INT64_MAX };
        int64_t t = -10;

        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
                int64_t edge = site_supply_next_edge(&f->site, t);
                struct supply_curve before = site_supply_at(&f->site, t);

                assert_int_equal(edge, expected[i]);
                for (int64_t u = t; u < edge && u < 1100; u += 7) {
                        struct supply_curve c = site_supply_at(&f->site, u);

                        assert_int_equal(c.n_segments, before.n_segments);
                        assert_int_equal(supply_limit(&c), supply_limit(&before));
                        assert_int_equal(supply_average_price(&c, 4 * MW), supply_average_price(&before, 4 * MW));
                }
                t = edge;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(follows_its_series, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_grid_gives_the_smaller_of_two_limits, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_adder_makes_nothing_known, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_a_reactor_its_series_says_nothing, set_up, tear_down),
                cmocka_unit_test(a_site_without_series),
                cmocka_unit_test_setup_teardown(edges_leave_nothing_out, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
