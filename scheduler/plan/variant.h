/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variant.h - a problem of one job with something changed: hours closed, a limit gone. What would be, if.
 */
#ifndef OFFPEAK_PLAN_VARIANT_H
#define OFFPEAK_PLAN_VARIANT_H

#include "plan/problem.h"

/* Owns its sites' steps and its job; the rest is borrowed from the problem that it was made of. */
struct variant {
        struct plan_problem problem; /* points to what follows: a variant is not to be copied */
        struct plan_site *sites;
        struct variant_steps *steps; /* of each site */
        struct plan_job job;         /* free to be changed */
        struct plan_mode mode;       /* the only one of a job that is bound */
};

/* Of the first job of a problem. ENOMEM. */
int variant_init(struct variant *variant, const struct plan_problem *problem);
void variant_finish(struct variant *variant);

/* The job may run at this site and in this mode only, which becomes its mode 0. What waiting costs stays. */
void variant_bind(struct variant *variant, uint32_t site, uint32_t mode);

/* No GPUs at a site during [from, to). ENOMEM. */
int variant_close(struct variant *variant, uint32_t site, int64_t from, int64_t to);

/* As many GPUs as these sites have, one for each of the problem's. ENOMEM. */
int variant_take_gpus(struct variant *variant, const struct plan_site *sites);

/* Power as these sites have it, and of the last segment as much as anybody wants. ENOMEM. */
int variant_take_power(struct variant *variant, const struct plan_site *sites);

/* Only time counts: power and carbon are free; work left undone is dearer than any delay, and delay costs. */
void variant_hurry(struct variant *variant);

/* Nothing is planned behind `horizon`, which lies between now and the problem's. */
void variant_cut(struct variant *variant, int64_t horizon);

#endif
