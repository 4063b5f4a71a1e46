/* SPDX-License-Identifier: Apache-2.0 */
/*
 * solo.h - one job alone on what a problem has: when it runs best, and what given hours cost it. A board with nobody on it.
 */
#ifndef OFFPEAK_PLAN_SOLO_H
#define OFFPEAK_PLAN_SOLO_H

#include "plan/board.h"
#include "plan/way.h"

struct solo {
        const struct plan_problem *problem;
        struct prices prices;
        struct dependents dependents; /* none */
        struct board board; /* points to both: a solo is not to be copied */
};

/* Borrows the problem, which has one job. ENOMEM. */
int solo_init(struct solo *solo, const struct plan_problem *problem);
void solo_finish(struct solo *solo);

/* The best hours of the problem's job, or of another with the same modes. ret_choice: emptied first. ENOMEM. */
int solo_best(struct solo *solo, const struct plan_job *job, struct choice *ret_choice);

/* What these hours of the problem's job cost; INFINITY in *ret_cost where there is no room for them. ENOMEM. */
int solo_cost(struct solo *solo, const struct plan_interval *intervals, size_t n, double *ret_cost);

/* The hours that hold of those the job has (plan_job.kept); empty if they do not. ENOMEM. */
int solo_kept(struct solo *solo, struct choice *ret_choice);

/* solo_best() of a problem's job, priced. As way_init. */
int solo_best_way(const struct plan_problem *problem, struct plan_way *ret_way);

#endif
