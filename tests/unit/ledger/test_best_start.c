/* SPDX-License-Identifier: Apache-2.0 */
/* test_best_start.c - the cheapest and the dearest start against every second of the range, tried one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/best_start.h"

static uint32_t seed = 7;

static uint32_t random_below(uint32_t most)
{
        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % most;
}

/* Points at uneven distances, some unknown, some below zero, some alike. */
static struct series make_random(unsigned holes)
{
        struct series series;
        int64_t at = 50 + random_below(30);
        unsigned n = 1 + random_below(14);

        series_init(&series, SERIES_PRICE);
        for (unsigned i = 0; i < n; i++) {
                int64_t value = random_below(100) < holes ? SERIES_UNKNOWN : (int64_t)random_below(9) - 3;

                assert_int_equal(series_append(&series, at, value), 0);
                at += 1 + random_below(25);
        }
        series.end = at;
        return series;
}

struct oracle {
        bool any, hole_between;
        int64_t lowest, highest, first, last, low, high;
};

static bool sum_of(const struct series *series, int64_t start, int64_t seconds, int64_t *ret_sum)
{
        int64_t sum = 0;

        for (int64_t t = start; t < start + seconds; t++) {
                int64_t value = series_at(series, t);

                if (value == SERIES_UNKNOWN)
                        return false;
                sum += value;
        }
        *ret_sum = sum;
        return true;
}

static struct oracle try_all(const struct best_start_request *request)
{
        struct oracle oracle = { 0 };
        int64_t sum, ignored;
        bool out = false;

        for (int64_t s = request->first; s <= request->last; s++) {
                if (!sum_of(request->series, s, request->seconds, &sum) ||
                    (request->also != NULL && !sum_of(request->also, s, request->seconds, &ignored))) {
                        out = oracle.any;
                        continue;
                }
                oracle.hole_between |= out;
                if (!oracle.any || sum < oracle.low) {
                        oracle.low = sum;
                        oracle.lowest = s;
                }
                if (!oracle.any || sum > oracle.high) {
                        oracle.high = sum;
                        oracle.highest = s;
                }
                oracle.first = oracle.any ? oracle.first : s;
                oracle.last = s;
                oracle.any = true;
        }
        return oracle;
}

static void every_second_agrees(void **state)
{
        unsigned found = 0, between = 0, holes = 0;

        (void)state;
        for (int round = 0; round < 6000; round++) {
                struct series series = make_random(round % 3 == 0 ? 15 : 0), also = make_random(round % 3 == 0 ? 15 : 0);
                struct best_start_request request = { .series = &series, .also = round % 2 == 0 ? &also : NULL };
                struct best_start best;
                struct oracle oracle;

                request.first = 30 + random_below(150);
                request.last = request.first + random_below(200);
                request.seconds = 1 + random_below(80);
                oracle = try_all(&request);
                assert_int_equal(best_start_find(&request, &best), oracle.any);
                if (oracle.any) {
                        int64_t low, high;

                        assert_true(sum_of(&series, best.lowest, request.seconds, &low));
                        assert_true(sum_of(&series, best.highest, request.seconds, &high));
                        assert_int_equal(low, oracle.low);
                        assert_int_equal(high, oracle.high);
                        assert_int_equal(best.lowest, oracle.lowest); /* of equals the earliest */
                        assert_int_equal(best.highest, oracle.highest);
                        assert_int_equal(best.first, oracle.first);
                        assert_int_equal(best.last, oracle.last);
                        assert_int_equal(best.holes, oracle.hole_between);
                        found++;
                        between += series_at(&series, best.lowest) == series_at(&series, best.lowest - 1);
                        holes += best.holes;
                }
                series_finish(&series);
                series_finish(&also);
        }
        assert_true(found > 1000); /* else this says little */
        assert_true(between > 100); /* starts inside a piece: their ends are at an edge */
        assert_true(holes > 20);
}

static void a_run_ends_where_the_price_rises(void **state)
{
        struct series series;
        struct best_start_request request = { .series = &series, .first = 3600, .last = 8 * 3600, .seconds = 5400 };
        struct best_start best;

        (void)state;
        series_init(&series, SERIES_PRICE);
        for (int64_t hour = 1; hour < 10; hour++)
                assert_int_equal(series_append(&series, hour * 3600, hour == 5 ? 10 : hour == 4 ? 20 : 30), 0);
        series.end = 10 * 3600;
        assert_true(best_start_find(&request, &best));
        assert_int_equal(best.lowest, 5 * 3600 - 1800); /* half an hour at 20, and the hour at 10 */
        assert_int_equal(best.highest, 3600);
        request.last = 4 * 3600;
        assert_true(best_start_find(&request, &best));
        assert_int_equal(best.lowest, 4 * 3600);
        series_finish(&series);
}

/* Values and lengths whose products need more than 64 bits. */
static void large_sums_are_exact(void **state)
{
        struct series series;
        struct best_start_request request = { .series = &series, .first = 1, .last = INT64_C(1) << 30, .seconds = INT64_C(1) << 30 };
        struct best_start best;

        (void)state;
        series_init(&series, SERIES_PRICE);
        assert_int_equal(series_append(&series, 1, INT64_C(1) << 34), 0);
        assert_int_equal(series_append(&series, INT64_C(1) << 30, INT64_C(1) << 32), 0);
        series.end = INT64_C(1) << 32;
        assert_true(best_start_find(&request, &best));
        assert_int_equal(best.lowest, INT64_C(1) << 30);
        assert_int_equal(best.highest, 1);
        series_finish(&series);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_second_agrees),
                cmocka_unit_test(a_run_ends_where_the_price_rises),
                cmocka_unit_test(large_sums_are_exact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
