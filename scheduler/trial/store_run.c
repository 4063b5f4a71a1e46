/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: the walk's cuts -> what each lets the store do (drawing more goes up the sources from the load, drawing
 * less goes down) -> storage_dispatch() -> flows. With demand charges a level for each month comes before: power above
 * it costs so much that it is not drawn where that can be helped, and the cheapest level is searched in the month
 * alone.
 */
#include "trial/store_run.h"

#include <math.h>
#include <stdlib.h>

#include "supply/storage.h"
#include "supply/tariff.h"
#include "trial/walk.h"

#define MICRO     1e-6
#define J_PER_MWH 3.6e9

enum {
        TRADES = SUPPLY_MAX_SEGMENTS + 1, /* at a cut, one way: segments, one of them cut by the level */
        LEVELS = 24,                      /* tried for each month */
};

struct cut {
        int64_t from, to;
        double load_w;   /* of the whole site, without its store */
        double charge_w; /* that the store may draw, beside what the sources reach */
        bool counts;     /* in the demand charge */
        struct supply_curve curve;
};

struct work {
        const struct site_supply *supply;
        const struct supply_store *store;
        const struct supply_demand *demand; /* NULL: none is looked at */
        double idle_w;
        struct cut *cuts;
        size_t n, room;
        double *levels_w; /* of each cut; INFINITY: none */
        struct storage_trade *trades;
        struct storage_slot *slots;
        double *flows_j;
};

/* ---- cuts */

static double charge_at(const struct work *work, int64_t time)
{
        int64_t most = work->store->charge_w, reactor;

        if (!work->store->from_reactor)
                return (double)most;
        reactor = site_supply_reactor(work->supply, time);
        return reactor == SERIES_UNKNOWN || reactor < 0 ? 0 : fmin((double)reactor, (double)most);
}

static int append(struct work *work, struct cut cut)
{
        if (work->n == work->room) {
                size_t room = 2 * work->room + 256;
                struct cut *cuts = realloc(work->cuts, room * sizeof(*cuts));

                if (cuts == NULL)
                        return OFFPEAK_ENOMEM;
                work->cuts = cuts;
                work->room = room;
        }
        work->cuts[work->n++] = cut;
        return 0;
}

/* When a cut has to end for the demand charge's sake. */
static int64_t tariff_edge(const struct work *work, int64_t time)
{
        const struct supply_terms *terms = &work->supply->terms;
        int64_t month, edge;

        if (work->demand == NULL)
                return INT64_MAX;
        month = tariff_next_month(terms, time);
        edge = tariff_next_edge(terms, work->demand, time);
        return edge < month ? edge : month;
}

static int on_cut(void *context, const struct walk_cut *cut)
{
        struct work *work = context;
        int code = 0;

        for (int64_t t = cut->from, next; code == 0 && t < cut->to; t = next) {
                int64_t edge = tariff_edge(work, t);

                next = edge < cut->to ? edge : cut->to;
                code = append(work, (struct cut){ .from = t,
                                                  .to = next,
                                                  .load_w = work->idle_w + cut->watts,
                                                  .charge_w = charge_at(work, t),
                                                  .counts = work->demand != NULL &&
                                                            tariff_counts(&work->supply->terms, work->demand, t),
                                                  .curve = cut->curve });
        }
        return code;
}

static int find_cuts(struct work *work, const struct trial *trial, const struct outcome *outcome, uint32_t site,
                     int64_t from, int64_t to)
{
        struct walk_change *changes;
        size_t n;
        int code;

        if (outcome == NULL)
                return walk_site(work->supply, NULL, 0, from, to, on_cut, work);
        changes = walk_room(trial, outcome);
        if (changes == NULL)
                return OFFPEAK_ENOMEM;
        n = walk_changes(trial, outcome, &site, changes);
        code = walk_site(work->supply, changes, n, from, to, on_cut, work);
        free(changes);
        return code;
}

static int make_room(struct work *work)
{
        size_t n = work->n + 1;

        work->levels_w = malloc(n * sizeof(*work->levels_w));
        work->trades = malloc(2 * n * TRADES * sizeof(*work->trades));
        work->slots = calloc(n, sizeof(*work->slots));
        work->flows_j = calloc(n, sizeof(*work->flows_j));
        if (work->levels_w == NULL || work->trades == NULL || work->slots == NULL || work->flows_j == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < n; i++)
                work->levels_w[i] = INFINITY;
        return 0;
}

static void work_finish(struct work *work)
{
        free(work->cuts);
        free(work->levels_w);
        free(work->trades);
        free(work->slots);
        free(work->flows_j);
}

/* ---- what a cut allows */

static double seconds_of(const struct cut *cut)
{
        return (double)(cut->to - cut->from);
}

static double price_of(const struct supply_segment *segment)
{
        return (double)segment->price * MICRO;
}

/* What a MWh above a level costs: as much as all of the charge, if it is drawn for one interval. */
static double above_level(const struct work *work)
{
        return work->demand != NULL ? (double)work->demand->per_kw * 1e-3 * 3600 / (double)work->demand->interval_s : 0;
}

