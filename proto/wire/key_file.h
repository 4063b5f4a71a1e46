/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.h - one key file: `key = value` lines, '#' comments; written once, read strictly. */
#ifndef OFFPEAK_WIRE_KEY_FILE_H
#define OFFPEAK_WIRE_KEY_FILE_H

#include <stdbool.h>

#include "wire/key.h"

struct key_file {
        struct wire_key key;
        char secret_key[WIRE_KEY_TEXT]; /* "" in a .pub file */
};

/* want_secret: the file must hold a secret and be its owner's alone (EPERMISSION). ENOTFOUND, ECONFIG, EIO. */
int key_file_read(const char *path, bool want_secret, struct key_file *ret_file, struct offpeak_error *err);

/* A new file of mode 0600 with the secret, or 0644 without. ECONFIG if it exists; EIO. */
int key_file_write(const char *path, bool with_secret, const struct key_file *file, struct offpeak_error *err);

#endif
