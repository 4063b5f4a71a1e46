/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - one CURVE key, and what its owner may be. */
#ifndef OFFPEAK_WIRE_KEY_H
#define OFFPEAK_WIRE_KEY_H

#include <offpeak/error.h>

enum {
        WIRE_KEY_TEXT = 41,  /* 40 characters of Z85 and a NUL */
        WIRE_KEY_BYTES = 32, /* the same as they travel */
        WIRE_KEY_NAME = 64,
};

/* What the owner of a key may be. A server's key lets nobody in; one of role push may push signals, and nothing else. */
enum wire_role { WIRE_ROLE_USER = 1, WIRE_ROLE_AGENT, WIRE_ROLE_OPERATOR, WIRE_ROLE_SERVER, WIRE_ROLE_PUSH };

const char *wire_role_name(enum wire_role role);
int wire_role_parse(const char *name, enum wire_role *ret_role, struct offpeak_error *err);

struct wire_key {
        char name[WIRE_KEY_NAME];
        enum wire_role role;
        char public_key[WIRE_KEY_TEXT];
};

#endif
