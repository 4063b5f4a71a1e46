/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_store.h"

#include <math.h>

#include "io/config_feed.h"
#include "supply/presets.h"

#define MICRO       INT64_C(1000000)
#define MOST_MONEY  (1000000000 * MICRO) /* per MWh */
#define MOST_POWER  (10000 * MICRO)      /* 10 GW; plans know no more */
#define MOST_ENERGY (1000000 * MICRO)    /* 1 TWh */
#define LEAST_SHARE (MICRO / 10)         /* what loses more is a mistake, not a store */

static void take_energy(struct config_reading *r, const struct said_store *said, struct supply_store *store)
{
        config_take_energy(r, "energy", said->energy, &store->energy_wh);
        config_take_energy(r, "reserve", said->reserve, &store->reserve_wh);
        if (r->code != 0)
                return;
        if (said->energy != NULL && (store->energy_wh == 0 || store->energy_wh > MOST_ENERGY))
                config_refuse(r, said->energy, "\"energy\" is %s: it must be above 0, and 1000 GWh at the most",
                              config_text(said->energy));
        else if (said->reserve != NULL && store->reserve_wh > store->energy_wh)
                config_refuse(r, said->reserve, "\"reserve\" is more than \"energy\": nothing could ever be taken out");
}

static void take_one_power(struct config_reading *r, const char *key, const char *value, int64_t *watts)
{
        config_take_power(r, key, value, watts);
        if (r->code == 0 && value != NULL && (*watts == 0 || *watts > MOST_POWER))
                config_refuse(r, value, "\"%s\" is %s: it must be above 0, and 10 GW at the most", key,
                              config_text(value));
}

static void take_powers(struct config_reading *r, const struct said_store *said, struct supply_store *store)
{
        const char *one = said->charge != NULL ? said->charge : said->discharge;

        if (r->code == 0 && said->power != NULL && one != NULL)
                config_refuse(r, one, "there is \"power\" as well, which is both: write it, or \"charge\" and \"discharge\"");
        take_one_power(r, "power", said->power, &store->charge_w);
        if (said->power != NULL)
                store->discharge_w = store->charge_w;
        take_one_power(r, "charge", said->charge, &store->charge_w);
        take_one_power(r, "discharge", said->discharge, &store->discharge_w);
}

/* The one of there and back is lost half on the way in and half on the way out. */
static void take_efficiencies(struct config_reading *r, const struct said_store *said, struct supply_store *store)
{
        const char *one = said->charge_efficiency != NULL ? said->charge_efficiency : said->discharge_efficiency;
        int64_t both = MICRO;

        if (r->code == 0 && said->efficiency != NULL && one != NULL)
                config_refuse(r, one, "there is \"efficiency\" as well, which is of both ways: write it, or the two");
        config_take_number(r, "efficiency", said->efficiency, 6, LEAST_SHARE, MICRO, &both);
        if (said->efficiency != NULL)
                store->charge_ppm = store->discharge_ppm = (int64_t)llround(sqrt((double)both * (double)MICRO));
        config_take_number(r, "charge_efficiency", said->charge_efficiency, 6, LEAST_SHARE, MICRO, &store->charge_ppm);
        config_take_number(r, "discharge_efficiency", said->discharge_efficiency, 6, LEAST_SHARE, MICRO, &store->discharge_ppm);
}

/* place: of the site, where the store itself says nothing. */
static void check_store(struct config_reading *r, const char *place, const char *key, const struct supply_store *store)
{
        if (r->code != 0)
                return;
        if (store->energy_wh == 0)
                config_refuse(r, place, "\"%s\" does not say how much it holds: add \"energy\", 100 MWh say", key);
        else if (store->charge_w == 0 || store->discharge_w == 0)
                config_refuse(r, place, "\"%s\" does not say how fast it is charged and discharged: add \"power\", or "
                                        "\"charge\" and \"discharge\"", key);
}

static void take_store(struct config_reading *r, const char *place, const char *key, const struct said_store *said,
                       struct supply_terms *terms, struct config_site_files *files)
{
        struct supply_store *store = &terms->store;

        take_energy(r, said, store);
        take_powers(r, said, store);
        take_efficiencies(r, said, store);
        store->has_end_value = said->end_value_per_mwh != NULL;
        config_take_number(r, "end_value_per_mwh", said->end_value_per_mwh, 6, 0, MOST_MONEY, &store->end_value);
        config_take_feed(r, "stored", said->stored, &files->stored);
        check_store(r, place, key, store);
        terms->has_store = true;
}

void config_take_store(struct config_reading *reading, const struct said_site *said, struct supply_terms *terms,
                       struct config_site_files *files)
{
        const struct said_reactor *reactor = said->reactor;
        bool preset = reactor != NULL && reactor->preset != NULL && preset_store(config_text(reactor->preset), &terms->store);

        if (!config_goes_on(reading))
                return;
        terms->has_store = preset;
        if (!preset)
                terms->store = (struct supply_store){ .charge_ppm = MICRO, .discharge_ppm = MICRO };
        if (said->battery != NULL && (preset || (reactor != NULL && reactor->storage != NULL))) {
                config_refuse(reading, said->name, "site \"%s\" has two stores, a battery and its reactor's: one is supported",
                              config_text(said->name));
        } else if (said->battery != NULL) {
                take_store(reading, said->name, "battery", said->battery, terms, files);
        } else if (reactor != NULL && reactor->storage != NULL) {
                terms->store.from_reactor = true;
                take_store(reading, said->name, "storage", reactor->storage, terms, files);
        }
        if (!terms->has_store)
                terms->store = (struct supply_store){ 0 };
}
