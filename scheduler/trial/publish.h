/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.h - what of a series is public when: prices of a day ahead at noon of the day before, in UTC; a carbon
 * intensity, and what sun and agreements produce, hour by hour as it is measured; power that is contracted or planned,
 * at all times.
 */
#ifndef OFFPEAK_TRIAL_PUBLISH_H
#define OFFPEAK_TRIAL_PUBLISH_H

#include "supply/series.h"

/* The first second of which nothing is public at `time`; INT64_MAX: all of it is. */
int64_t publish_until(enum series_kind kind, int64_t time);

/* When the next values of such a series come out, after `time`; INT64_MAX: never. */
int64_t publish_next(enum series_kind kind, int64_t time);

/* What of a series is public at `time`. ENOMEM. */
int publish_series(const struct series *series, int64_t time, struct series *ret_series);

#endif
