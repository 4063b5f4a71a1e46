/* SPDX-License-Identifier: Apache-2.0 */
/* make_way.h - a job that found no place in time gets one, and others make room for it. */
#ifndef OFFPEAK_PLAN_MAKE_WAY_H
#define OFFPEAK_PLAN_MAKE_WAY_H

#include "plan/board.h"

/*
 * Give job j the hours that it would have, and move those that are in the way, those first to whom that is cheapest; if all of
 * it is cheaper than things were. *ret_change: what the plan costs more then (less than 0), or 0; *moved grows by the jobs that
 * were moved. Pinned jobs and those with others before or behind them stay. ENOMEM.
 */
int make_way(struct board *board, size_t job, double *ret_change, size_t *moved);

#endif
