/* SPDX-License-Identifier: Apache-2.0 */
/* contend_known.h - contenders that plan once, on all jobs of a trial and what came true: running at once, and an oracle. */
#ifndef OFFPEAK_TRIAL_CONTEND_KNOWN_H
#define OFFPEAK_TRIAL_CONTEND_KNOWN_H

#include "trial/contender.h"

/* In the order of submission with EASY backfill, no pauses, by the GPUs of each site: plan/run_now.h. It asks nothing
 * of the future. */
int contend_run_now_by_gpus(const struct trial *trial, const struct trial_watch *watch, struct outcome *ret_outcome,
                            struct offpeak_error *err);

/* The planner with perfect foresight of prices and jobs; its outcome has the bound that it proves. */
int contend_oracle(const struct trial *trial, const char *parameter, const struct trial_watch *watch, struct outcome *ret_outcome,
                   struct offpeak_error *err);

#endif
