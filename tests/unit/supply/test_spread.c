/* SPDX-License-Identifier: Apache-2.0 */
/* test_spread.c - the forecast's spread, against errors that are known beforehand and against a count in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supply/spread.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)
#define T0   INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

enum { MOST_HOURS = 200 * 24 };

static double unit(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return (double)(*seed >> 11) / 9007199254740992.0;
}

static struct series hourly(const int64_t *values, size_t n)
{
        struct series series;

        series_init(&series, SERIES_PRICE);
        assert_int_equal(series_set_names(&series, "hanford", "prices.csv"), 0);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(series_append(&series, T0 + (int64_t)i * HOUR, values[i]), 0);
        series.end = T0 + (int64_t)n * HOUR;
        return series;
}

static struct series spread_of(const struct series *series, int64_t from, int64_t to, int64_t *ret_unknown_from)
{
        struct series spread;

        assert_int_equal(series_spread(series, from, to, &spread, ret_unknown_from), 0);
        return spread;
}

static void what_is_published_has_none(void **state)
{
        int64_t values[48], unknown_from = 0;
        struct series s, spread;

        (void)state;
        for (int i = 0; i < 48; i++)
                values[i] = i * i % 17;
        s = hourly(values, 48);
        spread = spread_of(&s, T0, T0 + 48 * HOUR, &unknown_from);
        assert_int_equal(unknown_from, INT64_MAX);
        assert_int_equal(spread.kind, SERIES_PRICE);
        assert_string_equal(spread.site, "hanford");
        assert_int_equal(spread.n_points, 1);
        assert_int_equal(spread.points[0].start, T0);
        assert_int_equal(spread.points[0].value, 0);
        assert_int_equal(spread.end, T0 + 48 * HOUR);
        series_finish(&spread);
        spread = spread_of(&s, T0, T0, &unknown_from); /* no time at all */
        assert_int_equal(spread.n_points, 0);
        assert_int_equal(unknown_from, INT64_MAX);
        series_finish(&spread);
        series_finish(&s);
}

/* Days that repeat, or rise evenly, are forecast with one and the same error: nothing is spread. */
static void a_steady_error_is_no_spread(void **state)
{
        int64_t values[20 * 24], unknown_from = 0;
        struct series s, spread;

        (void)state;
        for (int i = 0; i < 20 * 24; i++)
                values[i] = 1000 * (i % 24) + 70 * (i / 24);
        s = hourly(values, 20 * 24);
        spread = spread_of(&s, T0 + 19 * DAY, T0 + 23 * DAY, &unknown_from);
        assert_int_equal(unknown_from, INT64_MAX);
        assert_int_equal(spread.n_points, 1);
        assert_int_equal(spread.points[0].value, 0);
        assert_int_equal(spread.end, T0 + 23 * DAY);
        series_finish(&spread);
        series_finish(&s);
}

/*
 * Hour 5 alone moves: one day in ten it is 100 higher. Of 30 errors of a day's lead 3 are +100 and 3 -100, 24 are 0: the
 * quantile 0.9 is the 27th, 0. With one more day of +100 it is 100.
 */
static void each_hour_has_its_own(void **state)
{
        int64_t values[31 * 24], unknown_from = 0;
        struct series s, spread;

        (void)state;
        for (int i = 0; i < 31 * 24; i++)
                values[i] = i % 24 == 5 && (i / 24) % 10 == 4 ? 100 : 0;
        s = hourly(values, 31 * 24);
        spread = spread_of(&s, T0 + 31 * DAY, T0 + 32 * DAY, &unknown_from);
        assert_int_equal(unknown_from, INT64_MAX);
        assert_int_equal(series_at(&spread, T0 + 31 * DAY + 5 * HOUR), 0);
        series_finish(&spread);
        s.points[17 * 24 + 5].value = 100;
        spread = spread_of(&s, T0 + 31 * DAY, T0 + 32 * DAY, &unknown_from);
        for (int hour = 0; hour < 24; hour++)
                assert_int_equal(series_at(&spread, T0 + 31 * DAY + hour * HOUR + 1800), hour == 5 ? 100 : 0);
        assert_int_equal(spread.n_points, 3);
        series_finish(&spread);
        series_finish(&s);
}

/* A walk of a random step a day, for 57 days: the mean of the hours' spreads for tomorrow and for the ninth day. */
static void spread_of_a_walk(uint64_t *seed, double *ret_near, double *ret_far)
{
        int64_t values[57 * 24], unknown_from = 0;
        struct series s, spread;
        double level = 0;

        for (int i = 0; i < 57 * 24; i++) {
                if (i % 24 == 0)
                        level += 1e6 * (unit(seed) - 0.5);
                values[i] = (int64_t)(level + 1e5 * unit(seed));
        }
        s = hourly(values, 57 * 24);
        spread = spread_of(&s, s.end, s.end + 9 * DAY, &unknown_from);
        assert_int_equal(unknown_from, INT64_MAX);
        for (int hour = 0; hour < 24; hour++) {
                *ret_near += (double)series_at(&spread, s.end + hour * HOUR) / 24;
                *ret_far += (double)series_at(&spread, s.end + 8 * DAY + hour * HOUR) / 24;
        }
        series_finish(&spread);
        series_finish(&s);
}

