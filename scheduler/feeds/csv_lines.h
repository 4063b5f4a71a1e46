/* SPDX-License-Identifier: Apache-2.0 */
/* csv_lines.h - text taken apart into lines, and lines into fields. A field in quotes may hold the delimiter, but no line ends. */
#ifndef OFFPEAK_FEEDS_CSV_LINES_H
#define OFFPEAK_FEEDS_CSV_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include <offpeak/error.h>

/* A stretch of a text that is borrowed. Empty where the text says nothing. */
struct cell {
        const char *text;
        size_t size;
        unsigned column; /* in its line, bytes from 1; CSV */
};

struct csv_lines {
        const char *file;             /* its name in errors; borrowed, as the text is */
        char delimiter, quote;
        char comment;                 /* lines that begin with it are passed over; 0: none do */
        const char *at, *end;         /* what is left */
        const char *line, *line_end;  /* the line that was read last, without its end */
        size_t number;                /* its number, from 1; 0: none was read */
};

/* Behind a byte order mark of UTF-8, if there is one. EINVAL: the text is in UTF-16. */
int csv_lines_start(struct csv_lines *lines, const char *text, size_t size, struct offpeak_error *err);

/* The next line, whatever it is; the next that is neither blank nor a comment. False: there is none. */
bool csv_lines_next(struct csv_lines *lines);
bool csv_lines_next_row(struct csv_lines *lines);

/* Where the field that begins at `at` ends; NULL if a quote is open to the end of the line. */
const char *csv_field_end(const struct csv_lines *lines, const char *at);

/* The field from `at` to `end` without its blanks and quotes. */
struct cell csv_field(const struct csv_lines *lines, const char *at, const char *end);

/* A cell as text for errors: cut to 63 bytes, and what cannot be printed becomes '?'. */
const char *csv_cell_text(const struct cell *cell, char text[64]);

/* Fail with "FILE:LINE:COLUMN: ..." in the line that was read last. EINVAL. */
int csv_refuse(const struct csv_lines *lines, unsigned column, struct offpeak_error *err, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
int csv_refuse_open_quote(const struct csv_lines *lines, const char *at, struct offpeak_error *err);

#endif
