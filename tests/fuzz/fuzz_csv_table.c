/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_csv_table.c - any bytes as a table: either refused with a place, or rows whose cells lie within the text, in
 * lines that ascend, and numbers that are finite.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feeds/csv_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
}

static void check_columns(const struct csv_table *table)
{
        check(csv_table_columns(table) >= 1 && csv_table_columns(table) <= 256, "there are columns, and not too many");
        for (unsigned i = 0; i < csv_table_columns(table); i++) {
                const char *name = csv_table_name(table, i);
                int found = csv_table_find(table, name);

                check(found >= 0 && strcasecmp(csv_table_name(table, (unsigned)found), name) == 0,
                      "each column is found");
        }
}

static void check_cell(const struct cell *cell, const uint8_t *data, size_t size)
{
        const char *begin = (const char *)data;
        double number = 7;
        int64_t integer = 7;

        check(cell->text >= begin && cell->text + cell->size <= begin + size && cell->column >= 1,
              "a cell lies within the text");
        check(cell->size == 0 || memchr(cell->text, '\n', cell->size) == NULL, "and within its line");
        if (csv_cell_number(cell, &number) == 0)
                check(isfinite(number), "a number is finite");
        else
                check(number == 7, "nothing is written where there is no number");
        if (csv_cell_integer(cell, &integer) == 0)
                check((double)integer == number, "an integer is the number");
        else
                check(integer == 7, "nothing is written where there is no integer");
}

static void check_refused(const struct csv_table *table, const struct cell *cell)
{
        struct offpeak_error err = { 0 };

        check(csv_table_refuse(table, cell, &err, "no") == OFFPEAK_EINVAL && strncmp(err.text, "f:", 2) == 0,
              "a refusal has its place");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct csv_table *table = NULL;
        struct cell cells[256];
        struct offpeak_error err = { 0 };
        size_t line;
        int got;

        if (csv_table_open("f", (const char *)data, size, &table, &err) != 0) {
                check(table == NULL, "nothing is written on failure");
                check(err.code == OFFPEAK_EINVAL && strncmp(err.text, "f:", 2) == 0, "the error has its place");
                return 0;
        }
        check_columns(table);
        line = csv_table_line(table);
        while ((got = csv_table_next(table, cells, &err)) != 0) {
                check(csv_table_line(table) > line, "lines ascend");
                line = csv_table_line(table);
                check(got == 1 || (got == OFFPEAK_EINVAL && strncmp(err.text, "f:", 2) == 0),
                      "a row that is refused has its place");
                for (unsigned i = 0; got == 1 && i < csv_table_columns(table); i++) {
                        check_cell(&cells[i], data, size);
                        check_refused(table, &cells[i]);
                }
        }
        csv_table_close(table);
        return 0;
}
