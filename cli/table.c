/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <offpeak/error.h>

void table_init(struct table *table, const struct screen *screen, const struct table_column *columns, size_t n_columns)
{
        *table = (struct table){ .screen = screen, .columns = columns, .n_columns = n_columns };
}

void table_finish(struct table *table)
{
        for (size_t i = 0; i < table->n_cells; i++)
                free(table->cells[i]);
        free(table->cells);
        table_init(table, table->screen, table->columns, table->n_columns);
}

static bool grow(struct table *table)
{
        size_t capacity = table->capacity > 0 ? 2 * table->capacity : 64;
        char **cells = realloc(table->cells, capacity * sizeof(*cells));

        if (cells == NULL)
                return false;
        table->cells = cells;
        table->capacity = capacity;
        return true;
}

void table_add(struct table *table, const char *text)
{
        char *cell = screen_text(table->screen, text != NULL && *text != '\0' ? text : "-");

        if (cell == NULL || (table->n_cells == table->capacity && !grow(table))) {
                free(cell);
                table->failed = true;
                return;
        }
        for (char *at = cell; *at != '\0'; at++)
                if (*at == '\n')
                        *at = ' ';
        table->cells[table->n_cells++] = cell;
}

void table_addf(struct table *table, const char *format, ...)
{
        char text[512];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        table_add(table, text);
}

static void pad(FILE *out, size_t n)
{
        fprintf(out, "%*s", (int)n, "");
}

static void print_cell(const struct table *table, size_t column, size_t width, const char *text, FILE *out)
{
        size_t columns = screen_columns(text);
        bool last = column + 1 == table->n_columns;

        if (table->columns[column].right)
                pad(out, width - columns);
        fputs(text, out);
        if (!last)
                pad(out, (table->columns[column].right ? 0 : width - columns) + 2);
}

int table_print(const struct table *table, FILE *out)
{
        size_t widths[TABLE_MAX_COLUMNS] = { 0 };

        if (table->failed)
                return OFFPEAK_ENOMEM;
        for (size_t c = 0; c < table->n_columns; c++)
                widths[c] = screen_columns(table->columns[c].title);
        for (size_t i = 0; i < table->n_cells; i++) {
                size_t columns = screen_columns(table->cells[i]);

                if (columns > widths[i % table->n_columns])
                        widths[i % table->n_columns] = columns;
        }
        for (size_t c = 0; c < table->n_columns; c++)
                print_cell(table, c, widths[c], table->columns[c].title, out);
        putc('\n', out);
        for (size_t i = 0; i < table->n_cells; i++) {
                print_cell(table, i % table->n_columns, widths[i % table->n_columns], table->cells[i], out);
                if ((i + 1) % table->n_columns == 0)
                        putc('\n', out);
        }
        return 0;
}
