/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_file.h"
#include "base/fail.h"

enum { ORDER_MAX = 4 * OFFPEAK_MAX_SPEC, PROGRESS_TAIL = 4096 };

/* ---- names */

const char *leg_name(struct leg_id id, char buffer[LEG_NAME_SIZE])
{
        snprintf(buffer, LEG_NAME_SIZE, "%" PRIu64 ".%" PRIu32, id.job, id.attempt);
        return buffer;
}

bool leg_name_parse(const char *text, struct leg_id *ret_id)
{
        char again[LEG_NAME_SIZE], *end;
        struct leg_id id;
        unsigned long long attempt;

        if (*text < '0' || *text > '9')
                return false;
        id.job = strtoull(text, &end, 10);
        if (*end != '.')
                return false;
        attempt = strtoull(end + 1, NULL, 10);
        if (attempt > UINT32_MAX)
                return false;
        id.attempt = (uint32_t)attempt;
        if (strcmp(leg_name(id, again), text) != 0) /* overflow, leading zeros, anything behind */
                return false;
        *ret_id = id;
        return true;
}

static int compare(const void *a, const void *b)
{
        const struct leg_id *x = a, *y = b;

        if (x->job != y->job)
                return x->job < y->job ? -1 : 1;
        return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

int leg_ids_append(struct leg_id **ids, size_t *count, struct leg_id id)
{
        struct leg_id *more = reallocarray(*ids, *count + 1, sizeof(*more));

        if (more == NULL)
                return OFFPEAK_ENOMEM;
        more[(*count)++] = id;
        *ids = more;
        return 0;
}

void leg_ids_sort(struct leg_id *ids, size_t count)
{
        if (count > 1)
                qsort(ids, count, sizeof(*ids), compare);
}

/* ---- the folder of all legs */

static int open_legs(const char *state, bool make, int *ret_fd, struct offpeak_error *err)
{
        char path[PATH_MAX];
        int fd;

        if (snprintf(path, sizeof(path), "%s/legs", state) >= PATH_MAX)
                return fail(err, OFFPEAK_EINVAL, "the path %s is too long", state);
        if (make && mkdir(path, 0711) < 0 && errno != EEXIST)
                return fail(err, OFFPEAK_EIO, "cannot create %s: %s", path, strerror(errno));
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot open %s: %s", path,
                            strerror(errno));
        if (make)
                fchmod(fd, 0711);
        *ret_fd = fd;
        return 0;
}

/* Empty and remove. Only files are made in a leg; a directory that a job without a user of its own put there stays. */
static void sweep(int legs, const char *name)
{
        int fd = openat(legs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (dir == NULL) {
                if (fd >= 0)
                        close(fd);
                return;
        }
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                    unlinkat(fd, entry->d_name, 0) < 0)
                        unlinkat(fd, entry->d_name, AT_REMOVEDIR);
        closedir(dir);
        unlinkat(legs, name, AT_REMOVEDIR);
}

/* ---- making one */

static int write_order(int fd, const struct message_order *order, struct offpeak_error *err)
{
        const struct message message = { .type = MESSAGE_ORDER, .u.order = *order };
        uint8_t *bytes;
        size_t size;
        int rc = message_encode(&message, &bytes, &size, err);

        if (rc != 0)
                return rc;
        rc = leg_file_put(fd, "order", bytes, size, 0600, err);
        free(bytes);
        return rc;
}

static int write_local(int fd, const struct leg_local *local, struct offpeak_error *err)
{
        char text[LEG_LOCAL_TEXT];
        int size = leg_local_format(local, text, err);

        return size < 0 ? size : leg_file_put(fd, "local", text, (size_t)size, 0600, err);
}

