/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart.h - a strip of time on a screen: labels to the left, one cell per stretch of time, a note to the right.
 *
 *      EUR/MWh  140 |      ..::##  |  note
 */
#ifndef OFFPEAK_CLI_CHART_H
#define OFFPEAK_CLI_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/screen.h"

enum { CHART_LABEL = 14, CHART_MOST_CELLS = 512, CHART_CURVE_ROWS = 2 };

struct chart {
        const struct screen *screen;
        FILE *out;
        int64_t from, to;
        unsigned cells;
};

/* As many cells as the screen's width leaves room for. from < to. */
struct chart chart_of(const struct screen *screen, FILE *out, int64_t from, int64_t to);

/* Start of a cell's time; chart_cell_start(chart, cells) is the end of all. */
int64_t chart_cell_start(const struct chart *chart, unsigned cell);

/* Values over time: cells[i].known says whether there is one. Two rows; notes may be NULL. */
struct chart_cell {
        bool known, dim;
        double value;
};
void chart_curve(const struct chart *chart, const char *unit, const struct chart_cell *cells,
                 const char *const notes[CHART_CURVE_ROWS]);

/* The same as one thick line: full at the highest value, thin below it, nothing where it is 0. */
void chart_level(const struct chart *chart, const char *label, const struct chart_cell *cells, const char *note);

/* Stretches as a bar: filled[i] says whether cell i is part of one. */
void chart_bar(const struct chart *chart, const char *label, const bool *filled, const char *note);

/* Mark the cells of [start, end): those whose middle lies in it, and always at least one. */
void chart_fill(const struct chart *chart, int64_t start, int64_t end, bool *filled);

/* Hours, or days, in local time under the cells. */
void chart_axis(const struct chart *chart);

#endif
