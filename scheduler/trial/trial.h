/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what policies are compared on: a cluster, jobs, what came true, and what a scheduler may see of it beforehand.
 *
 * Plain values, made by the caller (the command line, or a test), read by contenders (contender.h).
 */
#ifndef OFFPEAK_TRIAL_TRIAL_H
#define OFFPEAK_TRIAL_TRIAL_H

#include <offpeak/job.h>

#include "core/policy.h"
#include "feeds/profiles.h"
#include "sim/outages.h"
#include "supply/site_supply.h"
#include "trial/trace.h"

/* What nodes and starts are like, beside what the classes say of starts. All 0: nothing fails, and power is there at
 * once. */
struct trial_hardware {
        struct outages outages; /* owned; of the trial's nodes, in their order. Nobody knows them beforehand */
        int64_t repair_s;       /* of each outage */
        int64_t checkpoint_s; /* jobs that may be interrupted save what they have done so often, in progress; 0: all the
                                 time */
        int64_t ramp_s;       /* from each start until the run draws all of its power, rising evenly */
};

struct trial_node {
        const char *name, *site; /* borrowed */
        uint32_t gpus;
        int64_t idle_w;
        uint32_t gpu_w;          /* above idle, each: its power limit */
        uint32_t least_gpu_w;    /* the lowest that this can be set to; 0: it cannot be set */
};

/* What a scheduler sees of the hours that are to come. */
enum trial_sight {
        TRIAL_SEES_ALL = 0,   /* what comes true */
        TRIAL_SEES_GIVEN,     /* the series of `seen`, from the beginning */
        TRIAL_SEES_PUBLISHED, /* what is published by then (publish.h); behind that it makes its own forecast */
};

struct trial_width; /* widths.h */

struct trial {
        struct policy policy;        /* owned. Its classes are those of the jobs: see trial_classes */
        struct trial_node *nodes;    /* owned */
        size_t n_nodes;
        /*
         * Owned; each names its site. `seen` stands for the truth of its site and kind before it comes true, and `paid`
         * in the books: where only carbon counts, policies go by prices of 0, which nobody pays.
         */
        struct series *truth, *seen, *paid;
        size_t n_truth, n_seen, n_paid;
        enum trial_sight sight;
        struct trial_hardware hardware;
        int64_t plan_gap_s;          /* plans are made no sooner than this after each other */
        struct trace trace;          /* owned */
        uint32_t *classes;           /* owned; of job j: policy.classes[classes[j]] */
        struct profiles profiles;    /* owned; none: widths are those of the trace (widths.h) */
        struct trial_width *widths;  /* owned; those of job j from first_width[j] on */
        size_t n_widths, *first_width;
        int64_t not_before, not_after; /* bounds of the two below beside the series'; 0: none */
        int64_t from, to;            /* truth is known of it, at every site */
};

void trial_init(struct trial *trial); /* nothing */
void trial_finish(struct trial *trial);

enum trial_role { TRIAL_TRUTH = 0, TRIAL_SEEN, TRIAL_PAID };

/* Take a series; it moves into the trial. ENOMEM. */
int trial_take(struct trial *trial, struct series *series, enum trial_role role);

/* NULL: there is none. */
const struct series *trial_truth(const struct trial *trial, const char *site, enum series_kind kind);
const struct series *trial_seen(const struct trial *trial, const char *site, enum series_kind kind);

/*
 * Find from and to; leave out the jobs that do not lie within, or that no nodes or no site's power can hold, with their
 * finding; give each job its class. A class that the policy does not have is the default one under that name. Jobs
 * whose own start cost, or deadline, makes a class of the policy another one get a variant of it: `open_end`: classes
 * bound a job's waiting also where it has a deadline of its own. EINVAL: no series, no common time, no job left (it
 * says why); ENOMEM.
 */
int trial_prepare(struct trial *trial, bool open_end, struct offpeak_error *err);

/*
 * Draw the hardware's outages over the trial's time. mtbf_s, repair_s > 0. However often a job is lost it is never
 * given up: classes' retries and limits on running no longer count. After trial_prepare. ENOMEM.
 */
int trial_draw_outages(struct trial *trial, const struct outage_law *law);

/* May the job be interrupted: as it says itself, or its class. What may not saves nothing. */
bool trial_may_interrupt(const struct trial *trial, size_t job);

/* Seconds of progress that checkpoints hold of a run that a failure ends so long after its start. */
int64_t trial_saved(const struct trial *trial, size_t job, int64_t ran_s);

/* How the job is put to the core: a spec that is finished by the caller. ENOMEM. */
int trial_spec(const struct trial *trial, size_t job, struct offpeak_job_spec *ret_spec);

/* A site's sources by what came true, by what is seen beforehand, or by what is paid; they borrow from the trial. */
struct site_supply trial_supply(const struct trial *trial, const struct policy_site *site, enum trial_role role);

/* W at the meter while no job runs. */
double trial_idle_w(const struct trial *trial, const struct policy_site *site);

uint32_t trial_gpus(const struct trial *trial, const char *site); /* NULL: of all sites */

#endif