/* Power between low and high of one source: what is above the level first, where it is to be bought last. */
static size_t add_trades(const struct work *work, size_t i, double price, double low, double high, bool up,
                         struct storage_trade *trades)
{
        double seconds = seconds_of(&work->cuts[i]), level = fmin(fmax(work->levels_w[i], low), high);
        struct storage_trade below = { price, (level - low) * seconds };
        struct storage_trade above = { price + above_level(work), (high - level) * seconds };
        size_t n = 0;

        if (up && below.energy > 0)
                trades[n++] = below;
        if (above.energy > 0)
                trades[n++] = above;
        if (!up && below.energy > 0)
                trades[n++] = below;
        return n;
}

/* Where each source of a cut begins and ends. What is beyond all of them is priced as the last one is. */
static double source_end(const struct supply_curve *curve, unsigned k, double from, bool beyond)
{
        bool last = k + 1 == curve->n_segments;

        if (curve->segments[k].limit_w == INT64_MAX || (last && beyond))
                return INFINITY;
        return from + (double)curve->segments[k].limit_w;
}

/* From the load upwards, no further than where a price is known. */
static size_t allow_charge(const struct work *work, size_t i, struct storage_trade *trades)
{
        const struct cut *cut = &work->cuts[i];
        double from = 0, high = cut->load_w + cut->charge_w;
        size_t n = 0;

        for (unsigned k = 0; k < cut->curve.n_segments && from < high; k++) {
                double end = source_end(&cut->curve, k, from, false);
                double low = fmax(from, cut->load_w), to = fmin(end, high);

                if (to > low && cut->curve.segments[k].price == SERIES_UNKNOWN)
                        break;
                if (to > low)
                        n += add_trades(work, i, price_of(&cut->curve.segments[k]), low, to, true, trades + n);
                from = end;
        }
        return n;
}

/* From the load downwards: the dearest source first. Nothing where that one's price is not known. */
static size_t allow_discharge(const struct work *work, size_t i, struct storage_trade *trades)
{
        const struct cut *cut = &work->cuts[i];
        double low = fmax(0, cut->load_w - (double)work->store->discharge_w), starts[SUPPLY_MAX_SEGMENTS], from = 0;
        size_t n = 0;

        for (unsigned k = 0; k < cut->curve.n_segments; k++) {
                starts[k] = from;
                from = source_end(&cut->curve, k, from, true);
        }
        for (unsigned k = cut->curve.n_segments; k-- > 0;) {
                double bottom = fmax(starts[k], low);
                double top = fmin(source_end(&cut->curve, k, starts[k], true), cut->load_w);

                if (top > bottom && cut->curve.segments[k].price == SERIES_UNKNOWN)
                        return 0;
                if (top > bottom)
                        n += add_trades(work, i, price_of(&cut->curve.segments[k]), bottom, top, false, trades + n);
        }
        return n;
}

/* ---- flows */

static struct storage_plant plant_of(const struct supply_store *store)
{
        double reserve = (double)store->reserve_wh * 3600;

        return (struct storage_plant){ .energy = (double)store->energy_wh * 3600,
                                       .reserve = reserve,
                                       .start = reserve,
                                       .least_end = reserve,
                                       .charge_efficiency = (double)store->charge_ppm * MICRO,
                                       .discharge_efficiency = (double)store->discharge_ppm * MICRO };
}

/* The cuts [first, end), as if there were no others. */
static int flow(struct work *work, size_t first, size_t end)
{
        struct storage_plant plant = plant_of(work->store);

        for (size_t i = first; i < end; i++) {
                struct storage_trade *trades = work->trades + 2 * i * TRADES;
                struct storage_slot *slot = &work->slots[i];

                slot->charge = trades;
                slot->n_charge = allow_charge(work, i, trades);
                slot->discharge = trades + TRADES;
                slot->n_discharge = allow_discharge(work, i, trades + TRADES);
        }
        return storage_dispatch(&plant, work->slots + first, end - first, work->flows_j + first, NULL);
}

/* ---- demand charges */

/* Currency that all power of a cut costs, what has no price left out. */
static double cost_of(const struct cut *cut, double watts)
{
        double sum = 0, from = 0;

        for (unsigned k = 0; k < cut->curve.n_segments && from < watts; k++) {
                double to = fmin(source_end(&cut->curve, k, from, true), watts);

                if (cut->curve.segments[k].price != SERIES_UNKNOWN)
                        sum += (to - from) * price_of(&cut->curve.segments[k]);
                from = to;
        }
        return sum * seconds_of(cut) / J_PER_MWH;
}

/* What a month costs at a level: the level's charge, its power, and what is above the level at the price that keeps it
 * there. */
