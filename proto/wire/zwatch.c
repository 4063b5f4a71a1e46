/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/zwatch.h"

#include <stdbool.h>

#include <zmq.h>

static bool readable(const struct zwatch *watch)
{
        int events = 0;
        size_t size = sizeof(events);

        return zmq_getsockopt(watch->zsocket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

static void on_idle(uv_idle_t *idle)
{
        (void)idle; /* being active is enough: the loop does not sleep */
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
        (void)poll, (void)status, (void)events; /* check looks itself */
}

void zwatch_rearm(struct zwatch *watch)
{
        if (uv_is_closing((uv_handle_t *)&watch->idle))
                return;
        if (readable(watch))
                uv_idle_start(&watch->idle, on_idle);
        else
                uv_idle_stop(&watch->idle);
}

static void on_prepare(uv_prepare_t *prepare)
{
        zwatch_rearm(prepare->data);
}

static void on_check(uv_check_t *check)
{
        struct zwatch *watch = check->data;

        if (readable(watch))
                watch->ready(watch->context);
}

int zwatch_start(struct zwatch *watch, uv_loop_t *loop, void *zsocket, void (*ready)(void *context), void *context)
{
        uv_os_sock_t fd;
        size_t size = sizeof(fd);
        int code;

        if (zmq_getsockopt(zsocket, ZMQ_FD, &fd, &size) != 0)
                return UV_EINVAL;
        *watch = (struct zwatch){ .zsocket = zsocket, .ready = ready, .context = context, .open_handles = 4 };
        code = uv_poll_init_socket(loop, &watch->poll, fd); /* the only one that can fail: it registers the fd */
        if (code != 0)
                return code;
        uv_prepare_init(loop, &watch->prepare);
        uv_check_init(loop, &watch->check);
        uv_idle_init(loop, &watch->idle);
        watch->poll.data = watch->prepare.data = watch->check.data = watch->idle.data = watch;
        uv_poll_start(&watch->poll, UV_READABLE, on_poll);
        uv_prepare_start(&watch->prepare, on_prepare);
        uv_check_start(&watch->check, on_check);
        return 0;
}

static void on_closed(uv_handle_t *handle)
{
        struct zwatch *watch = handle->data;

        if (--watch->open_handles == 0)
                watch->closed(watch->context);
}

void zwatch_close(struct zwatch *watch, void (*closed)(void *context))
{
        watch->closed = closed;
        uv_close((uv_handle_t *)&watch->poll, on_closed);
        uv_close((uv_handle_t *)&watch->prepare, on_closed);
        uv_close((uv_handle_t *)&watch->check, on_closed);
        uv_close((uv_handle_t *)&watch->idle, on_closed);
}
