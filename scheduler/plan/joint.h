/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joint.h - jobs and stores planned together: what compute_stores.c and help_late.c think on. The best schedule so far, and what the
 * stores do for it; only what they can carry, at its exact cost, is ever kept. Of no use outside of these.
 */
#ifndef OFFPEAK_PLAN_JOINT_H
#define OFFPEAK_PLAN_JOINT_H

#include "plan/beside_stores.h"
#include "plan/optimiser.h"

struct joint {
        const struct plan_problem *problem;
        const struct plan_budget *budget;
        size_t slots;
        bool limited; /* power is, at a site with a store */
        struct beside_stores widened;
        struct plan_budget for_prices;
        struct optimiser prices; /* on the widened problem; its at_once is the one of the plan */
        struct stores stores;
        struct plan_multipliers guide; /* borrowed of prices: where each round's begin */
        struct dispatch dispatch, best_dispatch;
        struct flows at_once;
        struct schedule best;
        double best_cost, best_over_limit; /* of which power above the limit */
        bool goes_on;  /* from the last plan's hours, */
        bool recalled; /* and the best schedule is that plan's still */
        uint64_t spent; /* beside prices */
        uint64_t kept;  /* of the budget, for what comes last */
        unsigned rounds; /* of alternating */
};

/* On about so many slots. ENOMEM; joint_finish() also then. The problem and the budget are borrowed. */
int joint_init(struct joint *joint, const struct plan_problem *problem, const struct plan_budget *budget, size_t slots);
void joint_finish(struct joint *joint);

/* Units of the budget that are left, and not kept; and was planning aborted? */
uint64_t joint_work_left(const struct joint *joint);
bool joint_is_aborted(const struct joint *joint);

/* What the stores best do for a schedule (left in joint->dispatch), and what both cost: INFINITY in total if they cannot carry it. ENOMEM. */
int joint_appraise(struct joint *joint, const struct schedule *schedule, struct plan_terms *ret_terms);

/* Keep a schedule that was appraised just now. ENOMEM. */
int joint_take(struct joint *joint, const struct schedule *schedule, const struct plan_terms *terms);

/* What a plan must save to take the place of the last one. Idle power that nothing carries is no part of what plans differ by. */
double joint_much(const struct joint *joint);

/* Appraise a schedule, and keep it if it is cheaper; by enough, where the best is the last plan's. ENOMEM. */
int joint_consider(struct joint *joint, const struct schedule *schedule, bool *ret_better);

enum manner {
        ANEW,        /* a plan from scratch */
        ONE_BY_ONE,  /* jobs of the best one move */
        RELUCTANTLY, /* the same, if that saves enough of what they cost */
};

/* Plan beside what joint->dispatch has the stores do, and consider the plan. ENOMEM. */
int joint_plan_beside(struct joint *joint, enum manner manner, uint64_t work, bool *ret_better);

#endif
