/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_group.h - the cgroups of a leg: all its processes by one name, also those that left its process group, and what
 * they may use of the node together.
 *
 * cgroup v2 has one directory for everything. v1 has one for each controller, each beneath the caller's own cgroup in
 * that controller's hierarchy; a machine may have both. A part that the kernel or the rights do not allow is "", and
 * the leg goes without it: without MAIN the shim's own means must end its processes. The shim is outside, the job
 * inside.
 *
 *   MAIN     v2 with cgroup.kill, or the v1 freezer: kill and freeze
 *   CPUSET   the processors and memory nodes that it may use
 *   MEMORY   how much of the node's memory, page cache included; swap is not more of it
 *   PIDS     how many processes and threads
 */
#ifndef OFFPEAK_SHIM_LEG_GROUP_H
#define OFFPEAK_SHIM_LEG_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

enum { LEG_GROUP_PATH = 1024 };

enum leg_group_part { LEG_GROUP_MAIN = 0, LEG_GROUP_CPUSET, LEG_GROUP_MEMORY, LEG_GROUP_PIDS, LEG_GROUP_PARTS };

/* Directories; "": none. Parts may share one. Of a leg, or (what legs are made beneath) of a node. */
struct leg_group {
        char path[LEG_GROUP_PARTS][LEG_GROUP_PATH];
};

struct leg_group_limits {
        const char *cpus, *mems; /* as "0-3,8"; "": all that the node's groups have */
        int64_t memory;          /* bytes; 0: no limit, and so for processes */
        int64_t processes;       /* and threads */
};

/* The name of a part for people: "cpuset". */
const char *leg_group_part_name(enum leg_group_part part);

/* "BASE/LEG" in each part that base has and that fits. */
void leg_group_of(const struct leg_group *base, const char *leg, struct leg_group *ret_group);

/*
 * Make what the group has, and limit it. A part that has no limit to carry, or cannot be made or limited, is taken out
 * of the group; what went wrong (the first such thing) is in *ret_lack then, else its code is 0. EIO: MAIN cannot be
 * made. A second time is no harm.
 */
int leg_group_make(struct leg_group *group, const struct leg_group_limits *limits, struct offpeak_error *ret_lack,
                   struct offpeak_error *err);

/*
 * Move the caller into it, after a fork and before an exec: allocates nothing. Returns LEG_GROUP_PARTS when it is in
 * all parts, else the first one that it could not join; errno says why.
 */
enum leg_group_part leg_group_join(const struct leg_group *group);

/* In all of these a group of "" has no members. They go by MAIN, or without one by any other part. */
int leg_group_kill(const struct leg_group *group, struct offpeak_error *err); /* frozen or not; does not wait */
void leg_group_thaw(const struct leg_group *group);
bool leg_group_is_empty(const struct leg_group *group);

/* Processes that the kernel killed because the memory limit was reached; 0 if nobody can tell. */
int64_t leg_group_oom_kills(const struct leg_group *group);

/* The kernel kills all of it then; false: one process (version 1), and the rest is the caller's to end. */
bool leg_group_is_killed_whole(const struct leg_group *group);

/* Remove all parts that are empty, and the bases with the last leg. False: something is left, perhaps for a moment. */
bool leg_group_remove(const struct leg_group *group);

/* Remove the empty groups beneath base that `is_known` does not know by name: their legs ended unseen. */
void leg_group_sweep(const struct leg_group *base, bool (*is_known)(void *context, const char *leg), void *context);

#endif
