/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply_rate.h - what power costs in a step, currency per second, for the planner's own use.
 */
#ifndef OFFPEAK_PLAN_SUPPLY_RATE_H
#define OFFPEAK_PLAN_SUPPLY_RATE_H

#include "plan/problem.h"

/* Within the firm limit, cheapest segment first; what is above it costs nothing here. */
double supply_rate(const struct plan_step *step, double facility_w);

/* Currency per MWh: no power of a site is dearer, firm or not. */
double supply_dearest(const struct plan_problem *problem, const struct plan_site *site);

/* Sum of the segments; INFINITY where there is no limit. */
double supply_firm_limit(const struct plan_step *step);

/* A segment more, in its place, if there is room for one. */
void supply_insert(struct plan_step *step, double price, double limit_w);

/* The same before all others, whose prices are no lower. */
void supply_insert_first(struct plan_step *step, double price, double limit_w);

/* J that a flow of so many J at the meter adds to a store. */
static inline double store_stored(const struct plan_store *store, double joules)
{
        return joules > 0 ? joules * store->charge_efficiency : joules / store->discharge_efficiency;
}

/* W that a store may charge with in a step, were there power. */
static inline double store_charge_w(const struct plan_store *store, const struct plan_step *step)
{
        return store->by_step && step->charge_w < store->charge_w ? step->charge_w : store->charge_w;
}

/*
 * A site draws so much for some seconds and its store charges whenever it can: what is then in it. False if it cannot give what
 * is missing, or not without its reserve.
 */
bool store_carries(const struct plan_store *store, const struct plan_step *step, double facility_w, double seconds, double *energy_j);

static inline double site_facility_w(const struct plan_site *site, double jobs_w)
{
        return site->pue_fixed_w + site->pue_factor * (site->idle_w + jobs_w);
}

/* Currency per second for not knowing the price, at this power of a job. */
static inline double risk_rate(const struct plan_site *site, const struct plan_step *step, const struct plan_job *job,
                               double watts)
{
        return site->pue_factor * watts / PLAN_JOULES_PER_MWH * job->risk * step->spread;
}

/* Currency per second for carbon at this power of a job. */
static inline double carbon_rate(const struct plan_site *site, const struct plan_step *step, const struct plan_job *job,
                                 double watts)
{
        return site->pue_factor * watts / PLAN_JOULES_PER_MWH * job->carbon_price * step->carbon / 1000;
}

#endif
