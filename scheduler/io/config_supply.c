/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_supply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "io/config_feed.h"
#include "io/config_store.h"
#include "supply/presets.h"

#define MICRO       INT64_C(1000000)
#define MOST_MONEY  (1000000000 * MICRO) /* in any of the units here */
#define MOST_CARBON INT64_C(10000000)    /* mg per kWh */
#define MOST_POWER  (1000000 * MICRO)    /* 1 TW */
#define DAY         INT64_C(86400)
#define QUARTER     INT64_C(900)

/* "a, b or c" from a list that ends with NULL. */
static const char *all_names(const char *const *names, char text[160])
{
        text[0] = '\0';
        for (size_t i = 0; names[i] != NULL; i++) {
                size_t used = strlen(text);

                snprintf(text + used, 160 - used, "%s%s", i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ", names[i]);
        }
        return text;
}

static void take_power(struct config_reading *r, const char *key, const char *value, int64_t *watts)
{
        config_take_power(r, key, value, watts);
        if (r->code == 0 && value != NULL && *watts > MOST_POWER)
                config_refuse(r, value, "\"%s\" is %s: 1000 GW is the most allowed", key, config_text(value));
}

static void take_name(struct config_reading *r, const char *value, char name[SUPPLY_NAME])
{
        char *text = NULL;

        config_take_name(r, "name", value, &text);
        if (text != NULL && strlen(text) >= SUPPLY_NAME)
                config_refuse(r, value, "\"name\" is longer than %d bytes", SUPPLY_NAME - 1);
        else if (text != NULL)
                strcpy(name, text);
        free(text);
}

/* ---- hours of the week */

static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

static bool take_minute(const char **at, uint16_t *ret_minute)
{
        char *end;
        unsigned long hour, minute = 0;

        if (**at < '0' || **at > '9')
                return false;
        hour = strtoul(*at, &end, 10);
        if (*end == ':') {
                if (end[1] < '0' || end[1] > '9')
                        return false;
                minute = strtoul(end + 1, &end, 10);
        }
        *at = end;
        *ret_minute = (uint16_t)(hour * 60 + minute);
        return hour <= 24 && minute < 60 && hour * 60 + minute <= 1440;
}

static bool take_day(const char **at, unsigned *ret_day)
{
        for (unsigned d = 0; d < 7; d++)
                if (strncasecmp(*at, days[d], 3) == 0) {
                        *at += 3;
                        *ret_day = d;
                        return true;
                }
        return false;
}

/* `Mon-Fri`, `Sat,Sun`; also over the end of the week, `Sat-Mon`. */
static bool take_days(const char *at, uint8_t *mask)
{
        for (;;) {
                unsigned first, last;

                if (!take_day(&at, &first))
                        return false;
                last = first;
                if (*at == '-') {
                        at++;
                        if (!take_day(&at, &last))
                                return false;
                }
                for (unsigned d = first;; d = (d + 1) % 7) {
                        *mask = (uint8_t)(*mask | 1u << d);
                        if (d == last)
                                break;
                }
                if (*at != ',')
                        return *at == '\0';
                at++;
        }
}

bool config_parse_hours(const char *text, struct supply_hours *ret_hours)
{
        struct supply_hours hours = { 0 };

        if (!take_minute(&text, &hours.from_minute) || *text++ != '-' || !take_minute(&text, &hours.to_minute) ||
            hours.from_minute >= hours.to_minute)
                return false;
        if (*text == '\0')
                hours.days = 127;
        else if (*text != ' ' || !take_days(text + strspn(text, " "), &hours.days))
                return false;
        *ret_hours = hours;
        return true;
}

/* ---- the grid's tariff */

static void take_hours(struct config_reading *r, const char *value, struct supply_hours *hours)
{
        if (value != NULL && !config_is_null(value) && !config_parse_hours(config_text(value), hours))
                config_refuse(r, value,
                              "\"hours\": \"%.64s\" is no hours of the week: write 07-20 Mon-Fri, or 07:30-20:00 for every "
                              "day; over midnight they are two",
                              config_text(value));
}

static void take_demand(struct config_reading *r, const struct said_demand *said, struct supply_demand *demand)
{
        *demand = (struct supply_demand){ .interval_s = QUARTER };
        config_take_number(r, "per_kw", said->per_kw, 6, 0, MOST_MONEY, &demand->per_kw);
        config_take_only(r, "window", said->window, "month");
        config_take_seconds(r, "interval", said->interval, SUPPLY_METER_S, DAY, &demand->interval_s);
        if (r->code == 0 && (demand->interval_s % SUPPLY_METER_S != 0 || DAY % demand->interval_s != 0))
                config_refuse(r, said->interval, "\"interval\" is %s: write 5m or a multiple of it that divides a day",
                              config_text(said->interval));
        take_hours(r, said->hours, &demand->hours);
        if (r->code == 0 && (demand->hours.from_minute % 5 != 0 || demand->hours.to_minute % 5 != 0))
                config_refuse(r, said->hours, "\"hours\" is %s: write times in steps of five minutes",
                              config_text(said->hours));
        take_power(r, "contract", said->contract, &demand->contract_w);
        config_take_number(r, "minimum_share", said->minimum_share, 6, 0, MICRO, &demand->minimum_share_ppm);
        if (r->code == 0 && said->minimum_share != NULL && said->contract == NULL)
                config_refuse(r, said->minimum_share, "\"minimum_share\" is a share of \"contract\", which is missing");
}

/* `+01:00`, `-05:30`. */
static void take_utc_offset(struct config_reading *r, const char *value, int64_t *offset)
{
        const char *text = value != NULL ? config_text(value) : "";
        unsigned hours, minutes;
        int length = 0;

        if (value == NULL)
                return;
        if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 ||
            sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &length) != 2 || length != 5 || hours > 14 || minutes > 59 ||
            minutes % 15 != 0)
                config_refuse(r, value, "\"utc_offset\": \"%.64s\" is no offset: write \"+01:00\", in steps of 15 minutes",
                              text);
        else
                *offset = (text[0] == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
}

