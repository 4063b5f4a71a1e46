/* SPDX-License-Identifier: Apache-2.0 */
/* contend_run_now.h - running at once: what all others are measured against. */
#ifndef OFFPEAK_TRIAL_CONTEND_RUN_NOW_H
#define OFFPEAK_TRIAL_CONTEND_RUN_NOW_H

#include "trial/contender.h"

/*
 * In the order of submission with EASY backfill, no pauses. At one site whose power is never short, without quotas, its
 * nodes are what jobs are placed on, as this scheduler places them; elsewhere it is what plans are measured against
 * (plan/run_now.h), which counts GPUs. So it is where nodes fail.
 */
int contend_run_now(const struct trial *trial, const char *parameter, const struct trial_watch *watch,
                    struct outcome *ret_outcome, struct offpeak_error *err);

#endif
