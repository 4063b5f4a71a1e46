/* SPDX-License-Identifier: Apache-2.0 */
/* hindsight.h - all jobs of a trial and all that came true as one planning problem, as if known from the beginning. */
#ifndef OFFPEAK_TRIAL_HINDSIGHT_H
#define OFFPEAK_TRIAL_HINDSIGHT_H

#include "sim/sim.h"
#include "trial/outcome.h"
#include "trial/trial.h"

struct hindsight {
        struct sim *sim;               /* an idle cluster, from which the question was asked */
        struct job *submitted;         /* owned, with their specs */
        size_t n_submitted;
        struct plan_question question; /* its jobs are the trial's, in order */
        struct plan_job *jobs;         /* owned: the question's, with what the trial says of them to the last digit */
        struct plan_mode *modes;       /* likewise, job by job */
};

/* caps: whether GPUs may be capped. EINVAL: a job that no site could ever run; ENOMEM. hindsight_finish() in any case. */
int hindsight_init(struct hindsight *hindsight, const struct trial *trial, bool caps, struct offpeak_error *err);
void hindsight_finish(struct hindsight *hindsight); /* also of one that is all 0 */

/* A plan of its problem as an outcome, without a bound. ENOMEM. */
int hindsight_outcome(const struct hindsight *hindsight, const struct plan *plan, struct outcome *ret_outcome);

#endif
