/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - text -> lines -> fields; the header chooses two columns, each row gives a point, and at the end the steps
 * between the points are compared. Only the header and the two fields of a row that are used are looked into.
 */
#include "feeds/csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "feeds/common_step.h"
#include "feeds/csv_column.h"
#include "feeds/csv_text.h"
#include "feeds/file_text.h"

#define LARGEST_VALUE INT64_C(1000000000000000) /* in any kind's unit: 1e9 per MWh, 1e9 MW, 1e6 t per kWh */

struct reader {
        const struct csv_request *request;
        struct offpeak_error *err;
        const char *at, *end;
        struct csv_span line;
        unsigned line_number, header_line;
        unsigned n_columns, time_index, value_index;
        struct csv_column value;
        char value_name[64];
        struct series series;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reader *r, unsigned column, const char *format, ...)
{
        char text[600];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return fail(r->err, OFFPEAK_EINVAL, "%s:%u:%u: %s", r->request->file, r->line_number, column, text);
}

static bool next_line(struct reader *r)
{
        if (!csv_next_line(&r->at, r->end, &r->line))
                return false;
        r->line_number++;
        return true;
}

/* ---- the header */

static bool is_time(const char *name)
{
        return strcasecmp(name, "time") == 0 || strcasecmp(name, "timestamp_utc") == 0;
}

/* Is this the value column that was asked for? */
static bool is_wanted(const struct reader *r, const char *name, const struct csv_column *column)
{
        const struct csv_request *request = r->request;

        if (request->column != NULL)
                return strcasecmp(name, request->column) == 0;
        return column->kind != 0 && (request->kind == 0 || column->kind == request->kind);
}

/* What a column holds, in a sentence. */
static const char *noun(enum series_kind kind)
{
        return kind == 0 ? "known quantity" : kind == SERIES_CARBON ? "carbon intensity" : series_kind_name(kind);
}

static int no_value_column(struct reader *r, const char *found)
{
        if (r->request->column != NULL)
                return refuse(r, 1, "there is no column \"%s\" in this header%s%s", r->request->column,
                              found[0] != '\0' ? "; it has: " : "", found);
        return refuse(r, 1, "no column here holds a %s%s%s%s: name one %s", noun(r->request->kind),
                      found[0] != '\0' ? " (there is \"" : "", found, found[0] != '\0' ? "\")" : "",
                      csv_column_example(r->request->kind));
}

/* The chosen column must be of the right kind, in a unit and a currency that fit. */
static int check_value_column(struct reader *r, unsigned column)
{
        const struct csv_request *request = r->request;
        struct csv_column *value = &r->value;

        if (value->kind == 0 && (request->kind == SERIES_CAPACITY || request->kind == SERIES_LIMIT))
                value->kind = request->kind;
        if (value->kind == 0)
                return refuse(r, column, "\"%s\" does not tell what it holds: name it %s", r->value_name,
                              csv_column_example(request->kind));
        if (request->kind != 0 && value->kind != request->kind)
                return refuse(r, column, "\"%s\" holds a %s, but a %s is wanted here", r->value_name, noun(value->kind),
                              noun(request->kind));
        if (!value->unit_known)
                return refuse(r, column,
                              "\"%s\" is in a unit that is not known here: convert it, and name the column %s",
                              r->value_name, csv_column_example(value->kind));
        if (request->currency != NULL && value->currency[0] != '\0' && strcmp(value->currency, request->currency) != 0)
                return refuse(r, column,
                              "\"%s\" is in %s, but the site's currency is %s: convert it, or change the site's",
                              r->value_name, value->currency, request->currency);
        return 0;
}

static int take_column(struct reader *r, unsigned index, struct csv_span field, int *time_at, int *value_at)
{
        struct csv_column column = { 0 };
        char name[64];

        csv_field_text(field, name);
        if (is_time(name)) {
                if (*time_at != 0)
                        return refuse(r, field.column, "a second time column: leave one of them out");
                *time_at = (int)field.column;
                r->time_index = index;
                return 0;
        }
        if ((!csv_column_read(name, &column) && r->request->column == NULL) || !is_wanted(r, name, &column))
                return 0;
        if (*value_at != 0)
                return refuse(r, field.column, "several value columns, \"%s\" and \"%s\": keep the one that is meant",
                              r->value_name, name);
        *value_at = (int)field.column;
        r->value_index = index;
        r->value = column;
        memcpy(r->value_name, name, sizeof(name));
        return 0;
}