static void take_export(struct config_reading *r, const struct said_grid *said, struct supply_terms *terms,
                        struct config_site_files *files)
{
        take_power(r, "export_limit", said->export_limit, &terms->export_limit_w);
        config_take_feed(r, "export_price", said->export_price, &files->export_price);
        terms->has_export_price = said->export_price_per_mwh != NULL;
        config_take_number(r, "export_price_per_mwh", said->export_price_per_mwh, 6, -MOST_MONEY, MOST_MONEY,
                           &terms->export_price);
        if (r->code != 0)
                return;
        if (said->export_price != NULL && said->export_price_per_mwh != NULL)
                config_refuse(r, said->export_price_per_mwh,
                              "there is \"export_price\" as well: a series or a constant, not both");
        else if (said->export_limit != NULL && said->export_price == NULL && said->export_price_per_mwh == NULL)
                config_refuse(r, said->export_limit,
                              "what is exported has no price: add \"export_price\" or \"export_price_per_mwh\"");
        else if (said->export_limit == NULL && (said->export_price != NULL || said->export_price_per_mwh != NULL))
                config_refuse(r, said->export_price != NULL ? config_feed_place(said->export_price)
                                                                : said->export_price_per_mwh,
                              "nothing can be exported: add \"export_limit\"");
}

