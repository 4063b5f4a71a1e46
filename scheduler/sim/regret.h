/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regret.h - what not knowing cost: the hours that jobs really had, against a plan made with all that became known later.
 *
 *   run_now   the same jobs at once, at the prices that came true
 *   realised  the hours they had
 *   hindsight a plan for all jobs and prices, as if known from the beginning
 *   bound     no hours at all would have cost less; proved
 *
 *   regret = realised - hindsight   what knowing would have been worth
 *   gap    = hindsight - bound      what of that the planner may have missed, too
 *
 * All in the planner's own terms (plan.h) on one problem: every job that was done, released when it was submitted, until
 * its own deadline (a plan on the way aims a little ahead of it); GPUs of all nodes from the beginning. What the hours lost to
 * devices that were not free together, to minutes of stopping, or to jobs that were not done, counts as regret. It is below 0
 * where the planner, asked once, found less than the daemon did by asking again and again: by no more than the gap. Pure.
 */
#ifndef OFFPEAK_SIM_REGRET_H
#define OFFPEAK_SIM_REGRET_H

#include "core/decide.h"

struct regret_input {
        const struct state *state;       /* as it is in the end */
        const struct booking *bookings;  /* all that were made on the way: when jobs ran */
        size_t n_bookings;
        const struct series *truth;      /* what came true; each names its site. What is not here is taken from the state */
        size_t n_truth;
        int64_t from, to;                /* no job was submitted before, none ran after */
        uint64_t work;                   /* the planner's budget for hindsight */
};

struct regret {
        struct plan_terms realised, hindsight, run_now;
        double bound;
        double regret, gap;              /* of the totals */
        size_t n_jobs;                   /* that were done and are compared */
        size_t n_left_out;               /* that were not: cancelled, failed, or not over yet */
        /* Why the checker refuses the realised hours as a plan of the same problem; code 0: it accepts them, and confirms their cost. */
        struct offpeak_error objection;
};

/* EINVAL: the truth is not known from `from` to `to`, a job was submitted or ran outside of it, none was done; ENOMEM. */
int regret_compute(const struct regret_input *input, struct regret *ret_regret, struct offpeak_error *err);

/* ---- the plans that were made on the way */

struct regret_plans {
        uint64_t n;
        double gap, cost; /* sums over the plans: total - bound, |total| */
};

/* Take note of a record if it is an adopted plan: from a host's journal. */
void regret_note(struct regret_plans *plans, const struct record *record);

#endif
