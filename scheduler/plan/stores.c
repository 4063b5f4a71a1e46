/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/stores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/dispatch.h"
#include "plan/supply_rate.h"
#include "supply/storage.h"

enum { PIECES = 4 }; /* of a price that rises with use, each way */

int stores_init(struct stores *stores, const struct plan_problem *problem, struct prices *prices)
{
        size_t n = problem->n_sites * prices->slots.n + 1;

        *stores = (struct stores){ .problem = problem, .prices = prices };
        stores->watts = calloc(n, sizeof(double));
        stores->values = calloc(n, sizeof(double));
        stores->proof = calloc(n, sizeof(double));
        return stores->watts == NULL || stores->values == NULL || stores->proof == NULL ? OFFPEAK_ENOMEM : 0;
}

void stores_finish(struct stores *stores)
{
        free(stores->watts);
        free(stores->values);
        free(stores->proof);
        *stores = (struct stores){ 0 };
}

static void count(struct stores *stores, size_t s, double sign)
{
        size_t n = stores->prices->slots.n;

        for (size_t k = s * n; k < (s + 1) * n; k++)
                stores->prices->table.watts[k] += (float)(sign * stores->watts[k]);
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

/* The jobs' power in a slot, at the meter. */
static double load_at(const struct stores *stores, size_t s, size_t k)
{
        return site_facility_w(&stores->problem->sites[s], fmax(0, (double)stores->prices->table.watts[k]));
}

/* Prices at the middle of each piece: its own use raises them as well. */
static void offer(const struct stores *stores, size_t s, size_t k, struct offers *offers, struct storage_slot *slot)
{
        const struct prices *prices = stores->prices;
        const struct plan_site *site = &stores->problem->sites[s];
        double used = (double)prices->table.watts[k], seconds = (double)slots_length(&prices->slots, k % prices->slots.n);
        double up = store_charge_w(site->store, prices->steps[k]) / PIECES, down = fmin(site->store->discharge_w, load_at(stores, s, k)) / PIECES;
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

int stores_answer(struct stores *stores)
{
        size_t n = stores->prices->slots.n;
        struct offers *offers = calloc(n, sizeof(*offers));
        struct storage_slot *slots = calloc(n, sizeof(*slots));
        double *flows = calloc(n, sizeof(*flows));
        int code = offers == NULL || slots == NULL || flows == NULL ? OFFPEAK_ENOMEM : 0;

        for (size_t s = 0; code == 0 && s < stores->problem->n_sites; s++)
                if (stores->problem->sites[s].store != NULL)
                        code = answer(stores, s, offers, slots, flows);
        free(flows);
        free(slots);
        free(offers);
        return code;
}

/* ---- the dual */

static int dual_of(struct stores *stores, size_t s, struct offers *offers, struct storage_slot *slots, double *flows, double *dual)
{
        struct storage_plant plant = dispatch_plant(stores->problem->sites[s].store);
        const struct slots *times = &stores->prices->slots;
        double end = plant.start;

        for (size_t t = 0; t < times->n; t++) {
                size_t k = s * times->n + t;
                double price = stores->prices->base.power[k], seconds = (double)slots_length(times, t);

                offers[t].charge[0] = (struct storage_trade){ price, store_charge_w(stores->problem->sites[s].store, stores->prices->steps[k]) * seconds };
                offers[t].discharge[0] = (struct storage_trade){ price, stores->problem->sites[s].store->discharge_w * seconds };
                slots[t] = (struct storage_slot){ offers[t].charge, offers[t].discharge, 1, 1 };
        }
        if (storage_dispatch(&plant, slots, times->n, flows, &stores->values[s * times->n]) != 0)
                return OFFPEAK_ENOMEM;
        for (size_t t = 0; t < times->n; t++) {
                *dual += flows[t] * stores->prices->base.power[s * times->n + t] / PLAN_JOULES_PER_MWH;
                end += storage_stored(&plant, flows[t]);
        }
        *dual += (plant.start - end) * plant.end_value / PLAN_JOULES_PER_MWH;
        stores->work += times->n;
        return 0;
}

int stores_dual(struct stores *stores, double *ret_dual)
{
        size_t n = stores->prices->slots.n;
        struct offers *offers = calloc(n, sizeof(*offers));
        struct storage_slot *slots = calloc(n, sizeof(*slots));
        double *flows = calloc(n, sizeof(*flows)), dual = 0;
        int code = offers == NULL || slots == NULL || flows == NULL ? OFFPEAK_ENOMEM : 0;

        for (size_t s = 0; code == 0 && s < stores->problem->n_sites; s++)
                if (stores->problem->sites[s].store != NULL)
                        code = dual_of(stores, s, offers, slots, flows, &dual);
        free(flows);
        free(slots);
        free(offers);
        *ret_dual = dual;
        return code;
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
