/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka's macro of the same name */

#include "base/fail.h"

static void stores_code_and_sentence(void **state)
{
        struct offpeak_error err = { 0 };

        (void)state;
        assert_int_equal(fail(&err, OFFPEAK_EINVAL, "no %s with %d GPUs", "pool", 12), OFFPEAK_EINVAL);
        assert_int_equal(err.code, OFFPEAK_EINVAL);
        assert_string_equal(err.text, "no pool with 12 GPUs");
        assert_int_equal(fail_at(&err, "policy.yaml:%d:%d", 14, 7), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "policy.yaml:14:7: no pool with 12 GPUs");
        assert_int_equal(err.code, OFFPEAK_EINVAL);
}

static void needs_nobody_to_listen(void **state)
{
        (void)state;
        assert_int_equal(fail(NULL, OFFPEAK_EIO, "unheard"), OFFPEAK_EIO);
        assert_true(fail_at(NULL, "unheard") < 0);
}

static void cuts_what_is_too_long(void **state)
{
        struct offpeak_error err;
        char longest[2 * sizeof(err.text)];

        (void)state;
        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        fail(&err, OFFPEAK_EINVAL, "%s", longest);
        assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
        fail_at(&err, "%s", longest);
        assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
        fail(&err, OFFPEAK_EINVAL, "short");
        assert_string_equal(err.text, "short");
}

static void every_code_has_name_text_and_exit_code(void **state)
{
        static const int codes[] = {
#define OFFPEAK_X(name, number, exit_code, text) number,
                OFFPEAK_ERRORS(OFFPEAK_X)
#undef OFFPEAK_X
        };
        size_t n = sizeof(codes) / sizeof(codes[0]);

        (void)state;
        for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(offpeak_code_name(codes[i]), offpeak_code_name(codes[j]));
                assert_true(strlen(offpeak_code_text(codes[i])) > 0);
                assert_true((offpeak_exit_code(codes[i]) == 0) == (codes[i] == 0));
                assert_in_range(offpeak_exit_code(codes[i]), 0, 78);
        }
        assert_string_equal(offpeak_code_name(OFFPEAK_ECONFIG), "ECONFIG");
        assert_int_equal(offpeak_exit_code(OFFPEAK_ECONFIG), 78);
}

static void a_strange_code_is_a_fault_of_our_own(void **state)
{
        static const int strange[] = { 1, -15, -1000, 2147483647 };

        (void)state;
        for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
                assert_string_equal(offpeak_code_name(strange[i]), "EINTERNAL");
                assert_int_equal(offpeak_exit_code(strange[i]), 70);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(stores_code_and_sentence),
                cmocka_unit_test(needs_nobody_to_listen),
                cmocka_unit_test(cuts_what_is_too_long),
                cmocka_unit_test(every_code_has_name_text_and_exit_code),
                cmocka_unit_test(a_strange_code_is_a_fault_of_our_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
