/* SPDX-License-Identifier: Apache-2.0 */
/* test_secret_file.c - who may read a secret, what one is, and that none is shown. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/secret_file.h"

static char path[] = "/tmp/offpeak-secret-XXXXXX";

static void put(const void *text, size_t size, mode_t mode)
{
        int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), size);
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

static void refused(const void *text, size_t size, mode_t mode, int code, const char *says)
{
        char *secret = (char *)1;
        struct offpeak_error err;

        put(text, size, mode);
        assert_int_equal(secret_file_read(path, &secret, &err), code);
        assert_ptr_equal(secret, (char *)1);
        if (strstr(err.text, says) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.text, says);
        assert_null(strstr(err.text, "hush"));
}

static void a_line_is_read(void **state)
{
        struct offpeak_error err;
        char *secret;

        (void)state;
        put("  hush hush\r\n\n", 14, 0600);
        assert_int_equal(secret_file_read(path, &secret, &err), 0);
        assert_string_equal(secret, "hush hush");
        secret_free(secret);
        secret_free(NULL);
        put("hush", 4, 0400);
        assert_int_equal(secret_file_read(path, &secret, &err), 0);
        secret_free(secret);
}

static void what_is_none_is_refused(void **state)
{
        char large[5000];

        (void)state;
        refused("hush", 4, 0640, OFFPEAK_EPERMISSION, "run `chmod 600 /tmp/offpeak-secret-");
        refused("hush", 4, 0604, OFFPEAK_EPERMISSION, "others can read this secret (mode 0604)");
        refused("", 0, 0600, OFFPEAK_ECONFIG, "one line of 4 to 4096");
        refused(" \n", 2, 0600, OFFPEAK_ECONFIG, "one line");
        refused("abc", 3, 0600, OFFPEAK_ECONFIG, "one line"); /* it would be hidden in every other word */
        refused("hush\nX-Other: 1", 15, 0600, OFFPEAK_ECONFIG, "one line");
        refused("hush\0more", 9, 0600, OFFPEAK_ECONFIG, "one line");
        refused("hush\xc3\xa4", 6, 0600, OFFPEAK_ECONFIG, "one line");
        memset(large, 'x', sizeof(large));
        refused(large, sizeof(large), 0600, OFFPEAK_ECONFIG, "one line");
}

static void what_is_no_file_is_refused(void **state)
{
        struct offpeak_error err;
        char *secret;

        (void)state;
        assert_int_equal(secret_file_read("/nonexistent/secret", &secret, &err), OFFPEAK_ENOTFOUND);
        assert_int_equal(secret_file_read("/tmp", &secret, &err), OFFPEAK_ECONFIG);
        assert_int_equal(secret_file_read("/dev/zero", &secret, &err), OFFPEAK_ECONFIG);
}

static void secrets_are_hidden(void **state)
{
        static const char *const secrets[] = { "a/b+c", "hush" };
        char text[] = "x a/b+c y a%2Fb%2bc hushhush a/b hus";

        (void)state;
        secret_redact(text, secrets, 2);
        assert_string_equal(text, "x *** y *** ****** a/b hus");
        secret_redact(text, secrets, 0);
        assert_string_equal(text, "x *** y *** ****** a/b hus");
}

static int begin(void **state)
{
        int fd = mkstemp(path);

        (void)state;
        return fd < 0 || close(fd) != 0;
}

static int end(void **state)
{
        (void)state;
        return unlink(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_is_read),
                cmocka_unit_test(what_is_none_is_refused),
                cmocka_unit_test(what_is_no_file_is_refused),
                cmocka_unit_test(secrets_are_hidden),
        };

        return cmocka_run_group_tests(tests, begin, end);
}
