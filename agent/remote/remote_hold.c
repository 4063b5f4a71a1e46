/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_hold.c - a command's life: RUN -> spawned -> exited, and both pipes at their end -> STATUS, closed, forgotten.
 * When who asked for it is gone, its output is read and dropped, and what it leaves behind is not waited for.
 */
#include "agent/remote/remote_hold.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "agent/remote/remote_frame.h"
#include "base/fail.h"
#include "wire/endpoint.h"
#include "wire/keys.h"
#include "wire/log.h"
#include "wire/zuv.h"

enum { KILL_MS = 5000, LISTEN_TRIES = 50, LISTEN_PAUSE_US = 200000, N_SIGNALS = 2 };

struct holder {
        uv_loop_t loop;
        struct zuv *socket;
        uv_timer_t timer;
        uv_signal_t signals[N_SIGNALS];
        bool stopping, leaving;
        struct command *commands;
        uint8_t chunk[1 + REMOTE_CHUNK]; /* of one read, behind the kind */
};

struct command {
        struct holder *holder;
        struct command *next;
        struct zuv_peer peer;
        uv_process_t process;
        uv_pipe_t pipes[2];
        int open; /* handles */
        bool exited, over;
        bool at_end[2]; /* of the pipes */
        int32_t status;
        unsigned under_way; /* frames that were not acknowledged */
        bool gone;          /* who asked for it */
        uint64_t kill_at;   /* then */
};

/* ---- its end */

static void leave(struct holder *holder)
{
        if (holder->leaving || !holder->stopping || holder->commands != NULL)
                return;
        holder->leaving = true;
        uv_close((uv_handle_t *)&holder->timer, NULL);
        for (int i = 0; i < N_SIGNALS; i++)
                uv_close((uv_handle_t *)&holder->signals[i], NULL);
        zuv_close(holder->socket, NULL, NULL);
}

static void on_closed(uv_handle_t *handle)
{
        struct command *command = handle->data;
        struct holder *holder = command->holder;

        if (--command->open > 0)
                return;
        for (struct command **at = &holder->commands; *at != NULL; at = &(*at)->next)
                if (*at == command) {
                        *at = command->next;
                        break;
                }
        free(command);
        leave(holder);
}

static void end_command(struct command *command)
{
        command->over = true;
        for (int i = 0; i < 2; i++)
                uv_close((uv_handle_t *)&command->pipes[i], on_closed);
        uv_close((uv_handle_t *)&command->process, on_closed);
}

static void signal_command(const struct command *command, int signal)
{
        if (!command->exited)
                kill(-command->process.pid, signal);
}

static void read_pipes(struct command *command);

/* Who asked for it is gone. Let it end by itself first. */
static void abandon(struct command *command)
{
        if (command->gone)
                return;
        command->gone = true;
        command->kill_at = uv_now(&command->holder->loop) + KILL_MS;
        signal_command(command, SIGTERM);
        read_pipes(command); /* it must not stand still at a full one */
}

/* ---- what it says */

static void say(struct command *command, const uint8_t *frame, size_t size)
{
        if (!command->gone && zuv_send(command->holder->socket, &command->peer, frame, size) != 0)
                abandon(command);
}

static void say_alive(struct command *command)
{
        static const uint8_t frame[] = { REMOTE_ALIVE };

        say(command, frame, sizeof(frame));
}

static void say_status(struct command *command)
{
        const uint32_t status = (uint32_t)command->status;
        const uint8_t frame[] = { REMOTE_STATUS, (uint8_t)status, (uint8_t)(status >> 8), (uint8_t)(status >> 16),
                                  (uint8_t)(status >> 24) };

        say(command, frame, sizeof(frame));
}

static void follow(struct command *command)
{
        if (command->over || !command->exited)
                return;
        if (!command->gone && command->at_end[0] && command->at_end[1])
                say_status(command);
        else if (!command->gone)
                return;
        end_command(command);
}

