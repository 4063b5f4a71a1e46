/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_path.h - what check_offer.c and check_moves.c share: a job's rates on its own edges, and paths over these under a price of
 * progress. Of no use outside of the checker.
 */
#ifndef OFFPEAK_PLAN_CHECK_PATH_H
#define OFFPEAK_PLAN_CHECK_PATH_H

#include <math.h>

#include "plan/check_pieces.h"

/* Runs of a job that are told apart. */
enum { LEVELS = 8 };

/* The cheapest path under a theta: its cost and its progress. */
struct path {
        double cost, progress;
};

/* A job at a site: edges and the rate of each mode between them, currency per second; INFINITY where it cannot run. */
struct offer {
        const struct plan_problem *problem;
        const struct plan_job *job;
        bool goes_on; /* running here: a first run from `now` need not start */
        size_t n;
        int64_t *edges;    /* n + 1 */
        double *ends;      /* delay and lateness of a job that ends on each edge, n + 1 */
        double *rates;     /* mode m on piece i at [m * n + i] */
        double *sums;      /* scratch of `single`, n + 1 */
        double *extras;    /* what a second of a start in mode 0 costs beside its rate, n */
        double *starts;    /* its sums, n + 1 */
        struct path *walk; /* scratch of `runs`, 2 x LEVELS + 1 for each mode and LEVELS + 1 */
        size_t *width;     /* of each mode: the first mode as wide */
        double *slowest;   /* of each mode: speed of the slowest as wide */
        double undone;     /* currency per second of progress left undone */
        const struct stay *stay; /* of a job at several sites: check_moves.c */
};

static inline double path_reduced(const struct path *path, double theta)
{
        return path->cost - theta * path->progress;
}

static inline void path_keep_cheaper(struct path *best, const struct path *other, double theta)
{
        if (path_reduced(other, theta) < path_reduced(best, theta))
                *best = *other;
}

/* A start in a mode: its overhead may be spent in the slowest mode of the same width. */
static inline struct path path_start(const struct path *from, const struct offer *offer, size_t mode)
{
        return (struct path){ from->cost,
                              from->progress - offer->slowest[mode] * (double)offer->job->start_cost_s };
}

static inline struct path path_run(const struct path *from, const struct offer *offer, size_t mode, size_t i)
{
        double seconds = (double)(offer->edges[i + 1] - offer->edges[i]);
        double rate = offer->rates[mode * offer->n + i];

        if (isinf(rate) || isinf(from->cost))
                return (struct path){ INFINITY, 0 };
        return (struct path){ from->cost + rate * seconds, from->progress + offer->job->modes[mode].speed * seconds };
}

/* Room for `n` pieces, the arrays empty. ENOMEM; offer_finish() also then. */
int offer_init(struct offer *offer, const struct plan_problem *problem, const struct plan_job *job, size_t n);
void offer_finish(struct offer *offer);

/* What each edge means for the job's end, and which modes are of one width: to be called once edges and modes are there. */
void offer_measure(struct offer *offer);

/* Of the numbers that went in. */
double offer_size(const struct offer *offer);

/*
 * The highest value of cost(theta) + theta (work - progress(theta)) for low <= theta <= high: concave, in pieces. Cut
 * where the tangents of both sides meet until no higher point is left between them. Every value met is a bound.
 */
double offer_highest(const struct offer *offer, struct path (*cheapest)(const struct offer *, double, int), int runs,
                     double work, double low, double high);

/* At least so many runs (1 or 2); and as many seconds as pay, whatever starts they take. Bounds. */
double offer_runs_bound(const struct offer *offer, int runs);
double offer_burn_bound(const struct offer *offer);

#endif
