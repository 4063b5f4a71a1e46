/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_exit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/shim/leg_file.h"
#include "base/fail.h"

#define RECORD "exit"
#define SPACE  "exit.space"

enum { RECORD_SIZE = 512, CLAIM_SIZE = 64 };

int leg_exit_reserve(int dir, struct offpeak_error *err)
{
        int rc, fd = openat(dir, SPACE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "cannot create " SPACE ": %s", strerror(errno));
        rc = posix_fallocate(fd, 0, RECORD_SIZE);
        if (rc == 0 && fsync(fd) < 0)
                rc = errno;
        close(fd);
        return rc == 0 ? 0 : fail(err, OFFPEAK_EIO, "cannot allocate the exit record: %s", strerror(rc));
}

/* Fills all of the space, so that nothing of it is left to allocate and nothing stale shows. */
static void format(const struct leg_exit *record, char bytes[RECORD_SIZE])
{
        int n = snprintf(bytes, RECORD_SIZE, "how %d\nstatus %d\nkilled %d\nrank %u\nstarted %lld\nended %lld\nwhy ",
                         (int)record->how, (int)record->status, record->killed, record->rank,
                         (long long)record->started, (long long)record->ended);
        size_t used = (size_t)n;

        for (const char *c = record->why; *c != '\0'; c++)
                bytes[used++] = (unsigned char)*c < ' ' ? ' ' : *c;
        memset(bytes + used, '\n', RECORD_SIZE - used);
}

int leg_exit_read(int dir, struct leg_exit *ret_exit, struct offpeak_error *err)
{
        struct leg_exit record = { 0 };
        int64_t how, status, killed, rank;
        char *text;
        bool good;
        int rc = leg_file_get(dir, RECORD, RECORD_SIZE, &text, NULL, err);

        if (rc != 0)
                return rc;
        good = leg_file_number(text, "how", LEG_EXIT, LEG_REBOOT, &how) &&
               leg_file_number(text, "status", INT32_MIN, INT32_MAX, &status) &&
               leg_file_number(text, "killed", 0, 1, &killed) &&
               leg_file_number(text, "started", 0, INT64_MAX, &record.started) &&
               leg_file_number(text, "ended", 0, INT64_MAX, &record.ended) &&
               leg_file_field(text, "why", record.why, sizeof(record.why));
        if (!leg_file_number(text, "rank", 0, UINT32_MAX, &rank))
                rank = 0; /* a record of an older shim */
        free(text);
        if (!good)
                return fail(err, OFFPEAK_EINVAL, "the exit record is damaged");
        record.how = (enum leg_how)how;
        record.status = (int32_t)status;
        record.killed = killed != 0;
        record.rank = (uint32_t)rank;
        *ret_exit = record;
        return 0;
}

/* A file that is this writer's alone: the reserved space if it is still there, a new one else. */
static int claim(int dir, char name[CLAIM_SIZE], struct offpeak_error *err)
{
        struct timespec now;
        int fd;

        clock_gettime(CLOCK_MONOTONIC, &now); /* with the pid: no two writers of a boot have the same name */
        snprintf(name, CLAIM_SIZE, ".exit.%ld.%lld.%ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
        if (renameat(dir, SPACE, dir, name) < 0 && errno != ENOENT)
                return fail(err, OFFPEAK_EIO, "cannot take " SPACE ": %s", strerror(errno));
        fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "cannot create the exit record: %s", strerror(errno));
        return fd;
}

static int create(int dir, const struct leg_exit *mine, struct offpeak_error *err)
{
        char bytes[RECORD_SIZE], name[CLAIM_SIZE];
        int rc, fd = claim(dir, name, err);
        bool linked = false;

        if (fd < 0)
                return fd;
        format(mine, bytes);
        rc = leg_file_write(fd, RECORD, bytes, sizeof(bytes), err);
        close(fd);
        if (rc == 0) {
                linked = linkat(dir, name, dir, RECORD, 0) == 0;
                if (!linked && errno != EEXIST)
                        rc = fail(err, OFFPEAK_EIO, "cannot create the exit record: %s", strerror(errno));
        }
        if (linked)
                unlinkat(dir, name, 0);
        else
                renameat(dir, name, dir, SPACE); /* the next try has its space again */
        return rc;
}

int leg_exit_decide(int dir, const struct leg_exit *mine, struct leg_exit *ret_standing, struct offpeak_error *err)
{
        struct leg_exit standing;
        int rc = faccessat(dir, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : create(dir, mine, err);

        if (rc != 0)
                return rc;
        if (fsync(dir) < 0) /* the entry, whoever made it: it is told to others after this */
                return fail(err, OFFPEAK_EIO, "cannot write the exit record to disk: %s", strerror(errno));
        rc = leg_exit_read(dir, &standing, err);
        if (rc == 0 && ret_standing != NULL)
                *ret_standing = standing;
        return rc;
}