static int try_level(struct work *work, size_t first, size_t end, double level_w, double *ret_cost)
{
        double cost = (double)work->demand->per_kw * MICRO * fmax(level_w, (double)tariff_least_w(work->demand)) / 1e3;

        for (size_t i = first; i < end; i++)
                if (work->cuts[i].counts)
                        work->levels_w[i] = level_w;
        if (flow(work, first, end) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = first; i < end; i++) {
                double watts = work->cuts[i].load_w + work->flows_j[i] / seconds_of(&work->cuts[i]);

                cost += cost_of(&work->cuts[i], watts);
                if (watts > work->levels_w[i])
                        cost += above_level(work) * (watts - work->levels_w[i]) * seconds_of(&work->cuts[i]) /
                                J_PER_MWH;
        }
        *ret_cost = cost;
        return 0;
}

/* Golden section: the cost is convex in the level. */
static int find_level(struct work *work, size_t first, size_t end)
{
        const double share = 0.6180339887498949;
        double low = (double)tariff_least_w(work->demand), high = low, at[2], cost[2];

        for (size_t i = first; i < end; i++)
                if (work->cuts[i].counts)
                        high = fmax(high, work->cuts[i].load_w + work->cuts[i].charge_w);
        at[0] = high - share * (high - low);
        at[1] = low + share * (high - low);
        for (int i = 0; i < 2; i++)
                if (try_level(work, first, end, at[i], &cost[i]) != 0)
                        return OFFPEAK_ENOMEM;
        for (int round = 0; high > low && round < LEVELS; round++) {
                int worse = cost[0] < cost[1] ? 1 : 0;

                *(worse == 1 ? &high : &low) = at[worse];
                at[worse] = at[!worse];
                cost[worse] = cost[!worse];
                at[!worse] = worse == 1 ? high - share * (high - low) : low + share * (high - low);
                if (try_level(work, first, end, at[!worse], &cost[!worse]) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return try_level(work, first, end, cost[0] < cost[1] ? at[0] : at[1], &cost[0]);
}

static int find_levels(struct work *work)
{
        int code = 0;

        for (size_t first = 0, end; code == 0 && first < work->n; first = end) {
                int64_t next = tariff_next_month(&work->supply->terms, work->cuts[first].from);

                for (end = first; end < work->n && work->cuts[end].from < next;)
                        end++;
                code = find_level(work, first, end);
        }
        return code;
}

/* ---- all of it */

static int read_off(const struct work *work, struct store_run *run)
{
        double in = (double)work->store->charge_ppm * MICRO, out = (double)work->store->discharge_ppm * MICRO;
        double least = 1e-12 * (double)work->store->energy_wh * 3600;

        run->flows = malloc((work->n + 1) * sizeof(*run->flows));
        if (run->flows == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < work->n; i++) {
                const struct cut *cut = &work->cuts[i];
                double joules = fabs(work->flows_j[i]) > least ? work->flows_j[i] : 0;

                run->flows[run->n++] = (struct store_flow){ cut->from, cut->to, joules / seconds_of(cut) };
                run->drawn_mwh += fmax(0, joules) / J_PER_MWH;
                run->given_mwh += fmax(0, -joules) / J_PER_MWH;
        }
        run->lost_mwh = run->drawn_mwh * (1 - in) + run->given_mwh * (1 / out - 1);
        run->cycles = run->given_mwh / out * 1e6 / (double)work->store->energy_wh;
        return 0;
}

int store_run(const struct trial *trial, const struct outcome *outcome, uint32_t site, int64_t from, int64_t to,
              bool demands, struct store_run *ret_run)
{
        const struct policy_site *place = &trial->policy.sites[site];
        struct site_supply supply = trial_supply(trial, place, TRIAL_PAID);
        struct work work = { .supply = &supply,
                             .store = &supply.terms.store,
                             .demand = demands ? tariff_dearest(&supply.terms) : NULL,
                             .idle_w = trial_idle_w(trial, place) };
        int code = 0;

        *ret_run = (struct store_run){ 0 };
        if (!supply.terms.has_store || supply.terms.store.energy_wh <= 0)
                return 0;
        if (find_cuts(&work, trial, outcome, site, from, to) != 0 || make_room(&work) != 0)
                code = OFFPEAK_ENOMEM;
        if (code == 0 && work.demand != NULL)
                code = find_levels(&work);
        if (code == 0)
                code = flow(&work, 0, work.n);
        if (code == 0)
                code = read_off(&work, ret_run);
        work_finish(&work);
        return code;
}

void store_run_finish(struct store_run *run)
{
        free(run->flows);
        *run = (struct store_run){ 0 };
}

double store_run_at(const struct store_run *run, int64_t time, size_t *cursor)
{
        while (*cursor < run->n && run->flows[*cursor].to <= time)
                ++*cursor;
        return *cursor < run->n && run->flows[*cursor].from <= time ? run->flows[*cursor].watts : 0;
}

bool trial_has_store(const struct trial *trial)
{
        for (size_t s = 0; s < trial->policy.n_sites; s++)
                if (trial->policy.sites[s].terms.has_store)
                        return true;
        return false;
}
