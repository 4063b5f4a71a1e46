/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pools.h - the nodes with the features that jobs ask for, as limits of a planning problem.
 *
 * A pool for each list of features that some job asks for: the GPUs of all nodes in service that have them, at whatever
 * site. What jobs without a wish hold of them is not counted: they may be anywhere.
 */
#ifndef OFFPEAK_CORE_POOLS_H
#define OFFPEAK_CORE_POOLS_H

#include "core/input.h"
#include "core/quotas.h"

/* Add them behind the classes' quotas, those of the state's open jobs and the candidate's (NULL: none); no more than a
 * problem may have. What runs may go on. ENOMEM. */
int pools_add(struct quotas *quotas, const struct state *state, const struct now *now, const struct job *candidate);

/* The limit that a job's GPUs count in, as a bit of plan_mode.limits; 0: it asks for nothing. */
uint64_t pools_bit(const struct quotas *quotas, const struct offpeak_job_spec *spec);

#endif
