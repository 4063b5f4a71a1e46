/* SPDX-License-Identifier: Apache-2.0 */
/* profiles.c - text -> rows in the file's order -> rows side by side by class and width, no width twice. */
#include "feeds/profiles.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "feeds/csv_text.h"
#include "feeds/file_text.h"

#define LARGEST_FILE ((size_t)1 << 20)

enum { CLASS, GPUS, THROUGHPUT, POWER, COLUMNS };
enum { MOST_ROWS = 4096, MOST_GPUS = 1000000, MOST_NAMES = 32 };

static const char *const names[COLUMNS] = { "class", "gpus", "throughput", "power_w" };

struct row {
        struct profile profile;
        unsigned line;
        size_t first; /* index of its class' first row */
};

struct reader {
        const char *file;
        struct offpeak_error *err;
        const char *at, *end;
        struct csv_span line;
        unsigned line_number;
        int column_of[COLUMNS]; /* its index in the header, or -1 */
        int n_columns;
        struct row *rows;
        size_t n;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reader *r, unsigned column, const char *format, ...)
{
        char text[600];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return fail(r->err, OFFPEAK_EINVAL, "%s:%u:%u: %s", r->file, r->line_number, column, text);
}

static bool next_line(struct reader *r)
{
        if (!csv_next_line(&r->at, r->end, &r->line))
                return false;
        r->line_number++;
        return true;
}

/* ---- the header */

static int read_header(struct reader *r)
{
        struct csv_span line = r->line, field;
        char text[64], missing[64] = "";

        for (int c = 0; c < COLUMNS; c++)
                r->column_of[c] = -1;
        for (r->n_columns = 0; csv_next_field(&line, &field); r->n_columns++) {
                csv_field_text(field, text);
                for (int c = 0; c < COLUMNS; c++) {
                        if (strcmp(names[c], text) != 0)
                                continue;
                        if (r->column_of[c] >= 0)
                                return refuse(r, field.column, "a second column \"%s\": leave one of them out", text);
                        r->column_of[c] = r->n_columns;
                }
        }
        for (int c = 0; c < COLUMNS; c++)
                if (r->column_of[c] < 0)
                        text_list_add(missing, sizeof(missing), names[c]);
        if (missing[0] != '\0')
                return refuse(r, 1, "the header lacks: %s. It reads class,gpus,throughput,power_w", missing);
        return 0;
}

/* ---- a row */

static int read_number(struct reader *r, struct csv_span field, const char *name, int scale, const char *example,
                       int64_t *ret_value)
{
        char text[64];

        csv_field_text(field, text);
        if (field.size == 0)
                return refuse(r, field.column, "no %s in this row: write one, like %s, or take the row out", name, example);
        if (text_parse_decimal(field.text, field.size, scale, ret_value) != 0)
                return refuse(r, field.column, "%s \"%s\" is not a number, or too large: write it like %s", name, text, example);
        if (*ret_value <= 0)
                return refuse(r, field.column, "%s %s: must be above 0, like %s", name, text, example);
        return 0;
}

static int read_gpus(struct reader *r, struct csv_span field, int64_t *ret_gpus)
{
        char text[64];
        int64_t milli;
        int code = read_number(r, field, names[GPUS], 3, "8", &milli);

        if (code == 0 && (milli % 1000 != 0 || milli / 1000 > MOST_GPUS))
                return refuse(r, field.column, "gpus %s: write a whole number from 1 to %d", csv_field_text(field, text),
                              MOST_GPUS);
        if (code == 0)
                *ret_gpus = milli / 1000;
        return code;
}

static int read_class(struct reader *r, struct csv_span field, char class[PROFILES_CLASS_SIZE])
{
        if (field.size == 0)
                return refuse(r, field.column, "no class in this row: name one, or take the row out");
        if (field.size >= PROFILES_CLASS_SIZE || memchr(field.text, '\0', field.size) != NULL)
                return refuse(r, field.column, "a class' name has at most %d bytes: shorten it", PROFILES_CLASS_SIZE - 1);
        memcpy(class, field.text, field.size);
        class[field.size] = '\0';
        return 0;
}

static int read_fields(struct reader *r, const struct csv_span fields[COLUMNS], struct profile *profile)
{
        int code = read_class(r, fields[CLASS], profile->class);

        if (code == 0)
                code = read_gpus(r, fields[GPUS], &profile->gpus);
        if (code == 0)
                code = read_number(r, fields[THROUGHPUT], names[THROUGHPUT], 6, "1180", &profile->throughput);
        if (code == 0)
                code = read_number(r, fields[POWER], names[POWER], 3, "2600", &profile->milliwatts);
        return code;
}

/* Keep a row, beside those of its class; a width that is there already is refused. */
static int keep(struct reader *r, const struct profile *profile)
{
        struct row row = { *profile, r->line_number, r->n };

        for (size_t i = 0; i < r->n; i++) {
                if (strcmp(r->rows[i].profile.class, profile->class) != 0)
                        continue;
                row.first = row.first < r->rows[i].first ? row.first : r->rows[i].first;
                if (r->rows[i].profile.gpus == profile->gpus)
                        return refuse(r, 1, "%.63s with %lld GPUs stands in line %u already: keep one of them", profile->class,
                                      (long long)profile->gpus, r->rows[i].line);
        }
        if (r->n == MOST_ROWS)
                return refuse(r, 1, "more than %d rows: leave out the classes that nobody asks for", MOST_ROWS);
        r->rows[r->n++] = row;
        return 0;
}

