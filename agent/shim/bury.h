/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bury.h - the end of a leg whose shim is dead: kill what is left, wait till nothing is, record that there is no result.
 *
 * That nothing is left is known from the leg's cgroup. Where there is none, a guard holds the leg's lock until it has
 * ended everything. Processes of a namespace without a cgroup are dying when the lock falls free, but one that hangs in
 * the kernel (a dead file server) is not seen.
 */
#ifndef OFFPEAK_SHIM_BURY_H
#define OFFPEAK_SHIM_BURY_H

#include "agent/shim/leg_dir.h"

/*
 * One step, never waits. 0: *ret_exit is the record that stands (the shim's own if it had got that far). ETRYAGAIN: the
 * shim is alive, or its processes are not gone yet: come again in a moment. how: LEG_SHIM_LOST or LEG_REBOOT; after a
 * reboot nothing is looked for. EIO: the record could not be written; come again.
 */
int leg_bury(const char *state, struct leg_id id, enum leg_how how, struct leg_exit *ret_exit,
             struct offpeak_error *err);

#endif
