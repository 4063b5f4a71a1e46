/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_pieces.h - multipliers over a site's steps, as the bound reads them: part of the checker.
 */
#ifndef OFFPEAK_PLAN_CHECK_PIECES_H
#define OFFPEAK_PLAN_CHECK_PIECES_H

#include "plan/plan.h"

/* A site where nothing changes: step, prices. */
struct piece {
        int64_t start, end;
        const struct plan_step *step;
        double power, gpus, demand, stored;
        size_t slot; /* of the multipliers */
        double paid_w; /* of the month, if there is a demand price */
};

struct pieces {
        struct piece *at;
        size_t n;
        const struct plan_multipliers *multipliers;
};

/* EINVAL, in err, if the multipliers are none: slots that do not span the plan, prices that are no numbers. */
int pieces_check(const struct plan_problem *problem, const struct plan_multipliers *multipliers,
                 struct offpeak_error *err);

/*
 * The pieces of a site. EINVAL, in err, if a demand price is spread where or as it may not be (check_bound.c). ENOMEM.
 * ret_pieces must be finished whatever comes back.
 */
int pieces_init(struct pieces *ret_pieces, const struct plan_problem *problem, uint32_t site,
                const struct plan_multipliers *multipliers, struct offpeak_error *err);
void pieces_finish(struct pieces *pieces);

/* Currency per GPU-hour that a mode pays on a piece: the site's, and those of the limits it counts in. */
double piece_gpu_price(const struct pieces *pieces, const struct piece *piece, const struct plan_mode *mode);

/* What the limits' prices are worth: the integral of price x GPUs allowed. */
double limits_worth(const struct plan_problem *problem, const struct plan_multipliers *multipliers);

/*
 * min over P of F(P) - F(idle) - price (P - idle) + demand (P - paid), per second; `most` is what all jobs together draw.
 * With a store: check_storage.h.
 */
double piece_supply_dual(const struct plan_problem *problem, const struct plan_site *site, const struct piece *piece, double most);

/* What all jobs that may run at a site draw together at the most, at the meter. */
double site_most_w(const struct plan_problem *problem, uint32_t site);

#endif