static int read_row(struct reader *r)
{
        struct csv_span line = r->line, field, fields[COLUMNS] = { 0 };
        struct profile profile = { 0 };
        int n = 0, code;

        for (; csv_next_field(&line, &field); n++)
                for (int c = 0; c < COLUMNS; c++)
                        if (n == r->column_of[c])
                                fields[c] = field;
        if (n != r->n_columns)
                return refuse(r, 1, "this row has %d field%s, the header has %d: is it cut off, or has a decimal comma?", n,
                              n == 1 ? "" : "s", r->n_columns);
        code = read_fields(r, fields, &profile);
        return code == 0 ? keep(r, &profile) : code;
}

/* ---- the file */

static int read_rows(struct reader *r)
{
        bool header = false;
        int code = 0;

        while (code == 0 && next_line(r)) {
                struct csv_span line = csv_trim(r->line);

                if (line.size == 0 || (!header && line.text[0] == '#'))
                        continue;
                code = header ? read_row(r) : read_header(r);
                header = true;
        }
        if (code == 0 && r->n == 0) {
                r->line_number = r->line_number > 0 ? r->line_number : 1;
                code = refuse(r, 1, "the file holds no %s: it needs the header class,gpus,throughput,power_w and rows",
                              header ? "rows" : "header");
        }
        return code;
}

static int by_class_and_width(const void *a, const void *b)
{
        const struct row *left = a, *right = b;

        if (left->first != right->first)
                return left->first < right->first ? -1 : 1;
        return left->profile.gpus < right->profile.gpus ? -1 : left->profile.gpus > right->profile.gpus;
}

int profiles_parse(const char *file, const char *text, size_t size, struct profiles *ret_profiles,
                   struct offpeak_error *err)
{
        struct reader r = { .file = file, .err = err, .end = size > 0 ? text + size : text };
        struct profile *rows = calloc(MOST_ROWS, sizeof(*rows));
        int code;

        r.rows = calloc(MOST_ROWS, sizeof(*r.rows));
        r.at = csv_skip_mark(text, r.end);
        code = rows != NULL && r.rows != NULL ? read_rows(&r) : fail(err, OFFPEAK_ENOMEM, "%s: out of memory", file);
        if (code == 0) {
                qsort(r.rows, r.n, sizeof(*r.rows), by_class_and_width);
                for (size_t i = 0; i < r.n; i++)
                        rows[i] = r.rows[i].profile;
                *ret_profiles = (struct profiles){ rows, r.n };
                rows = NULL;
        }
        free(rows);
        free(r.rows);
        return code;
}

int profiles_read(const char *file, struct profiles *ret_profiles, struct offpeak_error *err)
{
        char *text;
        size_t size;
        int code = file_text_read(file, LARGEST_FILE, &text, &size, err);

        if (code != 0)
                return code;
        code = profiles_parse(file, text, size, ret_profiles, err);
        free(text);
        return code;
}

void profiles_finish(struct profiles *profiles)
{
        free(profiles->rows);
        *profiles = (struct profiles){ 0 };
}

/* ---- what it says */

static int no_class(const struct profiles *profiles, const char *file, const char *class, struct offpeak_error *err)
{
        const char *there[MOST_NAMES], *nearest;
        char list[256] = "";
        size_t n = 0;

        for (size_t i = 0; i < profiles->n; i++) {
                if (i > 0 && strcmp(profiles->rows[i].class, profiles->rows[i - 1].class) == 0)
                        continue;
                text_list_add(list, sizeof(list), profiles->rows[i].class);
                if (n < MOST_NAMES)
                        there[n++] = profiles->rows[i].class;
        }
        nearest = text_nearest(class, there, n);
        if (nearest != NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "%s: has no class \"%.63s\" (did you mean \"%s\"?)", file, class, nearest);
        return fail(err, OFFPEAK_ENOTFOUND, "%s: has no class \"%.63s\"; it has: %s", file, class, list);
}

int profiles_class(const struct profiles *profiles, const char *file, const char *class, const struct profile **ret_rows,
                   size_t *ret_n, struct offpeak_error *err)
{
        size_t first = 0, n = 0;

        while (first < profiles->n && strcmp(profiles->rows[first].class, class) != 0)
                first++;
        while (first + n < profiles->n && strcmp(profiles->rows[first + n].class, class) == 0)
                n++;
        if (n == 0)
                return no_class(profiles, file, class, err);
        *ret_rows = profiles->rows + first;
        *ret_n = n;
        return 0;
}

/* a x b / divisor rounded up; 0 beyond 64 bits. */
static int64_t rounded_up(int64_t a, int64_t b, int64_t divisor)
{
        unsigned __int128 product = (unsigned __int128)(uint64_t)a * (uint64_t)b;
        unsigned __int128 result = (product + (uint64_t)divisor - 1) / (uint64_t)divisor;

        return result > INT64_MAX ? 0 : (int64_t)result;
}

int64_t profile_seconds(const struct profile *profile, int64_t work_milli)
{
        return rounded_up(work_milli, 1000, profile->throughput);
}

int64_t profile_seconds_like(const struct profile *profile, const struct profile *reference, int64_t seconds)
{
        return rounded_up(seconds, reference->throughput, profile->throughput);
}
