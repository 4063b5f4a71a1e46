/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "unit/wire/loop_fixture.h"
#include "wire/frame.h"
#include "wire/zuv.h"

/* One end of a conversation: counts what it hears, and may answer. */
struct end {
        struct zuv *socket;
        unsigned heard, to_send, closed;
        bool echo, close_when_heard;
        struct zuv_peer last;
        char text[64];
};

static void on_closed(void *context)
{
        struct end *end = context;

        end->closed++;
        end->socket = NULL;
}

static void on_receive(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct end *end = context;

        end->heard++;
        end->last = *peer;
        snprintf(end->text, sizeof(end->text), "%.*s", (int)(size < 40 ? size : 40), (const char *)bytes);
        if (end->echo)
                assert_int_equal(zuv_send(end->socket, peer, bytes, size), 0);
        if (end->to_send > 0) {
                end->to_send--;
                assert_int_equal(zuv_send(end->socket, NULL, bytes, size), 0);
        }
        if (end->close_when_heard) {
                end->close_when_heard = false;
                zuv_close(end->socket, on_closed, end);
        }
}

static void listen_at(struct fixture *fixture, const char *endpoint, struct end *end)
{
        struct offpeak_error err;

        if (zuv_listen(&fixture->loop, endpoint, NULL, on_receive, end, &end->socket, &err) != 0)
                fail_msg("%s", err.text);
}

static void connect_to(struct fixture *fixture, const char *endpoint, struct end *end)
{
        struct offpeak_error err;

        if (zuv_connect(&fixture->loop, endpoint, NULL, on_receive, end, &end->socket, &err) != 0)
                fail_msg("%s", err.text);
}

static void hang_up(struct fixture *fixture, struct end *end)
{
        if (end->socket != NULL)
                zuv_close(end->socket, on_closed, end);
        fixture_run_until_count(fixture, &end->closed, 1);
        assert_int_equal(end->closed, 1);
}

static void say(struct end *end, const char *text)
{
        assert_int_equal(zuv_send(end->socket, NULL, (const uint8_t *)text, strlen(text)), 0);
}

/* A window of messages goes to and fro, each sent from inside the callback that hears the one before. */
static void go_round(struct fixture *fixture, const char *endpoint, unsigned n)
{
        struct end server = { .echo = true }, client = { 0 };
        enum { WINDOW = 64 };

        listen_at(fixture, endpoint, &server);
        connect_to(fixture, zuv_endpoint(server.socket), &client);
        client.to_send = n - WINDOW;
        for (int i = 0; i < WINDOW; i++)
                say(&client, "round");
        fixture_run_until_count(fixture, &client.heard, n);
        fixture_run_turns(fixture, 3);
        assert_int_equal(client.heard, n);
        assert_int_equal(server.heard, n);
        assert_int_equal(zuv_dropped(server.socket) + zuv_dropped(client.socket), 0);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void a_hundred_thousand_messages_do_not_stall(void **state)
{
        char path[160];

        go_round(*state, fixture_path(*state, "ipc://", "s", path), 100000);
}

static void nor_do_they_over_tcp(void **state)
{
        go_round(*state, "tcp://127.0.0.1:0", 20000);
}

/* A peer outside the loop, whose doings wake nobody but by the socket itself. */
struct raw {
        void *context, *socket;
        uint8_t identity[64];
        size_t identity_size;
};

static struct raw raw_listen(const char *endpoint)
{
        struct raw raw = { .context = zmq_ctx_new() };
        int linger = 0;

        raw.socket = zmq_socket(raw.context, ZMQ_ROUTER);
        zmq_setsockopt(raw.socket, ZMQ_LINGER, &linger, sizeof(linger));
        zmq_setsockopt(raw.socket, ZMQ_SNDHWM, &linger, sizeof(linger)); /* no limit */
        assert_int_equal(zmq_bind(raw.socket, endpoint), 0);
        return raw;
}

static void raw_hear(struct raw *raw)
{
        char text[64];

        raw->identity_size = (size_t)zmq_recv(raw->socket, raw->identity, sizeof(raw->identity), 0);
        assert_true(zmq_recv(raw->socket, text, sizeof(text), 0) > 0);
}

/* Sent, and arrived in the other's queue: its fd has been made readable. */
static void raw_say(struct raw *raw, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                zmq_send(raw->socket, raw->identity, raw->identity_size, ZMQ_SNDMORE);
                zmq_send(raw->socket, "reply", 5, 0);
        }
        usleep(100000);
}

