/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_supply.h"

#include <string.h>

#include "supply/layers.h"

/* Prices and carbon, and whatever else a forecast stands in for, are written out as they are in use. */
static bool is_written_out(const struct answer_supply *supply, enum series_kind kind)
{
        return kind == SERIES_PRICE || kind == SERIES_CARBON || (int)kind == SERIES_EXPORT_PRICE ||
               signal_fallback(&supply->signals[kind].rule, kind) == SIGNAL_TAKE_FORECAST;
}

/* What was said of the time before now, and behind it what is in use. */
static int write_out(struct answer_supply *supply, enum series_kind kind, int64_t to)
{
        struct signal *signal = &supply->signals[kind];
        struct series past, in_use;
        int r = layers_cut(signal->in_force, supply->now, &past);

        if (r != 0)
                return r;
        r = signal_series(signal, supply->now, to > supply->now ? to : supply->now + 1, &in_use);
        if (r == 0) {
                r = layers_join(&past, &in_use, &supply->filled[kind]);
                series_finish(&in_use);
        }
        series_finish(&past);
        if (r == 0)
                signal->repeated = &supply->filled[kind];
        return r;
}

int answer_supply_init(const struct state *state, const struct site *site, int64_t now, int64_t to,
                       struct answer_supply *supply)
{
        int r = 0;

        memset(supply, 0, sizeof(*supply));
        supply->published = site->series;
        supply->now = now;
        supply->supply = state_supply_in_use(state, site, now);
        for (int k = 0; k < SERIES_COUNT; k++)
                series_init(&supply->filled[k], (enum series_kind)k);
        memcpy(supply->signals, supply->supply.signals, sizeof(supply->signals));
        for (int k = SERIES_PRICE; r == 0 && k <= SERIES_LAST; k++) {
                if (!is_written_out(supply, (enum series_kind)k))
                        continue;
                r = write_out(supply, (enum series_kind)k, to);
                supply->supply.signals[k] = (struct signal){ .in_force = &supply->filled[k] };
        }
        if (r != 0)
                answer_supply_finish(supply);
        return r;
}

void answer_supply_finish(struct answer_supply *supply)
{
        for (int k = 0; k < SERIES_COUNT; k++)
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

const struct series *answer_told(const struct site *site, enum series_kind kind, int64_t now)
{
        if (series_at(&site->pushed[kind], now) != SERIES_UNKNOWN)
                return &site->pushed[kind];
        return state_past(site, kind);
}

struct signal_value answer_signal(const struct answer_supply *supply, enum series_kind kind, int64_t time)
{
        struct signal signal = supply->signals[kind];
        struct signal_value value;

        if (time >= supply->now)
                return signal_at(&signal, time);
        signal.kind = 0; /* of what is past only what was said counts */
        signal.rule = (struct signal_rule){ 0 };
        value = signal_at(&signal, time);
        if (value.until > supply->now)
                value.until = supply->now;
        return value;
}

const char *answer_source(const struct answer_supply *supply, enum series_kind kind, int64_t time, int64_t *ret_until)
{
        struct signal_value value = answer_signal(supply, kind, time);

        *ret_until = value.until;
        return value.use == SIGNAL_REPEATED ? "forecast" : signal_use_name(value.use);
}

int64_t answer_forecast_from(const struct answer_supply *supply, enum series_kind kind, int64_t now, int64_t to)
{
        for (int64_t t = now; t < to;) {
                struct signal_value value = answer_signal(supply, kind, t);

                if (value.use != SIGNAL_PUBLISHED && value.use != SIGNAL_PUSHED)
                        return t;
                t = value.until;
        }
        return INT64_MAX;
}
