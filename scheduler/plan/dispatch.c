/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overview: between two cuts the load and the supply's prices stand still. Drawing more goes up the segments from the load, drawing less
 * goes down: those are the trades of one slot of storage_dispatch(). Power above the firm limit is dearer than all else, so
 * that the store goes there first.
 */
#include "plan/dispatch.h"

#include <math.h>
#include <stdlib.h>

#include "plan/account.h"
#include "plan/idle_lack.h"
#include "plan/supply_rate.h"
#include "supply/storage.h"

enum {
        TRADES = PLAN_MAX_SEGMENTS + 2, /* at a cut, one way: segments, one cut by the level, and what is above the limit */
        LEVELS = 32,                    /* tried for each month */
};

#define WITH_JOBS 100 /* power above the limit: so much dearer where jobs are on, that they may be */

struct hall {
        const struct plan_problem *problem;
        const struct plan_site *site;
        struct cuts cuts;
        struct storage_trade *trades;
        struct storage_slot *slots;
        double *flows_j, *values;
        double *levels_w; /* of each month */
        double dearest;   /* of the site's prices */
        double *load_w;   /* at each cut: the schedule's power */
        double *in_room;  /* 1 where something is drawn beside it, else 0; */
        double more_w;    /* and how much */
        double *lack_w;   /* of each step: idle_lack.h */
        uint64_t work;
};

struct storage_plant dispatch_plant(const struct plan_store *store)
{
        return (struct storage_plant){ .energy = store->energy_j,
                                       .reserve = store->reserve_j,
                                       .start = store->start_j,
                                       .least_end = store->least_end_j,
                                       .end_value = store->end_price,
                                       .charge_efficiency = store->charge_efficiency,
                                       .discharge_efficiency = store->discharge_efficiency };
}

/* ---- what a cut allows */

/* What the site draws without its store. */
static double load_at(const struct hall *hall, size_t i)
{
        return hall->load_w[i] + hall->more_w * hall->in_room[i];
}

/* The month's level, and what a MWh above it costs: as much as all of its price, if that is drawn for one interval. */
static double level_at(const struct hall *hall, size_t i, double *ret_price)
{
        for (size_t d = 0; d < hall->site->n_demands; d++) {
                const struct plan_demand *demand = &hall->site->demands[d];

                if (hall->cuts.times[i] >= demand->start && hall->cuts.times[i] < demand->end) {
                        *ret_price = demand->price * 3600 / (double)demand->interval_s;
                        return hall->levels_w[d];
                }
        }
        *ret_price = 0;
        return INFINITY;
}

/* Power between low and high, all at one price but for the level: dearest first. */
static size_t add_down(const struct hall *hall, size_t i, double price, double low, double high, struct storage_trade *trades)
{
        double seconds = (double)(hall->cuts.times[i + 1] - hall->cuts.times[i]), above, level = level_at(hall, i, &above);
        size_t n = 0;

        if (high > fmax(low, level))
                trades[n++] = (struct storage_trade){ price + above, (high - fmax(low, level)) * seconds };
        if (fmin(high, level) > low)
                trades[n++] = (struct storage_trade){ price, (fmin(high, level) - low) * seconds };
        return n;
}

static size_t add_up(const struct hall *hall, size_t i, double price, double low, double high, struct storage_trade *trades)
{
        size_t n = add_down(hall, i, price, low, high, trades);

        if (n == 2) {
                struct storage_trade swap = trades[0];

                trades[0] = trades[1];
                trades[1] = swap;
        }
        return n;
}

static void allow_discharge(struct hall *hall, size_t i, double power, struct storage_trade *trades)
{
        const struct plan_step *step = hall->cuts.steps[i];
        double low = fmax(0, power - hall->site->store->discharge_w), to = supply_firm_limit(step);
        bool jobs_on = power > site_facility_w(hall->site, 0);
        double over = jobs_on ? WITH_JOBS * hall->dearest : hall->problem->over_limit_cost;
        size_t n = 0;

        if (power > to)
                n += add_down(hall, i, over, fmax(low, to), power, trades);
        for (unsigned k = step->n_segments; k-- > 0;) {
                double from = 0;

                for (unsigned before = 0; before < k; before++)
                        from += step->segments[before].limit_w;
                to = from + step->segments[k].limit_w;
                if (fmin(to, power) > fmax(from, low))
                        n += add_down(hall, i, step->segments[k].price, fmax(from, low), fmin(to, power), trades + n);
        }
        hall->slots[i].discharge = trades;
        hall->slots[i].n_discharge = n;
}

