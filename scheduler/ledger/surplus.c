/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/surplus.h"

#include "base/exact.h"

bool surplus_is_possible(const struct supply_terms *terms)
{
        return terms->export_limit_w > 0 || terms->has_solar || terms->n_ppas > 0;
}

static void add(int64_t *sum, __int128 amount)
{
        __int128 total = *sum + amount;

        *sum = total > INT64_MAX ? INT64_MAX : total < -INT64_MAX ? -INT64_MAX : (int64_t)total;
}

/* The rest runs on from step to step. */
static void settle(const struct site_supply *supply, int64_t time, int64_t seconds, struct surplus *surplus, int64_t *rest)
{
        int64_t price = supply->price != NULL ? series_at(supply->price, time) : SERIES_UNKNOWN;

        for (uint32_t i = 0; i < supply->terms.n_ppas; i++) {
                int64_t power = site_supply_ppa(supply, i, time), difference, joules;

                if (supply->terms.ppas[i].kind != PPA_VIRTUAL || power == SERIES_UNKNOWN || power <= 0)
                        continue;
                if (price == SERIES_UNKNOWN || __builtin_sub_overflow(price, supply->terms.ppas[i].strike, &difference) ||
                    __builtin_mul_overflow(power, seconds, &joules))
                        surplus->settled_known = false;
                else
                        add(&surplus->settled, exact_mul_div(joules, difference, JOULES_PER_MWH, rest));
        }
}

struct surplus surplus_of(const struct site_meter *meter, const struct site_supply *supply, int64_t from, int64_t to)
{
        struct surplus surplus = { .from = to, .to = to, .settled_known = true };
        int64_t rest = 0, next;
        size_t i = 0;

        if (meter->n == 0)
                return surplus;
        surplus.from = from > meter->intervals[0].start ? from : meter->intervals[0].start;
        if (surplus.from > to)
                surplus.from = to;
        for (int64_t t = surplus.from; t < to; t = next) {
                struct supply_curve curve = site_supply_at(supply, t);
                int64_t interval = t - (t % SUPPLY_METER_S + SUPPLY_METER_S) % SUPPLY_METER_S;
                int64_t edge = site_supply_next_edge(supply, t), power = 0;

                while (i < meter->n && meter->intervals[i].start < interval)
                        i++;
                if (i < meter->n && meter->intervals[i].start == interval)
                        power = meter->intervals[i].joules / SUPPLY_METER_S;
                next = interval + SUPPLY_METER_S < to ? interval + SUPPLY_METER_S : to;
                next = edge < next ? edge : next;
                add(&surplus.exported, (__int128)supply_exported(&curve, power) * (next - t));
                add(&surplus.curtailed, (__int128)supply_curtailed(&curve, power) * (next - t));
                settle(supply, t, next - t, &surplus, &rest);
        }
        return surplus;
}
