/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_mps_job.h - one job of the program that plan_mps.c writes: its columns, the rows that bind them, and what it
 * takes of GPUs and power.
 */
#ifndef OFFPEAK_TESTS_PLAN_MPS_JOB_H
#define OFFPEAK_TESTS_PLAN_MPS_JOB_H

#include "bench/mps.h"
#include "plan/problem.h"

/* Columns of one job (plan_mps_job.c says what they are). What may not be is NO_COLUMN. */
struct job_columns {
        size_t first, last;         /* slots [first, last) that lie between its release and its deadline */
        size_t *run, *seat, *start; /* site s, mode m, slot t at [(s * n_modes + m) * n_slots + t] */
        size_t *done;               /* slot t at [t]; NULL where nothing depends on its end */
};

#define NO_COLUMN ((size_t)-1)

struct program {
        struct mps *mps;
        const struct plan_problem *problem;
        int64_t slot_s;
        size_t n_slots;
        bool whole; /* slots are taken whole, and starts count; else linear */
        /* rows: site s, slot t at [s * n_slots + t]; limits likewise */
        size_t *gpus, *power, *limits;
        size_t *given; /* of sites with a store: what it gives is no more than is run */
        size_t *peaks; /* month d of site s, slot t at [first_peak[s] + d * n_slots + t] */
        size_t *first_peak;
        struct job_columns *jobs;
};

static inline double slot_hours(const struct program *program)
{
        return (double)program->slot_s / 3600;
}

/* The jobs before it are there, and the sites' rows. ENOMEM. */
int program_add_job(struct program *program, size_t j);
void job_columns_finish(struct job_columns *columns);

#endif
