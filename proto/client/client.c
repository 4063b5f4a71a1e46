/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - requests and their answers: encode once, and send the same bytes on fresh connections until an answer
 * comes or the time is over. The scheduler remembers the request's id, so the tries count as one.
 */
#include <offpeak/client.h>
#include <offpeak/version.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/fail.h"
#include "client/call.h"
#include "wire/endpoint.h"
#include "wire/frame.h"
#include "wire/message.h"

enum {
        TIMEOUT_MS = 10000,
        FIRST_TRY_MS = 1000, /* each next one waits twice as long */
};

struct offpeak_client {
        void *zcontext;
        char endpoint[ENDPOINT_TEXT];
        int timeout_ms;
        bool has_keys;
        struct wire_keys keys;
};

const char *offpeak_version(void)
{
        return OFFPEAK_VERSION;
}

void offpeak_answer_finish(struct offpeak_answer *answer)
{
        free(answer->text);
        free(answer->document);
        memset(answer, 0, sizeof(*answer));
}

/* ---- opening */

static const char *given(const char *option, const char *variable)
{
        const char *value = option != NULL ? option : getenv(variable);

        return value != NULL && value[0] != '\0' ? value : NULL;
}

static int load_keys(struct offpeak_client *client, const struct endpoint *endpoint,
                     const struct offpeak_options *options, struct offpeak_error *err)
{
        const char *key = given(options->key_file, "OFFPEAK_KEY");
        const char *server_key = given(options->server_key_file, "OFFPEAK_SERVER_KEY");
        int code;

        if (endpoint->is_ipc)
                return 0;
        if (key == NULL && server_key == NULL && endpoint_is_local(endpoint))
                return 0;
        if (key == NULL || server_key == NULL)
                return fail(err, OFFPEAK_ECONFIG,
                            "%s is reached with keys only: set OFFPEAK_KEY to your own NAME.key (`offpeak keygen` "
                            "makes one) and OFFPEAK_SERVER_KEY to the scheduler's .pub",
                            client->endpoint);
        code = wire_keys_load_client(key, server_key, &client->keys, err);
        client->has_keys = code == 0;
        return code;
}

static int nobody_listens(const char *endpoint, struct offpeak_error *err)
{
        return fail(
                err, OFFPEAK_EUNREACHABLE,
                "no scheduler answers at %s: is offpeakd running? Start it with `systemctl start offpeakd`, or "
                "`offpeakd --config FILE` for one of your own; if it is elsewhere, set OFFPEAK_SERVER to its endpoint",
                endpoint);
}

/* A path where nobody listens will not change while we wait: say so at once. */
static int check_path(const struct offpeak_client *client, const struct endpoint *endpoint, struct offpeak_error *err)
{
        int code = endpoint->is_ipc ? endpoint_probe(endpoint, err) : 0;

        if (code == OFFPEAK_EUNREACHABLE)
                return nobody_listens(client->endpoint, err);
        return code;
}

static int open_client(struct offpeak_client *client, const char *text, const struct offpeak_options *options,
                       struct offpeak_error *err)
{
        struct endpoint endpoint;
        int code = 0;

        if (text == NULL)
                code = endpoint_default(client->endpoint, err);
        else if (strlen(text) < sizeof(client->endpoint))
                strcpy(client->endpoint, text);
        else
                code = fail(err, OFFPEAK_ECONFIG, "the endpoint is too long");
        if (code == 0)
                code = endpoint_parse(client->endpoint, &endpoint, err);
        if (code == 0)
                code = load_keys(client, &endpoint, options, err);
        if (code == 0)
                code = check_path(client, &endpoint, err);
        if (code != 0)
                return code;
        client->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
        client->zcontext = zmq_ctx_new();
        return client->zcontext != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

int offpeak_open(const char *endpoint, const struct offpeak_options *options, struct offpeak_client **ret_client,
                 struct offpeak_error *err)
{
        static const struct offpeak_options defaults;
        struct offpeak_client *client = calloc(1, sizeof(*client));
        int code;

