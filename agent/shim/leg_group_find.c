/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_group_find.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_group_driver.h"

/* ---- the kernel's tables */

static bool has_word(const char *words, const char *separators, const char *word)
{
        const size_t size = strlen(word);

        for (const char *at = words; *at != '\0'; at += strspn(at, separators)) {
                const size_t length = strcspn(at, separators);

                if (length == size && strncmp(at, word, size) == 0)
                        return true;
                at += length;
        }
        return false;
}

/* Mount point of the hierarchy of that type; v1 ones are told apart by a controller among the options. */
static bool mount_point(const char *table, const char *type, const char *controller, char buffer[LEG_GROUP_PATH])
{
        char *line = NULL;
        size_t room = 0;
        bool found = false;
        FILE *file = fopen(table, "re");

        if (file == NULL)
                return false;
        while (!found && getline(&line, &room, file) > 0) {
                char *save, *device = strtok_r(line, " ", &save), *path = strtok_r(NULL, " ", &save);
                char *kind = strtok_r(NULL, " ", &save), *options = strtok_r(NULL, " ", &save);

                if (device == NULL || options == NULL || strcmp(kind, type) != 0 || strlen(path) >= LEG_GROUP_PATH)
                        continue;
                found = controller == NULL || has_word(options, ",", controller);
                if (found)
                        strcpy(buffer, path);
        }
        free(line);
        fclose(file);
        return found;
}

/* The caller's own cgroup in a hierarchy: a line `N:CONTROLLERS:PATH`; v2 has no controllers. "" is the top. */
static bool own_group(const char *table, const char *controller, char buffer[LEG_GROUP_PATH])
{
        char *line = NULL;
        size_t room = 0;
        bool found = false;
        FILE *file = fopen(table, "re");

        if (file == NULL)
                return false;
        while (!found && getline(&line, &room, file) > 0) {
                char *names = strchr(line, ':'), *path = names == NULL ? NULL : strchr(++names, ':');

                if (path == NULL)
                        continue;
                *path++ = '\0';
                path[strcspn(path, "\n")] = '\0';
                found = (controller == NULL ? names[0] == '\0' : has_word(names, ",", controller)) &&
                        strlen(path) < LEG_GROUP_PATH && strncmp(path, "/..", 3) != 0;
                if (found)
                        strcpy(buffer, strcmp(path, "/") == 0 ? "" : path);
        }
        free(line);
        fclose(file);
        return found;
}

struct places {
        const char *mounts, *own, *node;
        struct leg_group_found *found;
};

/* Where the hierarchy is mounted, and the caller's own directory in it. */
static bool look_up(const struct places *places, const char *type, const char *controller, char mount[LEG_GROUP_PATH],
                    char parent[LEG_GROUP_PATH])
{
        char own[LEG_GROUP_PATH];

        return mount_point(places->mounts, type, controller, mount) && own_group(places->own, controller, own) &&
               snprintf(parent, LEG_GROUP_PATH, "%s%s", mount, own) < LEG_GROUP_PATH;
}

/* A process can be moved into a new group beneath parent, which has that file. */
static bool try_base(const char *parent, const char *node, const char *knob, char base[LEG_GROUP_PATH])
{
        bool works;

        if (snprintf(base, LEG_GROUP_PATH, "%s/offpeak-%s", parent, node) >= LEG_GROUP_PATH ||
            !group_can_write(parent, "cgroup.procs") || (mkdir(base, 0755) < 0 && errno != EEXIST))
                return false;
        works = group_can_write(base, "cgroup.procs") && group_can_write(base, knob);
        rmdir(base); /* unless it has legs; else the first one brings it back */
        return works;
}

/* ---- version 2 */

static void lower_ceiling(struct leg_group_found *found, const char *text)
{
        char *end;
        const long long bytes = strtoll(text, &end, 10);

        if (end != text && bytes > 0 && bytes < found->memory_ceiling)
                found->memory_ceiling = bytes;
}

