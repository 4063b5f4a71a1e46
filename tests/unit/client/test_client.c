/* SPDX-License-Identifier: Apache-2.0 */
/* The client library against a scheduler of cardboard: a thread that reads requests and answers as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include <offpeak/client.h>

#include "wire/frame.h"
#include "wire/keys.h"
#include "wire/message.h"

/* What the cardboard scheduler does with its n-th request, from 0; the last one goes on. */
enum deed {
        ANSWER,
        ANSWER_AT_LENGTH,
        DROP,
        ANSWER_ANOTHER_FIRST,
        REFUSE,
        REFUSE_WORDLESS,
        OTHER_VERSION,
        GARBAGE,
        UNREAD,
        WRONG_TYPE
};

enum { MOST = 16 };

struct board {
        char folder[64], endpoint[128];
        enum deed deeds[MOST];
        void *context, *socket;
        pthread_t thread;
        atomic_bool stop;
        /* to be read after board_stop */
        uint8_t ids[MOST][16];
        struct message requests[MOST];
        unsigned n;
};

static void send_frame(void *socket, const uint8_t *identity, size_t identity_size, const uint8_t *bytes, size_t size)
{
        zmq_send(socket, identity, identity_size, ZMQ_SNDMORE);
        zmq_send(socket, bytes, size, 0);
}

enum { LENGTH = 5 * 1024 * 1024 }; /* of a long document */

static char *long_document(void)
{
        char *document = malloc(LENGTH + 1);

        memset(document, ' ', LENGTH);
        document[0] = '[';
        document[LENGTH - 1] = ']';
        document[LENGTH] = '\0';
        return document;
}

static void send_reply(struct board *board, const uint8_t *identity, size_t identity_size, const uint8_t id[16],
                       int code, const char *text, const char *document)
{
        struct message message = { .type = MESSAGE_REPLY };
        uint8_t *bytes;
        size_t size;

        memcpy(message.u.reply.request_id, id, 16);
        message.u.reply.code = code;
        message.u.reply.text = (char *)text;
        message.u.reply.job = code == 0 ? 42 : 0;
        message.u.reply.document = (char *)document;
        if (message_encode(&message, &bytes, &size, NULL) != 0)
                abort();
        send_frame(board->socket, identity, identity_size, bytes, size);
        free(bytes);
}

static void act(struct board *board, enum deed deed, const uint8_t *identity, size_t identity_size,
                const uint8_t id[16])
{
        static const uint8_t none[16], another[16] = { 0xee };
        uint8_t header[FRAME_HEADER_SIZE];
        char *document;

        switch (deed) {
        case ANSWER_AT_LENGTH:
                document = long_document();
                send_reply(board, identity, identity_size, id, 0, NULL, document);
                free(document);
                break;
        case DROP:
                break;
        case ANSWER_ANOTHER_FIRST:
                send_reply(board, identity, identity_size, another, OFFPEAK_ENOTFOUND, "for somebody else", NULL);
                send_reply(board, identity, identity_size, id, 0, "planned", "{}");
                break;
        case WRONG_TYPE:
                frame_write_header(header, PROTOCOL_VERSION, MESSAGE_STALE);
                send_frame(board->socket, identity, identity_size, header, sizeof(header));
                send_reply(board, identity, identity_size, id, 0, "planned", "{}");
                break;
        case ANSWER:
                send_reply(board, identity, identity_size, id, 0, "planned", "{}");
                break;
        case REFUSE:
                send_reply(board, identity, identity_size, id, OFFPEAK_EDEADLINE, "misses its deadline", NULL);
                break;
        case REFUSE_WORDLESS:
                send_reply(board, identity, identity_size, id, OFFPEAK_ENOTFOUND, NULL, NULL);
                break;
        case UNREAD:
                send_reply(board, identity, identity_size, none, OFFPEAK_EINVAL, "that could not be read", NULL);
                break;
        case OTHER_VERSION:
                frame_write_header(header, 7, MESSAGE_REPLY);
                send_frame(board->socket, identity, identity_size, header, sizeof(header));
                break;
        case GARBAGE:
                frame_write_header(header, PROTOCOL_VERSION, 77);
                send_frame(board->socket, identity, identity_size, header, sizeof(header));
                break;
        }
}

