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
