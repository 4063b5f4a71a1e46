/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/remote/remote_run.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "agent/remote/remote_frame.h"
#include "agent/shim/keeper.h"
#include "base/fail.h"
#include "wire/keys.h"
#include "wire/zuv.h"

enum {
        FIRST_PATIENCE = 60, /* s: the other node may only just begin the job */
        PATIENCE = 30,       /* s without a word of it */
        STOP_PATIENCE = 3,   /* s, when the job is being stopped */
};

struct caller {
        uv_loop_t loop;
        struct zuv *socket;
        uv_timer_t timer;
        uv_poll_t poll;
        int signals;
        int stop_signal; /* the job's */
        bool heard, over;
        int silent_s;
        int code;
        int32_t status;
        const struct remote_node *node;
        struct offpeak_error *err;
};

static void finish(struct caller *caller, int code)
{
        if (caller->over)
                return;
        caller->over = true;
        caller->code = code;
        uv_close((uv_handle_t *)&caller->timer, NULL);
        uv_close((uv_handle_t *)&caller->poll, NULL);
        zuv_close(caller->socket, NULL, NULL);
}

static void tell(struct caller *caller, enum remote_frame kind)
{
        const uint8_t frame[] = { (uint8_t)kind };

        zuv_send(caller->socket, NULL, frame, sizeof(frame));
}

/* ---- signals */

/* The keeper of our leg, by its name: it signals all of a process group. */
static bool is_keeper(uint32_t pid)
{
        char path[64], name[32] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%u/comm", pid);
        file = fopen(path, "re");
        if (file == NULL)
                return false;
        if (fgets(name, sizeof(name), file) == NULL)
                name[0] = '\0';
        fclose(file);
        return strcmp(name, KEEPER_NAME "\n") == 0;
}

