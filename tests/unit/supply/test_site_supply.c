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

/* (60 + 5) x 1.19. */
static void tax_is_on_price_and_adder(void **state)
{
        struct fixture *f = *state;

        f->site.terms.grid_tax_ppm = 190000;
        assert_int_equal(site_supply_grid_price(&f->site.terms, 60 * MW), 77350000);
        assert_int_equal(site_supply_grid_price(&f->site.terms, -5 * MW - 1), -2); /* rounded down */
        assert_int_equal(site_supply_grid_price(&f->site.terms, SERIES_UNKNOWN), SERIES_UNKNOWN);
        assert_int_equal(site_supply_grid_price(&f->site.terms, INT64_MAX), INT64_MAX);
        assert_int_equal(site_supply_grid_price(&f->site.terms, INT64_MIN + 1), INT64_MIN + 1);
        assert_int_equal(site_supply_at(&f->site, 100).segments[1].price, 77350000);
}

/* 10 MW are the limit, 4 of them firm; a lower series wins. */
static void plans_rely_on_firm_power(void **state)
{
        struct fixture *f = *state;

        f->site.terms.has_reactor = false;
        f->site.terms.has_firm = true;
        f->site.terms.grid_firm_w = 4 * MW;
        f->site.terms.grid_curtailable_w = 6 * MW;
        assert_int_equal(site_supply_at(&f->site, 60).segments[0].limit_w, 4 * MW);
        assert_int_equal(site_supply_at(&f->site, 130).segments[0].limit_w, 3 * MW);
}

/* Half of what a plant produces (the capacity series: 20 MW from 50 to 150) from 80 on, strike 35. */
static void an_agreement_delivers_from_its_start(void **state)
{
        struct fixture *f = *state;
        struct supply_ppa *ppa = &f->site.terms.ppas[0];
        struct supply_curve c;

        f->site.terms.has_reactor = false;
        f->site.terms.grid_limit_w = 15 * MW;
        f->site.terms.n_ppas = 1;
        *ppa = (struct supply_ppa){ .kind = PPA_AS_PRODUCED, .has_series = true, .take_or_pay = true, .strike = 35 * MW,
                                    .share_ppm = 500000, .start = 80, .carbon = 11000 };
        f->site.ppas[0] = &f->capacity;
        assert_int_equal(site_supply_ppa(&f->site, 0, 79), 0); /* until then the grid alone */
        assert_int_equal(site_supply_at(&f->site, 79).n_segments, 1);
        assert_int_equal(site_supply_next_edge(&f->site, 60), 80);
        assert_int_equal(site_supply_ppa(&f->site, 0, 80), 10 * MW);
        assert_int_equal(site_supply_ppa(&f->site, 0, 150), SERIES_UNKNOWN);
        c = site_supply_at(&f->site, 110);
        assert_int_equal(c.n_segments, 2);
        assert_int_equal(c.segments[0].unit, SUPPLY_PPA);
        assert_int_equal(c.segments[0].price, 0); /* paid anyway */
        assert_int_equal(c.segments[0].limit_w, 10 * MW);
        assert_int_equal(c.segments[0].carbon, 300000); /* it comes through the grid */
        assert_int_equal(c.segments[0].market, 11000);
        ppa->take_or_pay = false;
        assert_int_equal(site_supply_at(&f->site, 110).segments[0].price, 35 * MW);
        assert_int_equal(site_supply_at(&f->site, 160).n_segments, 1); /* unknown is not relied on */
        ppa->end = 90;
        assert_int_equal(site_supply_ppa(&f->site, 0, 90), 0);
        assert_int_equal(site_supply_next_edge(&f->site, 80), 90);
}

/* The connection has 10 MW: 7 of an agreement leave 3, and of a second one's 5 only those come through. */
static void agreements_share_the_connection(void **state)
{
        struct fixture *f = *state;
        struct supply_curve c;

        f->site.terms.has_reactor = false;
        f->site.terms.n_ppas = 1;
        f->site.terms.ppas[0] = (struct supply_ppa){ .kind = PPA_BASELOAD, .take_or_pay = true, .power_w = 7 * MW, .carbon = 5000 };
        f->site.terms.ppas[1] = (struct supply_ppa){ .kind = PPA_BASELOAD, .take_or_pay = true, .power_w = 5 * MW, .carbon = 5000 };
        c = site_supply_at(&f->site, 110);
        assert_int_equal(c.segments[0].limit_w, 7 * MW);
        assert_int_equal(c.segments[1].unit, SUPPLY_GRID);
        assert_int_equal(c.segments[1].limit_w, 3 * MW);
        assert_int_equal(supply_limit(&c), 10 * MW);
        f->site.terms.n_ppas = 2;
        c = site_supply_at(&f->site, 110);
        assert_int_equal(c.n_segments, 2);
        assert_int_equal(c.segments[1].limit_w, 3 * MW);
        assert_int_equal(supply_limit(&c), 10 * MW);
        f->site.terms.ppas[1].behind_meter = true; /* with a wire of its own it comes on top */
        c = site_supply_at(&f->site, 110);
        assert_int_equal(c.n_segments, 3);
        assert_int_equal(c.segments[0].carbon, 300000);
        assert_int_equal(c.segments[1].carbon, 5000);
        assert_int_equal(supply_limit(&c), 15 * MW);
        f->site.terms.grid_limit_w = INT64_MAX;
        c = site_supply_at(&f->site, 110);
        assert_int_equal(c.segments[2].limit_w, INT64_MAX);
}

