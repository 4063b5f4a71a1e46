/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zap.h - who may connect with CURVE: a ZAP handler (RFC 27/ZAP) for the sockets of one ZeroMQ context, in the loop
 * that uses them. A key that stands in the list is let in; its Z85 text becomes the User-Id of every message.
 */
#ifndef OFFPEAK_WIRE_ZAP_H
#define OFFPEAK_WIRE_ZAP_H

#include <stdbool.h>

#include <uv.h>

#include <offpeak/error.h>

#include "wire/keys.h"
#include "wire/zwatch.h"

#define ZAP_DOMAIN "offpeak"

struct zap {
        void *zsocket;
        const struct wire_keys *keys; /* asked at each handshake: a reload counts at once */
        struct zwatch watch;
        bool watching;
        void (*closed)(void *context);
        void *context;
};

/*
 * Open before the first bind, or the first peers come in unasked; watch when the bind went well, so that a bind that
 * fails leaves nothing on the loop. On failure nothing is left open. Handler and keys must live until closed is called;
 * for one that was never watched that is at once.
 */
int zap_open(struct zap *zap, void *zcontext, const struct wire_keys *keys, struct offpeak_error *err);
int zap_watch(struct zap *zap, uv_loop_t *loop, struct offpeak_error *err);
void zap_close(struct zap *zap, void (*closed)(void *context), void *context);

#endif
