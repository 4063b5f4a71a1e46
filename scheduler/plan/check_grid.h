/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_grid.h - the least that one job alone can cost on slots of one length: part of the checker, which shares no
 * arithmetic with the planner.
 */
#ifndef OFFPEAK_PLAN_CHECK_GRID_H
#define OFFPEAK_PLAN_CHECK_GRID_H

#include <stdbool.h>
#include <stddef.h>

/* A job in one mode; slot t costs rates[t] per second of running (finite). Times are seconds from the start of slot 0. */
struct check_grid {
        size_t n;
        double slot_s;
        double run_s;        /* time it runs: its work and the first start, if it needs one */
        double start_s;      /* what every further start takes */
        double earliest_s;   /* no run begins before: within slot 0. Only one run heeds it */
        bool goes_on;        /* slot 0 is run: it runs now and is not stopped */
        const double *rates;
        const double *start_rates; /* the same for the seconds of a start, no less than rates; all >= 0 */
        /* being done at x costs delay x max(0, x - prompt_s) + lateness x max(0, x - deadline_s), both per second */
        double prompt_s, deadline_s;
        double delay, lateness;
};

/*
 * A lower bound for every way to run in exact seconds, exact for one run, and nearly so for two. scratch:
 * 18 n + 64 doubles. INFINITY: it does not fit.
 */
double check_grid_least(const struct check_grid *grid, bool may_start_again, double *scratch);

#endif
