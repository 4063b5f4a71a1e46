/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grid_path.h - the cheapest hours of one job on slots of one length: a shortest path, exact but for rounding.
 *
 * The job uses `whole` slots from end to end and, if it has a rest, one more in part: the first seconds of it (then a run
 * ends there, or is all in it) or the last (then a run begins there). Its first run is free to begin; every later run pays
 * start[t] where it begins. With the costs of running piecewise constant, one of the cheapest ways to run for a given time
 * is always of this form.
 *
 * Float32, as costs are compared, not booked: whoever keeps a path prices it again.
 */
#ifndef OFFPEAK_PLAN_GRID_PATH_H
#define OFFPEAK_PLAN_GRID_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The question, slots 0 .. n-1. Costs in any one unit; INFINITY where the job cannot run. */
struct grid_question {
        size_t n;
        size_t whole;      /* slots used from end to end; with a rest it may be 0 */
        bool has_rest;
        bool goes_on;      /* the job runs and goes on: slot 0 is part of its first run, which begins there */
        const float *full; /* of using a slot whole */
        const float *start;
        const float *head; /* of running the last seconds of a slot, as long as the rest; only with a rest */
        const float *tail; /* of running its first seconds */
        const float *end_full, *end_tail; /* what follows from being done at the end of a slot, or of its tail */
};

/* Slots [first, last], whole but that a run may begin with a head and end with a tail. */
struct grid_run {
        uint32_t first, last;
        bool head, tail; /* a run all in one slot's rest is a tail */
};

struct grid_path {
        float cost; /* INFINITY: it does not fit */
        struct grid_run *runs;
        size_t n_runs;

        size_t room_runs, room_cells; /* scratch below grows as needed */
        float *cells;
};

void grid_path_init(struct grid_path *path);
void grid_path_finish(struct grid_path *path);

/* ENOMEM. The answer holds until the next question. */
int grid_path_find(const struct grid_question *question, struct grid_path *path);

#endif
