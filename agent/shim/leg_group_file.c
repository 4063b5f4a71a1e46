/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/shim/leg_group_driver.h"

enum { PATH_ROOM = LEG_GROUP_PATH + 64 };

static bool file_path(const char *dir, const char *file, char path[PATH_ROOM])
{
        return dir[0] != '\0' && snprintf(path, PATH_ROOM, "%s/%s", dir, file) < PATH_ROOM;
}

bool group_has(const char *dir, const char *file)
{
        char path[PATH_ROOM];

        return file_path(dir, file, path) && access(path, F_OK) == 0;
}

bool group_can_write(const char *dir, const char *file)
{
        char path[PATH_ROOM];

        return file_path(dir, file, path) && access(path, W_OK) == 0;
}

int group_put(const char *dir, const char *file, const char *value)
{
        char path[PATH_ROOM];
        int fd, rc = 0;

        if (!file_path(dir, file, path))
                return -EINVAL;
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (write(fd, value, strlen(value)) < 0)
                rc = -errno;
        close(fd);
        return rc;
}

int group_put_number(const char *dir, const char *file, int64_t value)
{
        char digits[32];

        snprintf(digits, sizeof(digits), "%" PRId64, value);
        return group_put(dir, file, digits);
}

static FILE *open_file(const char *dir, const char *file)
{
        char path[PATH_ROOM];

        if (!file_path(dir, file, path)) {
                errno = EINVAL;
                return NULL;
        }
        return fopen(path, "re");
}

const char *group_get(const char *dir, const char *file, char *buffer, size_t size)
{
        FILE *in = open_file(dir, file);

        buffer[0] = '\0';
        if (in == NULL)
                return buffer;
        if (fgets(buffer, (int)size, in) == NULL)
                buffer[0] = '\0';
        buffer[strcspn(buffer, "\n")] = '\0';
        fclose(in);
        return buffer;
}

int64_t group_get_key(const char *dir, const char *file, const char *key, int64_t fallback)
{
        char name[64];
        int64_t value, found = fallback;
        FILE *in = open_file(dir, file);

        if (in == NULL)
                return fallback;
        while (fscanf(in, "%63s %" SCNd64, name, &value) == 2)
                if (strcmp(name, key) == 0)
                        found = value;
        fclose(in);
        return found;
}

int group_kill_members(const char *dir)
{
        FILE *file = open_file(dir, "cgroup.procs");
        long pid;

        if (file == NULL)
                return -errno;
        while (fscanf(file, "%ld", &pid) == 1)
                if (pid > 0) /* 0: of a pid namespace that is not below ours */
                        kill((pid_t)pid, SIGKILL);
        fclose(file);
        return 0;
}

bool group_is_empty(const char *dir)
{
        const int64_t populated = group_get_key(dir, "cgroup.events", "populated", -1); /* v2: of all below it, too */
        bool empty;
        int value;
        FILE *file;

        if (populated >= 0)
                return populated == 0;
        file = open_file(dir, "cgroup.procs");
        if (file == NULL)
                return errno == ENOENT || errno == ENODEV;
        empty = fscanf(file, "%d", &value) != 1;
        fclose(file);
        return empty;
}

bool group_parent(const char *dir, char parent[LEG_GROUP_PATH])
{
        const char *slash = strrchr(dir, '/');

        return slash != NULL && snprintf(parent, LEG_GROUP_PATH, "%.*s", (int)(slash - dir), dir) < LEG_GROUP_PATH;
}