static void take_firm(struct config_reading *r, const struct said_grid *said, struct supply_terms *terms)
{
        int64_t most = terms->grid_limit_w;

        terms->has_firm = said->firm != NULL;
        take_power(r, "firm", said->firm, &terms->grid_firm_w);
        take_power(r, "curtailable", said->curtailable, &terms->grid_curtailable_w);
        if (r->code != 0)
                return;
        if (said->curtailable != NULL && said->firm == NULL)
                config_refuse(r, said->curtailable, "\"curtailable\" comes on top of \"firm\", which is missing");
        else if (said->firm != NULL && terms->grid_firm_w > most)
                config_refuse(r, said->firm, "\"firm\" is more than \"limit\"");
        else if (said->curtailable != NULL && terms->grid_firm_w + terms->grid_curtailable_w > most)
                config_refuse(r, said->curtailable, "\"firm\" and \"curtailable\" together are more than \"limit\"");
}

static void take_tariff(struct config_reading *r, const struct said_grid *said, struct supply_terms *terms,
                        struct config_site_files *files)
{
        config_take_number(r, "tax", said->tax, 6, 0, MICRO, &terms->grid_tax_ppm);
        take_export(r, said, terms, files);
        take_firm(r, said, terms);
        take_utc_offset(r, said->utc_offset, &terms->utc_offset_s);
        for (unsigned i = 0; config_goes_on(r) && i < said->demand_count; i++) {
                if (i == SUPPLY_MAX_DEMANDS) {
                        config_refuse(r, said->demand[i].per_kw, "more than %d demand charges are not supported",
                                      SUPPLY_MAX_DEMANDS);
                        return;
                }
                take_demand(r, &said->demand[i], &terms->demands[terms->n_demands++]);
        }
}

/* ---- agreements */

static void take_ppa_preset(struct config_reading *r, const char *value, struct supply_ppa *ppa)
{
        char known[160];

        if (value != NULL && !preset_ppa(config_text(value), ppa))
                config_refuse(r, value, "\"preset\": \"%.64s\" is not known: write %s", config_text(value),
                              all_names(preset_ppa_names, known));
}

/* What the parts of an agreement must have of each other. */
static void check_ppa(struct config_reading *r, const struct said_ppa *said, const struct supply_ppa *ppa)
{
        if (r->code != 0)
                return;
        if (ppa->kind == 0)
                config_refuse(r, said->name, "agreement \"%s\" has no \"kind\": write as_produced, baseload or virtual",
                              ppa->name);
        else if (ppa->kind == PPA_AS_PRODUCED && (!ppa->has_series || said->power != NULL))
                config_refuse(r, said->power != NULL ? said->power : said->name,
                              "agreement \"%s\" is as_produced: give its production as \"series\", and no \"power\"", ppa->name);
        else if (ppa->kind == PPA_BASELOAD && (ppa->has_series || ppa->power_w == 0))
                config_refuse(r, said->series != NULL ? config_feed_place(said->series) : said->name,
                              "agreement \"%s\" is baseload: give its \"power\", and no \"series\"", ppa->name);
        else if (ppa->kind == PPA_VIRTUAL && ppa->has_series == (ppa->power_w != 0))
                config_refuse(r, said->name, "agreement \"%s\" is virtual: give either \"series\" or \"power\"", ppa->name);
        else if (said->share != NULL && !ppa->has_series)
                config_refuse(r, said->share, "\"share\" is of a production: without \"series\" there is none");
        else if (said->carbon_g_per_kwh == NULL && said->preset == NULL)
                config_refuse(r, said->name, "agreement \"%s\" has no \"carbon_g_per_kwh\": what is not known is not zero",
                              ppa->name);
        else if (ppa->end != 0 && ppa->end <= ppa->start)
                config_refuse(r, said->end, "agreement \"%s\" ends before it starts", ppa->name);
}

