/* SPDX-License-Identifier: Apache-2.0 */
/*
 * booker.c - energy becomes bookings: priced by the site's supply, with its share of overhead.
 *
 * Books are state, and state does not change while an input is decided: remainders therefore run on copies, exactly as
 * apply() will run them.
 */
#include "core/decide_parts.h"

#include <stdlib.h>

#include "base/exact.h"
#include "core/power.h"

#define PPM 1000000

struct booker {
        const struct site *site;
        struct site_supply supply;
        int64_t site_power_w;
        struct book books[ACCOUNT_COUNT];
        int64_t pue_rest;
        struct turn *turn;
        const struct now *now;
};

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
        booker->site = site;
        booker->supply = state_supply(state, site);
        booker->site_power_w = power_of_site(state, site);
        booker->pue_rest = site->pue_rest;
        booker->turn = turn;
        for (int account = 0; account < ACCOUNT_COUNT; account++)
                booker->books[account] = site->books[account];
        return booker;
}

void booker_close(struct booker *booker)
{
        free(booker);
}

static void emit(void *context, const struct booking *part)
{
        struct booker *booker = context;
        struct record *record = turn_record(booker->turn, RECORD_BOOKED, booker->now);

        record->u.booked.booking = *part;
        record->u.booked.booking.price_version = booker->supply.price->version;
        record->u.booked.booking.carbon_version = booker->supply.carbon->version;
        record->u.booked.pue_rest = booker->pue_rest;
        book_apply(&booker->books[part->account], part);
}

static void split(struct booker *booker, const struct booking *whole)
{
        book_split(whole, &booker->supply, booker->site_power_w, &booker->books[whole->account], emit, booker);
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
