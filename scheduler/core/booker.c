/* SPDX-License-Identifier: Apache-2.0 */
/*
 * booker.c - energy becomes bookings: priced by the site's supply and its store, with its share of overhead.
 *
 * Books are state, and state does not change while an input is decided: remainders therefore run on copies, exactly as
 * apply() will run them.
 */
#include "core/decide_parts.h"

#include <stdlib.h>

#include "base/exact.h"
#include "core/power.h"
#include "core/room.h"

#define PPM 1000000

struct booker {
        const struct state *state;
        const struct site *site;
        struct site_supply supply;
        struct stock_site draw;   /* of the supply above, and the flows below */
        struct plan_flow *flows;  /* what its store was planned to do, past and to come; owned */
        struct book books[ACCOUNT_COUNT];
        struct stock stock;
        int64_t pue_rest;
        struct turn *turn;
        const struct now *now;
};

static void take_flows(struct booker *booker, const struct plan_flow *flows, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                struct plan_flow *flow;

                if (flows[i].site != booker->site->id)
                        continue;
                flow = room_for_one((void **)&booker->flows, booker->draw.n_flows, sizeof(*flow));
                if (flow == NULL) {
                        booker->turn->failed = true;
                        return;
                }
                *flow = flows[i];
                booker->draw.n_flows++;
        }
}

struct booker *booker_open(const struct state *state, const char *name, struct turn *turn)
{
        const struct site *site = state_site(state, name);
        struct booker *booker;

        if (site == NULL)
                return NULL;
        booker = calloc(1, sizeof(*booker));
        if (booker == NULL) {
                turn->failed = true;
                return NULL;
        }
        booker->state = state;
        booker->site = site;
        booker->supply = state_supply(state, site);
        booker->draw.supply = &booker->supply;
        booker->draw.power_w = power_of_site(state, site);
        booker->pue_rest = site->pue_rest;
        booker->stock = site->stock;
        booker->turn = turn;
        if (booker->supply.terms.has_store) {
                take_flows(booker, state->past_flows, state->n_past_flows);
                take_flows(booker, state->flows, state->n_flows);
        }
        booker->draw.flows = booker->flows;
        for (int account = 0; account < ACCOUNT_COUNT; account++)
                booker->books[account] = site->books[account];
        return booker;
}

void booker_close(struct booker *booker)
{
        if (booker != NULL)
                free(booker->flows);
        free(booker);
}

const struct stock_site *booker_draw(const struct booker *booker)
{
        return &booker->draw;
}

static void emit(void *context, const struct booking *part)
{
        struct booker *booker = context;
        struct record *record = turn_record(booker->turn, RECORD_BOOKED, booker->now);

        record->u.booked.booking = *part;
        if (part->unit_joules[SUPPLY_STORE] == 0) {
                record->u.booked.booking.price_version = booker->supply.price->version;
                record->u.booked.booking.carbon_version = booker->supply.carbon->version;
        }
        record->u.booked.pue_rest = booker->pue_rest;
        record->u.booked.has_stock = booker->stock.counted_at != 0;
        record->u.booked.stock = booker->stock;
        books_apply(booker->books, part);
}

/* A store gives what was planned for the load of that time: a job that began since is no part of it. */
static void look_back(struct booker *booker, int64_t time)
{
        if (booker->stock.counted_at != 0)
                booker->draw.power_w = power_of_site_before(booker->state, booker->site, time);
}

static void split(struct booker *booker, const struct booking *whole)
{
        look_back(booker, whole->end);
        stock_book(whole, &booker->draw, booker->books, &booker->stock, emit, booker);
}

/* The cooling and conversion that these joules cost on top: (factor - 1) x J. */
static void add_proportional_overhead(struct booker *booker, const struct booking *whole)
{
        struct booking overhead = *whole;

        if (booker->supply.terms.pue_ppm <= PPM)
                return;
        overhead.account = ACCOUNT_OVERHEAD;
        overhead.joules =
                exact_mul_div(whole->joules, booker->supply.terms.pue_ppm - PPM, PPM, &booker->pue_rest);
        if (overhead.quality == QUALITY_MEASURED)
                overhead.quality = QUALITY_MODELLED; /* no meter saw it */
        split(booker, &overhead);
}

void booker_add(struct booker *booker, const struct now *now, const struct energy *energy)
{
        struct booking whole = {
                .account = energy->job != 0 ? ACCOUNT_JOB : ACCOUNT_IDLE,
                .quality = energy->quality,
                .site = booker->site->id,
                .node = energy->node,
                .job = energy->job,
                .attempt = energy->attempt,
                .start = energy->start,
                .end = energy->end,
                .joules = energy->joules,
        };

        booker->now = now;
        split(booker, &whole);
        add_proportional_overhead(booker, &whole);
}

void booker_add_fixed_overhead(struct booker *booker, const struct now *now, int64_t start, int64_t end)
{
        struct booking whole = {
                .account = ACCOUNT_OVERHEAD,
                .quality = QUALITY_MODELLED,
                .site = booker->site->id,
                .node = NONE_U32,
                .start = start,
                .end = end,
                .joules = booker->supply.terms.pue_fixed_w * (end - start),
        };

        booker->now = now;
        split(booker, &whole);
}

void booker_add_charge(struct booker *booker, const struct now *now, int64_t until)
{
        booker->now = now;
        look_back(booker, until);
        stock_charge(booker->site->id, &booker->draw, until, booker->books, &booker->stock, emit, booker);
}

void booker_count(struct booker *booker, const struct now *now, int64_t time, int64_t level, int64_t pending)
{
        booker->now = now;
        stock_count(booker->site->id, time, level, pending, booker->books, &booker->stock, emit, booker);
}
