/* SPDX-License-Identifier: Apache-2.0 */
/* test_url_form.c - addresses with places in them: what is filled in, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/url_form.h"

#define NOW INT64_C(1795357800) /* 2026-11-22T14:30:00Z */

static void expect(const char *text, const char *const *secrets, bool escape, const char *filled)
{
        struct offpeak_error err = { 0 };
        struct url_form form;
        char *result;

        if (url_form_parse(text, &form, &err) != 0)
                fail_msg("%s: %s", text, err.text);
        result = url_form_fill(&form, NOW, secrets, escape);
        assert_non_null(result);
        assert_string_equal(result, filled);
        free(result);
        url_form_finish(&form);
        url_form_finish(&form); /* twice does no harm */
}

static void refused(const char *text, const char *says)
{
        struct url_form form = { .n = 77 };
        struct offpeak_error err = { 0 };

        assert_int_equal(url_form_parse(text, &form, &err), OFFPEAK_EINVAL);
        assert_int_equal(form.n, 77);
        if (strstr(err.text, says) == NULL)
                fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, says);
}

static void times_are_filled_in(void **state)
{
        (void)state;
        expect("https://a/b?c=%41", NULL, true, "https://a/b?c=%41");
        expect("", NULL, true, "");
        expect("{now}", NULL, true, "2026-11-22T14:30:00Z");
        expect("x{now-1d}y", NULL, true, "x2026-11-21T14:30:00Zy");
        expect("{today}|{today+2d:%Y-%m-%d}", NULL, true, "2026-11-22T00:00:00Z|2026-11-24");
        expect("{now+90m:%Y%m%d%H%M%S}", NULL, true, "20261122160000");
        expect("{today-1d:%s}000", NULL, true, "1795219200000");
        expect("{now:%%%d%%}", NULL, true, "%22%");
        expect("{today+40d:%d.%m.%Y}", NULL, true, "01.01.2027");
        expect("{now:}", NULL, true, "");
}

static void secrets_are_escaped_in_addresses_alone(void **state)
{
        static const char *const secrets[] = { "a/b+c d%&", "plain-._~9" };

        (void)state;
        expect("k={secret:x}&l={secret:/y/z}", secrets, true, "k=a%2Fb%2Bc%20d%25%26&l=plain-._~9");
        expect("Bearer {secret:x}", secrets, false, "Bearer a/b+c d%&");
}

static void what_is_wrong_is_said(void **state)
{
        (void)state;
        refused("https://a/{from}", "{from} is not known: there are {now-1d:%Y-%m-%d}");
        refused("https://a/{secret:}", "is not known");
        refused("https://a/{now", "without its other one");
        refused("https://a/}x", "without its other one");
        refused("https://a/{now:{secret:x}", "without its other one");
        refused("{now1d}", "\"1d\" is no distance in time");
        refused("{now-1dd}", "1dd");
        refused("{now-500d}", "more than 400 days");
        refused("{now:%Y-%q}", "\"%Y-%q\" is no form of a time");
        refused("{now:%}", "no form of a time");
}

static void written(const char *text, const char *expected)
{
        struct offpeak_error err;
        struct url_form form;
        char *result;

        assert_int_equal(url_form_parse(text, &form, &err), 0);
        result = url_form_text(&form);
        assert_string_equal(result, expected);
        free(result);
        url_form_finish(&form);
}

static void forms_are_written_as_they_are_read(void **state)
{
        static const char *const same[] = { "",       "https://a/b?c=%41",
                                            "{now}",  "x{today-1d:%Y%m}y{secret:/k/a b}{now+90m}",
                                            "{now:}", "{today+36h}" };

        (void)state;
        for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
                written(same[i], same[i]);
        written("{now+24h:%Y-%m-%dT%H:%M:%SZ}", "{now+1d}");
        written("{now+0s:%s}", "{now:%s}");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(times_are_filled_in),
                cmocka_unit_test(secrets_are_escaped_in_addresses_alone),
                cmocka_unit_test(what_is_wrong_is_said),
                cmocka_unit_test(forms_are_written_as_they_are_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
