/* SPDX-License-Identifier: Apache-2.0 */
/* answer_demand.h - a site's demand charges, month by month. */
#ifndef OFFPEAK_IO_ANSWER_DEMAND_H
#define OFFPEAK_IO_ANSWER_DEMAND_H

#include "io/answer_parts.h"

/* Add one object to list for each charge and month of [from, to), as far as the site's meter still knows it. */
void answer_demands(struct answer *answer, const struct site *site, int64_t from, int64_t to, json_t *list);

#endif
