/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuv.c - one ZeroMQ context per socket, so that each has its own ZAP handler and ends on its own.
 *
 * At the end the handles are closed first (zwatch, zap), and in the last of their callbacks the ZeroMQ side: the
 * context's end waits up to LINGER_MS for what was sent last.
 */
#include "wire/zuv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zmq.h>

#include "base/fail.h"
#include "wire/endpoint.h"
#include "wire/frame.h"
#include "wire/keys.h"
#include "wire/zap.h"
#include "wire/zwatch.h"

enum {
        LINGER_MS = 200,
        RECONNECT_MS = 100,
        RECONNECT_MAX_MS = 2000,
        HEARTBEAT_MS = 5000, /* tcp: find out that a peer is gone without a word */
        HEARTBEAT_TIMEOUT_MS = 15000,
        BATCH = 256, /* messages read before others on the loop have a turn */
};

struct zuv {
        void *zcontext, *zsocket;
        bool is_listener, is_ipc;
        const struct wire_keys *keys;
        zuv_receive receive;
        void *context;
        char endpoint[ENDPOINT_TEXT];
        uint64_t dropped;
        struct zwatch watch;
        struct zap zap;
        bool is_bound_path, watching, checking_keys, closing;
        int open; /* parts to close before the end */
        void (*closed)(void *context);
        void *closed_context;
};

/* ---- receiving */

/* ipc: "host:uid:gid:pid", of which only the host may hold colons. */
static bool parse_uid(const char *address, uint32_t *ret_uid)
{
        const char *at = address != NULL ? address + strlen(address) : NULL;
        unsigned long uid;
        char *end;

        for (int colons = 0; at != NULL && at > address && colons < 3;)
                if (*--at == ':')
                        colons++;
        if (at == NULL || *at != ':')
                return false;
        uid = strtoul(at + 1, &end, 10);
        if (end == at + 1 || *end != ':' || uid > UINT32_MAX)
                return false;
        *ret_uid = (uint32_t)uid;
        return true;
}

static bool describe_by_key(const struct zuv *socket, zmq_msg_t *body, struct zuv_peer *peer)
{
        const char *text = zmq_msg_gets(body, "User-Id");
        const struct wire_key *key = text != NULL ? wire_keys_find(socket->keys, text) : NULL;

        if (key == NULL)
                return false;
        strcpy(peer->name, key->name);
        peer->may_schedule = key->role == WIRE_ROLE_AGENT || key->role == WIRE_ROLE_OPERATOR;
        peer->may_submit = key->role == WIRE_ROLE_USER || key->role == WIRE_ROLE_OPERATOR;
        peer->may_push = key->role == WIRE_ROLE_PUSH || key->role == WIRE_ROLE_OPERATOR;
        peer->only_pushes = key->role == WIRE_ROLE_PUSH;
        return true;
}

/* False: its key is not authorised any more. */
static bool describe(const struct zuv *socket, zmq_msg_t *body, struct zuv_peer *peer)
{
        if (!socket->is_listener) {
                peer->may_schedule = peer->may_push = true;
                return true;
        }
        if (socket->keys != NULL)
                return describe_by_key(socket, body, peer);
        if (!socket->is_ipc)
                return true; /* whoever is on this machine, and nobody knows who: they may ask */
        peer->may_submit = true;
        peer->has_uid = parse_uid(zmq_msg_gets(body, "Peer-Address"), &peer->uid);
        peer->may_schedule = peer->may_push = peer->has_uid && (peer->uid == 0 || peer->uid == geteuid());
        return true;
}

static bool receive_part(struct zuv *socket, zmq_msg_t *part)
{
        return zmq_msg_recv(part, socket->zsocket, ZMQ_DONTWAIT) >= 0;
}

static void skip_parts(struct zuv *socket, zmq_msg_t *part)
{
        while (zmq_msg_more(part) && receive_part(socket, part))
                ;
}

/* The routing id that a ROUTER puts before a message. False: nothing to read. */
static bool receive_identity(struct zuv *socket, struct zuv_peer *peer)
{
        zmq_msg_t part;
        bool got;

        zmq_msg_init(&part);
        got = receive_part(socket, &part);
        if (got && zmq_msg_size(&part) <= sizeof(peer->identity)) {
                peer->identity_size = zmq_msg_size(&part);
                memcpy(peer->identity, zmq_msg_data(&part), peer->identity_size);
        }
        zmq_msg_close(&part);
        return got;
}

