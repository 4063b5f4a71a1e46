/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fail.h"

enum { NOTE_SIZE = 48 }; /* always as long, so that a shorter note leaves nothing of a longer one */

/* 0 for what is not there. */
static void read_note(int fd, int *ret_pid, uint64_t *ret_last)
{
        char note[NOTE_SIZE + 1] = { 0 };
        ssize_t n = pread(fd, note, NOTE_SIZE, 0);

        *ret_pid = 0;
        *ret_last = 0;
        if (n <= 0 || sscanf(note, "pid %d last %" SCNu64, ret_pid, ret_last) != 2)
                *ret_last = 0;
}

static int refuse(const char *path, int fd, struct offpeak_error *err)
{
        uint64_t last;
        int pid;

        read_note(fd, &pid, &last);
        return fail(err, OFFPEAK_ETRYAGAIN,
                    "%s: another scheduler (pid %d) holds this store; stop it first, or give this one another state "
                    "directory",
                    path, pid);
}

int store_lock_take(const char *path, struct store_lock *ret_lock, uint64_t *ret_last, struct offpeak_error *err)
{
        char name[PATH_MAX];
        int fd, pid, rc;

        if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
                return fail(err, OFFPEAK_EINVAL, "%s: the path is too long", path);
        fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "%s: cannot be written: %s; check that its directory exists and is ours",
                            name, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
                rc = errno == EWOULDBLOCK ? refuse(path, fd, err)
                                          : fail(err, OFFPEAK_EIO, "%s: cannot be locked: %s", name, strerror(errno));
                close(fd);
                return rc;
        }
        read_note(fd, &pid, ret_last);
        ret_lock->fd = fd;
        store_lock_note(ret_lock, *ret_last);
        return 0;
}

void store_lock_note(const struct store_lock *lock, uint64_t last)
{
        char note[NOTE_SIZE + 1];
        int n = snprintf(note, sizeof(note), "pid %d last %" PRIu64, (int)getpid(), last);

        memset(note + n, ' ', (size_t)(NOTE_SIZE - n));
        note[NOTE_SIZE - 1] = '\n';
        if (pwrite(lock->fd, note, NOTE_SIZE, 0) != NOTE_SIZE)
                return; /* a hint, not a promise */
}

void store_lock_release(struct store_lock *lock)
{
        if (lock->fd >= 0)
                close(lock->fd);
        lock->fd = -1;
}