static void allow_charge(struct hall *hall, size_t i, double power, struct storage_trade *trades)
{
        const struct plan_step *step = hall->cuts.steps[i];
        const struct plan_store *store = hall->site->store;
        double from = 0, left = store_charge_w(store, step);
        size_t n = 0;

        for (unsigned k = 0; k < step->n_segments && left > 0; k++) {
                double to = from + step->segments[k].limit_w, taken = fmin(left, fmax(0, to - fmax(from, power)));

                if (taken > 0)
                        n += add_up(hall, i, step->segments[k].price, fmax(from, power), fmax(from, power) + taken, trades + n);
                left -= taken;
                from = to;
        }
        hall->slots[i].charge = trades;
        hall->slots[i].n_charge = n;
}

/* ---- one site */

/* What a level costs: its month's charge, and all that is above it at the price that keeps it there. Convex in the levels. */
static double cost_of_levels(const struct hall *hall)
{
        double cost = 0;

        for (size_t d = 0; d < hall->site->n_demands; d++)
                cost += hall->site->demands[d].price * fmax(0, hall->levels_w[d] - hall->site->demands[d].paid_w) / 1e6;
        for (size_t i = 0; i < hall->cuts.n; i++) {
                double seconds = (double)(hall->cuts.times[i + 1] - hall->cuts.times[i]), above, level = level_at(hall, i, &above);
                double net = load_at(hall, i) + hall->cuts.flows[i];

                if (net > level)
                        cost += above * (net - level) * seconds / PLAN_JOULES_PER_MWH;
        }
        return cost;
}

static int flow_at_levels(struct hall *hall, double *ret_cost)
{
        struct storage_plant plant = dispatch_plant(hall->site->store);
        struct plan_terms terms = { 0 };

        for (size_t i = 0; i < hall->cuts.n; i++) {
                double power = load_at(hall, i);

                allow_discharge(hall, i, power, hall->trades + 2 * i * TRADES);
                allow_charge(hall, i, power, hall->trades + (2 * i + 1) * TRADES);
        }
        hall->work += hall->cuts.n;
        if (storage_dispatch(&plant, hall->slots, hall->cuts.n, hall->flows_j, hall->values) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t i = 0; i < hall->cuts.n; i++) {
                double seconds = (double)(hall->cuts.times[i + 1] - hall->cuts.times[i]);

                hall->cuts.flows[i] = fabs(hall->flows_j[i]) > 1e-12 * plant.energy ? hall->flows_j[i] / seconds : 0;
        }
        if (account_power(hall->problem, &hall->cuts, &terms) != 0)
                return OFFPEAK_ENOMEM;
        *ret_cost = terms.total - terms.demand + cost_of_levels(hall);
        return 0;
}

/* The highest power there could be in a month: charging may well be worth a higher peak. */
static double highest_w(const struct hall *hall, const struct plan_demand *demand)
{
        double highest = 0;

        for (size_t i = 0; i < hall->cuts.n; i++)
                if (hall->cuts.times[i] < demand->end && hall->cuts.times[i + 1] > demand->start)
                        highest = fmax(highest, hall->load_w[i]);
        return highest + hall->site->store->charge_w;
}

