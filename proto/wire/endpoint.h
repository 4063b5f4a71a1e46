/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint.h - where the scheduler listens: `ipc://PATH` or `tcp://HOST:PORT`, and where that is when nobody says.
 */
#ifndef OFFPEAK_WIRE_ENDPOINT_H
#define OFFPEAK_WIRE_ENDPOINT_H

#include <stdbool.h>

#include <offpeak/error.h>

enum { ENDPOINT_TEXT = 320 };

struct endpoint {
        bool is_ipc;
        char path[108]; /* ipc: as long as the kernel takes it */
        char host[256]; /* tcp: without the brackets of IPv6 */
        int port;       /* tcp */
};

/* ECONFIG: none of the two forms, a path too long, no port. */
int endpoint_parse(const char *text, struct endpoint *ret_endpoint, struct offpeak_error *err);

/* Only this machine can reach it: ipc, 127.0.0.0/8, ::1, localhost. No name is looked up. */
bool endpoint_is_local(const struct endpoint *endpoint);

/*
 * $OFFPEAK_SERVER; else ipc:///run/offpeak/offpeakd.sock for root, or where that exists; else offpeak/offpeakd.sock
 * under $XDG_RUNTIME_DIR; else /tmp/offpeak-UID/offpeakd.sock. Daemon, agent and client agree by asking here.
 * EPERMISSION: the directory in /tmp is another user's.
 */
int endpoint_default(char ret_text[ENDPOINT_TEXT], struct offpeak_error *err);

/*
 * ipc: does a process listen there? 0; EUNREACHABLE: no (nothing there, or left by a dead one); EPERMISSION: it is not
 * for us to know; ECONFIG: what stands there is no socket.
 */
int endpoint_probe(const struct endpoint *endpoint, struct offpeak_error *err);

/* ipc: make the path's directory (0755 for root, else 0700) unless it is there. */
int endpoint_make_directory(const struct endpoint *endpoint, struct offpeak_error *err);

#endif
