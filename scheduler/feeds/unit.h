/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h - units of energy signals as files write them.
 *
 *   EUR/MWh, Eur / MWh, ct/kWh, EUR ct/kWh, p/kWh, $/MWHr, €/MWh, 円/kWh, USD per MWh       price
 *   g/kWh, gCO2eq/kWh, gCO2e per kWh, kg/MWh, t/MWh                                     carbon intensity
 *   W, kW, MW, GW                                                                         power
 *   Wh, kWh, MWh, GWh                                    energy of an interval, so its mean power; or what a store holds
 *   %                                                                                     of a rating
 */
#ifndef OFFPEAK_FEEDS_UNIT_H
#define OFFPEAK_FEEDS_UNIT_H

#include <stdbool.h>

#include "supply/series.h"

enum unit_what { UNIT_NONE, UNIT_PRICE, UNIT_CARBON, UNIT_POWER, UNIT_ENERGY, UNIT_PERCENT };

struct unit {
        enum unit_what what;
        int scale;        /* the value times 10^scale is in the series' unit (micro per MWh, mg/kWh, W or Wh) */
        char currency[4]; /* ISO 4217; "": not a price, or not told */
};

/* False if it is no unit known here; ret_unit is then untouched. */
bool unit_parse(const char *text, struct unit *ret_unit);

/* Does a series of that kind hold it? */
bool unit_fits(const struct unit *unit, enum series_kind kind);

/* Does one value alone, of no interval and no rating, have it? */
bool unit_fits_value(const struct unit *unit, enum series_kind kind);

/* How a unit of that kind is best written: "EUR/MWh". */
const char *unit_example(enum series_kind kind);

#endif
