/* SPDX-License-Identifier: Apache-2.0 */
/* picture_load.c - a site's load, stacked by who supplies it, against what it may draw. */
#include "cli/picture_coarse.h"
#include "cli/picture_parts.h"

#include <math.h>
#include <stdlib.h>

#include "base/when.h"

enum { LOAD_HEIGHT = 150 };

struct power_unit {
        double watts;
        const char *name;
};

static struct power_unit unit_of(double watts)
{
        static const struct power_unit units[] = { { 1e9, "GW" }, { 1e6, "MW" }, { 1e3, "kW" } };

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
                if (watts >= units[i].watts)
                        return units[i];
        return (struct power_unit){ 1, "W" };
}

/* What the layers up to this one (not included) come to. */
static double height_of(const struct picture_load *load, unsigned layers)
{
        double watts = 0;

        for (unsigned i = 0; i < layers; i++)
                watts += fmax(load->watts[i], 0);
        return watts;
}

static double highest_load(const struct picture_site *site)
{
        double highest = 0;

        for (size_t i = 0; i < site->n_loads; i++)
                highest = fmax(highest, height_of(&site->loads[i], site->n_layers));
        return highest;
}

/* ---- areas */

/* The loads from first on that abut, are all planned or all not, and have something of the layer. */
static size_t piece_end(const struct picture_site *site, unsigned layer, size_t first)
{
        size_t i = first + 1;

        while (i < site->n_loads && site->loads[i].start == site->loads[i - 1].end &&
               site->loads[i].planned == site->loads[first].planned && site->loads[i].watts[layer] > 0)
                i++;
        return i;
}

/* The upper edge from left to right, the lower one back. */
static void print_area(const struct sheet *sheet, const struct picture_site *site, unsigned layer, size_t first,
                       size_t end, const struct value_scale *scale, double unit, FILE *out)
{
        char x[SVG_NUMBER_SIZE], y[SVG_NUMBER_SIZE];

        fprintf(out, "M%s %s", svg_format(sheet_x(sheet, site->loads[first].start), x),
                svg_format(value_scale_y(scale, height_of(&site->loads[first], layer + 1) / unit), y));
        for (size_t i = first; i < end; i++) {
                svg_format(value_scale_y(scale, height_of(&site->loads[i], layer + 1) / unit), y);
                fprintf(out, i > first ? "V%sH%s" : "%.0sH%s", y, svg_format(sheet_x(sheet, site->loads[i].end), x));
        }
        for (size_t i = end; i-- > first;) {
                svg_format(value_scale_y(scale, height_of(&site->loads[i], layer) / unit), y);
                fprintf(out, "V%sH%s", y, svg_format(sheet_x(sheet, site->loads[i].start), x));
        }
        putc('Z', out);
}

static void draw_area(struct sheet *sheet, const struct picture_site *site, unsigned layer, size_t first, size_t end,
                      const struct value_scale *scale, double unit)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL) {
                sheet->svg->code = OFFPEAK_ENOMEM;
                return;
        }
        print_area(sheet, site, layer, first, end, scale, unit, out);
        if (fclose(out) != 0)
                sheet->svg->code = OFFPEAK_ENOMEM;
        svg_open(sheet->svg, "path");
        svg_attribute(sheet->svg, "class", site->loads[first].planned ? "layer planned-load" : "layer");
        svg_attribute(sheet->svg, "fill", picture_fill(site, layer));
        svg_attribute(sheet->svg, "d", text != NULL ? text : "");
        svg_open(sheet->svg, "title");
        svg_text(sheet->svg, site->layers[layer].name);
        svg_close(sheet->svg);
        svg_close(sheet->svg);
        free(text);
}

static void draw_layer(struct sheet *sheet, const struct picture_site *site, unsigned layer,
                       const struct value_scale *scale, double unit)
{
        for (size_t i = 0; i < site->n_loads;) {
                size_t end = i + 1;

                if (site->loads[i].watts[layer] > 0) {
                        end = piece_end(site, layer, i);
                        draw_area(sheet, site, layer, i, end, scale, unit);
                }
                i = end;
        }
}

/* ---- what is written beside it */

static void draw_key(struct sheet *sheet, const struct picture_site *site, unsigned layer, double y)
{
        svg_open(sheet->svg, "rect");
        svg_attribute(sheet->svg, "class", "box");
        svg_number(sheet->svg, "x", NOTES);
        svg_number(sheet->svg, "y", y - 10);
        svg_number(sheet->svg, "width", 20);
        svg_number(sheet->svg, "height", 12);
        svg_attribute(sheet->svg, "fill", picture_fill(site, layer));
        svg_close(sheet->svg);
        sheet_text(sheet, "quiet", NULL, NOTES + 26, y, PAGE_WIDTH - NOTES - 26, site->layers[layer].name);
}

/* From the top down, as the layers lie. */
static double draw_keys(struct sheet *sheet, const struct picture_site *site, double y)
{
        for (unsigned i = site->n_layers; i-- > 0;) {
                draw_key(sheet, site, i, y);
                y += 16;
        }
        return y;
}

struct range {
        bool any;
        double low, high;
};

static struct range limits_of(const struct picture_site *site)
{
        struct range range = { 0 };

        for (size_t i = 0; i < site->limit.n; i++) {
                double value = site->limit.steps[i].value;

                range.low = range.any ? fmin(range.low, value) : value;
                range.high = range.any ? fmax(range.high, value) : value;
                range.any = true;
        }
        return range;
}

