/* SPDX-License-Identifier: Apache-2.0 */
/* claim.h - what a job asks of its nodes besides devices: features, few switches, to be alone there. */
#ifndef OFFPEAK_CORE_CLAIM_H
#define OFFPEAK_CORE_CLAIM_H

#include "core/state.h"

/* Has the node, whatever runs there, the features and enough devices for a leg of this width? */
bool claim_fits(const struct offpeak_job_spec *spec, const struct offpeak_width *width, const struct node *node);
bool claim_has_feature(const struct node *node, const char *feature);

/*
 * GPUs that nobody else has while the job runs in a mode, as far as all nodes tell: of an exclusive one those of as
 * many nodes, each the smallest that fits. Of an elastic job only those that it asks for: plans tell its widths apart
 * by their GPUs.
 */
uint32_t claim_gpus(const struct state *state, const struct job *job, uint32_t mode);

#endif
