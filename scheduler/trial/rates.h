/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rates.h - what an hour of running is worth avoiding, as the rules of other schedulers look at it: one rate over time at one site, and
 * sums over it. By the objective: price, carbon at the class's carbon price, or both; of what may be seen, or of what came true.
 */
#ifndef OFFPEAK_TRIAL_RATES_H
#define OFFPEAK_TRIAL_RATES_H

#include "trial/trial.h"

struct rates {
        int64_t *edges;  /* owned, n + 1: from the trial's from to its to */
        double *values;  /* owned, n: currency per MWh, carbon at its price included; unknown counts as the mean */
        double *sums;    /* owned, n + 1: integral from the first edge, in value x seconds */
        size_t n;
};

/* carbon_price: currency per t. ENOMEM. */
int rates_init(struct rates *rates, const struct trial *trial, const char *site, double carbon_price);
void rates_finish(struct rates *rates);

/* The piece that holds `time`, which lies in [first edge, last edge). */
size_t rates_find(const struct rates *rates, int64_t time);

/* The integral over [from, to), inside of what there is. */
double rates_over(const struct rates *rates, int64_t from, int64_t to);

#endif
