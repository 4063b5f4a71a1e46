/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h - nodes that are given no jobs: because an operator wants it so, or because they failed too often.
 *
 * A drained node takes no launch. What runs there goes on, and its devices that nobody holds are in no plan.
 *
 * A fault of a node: an attempt that it refused to start, whose shim died there, that it does not know any more, or
 * that was running when it rebooted. What a job does itself (an exit code, a signal) is none. Several of one minute are
 * one: a reboot ends all that runs. Those of the same job twice are one: it may be the job that kills its node. What
 * ends well there ends the row.
 */
#ifndef OFFPEAK_CORE_HEALTH_H
#define OFFPEAK_CORE_HEALTH_H

#include "core/state.h"

/* May the node be given legs, were its devices free? It is heard, not fenced and not drained. */
bool health_takes_jobs(const struct node *node);

/* Its devices that a plan may count on: all, or of a drained node those that jobs hold. */
uint32_t health_devices(const struct state *state, const struct node *node);

/* Whether it has failed so often in a row that it is to be drained, by the policy. */
bool health_is_bad(const struct state *state, const struct node *node);

/* For apply(): a leg has ended. */
void health_note(struct node *node, uint64_t job, const struct leg *leg, int64_t wall);

#endif
