/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows_csv.c - lines and fields (csv_lines.h): the header tells which field is which cell; of a row only those are kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/text.h"
#include "feeds/csv_column.h"
#include "feeds/csv_lines.h"
#include "feeds/rows_parts.h"
#include "feeds/unit.h"

enum { MOST_COLUMNS = 1024, NAME_SIZE = 160, NOT_THERE = -1 };

struct table {
        struct rows rows;
        struct csv_lines lines;
        char (*names)[NAME_SIZE];
        unsigned n_columns;
        int index[CELLS];                     /* of the field that is the cell */
        unsigned char cells_at[MOST_COLUMNS]; /* 1 + a cell that wants the column; further ones in `also` */
        int also[CELLS];                      /* another cell that wants the same column; NOT_THERE: none */
        unsigned last_wanted;
};

/* ---- the header */

static int skip_to_header(struct table *table, const char *text, size_t size, struct offpeak_error *err)
{
        int code = csv_lines_start(&table->lines, text, size, err);

        if (code != 0)
                return code;
        for (unsigned i = 0; i < table->rows.mapping->skip; i++)
                csv_lines_next(&table->lines);
        if (csv_lines_next_row(&table->lines))
                return 0;
        return fail(err, OFFPEAK_EINVAL, "%s:1:1: the file is empty: it needs a header and rows", table->rows.file);
}

static int read_names(struct table *table, bool utf8, struct offpeak_error *err)
{
        enum encoding encoding = utf8 ? ENCODING_UTF8 : table->rows.mapping->encoding;
        unsigned room = 0;
        struct cell cell;

        for (const char *at = table->lines.line, *end = NULL; end != table->lines.line_end; at = end + 1) {
                end = csv_field_end(&table->lines, at);
                if (end == NULL)
                        return csv_refuse_open_quote(&table->lines, at, err);
                cell = csv_field(&table->lines, at, end);
                if (table->n_columns == MOST_COLUMNS)
                        return csv_refuse(&table->lines, cell.column, err, "more than %d columns", MOST_COLUMNS);
                if (table->n_columns == room) {
                        void *more = realloc(table->names, (room * 2 + 16) * sizeof(*table->names));

                        if (more == NULL)
                                return fail(err, OFFPEAK_ENOMEM, "out of memory");
                        table->names = more;
                        room = room * 2 + 16;
                }
                encoding_to_utf8(encoding, cell.text, cell.size, table->names[table->n_columns++], NAME_SIZE);
        }
        return 0;
}

/* How a name may be meant, the surest way first. */
enum likeness { EXACTLY, BUT_FOR_CASE, WITH_UNIT, LIKENESSES }; /* "Price" is meant by "price", "Price [EUR]" by both */

static bool is_named(const char *name, const char *wanted, size_t size, enum likeness likeness)
{
        if (likeness == EXACTLY)
                return strncmp(name, wanted, size) == 0 && name[size] == '\0';
        if (strncasecmp(name, wanted, size) != 0)
                return false;
        name += size;
        if (likeness == BUT_FOR_CASE)
                return *name == '\0';
        name += *name == ' ';
        return *name == '[' || *name == '(';
}

/* NOT_THERE; NOT_THERE - 1 if several would do. */
static int find_one(const struct table *table, const char *wanted, size_t size)
{
        int found = NOT_THERE;

        for (int likeness = 0; likeness < LIKENESSES && found == NOT_THERE; likeness++)
                for (unsigned i = 0; i < table->n_columns; i++)
                        if (is_named(table->names[i], wanted, size, (enum likeness)likeness))
                                found = found == NOT_THERE ? (int)i : NOT_THERE - 1;
        return found;
}

static int find_column(const struct table *table, const char *wanted)
{
        int found = NOT_THERE;
        const char *name;
        size_t size;

        while (found == NOT_THERE && (size = rows_alternative(&wanted, &name)) > 0)
                found = find_one(table, name, size);
        return found;
}

/* The names of a header as far as there is room. */
static const char *list_names(const struct table *table, char *text, size_t room)
{
        size_t used = 0;

        text[0] = '\0';
        for (unsigned i = 0; i < table->n_columns && used + 60 < room; i++)
                used += (size_t)snprintf(text + used, room - used, "%s\"%.50s\"", i > 0 ? ", " : "", table->names[i]);
        return text;
}