        if (client == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        code = open_client(client, endpoint, options != NULL ? options : &defaults, err);
        if (code == 0)
                *ret_client = client;
        else
                offpeak_close(client);
        return code;
}

void offpeak_close(struct offpeak_client *client)
{
        if (client == NULL)
                return;
        while (client->zcontext != NULL && zmq_ctx_term(client->zcontext) != 0 && errno == EINTR)
                ;
        wire_keys_finish(&client->keys);
        free(client);
}

const char *offpeak_endpoint(const struct offpeak_client *client)
{
        return client->endpoint;
}

/* ---- asking */

struct asked {
        uint8_t id[16];
        uint8_t *bytes;
        size_t size;
};

static int no_answer(const struct offpeak_client *client, enum call_state state, struct offpeak_error *err)
{
        switch (state) {
        case CALL_NOBODY:
                return nobody_listens(client->endpoint, err);
        case CALL_NO_HANDSHAKE:
                return fail(err, OFFPEAK_EUNREACHABLE, "%s hangs up on us: %s", client->endpoint,
                            client->has_keys ? "is OFFPEAK_SERVER_KEY this scheduler's .pub?"
                                             : "does it want keys? Set OFFPEAK_KEY and OFFPEAK_SERVER_KEY");
        case CALL_KEY_REFUSED:
                return fail(err, OFFPEAK_EPERMISSION,
                            "the scheduler at %s does not know your key \"%s\": its operator must add %s.pub to the "
                            "folder of clients' keys and run `offpeak reload`",
                            client->endpoint, client->keys.own.name, client->keys.own.name);
        case CALL_CONNECTED:
                break;
        }
        return fail(err, OFFPEAK_EUNREACHABLE,
                    "the scheduler at %s did not answer within %d ms. What was asked may still happen: look with "
                    "`offpeak jobs` before you ask again",
                    client->endpoint, client->timeout_ms);
}

/* Ours, or a refusal of a request that could not even be read. */
static bool is_answer(const struct message *message, const struct asked *asked)
{
        static const uint8_t unread[16];
        const struct message_reply *reply = &message->u.reply;

        return message->type == MESSAGE_REPLY &&
               (memcmp(reply->request_id, asked->id, sizeof(asked->id)) == 0 ||
                (memcmp(reply->request_id, unread, sizeof(unread)) == 0 && reply->code != 0));
}

/* ETRYAGAIN: something else, to be passed over. */
static int read_answer(const struct offpeak_client *client, const struct asked *asked, zmq_msg_t *raw,
                       struct message *ret_message, struct offpeak_error *err)
{
        struct message message;
        int code = message_decode(zmq_msg_data(raw), zmq_msg_size(raw), &message, err);

        if (code != 0) {
                fail_at(err, "%s", client->endpoint);
                if (code == OFFPEAK_EINVAL) /* not the caller's input */
                        code = OFFPEAK_EPROTOCOL;
                if (err != NULL)
                        err->code = code;
                return code;
        }
        if (!is_answer(&message, asked)) {
                message_finish(&message);
                return OFFPEAK_ETRYAGAIN;
        }
        *ret_message = message;
        return 0;
}

static int wait_for_answer(const struct offpeak_client *client, struct call *call, const struct asked *asked,
                           int64_t deadline, struct message *ret_message, struct offpeak_error *err)
{
        int code;

        do {
                zmq_msg_t raw;

                code = call_receive(call, deadline, &raw);
                if (code != 0)
                        return code;
                code = read_answer(client, asked, &raw, ret_message, err);
                zmq_msg_close(&raw);
        } while (code == OFFPEAK_ETRYAGAIN);
        return code;
}

/* One connection, one sending. ETRYAGAIN: nothing came; *ret_state says how far it got. */
static int try_once(const struct offpeak_client *client, const struct asked *asked, int64_t deadline,
                    struct message *ret_message, enum call_state *ret_state, struct offpeak_error *err)
{
        struct call call;
        int code = call_open(&call, client->zcontext, client->endpoint, client->has_keys ? &client->keys : NULL, err);

        if (code != 0)
                return code;
        code = call_send(&call, asked->bytes, asked->size, err);
        if (code == 0)
                code = wait_for_answer(client, &call, asked, deadline, ret_message, err);
        *ret_state = call.state;
        call_close(&call);
        return code == OFFPEAK_EPERMISSION ? no_answer(client, CALL_KEY_REFUSED, err) : code;
}

static int exchange(const struct offpeak_client *client, const struct asked *asked, struct message *ret_message,
                    struct offpeak_error *err)
{
        enum call_state state = CALL_NOBODY, furthest = CALL_NOBODY;
        int64_t end = call_now() + client->timeout_ms;
        int64_t patience = FIRST_TRY_MS;
        int code;

