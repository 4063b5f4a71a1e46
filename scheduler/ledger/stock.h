/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stock.h - a site's store in the books: what charged it, what it gave, what was lost on the way. Pure, exact integers.
 *
 * What is in the store is the book of ACCOUNT_STORAGE: joules, and what they cost and emitted by location and by contract.
 * It is an inventory at the average. A charge adds all that it drew from the sources at their average price of that moment,
 * beside the load; what is lost on the way in stands in ACCOUNT_LOSS and costs nothing: its cost stays with what is stored.
 * A discharge takes joules out at the average, its loss with them, and whoever draws them pays for both. Nobody pays for a
 * loss, unless nothing is left that could: then it carries what was left to pay.
 *
 * What was in the store when the books were opened cost nobody knows what; so did what was charged at an unknown price. Such
 * joules are counted apart, for cost and for each carbon (unpriced, uncounted, unmarketed), and are the first to be drawn or
 * lost: they are unpriced in the account of who draws them, and what follows is known.
 *
 * What the store does is what was planned, as far as it can be: it gives no more than is in it by the books, than it can give
 * and than the site draws, and is charged with no more than the sources have left beside the load, than it takes and than there
 * is room for. Where there is no grid and the sources give less than the load draws, what they lack comes from the store, planned
 * or not: there is nothing else it could come from.
 *
 * A level that is told is a stock-taking. What is missing is a loss. What is there beyond the books is a loss that was not one,
 * up to what was lost of what is in the store, and costs nothing more; beyond that somebody charged it without the books, and it
 * is unknown.
 *
 * Every function hands bookings to emit, in order, which adds each to `books` with books_apply before it returns. `stock` is
 * changed before the booking that belongs to the change: what emit finds in it is how the stock is after that booking.
 */
#ifndef OFFPEAK_LEDGER_STOCK_H
#define OFFPEAK_LEDGER_STOCK_H

#include "ledger/booking.h"
#include "plan/plan.h"

/* Beside the book of ACCOUNT_STORAGE. All zero: no level was ever told, and the store is in no books. */
struct stock {
        int64_t charged_until; /* wall: its charge is booked up to here */
        int64_t counted_at;    /* the moment of the last stock-taking; 0: none, the books are not open */
        int64_t lost;          /* J that were lost of what is in it */
        int64_t charge_rest, discharge_rest; /* remainders of what is lost on the way, in J x ppm; 0 to STOCK_REST_END - 1 */
};

#define STOCK_REST_END INT64_C(1000000)

/* Who draws what at a site, as its bookings are priced. */
struct stock_site {
        const struct site_supply *supply;
        int64_t power_w;               /* of all that the site draws, without its store */
        const struct plan_flow *flows; /* of this site, in any order, none of them at the time of another; borrowed */
        size_t n_flows;
};

typedef void (*stock_emit)(void *context, const struct booking *part);

/* What was planned for a time, W at the meter, charging > 0. ret_until: when that changes; INT64_MAX: never. */
int64_t stock_flow_at(const struct stock_site *site, int64_t time, int64_t *ret_until);

/* W that the store gives, or is charged with, at `time`; one of the two is 0. */
int64_t stock_given_w(const struct stock_site *site, int64_t time);
int64_t stock_charge_w(const struct stock_site *site, int64_t time);

/* The first time after `time` at which either may change. */
int64_t stock_next_edge(const struct stock_site *site, int64_t time);

/* J that a load of so many W takes out of the store from `from` to `to`; less than 0 where `to` is before `from`. */
int64_t stock_taken(const struct stock_site *site, int64_t load_w, int64_t from, int64_t to);

/* J that are in it for what charged it from `from` to `to`, if there is room; 0 where `to` is before `from`. */
int64_t stock_stored(const struct stock_site *site, int64_t from, int64_t to);

/*
 * Book energy that something drew, as book_split does; of each stretch the store's part and the sources' are bookings of their
 * own. A site without a store, or whose books are not open, is booked by book_split itself.
 */
void stock_book(const struct booking *whole, const struct stock_site *site, struct book books[ACCOUNT_COUNT],
                struct stock *stock, stock_emit emit, void *context);

/* Book what charged the store from stock->charged_until until `until`. site_id: of the bookings. Nothing if nothing did. */
void stock_charge(uint32_t site_id, const struct stock_site *site, int64_t until, struct book books[ACCOUNT_COUNT],
                  struct stock *stock, stock_emit emit, void *context);

/*
 * A level of so many J was told for the moment `time`. `pending`: J that are to be taken out for the time before it and are in no
 * book yet; where loads are booked up to a later time, less than 0. Opens the books if need be.
 */
void stock_count(uint32_t site_id, int64_t time, int64_t level, int64_t pending, struct book books[ACCOUNT_COUNT],
                 struct stock *stock, stock_emit emit, void *context);

#endif
