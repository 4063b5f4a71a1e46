/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_in_use.h"

#include <stdio.h>

#include "supply/reactor.h"

/* What holds in the place of a signal of which nothing is in use. */
static const char *without(const struct answer_supply *supply, enum series_kind kind)
{
        const struct supply_terms *terms = &supply->supply.terms;

        if (terms->grid_limit_w == 0 && (kind == SERIES_PRICE || kind == SERIES_CARBON || kind == SERIES_LIMIT))
                return "nothing is drawn from the grid";
        if (kind == SERIES_LIMIT)
                return terms->grid_limit_w != INT64_MAX ? "the contract's own limit holds" : "no limit holds";
        if (kind == SERIES_CAPACITY)
                return terms->n_reactors > 0 ? "its units' ratings less outages are expected" : "nothing is relied on";
        if ((int)kind == SERIES_STORED)
                return "plans do without the store: push what is in it, or name a source (`stored`) in its "
                       "configuration";
        return (int)kind >= SERIES_SOLAR ? "nothing is relied on" : "there is nothing that one could be made from";
}

/* What stands in where nothing was said of now, or too long ago. */
static const char *instead(const struct answer_supply *supply, enum series_kind kind, enum signal_use use)
{
        switch (use) {
        case SIGNAL_FORECAST:
                return "a regression on its past is in use";
        case SIGNAL_REPEATED:
                return "known days are repeated";
        case SIGNAL_LAST:
                return "the last known value holds on, as its fallback says";
        case SIGNAL_VALUE:
                return "its fallback is this value";
        case SIGNAL_NOTHING:
        case SIGNAL_PUBLISHED:
        case SIGNAL_PUSHED:
                break;
        }
        return without(supply, kind);
}

struct in_use answer_in_use(const struct answer_supply *supply, enum series_kind kind, int64_t time)
{
        const struct signal *signal = &supply->signals[kind];
        struct signal_value value = answer_signal(supply, kind, time);
        int64_t ignored;
        struct in_use in_use = { .what = answer_source(supply, kind, time, &ignored), .value = value.value };

        if (value.use == SIGNAL_NOTHING)
                in_use.what = "nothing";
        if (value.use == SIGNAL_NOTHING && kind == SERIES_CAPACITY && supply->supply.terms.n_reactors > 0) {
                in_use.what = "units";
                in_use.value = reactor_forecast(&supply->supply.terms, time);
        }
        if (value.use == SIGNAL_PUBLISHED)
                snprintf(in_use.why, sizeof(in_use.why), "its source tells a value for now");
        else if (value.use == SIGNAL_PUSHED)
                snprintf(in_use.why, sizeof(in_use.why), "it was pushed by %.80s, and has not expired", signal->pushed->source);
        else
                snprintf(in_use.why, sizeof(in_use.why), "%s: %s",
                         signal_expiry(signal) <= time ? "what was published is older than its stale_after" :
                                                         "no value is published for now",
                         instead(supply, kind, value.use));
        return in_use;
}
