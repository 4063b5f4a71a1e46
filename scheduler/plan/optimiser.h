/* SPDX-License-Identifier: Apache-2.0 */
/*
 * optimiser.h - what think.c, passes.c and fill.c think on together: one problem, its prices, a board, and the best schedule so far.
 * Of no use outside of these.
 */
#ifndef OFFPEAK_PLAN_OPTIMISER_H
#define OFFPEAK_PLAN_OPTIMISER_H

#include "plan/board.h"
#include "plan/stores.h"

/* Jobs: prices have little to say of so few, and descending from run_now is cheap. */
enum { OPTIMISER_SMALL = 300 };

struct optimiser {
        const struct plan_problem *problem;
        const struct plan_budget *budget;
        struct prices prices;
        struct price_set mean;  /* of the later passes that prove */
        struct price_set proof; /* the prices of the bound */
        struct price_set guide; /* the last of the passes that make plans */
        struct board board, empty;
        struct schedule soft; /* what the jobs answered the prices */
        struct schedule best, at_once;
        struct dependents dependents;
        struct chooser chooser;
        struct choice scratch;
        double *theta; /* of each job, for the next response */
        uint32_t *site; /* where it answered last, likewise */
        size_t *order; /* least flexible first */
        const struct schedule *hint; /* what was found on coarser slots, or NULL */
        uint64_t spent;              /* on that */
        double best_cost;
        bool warm;     /* prices began with the last plan's */
        bool recalled; /* the best schedule is the last plan's, or was better by enough */
        double bound;
        unsigned realised; /* schedules made from prices so far */
        uint64_t seed;
        struct stores *stores; /* that answer prices as well; NULL: none. Not owned */
};

/* On about so many slots (slots.h). ENOMEM; optimiser_finish() also then, and on one that is all 0. */
int optimiser_init(struct optimiser *optimiser, const struct plan_problem *problem, const struct plan_budget *budget, size_t slots);
void optimiser_finish(struct optimiser *optimiser);

/* Units of work spent; and whether that is the budget, or planning was aborted (context: the optimiser). */
uint64_t optimiser_work(const struct optimiser *optimiser);
bool optimiser_is_over(void *context);

/* Jobs are visited as j, j + stride, j + 2 strides ... modulo n: all of them, neighbours far apart. */
size_t optimiser_stride(size_t n);

#endif