/* What it hands down to its children, after being asked for all; a bit for each part. */
static unsigned hand_down(const char *parent, bool may_ask)
{
        char words[LEG_GROUP_LINE];
        unsigned parts = 0;

        for (int i = 1; i < LEG_GROUP_PARTS && may_ask; i++)
                leg_group_v2.prepare(parent, (enum leg_group_part)i);
        group_get(parent, "cgroup.subtree_control", words, sizeof(words));
        for (int i = 1; i < LEG_GROUP_PARTS; i++)
                if (has_word(words, " ", leg_group_part_name((enum leg_group_part)i)))
                        parts |= 1u << i;
        return parts;
}

static bool cut_leaf(char path[LEG_GROUP_PATH])
{
        char *slash = strrchr(path, '/');

        if (slash == NULL || strcmp(slash + 1, LEG_GROUP_LEAF) != 0)
                return false;
        *slash = '\0';
        return true;
}

static void find_v2(const struct places *places)
{
        struct leg_group *base = &places->found->base;
        char mount[LEG_GROUP_PATH], parent[LEG_GROUP_PATH], at[LEG_GROUP_PATH], text[64];
        unsigned parts, at_top;
        bool prepared;

        if (!look_up(places, "cgroup2", NULL, mount, parent))
                return;
        for (strcpy(at, parent); strlen(at) > strlen(mount); *strrchr(at, '/') = '\0')
                lower_ceiling(places->found, group_get(at, "memory.max", text, sizeof(text)));
        prepared = cut_leaf(parent) || strcmp(parent, mount) == 0; /* nobody is put there who would stand in the way */
        parts = hand_down(parent, prepared);
        if (parts != (1u << LEG_GROUP_PARTS) - 2 && strcmp(parent, mount) != 0 &&
            try_base(mount, places->node, leg_group_v2.killer, at)) {
                at_top = hand_down(mount, true);
                if (__builtin_popcount(at_top) > __builtin_popcount(parts)) {
                        parts = at_top;
                        strcpy(parent, mount);
                }
        }
        if (!try_base(parent, places->node, leg_group_v2.killer, at))
                return;
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                if (i == LEG_GROUP_MAIN || (parts >> i & 1) != 0)
                        strcpy(base->path[i], at);
}

/* ---- version 1 */

static void find_v1(const struct places *places, enum leg_group_part part)
{
        const char *controller = part == LEG_GROUP_MAIN ? "freezer" : leg_group_part_name(part);
        const char *knob = part == LEG_GROUP_MAIN ? leg_group_v1.killer : leg_group_v1.knobs[part];
        char *base = places->found->base.path[part], *why = places->found->why_not[part];
        char mount[LEG_GROUP_PATH], parent[LEG_GROUP_PATH], text[32];

        if (!look_up(places, "cgroup", controller, mount, parent)) {
                snprintf(why, LEG_GROUP_WHY,
                         "no cgroup of version 2 hands down %s to this process (run the agent in a cgroup of its own: "
                         "Delegate=yes and DelegateSubgroup=" LEG_GROUP_LEAF "), and none of version 1 is mounted",
                         controller);
                return;
        }
        if (part == LEG_GROUP_MEMORY) {
                snprintf(text, sizeof(text), "%" PRId64,
                         group_get_key(parent, "memory.stat", "hierarchical_memory_limit", INT64_MAX));
                lower_ceiling(places->found, text);
        }
        if (try_base(parent, places->node, knob, base))
                return;
        base[0] = '\0';
        snprintf(why, LEG_GROUP_WHY, "%.160s cannot be written to as uid %u", parent, geteuid());
}

void leg_group_find(const char *node, const struct leg_group_tables *tables, struct leg_group_found *ret_found)
{
        const struct places places = {
                .mounts = tables != NULL ? tables->mounts : "/proc/self/mounts",
                .own = tables != NULL ? tables->own : "/proc/self/cgroup",
                .node = node,
                .found = ret_found,
        };

        memset(ret_found, 0, sizeof(*ret_found));
        ret_found->memory_ceiling = INT64_MAX;
        if (strchr(node, '/') != NULL) /* it would be another place */
                return;
        find_v2(&places);
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                if (ret_found->base.path[i][0] == '\0')
                        find_v1(&places, (enum leg_group_part)i);
}