static void hear_signals(struct caller *caller)
{
        struct signalfd_siginfo info;

        while (!caller->over && read(caller->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                const int number = (int)info.ssi_signo;

                if (number == caller->stop_signal && (number != SIGTERM || is_keeper(info.ssi_pid)))
                        continue;
                tell(caller, REMOTE_END);
                caller->status = number;
                finish(caller, 0);
        }
}

/* ---- what is heard */

/* How much can be written without waiting for who reads it: all to a file, which keeps lines whole. */
static size_t room_of(int fd, size_t size)
{
        struct stat st;

        return (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) || size < PIPE_BUF ? size : PIPE_BUF;
}

/* Signals are heard meanwhile, and may end it. False: nobody reads it any more. */
static bool write_all(struct caller *caller, int fd, const uint8_t *bytes, size_t size)
{
        while (size > 0 && !caller->over) {
                struct pollfd fds[] = { { .fd = fd, .events = POLLOUT }, { .fd = caller->signals, .events = POLLIN } };
                ssize_t n = 0;

                poll(fds, 2, -1);
                if (fds[1].revents != 0)
                        hear_signals(caller);
                else if (fds[0].revents != 0)
                        n = write(fd, bytes, room_of(fd, size));
                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return false;
                bytes += n > 0 ? n : 0;
                size -= n > 0 ? (size_t)n : 0;
        }
        return true;
}

static void take_output(struct caller *caller, int fd, const uint8_t *bytes, size_t size)
{
        if (write_all(caller, fd, bytes, size)) {
                if (!caller->over)
                        tell(caller, REMOTE_ACK);
                return;
        }
        tell(caller, REMOTE_END);
        finish(caller, fail(caller->err, OFFPEAK_EIO, "the output of a command on %s cannot be written: %s",
                            caller->node->name, strerror(errno)));
}

static void take_status(struct caller *caller, const uint8_t *bytes, size_t size)
{
        if (size != 4)
                return;
        caller->status = (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                                   (uint32_t)bytes[3] << 24);
        finish(caller, 0);
}

static bool is_stopped(void)
{
        const char *path = getenv("OFFPEAK_STOP_FILE");

        return path != NULL && access(path, F_OK) == 0;
}

static int refused(const struct caller *caller, const char *why, size_t length)
{
        return fail(caller->err, OFFPEAK_ESTATE, "node %s starts no command: %.*s", caller->node->name, (int)length,
                    why);
}

static int refused_by_stop(const struct caller *caller)
{
        static const char why[] = "the job is being stopped";

        return refused(caller, why, strlen(why));
}

static void on_message(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct caller *caller = context;

        (void)peer;
        if (size == 0 || caller->over)
                return;
        caller->heard = true;
        caller->silent_s = 0;
        switch (bytes[0]) {
        case REMOTE_OUT:
                take_output(caller, STDOUT_FILENO, bytes + 1, size - 1);
                break;
        case REMOTE_ERR:
                take_output(caller, STDERR_FILENO, bytes + 1, size - 1);
                break;
        case REMOTE_STATUS:
                take_status(caller, bytes + 1, size - 1);
                break;
        case REMOTE_REFUSED:
                finish(caller, refused(caller, (const char *)bytes + 1, size - 1));
                break;
        }
}

static void on_timer(uv_timer_t *timer)
{
        struct caller *caller = timer->data;

        caller->silent_s++;
        if (!caller->heard && caller->silent_s >= STOP_PATIENCE && is_stopped()) { /* the holder there may have left */
                finish(caller, refused_by_stop(caller));
                return;
        }
        if (caller->silent_s < (caller->heard ? PATIENCE : FIRST_PATIENCE))
                return;
        finish(caller, fail(caller->err, OFFPEAK_EUNREACHABLE, "node %s at %s says nothing for %d s: %s",
                            caller->node->name, caller->node->address, caller->silent_s,
                            caller->heard ? "its part of the job has ended, or the network to it is broken"
                                          : "can this node reach that port?"));
}

static void on_signal(uv_poll_t *poll, int status, int events)
{
        (void)status;
        (void)events;
        hear_signals(poll->data);
}

/* Before there are threads: they must not take them. */
static int take_signals(struct caller *caller, struct offpeak_error *err)
{
        sigset_t heard;

        sigemptyset(&heard);
        sigaddset(&heard, SIGHUP);
        sigaddset(&heard, SIGINT);
        sigaddset(&heard, SIGTERM);
        sigaddset(&heard, caller->stop_signal);
        sigprocmask(SIG_BLOCK, &heard, NULL);
        caller->signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
        return caller->signals >= 0 ? 0 : fail(err, OFFPEAK_EIO, "signals cannot be heard: %s", strerror(errno));
}

static void ask(struct caller *caller, const char *command)
{
        uint8_t frame[2 + REMOTE_MAX_COMMAND] = { REMOTE_RUN, REMOTE_VERSION };
        const size_t length = strlen(command);

        memcpy(frame + 2, command, length);
        uv_timer_init(&caller->loop, &caller->timer);
        caller->timer.data = caller;
        uv_timer_start(&caller->timer, on_timer, 1000, 1000);
        uv_poll_init(&caller->loop, &caller->poll, caller->signals);
        caller->poll.data = caller;
        uv_poll_start(&caller->poll, UV_READABLE, on_signal);
        zuv_send(caller->socket, NULL, frame, 2 + length);
}

int remote_run(const struct remote_file *file, const struct remote_node *node, const char *command, int32_t *ret_status,
               struct offpeak_error *err)
{
        struct caller caller = { .node = node, .stop_signal = file->signal, .err = err };
        struct wire_keys keys;
        char text[OFFPEAK_MAX_NAME + 8];
        int code;

        if (strlen(command) > REMOTE_MAX_COMMAND)
                return fail(err, OFFPEAK_EINVAL, "the command has %zu bytes: at most %d are taken", strlen(command),
                            REMOTE_MAX_COMMAND);
        if (is_stopped())
                return refused_by_stop(&caller);
        code = take_signals(&caller, err);
        if (code != 0)
                return code;
        code = wire_keys_from_secret(file->secret, false, &keys, err);
        if (code != 0) {
                close(caller.signals);
                return code;
        }
        snprintf(text, sizeof(text), "tcp://%s", node->address);
        uv_loop_init(&caller.loop);
        code = zuv_connect(&caller.loop, text, &keys, on_message, &caller, &caller.socket, err);
        if (code == 0)
                ask(&caller, command);
        uv_run(&caller.loop, UV_RUN_DEFAULT);
        uv_loop_close(&caller.loop);
        wire_keys_finish(&keys);
        close(caller.signals);
        if (code == 0)
                code = caller.code;
        if (code == 0)
                *ret_status = caller.status;
        return code;
}
