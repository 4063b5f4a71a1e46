/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/keys.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zmq.h>

#include "base/fail.h"
#include "wire/key_file.h"

static int make_path(const char *directory, const char *name, const char *suffix, char **ret_path,
                     struct offpeak_error *err)
{
        char *path;

        if (asprintf(&path, "%s/%s%s", directory, name, suffix) < 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        *ret_path = path;
        return 0;
}

/* ---- making a pair */

static int check_name(const char *name, struct offpeak_error *err)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";

        if (name[0] == '\0' || name[0] == '.' || name[0] == '-' || strlen(name) >= WIRE_KEY_NAME ||
            strspn(name, allowed) != strlen(name))
                return fail(err, OFFPEAK_ECONFIG,
                            "\"%.64s\" cannot name a key: use up to %d letters, digits, '-', '_', '.' and '@', and "
                            "begin with a letter or digit",
                            name, WIRE_KEY_NAME - 1);
        return 0;
}

static int write_pair(const char *directory, const struct key_file *file, struct offpeak_error *err)
{
        char *secret = NULL, *public = NULL;
        int code = make_path(directory, file->key.name, ".key", &secret, err);

        if (code == 0)
                code = make_path(directory, file->key.name, ".pub", &public, err);
        if (code == 0)
                code = key_file_write(secret, true, file, err);
        if (code == 0) {
                code = key_file_write(public, false, file, err);
                if (code != 0)
                        unlink(secret);
        }
        free(public);
        free(secret);
        return code;
}

int wire_keys_generate(const char *directory, const char *name, enum wire_role role, struct offpeak_error *err)
{
        struct key_file file = { .key.role = role };
        int code = check_name(name, err);

        if (code != 0)
                return code;
        strcpy(file.key.name, name);
        if (zmq_curve_keypair(file.key.public_key, file.secret_key) != 0)
                return fail(err, OFFPEAK_EINTERNAL, "no key pair was made: %s (libzmq must be built with CURVE)",
                            zmq_strerror(errno));
        code = write_pair(directory, &file, err);
        explicit_bzero(&file, sizeof(file));
        return code;
}

/* ---- the directory of those who are let in */

struct key_list {
        struct wire_key *keys;
        size_t n;
};

static int is_public_key_file(const struct dirent *entry)
{
        size_t length = strlen(entry->d_name);

        return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".pub") == 0;
}

/* The name decides what its owner may touch, so no two keys may share it. */
static int add_key(struct key_list *list, const struct wire_key *key, const char *path, struct offpeak_error *err)
{
        if (key->role == WIRE_ROLE_SERVER)
                return 0;
        for (size_t i = 0; i < list->n; i++)
                if (strcmp(list->keys[i].name, key->name) == 0 ||
                    strcmp(list->keys[i].public_key, key->public_key) == 0)
                        return fail(err, OFFPEAK_ECONFIG,
                                    "%s: name or key of \"%s\" stand in another file too: remove one", path,
                                    list->keys[i].name);
        list->keys[list->n++] = *key;
        return 0;
}

static int read_entry(const char *directory, const char *name, struct key_list *list, struct offpeak_error *err)
{
        struct key_file file;
        char *path;
        int code = make_path(directory, name, "", &path, err);

        if (code != 0)
                return code;
        code = key_file_read(path, false, &file, err);
        if (code == 0)
                code = add_key(list, &file.key, path, err);
        free(path);
        return code;
}

static int check_directory(const char *directory, struct offpeak_error *err)
{
        struct stat status;

        if (stat(directory, &status) != 0)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO,
                            "%s: %s: the .pub files of those who may connect belong there", directory, strerror(errno));
        if ((status.st_mode & 022) != 0)
                return fail(err, OFFPEAK_EPERMISSION,
                            "%s: others can write here, and so let anybody in: run `chmod go-w %s` and look what is "
                            "there",
                            directory, directory);
        return 0;
}

static int read_directory(const char *directory, struct key_list *ret_list, struct offpeak_error *err)
{
        struct key_list list = { 0 };
        struct dirent **entries;
        int code = check_directory(directory, err);
        int n;

        if (code != 0)
                return code;
        n = scandir(directory, &entries, is_public_key_file, alphasort);
        if (n < 0)
                return fail(err, OFFPEAK_EIO, "%s: %s", directory, strerror(errno));
        list.keys = calloc((size_t)n + 1, sizeof(*list.keys));
        if (list.keys == NULL)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        for (int i = 0; i < n; i++) {
                if (code == 0)
                        code = read_entry(directory, entries[i]->d_name, &list, err);
                free(entries[i]);
        }
        free(entries);
        if (code == 0)
                *ret_list = list;
        else
                free(list.keys);
        return code;
}