static int make_progress(int fd, uint32_t uid, struct offpeak_error *err)
{
        int rc = leg_file_put(fd, "progress", "", 0, 0644, err);

        if (rc == 0 && geteuid() == 0 && uid != 0 && fchownat(fd, "progress", uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0)
                rc = fail(err, OFFPEAK_EIO, "cannot give the progress file to uid %u: %s", uid, strerror(errno));
        return rc;
}

static int fill(int fd, const struct message_order *order, const struct leg_local *local, struct offpeak_error *err)
{
        int rc = write_order(fd, order, err);

        if (rc == 0)
                rc = write_local(fd, local, err);
        if (rc == 0)
                rc = leg_file_put(fd, "lock", "", 0, 0600, err);
        if (rc == 0)
                rc = make_progress(fd, order->launch.uid, err);
        if (rc == 0)
                rc = leg_exit_reserve(fd, err);
        if (rc == 0 && fsync(fd) < 0)
                rc = fail(err, OFFPEAK_EIO, "cannot write a leg to disk: %s", strerror(errno));
        return rc;
}

static int appear(int legs, const char *hidden, const char *name, struct offpeak_error *err)
{
        if (renameat(legs, hidden, legs, name) == 0 && fsync(legs) == 0)
                return 0;
        if (errno == EEXIST || errno == ENOTEMPTY)
                return fail(err, OFFPEAK_ESTATE, "leg %s exists already", name);
        return fail(err, OFFPEAK_EIO, "cannot create leg %s: %s", name, strerror(errno));
}

int leg_dir_create(const char *state, const struct message_order *order, const struct leg_local *local,
                   struct leg_dir *ret_dir, struct offpeak_error *err)
{
        const struct leg_id id = { order->job, order->attempt };
        char name[LEG_NAME_SIZE], hidden[LEG_NAME_SIZE + 8];
        int legs, fd = -1, rc = open_legs(state, true, &legs, err);

        if (rc != 0)
                return rc;
        leg_name(id, name);
        snprintf(hidden, sizeof(hidden), ".new.%s", name);
        sweep(legs, hidden);
        if (mkdirat(legs, hidden, 0711) == 0)
                fd = openat(legs, hidden, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                rc = fail(err, OFFPEAK_EIO, "cannot create leg %s: %s", name, strerror(errno));
                goto out;
        }
        fchmod(fd, 0711); /* whatever the umask is: the job opens files in it by name */
        rc = fill(fd, order, local, err);
        if (rc == 0)
                rc = appear(legs, hidden, name, err);
        if (rc == 0)
                rc = leg_dir_open(state, id, ret_dir, err);
        close(fd);
out:
        if (rc != 0)
                sweep(legs, hidden);
        close(legs);
        return rc;
}

/* ---- an open one */

int leg_dir_open(const char *state, struct leg_id id, struct leg_dir *ret_dir, struct offpeak_error *err)
{
        struct leg_dir dir = { .id = id, .lock_fd = -1 };
        char root[PATH_MAX], name[LEG_NAME_SIZE];

        if (realpath(state, root) == NULL)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot open %s: %s", state,
                            strerror(errno));
        if (snprintf(dir.path, sizeof(dir.path), "%s/legs/%s", root, leg_name(id, name)) >= PATH_MAX)
                return fail(err, OFFPEAK_EINVAL, "the path %s is too long", root);
        dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir.fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot open %s: %s", dir.path,
                            strerror(errno));
        *ret_dir = dir;
        return 0;
}

void leg_dir_close(struct leg_dir *dir)
{
        if (dir->lock_fd >= 0)
                close(dir->lock_fd);
        close(dir->fd);
        dir->lock_fd = dir->fd = -1;
}

int leg_dir_lock(struct leg_dir *dir, struct offpeak_error *err)
{
        int fd;

        if (dir->lock_fd >= 0)
                return 0;
        fd = openat(dir->fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot open %s/lock: %s",
                            dir->path, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                int rc = fail(err, errno == EWOULDBLOCK ? OFFPEAK_ETRYAGAIN : OFFPEAK_EIO, "cannot lock %s: %s",
                              dir->path, strerror(errno));

                close(fd);
                return rc;
        }
        dir->lock_fd = fd;
        return 0;
}

bool leg_dir_is_gone(const struct leg_dir *dir)
{
        struct stat mine, named;

        if (fstat(dir->fd, &mine) < 0)
                return false;
        if (lstat(dir->path, &named) < 0)
                return errno == ENOENT || errno == ENOTDIR;
        return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
}

int leg_dir_order(const struct leg_dir *dir, struct message *ret_order, struct offpeak_error *err)
{
        struct message order;
        size_t size;
        char *bytes;
        int rc = leg_file_get(dir->fd, "order", ORDER_MAX, &bytes, &size, err);

        if (rc != 0)
                return rc;
        rc = message_decode((const uint8_t *)bytes, size, &order, err);
        free(bytes);
        if (rc != 0)
                return rc;
        if (order.type != MESSAGE_ORDER || !order.u.order.has_launch || order.u.order.job != dir->id.job ||
            order.u.order.attempt != dir->id.attempt) {
                message_finish(&order);
                return fail(err, OFFPEAK_EINVAL, "%s/order is not this leg's launch order", dir->path);
        }
        *ret_order = order;
        return 0;
}

