/* SPDX-License-Identifier: Apache-2.0 */
/* sources.c - each cut of the walk goes to the units that supply it; at the end of each month its demand charges. */
#include "trial/sources.h"

#include <math.h>
#include <stdlib.h>

#include "ledger/demand_bill.h"
#include "supply/tariff.h"
#include "trial/store_run.h"
#include "trial/walk.h"

#define MICRO     1e-6
#define J_PER_MWH 3.6e9
#define J_PER_KWH 3.6e6

struct counting {
        const struct site_supply *supply;
        double idle_w;
        struct site_sources *sources;
        struct site_meter meter; /* of the month that is counted */
        struct store_run store;
        size_t at; /* in its flows */
};

static double mwh(double watts, double seconds)
{
        return watts * seconds / J_PER_MWH;
}

/* ---- who gives what */

static void add_segment(struct counting *counting, const struct supply_segment *segment, int64_t drawn, double seconds)
{
        struct site_sources *sources = counting->sources;
        struct source *source = &sources->units[segment->unit];
        double left = segment->limit_w > drawn ? (double)(segment->limit_w - drawn) : 0;

        source->used_mwh += mwh((double)drawn, seconds);
        if (segment->sold) {
                source->sold_mwh += mwh(left, seconds);
                sources->sold += mwh(left, seconds) * (double)segment->price * MICRO;
        } else if (segment->unit >= SUPPLY_SOLAR) {
                source->curtailed_mwh += mwh(left, seconds);
                sources->curtailed_mwh += mwh(left, seconds);
        }
        if (segment->carbon == SERIES_UNKNOWN)
                sources->uncounted_mwh += mwh((double)drawn, seconds);
        else
                sources->carbon_kg += (double)drawn * seconds * (double)segment->carbon * MICRO / J_PER_KWH;
        if (segment->unit == SUPPLY_GRID && segment->price == SERIES_UNKNOWN)
                sources->unpriced_mwh += mwh((double)drawn, seconds);
        else if (segment->unit == SUPPLY_GRID)
                source->cost += mwh((double)drawn, seconds) * (double)segment->price * MICRO;
}

static void add_available(struct counting *counting, const struct supply_curve *curve, double seconds)
{
        double watts[SUPPLY_UNITS] = { 0 };

        for (unsigned i = 0; i < curve->n_segments; i++)
                watts[curve->segments[i].unit] +=
                        curve->segments[i].limit_w == INT64_MAX ? INFINITY : (double)curve->segments[i].limit_w;
        for (int u = 0; u < SUPPLY_UNITS; u++) {
                struct source *source = &counting->sources->units[u];

                source->available_mwh += mwh(watts[u], seconds);
                source->rated_w = fmax(source->rated_w, watts[u]);
        }
}

/* What an agreement is paid for beside what is used of it, and what a virtual one settles. */
static void add_agreements(struct counting *counting, int64_t time, double seconds)
{
        const struct site_supply *supply = counting->supply;
        int64_t price = supply->price != NULL ? series_at(supply->price, time) : SERIES_UNKNOWN;

        for (uint32_t i = 0; i < supply->terms.n_ppas; i++) {
                const struct supply_ppa *ppa = &supply->terms.ppas[i];
                int64_t power = site_supply_ppa(supply, i, time);
                double energy = power > 0 ? mwh((double)power, seconds) : 0;

                if (ppa->kind != PPA_VIRTUAL) {
                        if (ppa->take_or_pay)
                                counting->sources->units[SUPPLY_PPA + i].cost += energy * (double)ppa->strike * MICRO;
                } else if (energy > 0 && price == SERIES_UNKNOWN) {
                        counting->sources->settled_known = false;
                } else {
                        counting->sources->settled += energy * ((double)price - (double)ppa->strike) * MICRO;
                }
        }
}

/* The power of the whole site for a time within one month. */
static int add_power(struct counting *counting, const struct walk_cut *cut, int64_t from, int64_t to, int64_t power)
{
        struct site_sources *sources = counting->sources;
        double seconds = (double)(to - from), before = sources->curtailed_mwh;
        int64_t limit = supply_limit(&cut->curve);

        for (unsigned i = 0; i < cut->curve.n_segments; i++)
                add_segment(counting, &cut->curve.segments[i], supply_drawn(&cut->curve, i, power), seconds);
        add_available(counting, &cut->curve, seconds);
        add_agreements(counting, from, seconds);
        sources->curtailed_h += sources->curtailed_mwh > before ? seconds / 3600 : 0;
        sources->energy_mwh += mwh((double)power, seconds);
        if (power > limit)
                sources->beyond_mwh += mwh((double)(power - limit), seconds);
        if (cut->curve.n_segments == 0) {
                sources->unpriced_mwh += mwh((double)power, seconds);
                sources->uncounted_mwh += mwh((double)power, seconds);
        }
        if ((double)power > sources->peak_w) {
                sources->peak_w = (double)power;
                sources->peak_at = from;
        }
        if (counting->supply->terms.n_demands == 0)
                return 0;
        return site_meter_add(&counting->meter, from, to, power * (to - from));
}

/* ---- months */

