/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_limits.h"

#include <string.h>

#include "base/text.h"
#include "feeds/unit.h"

static void take_limit(struct config_reading *r, const char *key, const char *value, enum series_kind kind,
                       const char *currency, bool *ret_has, int64_t *ret_limit)
{
        enum series_kind wanted = series_kind_in_files(kind);
        const char *text, *rest;
        struct unit unit;
        int64_t limit;
        size_t size;

        if (value == NULL)
                return;
        text = config_text(value);
        size = strcspn(text, " ");
        rest = text + size + strspn(text + size, " ");
        if (!unit_parse(rest, &unit) || !unit_fits_value(&unit, wanted) ||
            text_parse_decimal(text, size, unit.scale, &limit) != 0)
                config_refuse(r, value, "\"%s\": \"%.64s\" is no value with a unit that fits: write it as 400 %s", key, text,
                              unit_example(wanted));
        else if (unit.currency[0] != '\0' && currency != NULL && strcmp(unit.currency, currency) != 0)
                config_refuse(r, value, "\"%s\" is in %s, and the site's currency is %s", key, unit.currency, currency);
        else {
                *ret_limit = limit;
                *ret_has = true;
        }
}

static void take_limits(struct config_reading *r, const struct said_feed *said, enum series_kind kind,
                        const char *currency, struct config_feed *feed)
{
        if (said == NULL)
                return;
        take_limit(r, "lowest", said->lowest, kind, currency, &feed->has_lowest, &feed->lowest);
        take_limit(r, "highest", said->highest, kind, currency, &feed->has_highest, &feed->highest);
        if (r->code == 0 && feed->has_lowest && feed->has_highest && feed->lowest > feed->highest)
                config_refuse(r, said->highest, "\"highest\" is less than \"lowest\"");
}

void config_take_limits(struct config_reading *reading, const struct said_site *said, const char *currency,
                        struct config_site_files *files)
{
        if (!config_goes_on(reading))
                return;
        if (said->grid != NULL) {
                take_limits(reading, said->grid->price, SERIES_PRICE, currency, &files->price);
                take_limits(reading, said->grid->carbon, SERIES_CARBON, currency, &files->carbon);
                take_limits(reading, said->grid->limit_series, SERIES_LIMIT, currency, &files->limit);
                take_limits(reading, said->grid->export_price, (enum series_kind)SERIES_EXPORT_PRICE, currency,
                            &files->export_price);
        }
        if (said->reactor != NULL)
                take_limits(reading, said->reactor->capacity, SERIES_CAPACITY, currency, &files->capacity);
        if (said->solar != NULL)
                take_limits(reading, said->solar->series, (enum series_kind)SERIES_SOLAR, currency, &files->solar);
        if (said->battery != NULL)
                take_limits(reading, said->battery->stored, (enum series_kind)SERIES_STORED, currency, &files->stored);
        else if (said->reactor != NULL && said->reactor->storage != NULL)
                take_limits(reading, said->reactor->storage->stored, (enum series_kind)SERIES_STORED, currency, &files->stored);
        for (unsigned i = 0; i < said->ppa_count; i++)
                take_limits(reading, said->ppa[i].series, (enum series_kind)(SERIES_PPA + (int)i), currency,
                            &files->ppas[i]);
}
