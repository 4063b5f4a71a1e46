/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/endpoint.h"

static void endpoints_are_read(void **state)
{
        struct endpoint endpoint;
        struct offpeak_error err;

        (void)state;
        assert_int_equal(endpoint_parse("ipc:///run/x.sock", &endpoint, &err), 0);
        assert_true(endpoint.is_ipc);
        assert_string_equal(endpoint.path, "/run/x.sock");
        assert_int_equal(endpoint_parse("tcp://node-1.example:7711", &endpoint, &err), 0);
        assert_false(endpoint.is_ipc);
        assert_string_equal(endpoint.host, "node-1.example");
        assert_int_equal(endpoint.port, 7711);
        assert_int_equal(endpoint_parse("tcp://[fe80::1]:0", &endpoint, &err), 0);
        assert_string_equal(endpoint.host, "fe80::1");
        assert_int_equal(endpoint.port, 0);
}

static void what_is_no_endpoint_is_refused(void **state)
{
        static const char *const texts[] = { "",           "x",           "/run/x.sock",   "ipc://",     "ipc://x",
                                             "tcp://",     "tcp://:1",    "tcp://a",       "tcp://a:",   "tcp://a:-1",
                                             "tcp://a:1x", "tcp://::1:5", "tcp://a:65536", "tcp://a: 1", "udp://a:1" };
        struct endpoint endpoint = { .port = 42 };
        struct offpeak_error err;
        char text[400] = "ipc:///";

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                if (endpoint_parse(texts[i], &endpoint, &err) != OFFPEAK_ECONFIG)
                        fail_msg("\"%s\" is taken", texts[i]);
                assert_int_equal(endpoint.port, 42);
        }
        memset(text + 7, 'x', 106);
        assert_int_equal(endpoint_parse(text, &endpoint, &err), 0); /* 107 bytes of path */
        text[7 + 106] = 'x';
        assert_int_equal(endpoint_parse(text, &endpoint, &err), OFFPEAK_ECONFIG);
        strcpy(text, "tcp://");
        memset(text + 6, 'h', 256);
        strcpy(text + 6 + 256, ":1");
        assert_int_equal(endpoint_parse(text, &endpoint, &err), OFFPEAK_ECONFIG);
        assert_int_equal(endpoint_parse(text, &endpoint, NULL), OFFPEAK_ECONFIG);
}

static void only_loopback_is_local(void **state)
{
        static const struct {
                const char *text;
                bool local;
        } cases[] = {
                { "ipc:///x", true },
                { "tcp://127.0.0.1:1", true },
                { "tcp://127.9.9.9:1", true },
                { "tcp://[::1]:1", true },
                { "tcp://localhost:1", true },
                { "tcp://0.0.0.0:1", false },
                { "tcp://*:1", false },
                { "tcp://10.0.0.1:1", false },
                { "tcp://[::]:1", false },
                { "tcp://128.0.0.1:1", false },
                { "tcp://127.0.0.1.evil.example:1", false },
                { "tcp://eth0:1", false },
                { "tcp://localhost.evil.example:1", false },
        };
        struct endpoint endpoint;
        struct offpeak_error err;

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(endpoint_parse(cases[i].text, &endpoint, &err), 0);
                if (endpoint_is_local(&endpoint) != cases[i].local)
                        fail_msg("%s", cases[i].text);
        }
}

static void the_environment_goes_first(void **state)
{
        char text[ENDPOINT_TEXT], longest[ENDPOINT_TEXT + 1];
        struct offpeak_error err;

        (void)state;
        setenv("OFFPEAK_SERVER", "tcp://127.0.0.1:7711", 1);
        assert_int_equal(endpoint_default(text, &err), 0);
        assert_string_equal(text, "tcp://127.0.0.1:7711");
        memset(longest, 'x', ENDPOINT_TEXT);
        longest[ENDPOINT_TEXT] = '\0';
        setenv("OFFPEAK_SERVER", longest, 1);
        assert_int_equal(endpoint_default(text, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "OFFPEAK_SERVER"));
        assert_string_equal(text, "tcp://127.0.0.1:7711");
        unsetenv("OFFPEAK_SERVER");
}

