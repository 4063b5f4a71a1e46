/* SPDX-License-Identifier: Apache-2.0 */
/* needs.h - what a job of a trial's trace asks of the cluster: its class, its nodes, its watts. */
#ifndef OFFPEAK_TRIAL_NEEDS_H
#define OFFPEAK_TRIAL_NEEDS_H

#include "trial/trial.h"

/* "default" where it says none. */
const char *needs_class_name(const struct trace_job *job);

/* As the policy has it, before what the job itself says. NULL: it has none, not even a default one. */
const struct policy_class *needs_class(const struct trial *trial, const struct trace_job *job);

/* Nodes of a site that the job may use, of so many GPUs at least. */
size_t needs_nodes_at(const struct trial *trial, const struct policy_site *site, const struct trace_job *job, uint32_t gpus);

/*
 * Nodes, and GPUs on each, for so many GPUs, so that all nodes hold alike: as the job says, else as few as will do. False: no
 * site's nodes have that shape.
 */
bool needs_nodes(const struct trial *trial, const struct trace_job *job, uint32_t gpus, uint32_t *ret_nodes, uint32_t *ret_each);

/* What the whole job draws above idle at its own width, IT side, W: as it says, or as its GPUs do. */
double needs_watts(const struct trial *trial, const struct trace_job *job);

#endif
