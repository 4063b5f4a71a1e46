/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/surplus.h"

#define KW INT64_C(1000)
#define HOUR INT64_C(3600)

/*
 * Two hours: sun of 10 kW, then 4 kW; the price 40, then 60. In the first hour the site draws 3 kW, in the second nothing is
 * on its meter but the last five minutes, with 6 kW.
 */
struct scene {
        struct series_point sun_points[2], price_points[2];
        struct series sun, price;
        struct site_supply supply;
        struct site_meter meter;
};

static int set_up(void **state)
{
        static struct scene s;

        s = (struct scene){ .sun_points = { { 0, 10 * KW }, { HOUR, 4 * KW } },
                            .price_points = { { 0, 40000000 }, { HOUR, 60000000 } } };
        s.sun = (struct series){ .kind = SERIES_CAPACITY, .points = s.sun_points, .n_points = 2, .end = 2 * HOUR };
        s.price = (struct series){ .kind = SERIES_PRICE, .points = s.price_points, .n_points = 2, .end = 2 * HOUR };
        s.supply = (struct site_supply){ .terms = { .grid_limit_w = INT64_MAX, .has_solar = true },
                                         .price = &s.price, .solar = &s.sun };
        assert_int_equal(site_meter_add(&s.meter, 0, HOUR, 3 * KW * HOUR), 0);
        assert_int_equal(site_meter_add(&s.meter, 2 * HOUR - 300, 2 * HOUR, 6 * KW * 300), 0);
        *state = &s;
        return 0;
}

static int tear_down(void **state)
{
        struct scene *s = *state;

        site_meter_finish(&s->meter);
        return 0;
}

static void without_export_the_sun_is_curtailed(void **state)
{
        struct scene *s = *state;
        struct surplus surplus = surplus_of(&s->meter, &s->supply, 0, 2 * HOUR);

        assert_int_equal(surplus.exported, 0);
        assert_int_equal(surplus.curtailed, 7 * KW * HOUR + 4 * KW * (HOUR - 300));
        assert_int_equal(surplus.from, 0);
        surplus = surplus_of(&s->meter, &s->supply, -HOUR, 100); /* the meter begins at 0; in seconds, not in intervals */
        assert_int_equal(surplus.from, 0);
        assert_int_equal(surplus.curtailed, 7 * KW * 100);
        surplus = surplus_of(&s->meter, &s->supply, 450, 460);
        assert_int_equal(surplus.curtailed, 7 * KW * 10);
}

/* 5 kW at most, for 20. */
static void with_export_it_sells(void **state)
{
        struct scene *s = *state;
        struct surplus surplus;

        s->supply.terms.export_limit_w = 5 * KW;
        s->supply.terms.has_export_price = true;
        s->supply.terms.export_price = 20000000;
        surplus = surplus_of(&s->meter, &s->supply, 0, 2 * HOUR);
        assert_int_equal(surplus.exported, 5 * KW * HOUR + 4 * KW * (HOUR - 300));
        assert_int_equal(surplus.curtailed, 2 * KW * HOUR);
        s->supply.terms.export_price = -1; /* nobody pays for giving it away */
        surplus = surplus_of(&s->meter, &s->supply, 0, HOUR);
        assert_int_equal(surplus.exported, 0);
        assert_int_equal(surplus.curtailed, 7 * KW * HOUR);
}

/* 2 kW at a strike of 55: 15 per MWh are lost in the first hour, 5 won in the second. */
static void a_virtual_agreement_settles(void **state)
{
        struct scene *s = *state;
        struct surplus surplus;

        s->supply.terms.n_ppas = 1;
        s->supply.terms.ppas[0] = (struct supply_ppa){ .kind = PPA_VIRTUAL, .strike = 55000000, .power_w = 2 * KW };
        surplus = surplus_of(&s->meter, &s->supply, 0, HOUR);
        assert_true(surplus.settled_known);
        assert_int_equal(surplus.settled, -30000);
        surplus = surplus_of(&s->meter, &s->supply, 0, 2 * HOUR);
        assert_int_equal(surplus.settled, -20000);
        surplus = surplus_of(&s->meter, &s->supply, 0, 2 * HOUR + 1); /* a second without a price */
        assert_false(surplus.settled_known);
}

static void without_a_meter_nothing_is_known(void **state)
{
        struct scene *s = *state;
        struct site_meter none = { 0 };
        struct surplus surplus = surplus_of(&none, &s->supply, 0, HOUR);

        assert_int_equal(surplus.from, HOUR);
        assert_int_equal(surplus.curtailed, 0);
        assert_true(surplus_is_possible(&s->supply.terms));
        s->supply.terms.has_solar = false;
        assert_false(surplus_is_possible(&s->supply.terms));
        s->supply.terms.n_ppas = 1;
        assert_true(surplus_is_possible(&s->supply.terms));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(without_export_the_sun_is_curtailed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(with_export_it_sells, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_virtual_agreement_settles, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_a_meter_nothing_is_known, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
