/* SPDX-License-Identifier: Apache-2.0 */
#include "io/secret_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

enum { LARGEST = 4096, SHORTEST = 4 };

static int check_file(int fd, const char *path, struct offpeak_error *err)
{
        struct stat status;

        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
                return fail(err, OFFPEAK_ECONFIG, "%s: not a regular file", path);
        if ((status.st_mode & 077) != 0)
                return fail(err, OFFPEAK_EPERMISSION,
                            "%s: others can read this secret (mode %04o): run `chmod 600 %s`, and ask for a new one if somebody "
                            "may have read it",
                            path, (unsigned)status.st_mode & 07777, path);
        if (status.st_uid != geteuid() && status.st_uid != 0)
                return fail(err, OFFPEAK_EPERMISSION, "%s: this secret belongs to user %u: use a file of your own", path,
                            (unsigned)status.st_uid);
        return 0;
}

/* The one line, in place; its length, or 0 if it is none. */
static size_t trim(char *text, size_t size)
{
        size_t from = 0;

        while (from < size && isspace((unsigned char)text[from]))
                from++;
        while (size > from && isspace((unsigned char)text[size - 1]))
                size--;
        for (size_t i = from; i < size; i++)
                if (text[i] < 0x20 || text[i] == 0x7f) /* signed: bytes beyond ASCII too */
                        return 0;
        memmove(text, text + from, size - from);
        text[size - from] = '\0';
        return size - from;
}

int secret_file_read(const char *path, char **ret_secret, struct offpeak_error *err)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold us up */
        char text[LARGEST + 2];
        ssize_t size = 0;
        int code;

        if (fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        code = check_file(fd, path, err);
        if (code == 0) {
                size = read(fd, text, LARGEST + 1);
                if (size < 0)
                        code = fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        }
        close(fd);
        if (code != 0)
                return code;
        if (size > LARGEST || trim(text, (size_t)size) < SHORTEST)
                code = fail(err, OFFPEAK_ECONFIG, "%s: a secret is one line of %d to %d printable characters", path,
                            SHORTEST, LARGEST);
        else if ((*ret_secret = strdup(text)) == NULL)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        explicit_bzero(text, sizeof(text));
        return code;
}

void secret_free(char *secret)
{
        if (secret != NULL)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

/* ---- hiding */

static bool is_plain(char c)
{
        return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~", c) != NULL);
}

/* How many bytes at `at` are the secret, each of its characters as it is or as %XX; 0: they are not. */
static size_t match(const char *at, const char *secret)
{
        const char *from = at;

        for (; *secret != '\0'; secret++) {
                char escaped[4];

                snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned char)*secret);
                if (*at == *secret)
                        at++;
                else if (!is_plain(*secret) && strncasecmp(at, escaped, 3) == 0)
                        at += 3;
                else
                        return 0;
        }
        return (size_t)(at - from);
}

void secret_redact(char *text, const char *const *secrets, size_t n)
{
        for (; *text != '\0'; text++) {
                for (size_t i = 0; i < n; i++) {
                        size_t size = match(text, secrets[i]);

                        if (size == 0)
                                continue;
                        memcpy(text, "***", 3);
                        memmove(text + 3, text + size, strlen(text + size) + 1);
                        text += 2;
                        break;
                }
        }
}
