/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supply/series.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)
#define T0   INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

/* Hourly values from T0 on; -1 stands for a hole. */
static struct series hourly(const int *values, size_t n)
{
        struct series series;

        series_init(&series, SERIES_PRICE);
        assert_int_equal(series_set_names(&series, "hanford", "prices.csv"), 0);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(series_append(&series, T0 + (int64_t)i * HOUR,
                                               values[i] == -1 ? SERIES_UNKNOWN : values[i]),
                                 0);
        series.end = T0 + (int64_t)n * HOUR;
        return series;
}

static void a_point_holds_until_the_next(void **state)
{
        struct series s = hourly((int[]){ 10, -1, -20 }, 3);

        (void)state;
        assert_int_equal(series_at(&s, T0 - 1), SERIES_UNKNOWN);
        assert_int_equal(series_at(&s, T0), 10);
        assert_int_equal(series_at(&s, T0 + HOUR - 1), 10);
        assert_int_equal(series_at(&s, T0 + HOUR), SERIES_UNKNOWN);
        assert_int_equal(series_at(&s, T0 + 2 * HOUR), -20);
        assert_int_equal(series_at(&s, T0 + 3 * HOUR - 1), -20);
        assert_int_equal(series_at(&s, T0 + 3 * HOUR), SERIES_UNKNOWN);
        assert_int_equal(series_at(&s, INT64_MAX), SERIES_UNKNOWN);
        assert_int_equal(series_at(&s, INT64_MIN), SERIES_UNKNOWN);
        series_finish(&s);
}

static void nothing_is_known_of_an_empty_series(void **state)
{
        struct series s;

        (void)state;
        series_init(&s, SERIES_LIMIT);
        assert_int_equal(series_at(&s, T0), SERIES_UNKNOWN);
        assert_int_equal(series_next_edge(&s, T0), INT64_MAX);
        series_finish(&s);
}

static void edges(void **state)
{
        struct series s = hourly((int[]){ 10, 20, 30 }, 3);

        (void)state;
        assert_int_equal(series_next_edge(&s, INT64_MIN), T0);
        assert_int_equal(series_next_edge(&s, T0 - 1), T0);
        assert_int_equal(series_next_edge(&s, T0), T0 + HOUR);
        assert_int_equal(series_next_edge(&s, T0 + 2 * HOUR), T0 + 3 * HOUR); /* the end is one */
        assert_int_equal(series_next_edge(&s, T0 + 3 * HOUR), INT64_MAX);
        series_finish(&s);
}

static void points_must_ascend(void **state)
{
        struct series s = hourly((int[]){ 10 }, 1);

        (void)state;
        assert_int_equal(series_append(&s, T0, 11), OFFPEAK_EINVAL);
        assert_int_equal(series_append(&s, T0 - HOUR, 11), OFFPEAK_EINVAL);
        assert_int_equal(s.n_points, 1);
        assert_int_equal(s.end, T0 + HOUR);
        assert_int_equal(series_append(&s, T0 + 5 * HOUR, 12), 0);
        assert_int_equal(s.end, T0 + 5 * HOUR); /* moved along: the new point has no length yet */
        assert_int_equal(series_at(&s, T0 + 4 * HOUR), 10);
        series_finish(&s);
}

static void a_copy_stands_alone(void **state)
{
        struct series s = hourly((int[]){ 10, 20 }, 2), copy;

        (void)state;
        s.version = 7;
        s.issued = T0 - 5;
        assert_int_equal(series_copy(&s, &copy), 0);
        assert_true(series_same_values(&s, &copy));
        assert_int_equal(copy.version, 7);
        assert_int_equal(copy.issued, T0 - 5);
        assert_string_equal(copy.source, "prices.csv");
        assert_int_equal(series_append(&copy, T0 + 9 * HOUR, 1), 0);
        assert_false(series_same_values(&s, &copy));
        series_finish(&s);
        assert_string_equal(copy.site, "hanford");
        assert_int_equal(series_at(&copy, T0 + HOUR), 20);
        series_finish(&copy);
        assert_int_equal(copy.n_points, 0);
        series_finish(&copy); /* twice does no harm */
}

