/* SPDX-License-Identifier: Apache-2.0 */
/* test_retry.c - when a source is asked again: within its bounds, not all at once, and the same in every run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#include <cmocka.h>

#include "feeds/retry.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static void all_well_is_every_so_often(void **state)
{
        int64_t least = INT64_MAX, most = 0, sum = 0;

        (void)state;
        for (uint64_t try = 0; try < 1000; try++) {
                int64_t wait = retry_regular_ms(15 * MINUTE, 4711, try);

                least = wait < least ? wait : least;
                most = wait > most ? wait : most;
                sum += wait;
        }
        assert_in_range(least, 15 * MINUTE * 9 / 10, 15 * MINUTE * 92 / 100); /* it uses the room it has */
        assert_in_range(most, 15 * MINUTE * 108 / 100, 15 * MINUTE * 11 / 10);
        assert_in_range(sum / 1000, 15 * MINUTE * 99 / 100, 15 * MINUTE * 101 / 100);
        assert_int_equal(retry_regular_ms(MINUTE, 1, 2), retry_regular_ms(MINUTE, 1, 2));
        assert_int_not_equal(retry_regular_ms(HOUR, 1, 2), retry_regular_ms(HOUR, 2, 2));
}

static void failures_double_up_to_every(void **state)
{
        (void)state;
        for (uint64_t try = 0; try < 200; try++) {
                assert_in_range(retry_failed_ms(15 * MINUTE, 1, 0, 7, try), 3750, 5000);
                assert_in_range(retry_failed_ms(15 * MINUTE, 2, 0, 7, try), 7500, 10000);
                assert_in_range(retry_failed_ms(15 * MINUTE, 5, 0, 7, try), 60000, 80000);
                assert_in_range(retry_failed_ms(15 * MINUTE, 20, 0, 7, try), 15 * MINUTE * 3 / 4, 15 * MINUTE);
                assert_in_range(retry_failed_ms(15 * MINUTE, UINT32_MAX, 0, 7, try), 15 * MINUTE * 3 / 4, 15 * MINUTE);
                assert_in_range(retry_failed_ms(24 * HOUR, 30, 0, 7, try), HOUR * 3 / 4, HOUR);
                assert_in_range(retry_failed_ms(1000, 1, 0, 7, try), 750, 1000);
        }
}

static void what_the_server_asks_is_kept(void **state)
{
        (void)state;
        assert_int_equal(retry_failed_ms(15 * MINUTE, 1, 3600, 7, 1), HOUR);
        assert_in_range(retry_failed_ms(15 * MINUTE, 5, 1, 7, 1), 60000, 80000);
        assert_int_equal(retry_failed_ms(15 * MINUTE, 1, INT64_MAX, 7, 1), 24 * HOUR);
}

static void names_have_their_own_number(void **state)
{
        (void)state;
        assert_true(retry_seed("a", 1, "x") == retry_seed("a", 1, "x"));
        assert_false(retry_seed("a", 1, "x") == retry_seed("b", 1, "x"));
        assert_false(retry_seed("a", 1, "x") == retry_seed("a", 2, "x"));
        assert_false(retry_seed("a", 1, "x") == retry_seed("a", 1, "y"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_well_is_every_so_often),
                cmocka_unit_test(failures_double_up_to_every),
                cmocka_unit_test(what_the_server_asks_is_kept),
                cmocka_unit_test(names_have_their_own_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
