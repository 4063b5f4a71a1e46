/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shim/link_wire.h"
#include "base/fail.h"

struct link {
        uv_poll_t poll;
        int fd;
        struct link_events events;
        bool closing;
        void (*closed)(void *context);
        void *closed_context;
};

/* ---- hearing */

static void tell(struct link *link, const struct link_message *message)
{
        const struct link_state state = {
                .id = { message->job, message->attempt },
                .epoch = message->epoch,
                .devices = message->devices,
                .lease_ms = message->lease_ms,
                .lease_deadline_ms = message->lease_deadline_ms,
                .state = (enum report_state)message->state,
                .how = (enum leg_how)message->how,
                .status = message->status,
                .killed = message->killed != 0,
                .started = message->started,
                .ended = message->ended,
                .contained = message->contained != 0,
        };

        link->events.state(link->events.context, &state);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
        struct link *link = poll->data;
        struct link_message message;
        int rc = 0;

        (void)status; /* an error of the socket shows in recv, too */
        (void)events;
        while (!link->closing && (rc = link_receive(link->fd, &message)) > 0)
                if (message.type == LINK_STATE)
                        tell(link, &message);
        if (link->closing || rc == -EAGAIN)
                return;
        uv_poll_stop(&link->poll);
        link->events.gone(link->events.context);
}

/* Takes the descriptor, also when it fails. */
static int open_link(uv_loop_t *loop, int fd, const struct link_events *events, struct link **ret_link,
                     struct offpeak_error *err)
{
        struct link *link = calloc(1, sizeof(*link));

        if (link == NULL) {
                close(fd);
                return fail(err, OFFPEAK_ENOMEM, "out of memory for a link to a shim");
        }
        link->fd = fd;
        link->events = *events;
        link->poll.data = link;
        if (uv_poll_init(loop, &link->poll, fd) < 0) {
                close(fd);
                free(link);
                return fail(err, OFFPEAK_EIO, "cannot watch a link to a shim");
        }
        uv_poll_start(&link->poll, UV_READABLE | UV_DISCONNECT, on_readable);
        *ret_link = link;
        return 0;
}

/* ---- starting */

const char *link_shim_path(char *buffer, size_t size)
{
        const char *given = getenv("OFFPEAK_SHIM");
        char program[PATH_MAX];
        ssize_t n;

        if (given != NULL && given[0] != '\0') {
                snprintf(buffer, size, "%s", given);
                return buffer;
        }
        n = readlink("/proc/self/exe", program, sizeof(program) - 1);
        program[n < 0 ? 0 : n] = '\0';
        program[n < 0 ? 0 : (size_t)(strrchr(program, '/') - program)] = '\0';
        snprintf(buffer, size, "%s/offpeak-shim", program);
        if (access(buffer, X_OK) < 0)
                snprintf(buffer, size, "%s/../libexec/offpeak-shim", program);
        return buffer;
}

/* In the child of a program that may have threads: system calls only. */
static void become_shim(const char *const *argv, int link_fd, int null_fd, int error_fd)
{
        pid_t pid;
        int failure;

        setsid();
        pid = _Fork(); /* its parent is init from now on: nobody has to wait for it */
        if (pid > 0)
                _exit(0);
        if (pid == 0 && dup2(null_fd, 0) == 0 && dup2(null_fd, 1) == 1 && dup2(null_fd, 2) == 2 &&
            fcntl(link_fd, F_SETFD, 0) == 0 && setsid() > 0)
                execv(argv[0], (char *const *)argv);
        failure = errno;
        if (write(error_fd, &failure, sizeof(failure)) != sizeof(failure))
                _exit(1);
        _exit(1);
}

/* Fork twice, exec; returns 0 or the errno of what failed in the children. */
static int spawn(const char *const *argv, int link_fd)
{
        int errors[2], null_fd, failure = 0;
        pid_t pid;
        ssize_t n;

        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null_fd < 0)
                return errno;
        if (pipe2(errors, O_CLOEXEC) < 0) {
                failure = errno;
                goto out;
        }
        pid = fork();
        if (pid == 0)
                become_shim(argv, link_fd, null_fd, errors[1]);
        if (pid < 0)
                failure = errno;
        close(errors[1]);
        while (pid > 0 && (n = read(errors[0], &failure, sizeof(failure))) < 0 && errno == EINTR)
                ;
        while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        close(errors[0]);
out:
        close(null_fd);
        return failure;
}

int link_start(uv_loop_t *loop, const struct link_config *config, struct leg_id id, const struct link_events *events,
               struct link **ret_link, struct offpeak_error *err)
{
        static const char *const contain[] = { "auto", "namespace", "guard" };
        char name[LEG_NAME_SIZE], margin[24], link_fd[16];
        const char *const argv[] = { config->shim,
                                     "--state",
                                     config->state,
                                     "--node",
                                     config->node,
                                     "--leg",
                                     leg_name(id, name),
                                     "--contain",
                                     contain[config->contain],
                                     "--margin-ms",
                                     margin,
                                     "--link-fd",
                                     link_fd,
                                     NULL };
        struct sockaddr_un address;
        int pair[2], failure;

