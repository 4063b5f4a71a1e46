/* SPDX-License-Identifier: Apache-2.0 */
/* A series in a few numbers: its mean is over time, whether a value stands in one point for many intervals or in many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feeds/summary.h"

/* 10 for one step, 40 for three, unknown for two, -5 for one. A step is 100. */
static void make_series(struct series *series)
{
        series_init(series, SERIES_PRICE);
        assert_int_equal(series_append(series, 1000, 10), 0);
        assert_int_equal(series_append(series, 1100, 40), 0);
        assert_int_equal(series_append(series, 1400, SERIES_UNKNOWN), 0);
        assert_int_equal(series_append(series, 1600, -5), 0);
        series->end = 1700;
}

static void check(int64_t from, int64_t to, uint64_t count, uint64_t missing, double mean, int64_t first, int64_t last)
{
        struct series series;
        struct summary s;

        make_series(&series);
        s = summary_of(&series, 100, from, to);
        assert_int_equal(s.count, count);
        assert_int_equal(s.missing, missing);
        assert_true(s.mean > mean - 1e-9 && s.mean < mean + 1e-9);
        assert_int_equal(s.from, first);
        assert_int_equal(s.to, last);
        series_finish(&series);
}

static void long_points_count_as_often_as_they_hold(void **state)
{
        (void)state;
        check(INT64_MIN, INT64_MAX, 5, 2, 25, 1000, 1700);
        check(1000, 1700, 5, 2, 25, 1000, 1700);
        check(1001, 1700, 4, 2, 115.0 / 4, 1100, 1700);
        check(1150, 1350, 2, 0, 40, 1200, 1400); /* intervals that begin in between */
        check(1150, 1200, 0, 0, 0, 0, 0);
        check(1450, 1500, 0, 1, 0, 1450, 1500);
        check(1600, 1601, 1, 0, -5, 1600, 1700);
        check(0, 1000, 0, 0, 0, 0, 0);
        check(1700, INT64_MAX, 0, 0, 0, 0, 0);
}

static void extremes_and_signs(void **state)
{
        struct series series;
        struct summary s;

        (void)state;
        make_series(&series);
        s = summary_of(&series, 100, INT64_MIN, INT64_MAX);
        assert_int_equal(s.min, -5);
        assert_int_equal(s.max, 40);
        assert_int_equal(s.negative, 1);
        series_finish(&series);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(long_points_count_as_often_as_they_hold),
                cmocka_unit_test(extremes_and_signs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