/* The farther ahead, the older is what is repeated: a walk spreads with the root of the days, over nine days threefold. */
static void it_grows_with_the_lead(void **state)
{
        uint64_t seed = 7;
        double near = 0, far = 0;

        (void)state;
        for (int round = 0; round < 40; round++)
                spread_of_a_walk(&seed, &near, &far);
        assert_true(near > 40 * 3.5e5 && near < 40 * 4.5e5); /* 0.4e6 for a day's step */
        assert_true(far > 2 * near && far < 3.5 * near);
}

static void a_short_past_is_pooled_or_says_nothing(void **state)
{
        int64_t values[6 * 24], unknown_from = 0;
        struct series s, spread;

        (void)state;
        for (int i = 0; i < 6 * 24; i++)
                values[i] = i % 24 == 7 ? 0 : (i / 24 % 2) * 10; /* errors of +-10, but at 7 */
        s = hourly(values, 6 * 24);
        s.end = T0 + 3 * DAY; /* two days of errors */
        spread = spread_of(&s, T0 + 2 * DAY, T0 + 5 * DAY, &unknown_from);
        assert_int_equal(unknown_from, T0 + 3 * DAY);
        assert_int_equal(spread.n_points, 1);
        assert_int_equal(spread.points[0].value, 0);
        series_finish(&spread);
        s.end = T0 + 5 * DAY; /* four of a day's lead, three of two days', two of three */
        spread = spread_of(&s, T0 + 4 * DAY, T0 + 9 * DAY, &unknown_from);
        assert_int_equal(unknown_from, T0 + 7 * DAY);
        assert_int_equal(series_at(&spread, T0 + 5 * DAY - 1), 0);
        assert_int_equal(series_at(&spread, T0 + 5 * DAY), 10); /* median 0: those of hour 7 */
        assert_int_equal(series_at(&spread, T0 + 5 * DAY + 7 * HOUR), 10); /* pooled: no hour has its own */
        assert_int_equal(series_at(&spread, T0 + 6 * DAY), 0); /* two days ago it was the same */
        assert_int_equal(series_at(&spread, T0 + 8 * DAY), 0);
        series_finish(&spread);
        series_finish(&s);
}

static void nothing_is_known_of_nothing(void **state)
{
        struct series empty, spread;
        int64_t unknown_from = 0;

        (void)state;
        series_init(&empty, SERIES_CARBON);
        spread = spread_of(&empty, T0, T0 + DAY, &unknown_from);
        assert_int_equal(unknown_from, T0);
        assert_int_equal(series_at(&spread, T0 + HOUR), 0);
        assert_int_equal(spread.end, T0 + DAY);
        series_finish(&spread);
        series_finish(&empty);
}

/* Values at the ends of the range: what cannot be subtracted counts for nothing. */
static void the_ends_of_the_range_do_no_harm(void **state)
{
        int64_t values[10 * 24], unknown_from = 0;
        struct series s, spread;

        (void)state;
        for (int i = 0; i < 10 * 24; i++)
                values[i] = i / 24 % 2 == 0 ? INT64_MAX : INT64_MIN + 1;
        s = hourly(values, 10 * 24);
        spread = spread_of(&s, T0 + 10 * DAY, T0 + 11 * DAY, &unknown_from);
        assert_int_equal(unknown_from, T0 + 10 * DAY);
        series_finish(&spread);
        series_finish(&s);
}

/* ---- against a count in here */

/* By how many days the published value is older that series_fill repeats at `time`: from values that tell their own day. */
static int64_t lead_by_filling(const struct series *s, int64_t from, int64_t to, int64_t time)
{
        struct series days, filled;
        int64_t ignored, value;

        series_init(&days, SERIES_PRICE);
        for (int64_t t = s->points[0].start; t < s->end; t += 900)
                assert_int_equal(series_append(&days, t, series_at(s, t) == SERIES_UNKNOWN ? SERIES_UNKNOWN : t), 0);
        days.end = s->end;
        assert_int_equal(series_fill(&days, from, to, &filled, &ignored), 0);
        value = series_at(&filled, time);
        series_finish(&filled);
        series_finish(&days);
        return (time - value) % DAY == 0 ? (time - value) / DAY : 0;
}

