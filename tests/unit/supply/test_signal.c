/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supply/layers.h"
#include "supply/signal.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)
#define T0   INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

enum { HOLE = -1 };

static struct series hourly(int64_t start, const int *values, size_t n)
{
        struct series series;

        series_init(&series, SERIES_PRICE);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(series_append(&series, start + (int64_t)i * HOUR,
                                               values[i] == HOLE ? SERIES_UNKNOWN : values[i]),
                                 0);
        series.end = start + (int64_t)n * HOUR;
        return series;
}

static void expect(const struct signal *signal, int64_t time, enum signal_use use, int64_t value)
{
        struct signal_value got = signal_at(signal, time);

        if (got.use != use || got.value != value)
                fail_msg("at %+lld h: %s %lld, not %s %lld", (long long)((time - T0) / HOUR), signal_use_name(got.use),
                         (long long)got.value, signal_use_name(use), (long long)value);
        assert_true(got.until > time);
}

static void pushed_holds_over_published(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1, 2, 3 }, 3), pushed = hourly(T0 + HOUR, (int[]){ 20 }, 1), both;
        struct signal signal = { .kind = SERIES_LIMIT, .in_force = &both, .pushed = &pushed, .now = T0 };

        (void)state;
        assert_int_equal(layers_over(&pushed, &feed, &both), 0);
        expect(&signal, T0, SIGNAL_PUBLISHED, 1);
        expect(&signal, T0 + HOUR, SIGNAL_PUSHED, 20);
        expect(&signal, T0 + 2 * HOUR, SIGNAL_PUBLISHED, 3);
        expect(&signal, T0 + 3 * HOUR, SIGNAL_NOTHING, SERIES_UNKNOWN); /* a limit has no stand-in by default */
        assert_int_equal(signal_at(&signal, T0).until, T0 + HOUR);
        series_finish(&both);
        series_finish(&pushed);
        series_finish(&feed);
}

static void nothing_at_all_is_nothing(void **state)
{
        struct signal signal = { 0 };

        (void)state;
        for (int kind = 0; kind < SERIES_COUNT; kind++) {
                signal.kind = (enum series_kind)kind;
                expect(&signal, T0, SIGNAL_NOTHING, SERIES_UNKNOWN);
        }
}

static void an_old_version_expires_from_then_on(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1, 2, 3, 4 }, 4);
        struct signal signal = { .kind = SERIES_LIMIT, .in_force = &feed, .issued = T0, .rule = { .stale_after_s = 2 * HOUR },
                                 .now = T0 + 2 * HOUR - 1 };

        (void)state;
        expect(&signal, T0 + 3 * HOUR, SIGNAL_PUBLISHED, 4); /* it is not too old yet: all of it holds */
        assert_int_equal(signal_expiry(&signal), INT64_MAX);
        signal.now++;
        assert_int_equal(signal_expiry(&signal), T0 + 2 * HOUR);
        expect(&signal, T0 + HOUR, SIGNAL_PUBLISHED, 2); /* what it said of the time before stays */
        expect(&signal, T0 + 2 * HOUR, SIGNAL_NOTHING, SERIES_UNKNOWN);
        assert_int_equal(signal_at(&signal, T0 + HOUR).until, T0 + 2 * HOUR);
        series_finish(&feed);
}

static void a_push_does_not_grow_old(void **state)
{
        struct series pushed = hourly(T0, (int[]){ 5, 6, 7 }, 3);
        struct signal signal = { .kind = SERIES_LIMIT, .in_force = &pushed, .pushed = &pushed, .issued = T0,
                                 .rule = { .stale_after_s = 60 }, .now = T0 + HOUR };

        (void)state;
        expect(&signal, T0 + 2 * HOUR, SIGNAL_PUSHED, 7);
        series_finish(&pushed);
}

static void the_last_known_value_stands_in(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1, HOLE, 3, HOLE }, 4);
        struct signal signal = { .kind = SERIES_CAPACITY, .in_force = &feed, .rule = { .fallback = SIGNAL_TAKE_LAST }, .now = T0 };

        (void)state;
        expect(&signal, T0 - 1, SIGNAL_NOTHING, SERIES_UNKNOWN);
        expect(&signal, T0 + HOUR, SIGNAL_LAST, 1);
        expect(&signal, T0 + 2 * HOUR, SIGNAL_PUBLISHED, 3);
        expect(&signal, T0 + 3 * HOUR, SIGNAL_LAST, 3);
        expect(&signal, T0 + 300 * HOUR, SIGNAL_LAST, 3);
        signal.issued = T0;
        signal.rule.stale_after_s = HOUR + 1800;
        signal.now = T0 + 2 * HOUR;
        expect(&signal, T0 + 2 * HOUR, SIGNAL_LAST, 1); /* what has expired is not the last that is known */
        series_finish(&feed);
}

static void a_constant_stands_in(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1 }, 1);
        struct signal signal = { .kind = SERIES_PRICE, .in_force = &feed, .rule = { .fallback = SIGNAL_TAKE_VALUE, .value = 80 },
                                 .now = T0 };

        (void)state;
        expect(&signal, T0, SIGNAL_PUBLISHED, 1);
        expect(&signal, T0 + HOUR, SIGNAL_VALUE, 80);
        assert_int_equal(signal_at(&signal, T0 + HOUR).until, INT64_MAX);
        series_finish(&feed);
}

