/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.h - jobs that may go on at another site: when, and for how much.
 *
 * Time = GB x 8 / the slower of both ends' Gbit/s, counted from the end of the last run. Price = GB x what the site that is
 * left asks for each. Nothing is carried here: the checkpoint is where both sites reach it, and this is how long that takes.
 */
#ifndef OFFPEAK_CORE_MOVE_H
#define OFFPEAK_CORE_MOVE_H

#include "core/state.h"

/* May it go on elsewhere than where it ran last? */
bool move_is_allowed(const struct state *state, const struct job *job);

/* The first wall second at which it may be launched at a site. 0: at once; INT64_MAX: never. */
int64_t move_ready_at(const struct state *state, const struct job *job, const struct site *site);

/* What it costs to leave a site, micro-currency. */
int64_t move_price(const struct state *state, const struct job *job, const struct site *from);

/* The dearest and the slowest move between any two of the sites, which is what a plan counts for each: currency, seconds. */
struct move_terms {
        double cost;
        int64_t seconds;
};
struct move_terms move_dearest(const struct state *state, const struct job *job, uint64_t sites);

#endif
