/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capacities.h - all that can be full: the sites, and behind them the limits, each as if it were a site of its own that draws
 * no power and has the GPUs that the limit allows.
 */
#ifndef OFFPEAK_PLAN_CAPACITIES_H
#define OFFPEAK_PLAN_CAPACITIES_H

#include "plan/problem.h"

struct capacities {
        const struct plan_site **at; /* n: first the problem's sites, then its limits */
        size_t n, n_sites;
        struct plan_site *limits;    /* owned, with their steps */
};

int capacities_init(struct capacities *capacities, const struct plan_problem *problem); /* ENOMEM */
void capacities_finish(struct capacities *capacities);

enum { CAPACITIES_OF_ONE = 1 + PLAN_MAX_LIMITS };

/* Those that a mode at a site counts in, the site first. Returns how many. */
size_t capacities_of(const struct capacities *capacities, uint32_t site, const struct plan_mode *mode,
                     uint32_t used[CAPACITIES_OF_ONE]);

#endif
