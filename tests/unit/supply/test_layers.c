/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supply/layers.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)
#define T0   INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

enum { HOLE = -1 };

static struct series hourly(int64_t start, const int *values, size_t n)
{
        struct series series;

        series_init(&series, SERIES_PRICE);
        assert_int_equal(series_set_names(&series, "hanford", "prices.csv"), 0);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(series_append(&series, start + (int64_t)i * HOUR,
                                               values[i] == HOLE ? SERIES_UNKNOWN : values[i]),
                                 0);
        series.end = start + (int64_t)n * HOUR;
        return series;
}

static struct series join(const struct series *older, const struct series *newer)
{
        struct series joined;

        assert_int_equal(layers_join(older, newer, &joined), 0);
        return joined;
}

static struct series over(const struct series *upper, const struct series *lower)
{
        struct series both;

        assert_int_equal(layers_over(upper, lower, &both), 0);
        return both;
}

static void a_later_version_keeps_the_past(void **state)
{
        struct series older = hourly(T0, (int[]){ 1, 2, 3, 4 }, 4), newer = hourly(T0 + 2 * HOUR, (int[]){ 7, 8 }, 2);
        struct series joined;

        (void)state;
        newer.version = 5;
        newer.issued = T0 + 9;
        joined = join(&older, &newer);
        assert_int_equal(series_at(&joined, T0), 1);
        assert_int_equal(series_at(&joined, T0 + 2 * HOUR - 1), 2);
        assert_int_equal(series_at(&joined, T0 + 2 * HOUR), 7); /* not 3: the newer version alone holds from there on */
        assert_int_equal(series_at(&joined, T0 + 3 * HOUR), 8);
        assert_int_equal(joined.end, T0 + 4 * HOUR);
        assert_int_equal(joined.version, 5);
        assert_int_equal(joined.issued, T0 + 9);
        series_finish(&joined);
        series_finish(&newer);
        series_finish(&older);
}

static void what_a_newer_version_takes_back_is_gone(void **state)
{
        struct series older = hourly(T0, (int[]){ 1, 2, 3, 4, 5, 6 }, 6), newer = hourly(T0 + 2 * HOUR, (int[]){ 7 }, 1);
        struct series joined = join(&older, &newer);

        (void)state;
        assert_int_equal(series_at(&joined, T0 + 3 * HOUR), SERIES_UNKNOWN);
        assert_int_equal(joined.end, T0 + 3 * HOUR);
        series_finish(&joined);
        series_finish(&newer);
        series_finish(&older);
}

static void between_two_versions_nothing_is_known(void **state)
{
        struct series older = hourly(T0, (int[]){ 1 }, 1), newer = hourly(T0 + 5 * HOUR, (int[]){ HOLE, 1 }, 2);
        struct series joined = join(&older, &newer);

        (void)state;
        assert_int_equal(series_at(&joined, T0), 1);
        assert_int_equal(series_at(&joined, T0 + HOUR), SERIES_UNKNOWN);
        assert_int_equal(series_at(&joined, T0 + 5 * HOUR), SERIES_UNKNOWN);
        assert_int_equal(series_at(&joined, T0 + 6 * HOUR), 1);
        series_finish(&joined);
        series_finish(&newer);
        series_finish(&older);
}

/* Holes before the first value are not a statement about what was known before. */
static void leading_holes_do_not_hide_the_past(void **state)
{
        struct series older = hourly(T0, (int[]){ 1, 2, 3 }, 3), newer = hourly(T0, (int[]){ HOLE, HOLE, HOLE, 9 }, 4);
        struct series joined = join(&older, &newer);

        (void)state;
        assert_int_equal(series_at(&joined, T0 + 2 * HOUR), 3);
        assert_int_equal(series_at(&joined, T0 + 3 * HOUR), 9);
        series_finish(&joined);
        series_finish(&newer);
        series_finish(&older);
}

static void the_past_is_kept_for_forecasts(void **state)
{
        struct series older, newer = hourly(T0, (int[]){ 7 }, 1), joined;

        (void)state;
        series_init(&older, SERIES_PRICE);
        for (int64_t day = 200; day > 0; day--)
                assert_int_equal(series_append(&older, T0 - day * DAY, day), 0);
        older.end = T0;
        joined = join(&older, &newer);
        assert_int_equal(joined.points[0].start, T0 - LAYERS_PAST_S);
        assert_int_equal(series_at(&joined, T0 - 168 * DAY), 168);
        assert_int_equal(series_at(&joined, T0 - 1), 1);
        assert_int_equal(joined.n_points, 169);
        series_finish(&joined);
        series_finish(&newer);
        series_finish(&older);
}

