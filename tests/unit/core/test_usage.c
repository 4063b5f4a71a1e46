/* SPDX-License-Identifier: Apache-2.0 */
/* test_usage - changes sorted by time, however far apart they are; those of one time stay in the order they were added
 * in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/usage.h"

static void assert_sorted(const struct usage *usage, size_t n)
{
        for (size_t i = 1; i < n; i++) {
                assert_true(usage[i - 1].at <= usage[i].at);
                assert_true(usage[i - 1].at < usage[i].at || usage[i - 1].gpus < usage[i].gpus);
        }
}

/* gpus: the place in which a change was added. So many changes within so many seconds of a time. */
static void sort_at_random(size_t n, int64_t first, uint64_t seconds)
{
        uint64_t seed = 7 + n;
        struct usage *usage = NULL;
        size_t kept = 0;
        int64_t sum = 0;

        for (size_t i = 0; i < n; i++) {
                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                assert_int_equal(
                        usage_add(&usage, &kept, first + (int64_t)((seed >> 16) % seconds), (int64_t)i, (double)i), 0);
        }
        assert_int_equal(usage_sort(usage, kept), 0);
        assert_sorted(usage, kept);
        for (size_t i = 0; i < kept; i++) {
                assert_true(usage[i].facility_w == (double)usage[i].gpus);
                sum += usage[i].gpus;
        }
        assert_int_equal(sum, n * (n - 1) / 2); /* each is there once */
        free(usage);
}

static void changes_are_sorted_and_equals_keep_their_order(void **state)
{
        (void)state;
        sort_at_random(1, 1735689600, 1);
        sort_at_random(5000, 1735689600, 1);
        sort_at_random(5000, 1735689600, 600);
        sort_at_random(5000, 1735689600, 9 * 86400);
        sort_at_random(5000, -40, 90);
        sort_at_random(5000, 0, UINT64_C(1) << 40); /* more digits than hours of a plan have */
}

static void nothing_is_sorted_too(void **state)
{
        (void)state;
        assert_int_equal(usage_sort(NULL, 0), 0);
}

static void what_lies_farthest_apart_is_sorted(void **state)
{
        struct usage usage[] = { { INT64_MAX, 1, 0 }, { 0, 2, 0 }, { INT64_MIN, 3, 0 }, { INT64_MAX, 4, 0 } };

        (void)state;
        assert_int_equal(usage_sort(usage, 4), 0);
        assert_int_equal(usage[0].gpus, 3);
        assert_int_equal(usage[1].gpus, 2);
        assert_int_equal(usage[2].gpus, 1);
        assert_int_equal(usage[3].gpus, 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(changes_are_sorted_and_equals_keep_their_order),
                cmocka_unit_test(nothing_is_sorted_too),
                cmocka_unit_test(what_lies_farthest_apart_is_sorted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