static void *serve(void *argument)
{
        struct board *board = argument;
        uint8_t identity[64], *bytes = malloc(FRAME_MAX);
        struct offpeak_error err;

        while (!board->stop) {
                int identity_size = zmq_recv(board->socket, identity, sizeof(identity), 0);
                int size;

                if (identity_size < 0) /* the time is over: look whether to stop */
                        continue;
                size = zmq_recv(board->socket, bytes, FRAME_MAX, 0);
                if (board->n == MOST || message_decode(bytes, (size_t)size, &board->requests[board->n], &err) != 0)
                        continue;
                memcpy(board->ids[board->n], board->requests[board->n].u.request.request_id, 16);
                board->n++;
                act(board, board->deeds[board->n - 1], identity, (size_t)identity_size, board->ids[board->n - 1]);
        }
        free(bytes);
        return NULL;
}

static void board_start(struct board *board, const struct wire_keys *keys)
{
        int timeout = 10, linger = 0;
        size_t size = sizeof(board->endpoint);
        struct offpeak_error err;

        board->stop = false;
        board->n = 0;
        board->context = zmq_ctx_new();
        board->socket = zmq_socket(board->context, ZMQ_ROUTER);
        zmq_setsockopt(board->socket, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
        zmq_setsockopt(board->socket, ZMQ_LINGER, &linger, sizeof(linger));
        if (keys != NULL)
                assert_int_equal(wire_keys_apply(keys, board->socket, &err), 0);
        assert_int_equal(zmq_bind(board->socket, board->endpoint), 0);
        zmq_getsockopt(board->socket, ZMQ_LAST_ENDPOINT, board->endpoint, &size);
        assert_int_equal(pthread_create(&board->thread, NULL, serve, board), 0);
}

static void board_stop(struct board *board)
{
        board->stop = true;
        pthread_join(board->thread, NULL);
        zmq_close(board->socket);
        zmq_ctx_term(board->context);
        board->context = NULL;
}

static void board_forget(struct board *board)
{
        for (unsigned i = 0; i < board->n; i++)
                message_finish(&board->requests[i]);
        board->n = 0;
}

static int setup(void **state)
{
        struct board *board = calloc(1, sizeof(*board));

        strcpy(board->folder, "/tmp/offpeak-client-XXXXXX");
        if (mkdtemp(board->folder) == NULL)
                return -1;
        snprintf(board->endpoint, sizeof(board->endpoint), "ipc://%s/s", board->folder);
        unsetenv("OFFPEAK_SERVER");
        unsetenv("OFFPEAK_KEY");
        unsetenv("OFFPEAK_SERVER_KEY");
        *state = board;
        return 0;
}

static int teardown(void **state)
{
        static const char *const names[] = { "s", "scheduler.key", "scheduler.pub", "ana.key", "ana.pub" };
        struct board *board = *state;
        char path[128];
        int code;

        if (board->context != NULL)
                board_stop(board);
        board_forget(board);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                snprintf(path, sizeof(path), "%s/%s", board->folder, names[i]);
                unlink(path);
        }
        code = rmdir(board->folder);
        free(board);
        return code;
}

static struct offpeak_client *open_client(const struct board *board, int timeout_ms)
{
        struct offpeak_options options = { .timeout_ms = timeout_ms };
        struct offpeak_client *client = NULL;
        struct offpeak_error err;

        if (offpeak_open(board->endpoint, &options, &client, &err) != 0)
                fail_msg("%s", err.text);
        return client;
}

static struct offpeak_job_spec small_spec(void)
{
        static char *argv[] = { (char *)"true", NULL };
        struct offpeak_job_spec spec;

