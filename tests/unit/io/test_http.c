/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http.c - requests against a server of this process that says what each test wants said; names that hang; and that
 * every loop closes clean.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/http.h"

enum { HANG_S = 5 };

/* ---- names: one hangs, as with a name server that is gone. Found before libc's, by libcurl too. */

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
        int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

        if (name != NULL && strcmp(name, "hang.test") == 0) {
                sleep(HANG_S);
                return EAI_AGAIN;
        }
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, found);
}

/* ---- the server: one connection after the other, the same words for each */

struct server {
        int fd, port;
        pthread_t thread;
        const char *says;      /* NULL: nothing, and the connection stays open */
        size_t size;           /* 0: strlen */
        bool reset;            /* instead of an orderly end */
        char heard[4096];      /* the last request */
        atomic_int n;          /* requests */
};

static void hear(struct server *server, int fd)
{
        size_t size = 0;
        ssize_t n;

        memset(server->heard, 0, sizeof(server->heard));
        while (size < sizeof(server->heard) - 1 && strstr(server->heard, "\r\n\r\n") == NULL &&
               (n = read(fd, server->heard + size, sizeof(server->heard) - 1 - size)) > 0)
                size += (size_t)n;
}

static void *serve(void *context)
{
        struct server *server = context;
        struct linger linger = { .l_onoff = 1 };
        char byte;
        int fd;

        while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
                hear(server, fd);
                server->n++;
                if (server->says != NULL) {
                        size_t size = server->size != 0 ? server->size : strlen(server->says);

                        (void)!send(fd, server->says, size, MSG_NOSIGNAL);
                } else {
                        (void)!read(fd, &byte, 1); /* until the other side has had enough */
                }
                if (server->reset)
                        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
                close(fd);
        }
        return NULL;
}

static void server_start(struct server *server, const char *says)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);

        memset(server, 0, sizeof(*server));
        server->says = says;
        server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(server->fd, 256), 0);
        assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
        server->port = ntohs(address.sin_port);
        assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
        shutdown(server->fd, SHUT_RDWR);
        pthread_join(server->thread, NULL);
        close(server->fd);
}

/* ---- asking */

struct asked {
        bool done;
        struct http_answer answer; /* its body is ours */
};

static void on_done(void *context, struct http_answer *answer)
{
        struct asked *asked = context;

        asked->answer = *answer;
        answer->body = NULL;
        asked->done = true;
}

static void on_closed(void *context)
{
        *(bool *)context = true;
}

static void close_loop(uv_loop_t *loop, struct http *http)
{
        bool closed = false;

        http_close(http, on_closed, &closed);
        uv_run(loop, UV_RUN_DEFAULT);
        assert_true(closed);
        assert_int_equal(uv_loop_close(loop), 0);
}

static struct asked ask_with(struct http_request request)
{
        struct asked asked = { 0 };
        struct offpeak_error err;
        struct http_get *get;
        struct http *http;
        uv_loop_t loop;

        assert_int_equal(uv_loop_init(&loop), 0);
        assert_int_equal(http_create(&loop, &http, &err), 0);
        request.here = true;
        request.timeout_ms = request.timeout_ms != 0 ? request.timeout_ms : 3000;
        request.max_bytes = request.max_bytes != 0 ? request.max_bytes : 1000;
        assert_int_equal(http_get(http, &request, on_done, &asked, &get, &err), 0);
        while (!asked.done)
                uv_run(&loop, UV_RUN_ONCE);
        close_loop(&loop, http);
        return asked;
}

static const char *url_of(const struct server *server)
{
        static char url[64];

        snprintf(url, sizeof(url), "http://127.0.0.1:%d/a?b=c", server->port);
        return url;
}

static struct asked ask(const char *says)
{
        struct server server;
        struct asked asked;

        server_start(&server, says);
        asked = ask_with((struct http_request){ .url = url_of(&server) });
        server_stop(&server);
        return asked;
}

static void expect_failure(struct asked asked, int code, const char *says)
{
        if (asked.answer.code != code || strstr(asked.answer.err.text, says) == NULL)
                fail_msg("%d \"%s\", not %d \"%s\"", asked.answer.code, asked.answer.err.text, code, says);
        free(asked.answer.body);
}