/* a||b as people say it. */
static const char *say_alternatives(const char *names, char text[80])
{
        size_t used = 0, size;
        const char *name;

        text[0] = '\0';
        while (used < 60 && (size = rows_alternative(&names, &name)) > 0)
                used += (size_t)snprintf(text + used, 80 - used, "%s%.*s", used > 0 ? "\" or \"" : "",
                                         (int)(size < 30 ? size : 30), name);
        return text;
}

static int no_column(const struct table *table, const char *alternatives, struct offpeak_error *err)
{
        const char *names[MOST_COLUMNS], *nearest, *wanted;
        char list[300], text[80];

        for (unsigned i = 0; i < table->n_columns; i++)
                names[i] = table->names[i];
        wanted = strstr(alternatives, "||") != NULL ? say_alternatives(alternatives, text) : alternatives;
        nearest = text_nearest(wanted, names, table->n_columns);
        if (nearest != NULL)
                return csv_refuse(&table->lines, 1, err, "there is no column \"%.64s\" in this header (did you mean \"%s\"?)",
                              wanted, nearest);
        if (table->n_columns == 1)
                return csv_refuse(&table->lines, 1, err,
                              "there is no column \"%.64s\", and only one column at all: is \"%c\" the delimiter?",
                              wanted, table->lines.delimiter);
        return csv_refuse(&table->lines, 1, err, "there is no column \"%.64s\" in this header: it has %s", wanted,
                      list_names(table, list, sizeof(list)));
}

/* Does a name tell that the column holds this kind? (Power of no kind is not enough to be chosen unasked.) */
static bool tells(const char *name, enum series_kind kind)
{
        const char *open = strpbrk(name, "[(");
        struct csv_column column = { 0 };
        char text[NAME_SIZE];
        struct unit unit;

        if (csv_column_read(name, &column) && column.unit_known)
                return column.kind != 0 && (kind == 0 || column.kind == kind);
        if (open == NULL)
                return false;
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(open + 1, "])"), open + 1);
        return unit_parse(text, &unit) && unit_fits(&unit, kind);
}

static int choose_value(struct table *table, enum series_kind kind, struct offpeak_error *err)
{
        char list[300];
        int found = NOT_THERE;

        for (unsigned i = 0; i < table->n_columns; i++) {
                if (!tells(table->names[i], kind))
                        continue;
                if (found != NOT_THERE)
                        return csv_refuse(&table->lines, 1, err,
                                      "several columns could be meant, \"%s\" and \"%s\" first: name one as \"column\"",
                                      table->names[found], table->names[i]);
                found = (int)i;
        }
        if (found == NOT_THERE)
                return csv_refuse(&table->lines, 1, err, "no column here tells that it holds a %s: name one as \"column\", of %s",
                              kind == 0              ? "price, carbon intensity or power" :
                              kind == SERIES_CARBON ? "carbon intensity" :
                                                      series_kind_name(kind),
                              list_names(table, list, sizeof(list)));
        table->index[CELL_VALUE] = found;
        return 0;
}

static int bind(struct table *table, enum rows_cell cell, const char *wanted, struct offpeak_error *err)
{
        const struct mapping *mapping = table->rows.mapping;
        int found = find_column(table, wanted);

        if (found == NOT_THERE && cell == CELL_VALUE && mapping->ready_column != NULL && mapping->pick == NULL &&
            mapping->n_parts == 0) {
                table->rows.pick = wanted; /* not a column, so the name of a series in one */
                found = find_column(table, mapping->ready_column);
        }
        if (found < NOT_THERE)
                return csv_refuse(&table->lines, 1, err, "several columns could be \"%.64s\": write the whole name", wanted);
        if (found == NOT_THERE)
                return no_column(table, wanted, err);
        table->index[cell] = found;
        return 0;
}