static void what_makes_values_the_same(void **state)
{
        struct series a = hourly((int[]){ 10, 20 }, 2), b = hourly((int[]){ 10, 20 }, 2);

        (void)state;
        b.version = 9;
        b.issued = 1;
        assert_int_equal(series_set_names(&b, "hanford", "other.csv"), 0);
        assert_true(series_same_values(&a, &b));
        b.end++;
        assert_false(series_same_values(&a, &b));
        b.end--;
        b.points[1].value = 21;
        assert_false(series_same_values(&a, &b));
        b.points[1].value = 20;
        b.kind = SERIES_CARBON;
        assert_false(series_same_values(&a, &b));
        b.kind = SERIES_PRICE;
        assert_int_equal(series_set_names(&b, "lulea", NULL), 0);
        assert_false(series_same_values(&a, &b));
        assert_int_equal(series_set_names(&b, NULL, NULL), 0);
        assert_false(series_same_values(&a, &b));
        series_finish(&a);
        series_finish(&b);
}

/* Against a plain array of seconds. */
static void lookups_agree_with_a_scan(void **state)
{
        enum { SPAN = 400 };
        uint64_t seed = 5;

        (void)state;
        for (int round = 0; round < 100; round++) {
                int64_t truth[SPAN], t = (int64_t)(next(&seed) % 20), held = SERIES_UNKNOWN;
                struct series s;

                for (int i = 0; i < SPAN; i++)
                        truth[i] = SERIES_UNKNOWN;
                series_init(&s, SERIES_LIMIT);
                while (t < SPAN - 30) {
                        int64_t length = 1 + (int64_t)(next(&seed) % 25);

                        held = next(&seed) % 4 == 0 ? SERIES_UNKNOWN : (int64_t)(next(&seed) % 5);
                        assert_int_equal(series_append(&s, t, held), 0);
                        for (int64_t i = t; i < t + length; i++)
                                truth[i] = held;
                        t += length;
                        s.end = t;
                }
                for (int64_t i = 0; i < SPAN; i++) {
                        int64_t edge = series_next_edge(&s, i);

                        assert_int_equal(series_at(&s, i), truth[i]);
                        assert_true(edge > i);
                        for (int64_t j = i + 1; j < edge && j < SPAN; j++)
                                assert_int_equal(truth[j], truth[i]);
                }
                series_finish(&s);
        }
}

/* ---- the forecast */

static void repeats_the_last_known_day(void **state)
{
        struct series s, filled;
        int64_t from = 0;

        (void)state;
        series_init(&s, SERIES_PRICE);
        for (int i = 0; i < 48; i++)
                assert_int_equal(series_append(&s, T0 + i * HOUR, 100 * (i / 24) + i % 24), 0);
        s.end = T0 + 48 * HOUR;
        assert_int_equal(series_fill(&s, T0, T0 + 7 * DAY, &filled, &from), 0);
        assert_int_equal(from, T0 + 2 * DAY);
        assert_int_equal(filled.end, T0 + 7 * DAY);
        for (int i = 0; i < 48; i++)
                assert_int_equal(series_at(&filled, T0 + i * HOUR), series_at(&s, T0 + i * HOUR));
        for (int i = 48; i < 168; i++)
                assert_int_equal(series_at(&filled, T0 + i * HOUR + 1234), 100 + i % 24);
        assert_int_equal(series_at(&filled, T0 + 7 * DAY), SERIES_UNKNOWN);
        series_finish(&filled);
        series_finish(&s);
}

