/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way.h - one way for a job to run, and its bill: what the site would pay less without it, and what follows for the job.
 */
#ifndef OFFPEAK_PLAN_WAY_H
#define OFFPEAK_PLAN_WAY_H

#include "plan/account.h"

struct plan_way {
        struct plan_interval *intervals; /* owned; ascending */
        size_t n;
        int64_t finish;          /* when its work is done; an estimate where some is left undone */
        int64_t late_s;          /* seconds behind the problem's deadline */
        double rest_s;           /* progress left undone at the horizon */
        struct plan_terms terms; /* currency; terms.total is the cost */
};

/*
 * Price these intervals for the only job of a problem. ENOMEM; ret_way, which needs no init, is written on success only and
 * then way_finish()ed by the caller.
 */
int way_init(struct plan_way *ret_way, const struct plan_problem *problem, const struct plan_interval *intervals,
             size_t n);
void way_finish(struct plan_way *way);

/* GPUs and, at the meter, W that the problem lacks for it at its worst second, and from when to when it lacks any. */
struct shortage {
        uint32_t gpus;
        double watts;
        int64_t from, to; /* 0: nothing is lacking */
};
struct shortage way_shortage(const struct plan_way *way, const struct plan_problem *problem);

#endif