static void baseload_is_there_at_all_times(void **state)
{
        struct fixture *f = *state;

        f->site.terms.n_ppas = 1;
        f->site.terms.ppas[0] = (struct supply_ppa){ .kind = PPA_BASELOAD, .take_or_pay = true, .power_w = 7 * MW, .end = 120 };
        assert_int_equal(site_supply_ppa(&f->site, 0, 5), 7 * MW);
        assert_int_equal(site_supply_at(&f->site, 110).segments[0].limit_w, 7 * MW);
        assert_int_equal(site_supply_ppa(&f->site, 0, 120), 0);
}

/* Money and certificates: the curve has the same segments with it. */
static void a_virtual_agreement_is_no_power(void **state)
{
        struct fixture *f = *state;
        struct supply_curve without = site_supply_at(&f->site, 110), with;

        f->site.terms.n_ppas = 2;
        f->site.terms.ppas[0] = (struct supply_ppa){ .kind = PPA_VIRTUAL, .power_w = 2 * MW, .carbon = 10000 };
        f->site.terms.ppas[1] = (struct supply_ppa){ .kind = PPA_VIRTUAL, .power_w = 6 * MW, .carbon = 30000 };
        with = site_supply_at(&f->site, 110);
        assert_int_equal(with.n_segments, without.n_segments);
        assert_int_equal(with.virtual_w, 8 * MW);
        assert_int_equal(with.virtual_carbon, 25000);
}

/* The sun, from the limit series: nothing before 120, 3 MW, then 50 of which 20 may be sold at 30. */
static void the_sun_is_free_unless_it_sells(void **state)
{
        struct fixture *f = *state;
        struct supply_curve c;

        f->site.limit = NULL;
        f->site.solar = &f->limit;
        f->site.terms.has_solar = true;
        f->site.terms.has_reactor = false;
        f->site.terms.solar_carbon = 48000;
        assert_int_equal(site_supply_at(&f->site, 110).n_segments, 1);
        c = site_supply_at(&f->site, 130);
        assert_int_equal(c.segments[0].unit, SUPPLY_SOLAR);
        assert_int_equal(c.segments[0].price, 0);
        assert_int_equal(c.segments[0].carbon, 48000);
        f->site.terms.export_limit_w = 20 * MW;
        f->site.terms.has_export_price = true;
        f->site.terms.export_price = 30 * MW;
        c = site_supply_at(&f->site, 230);
        assert_int_equal(c.segments[0].limit_w, 30 * MW);
        assert_int_equal(c.segments[1].price, 30 * MW);
        assert_int_equal(c.segments[1].limit_w, 20 * MW);
        f->site.terms.has_export_price = false; /* a series now: 60 at 130 */
        f->site.export_price = &f->price;
        c = site_supply_at(&f->site, 130);
        assert_int_equal(c.segments[0].price, 60 * MW);
        assert_true(c.segments[0].sold);
}

/* The capacity series is a hole from 150 to 350: the unit's rating less its outage. */
static void ratings_stand_in_for_reports(void **state)
{
        struct fixture *f = *state;

        f->site.terms.n_reactors = f->site.terms.n_outages = 1;
        f->site.terms.reactors[0] = (struct supply_reactor){ .rating_w = 25 * MW, .minimum_w = 10 * MW };
        f->site.terms.outages[0] = (struct supply_outage){ .from = 200, .to = 260, .power_w = 12 * MW };
        assert_int_equal(site_supply_reactor(&f->site, 100), 20 * MW);
        assert_int_equal(site_supply_reactor(&f->site, 160), 25 * MW);
        assert_int_equal(site_supply_reactor(&f->site, 200), 12 * MW);
        assert_int_equal(site_supply_reactor(&f->site, 260), 25 * MW);
        assert_int_equal(site_supply_reactor(&f->site, 360), 0); /* 5 MW are below its minimum */
        assert_true(site_supply_is_known(&f->site, 160));
        f->site.terms.n_reactors = f->site.terms.n_outages = 0;
        assert_int_equal(site_supply_reactor(&f->site, 160), SERIES_UNKNOWN);
        assert_false(site_supply_is_known(&f->site, 160));
        f->site.terms.has_reactor = false;
        assert_true(site_supply_is_known(&f->site, 160));
        f->site.terms.has_solar = true; /* without a series */
        assert_false(site_supply_is_known(&f->site, 160));
        f->site.solar = &f->capacity;
        assert_true(site_supply_is_known(&f->site, 100));
        assert_false(site_supply_is_known(&f->site, 160));
        f->site.terms.has_solar = false;
        f->site.terms.n_ppas = 1;
        f->site.terms.ppas[0] = (struct supply_ppa){ .kind = PPA_AS_PRODUCED, .has_series = true };
        assert_false(site_supply_is_known(&f->site, 160));
        f->site.terms.ppas[0].kind = PPA_VIRTUAL; /* no power: nobody relies on it */
        assert_true(site_supply_is_known(&f->site, 160));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(tax_is_on_price_and_adder, set_up, tear_down),
                cmocka_unit_test_setup_teardown(plans_rely_on_firm_power, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_agreement_delivers_from_its_start, set_up, tear_down),
                cmocka_unit_test_setup_teardown(agreements_share_the_connection, set_up, tear_down),
                cmocka_unit_test_setup_teardown(baseload_is_there_at_all_times, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_virtual_agreement_is_no_power, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_sun_is_free_unless_it_sells, set_up, tear_down),
                cmocka_unit_test_setup_teardown(ratings_stand_in_for_reports, set_up, tear_down),
                cmocka_unit_test_setup_teardown(follows_its_series, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_grid_gives_the_smaller_of_two_limits, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_adder_makes_nothing_known, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_a_reactor_its_series_says_nothing, set_up, tear_down),
                cmocka_unit_test(a_site_without_series),
                cmocka_unit_test_setup_teardown(edges_leave_nothing_out, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
