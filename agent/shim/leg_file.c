/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/leg_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

int leg_file_write(int fd, const char *name, const void *bytes, size_t size, struct offpeak_error *err)
{
        const char *at = bytes;
        size_t left = size;

        while (left > 0) {
                ssize_t n = write(fd, at, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail(err, OFFPEAK_EIO, "cannot write %s: %s", name, strerror(errno));
                at += n;
                left -= (size_t)n;
        }
        if (fsync(fd) < 0)
                return fail(err, OFFPEAK_EIO, "cannot write %s to disk: %s", name, strerror(errno));
        return 0;
}

int leg_file_put(int dir, const char *name, const void *bytes, size_t size, mode_t mode, struct offpeak_error *err)
{
        char temp[64];
        int fd, rc;

        snprintf(temp, sizeof(temp), ".%s.new", name);
        unlinkat(dir, temp, 0); /* left by a crash; O_EXCL below keeps us from writing through a link */
        fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "cannot create %s: %s", name, strerror(errno));
        if (fchmod(fd, mode) < 0) { /* whatever the umask is */
                rc = fail(err, OFFPEAK_EIO, "cannot set the mode of %s: %s", name, strerror(errno));
                goto out;
        }
        rc = leg_file_write(fd, name, bytes, size, err);
        if (rc == 0 && renameat(dir, temp, dir, name) < 0)
                rc = fail(err, OFFPEAK_EIO, "cannot put %s in place: %s", name, strerror(errno));
out:
        close(fd);
        if (rc != 0)
                unlinkat(dir, temp, 0);
        return rc;
}

static int read_all(int fd, const char *name, char *text, size_t size, size_t *ret_used, struct offpeak_error *err)
{
        size_t used = 0;

        while (used < size) {
                ssize_t n = read(fd, text + used, size - used);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail(err, OFFPEAK_EIO, "cannot read %s: %s", name, strerror(errno));
                if (n == 0)
                        break;
                used += (size_t)n;
        }
        *ret_used = used;
        return 0;
}

int leg_file_get(int dir, const char *name, size_t max, char **ret_text, size_t *ret_size, struct offpeak_error *err)
{
        struct stat st;
        char *text = NULL;
        size_t size = 0;
        int rc, fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot open %s: %s", name,
                            strerror(errno));
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)max) {
                rc = fail(err, OFFPEAK_EINVAL, "%s is not a file of at most %zu bytes", name, max);
                goto out;
        }
        text = malloc((size_t)st.st_size + 1);
        if (text == NULL) {
                rc = fail(err, OFFPEAK_ENOMEM, "out of memory for %s", name);
                goto out;
        }
        rc = read_all(fd, name, text, (size_t)st.st_size, &size, err);
        if (rc != 0)
                goto out;
        text[size] = '\0';
        *ret_text = text;
        if (ret_size != NULL)
                *ret_size = size;
        text = NULL;
out:
        free(text);
        close(fd);
        return rc;
}

bool leg_file_field(const char *text, const char *key, char *buffer, size_t size)
{
        size_t key_size = strlen(key);

        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *value = line + key_size + 1;
                size_t length;

                if (strncmp(line, key, key_size) != 0 || line[key_size] != ' ')
                        continue;
                length = strcspn(value, "\n");
                if (length >= size)
                        return false;
                memcpy(buffer, value, length);
                buffer[length] = '\0';
                return true;
        }
        return false;
}

bool leg_file_number(const char *text, const char *key, int64_t min, int64_t max, int64_t *ret_value)
{
        char digits[32], *end;
        long long value;

        if (!leg_file_field(text, key, digits, sizeof(digits)))
                return false;
        errno = 0;
        value = strtoll(digits, &end, 10);
        if (errno != 0 || end == digits || *end != '\0' || value < min || value > max)
                return false;
        *ret_value = value;
        return true;
}
