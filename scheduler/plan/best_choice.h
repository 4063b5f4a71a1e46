/* SPDX-License-Identifier: Apache-2.0 */
/*
 * best_choice.h - where, when and how one job runs best: of all its sites and modes, mixed over time where that pays.
 *
 * A job with one mode is asked about at each of its sites (best_hours.h). With several modes, or when it may move, a path
 * through all of them is looked for as well (mix.h).
 */
#ifndef OFFPEAK_PLAN_BEST_CHOICE_H
#define OFFPEAK_PLAN_BEST_CHOICE_H

#include "plan/best_hours.h"
#include "plan/mix_trim.h"

/* Who says what running costs. */
struct market {
        const struct plan_problem *problem;
        const struct slots *slots;
        const void *world;
        struct rates (*rates)(struct look *look);
};

/* Scratch, and what was found beside the choice. */
struct chooser {
        struct hours hours;
        struct mix mix;
        struct choice mixed; /* scratch */
        float *rates, *seats; /* scratch: of one interval */
        size_t room;
        double content; /* share of its cost: what is to be beaten is left alone where the bound is no further below it */
        bool thorough; /* mixes are looked for to the last bit */
        bool one_way;  /* no mixes: quick, and near enough to tell a reason */
        double least;  /* no choice costs less, as far as a path can tell: an estimate of a bound */
        double theta;  /* price of progress: a guess for the next time, or NAN */
        uint32_t first; /* a site to be asked first: who found something good there looks less far elsewhere */
        uint64_t work; /* units spent, added up */
};

void chooser_init(struct chooser *chooser);
void chooser_finish(struct chooser *chooser);

/*
 * The best choice whose runs all end by `until`, if it costs less than *cost; then ret_choice is set and *cost becomes what it
 * costs, with all that follows for the job. `chooser->theta` is the guess, and becomes the next. ENOMEM.
 */
int best_choice(const struct market *market, const struct plan_job *job, int64_t until, struct chooser *chooser,
                double *cost, struct choice *ret_choice);

/* What a given choice costs, with all that follows for the job; INFINITY if it cannot be. ENOMEM. */
int choice_cost(const struct market *market, const struct plan_job *job, struct chooser *chooser,
                const struct plan_interval *intervals, size_t n, double *ret_cost);

#endif
