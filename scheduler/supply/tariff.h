/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tariff.h - months and hours of a demand charge, and what it comes to. Exact integers.
 *
 * Months and hours are those of the tariff's own time, a fixed offset from UTC: where clocks change in summer they do not.
 */
#ifndef OFFPEAK_SUPPLY_TARIFF_H
#define OFFPEAK_SUPPLY_TARIFF_H

#include "supply/terms.h"

/* The month that holds `time`: when it begins, and when the next one does. UTC seconds. */
int64_t tariff_month(const struct supply_terms *terms, int64_t time);
int64_t tariff_next_month(const struct supply_terms *terms, int64_t time);

/* Whether power drawn at `time` counts, and the first time after it at which that may change (INT64_MAX: never). */
bool tariff_counts(const struct supply_terms *terms, const struct supply_demand *demand, int64_t time);
int64_t tariff_next_edge(const struct supply_terms *terms, const struct supply_demand *demand, int64_t time);

/* The charge that costs most per kW: the one that plans are made for. NULL: none costs anything. */
const struct supply_demand *tariff_dearest(const struct supply_terms *terms);

/* W that are billed whatever is drawn, and those for a month's peak: the larger of both. */
int64_t tariff_least_w(const struct supply_demand *demand);
int64_t tariff_billed_w(const struct supply_demand *demand, int64_t peak_w);

/* What so many W cost for the month, micro-currency, rounded down. */
int64_t tariff_charge(const struct supply_demand *demand, int64_t billed_w);

#endif
