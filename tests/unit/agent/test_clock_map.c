/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/clock_map.h"

static const int64_t WALL = INT64_C(1795000000000);

/* The scheduler's true clock in these tests. */
static struct message_clock read_at(int64_t boot_ms, double rate, int64_t offset_ms)
{
        return (struct message_clock){ WALL + offset_ms + (int64_t)((double)boot_ms * rate), rate };
}

static void test_first_reading_lies_in_the_middle(void **state)
{
        struct clock_map map = { 0 };
        struct message_clock clock = { WALL, 2 };

        (void)state;
        assert_true(clock_map_update(&map, &clock, 1000, 1100));
        assert_true(map.known);
        assert_int_equal(clock_map_wall(&map, 1050), WALL);
        assert_int_equal(clock_map_wall(&map, 2050), WALL + 2000);
        assert_int_equal(clock_map_wall(&map, 50), WALL - 2000);
}

static void test_jitter_does_not_move_it(void **state)
{
        struct clock_map map = { 0 };
        struct message_clock clock = read_at(1050, 1, 0);

        (void)state;
        clock_map_update(&map, &clock, 1000, 1100);
        for (int i = 0; i < 1000; i++) {
                int64_t sent = 2000 + 10000 * i, there = sent + rand() % 400, back = there + rand() % 400;
                clock = read_at(there, 1, 0);
                assert_false(clock_map_update(&map, &clock, sent, back));
        }
}

/* Whatever it starts with and however the replies are delayed, it ends within the shortest round trip of the truth. */
static void test_drift_is_followed(void **state)
{
        const double rates[] = { 1, 60, 3600 };

        (void)state;
        for (size_t r = 0; r < 3; r++) {
                struct clock_map map = { 0 };
                double rate = rates[r];
                struct message_clock clock = read_at(0, rate, -5000);
                clock_map_update(&map, &clock, 0, 0);
                for (int i = 1; i < 2000; i++) {
                        /* the truth runs 100 ppm faster than it says */
                        int64_t sent = 10000 * i, there = sent + 1 + rand() % 50, back = there + 1 + rand() % 50;
                        int64_t drift = (int64_t)((double)there * rate / 10000);
                        clock = read_at(there, rate, drift);
                        clock_map_update(&map, &clock, sent, back);
                        int64_t error = clock_map_wall(&map, there) - clock.wall_ms;
                        assert_in_range(error + (int64_t)(100 * rate), 0, (int64_t)(200 * rate));
                }
        }
}

static void test_another_rate_begins_anew(void **state)
{
        struct clock_map map = { 0 };
        struct message_clock clock = { WALL, 1 }, faster = { 5 * WALL, 100 };

        (void)state;
        clock_map_update(&map, &clock, 0, 0);
        assert_true(clock_map_update(&map, &faster, 1000, 1000));
        assert_int_equal(clock_map_wall(&map, 1010), 5 * WALL + 1000);
}

static void test_text_and_back(void **state)
{
        struct clock_map map = { true, 123456, WALL, 1.0 / 3 }, copy = { 0 };
        char text[CLOCK_MAP_TEXT_SIZE];

        (void)state;
        clock_map_format(&map, "5a1c-77", text);
        assert_true(clock_map_parse(text, "5a1c-77", &copy));
        assert_memory_equal(&map.boot_ms, &copy.boot_ms, sizeof(int64_t));
        assert_int_equal(copy.wall_ms, WALL);
        assert_true(copy.rate == map.rate);
        assert_true(copy.known);
}

static void test_other_texts_are_refused(void **state)
{
        static const char *const texts[] = {
                "",
                "boot b at 5 wall 6",
                "boot b at 5 wall 6 rate 1",
                "boot b at 5 wall 6 rate 1 more\n",
                "boot b at 5 wall 6 rate 0\n",
                "boot b at 5 wall 6 rate -1\n",
                "boot b at 5 wall 6 rate nan\n",
                "boot b at 5 wall 6 rate inf\n",
                "boot b at 5 wall -6 rate 1\n",
                "boot b at x wall 6 rate 1\n",
                "boot other at 5 wall 6 rate 1\n",
        };
        struct clock_map map = { 0 };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_false(clock_map_parse(texts[i], "b", &map));
        assert_false(map.known);
        assert_true(clock_map_parse("boot b at 5 wall 6 rate 1\n", "b", &map));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first_reading_lies_in_the_middle),
                cmocka_unit_test(test_jitter_does_not_move_it),
                cmocka_unit_test(test_drift_is_followed),
                cmocka_unit_test(test_another_rate_begins_anew),
                cmocka_unit_test(test_text_and_back),
                cmocka_unit_test(test_other_texts_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
