/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spread.h - how far the forecast of series_fill may be off: from its median error up to the 0.9 quantile of its errors.
 *
 * The forecast of a time repeats a published value some whole days older. What it would have missed by in the past is known:
 * published value less the one as many days older, at every quarter of an hour of the last eight weeks. Taken are the errors
 * of the same hour of the day (UTC) if there are two weeks of them, else those of all hours if there are three days of them.
 * A quantile q of n errors is the one of rank ceil(q n). A forecast that is off on one side is not put right by this: the
 * spread counts from the median error, wherever that lies.
 */
#ifndef OFFPEAK_SUPPLY_SPREAD_H
#define OFFPEAK_SUPPLY_SPREAD_H

#include "supply/series.h"

/*
 * The spread over [from, to) in the series' own unit, never negative, as a series of its own: 0 where the value is published;
 * 0, too, where the past is too short to tell, or the forecast a mean of all that is known. ret_unknown_from: the first
 * time of which that is so (INT64_MAX: none). from, to and the series as they are given to series_fill. ENOMEM.
 */
int series_spread(const struct series *series, int64_t from, int64_t to, struct series *ret_spread,
                  int64_t *ret_unknown_from);

#endif
