/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site_supply.h - a site's sources over time: its contracts (constants) and its series, as supply curves.
 *
 * The one place where series become prices of power: planner, ledger and `offpeak price` all ask here.
 */
#ifndef OFFPEAK_SUPPLY_SITE_SUPPLY_H
#define OFFPEAK_SUPPLY_SITE_SUPPLY_H

#include "supply/series.h"
#include "supply/signal.h"
#include "supply/supply.h"
#include "supply/terms.h"

/* Not owned; any series may be NULL (unknown throughout). */
struct site_supply {
        struct supply_terms terms;
        const struct series *price, *carbon, *capacity, *limit, *export_price, *solar, *stored;
        const struct series *ppas[SUPPLY_MAX_PPAS]; /* production, in the order of the terms */
        bool by_signal;                      /* ask these instead: what is in use, by rules, and not only what was said */
        struct signal signals[SERIES_COUNT]; /* [enum series_kind]; all zero: unknown throughout */
};

/* What the reactor can give: as reported, else by its units' ratings and outages. SERIES_UNKNOWN: nobody can say. */
int64_t site_supply_reactor(const struct site_supply *site, int64_t time);

/* What an agreement delivers, or, if it is virtual, settles. SERIES_UNKNOWN: its production is not known. */
int64_t site_supply_ppa(const struct site_supply *site, uint32_t ppa, int64_t time);

/* Wh in the store, no more than it holds. SERIES_UNKNOWN: there is none, or nobody tells. */
int64_t site_supply_stored(const struct site_supply *site, int64_t time);

/* When that was told; INT64_MIN: nobody did. */
int64_t site_supply_stored_since(const struct site_supply *site, int64_t time);

/* Whether each of the site's own units says what it can give. Units of which nobody can say count as nothing. */
bool site_supply_is_known(const struct site_supply *site, int64_t time);

/* Price, adder and tax for a price of the grid; unknown stays unknown. */
int64_t site_supply_grid_price(const struct supply_terms *terms, int64_t price);

struct supply_curve site_supply_at(const struct site_supply *site, int64_t time);

/* The first time after `time` at which the curve may change; INT64_MAX: never. */
int64_t site_supply_next_edge(const struct site_supply *site, int64_t time);

#endif
