/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promised.h - the hours that jobs have in the plan in force, as far as supply and stores carry them now: what a new plan begins with,
 * and what the stores' first flows are for.
 */
#ifndef OFFPEAK_PLAN_PROMISED_H
#define OFFPEAK_PLAN_PROMISED_H

#include "plan/board.h"

struct promised {
        struct schedule kept;   /* jobs in their hours, those without where they end first beside them */
        struct schedule sooner; /* the same, and who waits goes forward where that saves JOB_HYSTERESIS of its waiting */
        size_t n;               /* jobs that had hours which hold by themselves, or run; pinned ones aside. 0: both schedules are empty */
        uint64_t work;          /* units spent */
};

/*
 * Who runs though his hours are over goes on.
 * board: without a job, of a problem of the same jobs and slots in which power is limited by all that a store could add (widened, in
 * beside_stores.h); what is on it afterwards does not matter. order: in which jobs are asked. ENOMEM; promised_finish() also then.
 */
int promised_init(struct promised *promised, const struct plan_problem *problem, const struct slots *slots, struct board *board,
                  const size_t *order);
void promised_finish(struct promised *promised);

#endif
