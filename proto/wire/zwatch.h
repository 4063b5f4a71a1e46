/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zwatch.h - tell a libuv loop when a ZeroMQ socket has something to read.
 *
 * ZMQ_FD is edge-triggered, and any call on the socket, a send too, may eat the edge; so readiness is always asked of
 * ZMQ_EVENTS, and the fd only wakes the loop:
 *
 *      prepare   before the loop sleeps: something to read? then an idle handle keeps it awake
 *      poll      the fd: wakes the loop, does nothing
 *      check     after it slept: something to read? then call ready
 *
 * ready need not drain the socket. Whoever sends on a watched socket calls zwatch_rearm after it, because a send from
 * another handle's prepare would come after ours.
 */
#ifndef OFFPEAK_WIRE_ZWATCH_H
#define OFFPEAK_WIRE_ZWATCH_H

#include <uv.h>

struct zwatch {
        void *zsocket;
        void (*ready)(void *context);
        void (*closed)(void *context);
        void *context;
        uv_poll_t poll;
        uv_prepare_t prepare;
        uv_check_t check;
        uv_idle_t idle;
        int open_handles;
};

/* Socket and watch must live until closed is called. A libuv error code on failure; nothing is left open then. */
int zwatch_start(struct zwatch *watch, uv_loop_t *loop, void *zsocket, void (*ready)(void *context), void *context);
void zwatch_rearm(struct zwatch *watch);
/* ready is not called any more; closed is, once all handles are gone. */
void zwatch_close(struct zwatch *watch, void (*closed)(void *context));

#endif
