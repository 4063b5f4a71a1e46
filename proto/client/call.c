/* SPDX-License-Identifier: Apache-2.0 */
#include "client/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "wire/frame.h"

#define EVENTS                                                                                                         \
        (ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |                                \
         ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)

int64_t call_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_options(void *zsocket, const char *endpoint)
{
        int linger = 0, reconnect = 100, ipv6 = strchr(endpoint, '[') != NULL;
        int64_t max = FRAME_MAX_REPLY;

        zmq_setsockopt(zsocket, ZMQ_LINGER, &linger, sizeof(linger));
        zmq_setsockopt(zsocket, ZMQ_RECONNECT_IVL, &reconnect, sizeof(reconnect));
        zmq_setsockopt(zsocket, ZMQ_IPV6, &ipv6, sizeof(ipv6));
        zmq_setsockopt(zsocket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
}

static int open_monitor(struct call *call, void *zcontext)
{
        char endpoint[64];
        int linger = 0;

        snprintf(endpoint, sizeof(endpoint), "inproc://call-%p", call->zsocket);
        if (zmq_socket_monitor(call->zsocket, endpoint, EVENTS) != 0)
                return -1;
        call->monitor = zmq_socket(zcontext, ZMQ_PAIR);
        if (call->monitor == NULL)
                return -1;
        zmq_setsockopt(call->monitor, ZMQ_LINGER, &linger, sizeof(linger));
        return zmq_connect(call->monitor, endpoint);
}

int call_open(struct call *call, void *zcontext, const char *endpoint, const struct wire_keys *keys,
              struct offpeak_error *err)
{
        int code = 0;

        *call = (struct call){ .state = CALL_NOBODY };
        call->zsocket = zmq_socket(zcontext, ZMQ_DEALER);
        if (call->zsocket == NULL)
                return fail(err, OFFPEAK_EIO, "no socket: %s", zmq_strerror(errno));
        set_options(call->zsocket, endpoint);
        if (keys != NULL)
                code = wire_keys_apply(keys, call->zsocket, err);
        if (code == 0 && open_monitor(call, zcontext) != 0)
                code = fail(err, OFFPEAK_EIO, "no socket: %s", zmq_strerror(errno));
        if (code == 0 && zmq_connect(call->zsocket, endpoint) != 0)
                code = fail(err, OFFPEAK_ECONFIG, "cannot connect to %s: %s", endpoint, zmq_strerror(errno));
        if (code != 0)
                call_close(call);
        return code;
}

void call_close(struct call *call)
{
        zmq_socket_monitor(call->zsocket, NULL, 0);
        zmq_close(call->zsocket);
        if (call->monitor != NULL)
                zmq_close(call->monitor);
}

int call_send(struct call *call, const uint8_t *bytes, size_t size, struct offpeak_error *err)
{
        if (zmq_send(call->zsocket, bytes, size, ZMQ_DONTWAIT) < 0) /* one message: the queue has room */
                return fail(err, OFFPEAK_EIO, "cannot send: %s", zmq_strerror(errno));
        return 0;
}

/* An event is two parts: number and value; endpoint. */
static void note_events(struct call *call)
{
        uint8_t event[6];
        char endpoint[1];
        uint16_t number;

        while (zmq_recv(call->monitor, event, sizeof(event), ZMQ_DONTWAIT) >= 0) {
                zmq_recv(call->monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
                memcpy(&number, event, sizeof(number));
                if (number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
                        call->state = CALL_KEY_REFUSED;
                else if (number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
                        call->state = CALL_CONNECTED;
                else if (call->state != CALL_CONNECTED && call->state != CALL_KEY_REFUSED)
                        call->state = CALL_NO_HANDSHAKE;
        }
}

int call_receive(struct call *call, int64_t deadline_ms, zmq_msg_t *ret_message)
{
        zmq_pollitem_t items[] = { { .socket = call->zsocket, .events = ZMQ_POLLIN },
                                   { .socket = call->monitor, .events = ZMQ_POLLIN } };
        int64_t left = deadline_ms - call_now();
        zmq_msg_t message;

        while (left > 0) {
                zmq_poll(items, 2, (long)left); /* interrupted or in error: the time decides */
                note_events(call);
                if (call->state == CALL_KEY_REFUSED)
                        return OFFPEAK_EPERMISSION;
                zmq_msg_init(&message);
                if (zmq_msg_recv(&message, call->zsocket, ZMQ_DONTWAIT) >= 0) {
                        *ret_message = message;
                        return 0;
                }
                zmq_msg_close(&message);
                left = deadline_ms - call_now();
        }
        return OFFPEAK_ETRYAGAIN;
}