/* A value that is told anew each minute, and each minute the same, stays one point; one that changes is bounded. */
static void a_series_does_not_grow_without_end(void **state)
{
        struct series standing, next, joined;

        (void)state;
        series_init(&standing, SERIES_CAPACITY);
        for (int64_t minute = 0; minute < 1000; minute++) {
                series_init(&next, SERIES_CAPACITY);
                assert_int_equal(series_append(&next, T0 + 60 * minute, 5), 0);
                next.end = T0 + 60 * minute + 600;
                joined = join(&standing, &next);
                series_finish(&standing);
                series_finish(&next);
                standing = joined;
                assert_int_equal(standing.n_points, 1);
        }
        for (int64_t minute = 1000; minute < 1000 + LAYERS_PAST_POINTS + 10; minute++)
                assert_int_equal(series_append(&standing, T0 + 60 * minute, minute), 0);
        series_init(&next, SERIES_CAPACITY);
        assert_int_equal(series_append(&next, standing.end + 60, 7), 0);
        next.end = standing.end + 600;
        standing.end += 60;
        joined = join(&standing, &next);
        assert_int_equal(joined.n_points, LAYERS_PAST_POINTS + 1);
        assert_int_equal(series_at(&joined, T0 + 60 * 1009), SERIES_UNKNOWN);
        assert_int_equal(series_at(&joined, T0 + 60 * 1010), 1010);
        series_finish(&joined);
        series_finish(&next);
        series_finish(&standing);
}

static void an_empty_version_tells_nothing(void **state)
{
        struct series older = hourly(T0, (int[]){ 1 }, 1), empty, joined;

        (void)state;
        series_init(&empty, SERIES_PRICE);
        joined = join(&older, &empty);
        assert_true(series_same_values(&joined, &older));
        assert_true(layers_tell(&older, &empty));
        series_finish(&joined);
        joined = join(&empty, &older); /* the first version of all */
        assert_true(series_same_values(&joined, &older));
        assert_false(layers_tell(&empty, &older));
        series_finish(&joined);
        series_finish(&older);
}

static void a_version_that_says_nothing_new_is_known_as_such(void **state)
{
        struct series older = hourly(T0, (int[]){ 1, 2, 3, 4 }, 4);
        struct series same = hourly(T0 + 2 * HOUR, (int[]){ 3, 4 }, 2), other = hourly(T0 + 2 * HOUR, (int[]){ 3, 5 }, 2);
        struct series longer = hourly(T0 + 2 * HOUR, (int[]){ 3, 4, 5 }, 3), shorter = hourly(T0 + 2 * HOUR, (int[]){ 3 }, 1);
        struct series before = hourly(T0 - HOUR, (int[]){ 0, 1, 2, 3, 4 }, 5);

        (void)state;
        assert_true(layers_tell(&older, &older));
        assert_true(layers_tell(&older, &same));
        assert_false(layers_tell(&older, &other));
        assert_false(layers_tell(&older, &longer));
        assert_false(layers_tell(&older, &shorter));
        assert_false(layers_tell(&older, &before));
        series_finish(&before);
        series_finish(&shorter);
        series_finish(&longer);
        series_finish(&other);
        series_finish(&same);
        series_finish(&older);
}

static void a_cut_forgets_what_is_later(void **state)
{
        struct series series = hourly(T0, (int[]){ 1, 2, 3 }, 3), cut;

        (void)state;
        assert_int_equal(layers_cut(&series, T0 + HOUR + 60, &cut), 0);
        assert_int_equal(cut.end, T0 + HOUR + 60);
        assert_int_equal(series_at(&cut, T0 + HOUR + 59), 2);
        assert_int_equal(series_at(&cut, T0 + HOUR + 60), SERIES_UNKNOWN);
        series_finish(&cut);
        assert_int_equal(layers_cut(&series, T0, &cut), 0);
        assert_int_equal(cut.n_points, 0);
        series_finish(&cut);
        series_finish(&series);
}

