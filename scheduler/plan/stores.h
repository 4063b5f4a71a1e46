/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.h - the sites' stores among the jobs while prices are looked for: each answers prices that rise with use, its power counts in
 * the use of each slot, and at the settled prices its own value proves a part of the bound.
 */
#ifndef OFFPEAK_PLAN_STORES_H
#define OFFPEAK_PLAN_STORES_H

#include "plan/flows.h"
#include "plan/prices.h"

struct stores {
        const struct plan_problem *problem; /* the sites as they are */
        struct prices *prices;              /* on a problem of the same sites and slots (beside_stores.h) */
        double *watts;                      /* IT side, site s, slot t at [s * slots.n + t]: counted in the prices' table */
        double *values;                     /* currency per MWh in store, likewise; of the last dual */
        double *proof;                      /* those of the bound */
        double *idle_over_w;                /* likewise, at the meter: idle power above the firm limit */
        double *rise, *rise_from_w;         /* lent to the prices */
        uint64_t work;
};

/* Nothing flows. Borrows both. ENOMEM; stores_finish() also then. */
int stores_init(struct stores *stores, const struct plan_problem *problem, struct prices *prices);
void stores_finish(struct stores *stores);

/* The use was counted anew, without stores: count theirs. */
void stores_recount(struct stores *stores);

/* Each is taken out, finds its cheapest flows, and is put back. ENOMEM. */
int stores_answer(struct stores *stores);

/* What sites with their stores and limits prove at the base prices, by the checker's arithmetic; `values` are those it needs. ENOMEM. */
int stores_dual(struct stores *stores, double *ret_dual);

/* The values of the last dual are the proof. */
void stores_note_proof(struct stores *stores);

/* What flows at the moment, as W at the meter. ENOMEM. */
int stores_flows(const struct stores *stores, struct flows *ret_flows);

#endif
