/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/node_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fail.h"

/* The abstract name `offpeak-agent/NODE`: bound by one socket at a time, gone with its process. */
static int take_name(const char *node, int *ret_fd, struct offpeak_error *err)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int size = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "offpeak-agent/%s", node);
        int fd, code;

        if (size >= (int)sizeof(address.sun_path) - 1)
                return fail(err, OFFPEAK_ECONFIG, "the node's name %s is too long: 80 letters at most", node);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "cannot make a socket to lock node %s: %s", node, strerror(errno));
        if (bind(fd, (const struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)size) == 0) {
                *ret_fd = fd;
                return 0;
        }
        if (errno == EADDRINUSE)
                code = fail(
                        err, OFFPEAK_ETRYAGAIN,
                        "another agent of node %s runs on this machine. Stop it first, or give this one another name "
                        "with --node",
                        node);
        else
                code = fail(err, OFFPEAK_EIO, "cannot lock node %s: %s", node, strerror(errno));
        close(fd);
        return code;
}

static int take_file(const char *state_dir, int *ret_fd, struct offpeak_error *err)
{
        char path[PATH_MAX];
        int fd, code;

        if (snprintf(path, sizeof(path), "%s/lock", state_dir) >= (int)sizeof(path))
                return fail(err, OFFPEAK_ECONFIG, "%s: the path is too long", state_dir);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "%s: cannot be opened: %s", path, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
                *ret_fd = fd;
                return 0;
        }
        if (errno == EWOULDBLOCK)
                code = fail(err, OFFPEAK_ETRYAGAIN,
                            "%s: another agent uses this state directory. Stop it first, or give this one its own with "
                            "--state-dir",
                            path);
        else
                code = fail(err, OFFPEAK_EIO, "%s: cannot be locked: %s", path, strerror(errno));
        close(fd);
        return code;
}

int node_lock_take(const char *node, const char *state_dir, struct node_lock *ret_lock, struct offpeak_error *err)
{
        struct node_lock lock;
        int code = take_name(node, &lock.name_fd, err);

        if (code != 0)
                return code;
        code = take_file(state_dir, &lock.file_fd, err);
        if (code != 0) {
                close(lock.name_fd);
                return code;
        }
        *ret_lock = lock;
        return 0;
}

void node_lock_release(struct node_lock *lock)
{
        close(lock->file_fd);
        close(lock->name_fd);
}
