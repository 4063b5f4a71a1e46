/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_sheet.h - the sheet that a picture is drawn on: where a time and a value lie, lines, and text cut to what
 * fits.
 *
 *      LEFT      PLOT_LEFT                       PLOT_RIGHT  NOTES        PAGE_WIDTH
 *      price   140 |      __--__                          |  highest 140.00
 */
#ifndef OFFPEAK_CLI_PICTURE_SHEET_H
#define OFFPEAK_CLI_PICTURE_SHEET_H

#include "cli/picture.h"
#include "cli/svg.h"

enum { PAGE_WIDTH = 1050, SIDE = 14, PLOT_LEFT = 168, PLOT_RIGHT = 824, NOTES = 834, SHEET_CLOCK_SIZE = 48 };

struct sheet {
        struct svg *svg;
        const struct picture *picture;
        double y; /* what is drawn next begins there */
};

double sheet_x(const struct sheet *sheet, int64_t time);

/* Round values from low to high: at each step one is written beside the plot. */
struct value_scale {
        double low, high, step;
        double top, height; /* on the sheet */
};

/* A scale that holds low to high with at most that many steps; low == high is given some air. */
struct value_scale value_scale_of(double low, double high, unsigned steps);
double value_scale_y(const struct value_scale *scale, double value);

/* The values of the steps, and a line at each; a strong one at 0 if there is less than it. */
void sheet_values(struct sheet *sheet, const struct value_scale *scale);

void sheet_line(struct sheet *sheet, const char *class_name, double x1, double y1, double x2, double y2);
void sheet_rect(struct sheet *sheet, const char *class_name, double x, double y, double width, double height);

/* Text that begins (or with anchor "end", "middle": ends, is centred) at x; it is cut where it would be wider than
 * width. */
void sheet_text(struct sheet *sheet, const char *class_name, const char *anchor, double x, double y, double width,
                const char *text);
void sheet_textf(struct sheet *sheet, const char *class_name, const char *anchor, double x, double y, double width,
                 const char *format, ...) __attribute__((format(printf, 7, 8)));

/* Text over the whole width, in as many lines as it takes; y moves below it. */
void sheet_paragraph(struct sheet *sheet, const char *class_name, const char *text);

/* Bytes of the text that fit in a width at the letter size of notes, and what it is wide, by guess: nobody knows the
 * font. */
size_t sheet_fit(const char *text, double width);
double sheet_width(const char *text);

/* A time on the picture's clock, seconds; and as text, as short as it is clear: `08:00`, `Tue 08:00`, `22 Nov 08:00`.
 */
int64_t sheet_local(const struct picture *picture, int64_t time);
const char *sheet_weekday(int64_t local);
const char *sheet_month(int month); /* from 1 */
const char *sheet_clock(const struct picture *picture, int64_t time, char buffer[SHEET_CLOCK_SIZE]);

#endif
