/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - what the output can show, and text made fit for it: width, UTF-8, colour, local time.
 *
 * Names come from other users: whatever goes to a screen passes screen_text, so that nobody's job name can move
 * another's cursor.
 */
#ifndef OFFPEAK_CLI_SCREEN_H
#define OFFPEAK_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SCREEN_TIME_SIZE = 40 };

struct screen {
        unsigned width;  /* columns */
        bool utf8;       /* the locale is UTF-8 and the output a terminal */
        bool colour;     /* the output is a terminal that shows colour, and NO_COLOR is not set */
        int64_t now;     /* UTC seconds; the scheduler's clock, as the document tells it */
};

/* Of this output: a terminal's width and locale; 120 columns of plain ASCII where it is none. */
struct screen screen_of(FILE *out);

/* Columns that a text takes: one per code point. */
size_t screen_columns(const char *text);

/* The text with control characters as '?', and without UTF-8 what is beyond ASCII too. Malloc'ed; NULL: ENOMEM. */
char *screen_text(const struct screen *screen, const char *text);

/* Print a text through screen_text. Newlines are kept. */
void screen_print(const struct screen *screen, FILE *out, const char *text);

/* Seconds east of UTC that the local zone has at a time. */
int32_t screen_utc_offset(int64_t time);

/* Local time, as short as it is clear: `08:00` within a day, `Tue 12:00` within six, `2026-11-22 08:00`; "-" for 0. */
const char *screen_time(const struct screen *screen, int64_t time, char buffer[SCREEN_TIME_SIZE]);

/* `23:00-05:00`, `Tue 23:00-Wed 05:00`, `Tue 12:00-14:00`. */
const char *screen_span(const struct screen *screen, int64_t start, int64_t end, char buffer[2 * SCREEN_TIME_SIZE]);

/* `[######    ]`, ten cells. */
const char *screen_bar(const struct screen *screen, double fraction, char buffer[64]);

/* Switch colour on and off: ANSI numbers ("31" red, "32" green, "33" yellow, "2" dim); "" where there is none. */
const char *screen_colour(const struct screen *screen, const char *number, char buffer[16]);
const char *screen_plain(const struct screen *screen);

#endif
