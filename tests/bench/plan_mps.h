/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_mps.h - an instance as a mixed-integer or linear program in free MPS, for any solver to check the planner with.
 *
 * Grid-aligned: a job takes its GPUs for whole slots of its window, and runs all of each but where a run begins or
 * ends. A start loses its time in the slot it begins; another width, a site after a move, a job after others begin with
 * a slot of their own. That is less than the planner may do (two jobs may share a GPU's slot, and it may be late), so
 * the program's optimum is no less than the best plan's cost: a bound above it would be wrong. Costs are in
 * thousandths, for solvers' absolute tolerances: an instance of ten jobs costs about 1.
 *
 * Linear, for one site and starts that take no time: any share of a slot, GPUs and power as means of slots. That is
 * more than the planner may do, but the same dual: its optimum is no more than the best plan's cost, and still no bound
 * may exceed it.
 */
#ifndef OFFPEAK_TESTS_PLAN_MPS_H
#define OFFPEAK_TESTS_PLAN_MPS_H

#include "plan/problem.h"

/* Steps of one length; jobs that wait, are not pinned, and start within a slot. EINVAL, EIO, ENOMEM in err. */
int plan_write_mps(const struct plan_problem *problem, const char *path, struct offpeak_error *err);

/* Likewise, with one site, one mode and no start costs. */
int plan_write_lp(const struct plan_problem *problem, const char *path, struct offpeak_error *err);

#endif
