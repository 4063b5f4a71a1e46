/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.h - what several versions and sources of one signal say together.
 *
 *   join    a new version, and before it what older versions of the same source told: a feed that tells only today and
 *           tomorrow leaves a past to forecast from all the same
 *   over    one source over another: the upper one wherever it knows a value, else the lower one
 *
 * Step functions in, step functions out; pure. ret_series is written on success only, and then the caller's.
 */
#ifndef OFFPEAK_SUPPLY_LAYERS_H
#define OFFPEAK_SUPPLY_LAYERS_H

#include "supply/series.h"

#define LAYERS_PAST_S INT64_C(14515200) /* 168 days: what a forecast and its back-test look back on, and a week to spare */

enum { LAYERS_PAST_POINTS = 20000 }; /* of older versions, at the most: the oldest go first */

/*
 * From the newer version's first known value on it alone holds, with its names, issue time and version; before it stands
 * what the older one says of up to LAYERS_PAST_S. Time of which neither tells is unknown. A newer version without points
 * tells nothing: the older one stays. Neither is changed; ENOMEM.
 */
int layers_join(const struct series *older, const struct series *newer, struct series *ret_series);

/* Would a join with `newer` say the same as `standing` does, at every time from the newer one's beginning on? */
bool layers_tell(const struct series *standing, const struct series *newer);

/* The series up to `at`, as if nothing had been said of later times. ENOMEM. */
int layers_cut(const struct series *series, int64_t at, struct series *ret_series);

/* Names, issue time and version are those of the layer with the higher version. ENOMEM. */
int layers_over(const struct series *upper, const struct series *lower, struct series *ret_series);

#endif
