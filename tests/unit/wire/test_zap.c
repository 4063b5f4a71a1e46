/* SPDX-License-Identifier: Apache-2.0 */
/* Who is let in over tcp with keys. Refusals are seen from the other side, by a monitor on a plain ZeroMQ socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "unit/wire/loop_fixture.h"
#include "wire/keys.h"
#include "wire/zuv.h"

struct room {
        struct fixture *fixture;
        char folder[160], stranger_folder[160];
        struct wire_keys server_keys, agent, ana, stranger;
        struct zuv *server, *client;
        unsigned server_heard, client_heard, closed;
        struct zuv_peer last;
};

static void load_client(struct wire_keys *keys, const char *folder, const char *name, const char *server_folder)
{
        char key[400], server[400];
        struct offpeak_error err;

        snprintf(key, sizeof(key), "%s/%s.key", folder, name);
        snprintf(server, sizeof(server), "%s/scheduler.pub", server_folder);
        if (wire_keys_load_client(key, server, keys, &err) != 0)
                fail_msg("%s", err.text);
}

static void server_hears(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct room *room = context;

        room->server_heard++;
        room->last = *peer;
        zuv_send(room->server, peer, bytes, size);
}

static void client_hears(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct room *room = context;

        (void)peer, (void)bytes, (void)size;
        room->client_heard++;
}

static int setup(void **state)
{
        struct room *room = calloc(1, sizeof(*room));
        void *fixture;
        struct offpeak_error err;
        char key[400];

        if (fixture_setup(&fixture) != 0)
                return -1;
        room->fixture = fixture;
        fixture_path(fixture, "", "keys", room->folder);
        fixture_path(fixture, "", "others", room->stranger_folder);
        if (mkdir(room->folder, 0700) != 0 || mkdir(room->stranger_folder, 0700) != 0 ||
            wire_keys_generate(room->folder, "scheduler", WIRE_ROLE_SERVER, &err) != 0 ||
            wire_keys_generate(room->folder, "n1", WIRE_ROLE_AGENT, &err) != 0 ||
            wire_keys_generate(room->folder, "ana", WIRE_ROLE_USER, &err) != 0 ||
            wire_keys_generate(room->stranger_folder, "eve", WIRE_ROLE_OPERATOR, &err) != 0 ||
            wire_keys_generate(room->stranger_folder, "scheduler", WIRE_ROLE_SERVER, &err) != 0)
                return -1;
        load_client(&room->agent, room->folder, "n1", room->folder);
        load_client(&room->ana, room->folder, "ana", room->folder);
        load_client(&room->stranger, room->stranger_folder, "eve", room->folder);
        snprintf(key, sizeof(key), "%s/scheduler.key", room->folder);
        if (wire_keys_load_server(key, room->folder, &room->server_keys, &err) != 0 ||
            zuv_listen(&room->fixture->loop, "tcp://127.0.0.1:0", &room->server_keys, server_hears, room, &room->server,
                       &err) != 0)
                fail_msg("%s", err.text);
        *state = room;
        return 0;
}

static void on_closed(void *context)
{
        ((struct room *)context)->closed++;
}

static void hang_up(struct room *room)
{
        unsigned before = room->closed;

        zuv_close(room->client, on_closed, room);
        room->client = NULL;
        fixture_run_until_count(room->fixture, &room->closed, before + 1);
}

static int teardown(void **state)
{
        struct room *room = *state;
        void *fixture = room->fixture;
        unsigned before = room->closed;

        zuv_close(room->server, on_closed, room);
        fixture_run_until_count(room->fixture, &room->closed, before + 1);
        wire_keys_finish(&room->server_keys);
        wire_keys_finish(&room->agent);
        wire_keys_finish(&room->ana);
        wire_keys_finish(&room->stranger);
        free(room);
        return fixture_teardown(&fixture);
}

static void call_as(struct room *room, const struct wire_keys *keys)
{
        struct offpeak_error err;

        if (zuv_connect(&room->fixture->loop, zuv_endpoint(room->server), keys, client_hears, room, &room->client,
                        &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(zuv_send(room->client, NULL, (const uint8_t *)"hello", 5), 0);
}

static void an_authorised_agent_is_known_by_name(void **state)
{
        struct room *room = *state;

        call_as(room, &room->agent);
        fixture_run_until_count(room->fixture, &room->client_heard, 1);
        assert_string_equal(room->last.name, "n1");
        assert_true(room->last.may_schedule);
        assert_false(room->last.has_uid);
        hang_up(room);
}

static void a_user_may_speak_but_not_schedule(void **state)
{
        struct room *room = *state;

        call_as(room, &room->ana);
        fixture_run_until_count(room->fixture, &room->client_heard, 1);
        assert_string_equal(room->last.name, "ana");
        assert_false(room->last.may_schedule);
        hang_up(room);
}

/* A plain ZeroMQ client and what becomes of its handshake. */
struct raw {
        void *context, *socket, *monitor;
};

static struct raw raw_call(struct room *room, const struct wire_keys *keys)
{
        struct raw raw = { .context = zmq_ctx_new() };
        int linger = 0;