static void take_ppa(struct config_reading *r, const struct said_ppa *said, struct supply_ppa *ppa, struct config_feed *file)
{
        static const char *const kinds[] = { "as_produced", "baseload", "virtual" };
        size_t kind;

        *ppa = (struct supply_ppa){ .take_or_pay = true, .share_ppm = MICRO };
        take_ppa_preset(r, said->preset, ppa);
        take_name(r, said->name, ppa->name);
        kind = ppa->kind > 0 ? ppa->kind - 1 : 0;
        config_take_choice(r, "kind", said->kind, kinds, 3, &kind);
        if (said->kind != NULL)
                ppa->kind = (enum supply_ppa_kind)(kind + 1);
        config_take_number(r, "strike_per_mwh", said->strike_per_mwh, 6, 0, MOST_MONEY, &ppa->strike);
        config_take_number(r, "share", said->share, 6, 1, MICRO, &ppa->share_ppm);
        take_power(r, "power", said->power, &ppa->power_w);
        config_take_feed(r, "series", said->series, file);
        ppa->has_series = said->series != NULL;
        config_take_bool(r, "take_or_pay", said->take_or_pay, &ppa->take_or_pay);
        config_take_bool(r, "behind_meter", said->behind_meter, &ppa->behind_meter);
        config_take_time(r, "start", said->start, &ppa->start);
        config_take_time(r, "end", said->end, &ppa->end);
        config_take_number(r, "carbon_g_per_kwh", said->carbon_g_per_kwh, 3, 0, MOST_CARBON, &ppa->carbon);
        check_ppa(r, said, ppa);
}

static void take_ppas(struct config_reading *r, const struct said_site *said, struct supply_terms *terms,
                      struct config_site_files *files)
{
        for (unsigned i = 0; config_goes_on(r) && i < said->ppa_count; i++) {
                if (i == SUPPLY_MAX_PPAS) {
                        config_refuse(r, said->ppa[i].name, "more than %d agreements are not supported", SUPPLY_MAX_PPAS);
                        return;
                }
                take_ppa(r, &said->ppa[i], &terms->ppas[i], &files->ppas[i]);
                if (r->code == 0 && said->grid == NULL && !terms->ppas[i].behind_meter)
                        config_refuse(r, said->ppa[i].name,
                                      "agreement \"%s\" comes through the grid, and the site has none: add \"grid\", or say "
                                      "behind_meter: true",
                                      terms->ppas[i].name);
                terms->n_ppas++;
                for (unsigned k = 0; r->code == 0 && k < i; k++)
                        if (strcmp(terms->ppas[k].name, terms->ppas[i].name) == 0)
                                config_refuse(r, said->ppa[i].name, "agreement \"%s\" is there twice",
                                              terms->ppas[i].name);
        }
}

/* ---- reactor units */

static void take_unit(struct config_reading *r, const struct said_unit *said, struct supply_terms *terms)
{
        struct supply_reactor *unit = &terms->reactors[terms->n_reactors];

        *unit = (struct supply_reactor){ 0 };
        take_name(r, said->name, unit->name);
        take_power(r, "rating", said->rating, &unit->rating_w);
        take_power(r, "minimum", said->minimum, &unit->minimum_w);
        take_power(r, "ramp_per_min", said->ramp_per_min, &unit->ramp_w_per_min);
        config_take_seconds(r, "restart", said->restart, 0, 365 * DAY, &unit->restart_s);
        if (r->code == 0 && unit->minimum_w > unit->rating_w)
                config_refuse(r, said->minimum, "\"minimum\" of unit \"%s\" is more than its rating", unit->name);
        for (uint32_t i = 0; r->code == 0 && i < terms->n_reactors; i++)
                if (strcmp(terms->reactors[i].name, unit->name) == 0)
                        config_refuse(r, said->name, "unit \"%s\" is there twice", unit->name);
        terms->n_reactors++;
}

