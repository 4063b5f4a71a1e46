/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct chart chart_of(const struct screen *screen, FILE *out, int64_t from, int64_t to)
{
        unsigned note = screen->width / 4 < 22 ? 22 : screen->width / 4 > 40 ? 40 : screen->width / 4;
        unsigned frame = CHART_LABEL + 3 + note;
        unsigned cells = screen->width > frame + 16 ? screen->width - frame : 16;

        return (struct chart){ .screen = screen,
                               .out = out,
                               .from = from,
                               .to = to,
                               .cells = cells < CHART_MOST_CELLS ? cells : CHART_MOST_CELLS };
}

int64_t chart_cell_start(const struct chart *chart, unsigned cell)
{
        return chart->from + (chart->to - chart->from) * cell / chart->cells;
}

/* The cell in which a time lies; -1 before the first, `cells` behind the last. */
static int cell_of(const struct chart *chart, int64_t time)
{
        if (time < chart->from)
                return -1;
        for (unsigned c = 0; c < chart->cells; c++)
                if (time < chart_cell_start(chart, c + 1))
                        return (int)c;
        return (int)chart->cells;
}

/* ---- parts of a line */

/* A label cut or padded to its width, and the frame. */
static void begin(const struct chart *chart, const char *label)
{
        char *clean = screen_text(chart->screen, label);
        const char *text = clean != NULL ? clean : "";
        size_t columns = 0;

        for (const char *at = text; *at != '\0'; at++) {
                if (((unsigned char)*at & 0xc0) != 0x80 && ++columns > CHART_LABEL - 1)
                        break;
                putc(*at, chart->out);
        }
        columns = columns > CHART_LABEL - 1 ? CHART_LABEL - 1 : columns;
        fprintf(chart->out, "%*s%s", (int)(CHART_LABEL - columns), "", chart->screen->utf8 ? "\xe2\x94\x82" : "|");
        free(clean);
}

static void end(const struct chart *chart, const char *note)
{
        if (note != NULL && *note != '\0') {
                fputs("  ", chart->out);
                screen_print(chart->screen, chart->out, note);
        }
        putc('\n', chart->out);
}

/* An empty cell; where it is now, the cursor. */
static const char *blank(const struct chart *chart, unsigned cell)
{
        if ((int)cell != cell_of(chart, chart->screen->now))
                return " ";
        return chart->screen->utf8 ? "\xe2\x94\x8a" : ":";
}

/* ---- curve */

/* Rising blocks of one cell: ASCII has three, UTF-8 eight. */
static const char *block(const struct chart *chart, unsigned level)
{
        static const char *const ascii[] = { " ", ".", ":", "#" };
        static const char *const blocks[] = { " ",
                                              "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
                                              "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88" };

        return chart->screen->utf8 ? blocks[level] : ascii[level];
}

static bool range(const struct chart *chart, const struct chart_cell *cells, double *ret_low, double *ret_high)
{
        bool known = false;

        for (unsigned c = 0; c < chart->cells; c++) {
                if (!cells[c].known)
                        continue;
                *ret_low = known ? fmin(*ret_low, cells[c].value) : cells[c].value;
                *ret_high = known ? fmax(*ret_high, cells[c].value) : cells[c].value;
                known = true;
        }
        return known;
}

static void curve_cell(const struct chart *chart, const struct chart_cell *cell, unsigned row, double low, double high)
{
        int levels = chart->screen->utf8 ? 8 : 3, all = levels * CHART_CURVE_ROWS;
        int height = high > low ? 1 + (int)lround((cell->value - low) / (high - low) * (all - 1)) : all / 2;
        int here = height - levels * (int)(CHART_CURVE_ROWS - 1 - row);

        here = here < 0 ? 0 : here > levels ? levels : here;
        fputs(block(chart, (unsigned)here), chart->out);
}

/* From here on dim, or no longer. */
static void set_dim(const struct chart *chart, bool dim)
{
        char colour[16];

        fputs(dim ? screen_colour(chart->screen, "2", colour) : screen_plain(chart->screen), chart->out);
}

void chart_curve(const struct chart *chart, const char *unit, const struct chart_cell *cells,
                 const char *const notes[CHART_CURVE_ROWS])
{
        double low = 0, high = 0;
        bool known = range(chart, cells, &low, &high);

        for (unsigned row = 0; row < CHART_CURVE_ROWS; row++) {
                char label[64], number[32] = "";

                if (known && (row == 0 || low < high))
                        snprintf(number, sizeof(number), "%.*f", fabs(high) < 10 ? 2 : 0, row == 0 ? high : low);
                snprintf(label, sizeof(label), "%-7.7s %5.12s", row == 0 ? unit : "", number);
                begin(chart, label);
                for (unsigned c = 0; c < chart->cells; c++) {
                        if (cells[c].dim != (c > 0 && cells[c - 1].dim))
                                set_dim(chart, cells[c].dim);
                        if (cells[c].known)
                                curve_cell(chart, &cells[c], row, low, high);
                        else
                                fputs(row == CHART_CURVE_ROWS - 1 ? "?" : " ", chart->out);
                }
                if (cells[chart->cells - 1].dim)
                        set_dim(chart, false);
                end(chart, notes[row]);
        }
}

