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
        size_t n, row;     /* pieces that are looked at; that there is room for */
        int64_t *edges;    /* n + 1 */
        double *ends;      /* delay and lateness of a job that ends on each edge, n + 1 */
        double *rates;     /* mode m on piece i at [m * row + i] */
        double *sums;      /* scratch of `single`, n + 1 */
        double *extras;    /* what a second of a start costs beside its rate: mode m on piece i at [m * row + i] */
        double *starts;    /* sums of mode 0's, n + 1 */
        struct path *walk; /* scratch of `runs`, 3 x LEVELS + 1 for each mode and LEVELS + 1 */
        size_t *width;     /* of each mode: the first mode as wide, at its site */
        double *slowest;   /* of each mode: speed of the slowest as wide */
        /*
         * Of a start, which is spent in whatever mode of its width: the least a second costs, of the first mode of each width, at
         * [m * row + i]; its sums from the first edge at [m * (row + 1) + i], and how many of the pieces until there are shut.
         */
        double *eased, *eased_sums;
        size_t *shut;
        /* what a start in a mode costs beside the piece, at [m * row + i]: over as the piece begins; and beginning with it, if pieces are long enough */
        double *before, *within;
        bool pieces_are_long; /* none is shorter than a start */
        bool starts_earn;  /* somewhere: then a start is taken to cost no more than the progress it loses */
        double undone;     /* currency per second of progress left undone */
        const struct stay *stay; /* of a job at several sites: check_moves.c */
        struct path *found;      /* scratch of offer_highest(): n each */
        struct tangents *tangents;
        size_t modes_here; /* of these: modes of one site, those of the next follow; 0: all are of one */
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

/* The same of one that ends there, and pays for it. */
static inline void path_keep_end(struct path *best, const struct path *path, double end_cost, double theta)
{
        path_keep_cheaper(best, &(struct path){ path->cost + end_cost, path->progress }, theta);
}

static inline struct path path_run(const struct path *from, const struct offer *offer, size_t mode, size_t i)
{
        double seconds = (double)(offer->edges[i + 1] - offer->edges[i]);
        double rate = offer->rates[mode * offer->row + i];

        if (isinf(rate) || isinf(from->cost))
                return (struct path){ INFINITY, 0 };
        return (struct path){ from->cost + rate * seconds, from->progress + offer->job->modes[mode].speed * seconds };
}

/* Room for `n` pieces, the arrays empty. ENOMEM; offer_finish() also then. */
int offer_init(struct offer *offer, const struct plan_problem *problem, const struct plan_job *job, size_t n);
void offer_finish(struct offer *offer);

/* What each edge means for the job's end, and which modes are of one width: to be called once edges and modes are there. */
void offer_measure(struct offer *offer);

static inline struct path path_join(const struct path *a, const struct path *b)
{
        return (struct path){ a->cost + b->cost, a->progress + b->progress };
}

/* Of the numbers that went in. */
double offer_size(const struct offer *offer);

/*
 * Fills ret_ends: for each piece the cheapest path under a theta of a job that is done in it, INFINITY where there is none. What is
 * over as the piece begins may be among them, if it pays for an end there.
 */
typedef void (*offer_cheapest)(const struct offer *offer, double theta, int runs, struct path *ret_ends);

/*
 * The least over the pieces of the highest value of cost(theta) + theta (work - progress(theta)) of what is done in the piece, for
 * low <= theta <= high. The job is done in one of them, and delay and lateness are nearly the same for all that is: a price of
 * progress that mixed an early end with work done late would hide them. Each is concave, in pieces: cut where the
 * tangents of both sides meet until no higher point is left between them. What is met on the way is a bound, too.
 */
double offer_highest(const struct offer *offer, offer_cheapest cheapest, int runs, double work, double low, double high);

/*
 * A bound of a job with a deadline: of the pieces up to it and one more, if what ends behind these is sure to cost no less; else of
 * all of them.
 */
double offer_until_due(const struct offer *offer, double (*bound)(const struct offer *));

/* At least so many runs (1 or 2); and as many seconds as pay, whatever starts they take. Bounds. */
double offer_runs_bound(const struct offer *offer, int runs);
double offer_burn_bound(const struct offer *offer);

#endif