        do {
                int64_t deadline = call_now() + patience;

                code = try_once(client, asked, deadline < end ? deadline : end, ret_message, &state, err);
                if (state > furthest)
                        furthest = state;
                patience *= 2;
        } while (code == OFFPEAK_ETRYAGAIN && call_now() < end);
        return code == OFFPEAK_ETRYAGAIN ? no_answer(client, furthest, err) : code;
}

/* Moves the strings out of the reply. */
static int take_answer(struct message_reply *reply, struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        if (reply->code != 0)
                return fail(err, reply->code, "%s", reply->text != NULL ? reply->text : offpeak_code_text(reply->code));
        if (ret_answer == NULL)
                return 0;
        *ret_answer = (struct offpeak_answer){ reply->job, reply->text, reply->document };
        reply->text = reply->document = NULL;
        return 0;
}

static int ask(struct offpeak_client *client, struct message *request, struct offpeak_answer *ret_answer,
               struct offpeak_error *err)
{
        struct asked asked = { 0 };
        struct message reply;
        int code;

        if (getrandom(asked.id, sizeof(asked.id), 0) != sizeof(asked.id))
                return fail(err, OFFPEAK_EINTERNAL, "no random number for the request's id: %s", strerror(errno));
        request->type = MESSAGE_REQUEST;
        memcpy(request->u.request.request_id, asked.id, sizeof(asked.id));
        code = message_encode(request, &asked.bytes, &asked.size, err);
        if (code != 0)
                return code;
        code = exchange(client, &asked, &reply, err);
        free(asked.bytes);
        if (code != 0)
                return code;
        code = take_answer(&reply.u.reply, ret_answer, err);
        message_finish(&reply);
        return code;
}

/* Requests borrow what the caller gave: none is finished. */

int offpeak_submit(struct offpeak_client *client, const struct offpeak_job_spec *spec,
                   struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = VERB_SUBMIT, .spec = *spec } };
        struct offpeak_job_spec *sent = &request.u.request.spec;
        int code;

        if (spec->launcher == OFFPEAK_LAUNCHER_HEAD && getrandom(sent->secret, sizeof(sent->secret), 0) < 0)
                return fail(err, OFFPEAK_EINTERNAL, "no random number for the job's secret: %s", strerror(errno));
        code = ask(client, &request, ret_answer, err);
        explicit_bzero(sent->secret, sizeof(sent->secret));
        return code;
}

static int ask_about_job(struct offpeak_client *client, enum request_verb verb, uint64_t job,
                         struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = verb, .job = job } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_cancel(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                   struct offpeak_error *err)
{
        return ask_about_job(client, VERB_CANCEL, job, ret_answer, err);
}

int offpeak_hold(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                 struct offpeak_error *err)
{
        return ask_about_job(client, VERB_HOLD, job, ret_answer, err);
}

int offpeak_release(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                    struct offpeak_error *err)
{
        return ask_about_job(client, VERB_RELEASE, job, ret_answer, err);
}

int offpeak_pin(struct offpeak_client *client, uint64_t job, int64_t start, struct offpeak_answer *ret_answer,
                struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = VERB_PIN, .job = job, .start = start } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_unpin(struct offpeak_client *client, uint64_t job, struct offpeak_answer *ret_answer,
                  struct offpeak_error *err)
{
        return ask_about_job(client, VERB_UNPIN, job, ret_answer, err);
}

int offpeak_fence(struct offpeak_client *client, const char *node, struct offpeak_answer *ret_answer,
                  struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = VERB_FENCE, .target = (char *)node } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_drain(struct offpeak_client *client, const char *node, const char *reason,
                  struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        struct message request = { .u.request = {
                                           .verb = VERB_DRAIN, .target = (char *)node, .arguments = (char *)reason } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_resume(struct offpeak_client *client, const char *node, struct offpeak_answer *ret_answer,
                   struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = VERB_RESUME, .target = (char *)node } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_push(struct offpeak_client *client, const struct offpeak_push *push, struct offpeak_answer *ret_answer,
                 struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = VERB_PUSH, .push = *push } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_reload(struct offpeak_client *client, struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        struct message request = { .u.request = { .verb = VERB_RELOAD } };

        return ask(client, &request, ret_answer, err);
}

int offpeak_query(struct offpeak_client *client, const char *what, const char *arguments,
                  struct offpeak_answer *ret_answer, struct offpeak_error *err)
{
        struct message request = {
                .u.request = { .verb = VERB_QUERY, .target = (char *)what, .arguments = (char *)arguments }
        };

        return ask(client, &request, ret_answer, err);
}
