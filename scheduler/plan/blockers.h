/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blockers.h - what keeps one job from being cheaper: each of its limits is taken away by itself, and its best response asked
 * for again.
 */
#ifndef OFFPEAK_PLAN_BLOCKERS_H
#define OFFPEAK_PLAN_BLOCKERS_H

#include "plan/alternatives.h"

enum blocker_limit {
        BLOCKER_GPUS = 0, /* others have them; power is limited as it is */
        BLOCKER_POWER,    /* others draw it, or the site has no more; GPUs are limited as they are */
        BLOCKER_DEADLINE,
        BLOCKER_MIN_RUN,  /* a run may not be shorter */
        BLOCKER_STARTS,   /* it may not pause, or not as often */
        BLOCKER_RELEASE,  /* it may not begin earlier */
        BLOCKER_SITE,     /* it may not run elsewhere */
        N_BLOCKERS
};
const char *blocker_name(enum blocker_limit limit); /* "gpus", "power", "deadline", "min_run", "pauses", "begin", "site" */

struct blocker {
        enum blocker_limit limit;
        struct plan_way way;       /* the hours that it would have, at what they would cost */
        double saving;             /* currency, against `least` of its alternatives */
        struct shortage shortage;  /* of what is missing now for these hours */
};

struct blockers {
        struct blocker list[N_BLOCKERS]; /* descending by saving; those that save more than 0.1 % */
        size_t n;
};

/* least: what the job's cheapest way costs as things are (alternatives.least). ENOMEM. As alternatives_init. */
int blockers_init(struct blockers *ret, const struct lone_question *question, double least);
void blockers_finish(struct blockers *blockers);

#endif
