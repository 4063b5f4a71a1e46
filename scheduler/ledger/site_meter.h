/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site_meter.h - what a site has drawn, five minutes by five minutes, and the highest mean power of a month.
 *
 * Fed by the bookings of all accounts, in any order: a late reading raises the interval in which it was drawn. Energy is
 * taken as drawn evenly over its booking, in whole joules that sum to the booking. Kept are KEPT_S before the newest: this
 * month and the last.
 */
#ifndef OFFPEAK_LEDGER_SITE_METER_H
#define OFFPEAK_LEDGER_SITE_METER_H

#include <offpeak/error.h>

#include "supply/terms.h"

#define SITE_METER_KEPT_S (INT64_C(62) * 86400)

struct meter_interval {
        int64_t start;  /* a multiple of SUPPLY_METER_S */
        int64_t joules; /* drawn within SUPPLY_METER_S from there */
};

struct site_meter {
        struct meter_interval *intervals; /* owned, ascending; without those in which nothing was drawn */
        size_t n, room;                   /* room: memory for so many; 0 will always do */
};

void site_meter_finish(struct site_meter *meter);
int site_meter_copy(const struct site_meter *meter, struct site_meter *ret_meter);

/* joules drawn from start to end; nothing of it is kept if it is older than that. ENOMEM, and then nothing changed. */
int site_meter_add(struct site_meter *meter, int64_t start, int64_t end, int64_t joules);

/*
 * The highest mean power over one of the demand's intervals that begin in [from, to) and count, in W, rounded to the nearest
 * (halves up); 0 if nothing was drawn. An interval that is not over yet counts with what was drawn in it so far. ret_start:
 * when that interval begins.
 */
int64_t site_meter_peak(const struct site_meter *meter, const struct supply_terms *terms,
                        const struct supply_demand *demand, int64_t from, int64_t to, int64_t *ret_start);

#endif
