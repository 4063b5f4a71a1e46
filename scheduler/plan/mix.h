/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mix.h - when a job runs in which of its modes, and where: caps that change over time, widths and sites by a restart.
 *
 * A multiplier theta prices progress. Under it each slot is off or in one way (a mode at a site), and the cheapest sequence is a
 * shortest path, found for eight thetas at once. The highest value of all is a bound of the job; the plan is spliced from
 * the paths on both sides of it, and what is too much is cut off where that saves most.
 *
 * Where waiting costs, paths that end in different slots are not compared under one theta: between one that ends early, half done, and
 * one that does twice the work late, theta would see a job that is done and has waited half as long. Each slot in which it may end has
 * a highest value of its own, and the least of these is the bound, and where the plan ends.
 */
#ifndef OFFPEAK_PLAN_MIX_H
#define OFFPEAK_PLAN_MIX_H

#include "plan/schedule.h"
#include "plan/slots.h"

enum { MIX_LANES = 8, MIX_CANDIDATES = 4 };

/* A mode at a site, with its rates (currency per second; INFINITY: it cannot) and seats (currency) from the first slot on. */
struct mix_way {
        uint32_t site, mode;
        uint32_t group; /* ways of one site and width: a change among them is no start */
        float *rates, *seats;
        float *costs;  /* of the whole slot; what a start in it costs beside the progress it loses */
        float *starts;
};

/* Several ways for one job. */
struct mix_wish {
        const struct plan_problem *problem;
        const struct plan_job *job;
        const struct slots *slots;
        size_t first, n; /* slots: first holds the release; n of them */
        double beat;     /* no candidates are wanted that cannot cost less */
};

enum { MIX_WAYS = 64, MIX_GROUPS = MIX_WAYS }; /* every way may be a width of its own */

/* A slot of a path: the way, and whether a run begins. */
struct mix_pick {
        uint8_t way; /* 0: off; else its number + 1 */
        bool starts;
};

struct mix {
        struct mix_way ways[MIX_WAYS];
        size_t n_ways;
        double least;   /* the bound, or one that is no less than what was to be beaten; -INFINITY: none was found */
        double theta;   /* where it is; NAN: none */
        uint64_t work;  /* added up */
        /* sequences that do all the work, best guesses first, each to be trimmed */
        struct mix_pick *candidates[MIX_CANDIDATES];
        size_t n_candidates;

        /* scratch */
        struct mix_pick *below, *above;
        float *memory;    /* rates and seats of the ways, then the path's rows */
        float *rows;
        double *ends, *seconds, *progress;
        double *bounds, *lows, *highs; /* of what ends in a slot: the highest so far, and the thetas between which it is */
        size_t room, room_rows, room_slots;
};

void mix_init(struct mix *mix);
void mix_finish(struct mix *mix);

/* Room for the rates and seats of so many ways over n slots; ways[] then point into it. ENOMEM. */
int mix_reserve(struct mix *mix, size_t n_ways, size_t n);

/*
 * Find the bound and the candidates. The ways' rates are filled, sites and modes set. theta: a guess or NAN. thorough: to the
 * last bit, where else a guess that is near is near enough. ENOMEM.
 */
int mix_solve(const struct mix_wish *wish, struct mix *mix, double theta, bool thorough);

#endif
