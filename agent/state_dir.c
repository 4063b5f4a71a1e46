/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_file.h"
#include "base/fail.h"

enum { SMALL = 4096 };

/* mkdir -p */
static int make(const char *path)
{
        char part[4096];

        if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(part, 0755) != 0 && errno != EEXIST)
                        return -1;
                *slash = '/';
        }
        return mkdir(part, 0755) != 0 && errno != EEXIST ? -1 : 0;
}

static int read_boot(char boot[40], struct offpeak_error *err)
{
        FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
        bool good = file != NULL && fscanf(file, "%39s", boot) == 1;

        if (file != NULL)
                fclose(file);
        return good ? 0 : fail(err, OFFPEAK_EIO, "cannot read /proc/sys/kernel/random/boot_id: is /proc mounted?");
}

int state_dir_open(const char *path, struct state_dir *ret_dir, struct offpeak_error *err)
{
        struct state_dir dir = { .fd = -1 };
        int code = read_boot(dir.boot, err);

        if (code != 0)
                return code;
        if (make(path) != 0)
                return fail(err, OFFPEAK_EIO, "%s: the state directory cannot be made: %s", path, strerror(errno));
        dir.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir.fd < 0)
                return fail(err, OFFPEAK_EIO, "%s: the state directory cannot be opened: %s", path, strerror(errno));
        dir.path = realpath(path, NULL);
        if (dir.path == NULL) {
                code = fail(err, OFFPEAK_EIO, "%s: cannot be resolved: %s", path, strerror(errno));
                close(dir.fd);
                return code;
        }
        *ret_dir = dir;
        return 0;
}

static int put_durably(const struct state_dir *dir, const char *name, const char *text, struct offpeak_error *err)
{
        int code = leg_file_put(dir->fd, name, text, strlen(text), 0600, err);

        if (code == 0 && fsync(dir->fd) != 0)
                code = fail(err, OFFPEAK_EIO, "cannot make it durable: %s", strerror(errno));
        if (code != 0)
                fail_at(err, "%s/%s", dir->path, name);
        return code;
}

int state_dir_begin(struct state_dir *dir, struct offpeak_error *err)
{
        char *text = NULL;
        int code = leg_file_get(dir->fd, "born", SMALL, &text, NULL, err);

        if (code == OFFPEAK_ENOTFOUND) {
                dir->new_in_boot = true;
                return put_durably(dir, "born", dir->boot, err);
        }
        if (code != 0)
                return fail_at(err, "%s/born", dir->path);
        dir->new_in_boot = strcmp(text, dir->boot) == 0;
        free(text);
        return 0;
}

void state_dir_close(struct state_dir *dir)
{
        if (dir->fd >= 0)
                close(dir->fd);
        free(dir->path);
        dir->fd = -1;
        dir->path = NULL;
}

int state_dir_term(const struct state_dir *dir, uint64_t *ret_term, struct offpeak_error *err)
{
        char *text = NULL;
        int code = leg_file_get(dir->fd, "term", SMALL, &text, NULL, err);
        int64_t term;

        if (code == OFFPEAK_ENOTFOUND) {
                *ret_term = 0;
                return 0;
        }
        if (code != 0)
                return fail_at(err, "%s/term", dir->path);
        if (leg_file_number(text, "term", 0, INT64_MAX, &term))
                *ret_term = (uint64_t)term;
        else
                code = fail(err, OFFPEAK_EIO,
                            "%s/term is damaged. It holds off schedulers with an old store; if you know that yours is "
                            "current, remove it",
                            dir->path);
        free(text);
        return code;
}

int state_dir_keep_term(const struct state_dir *dir, uint64_t term, struct offpeak_error *err)
{
        char text[64];

        snprintf(text, sizeof(text), "term %" PRIu64 "\n", term);
        return put_durably(dir, "term", text, err);
}

void state_dir_clock(const struct state_dir *dir, struct clock_map *ret_map)
{
        struct clock_map map = { 0 };
        char *text = NULL;

        if (leg_file_get(dir->fd, "clock", SMALL, &text, NULL, NULL) == 0)
                clock_map_parse(text, dir->boot, &map);
        free(text);
        *ret_map = map;
}

int state_dir_keep_clock(const struct state_dir *dir, const struct clock_map *map, struct offpeak_error *err)
{
        char text[CLOCK_MAP_TEXT_SIZE];

        clock_map_format(map, dir->boot, text);
        return leg_file_put(dir->fd, "clock", text, strlen(text), 0600, err);
}