static void the_upper_layer_holds_where_it_knows(void **state)
{
        struct series lower = hourly(T0, (int[]){ 1, 2, 3, HOLE, 5 }, 5);
        struct series upper = hourly(T0 + HOUR, (int[]){ 20, HOLE, 40 }, 3), both;

        (void)state;
        lower.version = 3;
        upper.version = 4;
        upper.issued = 77;
        both = over(&upper, &lower);
        assert_int_equal(series_at(&both, T0), 1);
        assert_int_equal(series_at(&both, T0 + HOUR), 20);
        assert_int_equal(series_at(&both, T0 + 2 * HOUR), 3);
        assert_int_equal(series_at(&both, T0 + 3 * HOUR), 40);
        assert_int_equal(series_at(&both, T0 + 4 * HOUR), 5);
        assert_int_equal(both.end, T0 + 5 * HOUR);
        assert_int_equal(both.version, 4);
        assert_int_equal(both.issued, 77);
        series_finish(&both);
        series_finish(&upper);
        series_finish(&lower);
}

static void one_layer_alone_is_left_as_it_is(void **state)
{
        struct series lower = hourly(T0, (int[]){ 1, 1, HOLE }, 3), none, both;

        (void)state;
        lower.version = 1;
        series_init(&none, SERIES_PRICE);
        both = over(&none, &lower);
        assert_true(series_same_values(&both, &lower));
        series_finish(&both);
        both = over(&lower, &none);
        assert_true(series_same_values(&both, &lower));
        series_finish(&both);
        both = over(&none, &none);
        assert_int_equal(both.n_points, 0);
        series_finish(&both);
        series_finish(&lower);
}

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static struct series random_series(uint64_t *seed)
{
        int64_t time = (int64_t)(next(seed) % 40);
        size_t n = next(seed) % 6;
        struct series series;

        series_init(&series, SERIES_PRICE);
        for (size_t i = 0; i < n; i++, time += 1 + (int64_t)(next(seed) % 9))
                assert_int_equal(series_append(&series, time, next(seed) % 3 == 0 ? SERIES_UNKNOWN : (int64_t)(next(seed) % 3)), 0);
        series.end = n > 0 ? time : 0;
        return series;
}

static int64_t known_from(const struct series *series)
{
        for (size_t i = 0; i < series->n_points; i++)
                if (series->points[i].value != SERIES_UNKNOWN)
                        return series->points[i].start;
        return series->n_points > 0 ? series->points[0].start : INT64_MAX;
}

/* At every second, against what the header says. */
static void random_layers_agree_with_their_definition(void **state)
{
        uint64_t seed = 20260101;

        (void)state;
        for (int round = 0; round < 5000; round++) {
                struct series a = random_series(&seed), b = random_series(&seed);
                struct series joined = join(&a, &b), both = over(&a, &b);
                bool same = true;

                for (int64_t t = -5; t < 120; t++) {
                        int64_t expected = t >= known_from(&b) ? series_at(&b, t) : series_at(&a, t);

                        assert_int_equal(series_at(&joined, t), expected);
                        assert_int_equal(series_at(&both, t),
                                         series_at(&a, t) != SERIES_UNKNOWN ? series_at(&a, t) : series_at(&b, t));
                        same = same && (t < known_from(&b) || series_at(&a, t) == series_at(&b, t));
                }
                assert_true(same || !layers_tell(&a, &b));
                assert_true(layers_tell(&joined, &b));
                series_finish(&both);
                series_finish(&joined);
                series_finish(&b);
                series_finish(&a);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_later_version_keeps_the_past),
                cmocka_unit_test(what_a_newer_version_takes_back_is_gone),
                cmocka_unit_test(between_two_versions_nothing_is_known),
                cmocka_unit_test(leading_holes_do_not_hide_the_past),
                cmocka_unit_test(the_past_is_kept_for_forecasts),
                cmocka_unit_test(a_series_does_not_grow_without_end),
                cmocka_unit_test(an_empty_version_tells_nothing),
                cmocka_unit_test(a_version_that_says_nothing_new_is_known_as_such),
                cmocka_unit_test(a_cut_forgets_what_is_later),
                cmocka_unit_test(the_upper_layer_holds_where_it_knows),
                cmocka_unit_test(one_layer_alone_is_left_as_it_is),
                cmocka_unit_test(random_layers_agree_with_their_definition),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
