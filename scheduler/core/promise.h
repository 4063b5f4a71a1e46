/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promise.h - nodes that are kept for gangs whose hour has come.
 *
 * Plans count a site's GPUs, launches need them free together on nodes: an hour can come in which a gang finds none,
 * and smaller jobs would take what frees up, one by one, for ever. So, as in backfilling, a gang that finds no room is
 * promised the nodes that will have it soonest, and nobody starts on them who would not be done by then.
 */
#ifndef OFFPEAK_CORE_PROMISE_H
#define OFFPEAK_CORE_PROMISE_H

#include "core/fit.h"
#include "place/soonest.h"

/* Of one state and time. All 0 but for the room: nothing was looked at, and nobody is promised anything. */
struct promise {
        struct fit_room *room; /* borrowed: what there is; looked at when first needed */
        int64_t *kept;        /* owned: of each node, when a gang will start on it; 0: it is promised to none */
        uint32_t *spare;      /* owned: of each node that is, devices that the gang leaves */
        uint64_t *beside;     /* owned: of each node, scratch */
        struct soonest_release *releases; /* owned: when devices will be free, ascending; NULL: not asked for yet */
        size_t n_releases;
        bool looked, any, failed; /* any: a node is promised; failed: out of memory */
};

void promise_finish(struct promise *promise);

/* See that `room` is filled. False: failed. */
bool promise_look(struct promise *promise, const struct state *state, int64_t wall);

/* When the job would be done if it started now in a mode (width.h); when it will be, if it runs. */
int64_t promise_done_at(const struct state *state, const struct job *job, uint32_t mode, int64_t wall);

/*
 * Devices for a job that may start, beside what is promised, malloc'ed; NULL: no room, or no memory. `is_due`: its hour
 * has come, so that it is promised nodes if it finds none.
 */
struct place_leg *promise_find(struct promise *promise, const struct state *state, const struct job *job, uint32_t mode,
                               const struct site *site, const struct now *now, bool is_due);

#endif
