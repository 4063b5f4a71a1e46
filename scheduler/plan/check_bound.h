/* SPDX-License-Identifier: Apache-2.0 */
/* check_bound.h - the parts of a bound, for who keeps them up to date one by one: part of the checker. */
#ifndef OFFPEAK_PLAN_CHECK_BOUND_H
#define OFFPEAK_PLAN_CHECK_BOUND_H

#include "plan/check_pieces.h"

/* A part, and the sum of the sizes of the numbers that went in: rounding costs ROUNDING of it. */
struct bound_part {
        double sum, size;
};

/* Part of every absolute amount that double arithmetic may lose on the way. */
#define BOUND_ROUNDING 1e-12

/* What sites and limits say: supply's dual, less what GPUs are worth. pieces: of every site. */
struct bound_part bound_of_capacities(const struct plan_problem *problem, const struct pieces *pieces,
                                      const struct plan_multipliers *multipliers);

/*
 * The least that job j may cost. ends[k]: when job k can be done at the earliest; those of earlier jobs are there, its own is
 * set. ENOMEM.
 */
int bound_of_job(const struct plan_problem *problem, const struct pieces *pieces, size_t j, int64_t *ends,
                 struct bound_part *ret);

#endif
