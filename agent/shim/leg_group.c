/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

/* ---- files of a group */

static bool file_path(const char *group, const char *file, char path[PATH_MAX])
{
        return group[0] != '\0' && snprintf(path, PATH_MAX, "%s/%s", group, file) < PATH_MAX;
}

static bool can_write(const char *group, const char *file)
{
        char path[PATH_MAX];

        return file_path(group, file, path) && access(path, W_OK) == 0;
}

static int put(const char *group, const char *file, const char *value)
{
        char path[PATH_MAX];
        int fd, rc = 0;

        if (!file_path(group, file, path))
                return -EINVAL;
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (write(fd, value, strlen(value)) < 0)
                rc = -errno;
        close(fd);
        return rc;
}

static FILE *get(const char *group, const char *file)
{
        char path[PATH_MAX];

        if (!file_path(group, file, path)) {
                errno = EINVAL;
                return NULL;
        }
        return fopen(path, "re");
}

/* ---- where groups may live */

/* Mount point of the hierarchy of that type; v1 ones are told apart by a controller among the options. */
static bool mount_point(const char *type, const char *controller, char buffer[PATH_MAX])
{
        char *line = NULL;
        size_t room = 0;
        bool found = false;
        FILE *file = fopen("/proc/self/mounts", "re");

        if (file == NULL)
                return false;
        while (!found && getline(&line, &room, file) > 0) {
                char *save, *device = strtok_r(line, " ", &save), *path = strtok_r(NULL, " ", &save);
                char *kind = strtok_r(NULL, " ", &save), *options = strtok_r(NULL, " ", &save);

                if (device == NULL || options == NULL || strcmp(kind, type) != 0 || strlen(path) >= PATH_MAX)
                        continue;
                for (char *option = strtok_r(options, ",", &save); option != NULL; option = strtok_r(NULL, ",", &save))
                        found = found || controller == NULL || strcmp(option, controller) == 0;
                if (found)
                        strcpy(buffer, path);
        }
        free(line);
        fclose(file);
        return found;
}

/* The caller's own cgroup in a hierarchy: a line `N:CONTROLLERS:PATH` of /proc/self/cgroup; v2 has no controllers. */
static bool own_group(const char *controller, char buffer[PATH_MAX])
{
        char *line = NULL;
        size_t room = 0;
        bool found = false;
        FILE *file = fopen("/proc/self/cgroup", "re");

        if (file == NULL)
                return false;
        while (!found && getline(&line, &room, file) > 0) {
                char *names = strchr(line, ':'), *path = names == NULL ? NULL : strchr(++names, ':');

                if (path == NULL)
                        continue;
                *path++ = '\0';
                path[strcspn(path, "\n")] = '\0';
                found = strcmp(names, controller) == 0 && strlen(path) < PATH_MAX && strncmp(path, "/..", 3) != 0;
                if (found)
                        strcpy(buffer, strcmp(path, "/") == 0 ? "" : path);
        }
        free(line);
        fclose(file);
        return found;
}

/* A process can be moved into a new group, and all in it can be killed at once. */
static bool try_base(const char *type, const char *controller, const char *killer, const char *node, char *buffer,
                     size_t size)
{
        char mount[PATH_MAX], own[PATH_MAX], parent[PATH_MAX], base[PATH_MAX];
        bool works;

        if (!mount_point(type, controller, mount) || !own_group(controller == NULL ? "" : controller, own) ||
            snprintf(parent, sizeof(parent), "%s%s", mount, own) >= PATH_MAX ||
            snprintf(base, sizeof(base), "%s/offpeak-%s", parent, node) >= PATH_MAX || strlen(base) >= size)
                return false;
        if (!can_write(parent, "cgroup.procs") || (mkdir(base, 0755) < 0 && errno != EEXIST))
                return false;
        works = can_write(base, "cgroup.procs") && can_write(base, killer);
        rmdir(base); /* unless it has legs; else the first one brings it back */
        if (works)
                strcpy(buffer, base);
        return works;
}

void leg_group_base(const char *node, char *buffer, size_t size)
{
        if (strchr(node, '/') != NULL || (!try_base("cgroup2", NULL, "cgroup.kill", node, buffer, size) &&
                                          !try_base("cgroup", "freezer", "freezer.state", node, buffer, size)))
                buffer[0] = '\0';
}

const char *leg_group_path(const char *base, struct leg_id id, char *buffer, size_t size)
{
        char name[LEG_NAME_SIZE];

        if (base[0] == '\0' || (size_t)snprintf(buffer, size, "%s/%s", base, leg_name(id, name)) >= size)
                buffer[0] = '\0';
        return buffer;
}

/* ---- one group */

static bool parent_of(const char *path, char parent[PATH_MAX])
{
        const char *slash = strrchr(path, '/');

        return slash != NULL && snprintf(parent, PATH_MAX, "%.*s", (int)(slash - path), path) < PATH_MAX;
}

int leg_group_make(const char *path, struct offpeak_error *err)
{
        char parent[PATH_MAX];

        if (path[0] == '\0')
                return 0;
        /* Twice: the last leg that ends takes the parent away, perhaps between the two calls. */
        for (int i = 0; i < 2; i++) {
                if (parent_of(path, parent))
                        mkdir(parent, 0755);
                if (mkdir(path, 0755) == 0 || errno == EEXIST)
                        return 0;
        }
        return fail(err, OFFPEAK_EIO, "cannot create cgroup %s: %s", path, strerror(errno));
}

static int kill_members(const char *path)
{
        FILE *file = get(path, "cgroup.procs");
        long pid;

        if (file == NULL)
                return -errno;
        while (fscanf(file, "%ld", &pid) == 1)
                if (pid > 0) /* 0: of a pid namespace that is not below ours */
                        kill((pid_t)pid, SIGKILL);
        fclose(file);
        return 0;
}

int leg_group_kill(const char *path, struct offpeak_error *err)
{
        int rc;

        if (path[0] == '\0')
                return 0;
        rc = put(path, "cgroup.kill", "1");
        if (rc == -ENOENT && can_write(path, "freezer.state")) { /* v1: hold them, kill before thaw */
                put(path, "freezer.state", "FROZEN");
                rc = kill_members(path);
                put(path, "freezer.state", "THAWED");
        }
        if (rc == 0 || rc == -ENOENT || rc == -ENODEV)
                return 0; /* a group that does not exist has no members */
        return fail(err, OFFPEAK_EIO, "cannot kill cgroup %s: %s", path, strerror(-rc));
}

void leg_group_thaw(const char *path)
{
        if (path[0] != '\0' && put(path, "cgroup.freeze", "0") == -ENOENT)
                put(path, "freezer.state", "THAWED");
}

bool leg_group_is_empty(const char *path)
{
        char key[32];
        int value;
        bool empty = true;
        FILE *file;

        if (path[0] == '\0')
                return true;
        file = get(path, "cgroup.events"); /* v2: counts groups below it, too */
        if (file != NULL) {
                while (fscanf(file, "%31s %d", key, &value) == 2)
                        if (strcmp(key, "populated") == 0)
                                empty = value == 0;
                fclose(file);
                return empty;
        }
        file = get(path, "cgroup.procs");
        if (file == NULL)
                return errno == ENOENT || errno == ENODEV;
        empty = fscanf(file, "%d", &value) != 1;
        fclose(file);
        return empty;
}

void leg_group_remove(const char *path)
{
        char parent[PATH_MAX];

        if (path[0] != '\0' && rmdir(path) == 0 && parent_of(path, parent))
                rmdir(parent); /* refused while there are other legs */
}
