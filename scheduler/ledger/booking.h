/* SPDX-License-Identifier: Apache-2.0 */
/*
 * booking.h - what a stretch of energy cost: one line of the books, in exact integers.
 *
 * At a site with a store the books are kept by double entry: what comes out of the store (unit SUPPLY_STORE) stands in the
 * account of who drew it, and as much less, joules, cost and carbon, in ACCOUNT_STORAGE. So over all accounts the store gives
 * nothing: the sum of their joules is what the sources gave and what was in the store when its books were opened, the sum of
 * their cost is what the sources were paid, and the book of ACCOUNT_STORAGE is what is in the store now (ledger/stock.h).
 */
#ifndef OFFPEAK_LEDGER_BOOKING_H
#define OFFPEAK_LEDGER_BOOKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supply/site_supply.h"

/* Every joule of a site's meter stands in one of these. */
enum account {
        ACCOUNT_JOB = 1,
        ACCOUNT_IDLE = 2,
        ACCOUNT_OVERHEAD = 3,
        ACCOUNT_LOSS = 4,    /* of the store, on the way in and out, and what a stock-taking misses; less than 0 where it finds more */
        ACCOUNT_STORAGE = 5, /* what charged the store, less what came out of it */
};
enum { ACCOUNT_COUNT = 6 };
const char *account_name(enum account account);

enum quality {
        QUALITY_MEASURED = 1,  /* a meter said so */
        QUALITY_MODELLED = 2,  /* the node's declared power model */
        QUALITY_ESTIMATED = 3, /* nobody reported this stretch; filled in with the job's known power */
};
const char *quality_name(enum quality quality);

struct booking {
        enum account account;
        enum quality quality;
        uint32_t site;           /* stable site id */
        uint32_t node;           /* stable node id; UINT32_MAX: the site itself */
        uint64_t job;            /* 0: none */
        uint32_t attempt;
        int64_t start, end;      /* UTC seconds */
        int64_t joules;
        int64_t price;           /* average, micro-currency per MWh, or SERIES_UNKNOWN */
        int64_t carbon;          /* average, mg CO2e per kWh, or SERIES_UNKNOWN */
        uint64_t price_version;  /* of the series used; 0: none */
        uint64_t carbon_version;
        int64_t cost;            /* micro-currency; 0 where the price is unknown: such joules count as unpriced */
        int64_t carbon_mg;       /* mg CO2e; likewise */
        int64_t market;          /* average carbon by contract, mg per kWh, or SERIES_UNKNOWN; carbon is by location */
        int64_t market_mg;
        int64_t unit_joules[SUPPLY_UNITS]; /* [enum supply_unit]: who supplied it. Their sum, unless there was no supply at all.
                                              The store supplies all of a booking or nothing of it */
};

/* Running totals of one account at one site, with the remainders that the next booking takes up. */
struct book {
        int64_t joules;
        int64_t cost, cost_rest;             /* micro-currency; rest in J x micro-currency/MWh */
        int64_t carbon_mg, carbon_rest;      /* mg; rest in J x mg/kWh */
        int64_t unpriced_joules, uncounted_joules; /* drawn while price / carbon were unknown */
        int64_t market_mg, market_rest;      /* as carbon, by contract */
        int64_t unmarketed_joules;           /* drawn while carbon by contract was unknown */
        int64_t unit_joules[SUPPLY_UNITS];   /* who supplied it */
};

/*
 * Cut `whole` (its account, quality, site, node, job, attempt, start, end and joules are set) at every edge of the
 * site's supply, share its joules over the parts by time so that they sum to the whole, price each part at the
 * average price of drawing site_power_w, share it over the units that supply this power, and hand each to emit in order. `book` is only read: the remainders run on
 * a copy, so that applying the emitted bookings with book_apply leads to the same totals.
 * A whole of no length and no joules emits nothing.
 */
void book_split(const struct booking *whole, const struct site_supply *supply, int64_t site_power_w,
                const struct book *book, void (*emit)(void *context, const struct booking *part), void *context);

/*
 * Fill in what the joules of `part` come to from part->start on, while the sources give so many W: price, carbon, cost, and
 * who supplied them. The book's remainders run on.
 */
void book_price(struct booking *part, const struct site_supply *supply, int64_t power_w, struct book *book);

/* Add one booking to its account's totals. Exact: the sum of the bookings is the book. */
void book_apply(struct book *book, const struct booking *booking);

/* Of something that came out of the store: the other entry, in ACCOUNT_STORAGE. False: there is none. */
bool booking_counterpart(const struct booking *booking, struct booking *ret_counterpart);

/* Add a booking, and its counterpart, to a site's books. */
void books_apply(struct book books[ACCOUNT_COUNT], const struct booking *booking);

/* J of it that the sources gave: what the site's meter sees. */
int64_t booking_metered(const struct booking *booking);

#endif
