/* SPDX-License-Identifier: Apache-2.0 */
/* config_row_places.c - is a part there, or an entry i of a list, and what belongs to it? */
#include "io/config_rows_parts.h"

bool enter_always(struct config_at *at, size_t i)
{
        (void)at;
        return i == 0;
}

bool enter_curve(struct config_at *at, size_t i)
{
        return i == 0 && at->config->curve_secret != NULL;
}

bool enter_sites(struct config_at *at, size_t i)
{
        if (i >= at->config->policy.n_sites)
                return false;
        at->site = &at->config->policy.sites[i];
        at->files = &at->config->files[i];
        return true;
}

const char *site_name(const struct config_at *at)
{
        return at->site->name;
}

bool enter_classes(struct config_at *at, size_t i)
{
        if (i >= at->config->policy.n_classes)
                return false;
        at->class = &at->config->policy.classes[i];
        return true;
}

const char *class_name(const struct config_at *at)
{
        return at->class->name;
}

/* A connection without a limit, and none at all, differ in the file alone. */
bool enter_grid(struct config_at *at, size_t i)
{
        return i == 0 && at->said != NULL;
}

bool enter_reactor(struct config_at *at, size_t i)
{
        return i == 0 && at->site->terms.has_reactor;
}

bool enter_solar(struct config_at *at, size_t i)
{
        return i == 0 && at->site->terms.has_solar;
}

bool enter_battery(struct config_at *at, size_t i)
{
        return i == 0 && at->site->terms.has_store && !at->site->terms.store.from_reactor;
}

bool enter_storage(struct config_at *at, size_t i)
{
        return i == 0 && at->site->terms.has_store && at->site->terms.store.from_reactor;
}

bool enter_demands(struct config_at *at, size_t i)
{
        if (i >= at->site->terms.n_demands)
                return false;
        at->demand = &at->site->terms.demands[i];
        return true;
}

bool enter_ppas(struct config_at *at, size_t i)
{
        if (i >= at->site->terms.n_ppas)
                return false;
        at->ppa = &at->site->terms.ppas[i];
        return true;
}

const char *ppa_name(const struct config_at *at)
{
        return at->ppa->name;
}

bool enter_units(struct config_at *at, size_t i)
{
        if (i >= at->site->terms.n_reactors)
                return false;
        at->unit = &at->site->terms.reactors[i];
        return true;
}

const char *unit_name(const struct config_at *at)
{
        return at->unit->name;
}

bool enter_outages(struct config_at *at, size_t i)
{
        if (i >= at->site->terms.n_outages)
                return false;
        at->outage = &at->site->terms.outages[i];
        return true;
}

static bool feed(struct config_at *at, size_t i, const struct config_feed *from, int kind)
{
        if (i > 0 || (from->path == NULL && from->url == NULL))
                return false;
        at->feed = from;
        at->kind = (enum series_kind)kind;
        return true;
}

bool enter_price(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->price, SERIES_PRICE);
}

bool enter_carbon(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->carbon, SERIES_CARBON);
}

bool enter_limit_series(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->limit, SERIES_LIMIT);
}

bool enter_export_series(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->export_price, SERIES_EXPORT_PRICE);
}

bool enter_capacity(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->capacity, SERIES_CAPACITY);
}

bool enter_solar_series(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->solar, SERIES_SOLAR);
}

bool enter_stored(struct config_at *at, size_t i)
{
        return feed(at, i, &at->files->stored, SERIES_STORED);
}

bool enter_ppa_series(struct config_at *at, size_t i)
{
        size_t p = (size_t)(at->ppa - at->site->terms.ppas);

        return feed(at, i, &at->files->ppas[p], SERIES_PPA + (int)p);
}
