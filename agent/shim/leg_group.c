/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_group_driver.h"
#include "base/fail.h"

enum { DEEPEST = 16 };

const char *leg_group_part_name(enum leg_group_part part)
{
        static const char *const names[] = { "processes", "cpuset", "memory", "pids" };

        return names[part];
}

const struct leg_group_driver *leg_group_driver_of(const char *dir)
{
        return group_has(dir, "cgroup.controllers") ? &leg_group_v2 : &leg_group_v1;
}

void leg_group_of(const struct leg_group *base, const char *leg, struct leg_group *ret_group)
{
        for (int i = 0; i < LEG_GROUP_PARTS; i++) {
                char *path = ret_group->path[i];

                if (base->path[i][0] == '\0' ||
                    snprintf(path, LEG_GROUP_PATH, "%s/%s", base->path[i], leg) >= LEG_GROUP_PATH)
                        path[0] = '\0';
        }
}

/* An earlier part has the same directory. */
static bool is_repeated(const struct leg_group *group, int part)
{
        for (int i = 0; i < part; i++)
                if (strcmp(group->path[i], group->path[part]) == 0)
                        return true;
        return false;
}

/* By which the group's members are known. */
static const char *anchor(const struct leg_group *group)
{
        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                if (group->path[i][0] != '\0')
                        return group->path[i];
        return "";
}

/* ---- making */

/* It and its base, which hands down what it has: a second time is no harm. */
static int make_directory(const char *path, enum leg_group_part part)
{
        char parent[LEG_GROUP_PATH];

        if (!group_parent(path, parent))
                return -EINVAL;
        /* Twice: the last leg that ends takes the base away, perhaps between the two calls. */
        for (int i = 0; i < 2; i++) {
                mkdir(parent, 0755);
                leg_group_driver_of(parent)->prepare(parent, part);
                if (mkdir(path, 0755) == 0 || errno == EEXIST)
                        return 0;
        }
        return -errno;
}

static bool has_limit(const struct leg_group_limits *limits, enum leg_group_part part)
{
        switch (part) {
        case LEG_GROUP_CPUSET:
                return limits->cpus[0] != '\0' || limits->mems[0] != '\0';
        case LEG_GROUP_MEMORY:
                return limits->memory > 0;
        case LEG_GROUP_PIDS:
                return limits->processes > 0;
        default:
                return true;
        }
}

static void note_lack(struct offpeak_error *lack, enum leg_group_part part, const char *path, const char *file,
                      const char *cause)
{
        if (lack->code == 0)
                fail(lack, OFFPEAK_EIO, "no limit on the leg's %s: %s/%s: %s", leg_group_part_name(part), path, file,
                     cause);
}

/* Also groups that a job of root made below its own. */
static bool remove_tree(int at, const char *name, int depth)
{
        int fd;
        DIR *dir;

        if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
                return true;
        fd = depth == 0 ? -1 : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        dir = fd < 0 ? NULL : fdopendir(fd);
        if (dir == NULL) {
                if (fd >= 0)
                        close(fd);
                return false;
        }
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
                if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        remove_tree(fd, entry->d_name, depth - 1);
        closedir(dir);
        return unlinkat(at, name, AT_REMOVEDIR) == 0;
}

/* True if it is not there any more; its base goes with the last leg. */
static bool remove_directory(const char *path)
{
        char parent[LEG_GROUP_PATH];

        if (!remove_tree(AT_FDCWD, path, DEEPEST))
                return false;
        if (group_parent(path, parent))
                rmdir(parent); /* refused while there are other legs */
        return true;
}

/* Take it out; a directory that is no other part's goes, too. */
static void drop(struct leg_group *group, enum leg_group_part part)
{
        if (!is_repeated(group, (int)part))
                remove_directory(group->path[part]);
        group->path[part][0] = '\0';
}

static void make_limit(struct leg_group *group, enum leg_group_part part, const struct leg_group_limits *limits,
                       struct offpeak_error *lack)
{
        const char *file = "";
        char *path = group->path[part];
        int rc;

