/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - libcurl says which sockets it waits for and until when; libuv waits.
 *
 *   uv_poll, uv_timer -> curl_multi_socket_action -> (callbacks store bytes and headers) -> reap: done, or the next redirect
 *
 * No libcurl function that changes a transfer is called from one of its callbacks: these only watch sockets, set the timer
 * and keep what arrived. What is over is picked up after each action.
 */
#include "io/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/fail.h"
#include "io/http_reason.h"
#include "io/http_redirect.h"

enum { CONNECT_MS = 10000, SLOW_BYTES = 32, SLOW_S = 10, LARGEST_HEADERS = 256 << 10 };

struct http {
        uv_loop_t *loop;
        CURLM *multi;
        uv_timer_t timer;
        size_t n_open; /* handles of libuv */
        void (*closed)(void *context);
        void *closed_context;
};

struct socket {
        struct http *http;
        uv_poll_t poll;
        curl_socket_t fd;
};

struct http_get {
        struct http *http;
        CURL *easy;
        struct curl_slist *headers;
        char *url;      /* that is asked now */
        char *origin;   /* scheme://host:port of the first one */
        uint64_t ends_ms; /* of uv_now */
        int64_t timeout_ms;
        size_t max_bytes, room;
        size_t n_header_bytes;
        unsigned redirects;
        bool has_secret, too_large;
        struct http_answer answer;
        void (*done)(void *context, struct http_answer *answer);
        void *context;
};

/* ---- sockets and the timer */

static void reap(struct http *http);

static void free_http(struct http *http)
{
        void (*closed)(void *) = http->closed;
        void *context = http->closed_context;

        free(http);
        closed(context);
}

static void on_handle_closed(struct http *http)
{
        if (--http->n_open == 0 && http->closed != NULL)
                free_http(http);
}

static void on_socket_closed(uv_handle_t *handle)
{
        struct socket *socket = handle->data;
        struct http *http = socket->http;

        free(socket);
        on_handle_closed(http);
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
        struct socket *socket = poll->data;
        struct http *http = socket->http;
        int flags = 0, running;

        if (status < 0)
                flags = CURL_CSELECT_ERR;
        if (events & UV_READABLE)
                flags |= CURL_CSELECT_IN;
        if (events & UV_WRITABLE)
                flags |= CURL_CSELECT_OUT;
        curl_multi_socket_action(http->multi, socket->fd, flags, &running); /* may close this very handle */
        reap(http);
}

static struct socket *watch_socket(struct http *http, curl_socket_t fd)
{
        struct socket *socket = calloc(1, sizeof(*socket));

        if (socket == NULL)
                return NULL;
        if (uv_poll_init_socket(http->loop, &socket->poll, fd) != 0) {
                free(socket);
                return NULL;
        }
        socket->http = http;
        socket->fd = fd;
        socket->poll.data = socket;
        http->n_open++;
        curl_multi_assign(http->multi, fd, socket);
        return socket;
}

static int on_watch(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
        struct socket *socket = assigned;
        struct http *http = context;
        int events = 0;

        (void)easy;
        if (what == CURL_POLL_REMOVE) {
                if (socket != NULL) {
                        curl_multi_assign(http->multi, fd, NULL);
                        uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
                }
                return 0;
        }
        if (socket == NULL)
                socket = watch_socket(http, fd);
        if (socket == NULL)
                return -1; /* the transfer fails */
        if (what != CURL_POLL_OUT)
                events |= UV_READABLE;
        if (what != CURL_POLL_IN)
                events |= UV_WRITABLE;
        uv_poll_start(&socket->poll, events, on_socket);
        return 0;
}

static void on_timer(uv_timer_t *timer)
{
        struct http *http = timer->data;
        int running;

        curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        reap(http);
}

/* Also with 0 the timer is only set: from in here libcurl must not be called. */
static int on_set_timer(CURLM *multi, long timeout_ms, void *context)
{
        struct http *http = context;

        (void)multi;
        if (timeout_ms < 0)
                uv_timer_stop(&http->timer);
        else
                uv_timer_start(&http->timer, on_timer, (uint64_t)timeout_ms, 0);
        return 0;
}

/* ---- what arrives */

static size_t on_body(char *bytes, size_t one, size_t n, void *context)
{
        struct http_get *get = context;

        (void)one;
        if (n > get->max_bytes - get->answer.size) {
                get->too_large = true;
                return 0; /* ends the transfer */
        }
        if (get->answer.size + n > get->room) {
                size_t room = (get->answer.size + n) * 2 < 4096 ? 4096 : (get->answer.size + n) * 2;
                char *body = realloc(get->answer.body, room);

                if (body == NULL)
                        return 0;
                get->answer.body = body;
                get->room = room;
        }
        memcpy(get->answer.body + get->answer.size, bytes, n);
        get->answer.size += n;
        return n;
}

