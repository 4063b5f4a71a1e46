/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/log.h"

static void test_a_line(void **state)
{
        char line[LOG_LINE_SIZE];

        (void)state;
        assert_int_equal(log_line(line, LOG_LEVEL_INFO, false, "hello"), 6);
        assert_string_equal(line, "hello\n");
        log_line(line, LOG_LEVEL_WARNING, true, "hello");
        assert_string_equal(line, "<4>hello\n");
}

static void test_nobody_forges_lines(void **state)
{
        char line[LOG_LINE_SIZE];

        (void)state;
        log_line(line, LOG_LEVEL_ERROR, true, "job a\n<0>b\tc\x1b[2J\x7f ü");
        assert_string_equal(line, "<3>job a <0>b c [2J  ü\n");
}

static void test_too_long_is_cut(void **state)
{
        char text[3 * LOG_LINE_SIZE], line[LOG_LINE_SIZE];

        (void)state;
        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        assert_int_equal(log_line(line, LOG_LEVEL_INFO, true, text), LOG_LINE_SIZE - 1);
        assert_int_equal(strlen(line), LOG_LINE_SIZE - 1);
        assert_int_equal(line[LOG_LINE_SIZE - 2], '\n');
}

/* As systemd does, name the stream that the journal reads: this one, or its neighbour. */
static void name_journal(int fd, bool another)
{
        char stream[64];
        struct stat status;

        assert_int_equal(fstat(fd, &status), 0);
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + another);
        assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
}

enum reader { READER_PIPE, READER_JOURNAL, READER_OTHER };

/* What comes out of stderr while `say` runs, and who reads there: the journal, or it reads another stream, or none. */
static const char *captured(void (*say)(void), enum reader reader)
{
        static char text[4096];
        int pipe_fds[2], saved = dup(STDERR_FILENO);

        assert_int_equal(pipe(pipe_fds), 0);
        fflush(stderr);
        dup2(pipe_fds[1], STDERR_FILENO);
        if (reader == READER_PIPE)
                unsetenv("JOURNAL_STREAM");
        else
                name_journal(STDERR_FILENO, reader == READER_OTHER);
        say();
        dup2(saved, STDERR_FILENO);
        close(saved);
        close(pipe_fds[1]);
        ssize_t n = read(pipe_fds[0], text, sizeof(text) - 1);
        close(pipe_fds[0]);
        text[n > 0 ? n : 0] = '\0';
        return text;
}

static void say_all(void)
{
        errno = 42;
        log_error("%d", 1);
        log_warning("%d", 2);
        log_info("%d", 3);
        log_debug("%d", 4);
        assert_int_equal(errno, 42);
}

static void test_levels(void **state)
{
        (void)state;
        assert_string_equal(captured(say_all, READER_JOURNAL), "<3>1\n<4>2\n<6>3\n");
        log_set_level(LOG_LEVEL_DEBUG);
        assert_string_equal(captured(say_all, READER_JOURNAL), "<3>1\n<4>2\n<6>3\n<7>4\n");
        log_set_level(LOG_LEVEL_ERROR);
        assert_string_equal(captured(say_all, READER_JOURNAL), "<3>1\n");
        log_set_level(LOG_LEVEL_INFO);
}

static void test_priorities_are_for_the_journal(void **state)
{
        (void)state;
        assert_string_equal(captured(say_all, READER_PIPE), "1\n2\n3\n");
        assert_string_equal(captured(say_all, READER_OTHER), "1\n2\n3\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_line),
                cmocka_unit_test(test_nobody_forges_lines),
                cmocka_unit_test(test_too_long_is_cut),
                cmocka_unit_test(test_levels),
                cmocka_unit_test(test_priorities_are_for_the_journal),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