static void raw_close(struct raw *raw)
{
        zmq_close(raw->socket);
        zmq_ctx_term(raw->context);
}

/* The worst place to send from: a prepare callback that runs after ours, just before the loop sleeps. */
struct late_sender {
        uv_prepare_t prepare;
        uv_timer_t timer;
        struct raw *raw;
        struct end *end;
        bool sent;
};

static void send_late(struct late_sender *late)
{
        if (late->sent)
                return;
        late->sent = true;
        raw_say(late->raw, 1);
        say(late->end, "this send eats the edge of the reply");
}

static void on_prepare(uv_prepare_t *prepare)
{
        send_late(prepare->data);
}

static void on_timer(uv_timer_t *timer)
{
        send_late(timer->data);
}

static void send_late_from(struct fixture *fixture, bool from_prepare)
{
        struct end client = { 0 };
        struct raw raw;
        struct late_sender late = { .raw = &raw, .end = &client };
        char path[160];

        late.prepare.data = late.timer.data = &late;
        uv_prepare_init(&fixture->loop, &late.prepare);
        uv_timer_init(&fixture->loop, &late.timer);
        if (from_prepare)
                uv_prepare_start(&late.prepare, on_prepare); /* the first to start is the last to run */
        late.sent = true;
        raw = raw_listen(fixture_path(fixture, "ipc://", "raw", path));
        connect_to(fixture, path, &client);
        say(&client, "hello");
        raw_hear(&raw);
        fixture_run_turns(fixture, 10);
        late.sent = false;
        if (!from_prepare)
                uv_timer_start(&late.timer, on_timer, 0, 0);
        fixture_run_until_count(fixture, &client.heard, 1);
        assert_true(late.sent);
        uv_close((uv_handle_t *)&late.prepare, NULL);
        uv_close((uv_handle_t *)&late.timer, NULL);
        hang_up(fixture, &client);
        raw_close(&raw);
}

static void sending_just_before_sleep_does_not_stall(void **state)
{
        send_late_from(*state, true);
}

static void sending_from_a_timer_does_not_stall(void **state)
{
        send_late_from(*state, false);
}

/* More than is read in one turn, and then silence. */
static void a_burst_does_not_stall(void **state)
{
        struct fixture *fixture = *state;
        struct end client = { 0 };
        struct raw raw;
        char path[160];

        raw = raw_listen(fixture_path(fixture, "ipc://", "raw", path));
        connect_to(fixture, path, &client);
        say(&client, "hello");
        raw_hear(&raw);
        raw_say(&raw, 900);
        fixture_run_until_count(fixture, &client.heard, 900);
        hang_up(fixture, &client);
        raw_close(&raw);
}

static void ipc_tells_who_speaks(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 }, client = { 0 };
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        connect_to(fixture, path, &client);
        say(&client, "who am I");
        fixture_run_until_count(fixture, &server.heard, 1);
        assert_true(server.last.has_uid);
        assert_int_equal(server.last.uid, geteuid());
        assert_true(server.last.may_schedule);
        assert_string_equal(server.last.name, "");
        assert_string_equal(server.text, "who am I");
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void everybody_may_connect_to_a_path(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 };
        struct stat status;
        char endpoint[160], path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", endpoint), &server);
        assert_int_equal(stat(fixture_path(fixture, "", "s", path), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0666);
        hang_up(fixture, &server);
        assert_int_equal(stat(path, &status), -1); /* and it goes with its listener */
}

static void speak_as(uid_t uid, const char *endpoint)
{
        void *context, *socket;

        if (setgid(uid) != 0 || setuid(uid) != 0)
                _exit(1);
        context = zmq_ctx_new();
        socket = zmq_socket(context, ZMQ_DEALER);
        zmq_connect(socket, endpoint);
        zmq_send(socket, "hello", 5, 0);
        pause();
        _exit(0);
}

/* A child that is another user. It is forked while this process has one thread, and waits for its listener by itself.
 */
