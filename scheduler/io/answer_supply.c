/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_supply.h"

#include <string.h>

int answer_supply_init(const struct state *state, const struct site *site, int64_t now, int64_t to,
                       struct answer_supply *ret_supply)
{
        struct answer_supply supply = { .supply = state_supply(state, site), .published = site->series };
        int64_t ignored;
        int r;

        for (unsigned k = 0; k < sizeof(supply.filled) / sizeof(supply.filled[0]); k++)
                series_init(&supply.filled[k], k);
        r = series_fill(&site->series[SERIES_PRICE], now, to, &supply.filled[SERIES_PRICE], &ignored);
        if (r == 0)
                r = series_fill(&site->series[SERIES_CARBON], now, to, &supply.filled[SERIES_CARBON], &ignored);
        if (r == 0)
                r = series_fill(&site->series[SERIES_EXPORT_PRICE], now, to, &supply.filled[SERIES_EXPORT_PRICE], &ignored);
        if (r != 0) {
                answer_supply_finish(&supply);
                return r;
        }
        *ret_supply = supply;
        ret_supply->supply.price = &ret_supply->filled[SERIES_PRICE];
        ret_supply->supply.carbon = &ret_supply->filled[SERIES_CARBON];
        ret_supply->supply.export_price = &ret_supply->filled[SERIES_EXPORT_PRICE];
        return 0;
}

void answer_supply_finish(struct answer_supply *supply)
{
        for (unsigned k = 0; k < sizeof(supply->filled) / sizeof(supply->filled[0]); k++)
                series_finish(&supply->filled[k]);
        memset(supply, 0, sizeof(*supply));
}

int64_t answer_marginal_price(const struct supply_curve *curve, int64_t power_w)
{
        for (unsigned i = 0; i < curve->n_segments; i++) {
                if (power_w < curve->segments[i].limit_w)
                        return curve->segments[i].price;
                power_w -= curve->segments[i].limit_w;
        }
        return curve->n_segments > 0 ? curve->segments[curve->n_segments - 1].price : SERIES_UNKNOWN;
}

const struct series *answer_series(const struct answer_supply *supply, enum series_kind kind)
{
        bool filled = kind == SERIES_PRICE || kind == SERIES_CARBON || (int)kind == SERIES_EXPORT_PRICE;

        return filled ? &supply->filled[kind] : &supply->published[kind];
}

const char *answer_source(const struct answer_supply *supply, enum series_kind kind, int64_t time, int64_t *ret_until)
{
        int64_t published_until = series_next_edge(&supply->published[kind], time);
        int64_t filled_until = series_next_edge(answer_series(supply, kind), time);

        *ret_until = published_until < filled_until ? published_until : filled_until;
        if (series_at(&supply->published[kind], time) != SERIES_UNKNOWN)
                return "published";
        return series_at(answer_series(supply, kind), time) != SERIES_UNKNOWN ? "forecast" : "unknown";
}

int64_t answer_forecast_from(const struct answer_supply *supply, enum series_kind kind, int64_t now, int64_t to)
{
        int64_t until;

        for (int64_t t = now; t < to; t = until)
                if (strcmp(answer_source(supply, kind, t, &until), "published") != 0)
                        return t;
        return INT64_MAX;
}
