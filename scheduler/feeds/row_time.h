/* SPDX-License-Identifier: Apache-2.0 */
/* row_time.h - when the interval of a row begins, by its mapping's time columns, zone and convention. */
#ifndef OFFPEAK_FEEDS_ROW_TIME_H
#define OFFPEAK_FEEDS_ROW_TIME_H

#include "feeds/rows.h"
#include "feeds/zone.h"

/* The UTC times that a row can mean, ascending. */
struct row_time {
        int64_t times[2];
        int n; /* 0: in an hour that clocks jump over; 2: in the doubled hour, and no marker tells which */
};

/*
 * zone: the mapping's, open; NULL if it has none. With MAPPING_END it is the end of the interval. EINVAL with the
 * place.
 */
int row_time(const struct mapping *mapping, const struct zone *zone, const struct rows *rows, const struct row *row,
             struct row_time *ret_time, struct offpeak_error *err);

#endif
