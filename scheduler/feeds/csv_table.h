/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_table.h - a CSV file whose header names columns, row by row: for lists of jobs, profiles and whatever is no series.
 *
 * UTF-8, comma, quotes; blank lines and lines that begin with # are passed over. Cells are stretches of the text.
 */
#ifndef OFFPEAK_FEEDS_CSV_TABLE_H
#define OFFPEAK_FEEDS_CSV_TABLE_H

#include <stdint.h>

#include "feeds/csv_lines.h"

struct csv_table;

/* file and text are borrowed. EINVAL: no header, a column twice; ENOMEM. */
int csv_table_open(const char *file, const char *text, size_t size, struct csv_table **ret_table, struct offpeak_error *err);
void csv_table_close(struct csv_table *table); /* NULL is fine */

unsigned csv_table_columns(const struct csv_table *table);
const char *csv_table_name(const struct csv_table *table, unsigned column);

/* The column of this name, but for case; -1: there is none. */
int csv_table_find(const struct csv_table *table, const char *name);

/*
 * 1: a row, with one cell for each column; 0: no more; EINVAL with the place: this row has too many or too few fields, or an open
 * quote, and the next call reads on behind it.
 */
int csv_table_next(struct csv_table *table, struct cell *cells, struct offpeak_error *err);

/* Of the row that was read last. */
size_t csv_table_line(const struct csv_table *table);

/* Fail with "FILE:LINE:COLUMN: ..." at a cell of it. EINVAL. */
int csv_table_refuse(const struct csv_table *table, const struct cell *cell, struct offpeak_error *err, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Numbers of cells. EINVAL where it is none, or not finite, or too large: nothing is written then, and nothing said. */
int csv_cell_number(const struct cell *cell, double *ret_number);
int csv_cell_integer(const struct cell *cell, int64_t *ret_integer);

#endif