static int64_t now_ms(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- answers */

static void an_answer_is_kept_as_it_is(void **state)
{
        static const char *const headers[] = { "auth-token: hush", "If-None-Match: \"0\"" };
        struct server server;
        struct asked asked;

        (void)state;
        server_start(&server, "HTTP/1.1 200 OK\r\nETag: \"x-1\" \r\nlast-modified: Sun, 22 Nov 2026 14:30:00 GMT\r\n"
                              "Content-Length: 5\r\n\r\nhello");
        asked = ask_with((struct http_request){ .url = url_of(&server), .headers = headers, .n_headers = 2 });
        server_stop(&server);
        assert_int_equal(asked.answer.code, 0);
        assert_int_equal(asked.answer.status, 200);
        assert_int_equal(asked.answer.size, 5);
        assert_memory_equal(asked.answer.body, "hello", 5);
        assert_string_equal(asked.answer.etag, "\"x-1\"");
        assert_string_equal(asked.answer.last_modified, "Sun, 22 Nov 2026 14:30:00 GMT");
        assert_int_equal(asked.answer.retry_after_s, 0);
        assert_memory_equal(server.heard, "GET /a?b=c HTTP/1.1\r\n", 21);
        assert_non_null(strstr(server.heard, "\r\nauth-token: hush\r\n"));
        assert_non_null(strstr(server.heard, "\r\nIf-None-Match: \"0\"\r\n"));
        assert_non_null(strstr(server.heard, "\r\nUser-Agent: offpeak/"));
        assert_non_null(strstr(server.heard, "gzip"));
        free(asked.answer.body);
}

static void statuses_are_answers(void **state)
{
        struct asked asked = ask("HTTP/1.1 304 Not Modified\r\n\r\n");

        (void)state;
        assert_int_equal(asked.answer.code, 0);
        assert_int_equal(asked.answer.status, 304);
        asked = ask("HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
        assert_int_equal(asked.answer.code, 0);
        assert_int_equal(asked.answer.status, 429);
        assert_int_equal(asked.answer.retry_after_s, 120);
        free(asked.answer.body);
}

static void limits_are_kept(void **state)
{
        char text[1200];
        int used = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n\r\n");

        (void)state;
        expect_failure(ask("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\nx"), OFFPEAK_EIO, "larger than 1000 bytes");
        memset(text + used, 'x', 1001);
        text[used + 1001] = '\0';
        expect_failure(ask(text), OFFPEAK_EIO, "larger than 1000 bytes"); /* of a length nobody told */
        text[used + 1000] = '\0';
        expect_failure(ask(text), 0, "");
}

static void what_breaks_off_is_told(void **state)
{
        struct server server;

        (void)state;
        expect_failure(ask("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), OFFPEAK_ETRYAGAIN, "ended in the middle");
        expect_failure(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), OFFPEAK_ETRYAGAIN, "ended in the middle");
        expect_failure(ask(""), OFFPEAK_ETRYAGAIN, "closed the connection without an answer");
        expect_failure(ask("hello\n"), OFFPEAK_ETRYAGAIN, "no web server");
        server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
        server.reset = true;
        expect_failure(ask_with((struct http_request){ .url = url_of(&server) }), OFFPEAK_ETRYAGAIN, "connection was reset");
        server_stop(&server);
        expect_failure(ask_with((struct http_request){ .url = url_of(&server) }), OFFPEAK_ETRYAGAIN, "nobody answers there");
}

static void silence_ends(void **state)
{
        struct server server;
        int64_t began = now_ms();

        (void)state;
        server_start(&server, NULL);
        expect_failure(ask_with((struct http_request){ .url = url_of(&server), .timeout_ms = 300 }), OFFPEAK_ETRYAGAIN,
                       "no answer within 0.3 s");
        assert_in_range(now_ms() - began, 250, 1500);
        server_stop(&server);
}

/* ---- redirects */

static void redirects_are_followed_within_bounds(void **state)
{
        struct server target, server;
        char says[200];
        struct asked asked;

        (void)state;
        server_start(&target, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        snprintf(says, sizeof(says), "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/x\r\nContent-Length: 4\r\n\r\nbody",
                 target.port);
        server_start(&server, says);
        asked = ask_with((struct http_request){ .url = url_of(&server) });
        assert_int_equal(asked.answer.code, 0);
        assert_int_equal(asked.answer.status, 200);
        assert_int_equal(asked.answer.size, 2); /* not what came with the redirect */
        free(asked.answer.body);
        assert_int_equal(target.n, 1);
        expect_failure(ask_with((struct http_request){ .url = url_of(&server), .has_secret = true }), OFFPEAK_EIO,
                       "must not see the secret"); /* another port is another server */
        assert_int_equal(target.n, 1);
        server_stop(&server);
        server_stop(&target);
        server_start(&server, "HTTP/1.1 302 Go\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
        expect_failure(ask_with((struct http_request){ .url = url_of(&server), .has_secret = true }), OFFPEAK_EIO,
                       "redirects more than 5 times");
        assert_int_equal(server.n, 6);
        server_stop(&server);
        expect_failure(ask("HTTP/1.1 302 Go\r\nLocation: gopher://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"), OFFPEAK_EIO,
                       "neither http nor https");
        expect_failure(ask("HTTP/1.1 302 Go\r\nContent-Length: 0\r\n\r\n"), OFFPEAK_EIO, "does not say where to");
}

/* ---- nothing blocks */

/* The longest time that the loop was away from its timer. */
struct watch {
        uv_timer_t timer;
        int64_t last, longest;
};

static void on_beat(uv_timer_t *timer)
{
        struct watch *watch = timer->data;
        int64_t now = now_ms();

        watch->longest = now - watch->last > watch->longest ? now - watch->last : watch->longest;
        watch->last = now;
}

static void a_name_that_hangs_blocks_nobody(void **state)
{
        struct http_request request = { .url = "http://hang.test/", .timeout_ms = 400, .max_bytes = 1000 };
        struct watch watch = { .last = now_ms() };
        struct asked asked = { 0 }, other = { 0 };
        struct offpeak_error err;
        struct http_get *get, *second;
        struct http *http;
        int64_t began = now_ms();
        uv_loop_t loop;

        (void)state;
        assert_int_equal(uv_loop_init(&loop), 0);
        assert_int_equal(http_create(&loop, &http, &err), 0);
        uv_timer_init(&loop, &watch.timer);
        watch.timer.data = &watch;
        uv_timer_start(&watch.timer, on_beat, 10, 10);
        assert_int_equal(http_get(http, &request, on_done, &asked, &get, &err), 0);
        request.timeout_ms = 60000;
        assert_int_equal(http_get(http, &request, on_done, &other, &second, &err), 0);
        while (!asked.done)
                uv_run(&loop, UV_RUN_ONCE);
        expect_failure(asked, OFFPEAK_ETRYAGAIN, "no answer within 0.4 s");
        assert_false(other.done);
        http_cancel(second); /* while its name is still asked for */
        uv_close((uv_handle_t *)&watch.timer, NULL);
        close_loop(&loop, http);
        assert_true(watch.longest < 200);
        assert_true(now_ms() - began < 1500); /* and the end waits for no name either */
}

static void a_request_is_cancelled_at_any_moment(void **state)
{
        struct http_request request = { .timeout_ms = 3000, .max_bytes = 1000, .here = true };
        struct server server;

        (void)state;
        server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nx");
        request.url = url_of(&server);
        for (int turns = 0; turns < 12; turns++) {
                struct offpeak_error err;
                struct http_get *get;
                struct asked asked = { 0 };
                struct http *http;
                uv_loop_t loop;

                assert_int_equal(uv_loop_init(&loop), 0);
                assert_int_equal(http_create(&loop, &http, &err), 0);
                assert_int_equal(http_get(http, &request, on_done, &asked, &get, &err), 0);
                for (int i = 0; i < turns && !asked.done; i++)
                        uv_run(&loop, UV_RUN_ONCE);
                if (!asked.done)
                        http_cancel(get);
                free(asked.answer.body);
                close_loop(&loop, http);
        }
        server_stop(&server);
}

static void many_at_once(void **state)
{
        enum { MANY = 200 };
        struct http_request request = { .timeout_ms = 10000, .max_bytes = 1000, .here = true };
        static struct asked asked[MANY];
        struct offpeak_error err;
        struct server server;
        struct http *http;
        uv_loop_t loop;

        (void)state;
        server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        request.url = url_of(&server);
        assert_int_equal(uv_loop_init(&loop), 0);
        assert_int_equal(http_create(&loop, &http, &err), 0);
        for (int i = 0; i < MANY; i++) {
                struct http_get *get;

                assert_int_equal(http_get(http, &request, on_done, &asked[i], &get, &err), 0);
        }
        for (int i = 0; i < MANY; i++)
                while (!asked[i].done)
                        uv_run(&loop, UV_RUN_ONCE);
        for (int i = 0; i < MANY; i++) {
                assert_int_equal(asked[i].answer.code, 0);
                assert_int_equal(asked[i].answer.size, 2);
                free(asked[i].answer.body);
        }
        close_loop(&loop, http);
        server_stop(&server);
}

static void this_machine_can(void **state)
{
        struct offpeak_error err = { 0 };

        (void)state;
        if (http_check(&err) != 0)
                fail_msg("%s", err.text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(this_machine_can),
                cmocka_unit_test(an_answer_is_kept_as_it_is),
                cmocka_unit_test(statuses_are_answers),
                cmocka_unit_test(limits_are_kept),
                cmocka_unit_test(what_breaks_off_is_told),
                cmocka_unit_test(silence_ends),
                cmocka_unit_test(redirects_are_followed_within_bounds),
                cmocka_unit_test(a_name_that_hangs_blocks_nobody),
                cmocka_unit_test(a_request_is_cancelled_at_any_moment),
                cmocka_unit_test(many_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
