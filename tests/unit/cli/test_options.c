/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

static const struct option_row rows[] = {
        { 1, 'a', "all", NULL, "a switch" },
        { 2, 'n', "number", "N", "with a value" },
        { 3, 0, "long-only", "TEXT", "no letter" },
        { 4, 'H', "hold", NULL, NULL },
        { 0, 0, NULL, NULL, NULL },
};

/* What a walk finds, as text: "all;number=3;operand=x;end". */
static int walk_words(const char *line, char *found_text, size_t size, struct offpeak_error *err)
{
        char copy[256], *words[16];
        struct option_walk walk;
        struct option_found found;
        size_t used = 0;
        int n = 0, r;

        snprintf(copy, sizeof(copy), "%s", line);
        for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
                words[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
        option_walk_init(&walk, rows, n, words);
        found_text[0] = '\0';
        for (;;) {
                r = option_next(&walk, &found, err);
                if (r != 0)
                        return r;
                if (found.id == OPTION_END)
                        return 0;
                used += (size_t)snprintf(found_text + used, size - used, "%s%s%s;",
                                         found.id == OPTION_OPERAND ? "operand" : rows[found.id - 1].name,
                                         found.value != NULL ? "=" : "", found.value != NULL ? found.value : "");
        }
}

static void words_are_understood(void **state)
{
        static const struct {
                const char *line, *found;
        } cases[] = {
                { "", "" },
                { "--all", "all;" },
                { "-a", "all;" },
                { "--number 3", "number=3;" },
                { "--number=3", "number=3;" },
                { "--number=", "number=;" },
                { "--number=a=b", "number=a=b;" },
                { "-n 3", "number=3;" },
                { "-n3", "number=3;" },
                { "-n=3", "number=3;" },
                { "-n -1", "number=-1;" },
                { "--number -1", "number=-1;" },
                { "--number --all", "number=--all;" },
                { "-aH", "all;hold;" },
                { "-aHn 7 x", "all;hold;number=7;operand=x;" },
                { "-an7", "all;number=7;" },
                { "x --all y", "operand=x;all;operand=y;" },
                { "-- --all -n", "operand=--all;operand=-n;" },
                { "-- -- x", "operand=--;operand=x;" },
                { "-", "operand=-;" },
                { "'' --all", "operand=;all;" },
                { "--long-only v --all", "long-only=v;all;" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct offpeak_error err = { 0 };
                char found[256];

                assert_int_equal(walk_words(cases[i].line, found, sizeof(found), &err), 0);
                assert_string_equal(found, cases[i].found);
        }
}

static void what_is_wrong_is_named(void **state)
{
        static const struct {
                const char *line, *says;
        } cases[] = {
                { "--nubmer 3", "unknown option --nubmer (did you mean --number?)" },
                { "--numb 3", "unknown option --numb" }, /* no abbreviations */
                { "--xyzzyplugh", "--help" },
                { "--partition gpu", "--class" },
                { "--array=1-10", "one job per task" },
                { "-x", "unknown option -x" },
                { "-ax", "unknown option -x" },
                { "-5", "if it is a number, write -- before it" },
                { "--number", "--number needs a value: --number N" },
                { "-n", "-n needs a value: -n N" },
                { "-an", "-n needs a value" },
                { "--all=yes", "--all takes no value" },
                { "---all", "unknown option ---all" },
                { "--=3", "unknown option" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct offpeak_error err = { 0 };
                char found[256];

                assert_int_equal(walk_words(cases[i].line, found, sizeof(found), &err), OFFPEAK_EUSAGE);
                if (strstr(err.text, cases[i].says) == NULL)
                        fail_msg("%s: says \"%s\", not \"%s\"", cases[i].line, err.text, cases[i].says);
        }
}

static void a_very_long_word_is_cut_in_the_sentence_only(void **state)
{
        char word[4096] = "--";
        char *words[] = { word };
        struct offpeak_error err = { 0 };
        struct option_found found;
        struct option_walk walk;

        (void)state;
        memset(word + 2, 'x', sizeof(word) - 3);
        option_walk_init(&walk, rows, 1, words);
        assert_int_equal(option_next(&walk, &found, &err), OFFPEAK_EUSAGE);
        assert_true(strlen(err.text) < sizeof(err.text));
}

static void help_lists_all_but_aliases(void **state)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        (void)state;
        option_help(rows, out);
        fclose(out);
        assert_non_null(strstr(text, "-n, --number N"));
        assert_non_null(strstr(text, "    --long-only TEXT"));
        assert_null(strstr(text, "--hold"));
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_are_understood),
                cmocka_unit_test(what_is_wrong_is_named),
                cmocka_unit_test(a_very_long_word_is_cut_in_the_sentence_only),
                cmocka_unit_test(help_lists_all_but_aliases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
