/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/remote/remote_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/shim/leg_file.h"
#include "base/fail.h"

#define NAME "remote"

/* ---- writing */

static int format(const struct message_launch *launch, FILE *out, struct offpeak_error *err)
{
        fprintf(out, "rank %u\nsignal %d\nsecret ", launch->rank,
                launch->spec.signal > 0 ? launch->spec.signal : SIGTERM);
        for (size_t i = 0; i < sizeof(launch->spec.secret); i++)
                fprintf(out, "%02x", launch->spec.secret[i]);
        fputc('\n', out);
        for (size_t i = 0; i < launch->n_addresses; i++) {
                if (strpbrk(launch->nodes[i], " \t\n") != NULL || strpbrk(launch->addresses[i], " \t\n") != NULL)
                        return fail(err, OFFPEAK_EINVAL, "the name or address of node \"%s\" has a blank in it: %s",
                                    launch->nodes[i], launch->addresses[i]);
                fprintf(out, "node %s %s\n", launch->nodes[i], launch->addresses[i]);
        }
        return 0;
}

static int give(int dir, uint32_t uid, struct offpeak_error *err)
{
        if (geteuid() == 0 && uid != 0 && fchownat(dir, NAME, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(err, OFFPEAK_EIO, "cannot give the file \"" NAME "\" to uid %u: %s", uid, strerror(errno));
        return 0;
}

int remote_file_write(int dir, const struct message_order *order, struct offpeak_error *err)
{
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        int rc;

        if (out == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory for \"" NAME "\"");
        rc = format(&order->launch, out, err);
        if (fclose(out) != 0 && rc == 0)
                rc = fail(err, OFFPEAK_ENOMEM, "out of memory for \"" NAME "\"");
        if (rc == 0)
                rc = leg_file_put(dir, NAME, text, size, 0400, err);
        if (rc == 0)
                rc = give(dir, order->launch.uid, err);
        if (text != NULL)
                explicit_bzero(text, size);
        free(text);
        return rc;
}

/* ---- reading */

static bool read_hex(const char *digits, uint8_t *bytes, size_t n)
{
        if (strspn(digits, "0123456789abcdef") != 2 * n || digits[2 * n] != '\0')
                return false;
        for (size_t i = 0; i < n; i++) {
                const char pair[3] = { digits[2 * i], digits[2 * i + 1], '\0' };

                bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
        }
        return true;
}

static int add_node(struct remote_file *file, const char *name, const char *address)
{
        struct remote_node *more = reallocarray(file->nodes, file->n_nodes + 1, sizeof(*more));

        if (more == NULL)
                return OFFPEAK_ENOMEM;
        file->nodes = more;
        more[file->n_nodes] = (struct remote_node){ strdup(name), strdup(address) };
        file->n_nodes++;
        return more[file->n_nodes - 1].name != NULL && more[file->n_nodes - 1].address != NULL ? 0 : OFFPEAK_ENOMEM;
}

/* text: "node NAME ADDRESS\n", as often as there are nodes. */
static int read_nodes(char *text, struct remote_file *file)
{
        char *rest = NULL;

        for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
                char *space = strrchr(line, ' ');

                if (strncmp(line, "node ", 5) != 0)
                        continue;
                if (space <= line + 5)
                        return OFFPEAK_EINVAL;
                *space = '\0';
                if (add_node(file, line + 5, space + 1) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return file->rank < file->n_nodes ? 0 : OFFPEAK_EINVAL;
}

static int parse(char *text, struct remote_file *file)
{
        char digits[2 * OFFPEAK_SECRET_SIZE + 1];
        int64_t rank, signal;
        bool good = leg_file_number(text, "rank", 0, UINT32_MAX, &rank) &&
                    leg_file_number(text, "signal", 1, SIGRTMAX, &signal) &&
                    leg_file_field(text, "secret", digits, sizeof(digits)) &&
                    read_hex(digits, file->secret, sizeof(file->secret));

        explicit_bzero(digits, sizeof(digits));
        if (!good)
                return OFFPEAK_EINVAL;
        file->rank = (uint32_t)rank;
        file->signal = (int)signal;
        return read_nodes(text, file);
}

static int read_all(const char *path, char **ret_text, size_t *ret_size, struct offpeak_error *err)
{
        char *text = NULL;
        size_t size = 0;
        FILE *in = fopen(path, "re");
        ssize_t n = in == NULL ? -1 : getdelim(&text, &size, '\0', in);
        const int failure = errno;

        if (in != NULL)
                fclose(in);
        if (n < 0) {
                free(text);
                return fail(err, failure == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "cannot read %s: %s", path,
                            strerror(failure));
        }
        *ret_text = text;
        *ret_size = (size_t)n;
        return 0;
}

int remote_file_read(const char *path, struct remote_file *ret_file, struct offpeak_error *err)
{
        struct remote_file file = { 0 };
        char *text;
        size_t size;
        int rc = read_all(path, &text, &size, err);

        if (rc != 0)
                return rc;
        rc = parse(text, &file);
        explicit_bzero(text, size);
        free(text);
        if (rc != 0) {
                remote_file_finish(&file);
                return fail(err, rc, "%s %s", path, rc == OFFPEAK_ENOMEM ? "does not fit into memory" : "is damaged");
        }
        *ret_file = file;
        return 0;
}

void remote_file_finish(struct remote_file *file)
{
        for (size_t i = 0; i < file->n_nodes; i++) {
                free(file->nodes[i].name);
                free(file->nodes[i].address);
        }
        free(file->nodes);
        explicit_bzero(file, sizeof(*file));
}

/* ---- using it */

static bool is_host(const char *address, const char *host)
{
        size_t length = (size_t)(strrchr(address, ':') - address);

        if (address[0] == '[') {
                address++;
                length -= 2;
        }
        return strlen(host) == length && strncmp(address, host, length) == 0;
}

const struct remote_node *remote_file_find(const struct remote_file *file, const char *host)
{
        const char *at = strrchr(host, '@');

        if (at != NULL)
                host = at + 1;
        for (size_t i = 0; i < file->n_nodes; i++)
                if (strcmp(file->nodes[i].name, host) == 0)
                        return &file->nodes[i];
        for (size_t i = 0; i < file->n_nodes; i++)
                if (strrchr(file->nodes[i].address, ':') != NULL && is_host(file->nodes[i].address, host))
                        return &file->nodes[i];
        return NULL;
}

const char *remote_program(char *buffer, size_t size)
{
        char program[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
        const char *slash;

        program[n < 0 ? 0 : n] = '\0';
        slash = strrchr(program, '/');
        snprintf(buffer, size, "%.*s/offpeak-rsh", slash == NULL ? 0 : (int)(slash - program), program);
        return buffer;
}
