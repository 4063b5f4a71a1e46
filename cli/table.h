/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - columns for people: as wide as their widest cell, two spaces between, nothing behind the last.
 */
#ifndef OFFPEAK_CLI_TABLE_H
#define OFFPEAK_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/screen.h"

enum { TABLE_MAX_COLUMNS = 16 };

struct table_column {
        const char *title;
        bool right;       /* numbers */
};

struct table {
        const struct screen *screen;
        const struct table_column *columns;
        size_t n_columns;
        char **cells;     /* row by row; a full row is n_columns cells */
        size_t n_cells, capacity;
        bool failed;      /* out of memory */
};

void table_init(struct table *table, const struct screen *screen, const struct table_column *columns, size_t n_columns);
void table_finish(struct table *table);

/* The next cell, from left to right and down; NULL is "-". The text is copied and made fit for the screen. */
void table_add(struct table *table, const char *text);
void table_addf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Title line and rows. 0 or ENOMEM. */
int table_print(const struct table *table, FILE *out);

#endif