static void falls_back_to_the_week_then_to_the_mean(void **state)
{
        struct series s, filled;
        int64_t from = 0;

        (void)state;
        series_init(&s, SERIES_CARBON);
        /* one known hour a week ago, one just before now */
        assert_int_equal(series_append(&s, T0, 70), 0);
        assert_int_equal(series_append(&s, T0 + HOUR, SERIES_UNKNOWN), 0);
        assert_int_equal(series_append(&s, T0 + 7 * DAY - HOUR, 11), 0);
        s.end = T0 + 7 * DAY;
        assert_int_equal(series_fill(&s, T0 + 7 * DAY, T0 + 8 * DAY, &filled, &from), 0);
        assert_int_equal(from, T0 + 7 * DAY);
        assert_int_equal(series_at(&filled, T0 + 7 * DAY), 70);           /* the week before */
        assert_int_equal(series_at(&filled, T0 + 7 * DAY + HOUR), 40);    /* (70 + 11) / 2, rounded down */
        assert_int_equal(series_at(&filled, T0 + 8 * DAY - HOUR), 11);    /* the day before */
        assert_int_equal(series_at(&filled, T0 + 2 * DAY), SERIES_UNKNOWN); /* a hole outside of [from, to) stays one */
        assert_int_equal(series_at(&filled, T0), 70);
        series_finish(&filled);
        series_finish(&s);
}

static void fills_a_hole_and_the_time_before(void **state)
{
        struct series s = hourly((int[]){ 10, -1, 40 }, 3), filled;
        int64_t from = 0;

        (void)state;
        assert_int_equal(series_fill(&s, T0 - HOUR, T0 + 3 * HOUR, &filled, &from), 0);
        assert_int_equal(from, T0 - HOUR);
        assert_int_equal(series_at(&filled, T0 - HOUR), 25);
        assert_int_equal(series_at(&filled, T0), 10);
        assert_int_equal(series_at(&filled, T0 + HOUR), 25);
        assert_int_equal(series_at(&filled, T0 + 2 * HOUR), 40);
        series_finish(&filled);
        series_finish(&s);
}

static void has_nothing_to_say_where_nothing_is_known(void **state)
{
        struct series empty, holes = hourly((int[]){ -1, -1 }, 2), filled;
        int64_t from = 0;

        (void)state;
        series_init(&empty, SERIES_PRICE);
        assert_int_equal(series_fill(&empty, T0, T0 + DAY, &filled, &from), 0);
        assert_int_equal(from, INT64_MAX);
        assert_int_equal(series_at(&filled, T0), SERIES_UNKNOWN);
        series_finish(&filled);
        assert_int_equal(series_fill(&holes, T0, T0 + DAY, &filled, &from), 0);
        assert_int_equal(from, INT64_MAX);
        assert_int_equal(series_at(&filled, T0), SERIES_UNKNOWN);
        series_finish(&filled);
        series_finish(&holes);
        series_finish(&empty);
}

static void adds_nothing_to_what_is_known(void **state)
{
        struct series s = hourly((int[]){ 10, 20, 30 }, 3), filled;
        int64_t from = 0;

        (void)state;
        assert_int_equal(series_fill(&s, T0, T0 + 3 * HOUR, &filled, &from), 0);
        assert_int_equal(from, INT64_MAX);
        assert_true(series_same_values(&s, &filled));
        series_finish(&filled);
        assert_int_equal(series_fill(&s, T0 + HOUR, T0 + HOUR, &filled, &from), 0); /* no time to fill */
        assert_int_equal(from, INT64_MAX);
        assert_true(series_same_values(&s, &filled));
        series_finish(&filled);
        series_finish(&s);
}

static void the_mean_of_negative_values_is_rounded_down(void **state)
{
        struct series s = hourly((int[]){ -10, -15 }, 2), filled;
        int64_t from = 0;

        (void)state;
        assert_int_equal(series_fill(&s, T0, T0 + 3 * HOUR, &filled, &from), 0);
        assert_int_equal(from, T0 + 2 * HOUR);
        assert_int_equal(series_at(&filled, T0 + 2 * HOUR), -13);
        series_finish(&filled);
        series_finish(&s);
}

