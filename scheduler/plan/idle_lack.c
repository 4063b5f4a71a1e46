/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/idle_lack.h"

#include <math.h>

#include "plan/supply_rate.h"

/* Sums are rounded: whoever adds them up again must not be short of a hair. */
#define MARGIN 1e-9

static double seconds_of(const struct plan_problem *problem, const struct plan_site *site, size_t t)
{
        return (double)((t + 1 < site->n_steps ? site->steps[t + 1].start : problem->horizon) - site->steps[t].start);
}

/* What is left of supply beside idle power; below 0: what is missing. */
static double left_w(const struct plan_site *site, size_t t)
{
        return supply_firm_limit(&site->steps[t]) - site_facility_w(site, 0);
}

static double charged_j(const struct plan_problem *problem, const struct plan_site *site, size_t t)
{
        double watts = fmin(store_charge_w(site->store, &site->steps[t]), fmax(0, left_w(site, t)));

        return store_stored(site->store, watts * seconds_of(problem, site, t));
}

/* What must be in the store at each step's end, or at the horizon there is too little, with all the charging in between. */
static void find_floors(const struct plan_problem *problem, const struct plan_site *site, double *floors_j)
{
        double floor = fmax(site->store->reserve_j, site->store->least_end_j);

        for (size_t t = site->n_steps; t-- > 0;) {
                floors_j[t] = floor;
                floor = fmax(site->store->reserve_j, floor - charged_j(problem, site, t));
        }
}

void idle_lack(const struct plan_problem *problem, const struct plan_site *site, double *ret_w)
{
        const struct plan_store *store = site->store;
        double energy = store->start_j;

        find_floors(problem, site, ret_w);
        for (size_t t = 0; t < site->n_steps; t++) {
                double seconds = seconds_of(problem, site, t), missing = fmax(0, -left_w(site, t)), given;

                energy = fmin(store->energy_j, energy + charged_j(problem, site, t));
                given = fmin(missing, store->discharge_w);
                given = fmin(given, fmax(0, energy - ret_w[t]) * store->discharge_efficiency / seconds);
                energy += store_stored(store, -given * seconds);
                ret_w[t] = given < missing ? fmin(missing, missing - given * (1 - MARGIN)) : 0;
        }
}
