/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/utf8.h"

/* RFC 3629 the other way round: write every code point, and nothing else is valid. */
static size_t put(uint32_t code, uint8_t bytes[5])
{
        size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

        for (size_t i = n - 1; i > 0; i--) {
                bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
                code >>= 6;
        }
        bytes[0] = (uint8_t)(lead[n] | code);
        bytes[n] = '\0';
        return n;
}

static void every_code_point_is_known_but_surrogates(void **state)
{
        uint8_t bytes[5];

        (void)state;
        for (uint32_t code = 1; code <= 0x10ffff; code++) {
                size_t n = put(code, bytes);

                assert_int_equal(utf8_character((char *)bytes), code >= 0xd800 && code <= 0xdfff ? 0 : n);
        }
}

static void no_three_bytes_are_known_that_code_no_point(void **state)
{
        uint8_t bytes[5] = { 0 }, again[5];

        (void)state;
        for (uint32_t i = 0x800000; i <= 0xffffff; i++) { /* all that begin beyond ASCII */
                size_t n;
                uint32_t code;

                bytes[0] = (uint8_t)(i >> 16);
                bytes[1] = (uint8_t)(i >> 8);
                bytes[2] = (uint8_t)i;
                n = utf8_character((char *)bytes);
                if (n == 0)
                        continue;
                assert_in_range(n, 2, 3);
                code = n == 2 ? (uint32_t)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f)
                              : (uint32_t)(bytes[0] & 0x0f) << 12 | (uint32_t)(bytes[1] & 0x3f) << 6 |
                                        (bytes[2] & 0x3f);
                assert_int_equal(put(code, again), n);
                assert_memory_equal(again, bytes, n);
        }
}

static void four_bytes_have_their_edges(void **state)
{
        (void)state;
        assert_int_equal(utf8_character("\xf0\x90\x80\x80"), 4);
        assert_int_equal(utf8_character("\xf4\x8f\xbf\xbf"), 4);
        assert_int_equal(utf8_character("\xf0\x8f\xbf\xbf"), 0); /* too long a form */
        assert_int_equal(utf8_character("\xf4\x90\x80\x80"), 0); /* beyond U+10FFFF */
        assert_int_equal(utf8_character("\xf5\x80\x80\x80"), 0);
        assert_int_equal(utf8_character("\xf0\x90\x80"), 0);
        assert_int_equal(utf8_character("\xf0\x90"), 0);
        assert_int_equal(utf8_character("\xf0"), 0);
}

static void names_must_not_steer_a_terminal(void **state)
{
        (void)state;
        assert_true(utf8_printable("llama-ft \xe2\x82\xac"));
        assert_true(utf8_printable(""));
        assert_false(utf8_printable("a\nb"));
        assert_false(utf8_printable("\x1b[2J"));
        assert_false(utf8_printable("a\x7f"));
        assert_false(utf8_printable("a\xc2\x9b")); /* CSI in C1 */
        assert_true(utf8_printable("a\xc2\xa0"));
        assert_false(utf8_printable("a\xff"));
        assert_true(utf8_valid("a\nb"));
        assert_false(utf8_valid("a\xff"));
}

static void repair_leaves_characters_and_marks_the_rest(void **state)
{
        char cut[] = "3 \xe2\x82\xac and \xe2\x82", good[] = "\xc3\xa9\xf0\x9f\x94\x8b", bad[] = "\xff\xc0\x80x";

        (void)state;
        utf8_repair(cut);
        assert_string_equal(cut, "3 \xe2\x82\xac and ??");
        utf8_repair(good);
        assert_string_equal(good, "\xc3\xa9\xf0\x9f\x94\x8b");
        utf8_repair(bad);
        assert_string_equal(bad, "???x");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_code_point_is_known_but_surrogates),
                cmocka_unit_test(no_three_bytes_are_known_that_code_no_point),
                cmocka_unit_test(four_bytes_have_their_edges),
                cmocka_unit_test(names_must_not_steer_a_terminal),
                cmocka_unit_test(repair_leaves_characters_and_marks_the_rest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
