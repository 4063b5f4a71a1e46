/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/report_accounts.h"

#include "base/exact.h"

/* What of an amount spread evenly over the booking lies before `time`. Windows that abut add up exactly. */
static int64_t part_until(int64_t amount, const struct booking *booking, int64_t time)
{
        int64_t rest = 0;

        if (time <= booking->start)
                return 0;
        if (time >= booking->end)
                return amount;
        return exact_mul_div(amount, time - booking->start, booking->end - booking->start, &rest);
}

static int64_t part_within(int64_t amount, const struct booking *booking, const struct report_input *input)
{
        return part_until(amount, booking, input->to) - part_until(amount, booking, input->from);
}

static struct booking inside(const struct booking *booking, const struct report_input *input)
{
        struct booking part = *booking;

        part.joules = part_within(booking->joules, booking, input);
        part.cost = part_within(booking->cost, booking, input);
        part.carbon_mg = part_within(booking->carbon_mg, booking, input);
        part.market_mg = part_within(booking->market_mg, booking, input);
        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                part.unit_joules[unit] = part_within(booking->unit_joules[unit], booking, input);
        return part;
}

static void add_to_account(const struct booking *part, struct report *report)
{
        struct book *book = &report->accounts[part->account];

        book->joules += part->joules;
        book->cost += part->cost;
        book->carbon_mg += part->carbon_mg;
        book->market_mg += part->market_mg;
        if (part->price == SERIES_UNKNOWN)
                book->unpriced_joules += part->joules;
        if (part->carbon == SERIES_UNKNOWN)
                book->uncounted_joules += part->joules;
        if (part->market == SERIES_UNKNOWN)
                book->unmarketed_joules += part->joules;
        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                book->unit_joules[unit] += part->unit_joules[unit];
}

static void add_to_store(const struct booking *part, bool opens, struct report_store *store)
{
        if (part->account == ACCOUNT_LOSS)
                store->lost += part->joules;
        else if (part->account != ACCOUNT_STORAGE)
                store->given += part->unit_joules[SUPPLY_STORE];
        else if (opens)
                store->found += part->joules;
        else
                store->charged += part->joules;
}

void report_add_booking(const struct report_input *input, const struct booking *booking, struct report *report)
{
        struct booking part = inside(booking, input), counterpart;
        bool opens = booking->account == ACCOUNT_STORAGE && booking_metered(booking) == 0;

        add_to_account(&part, report);
        if (booking_counterpart(&part, &counterpart))
                add_to_account(&counterpart, report);
        add_to_store(&part, opens, &report->stores[booking->site]);
        if (opens || (booking->account == ACCOUNT_LOSS && booking->unit_joules[SUPPLY_STORE] != 0))
                return; /* whose energy another booking tells of, or none of the window */
        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                report->unit_joules[booking->site][unit] += part.unit_joules[unit];
        report->quality_joules[booking->quality] += part.joules;
}
