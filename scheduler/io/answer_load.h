/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_load.h - who supplies what a site draws, over time: cells of one length, as fine as a picture can show. Of
 * what is past the books tell it; of what is to come, the supply curves.
 */
#ifndef OFFPEAK_IO_ANSWER_LOAD_H
#define OFFPEAK_IO_ANSWER_LOAD_H

#include "io/answer_parts.h"
#include "ledger/booking.h"

/* A cell's length for [from, to): a round one, so that there are no more than some 700. Cells begin at its multiples.
 */
int64_t answer_load_cell_s(int64_t from, int64_t to);

/* `unit`, `name` and `power_w` of those that give anything on average over so many seconds: joules[enum supply_unit].
 */
json_t *answer_load_units(struct answer *answer, const struct supply_terms *terms, const double *joules,
                          int64_t seconds);

/* Add what the site draws of its sources at power_w (the meter's) over [start, end), cut at each edge of its supply. */
void answer_load_add(const struct site_supply *supply, int64_t start, int64_t end, double power_w, double *joules);

/*
 * The steps of a report: what was booked at one site in [from, to), with price, carbon and limit as they were said.
 * `site` is that of the bookings. Cells of which the books know nothing have a `power_w` of null.
 */
json_t *answer_load_booked(struct answer *answer, const struct site_supply *supply, const struct booking *bookings,
                           size_t n, uint32_t site, int64_t from, int64_t to);

#endif
