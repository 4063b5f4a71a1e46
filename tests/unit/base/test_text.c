/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <offpeak/error.h>

#include "base/text.h"

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

/* ---- words */

static void distances(void **state)
{
        (void)state;
        assert_int_equal(text_distance("", ""), 0);
        assert_int_equal(text_distance("", "cap"), 3);
        assert_int_equal(text_distance("max_dealy", "max_delay"), 1); /* two neighbours swapped */
        assert_int_equal(text_distance("kitten", "sitting"), 3);
        assert_int_equal(text_distance("ca", "abc"), 3); /* no part is edited twice */
        assert_int_equal(text_distance("Max_Delay", "max_delay"), 0);
}

/* The same definition as a plain recursion over prefixes. */
static unsigned slow_distance(const char *a, size_t n, const char *b, size_t m)
{
        unsigned best, other;

        if (n == 0 || m == 0)
                return (unsigned)(n + m);
        best = slow_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
        other = slow_distance(a, n - 1, b, m) + 1;
        best = other < best ? other : best;
        other = slow_distance(a, n, b, m - 1) + 1;
        best = other < best ? other : best;
        if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
                other = slow_distance(a, n - 2, b, m - 2) + 1;
                best = other < best ? other : best;
        }
        return best;
}

static void distance_agrees_with_its_definition(void **state)
{
        uint64_t seed = 7;

        (void)state;
        for (int i = 0; i < 300; i++) {
                char a[7] = "", b[7] = "";
                size_t n = next(&seed) % 6, m = next(&seed) % 6;

                for (size_t j = 0; j < n; j++)
                        a[j] = (char)('a' + next(&seed) % 3);
                for (size_t j = 0; j < m; j++)
                        b[j] = (char)('a' + next(&seed) % 3);
                assert_int_equal(text_distance(a, b), slow_distance(a, n, b, m));
                assert_int_equal(text_distance(b, a), text_distance(a, b));
        }
}

static void long_words_do_no_harm(void **state)
{
        char a[300], b[300];

        (void)state;
        memset(a, 'a', sizeof(a) - 1);
        memset(b, 'b', sizeof(b) - 1);
        a[299] = b[299] = '\0';
        assert_int_equal(text_distance(a, b), 63);
        assert_int_equal(text_distance(a, a), 0);
}

static void suggests_only_what_may_be_meant(void **state)
{
        static const char *const keys[] = { "max_delay", "max_pauses", NULL, "min_run", "risk" };

        (void)state;
        assert_string_equal(text_nearest("max_dealy", keys, 5), "max_delay");
        assert_string_equal(text_nearest("MIN-RUN", keys, 5), "min_run");
        assert_string_equal(text_nearest("rsk", keys, 5), "risk");
        assert_string_equal(text_nearest("max_pause", keys, 5), "max_pauses");
        assert_null(text_nearest("colour", keys, 5));
        assert_null(text_nearest("", keys, 5));
        assert_null(text_nearest("x", keys, 5));
        assert_null(text_nearest("max_delay", keys, 0));
}

static void words_are_listed(void **unused)
{
        char list[12] = "";

        (void)unused;
        text_list_add(list, sizeof(list), "default");
        assert_string_equal(list, "default");
        text_list_add(list, sizeof(list), "a");
        assert_string_equal(list, "default, a");
        text_list_add(list, sizeof(list), "nightly"); /* no room */
        assert_string_equal(list, "default, a,");
        text_list_add(list, sizeof(list), "b");
        assert_string_equal(list, "default, a,");
}

/* ---- decimals */

static int64_t decimal(const char *text, int scale)
{
        int64_t value = -77;

        assert_int_equal(text_parse_decimal(text, strlen(text), scale, &value), 0);
        return value;
}