        raw.socket = zmq_socket(raw.context, ZMQ_DEALER);
        zmq_setsockopt(raw.socket, ZMQ_LINGER, &linger, sizeof(linger));
        if (keys != NULL) {
                zmq_setsockopt(raw.socket, ZMQ_CURVE_PUBLICKEY, keys->own.public_key, WIRE_KEY_TEXT);
                zmq_setsockopt(raw.socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, WIRE_KEY_TEXT);
                zmq_setsockopt(raw.socket, ZMQ_CURVE_SERVERKEY, keys->server_key, WIRE_KEY_TEXT);
        }
        zmq_socket_monitor(raw.socket, "inproc://events", ZMQ_EVENT_ALL);
        raw.monitor = zmq_socket(raw.context, ZMQ_PAIR);
        zmq_connect(raw.monitor, "inproc://events");
        zmq_connect(raw.socket, zuv_endpoint(room->server));
        zmq_send(raw.socket, "let me in", 9, 0);
        return raw;
}

static void raw_close(struct raw *raw)
{
        zmq_socket_monitor(raw->socket, NULL, 0);
        zmq_close(raw->socket);
        zmq_close(raw->monitor);
        zmq_ctx_term(raw->context);
}

/* True once one of the events in the mask was seen. */
static bool raw_event(struct raw *raw, int mask)
{
        uint8_t bytes[6];
        uint16_t event;
        char endpoint[300];

        while (zmq_recv(raw->monitor, bytes, sizeof(bytes), ZMQ_DONTWAIT) == sizeof(bytes)) {
                memcpy(&event, bytes, sizeof(event));
                zmq_recv(raw->monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
                assert_int_not_equal(event, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
                if ((event & mask) != 0)
                        return true;
        }
        return false;
}

static void wait_for_refusal(struct room *room, struct raw *raw, int mask)
{
        for (int i = 0; !raw_event(raw, mask); i++) {
                assert_in_range(i, 0, 4000);
                fixture_run_turns(room->fixture, 1);
        }
        fixture_run_turns(room->fixture, 20);
        assert_int_equal(room->server_heard, 0);
}

static void an_unknown_key_is_refused(void **state)
{
        struct room *room = *state;
        struct raw raw = raw_call(room, &room->stranger);

        wait_for_refusal(room, &raw, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
        raw_close(&raw);
        call_as(room, &room->agent); /* and others are not disturbed */
        fixture_run_until_count(room->fixture, &room->client_heard, 1);
        hang_up(room);
}

static void a_client_without_keys_is_refused(void **state)
{
        struct room *room = *state;
        struct raw raw = raw_call(room, NULL);

        wait_for_refusal(room, &raw,
                         ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_DISCONNECTED);
        raw_close(&raw);
}

/* The client's side of it: keys of its own, but meant for another server. */
static void a_server_with_another_key_is_not_spoken_to(void **state)
{
        struct room *room = *state;
        struct wire_keys keys;
        struct raw raw;

        load_client(&keys, room->folder, "n1", room->stranger_folder);
        raw = raw_call(room, &keys);
        wait_for_refusal(room, &raw,
                         ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_DISCONNECTED);
        raw_close(&raw);
        wire_keys_finish(&keys);
}

static void a_key_taken_away_is_heard_no_more(void **state)
{
        struct room *room = *state;
        struct offpeak_error err;
        char path[400];
        struct raw raw;

        call_as(room, &room->agent);
        fixture_run_until_count(room->fixture, &room->client_heard, 1);
        snprintf(path, sizeof(path), "%s/n1.pub", room->folder);
        unlink(path);
        assert_int_equal(wire_keys_reload(&room->server_keys, &err), 0);
        zuv_send(room->client, NULL, (const uint8_t *)"still here?", 11); /* over the connection that stands */
        fixture_run_turns(room->fixture, 40);
        assert_int_equal(room->server_heard, 1);
        hang_up(room);
        room->server_heard = 0;
        raw = raw_call(room, &room->agent); /* and a new one */
        wait_for_refusal(room, &raw, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
        raw_close(&raw);
}

static void a_key_added_is_let_in_without_a_restart(void **state)
{
        struct room *room = *state;
        struct offpeak_error err;
        struct wire_keys keys;

        assert_int_equal(wire_keys_generate(room->folder, "n2", WIRE_ROLE_AGENT, &err), 0);
        load_client(&keys, room->folder, "n2", room->folder);
        assert_int_equal(wire_keys_reload(&room->server_keys, &err), 0);
        call_as(room, &keys);
        fixture_run_until_count(room->fixture, &room->client_heard, 1);
        assert_string_equal(room->last.name, "n2");
        hang_up(room);
        wire_keys_finish(&keys);
}

/* A bind that fails leaves no handler behind: fixture_teardown sees the loop close. */
static void a_port_that_is_taken_leaves_nothing(void **state)
{
        struct room *room = *state;
        struct offpeak_error err;
        struct zuv *second = NULL;

        assert_int_equal(zuv_listen(&room->fixture->loop, zuv_endpoint(room->server), &room->server_keys, server_hears,
                                    room, &second, &err),
                         OFFPEAK_ETRYAGAIN);
        assert_null(second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(an_authorised_agent_is_known_by_name),
                TEST(a_user_may_speak_but_not_schedule),
                TEST(an_unknown_key_is_refused),
                TEST(a_client_without_keys_is_refused),
                TEST(a_server_with_another_key_is_not_spoken_to),
                TEST(a_key_taken_away_is_heard_no_more),
                TEST(a_key_added_is_let_in_without_a_restart),
                TEST(a_port_that_is_taken_leaves_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