static void on_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
        struct command *command = handle->data;

        (void)size;
        *buffer = uv_buf_init((char *)command->holder->chunk + 1, REMOTE_CHUNK);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
        struct command *command = stream->data;
        const bool is_err = stream == (uv_stream_t *)&command->pipes[1];
        uint8_t *const frame = command->holder->chunk;

        (void)buffer;
        if (n < 0) {
                uv_read_stop(stream);
                command->at_end[is_err] = true;
                follow(command);
        } else if (n > 0) {
                frame[0] = is_err ? REMOTE_ERR : REMOTE_OUT;
                say(command, frame, 1 + (size_t)n);
                if (++command->under_way >= REMOTE_WINDOW && !command->gone)
                        for (int i = 0; i < 2; i++)
                                uv_read_stop((uv_stream_t *)&command->pipes[i]);
        }
}

static void read_pipes(struct command *command)
{
        for (int i = 0; i < 2 && !command->over; i++)
                if (!command->at_end[i])
                        uv_read_start((uv_stream_t *)&command->pipes[i], on_buffer, on_read);
}

static void on_exit_of(uv_process_t *process, int64_t exit_status, int term_signal)
{
        struct command *command = process->data;

        command->exited = true;
        command->status = term_signal != 0 ? term_signal : (int32_t)(exit_status & 0xff) << 8;
        follow(command);
}

/* ---- starting one */

static void refuse(struct holder *holder, const struct zuv_peer *peer, const char *why)
{
        char frame[256];

        snprintf(frame, sizeof(frame), "%c%s", REMOTE_REFUSED, why);
        zuv_send(holder->socket, peer, (const uint8_t *)frame, strlen(frame));
}

static void on_freed(uv_handle_t *handle)
{
        struct command *command = handle->data;

        if (--command->open == 0)
                free(command);
}

static int spawn(struct command *command, char *text)
{
        char *const args[] = { (char *)"/bin/sh", (char *)"-c", text, NULL };
        uv_stdio_container_t stdio[3] = { { .flags = UV_IGNORE } };
        const uv_process_options_t options = { .file = args[0],
                                               .args = (char **)args,
                                               .flags = UV_PROCESS_DETACHED, /* a session of its own */
                                               .stdio = stdio,
                                               .stdio_count = 3,
                                               .exit_cb = on_exit_of };

        for (int i = 0; i < 2; i++) {
                uv_pipe_init(&command->holder->loop, &command->pipes[i], 0);
                command->pipes[i].data = command;
                stdio[1 + i].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
                stdio[1 + i].data.stream = (uv_stream_t *)&command->pipes[i];
        }
        command->open = 3;
        command->process.data = command;
        return uv_spawn(&command->holder->loop, &command->process, &options);
}

static void start(struct holder *holder, const struct zuv_peer *peer, char *text)
{
        struct command *command = calloc(1, sizeof(*command));
        int code;

        if (command == NULL) {
                refuse(holder, peer, "out of memory");
                return;
        }
        command->holder = holder;
        command->peer = *peer;
        code = spawn(command, text);
        if (code != 0) {
                refuse(holder, peer, uv_strerror(code));
                uv_close((uv_handle_t *)&command->pipes[0], on_freed);
                uv_close((uv_handle_t *)&command->pipes[1], on_freed);
                uv_close((uv_handle_t *)&command->process, on_freed);
                return;
        }
        command->next = holder->commands;
        holder->commands = command;
        say_alive(command); /* so that who asked knows that it runs */
        read_pipes(command);
}

static void take_run(struct holder *holder, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        char *text;

        if (size < 2 || size > 1 + REMOTE_MAX_COMMAND || bytes[0] != REMOTE_VERSION ||
            memchr(bytes + 1, '\0', size - 1) != NULL) {
                refuse(holder, peer, "the holder there is of another version: install the same on all nodes");
                return;
        }
        if (holder->stopping) {
                refuse(holder, peer, "the job is being stopped");
                return;
        }
        text = strndup((const char *)bytes + 1, size - 1);
        if (text == NULL)
                refuse(holder, peer, "out of memory");
        else
                start(holder, peer, text);
        free(text);
}

/* ---- what is heard */

static struct command *command_of(const struct holder *holder, const struct zuv_peer *peer)
{
        for (struct command *command = holder->commands; command != NULL; command = command->next)
                if (!command->over && command->peer.identity_size == peer->identity_size &&
                    memcmp(command->peer.identity, peer->identity, peer->identity_size) == 0)
                        return command;
        return NULL;
}

static void take_ack(struct command *command)
{
        if (command->under_way > 0)
                command->under_way--;
        if (command->under_way == REMOTE_WINDOW / 2)
                read_pipes(command);
}

