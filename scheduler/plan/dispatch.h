/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - what a site's store best does for a schedule: exact, second by second (supply/storage.h), within what the site
 * draws and its supply has left. A demand charge is met by a level that the net power had better stay below, found by search.
 */
#ifndef OFFPEAK_PLAN_DISPATCH_H
#define OFFPEAK_PLAN_DISPATCH_H

#include "plan/cuts.h"
#include "plan/slots.h"

struct dispatch {
        struct flows flows;
        double *values;   /* currency per MWh in store: site s, slot t at [s * slots->n + t] */
        double *levels_w; /* net power: above it a slot raises its month's peak; INFINITY: it does not matter */
        bool feasible;    /* no job draws above the firm limit */
        uint64_t work;    /* units spent, summed up */
};

/* All 0, for as many slots. ENOMEM. */
int dispatch_init(struct dispatch *dispatch, const struct plan_problem *problem, const struct slots *slots);
void dispatch_finish(struct dispatch *dispatch);

/* For all sites that have a store; what was there is gone. ENOMEM. */
int dispatch_run(struct dispatch *dispatch, const struct plan_problem *problem, const struct slots *slots,
                 const struct schedule *schedule);

/* The plant of a site's store, in J. */
struct storage_plant;
struct storage_plant dispatch_plant(const struct plan_store *store);

#endif
