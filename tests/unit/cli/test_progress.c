/* SPDX-License-Identifier: Apache-2.0 */
/* test_progress.c - the bar of long work: on a terminal, and only there. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/progress.h"

static void wait_ms(long ms)
{
        nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static void a_file_gets_nothing(void **state)
{
        FILE *file = tmpfile();
        struct progress progress;

        (void)state;
        assert_non_null(file);
        progress_begin(&progress, file, "offpeak");
        wait_ms(600);
        progress_tell(&progress, 0.5);
        progress_end(&progress);
        assert_int_equal(ftell(file), 0);
        fclose(file);
}

/* What a terminal was told, up to now. */
static size_t read_terminal(int terminal, char *text, size_t size)
{
        ssize_t got = read(terminal, text, size - 1);

        text[got > 0 ? got : 0] = '\0';
        return got > 0 ? (size_t)got : 0;
}

static void a_terminal_is_told_how_far_it_is(void **state)
{
        int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
        struct progress progress;
        char text[1000];
        FILE *out;

        (void)state;
        if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
                skip();
        out = fopen(ptsname(terminal), "w");
        assert_non_null(out);
        progress_begin(&progress, out, "wait-awhile");
        wait_ms(600);
        progress_tell(&progress, 0.5);
        assert_true(read_terminal(terminal, text, sizeof(text)) > 0);
        assert_non_null(strstr(text, "wait-awhile"));
        assert_non_null(strstr(text, "50 %"));
        assert_non_null(strstr(text, "left"));
        progress_end(&progress);
        fflush(out);
        read_terminal(terminal, text, sizeof(text));
        assert_string_equal(text, "\r\033[K");
        fclose(out);
        close(terminal);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_gets_nothing),
                cmocka_unit_test(a_terminal_is_told_how_far_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
