/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_offer.h - the least that one job alone can cost at a site, on pieces of any length: part of the checker.
 *
 * Bounded from below in one of these ways, whichever is the highest that applies:
 *
 *   single  one run of a job with one mode: exact to the second. The cost is linear in the start between the points
 *           where start or end meets an edge.
 *   runs    at least k runs: Lagrange. With theta >= 0 per second of progress short of the work, no end of a run is
 *           tied to another, so each lies on an edge: a shortest path over edges, which the highest theta bounds best.
 *           A start costs the progress it loses, and what its seconds draw in the easiest mode of its width (check_start.c); where
 *           one might earn, and of two runs and more, no more than the progress.
 *           Runs may touch: two starts are paid and no time need lie between. Minimum run is left out.
 *   burn    theta < 0, where negative prices make more running time welcome: starts are free, and what overhead could
 *           earn at negative prices is taken off as a whole.
 */
#ifndef OFFPEAK_PLAN_CHECK_OFFER_H
#define OFFPEAK_PLAN_CHECK_OFFER_H

#include "plan/check_pieces.h"

/* INFINITY where the job cannot run at all. *size grows by the size of the numbers that went in. ENOMEM. */
int offer_least(const struct plan_problem *problem, uint32_t site, const struct pieces *pieces,
                const struct plan_job *job, double *ret_least, double *size);

/*
 * The same for a job that moves, so that it runs at two sites at least (check_moves.c): pieces of every site. Each of its moves is paid,
 * from home too, and begins a run; the time that it takes is left out.
 */
int offer_least_moving(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job, double *ret_least,
                       double *size);

/* ---- what a job pays, for all who look at it alone */

/* Delay and lateness when the job ends `end` seconds from now. */
double alone_end_cost(const struct plan_problem *problem, const struct plan_job *job, double end);
/* Currency per second of progress (work), as an undone second of the first mode costs it. */
double alone_undone_rate(const struct plan_problem *problem, const struct plan_job *job);
/* Currency per second of running on a piece; INFINITY where there is no room for the mode. */
double alone_rate(const struct plan_site *site, const struct plan_job *job, const struct plan_mode *mode,
                  const struct pieces *pieces, const struct piece *piece);
/* What a second of a start costs beside its rate: plan.h's `starts`. */
double alone_start_extra(const struct plan_site *site, const struct plan_job *job, size_t mode,
                         const struct plan_step *step);

#endif
