/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/paid.h"

#include <stdlib.h>

#include "base/exact.h"

#define CELL_S SUPPLY_METER_S

struct paid {
        int64_t start; /* of the first cell */
        size_t n;
        struct book *cells;
};

static int64_t floor_to(int64_t time)
{
        return time - (time % CELL_S + CELL_S) % CELL_S;
}

static bool is_load(const struct booking *booking, uint32_t site)
{
        return booking->site == site && booking->end > booking->start &&
               (booking->account == ACCOUNT_JOB || booking->account == ACCOUNT_IDLE || booking->account == ACCOUNT_OVERHEAD);
}

/* What of an amount spread evenly over [start, end) lies before `time`. */
static int64_t part_until(int64_t amount, int64_t start, int64_t end, int64_t time)
{
        int64_t rest = 0;

        return time >= end ? amount : time <= start ? 0 : exact_mul_div(amount, time - start, end - start, &rest);
}

static int64_t part_within(int64_t amount, const struct booking *booking, int64_t from, int64_t to)
{
        return part_until(amount, booking->start, booking->end, to) - part_until(amount, booking->start, booking->end, from);
}

static void add_load(struct paid *paid, const struct booking *booking)
{
        for (int64_t from = booking->start, to; from < booking->end; from = to) {
                struct book *cell = &paid->cells[(floor_to(from) - paid->start) / CELL_S];
                int64_t joules;

                to = floor_to(from) + CELL_S < booking->end ? floor_to(from) + CELL_S : booking->end;
                joules = part_within(booking->joules, booking, from, to);
                cell->joules += joules;
                cell->cost += part_within(booking->cost, booking, from, to);
                cell->carbon_mg += part_within(booking->carbon_mg, booking, from, to);
                cell->market_mg += part_within(booking->market_mg, booking, from, to);
                cell->unpriced_joules += booking->price == SERIES_UNKNOWN ? joules : 0;
                cell->uncounted_joules += booking->carbon == SERIES_UNKNOWN ? joules : 0;
                cell->unmarketed_joules += booking->market == SERIES_UNKNOWN ? joules : 0;
        }
}

struct paid *paid_create(const struct booking *bookings, size_t n, uint32_t site)
{
        struct paid *paid = calloc(1, sizeof(*paid));
        int64_t first = INT64_MAX, last = INT64_MIN;

        if (paid == NULL)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                if (!is_load(&bookings[i], site))
                        continue;
                first = bookings[i].start < first ? bookings[i].start : first;
                last = bookings[i].end > last ? bookings[i].end : last;
        }
        if (first > last)
                return paid;
        paid->start = floor_to(first);
        paid->n = (size_t)((floor_to(last) - paid->start) / CELL_S) + 1;
        paid->cells = calloc(paid->n, sizeof(*paid->cells));
        if (paid->cells == NULL) {
                free(paid);
                return NULL;
        }
        for (size_t i = 0; i < n; i++)
                if (is_load(&bookings[i], site))
                        add_load(paid, &bookings[i]);
        return paid;
}

void paid_destroy(struct paid *paid)
{
        if (paid != NULL)
                free(paid->cells);
        free(paid);
}

/* The average over a cell; SERIES_UNKNOWN where any of it is. */
static int64_t average(int64_t amount, const struct book *cell, int64_t unknown, int64_t unit)
{
        int64_t rest = cell->joules / 2;

        return unknown != 0 || cell->joules <= 0 ? SERIES_UNKNOWN : exact_mul_div(amount, unit, cell->joules, &rest);
}

static int64_t come_to(int64_t joules, int64_t price, int64_t unit, int64_t *rest)
{
        return price != SERIES_UNKNOWN ? exact_mul_div(joules, price, unit, rest) : 0;
}

static void book_at(const struct book *cell, int64_t joules, struct book *book)
{
        struct booking part = { .joules = joules };
        struct book rests = *book;

        part.price = average(cell->cost, cell, cell->unpriced_joules, JOULES_PER_MWH);
        part.carbon = average(cell->carbon_mg, cell, cell->uncounted_joules, JOULES_PER_KWH);
        part.market = average(cell->market_mg, cell, cell->unmarketed_joules, JOULES_PER_KWH);
        part.cost = come_to(joules, part.price, JOULES_PER_MWH, &rests.cost_rest);
        part.carbon_mg = come_to(joules, part.carbon, JOULES_PER_KWH, &rests.carbon_rest);
        part.market_mg = come_to(joules, part.market, JOULES_PER_KWH, &rests.market_rest);
        book_apply(book, &part);
}

void paid_book(const struct paid *paid, int64_t start, int64_t end, int64_t joules, struct book *book)
{
        static const struct book nothing;

        for (int64_t from = start, to; from < end; from = to) {
                int64_t cell = floor_to(from);
                bool known = paid->n > 0 && cell >= paid->start && cell < paid->start + (int64_t)paid->n * CELL_S;

                to = cell + CELL_S < end ? cell + CELL_S : end;
                book_at(known ? &paid->cells[(cell - paid->start) / CELL_S] : &nothing,
                        part_until(joules, start, end, to) - part_until(joules, start, end, from), book);
        }
}
