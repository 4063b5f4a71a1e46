/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/site_meter.h"

#define MONTH INT64_C(1748736000) /* 2025-06-01T00:00:00Z */
#define DAY   INT64_C(86400)

static const struct supply_terms utc;
static const struct supply_demand quarter = { .interval_s = 900 };

static int64_t peak(const struct site_meter *meter, const struct supply_demand *demand)
{
        int64_t ignored;

        return site_meter_peak(meter, &utc, demand, MONTH, MONTH + 30 * DAY, &ignored);
}

/* 900 kJ in 15 minutes are 1 kW; of a booking over three quarters each has its third. */
static void the_highest_mean_of_a_quarter(void **state)
{
        struct site_meter meter = { 0 };
        int64_t at;

        (void)state;
        assert_int_equal(peak(&meter, &quarter), 0);
        assert_int_equal(site_meter_add(&meter, MONTH, MONTH + 2700, 2700000), 0);
        assert_int_equal(peak(&meter, &quarter), 1000);
        assert_int_equal(site_meter_add(&meter, MONTH + 900, MONTH + 1800, 450000), 0); /* another account, same time */
        assert_int_equal(site_meter_peak(&meter, &utc, &quarter, MONTH, MONTH + DAY, &at), 1500);
        assert_int_equal(at, MONTH + 900);
        assert_int_equal(peak(&meter, &(struct supply_demand){ .interval_s = 3600 }), 875); /* 3.15 MJ in an hour */
        assert_int_equal(peak(&meter, &(struct supply_demand){ .interval_s = 300 }), 1500);
        site_meter_finish(&meter);
}

static void a_late_reading_raises_its_own_quarter(void **state)
{
        struct site_meter meter = { 0 };

        (void)state;
        assert_int_equal(site_meter_add(&meter, MONTH + 10 * DAY, MONTH + 10 * DAY + 900, 900000), 0);
        assert_int_equal(site_meter_add(&meter, MONTH, MONTH + 900, 1800000), 0);
        assert_int_equal(peak(&meter, &quarter), 2000);
        assert_int_equal(meter.n, 6);
        assert_int_equal(meter.intervals[0].start, MONTH);
        assert_int_equal(site_meter_add(&meter, MONTH, MONTH + 900, -900000), 0); /* a correction */
        assert_int_equal(peak(&meter, &quarter), 1000);
        site_meter_finish(&meter);
}

/* Seven joules over 13 minutes: whole joules in each interval, and seven in all. */
static void no_joule_is_lost(void **state)
{
        struct site_meter meter = { 0 };
        int64_t sum = 0;

        (void)state;
        assert_int_equal(site_meter_add(&meter, MONTH + 17, MONTH + 17 + 780, 7), 0);
        for (size_t i = 0; i < meter.n; i++)
                sum += meter.intervals[i].joules;
        assert_int_equal(sum, 7);
        assert_int_equal(site_meter_add(&meter, MONTH + 20, MONTH + 20, 5), 0); /* of no length */
        assert_int_equal(meter.intervals[0].joules, 7 * 283 / 780 + 5);
        site_meter_finish(&meter);
}

/* 06:30-07:30 with 07-20 Mon-Fri, on Monday 2025-06-02 and Sunday the 1st. */
static void only_the_hours_that_count(void **state)
{
        const struct supply_demand demand = { .interval_s = 900, .hours = { .days = 31, .from_minute = 420, .to_minute = 1200 } };
        struct site_meter meter = { 0 };

        (void)state;
        assert_int_equal(site_meter_add(&meter, MONTH + 7 * 3600, MONTH + 8 * 3600, 7200000), 0);
        assert_int_equal(peak(&meter, &demand), 0);
        assert_int_equal(site_meter_add(&meter, MONTH + DAY + 23400, MONTH + DAY + 25200, 5400000), 0);
        assert_int_equal(peak(&meter, &demand), 0);
        assert_int_equal(site_meter_add(&meter, MONTH + DAY + 25200, MONTH + DAY + 27000, 900000), 0);
        assert_int_equal(peak(&meter, &demand), 500);
        site_meter_finish(&meter);
}

/* What is older than 62 days goes, and late readings of it are not taken. */
static void the_old_is_forgotten(void **state)
{
        struct site_meter meter = { 0 };

        (void)state;
        assert_int_equal(site_meter_add(&meter, MONTH, MONTH + 300, 300000), 0);
        assert_int_equal(site_meter_add(&meter, MONTH + 62 * DAY, MONTH + 62 * DAY + 300, 300), 0);
        assert_int_equal(meter.n, 2);
        assert_int_equal(site_meter_add(&meter, MONTH + 62 * DAY + 300, MONTH + 62 * DAY + 600, 300), 0);
        assert_int_equal(meter.n, 2);
        assert_int_equal(meter.intervals[0].start, MONTH + 62 * DAY);
        assert_int_equal(site_meter_add(&meter, MONTH, MONTH + 300, 300000), 0);
        assert_int_equal(meter.n, 2);
        assert_int_equal(site_meter_add(&meter, 0, MONTH + 62 * DAY, 1000000), 0); /* of a booking that long its end counts */
        assert_true(meter.n <= 62 * 288 + 3);
        site_meter_finish(&meter);
}

static void a_copy_stands_alone(void **state)
{
        struct site_meter meter = { 0 }, copy;

        (void)state;
        assert_int_equal(site_meter_copy(&meter, &copy), 0);
        assert_int_equal(copy.n, 0);
        assert_int_equal(site_meter_add(&meter, MONTH, MONTH + 900, 900000), 0);
        assert_int_equal(site_meter_copy(&meter, &copy), 0);
        site_meter_finish(&meter);
        assert_int_equal(peak(&copy, &quarter), 1000);
        assert_int_equal(site_meter_add(&copy, MONTH + 900, MONTH + 1800, 1800000), 0);
        assert_int_equal(peak(&copy, &quarter), 2000);
        site_meter_finish(&copy);
        site_meter_finish(&copy); /* twice does no harm */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_highest_mean_of_a_quarter), cmocka_unit_test(a_late_reading_raises_its_own_quarter),
                cmocka_unit_test(no_joule_is_lost),              cmocka_unit_test(only_the_hours_that_count),
                cmocka_unit_test(the_old_is_forgotten),          cmocka_unit_test(a_copy_stands_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
