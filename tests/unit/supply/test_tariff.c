/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supply/tariff.h"

#define MW   INT64_C(1000000)
#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

#define JUNE   INT64_C(1748736000) /* 2025-06-01T00:00:00Z, a Sunday */
#define JULY   INT64_C(1751328000)
#define MONDAY INT64_C(1749427200) /* 2025-06-09T00:00:00Z */

static void months_are_utc(void **state)
{
        struct supply_terms terms = { 0 };

        (void)state;
        assert_int_equal(tariff_month(&terms, MONDAY), JUNE);
        assert_int_equal(tariff_month(&terms, JUNE), JUNE);
        assert_int_equal(tariff_month(&terms, JULY - 1), JUNE);
        assert_int_equal(tariff_next_month(&terms, JUNE), JULY);
        assert_int_equal(tariff_next_month(&terms, JULY - 1), JULY);
        assert_int_equal(tariff_next_month(&terms, INT64_C(1766275200)), INT64_C(1767225600)); /* December: January */
}

/* Two hours east of UTC the month begins two hours sooner. */
static void or_what_the_offset_says(void **state)
{
        struct supply_terms terms = { .utc_offset_s = 2 * HOUR };

        (void)state;
        assert_int_equal(tariff_month(&terms, MONDAY), JUNE - 2 * HOUR);
        assert_int_equal(tariff_month(&terms, JULY - 2 * HOUR), JULY - 2 * HOUR);
        assert_int_equal(tariff_next_month(&terms, MONDAY), JULY - 2 * HOUR);
}

/* 07-20 Mon-Fri. */
static void hours_of_the_week(void **state)
{
        struct supply_demand demand = { .hours = { .days = 31, .from_minute = 420, .to_minute = 1200 } };
        struct supply_terms terms = { 0 };

        (void)state;
        assert_false(tariff_counts(&terms, &demand, MONDAY + 7 * HOUR - 1));
        assert_true(tariff_counts(&terms, &demand, MONDAY + 7 * HOUR));
        assert_true(tariff_counts(&terms, &demand, MONDAY + 20 * HOUR - 1));
        assert_false(tariff_counts(&terms, &demand, MONDAY + 20 * HOUR));
        assert_true(tariff_counts(&terms, &demand, MONDAY + 4 * DAY + 8 * HOUR));
        assert_false(tariff_counts(&terms, &demand, MONDAY + 5 * DAY + 8 * HOUR)); /* Saturday */
        assert_false(tariff_counts(&terms, &demand, MONDAY - DAY + 8 * HOUR));     /* Sunday */
        assert_int_equal(tariff_next_edge(&terms, &demand, MONDAY), MONDAY + 7 * HOUR);
        assert_int_equal(tariff_next_edge(&terms, &demand, MONDAY + 7 * HOUR), MONDAY + 20 * HOUR);
        assert_int_equal(tariff_next_edge(&terms, &demand, MONDAY + 20 * HOUR), MONDAY + DAY + 7 * HOUR);
        terms.utc_offset_s = -5 * HOUR; /* seven there is noon in UTC */
        assert_false(tariff_counts(&terms, &demand, MONDAY + 12 * HOUR - 1));
        assert_true(tariff_counts(&terms, &demand, MONDAY + 12 * HOUR));
        assert_int_equal(tariff_next_edge(&terms, &demand, MONDAY), MONDAY + HOUR);
        demand.hours.days = 0;
        assert_true(tariff_counts(&terms, &demand, MONDAY));
        assert_int_equal(tariff_next_edge(&terms, &demand, MONDAY), INT64_MAX);
}

/* Before 1970 and at its start: weekdays go on. */
static void times_before_1970(void **state)
{
        struct supply_demand demand = { .hours = { .days = 4, .from_minute = 0, .to_minute = 1440 } }; /* Wednesdays */
        struct supply_terms terms = { 0 };

        (void)state;
        assert_false(tariff_counts(&terms, &demand, 0));
        assert_true(tariff_counts(&terms, &demand, -1));
        assert_false(tariff_counts(&terms, &demand, -DAY - 1));
}

/* 85 % of 5 MW are 4.25 MW: what stays below costs the same. */
static void a_share_of_the_contract_is_billed_anyway(void **state)
{
        struct supply_demand demand = { .per_kw = 12500000, .contract_w = 5 * MW, .minimum_share_ppm = 850000 };

        (void)state;
        assert_int_equal(tariff_least_w(&demand), 4250000);
        assert_int_equal(tariff_billed_w(&demand, 0), 4250000);
        assert_int_equal(tariff_billed_w(&demand, 4250001), 4250001);
        assert_int_equal(tariff_charge(&demand, 4250000), INT64_C(53125000000)); /* 4250 kW x 12.50 */
        demand.minimum_share_ppm = 0;
        assert_int_equal(tariff_billed_w(&demand, 7), 7);
        assert_int_equal(tariff_charge(&demand, 7), 87500);
        demand.per_kw = INT64_MAX;
        assert_int_equal(tariff_charge(&demand, INT64_MAX), INT64_MAX);
}

static void plans_are_made_for_the_dearest(void **state)
{
        struct supply_terms terms = { .n_demands = 3 };

        (void)state;
        assert_null(tariff_dearest(&terms)); /* all of them cost nothing */
        terms.demands[1].per_kw = terms.demands[2].per_kw = 5;
        assert_ptr_equal(tariff_dearest(&terms), &terms.demands[1]);
        terms.n_demands = 0;
        assert_null(tariff_dearest(&terms));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(months_are_utc),
                cmocka_unit_test(or_what_the_offset_says),
                cmocka_unit_test(hours_of_the_week),
                cmocka_unit_test(times_before_1970),
                cmocka_unit_test(a_share_of_the_contract_is_billed_anyway),
                cmocka_unit_test(plans_are_made_for_the_dearest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
