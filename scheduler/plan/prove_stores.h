/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_stores.h - what the best plan's stores say of prices. Those that jobs and stores settled on let a store give
 * all it can, also where that is more than a site draws; at such hours power is worth what it is worth in store, and no
 * more.
 */
#ifndef OFFPEAK_PLAN_PROVE_STORES_H
#define OFFPEAK_PLAN_PROVE_STORES_H

#include "plan/joint.h"

/* Try for a higher bound, and keep its prices; those that jobs go by stay what they are. Two bounds' work. ENOMEM. */
int prove_beside_best(struct joint *joint);

#endif