static void another_user_may_speak_but_not_schedule(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 };
        char path[160];
        pid_t child;

        if (geteuid() != 0)
                skip();
        chmod(fixture->folder, 0755);
        fixture_path(fixture, "ipc://", "s", path);
        child = fork();
        if (child == 0)
                speak_as(65534, path);
        listen_at(fixture, path, &server);
        fixture_run_until_count(fixture, &server.heard, 1);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_true(server.last.has_uid);
        assert_int_equal(server.last.uid, 65534);
        assert_false(server.last.may_schedule);
        hang_up(fixture, &server);
}

static void tcp_knows_no_uid(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 }, client = { 0 };

        listen_at(fixture, "tcp://127.0.0.1:0", &server);
        connect_to(fixture, zuv_endpoint(server.socket), &client);
        say(&client, "hello");
        fixture_run_until_count(fixture, &server.heard, 1);
        assert_false(server.last.has_uid);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void port_zero_is_picked(void **state)
{
        struct fixture *fixture = *state;
        struct end one = { 0 }, two = { 0 };

        listen_at(fixture, "tcp://127.0.0.1:0", &one);
        listen_at(fixture, "tcp://127.0.0.1:0", &two);
        assert_memory_equal(zuv_endpoint(one.socket), "tcp://127.0.0.1:", 16);
        assert_string_not_equal(zuv_endpoint(one.socket), "tcp://127.0.0.1:0");
        assert_string_not_equal(zuv_endpoint(one.socket), zuv_endpoint(two.socket));
        hang_up(fixture, &one);
        hang_up(fixture, &two);
}

static void plain_tcp_stays_on_this_machine(void **state)
{
        static const char *const refused[] = { "tcp://0.0.0.0:0", "tcp://*:0", "tcp://192.0.2.1:7711", "tcp://[::]:0",
                                               "tcp://example.org:7711" };
        struct fixture *fixture = *state;
        struct end end = { 0 };
        struct offpeak_error err;

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
                assert_int_equal(zuv_listen(&fixture->loop, refused[i], NULL, on_receive, &end, &end.socket, &err),
                                 OFFPEAK_ECONFIG);
                assert_non_null(strstr(err.text, refused[i]));
                assert_non_null(strstr(err.text, "keys"));
                assert_int_equal(zuv_connect(&fixture->loop, refused[i], NULL, on_receive, &end, &end.socket, &err),
                                 OFFPEAK_ECONFIG);
        }
        assert_null(end.socket);
}

static void a_taken_port_is_told(void **state)
{
        struct fixture *fixture = *state;
        struct end one = { 0 }, two = { 0 };
        struct offpeak_error err;

        listen_at(fixture, "tcp://127.0.0.1:0", &one);
        assert_int_equal(
                zuv_listen(&fixture->loop, zuv_endpoint(one.socket), NULL, on_receive, &two, &two.socket, &err),
                OFFPEAK_ETRYAGAIN);
        assert_non_null(strstr(err.text, zuv_endpoint(one.socket)));
        assert_null(two.socket);
        hang_up(fixture, &one);
}

static void a_path_left_by_the_dead_is_taken_over(void **state)
{
        struct fixture *fixture = *state;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct end server = { 0 }, client = { 0 };
        char path[160], endpoint[160];
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        strcpy(address.sun_path, fixture_path(fixture, "", "s", path));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        close(fd); /* as a killed daemon leaves it */
        listen_at(fixture, fixture_path(fixture, "ipc://", "s", endpoint), &server);
        connect_to(fixture, endpoint, &client);
        say(&client, "hello");
        fixture_run_until_count(fixture, &server.heard, 1);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void a_path_of_the_living_is_not(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 }, second = { 0 }, client = { 0 };
        struct offpeak_error err;
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        assert_int_equal(zuv_listen(&fixture->loop, path, NULL, on_receive, &second, &second.socket, &err),
                         OFFPEAK_ETRYAGAIN);
        assert_null(second.socket);
        connect_to(fixture, path, &client); /* the first still listens */
        say(&client, "hello");
        fixture_run_until_count(fixture, &server.heard, 1);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void a_file_at_the_path_is_left_alone(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 };
        struct offpeak_error err;
        char path[160], endpoint[160];
        FILE *file = fopen(fixture_path(fixture, "", "s", path), "w");

        fputs("a thesis", file);
        fclose(file);
        assert_int_equal(zuv_listen(&fixture->loop, fixture_path(fixture, "ipc://", "s", endpoint), NULL, on_receive,
                                    &server, &server.socket, &err),
                         OFFPEAK_ECONFIG);
        assert_int_equal(access(path, R_OK), 0);
}