static int ascending(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

/* The least value that so many tenths of all are not above. */
static int64_t quantile(const int64_t *sorted, size_t n, size_t tenths)
{
        for (size_t i = 0; i < n; i++)
                if ((i + 1) * 10 >= tenths * n)
                        return sorted[i];
        fail();
        return 0;
}

/* False: not known. hour < 0: of all hours. */
static bool count(const struct series *s, int64_t lead, int64_t hour, size_t enough, int64_t *ret_spread)
{
        static int64_t errors[56 * 96 + 1];
        size_t n = 0;

        for (int64_t t = s->end - 56 * DAY; t < s->end; t += 900) {
                int64_t value = series_at(s, t), old = series_at(s, t - lead * DAY);

                if (value != SERIES_UNKNOWN && old != SERIES_UNKNOWN && (hour < 0 || t / HOUR % 24 == hour))
                        errors[n++] = value - old;
        }
        if (n < enough)
                return false;
        qsort(errors, n, sizeof(*errors), ascending);
        *ret_spread = quantile(errors, n, 9) - quantile(errors, n, 5);
        return true;
}

/* Random series with holes, quarters of an hour, a random now: at many times the same as a count from the rule. */
static void it_agrees_with_a_count(void **state)
{
        uint64_t seed = 3;

        (void)state;
        for (int round = 0; round < 12; round++) {
                int64_t days = 3 + (int64_t)(60 * unit(&seed)), unknown_from = 0, first = INT64_MAX;
                int64_t step = unit(&seed) < 0.5 ? HOUR : 900, from, to;
                double holes = round % 3 == 0 ? 0 : 0.15;
                struct series s, spread;

                series_init(&s, SERIES_PRICE);
                for (int64_t t = T0; t < T0 + days * DAY; t += step)
                        assert_int_equal(series_append(&s, t,
                                                       t > T0 && unit(&seed) < holes ? SERIES_UNKNOWN
                                                                                     : (int64_t)(1000 * unit(&seed))),
                                         0);
                s.end = T0 + days * DAY;
                from = s.end - (int64_t)(30 * unit(&seed)) * HOUR;
                to = from + (int64_t)(24 + 150 * unit(&seed)) * HOUR;
                spread = spread_of(&s, from, to, &unknown_from);
                assert_int_equal(spread.end, to);
                for (int64_t t = from; t < to; t += 2 * HOUR + 900) {
                        int64_t lead, wanted = 0;
                        bool known = series_at(&s, t) != SERIES_UNKNOWN;

                        if (!known) {
                                lead = lead_by_filling(&s, from, to, t);
                                known = lead > 0 && count(&s, lead, -1, 3 * 96, &wanted);
                                if (known)
                                        count(&s, lead, t / HOUR % 24, 14 * 4, &wanted);
                        }
                        if (!known && t < first)
                                first = t;
                        assert_int_equal(series_at(&spread, t), wanted);
                }
                assert_true(unknown_from <= first);
                series_finish(&spread);
                series_finish(&s);
        }
}

/* Days that are drawn anew each time: nine in ten of the next ones stay below forecast + median error + spread. */
static void nine_in_ten_stay_below(void **state)
{
        static int64_t values[MOST_HOURS];
        uint64_t seed = 11;
        size_t below = 0, n = 0;

        (void)state;
        for (int i = 0; i < MOST_HOURS; i++) {
                double noise = unit(&seed) + unit(&seed) + unit(&seed) - 1.5;

                values[i] = (int64_t)(5e7 + 3e7 * sin(i % 24 * M_PI / 12) + 2e7 * noise * (1 + i % 24 / 12));
        }
        for (size_t day = 60; day < 200; day++) {
                struct series s = hourly(values, day * 24), spread;
                int64_t unknown_from = 0;

                spread = spread_of(&s, s.end, s.end + DAY, &unknown_from);
                assert_int_equal(unknown_from, INT64_MAX);
                for (size_t i = day * 24; i < (day + 1) * 24; i++) { /* the median error is about 0 here */
                        below += values[i] <= values[i - 24] + series_at(&spread, T0 + (int64_t)i * HOUR);
                        n++;
                }
                series_finish(&spread);
                series_finish(&s);
        }
        assert_true((double)below > 0.86 * (double)n && (double)below < 0.94 * (double)n);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_published_has_none),
                cmocka_unit_test(a_steady_error_is_no_spread),
                cmocka_unit_test(each_hour_has_its_own),
                cmocka_unit_test(it_grows_with_the_lead),
                cmocka_unit_test(a_short_past_is_pooled_or_says_nothing),
                cmocka_unit_test(nothing_is_known_of_nothing),
                cmocka_unit_test(the_ends_of_the_range_do_no_harm),
                cmocka_unit_test(it_agrees_with_a_count),
                cmocka_unit_test(nine_in_ten_stay_below),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
