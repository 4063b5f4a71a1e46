/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_local.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/shim/leg_file.h"
#include "base/fail.h"

static const char *const group_keys[LEG_GROUP_PARTS] = { "group", "cpuset", "memory_group", "pids_group" };

const char *leg_rlimit_name(enum leg_rlimit which)
{
        static const char *const names[] = { "nofile", "memlock", "core", "stack" };

        return names[which];
}

/* Bounded: what does not fit shows in used >= LEG_LOCAL_TEXT. */
static void add_text(char *text, size_t *used, const char *key, const char *value)
{
        const size_t room = *used < LEG_LOCAL_TEXT ? LEG_LOCAL_TEXT - *used : 0;

        *used += (size_t)snprintf(text + (room > 0 ? *used : 0), room, "%s %s\n", key, value);
}

static void add_number(char *text, size_t *used, const char *key, int64_t value)
{
        char digits[24];

        snprintf(digits, sizeof(digits), "%" PRId64, value);
        add_text(text, used, key, digits);
}

static const char *rlimit_key(int i, char buffer[32])
{
        snprintf(buffer, 32, "rlimit_%s", leg_rlimit_name((enum leg_rlimit)i));
        return buffer;
}

static void add_limits(const struct leg_local *local, char *text, size_t *used)
{
        char key[32];

        for (int i = 1; i < LEG_GROUP_PARTS; i++)
                add_text(text, used, group_keys[i], local->group.path[i]);
        add_text(text, used, "near", local->near);
        add_text(text, used, "mems", local->mems);
        add_number(text, used, "mems_are_enough", local->mems_are_enough);
        add_number(text, used, "memory", local->memory);
        add_number(text, used, "processes", local->processes);
        add_number(text, used, "required", local->required);
        for (int i = 0; i < LEG_RLIMITS; i++)
                if (local->rlimits.given[i])
                        add_number(text, used, rlimit_key(i, key), local->rlimits.value[i]);
        add_number(text, used, "log_bytes", local->log_bytes);
        add_number(text, used, "log_files", local->log_files);
}

int leg_local_format(const struct leg_local *local, char text[LEG_LOCAL_TEXT], struct offpeak_error *err)
{
        const char *const values[] = { local->boot, local->node, local->visible, local->cpus, local->near, local->mems };
        size_t used = 0;

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
                if (strchr(values[i], '\n') != NULL)
                        return fail(err, OFFPEAK_EINVAL, "a value of a leg holds a newline: %s", values[i]);
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                if (strchr(local->group.path[i], '\n') != NULL)
                        return fail(err, OFFPEAK_EINVAL, "a cgroup's path holds a newline: %s", local->group.path[i]);
        add_text(text, &used, "boot", local->boot);
        add_text(text, &used, "node", local->node);
        add_text(text, &used, "visible", local->visible);
        add_text(text, &used, "cpus", local->cpus);
        add_text(text, &used, group_keys[LEG_GROUP_MAIN], local->group.path[LEG_GROUP_MAIN]);
        add_number(text, &used, "lease", local->lease_deadline_ms);
        add_limits(local, text, &used);
        return used < LEG_LOCAL_TEXT ? (int)used : fail(err, OFFPEAK_EINVAL, "what the node adds to a leg is too long");
}

static bool parse_flag(const char *text, const char *key)
{
        int64_t value;

        return leg_file_number(text, key, 0, 1, &value) && value == 1;
}

static void parse_limits(const char *text, struct leg_local *local)
{
        char key[32];

        for (int i = 1; i < LEG_GROUP_PARTS; i++)
                if (!leg_file_field(text, group_keys[i], local->group.path[i], LEG_GROUP_PATH))
                        local->group.path[i][0] = '\0';
        if (!leg_file_field(text, "near", local->near, sizeof(local->near)))
                local->near[0] = '\0';
        if (!leg_file_field(text, "mems", local->mems, sizeof(local->mems)))
                local->mems[0] = '\0';
        local->mems_are_enough = parse_flag(text, "mems_are_enough");
        local->required = parse_flag(text, "required");
        leg_file_number(text, "memory", 0, INT64_MAX, &local->memory);
        leg_file_number(text, "processes", 0, INT64_MAX, &local->processes);
        for (int i = 0; i < LEG_RLIMITS; i++)
                local->rlimits.given[i] =
                        leg_file_number(text, rlimit_key(i, key), -1, INT64_MAX, &local->rlimits.value[i]);
        leg_file_number(text, "log_bytes", 0, INT64_MAX, &local->log_bytes);
        leg_file_number(text, "log_files", 0, INT64_MAX, &local->log_files);
}

bool leg_local_parse(const char *text, struct leg_local *ret_local)
{
        struct leg_local local = { 0 };

        if (!leg_file_field(text, "boot", local.boot, sizeof(local.boot)) ||
            !leg_file_field(text, "node", local.node, sizeof(local.node)) ||
            !leg_file_field(text, "visible", local.visible, sizeof(local.visible)) ||
            !leg_file_field(text, "cpus", local.cpus, sizeof(local.cpus)) ||
            !leg_file_field(text, group_keys[LEG_GROUP_MAIN], local.group.path[LEG_GROUP_MAIN], LEG_GROUP_PATH) ||
            !leg_file_number(text, "lease", 0, INT64_MAX, &local.lease_deadline_ms))
                return false;
        parse_limits(text, &local);
        *ret_local = local;
        return true;
}

struct leg_group_limits leg_local_limits(const struct leg_local *local)
{
        return (struct leg_group_limits){ .cpus = local->cpus,
                                          .mems = local->mems_are_enough ? local->mems : "",
                                          .memory = local->memory,
                                          .processes = local->processes };
}