/* Messages of several parts, and from peers with a name longer than ours, are none of ours and dropped. */
static bool receive_one(struct zuv *socket)
{
        struct zuv_peer peer = { 0 };
        zmq_msg_t body;
        bool got;

        if (socket->is_listener && !receive_identity(socket, &peer))
                return false;
        zmq_msg_init(&body);
        got = receive_part(socket, &body);
        if (got && zmq_msg_more(&body))
                skip_parts(socket, &body);
        else if (got && (!socket->is_listener || peer.identity_size > 0) && describe(socket, &body, &peer))
                socket->receive(socket->context, &peer, zmq_msg_data(&body), zmq_msg_size(&body));
        zmq_msg_close(&body);
        return got;
}

static void on_ready(void *context)
{
        struct zuv *socket = context;

        for (int i = 0; i < BATCH && !socket->closing; i++)
                if (!receive_one(socket))
                        break;
}

/* ---- closing */

static void destroy(struct zuv *socket)
{
        void (*closed)(void *context) = socket->closed;
        void *context = socket->closed_context;

        if (socket->is_bound_path) /* libzmq leaves it */
                unlink(socket->endpoint + strlen("ipc://"));
        if (socket->zsocket != NULL)
                zmq_close(socket->zsocket);
        while (socket->zcontext != NULL && zmq_ctx_term(socket->zcontext) != 0 && errno == EINTR)
                ;
        free(socket);
        if (closed != NULL)
                closed(context);
}

static void on_closed(void *context)
{
        struct zuv *socket = context;

        if (--socket->open == 0)
                destroy(socket);
}

void zuv_close(struct zuv *socket, void (*closed)(void *context), void *context)
{
        socket->closing = true;
        socket->closed = closed;
        socket->closed_context = context;
        socket->open = 1 + socket->watching + socket->checking_keys;
        if (socket->watching)
                zwatch_close(&socket->watch, on_closed);
        if (socket->checking_keys)
                zap_close(&socket->zap, on_closed, socket);
        on_closed(socket);
}

/* ---- opening */

static void set_int(struct zuv *socket, int option, int value)
{
        zmq_setsockopt(socket->zsocket, option, &value, sizeof(value));
}

static void set_options(struct zuv *socket, const struct endpoint *endpoint)
{
        int64_t max = FRAME_MAX;

        zmq_setsockopt(socket->zsocket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
        set_int(socket, ZMQ_LINGER, LINGER_MS);
        if (socket->is_listener)
                set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
        set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
        set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
        if (endpoint->is_ipc)
                return;
        set_int(socket, ZMQ_IPV6, strchr(endpoint->host, ':') != NULL);
        set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
        set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
}

static int set_keys(struct zuv *socket, struct offpeak_error *err)
{
        int code = 0;

        if (socket->keys != NULL)
                code = wire_keys_apply(socket->keys, socket->zsocket, err);
        if (code != 0 || socket->keys == NULL || !socket->is_listener)
                return code;
        zmq_setsockopt(socket->zsocket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN));
        code = zap_open(&socket->zap, socket->zcontext, socket->keys, err);
        socket->checking_keys = code == 0;
        return code;
}

static int open_socket(struct zuv *socket, const struct endpoint *endpoint, struct offpeak_error *err)
{
        socket->zcontext = zmq_ctx_new();
        if (socket->zcontext != NULL)
                socket->zsocket = zmq_socket(socket->zcontext, socket->is_listener ? ZMQ_ROUTER : ZMQ_DEALER);
        if (socket->zsocket == NULL)
                return fail(err, OFFPEAK_EIO, "no socket: %s", zmq_strerror(errno));
        set_options(socket, endpoint);
        return set_keys(socket, err);
}

static int watch(uv_loop_t *loop, struct zuv *socket, struct offpeak_error *err)
{
        size_t size = sizeof(socket->endpoint);
        int code = zwatch_start(&socket->watch, loop, socket->zsocket, on_ready, socket);

        if (code != 0)
                return fail(err, OFFPEAK_EIO, "the loop takes no socket: %s", uv_strerror(code));
        socket->watching = true;
        if (zmq_getsockopt(socket->zsocket, ZMQ_LAST_ENDPOINT, socket->endpoint, &size) != 0)
                return fail(err, OFFPEAK_EINTERNAL, "no endpoint: %s", zmq_strerror(errno));
        socket->is_bound_path = socket->is_listener && socket->is_ipc;
        return socket->checking_keys ? zap_watch(&socket->zap, loop, err) : 0;
}

