/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alternatives.h - what else one job could do, and what that would cost: data for `offpeak explain`.
 *
 * The best response again and again, with the starts near those that are known forbidden; and, in whole runs, every time at
 * which a price, a limit or a rule changes. Exact for a job that runs in one run; for others never dearer than their best run
 * without a pause.
 */
#ifndef OFFPEAK_PLAN_ALTERNATIVES_H
#define OFFPEAK_PLAN_ALTERNATIVES_H

#include "plan/way.h"

/* One job among others. Borrowed. */
struct lone_question {
        const struct plan_problem *problem; /* of the one job; what others' hours take is taken out of its sites */
        const struct plan_site *empty;      /* the same sites without the others: one for each of the problem's */
        uint64_t any_sites;                 /* bit s: could run at sites[s], were it free to choose */
        const struct plan_interval *present; /* its hours, ascending; those that have begun may have begun before now */
        size_t n_present;
};

enum { MOST_ALTERNATIVES = 3 };

/* In what a way differs from the present one. */
enum { DIFFERS_START = 1, DIFFERS_SITE = 2, DIFFERS_MODE = 4 };

struct alternative {
        struct plan_way way;
        double difference; /* currency that it costs more than the present way; negative: less */
        unsigned differs;  /* DIFFERS_* */
};

struct alternatives {
        struct plan_way present; /* as it holds now */
        double least;            /* what the cheapest way costs that the job has now; no more than the present one */
        /*
         * Ascending by cost. Each differs from the present way and from the others: another site, another mode, or a first
         * start at least apart_s away. None leaves more undone than the present one, or is late where that is not.
         */
        struct alternative others[MOST_ALTERNATIVES];
        size_t n_others;
        int64_t apart_s; /* half its run time, a quarter of an hour at least */
};

/* ENOMEM. ret is written on success only, and then alternatives_finish()ed by the caller. */
int alternatives_init(struct alternatives *ret, const struct lone_question *question);
void alternatives_finish(struct alternatives *alternatives);

#endif