static void endpoints_that_are_none_are_refused(void **state)
{
        static const char *const refused[] = {
                "", "udp://1.2.3.4:5", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "ipc://s", "tcp://127.0.0.1:65536"
        };
        struct fixture *fixture = *state;
        struct end end = { 0 };
        struct offpeak_error err;
        char deep[160];

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                assert_int_equal(zuv_listen(&fixture->loop, refused[i], NULL, on_receive, &end, &end.socket, &err),
                                 OFFPEAK_ECONFIG);
        /* a folder whose folder is missing */
        assert_int_equal(zuv_listen(&fixture->loop, fixture_path(fixture, "ipc://", "a/b/s", deep), NULL, on_receive,
                                    &end, &end.socket, &err),
                         OFFPEAK_EIO);
        assert_non_null(strstr(err.text, fixture->folder));
}

/* A peer that breaks the size limit is cut off; others are not disturbed, and it may come again. */
static void a_frame_too_large_does_not_arrive(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 }, client = { 0 }, other = { 0 };
        uint8_t *bytes = calloc(1, FRAME_MAX + 1);
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        connect_to(fixture, path, &client);
        connect_to(fixture, path, &other);
        memcpy(bytes, "large", 5);
        assert_int_equal(zuv_send(client.socket, NULL, bytes, FRAME_MAX), 0);
        fixture_run_until_count(fixture, &server.heard, 1);
        assert_string_equal(server.text, "large");
        memcpy(bytes, "huge!", 5);
        assert_int_equal(zuv_send(client.socket, NULL, bytes, FRAME_MAX + 1), 0);
        say(&other, "other");
        fixture_run_until_count(fixture, &server.heard, 2);
        assert_string_equal(server.text, "other");
        while (strcmp(server.text, "again") != 0) { /* once it is connected again */
                say(&client, "again");
                fixture_run_turns(fixture, 10);
                assert_string_not_equal(server.text, "huge!");
        }
        free(bytes);
        hang_up(fixture, &other);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void messages_of_several_parts_are_dropped(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 };
        void *context = zmq_ctx_new(), *raw = zmq_socket(context, ZMQ_DEALER);
        char path[160];
        int linger = 0;

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        zmq_setsockopt(raw, ZMQ_LINGER, &linger, sizeof(linger));
        zmq_connect(raw, path);
        for (int i = 0; i < 3; i++) {
                zmq_send(raw, "one", 3, ZMQ_SNDMORE);
                zmq_send(raw, "two", 3, i == 0 ? ZMQ_SNDMORE : 0);
                if (i == 0)
                        zmq_send(raw, "three", 5, 0);
        }
        zmq_send(raw, "whole", 5, 0);
        fixture_run_until_count(fixture, &server.heard, 1);
        assert_string_equal(server.text, "whole");
        zmq_close(raw);
        zmq_ctx_term(context);
        hang_up(fixture, &server);
}

static void a_routing_id_of_any_length_does_no_harm(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { .echo = true }, client = { 0 };
        void *context = zmq_ctx_new(), *raw = zmq_socket(context, ZMQ_DEALER);
        char path[160], id[255];
        int linger = 0;

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        memset(id, 'i', sizeof(id));
        zmq_setsockopt(raw, ZMQ_ROUTING_ID, id, sizeof(id));
        zmq_setsockopt(raw, ZMQ_LINGER, &linger, sizeof(linger));
        zmq_connect(raw, path);
        zmq_send(raw, "named", 5, 0);
        fixture_run_turns(fixture, 20);
        connect_to(fixture, path, &client);
        say(&client, "plain");
        fixture_run_until_count(fixture, &client.heard, 1);
        assert_string_equal(server.text, "plain");
        assert_int_equal(server.heard, 1);
        zmq_close(raw);
        zmq_ctx_term(context);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void what_a_gone_peer_misses_is_counted(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 }, client = { 0 };
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        connect_to(fixture, path, &client);
        say(&client, "hello");
        fixture_run_until_count(fixture, &server.heard, 1);
        hang_up(fixture, &client);
        while (zuv_send(server.socket, &server.last, (const uint8_t *)"late", 4) == 0)
                fixture_run_turns(fixture, 1);
        assert_int_equal(zuv_dropped(server.socket), 1);
        assert_int_equal(zuv_send(server.socket, &server.last, (const uint8_t *)"late", 4), OFFPEAK_ETRYAGAIN);
        assert_int_equal(zuv_dropped(server.socket), 2);
        hang_up(fixture, &server);
}

