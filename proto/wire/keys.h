/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - CURVE key pairs as files, and who may connect with which.
 *
 * A pair is two files of `key = value` lines: NAME.pub (name, role, public-key) to hand out, and NAME.key (the same and
 * secret-key), which only its owner may read (mode 0600; anything wider is refused). Keys are written in Z85.
 *
 *      server  its own NAME.key, and a directory of the .pub files that it lets in
 *      client  its own NAME.key, and the server's .pub
 */
#ifndef OFFPEAK_WIRE_KEYS_H
#define OFFPEAK_WIRE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

#include "wire/key.h"

struct wire_keys {
        struct wire_key own;
        char secret_key[WIRE_KEY_TEXT];
        char server_key[WIRE_KEY_TEXT]; /* client: the server's public key; "" on a server */
        char *directory;                /* server: of the authorised keys */
        struct wire_key *authorised;    /* server: by name */
        size_t n_authorised;
};

/* Make DIRECTORY/NAME.key and NAME.pub. ECONFIG: a name that is no file's, or one that exists (never written over). */
int wire_keys_generate(const char *directory, const char *name, enum wire_role role, struct offpeak_error *err);

/* ENOTFOUND, EPERMISSION (others can read the secret, or write in the directory), ECONFIG (file and line). */
int wire_keys_load_server(const char *key_file, const char *directory, struct wire_keys *ret_keys,
                          struct offpeak_error *err);
int wire_keys_load_client(const char *key_file, const char *server_file, struct wire_keys *ret_keys,
                          struct offpeak_error *err);

/*
 * Both ends have the one pair that a shared secret makes: the server lets in this key alone. A client's keys with
 * is_server false. EINTERNAL: libzmq has no CURVE; ENOMEM.
 */
int wire_keys_from_secret(const uint8_t secret[WIRE_KEY_BYTES], bool is_server, struct wire_keys *ret_keys,
                          struct offpeak_error *err);

/* Read the directory again. On failure the list stays as it was. What a key that is gone says later is dropped. */
int wire_keys_reload(struct wire_keys *keys, struct offpeak_error *err);

/* The authorised key, by its Z85 text; NULL if there is none. */
const struct wire_key *wire_keys_find(const struct wire_keys *keys, const char *public_key);

/*
 * Give a ZeroMQ socket these keys, before it binds (keys of a server) or connects. libzmq copies them. EINTERNAL.
 * A server's socket needs a ZAP handler too: without one libzmq lets every key in.
 */
int wire_keys_apply(const struct wire_keys *keys, void *zsocket, struct offpeak_error *err);

/* Wipes the secret. */
void wire_keys_finish(struct wire_keys *keys);

#endif
