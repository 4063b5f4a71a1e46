/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_mps.h - an instance as a mixed-integer or linear program in free MPS, for any solver to check the planner with.
 *
 * Grid-aligned: a job runs whole slots of its window, a start loses its time in the slot it begins. That is less than the
 * planner may do (it runs parts of slots too, and may be late), so the program's optimum is no less than the best plan's cost:
 * a bound above it would be wrong. Costs are in thousandths, for solvers' absolute tolerances: an instance of ten jobs costs
 * about 1.
 *
 * Linear, for one site and starts that take no time: any share of a slot, GPUs and power as means of slots. That is more than
 * the planner may do, but the same dual: its optimum is no more than the best plan's cost, and still no bound may exceed it.
 */
#ifndef OFFPEAK_TESTS_PLAN_MPS_H
#define OFFPEAK_TESTS_PLAN_MPS_H

#include "plan/problem.h"

/* Jobs with one mode, steps of one length. EINVAL, EIO in err. */
int plan_write_mps(const struct plan_problem *problem, const char *path, struct offpeak_error *err);

/* Likewise, with one site and no start costs. */
int plan_write_lp(const struct plan_problem *problem, const char *path, struct offpeak_error *err);

#endif
