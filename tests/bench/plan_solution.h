/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_solution.h - a solver's solution of plan_write_mps()'s program, as a plan; and whether a plan could be one.
 */
#ifndef OFFPEAK_TESTS_PLAN_SOLUTION_H
#define OFFPEAK_TESTS_PLAN_SOLUTION_H

#include "plan/plan.h"

/*
 * From CBC's solution file: lines of index, name, value, reduced cost; only shares of slots and starts are read. The
 * plan has its terms, and no bound. EIO, EINVAL, ENOMEM in err.
 */
int plan_read_solution(const struct plan_problem *problem, const char *path, struct plan *ret_plan,
                       struct offpeak_error *err);

/* Does it use no part of a slot that the program bills too high: one with power of several prices, or a price on its
 * peak? */
bool plan_is_billed_exactly(const struct plan_problem *problem, const struct plan *plan);

/*
 * Jobs that are not plainly within the program: that use a part of a slot which is not their end, or have in it power
 * of several prices, or less of it than a demand charge looks at.
 */
size_t plan_count_parts(const struct plan_problem *problem, const struct plan *plan);

#endif