static void reads_decimals_exactly(void **state)
{
        (void)state;
        assert_int_equal(decimal("94.64", 6), 94640000);
        assert_int_equal(decimal("-250.32", 6), -250320000);
        assert_int_equal(decimal("0.0", 6), 0);
        assert_int_equal(decimal("-0", 6), 0);
        assert_int_equal(decimal("+20", 6), 20000000);
        assert_int_equal(decimal(".5", 1), 5);
        assert_int_equal(decimal("5.", 1), 50);
        assert_int_equal(decimal("1e-05", 6), 10);
        assert_int_equal(decimal("2.5E3", 0), 2500);
        assert_int_equal(decimal("0.1", 1), 1);
        assert_int_equal(decimal("9223372036854775807", 0), INT64_MAX);
        assert_int_equal(decimal("0.000000000000000000000000000000000000001e45", 0), 1000000);
        assert_int_equal(decimal("1e-1000000", 6), 0);
        assert_int_equal(decimal("0e99999", 6), 0);
}

static void rounds_half_away_from_zero(void **state)
{
        (void)state;
        assert_int_equal(decimal("0.4999999999999999999999999999999999999999", 0), 0);
        assert_int_equal(decimal("0.5", 0), 1);
        assert_int_equal(decimal("-0.5", 0), -1);
        assert_int_equal(decimal("1.5", 0), 2);
        assert_int_equal(decimal("0.05", 0), 0);
        assert_int_equal(decimal("100.00000000000001", 6), 100000000);
        assert_int_equal(decimal("99.99999999999999", 6), 100000000);
}

static void refuses_what_is_no_decimal(void **state)
{
        static const char *const bad[] = { "",      " 1",
                                           "1 ",    "1,5",
                                           "nan",   "inf",
                                           "0x10",  "1e",
                                           "e5",    "1e+",
                                           "--1",   "1.2.3",
                                           ".",     "-",
                                           "1_000", "n/e",
                                           "12a",   "9223372036854775808",
                                           "1e19",  "99999999999999999999999999999999999999999" };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                int64_t value = 123;

                assert_int_equal(text_parse_decimal(bad[i], strlen(bad[i]), 0, &value), OFFPEAK_EINVAL);
                assert_int_equal(value, 123);
        }
}

static void reads_no_further_than_it_may(void **state)
{
        char *four = malloc(4); /* without a final zero: a sanitizer would see a read beyond */
        int64_t value = 0;

        (void)state;
        memcpy(four, "12.5", 4);
        assert_int_equal(text_parse_decimal(four, 4, 1, &value), 0);
        assert_int_equal(value, 125);
        assert_int_equal(text_parse_decimal(four, 2, 1, &value), 0);
        assert_int_equal(value, 120);
        assert_int_equal(text_parse_decimal(four, 0, 1, &value), OFFPEAK_EINVAL);
        free(four);
}

/* Print any number of micro-units in full: reading it gives the number back. */
static void decimals_survive_a_round_trip(void **state)
{
        uint64_t seed = 99;

        (void)state;
        for (int i = 0; i < 5000; i++) {
                int64_t value = (int64_t)(next(&seed) >> (1 + i % 60));
                char text[64];

                snprintf(text, sizeof(text), "-%lld.%06lld", (long long)(value / 1000000),
                         (long long)(value % 1000000));
                assert_int_equal(decimal(text, 6), -value);
                assert_int_equal(decimal(text + 1, 6), value);
        }
}

/* ---- quantities */

static void money(void **state)
{
        char b[TEXT_SIZE];

        (void)state;
        assert_string_equal(text_format_money(31400000, "EUR", b), "31.40 EUR");
        assert_string_equal(text_format_money(-31400000, "EUR", b), "-31.40 EUR");
        assert_string_equal(text_format_money(3812000000, "EUR", b), "3,812 EUR");
        assert_string_equal(text_format_money(1234567890123, "USD", b), "1,234,568 USD");
        assert_string_equal(text_format_money(999994999, "EUR", b), "999.99 EUR");
        assert_string_equal(text_format_money(999995000, "EUR", b), "1,000 EUR");
        assert_string_equal(text_format_money(0, "EUR", b), "0.00 EUR");
        assert_string_equal(text_format_money(400000, "EUR", b), "0.40 EUR");
        assert_string_equal(text_format_money(4100, "EUR", b), "0.0041 EUR");
        assert_string_equal(text_format_money(-41, "EUR", b), "-0.000041 EUR");
        assert_string_equal(text_format_money(9999, "EUR", b), "0.01 EUR");
        assert_string_equal(text_format_money(INT64_MIN, "EUR", b), "unknown");
        assert_string_equal(text_format_money(INT64_MAX, "EUR", b), "9,223,372,036,855 EUR");
        assert_string_equal(text_format_money(INT64_MIN + 1, "EUR", b), "-9,223,372,036,855 EUR");
        assert_string_equal(text_format_price(94640000, "EUR", b), "94.64 EUR/MWh");
        assert_string_equal(text_format_price(-250320000, "EUR", b), "-250.32 EUR/MWh");
        assert_string_equal(text_format_price(INT64_MIN, "EUR", b), "unknown");
}

