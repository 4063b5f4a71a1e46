/* SPDX-License-Identifier: Apache-2.0 */
/* keep_hours.h - the hours that a job had in the last plan, as far as they still hold. */
#ifndef OFFPEAK_PLAN_KEEP_HOURS_H
#define OFFPEAK_PLAN_KEEP_HOURS_H

#include "plan/board.h"

/*
 * Put a job that is off the board where job.kept says: what lies behind now, its end moved to where the work ends now. False
 * in *ret_kept, and nothing is put, if there is no room or the job's rules do not allow it any more. ENOMEM.
 */
int keep_hours(struct board *board, size_t job, bool *ret_kept);

#endif