        if (path[0] == '\0')
                return;
        if (!has_limit(limits, part)) {
                path[0] = '\0';
                return;
        }
        rc = make_directory(path, part);
        if (rc == 0)
                rc = leg_group_driver_of(path)->limit(path, part, limits, &file);
        if (rc == 0)
                return;
        note_lack(lack, part, path, file, strerror(-rc));
        drop(group, part);
}

int leg_group_make(struct leg_group *group, const struct leg_group_limits *limits, struct offpeak_error *ret_lack,
                   struct offpeak_error *err)
{
        const char *main = group->path[LEG_GROUP_MAIN];

        ret_lack->code = 0;
        if (main[0] != '\0') {
                const int rc = make_directory(main, LEG_GROUP_MAIN);

                if (rc != 0)
                        return fail(err, OFFPEAK_EIO, "cannot create cgroup %s: %s", main, strerror(-rc));
        }
        for (int i = 1; i < LEG_GROUP_PARTS; i++)
                make_limit(group, (enum leg_group_part)i, limits, ret_lack);
        return 0;
}

enum leg_group_part leg_group_join(const struct leg_group *group)
{
        for (int i = 0; i < LEG_GROUP_PARTS; i++) {
                int rc;

                if (group->path[i][0] == '\0' || is_repeated(group, i))
                        continue;
                rc = group_put(group->path[i], "cgroup.procs", "0");
                if (rc != 0) {
                        errno = -rc;
                        return (enum leg_group_part)i;
                }
        }
        return LEG_GROUP_PARTS;
}

/* ---- its members */

int leg_group_kill(const struct leg_group *group, struct offpeak_error *err)
{
        const char *path = anchor(group);
        int rc = path[0] == '\0' ? 0 : leg_group_driver_of(path)->kill(path);

        if (rc == 0 || rc == -ENOENT || rc == -ENODEV)
                return 0; /* a group that does not exist has no members */
        return fail(err, OFFPEAK_EIO, "cannot kill cgroup %s: %s", path, strerror(-rc));
}

void leg_group_thaw(const struct leg_group *group)
{
        const char *path = anchor(group);

        if (path[0] != '\0')
                leg_group_driver_of(path)->thaw(path);
}

bool leg_group_is_empty(const struct leg_group *group)
{
        const char *path = anchor(group);

        return path[0] == '\0' || group_is_empty(path);
}

int64_t leg_group_oom_kills(const struct leg_group *group)
{
        const char *path = group->path[LEG_GROUP_MEMORY];

        return path[0] == '\0' ? 0 : group_get_key(path, leg_group_driver_of(path)->oom_file, "oom_kill", 0);
}

bool leg_group_is_killed_whole(const struct leg_group *group)
{
        const char *path = group->path[LEG_GROUP_MEMORY];
        char value[8];

        return path[0] != '\0' && strcmp(group_get(path, "memory.oom.group", value, sizeof(value)), "1") == 0;
}

/* ---- the end */

bool leg_group_remove(const struct leg_group *group)
{
        bool gone = true;

        for (int i = 0; i < LEG_GROUP_PARTS; i++)
                if (group->path[i][0] != '\0' && !is_repeated(group, i) && !remove_directory(group->path[i]))
                        gone = false;
        return gone;
}

void leg_group_sweep(const struct leg_group *base, bool (*is_known)(void *context, const char *leg), void *context)
{
        for (int i = 0; i < LEG_GROUP_PARTS; i++) {
                const char *path = base->path[i];
                DIR *dir = path[0] == '\0' || is_repeated(base, i) ? NULL : opendir(path);

                if (dir == NULL)
                        continue;
                for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
                        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && !is_known(context, entry->d_name))
                                remove_tree(dirfd(dir), entry->d_name, DEEPEST); /* refused while it has members */
                closedir(dir);
                rmdir(path);
        }
}
