/* SPDX-License-Identifier: Apache-2.0 */
/* leg_group_v2.c - a directory of the v2 hierarchy, which has what its parent hands down. */
#include <errno.h>
#include <stdio.h>

#include "agent/shim/leg_group_driver.h"

static int kill_all(const char *dir)
{
        const int rc = group_put(dir, "cgroup.kill", "1");

        return rc == -ENOENT ? group_kill_members(dir) : rc;
}

static void thaw(const char *dir)
{
        group_put(dir, "cgroup.freeze", "0");
}

static void prepare(const char *base, enum leg_group_part part)
{
        char word[32];

        if (part == LEG_GROUP_MAIN)
                return;
        snprintf(word, sizeof(word), "+%s", leg_group_part_name(part));
        group_put(base, "cgroup.subtree_control", word);
}

/* "": as the parent has it, which is what an unwritten file means. */
static int limit_cpuset(const char *dir, const struct leg_group_limits *limits, const char **ret_file)
{
        int rc;

        *ret_file = "cpuset.cpus";
        rc = group_put(dir, "cpuset.cpus", limits->cpus[0] != '\0' ? limits->cpus : "\n");
        if (rc != 0)
                return rc;
        *ret_file = "cpuset.mems";
        return group_put(dir, "cpuset.mems", limits->mems[0] != '\0' ? limits->mems : "\n");
}

/* No swap beside it, and what is out of memory ends whole: a gang that lost one rank only waits for it. */
static int limit_memory(const char *dir, int64_t bytes, const char **ret_file)
{
        int rc;

        *ret_file = "memory.max";
        rc = group_put_number(dir, "memory.max", bytes);
        if (rc != 0)
                return rc;
        group_put(dir, "memory.swap.max", "0");
        group_put(dir, "memory.oom.group", "1");
        return 0;
}

static int limit(const char *dir, enum leg_group_part part, const struct leg_group_limits *limits,
                 const char **ret_file)
{
        switch (part) {
        case LEG_GROUP_CPUSET:
                return limit_cpuset(dir, limits, ret_file);
        case LEG_GROUP_MEMORY:
                return limit_memory(dir, limits->memory, ret_file);
        case LEG_GROUP_PIDS:
                *ret_file = "pids.max";
                return group_put_number(dir, "pids.max", limits->processes);
        default:
                return 0;
        }
}

const struct leg_group_driver leg_group_v2 = {
        .killer = "cgroup.kill",
        .knobs = { [LEG_GROUP_MAIN] = "cgroup.procs",
                   [LEG_GROUP_CPUSET] = "cpuset.cpus",
                   [LEG_GROUP_MEMORY] = "memory.max",
                   [LEG_GROUP_PIDS] = "pids.max" },
        .kill = kill_all,
        .thaw = thaw,
        .prepare = prepare,
        .limit = limit,
        .oom_file = "memory.events",
};