/* Which fields are looked at in each row. */
static void index_cells(struct table *table)
{
        for (int cell = 0; cell < CELLS; cell++) {
                int index = table->index[cell];

                table->also[cell] = NOT_THERE;
                if (index == NOT_THERE)
                        continue;
                if (table->cells_at[index] != 0)
                        table->also[cell] = table->cells_at[index] - 1;
                table->cells_at[index] = (unsigned char)(cell + 1);
                if ((unsigned)index > table->last_wanted)
                        table->last_wanted = (unsigned)index;
        }
}

static int read_header(struct table *table, enum series_kind kind, const char *text, size_t size, struct offpeak_error *err)
{
        bool utf8 = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
        int code = skip_to_header(table, text, size, err);

        if (code == 0)
                code = read_names(table, utf8, err);
        for (int cell = 0; code == 0 && cell < CELLS; cell++) {
                const char *wanted = rows_wanted(table->rows.mapping, (enum rows_cell)cell);

                table->index[cell] = NOT_THERE;
                if (wanted != NULL)
                        code = bind(table, (enum rows_cell)cell, wanted, err);
        }
        if (code == 0 && table->index[CELL_VALUE] == NOT_THERE)
                code = choose_value(table, kind, err);
        if (code == 0)
                index_cells(table);
        return code;
}

/* ---- rows */

static int check_fields(const struct table *table, unsigned n, size_t last_size, struct offpeak_error *err)
{
        if (n == table->n_columns || (n == table->n_columns + 1 && last_size == 0))
                return 0;
        if (table->rows.mapping->ragged && n > table->last_wanted)
                return 0;
        return csv_refuse(&table->lines, 1, err, "this row has %u field%s, the header has %u: is it cut off%s?", n,
                      n == 1 ? "" : "s", table->n_columns, table->lines.delimiter == ',' ? ", or has a decimal comma" : "");
}

/* The fields of the line, those that are wanted as cells. */
static int take_fields(const struct table *table, struct row *row, struct offpeak_error *err)
{
        const char *at = table->lines.line, *end;
        unsigned n = 0;

        for (;; at = end + 1) {
                end = csv_field_end(&table->lines, at);
                if (end == NULL)
                        return csv_refuse_open_quote(&table->lines, at, err);
                if (n < table->n_columns && table->cells_at[n] != 0) {
                        struct cell cell = csv_field(&table->lines, at, end);

                        for (int i = table->cells_at[n] - 1; i != NOT_THERE; i = table->also[i])
                                row->cells[i] = cell;
                }
                n++;
                if (end == table->lines.line_end)
                        return check_fields(table, n, (size_t)(end - at), err);
        }
}

static int next(struct rows *rows, struct row *row, struct offpeak_error *err)
{
        struct table *table = (struct table *)rows;
        int code;

        if (!csv_lines_next_row(&table->lines))
                return 0;
        memset(row->cells, 0, sizeof(row->cells));
        row->number = table->lines.number;
        code = take_fields(table, row, err);
        return code != 0 ? code : 1;
}

static void place(const struct rows *rows, const struct row *row, enum rows_cell cell, char *text)
{
        unsigned column = cell < CELL_NONE && row->cells[cell].column > 0 ? row->cells[cell].column : 1;

        snprintf(text, ROWS_PLACE_SIZE, "%s:%zu:%u", rows->file, row->number, column);
}

static void close_table(struct rows *rows)
{
        free(((struct table *)rows)->names);
        free(rows);
}

static const struct rows_driver driver = { next, place, close_table };

int rows_csv_open(const struct mapping *mapping, const char *file, enum series_kind kind, const char *text, size_t size,
                  struct rows **ret_rows, struct offpeak_error *err)
{
        struct table *table = calloc(1, sizeof(*table));
        int code;

        if (table == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        table->rows = (struct rows){ &driver, mapping, file, NULL, mapping->pick };
        table->lines = (struct csv_lines){ .file = file,
                                           .delimiter = mapping->delimiter != 0 ? mapping->delimiter : ',',
                                           .quote = mapping->quote != 0 ? mapping->quote : '"',
                                           .comment = mapping->comment };
        code = read_header(table, kind, text, size, err);
        if (code != 0) {
                close_table(&table->rows);
                return code;
        }
        table->rows.value_name = table->names[table->index[CELL_VALUE]];
        *ret_rows = &table->rows;
        return 0;
}
