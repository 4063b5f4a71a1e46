/* SPDX-License-Identifier: Apache-2.0 */
/* quotas.h - the classes' quotas as limits of a planning problem. */
#ifndef OFFPEAK_CORE_QUOTAS_H
#define OFFPEAK_CORE_QUOTAS_H

#include "core/state.h"
#include "plan/problem.h"

struct quotas {
        struct plan_limit *limits; /* owned, with their steps and names, which are those of the classes; pools (pools.h) behind them */
        size_t n, n_classes;
};

/*
 * A limit for each class that has one, over [now, horizon). beside: the planned hours of all jobs but this one are taken out;
 * NULL: of none. What runs may go on, whatever a quota has become. ENOMEM; quotas_finish() also then.
 */
int quotas_init(struct quotas *quotas, const struct state *state, const struct job *beside, int64_t now, int64_t horizon);
void quotas_finish(struct quotas *quotas);

/* GPUs of a class's jobs that run. */
uint32_t quotas_in_use(const struct state *state, const struct policy_class *class);

/* The limit that a class's jobs count in, as a bit of plan_mode.limits; 0: none. */
uint64_t quotas_bit(const struct quotas *quotas, const struct policy_class *class);

#endif
