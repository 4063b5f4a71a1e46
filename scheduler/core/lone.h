/* SPDX-License-Identifier: Apache-2.0 */
/* lone.h - what can be asked about one job: beside the others' planned hours, and as if there were none. */
#ifndef OFFPEAK_CORE_LONE_H
#define OFFPEAK_CORE_LONE_H

#include "core/decide.h"
#include "plan/alternatives.h"

/* Points into itself: not to be copied. */
struct lone {
        struct lone_question question; /* borrows from what follows; problem NULL: no site could ever hold the job */
        struct plan_question beside, alone;
};

/* About a job that need not be in the state yet. The job must stay. ENOMEM; ret_lone is written on success only. */
int lone_init(const struct state *state, const struct now *now, const struct job *job, struct lone *ret_lone);
void lone_finish(struct lone *lone);

/* The deadline to name for a job that can be done by `finish`: a full minute, and at least one from now to think. */
int64_t lone_deadline(int64_t finish);

#endif
