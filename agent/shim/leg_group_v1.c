/* SPDX-License-Identifier: Apache-2.0 */
/* leg_group_v1.c - a directory of a v1 hierarchy, which has one controller or a few. */
#include <errno.h>
#include <string.h>

#include "agent/shim/leg_group_driver.h"

/* Hold them, kill before thaw: nothing can fork away meanwhile. Without the freezer the caller comes again. */
static int kill_all(const char *dir)
{
        const bool can_hold = group_can_write(dir, "freezer.state");
        int rc;

        if (can_hold)
                group_put(dir, "freezer.state", "FROZEN");
        rc = group_kill_members(dir);
        if (can_hold)
                group_put(dir, "freezer.state", "THAWED");
        return rc;
}

static void thaw(const char *dir)
{
        group_put(dir, "freezer.state", "THAWED");
}

/* A new cpuset has neither processors nor memory, and nobody can join it. */
static int inherit(const char *dir, const char *file)
{
        char parent[LEG_GROUP_PATH], value[LEG_GROUP_LINE];

        if (!group_parent(dir, parent))
                return -EINVAL;
        return group_put(dir, file, group_get(parent, file, value, sizeof(value)));
}

static void prepare(const char *base, enum leg_group_part part)
{
        if (part != LEG_GROUP_CPUSET)
                return;
        inherit(base, "cpuset.cpus");
        inherit(base, "cpuset.mems");
}

static int put_or_inherit(const char *dir, const char *file, const char *value, const char **ret_file)
{
        *ret_file = file;
        return value[0] != '\0' ? group_put(dir, file, value) : inherit(dir, file);
}

/* Swap counts as memory, where the kernel counts it; its limit is never below the other one. */
static int limit_memory(const char *dir, int64_t bytes, const char **ret_file)
{
        int rc;

        *ret_file = "memory.limit_in_bytes";
        group_put(dir, "memory.memsw.limit_in_bytes", "-1"); /* of a group that was there */
        rc = group_put_number(dir, "memory.limit_in_bytes", bytes);
        if (rc == 0)
                group_put_number(dir, "memory.memsw.limit_in_bytes", bytes);
        return rc;
}

static int limit(const char *dir, enum leg_group_part part, const struct leg_group_limits *limits,
                 const char **ret_file)
{
        int rc;

        switch (part) {
        case LEG_GROUP_CPUSET:
                rc = put_or_inherit(dir, "cpuset.cpus", limits->cpus, ret_file);
                return rc == 0 ? put_or_inherit(dir, "cpuset.mems", limits->mems, ret_file) : rc;
        case LEG_GROUP_MEMORY:
                return limit_memory(dir, limits->memory, ret_file);
        case LEG_GROUP_PIDS:
                *ret_file = "pids.max";
                return group_put_number(dir, "pids.max", limits->processes);
        default:
                return 0;
        }
}

const struct leg_group_driver leg_group_v1 = {
        .killer = "freezer.state",
        .knobs = { [LEG_GROUP_MAIN] = "cgroup.procs",
                   [LEG_GROUP_CPUSET] = "cpuset.cpus",
                   [LEG_GROUP_MEMORY] = "memory.limit_in_bytes",
                   [LEG_GROUP_PIDS] = "pids.max" },
        .kill = kill_all,
        .thaw = thaw,
        .prepare = prepare,
        .limit = limit,
        .oom_file = "memory.oom_control",
};
