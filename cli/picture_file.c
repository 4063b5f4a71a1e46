/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/picture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

static int cannot(const char *option, const char *path, int number, struct offpeak_error *err)
{
        int code = number == ENOENT || number == ENOTDIR                    ? OFFPEAK_ENOTFOUND
                   : number == EACCES || number == EPERM || number == EROFS ? OFFPEAK_EPERMISSION
                                                                            : OFFPEAK_EIO;
        const char *remedy = code == OFFPEAK_ENOTFOUND     ? "make its folder first"
                             : code == OFFPEAK_EPERMISSION ? "name a file where you may write"
                             : number == EISDIR            ? "name a file in it"
                             : number == ENOSPC            ? "make room, or name a file elsewhere"
                                                           : "name another file, or - for the standard output";

        return fail(err, code, "%s %s: cannot be written: %s: %s", option, path, strerror(number), remedy);
}

static int write_all(int fd, const char *text)
{
        size_t left = strlen(text);

        while (left > 0) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno;
                text += n;
                left -= (size_t)n;
        }
        return 0;
}

/* A pipe, a terminal: there is nothing to keep. */
static int write_through(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), number;

        if (fd < 0)
                return errno;
        number = write_all(fd, text);
        if (close(fd) != 0 && number == 0)
                number = errno;
        return number;
}

/* What a new file may be, by the umask; what was there keeps its own. */
static mode_t mode_of(const struct stat *before)
{
        mode_t mask;

        if (before != NULL)
                return before->st_mode & 0777;
        mask = umask(0);
        umask(mask);
        return 0666 & ~mask;
}

/* errno, or 0. temporary is a template as of mkstemp. */
static int write_beside(char *temporary, const char *path, mode_t mode, const char *text)
{
        int fd = mkostemp(temporary, O_CLOEXEC), number;

        if (fd < 0)
                return errno;
        number = write_all(fd, text);
        if (number == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
                number = errno;
        if (close(fd) != 0 && number == 0)
                number = errno;
        if (number == 0 && rename(temporary, path) != 0)
                number = errno;
        if (number != 0)
                unlink(temporary);
        return number;
}

int picture_write(const char *option, const char *path, const char *text, struct offpeak_error *err)
{
        char *target = realpath(path, NULL), *temporary = NULL; /* what a link leads to is replaced, not the link */
        struct stat before;
        bool exists = stat(path, &before) == 0;
        int number;

        if (exists && S_ISDIR(before.st_mode))
                number = EISDIR;
        else if (exists && !S_ISREG(before.st_mode))
                number = write_through(path, text);
        else if (exists && access(path, W_OK) != 0)
                number = errno; /* a folder that may be written to would let it be replaced all the same */
        else if (asprintf(&temporary, "%s.XXXXXX", target != NULL ? target : path) < 0)
                number = ENOMEM;
        else
                number =
                        write_beside(temporary, target != NULL ? target : path, mode_of(exists ? &before : NULL), text);
        free(temporary);
        free(target);
        return number != 0 ? cannot(option, path, number, err) : 0;
}

int picture_save(struct picture *picture, const char *path, FILE *out, struct offpeak_error *err)
{
        char *text = NULL;
        int r = picture_draw(picture, &text, err);

        if (r != 0)
                return r;
        if (strcmp(path, "-") == 0)
                fputs(text, out);
        else
                r = picture_write("--svg", path, text, err);
        free(text);
        return r;
}

int picture_of_answer(const json_t *document, const struct screen *screen, picture_of_document fill, const char *path,
                      FILE *out, struct offpeak_error *err)
{
        struct screen wide = *screen; /* whatever the output is: a picture has all letters, and no colour codes */
        struct picture picture = { 0 };
        int r;

        wide.utf8 = true;
        wide.colour = false;
        r = fill(document, &wide, &picture);
        r = r != 0 ? fail(err, r, "out of memory") : picture_save(&picture, path, out, err);
        picture_finish(&picture);
        return r;
}