/* Golden section. */
static int find_level(struct hall *hall, size_t d)
{
        const double share = 0.6180339887498949;
        double low = hall->site->demands[d].paid_w, high = highest_w(hall, &hall->site->demands[d]);
        double at[2] = { high - share * (high - low), low + share * (high - low) }, cost[2];

        if (!(high > low))
                return 0;
        for (int i = 0; i < 2; i++) {
                hall->levels_w[d] = at[i];
                if (flow_at_levels(hall, &cost[i]) != 0)
                        return OFFPEAK_ENOMEM;
        }
        for (int round = 0; round < LEVELS; round++) {
                int worse = cost[0] < cost[1] ? 1 : 0;

                if (worse == 1)
                        high = at[1];
                else
                        low = at[0];
                at[worse] = at[!worse];
                cost[worse] = cost[!worse];
                at[!worse] = worse == 1 ? high - share * (high - low) : low + share * (high - low);
                hall->levels_w[d] = at[!worse];
                if (flow_at_levels(hall, &cost[!worse]) != 0)
                        return OFFPEAK_ENOMEM;
        }
        hall->levels_w[d] = cost[0] < cost[1] ? at[0] : at[1];
        return 0;
}

/* What must be carried at a cut: where nothing but idle power is drawn, no more than can be. */
static double must_carry(const struct hall *hall, size_t i, double more_w)
{
        double more = more_w * hall->in_room[i];

        return hall->load_w[i] + more - (hall->cuts.watts[i] > 0 || more > 0 ? 0 : hall->lack_w[hall->cuts.steps[i] - hall->site->steps]);
}

static bool carries(const struct hall *hall, double more_w)
{
        const struct plan_store *store = hall->site->store;
        double energy = store->start_j;

        for (size_t i = 0; i < hall->cuts.n; i++)
                if (!store_carries(store, hall->cuts.steps[i], must_carry(hall, i, more_w),
                                   (double)(hall->cuts.times[i + 1] - hall->cuts.times[i]), &energy))
                        return false;
        return energy >= store->least_end_j;
}

