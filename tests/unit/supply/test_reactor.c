/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supply/reactor.h"
#include "supply/series.h"

#define MW   INT64_C(1000000)
#define HOUR INT64_C(3600)

/* Two units of 100 MW (from 40 on, 2 MW a minute, restart 6 h); house load 5 MW. */
static struct supply_terms plant(void)
{
        struct supply_terms terms = { .has_reactor = true, .reactor_house_w = 5 * MW, .n_reactors = 2 };

        for (int u = 0; u < 2; u++)
                terms.reactors[u] = (struct supply_reactor){ .rating_w = 100 * MW,
                                                             .minimum_w = 40 * MW,
                                                             .ramp_w_per_min = 2 * MW,
                                                             .restart_s = 6 * HOUR };
        return terms;
}

static void ratings_less_the_house_load(void **state)
{
        struct supply_terms terms = plant();

        (void)state;
        assert_int_equal(reactor_forecast(&terms, 0), 195 * MW);
        assert_int_equal(reactor_next_edge(&terms, 0), INT64_MAX);
        terms.reactor_house_w = 300 * MW;
        assert_int_equal(reactor_forecast(&terms, 0), 0);
        terms.n_reactors = 0; /* nobody can say */
        assert_int_equal(reactor_forecast(&terms, 0), SERIES_UNKNOWN);
}

/* Down to 60 MW for an hour: 40 MW at 2 a minute are 20 minutes more. */
static void a_derated_unit_ramps_back(void **state)
{
        struct supply_terms terms = plant();

        (void)state;
        terms.outages[terms.n_outages++] = (struct supply_outage){ .unit = 1, .from = HOUR, .to = 2 * HOUR, .power_w = 60 * MW };
        assert_int_equal(reactor_forecast(&terms, HOUR - 1), 195 * MW);
        assert_int_equal(reactor_forecast(&terms, HOUR), 155 * MW);
        assert_int_equal(reactor_forecast(&terms, 2 * HOUR + 1199), 155 * MW);
        assert_int_equal(reactor_forecast(&terms, 2 * HOUR + 1200), 195 * MW);
        assert_int_equal(reactor_next_edge(&terms, 0), HOUR);
        assert_int_equal(reactor_next_edge(&terms, HOUR), 2 * HOUR + 1200);
}

/* Shut down, and likewise if what is left is below the minimum: 6 h to restart, 100 MW at 2 a minute are 50 minutes. */
static void a_unit_that_was_off_restarts(void **state)
{
        struct supply_terms terms = plant();
        int64_t back = 2 * HOUR + 6 * HOUR + 3000;

        (void)state;
        terms.outages[terms.n_outages++] = (struct supply_outage){ .unit = 0, .from = HOUR, .to = 2 * HOUR, .power_w = 39 * MW };
        assert_int_equal(reactor_forecast(&terms, HOUR), 95 * MW);
        assert_int_equal(reactor_forecast(&terms, back - 1), 95 * MW);
        assert_int_equal(reactor_forecast(&terms, back), 195 * MW);
}

static void each_unit_tells_its_outage(void **state)
{
        struct supply_terms terms = plant();
        int64_t from = -1, back = -1;

        (void)state;
        assert_false(reactor_unit_outage(&terms, 1, 0, &from, &back));
        assert_true(from == -1 && back == -1);
        terms.n_outages = 2; /* the later one first */
        terms.outages[0] = (struct supply_outage){ .unit = 1, .from = 9 * HOUR, .to = 10 * HOUR, .power_w = 60 * MW };
        terms.outages[1] = (struct supply_outage){ .unit = 1, .from = HOUR, .to = 2 * HOUR, .power_w = 60 * MW };
        assert_false(reactor_unit_outage(&terms, 0, 0, &from, &back));
        assert_true(reactor_unit_outage(&terms, 1, 0, &from, &back));
        assert_int_equal(from, HOUR);
        assert_int_equal(back, 2 * HOUR + 1200);
        assert_true(reactor_unit_outage(&terms, 1, 2 * HOUR + 1199, &from, &back)); /* it ramps */
        assert_int_equal(from, HOUR);
        assert_int_equal(reactor_unit_forecast(&terms, 1, 2 * HOUR + 1199), 60 * MW);
        assert_true(reactor_unit_outage(&terms, 1, 2 * HOUR + 1200, &from, &back));
        assert_int_equal(from, 9 * HOUR);
        assert_int_equal(reactor_unit_forecast(&terms, 1, 2 * HOUR + 1200), 100 * MW);
        assert_int_equal(reactor_unit_forecast(&terms, 0, 0), 100 * MW); /* the house load is the plant's */
        assert_false(reactor_unit_outage(&terms, 1, 10 * HOUR + 1200, &from, &back));
}

static void of_two_outages_the_worse_counts(void **state)
{
        struct supply_terms terms = plant();

        (void)state;
        terms.reactors[0].restart_s = terms.reactors[0].ramp_w_per_min = 0;
        terms.outages[0] = (struct supply_outage){ .unit = 0, .from = 0, .to = 100, .power_w = 80 * MW };
        terms.outages[1] = (struct supply_outage){ .unit = 0, .from = 50, .to = 70, .power_w = 50 * MW };
        terms.n_outages = 2;
        assert_int_equal(reactor_forecast(&terms, 49), 175 * MW);
        assert_int_equal(reactor_forecast(&terms, 50), 145 * MW);
        assert_int_equal(reactor_forecast(&terms, 70), 175 * MW);
        assert_int_equal(reactor_forecast(&terms, 100), 195 * MW);
}

static void a_report_below_the_minimum_is_nothing(void **state)
{
        struct supply_terms terms = plant();

        (void)state;
        assert_int_equal(reactor_reported(&terms, 40 * MW - 1), 0);
        assert_int_equal(reactor_reported(&terms, 40 * MW), 40 * MW);
        assert_int_equal(reactor_reported(&terms, SERIES_UNKNOWN), SERIES_UNKNOWN);
        terms.n_reactors = 0;
        assert_int_equal(reactor_reported(&terms, 1), 1);
}

/* Nothing changes between edges. */
static void edges_miss_no_change(void **state)
{
        struct supply_terms terms = plant();

        (void)state;
        terms.outages[0] = (struct supply_outage){ .unit = 0, .from = 500, .to = 900, .power_w = 70 * MW };
        terms.outages[1] = (struct supply_outage){ .unit = 1, .from = 700, .to = 701, .power_w = 0 };
        terms.n_outages = 2;
        for (int64_t t = 0; t < 30000; t++)
                if (reactor_next_edge(&terms, t) != t + 1)
                        assert_int_equal(reactor_forecast(&terms, t), reactor_forecast(&terms, t + 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ratings_less_the_house_load),
                cmocka_unit_test(a_derated_unit_ramps_back),
                cmocka_unit_test(a_unit_that_was_off_restarts),
                cmocka_unit_test(each_unit_tells_its_outage),
                cmocka_unit_test(of_two_outages_the_worse_counts),
                cmocka_unit_test(a_report_below_the_minimum_is_nothing),
                cmocka_unit_test(edges_miss_no_change),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
