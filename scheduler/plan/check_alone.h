/* SPDX-License-Identifier: Apache-2.0 */
/* check_alone.h - the least that one job alone can cost, wherever it may run: part of the checker. */
#ifndef OFFPEAK_PLAN_CHECK_ALONE_H
#define OFFPEAK_PLAN_CHECK_ALONE_H

#include "plan/check_pieces.h"

/*
 * pieces: of every site. It never runs: exact. Where a job with one mode has slots of one length: check_grid.h. Else:
 * check_offer.h. *size grows by the size of the numbers that went in. ENOMEM.
 */
int alone_least(const struct plan_problem *problem, const struct pieces *pieces, const struct plan_job *job,
                double *ret_least, double *size);

#endif
