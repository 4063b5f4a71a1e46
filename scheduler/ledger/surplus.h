/* SPDX-License-Identifier: Apache-2.0 */
/*
 * surplus.h - what a site had and did not use: sold, or lost. From its meter and its series as they are known now, five minutes
 * by five minutes; where a series says nothing any more there is nothing. Exact: watts times seconds.
 */
#ifndef OFFPEAK_LEDGER_SURPLUS_H
#define OFFPEAK_LEDGER_SURPLUS_H

#include "ledger/site_meter.h"
#include "supply/site_supply.h"

struct surplus {
        int64_t from, to;       /* the time it speaks of: what the meter knows of the window */
        int64_t exported;       /* J */
        int64_t curtailed;      /* J of sun and agreements that nobody took */
        int64_t settled;        /* micro-currency that virtual agreements came to: (price - strike) x production, + is a gain */
        bool settled_known;     /* at all times at which something was produced the price was known */
};

/* Whether the site has anything to sell, to lose or to settle. */
bool surplus_is_possible(const struct supply_terms *terms);

/* Of [from, to), as far back as the meter reaches. The price of a settlement is the series' own, without adder and tax. */
struct surplus surplus_of(const struct site_meter *meter, const struct site_supply *supply, int64_t from, int64_t to);

#endif
