/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/stores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/beside_stores.h"
#include "plan/check_bound.h"
#include "plan/supply_rate.h"
#include "supply/storage.h"

enum { PIECES = 4 }; /* of a price that rises with use, each way */

/* Idle power above the limit, slot by slot. */
static void find_idle_over(struct stores *stores, size_t s)
{
        const struct plan_site *site = &stores->problem->sites[s];
        const struct slots *slots = &stores->prices->slots;

        for (size_t t = 0, i = 0; t < slots->n; t++) {
                while (i + 1 < site->n_steps && site->steps[i + 1].start <= slots->edges[t])
                        i++;
                stores->idle_over_w[s * slots->n + t] = fmax(0, site_facility_w(site, 0) - supply_firm_limit(&site->steps[i]));
        }
}

int stores_init(struct stores *stores, const struct plan_problem *problem, struct prices *prices)
{
        size_t n = problem->n_sites * prices->slots.n + 1;

        *stores = (struct stores){ .problem = problem, .prices = prices };
        stores->watts = calloc(n, sizeof(double));
        stores->values = calloc(n, sizeof(double));
        stores->proof = calloc(n, sizeof(double));
        stores->idle_over_w = calloc(n, sizeof(double));
        stores->rise = calloc(n, sizeof(double));
        stores->rise_from_w = calloc(n, sizeof(double));
        if (stores->watts == NULL || stores->values == NULL || stores->proof == NULL || stores->idle_over_w == NULL ||
            stores->rise == NULL || stores->rise_from_w == NULL)
                return OFFPEAK_ENOMEM;
        prices->rise = stores->rise;
        prices->rise_from_w = stores->rise_from_w;
        for (size_t s = 0; s < problem->n_sites; s++)
                prices->has_more_kinks[s] = prices->has_more_kinks[s] || problem->sites[s].store != NULL;
        for (size_t s = 0; s < problem->n_sites; s++)
                find_idle_over(stores, s);
        return 0;
}

void stores_finish(struct stores *stores)
{
        free(stores->watts);
        free(stores->values);
        free(stores->proof);
        free(stores->idle_over_w);
        free(stores->rise);
        free(stores->rise_from_w);
        *stores = (struct stores){ 0 };
}

/* IT W that are counted on top (beside_stores.h). */
static double on_top(const struct stores *stores, size_t s)
{
        return widened_by(&stores->problem->sites[s]) / stores->problem->sites[s].pue_factor;
}

static void count(struct stores *stores, size_t s, double sign)
{
        size_t n = stores->prices->slots.n;

        for (size_t k = s * n; k < (s + 1) * n; k++)
                stores->prices->table.watts[k] += (float)(sign * (stores->watts[k] + on_top(stores, s)));
}

void stores_recount(struct stores *stores)
{
        for (size_t s = 0; s < stores->problem->n_sites; s++)
                if (stores->problem->sites[s].store != NULL)
                        count(stores, s, 1);
}

/* ---- one store */

/* One slot's trades, room for PIECES each way. */
struct offers {
        struct storage_trade charge[PIECES], discharge[PIECES];
};

/* Prices at the middle of each piece: its own use raises them as well, and what would be more than the site draws lowers them to nothing. */
static void offer(const struct stores *stores, size_t s, size_t k, struct offers *offers, struct storage_slot *slot)
{
        const struct prices *prices = stores->prices;
        const struct plan_site *site = &stores->problem->sites[s];
        double used = (double)prices->table.watts[k] + on_top(stores, s), seconds = (double)slots_length(&prices->slots, k % prices->slots.n);
        double up = store_charge_w(site->store, prices->steps[k]) / PIECES, down = site->store->discharge_w / PIECES;
        double high = prices_power_at(prices, k, used), low = high;

        for (int i = 0; i < PIECES; i++) {
                high = fmax(high, prices_power_at(prices, k, used + (i + 0.5) * up / site->pue_factor));
                low = fmin(low, prices_power_at(prices, k, used - (i + 0.5) * down / site->pue_factor));
                offers->charge[i] = (struct storage_trade){ high, up * seconds };
                offers->discharge[i] = (struct storage_trade){ low, down * seconds };
        }
        *slot = (struct storage_slot){ offers->charge, offers->discharge, PIECES, PIECES };
}

static int answer(struct stores *stores, size_t s, struct offers *offers, struct storage_slot *slots, double *flows)
{
        const struct plan_site *site = &stores->problem->sites[s];
        struct storage_plant plant = dispatch_plant(site->store);
        size_t n = stores->prices->slots.n;

        count(stores, s, -1);
        for (size_t t = 0; t < n; t++)
                offer(stores, s, s * n + t, &offers[t], &slots[t]);
        if (storage_dispatch(&plant, slots, n, flows, NULL) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t t = 0; t < n; t++)
                stores->watts[s * n + t] = flows[t] / (double)slots_length(&stores->prices->slots, t) / site->pue_factor;
        count(stores, s, 1);
        stores->work += n;
        return 0;
}

