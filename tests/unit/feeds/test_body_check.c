/* SPDX-License-Identifier: Apache-2.0 */
/* test_body_check.c - what of a web server's answers is worth reading, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/body_check.h"

static void refused(long status, const char *body, int code, const char *says)
{
        struct offpeak_error err = { 0 };

        assert_int_equal(body_check(status, body, body != NULL ? strlen(body) : 0, false, &err), code);
        if (strstr(err.text, says) == NULL)
                fail_msg("%ld \"%s\": \"%s\" does not say \"%s\"", status, body, err.text, says);
}

static void data_passes(void **state)
{
        struct offpeak_error err;

        (void)state;
        assert_int_equal(body_check(200, "{}", 2, false, &err), 0);
        assert_int_equal(body_check(203, "time,price\n", 11, false, &err), 0);
        assert_int_equal(body_check(200, "<?xml version=\"1.0\"?><a/>", 25, false, &err), 0);
        assert_int_equal(body_check(200, "\xef\xbb\xbf[1]", 6, false, &err), 0);
        assert_int_equal(body_check(200, "<htm", 4, false, &err), 0); /* no further than its end */
        assert_int_equal(body_check(200, "PK\003\004...", 7, true, &err), 0); /* where a ZIP is data */
        assert_int_equal(body_check(200, "\037\213\010xyz", 6, true, &err), OFFPEAK_EIO);
        assert_int_equal(body_check(404, "PK\003\004...", 7, true, &err), OFFPEAK_EIO);
}

static void nothing_and_pages_do_not(void **state)
{
        (void)state;
        refused(200, "", OFFPEAK_ETRYAGAIN, "200 with nothing in it");
        refused(204, NULL, OFFPEAK_ETRYAGAIN, "204 with nothing in it");
        refused(200, " \r\n\t", OFFPEAK_ETRYAGAIN, "nothing in it");
        refused(200, "\n <!DocType HTML><html>", OFFPEAK_EIO, "a page for people (HTML)");
        refused(200, "\xef\xbb\xbf<HTML lang=en>", OFFPEAK_EIO, "a page for people (HTML)");
        refused(200, "PK\003\004...", OFFPEAK_EIO, "a packed file (zip)");
        refused(200, "\037\213\010xyz", OFFPEAK_EIO, "a packed file (gzip)");
}

static void statuses_are_told(void **state)
{
        char body[400];

        (void)state;
        refused(401, "{\"message\":  \"no\n token\"}", OFFPEAK_EIO,
                "401 (Unauthorized) and said: {\"message\": \"no token\"}; look at the secret");
        refused(404, "<html>nope</html>", OFFPEAK_EIO, "answered 404 (Not Found); look at the address");
        refused(429, "", OFFPEAK_ETRYAGAIN, "429 (Too Many Requests); ask less often");
        refused(503, NULL, OFFPEAK_ETRYAGAIN, "answered 503 (Service Unavailable)");
        refused(418, "tea\x1b[2J\x80", OFFPEAK_EIO, "answered 418 and said: tea [2J");
        memset(body, 'x', sizeof(body));
        body[399] = '\0';
        refused(500, body, OFFPEAK_ETRYAGAIN, "xxx...");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(data_passes),
                cmocka_unit_test(nothing_and_pages_do_not),
                cmocka_unit_test(statuses_are_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
