/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/supply_rate.h"

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

double supply_firm_limit(const struct plan_step *step)
{
        double limit = 0;

        for (unsigned i = 0; i < step->n_segments; i++)
                limit += step->segments[i].limit_w;
        return limit;
}

void supply_insert(struct plan_step *step, double price, double limit_w)
{
        unsigned i = step->n_segments;

        if (!(limit_w > 0) || i == PLAN_MAX_SEGMENTS)
                return;
        for (; i > 0 && step->segments[i - 1].price > price; i--)
                step->segments[i] = step->segments[i - 1];
        step->segments[i] = (struct plan_segment){ price, limit_w };
        step->n_segments++;
}
