/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - what is used of a site, slot by slot and exact to the second: who uses all of a slot is a sum, who uses a part of
 * it is kept with its seconds.
 *
 * Power is kept in whole mW, each draw rounded up, so that sums come back to what they were and never flatter.
 */
#ifndef OFFPEAK_PLAN_LOAD_H
#define OFFPEAK_PLAN_LOAD_H

#include "plan/slots.h"

/* Use of a slot by those that use a part of it, from a second until the next span begins or the slot ends. */
struct load_span {
        int64_t from;
        int64_t gpus, power;
        uint32_t ends; /* parts that begin or end here */
};

struct load_slot {
        int64_t gpus, power; /* of those that use all of it; power in mW, IT side */
        struct load_span *spans; /* ascending, the first from 0; none if nobody uses a part */
        uint32_t n_spans, room;
};

struct load {
        const struct plan_site *site;
        const struct slots *slots;
        const struct plan_step *const *steps; /* of each slot */
        double *limit_mw;                     /* firm limit of each slot for jobs, IT side */
        struct load_slot *at;
        /* of each slot the most at any second, parts counted in; not always the same second */
        float *peak_gpus;
        double *peak_mw;
        bool *is_plain; /* power has one price in the slot, and no limit or demand charge */
        bool all_plain;
};

/* Borrows slots and steps. ENOMEM. */
int load_init(struct load *load, const struct plan_site *site, const struct slots *slots,
              const struct plan_step *const *steps);
void load_finish(struct load *load);

/* Use a mode during [start, end) within [now, horizon). ENOMEM (then nothing changed). */
int load_add(struct load *load, int64_t start, int64_t end, const struct plan_mode *mode);
void load_remove(struct load *load, int64_t start, int64_t end, const struct plan_mode *mode);

/* Seconds [from, to) of a slot. */
struct load_piece {
        size_t slot;
        int64_t from, to;
};

/* Room for one more such mode. */
bool load_has_room(const struct load *load, struct load_piece piece, const struct plan_mode *mode);
/* Room for it, were nothing else there. */
bool load_could_have_room(const struct load *load, size_t slot, const struct plan_mode *mode);
/* GPUs and mW above what there is, with one more such mode (or none: NULL); 0 if none. */
void load_over(const struct load *load, struct load_piece piece, const struct plan_mode *mode, double *ret_gpus,
               double *ret_mw);
/* Is more used of a slot than there is, at some second? */
static inline bool load_is_over(const struct load *load, size_t slot)
{
        return load->peak_gpus[slot] > (float)load->steps[slot]->gpus ||
               (load->peak_mw[slot] > load->limit_mw[slot] && load->peak_mw[slot] > 0);
}

/* What such a mode costs more than what is there, supply only: mean currency per second over the piece. */
double load_marginal(const struct load *load, struct load_piece piece, const struct plan_mode *mode);

/* mW that a mode counts for. */
int64_t load_milliwatts(const struct plan_mode *mode);

#endif