/* A preset's units, or the file's own. */
static void take_units(struct config_reading *r, const struct said_reactor *said, struct supply_terms *terms)
{
        unsigned n = said->preset == NULL ? said->units_count : 0;
        char known[160];

        if (r->code == 0 && said->preset != NULL && said->units_count > 0)
                config_refuse(r, said->preset, "there are \"units\" as well: write the preset or units, not both");
        if (said->preset != NULL && !preset_reactors(config_text(said->preset), terms->reactors, &terms->n_reactors))
                config_refuse(r, said->preset, "\"preset\": \"%.64s\" is not known: write %s", config_text(said->preset),
                              all_names(preset_reactor_names, known));
        for (unsigned i = 0; config_goes_on(r) && i < n; i++) {
                if (i == SUPPLY_MAX_REACTORS) {
                        config_refuse(r, said->units[i].name, "more than %d units are not supported", SUPPLY_MAX_REACTORS);
                        return;
                }
                take_unit(r, &said->units[i], terms);
        }
}

static void take_outage(struct config_reading *r, const struct said_outage *said, struct supply_terms *terms)
{
        struct supply_outage *outage = &terms->outages[terms->n_outages];
        const char *names[SUPPLY_MAX_REACTORS], *text = config_text(said->unit), *nearest;
        uint32_t u = 0;

        for (uint32_t i = 0; i < terms->n_reactors; i++)
                names[i] = terms->reactors[i].name;
        while (u < terms->n_reactors && strcmp(names[u], text) != 0)
                u++;
        if (u == terms->n_reactors) {
                nearest = text_nearest(text, names, terms->n_reactors);
                if (r->code == 0) /* else a unit that is wrong may be the one */
                        config_refuse(r, said->unit, "\"unit\": there is no unit \"%.64s\"%s%s%s", text,
                                      nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                                      nearest != NULL ? "\"?)" : "");
                return;
        }
        *outage = (struct supply_outage){ .unit = u };
        config_take_time(r, "from", said->from, &outage->from);
        config_take_time(r, "to", said->to, &outage->to);
        take_power(r, "power", said->power, &outage->power_w);
        if (r->code == 0 && outage->to <= outage->from)
                config_refuse(r, said->to, "the outage ends before it begins");
        else if (r->code == 0 && outage->power_w > terms->reactors[u].rating_w)
                config_refuse(r, said->power, "\"power\" is what the outage leaves: more than unit \"%s\" has", text);
        terms->n_outages++;
}

static void take_plant(struct config_reading *r, const struct said_site *site, struct supply_terms *terms)
{
        const struct said_reactor *said = site->reactor;

        take_units(r, said, terms);
        take_power(r, "house_load", said->house_load, &terms->reactor_house_w);
        for (unsigned i = 0; config_goes_on(r) && i < said->outages_count; i++) {
                if (i == SUPPLY_MAX_OUTAGES) {
                        config_refuse(r, said->outages[i].unit, "more than %d outages are not supported",
                                      SUPPLY_MAX_OUTAGES);
                        break;
                }
                take_outage(r, &said->outages[i], terms);
        }
        if (r->code == 0 && said->capacity == NULL && terms->n_reactors == 0)
                config_refuse(r, said->fuel_cost_per_mwh,
                              "nobody says what the reactor can give: add \"capacity\", \"units\" or \"preset\"");
}

/* ---- all of it */

static void take_solar(struct config_reading *r, const struct said_solar *said, struct supply_terms *terms,
                       struct config_site_files *files)
{
        terms->has_solar = true;
        terms->solar_carbon = 48000;
        config_take_feed(r, "series", said->series, &files->solar);
        config_take_number(r, "carbon_g_per_kwh", said->carbon_g_per_kwh, 3, 0, MOST_CARBON, &terms->solar_carbon);
}

void config_take_supply(struct config_reading *reading, const struct said_site *said, struct supply_terms *terms,
                        struct config_site_files *files)
{
        if (said->grid != NULL)
                take_tariff(reading, said->grid, terms, files);
        take_ppas(reading, said, terms, files);
        if (said->solar != NULL)
                take_solar(reading, said->solar, terms, files);
        if (said->reactor != NULL)
                take_plant(reading, said, terms);
        config_take_store(reading, said, terms, files);
}