/* libzmq unlinks whatever stands at the path before it binds: look first. */
static int clear_path(const struct endpoint *endpoint, struct offpeak_error *err)
{
        int code = endpoint_make_directory(endpoint, err);

        if (code == 0)
                code = endpoint_probe(endpoint, err);
        if (code == 0)
                return fail(err, OFFPEAK_ETRYAGAIN, "another process listens at %s: stop it, or choose another path",
                            endpoint->path);
        return code == OFFPEAK_EUNREACHABLE ? 0 : code;
}

static int bind_socket(struct zuv *socket, const char *text, const struct endpoint *endpoint, struct offpeak_error *err)
{
        int code = endpoint->is_ipc ? clear_path(endpoint, err) : 0;

        if (code != 0)
                return code;
        if (zmq_bind(socket->zsocket, text) != 0)
                return fail(err, errno == EADDRINUSE ? OFFPEAK_ETRYAGAIN : OFFPEAK_EIO, "cannot listen at %s: %s", text,
                            zmq_strerror(errno));
        if (endpoint->is_ipc && chmod(endpoint->path, 0666) != 0)
                return fail(err, OFFPEAK_EIO, "%s: %s", endpoint->path, strerror(errno));
        return 0;
}

static int connect_socket(struct zuv *socket, const char *text, struct offpeak_error *err)
{
        if (zmq_connect(socket->zsocket, text) != 0)
                return fail(err, OFFPEAK_ECONFIG, "cannot connect to %s: %s", text, zmq_strerror(errno));
        return 0;
}

/* settings: is_listener, keys, receive, context. */
static int open_zuv(uv_loop_t *loop, const char *text, const struct zuv *settings, struct zuv **ret_socket,
                    struct offpeak_error *err)
{
        struct endpoint endpoint;
        struct zuv *socket;
        int code = endpoint_parse(text, &endpoint, err);

        if (code != 0)
                return code;
        if (settings->keys == NULL && !endpoint_is_local(&endpoint))
                return fail(err, OFFPEAK_ECONFIG,
                            "%s: beyond this machine only with keys: everybody on the way could read and forge what is "
                            "said. Make keys, or use 127.0.0.1 or ipc",
                            text);
        socket = malloc(sizeof(*socket));
        if (socket == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        *socket = *settings;
        socket->is_ipc = endpoint.is_ipc;
        code = open_socket(socket, &endpoint, err);
        if (code == 0)
                code = socket->is_listener ? bind_socket(socket, text, &endpoint, err)
                                           : connect_socket(socket, text, err);
        if (code == 0)
                code = watch(loop, socket, err);
        if (code == 0)
                *ret_socket = socket;
        else
                zuv_close(socket, NULL, NULL);
        return code;
}

int zuv_listen(uv_loop_t *loop, const char *endpoint, const struct wire_keys *keys, zuv_receive receive, void *context,
               struct zuv **ret_socket, struct offpeak_error *err)
{
        struct zuv settings = { .is_listener = true, .keys = keys, .receive = receive, .context = context };

        return open_zuv(loop, endpoint, &settings, ret_socket, err);
}

int zuv_connect(uv_loop_t *loop, const char *endpoint, const struct wire_keys *keys, zuv_receive receive, void *context,
                struct zuv **ret_socket, struct offpeak_error *err)
{
        struct zuv settings = { .is_listener = false, .keys = keys, .receive = receive, .context = context };

        return open_zuv(loop, endpoint, &settings, ret_socket, err);
}

const char *zuv_endpoint(const struct zuv *socket)
{
        return socket->endpoint;
}

uint64_t zuv_dropped(const struct zuv *socket)
{
        return socket->dropped;
}

/* ---- sending */

int zuv_send(struct zuv *socket, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        bool sent = !socket->closing;

        if (sent && peer != NULL)
                sent = zmq_send(socket->zsocket, peer->identity, peer->identity_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
        if (sent)
                sent = zmq_send(socket->zsocket, bytes, size, ZMQ_DONTWAIT) >= 0;
        if (!socket->closing)
                zwatch_rearm(&socket->watch);
        if (!sent)
                socket->dropped++;
        return sent ? 0 : OFFPEAK_ETRYAGAIN;
}
