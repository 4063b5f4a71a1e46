/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_lock.h - one agent per node: a name in the kernel, and one agent per state directory: a lock on a file in it.
 *
 * Shims are found by the node's name, so two agents of one name would adopt each other's legs. Both locks end with the
 * process, however it ends.
 */
#ifndef OFFPEAK_AGENT_NODE_LOCK_H
#define OFFPEAK_AGENT_NODE_LOCK_H

#include <offpeak/error.h>

struct node_lock {
        int name_fd, file_fd;
};

/* ETRYAGAIN: another agent has one of the two. EIO; ECONFIG: a name too long for the kernel. */
int node_lock_take(const char *node, const char *state_dir, struct node_lock *ret_lock, struct offpeak_error *err);
void node_lock_release(struct node_lock *lock);

#endif
