/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fail.h"

#define SYSTEM_SOCKET "/run/offpeak/offpeakd.sock"

static int parse_ipc(const char *path, struct endpoint *ret_endpoint, struct offpeak_error *err)
{
        struct endpoint endpoint = { .is_ipc = true };

        if (path[0] != '/')
                return fail(err, OFFPEAK_ECONFIG, "ipc://%s: give a full path, as in ipc:///run/offpeak/offpeakd.sock",
                            path);
        if (strlen(path) >= sizeof(endpoint.path))
                return fail(err, OFFPEAK_ECONFIG,
                            "ipc://%s: the kernel takes %zu bytes of a socket's path: choose a shorter one",
                            path, sizeof(endpoint.path) - 1);
        strcpy(endpoint.path, path);
        *ret_endpoint = endpoint;
        return 0;
}

static int parse_port(const char *text, int *ret_port)
{
        char *end;
        long port;

        if (text[0] < '0' || text[0] > '9')
                return -1;
        port = strtol(text, &end, 10);
        if (*end != '\0' || port > 65535)
                return -1;
        *ret_port = (int)port;
        return 0;
}

static int parse_tcp(const char *text, struct endpoint *ret_endpoint, struct offpeak_error *err)
{
        struct endpoint endpoint = { .is_ipc = false };
        const char *colon = strrchr(text, ':');
        const char *host = text;
        size_t length = colon != NULL ? (size_t)(colon - text) : 0;

        if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
                host++;
                length -= 2;
        } else if (memchr(host, ':', length) != NULL) {
                return fail(err, OFFPEAK_ECONFIG, "tcp://%s: put an IPv6 address into brackets, as in tcp://[::1]:7711",
                            text);
        }
        if (length == 0 || length >= sizeof(endpoint.host) || parse_port(colon + 1, &endpoint.port) != 0)
                return fail(err, OFFPEAK_ECONFIG, "tcp://%s: give host and port, as in tcp://127.0.0.1:7711", text);
        memcpy(endpoint.host, host, length);
        *ret_endpoint = endpoint;
        return 0;
}

int endpoint_parse(const char *text, struct endpoint *ret_endpoint, struct offpeak_error *err)
{
        if (strncmp(text, "ipc://", 6) == 0)
                return parse_ipc(text + 6, ret_endpoint, err);
        if (strncmp(text, "tcp://", 6) == 0)
                return parse_tcp(text + 6, ret_endpoint, err);
        return fail(err, OFFPEAK_ECONFIG, "\"%.200s\" is no endpoint: write ipc:///PATH or tcp://HOST:PORT", text);
}

bool endpoint_is_local(const struct endpoint *endpoint)
{
        struct in_addr v4;
        struct in6_addr v6;

        if (endpoint->is_ipc || strcmp(endpoint->host, "localhost") == 0)
                return true;
        if (inet_pton(AF_INET, endpoint->host, &v4) == 1)
                return ntohl(v4.s_addr) >> 24 == 127;
        return inet_pton(AF_INET6, endpoint->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* In /tmp anybody may make a directory of our name first, and listen in it. */
static int check_own(const char *directory, struct offpeak_error *err)
{
        struct stat status;

        if (lstat(directory, &status) != 0)
                return 0; /* not there yet */
        if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0)
                return fail(err, OFFPEAK_EPERMISSION,
                            "%s is not your own, or others can write there: remove it, or set XDG_RUNTIME_DIR or "
                            "OFFPEAK_SERVER",
                            directory);
        return 0;
}

int endpoint_default(char ret_text[ENDPOINT_TEXT], struct offpeak_error *err)
{
        const char *server = getenv("OFFPEAK_SERVER");
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        char directory[32], text[ENDPOINT_TEXT];
        int size, code = 0;

        if (server != NULL && server[0] != '\0') {
                size = snprintf(text, sizeof(text), "%s", server);
        } else if (geteuid() == 0 || access(SYSTEM_SOCKET, F_OK) == 0) {
                size = snprintf(text, sizeof(text), "ipc://%s", SYSTEM_SOCKET);
        } else if (runtime != NULL && runtime[0] == '/') {
                size = snprintf(text, sizeof(text), "ipc://%s/offpeak/offpeakd.sock", runtime);
        } else {
                snprintf(directory, sizeof(directory), "/tmp/offpeak-%u", (unsigned)geteuid());
                code = check_own(directory, err);
                size = snprintf(text, sizeof(text), "ipc://%s/offpeakd.sock", directory);
        }
        if (code == 0 && size >= (int)sizeof(text))
                code = fail(err, OFFPEAK_ECONFIG, "the endpoint in %s is too long",
                            server != NULL && server[0] != '\0' ? "OFFPEAK_SERVER" : "XDG_RUNTIME_DIR");
        if (code == 0)
                strcpy(ret_text, text);
        return code;
}

int endpoint_probe(const struct endpoint *endpoint, struct offpeak_error *err)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct stat status;
        int fd, code = 0;

        if (stat(endpoint->path, &status) == 0 && !S_ISSOCK(status.st_mode))
                return fail(err, OFFPEAK_ECONFIG, "%s is there, and no socket: remove it, or choose another path",
                            endpoint->path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "no socket: %s", strerror(errno));
        strcpy(address.sun_path, endpoint->path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno != EAGAIN)
                code = fail(err, errno == EACCES || errno == EPERM ? OFFPEAK_EPERMISSION : OFFPEAK_EUNREACHABLE,
                            "%s: %s", endpoint->path, strerror(errno));
        close(fd);
        return code;
}

int endpoint_make_directory(const struct endpoint *endpoint, struct offpeak_error *err)
{
        char directory[sizeof(endpoint->path)];
        char *slash;

        strcpy(directory, endpoint->path);
        slash = strrchr(directory, '/');
        if (slash == directory)
                return 0;
        *slash = '\0';
        if (mkdir(directory, geteuid() == 0 ? 0755 : 0700) != 0 && errno != EEXIST)
                return fail(err, OFFPEAK_EIO, "%s: %s", directory, strerror(errno));
        return strncmp(directory, "/tmp/offpeak-", 13) == 0 ? check_own(directory, err) : 0;
}
