/* SPDX-License-Identifier: Apache-2.0 */
/* rows_parts.h - between rows.c, rows_open.c and the formats. */
#ifndef OFFPEAK_FEEDS_ROWS_PARTS_H
#define OFFPEAK_FEEDS_ROWS_PARTS_H

#include "feeds/rows.h"

struct rows_driver {
        int (*next)(struct rows *rows, struct row *row, struct offpeak_error *err);
        void (*place)(const struct rows *rows, const struct row *row, enum rows_cell cell, char *place);
        void (*close)(struct rows *rows);
};

/* What all formats have; each keeps its own behind it. */
struct rows {
        const struct rows_driver *driver;
        const struct mapping *mapping;
        const char *file;
        const char *value_name;
        const char *pick;
};

int rows_csv_open(const struct mapping *mapping, const char *file, enum series_kind kind, const char *text, size_t size,
                  struct rows **ret_rows, struct offpeak_error *err);
int rows_json_open(const struct mapping *mapping, const char *file, const char *text, size_t size,
                   struct rows **ret_rows, struct offpeak_error *err);

/* The next of several names parted by "||": its size, and *names moves behind it. 0 after the last. */
size_t rows_alternative(const char **names, const char **ret_name);

#endif
