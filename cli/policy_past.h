/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_past.h - the last days of a cluster as the scheduler tells them: which jobs were there, when they ran and what
 * they took, on which nodes, at what prices.
 *
 * A job of the past is one that was submitted in the time and is done. Its work is what its class takes its running
 * for: all seconds of running, less the start cost of each start. Its power is the mean that was booked.
 */
#ifndef OFFPEAK_CLI_POLICY_PAST_H
#define OFFPEAK_CLI_POLICY_PAST_H

#include "cli/command.h"
#include "core/policy.h"
#include "trial/outcome.h"
#include "trial/trial.h"

/* Why a job is not replayed, and, behind those, what is told of jobs that are. */
enum past_finding {
        PAST_KEPT = 0,
        PAST_OPEN,      /* waits or runs */
        PAST_CANCELLED, /* and the next: ended in the time */
        PAST_FAILED,
        PAST_EARLIER,   /* submitted before the time */
        PAST_NO_RECORD, /* the books do not say when it ran */
        PAST_NO_SITE,   /* asked for a site, or ran at one, that a policy lacks */
        PAST_NO_ROOM,   /* no nodes as they are now, at sites that a policy allows, hold it */
        PAST_QUOTA,     /* its class may not hold so many GPUs */
        PAST_LEFT_OUT = PAST_QUOTA,
        PAST_AFTER, /* came after others: replayed as submitted when these had ended */
        PAST_FINDINGS,
};

const char *past_finding_name(enum past_finding finding); /* in the plural */

struct past_run {
        const char *site; /* borrowed from the answer */
        int64_t start, end;
};

struct past_job {
        uint64_t id;
        const char *class_name, *site_asked; /* borrowed from the answers; the last NULL: anywhere */
        int64_t release;                     /* when it could have run: submitted, begun, others ended */
        int64_t finish, deadline;            /* the last 0: none */
        int64_t work_s, start_cost_s;
        double power_w, drawn_w;             /* as asked for, without a power cap; and in the mean, as it ran */
        uint32_t gpus, nodes;
        int interruptible;                                /* enum offpeak_choice */
        int64_t joules, cost, carbon_mg, unpriced_joules; /* by the books, overhead included */
        struct past_run *runs;                            /* owned, ascending, apart */
        size_t n_runs;
        enum past_finding out; /* PAST_KEPT: it is replayed */
};

struct past_note {
        size_t count;
        uint64_t first; /* a job */
};

struct past {
        int64_t from, now, to; /* the time; series reach until `to`, behind now as they are said or forecast */
        json_t *report, *listed, *nodes, *price; /* owned: the answers */
        struct past_job *jobs;                   /* owned */
        size_t n_jobs;
        struct past_note notes[PAST_FINDINGS];
        int64_t left_out_gpu_s; /* GPU-seconds that jobs which are not replayed ran */
};

/* Ask for the last so many seconds. As command_ask; past_finish() in any case. */
int past_ask(struct offpeak_client *client, int64_t replay_s, struct past *past, struct offpeak_error *err);
void past_finish(struct past *past);

/* Leave out a job, for this reason. */
void past_leave_out(struct past *past, struct past_job *job, enum past_finding finding);

/* Leave out what cannot have run under this policy. */
void past_sift(struct past *past, const struct policy *policy);

/*
 * The kept jobs, nodes and series under a policy. EINVAL, ENOMEM; trial_finish() in any case. It borrows names from the
 * past. Job j of the trial is job trace.jobs[j].index of the past; those that find no nodes are missing.
 */
int past_trial(const struct past *past, const struct policy *policy, struct trial *trial, struct offpeak_error *err);

/* When they really ran, as an outcome of a trial under the policy they ran under. ENOMEM. */
int past_outcome(const struct past *past, const struct trial *trial, struct outcome *ret_outcome);

/* Is there a node for jobs: not one that was fenced, at a site of the policy? */
bool past_node_counts(const json_t *node, const struct policy *policy);

#endif
