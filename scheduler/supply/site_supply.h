/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site_supply.h - a site's sources over time: its contracts (constants) and its series, as supply curves.
 *
 * The one place where series become prices of power: planner, ledger and `offpeak price` all ask here.
 */
#ifndef OFFPEAK_SUPPLY_SITE_SUPPLY_H
#define OFFPEAK_SUPPLY_SITE_SUPPLY_H

#include "supply/series.h"
#include "supply/supply.h"

/* The constants of a site's contracts and plant. */
struct supply_terms {
        int64_t grid_adder;      /* micro-currency per MWh on top of the price series */
        int64_t grid_limit_w;    /* INT64_MAX: none */
        bool has_reactor;
        int64_t reactor_fuel;    /* avoidable fuel, micro-currency per MWh */
        int64_t reactor_carbon;  /* mg CO2e per kWh, life cycle */
        int64_t pue_fixed_w;     /* facility power = fixed + factor * IT power */
        int64_t pue_ppm;         /* factor in millionths, >= 1000000 */
};

/* Not owned; any series may be NULL (unknown throughout). */
struct site_supply {
        struct supply_terms terms;
        const struct series *price, *carbon, *capacity, *limit;
};

struct supply_curve site_supply_at(const struct site_supply *site, int64_t time);

/* The first time after `time` at which the curve may change; INT64_MAX: never. */
int64_t site_supply_next_edge(const struct site_supply *site, int64_t time);

#endif
