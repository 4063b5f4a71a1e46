/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contender.h - policies that a trial compares: one row each in contenders.c, one file each but for those that are one rule.
 */
#ifndef OFFPEAK_TRIAL_CONTENDER_H
#define OFFPEAK_TRIAL_CONTENDER_H

#include "sim/sim.h"
#include "trial/outcome.h"
#include "trial/trial.h"

/* Told now and then how far a run has come: `done` of `total`. NULL: nobody listens. */
struct trial_watch {
        void (*progress)(void *context, double share);
        void (*record)(void *context, const struct record *record); /* every decision on record, as it is made */
        void *context;
};

struct contender {
        const char *name;
        const char *parameter;   /* what stands behind the colon, as help has it; NULL: nothing may */
        const char *summary;
        /* parameter: what stood behind the colon, or NULL. ret_outcome is written on success only */
        int (*run)(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                   struct offpeak_error *err);
};

extern const struct contender contenders[]; /* ended by one without a name */

/* "threshold:40" -> its row, and "40". EINVAL names what there is. */
int contender_find(const char *text, const struct contender **ret_contender, const char **ret_parameter, struct offpeak_error *err);

#endif
