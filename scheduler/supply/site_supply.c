/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/site_supply.h"

static int64_t at(const struct series *series, int64_t time)
{
        return series != NULL ? series_at(series, time) : SERIES_UNKNOWN;
}

static int64_t with_adder(int64_t price, int64_t adder)
{
        int64_t sum;

        if (price == SERIES_UNKNOWN)
                return SERIES_UNKNOWN;
        if (__builtin_add_overflow(price, adder, &sum) || sum == SERIES_UNKNOWN)
                return adder > 0 ? INT64_MAX : SERIES_UNKNOWN + 1;
        return sum;
}

struct supply_curve site_supply_at(const struct site_supply *site, int64_t time)
{
        const struct supply_terms *terms = &site->terms;
        int64_t limit = at(site->limit, time);
        struct supply_now now = {
                .grid_price = with_adder(at(site->price, time), terms->grid_adder),
                .grid_carbon = at(site->carbon, time),
                .grid_limit_w = limit != SERIES_UNKNOWN && limit < terms->grid_limit_w ? limit : terms->grid_limit_w,
                .reactor_price = terms->reactor_fuel,
                .reactor_carbon = terms->reactor_carbon,
                .reactor_w = terms->has_reactor ? at(site->capacity, time) : 0,
        };

        return supply_curve(&now);
}

int64_t site_supply_next_edge(const struct site_supply *site, int64_t time)
{
        const struct series *all[] = { site->price, site->carbon, site->limit,
                                       site->terms.has_reactor ? site->capacity : NULL };
        int64_t first = INT64_MAX;

        for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                int64_t edge = all[i] != NULL ? series_next_edge(all[i], time) : INT64_MAX;

                first = edge < first ? edge : first;
        }
        return first;
}
