/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uncapped.h - the same problem without power caps: a plan of it is one of the whole problem too, and found on fewer modes.
 *
 * Where there is not enough of everything, a cap that saves a little may cost another job its deadline; of so many modes the search does
 * not always find the way back.
 */
#ifndef OFFPEAK_PLAN_UNCAPPED_H
#define OFFPEAK_PLAN_UNCAPPED_H

#include "plan/problem.h"

/*
 * The problem as a view: all but its jobs is borrowed, also what these point to. A job has the first of its modes, as far as each is the
 * fastest of its width, if all others are slower ones of the same widths; jobs that run, or are kept, in one of those have all. *ret_any:
 * whether any job has fewer modes than it had. ret_jobs: to free. ENOMEM.
 */
int uncapped_view(const struct plan_problem *problem, struct plan_problem *ret_view, struct plan_job **ret_jobs, bool *ret_any);

#endif
