/* SPDX-License-Identifier: Apache-2.0 */
/* Every reading is bracketed by two of the kernel's clocks: nothing here depends on how fast the machine is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "io/clocks.h"

#define START INT64_C(1749427200) /* 2025-06-09T00:00:00Z */

static int64_t kernel_ms(clockid_t id)
{
        struct timespec t;

        clock_gettime(id, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void real_time_is_the_kernels(void **state)
{
        struct clocks clocks;
        int64_t before, wall, after;
        struct now now;

        (void)state;
        clocks_init(&clocks);
        before = kernel_ms(CLOCK_REALTIME);
        wall = clocks_wall_ms(&clocks);
        now = clocks_now(&clocks);
        after = kernel_ms(CLOCK_REALTIME);
        assert_true(before <= wall && wall <= after);
        assert_true(before / 1000 <= now.wall && now.wall <= after / 1000);
}

static void scaled_time_runs_from_its_start(void **state)
{
        struct clocks clocks;
        int64_t before = kernel_ms(CLOCK_REALTIME), wall, after;

        (void)state;
        clocks_init_scaled(&clocks, START, 3600);
        wall = clocks_wall_ms(&clocks);
        after = kernel_ms(CLOCK_REALTIME);
        assert_true(wall >= START * 1000 && wall <= START * 1000 + (after - before) * 3600);
}

static void an_origin_goes_on_over_a_restart(void **state)
{
        int64_t before = kernel_ms(CLOCK_REALTIME), wall, after;
        struct clocks kept = { .wall0_ms = START * 1000, .real0_ms = before - 10000, .rate = 60 };

        (void)state;
        wall = clocks_wall_ms(&kept);
        after = kernel_ms(CLOCK_REALTIME);
        assert_true(wall >= (START + 600) * 1000); /* ten seconds ago, sixty times as fast */
        assert_true(wall <= (START + 600) * 1000 + (after - before) * 60);
        kept.rate = 0.5; /* a slow one */
        wall = clocks_wall_ms(&kept);
        assert_true(wall >= (START + 5) * 1000 && wall <= (START + 5) * 1000 + kernel_ms(CLOCK_REALTIME) - before);
}

static void mono_is_never_scaled(void **state)
{
        struct clocks clocks = { .wall0_ms = START * 1000, .real0_ms = 1, .rate = 1e6 };
        int64_t before = kernel_ms(CLOCK_MONOTONIC);
        struct now now = clocks_now(&clocks);

        (void)state;
        assert_true(before <= now.mono_ms && now.mono_ms <= kernel_ms(CLOCK_MONOTONIC));
}

static void waits_are_in_real_time(void **state)
{
        int64_t before = kernel_ms(CLOCK_REALTIME), wait;
        struct clocks clocks = { .wall0_ms = START * 1000, .real0_ms = before, .rate = 60 };

        (void)state;
        wait = clocks_until_wall_ms(&clocks, START + 36000); /* ten minutes away */
        assert_true(wait <= 600000 && wait >= 600000 - (kernel_ms(CLOCK_REALTIME) - before) - 1);
        assert_int_equal(clocks_until_wall_ms(&clocks, START - 1), 0);
        assert_int_equal(clocks_until_wall_ms(&clocks, START), 0);
        assert_true(clocks_until_wall_ms(&clocks, INT64_C(1000000000000000)) > INT64_C(1000000000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(real_time_is_the_kernels),
                cmocka_unit_test(scaled_time_runs_from_its_start),
                cmocka_unit_test(an_origin_goes_on_over_a_restart),
                cmocka_unit_test(mono_is_never_scaled),
                cmocka_unit_test(waits_are_in_real_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
