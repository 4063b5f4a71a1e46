/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 16, NAME_ROOM = PATH_MAX + 16, LAST_BYTES = 2048 /* of the output, for people */ };

/* By its size or by its blocks, whichever is less: after a cut, one who does not append leaves a hole in front. */
static bool is_beyond(const struct stat *st, int64_t limit)
{
        return S_ISREG(st->st_mode) && st->st_size > limit && (int64_t)st->st_blocks * 512 > limit;
}

static bool older_name(const char *path, int64_t number, char name[NAME_ROOM])
{
        return snprintf(name, NAME_ROOM, "%s.%" PRId64, path, number) < NAME_ROOM;
}

/* FILE.1 becomes FILE.2 and so on; the last one is overwritten. A new FILE.1, or -1. */
static int begin_older(const char *path, int64_t files)
{
        char from[NAME_ROOM], to[NAME_ROOM];

        for (int64_t i = files - 1; i > 1; i--)
                if (older_name(path, i - 1, from) && older_name(path, i, to))
                        rename(from, to);
        if (files < 2 || !older_name(path, 1, to))
                return -1;
        unlink(to);
        return open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/* Bytes from `at` up to `end`, or to the end of the file; where it stopped. */
static int64_t copy(int from, int to, int64_t at, int64_t end)
{
        char bytes[CHUNK];

        while (at < end) {
                const int64_t left = end - at;
                off_t in = at;
                ssize_t n = copy_file_range(from, &in, to, NULL, (size_t)left, 0);

                if (n < 0 && errno != EINTR) {
                        n = pread(from, bytes, left < CHUNK ? (size_t)left : CHUNK, at);
                        if (n > 0)
                                n = write(to, bytes, (size_t)n);
                }
                if (n <= 0 && !(n < 0 && errno == EINTR))
                        break;
                at += n > 0 ? n : 0;
        }
        return at;
}

/* The writer's descriptor need not be one to read from, and what is locked by it is locked by the job, too. */
static int open_again(int fd)
{
        char name[64];
        int own;

        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        own = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* NFS takes no other for a lock */
        return own >= 0 ? own : open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Legs on other nodes may write to it as well, and somebody there may be at it. Without locks we go on. */
static bool is_another_at_it(int own)
{
        return own >= 0 && flock(own, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* Everything before a block's boundary, which a range has to end at; but for the last lines, where that leaves any. */
static int64_t cut_at(const struct stat *st)
{
        const int64_t block = st->st_blksize > 0 ? st->st_blksize : 4096;
        const int64_t cut = (st->st_size - LAST_BYTES) / block * block;

        return cut > 0 ? cut : (st->st_size - 1) / block * block;
}

/* Take off what is before `cut`, or all of it, the rest of which is copied first. False: neither can be done. */
static bool take_off(int fd, int from, int to, int64_t cut, int64_t limit)
{
        if (fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, cut) == 0)
                return true;
        if (to >= 0)
                copy(from, to, cut, cut + limit);
        return ftruncate(fd, 0) == 0;
}

static bool rotate(int fd, int from, const char *path, int64_t limit, int64_t files)
{
        struct stat st;
        int64_t cut;
        bool rotated;
        int to;

        if (fstat(fd, &st) < 0 || !is_beyond(&st, limit)) /* again: another may just have done it */
                return false;
        cut = cut_at(&st);
        to = from < 0 || st.st_nlink == 0 ? -1 : begin_older(path, files); /* without a name nobody wants the rest */
        if (to >= 0)
                copy(from, to, cut > limit ? cut - limit : 0, cut);
        rotated = take_off(fd, from, to, cut, limit);
        if (to >= 0)
                close(to);
        return rotated;
}

bool log_file_look(int fd, const char *path, int64_t limit, int64_t files)
{
        struct stat st;
        bool rotated;
        int own;

        if (fstat(fd, &st) < 0 || !is_beyond(&st, limit))
                return false;
        own = open_again(fd);
        rotated = !is_another_at_it(own) && rotate(fd, own, path, limit, files);
        if (own >= 0)
                close(own);
        return rotated;
}

void log_file_forget_head(int fd, int64_t limit, int64_t keep)
{
        struct stat st;

        if (fstat(fd, &st) == 0 && is_beyond(&st, limit) &&
            fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, st.st_size - keep) < 0 && errno != EINTR &&
            ftruncate(fd, 0) < 0)
                return;
}