int wire_keys_reload(struct wire_keys *keys, struct offpeak_error *err)
{
        struct key_list list;
        int code = read_directory(keys->directory, &list, err);

        if (code != 0)
                return code;
        free(keys->authorised);
        keys->authorised = list.keys;
        keys->n_authorised = list.n;
        return 0;
}

/* ---- loading */

static int load_own(const char *key_file, struct wire_keys *keys, struct offpeak_error *err)
{
        struct key_file file;
        int code = key_file_read(key_file, true, &file, err);

        if (code != 0)
                return code;
        keys->own = file.key;
        memcpy(keys->secret_key, file.secret_key, sizeof(keys->secret_key));
        explicit_bzero(&file, sizeof(file));
        return 0;
}

int wire_keys_load_server(const char *key_file, const char *directory, struct wire_keys *ret_keys,
                          struct offpeak_error *err)
{
        struct wire_keys keys = { 0 };
        int code = load_own(key_file, &keys, err);

        if (code == 0 && keys.own.role != WIRE_ROLE_SERVER)
                code = fail(err, OFFPEAK_ECONFIG, "%s: its role is %s: the scheduler needs a key of role server",
                            key_file, wire_role_name(keys.own.role));
        if (code == 0) {
                keys.directory = strdup(directory);
                code = keys.directory != NULL ? wire_keys_reload(&keys, err)
                                              : fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        if (code == 0)
                *ret_keys = keys;
        else
                wire_keys_finish(&keys);
        return code;
}

int wire_keys_load_client(const char *key_file, const char *server_file, struct wire_keys *ret_keys,
                          struct offpeak_error *err)
{
        struct wire_keys keys = { 0 };
        struct key_file server;
        int code = load_own(key_file, &keys, err);

        if (code == 0)
                code = key_file_read(server_file, false, &server, err);
        if (code == 0 && server.key.role != WIRE_ROLE_SERVER)
                code = fail(err, OFFPEAK_ECONFIG, "%s: its role is %s: the scheduler's .pub is of role server",
                            server_file, wire_role_name(server.key.role));
        if (code == 0) {
                memcpy(keys.server_key, server.key.public_key, sizeof(keys.server_key));
                *ret_keys = keys;
        } else {
                wire_keys_finish(&keys);
        }
        return code;
}

int wire_keys_from_secret(const uint8_t secret[WIRE_KEY_BYTES], bool is_server, struct wire_keys *ret_keys,
                          struct offpeak_error *err)
{
        struct wire_keys keys = { .own = { .name = "secret", .role = WIRE_ROLE_USER } };

        if (zmq_z85_encode(keys.secret_key, secret, WIRE_KEY_BYTES) == NULL ||
            zmq_curve_public(keys.own.public_key, keys.secret_key) != 0)
                return fail(err, OFFPEAK_EINTERNAL, "no key pair was made: %s (libzmq must be built with CURVE)",
                            zmq_strerror(errno));
        if (is_server) {
                keys.authorised = malloc(sizeof(*keys.authorised));
                if (keys.authorised == NULL)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory");
                *keys.authorised = keys.own;
                keys.n_authorised = 1;
        } else {
                memcpy(keys.server_key, keys.own.public_key, sizeof(keys.server_key));
        }
        *ret_keys = keys;
        return 0;
}

const struct wire_key *wire_keys_find(const struct wire_keys *keys, const char *public_key)
{
        for (size_t i = 0; i < keys->n_authorised; i++)
                if (strcmp(keys->authorised[i].public_key, public_key) == 0)
                        return &keys->authorised[i];
        return NULL;
}

int wire_keys_apply(const struct wire_keys *keys, void *zsocket, struct offpeak_error *err)
{
        bool is_server = keys->server_key[0] == '\0';
        int one = 1, code;

        if (is_server) {
                code = zmq_setsockopt(zsocket, ZMQ_CURVE_SERVER, &one, sizeof(one));
        } else {
                code = zmq_setsockopt(zsocket, ZMQ_CURVE_SERVERKEY, keys->server_key, WIRE_KEY_TEXT);
                if (code == 0)
                        code = zmq_setsockopt(zsocket, ZMQ_CURVE_PUBLICKEY, keys->own.public_key, WIRE_KEY_TEXT);
        }
        if (code == 0)
                code = zmq_setsockopt(zsocket, ZMQ_CURVE_SECRETKEY, keys->secret_key, WIRE_KEY_TEXT);
        if (code != 0)
                return fail(err, OFFPEAK_EINTERNAL,
                            "the key \"%s\" cannot be used: %s (libzmq must be built with CURVE)", keys->own.name,
                            zmq_strerror(errno));
        return 0;
}

void wire_keys_finish(struct wire_keys *keys)
{
        free(keys->directory);
        free(keys->authorised);
        explicit_bzero(keys, sizeof(*keys));
}
