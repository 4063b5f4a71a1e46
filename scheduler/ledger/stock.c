/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: everything that leaves the store goes through take_out(). It cuts what is taken into lots, so that of each lot the
 * price is known or not, and so is each carbon: a booking is one or the other.
 */
#include "ledger/stock.h"

#include <string.h>

#include "base/exact.h"

#define PPM      INT64_C(1000000)
#define J_PER_WH INT64_C(3600)

/* One change of the books. */
struct entry {
        struct book *books;
        struct stock *stock;
        stock_emit emit;
        void *context;
};

/* Something of the store: how many joules, and what of it is known. */
struct lot {
        int64_t joules;
        bool priced, counted, marketed;
        int64_t cost, carbon_mg, market_mg;
};

static int64_t least(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

static const struct book *inventory(const struct entry *entry)
{
        return &entry->books[ACCOUNT_STORAGE];
}

/* ---- what it does */

int64_t stock_flow_at(const struct stock_site *site, int64_t time, int64_t *ret_until)
{
        int64_t watts = 0;

        *ret_until = INT64_MAX;
        for (size_t i = 0; i < site->n_flows; i++) {
                const struct plan_flow *flow = &site->flows[i];

                if (flow->start > time)
                        *ret_until = least(*ret_until, flow->start);
                else if (flow->end > time) {
                        watts = (int64_t)(flow->watts < 0 ? flow->watts - 0.5 : flow->watts + 0.5);
                        *ret_until = least(*ret_until, flow->end);
                }
        }
        return watts;
}

static bool has_grid(const struct supply_curve *curve)
{
        for (unsigned i = 0; i < curve->n_segments; i++)
                if (curve->segments[i].unit == SUPPLY_GRID)
                        return true;
        return false;
}

/* What the sources alone cannot give where there is no grid. */
static int64_t lack_w(const struct stock_site *site, const struct supply_curve *curve, int64_t time)
{
        int64_t limit = supply_limit(curve);

        if (site->power_w <= limit || has_grid(curve) || !site_supply_is_known(site->supply, time))
                return 0;
        return site->power_w - limit;
}

int64_t stock_given_w(const struct stock_site *site, int64_t time)
{
        struct supply_curve curve = site_supply_at(site->supply, time);
        int64_t until, flow = stock_flow_at(site, time, &until);
        int64_t watts = most(flow < 0 ? -flow : 0, lack_w(site, &curve, time));

        return most(least(least(watts, site->supply->terms.store.discharge_w), site->power_w), 0);
}

int64_t stock_charge_w(const struct stock_site *site, int64_t time)
{
        const struct supply_store *store = &site->supply->terms.store;
        struct supply_curve curve = site_supply_at(site->supply, time);
        int64_t until, watts = least(stock_flow_at(site, time, &until), store->charge_w);

        if (store->from_reactor)
                watts = least(watts, site_supply_reactor(site->supply, time));
        return most(least(watts, supply_limit(&curve) - site->power_w), 0);
}

int64_t stock_next_edge(const struct stock_site *site, int64_t time)
{
        int64_t until;

        stock_flow_at(site, time, &until);
        return least(until, site_supply_next_edge(site->supply, time));
}

/* ---- efficiencies */

/* J taken out for so many given. */
static int64_t taken_for(const struct supply_store *store, int64_t given, int64_t *rest)
{
        *rest %= store->discharge_ppm; /* another efficiency may have been configured */
        return exact_mul_div(given, PPM, store->discharge_ppm, rest);
}

int64_t stock_taken(const struct stock_site *site, int64_t load_w, int64_t from, int64_t to)
{
        int64_t start = least(from, to), end = most(from, to), given = 0, rest = 0, taken;

        if (site->power_w <= 0 || load_w <= 0)
                return 0;
        for (int64_t t = start, until; t < end; t = until) {
                until = least(stock_next_edge(site, t), end);
                given += exact_mul_div(stock_given_w(site, t) * (until - t), load_w, site->power_w, &rest);
        }
        rest = 0;
        taken = taken_for(&site->supply->terms.store, given, &rest);
        return from <= to ? taken : -taken;
}

int64_t stock_stored(const struct stock_site *site, int64_t from, int64_t to)
{
        int64_t charged = 0, rest = 0;

        for (int64_t t = from, until; t < to; t = until) {
                until = least(stock_next_edge(site, t), to);
                charged += stock_charge_w(site, t) * (until - t);
        }
        return exact_mul_div(charged, site->supply->terms.store.charge_ppm, PPM, &rest);
}

/* ---- lots */

/* The unknown goes first. Of the known its share, or all that there is to pay if it is the last of it. */
static int64_t share_of(int64_t taken, int64_t joules, int64_t unknown, int64_t amount, bool *ret_known)
{
        int64_t known = joules - unknown, rest = known / 2;

        *ret_known = unknown <= 0;
        return *ret_known && known > 0 ? exact_mul_div(amount, taken, known, &rest) : 0;
}

static struct lot lot_of(const struct book *book, int64_t joules)
{
        struct lot lot = { .joules = joules };

        lot.cost = share_of(joules, book->joules, book->unpriced_joules, book->cost, &lot.priced);
        lot.carbon_mg = share_of(joules, book->joules, book->uncounted_joules, book->carbon_mg, &lot.counted);
        lot.market_mg = share_of(joules, book->joules, book->unmarketed_joules, book->market_mg, &lot.marketed);
        return lot;
}

/* As far as each of price and carbons is known throughout, or unknown throughout. */
static int64_t even_lot(const struct book *book, int64_t joules)
{
        const int64_t unknown[] = { book->unpriced_joules, book->uncounted_joules, book->unmarketed_joules };

        for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
                if (unknown[i] > 0)
                        joules = least(joules, unknown[i]);
        return joules;
}

static int64_t average(int64_t amount, int64_t joules, int64_t unit)
{
        int64_t rest = (joules < 0 ? -joules : joules) / 2;

        return joules == 0 ? 0 : exact_mul_div(joules < 0 ? -amount : amount, unit, joules < 0 ? -joules : joules, &rest);
}

/* A booking of the store: so many of the lot's joules, with its costs if they are to be paid here. */
static void emit_lot(const struct entry *entry, const struct booking *like, int64_t joules, const struct lot *lot, bool pays)
{
        struct booking part = *like;

        part.joules = joules;
        part.price_version = part.carbon_version = 0;
        part.cost = pays ? lot->cost : 0;
        part.carbon_mg = pays ? lot->carbon_mg : 0;
        part.market_mg = pays ? lot->market_mg : 0;
        part.price = lot->priced ? average(part.cost, joules, JOULES_PER_MWH) : SERIES_UNKNOWN;
        part.carbon = lot->counted ? average(part.carbon_mg, joules, JOULES_PER_KWH) : SERIES_UNKNOWN;
        part.market = lot->marketed ? average(part.market_mg, joules, JOULES_PER_KWH) : SERIES_UNKNOWN;
        memset(part.unit_joules, 0, sizeof(part.unit_joules));
        part.unit_joules[SUPPLY_STORE] = joules;
        entry->emit(entry->context, &part);
}

/* The loss that goes with a booking. */
static struct booking loss_like(const struct booking *booking)
{
        struct booking loss = *booking;

        loss.account = ACCOUNT_LOSS;
        loss.quality = QUALITY_MODELLED;
        loss.node = UINT32_MAX;
        loss.job = 0;
        loss.attempt = 0;
        return loss;
}

/* Nobody pays for what is lost, but for the last of it. */
static void forgive(struct lot *lot, const struct book *book)
{
        if (lot->joules < book->joules - book->unpriced_joules)
                lot->cost = 0;
        if (lot->joules < book->joules - book->uncounted_joules)
                lot->carbon_mg = 0;
        if (lot->joules < book->joules - book->unmarketed_joules)
                lot->market_mg = 0;
}

/* `given` of the joules taken out arrive in a booking like this one; the others are lost. Neither is more than is there. */
static void take_out(const struct entry *entry, const struct booking *like, int64_t taken, int64_t given)
{
        bool missing = given == 0;
        struct booking loss = missing ? *like : loss_like(like);

        while (taken > 0) {
                const struct book *book = inventory(entry);
                struct lot lot = lot_of(book, even_lot(book, taken));
                int64_t rest = 0, gone_rest = 0, arrives;

                arrives = lot.joules == taken ? given : exact_mul_div(given, lot.joules, taken, &rest);
                if (missing)
                        forgive(&lot, book);
                else /* what was lost of what leaves is of no account any more */
                        entry->stock->lost -= exact_mul_div(entry->stock->lost, lot.joules, book->joules, &gone_rest);
                if (arrives > 0)
                        emit_lot(entry, like, arrives, &lot, true);
                entry->stock->lost += lot.joules - arrives;
                if (lot.joules > arrives)
                        emit_lot(entry, &loss, lot.joules - arrives, &lot, arrives == 0);
                taken -= lot.joules;
                given -= arrives;
        }
}

/* ---- loads */

/* What of a stretch of load came out of the store; it is booked. */
static int64_t book_given(const struct entry *entry, const struct booking *part, const struct stock_site *site, int64_t *rest)
{
        const struct supply_store *store = &site->supply->terms.store;
        int64_t watts = stock_given_w(site, part->start), given, taken, none = 0;

        if (watts <= 0 || part->joules <= 0 || inventory(entry)->joules <= 0)
                return 0;
        given = least(exact_mul_div(part->joules, watts, site->power_w, rest),
                      exact_mul_div(inventory(entry)->joules, store->discharge_ppm, PPM, &none));
        if (given <= 0)
                return 0;
        taken = least(taken_for(store, given, &entry->stock->discharge_rest), inventory(entry)->joules);
        take_out(entry, part, taken, given);
        return given;
}

/* The rest of it, at what the sources give beside the store. */
static void book_drawn(const struct entry *entry, const struct booking *part, int64_t given, const struct stock_site *site)
{
        struct book running = entry->books[part->account];
        struct booking drawn = *part;
        int64_t rest = 0, watts = site->power_w;

        if (given == part->joules && given != 0)
                return;
        if (given > 0)
                watts -= exact_mul_div(watts, given, part->joules, &rest);
        else
                watts += stock_charge_w(site, part->start);
        drawn.joules -= given;
        book_price(&drawn, site->supply, watts, &running);
        entry->emit(entry->context, &drawn);
}

void stock_book(const struct booking *whole, const struct stock_site *site, struct book books[ACCOUNT_COUNT],
                struct stock *stock, stock_emit emit, void *context)
{
        const struct entry entry = { books, stock, emit, context };
        int64_t length = whole->end - whole->start, share_rest = 0, given_rest = 0;
        struct booking part = *whole;

        if (stock->counted_at == 0 || !site->supply->terms.has_store) {
                book_split(whole, site->supply, site->power_w, &books[whole->account], emit, context);
                return;
        }
        if (length <= 0 && whole->joules == 0)
                return;
        do {
                part.end = length > 0 ? least(stock_next_edge(site, part.start), whole->end) : part.start;
                if (length > 0) /* the remainder runs through, so the last part ends with none */
                        part.joules = exact_mul_div(whole->joules, part.end - part.start, length, &share_rest);
                book_drawn(&entry, &part, book_given(&entry, &part, site, &given_rest), site);
                part.start = part.end;
        } while (part.start < whole->end);
}

/* ---- charge */

/* J that may still be drawn before it is full. */
static int64_t room(const struct entry *entry, const struct supply_store *store)
{
        int64_t rest = 0, free_j = store->energy_wh * J_PER_WH - inventory(entry)->joules;

        return free_j > 0 ? exact_mul_div(free_j, PPM, store->charge_ppm, &rest) : 0;
}

/* What does not arrive of a charge is lost at once, known or unknown as the charge is. */
static void lose_of_charge(const struct entry *entry, const struct booking *charge, const struct supply_store *store)
{
        struct lot lot = { .priced = charge->price != SERIES_UNKNOWN,
                           .counted = charge->carbon != SERIES_UNKNOWN,
                           .marketed = charge->market != SERIES_UNKNOWN };
        struct booking loss = loss_like(charge);

        lot.joules = exact_mul_div(charge->joules, PPM - store->charge_ppm, PPM, &entry->stock->charge_rest);
        entry->stock->lost += lot.joules;
        if (lot.joules > 0)
                emit_lot(entry, &loss, lot.joules, &lot, false);
}

static void charge_part(const struct entry *entry, struct booking *part, const struct stock_site *site)
{
        const struct supply_store *store = &site->supply->terms.store;
        int64_t watts = stock_charge_w(site, part->start), seconds = part->end - part->start;
        struct book running = *inventory(entry);

        part->joules = least(watts * seconds, room(entry, store));
        book_price(part, site->supply, site->power_w + part->joules / seconds, &running);
        entry->stock->charged_until = part->end;
        entry->emit(entry->context, part);
        lose_of_charge(entry, part, store);
}

void stock_charge(uint32_t site_id, const struct stock_site *site, int64_t until, struct book books[ACCOUNT_COUNT],
                  struct stock *stock, stock_emit emit, void *context)
{
        const struct entry entry = { books, stock, emit, context };
        int64_t end;

        if (stock->counted_at == 0 || !site->supply->terms.has_store)
                return;
        for (int64_t t = stock->charged_until; t < until; t = end) {
                struct booking part = { .account = ACCOUNT_STORAGE,
                                        .quality = QUALITY_MODELLED,
                                        .site = site_id,
                                        .node = UINT32_MAX,
                                        .start = t };
                bool charges = stock_flow_at(site, t, &end) > 0;

                end = least(charges ? stock_next_edge(site, t) : end, until);
                part.end = end;
                if (charges)
                        charge_part(&entry, &part, site);
        }
}

/* ---- stock-taking */

static struct booking count_line(uint32_t site_id, int64_t time, enum account account, enum quality quality)
{
        return (struct booking){ .account = account,
                                 .quality = quality,
                                 .site = site_id,
                                 .node = UINT32_MAX,
                                 .start = time,
                                 .end = time,
                                 .price = SERIES_UNKNOWN,
                                 .carbon = SERIES_UNKNOWN,
                                 .market = SERIES_UNKNOWN };
}

static void open_books(const struct entry *entry, uint32_t site_id, int64_t time, int64_t joules)
{
        struct booking line = count_line(site_id, time, ACCOUNT_STORAGE, QUALITY_MEASURED);

        line.joules = most(joules, 0);
        entry->stock->counted_at = entry->stock->charged_until = time;
        entry->emit(entry->context, &line);
}

/* More than the books have: first what was thought lost of what is in it. */
static void put_back(const struct entry *entry, const struct booking *line, int64_t found)
{
        const struct book *book = inventory(entry);
        struct lot returned = { .joules = least(found, entry->stock->lost),
                                .priced = book->joules > book->unpriced_joules,
                                .counted = book->joules > book->uncounted_joules,
                                .marketed = book->joules > book->unmarketed_joules };
        struct lot unknown = { .joules = found - returned.joules };

        entry->stock->lost -= returned.joules;
        if (returned.joules > 0)
                emit_lot(entry, line, -returned.joules, &returned, false);
        if (unknown.joules > 0)
                emit_lot(entry, line, -unknown.joules, &unknown, false);
}

void stock_count(uint32_t site_id, int64_t time, int64_t level, int64_t pending, struct book books[ACCOUNT_COUNT],
                 struct stock *stock, stock_emit emit, void *context)
{
        const struct entry entry = { books, stock, emit, context };
        struct booking line = count_line(site_id, time, ACCOUNT_LOSS, pending != 0 ? QUALITY_ESTIMATED : QUALITY_MEASURED);
        int64_t found = level + pending - inventory(&entry)->joules;

        if (stock->counted_at == 0) {
                open_books(&entry, site_id, time, found);
                return;
        }
        stock->counted_at = time;
        if (found > 0)
                put_back(&entry, &line, found);
        else
                take_out(&entry, &line, least(-found, inventory(&entry)->joules), 0);
}
