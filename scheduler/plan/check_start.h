/* SPDX-License-Identifier: Apache-2.0 */
/* check_start.h - what the starts of an offer cost (check_path.h). Of no use outside of the checker. */
#ifndef OFFPEAK_PLAN_CHECK_START_H
#define OFFPEAK_PLAN_CHECK_START_H

#include "plan/check_path.h"

/* What starts cost: to be called once rates and extras are there, too. */
void offer_price_starts(struct offer *offer);

/* The least that a start in a mode costs wherever it is. */
double offer_least_start(const struct offer *offer, size_t mode);

/* The same as offer_start(), for any pieces. */
struct path offer_any_start(const struct offer *offer, double theta, size_t mode, size_t i, struct path *ret_before);

/*
 * What a start adds to a path that enters piece i in a mode, if it runs there: the cheapest under theta. In ret_before, of a start that
 * is over before the piece begins: behind that the run may end at once.
 */
static inline struct path offer_start(const struct offer *offer, double theta, size_t mode, size_t i, struct path *ret_before)
{
        double lost = offer->job->modes[mode].speed * (double)offer->job->start_cost_s, within = offer->within[mode * offer->row + i];

        if (offer->starts_earn || !offer->pieces_are_long)
                return offer_any_start(offer, theta, mode, i, ret_before);
        *ret_before = (struct path){ offer->before[mode * offer->row + i], 0 };
        return within + theta * lost < ret_before->cost ? (struct path){ within, -lost } : *ret_before;
}

#endif
