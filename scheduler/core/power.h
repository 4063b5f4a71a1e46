/* SPDX-License-Identifier: Apache-2.0 */
/* power.h - what jobs and sites are expected to draw, from what is on record. W, above idle unless said otherwise. */
#ifndef OFFPEAK_CORE_POWER_H
#define OFFPEAK_CORE_POWER_H

#include "core/state.h"

/* One leg on its devices: the job's own figure shared over its legs, else the devices' full load. */
int64_t power_of_leg(const struct state *state, const struct job *job, const struct leg *leg);

/* J that it should have drawn in [start, end), of which nobody told: under the caps that held then, the last two that it had. */
int64_t power_spent_by_leg(const struct state *state, const struct job *job, const struct leg *leg, int64_t start, int64_t end);

/* A job not placed yet, in one of its modes (width.h), on the hungriest devices that the site's nodes have. */
int64_t power_of_job_at(const struct job *job, uint32_t mode, const struct site *site);

/* Facility power of a site now: fixed + factor x (idle of its nodes + open legs). */
int64_t power_of_site(const struct state *state, const struct site *site);

/* W at the meter that legs may draw on top of that until their nodes have the caps that were decided on. */
int64_t power_not_capped_yet(const struct state *state, const struct site *site);

/* The same without what was launched at `time` or since: what of that ended since is not known any more. */
int64_t power_of_site_before(const struct state *state, const struct site *site, int64_t time);

/* IT power of a site without any job: idle power of its nodes in service. */
int64_t power_idle_at(const struct state *state, const struct site *site, int64_t mono_ms);

/* The same with all of their devices at full load. */
int64_t power_full_at(const struct state *state, const struct site *site, int64_t mono_ms);

/* IT power to facility power, the proportional part only. */
int64_t power_at_meter(const struct supply_terms *terms, int64_t it_w);

/* Whether the planner may count on the node: not fenced, and heard of, or only just not heard of since a restart. */
bool node_in_service(const struct state *state, const struct node *node, int64_t mono_ms);

#endif
