/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paid.h - what a site's load cost on average, five minutes by five minutes, from its bookings: the sources' price where they
 * gave, the price of what had charged the store where that gave. Exact integers; energy is taken as drawn evenly over its booking.
 */
#ifndef OFFPEAK_LEDGER_PAID_H
#define OFFPEAK_LEDGER_PAID_H

#include "ledger/booking.h"

struct paid;

/* From the bookings of `site` among n; what no load drew is left out. NULL: no memory. */
struct paid *paid_create(const struct booking *bookings, size_t n, uint32_t site);
void paid_destroy(struct paid *paid); /* accepts NULL */

/*
 * Add to `book` so many joules, drawn evenly from start to end, at the averages of each time. Where nothing is booked, or of
 * what is booked the price or a carbon is not all known, they are unpriced, uncounted or unmarketed.
 */
void paid_book(const struct paid *paid, int64_t start, int64_t end, int64_t joules, struct book *book);

#endif