static int read_header(struct reader *r)
{
        int time_at = 0, value_at = 0, code;
        struct csv_span line = r->line, field;
        char found[64] = "", name[64];

        for (r->n_columns = 0; csv_next_field(&line, &field); r->n_columns++) {
                code = take_column(r, r->n_columns, field, &time_at, &value_at);
                if (code != 0)
                        return code;
                if (!is_time(csv_field_text(field, name)))
                        memcpy(found, name, sizeof(found));
        }
        if (r->n_columns == 1 && memchr(r->line.text, ';', r->line.size) != NULL)
                return refuse(r, 1, "the columns are parted by \";\": export the file with commas and decimal points");
        if (time_at == 0)
                return refuse(r, 1, "no time column: name one \"time\" in the header (UTC, as 2026-11-22T08:00:00Z)");
        if (value_at == 0)
                return no_value_column(r, found);
        r->header_line = r->line_number;
        return check_value_column(r, (unsigned)value_at);
}

/* ---- the rows */

static int read_time(struct reader *r, struct csv_span field, int64_t *ret_time)
{
        const struct series *series = &r->series;
        struct offpeak_error why;
        char text[64];
        int64_t last;

        if (when_parse_iso(csv_field_text(field, text), ret_time, &why) != 0)
                return refuse(r, field.column, "%s", why.text);
        if (series->n_points == 0)
                return 0;
        last = series->points[series->n_points - 1].start;
        if (*ret_time == last)
                return refuse(r, field.column,
                              "%s stands here twice: keep one of the rows; if it is local time, write UTC", text);
        if (*ret_time < last)
                return refuse(r, field.column,
                              "%s is earlier than the row above: sort the rows by time; if it is local time, write UTC",
                              text);
        return 0;
}

static int read_value(struct reader *r, struct csv_span field, int64_t *ret_value)
{
        char text[64];

        if (field.size == 0) {
                *ret_value = SERIES_UNKNOWN;
                return 0;
        }
        csv_field_text(field, text);
        if (text_parse_decimal(field.text, field.size, r->value.scale, ret_value) != 0)
                return refuse(r, field.column,
                              "\"%s\" is not a number: write it as 94.64, or leave it empty if unknown", text);
        if (*ret_value > LARGEST_VALUE || *ret_value < -LARGEST_VALUE)
                return refuse(r, field.column, "%s is too large for \"%s\": is the unit right?", text, r->value_name);
        if (*ret_value < 0 && r->value.kind != SERIES_PRICE)
                return refuse(r, field.column, "%s: a %s cannot be negative; leave it empty if unknown", text,
                              noun(r->value.kind));
        return 0;
}

static int read_row(struct reader *r)
{
        struct csv_span line = r->line, field, time_field = { 0 }, value_field = { 0 };
        int64_t time, value;
        unsigned n = 0;
        int code;

        for (; csv_next_field(&line, &field); n++) {
                if (n == r->time_index)
                        time_field = field;
                if (n == r->value_index)
                        value_field = field;
        }
        if (n != r->n_columns)
                return refuse(r, 1,
                              "this row has %u field%s, the header has %u: is it cut off, or has a decimal comma?", n,
                              n == 1 ? "" : "s", r->n_columns);
        code = read_time(r, time_field, &time);
        if (code == 0)
                code = read_value(r, value_field, &value);
        if (code == 0 && series_append(&r->series, time, value) != 0)
                code = fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->request->file);
        return code;
}

static int read_rows(struct reader *r)
{
        while (next_line(r)) {
                unsigned blank_line = r->line_number;
                int code;

                if (csv_is_blank(r->line)) {
                        while (next_line(r))
                                if (!csv_is_blank(r->line))
                                        return refuse(r, 1, "rows go on after the empty line %u: remove it",
                                                      blank_line);
                        break;
                }
                code = read_row(r);
                if (code != 0)
                        return code;
        }
        return 0;
}

