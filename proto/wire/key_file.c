/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zmq.h>

#include "base/fail.h"
#include "wire/utf8.h"

enum { FILE_MAX = 4096 };

static int set_name(struct key_file *file, const char *value, struct offpeak_error *err)
{
        if (value[0] == '\0' || strlen(value) >= sizeof(file->key.name) || !utf8_printable(value))
                return fail(err, OFFPEAK_ECONFIG, "a name must have 1 to %zu printable bytes",
                            sizeof(file->key.name) - 1);
        strcpy(file->key.name, value);
        return 0;
}

static int set_key(char key[WIRE_KEY_TEXT], const char *value, struct offpeak_error *err)
{
        uint8_t bytes[WIRE_KEY_BYTES];

        if (strlen(value) != WIRE_KEY_TEXT - 1 || zmq_z85_decode(bytes, value) == NULL)
                return fail(err, OFFPEAK_ECONFIG, "a key must be %d characters of Z85", WIRE_KEY_TEXT - 1);
        strcpy(key, value);
        return 0;
}

static int set(struct key_file *file, const char *key, const char *value, struct offpeak_error *err)
{
        if (strcmp(key, "name") == 0)
                return set_name(file, value, err);
        if (strcmp(key, "role") == 0)
                return wire_role_parse(value, &file->key.role, err);
        if (strcmp(key, "public-key") == 0)
                return set_key(file->key.public_key, value, err);
        if (strcmp(key, "secret-key") == 0)
                return set_key(file->secret_key, value, err);
        return fail(err, OFFPEAK_ECONFIG, "unknown key \"%.40s\": name, role, public-key and secret-key are known",
                    key);
}

/* Cut blanks from both ends, in place. */
static char *trim(char *text)
{
        char *end;

        text += strspn(text, " \t\r");
        end = text + strlen(text);
        while (end > text && strchr(" \t\r", end[-1]) != NULL)
                end--;
        *end = '\0';
        return text;
}

static int parse_line(struct key_file *file, char *line, struct offpeak_error *err)
{
        char *equals;

        line = trim(line);
        if (line[0] == '\0' || line[0] == '#')
                return 0;
        equals = strchr(line, '=');
        if (equals == NULL)
                return fail(err, OFFPEAK_ECONFIG, "expected `key = value`");
        *equals = '\0';
        return set(file, trim(line), trim(equals + 1), err);
}

static int parse(char *text, struct key_file *file, struct offpeak_error *err)
{
        int number = 0;

        for (char *line = text, *next; line != NULL; line = next) {
                next = strchr(line, '\n');
                if (next != NULL)
                        *next++ = '\0';
                number++;
                if (parse_line(file, line, err) != 0)
                        return fail_at(err, "%d", number);
        }
        return 0;
}

static int check_mode(const struct stat *status, const char *path, struct offpeak_error *err)
{
        if ((status->st_mode & 077) != 0)
                return fail(err, OFFPEAK_EPERMISSION,
                            "%s: others can read this secret (mode %04o): run `chmod 600 %s`, and make a new key if "
                            "somebody may have read it",
                            path, (unsigned)status->st_mode & 07777, path);
        if (status->st_uid != geteuid() && status->st_uid != 0)
                return fail(err, OFFPEAK_EPERMISSION, "%s: this secret belongs to user %u: use a key of your own", path,
                            (unsigned)status->st_uid);
        return 0;
}

static int read_text(const char *path, bool want_secret, char text[FILE_MAX + 1], struct offpeak_error *err)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold us up */
        struct stat status;
        ssize_t size = 0;
        int code = 0;

        if (fd < 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
                code = fail(err, OFFPEAK_ECONFIG, "%s: not a regular file", path);
        else if (want_secret)
                code = check_mode(&status, path, err);
        if (code == 0) {
                size = read(fd, text, FILE_MAX + 1);
                if (size < 0)
                        code = fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
                else if (size > FILE_MAX || memchr(text, '\0', (size_t)size) != NULL)
                        code = fail(err, OFFPEAK_ECONFIG, "%s: not a key file", path);
                else
                        text[size] = '\0';
        }
        close(fd);
        return code;
}

static int check_complete(const struct key_file *file, bool want_secret, const char *path, struct offpeak_error *err)
{
        char derived[WIRE_KEY_TEXT];

        if (file->key.name[0] == '\0' || file->key.role == 0 || file->key.public_key[0] == '\0')
                return fail(err, OFFPEAK_ECONFIG, "%s: name, role and public-key must all be given", path);
        if (!want_secret)
                return 0;
        if (file->secret_key[0] == '\0')
                return fail(err, OFFPEAK_ECONFIG, "%s: no secret-key: this is a .pub file, the .key file is wanted",
                            path);
        if (zmq_curve_public(derived, file->secret_key) != 0 || strcmp(derived, file->key.public_key) != 0)
                return fail(err, OFFPEAK_ECONFIG, "%s: public-key and secret-key are no pair: make a new key", path);
        return 0;
}

int key_file_read(const char *path, bool want_secret, struct key_file *ret_file, struct offpeak_error *err)
{
        struct key_file file = { 0 };
        char text[FILE_MAX + 1];
        int code = read_text(path, want_secret, text, err);

        if (code == 0 && parse(text, &file, err) != 0)
                code = fail_at(err, "%s", path);
        if (code == 0)
                code = check_complete(&file, want_secret, path, err);
        if (code == 0)
                *ret_file = file;
        explicit_bzero(text, sizeof(text));
        explicit_bzero(&file, sizeof(file));
        return code;
}

static int format(const struct key_file *file, bool with_secret, char text[FILE_MAX])
{
        int size = snprintf(text, FILE_MAX, "# Offpeak: %s\nname = %s\nrole = %s\npublic-key = %s\n",
                            with_secret ? "secret key, for its owner alone" : "public key, to hand out", file->key.name,
                            wire_role_name(file->key.role), file->key.public_key);

        if (with_secret)
                size += snprintf(text + size, FILE_MAX - (size_t)size, "secret-key = %s\n", file->secret_key);
        return size;
}

int key_file_write(const char *path, bool with_secret, const struct key_file *file, struct offpeak_error *err)
{
        char text[FILE_MAX];
        int size = format(file, with_secret, text);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, with_secret ? 0600 : 0644);
        int code = 0;

        if (fd < 0 && errno == EEXIST)
                code = fail(err, OFFPEAK_ECONFIG, "%s exists: remove it first, or choose another name", path);
        else if (fd < 0)
                code = fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
        else if (write(fd, text, (size_t)size) != size || fsync(fd) != 0) {
                code = fail(err, OFFPEAK_EIO, "%s: %s", path, strerror(errno));
                unlink(path);
        }
        if (fd >= 0)
                close(fd);
        explicit_bzero(text, sizeof(text));
        return code;
}
