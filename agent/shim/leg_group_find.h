/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg_group_find.h - where on this machine groups of legs can be made, and what they can carry.
 *
 * Beneath the caller's own cgroup. On v2 a group can only carry what its parent hands down (cgroup.subtree_control),
 * and a parent that has processes of its own cannot hand down anything. So the caller's own cgroup serves if somebody
 * has prepared it, or if the caller lives in a leaf of it that is called LEG_GROUP_LEAF (systemd 254 and newer: the
 * unit's DelegateSubgroup); else the top of the hierarchy, which may have both. v1 has no such rule.
 */
#ifndef OFFPEAK_SHIM_LEG_GROUP_FIND_H
#define OFFPEAK_SHIM_LEG_GROUP_FIND_H

#include "agent/shim/leg_group.h"

#define LEG_GROUP_LEAF "offpeak-agent"

enum { LEG_GROUP_WHY = 256 };

/* The kernel's two tables; NULL: /proc/self/mounts and /proc/self/cgroup. */
struct leg_group_tables {
        const char *mounts, *own;
};

struct leg_group_found {
        struct leg_group base;                        /* "" where there is none */
        char why_not[LEG_GROUP_PARTS][LEG_GROUP_WHY]; /* what keeps a part away; "" */
        int64_t memory_ceiling;                       /* bytes that the caller's own cgroup may use; INT64_MAX */
};

/* As tried out now. Directories are made by the first leg, and are there only while there are legs in them. */
void leg_group_find(const char *node, const struct leg_group_tables *tables, struct leg_group_found *ret_found);

#endif