/* A header's value, if the line is of that header. */
static void keep_header(const char *line, size_t size, const char *name, char value[HTTP_TAG_SIZE])
{
        size_t length = strlen(name);

        if (size <= length || line[length] != ':' || strncasecmp(line, name, length) != 0)
                return;
        line += length + 1;
        size -= length + 1;
        while (size > 0 && (*line == ' ' || *line == '\t'))
                line++, size--;
        while (size > 0 && (unsigned char)line[size - 1] <= ' ')
                size--;
        value[0] = '\0';
        if (size < HTTP_TAG_SIZE && memchr(line, '\0', size) == NULL) {
                memcpy(value, line, size);
                value[size] = '\0';
        }
}

static size_t on_header(char *line, size_t one, size_t n, void *context)
{
        struct http_get *get = context;

        (void)one;
        get->n_header_bytes += n;
        if (get->n_header_bytes > LARGEST_HEADERS)
                return 0; /* ends the transfer */
        if (n > 5 && memcmp(line, "HTTP/", 5) == 0) /* a new answer begins: the final one after 100 Continue */
                get->answer.etag[0] = get->answer.last_modified[0] = '\0';
        keep_header(line, n, "ETag", get->answer.etag);
        keep_header(line, n, "Last-Modified", get->answer.last_modified);
        return n;
}

/* ---- why it failed */

static void explain(struct http_get *get, CURLcode result)
{
        struct http_answer *answer = &get->answer;
        long verified = 0;

        if (get->too_large || result == CURLE_FILESIZE_EXCEEDED) {
                answer->code = fail(&answer->err, OFFPEAK_EIO,
                                    "the answer is larger than %zu bytes: ask for less, or raise \"max_bytes\"",
                                    get->max_bytes);
        } else if (get->n_header_bytes > LARGEST_HEADERS) {
                answer->code = fail(&answer->err, OFFPEAK_EIO, "the answer's headers are larger than %d KiB",
                                    LARGEST_HEADERS >> 10);
        } else if (result == CURLE_OPERATION_TIMEDOUT) {
                answer->code = fail(&answer->err, OFFPEAK_ETRYAGAIN,
                                    "no answer within %.10g s, or hardly a byte in ten (\"timeout\")",
                                    (double)get->timeout_ms / 1000);
        } else {
                curl_easy_getinfo(get->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
                answer->code = http_reason(result, verified, &answer->err);
        }
}

/* ---- redirects */

static int64_t left_ms(const struct http_get *get)
{
        uint64_t now = uv_now(get->http->loop);

        return now < get->ends_ms ? (int64_t)(get->ends_ms - now) : 0;
}

static int start(struct http_get *get)
{
        int64_t left = left_ms(get);

        if (left == 0) {
                explain(get, CURLE_OPERATION_TIMEDOUT);
                return get->answer.code;
        }
        get->answer.size = 0;
        get->answer.etag[0] = get->answer.last_modified[0] = '\0';
        curl_easy_setopt(get->easy, CURLOPT_URL, get->url);
        curl_easy_setopt(get->easy, CURLOPT_TIMEOUT_MS, (long)left);
        curl_easy_setopt(get->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(left < CONNECT_MS ? left : CONNECT_MS));
        return curl_multi_add_handle(get->http->multi, get->easy) == CURLM_OK
                       ? 0
                       : fail(&get->answer.err, OFFPEAK_ENOMEM, "out of memory");
}

/* Follow where the server points; false: this was the answer, or it ends here. */
static bool go_on(struct http_get *get)
{
        char *target = NULL, *url;

        if (get->answer.code != 0 || get->answer.status < 300 || get->answer.status > 399 || get->answer.status == 304)
                return false;
        curl_easy_getinfo(get->easy, CURLINFO_REDIRECT_URL, &target);
        if (target == NULL) {
                get->answer.code = fail(&get->answer.err, OFFPEAK_EIO, "the server redirects, and does not say where to");
                return false;
        }
        get->answer.code = http_redirect_check(get->origin, get->url, target, ++get->redirects, get->has_secret,
                                               &get->answer.err);
        if (get->answer.code != 0)
                return false;
        url = strdup(target);
        if (url == NULL) {
                get->answer.code = fail(&get->answer.err, OFFPEAK_ENOMEM, "out of memory");
                return false;
        }
        free(get->url);
        get->url = url;
        get->answer.code = start(get);
        return get->answer.code == 0;
}

/* ---- the end of a request */

static void free_get(struct http_get *get)
{
        curl_easy_cleanup(get->easy);
        curl_slist_free_all(get->headers);
        free(get->url);
        free(get->origin);
        free(get->answer.body);
        free(get);
}

static void finish(struct http_get *get, CURLcode result)
{
        curl_off_t retry_after = 0;

        curl_multi_remove_handle(get->http->multi, get->easy);
        curl_easy_getinfo(get->easy, CURLINFO_RESPONSE_CODE, &get->answer.status);
        if (curl_easy_getinfo(get->easy, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK)
                get->answer.retry_after_s = (int64_t)retry_after;
        get->answer.code = 0;
        if (result != CURLE_OK)
                explain(get, result);
        if (go_on(get))
                return;
        get->done(get->context, &get->answer);
        free_get(get);
}

static void reap(struct http *http)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
                CURLcode result = message->data.result; /* the message is gone with the next call */
                char *get = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &get);
                finish((struct http_get *)(void *)get, result);
        }
}

