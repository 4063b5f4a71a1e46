/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/csv_table.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"

enum { MOST_COLUMNS = 256, NUMBER_SIZE = 64 };

struct csv_table {
        struct csv_lines lines;
        char *names[MOST_COLUMNS]; /* owned */
        unsigned n_columns;
};

/* ---- the header */

static int add_name(struct csv_table *table, const struct cell *cell, struct offpeak_error *err)
{
        char text[64];

        if (table->n_columns == MOST_COLUMNS)
                return csv_refuse(&table->lines, cell->column, err, "more than %d columns", MOST_COLUMNS);
        table->names[table->n_columns] = strndup(cell->text, cell->size);
        if (table->names[table->n_columns] == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (cell->size > 0 && csv_table_find(table, table->names[table->n_columns]) >= 0) {
                free(table->names[table->n_columns]);
                return csv_refuse(&table->lines, cell->column, err, "the column \"%s\" stands twice: remove one", csv_cell_text(cell, text));
        }
        table->n_columns++;
        return 0;
}

static int read_header(struct csv_table *table, struct offpeak_error *err)
{
        int code = 0;

        if (!csv_lines_next_row(&table->lines))
                return fail(err, OFFPEAK_EINVAL, "%s:1:1: the file is empty: it needs a header and rows", table->lines.file);
        for (const char *at = table->lines.line, *end = NULL; code == 0 && end != table->lines.line_end; at = end + 1) {
                struct cell cell;

                end = csv_field_end(&table->lines, at);
                if (end == NULL)
                        return csv_refuse_open_quote(&table->lines, at, err);
                cell = csv_field(&table->lines, at, end);
                code = add_name(table, &cell, err);
        }
        return code;
}

int csv_table_open(const char *file, const char *text, size_t size, struct csv_table **ret_table, struct offpeak_error *err)
{
        struct csv_table *table = calloc(1, sizeof(*table));
        int code;

        if (table == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        table->lines = (struct csv_lines){ .file = file, .delimiter = ',', .quote = '"', .comment = '#' };
        code = csv_lines_start(&table->lines, text, size, err);
        if (code == 0)
                code = read_header(table, err);
        if (code != 0) {
                csv_table_close(table);
                return code;
        }
        *ret_table = table;
        return 0;
}

void csv_table_close(struct csv_table *table)
{
        if (table == NULL)
                return;
        for (unsigned i = 0; i < table->n_columns; i++)
                free(table->names[i]);
        free(table);
}

unsigned csv_table_columns(const struct csv_table *table)
{
        return table->n_columns;
}

const char *csv_table_name(const struct csv_table *table, unsigned column)
{
        return table->names[column];
}

int csv_table_find(const struct csv_table *table, const char *name)
{
        for (unsigned i = 0; i < table->n_columns; i++)
                if (strcasecmp(table->names[i], name) == 0)
                        return (int)i;
        return -1;
}

/* ---- rows */

static int check_count(const struct csv_table *table, unsigned n, struct offpeak_error *err)
{
        if (n == table->n_columns)
                return 0;
        return csv_refuse(&table->lines, 1, err, "this row has %u field%s, the header has %u: is it cut off, or has a decimal comma?", n,
                          n == 1 ? "" : "s", table->n_columns);
}

int csv_table_next(struct csv_table *table, struct cell *cells, struct offpeak_error *err)
{
        unsigned n = 0;
        int code;

        if (!csv_lines_next_row(&table->lines))
                return 0;
        for (const char *at = table->lines.line, *end = NULL; end != table->lines.line_end; at = end + 1) {
                end = csv_field_end(&table->lines, at);
                if (end == NULL)
                        return csv_refuse_open_quote(&table->lines, at, err);
                if (n < table->n_columns)
                        cells[n] = csv_field(&table->lines, at, end);
                n++;
        }
        code = check_count(table, n, err);
        return code != 0 ? code : 1;
}

size_t csv_table_line(const struct csv_table *table)
{
        return table->lines.number;
}

int csv_table_refuse(const struct csv_table *table, const struct cell *cell, struct offpeak_error *err, const char *format, ...)
{
        char text[500];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return csv_refuse(&table->lines, cell->column, err, "%s", text);
}

/* ---- cells */

int csv_cell_number(const struct cell *cell, double *ret_number)
{
        char text[NUMBER_SIZE], *end;
        double number;

        if (cell->size == 0 || cell->size >= sizeof(text) || cell->text[0] == ' ' || memchr(cell->text, 'x', cell->size) != NULL ||
            memchr(cell->text, 'X', cell->size) != NULL)
                return OFFPEAK_EINVAL;
        memcpy(text, cell->text, cell->size);
        text[cell->size] = '\0';
        number = strtod(text, &end);
        if (*end != '\0' || !isfinite(number))
                return OFFPEAK_EINVAL;
        *ret_number = number;
        return 0;
}

int csv_cell_integer(const struct cell *cell, int64_t *ret_integer)
{
        double number;

        if (csv_cell_number(cell, &number) != 0 || number != floor(number) || fabs(number) > 9e15)
                return OFFPEAK_EINVAL;
        *ret_integer = (int64_t)number;
        return 0;
}