static void a_full_queue_drops_and_does_not_block(void **state)
{
        struct fixture *fixture = *state;
        struct end client = { 0 };
        char path[160];
        int sent = 0;

        connect_to(fixture, fixture_path(fixture, "ipc://", "nobody", path), &client);
        while (sent < 100000 && zuv_send(client.socket, NULL, (const uint8_t *)"x", 1) == 0)
                sent++;
        assert_in_range(sent, 100, 99999);
        assert_int_equal(zuv_dropped(client.socket), 1);
        hang_up(fixture, &client);
}

static void what_was_sent_before_there_was_a_listener_arrives(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { 0 }, client = { 0 };
        char path[160];

        connect_to(fixture, fixture_path(fixture, "ipc://", "s", path), &client);
        say(&client, "early");
        fixture_run_turns(fixture, 5);
        listen_at(fixture, path, &server);
        fixture_run_until_count(fixture, &server.heard, 1);
        hang_up(fixture, &client);
        hang_up(fixture, &server);
}

static void a_callback_may_close_its_socket(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { .close_when_heard = true }, client = { 0 };
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        connect_to(fixture, path, &client);
        for (int i = 0; i < 10; i++)
                say(&client, "bye");
        fixture_run_until_count(fixture, &server.closed, 1);
        assert_int_equal(server.heard, 1);
        hang_up(fixture, &client);
}

static void the_last_reply_leaves(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { .echo = true, .close_when_heard = true }, client = { 0 };
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        connect_to(fixture, path, &client);
        say(&client, "last");
        fixture_run_until_count(fixture, &client.heard, 1);
        assert_string_equal(client.text, "last");
        fixture_run_until_count(fixture, &server.closed, 1);
        hang_up(fixture, &client);
}

static void a_listener_that_comes_back_is_found_again(void **state)
{
        struct fixture *fixture = *state;
        struct end server = { .echo = true }, again = { .echo = true }, client = { 0 };
        char path[160];

        listen_at(fixture, fixture_path(fixture, "ipc://", "s", path), &server);
        connect_to(fixture, path, &client);
        say(&client, "one");
        fixture_run_until_count(fixture, &client.heard, 1);
        hang_up(fixture, &server);
        listen_at(fixture, path, &again);
        for (int i = 0; client.heard < 2 && i < 1000; i++) {
                say(&client, "two");
                fixture_run_turns(fixture, 10);
        }
        assert_true(client.heard >= 2);
        hang_up(fixture, &client);
        hang_up(fixture, &again);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_hundred_thousand_messages_do_not_stall),
                TEST(nor_do_they_over_tcp),
                TEST(sending_just_before_sleep_does_not_stall),
                TEST(sending_from_a_timer_does_not_stall),
                TEST(a_burst_does_not_stall),
                TEST(ipc_tells_who_speaks),
                TEST(everybody_may_connect_to_a_path),
                TEST(another_user_may_speak_but_not_schedule),
                TEST(tcp_knows_no_uid),
                TEST(port_zero_is_picked),
                TEST(plain_tcp_stays_on_this_machine),
                TEST(a_taken_port_is_told),
                TEST(a_path_left_by_the_dead_is_taken_over),
                TEST(a_path_of_the_living_is_not),
                TEST(a_file_at_the_path_is_left_alone),
                TEST(endpoints_that_are_none_are_refused),
                TEST(a_frame_too_large_does_not_arrive),
                TEST(messages_of_several_parts_are_dropped),
                TEST(a_routing_id_of_any_length_does_no_harm),
                TEST(what_a_gone_peer_misses_is_counted),
                TEST(a_full_queue_drops_and_does_not_block),
                TEST(what_was_sent_before_there_was_a_listener_arrives),
                TEST(a_callback_may_close_its_socket),
                TEST(the_last_reply_leaves),
                TEST(a_listener_that_comes_back_is_found_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