/* ---- the steps */

/* The commonest time from one point to the next; 0: ENOMEM. */
static int64_t step_of(const struct series *series)
{
        size_t n = series->n_points - 1;
        int64_t *steps = malloc(n * sizeof(*steps)), step;

        if (steps == NULL)
                return 0;
        for (size_t i = 0; i < n; i++)
                steps[i] = series->points[i + 1].start - series->points[i].start;
        step = common_step(steps, n);
        free(steps);
        return step;
}

static int bad_step(struct reader *r, size_t i, int64_t step)
{
        int64_t above = r->series.points[i - 1].start, here = r->series.points[i].start;
        char missing[WHEN_TEXT_SIZE], every[WHEN_TEXT_SIZE], after[WHEN_TEXT_SIZE];

        r->line_number = r->header_line + 1 + (unsigned)i;
        when_format_duration(step, every);
        if ((here - above) % step != 0)
                return refuse(r, 1,
                              "this row comes %s after the one above, but the file's rows come every %s: one file has "
                              "one step",
                              when_format_duration(here - above, after), every);
        when_format_utc(above + step, missing);
        if (here - above == 2 * step)
                return refuse(r, 1,
                              "%s is missing above this row (there is one every %s): add it, with an empty value if "
                              "it is unknown",
                              missing, every);
        return refuse(r, 1,
                      "%lld rows from %s on are missing above this one (there is one every %s): add them, with empty "
                      "values if they are unknown",
                      (long long)((here - above) / step - 1), missing, every);
}

static int check_steps(struct reader *r)
{
        struct series *series = &r->series;
        int64_t step;

        if (series->n_points < 2)
                return refuse(r, 1, "the file holds %s: two rows at least are needed, to tell how long one holds",
                              series->n_points == 0 ? "no values" : "one value");
        step = step_of(series);
        if (step == 0)
                return fail(r->err, OFFPEAK_ENOMEM, "%s: out of memory", r->request->file);
        for (size_t i = 1; i < series->n_points; i++)
                if (series->points[i].start - series->points[i - 1].start != step)
                        return bad_step(r, i, step);
        series->end = series->points[series->n_points - 1].start + step;
        return 0;
}

/* ---- the whole */

static int skip_to_header(struct reader *r)
{
        if (r->end - r->at >= 2 && (memcmp(r->at, "\xff\xfe", 2) == 0 || memcmp(r->at, "\xfe\xff", 2) == 0))
                return fail(r->err, OFFPEAK_EINVAL, "%s:1:1: the file is in UTF-16: save it as UTF-8",
                            r->request->file);
        r->at = csv_skip_mark(r->at, r->end);
        while (next_line(r))
                if (!csv_is_blank(r->line) && csv_trim(r->line).text[0] != '#')
                        return 0;
        return fail(r->err, OFFPEAK_EINVAL, "%s:1:1: the file is empty: it needs a header and rows, such as time,%s",
                    r->request->file, csv_column_example(r->request->kind));
}

int csv_parse(const struct csv_request *request, const char *text, size_t size, struct series *ret_series,
              struct offpeak_error *err)
{
        struct reader r = { .request = request, .err = err, .at = text, .end = size > 0 ? text + size : text };
        int code;

        series_init(&r.series, request->kind);
        code = skip_to_header(&r);
        if (code == 0)
                code = read_header(&r);
        if (code == 0)
                code = read_rows(&r);
        if (code == 0)
                code = check_steps(&r);
        if (code == 0 && series_set_names(&r.series, request->site, request->file) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "%s: out of memory", request->file);
        if (code != 0) {
                series_finish(&r.series);
                return code;
        }
        r.series.kind = r.value.kind;
        r.series.issued = request->issued;
        *ret_series = r.series;
        return 0;
}

int csv_read(const struct csv_request *request, struct series *ret_series, struct offpeak_error *err)
{
        char *text;
        size_t size;
        int code = file_text_read(request->file, FILE_TEXT_LARGEST, &text, &size, err);

        if (code != 0)
                return code;
        code = csv_parse(request, text, size, ret_series, err);
        free(text);
        return code;
}