void chart_level(const struct chart *chart, const char *label, const struct chart_cell *cells, const char *note)
{
        const char *thick = chart->screen->utf8 ? "\xe2\x94\x81" : "=";
        const char *thin = chart->screen->utf8 ? "\xe2\x94\x80" : "-";
        double low = 0, high = 0;

        range(chart, cells, &low, &high);
        begin(chart, label);
        for (unsigned c = 0; c < chart->cells; c++) {
                if (!cells[c].known || cells[c].value <= 0)
                        fputs(blank(chart, c), chart->out);
                else
                        fputs(cells[c].value >= 0.95 * high ? thick : thin, chart->out);
        }
        end(chart, note);
}

/* ---- bars */

void chart_fill(const struct chart *chart, int64_t start, int64_t end_time, bool *filled)
{
        int first = cell_of(chart, start);

        if (end_time <= chart->from || start >= chart->to || start >= end_time)
                return;
        filled[first < 0 ? 0 : first] = true;
        for (unsigned c = 0; c < chart->cells; c++) {
                int64_t middle = (chart_cell_start(chart, c) + chart_cell_start(chart, c + 1)) / 2;

                if (start <= middle && middle < end_time)
                        filled[c] = true;
        }
}

void chart_bar(const struct chart *chart, const char *label, const bool *filled, const char *note)
{
        begin(chart, label);
        for (unsigned c = 0; c < chart->cells; c++)
                fputs(!filled[c] ? blank(chart, c) : chart->screen->utf8 ? "\xe2\x96\x88" : "#", chart->out);
        end(chart, note);
}

/* ---- axis */

enum tick_label { TICK_MINUTE, TICK_HOUR, TICK_DAY, TICK_DATE };

struct ticks {
        int64_t step;
        unsigned columns;    /* that a label and the gap behind it take */
        enum tick_label label;
};

/* The finest ticks whose labels do not touch. */
static struct ticks ticks_of(const struct chart *chart)
{
        static const struct ticks all[] = {
                { 300, 7, TICK_MINUTE },   { 900, 7, TICK_MINUTE },   { 1800, 7, TICK_MINUTE },
                { 3600, 4, TICK_HOUR },    { 2 * 3600, 4, TICK_HOUR }, { 3 * 3600, 4, TICK_HOUR },
                { 6 * 3600, 4, TICK_HOUR }, { 12 * 3600, 4, TICK_HOUR }, { 86400, 5, TICK_DAY },
                { 2 * 86400, 8, TICK_DATE }, { 7 * 86400, 8, TICK_DATE },
        };
        size_t i = 0, last = sizeof(all) / sizeof(all[0]) - 1;
        double per_cell = (double)(chart->to - chart->from) / chart->cells;

        while (i < last && (double)all[i].step < per_cell * all[i].columns)
                i++;
        return all[i];
}

static void format_tick(enum tick_label label, int64_t time, char *text, size_t size)
{
        time_t seconds = (time_t)time;
        struct tm local = { 0 };

        localtime_r(&seconds, &local);
        switch (label) {
        case TICK_MINUTE:
                strftime(text, size, "%H:%M", &local);
                break;
        case TICK_HOUR:
                strftime(text, size, "%H", &local);
                break;
        case TICK_DAY:
                strftime(text, size, "%a", &local);
                break;
        case TICK_DATE:
                strftime(text, size, "%d %b", &local);
                break;
        }
}

void chart_axis(const struct chart *chart)
{
        struct ticks ticks = ticks_of(chart);
        int64_t offset = screen_utc_offset(chart->from);
        int64_t first = (chart->from + offset + ticks.step - 1) / ticks.step * ticks.step - offset;
        unsigned column = 0;

        fprintf(chart->out, "%*s", CHART_LABEL + 1, "");
        for (int64_t t = first; t < chart->to; t += ticks.step) {
                int cell = cell_of(chart, t);
                char text[32];

                if (cell < (int)column || cell + ticks.columns > chart->cells + 4)
                        continue;
                format_tick(ticks.label, t, text, sizeof(text));
                fprintf(chart->out, "%*s%s", cell - (int)column, "", text);
                column = (unsigned)cell + (unsigned)strlen(text);
        }
        putc('\n', chart->out);
}
