/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_group.h - the cgroup of a leg: all its processes by one name, also those that left its process group.
 *
 * cgroup v2 with cgroup.kill where it can be written, else a v1 freezer; else there is none (base ""), and the shim's
 * own means must do. The shim is outside the group, the job inside. A group is named by its directory.
 */
#ifndef OFFPEAK_SHIM_LEG_GROUP_H
#define OFFPEAK_SHIM_LEG_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include <offpeak/error.h>

#include "agent/shim/leg_dir.h"

/*
 * The directory in which this node's leg groups live, beneath the caller's own cgroup, as tried out. "" where the kernel
 * or the rights do not allow one. The agent finds it once at its start. It is there only while there are groups in it.
 */
void leg_group_base(const char *node, char *buffer, size_t size);

/* "BASE/JOB.ATTEMPT", or "" for base "" or a path that does not fit. Returns buffer. */
const char *leg_group_path(const char *base, struct leg_id id, char *buffer, size_t size);

/* In all of these a path of "" is a group without members. */
int leg_group_make(const char *path, struct offpeak_error *err);
int leg_group_kill(const char *path, struct offpeak_error *err); /* all members, frozen or not; does not wait */
void leg_group_thaw(const char *path);
bool leg_group_is_empty(const char *path);
void leg_group_remove(const char *path);                         /* when empty; else it stays */

#endif