        snprintf(margin, sizeof(margin), "%" PRId64, config->margin_ms > 0 ? config->margin_ms : LINK_MARGIN_MS);
        if (link_address(config->node, id, &address) == 0)
                return fail(err, OFFPEAK_EINVAL, "the node's name %s is too long for a shim's address", config->node);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return fail(err, OFFPEAK_EIO, "cannot make a link to a shim: %s", strerror(errno));
        snprintf(link_fd, sizeof(link_fd), "%d", pair[1]);
        failure = spawn(argv, pair[1]);
        close(pair[1]);
        if (failure != 0) {
                close(pair[0]);
                return fail(err, OFFPEAK_EIO, "cannot start %s: %s", config->shim, strerror(failure));
        }
        return open_link(loop, pair[0], events, ret_link, err);
}

/* ---- finding */

int link_connect(uv_loop_t *loop, const struct link_config *config, struct leg_id id, const struct link_events *events,
                 struct link **ret_link, struct offpeak_error *err)
{
        struct sockaddr_un address;
        socklen_t size = link_address(config->node, id, &address);
        char name[LEG_NAME_SIZE];
        int rc, fd;

        leg_name(id, name);
        if (size == 0)
                return fail(err, OFFPEAK_EINVAL, "the node's name %s is too long for a shim's address", config->node);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fail(err, OFFPEAK_EIO, "cannot make a link to a shim: %s", strerror(errno));
        if (connect(fd, (const struct sockaddr *)&address, size) < 0) {
                rc = errno == ECONNREFUSED ? OFFPEAK_ENOTFOUND : errno == EAGAIN ? OFFPEAK_ETRYAGAIN : OFFPEAK_EIO;
                rc = fail(err, rc, "cannot reach the shim of %s: %s", name, strerror(errno));
        } else if (!link_peer_is_ours(fd)) {
                rc = fail(err, OFFPEAK_EPERMISSION, "another user's program listens as the shim of %s", name);
        } else {
                return open_link(loop, fd, events, ret_link, err);
        }
        close(fd);
        return rc;
}

/* `Num RefCount Protocol Flags Type St Inode Path` with prefix "@offpeak/NODE/": the leg of a listening socket. */
static bool parse_line(const char *line, const char *prefix, struct leg_id *ret_id)
{
        const unsigned listening = 1u << 16; /* __SO_ACCEPTCON */
        unsigned flags;
        int at = 0;
        size_t size = strlen(prefix);

        return sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &at) == 1 && at > 0 && (flags & listening) != 0 &&
               strncmp(line + at, prefix, size) == 0 && leg_name_parse(line + at + size, ret_id);
}

int link_find(const char *node, struct leg_id **ret_ids, size_t *ret_count, struct offpeak_error *err)
{
        char prefix[OFFPEAK_MAX_NAME + 16], *line = NULL;
        struct leg_id id, *ids = NULL;
        size_t count = 0, room = 0;
        int rc = 0;
        FILE *file = fopen("/proc/net/unix", "re");

        if (file == NULL)
                return fail(err, OFFPEAK_EIO, "cannot read /proc/net/unix: %s", strerror(errno));
        snprintf(prefix, sizeof(prefix), "@offpeak/%s/", node);
        errno = 0;
        while (rc == 0 && getline(&line, &room, file) > 0) {
                line[strcspn(line, "\n")] = '\0';
                if (!parse_line(line, prefix, &id))
                        continue;
                rc = leg_ids_append(&ids, &count, id);
                if (rc != 0)
                        fail(err, rc, "out of memory for the list of shims");
        }
        if (rc == 0 && ferror(file))
                rc = fail(err, OFFPEAK_EIO, "cannot read /proc/net/unix: %s", strerror(errno));
        free(line);
        fclose(file);
        if (rc != 0) {
                free(ids);
                return rc;
        }
        leg_ids_sort(ids, count);
        *ret_ids = ids;
        *ret_count = count;
        return 0;
}

/* ---- telling */

static int order(struct link *link, const struct link_message *message)
{
        return link_send(link->fd, message) == 0 ? 0 : OFFPEAK_ETRYAGAIN;
}

int link_go(struct link *link, int64_t lease_deadline_ms)
{
        return order(link, &(struct link_message){
                                   .version = LINK_VERSION, .type = LINK_GO, .lease_deadline_ms = lease_deadline_ms });
}

int link_stop(struct link *link, enum stop_reason reason, int64_t grace_s)
{
        return order(link, &(struct link_message){
                                   .version = LINK_VERSION, .type = LINK_STOP, .reason = reason, .grace_s = grace_s });
}

int link_lease(struct link *link, int64_t lease_deadline_ms)
{
        return order(link, &(struct link_message){ .version = LINK_VERSION,
                                                   .type = LINK_LEASE,
                                                   .lease_deadline_ms = lease_deadline_ms });
}

static void on_closed(uv_handle_t *handle)
{
        struct link *link = handle->data;

        close(link->fd);
        if (link->closed != NULL)
                link->closed(link->closed_context);
        free(link);
}

void link_close(struct link *link, void (*closed)(void *context), void *context)
{
        if (link == NULL || link->closing)
                return;
        link->closing = true;
        link->closed = closed;
        link->closed_context = context;
        uv_close((uv_handle_t *)&link->poll, on_closed);
}