int leg_dir_local(const struct leg_dir *dir, struct leg_local *ret_local, struct offpeak_error *err)
{
        char *text;
        bool good;
        int rc = leg_file_get(dir->fd, "local", LEG_LOCAL_TEXT, &text, NULL, err);

        if (rc != 0)
                return rc;
        good = leg_local_parse(text, ret_local);
        free(text);
        return good ? 0 : fail(err, OFFPEAK_EINVAL, "%s/local is damaged", dir->path);
}

/* NUL-terminated at line_end; a NUL before it is garbage. */
static bool parse_progress(const char *line, const char *line_end, double *ret_done, double *ret_total)
{
        char *end;
        double done = strtod(line, &end), total;

        if (end == line)
                return false;
        line = end;
        total = strtod(line, &end);
        if (end == line || end + strspn(end, " \t\r") != line_end)
                return false;
        if (!isfinite(done) || !isfinite(total) || done < 0 || done > total)
                return false;
        *ret_done = done;
        *ret_total = total;
        return true;
}

int leg_dir_progress(const struct leg_dir *dir, double *ret_done, double *ret_total)
{
        char tail[PROGRESS_TAIL + 1], *line, *end;
        struct stat st;
        ssize_t n = -1;
        int fd = openat(dir->fd, "progress", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return OFFPEAK_ENOTFOUND;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
                n = pread(fd, tail, PROGRESS_TAIL, st.st_size > PROGRESS_TAIL ? st.st_size - PROGRESS_TAIL : 0);
        close(fd);
        if (n <= 0)
                return OFFPEAK_ENOTFOUND;
        tail[n] = '\0';
        end = memrchr(tail, '\n', (size_t)n); /* what is behind it is still being written */
        if (end == NULL)
                return OFFPEAK_ENOTFOUND;
        *end = '\0';
        line = memrchr(tail, '\n', (size_t)(end - tail));
        if (line == NULL && st.st_size > PROGRESS_TAIL) /* its beginning is not in sight */
                return OFFPEAK_ENOTFOUND;
        return parse_progress(line == NULL ? tail : line + 1, end, ret_done, ret_total) ? 0 : OFFPEAK_ENOTFOUND;
}

int leg_dir_write_stop(const struct leg_dir *dir, const char *reason, int64_t deadline, struct offpeak_error *err)
{
        char text[128];
        int n = snprintf(text, sizeof(text), "reason %s\ndeadline %" PRId64 "\n", reason, deadline);

        return leg_file_put(dir->fd, "stop", text, (size_t)n, 0644, err);
}

/* ---- the end, and all of them */

int leg_dir_remove(const char *state, struct leg_id id, struct offpeak_error *err)
{
        char name[LEG_NAME_SIZE], hidden[LEG_NAME_SIZE + 8];
        int legs, rc = open_legs(state, false, &legs, err);

        if (rc != 0)
                return rc;
        leg_name(id, name);
        snprintf(hidden, sizeof(hidden), ".gone.%s", name);
        sweep(legs, hidden);
        if (renameat(legs, name, legs, hidden) < 0)
                rc = fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot remove leg %s: %s", name,
                          strerror(errno));
        else if (fsync(legs) < 0)
                rc = fail(err, OFFPEAK_EIO, "cannot remove leg %s: %s", name, strerror(errno));
        if (rc == 0)
                sweep(legs, hidden);
        close(legs);
        return rc;
}

static int read_legs(DIR *dir, struct leg_id **ids, size_t *count)
{
        struct leg_id id;
        int rc = 0;

        for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
                if (entry->d_name[0] != '.') {
                        if (leg_name_parse(entry->d_name, &id))
                                rc = leg_ids_append(ids, count, id);
                } else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
                        sweep(dirfd(dir), entry->d_name);
                }
        }
        return rc;
}

int leg_dir_list(const char *state, struct leg_id **ret_ids, size_t *ret_count, bool *ret_fresh,
                 struct offpeak_error *err)
{
        struct leg_id *ids = NULL;
        size_t count = 0;
        DIR *dir = NULL;
        int legs, rc = open_legs(state, false, &legs, err);
        bool fresh = rc == OFFPEAK_ENOTFOUND;

        if (rc == 0) {
                dir = fdopendir(legs);
                rc = dir == NULL ? OFFPEAK_ENOMEM : read_legs(dir, &ids, &count);
                if (rc != 0)
                        fail(err, rc, "out of memory for the legs in %s", state);
                if (dir != NULL)
                        closedir(dir);
                else
                        close(legs);
        } else if (fresh) {
                rc = 0;
        }
        if (rc != 0) {
                free(ids);
                return rc;
        }
        leg_ids_sort(ids, count);
        *ret_ids = ids;
        *ret_count = count;
        if (ret_fresh != NULL)
                *ret_fresh = fresh;
        return 0;
}
