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

/* What is kept free for jobs to come where power is limited: as if the site drew more. */
struct dispatch_room {
        struct plan_flow more; /* at one site, or DISPATCH_ALL, for some time */
        double share;          /* above 0: not so many watts, but this share of the most that supply and store carry then */
};

#define DISPATCH_ALL UINT32_MAX

/*
 * For all sites that have a store; what was there is gone. room: NULL for none. ENOMEM.
 */
int dispatch_run(struct dispatch *dispatch, const struct plan_problem *problem, const struct slots *slots,
                 const struct schedule *schedule, const struct dispatch_room *room);

/* Do supply and store carry a schedule at a site, and `more` there? ENOMEM. */
int dispatch_carries(const struct plan_problem *problem, const struct schedule *schedule, const struct plan_flow *more, bool *ret_carries);

/* The plant of a site's store, in J. */
struct storage_plant;
struct storage_plant dispatch_plant(const struct plan_store *store);

#endif