/* `time` is in the month that ends. */
static void close_month(struct counting *counting, int64_t time)
{
        const struct supply_terms *terms = &counting->supply->terms;

        for (uint32_t i = 0; i < terms->n_demands; i++)
                counting->sources->demand +=
                        (double)demand_bill(&counting->meter, terms, &terms->demands[i], time).charge * MICRO;
        counting->sources->months += terms->n_demands > 0;
        counting->meter.n = 0;
}

/* When the store next does another thing, or `until`. */
static int64_t next_flow(struct counting *counting, int64_t time, int64_t until)
{
        store_run_at(&counting->store, time, &counting->at);
        if (counting->at < counting->store.n && counting->store.flows[counting->at].to < until)
                return counting->store.flows[counting->at].to;
        return until;
}

static int on_cut(void *context, const struct walk_cut *cut)
{
        struct counting *counting = context;
        double watts = counting->idle_w + cut->watts;
        int code = 0;

        for (int64_t t = cut->from, next; code == 0 && t < cut->to; t = next) {
                int64_t month = tariff_next_month(&counting->supply->terms, t), power;

                next = next_flow(counting, t, month < cut->to ? month : cut->to);
                power = llround(fmax(0, watts + store_run_at(&counting->store, t, &counting->at)));
                code = add_power(counting, cut, t, next, power);
                if (next == month)
                        close_month(counting, t);
        }
        return code;
}

/* ---- all of it */

static double reactor_rating(const struct supply_terms *terms)
{
        double sum = 0;

        for (uint32_t u = 0; u < terms->n_reactors; u++)
                sum += (double)terms->reactors[u].rating_w;
        return fmax(0, sum - (double)terms->reactor_house_w);
}

/* Where a rating is known it counts, and not the most that was seen. */
static void know_units(const struct supply_terms *terms, struct site_sources *sources)
{
        struct source *units = sources->units;

        units[SUPPLY_GRID].is_there = terms->grid_limit_w > 0;
        if (terms->grid_limit_w != INT64_MAX)
                units[SUPPLY_GRID].rated_w = (double)terms->grid_limit_w;
        units[SUPPLY_SOLAR].is_there = terms->has_solar;
        units[SUPPLY_REACTOR].is_there = terms->has_reactor;
        if (terms->n_reactors > 0)
                units[SUPPLY_REACTOR].rated_w = reactor_rating(terms);
        for (uint32_t i = 0; i < terms->n_ppas; i++) {
                units[SUPPLY_PPA + i].is_there = terms->ppas[i].kind != PPA_VIRTUAL;
                if (!terms->ppas[i].has_series)
                        units[SUPPLY_PPA + i].rated_w = (double)terms->ppas[i].power_w;
        }
}

static void close_units(const struct supply_terms *terms, double hours, struct site_sources *sources)
{
        struct source *units = sources->units;

        units[SUPPLY_REACTOR].cost =
                (units[SUPPLY_REACTOR].used_mwh + units[SUPPLY_REACTOR].sold_mwh) * (double)terms->reactor_fuel * MICRO;
        for (uint32_t i = 0; i < terms->n_ppas; i++)
                if (!terms->ppas[i].take_or_pay && terms->ppas[i].kind != PPA_VIRTUAL)
                        units[SUPPLY_PPA + i].cost = (units[SUPPLY_PPA + i].used_mwh + units[SUPPLY_PPA + i].sold_mwh) *
                                                     (double)terms->ppas[i].strike * MICRO;
        for (int u = 0; u < SUPPLY_UNITS; u++) {
                double most = units[u].rated_w * 1e-6 * hours;

                units[u].capacity_factor =
                        isfinite(most) && most > 0 ? (units[u].used_mwh + units[u].sold_mwh) / most : NAN;
                sources->bought += units[u].cost;
        }
        sources->cost = sources->bought + sources->demand - sources->sold - sources->settled;
}

int sources_of(const struct trial *trial, const struct outcome *outcome, uint32_t site, int64_t from, int64_t to,
               struct site_sources *ret_sources)
{
        const struct policy_site *place = &trial->policy.sites[site];
        struct site_supply supply = trial_supply(trial, place, TRIAL_PAID);
        struct site_sources sources = { .settled_known = true, .peak_at = from };
        struct counting counting = { .supply = &supply, .idle_w = trial_idle_w(trial, place), .sources = &sources };
        struct walk_change *changes = walk_room(trial, outcome);
        int code = changes != NULL ? 0 : OFFPEAK_ENOMEM;

        if (code == 0)
                code = store_run(trial, outcome, site, from, to, true, &counting.store);
        if (code == 0)
                code = walk_site(&supply, changes, walk_changes(trial, outcome, &site, changes), from, to, on_cut,
                                 &counting);
        if (code == 0 && to > from && tariff_month(&supply.terms, to) != to)
                close_month(&counting, to - 1);
        if (code == 0) {
                know_units(&supply.terms, &sources);
                close_units(&supply.terms, (double)(to - from) / 3600, &sources);
                sources.stored_mwh = counting.store.drawn_mwh;
                sources.given_mwh = counting.store.given_mwh;
                sources.store_lost_mwh = counting.store.lost_mwh;
                sources.store_cycles = counting.store.cycles;
                *ret_sources = sources;
        }
        site_meter_finish(&counting.meter);
        store_run_finish(&counting.store);
        free(changes);
        return code;
}