static void a_forecast_comes_before_the_last_day_again(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1, 2, 3 }, 3), forecast = hourly(T0 + 3 * HOUR, (int[]){ 30, 40 }, 2);
        struct signal signal = { .kind = SERIES_CARBON, .in_force = &feed, .now = T0 };

        (void)state;
        expect(&signal, T0 + DAY + HOUR, SIGNAL_REPEATED, 2);
        expect(&signal, T0 + 9 * DAY + HOUR, SIGNAL_REPEATED, 2);
        expect(&signal, T0 + 3 * HOUR, SIGNAL_NOTHING, SERIES_UNKNOWN);
        signal.forecast = &forecast;
        expect(&signal, T0 + 2 * HOUR, SIGNAL_PUBLISHED, 3);
        expect(&signal, T0 + 3 * HOUR, SIGNAL_FORECAST, 30);
        expect(&signal, T0 + 4 * HOUR, SIGNAL_FORECAST, 40);
        expect(&signal, T0 + DAY + HOUR, SIGNAL_REPEATED, 2);
        series_finish(&forecast);
        series_finish(&feed);
}

/* By default a price is what series_fill makes of it, to the last point: plans of old come out as they were. */
static void a_price_in_use_is_the_filled_one(void **state)
{
        uint64_t seed = 7;

        (void)state;
        for (int round = 0; round < 200; round++) {
                struct series price, filled, in_use;
                struct signal signal = { .kind = SERIES_PRICE, .in_force = &price };
                int64_t from, to, ignored;
                int64_t time = T0;

                series_init(&price, SERIES_PRICE);
                for (int i = 0; i < 200; i++) {
                        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
                        assert_int_equal(series_append(&price, time, (seed >> 40) % 7 == 0 ? SERIES_UNKNOWN : (int64_t)(seed >> 50 & 3)), 0);
                        time += HOUR * (int64_t)(1 + (seed >> 60) % 2);
                }
                price.end = time;
                from = signal.now = T0 + (int64_t)(seed >> 33 & 0xffff) * 10;
                to = from + 7 * DAY;
                assert_int_equal(series_fill(&price, from, to, &filled, &ignored), 0);
                assert_int_equal(signal_series(&signal, from, to, &in_use), 0);
                for (int64_t t = from; t < to; t += 600)
                        assert_int_equal(series_at(&in_use, t), series_at(&filled, t));
                for (int64_t t = from; t < to;) { /* no more edges than there are */
                        int64_t a = series_next_edge(&in_use, t), b = series_next_edge(&filled, t);

                        t = a < b ? a : b;
                        assert_true(a == b || t >= to);
                }
                series_finish(&in_use);
                series_finish(&filled);
                series_finish(&price);
        }
}

/* What was pushed for an hour of today says nothing of that hour tomorrow. */
static void a_push_is_not_repeated(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1, 2, 3 }, 3), pushed = hourly(T0 + HOUR, (int[]){ 20 }, 1), both, in_use;
        struct signal signal = { .kind = SERIES_PRICE, .in_force = &both, .pushed = &pushed, .past = &feed, .now = T0 };

        (void)state;
        assert_int_equal(layers_over(&pushed, &feed, &both), 0);
        expect(&signal, T0 + HOUR, SIGNAL_PUSHED, 20);
        expect(&signal, T0 + DAY + HOUR, SIGNAL_REPEATED, 2);
        assert_int_equal(signal_series(&signal, T0, T0 + 2 * DAY, &in_use), 0);
        assert_int_equal(series_at(&in_use, T0 + HOUR), 20);
        assert_int_equal(series_at(&in_use, T0 + DAY + HOUR), 2);
        series_finish(&in_use);
        series_finish(&both);
        series_finish(&pushed);
        series_finish(&feed);
}

static void what_is_stale_is_not_repeated(void **state)
{
        struct series feed = hourly(T0, (int[]){ 1, 2, 3, 9, 9, 9 }, 6), in_use;
        struct signal signal = { .kind = SERIES_PRICE, .in_force = &feed, .issued = T0, .rule = { .stale_after_s = 3 * HOUR },
                                 .now = T0 + 4 * HOUR };

        (void)state;
        assert_int_equal(signal_series(&signal, T0 + 4 * HOUR, T0 + 3 * DAY, &in_use), 0);
        assert_int_equal(series_at(&in_use, T0 + 4 * HOUR), 2); /* the mean of what is fresh: nothing to repeat */
        assert_int_equal(series_at(&in_use, T0 + DAY + 2 * HOUR), 3);
        series_finish(&in_use);
        series_finish(&feed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pushed_holds_over_published),
                cmocka_unit_test(nothing_at_all_is_nothing),
                cmocka_unit_test(an_old_version_expires_from_then_on),
                cmocka_unit_test(a_push_does_not_grow_old),
                cmocka_unit_test(the_last_known_value_stands_in),
                cmocka_unit_test(a_constant_stands_in),
                cmocka_unit_test(a_forecast_comes_before_the_last_day_again),
                cmocka_unit_test(a_price_in_use_is_the_filled_one),
                cmocka_unit_test(a_push_is_not_repeated),
                cmocka_unit_test(what_is_stale_is_not_repeated),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
