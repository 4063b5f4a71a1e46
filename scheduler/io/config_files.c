/* SPDX-License-Identifier: Apache-2.0 */
#include "io/config_files.h"

#include <stdio.h>

#include "io/config_schema.h"
#include "io/config_series.h"
#include "wire/keys.h"

/* place: a value of the file, for where it stands; NULL: nobody knows. */
static void warn(struct config_faults *faults, const char *place, const struct offpeak_error *err)
{
        unsigned line = 0, column = 0;

        if (place != NULL)
                sscanf(place, "%u:%u:", &line, &column);
        config_faults_add(faults, line, column, true, err->text);
}

/* What a site says of the feed of a kind; NULL: nothing. */
static const struct said_feed *said_of(const struct said_site *site, int kind)
{
        const struct said_store *store = site->battery;

        if (store == NULL && site->reactor != NULL)
                store = site->reactor->storage;
        if (kind >= SERIES_PPA && kind < SERIES_PPA + SUPPLY_MAX_PPAS)
                return kind - SERIES_PPA < (int)site->ppa_count ? site->ppa[kind - SERIES_PPA].series : NULL;
        if (kind == SERIES_STORED)
                return store != NULL ? store->stored : NULL;
        if (kind == SERIES_SOLAR)
                return site->solar != NULL ? site->solar->series : NULL;
        if (kind == SERIES_CAPACITY)
                return site->reactor != NULL ? site->reactor->capacity : NULL;
        if (site->grid == NULL)
                return NULL;
        return kind == SERIES_PRICE    ? site->grid->price
               : kind == SERIES_CARBON ? site->grid->carbon
               : kind == SERIES_LIMIT  ? site->grid->limit_series
                                       : site->grid->export_price;
}

static void check_feed(const struct config *config, size_t s, enum series_kind kind, struct config_faults *faults)
{
        const struct config_feed *feed = config_series_feed(&config->files[s], kind);
        const struct said_feed *said = config->said != NULL ? said_of(&config->said->sites[s], (int)kind) : NULL;
        const struct policy_site *site = &config->policy.sites[s];
        struct quarantine_limits limits;
        struct offpeak_error err;

        if (feed->path == NULL)
                return;
        config_series_limits(feed, site, kind, &limits);
        if (config_series_check(feed, kind, site->name, site->currency, &limits, &err) != 0)
                warn(faults, said != NULL ? said->file : NULL, &err);
}

void config_files_check(const struct config *config, struct config_faults *faults)
{
        const struct said *said = config->said;
        struct wire_keys keys;
        struct offpeak_error err;

        for (size_t s = 0; s < config->policy.n_sites; s++)
                for (int kind = SERIES_PRICE; kind <= SERIES_LAST; kind++)
                        check_feed(config, s, (enum series_kind)kind, faults);
        if (config->curve_secret != NULL) {
                if (wire_keys_load_server(config->curve_secret, config->curve_clients, &keys, &err) == 0)
                        wire_keys_finish(&keys);
                else
                        warn(faults, said != NULL ? said->curve->secret : NULL, &err);
        }
        config_faults_sort(faults);
}
