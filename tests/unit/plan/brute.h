/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brute.h - the best plan of a problem of a few seconds and jobs, by trying all of them, second by second.
 *
 * An oracle: its arithmetic and its reading of the rules are its own.
 */
#ifndef OFFPEAK_TEST_BRUTE_H
#define OFFPEAK_TEST_BRUTE_H

#include "plan/plan.h"

enum { BRUTE_SECONDS = 12 };

/* The step of a site that holds a time. */
const struct plan_step *brute_step_at(const struct plan_site *site, int64_t time);

/* What so many watts cost in a second of a step: segment by segment. */
double brute_draw(const struct plan_step *step, double watts);

/* What a job may do alone: mode + 1 at each second, 0 for off, and where. */
struct brute_way {
        uint8_t mode[BRUTE_SECONDS], site[BRUTE_SECONDS];
        struct plan_terms own; /* all but supply */
        int64_t finish, late_s;
        double rest_s;
};

struct brute {
        const struct plan_problem *problem;
        struct brute_way **ways; /* of each job */
        size_t *n_ways;
        double cost;                   /* of the best plan */
        const struct brute_way **best; /* of each job */
};

/* False if there are more than `limit` combinations to try. */
bool brute_init(struct brute *brute, const struct plan_problem *problem, double limit);
void brute_finish(struct brute *brute);

/* The best plan, saying what the oracle thinks it costs. plan_finish() it. */
void brute_plan(const struct brute *brute, struct plan *ret_plan);

#endif
