/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/script.h"

/* ---- words */

/* The words of a text, each in [brackets]. */
static int split(const char *text, char *joined, size_t size, struct offpeak_error *err)
{
        char **words;
        int n, r = script_split(text, &words, &n, err);
        size_t used = 0;

        joined[0] = '\0';
        if (r != 0)
                return r;
        for (int i = 0; i < n; i++)
                used += (size_t)snprintf(joined + used, size - used, "[%s]", words[i]);
        assert_null(words[n]);
        script_free_words(words);
        return 0;
}

static void words_split_as_a_shell_does(void **state)
{
        static const struct {
                const char *text, *words;
        } cases[] = {
                { "", "" },
                { "   \t\n", "" },
                { "a", "[a]" },
                { " a  b\tc \r\n", "[a][b][c]" },
                { "'a b' \"c d\"", "[a b][c d]" },
                { "a'b c'd", "[ab cd]" },
                { "'' \"\"", "[][]" },
                { "a\\ b", "[a b]" },
                { "'a\\b' \"a\\\"b\"", "[a\\b][a\"b]" },
                { "--x='1 2' # --y", "[--x=1 2]" },
                { "a#b", "[a#b]" },
                { "# all of it", "" },
                { "trailing\\", "[trailing\\]" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct offpeak_error err = { 0 };
                char joined[256];

                assert_int_equal(split(cases[i].text, joined, sizeof(joined), &err), 0);
                assert_string_equal(joined, cases[i].words);
        }
}

static void an_open_quote_is_an_error(void **state)
{
        static const char *const texts[] = { "'", "\"", "a 'b c", "\"a\\\"" };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct offpeak_error err = { 0 };
                char joined[64];

                assert_int_equal(split(texts[i], joined, sizeof(joined), &err), OFFPEAK_EINVAL);
                assert_non_null(strstr(err.text, "not closed"));
        }
}

/* ---- files */

static int setup(void **state)
{
        char *path = strdup("/tmp/offpeak-script-XXXXXX");
        int file = mkstemp(path);

        *state = path;
        return file < 0 ? -1 : close(file);
}

static int teardown(void **state)
{
        unlink(*state);
        free(*state);
        return 0;
}

static void put(const char *path, const char *text, size_t size)
{
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, size, file), size);
        fclose(file);
}

static int read_text(const char *path, const char *text, struct script *script, struct offpeak_error *err)
{
        put(path, text, strlen(text));
        return script_read(path, script, err);
}

static void options_stand_above_the_first_command(void **state)
{
        struct offpeak_error err = { 0 };
        struct script script;

        assert_int_equal(read_text(*state,
                                   "#!/usr/bin/env -S bash -e\n#OFFPEAK --gpus 8 -t 6h\n# a remark\n\n"
                                   "#OFFPEAK --deadline \"tomorrow 08:00\" # why\n#OFFPEAKS --no\n#OFFPEAK\n"
                                   "echo start\n#OFFPEAK --late\n",
                                   &script, &err),
                         0);
        assert_int_equal(script.n_interpreter, 4);
        assert_string_equal(script.interpreter[0], "/usr/bin/env");
        assert_string_equal(script.interpreter[3], "-e");
        assert_int_equal(script.n_lines, 3);
        assert_int_equal(script.lines[0].number, 2);
        assert_int_equal(script.lines[0].argc, 4);
        assert_string_equal(script.lines[0].argv[3], "6h");
        assert_int_equal(script.lines[1].number, 5);
        assert_int_equal(script.lines[1].argc, 2);
        assert_string_equal(script.lines[1].argv[1], "tomorrow 08:00");
        assert_int_equal(script.lines[2].argc, 0);
        assert_int_equal(script.ignored, 9);
        script_finish(&script);
}

static void a_last_line_without_its_end_counts(void **state)
{
        struct offpeak_error err = { 0 };
        struct script script;

        assert_int_equal(read_text(*state, "#!/bin/sh\r\n#OFFPEAK -t 1h", &script, &err), 0);
        assert_string_equal(script.interpreter[0], "/bin/sh");
        assert_int_equal(script.n_lines, 1);
        assert_int_equal(script.ignored, 0);
        script_finish(&script);
}

static void what_is_no_script_is_refused(void **state)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                { "", "is empty" },
                { "echo hello\n", "behind --" },
                { "\x7f"
                  "ELF\x02\x01\n",
                  "is no script" },
                { "#!\n", "names no interpreter" },
                { "#! '\n", ":1: a quote" },
                { "#!/bin/sh\n\n#OFFPEAK -J 'x\n", ":3: a quote ' is not closed" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct script script = { .n_lines = 77 };
                struct offpeak_error err = { 0 };

                assert_int_equal(read_text(*state, cases[i].text, &script, &err), OFFPEAK_EINVAL);
                if (strstr(err.text, cases[i].says) == NULL)
                        fail_msg("says \"%s\", not \"%s\"", err.text, cases[i].says);
                assert_int_equal(script.n_lines, 77); /* nothing written on failure */
        }
}

static void data_behind_a_script_is_left_alone(void **state)
{
        static const char text[] = "#!/bin/sh\n#OFFPEAK -t 1h\nexit 0\n\0\0\0binary\n#OFFPEAK --no\n";
        struct offpeak_error err = { 0 };
        struct script script;

        put(*state, text, sizeof(text) - 1);
        assert_int_equal(script_read(*state, &script, &err), 0);
        assert_int_equal(script.n_lines, 1);
        assert_int_equal(script.ignored, 0);
        script_finish(&script);
}

static void a_missing_file_names_the_remedy(void **state)
{
        struct offpeak_error err = { 0 };
        struct script script;

        (void)state;
        assert_int_equal(script_read("/nonexistent/train.sh", &script, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "-- /nonexistent/train.sh"));
        assert_int_equal(script_read("/tmp", &script, &err), OFFPEAK_EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_split_as_a_shell_does),
                cmocka_unit_test(an_open_quote_is_an_error),
                cmocka_unit_test_setup_teardown(options_stand_above_the_first_command, setup, teardown),
                cmocka_unit_test_setup_teardown(a_last_line_without_its_end_counts, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_no_script_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(data_behind_a_script_is_left_alone, setup, teardown),
                cmocka_unit_test(a_missing_file_names_the_remedy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
