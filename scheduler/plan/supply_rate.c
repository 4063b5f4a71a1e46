/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/supply_rate.h"

#include <math.h>

double supply_rate(const struct plan_step *step, double facility_w)
{
        double rate = 0;

        for (unsigned i = 0; i < step->n_segments && facility_w > 0; i++) {
                double limit = step->segments[i].limit_w;
                double taken = facility_w < limit ? facility_w : limit;

                rate += taken * (step->segments[i].price / PLAN_JOULES_PER_MWH);
                facility_w -= taken;
        }
        return rate;
}

double supply_dearest(const struct plan_problem *problem, const struct plan_site *site)
{
        double highest = fmax(1, problem->over_limit_cost);

        for (size_t t = 0; t < site->n_steps; t++)
                for (unsigned i = 0; i < site->steps[t].n_segments; i++)
                        highest = fmax(highest, site->steps[t].segments[i].price);
        return highest;
}

double supply_firm_limit(const struct plan_step *step)
{
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        return limit;
}

static void insert_at(struct plan_step *step, unsigned at, double price, double limit_w)
{
        for (unsigned i = step->n_segments; i > at; i--)
                step->segments[i] = step->segments[i - 1];
        step->segments[at] = (struct plan_segment){ price, limit_w };
        step->n_segments++;
}

void supply_insert(struct plan_step *step, double price, double limit_w)
{
        unsigned i = step->n_segments;

        if (!(limit_w > 0) || i == PLAN_MAX_SEGMENTS)
                return;
        while (i > 0 && step->segments[i - 1].price > price)
                i--;
        insert_at(step, i, price, limit_w);
}

void supply_insert_first(struct plan_step *step, double price, double limit_w)
{
        if (limit_w > 0 && step->n_segments < PLAN_MAX_SEGMENTS)
                insert_at(step, 0, price, limit_w);
}

bool store_carries(const struct plan_store *store, const struct plan_step *step, double facility_w, double seconds, double *energy_j)
{
        double left = supply_firm_limit(step) - facility_w;

        if (left < -store->discharge_w)
                return false;
        *energy_j += store_stored(store, fmin(store_charge_w(store, step), left) * seconds);
        *energy_j = fmin(*energy_j, store->energy_j);
        return *energy_j >= store->reserve_j;
}
