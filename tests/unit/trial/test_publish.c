/* SPDX-License-Identifier: Apache-2.0 */
/* test_publish.c - what of a series is public when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trial/publish.h"

#define HOUR     INT64_C(3600)
#define MIDNIGHT INT64_C(1767571200) /* 2026-01-05T00:00:00Z */
#define SOLAR    ((enum series_kind)SERIES_SOLAR)
#define EXPORT   ((enum series_kind)SERIES_EXPORT_PRICE)

static void prices_of_a_day_come_out_at_noon_before(void **state)
{
        static const enum series_kind kinds[] = { SERIES_PRICE, EXPORT };

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(publish_until(kinds[i], MIDNIGHT), MIDNIGHT + 24 * HOUR);
                assert_int_equal(publish_until(kinds[i], MIDNIGHT + 12 * HOUR - 1), MIDNIGHT + 24 * HOUR);
                assert_int_equal(publish_until(kinds[i], MIDNIGHT + 12 * HOUR), MIDNIGHT + 48 * HOUR);
                assert_int_equal(publish_until(kinds[i], MIDNIGHT + 24 * HOUR - 1), MIDNIGHT + 48 * HOUR);
                assert_int_equal(publish_next(kinds[i], MIDNIGHT), MIDNIGHT + 12 * HOUR);
                assert_int_equal(publish_next(kinds[i], MIDNIGHT + 12 * HOUR - 1), MIDNIGHT + 12 * HOUR);
                assert_int_equal(publish_next(kinds[i], MIDNIGHT + 12 * HOUR), MIDNIGHT + 36 * HOUR);
        }
        assert_int_equal(publish_until(SERIES_PRICE, -1), 24 * HOUR); /* of the day before 1970 the afternoon */
}

static void what_is_measured_is_known_up_to_the_hour(void **state)
{
        static const enum series_kind kinds[] = { SERIES_CARBON, SOLAR, (enum series_kind)SERIES_PPA };

        (void)state;
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(publish_until(kinds[i], MIDNIGHT), MIDNIGHT + HOUR);
                assert_int_equal(publish_until(kinds[i], MIDNIGHT + HOUR - 1), MIDNIGHT + HOUR);
                assert_int_equal(publish_next(kinds[i], MIDNIGHT), MIDNIGHT + HOUR);
                assert_int_equal(publish_next(kinds[i], MIDNIGHT + HOUR - 1), MIDNIGHT + HOUR);
        }
}

static void power_that_is_contracted_is_known(void **state)
{
        (void)state;
        assert_true(publish_until(SERIES_LIMIT, MIDNIGHT) == INT64_MAX);
        assert_true(publish_next(SERIES_CAPACITY, MIDNIGHT) == INT64_MAX);
}

/* At every time all that is public stays so, and the next publication is the first one that adds to it. */
static void nothing_is_taken_back(void **state)
{
        static const enum series_kind kinds[] = { SERIES_PRICE, SERIES_CARBON };

        (void)state;
        for (size_t i = 0; i < 2; i++)
                for (int64_t t = MIDNIGHT; t < MIDNIGHT + 50 * HOUR; t += 600) {
                        int64_t next = publish_next(kinds[i], t), until = publish_until(kinds[i], t);

                        assert_true(next > t && until > t);
                        assert_int_equal(publish_until(kinds[i], next - 1), until);
                        assert_true(publish_until(kinds[i], next) > until);
                }
}

static void a_series_is_cut_where_it_is_not_public(void **state)
{
        struct series series, known;

        (void)state;
        series_init(&series, SERIES_PRICE);
        for (int64_t h = 0; h < 72; h++)
                assert_int_equal(series_append(&series, MIDNIGHT + h * HOUR, h * 1000000), 0);
        series.end = MIDNIGHT + 72 * HOUR;
        assert_int_equal(publish_series(&series, MIDNIGHT + 11 * HOUR, &known), 0);
        assert_int_equal(known.end, MIDNIGHT + 24 * HOUR);
        assert_int_equal(known.n_points, 24);
        assert_int_equal(series_at(&known, MIDNIGHT + 23 * HOUR), 23000000);
        assert_true(series_at(&known, MIDNIGHT + 24 * HOUR) == SERIES_UNKNOWN);
        series_finish(&known);
        assert_int_equal(publish_series(&series, MIDNIGHT + 60 * HOUR, &known), 0); /* past its end nothing is added */
        assert_true(series_same_values(&series, &known));
        series_finish(&known);
        assert_int_equal(publish_series(&series, MIDNIGHT - 30 * HOUR, &known), 0);
        assert_int_equal(known.n_points, 0);
        assert_true(series_at(&known, MIDNIGHT) == SERIES_UNKNOWN);
        series_finish(&known);
        series_finish(&series);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(prices_of_a_day_come_out_at_noon_before),
                cmocka_unit_test(what_is_measured_is_known_up_to_the_hour),
                cmocka_unit_test(power_that_is_contracted_is_known),
                cmocka_unit_test(nothing_is_taken_back),
                cmocka_unit_test(a_series_is_cut_where_it_is_not_public),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
