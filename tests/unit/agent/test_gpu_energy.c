/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "agent/devices/gpu_energy.h"

static enum quality add(struct gpu_energy *energy, int64_t ms, int64_t counter_uj, int64_t power_mw)
{
        const struct gpu_reading reading = { .counter_uj = counter_uj, .power_mw = power_mw };

        return gpu_energy_add(energy, &reading, 0, ms);
}

/* The counter is right whatever the power was at the moments of the readings, and however far apart they are. */
static void test_the_counter_is_believed(void **state)
{
        struct gpu_energy energy = { 0 };

        (void)state;
        assert_int_equal(add(&energy, 1000, 5000000, 100000), QUALITY_MEASURED);
        assert_int_equal(energy.uj, 0);
        assert_int_equal(add(&energy, 2000, 5400000, 900000), QUALITY_MEASURED);
        assert_int_equal(energy.uj, 400000);
        assert_int_equal(add(&energy, 9000000, 9000000, GPU_UNKNOWN), QUALITY_MEASURED);
        assert_int_equal(energy.uj, 4000000);
        assert_int_equal(add(&energy, 9000000, 9000000, 100000), QUALITY_MEASURED);
        assert_int_equal(energy.uj, 4000000);
}

/* A counter that jumps, and a power of all ones, of a card of 700 W: neither is billed, and what comes after them is. */
static void test_what_no_card_draws_is_not_believed(void **state)
{
        const uint32_t most_mw = 700000;
        struct gpu_reading reading = { .counter_uj = 1000000, .power_mw = GPU_UNKNOWN };
        struct gpu_energy energy = { 0 };

        (void)state;
        gpu_energy_add(&energy, &reading, most_mw, 1000);
        reading.counter_uj += 500000000; /* 500 W for a second */
        assert_int_equal(gpu_energy_add(&energy, &reading, most_mw, 2000), QUALITY_MEASURED);
        reading.counter_uj += INT64_C(1000000000000000);
        assert_int_equal(gpu_energy_add(&energy, &reading, most_mw, 3000), QUALITY_ESTIMATED);
        assert_true(energy.strange);
        assert_int_equal(energy.uj, 1000000000);
        reading.counter_uj += 400000000;
        assert_int_equal(gpu_energy_add(&energy, &reading, most_mw, 4000), QUALITY_MEASURED);
        assert_false(energy.strange);
        assert_int_equal(energy.uj, 1400000000);

        energy = (struct gpu_energy){ 0 };
        reading = (struct gpu_reading){ .counter_uj = GPU_UNKNOWN, .power_mw = 300000 };
        gpu_energy_add(&energy, &reading, most_mw, 1000);
        reading.power_mw = UINT32_MAX;
        assert_int_equal(gpu_energy_add(&energy, &reading, most_mw, 2000), QUALITY_ESTIMATED);
        assert_true(energy.strange);
        reading.power_mw = 300000;
        assert_int_equal(gpu_energy_add(&energy, &reading, most_mw, 3000), QUALITY_MEASURED);
        assert_int_equal(energy.uj, 600000000);
}

/* A straight rise is integrated exactly, a wave within what its curvature leaves. */
static void test_power_is_integrated(void **state)
{
        struct gpu_energy energy = { 0 };
        const double turn = 2 * 3.14159265358979323846 / 20000; /* 20 s */

        (void)state;
        for (int64_t ms = 0; ms <= 10000; ms += 1000)
                assert_int_equal(add(&energy, ms, GPU_UNKNOWN, 50000 + 40 * ms), QUALITY_MEASURED);
        assert_int_equal(energy.uj, INT64_C(50000) * 10000 + INT64_C(40) * 10000 * 10000 / 2);
        energy = (struct gpu_energy){ 0 };
        for (int64_t ms = 0; ms <= 60000; ms += 1000)
                add(&energy, ms, GPU_UNKNOWN, (int64_t)(400000 + 300000 * sin(turn * (double)ms)));
        assert_true(fabs((double)energy.uj - 400000.0 * 60000) < 0.001 * 400000.0 * 60000);
}

static void test_a_gap_is_an_estimate(void **state)
{
        struct gpu_energy energy = { 0 };

        (void)state;
        add(&energy, 0, GPU_UNKNOWN, 100000);
        assert_int_equal(add(&energy, 60000, GPU_UNKNOWN, 300000), QUALITY_ESTIMATED);
        assert_int_equal(energy.uj, INT64_C(200000) * 60000);
        assert_int_equal(add(&energy, 61000, GPU_UNKNOWN, 300000), QUALITY_MEASURED);
}

/* A driver that was loaded anew counts from zero: neither a negative nor the whole counter is drawn. */
static void test_a_counter_that_begins_anew(void **state)
{
        struct gpu_energy energy = { 0 };

        (void)state;
        add(&energy, 0, 900000000, 200000);
        assert_int_equal(add(&energy, 1000, 50000, 400000), QUALITY_ESTIMATED);
        assert_int_equal(energy.uj, 300000 * 1000);
        assert_int_equal(add(&energy, 2000, 250000, 400000), QUALITY_MEASURED);
        assert_int_equal(energy.uj, 300000 * 1000 + 200000);
}

static void test_a_counter_that_fails_leaves_its_power(void **state)
{
        struct gpu_energy energy = { 0 };

        (void)state;
        add(&energy, 0, 1000000, 100000);
        add(&energy, 1000, GPU_UNKNOWN, 100000);
        assert_int_equal(energy.uj, 100000 * 1000);
        add(&energy, 2000, 1300000, 100000); /* since when it counted is not known */
        assert_int_equal(energy.uj, 2 * 100000 * 1000);
        add(&energy, 3000, 1400000, 100000);
        assert_int_equal(energy.uj, 2 * 100000 * 1000 + 100000);
}

static void test_nothing_is_made_up_for_a_lost_one(void **state)
{
        struct gpu_energy energy = { 0 };

        (void)state;
        add(&energy, 0, GPU_UNKNOWN, 700000);
        gpu_energy_lose(&energy);
        add(&energy, 3600000, GPU_UNKNOWN, 700000);
        assert_int_equal(energy.uj, 0);
        add(&energy, 3601000, GPU_UNKNOWN, 700000);
        assert_int_equal(energy.uj, 700000 * 1000);
}

static void test_time_does_not_go_back(void **state)
{
        struct gpu_energy energy = { 0 };

        (void)state;
        add(&energy, 5000, GPU_UNKNOWN, 100000);
        add(&energy, 4000, GPU_UNKNOWN, 100000);
        assert_int_equal(energy.uj, 0);
        add(&energy, 6000, GPU_UNKNOWN, 100000);
        assert_int_equal(energy.uj, 100000 * 1000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_counter_is_believed),
                cmocka_unit_test(test_what_no_card_draws_is_not_believed),
                cmocka_unit_test(test_power_is_integrated),
                cmocka_unit_test(test_a_gap_is_an_estimate),
                cmocka_unit_test(test_a_counter_that_begins_anew),
                cmocka_unit_test(test_a_counter_that_fails_leaves_its_power),
                cmocka_unit_test(test_nothing_is_made_up_for_a_lost_one),
                cmocka_unit_test(test_time_does_not_go_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
