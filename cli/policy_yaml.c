/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_yaml.c - a policy document as YAML that reads back to the same policy.
 *
 * The values come in the order of the file's keys, each with its place (`at`): where it leaves the place of the one
 * before, the keys above it are written. What a file cannot say, or need not, is a comment.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/document.h"
#include "cli/policy.h"

enum { COMMENTS_AT = 44 };

struct writer {
        FILE *out;
        const json_t *before; /* place of the value before */
        bool dash;            /* an entry of a list without names begins with the next key */
};

/* ---- scalars */

static bool is_plain(const char *text)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        size_t size = strlen(text);
        bool signed_number = text[0] == '-' && text[1] >= '0' && text[1] <= '9';

        if (size == 0 || (strchr(letters, text[0]) == NULL && text[0] != '/' && !signed_number) ||
            text[size - 1] == ' ' || text[size - 1] == ':')
                return false;
        for (const char *at = text; *at != '\0'; at++)
                if (strchr(letters, *at) == NULL && strchr("._-+/ %", *at) == NULL && (*at != ':' || at[1] == ' '))
                        return false;
        return strcmp(text, "null") != 0;
}

/* Control characters escaped, those of eight bits too: a file must not move anybody's cursor. */
static void write_quoted(const char *text, FILE *out)
{
        putc('"', out);
        for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
                if (*at == '"' || *at == '\\')
                        fprintf(out, "\\%c", *at);
                else if (*at < 0x20 || *at == 0x7f)
                        fprintf(out, "\\x%02x", *at);
                else if (at[0] == 0xc2 && at[1] < 0xa0)
                        fprintf(out, "\\u%04x", *++at);
                else
                        putc(*at, out);
        }
        putc('"', out);
}

static void write_scalar(const json_t *value, FILE *out)
{
        const char *text = json_string_value(value);

        if (text == NULL)
                fputs("null", out);
        else if (is_plain(text))
                fputs(text, out);
        else
                write_quoted(text, out);
}

/* Within brackets a comma, and more, would end a plain text. */
static void write_within(const json_t *value, FILE *out)
{
        if (json_is_string(value))
                write_quoted(json_string_value(value), out);
        else
                fputs("null", out);
}

static void write_value(const json_t *value, FILE *out)
{
        const char *key;
        json_t *item;
        size_t i;

        if (json_is_array(value)) {
                putc('[', out);
                json_array_foreach((json_t *)value, i, item)
                {
                        fputs(i > 0 ? ", " : "", out);
                        write_within(item, out);
                }
                putc(']', out);
        } else if (json_is_object(value)) {
                i = 0;
                putc('{', out);
                json_object_foreach((json_t *)value, key, item)
                {
                        fputs(i++ > 0 ? ", " : "", out);
                        write_quoted(key, out);
                        fputs(": ", out);
                        write_within(item, out);
                }
                putc('}', out);
        } else {
                write_scalar(value, out);
        }
}

/* ---- places */

static void indent(const struct writer *w, size_t depth)
{
        for (size_t i = 0; i < depth; i++)
                fputs("  ", w->out);
}

/* Two blanks a level; the last of them is the dash of an entry that begins. */
static void begin_line(struct writer *w, size_t depth)
{
        indent(w, w->dash ? depth - 1 : depth);
        if (w->dash)
                fputs("- ", w->out);
        w->dash = false;
}

/* How many steps two places have in common. */
static size_t common(const json_t *a, const json_t *b)
{
        size_t n = 0;

        while (n < json_array_size(a) && n < json_array_size(b) &&
               json_equal(json_array_get(a, n), json_array_get(b, n)))
                n++;
        return n;
}

static void write_above(struct writer *w, const json_t *place)
{
        size_t depth = json_array_size(place) - 1;

        for (size_t i = common(w->before, place); i < depth; i++) {
                const json_t *step = json_array_get(place, i);

                if (json_is_integer(step)) {
                        w->dash = true;
                        continue;
                }
                begin_line(w, i);
                write_scalar(step, w->out);
                fputs(":\n", w->out);
        }
        w->before = place;
}

/* ---- lines */

static bool is_kind(const json_t *entry, const char *kind)
{
        const char *said = document_text(entry, "kind");

        return said != NULL && strcmp(said, kind) == 0;
}

/* What is not there is written where it says something else than leaving it out. */
static bool is_comment(const json_t *entry)
{
        return !is_kind(entry, "value") ||
               (json_is_null(json_object_get(entry, "value")) && document_true(entry, "default"));
}

static void write_key(const json_t *entry, const char *key, FILE *out)
{
        const json_t *value = json_object_get(entry, "value");
        const char *means = document_text(entry, "means");

        fprintf(out, "%s: ", key);
        if (json_is_null(value) && is_comment(entry))
                fputs(means != NULL ? means : "none", out);
        else
                write_value(value, out);
}

static void write_remark(const json_t *entry, FILE *out)
{
        const char *unit = document_text(entry, "unit"), *means = document_text(entry, "means");
        bool nothing = json_is_null(json_object_get(entry, "value")), written = !is_comment(entry);
        const char *said = nothing && written ? means : unit;
        const char *why = is_kind(entry, "short")                       ? "spelled out in other keys"
                          : is_kind(entry, "cut")                       ? "not all of it is shown to everybody"
                          : document_true(entry, "default") && !nothing ? "default"
                                                                        : NULL;

        if (said != NULL)
                fputs(said, out);
        if (why != NULL)
                fprintf(out, "%s%s", said != NULL ? "; " : "", why);
}

/* A piece of a line as text of its own, malloc'ed; NULL: ENOMEM. */
static char *text_of(const json_t *entry, const char *key)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return NULL;
        if (key != NULL)
                write_key(entry, key, out);
        else
                write_remark(entry, out);
        fclose(out);
        return text;
}

static int write_entry(struct writer *w, const json_t *entry)
{
        const json_t *place = json_object_get(entry, "at");
        size_t depth = json_array_size(place) - 1;
        const char *key = json_string_value(json_array_get(place, depth));
        char *line = key != NULL ? text_of(entry, key) : NULL, *remark = text_of(entry, NULL);
        int columns;

        if (line == NULL || remark == NULL) {
                free(line);
                free(remark);
                return OFFPEAK_ENOMEM;
        }
        write_above(w, place);
        if (is_comment(entry)) {
                indent(w, depth);
                fputs("# ", w->out);
        } else {
                begin_line(w, depth);
        }
        fputs(line, w->out);
        columns = (int)(2 * depth + strlen(line) + (is_comment(entry) ? 2 : 0));
        if (*remark != '\0')
                fprintf(w->out, "%*s# %s", columns + 2 < COMMENTS_AT ? COMMENTS_AT - columns : 2, "", remark);
        putc('\n', w->out);
        free(line);
        free(remark);
        return 0;
}

int policy_write_yaml(const json_t *document, FILE *out)
{
        struct writer w = { .out = out };
        json_t *entry;
        size_t i;
        int r = 0;

        json_array_foreach(json_object_get(document, "values"), i, entry)
        {
                r = write_entry(&w, entry);
                if (r != 0)
                        break;
        }
        return r;
}
