/* SPDX-License-Identifier: Apache-2.0 */
/* fit.h - whether a queued job may start, and where it fits: hours, quota, power, devices. */
#ifndef OFFPEAK_CORE_FIT_H
#define OFFPEAK_CORE_FIT_H

#include "core/input.h"
#include "place/place.h"

/* The planned interval of a job that holds at `wall`, or NULL. */
const struct plan_interval *fit_interval(const struct job *job, int64_t wall);

/*
 * Queued, not held, its back-off over, those it comes after ended, its class's quota not used up; and at this site, if it
 * ran at another before.
 */
bool fit_may_start(const struct state *state, const struct job *job, const struct site *site, const struct now *now);

/* Of what a start needs beside devices: room in the class's quota, and the power just now. */
bool fit_quota(const struct state *state, const struct job *job);
bool fit_power(const struct state *state, const struct job *job, const struct site *site, int64_t wall);

/* Devices for each leg of a job that has power at this site, malloc'ed; NULL: no room now. */
struct place_leg *fit_now(const struct state *state, const struct job *job, const struct site *site, int64_t wall);

#endif