/* The most that can be drawn on top in the room; nothing where power has no limit anyway. */
static double find_room(const struct hall *hall)
{
        double low = 0, high = 0;

        for (size_t i = 0; i < hall->cuts.n; i++) {
                double limit = supply_firm_limit(hall->cuts.steps[i]);

                if (!isinf(limit))
                        high = fmax(high, limit + hall->site->store->discharge_w);
        }
        for (int round = 0; high > 0 && round < 40; round++) {
                double middle = 0.5 * (low + high);

                if (carries(hall, middle))
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static int flow(struct hall *hall)
{
        double cost;
        int code = 0;

        for (size_t d = 0; d < hall->site->n_demands; d++)
                hall->levels_w[d] = fmax(hall->site->demands[d].paid_w, highest_w(hall, &hall->site->demands[d]));
        for (size_t d = 0; code == 0 && d < hall->site->n_demands; d++)
                code = find_level(hall, d);
        return code == 0 ? flow_at_levels(hall, &cost) : code;
}

/* more: what is drawn beside the schedule for a time; NULL: nothing. */
static int hall_init(struct hall *hall, const struct plan_problem *problem, uint32_t s, const struct schedule *schedule,
                     const struct plan_flow *more)
{
        struct plan_flow room = more != NULL ? *more : (struct plan_flow){ 0 };
        struct flows beside = { &room, more != NULL && (room.site == s || room.site == DISPATCH_ALL) && room.start < room.end, 1 };
        size_t n;

        *hall = (struct hall){ .problem = problem, .site = &problem->sites[s] };
        hall->dearest = supply_dearest(problem, hall->site);
        hall->more_w = room.watts;
        room.site = s;
        room.watts = 1;
        if (cuts_init(&hall->cuts, problem, s, schedule, &beside) != 0)
                return OFFPEAK_ENOMEM;
        n = hall->cuts.n + 1;
        hall->trades = calloc(2 * n * TRADES, sizeof(*hall->trades));
        hall->slots = calloc(n, sizeof(*hall->slots));
        hall->flows_j = calloc(n, sizeof(double));
        hall->values = calloc(n, sizeof(double));
        hall->levels_w = calloc(hall->site->n_demands + 1, sizeof(double));
        hall->load_w = calloc(n, sizeof(double));
        hall->in_room = calloc(n, sizeof(double));
        hall->lack_w = calloc(hall->site->n_steps + 1, sizeof(double));
        if (hall->trades == NULL || hall->slots == NULL || hall->flows_j == NULL || hall->values == NULL || hall->levels_w == NULL ||
            hall->load_w == NULL || hall->in_room == NULL || hall->lack_w == NULL)
                return OFFPEAK_ENOMEM;
        idle_lack(problem, hall->site, hall->lack_w);
        for (size_t i = 0; i < hall->cuts.n; i++) {
                hall->load_w[i] = site_facility_w(hall->site, hall->cuts.watts[i]);
                hall->in_room[i] = hall->cuts.flows[i];
                hall->cuts.flows[i] = 0;
        }
        return 0;
}

static void hall_finish(struct hall *hall)
{
        cuts_finish(&hall->cuts);
        free(hall->trades);
        free(hall->slots);
        free(hall->flows_j);
        free(hall->values);
        free(hall->levels_w);
        free(hall->lack_w);
        free(hall->in_room);
        free(hall->load_w);
}

/* ---- all of them */

static bool is_feasible(const struct hall *hall)
{
        for (size_t i = 0; i < hall->cuts.n; i++) {
                double limit = supply_firm_limit(hall->cuts.steps[i]);
                double power = site_facility_w(hall->site, hall->cuts.watts[i]) + fmin(0, hall->cuts.flows[i]);

                if (hall->cuts.watts[i] > 0 && power > limit + 1e-9 * limit + 1e-7)
                        return false;
        }
        return true;
}

static int take(struct dispatch *dispatch, const struct slots *slots, const struct hall *hall)
{
        uint32_t s = hall->cuts.index;

        for (size_t i = 0; i < hall->cuts.n; i++)
                if (flows_append(&dispatch->flows, (struct plan_flow){ hall->cuts.times[i], hall->cuts.times[i + 1], s,
                                                                       hall->cuts.flows[i] }) != 0)
                        return OFFPEAK_ENOMEM;
        for (size_t t = 0; t < slots->n; t++) {
                size_t i = cuts_find(&hall->cuts, slots->edges[t]);
                double above;

                dispatch->values[s * slots->n + t] = hall->values[i];
                dispatch->levels_w[s * slots->n + t] = level_at(hall, i, &above);
        }
        dispatch->feasible = dispatch->feasible && is_feasible(hall);
        dispatch->work += hall->work;
        return 0;
}

int dispatch_run(struct dispatch *dispatch, const struct plan_problem *problem, const struct slots *slots,
                 const struct schedule *schedule, const struct dispatch_room *room)
{
        int code = 0;

        dispatch->flows.n = 0;
        dispatch->feasible = true;
        for (uint32_t s = 0; code == 0 && s < problem->n_sites; s++) {
                struct hall hall;

                if (problem->sites[s].store == NULL)
                        continue;
                code = hall_init(&hall, problem, s, schedule, room != NULL ? &room->more : NULL);
                if (code == 0 && room != NULL && room->share > 0)
                        hall.more_w = room->share * find_room(&hall);
                if (code == 0)
                        code = flow(&hall);
                if (code == 0)
                        code = take(dispatch, slots, &hall);
                hall_finish(&hall);
        }
        return code;
}

int dispatch_carries(const struct plan_problem *problem, const struct schedule *schedule, const struct plan_flow *more, bool *ret_carries)
{
        struct hall hall;
        int code = hall_init(&hall, problem, more->site, schedule, more);

        *ret_carries = code == 0 && carries(&hall, hall.more_w);
        hall_finish(&hall);
        return code;
}

int dispatch_init(struct dispatch *dispatch, const struct plan_problem *problem, const struct slots *slots)
{
        size_t n = problem->n_sites * slots->n + 1;

        *dispatch = (struct dispatch){ .values = calloc(n, sizeof(double)), .levels_w = calloc(n, sizeof(double)) };
        return dispatch->values == NULL || dispatch->levels_w == NULL ? OFFPEAK_ENOMEM : 0;
}

void dispatch_finish(struct dispatch *dispatch)
{
        flows_finish(&dispatch->flows);
        free(dispatch->values);
        free(dispatch->levels_w);
        *dispatch = (struct dispatch){ 0 };
}