static void energy_power_and_mass(void **state)
{
        char b[TEXT_SIZE];

        (void)state;
        assert_string_equal(text_format_energy(INT64_C(41200) * 3600000, b), "41.2 MWh");
        assert_string_equal(text_format_energy(INT64_C(3100) * 3600, b), "3.1 kWh");
        assert_string_equal(text_format_energy(INT64_C(412345) * 3600, b), "412 kWh");
        assert_string_equal(text_format_energy(INT64_C(999600) * 3600, b), "1.0 MWh");
        assert_string_equal(text_format_energy(INT64_C(999400) * 3600, b), "999 kWh");
        assert_string_equal(text_format_energy(INT64_C(960000) * 3600, b), "960 kWh");
        assert_string_equal(text_format_energy(INT64_C(99960) * 3600, b), "100 kWh");
        assert_string_equal(text_format_energy(3599, b), "3,599 J");
        assert_string_equal(text_format_energy(0, b), "0 J");
        assert_string_equal(text_format_energy(-3600, b), "-1.0 Wh");
        assert_string_equal(text_format_energy(INT64_MAX, b), "2,562,048 GWh");
        assert_string_equal(text_format_power(231000000, b), "231 MW");
        assert_string_equal(text_format_power(300, b), "300 W");
        assert_string_equal(text_format_power(5500, b), "5.5 kW");
        assert_string_equal(text_format_power(INT64_MIN, b), "unknown");
        assert_string_equal(text_format_mass(INT64_C(15100000000), b), "15.1 t");
        assert_string_equal(text_format_mass(2300000, b), "2.3 kg");
        assert_string_equal(text_format_mass(340000, b), "340 g");
        assert_string_equal(text_format_mass(12, b), "12 mg");
        assert_string_equal(text_format_mass(-INT64_C(4200000000), b), "-4.2 t");
}

/* The printed number times its unit is within half of its last place (at most 5 %, see 1.0) of the value. */
static void what_is_printed_is_near_the_value(void **state)
{
        uint64_t seed = 3;

        (void)state;
        for (int i = 0; i < 2000; i++) {
                int64_t watts = (int64_t)(next(&seed) >> (22 + i % 40)), number;
                char b[TEXT_SIZE], *space;
                double shown, unit;

                text_format_power(watts, b);
                space = strchr(b, ' ');
                if (strchr(b, ',') != NULL)
                        continue;
                unit = space[1] == 'G' ? 1e9 : space[1] == 'M' ? 1e6 : space[1] == 'k' ? 1e3 : 1;
                assert_int_equal(text_parse_decimal(b, (size_t)(space - b), 1, &number), 0);
                shown = (double)number / 10 * unit;
                assert_true(shown - (double)watts <= 0.05 * unit * (number >= 1000 ? 10 : 1) + 1e-6);
                assert_true((double)watts - shown <= 0.05 * unit * (number >= 1000 ? 10 : 1) + 1e-6);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(distances),
                cmocka_unit_test(distance_agrees_with_its_definition),
                cmocka_unit_test(long_words_do_no_harm),
                cmocka_unit_test(suggests_only_what_may_be_meant),
                cmocka_unit_test(reads_decimals_exactly),
                cmocka_unit_test(rounds_half_away_from_zero),
                cmocka_unit_test(refuses_what_is_no_decimal),
                cmocka_unit_test(reads_no_further_than_it_may),
                cmocka_unit_test(decimals_survive_a_round_trip),
                cmocka_unit_test(money),
                cmocka_unit_test(energy_power_and_mass),
                cmocka_unit_test(what_is_printed_is_near_the_value),
                cmocka_unit_test(words_are_listed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
