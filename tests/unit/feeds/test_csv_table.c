/* SPDX-License-Identifier: Apache-2.0 */
#include "feeds/csv_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct csv_table *opened(const char *text)
{
        struct csv_table *table = NULL;
        struct offpeak_error err = { 0 };
        int code = csv_table_open("jobs.csv", text, strlen(text), &table, &err);

        if (code != 0)
                print_error("%s\n", err.text);
        assert_int_equal(code, 0);
        return table;
}

static void assert_cell(const struct cell *cell, const char *text)
{
        assert_int_equal(cell->size, strlen(text));
        assert_memory_equal(cell->text, text, cell->size);
}

static void rows_come_with_their_lines(void **unused)
{
        struct csv_table *table = opened("\xef\xbb\xbf# of a cluster\nid, GPUs ,\"name\"\r\n\na, 4,\"x, y\"\r\n# b,1,z\nc,,\n");
        struct cell cells[3];
        struct offpeak_error err;

        (void)unused;
        assert_int_equal(csv_table_columns(table), 3);
        assert_int_equal(csv_table_find(table, "gpus"), 1);
        assert_int_equal(csv_table_find(table, "watts"), -1);
        assert_string_equal(csv_table_name(table, 2), "name");
        assert_int_equal(csv_table_next(table, cells, &err), 1);
        assert_int_equal(csv_table_line(table), 4);
        assert_cell(&cells[0], "a");
        assert_cell(&cells[1], "4");
        assert_cell(&cells[2], "x, y");
        assert_int_equal(csv_table_next(table, cells, &err), 1);
        assert_int_equal(csv_table_line(table), 6);
        assert_cell(&cells[1], "");
        assert_cell(&cells[2], "");
        assert_int_equal(csv_table_next(table, cells, &err), 0);
        csv_table_close(table);
}

/* A bad row is refused with its place, and the rows behind it are still read. */
static void reads_on_behind_a_bad_row(void **unused)
{
        struct csv_table *table = opened("id,gpus\na,1,2\nb\n\"c,1\nd,4\n");
        const char *places[] = { "jobs.csv:2:1: this row has 3 fields, the header has 2", "jobs.csv:3:1: this row has 1 field,",
                                 "jobs.csv:4:1: a quote is open" };
        struct cell cells[2];
        struct offpeak_error err;

        (void)unused;
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(csv_table_next(table, cells, &err), OFFPEAK_EINVAL);
                assert_memory_equal(err.text, places[i], strlen(places[i]));
        }
        assert_int_equal(csv_table_next(table, cells, &err), 1);
        assert_cell(&cells[0], "d");
        csv_table_close(table);
}

static void refuses_what_is_no_table(void **unused)
{
        const struct { const char *text, *says; } cases[] = {
                { "", "jobs.csv:1:1: the file is empty" },
                { "\n# nothing\n", "jobs.csv:1:1: the file is empty" },
                { "id,gpus,ID\n", "jobs.csv:1:9: the column \"ID\" stands twice" },
                { "\xff\xfei\0", "jobs.csv:1:1: the file is in UTF-16" },
                { "id,\"gpus\n", "jobs.csv:1:4: a quote is open" },
        };

        (void)unused;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct csv_table *table;
                struct offpeak_error err;

                assert_int_equal(csv_table_open("jobs.csv", cases[i].text, strlen(cases[i].text), &table, &err), OFFPEAK_EINVAL);
                assert_memory_equal(err.text, cases[i].says, strlen(cases[i].says));
        }
}

static void reads_numbers(void **unused)
{
        const char *none[] = { "", "x", "1x", "nan", "inf", "1e999", "0x10", "1,5", "--1" };
        double number = -1;
        int64_t integer = -1;

        (void)unused;
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
                struct cell cell = { none[i], strlen(none[i]), 1 };

                assert_int_equal(csv_cell_number(&cell, &number), OFFPEAK_EINVAL);
                assert_int_equal(csv_cell_integer(&cell, &integer), OFFPEAK_EINVAL);
        }
        assert_true(number == -1 && integer == -1);
        assert_int_equal(csv_cell_number(&(struct cell){ "2036.6,", 6, 1 }, &number), 0);
        assert_true(number == 2036.6);
        assert_int_equal(csv_cell_integer(&(struct cell){ "2036.6", 6, 1 }, &integer), OFFPEAK_EINVAL);
        assert_int_equal(csv_cell_integer(&(struct cell){ "190800", 6, 1 }, &integer), 0);
        assert_int_equal(integer, 190800);
        assert_int_equal(csv_cell_integer(&(struct cell){ "1e16", 4, 1 }, &integer), OFFPEAK_EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_come_with_their_lines),
                cmocka_unit_test(reads_on_behind_a_bad_row),
                cmocka_unit_test(refuses_what_is_no_table),
                cmocka_unit_test(reads_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
