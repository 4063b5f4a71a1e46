/* SPDX-License-Identifier: Apache-2.0 */
/* picture_curve.c - price and carbon over time. A series is steps, and is drawn as such; where nothing is known there
 * is no line. */
#include "cli/picture_coarse.h"
#include "cli/picture_parts.h"

#include <math.h>
#include <stdlib.h>

#include "base/when.h"

enum { PRICE_HEIGHT = 120, CARBON_HEIGHT = 72 };

/* ---- lines */

struct path {
        FILE *out;
        char *text;
        size_t size;
};

/* One path through the steps from first on that abut and are of one kind; returns the step behind it. */
static size_t draw_piece(struct sheet *sheet, const char *class_name, const struct picture_series *series, size_t first,
                         const struct value_scale *scale, double factor)
{
        struct path path = { 0 };
        const struct picture_step *step = &series->steps[first];
        char x[SVG_NUMBER_SIZE], y[SVG_NUMBER_SIZE];
        bool joined = first > 0 && step[-1].end == step->start;
        size_t i = first;

        path.out = open_memstream(&path.text, &path.size);
        if (path.out == NULL) {
                sheet->svg->code = OFFPEAK_ENOMEM;
                return series->n;
        }
        fprintf(path.out, "M%s %s", svg_format(sheet_x(sheet, step->start), x),
                svg_format(value_scale_y(scale, (joined ? step[-1].value : step->value) * factor), y));
        for (; i < series->n; i++) {
                const struct picture_step *at = &series->steps[i];

                if (at->forecast != step->forecast || (i > first && at->start != at[-1].end))
                        break;
                if (i > first || joined)
                        fprintf(path.out, "V%s", svg_format(value_scale_y(scale, at->value * factor), y));
                fprintf(path.out, "H%s", svg_format(sheet_x(sheet, at->end), x));
        }
        if (fclose(path.out) != 0)
                sheet->svg->code = OFFPEAK_ENOMEM;
        svg_open(sheet->svg, "path");
        svg_attributef(sheet->svg, "class", "line %s%s", class_name, step->forecast ? " forecast" : "");
        svg_attribute(sheet->svg, "d", path.text != NULL ? path.text : "");
        svg_close(sheet->svg);
        free(path.text);
        return i;
}

void picture_steps(struct sheet *sheet, const char *class_name, const struct picture_series *series,
                   const struct value_scale *scale, double factor)
{
        for (size_t i = 0; i < series->n;)
                i = draw_piece(sheet, class_name, series, i, scale, factor);
}

/* ---- panels */

struct extremes {
        const struct picture_step *lowest, *highest;
        bool forecast; /* there is one */
};

static struct extremes extremes_of(const struct picture_series *series)
{
        struct extremes found = { 0 };

        for (size_t i = 0; i < series->n; i++) {
                const struct picture_step *step = &series->steps[i];

                if (found.lowest == NULL || step->value < found.lowest->value)
                        found.lowest = step;
                if (found.highest == NULL || step->value > found.highest->value)
                        found.highest = step;
                found.forecast = found.forecast || step->forecast;
        }
        return found;
}

static void note_extreme(struct sheet *sheet, const char *label, const struct picture_step *step, int places, double y)
{
        char clock[SHEET_CLOCK_SIZE];

        sheet_textf(sheet, "quiet", NULL, NOTES, y, PAGE_WIDTH - NOTES, "%s %.*f, %s", label, places, step->value,
                    sheet_clock(sheet->picture, step->start, clock));
}

static bool has_gap(const struct picture *picture, const struct picture_series *series)
{
        int64_t known = 0;

        for (size_t i = 0; i < series->n; i++)
                known += series->steps[i].end - series->steps[i].start;
        return known < picture->to - picture->from;
}

