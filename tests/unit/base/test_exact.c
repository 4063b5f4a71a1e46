/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/exact.h"

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

/* Between -limit and limit. */
static int64_t draw(uint64_t *seed, int64_t limit)
{
        return (int64_t)(next(seed) % (2 * (uint64_t)limit + 1)) - limit;
}

static void known_values(void **state)
{
        int64_t rest = 0;

        (void)state;
        /* 1 MWh at 94.64 per MWh */
        assert_int_equal(exact_mul_div(JOULES_PER_MWH, 94640000, JOULES_PER_MWH, &rest), 94640000);
        assert_int_equal(rest, 0);
        /* a third of a kWh at 300 g: 100 g and nothing left over */
        assert_int_equal(exact_mul_div(JOULES_PER_KWH / 3, 300000, JOULES_PER_KWH, &rest), 100000);
        assert_int_equal(rest, 0);
        /* rounded down, the rest kept, and given back by the next call */
        assert_int_equal(exact_mul_div(1, 7, 10, &rest), 0);
        assert_int_equal(rest, 7);
        assert_int_equal(exact_mul_div(1, 7, 10, &rest), 1);
        assert_int_equal(rest, 4);
        /* a negative product rounds down too, so that the rest stays within [0, divisor) */
        rest = 0;
        assert_int_equal(exact_mul_div(-1, 7, 10, &rest), -1);
        assert_int_equal(rest, 3);
}

/* quotient * divisor + rest is what went in, and the rest is one. */
static void inverse_of_multiplication(void **state)
{
        uint64_t seed = 0x0ff9ea4;

        (void)state;
        for (int i = 0; i < 20000; i++) {
                int64_t a = draw(&seed, INT64_C(1) << (i % 60)), b = draw(&seed, INT64_C(1) << (i % 40));
                int64_t divisor = 1 + (int64_t)(next(&seed) % (i % 3 == 0 ? UINT64_C(3600000000) : UINT64_C(1) << 50));
                int64_t before = (int64_t)(next(&seed) % (uint64_t)divisor), rest = before;
                int64_t quotient = exact_mul_div(a, b, divisor, &rest);

                assert_in_range(rest, 0, divisor - 1);
                if (quotient == INT64_MAX || quotient == INT64_MIN + 1)
                        continue;
                assert_true((__int128)quotient * divisor + rest == (__int128)a * b + before);
        }
}

/* Cut energy into parts as you like: with the rest carried, the parts cost what the whole costs. */
static void parts_sum_to_the_whole(void **state)
{
        uint64_t seed = 42;

        (void)state;
        for (int round = 0; round < 300; round++) {
                int64_t price = draw(&seed, INT64_C(3000000000)), whole = 0, sum = 0, rest = 0, whole_rest = 0;

                for (int part = 0; part < 100; part++) {
                        int64_t joules = (int64_t)(next(&seed) % 5000000);

                        whole += joules;
                        sum += exact_mul_div(joules, price, JOULES_PER_MWH, &rest);
                }
                assert_int_equal(exact_mul_div(whole, price, JOULES_PER_MWH, &whole_rest), sum);
                assert_int_equal(whole_rest, rest);
        }
}

static void saturates(void **state)
{
        int64_t rest = 0;

        (void)state;
        assert_int_equal(exact_mul_div(INT64_MAX, 1, 1, &rest), INT64_MAX);
        assert_int_equal(exact_mul_div(INT64_MAX, 2, 1, &rest), INT64_MAX);
        assert_int_equal(exact_mul_div(INT64_MIN, 1, 1, &rest), INT64_MIN + 1);
        assert_int_equal(exact_mul_div(INT64_MIN, INT64_MAX, 1, &rest), INT64_MIN + 1);
        rest = 0;
        assert_int_equal(exact_mul_div(INT64_MIN, INT64_MIN, INT64_MAX, &rest), INT64_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(known_values),
                cmocka_unit_test(inverse_of_multiplication),
                cmocka_unit_test(parts_sum_to_the_whole),
                cmocka_unit_test(saturates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
