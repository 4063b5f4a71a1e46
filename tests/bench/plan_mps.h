/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_mps.h - an instance as a mixed-integer program in free MPS, for any solver to check the planner with.
 *
 * Grid-aligned: a job runs whole slots of its window, a start loses its time in the slot it begins. That is less than the
 * planner may do (it runs parts of slots too, and may be late), so the program's optimum is no less than the best plan's cost:
 * a bound above it would be wrong. Costs are in thousandths, for solvers' absolute tolerances: an instance of ten jobs costs
 * about 1.
 */
#ifndef OFFPEAK_TESTS_PLAN_MPS_H
#define OFFPEAK_TESTS_PLAN_MPS_H

#include "plan/problem.h"

/* Jobs with one mode, steps of one length. EINVAL, EIO in err. */
int plan_write_mps(const struct plan_problem *problem, const char *path, struct offpeak_error *err);

#endif