/* `limit 231 MW`, `limit 12 to 231 MW`; where all of it lies far above the load, `limit above this: 231 MW`. */
static void note_limit(struct sheet *sheet, const struct range *limit, bool above, double y)
{
        struct power_unit unit = unit_of(limit->high);
        double low = limit->low / unit.watts, high = limit->high / unit.watts, x = NOTES + (above ? 0 : 26);
        const char *label = above ? "limit above this:" : "limit";

        if (!above)
                sheet_line(sheet, "line limit", NOTES, y - 4, NOTES + 20, y - 4);
        if (limit->low < limit->high)
                sheet_textf(sheet, "quiet", NULL, x, y, PAGE_WIDTH - x, "%s %.3g to %.3g %s", label, low, high,
                            unit.name);
        else
                sheet_textf(sheet, "quiet", NULL, x, y, PAGE_WIDTH - x, "%s %.3g %s", label, high, unit.name);
}

static bool any_planned(const struct picture_site *site)
{
        for (size_t i = 0; i < site->n_loads; i++)
                if (site->loads[i].planned)
                        return true;
        return false;
}

static bool has_gap(const struct picture *picture, const struct picture_site *site)
{
        int64_t known = 0;

        for (size_t i = 0; i < site->n_loads; i++)
                known += site->loads[i].end - site->loads[i].start;
        return known < picture->to - picture->from;
}

/* The limit where it lies on the scale; true if there is some of it above. */
static bool draw_limit(struct sheet *sheet, const struct picture_site *site, const struct value_scale *scale,
                       double unit)
{
        struct picture_series within = { 0 };

        within.steps = calloc(site->limit.n + 1, sizeof(*within.steps));
        if (within.steps == NULL) {
                sheet->svg->code = OFFPEAK_ENOMEM;
                return false;
        }
        for (size_t i = 0; i < site->limit.n; i++)
                if (site->limit.steps[i].value <= scale->high * unit)
                        within.steps[within.n++] = site->limit.steps[i];
        picture_steps(sheet, "limit", &within, scale, 1 / unit);
        free(within.steps);
        return within.n < site->limit.n;
}

/* From the top of the panel down: the limit, the layers, what is paler. Returns where it ends. */
static double write_notes(struct sheet *sheet, const struct picture_site *site, const struct range *limit, bool above,
                          bool partly, int64_t mean_s, double y)
{
        char mean[WHEN_TEXT_SIZE];

        if (limit->any) {
                note_limit(sheet, limit, above, y);
                y += 16;
        }
        if (partly && !above) {
                sheet_text(sheet, "quiet", NULL, NOTES + 26, y, PAGE_WIDTH - NOTES - 26, "no line: above");
                y += 16;
        }
        y = draw_keys(sheet, site, y);
        if (any_planned(site)) {
                sheet_text(sheet, "quiet", NULL, NOTES, y, PAGE_WIDTH - NOTES, "paler: as planned");
                y += 16;
        }
        if (has_gap(sheet->picture, site)) {
                sheet_text(sheet, "quiet", NULL, NOTES, y, PAGE_WIDTH - NOTES, "nothing drawn: not known");
                y += 16;
        }
        if (mean_s > 0) {
                sheet_textf(sheet, "quiet", NULL, NOTES, y, PAGE_WIDTH - NOTES, "drawn: means of %s",
                            when_format_duration(mean_s, mean));
                y += 16;
        }
        return y - 10;
}

static void draw_loads(struct sheet *sheet, const struct picture_site *site, int64_t mean_s)
{
        struct range limit = limits_of(site);
        double highest = highest_load(site), y = sheet->y, most, bottom;
        /* a limit that the load never comes near would press it flat */
        bool above = limit.any && highest > 0 && limit.low > 3 * highest, partly = false;
        struct power_unit unit;
        struct value_scale scale;

        most = !limit.any || above ? highest : fmax(highest, highest > 0 ? fmin(limit.high, 3 * highest) : limit.high);
        unit = unit_of(most);
        scale = value_scale_of(0, most / unit.watts, 5);
        scale.top = y;
        scale.height = LOAD_HEIGHT;
        sheet_text(sheet, "strong", NULL, SIDE, y + 12, PLOT_LEFT - 45 - SIDE, "load");
        sheet_text(sheet, "quiet", NULL, SIDE, y + 28, PLOT_LEFT - 45 - SIDE, unit.name);
        sheet_values(sheet, &scale);
        for (unsigned layer = 0; layer < site->n_layers; layer++)
                draw_layer(sheet, site, layer, &scale, unit.watts);
        if (limit.any && !above)
                partly = draw_limit(sheet, site, &scale, unit.watts);
        sheet_rect(sheet, "frame", PLOT_LEFT, y, PLOT_RIGHT - PLOT_LEFT, LOAD_HEIGHT);
        bottom = write_notes(sheet, site, &limit, above, partly, mean_s, y + 12);
        sheet->y = fmax(y + LOAD_HEIGHT, bottom) + PANEL_GAP;
}

void picture_loads(struct sheet *sheet, const struct picture_site *site)
{
        struct picture_site drawn = *site;
        struct picture_load *loads = NULL;
        struct picture_step *limits = NULL;
        int64_t mean_s = picture_coarse_loads(sheet->picture, site, &loads, &drawn.n_loads);
        int64_t limit_s = picture_coarse_steps(sheet->picture, &site->limit, &limits, &drawn.limit.n);

        if (mean_s > 0)
                drawn.loads = loads;
        if (limit_s > 0)
                drawn.limit.steps = limits;
        if (mean_s < 0 || limit_s < 0)
                sheet->svg->code = OFFPEAK_ENOMEM;
        else if (drawn.n_loads > 0)
                draw_loads(sheet, &drawn, mean_s > 0 ? mean_s : limit_s);
        free(loads);
        free(limits);
}
