/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/document_picture.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "cli/document.h"

/* Neither published nor pushed: a forecast, the last value, a constant. */
static bool is_stood_in(const json_t *step, const char *key)
{
        const char *source = document_text(step, key);

        return source != NULL && strcmp(source, "published") != 0 && strcmp(source, "pushed") != 0;
}

void document_picture_steps(struct picture *picture, struct picture_site *site, const json_t *steps)
{
        json_t *step;
        size_t i;

        json_array_foreach(steps, i, step)
        {
                int64_t start = document_time(step, "start_utc"), end = document_time(step, "end_utc"), value;

                if (site == NULL)
                        return;
                if (document_int(step, "price_micro_per_mwh", &value))
                        picture_add_step(picture, &site->price, start, end, (double)value / 1e6,
                                         is_stood_in(step, "price_source"));
                if (document_int(step, "carbon_mg_per_kwh", &value))
                        picture_add_step(picture, &site->carbon, start, end, (double)value / 1e3,
                                         is_stood_in(step, "carbon_source"));
                if (document_int(step, "limit_w", &value))
                        picture_add_step(picture, &site->limit, start, end, (double)value, false);
        }
}

/* ---- loads */

static enum picture_supplier supplier_of(const char *unit)
{
        static const struct {
                const char *unit;
                enum picture_supplier supplier;
        } all[] = {
                { "reactor", PICTURE_REACTOR }, { "ppa", PICTURE_PPA },   { "solar", PICTURE_SOLAR },
                { "store", PICTURE_STORE },     { "grid", PICTURE_GRID },
        };

        for (size_t i = 0; unit != NULL && i < sizeof(all) / sizeof(all[0]); i++)
                if (strcmp(unit, all[i].unit) == 0)
                        return all[i].supplier;
        return PICTURE_OTHER;
}

/* What is paid anyway lies at the bottom, the grid at the top: whoever is there, the order is the same in all pictures.
 */
static void find_layers(struct picture_site *site, const json_t *items, enum picture_supplier supplier)
{
        json_t *item, *unit;
        size_t i, u;

        json_array_foreach(items, i, item) json_array_foreach(
                json_object_get(item, "units"), u, unit) if (supplier_of(document_text(unit, "unit")) == supplier)
                picture_layer(site, supplier, document_text(unit, "name"));
}

static void add_load(struct picture *picture, struct picture_site *site, const json_t *item, bool planned)
{
        struct picture_load load = { document_time(item, "start_utc"), document_time(item, "end_utc"), { 0 }, planned };
        double supplied = 0;
        int64_t power, watts;
        json_t *unit;
        size_t u;

        if (!document_int(item, "power_w", &power))
                return;
        json_array_foreach(json_object_get(item, "units"), u, unit)
        {
                watts = document_int_or(unit, "power_w", 0);
                supplied += (double)watts;
                load.watts[picture_layer(site, supplier_of(document_text(unit, "unit")),
                                         document_text(unit, "name"))] += (double)watts;
        }
        /* each unit is rounded by itself: a watt or so is no supplier */
        if ((double)power - supplied > 1 + 0.001 * (double)power)
                load.watts[picture_layer(site, PICTURE_OTHER, "not known from whom")] += (double)power - supplied;
        picture_add_load(picture, site, &load);
}

void document_picture_loads(struct picture *picture, struct picture_site *site, const json_t *items,
                            int64_t planned_from)
{
        json_t *item;
        size_t i;

        if (site == NULL)
                return;
        for (int supplier = 0; supplier < PICTURE_SUPPLIERS; supplier++)
                find_layers(site, items, (enum picture_supplier)supplier);
        json_array_foreach(items, i, item)
                add_load(picture, site, item, document_time(item, "start_utc") >= planned_from);
}

void document_picture_captions(struct picture *picture, const char *text)
{
        while (*text != '\0') {
                size_t line = strcspn(text, "\n");

                if (line > 0)
                        picture_caption(picture, "%.*s", (int)line, text);
                text += line + (text[line] == '\n');
        }
}

void document_picture_title(struct picture *picture, const char *what, const char *site)
{
        const int64_t ends[2] = { picture->from, picture->to };
        char texts[2][40];

        for (int i = 0; i < 2; i++) {
                struct when_civil civil =
                        when_civil(ends[i] + (picture->utc_offset != NULL ? picture->utc_offset(ends[i]) : 0));

                snprintf(texts[i], sizeof(texts[i]), "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day,
                         civil.hour, civil.minute);
        }
        snprintf(picture->title, sizeof(picture->title), "Offpeak %s%s%.100s, %s to %s", what,
                 site != NULL ? " at " : "", site != NULL ? site : "", texts[0], texts[1]);
}