/* ---- beginning one */

static int set_headers(struct http_get *get, const struct http_request *request)
{
        for (size_t i = 0; i < request->n_headers; i++) {
                struct curl_slist *more = curl_slist_append(get->headers, request->headers[i]);

                if (more == NULL)
                        return OFFPEAK_ENOMEM;
                get->headers = more;
        }
        return 0;
}

static void set_options(struct http_get *get, const struct http_request *request)
{
        CURL *easy = get->easy;

        curl_easy_setopt(easy, CURLOPT_PRIVATE, get);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        /* A request that is given up while its name is being resolved must not wait for that thread. */
        curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* go_on does, by stricter rules */
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (request->ca != NULL)
                curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca);
        if (request->here)
                curl_easy_setopt(easy, CURLOPT_PROXY, "");
        /* Minutes pass between requests: a connection kept that long only fails when it is used. */
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "offpeak/" OFFPEAK_VERSION);
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* whatever libcurl can unpack */
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, get->headers);
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max_bytes);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, get);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, get);
}

static int prepare(struct http_get *get, const struct http_request *request, struct offpeak_error *err)
{
        get->url = strdup(request->url);
        get->easy = curl_easy_init();
        if (get->url == NULL || get->easy == NULL || set_headers(get, request) != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        get->origin = http_origin(request->url);
        if (get->origin == NULL)
                return fail(err, OFFPEAK_EINVAL, "this is no address that can be asked");
        set_options(get, request);
        return 0;
}

int http_get(struct http *http, const struct http_request *request,
             void (*done)(void *context, struct http_answer *answer), void *context, struct http_get **ret_get,
             struct offpeak_error *err)
{
        struct http_get *get = calloc(1, sizeof(*get));
        int code;

        if (get == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        get->http = http;
        get->done = done;
        get->context = context;
        get->timeout_ms = request->timeout_ms;
        get->ends_ms = uv_now(http->loop) + (uint64_t)request->timeout_ms;
        get->max_bytes = request->max_bytes;
        get->has_secret = request->has_secret;
        code = prepare(get, request, err);
        if (code == 0 && start(get) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        if (code != 0)
                free_get(get);
        else
                *ret_get = get;
        return code;
}

void http_cancel(struct http_get *get)
{
        curl_multi_remove_handle(get->http->multi, get->easy);
        free_get(get);
}

/* ---- life */

int http_check(struct offpeak_error *err)
{
        const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

        if ((info->features & CURL_VERSION_ASYNCHDNS) == 0)
                return fail(err, OFFPEAK_ECONFIG,
                            "this libcurl (%s) resolves names by waiting for them, which would stop the scheduler: install one "
                            "with a threaded resolver", info->version);
        if ((info->features & CURL_VERSION_SSL) == 0)
                return fail(err, OFFPEAK_ECONFIG, "this libcurl (%s) knows no https: install one that does", info->version);
        return 0;
}

int http_create(uv_loop_t *loop, struct http **ret_http, struct offpeak_error *err)
{
        struct http *http;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return fail(err, OFFPEAK_ENOMEM, "libcurl does not start");
        http = calloc(1, sizeof(*http));
        if (http != NULL)
                http->multi = curl_multi_init();
        if (http == NULL || http->multi == NULL) {
                free(http);
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        }
        http->loop = loop;
        uv_timer_init(loop, &http->timer);
        http->timer.data = http;
        http->n_open = 1;
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
        curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_set_timer);
        curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
        *ret_http = http;
        return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
        on_handle_closed(handle->data);
}

void http_close(struct http *http, void (*closed)(void *context), void *context)
{
        http->closed = closed;
        http->closed_context = context;
        curl_multi_cleanup(http->multi); /* idle connections are closed, their sockets no more watched */
        uv_close((uv_handle_t *)&http->timer, on_timer_closed);
}
