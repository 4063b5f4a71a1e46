/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fail.h"

#define MARK "#OFFPEAK"

void script_free_words(char **words)
{
        if (words == NULL)
                return;
        for (char **word = words; *word != NULL; word++)
                free(*word);
        free(words);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copy one word to `to`, without its quotes; *at is left behind it. */
static int take_word(const char **at, char *to, struct offpeak_error *err)
{
        char quote = '\0';

        for (; **at != '\0' && (quote != '\0' || !is_blank(**at)); (*at)++) {
                if (quote == '\0' && (**at == '\'' || **at == '"')) {
                        quote = **at;
                } else if (**at == quote) {
                        quote = '\0';
                } else if (**at == '\\' && quote != '\'' && (*at)[1] != '\0') {
                        *to++ = *++*at;
                } else {
                        *to++ = **at;
                }
        }
        *to = '\0';
        if (quote != '\0')
                return fail(err, OFFPEAK_EINVAL, "a quote %c is not closed", quote);
        return 0;
}

int script_split(const char *text, char ***ret_words, int *ret_n, struct offpeak_error *err)
{
        size_t length = strlen(text);
        char **words = calloc(length / 2 + 2, sizeof(char *));
        int n = 0, r = words != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");

        while (r == 0) {
                while (is_blank(*text))
                        text++;
                if (*text == '\0' || *text == '#')
                        break;
                words[n] = malloc(strlen(text) + 1);
                if (words[n] == NULL)
                        r = fail(err, OFFPEAK_ENOMEM, "out of memory");
                else
                        r = take_word(&text, words[n++], err);
        }
        if (r != 0) {
                script_free_words(words);
                return r;
        }
        *ret_words = words;
        *ret_n = n;
        return 0;
}

static int add_line(struct script *script, unsigned number, const char *text, struct offpeak_error *err)
{
        struct script_line *lines = realloc(script->lines, (script->n_lines + 1) * sizeof(*lines));
        struct script_line line = { .number = number };
        int r;

        if (lines == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        script->lines = lines;
        r = script_split(text, &line.argv, &line.argc, err);
        if (r != 0)
                return r;
        lines[script->n_lines++] = line;
        return 0;
}

/* One line of the script; *commands becomes true at the first command. */
static int take_line(struct script *script, unsigned number, const char *text, bool *commands,
                     struct offpeak_error *err)
{
        size_t mark = strlen(MARK);
        bool marked = strncmp(text, MARK, mark) == 0 && (text[mark] == '\0' || is_blank(text[mark]));

        if (marked && *commands && script->ignored == 0)
                script->ignored = number;
        if (marked && !*commands)
                return add_line(script, number, text + mark, err);
        while (is_blank(*text))
                text++;
        if (*text != '\0' && *text != '#')
                *commands = true;
        return 0;
}

static int take_interpreter(struct script *script, const char *path, const char *text, struct offpeak_error *err)
{
        int r;

        if (strncmp(text, "#!", 2) != 0)
                return fail(err, OFFPEAK_EINVAL,
                            "%s is no script (its first line is not #!...). To run it as a command, write it "
                            "behind --: offpeak submit ... -- %s",
                            path, path);
        r = script_split(text + 2, &script->interpreter, &script->n_interpreter, err);
        if (r == 0 && script->n_interpreter == 0)
                r = fail(err, OFFPEAK_EINVAL, "#! names no interpreter: write #!/bin/bash, say");
        return r != 0 ? fail_at(err, "%s:1", path) : 0;
}

static int read_lines(struct script *script, const char *path, FILE *file, struct offpeak_error *err)
{
        char *text = NULL;
        size_t size = 0;
        bool commands = false;
        unsigned number = 0;
        ssize_t length;
        int r = 0;

        while (r == 0 && (length = getline(&text, &size, file)) >= 0) {
                number++;
                if (number == 1)
                        r = take_interpreter(script, path, text, err);
                else if (strlen(text) != (size_t)length)
                        break; /* data behind the script, not lines */
                else if (take_line(script, number, text, &commands, err) != 0)
                        r = fail_at(err, "%s:%u", path, number);
        }
        if (r == 0 && ferror(file))
                r = fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        if (r == 0 && number == 0)
                r = fail(err, OFFPEAK_EINVAL, "%s is empty: a script begins with #!/bin/bash, say", path);
        free(text);
        return r;
}

static int open_file(const char *path, FILE **ret_file, struct offpeak_error *err)
{
        FILE *file = fopen(path, "re");
        struct stat status;

        if (file == NULL)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO,
                            "%s: %s. To run a command, write it behind --: offpeak submit ... -- %s", path,
                            strerror(errno), path);
        if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
                fclose(file);
                return fail(err, OFFPEAK_EINVAL, "%s is not a file", path);
        }
        *ret_file = file;
        return 0;
}

int script_read(const char *path, struct script *ret_script, struct offpeak_error *err)
{
        struct script script = { 0 };
        FILE *file = NULL;
        int r;

        r = open_file(path, &file, err);
        if (r != 0)
                return r;
        r = read_lines(&script, path, file, err);
        fclose(file);
        if (r != 0) {
                script_finish(&script);
                return r;
        }
        *ret_script = script;
        return 0;
}

void script_finish(struct script *script)
{
        script_free_words(script->interpreter);
        for (size_t i = 0; i < script->n_lines; i++)
                script_free_words(script->lines[i].argv);
        free(script->lines);
        *script = (struct script){ 0 };
}
