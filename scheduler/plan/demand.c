/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/demand.h"

#include <math.h>

#include "plan/supply_rate.h"

/* ---- what a month costs */

/* Joules of jobs of one averaging interval, and the highest mean of all so far. */
struct meter {
        int64_t interval_end;
        double joules, seconds, highest_w;
};

static void read_out(struct meter *meter)
{
        if (meter->seconds > 0)
                meter->highest_w = fmax(meter->highest_w, meter->joules / meter->seconds);
        meter->joules = meter->seconds = 0;
}

static double highest_mean(const struct plan_demand *demand, const int64_t *times, const double *watts, size_t n)
{
        struct meter meter = { 0 };

        for (size_t i = 0; i < n; i++) {
                int64_t at = times[i] > demand->start ? times[i] : demand->start;
                int64_t end = times[i + 1] < demand->end ? times[i + 1] : demand->end;

                while (at < end) {
                        int64_t to = (at / demand->interval_s + 1) * demand->interval_s;

                        if (at >= meter.interval_end)
                                read_out(&meter);
                        meter.interval_end = to;
                        to = to < end ? to : end;
                        meter.joules += watts[i] * (double)(to - at);
                        meter.seconds += (double)(to - at);
                        at = to;
                }
        }
        read_out(&meter);
        return meter.highest_w;
}

double demand_cost(const struct plan_site *site, const int64_t *times, const double *watts, size_t n)
{
        double cost = 0;

        for (size_t d = 0; d < site->n_demands; d++) {
                double highest = highest_mean(&site->demands[d], times, watts, n);
                double rise = site_facility_w(site, highest) - site->demands[d].paid_w;

                if (highest > 0 && rise > 0)
                        cost += rise / 1e6 * site->demands[d].price;
        }
        return cost;
}

/* ---- the spread */

void demand_levels_init(const struct plan_site *site, const struct slots *slots, struct demand_level *levels)
{
        for (size_t d = 0; d < site->n_demands; d++) {
                const struct plan_demand *demand = &site->demands[d];
                struct demand_level *level = &levels[d];

                *level = (struct demand_level){ .demand = demand, .level_w = demand->paid_w };
                if (demand->end <= slots->edges[0] || demand->start >= slots->edges[slots->n])
                        continue;
                level->first = demand->start > slots->edges[0] ? slots_find(slots, demand->start) : 0;
                level->last = demand->end < slots->edges[slots->n] ? slots_find(slots, demand->end) : slots->n;
        }
}

static double spread_at(const struct demand_level *level, const struct slots *slots, const double *use_w,
                        const double *base, double gain, double level_w, double *ret_spread)
{
        double sum = 0;

        for (size_t t = level->first; t < level->last; t++) {
                double price = fmax(0, base[t] + gain * (use_w[t] - level_w));

                sum += price * (double)slots_length(slots, t) / 3600;
                if (ret_spread != NULL)
                        ret_spread[t] = price;
        }
        return sum;
}

/* Slots that an averaging interval joins get the least of their prices: a spread may not change within one. */
static void even_out(const struct demand_level *level, const struct slots *slots, double *spread)
{
        for (size_t t = level->first, end; t < level->last; t = end) {
                double least = spread[t];

                for (end = t + 1; end < level->last && slots->edges[end] % level->demand->interval_s != 0; end++)
                        least = fmin(least, spread[end]);
                for (size_t i = t; i < end; i++)
                        spread[i] = least;
        }
}

void demand_spread(struct demand_level *level, const struct slots *slots, const double *use_w, const double *base,
                   double gain, double *ret_spread)
{
        double low = level->demand->paid_w, high = low, price = level->demand->price, sum;

        if (spread_at(level, slots, use_w, base, gain, low, NULL) > price && gain > 0) {
                for (size_t t = level->first; t < level->last; t++)
                        high = fmax(high, use_w[t] + base[t] / gain);
                for (int round = 0; round < 40; round++) {
                        double middle = 0.5 * (low + high);

                        if (spread_at(level, slots, use_w, base, gain, middle, NULL) > price)
                                low = middle;
                        else
                                high = middle;
                }
        }
        level->level_w = high;
        sum = spread_at(level, slots, use_w, base, gain, high, ret_spread);
        for (size_t t = level->first; sum > price && t < level->last; t++) /* with no gain there is no level to find */
                ret_spread[t] *= price / sum;
        even_out(level, slots, ret_spread);
}
