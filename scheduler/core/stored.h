/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored.h - a site's store as plans and limits of this moment may rely on it. Where nobody tells what is in it nothing is.
 */
#ifndef OFFPEAK_CORE_STORED_H
#define OFFPEAK_CORE_STORED_H

#include "core/state.h"

/*
 * The store as a plan made now has it, with a minute's discharge above the reserve. In it is what was told last, and what the plans since
 * have let flow in and out. False: there is none, or nobody tells what is in it.
 */
bool stored_for_plan(const struct state *state, const struct site *site, const struct site_supply *supply, int64_t wall,
                     struct plan_store *ret_store);

/* What it can be charged with in a step, if it is charged by the step: what the reactor gives, at the most. W. */
double stored_charge_at(const struct site_supply *supply, int64_t time);

/* The most that it may ever give on top of the sources: W; 0 where nothing is relied on. */
int64_t stored_most_w(const struct site_supply *supply, int64_t wall);

/* The planned flow of a site at `wall`: W at the meter, charging > 0. */
double stored_flow(const struct state *state, const struct site *site, int64_t wall);

/*
 * W that the site's jobs may draw just now: its sources, and what the store is planned to give at the moment. That is counted
 * only as far as it lasts, above the reserve, until the plan next gives less: what was told last is counted down by what was planned to
 * be given since. INT64_MAX: no limit.
 */
int64_t stored_limit(const struct state *state, const struct site *site, int64_t wall);

#endif