/* What is done at one site with a store, in memory for an offer, a slot and a flow each. */
typedef int (*at_store)(struct stores *stores, size_t s, struct offers *offers, struct storage_slot *slots, double *flows);

static int at_each_store(struct stores *stores, at_store work)
{
        size_t n = stores->prices->slots.n;
        struct offers *offers = calloc(n, sizeof(*offers));
        struct storage_slot *slots = calloc(n, sizeof(*slots));
        double *flows = calloc(n, sizeof(*flows));
        int code = offers == NULL || slots == NULL || flows == NULL ? OFFPEAK_ENOMEM : 0;

        for (size_t s = 0; code == 0 && s < stores->problem->n_sites; s++)
                if (stores->problem->sites[s].store != NULL)
                        code = work(stores, s, offers, slots, flows);
        free(flows);
        free(slots);
        free(offers);
        return code;
}

int stores_answer(struct stores *stores)
{
        return at_each_store(stores, answer);
}

/* ---- the dual */

/*
 * One price a slot, were there always power to charge and load to serve. Where idle power alone is above the limit nothing can be charged,
 * and what carries it is worth what it would cost.
 */
static void offer_all(const struct stores *stores, size_t s, size_t k, struct offers *offers, struct storage_slot *slot)
{
        const struct plan_store *store = stores->problem->sites[s].store;
        double price = stores->prices->base.power[k], seconds = (double)slots_length(&stores->prices->slots, k % stores->prices->slots.n);
        double over = fmin(store->discharge_w, stores->idle_over_w[k]);

        offers->charge[0] = (struct storage_trade){ price, store_charge_w(store, stores->prices->steps[k]) * seconds };
        offers->discharge[0] = (struct storage_trade){ fmax(price, stores->problem->over_limit_cost), over * seconds };
        offers->discharge[1] = (struct storage_trade){ price, (store->discharge_w - over) * seconds };
        *slot = (struct storage_slot){ offers->charge, offers->discharge, over > 0 ? 0 : 1, 2 };
}

/* Values that prove most of it. */
static int find_values(struct stores *stores, size_t s, struct offers *offers, struct storage_slot *slots, double *flows)
{
        struct storage_plant plant = dispatch_plant(stores->problem->sites[s].store);
        size_t n = stores->prices->slots.n;

        for (size_t t = 0; t < n; t++)
                offer_all(stores, s, s * n + t, &offers[t], &slots[t]);
        stores->work += n;
        return storage_dispatch(&plant, slots, n, flows, &stores->values[s * n]);
}

/* What prices of GPUs and power and these values prove of sites and limits; nothing, if they are not fit for it. */
static int prove(const struct stores *stores, double *ret_dual)
{
        const struct prices *prices = stores->prices;
        struct plan_multipliers multipliers = { .n_sites = stores->problem->n_sites,
                                                .n_limits = stores->problem->n_limits,
                                                .n_slots = prices->slots.n,
                                                .edges = prices->slots.edges,
                                                .power = prices->base.power,
                                                .gpus = prices->base.gpus,
                                                .limits = prices->base.gpus + stores->problem->n_sites * prices->slots.n,
                                                .demand = prices->base.demand,
                                                .storage = stores->values };
        struct pieces pieces[64] = { { 0 } };
        struct offpeak_error err;
        int code = 0;

        for (uint32_t s = 0; code == 0 && s < stores->problem->n_sites; s++)
                code = pieces_init(&pieces[s], stores->problem, s, &multipliers, &err);
        *ret_dual = code == 0 ? bound_of_capacities(stores->problem, pieces, &multipliers).sum : -INFINITY;
        for (uint32_t s = 0; s < stores->problem->n_sites; s++)
                pieces_finish(&pieces[s]);
        return code == OFFPEAK_EINVAL ? 0 : code;
}

int stores_dual(struct stores *stores, double *ret_dual)
{
        int code = at_each_store(stores, find_values);

        return code != 0 ? code : prove(stores, ret_dual);
}

void stores_note_proof(struct stores *stores)
{
        memcpy(stores->proof, stores->values, stores->problem->n_sites * stores->prices->slots.n * sizeof(double));
}

int stores_flows(const struct stores *stores, struct flows *ret_flows)
{
        const struct slots *slots = &stores->prices->slots;

        ret_flows->n = 0;
        for (uint32_t s = 0; s < stores->problem->n_sites; s++)
                for (size_t t = 0; t < slots->n; t++) {
                        double watts = stores->watts[s * slots->n + t] * stores->problem->sites[s].pue_factor;

                        if (flows_append(ret_flows, (struct plan_flow){ slots->edges[t], slots->edges[t + 1], s, watts }) != 0)
                                return OFFPEAK_ENOMEM;
                }
        return 0;
}