/* Over random series: what is known stays, what is filled is the rule's value, and outside nothing changes. */
static void filling_keeps_its_rule(void **state)
{
        uint64_t seed = 11;

        (void)state;
        for (int round = 0; round < 30; round++) {
                int64_t from = T0 + (int64_t)(next(&seed) % 100) * HOUR / 2, filled_from = 0, first = INT64_MAX;
                int64_t to = from + (int64_t)(1 + next(&seed) % 300) * HOUR / 2;
                struct series s, f;

                series_init(&s, SERIES_PRICE);
                for (int i = 0; i < 60; i++)
                        assert_int_equal(series_append(&s, T0 + i * HOUR + (int64_t)(next(&seed) % 3000),
                                                       i > 0 && next(&seed) % 3 == 0 ? SERIES_UNKNOWN
                                                                                     : (int64_t)(next(&seed) % 1000)),
                                         0);
                s.end = T0 + 60 * HOUR;
                assert_int_equal(series_fill(&s, from, to, &f, &filled_from), 0);
                for (int64_t t = T0 - DAY; t < to + DAY; t += 599) {
                        int64_t known = series_at(&s, t), got = series_at(&f, t), day = series_at(&f, t - DAY);

                        if (known != SERIES_UNKNOWN || t < from || t >= to) {
                                assert_int_equal(got, known);
                                continue;
                        }
                        assert_true(got != SERIES_UNKNOWN);
                        if (day != SERIES_UNKNOWN)
                                assert_int_equal(got, day);
                        first = first < t ? first : t;
                }
                assert_true(filled_from <= first);
                assert_true(filled_from == INT64_MAX || series_at(&s, filled_from) == SERIES_UNKNOWN);
                for (size_t i = 1; i < f.n_points; i++)
                        assert_true(f.points[i].start > f.points[i - 1].start);
                series_finish(&f);
                series_finish(&s);
        }
}

static void kinds_have_names(void **state)
{
        (void)state;
        assert_string_equal(series_kind_name(SERIES_PRICE), "price");
        assert_string_equal(series_kind_name(SERIES_CARBON), "carbon");
        assert_string_equal(series_kind_name(SERIES_CAPACITY), "capacity");
        assert_string_equal(series_kind_name(SERIES_LIMIT), "limit");
        assert_string_equal(series_kind_name((enum series_kind)SERIES_EXPORT_PRICE), "export");
        assert_string_equal(series_kind_name((enum series_kind)SERIES_SOLAR), "solar");
        assert_string_equal(series_kind_name((enum series_kind)SERIES_PPA), "ppa");
        assert_string_equal(series_kind_name((enum series_kind)SERIES_STORED), "stored");
        assert_int_equal(SERIES_LAST, SERIES_STORED);
        assert_string_equal(series_kind_name((enum series_kind)SERIES_COUNT), "unknown");
        assert_string_equal(series_kind_name((enum series_kind)0), "unknown");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_point_holds_until_the_next),
                cmocka_unit_test(nothing_is_known_of_an_empty_series),
                cmocka_unit_test(edges),
                cmocka_unit_test(points_must_ascend),
                cmocka_unit_test(a_copy_stands_alone),
                cmocka_unit_test(what_makes_values_the_same),
                cmocka_unit_test(lookups_agree_with_a_scan),
                cmocka_unit_test(repeats_the_last_known_day),
                cmocka_unit_test(falls_back_to_the_week_then_to_the_mean),
                cmocka_unit_test(fills_a_hole_and_the_time_before),
                cmocka_unit_test(has_nothing_to_say_where_nothing_is_known),
                cmocka_unit_test(adds_nothing_to_what_is_known),
                cmocka_unit_test(the_mean_of_negative_values_is_rounded_down),
                cmocka_unit_test(filling_keeps_its_rule),
                cmocka_unit_test(kinds_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
