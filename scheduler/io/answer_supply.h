/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_supply.h - a site's prices and limits over a time, as the planner sees them: published values first, forecast
 * where there is none.
 */
#ifndef OFFPEAK_IO_ANSWER_SUPPLY_H
#define OFFPEAK_IO_ANSWER_SUPPLY_H

#include "io/answer_parts.h"

struct answer_supply {
        struct site_supply supply;         /* of the filled series */
        const struct series *published;    /* [enum series_kind] */
        struct series filled[SERIES_COUNT]; /* [enum series_kind]: price, carbon and export price; owned */
};

/* As published before now, filled in [now, to). ENOMEM. */
int answer_supply_init(const struct state *state, const struct site *site, int64_t now, int64_t to,
                       struct answer_supply *ret_supply);
void answer_supply_finish(struct answer_supply *supply);

/* What the next watt costs at a facility power of power_w, micro-currency per MWh, or SERIES_UNKNOWN; likewise its
 * carbon. */
int64_t answer_marginal_price(const struct supply_curve *curve, int64_t power_w);

/* The series that speaks of a kind: filled for prices and carbon, as published for the others. */
const struct series *answer_series(const struct answer_supply *supply, enum series_kind kind);

/* "published", "forecast" or "unknown": what a kind's value at that time is, and until when at least. */
const char *answer_source(const struct answer_supply *supply, enum series_kind kind, int64_t time, int64_t *ret_until);

/* The first time from now on whose price is not published; INT64_MAX: none before `to`. */
int64_t answer_forecast_from(const struct answer_supply *supply, enum series_kind kind, int64_t now, int64_t to);

#endif