/* The extremes; what a dashed line means; what none means. */
static void note_series(struct sheet *sheet, const char *class_name, const struct picture_series *series,
                        int64_t mean_s, double y)
{
        struct extremes found = extremes_of(series);
        double most = fmax(fabs(found.highest->value), fabs(found.lowest->value));
        int places = most < 10 ? 2 : most < 100 ? 1 : 0;
        char mean[WHEN_TEXT_SIZE];

        y += 12;
        if (found.lowest->value < found.highest->value) {
                note_extreme(sheet, "highest", found.highest, places, y);
                note_extreme(sheet, "lowest", found.lowest, places, y += 16);
        } else {
                sheet_textf(sheet, "quiet", NULL, NOTES, y, PAGE_WIDTH - NOTES, "always %.*f", places,
                            found.highest->value);
        }
        if (mean_s > 0)
                sheet_textf(sheet, "quiet", NULL, NOTES, y += 16, PAGE_WIDTH - NOTES, "drawn: means of %s",
                            when_format_duration(mean_s, mean));
        if (found.forecast) {
                y += 16;
                svg_open(sheet->svg, "path");
                svg_attributef(sheet->svg, "class", "line %s forecast", class_name);
                svg_attributef(sheet->svg, "d", "M%d %dH%d", NOTES, (int)y - 4, NOTES + 26);
                svg_close(sheet->svg);
                sheet_text(sheet, "quiet", NULL, NOTES + 32, y, PAGE_WIDTH - NOTES - 32, "forecast");
        }
        if (has_gap(sheet->picture, series))
                sheet_text(sheet, "quiet", NULL, NOTES, y + 16, PAGE_WIDTH - NOTES, "no line: not known");
}

/* A line that stays far above 0 is looked at more closely. */
static struct value_scale scale_of(const struct picture_series *series, double height)
{
        struct extremes found = extremes_of(series);
        double low = found.lowest->value, high = found.highest->value;
        struct value_scale scale;

        low = low > 0 && low < 0.5 * high ? 0 : low;
        high = high < 0 && high > 0.5 * low ? 0 : high;
        scale = value_scale_of(low, high, height > 100 ? 5 : 3);
        scale.height = height;
        return scale;
}

static void draw_panel(struct sheet *sheet, const char *label, const char *unit, const char *class_name,
                       const struct picture_series *series, double height)
{
        struct picture_series drawn = *series;
        struct picture_step *means = NULL;
        int64_t mean_s = picture_coarse_steps(sheet->picture, series, &means, &drawn.n);
        struct value_scale scale;

        if (mean_s < 0) {
                sheet->svg->code = (int)mean_s;
                return;
        }
        drawn.steps = mean_s > 0 ? means : series->steps;
        scale = scale_of(&drawn, height);
        scale.top = sheet->y;
        sheet_text(sheet, "strong", NULL, SIDE, sheet->y + 12, PLOT_LEFT - 45 - SIDE, label);
        sheet_text(sheet, "quiet", NULL, SIDE, sheet->y + 28, PLOT_LEFT - 45 - SIDE, unit);
        sheet_values(sheet, &scale);
        picture_steps(sheet, class_name, &drawn, &scale, 1);
        sheet_rect(sheet, "frame", PLOT_LEFT, sheet->y, PLOT_RIGHT - PLOT_LEFT, height);
        note_series(sheet, class_name, series, mean_s, sheet->y);
        sheet->y += height + PANEL_GAP;
        free(means);
}

void picture_price(struct sheet *sheet, const struct picture_site *site)
{
        char unit[32];

        snprintf(unit, sizeof(unit), "%s/MWh", site->currency);
        if (site->price.n > 0) {
                draw_panel(sheet, "price", unit, "price", &site->price, PRICE_HEIGHT);
                return;
        }
        sheet_text(sheet, "strong", NULL, SIDE, sheet->y + 12, PLOT_LEFT - SIDE, "price");
        sheet_text(sheet, "quiet", NULL, PLOT_LEFT + 8, sheet->y + 12, PLOT_RIGHT - PLOT_LEFT, "no price known");
        sheet->y += 16 + PANEL_GAP;
}

void picture_carbon(struct sheet *sheet, const struct picture_site *site)
{
        if (site->carbon.n > 0)
                draw_panel(sheet, "carbon", "g CO2e/kWh", "carbon", &site->carbon, CARBON_HEIGHT);
}
