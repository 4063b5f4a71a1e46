/* SPDX-License-Identifier: Apache-2.0 */
/*
 * month_door.h - which jobs of a class with GPU-hours a month are let into which month by a plan.
 *
 * One after the other, in the order in which they ask, those that run before all others: each into the first month
 * whose hours, as far as they are left, hold all that it needs. As nobody knows in which hours it will run, it counts
 * in the month it is let into and in all those that begin before it is due: so no plan that keeps to this plans a month
 * over.
 */
#ifndef OFFPEAK_CORE_MONTH_DOOR_H
#define OFFPEAK_CORE_MONTH_DOOR_H

#include "core/state.h"

struct month_door {
        const struct state *state;
        int64_t wall, horizon;
        size_t n_months; /* that begin before the horizon, this one first */
        int64_t *begins; /* owned */
        int64_t *left;   /* owned: GPU-seconds, n_months of each class; NULL: no class has such a quota */
};

/* others: what runs is let in first, but for `besides` (NULL: all of it). ENOMEM; month_door_finish() also then. */
int month_door_init(struct month_door *door, const struct state *state, int64_t wall, int64_t horizon, bool others,
                    const struct job *besides);
void month_door_finish(struct month_door *door);

/*
 * When a job that does not run may begin that may not before `earliest`: then, or when a later month does. INT64_MAX:
 * no month before the horizon holds it.
 */
int64_t month_door_let_in(struct month_door *door, const struct job *job, int64_t earliest);

/* Is this time that let_in gave one that a month put off? */
bool month_door_put_off(const struct state *state, const struct job *job, int64_t release, int64_t wall);

#endif
