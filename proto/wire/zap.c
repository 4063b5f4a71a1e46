/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/zap.h"

#include <string.h>

#include <zmq.h>

#include "base/fail.h"

/* The frames of a request by ZAP 1.0. */
enum {
        ZAP_VERSION,
        ZAP_REQUEST_ID,
        ZAP_DOMAIN_NAME,
        ZAP_ADDRESS,
        ZAP_ROUTING_ID,
        ZAP_MECHANISM,
        ZAP_CREDENTIALS,
        ZAP_FRAMES
};

static bool frame_is(zmq_msg_t *frame, const char *text)
{
        return zmq_msg_size(frame) == strlen(text) && memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

static const struct wire_key *find(const struct zap *zap, zmq_msg_t frames[ZAP_FRAMES])
{
        char text[WIRE_KEY_TEXT];

        if (!frame_is(&frames[ZAP_VERSION], "1.0") || !frame_is(&frames[ZAP_DOMAIN_NAME], ZAP_DOMAIN) ||
            !frame_is(&frames[ZAP_MECHANISM], "CURVE") || zmq_msg_size(&frames[ZAP_CREDENTIALS]) != WIRE_KEY_BYTES)
                return NULL;
        zmq_z85_encode(text, zmq_msg_data(&frames[ZAP_CREDENTIALS]), WIRE_KEY_BYTES);
        return wire_keys_find(zap->keys, text);
}

static void answer(const struct zap *zap, zmq_msg_t *request_id, const struct wire_key *key)
{
        const char *parts[] = { key != NULL ? "200" : "400", key != NULL ? "OK" : "this key is not authorised",
                                key != NULL ? key->public_key : "", "" };

        zmq_send(zap->zsocket, "1.0", 3, ZMQ_SNDMORE);
        zmq_send(zap->zsocket, zmq_msg_data(request_id), zmq_msg_size(request_id), ZMQ_SNDMORE);
        for (int i = 0; i < 4; i++)
                zmq_send(zap->zsocket, parts[i], strlen(parts[i]), i < 3 ? ZMQ_SNDMORE : 0);
}

/* Frames beyond the known ones are read and forgotten. False: nothing (more) to read. */
static bool receive(void *zsocket, zmq_msg_t frames[ZAP_FRAMES], int *ret_n)
{
        int n = 0;

        for (bool more = true; more;) {
                zmq_msg_t frame;

                zmq_msg_init(&frame);
                if (zmq_msg_recv(&frame, zsocket, ZMQ_DONTWAIT) < 0) {
                        zmq_msg_close(&frame);
                        return false;
                }
                more = zmq_msg_more(&frame);
                if (n < ZAP_FRAMES)
                        zmq_msg_move(&frames[n], &frame);
                n++;
                zmq_msg_close(&frame);
        }
        *ret_n = n;
        return true;
}

static void on_ready(void *context)
{
        struct zap *zap = context;
        zmq_msg_t frames[ZAP_FRAMES];
        int n;

        for (int i = 0; i < ZAP_FRAMES; i++)
                zmq_msg_init(&frames[i]);
        while (receive(zap->zsocket, frames, &n))
                answer(zap, &frames[ZAP_REQUEST_ID], n == ZAP_FRAMES ? find(zap, frames) : NULL);
        for (int i = 0; i < ZAP_FRAMES; i++)
                zmq_msg_close(&frames[i]);
}

int zap_open(struct zap *zap, void *zcontext, const struct wire_keys *keys, struct offpeak_error *err)
{
        void *zsocket = zmq_socket(zcontext, ZMQ_REP);
        int linger = 0;

        if (zsocket == NULL)
                return fail(err, OFFPEAK_EIO, "no socket to check keys with: %s", zmq_strerror(zmq_errno()));
        zmq_setsockopt(zsocket, ZMQ_LINGER, &linger, sizeof(linger));
        if (zmq_bind(zsocket, "inproc://zeromq.zap.01") != 0) {
                fail(err, OFFPEAK_EIO, "nobody can check keys: %s", zmq_strerror(zmq_errno()));
                zmq_close(zsocket);
                return OFFPEAK_EIO;
        }
        *zap = (struct zap){ .zsocket = zsocket, .keys = keys };
        return 0;
}

int zap_watch(struct zap *zap, uv_loop_t *loop, struct offpeak_error *err)
{
        int code = zwatch_start(&zap->watch, loop, zap->zsocket, on_ready, zap);

        if (code != 0)
                return fail(err, OFFPEAK_EIO, "nobody can check keys: %s", uv_strerror(code));
        zap->watching = true;
        return 0;
}

static void on_closed(void *context)
{
        struct zap *zap = context;

        zmq_close(zap->zsocket);
        zap->closed(zap->context);
}

void zap_close(struct zap *zap, void (*closed)(void *context), void *context)
{
        zap->closed = closed;
        zap->context = context;
        if (zap->watching)
                zwatch_close(&zap->watch, on_closed);
        else
                on_closed(zap);
}
