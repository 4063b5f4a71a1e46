/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h - the hours that jobs had under one policy. */
#ifndef OFFPEAK_TRIAL_OUTCOME_H
#define OFFPEAK_TRIAL_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of a job, from its start, start cost included, to its end; or a part of it, under one power cap. */
struct segment {
        size_t job;      /* index into the trial's trace */
        uint32_t site;   /* index into the trial's policy.sites */
        uint32_t gpus;
        int64_t start, end;
        uint32_t level;  /* of power caps (core/caps.h) */
        bool goes_on;    /* the run began in a segment before it, under another cap; set by outcome_add() */
        double drawn_w;  /* as metered: whole job, above idle, IT side; 0: as the trial has it */
};

/* A run that ended because a node failed. */
struct loss {
        size_t job;     /* index into the trial's trace */
        uint32_t site;  /* index into the trial's policy.sites */
        int64_t at;     /* when */
        int64_t lost_s; /* of running that came to nothing: work since the last checkpoint, and the start */
};

struct outcome {
        struct segment *segments; /* owned; job by job, ascending in time */
        size_t n, room;
        int64_t *finish;          /* owned, one for each job: when it was done; 0: it was not */
        size_t n_jobs;
        struct loss *losses; /* owned; ascending in time */
        size_t n_losses;
        double bound;             /* no hours would have cost less, delay and lateness counted; NAN: nobody has proved one */
};

int outcome_init(struct outcome *outcome, size_t n_jobs); /* nothing ran. ENOMEM */
void outcome_finish(struct outcome *outcome);

/* What begins where the job's last segment ended, at the same site and width, goes on with its run if `joins`. ENOMEM. */
int outcome_add(struct outcome *outcome, struct segment segment, bool joins);

int outcome_lose(struct outcome *outcome, struct loss loss); /* ENOMEM */

/* Job by job, ascending in time, whatever the order they were added in. */
void outcome_sort(struct outcome *outcome);

#endif