        offpeak_job_spec_init(&spec);
        spec.argv = argv;
        spec.argc = 1;
        spec.time_s = 60;
        return spec;
}

/* ---- the requests */

static void a_submission_is_answered(void **state)
{
        struct board *board = *state;
        struct offpeak_job_spec spec = small_spec();
        struct offpeak_answer answer;
        struct offpeak_client *client;
        struct offpeak_error err;

        board_start(board, NULL);
        client = open_client(board, 0);
        assert_string_equal(offpeak_endpoint(client), board->endpoint);
        if (offpeak_submit(client, &spec, &answer, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(answer.job, 42);
        assert_string_equal(answer.text, "planned");
        assert_string_equal(answer.document, "{}");
        offpeak_answer_finish(&answer);
        assert_null(answer.text);
        offpeak_close(client);
        board_stop(board);
        assert_int_equal(board->n, 1);
        assert_int_equal(board->requests[0].u.request.verb, VERB_SUBMIT);
        assert_string_equal(board->requests[0].u.request.spec.argv[0], "true");
}

static void each_job_with_a_head_has_a_secret_of_its_own(void **state)
{
        static const uint8_t none[OFFPEAK_SECRET_SIZE];
        struct board *board = *state;
        struct offpeak_job_spec spec = small_spec();
        struct offpeak_client *client;
        struct offpeak_error err;

        board_start(board, NULL);
        client = open_client(board, 0);
        spec.launcher = OFFPEAK_LAUNCHER_HEAD;
        for (int i = 0; i < 2; i++)
                assert_int_equal(offpeak_submit(client, &spec, NULL, &err), 0);
        spec.launcher = OFFPEAK_LAUNCHER_GPU;
        assert_int_equal(offpeak_submit(client, &spec, NULL, &err), 0);
        assert_memory_equal(spec.secret, none, sizeof(none)); /* the caller's is left as it is */
        offpeak_close(client);
        board_stop(board);
        assert_int_equal(board->n, 3);
        assert_memory_not_equal(board->requests[0].u.request.spec.secret, none, sizeof(none));
        assert_memory_not_equal(board->requests[0].u.request.spec.secret, board->requests[1].u.request.spec.secret,
                                sizeof(none));
        assert_memory_equal(board->requests[2].u.request.spec.secret, none, sizeof(none));
}

static void each_call_sends_its_verb_and_a_new_id(void **state)
{
        static const uint32_t verbs[] = { VERB_CANCEL, VERB_HOLD,  VERB_RELEASE, VERB_FENCE,
                                          VERB_RELOAD, VERB_QUERY, VERB_PIN,     VERB_UNPIN,
                                          VERB_DRAIN,  VERB_RESUME };
        struct board *board = *state;
        struct offpeak_client *client;
        const struct message_request *query;

        board_start(board, NULL);
        client = open_client(board, 0);
        assert_int_equal(offpeak_cancel(client, 7, NULL, NULL), 0);
        assert_int_equal(offpeak_hold(client, 7, NULL, NULL), 0);
        assert_int_equal(offpeak_release(client, 7, NULL, NULL), 0);
        assert_int_equal(offpeak_fence(client, "n1", NULL, NULL), 0);
        assert_int_equal(offpeak_reload(client, NULL, NULL), 0);
        assert_int_equal(offpeak_query(client, "jobs", "{\"all\":true}", NULL, NULL), 0);
        assert_int_equal(offpeak_pin(client, 7, 1764000000, NULL, NULL), 0);
        assert_int_equal(offpeak_unpin(client, 7, NULL, NULL), 0);
        assert_int_equal(offpeak_drain(client, "n2", "a fan", NULL, NULL), 0);
        assert_int_equal(offpeak_resume(client, "n3", NULL, NULL), 0);
        offpeak_close(client);
        board_stop(board);
        assert_int_equal(board->n, 10);
        for (unsigned i = 0; i < 10; i++) {
                assert_int_equal(board->requests[i].u.request.verb, verbs[i]);
                for (unsigned j = 0; j < i; j++)
                        assert_memory_not_equal(board->ids[i], board->ids[j], 16);
        }
        assert_int_equal(board->requests[2].u.request.job, 7);
        assert_int_equal(board->requests[6].u.request.start, 1764000000);
        assert_int_equal(board->requests[7].u.request.start, 0);
        assert_string_equal(board->requests[3].u.request.target, "n1");
        assert_string_equal(board->requests[8].u.request.target, "n2");
        assert_string_equal(board->requests[8].u.request.arguments, "a fan");
        assert_string_equal(board->requests[9].u.request.target, "n3");
        query = &board->requests[5].u.request;
        assert_string_equal(query->target, "jobs");
        assert_string_equal(query->arguments, "{\"all\":true}");
}

static void a_refusal_is_an_error_with_the_schedulers_words(void **state)
{
        struct board *board = *state;
        struct offpeak_answer answer = { .job = 5 };
        struct offpeak_client *client;
        struct offpeak_error err;

        board->deeds[0] = REFUSE;
        board->deeds[1] = REFUSE_WORDLESS;
        board->deeds[2] = UNREAD;
        board_start(board, NULL);
        client = open_client(board, 0);
        assert_int_equal(offpeak_cancel(client, 7, &answer, &err), OFFPEAK_EDEADLINE);
        assert_int_equal(err.code, OFFPEAK_EDEADLINE);
        assert_string_equal(err.text, "misses its deadline");
        assert_int_equal(offpeak_cancel(client, 7, &answer, &err), OFFPEAK_ENOTFOUND);
        assert_string_equal(err.text, offpeak_code_text(OFFPEAK_ENOTFOUND));
        assert_int_equal(offpeak_cancel(client, 7, &answer, &err), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "that could not be read");
        assert_int_equal(answer.job, 5); /* written on success only */
        offpeak_close(client);
}

static void a_bad_spec_is_refused_before_it_is_sent(void **state)
{
        struct board *board = *state;
        struct offpeak_job_spec spec = small_spec();
        struct offpeak_client *client;
        struct offpeak_error err;

        board_start(board, NULL);
        client = open_client(board, 0);
        spec.nodes = OFFPEAK_MAX_NODES + 1;
        assert_int_equal(offpeak_submit(client, &spec, NULL, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "nodes"));
        offpeak_close(client);
        board_stop(board);
        assert_int_equal(board->n, 0);
}

static void a_long_document_arrives(void **state)
{
        struct board *board = *state;
        struct offpeak_answer answer;
        struct offpeak_client *client;
        struct offpeak_error err;
        char *document = long_document();

        board->deeds[0] = ANSWER_AT_LENGTH;
        board_start(board, NULL);
        client = open_client(board, 30000);
        if (offpeak_query(client, "jobs", NULL, &answer, &err) != 0)
                fail_msg("%s", err.text);
        assert_non_null(answer.document);
        assert_true(strcmp(answer.document, document) == 0);
        assert_null(answer.text);
        offpeak_answer_finish(&answer);
        free(document);
        offpeak_close(client);
}

/* ---- lost answers */

static void a_lost_answer_is_asked_for_again_under_the_same_id(void **state)
{
        struct board *board = *state;
        struct offpeak_job_spec spec = small_spec();
        struct offpeak_client *client;
        struct offpeak_answer answer;
        struct offpeak_error err;

        board->deeds[0] = DROP;
        board_start(board, NULL);
        client = open_client(board, 30000);
        if (offpeak_submit(client, &spec, &answer, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(answer.job, 42);
        offpeak_answer_finish(&answer);
        offpeak_close(client);
        board_stop(board);
        assert_int_equal(board->n, 2);
        assert_memory_equal(board->ids[0], board->ids[1], 16);
}

static void an_answer_to_another_request_is_passed_over(void **state)
{
        struct board *board = *state;
        struct offpeak_client *client;
        struct offpeak_answer answer;
        struct offpeak_error err;

        board->deeds[0] = ANSWER_ANOTHER_FIRST;
        board->deeds[1] = WRONG_TYPE;
        board_start(board, NULL);
        client = open_client(board, 0);
        for (int i = 0; i < 2; i++) {
                if (offpeak_cancel(client, 7, &answer, &err) != 0)
                        fail_msg("%s", err.text);
                assert_string_equal(answer.text, "planned");
                offpeak_answer_finish(&answer);
        }
        offpeak_close(client);
}

struct restart {
        struct board *board;
        struct board second;
};

static void *start_later(void *argument)
{
        struct restart *restart = argument;

        usleep(300000);
        board_start(&restart->second, NULL);
        return NULL;
}

static void a_scheduler_that_restarts_is_waited_for(void **state)
{
        struct board *board = *state;
        struct restart restart = { .board = board };
        struct offpeak_client *client;
        struct offpeak_error err;
        pthread_t thread;

        board_start(board, NULL);
        client = open_client(board, 30000);
        board_stop(board); /* after it was opened */
        strcpy(restart.second.endpoint, board->endpoint);
        pthread_create(&thread, NULL, start_later, &restart);
        if (offpeak_cancel(client, 7, NULL, &err) != 0)
                fail_msg("%s", err.text);
        pthread_join(thread, NULL);
        offpeak_close(client);
        board_stop(&restart.second);
        assert_int_equal(restart.second.n, 1);
        board_forget(&restart.second);
}

static void no_answer_at_all_is_told_with_what_may_have_happened(void **state)
{
        struct board *board = *state;
        struct offpeak_client *client;
        struct offpeak_error err;

        for (int i = 0; i < MOST; i++)
                board->deeds[i] = DROP;
        board_start(board, NULL);
        client = open_client(board, 300);
        assert_int_equal(offpeak_cancel(client, 7, NULL, &err), OFFPEAK_EUNREACHABLE);
        assert_non_null(strstr(err.text, board->endpoint));
        assert_non_null(strstr(err.text, "300 ms"));
        assert_non_null(strstr(err.text, "may still happen"));
        offpeak_close(client);
}

static void nobody_at_a_path_is_told_at_once(void **state)
{
        struct board *board = *state;
        struct offpeak_options options = { .timeout_ms = 3600000 };
        struct offpeak_client *client = NULL;
        struct offpeak_error err;

        assert_int_equal(offpeak_open(board->endpoint, &options, &client, &err), OFFPEAK_EUNREACHABLE);
        assert_non_null(strstr(err.text, board->endpoint));
        assert_non_null(strstr(err.text, "is offpeakd running? Start it with"));
        assert_null(client);
}

static void nobody_at_a_port_is_told_when_the_time_is_over(void **state)
{
        struct board *board = *state;
        struct offpeak_client *client;
        struct offpeak_error err;

        strcpy(board->endpoint, "tcp://127.0.0.1:*");
        board_start(board, NULL); /* a port that is free, as nobody listens there any more */
        board_stop(board);
        client = open_client(board, 300);
        assert_int_equal(offpeak_cancel(client, 7, NULL, &err), OFFPEAK_EUNREACHABLE);
        assert_non_null(strstr(err.text, "is offpeakd running?"));
        offpeak_close(client);
}

/* ---- those who speak otherwise */

static void another_version_is_told_at_once(void **state)
{
        struct board *board = *state;
        struct offpeak_client *client;
        struct offpeak_error err;

        board->deeds[0] = OTHER_VERSION;
        board->deeds[1] = GARBAGE;
        board_start(board, NULL);
        client = open_client(board, 3600000);
        assert_int_equal(offpeak_cancel(client, 7, NULL, &err), OFFPEAK_EPROTOCOL);
        assert_int_equal(err.code, OFFPEAK_EPROTOCOL);
        assert_non_null(strstr(err.text, board->endpoint));
        assert_non_null(strstr(err.text, "version 7"));
        assert_non_null(strstr(err.text, "update"));
        assert_int_equal(offpeak_cancel(client, 7, NULL, &err), OFFPEAK_EPROTOCOL);
        assert_int_equal(err.code, OFFPEAK_EPROTOCOL);
        assert_int_equal(offpeak_cancel(client, 7, NULL, NULL), 0);
        offpeak_close(client);
}

static void a_wrong_endpoint_is_told(void **state)
{
        struct offpeak_client *client = NULL;
        struct offpeak_error err;
        char longest[500];

        (void)state;
        assert_int_equal(offpeak_open("udp://x:1", NULL, &client, &err), OFFPEAK_ECONFIG);
        memset(longest, 'x', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        assert_int_equal(offpeak_open(longest, NULL, &client, &err), OFFPEAK_ECONFIG);
        setenv("OFFPEAK_SERVER", "nonsense", 1);
        assert_int_equal(offpeak_open(NULL, NULL, &client, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "nonsense"));
        assert_null(client);
        offpeak_close(NULL);
}

static void the_environment_names_the_scheduler(void **state)
{
        struct board *board = *state;
        struct offpeak_client *client;

        board_start(board, NULL);
        setenv("OFFPEAK_SERVER", board->endpoint, 1);
        assert_int_equal(offpeak_open(NULL, NULL, &client, NULL), 0);
        assert_int_equal(offpeak_reload(client, NULL, NULL), 0);
        assert_string_equal(offpeak_endpoint(client), board->endpoint);
        offpeak_close(client);
}

/* ---- keys */

static char *in_folder(const struct board *board, const char *name, char path[160])
{
        snprintf(path, 160, "%s/%s", board->folder, name);
        return path;
}

static void another_machine_needs_keys(void **state)
{
        struct board *board = *state;
        struct offpeak_options options = { .key_file = "/nonexistent/ana.key" };
        struct offpeak_client *client = NULL;
        struct offpeak_error err;

        (void)board;
        assert_int_equal(offpeak_open("tcp://192.0.2.1:7711", NULL, &client, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "OFFPEAK_KEY"));
        assert_int_equal(offpeak_open("tcp://127.0.0.1:7711", &options, &client, &err),
                         OFFPEAK_ECONFIG); /* half of it */
        options.server_key_file = "/nonexistent/scheduler.pub";
        assert_int_equal(offpeak_open("tcp://192.0.2.1:7711", &options, &client, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "/nonexistent/ana.key"));
        assert_null(client);
}

static void keys_open_a_port(void **state)
{
        struct board *board = *state;
        struct wire_keys keys;
        struct offpeak_client *client;
        struct offpeak_error err;
        char key[160], server[160];

        assert_int_equal(wire_keys_generate(board->folder, "scheduler", WIRE_ROLE_SERVER, &err), 0);
        assert_int_equal(wire_keys_generate(board->folder, "ana", WIRE_ROLE_USER, &err), 0);
        assert_int_equal(wire_keys_load_server(in_folder(board, "scheduler.key", key), board->folder, &keys, &err), 0);
        strcpy(board->endpoint, "tcp://127.0.0.1:*");
        board_start(board, &keys); /* without a ZAP handler: every key is let in */
        setenv("OFFPEAK_KEY", in_folder(board, "ana.key", key), 1);
        setenv("OFFPEAK_SERVER_KEY", in_folder(board, "scheduler.pub", server), 1);
        client = open_client(board, 30000);
        if (offpeak_cancel(client, 7, NULL, &err) != 0)
                fail_msg("%s", err.text);
        offpeak_close(client);
        /* and who has none is told what to set */
        unsetenv("OFFPEAK_KEY");
        unsetenv("OFFPEAK_SERVER_KEY");
        client = open_client(board, 400);
        assert_int_equal(offpeak_cancel(client, 7, NULL, &err), OFFPEAK_EUNREACHABLE);
        if (strstr(err.text, "OFFPEAK_KEY") == NULL)
                fail_msg("%s", err.text);
        offpeak_close(client);
        board_stop(board);
        assert_int_equal(board->n, 1);
        wire_keys_finish(&keys);
}

/* A ZAP handler of cardboard: it knows nobody. */
static void *refuse_all(void *argument)
{
        void *socket = argument;
        char frame[300];

        for (;;) {
                char id[16];
                int size = 0, more = 1;
                size_t more_size = sizeof(more);

                for (int i = 0; more; i++) {
                        int n = zmq_recv(socket, frame, sizeof(frame), 0);

                        if (n < 0)
                                return NULL;
                        if (i == 1 && n <= (int)sizeof(id)) {
                                memcpy(id, frame, (size_t)n);
                                size = n;
                        }
                        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size);
                }
                zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
                zmq_send(socket, id, (size_t)size, ZMQ_SNDMORE);
                zmq_send(socket, "400", 3, ZMQ_SNDMORE);
                zmq_send(socket, "no", 2, ZMQ_SNDMORE);
                zmq_send(socket, "", 0, ZMQ_SNDMORE);
                zmq_send(socket, "", 0, 0);
        }
}

static void a_key_that_is_not_known_is_told_at_once(void **state)
{
        struct board *board = *state;
        struct offpeak_client *client;
        struct offpeak_error err;
        struct wire_keys keys;
        char key[160], server[160];
        void *context = zmq_ctx_new(), *zap = zmq_socket(context, ZMQ_REP), *socket = zmq_socket(context, ZMQ_ROUTER);
        size_t size = sizeof(board->endpoint);
        int timeout = 3000, linger = 0;
        pthread_t thread;

        assert_int_equal(wire_keys_generate(board->folder, "scheduler", WIRE_ROLE_SERVER, &err), 0);
        assert_int_equal(wire_keys_generate(board->folder, "ana", WIRE_ROLE_USER, &err), 0);
        assert_int_equal(wire_keys_load_server(in_folder(board, "scheduler.key", key), board->folder, &keys, &err), 0);
        zmq_setsockopt(zap, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
        zmq_setsockopt(zap, ZMQ_LINGER, &linger, sizeof(linger));
        zmq_bind(zap, "inproc://zeromq.zap.01");
        pthread_create(&thread, NULL, refuse_all, zap);
        wire_keys_apply(&keys, socket, &err);
        assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, board->endpoint, &size);
        setenv("OFFPEAK_KEY", in_folder(board, "ana.key", key), 1);
        setenv("OFFPEAK_SERVER_KEY", in_folder(board, "scheduler.pub", server), 1);
        client = open_client(board, 3600000);
        assert_int_equal(offpeak_cancel(client, 7, NULL, &err), OFFPEAK_EPERMISSION);
        assert_non_null(strstr(err.text, "ana.pub"));
        assert_non_null(strstr(err.text, board->endpoint));
        offpeak_close(client);
        pthread_join(thread, NULL);
        zmq_close(zap);
        zmq_close(socket);
        zmq_ctx_term(context);
        wire_keys_finish(&keys);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(a_submission_is_answered),
                TEST(each_job_with_a_head_has_a_secret_of_its_own),
                TEST(each_call_sends_its_verb_and_a_new_id),
                TEST(a_refusal_is_an_error_with_the_schedulers_words),
                TEST(a_bad_spec_is_refused_before_it_is_sent),
                TEST(a_long_document_arrives),
                TEST(a_lost_answer_is_asked_for_again_under_the_same_id),
                TEST(an_answer_to_another_request_is_passed_over),
                TEST(a_scheduler_that_restarts_is_waited_for),
                TEST(no_answer_at_all_is_told_with_what_may_have_happened),
                TEST(nobody_at_a_path_is_told_at_once),
                TEST(nobody_at_a_port_is_told_when_the_time_is_over),
                TEST(another_version_is_told_at_once),
                TEST(a_wrong_endpoint_is_told),
                TEST(the_environment_names_the_scheduler),
                TEST(another_machine_needs_keys),
                TEST(keys_open_a_port),
                TEST(a_key_that_is_not_known_is_told_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
