/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_mps_writer.h - what the files that write one job of the program share; the formulas are at the head of
 * plan_mps_job.c.
 */
#ifndef OFFPEAK_TESTS_PLAN_MPS_WRITER_H
#define OFFPEAK_TESTS_PLAN_MPS_WRITER_H

#include "bench/plan_mps_job.h"

/* The job at hand. */
struct writer {
        struct program *program;
        struct mps *mps;
        const struct plan_job *job;
        struct job_columns *columns;
        size_t j;
        size_t work; /* the row */
};

/* A factor of `columns` in a row: those of a site and of modes as wide as m (NO_COLUMN: all), each column once. */
void add_all(const struct writer *writer, size_t row, size_t *columns, size_t site, size_t mode, size_t t,
             double factor);

/* The same of X, and of D(t), which is 0 before the first slot. */
void add_seat(const struct writer *writer, size_t row, size_t site, size_t mode, size_t t, double factor);
void add_done(const struct writer *writer, size_t row, size_t t, double factor);

/* x, X and y with all that they take; their rows SEAT to FIRST. */
void add_ways(struct writer *writer);
void bind_runs(const struct writer *writer);

/* Where anything depends on the end: D, and what waiting for it costs. ENOMEM. */
int add_end(struct writer *writer);
void charge_delay(const struct writer *writer);

/* AFTER; HERE for one site; HERE, MOVE and REST for a job that may move. ENOMEM. */
void bind_order(const struct writer *writer);
void bind_site(const struct writer *writer);
int bind_moves(const struct writer *writer);

static inline size_t *at(const struct writer *writer, size_t *columns, size_t s, size_t m, size_t t)
{
        return &columns[(s * writer->job->n_modes + m) * writer->program->n_slots + t];
}

static inline bool may_run(const struct plan_job *job, size_t s)
{
        return job->sites >> s & 1;
}

static inline size_t n_sites(const struct writer *writer)
{
        return writer->program->problem->n_sites;
}

static inline bool as_wide(const struct plan_job *job, size_t a, size_t b)
{
        return job->modes[a].gpus == job->modes[b].gpus;
}

#endif
