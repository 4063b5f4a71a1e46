/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/booking.h"

#include <string.h>

#include "base/exact.h"

const char *account_name(enum account account)
{
        switch (account) {
        case ACCOUNT_JOB:
                return "job";
        case ACCOUNT_IDLE:
                return "idle";
        case ACCOUNT_OVERHEAD:
                return "overhead";
        case ACCOUNT_LOSS:
                return "loss";
        case ACCOUNT_STORAGE:
                return "storage";
        }
        return "?";
}

const char *quality_name(enum quality quality)
{
        switch (quality) {
        case QUALITY_MEASURED:
                return "measured";
        case QUALITY_MODELLED:
                return "modelled";
        case QUALITY_ESTIMATED:
                return "estimated";
        }
        return "?";
}

static uint64_t version_of(const struct series *series)
{
        return series != NULL ? series->version : 0;
}

/* What is not known costs nothing, says so, and leaves the remainder alone. */
static int64_t priced(int64_t joules, int64_t price, int64_t divisor, int64_t *rest)
{
        return price != SERIES_UNKNOWN ? exact_mul_div(joules, price, divisor, rest) : 0;
}

/* Whole joules that sum to all of them, in order of merit. */
static void share_units(struct booking *part, const struct supply_curve *curve, int64_t site_power_w)
{
        int64_t power = site_power_w > 0 ? site_power_w : 1, drawn = 0, shared = 0;

        memset(part->unit_joules, 0, sizeof(part->unit_joules));
        for (unsigned i = 0; i < curve->n_segments; i++) {
                int64_t rest = 0, until;

                drawn += supply_drawn(curve, i, power);
                until = exact_mul_div(part->joules, drawn, power, &rest);
                part->unit_joules[curve->segments[i].unit] += until - shared;
                shared = until;
        }
}

void book_price(struct booking *part, const struct site_supply *supply, int64_t power_w, struct book *book)
{
        struct supply_curve curve = site_supply_at(supply, part->start);

        part->price = supply_average_price(&curve, power_w);
        part->carbon = supply_average_carbon(&curve, power_w);
        part->market = supply_average_market(&curve, power_w);
        part->price_version = version_of(supply->price);
        part->carbon_version = version_of(supply->carbon);
        part->cost = priced(part->joules, part->price, JOULES_PER_MWH, &book->cost_rest);
        part->carbon_mg = priced(part->joules, part->carbon, JOULES_PER_KWH, &book->carbon_rest);
        part->market_mg = priced(part->joules, part->market, JOULES_PER_KWH, &book->market_rest);
        share_units(part, &curve, power_w);
}

void book_split(const struct booking *whole, const struct site_supply *supply, int64_t site_power_w,
                const struct book *book, void (*emit)(void *context, const struct booking *part), void *context)
{
        int64_t end = whole->end > whole->start ? whole->end : whole->start;
        int64_t length = end - whole->start, share_rest = 0;
        struct book running = *book;
        struct booking part = *whole;

        if (length == 0 && whole->joules == 0)
                return;
        do {
                int64_t edge = site_supply_next_edge(supply, part.start);

                part.end = edge < end ? edge : end;
                if (length > 0) /* the remainder runs through, so the last part ends with none */
                        part.joules = exact_mul_div(whole->joules, part.end - part.start, length, &share_rest);
                book_price(&part, supply, site_power_w, &running);
                emit(context, &part);
                part.start = part.end;
        } while (part.start < end);
}

/* Totals stop at the ends of their range rather than come round. */
static void add(int64_t *total, int64_t amount)
{
        if (__builtin_add_overflow(*total, amount, total))
                *total = amount > 0 ? INT64_MAX : INT64_MIN + 1;
}

/* What came out of the store cost a share of what is in it, and leaves no remainder. */
static void run_on(struct book *book, const struct booking *booking)
{
        if (booking->unit_joules[SUPPLY_STORE] != 0)
                return;
        priced(booking->joules, booking->price, JOULES_PER_MWH, &book->cost_rest);
        priced(booking->joules, booking->carbon, JOULES_PER_KWH, &book->carbon_rest);
        priced(booking->joules, booking->market, JOULES_PER_KWH, &book->market_rest);
}

void book_apply(struct book *book, const struct booking *booking)
{
        run_on(book, booking);
        add(&book->joules, booking->joules);
        add(&book->cost, booking->cost);
        add(&book->carbon_mg, booking->carbon_mg);
        if (booking->price == SERIES_UNKNOWN)
                add(&book->unpriced_joules, booking->joules);
        if (booking->carbon == SERIES_UNKNOWN)
                add(&book->uncounted_joules, booking->joules);
        add(&book->market_mg, booking->market_mg);
        if (booking->market == SERIES_UNKNOWN)
                add(&book->unmarketed_joules, booking->joules);
        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                add(&book->unit_joules[unit], booking->unit_joules[unit]);
}

bool booking_counterpart(const struct booking *booking, struct booking *ret_counterpart)
{
        int64_t given = booking->unit_joules[SUPPLY_STORE];

        if (given == 0 || booking->account == ACCOUNT_STORAGE)
                return false;
        *ret_counterpart = *booking;
        ret_counterpart->account = ACCOUNT_STORAGE;
        ret_counterpart->joules = -given;
        ret_counterpart->cost = -booking->cost;
        ret_counterpart->carbon_mg = -booking->carbon_mg;
        ret_counterpart->market_mg = -booking->market_mg;
        memset(ret_counterpart->unit_joules, 0, sizeof(ret_counterpart->unit_joules));
        ret_counterpart->unit_joules[SUPPLY_STORE] = -given;
        return true;
}

void books_apply(struct book books[ACCOUNT_COUNT], const struct booking *booking)
{
        struct booking counterpart;

        book_apply(&books[booking->account], booking);
        if (booking_counterpart(booking, &counterpart))
                book_apply(&books[ACCOUNT_STORAGE], &counterpart);
}

int64_t booking_metered(const struct booking *booking)
{
        int64_t supplied = 0;

        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                supplied += booking->unit_joules[unit];
        if (booking->account == ACCOUNT_STORAGE && supplied == 0)
                return 0; /* it was in the store when its books were opened */
        return booking->joules - booking->unit_joules[SUPPLY_STORE];
}