static void root_uses_the_systems_socket(void **state)
{
        char text[ENDPOINT_TEXT];
        struct offpeak_error err;

        (void)state;
        if (geteuid() != 0)
                skip();
        setenv("XDG_RUNTIME_DIR", "/run/user/0", 1);
        assert_int_equal(endpoint_default(text, &err), 0);
        assert_string_equal(text, "ipc:///run/offpeak/offpeakd.sock");
}

enum { OTHER_USER = 54321 };

/* What a user that is not root sees, in a child; exits 0 if it is as expected. Root only, as it takes another's place.
 */
static void as_user(int (*body)(void))
{
        int status;
        pid_t child;

        if (geteuid() != 0 || access("/run/offpeak/offpeakd.sock", F_OK) == 0)
                skip();
        child = fork();
        if (child == 0)
                _exit(setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0 ? 99 : body());
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

static int runtime_folder(void)
{
        char text[ENDPOINT_TEXT];

        setenv("XDG_RUNTIME_DIR", "/run/user/54321", 1);
        return endpoint_default(text, NULL) != 0 || strcmp(text, "ipc:///run/user/54321/offpeak/offpeakd.sock") != 0;
}

static int folder_in_tmp(void)
{
        char text[ENDPOINT_TEXT];
        struct endpoint endpoint;
        struct stat status;

        unsetenv("XDG_RUNTIME_DIR");
        if (endpoint_default(text, NULL) != 0 || strcmp(text, "ipc:///tmp/offpeak-54321/offpeakd.sock") != 0)
                return 1;
        if (endpoint_parse(text, &endpoint, NULL) != 0 || endpoint_make_directory(&endpoint, NULL) != 0)
                return 2;
        if (stat("/tmp/offpeak-54321", &status) != 0 || (status.st_mode & 0777) != 0700)
                return 3;
        return endpoint_default(text, NULL) != 0 || endpoint_make_directory(&endpoint, NULL) != 0 ? 4 : 0;
}

static int folder_of_another(void)
{
        char text[ENDPOINT_TEXT];
        struct endpoint endpoint;

        unsetenv("XDG_RUNTIME_DIR");
        if (endpoint_default(text, NULL) != OFFPEAK_EPERMISSION)
                return 1;
        if (endpoint_parse("ipc:///tmp/offpeak-54321/offpeakd.sock", &endpoint, NULL) != 0)
                return 2;
        return endpoint_make_directory(&endpoint, NULL) == OFFPEAK_EPERMISSION ? 0 : 3;
}

static void a_user_has_a_socket_of_their_own(void **state)
{
        (void)state;
        rmdir("/tmp/offpeak-54321");
        as_user(runtime_folder);
        as_user(folder_in_tmp);
        assert_int_equal(rmdir("/tmp/offpeak-54321"), 0);
}

static void a_folder_that_another_made_is_not_trusted(void **state)
{
        (void)state;
        if (geteuid() != 0)
                skip();
        mkdir("/tmp/offpeak-54321", 0755); /* root's */
        as_user(folder_of_another);
        assert_int_equal(rmdir("/tmp/offpeak-54321"), 0);
        mkdir("/tmp/offpeak-54321", 0700);
        assert_int_equal(chown("/tmp/offpeak-54321", OTHER_USER, OTHER_USER), 0);
        chmod("/tmp/offpeak-54321", 0777); /* their own, and everybody may write */
        as_user(folder_of_another);
        assert_int_equal(rmdir("/tmp/offpeak-54321"), 0);
        assert_int_equal(symlink("/etc", "/tmp/offpeak-54321"), 0);
        as_user(folder_of_another);
        assert_int_equal(unlink("/tmp/offpeak-54321"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(endpoints_are_read),
                cmocka_unit_test(what_is_no_endpoint_is_refused),
                cmocka_unit_test(only_loopback_is_local),
                cmocka_unit_test(the_environment_goes_first),
                cmocka_unit_test(root_uses_the_systems_socket),
                cmocka_unit_test(a_user_has_a_socket_of_their_own),
                cmocka_unit_test(a_folder_that_another_made_is_not_trusted),
        };

        unsetenv("OFFPEAK_SERVER");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
