/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - the rows of a file, whatever its format, with the cells that a mapping names; and places in the file.
 */
#ifndef OFFPEAK_FEEDS_ROWS_H
#define OFFPEAK_FEEDS_ROWS_H

#include <stdarg.h>
#include <stddef.h>

#include "feeds/csv_lines.h"
#include "feeds/mapping.h"
#include "supply/series.h"

enum rows_cell {
        CELL_DATE,
        CELL_TIME,
        CELL_PERIOD,
        CELL_SUBPERIOD,
        CELL_MARKER,
        CELL_VALUE,
        CELL_UNIT,
        CELL_NAME,
        CELL_WHERE, /* the first of MAPPING_MOST_WHERE */
        CELLS = CELL_WHERE + MAPPING_MOST_WHERE,
        CELL_NONE = CELLS, /* of a place: the row as a whole */
};

struct row {
        struct cell cells[CELLS]; /* of the file's text, or of the row's memory: good until the next row */
        size_t number; /* line from 1; or index from 0: for rows_refuse */
};

struct rows;

/*
 * text is borrowed, and so are mapping and file (its name in errors). kind: of the value column, where the mapping
 * names none; 0: any. EINVAL with the place: no header, a column that is not there, no JSON; ENOMEM.
 */
int rows_open(const struct mapping *mapping, const char *file, enum series_kind kind, const char *text, size_t size,
              struct rows **ret_rows, struct offpeak_error *err);
void rows_close(struct rows *rows);

/* 1: a row, 0: no more, or EINVAL. */
int rows_next(struct rows *rows, struct row *row, struct offpeak_error *err);

/* The value column as the file's header names it, in UTF-8. */
const char *rows_value_name(const struct rows *rows);

/* The one name that rows count for; NULL: any. The mapping's, or what its `column` turned out to be. */
const char *rows_pick(const struct rows *rows);

/* Where a cell stands, as errors say it. */
enum { ROWS_PLACE_SIZE = 400 };
const char *rows_place(const struct rows *rows, const struct row *row, enum rows_cell cell,
                       char place[ROWS_PLACE_SIZE]);

/* Fail at a cell: "FILE:LINE:COLUMN: ..." or "FILE: data[3].price: ...". */
int rows_refuse(const struct rows *rows, const struct row *row, enum rows_cell cell, struct offpeak_error *err,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The column or path that a mapping names for a cell; NULL: none. */
const char *rows_wanted(const struct mapping *mapping, enum rows_cell cell);

#endif
