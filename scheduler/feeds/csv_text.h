/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_text.h - the lines of a CSV text and their fields: commas between, quotes around what holds one. Nothing is copied.
 */
#ifndef OFFPEAK_FEEDS_CSV_TEXT_H
#define OFFPEAK_FEEDS_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A stretch of the text. */
struct csv_span {
        const char *text;
        size_t size;
        unsigned column; /* in its line, bytes from 1 */
};

/* The text's byte order mark left out. */
const char *csv_skip_mark(const char *at, const char *end);

/* Take the next line off a text, without its end (LF or CRLF); false when there is none left. */
bool csv_next_line(const char **at, const char *end, struct csv_span *ret_line);

/* Without blanks at either end. */
struct csv_span csv_trim(struct csv_span span);
bool csv_is_blank(struct csv_span span);

/* Take the first field off a line, trimmed and without its quotes; false when there is none left. */
bool csv_next_field(struct csv_span *line, struct csv_span *ret_field);

/* A field as a string for errors: cut to 63 bytes, and what cannot be printed becomes '?'. Returns text. */
const char *csv_field_text(struct csv_span field, char text[64]);

#endif
