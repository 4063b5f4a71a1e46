/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_in_use.h"

#include <string.h>

/* What holds in the place of a signal that says nothing and is not forecast. */
static const char *without(const struct answer_supply *supply, enum series_kind kind)
{
        const struct supply_terms *terms = &supply->supply.terms;

        if (kind == SERIES_LIMIT)
                return terms->grid_limit_w != INT64_MAX ? "no limit is told for now: the contract's own holds"
                                                        : "no limit is told for now: none holds";
        if (kind == SERIES_CAPACITY)
                return terms->n_reactors > 0 ? "no capacity is told for now: the units' ratings less outages are expected"
                                             : "no capacity is told for now: nothing is relied on";
        return (int)kind >= SERIES_SOLAR ? "no power is told for now: nothing is relied on"
                                         : "nothing is known that it could be made from";
}

struct in_use answer_in_use(const struct answer_supply *supply, enum series_kind kind, int64_t time)
{
        int64_t ignored;
        const char *source = answer_source(supply, kind, time, &ignored);

        if (strcmp(source, "published") == 0)
                return (struct in_use){ "published", "its source tells a value for now" };
        if (strcmp(source, "forecast") == 0)
                return (struct in_use){ "forecast", "no value is published for now: known days are repeated" };
        return (struct in_use){ "nothing", without(supply, kind) };
}
