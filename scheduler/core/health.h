/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h - nodes and devices that are given no jobs: because an operator wants it so, because their agent says that
 * they are unwell, or because they failed too often.
 *
 * A drained node takes no launch. What runs there goes on, and its devices that nobody holds are in no plan.
 *
 * A fault of a node: an attempt that it refused to start, whose shim died there, that it does not know any more, or
 * that was running when it rebooted. What a job does itself (an exit code, a signal) is none. Several of one minute are
 * one: a reboot ends all that runs. Those of the same job twice are one: it may be the job that kills its node. A job
 * that two nodes refuse one after the other (its user has no account, say) is at fault itself, and neither of them: the
 * first one's fault is taken back. (A gang for which there are no other nodes is refused by the same one again, whose fault it stays.)
 * What ends well there ends the row.
 *
 * A device that its agent calls unwell (RECORD_DEVICES) is drained likewise, alone, and comes back when it is called
 * well. Who holds it is left alone: a job ends by its own death. An attempt that fails with such a device, or within a
 * minute of the time in which it was unwell, is that device's fault and not the job's: it is retried like one that was
 * lost. A device at fault as often as drains a node is kept off, well or not, until an operator resumes the node.
 */
#ifndef OFFPEAK_CORE_HEALTH_H
#define OFFPEAK_CORE_HEALTH_H

#include "core/state.h"

/*
 * May the node be given legs, were its devices free? It is heard, not fenced and not drained, and nothing lives there that is not on
 * record any more: of a node that was away, say, what still stops holds devices, and a launch onto these would be refused.
 */
bool health_takes_jobs(const struct node *node);

/* Its devices that a plan may count on: all but those withheld, of a drained node none; and those that jobs hold. */
uint32_t health_devices(const struct state *state, const struct node *node);

/* Those at a site, of nodes in service (power.h). */
uint32_t health_gpus(const struct state *state, const struct site *site, int64_t mono_ms);

/* Those that it could give a job one day: an unwell device may come back, a drained node is not counted on. */
uint32_t health_devices_ever(const struct state *state, const struct node *node);

/* Whether it has failed so often in a row that it is to be drained, by the policy. */
bool health_is_bad(const struct state *state, const struct node *node);

/* For apply(): a leg of the job has ended; job->failure is still what was known before. */
void health_note(struct state *state, const struct job *job, const struct leg *leg, int64_t wall);

/* Whether there is anything left to know of a device. */
bool health_tells(const struct device_health *health, int64_t wall);

/* Its devices that were unwell at that time, within a minute. */
uint64_t health_unwell_at(const struct node *node, int64_t wall);

/* Such devices of the first of an attempt's legs that holds any, and its node; 0: none does. */
uint64_t health_unwell_held(const struct state *state, const struct attempt *attempt, int64_t wall, uint32_t *ret_node);

#endif
