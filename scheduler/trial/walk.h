/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - a site's time, cut where a run begins or ends or its supply changes. What counts an outcome walks it so. */
#ifndef OFFPEAK_TRIAL_WALK_H
#define OFFPEAK_TRIAL_WALK_H

#include "trial/outcome.h"
#include "trial/trial.h"

/* A run's power rises over the hardware's ramp in so many steps, each at its middle: the ramp's energy is exact. */
enum { WALK_RAMP_STEPS = 10 };

/* Power that begins (+) or ends (-) at a time, in W at the meter, above idle. */
struct walk_change {
        int64_t at;
        double watts;
};

/* Room for all changes of an outcome: to free. NULL: ENOMEM. */
struct walk_change *walk_room(const struct trial *trial, const struct outcome *outcome);

/* W at the meter, above idle, once it draws all of its power. */
double walk_watts(const struct trial *trial, const struct segment *segment);

/* The changes of one site, or of all (NULL), ascending in time; returns how many. changes: walk_room()'s. */
size_t walk_changes(const struct trial *trial, const struct outcome *outcome, const uint32_t *only,
                    struct walk_change *changes);

/* A time in which nothing changes. */
struct walk_cut {
        int64_t from, to;
        double watts; /* of the jobs, at the meter, above idle */
        struct supply_curve curve;
};

/* Not 0: the walk ends, and returns it. */
typedef int (*walk_visit)(void *context, const struct walk_cut *cut);

/* All of [from, to), with the time in which nothing runs. n changes, ascending: those before `from` count too. */
int walk_site(const struct site_supply *supply, const struct walk_change *changes, size_t n, int64_t from, int64_t to,
              walk_visit visit, void *context);

#endif
