/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_ahead.h - what a site's power costs on average over many stretches of the time to come: looked up once, step by
 * step and as far as it is asked for, and summed up, so that each stretch is a difference of two sums.
 */
#ifndef OFFPEAK_SUPPLY_PRICE_AHEAD_H
#define OFFPEAK_SUPPLY_PRICE_AHEAD_H

#include "supply/site_supply.h"

struct price_ahead_step;

/* All 0 before price_ahead_init and after price_ahead_finish. */
struct price_ahead {
        struct site_supply supply; /* its series are borrowed */
        int64_t power_w, from;
        struct price_ahead_step *steps; /* owned; ascending, without a gap from `from` on */
        size_t n;
        bool failed; /* out of memory: means are NAN since */
};

/* Of so much power, from a time on. Nothing is looked up yet. */
void price_ahead_init(struct price_ahead *ahead, const struct site_supply *supply, int64_t power_w, int64_t from);
void price_ahead_finish(struct price_ahead *ahead);

/*
 * Over [start, start + seconds), start not before the first: micro-currency per MWh. NAN where any of it is unknown, or
 * no time goes by.
 */
double price_ahead_mean(struct price_ahead *ahead, int64_t start, int64_t seconds);

#endif
