/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carry.h - slots that know what stores carry: GPUs and power in use, and the energy that a store holds at the most, and must hold at the
 * least, for what is drawn already. A job is asked slot by slot whether it may run there; a slot of which it takes a part counts whole.
 */
#ifndef OFFPEAK_PLAN_CARRY_H
#define OFFPEAK_PLAN_CARRY_H

#include "plan/capacities.h"
#include "plan/schedule.h"
#include "plan/slots.h"

struct carry {
        const struct plan_problem *problem;
        const struct slots *slots;
        struct capacities capacities;
        int64_t *gpus;   /* not in use; below 0: too many are. Capacity c, slot t at [c * n + t] */
        double *watts;   /* of the jobs: site s, slot t likewise */
        const struct plan_step **steps; /* likewise */
        double *lack_w;  /* of idle power, at the meter (idle_lack.h): sites, likewise */
        double *most_j;  /* in store at the slot's first second at the most, and at the least so that all later slots are carried: */
        double *least_j; /* site s at [s * (n + 1) + t]; INFINITY where they are not */
        uint64_t work;   /* units spent, summed up */
};

/* No job on it. The problem and the slots are borrowed. ENOMEM. */
int carry_init(struct carry *carry, const struct plan_problem *problem, const struct slots *slots);
void carry_finish(struct carry *carry);

/* A job's runs are put on (there may be too little room: then nothing else finds any) or taken off. Follow with carry_refresh(). */
void carry_put(struct carry *carry, const struct plan_job *job, const struct choice *choice);
void carry_lift(struct carry *carry, const struct plan_job *job, const struct choice *choice);

/* What stores hold, after changes from slot `first` on and before slot `last`. */
void carry_refresh(struct carry *carry, size_t first, size_t last);

/* The same where a job's runs were put or lifted. */
void carry_refresh_around(struct carry *carry, const struct choice *choice);

/* Are these runs of a job that is off carried, beside what is on? */
bool carry_has_room(struct carry *carry, const struct plan_job *job, const struct choice *choice);

/* Up to which edge of the slots a run is carried that begins with one: its start, if not at all; its end, if that comes first. */
int64_t carry_until(struct carry *carry, const struct plan_job *job, const struct plan_interval *run);

/*
 * The runs with which a job that is off ends first, in one piece or with pauses; none, if it cannot end before the horizon. It stays
 * at one site in one mode. ENOMEM.
 */
int carry_find(struct carry *carry, const struct plan_job *job, struct choice *ret_choice);

#endif
