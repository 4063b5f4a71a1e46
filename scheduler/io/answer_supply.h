/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_supply.h - a site's prices and limits over a time, as the planner sees them: what was said first, and where nothing
 * was what stands in for it (supply/signal.h).
 */
#ifndef OFFPEAK_IO_ANSWER_SUPPLY_H
#define OFFPEAK_IO_ANSWER_SUPPLY_H

#include "io/answer_parts.h"

struct answer_supply {
        struct site_supply supply;            /* as it is in use */
        int64_t now;
        const struct series *published;       /* [enum series_kind]: what is in force */
        struct signal signals[SERIES_COUNT];  /* [enum series_kind]: what is in use, and why */
        struct series filled[SERIES_COUNT];   /* [enum series_kind]: of those that may be forecast; owned */
};

/* As said before now, as in use in [now, to). It is not to be moved once made: it points into itself. ENOMEM. */
int answer_supply_init(const struct state *state, const struct site *site, int64_t now, int64_t to,
                       struct answer_supply *ret_supply);
void answer_supply_finish(struct answer_supply *supply);

/* What the next watt costs at a facility power of power_w, micro-currency per MWh, or SERIES_UNKNOWN; likewise its
 * carbon. */
int64_t answer_marginal_price(const struct supply_curve *curve, int64_t power_w);

/* Whose word holds now: what was pushed, while it does; else what the feeds say. Never NULL, but perhaps without points. */
const struct series *answer_told(const struct site *site, enum series_kind kind, int64_t now);

/* What a kind's value at that time is, why, and until when at least. Of the time before now only what was said counts. */
struct signal_value answer_signal(const struct answer_supply *supply, enum series_kind kind, int64_t time);

/*
 * "published", "pushed", "forecast" (whatever its method), "last", "value" or "unknown": where the value at that time is from,
 * and until when at least.
 */
const char *answer_source(const struct answer_supply *supply, enum series_kind kind, int64_t time, int64_t *ret_until);

/* The first time from now on of which nobody has said the value; INT64_MAX: none before `to`. */
int64_t answer_forecast_from(const struct answer_supply *supply, enum series_kind kind, int64_t now, int64_t to);

#endif