static void on_message(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct holder *holder = context;
        struct command *command = command_of(holder, peer);

        if (size > 0 && bytes[0] == REMOTE_RUN && command == NULL)
                take_run(holder, peer, bytes + 1, size - 1);
        if (size == 0 || command == NULL)
                return;
        if (bytes[0] == REMOTE_ACK)
                take_ack(command);
        if (bytes[0] == REMOTE_END)
                abandon(command);
        follow(command);
}

static void on_timer(uv_timer_t *timer)
{
        struct holder *holder = timer->data;

        for (struct command *command = holder->commands; command != NULL; command = command->next) {
                if (command->over)
                        continue;
                say_alive(command);
                if (command->gone && uv_now(&holder->loop) >= command->kill_at)
                        signal_command(command, SIGKILL);
                follow(command);
        }
}

static void on_signal(uv_signal_t *signal, int number)
{
        struct holder *holder = signal->data;

        (void)number;
        holder->stopping = true;
        leave(holder);
}

/* ---- the whole */

/* On loopback if that is the node's address: then nobody else needs to reach it. */
static int bind_text(const char *address, char *text, size_t size, struct offpeak_error *err)
{
        struct endpoint endpoint;
        char whole[OFFPEAK_MAX_NAME + 8];
        int code;

        snprintf(whole, sizeof(whole), "tcp://%s", address);
        code = endpoint_parse(whole, &endpoint, err);
        if (code != 0)
                return code;
        if (endpoint_is_local(&endpoint))
                snprintf(text, size, strchr(endpoint.host, ':') != NULL ? "tcp://[%s]:%d" : "tcp://%s:%d",
                         strcmp(endpoint.host, "localhost") == 0 ? "127.0.0.1" : endpoint.host, endpoint.port);
        else
                snprintf(text, size, "tcp://%s:%d", strchr(endpoint.host, ':') != NULL ? "[::]" : "*", endpoint.port);
        return 0;
}

/* The holder of an attempt before may need a moment to go. */
static int listen_patiently(struct holder *holder, const char *text, const struct wire_keys *keys,
                            struct offpeak_error *err)
{
        int code = OFFPEAK_ETRYAGAIN;

        for (int i = 0; code == OFFPEAK_ETRYAGAIN && i < LISTEN_TRIES; i++) {
                if (i > 0)
                        usleep(LISTEN_PAUSE_US);
                code = zuv_listen(&holder->loop, text, keys, on_message, holder, &holder->socket, err);
                if (code != 0)
                        uv_run(&holder->loop, UV_RUN_DEFAULT); /* what is left of it closes */
        }
        return code;
}

static void set_up(struct holder *holder, int stop_signal)
{
        const int numbers[N_SIGNALS] = { stop_signal, SIGTERM };

        uv_timer_init(&holder->loop, &holder->timer);
        holder->timer.data = holder;
        uv_timer_start(&holder->timer, on_timer, REMOTE_ALIVE_MS, REMOTE_ALIVE_MS);
        for (int i = 0; i < N_SIGNALS; i++) {
                uv_signal_init(&holder->loop, &holder->signals[i]);
                holder->signals[i].data = holder;
                uv_signal_start(&holder->signals[i], on_signal, numbers[i]);
        }
}

int remote_hold(const struct remote_file *file, struct offpeak_error *err)
{
        struct holder *holder = calloc(1, sizeof(*holder));
        struct wire_keys keys;
        char text[ENDPOINT_TEXT];
        int code = holder == NULL ? fail(err, OFFPEAK_ENOMEM, "out of memory") : 0;

        if (code == 0)
                code = bind_text(file->nodes[file->rank].address, text, sizeof(text), err);
        if (code == 0)
                code = wire_keys_from_secret(file->secret, true, &keys, err);
        if (code != 0) {
                free(holder);
                return code;
        }
        uv_loop_init(&holder->loop);
        code = listen_patiently(holder, text, &keys, err);
        if (code == 0) {
                set_up(holder, file->signal);
                uv_run(&holder->loop, UV_RUN_DEFAULT);
        }
        uv_loop_close(&holder->loop);
        wire_keys_finish(&keys);
        free(holder);
        return code;
}
