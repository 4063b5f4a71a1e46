/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - GET over http and https on a libuv loop, by libcurl's multi interface. Nothing blocks, names least of all: they
 * are resolved in threads of libcurl's, which nobody waits for when a request is given up.
 *
 * Servers are always verified. Redirects are followed up to five times, never from https to http, and not to another
 * machine with a request that carries secrets. The size limit counts unpacked bytes, and ends a transfer that passes it.
 * Headers may be 256 KiB in all. A time-out is of the whole, redirects and all.
 */
#ifndef OFFPEAK_IO_HTTP_H
#define OFFPEAK_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <offpeak/error.h>

struct http;
struct http_get;

struct http_request {           /* all borrowed for the call only */
        const char *url;
        const char *const *headers; /* "Name: value" */
        size_t n_headers;
        const char *ca;         /* NULL: the system's authorities */
        int64_t timeout_ms;
        size_t max_bytes;
        bool has_secret;
        bool here;              /* the address is this machine: no proxy */
};

enum { HTTP_TAG_SIZE = 256 };

struct http_answer {
        int code;                /* 0: the server answered, whatever the status */
        struct offpeak_error err; /* why it did not; does not name the address, and may hold secrets of it */
        long status;
        char *body;              /* size bytes; owned by the answer, a receiver may take it and leave NULL */
        size_t size;
        char etag[HTTP_TAG_SIZE], last_modified[HTTP_TAG_SIZE]; /* "": none, or longer than that */
        int64_t retry_after_s;   /* 0: not told */
};

/* Can this machine's libcurl do all that? ECONFIG says what it lacks. */
int http_check(struct offpeak_error *err);

int http_create(uv_loop_t *loop, struct http **ret_http, struct offpeak_error *err);

/* All requests must be over or cancelled. `closed` is called when no handle is left. */
void http_close(struct http *http, void (*closed)(void *context), void *context);

/* `done` is called once, later, unless it is cancelled; the request is gone then. ENOMEM, EINVAL: no address. */
int http_get(struct http *http, const struct http_request *request,
             void (*done)(void *context, struct http_answer *answer), void *context, struct http_get **ret_get,
             struct offpeak_error *err);

void http_cancel(struct http_get *get);

#endif
