/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one connection to the scheduler, blocking; and when no answer comes, why.
 *
 * A monitor on the socket tells what the connection went through. A refusal of keys is final; that nobody listens may
 * change, and is only remembered for the sentence.
 */
#ifndef OFFPEAK_CLIENT_CALL_H
#define OFFPEAK_CLIENT_CALL_H

#include <stdint.h>

#include <zmq.h>

#include <offpeak/error.h>

#include "wire/keys.h"

enum call_state {
        CALL_NOBODY = 1,   /* no connection came about */
        CALL_NO_HANDSHAKE, /* somebody listens, and hung up on us */
        CALL_CONNECTED,
        CALL_KEY_REFUSED,
};

struct call {
        void *zsocket, *monitor;
        enum call_state state;
};

/* keys may be NULL. On failure nothing is left open. */
int call_open(struct call *call, void *zcontext, const char *endpoint, const struct wire_keys *keys,
              struct offpeak_error *err);
void call_close(struct call *call);

int call_send(struct call *call, const uint8_t *bytes, size_t size, struct offpeak_error *err);

/*
 * The next message, which the caller closes. ETRYAGAIN: none before deadline_ms (of call_now); EPERMISSION: the
 * scheduler does not know our key. No sentence: the caller knows endpoint and remedy, and asks call->state.
 */
int call_receive(struct call *call, int64_t deadline_ms, zmq_msg_t *ret_message);

/* Milliseconds that only grow. */
int64_t call_now(void);

#endif
