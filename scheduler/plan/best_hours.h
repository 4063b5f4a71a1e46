/* SPDX-License-Identifier: Apache-2.0 */
/*
 * best_hours.h - when one job runs best at one site in one mode, given what each slot costs: its best response.
 *
 * Where the slots of its window are of one length and its own rules allow what comes out, the answer is a shortest path on
 * the grid (grid_path.h); a further start lengthens its run by the start cost, into the slot before. Everything else -
 * unequal slots, a limit on starts or a minimum run that the path breaks, work that does not fit - goes to response.h,
 * which takes any pieces.
 */
#ifndef OFFPEAK_PLAN_BEST_HOURS_H
#define OFFPEAK_PLAN_BEST_HOURS_H

#include "plan/grid_path.h"
#include "plan/response.h"
#include "plan/slots.h"

/* A job in a mode at a site: what prices and boards are asked about. `world`: whose rates they are. */
struct look {
        const void *world;
        const struct plan_job *job;
        uint32_t site, mode;
};

/*
 * What running costs. A slot that is used whole or in part costs its seat, and every second of it its rate: GPUs that nobody
 * else could use for the rest of a slot are a seat, energy is a rate.
 */
struct rates {
        void *context;
        /* of slots [first, first + n): currency per second, INFINITY: it cannot run; and currency per slot */
        void (*fill)(void *context, size_t first, size_t n, float *rates, float *seats);
        /* Is the slot divided: is what holds for all of it not what holds for its parts? NULL: none is. */
        bool (*is_divided)(const void *context, size_t slot);
        /* what seconds [from, to) of a divided slot cost in all; INFINITY: it cannot run */
        double (*part)(void *context, size_t slot, int64_t from, int64_t to);
        /* what of that is the seat, which a run pays once however its power changes within the slot */
        double (*part_seat)(void *context, size_t slot, int64_t from, int64_t to);
        double least; /* currency per second: no slot of the horizon costs less */
};

struct hours {
        double cost; /* of the runs, and what follows for the job */
        struct run *runs;
        size_t n_runs;
        double theta; /* see response.h */
        uint64_t work; /* units spent, added up over all calls */

        /* scratch */
        struct grid_path path;
        struct response response;
        struct curve curve;
        float *memory;
        float *rates, *seats, *full, *start, *head, *tail, *end_full, *end_tail;
        size_t room, room_runs;
};

void hours_init(struct hours *hours);
void hours_finish(struct hours *hours);

/* ENOMEM. The answer holds until the next call. */
int best_hours(const struct wish *wish, const struct slots *slots, const struct rates *rates, struct hours *hours);

#endif
