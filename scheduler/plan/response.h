/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - when one job runs best, in one mode at one site, against given rates: its best response.
 *
 * A single run is found exactly, to the second. Several runs begin on edges of the curve: a shortest path under a
 * price of progress picks them, and what they do too much is cut off where it is dearest. Never worse than staying off.
 */
#ifndef OFFPEAK_PLAN_RESPONSE_H
#define OFFPEAK_PLAN_RESPONSE_H

#include "plan/schedule.h"

/* What running costs: piece i is [edges[i], edges[i + 1]) at rates[i] currency per second, INFINITY: it cannot. */
struct curve {
        size_t n;
        int64_t *edges; /* n + 1, from max(release, now) to the horizon */
        double *rates;
};

struct run {
        int64_t start, end;
};

/* Scratch, and the answer. Grows as needed. */
struct response {
        double cost; /* rates over the runs, and what follows for the job; overhead never counts as earning */
        struct run *runs;
        size_t n_runs;
        double theta; /* price of progress that led to several runs: a good guess for the next time. NAN: none */

        size_t room;
        void *memory; /* all arrays below */
        struct run *found;
        double *sums;                   /* cost from the first edge, unavailable pieces as 0 */
        size_t *block;                  /* first piece of the block of available pieces that a piece belongs to */
        double *seconds, *costs, *ends; /* of a piece; `ends`: what follows from ending the job with it */
        size_t *entry;
        double *entry_cost;
        double *on, *off, *on_done, *off_done;
        size_t *entered; /* at which edge the run that is on was entered; SIZE_MAX: it went on from the edge before */
        bool *left;
};

void response_init(struct response *response);
void response_finish(struct response *response);

/* The question: a job in a mode at a site. Only this job's own rules; others are in the rates. */
struct wish {
        const struct plan_problem *problem;
        const struct plan_job *job;
        uint32_t site, mode;
        double theta; /* a guess, or NAN */
};

/* ENOMEM. */
int respond(const struct wish *wish, const struct curve *curve, struct response *response);

/* The same cost for given runs, all of them on available pieces. Spoils the answer. ENOMEM. */
int response_cost(const struct wish *wish, const struct curve *curve, struct response *response, const struct run *runs,
                  size_t n_runs, double *ret_cost);

#endif
