/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuv.h - ZeroMQ sockets on a libuv loop: one listener (ROUTER) or one connection (DEALER) each.
 *
 * Messages are single frames (see message.h). Sending never blocks: what a full queue cannot take is dropped and
 * counted, because orders are levels and requests are retried. Reading never waits for a second wake-up (see zwatch.h).
 * Life: open, then zuv_close; the memory goes in the close callback's turn of the loop, never earlier.
 */
#ifndef OFFPEAK_WIRE_ZUV_H
#define OFFPEAK_WIRE_ZUV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <offpeak/error.h>

struct zuv;
struct wire_keys; /* keys.h: CURVE */

/* Whom a message came from. */
struct zuv_peer {
        uint8_t identity[64]; /* routing id as ZeroMQ made it */
        size_t identity_size;
        bool has_uid; /* ipc: the peer's credentials as the kernel told them */
        uint32_t uid;
        char name[64];     /* tcp with CURVE: the name its key is authorised under; else "" */
        bool may_schedule; /* agent or operator: by its key's role; over ipc root and this process's user; over plain tcp,
                              which is loopback only, nobody */
        bool may_submit;   /* jobs of its own: a key of role user or operator; over ipc everybody */
        bool may_push;     /* signals: a key of role push or operator; over ipc whoever may schedule */
        bool only_pushes;  /* a key of role push: it is not listened to in anything else */
};

typedef void (*zuv_receive)(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size);

/*
 * Listen on `ipc://PATH` or `tcp://ADDRESS:PORT` (port 0: picked; see zuv_endpoint). keys NULL: no CURVE, and then tcp
 * on another address than loopback is refused (ECONFIG). An ipc path left by a dead process is taken over; one that
 * answers is refused (ETRYAGAIN). Every local user may connect to an ipc path that its directory lets them reach.
 * keys are asked at each handshake and message: they must live, and may be reloaded, until the socket is closed.
 */
int zuv_listen(uv_loop_t *loop, const char *endpoint, const struct wire_keys *keys, zuv_receive receive, void *context,
               struct zuv **ret_socket, struct offpeak_error *err);

/* Connect; ZeroMQ reconnects by itself. keys NULL: no CURVE, and then another machine's tcp is refused (ECONFIG). */
int zuv_connect(uv_loop_t *loop, const char *endpoint, const struct wire_keys *keys, zuv_receive receive, void *context,
                struct zuv **ret_socket, struct offpeak_error *err);

/* The endpoint as bound, with the real port. */
const char *zuv_endpoint(const struct zuv *socket);

/* To a peer of a listener, or (peer NULL) over a connection. 0, or ETRYAGAIN when it was dropped. */
int zuv_send(struct zuv *socket, const struct zuv_peer *peer, const uint8_t *bytes, size_t size);

/* How many messages were dropped: full queues, peers gone. */
uint64_t zuv_dropped(const struct zuv *socket);

/* Stop and free; `closed` (may be NULL) is called once no handle is left on the loop. */
void zuv_close(struct zuv *socket, void (*closed)(void *context), void *context);

#endif
