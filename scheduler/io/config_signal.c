/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_signal.h"

#include <string.h>

#include "base/text.h"
#include "feeds/unit.h"

#define YEAR INT64_C(31536000)

static void take_value(struct config_reading *r, const char *said, enum series_kind kind, const char *currency,
                       struct signal_rule *rule)
{
        const char *text = config_text(said);
        size_t length = strspn(text, "+-.0123456789"), blanks = strspn(text + length, " ");
        enum series_kind in_units = series_kind_in_files(kind);
        struct unit unit;

        if (!unit_parse(text + length + blanks, &unit) || !unit_fits_value(&unit, in_units) ||
            text_parse_decimal(text, length, unit.scale, &rule->value) != 0) {
                config_refuse(r, said, "\"fallback\": \"%.64s\" is not known: write last, forecast, or a value in %s", text,
                              unit_example(in_units));
                return;
        }
        if (unit.what == UNIT_PRICE && currency != NULL && strcmp(unit.currency, currency) != 0)
                config_refuse(r, said, "\"fallback\": \"%.64s\" is not in the site's currency, %s", text, currency);
        else if (unit.what != UNIT_PRICE && rule->value < 0)
                config_refuse(r, said, "\"fallback\": \"%.64s\" is below zero", text);
        rule->fallback = SIGNAL_TAKE_VALUE;
}

static void take_rule(struct config_reading *r, const struct said_feed *said, enum series_kind kind, struct policy_site *site)
{
        struct signal_rule *rule = &site->signals[kind];

        if (said == NULL)
                return;
        config_take_seconds(r, "stale_after", said->stale_after, 1, YEAR, &rule->stale_after_s);
        if (said->fallback == NULL)
                return;
        if (strcmp(config_text(said->fallback), "last") == 0)
                rule->fallback = SIGNAL_TAKE_LAST;
        else if (strcmp(config_text(said->fallback), "forecast") == 0)
                rule->fallback = SIGNAL_TAKE_FORECAST;
        else
                take_value(r, said->fallback, kind, site->currency, rule);
}

void config_take_signals(struct config_reading *reading, const struct said_site *said, struct policy_site *site)
{
        if (said->grid != NULL) {
                take_rule(reading, said->grid->price, SERIES_PRICE, site);
                take_rule(reading, said->grid->carbon, SERIES_CARBON, site);
                take_rule(reading, said->grid->limit_series, SERIES_LIMIT, site);
                take_rule(reading, said->grid->export_price, (enum series_kind)SERIES_EXPORT_PRICE, site);
        }
        if (said->reactor != NULL)
                take_rule(reading, said->reactor->capacity, SERIES_CAPACITY, site);
        if (said->solar != NULL)
                take_rule(reading, said->solar->series, (enum series_kind)SERIES_SOLAR, site);
        if (said->battery != NULL)
                take_rule(reading, said->battery->stored, (enum series_kind)SERIES_STORED, site);
        else if (said->reactor != NULL && said->reactor->storage != NULL)
                take_rule(reading, said->reactor->storage->stored, (enum series_kind)SERIES_STORED, site);
        for (unsigned i = 0; i < said->ppa_count && i < SUPPLY_MAX_PPAS; i++)
                take_rule(reading, said->ppa[i].series, (enum series_kind)(SERIES_PPA + i), site);
}
