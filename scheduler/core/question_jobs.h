/* SPDX-License-Identifier: Apache-2.0 */
/* question_jobs.h - the jobs of the planning problem: queued and running ones, with a mode for each width that their sites can hold. */
#ifndef OFFPEAK_CORE_QUESTION_JOBS_H
#define OFFPEAK_CORE_QUESTION_JOBS_H

#include "core/input.h"
#include "core/quotas.h"
#include "core/state.h"

struct question_jobs {
        struct plan_job *jobs;
        struct plan_mode *modes;    /* of all jobs, one after the other */
        struct plan_interval *kept; /* likewise */
        size_t *after;              /* likewise */
};

/*
 * A job that may only begin behind the horizon has no hours yet: a later plan will see it. Nor has one that no site can
 * hold: as work left undone it would cost more than all the others together, and hide what they save. Nor one that
 * comes after such a job, or after one that is held, or for which its class has no GPU-hours in any month before the
 * horizon.
 * ENOMEM; question_jobs_finish() also then.
 */
int question_jobs(const struct state *state, const struct now *now, const struct plan_problem *problem,
                  const struct quotas *quotas, struct question_jobs *made, size_t *ret_n);
void question_jobs_finish(struct question_jobs *made);

/* The same for one job, which need not be in the state; beside_others: who asked before it, or runs, counts in its class's months. */
int question_job(const struct state *state, const struct now *now, const struct job *job, int64_t horizon,
                 bool beside_others, const struct quotas *quotas, struct question_jobs *made, size_t *ret_n);

/* Of the pins those that cannot be kept all at once are let go, so that there is a plan at all. ENOMEM. */
int question_settle_pins(const struct state *state, const struct plan_problem *problem, struct plan_job *all);

/* When it may begin. A lone job knows of others by their planned ends alone. */
int64_t question_release(const struct state *state, const struct now *now, const struct job *job, bool lone);

/* The problem's number of one of the job's modes (width.h), or n_modes: it has no such mode there. */
uint32_t question_mode(const struct plan_job *job, uint32_t id);

#endif
