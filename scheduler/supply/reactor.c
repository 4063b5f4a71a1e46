/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/reactor.h"

#include "supply/series.h"

/* What an outage leaves its unit. */
static int64_t left_by(const struct supply_reactor *unit, const struct supply_outage *outage)
{
        return outage->power_w >= unit->minimum_w && outage->power_w > 0 ? outage->power_w : 0;
}

/* When the unit is back in full. */
static int64_t back_at(const struct supply_reactor *unit, const struct supply_outage *outage)
{
        int64_t left = left_by(unit, outage), back = outage->to, ramp = 0;

        if (left >= unit->rating_w)
                return outage->to;
        if (unit->ramp_w_per_min > 0) /* seconds, rounded up */
                ramp = (int64_t)(((__int128)(unit->rating_w - left) * 60 + unit->ramp_w_per_min - 1) /
                                 unit->ramp_w_per_min);
        if (left == 0)
                ramp += unit->restart_s;
        return __builtin_add_overflow(back, ramp, &back) ? INT64_MAX : back;
}

int64_t reactor_unit_forecast(const struct supply_terms *terms, uint32_t u, int64_t time)
{
        const struct supply_reactor *unit = &terms->reactors[u];
        int64_t power = unit->rating_w;

        for (uint32_t i = 0; i < terms->n_outages; i++) {
                const struct supply_outage *outage = &terms->outages[i];
                int64_t left;

                if (outage->unit != u || time < outage->from || time >= back_at(unit, outage))
                        continue;
                left = left_by(unit, outage);
                power = left < power ? left : power;
        }
        return power >= unit->minimum_w ? power : 0;
}

bool reactor_unit_outage(const struct supply_terms *terms, uint32_t unit, int64_t time, int64_t *ret_from,
                         int64_t *ret_back)
{
        bool found = false;

        for (uint32_t i = 0; i < terms->n_outages; i++) {
                const struct supply_outage *outage = &terms->outages[i];
                int64_t back = back_at(&terms->reactors[outage->unit], outage);

                if (outage->unit != unit || back <= time || (found && outage->from >= *ret_from))
                        continue;
                *ret_from = outage->from;
                *ret_back = back;
                found = true;
        }
        return found;
}

int64_t reactor_forecast(const struct supply_terms *terms, int64_t time)
{
        int64_t sum = 0;

        if (terms->n_reactors == 0)
                return SERIES_UNKNOWN;
        for (uint32_t u = 0; u < terms->n_reactors; u++)
                if (__builtin_add_overflow(sum, reactor_unit_forecast(terms, u, time), &sum))
                        sum = INT64_MAX;
        return sum > terms->reactor_house_w ? sum - terms->reactor_house_w : 0;
}

int64_t reactor_reported(const struct supply_terms *terms, int64_t power_w)
{
        int64_t least = terms->n_reactors > 0 ? INT64_MAX : 0;

        for (uint32_t u = 0; u < terms->n_reactors; u++)
                least = terms->reactors[u].minimum_w < least ? terms->reactors[u].minimum_w : least;
        return power_w != SERIES_UNKNOWN && power_w < least ? 0 : power_w;
}

int64_t reactor_next_edge(const struct supply_terms *terms, int64_t time)
{
        int64_t first = INT64_MAX;

        for (uint32_t i = 0; i < terms->n_outages; i++) {
                const struct supply_outage *outage = &terms->outages[i];
                int64_t edges[] = { outage->from, back_at(&terms->reactors[outage->unit], outage) };

                for (int k = 0; k < 2; k++)
                        if (edges[k] > time && edges[k] < first)
                                first = edges[k];
        }
        return first;
}
