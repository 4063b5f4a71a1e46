/* SPDX-License-Identifier: Apache-2.0 */
#include "io/server.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "core/room.h"
#include "io/answer.h"
#include "io/inputs.h"
#include "io/outputs.h"
#include "wire/keys.h"
#include "wire/log.h"
#include "wire/message.h"
#include "wire/zuv.h"

/* Where a message came from, and where answers go. */
struct route {
        struct zuv *socket; /* NULL: none */
        struct zuv_peer peer;
};

struct listener {
        struct server *server;
        struct zuv *socket;
};

struct server {
        struct server_options options;
        struct engine *engine;
        struct wire_keys keys;
        bool has_keys;
        struct listener *listeners;
        size_t n_listeners; /* open ones, or still closing */
        struct route *routes;   /* of this turn's messages: connection c is routes[c - first] */
        size_t n_routes;
        uint64_t first;
        struct route *nodes;    /* of each node's last message, by node id */
        uint32_t n_nodes;
        bool reloading;         /* for a client */
        struct route reload_route;
        uint8_t reload_id[16];
        void (*closed)(void *context);
        void *closed_context;
};

/* ---- routes */

static uint64_t add_route(struct server *server, struct zuv *socket, const struct zuv_peer *peer)
{
        struct route *route = room_for_one((void **)&server->routes, server->n_routes, sizeof(*route));

        if (route == NULL)
                return 0;
        route->socket = socket;
        route->peer = *peer;
        return server->first + server->n_routes++;
}

static const struct route *find_route(const struct server *server, uint64_t connection)
{
        if (connection < server->first || connection - server->first >= server->n_routes)
                return NULL;
        return &server->routes[connection - server->first];
}

static void remember_node(struct server *server, uint32_t node, const struct route *route)
{
        while (server->n_nodes <= node) {
                if (room_for_one((void **)&server->nodes, server->n_nodes, sizeof(*route)) == NULL)
                        return;
                server->n_nodes++;
        }
        server->nodes[node] = *route;
}

/* ---- out */

static void send_message(const struct route *route, const struct message *message)
{
        struct offpeak_error err;
        uint8_t *bytes;
        size_t size;

        if (route == NULL || route->socket == NULL)
                return;
        if (message_encode(message, &bytes, &size, &err) != 0) {
                log_error("a message could not be written: %s", err.text);
                return;
        }
        if (zuv_send(route->socket, &route->peer, bytes, size) != 0)
                log_debug("a message was dropped: the queue to its receiver is full");
        free(bytes);
}

static void send_reply(const struct route *route, const uint8_t id[16], int code, uint64_t job, const char *text,
                       const char *document)
{
        struct message message = { .type = MESSAGE_REPLY };

        memcpy(message.u.reply.request_id, id, sizeof(message.u.reply.request_id));
        message.u.reply.code = code;
        message.u.reply.job = job;
        message.u.reply.text = (char *)text;
        message.u.reply.document = (char *)document;
        send_message(route, &message);
}

void server_act(struct server *server, const struct action *action)
{
        const struct route *route = find_route(server, action->connection);
        struct message message;

        if (action->type == ACTION_REPLY) {
                send_reply(route, action->nonce, action->code, action->job, action->text, NULL);
                return;
        }
        if (action->node != NONE_U32 && route != NULL)
                remember_node(server, action->node, route);
        if (action->type == ACTION_ORDER)
                route = action->node < server->n_nodes ? &server->nodes[action->node] : NULL;
        if (output_message(engine_state(server->engine), engine_clocks(server->engine), action, &message) != 0)
                return;
        send_message(route, &message);
        output_message_finish(&message);
}

void server_acted(struct server *server)
{
        server->first += server->n_routes;
        server->n_routes = 0;
}

/* Root, the daemon's own user, or a key that was given the role. */
static bool may_operate(const struct zuv_peer *peer)
{
        return peer->has_uid ? peer->uid == 0 || peer->uid == geteuid() : peer->may_schedule;
}

/* ---- in: clients */

static void user_name(const struct zuv_peer *peer, char *name, size_t size)
{
        struct passwd entry, *found = NULL;
        char buffer[4096];

        if (!peer->has_uid)
                snprintf(name, size, "%s", peer->name[0] != '\0' ? peer->name : "?");
        else if (getpwuid_r(peer->uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
                snprintf(name, size, "%s", found->pw_name);
        else
                snprintf(name, size, "%" PRIu32, peer->uid);
}

/*
 * Under whose account somebody's jobs run: over ipc as the kernel tells, with a key of role user or operator that of the key's name here:
 * all hosts of a cluster are taken to have the same accounts. Root's takes an operator's key. ret_uid NONE_U32: nobody's that is known.
 * ETRYAGAIN: the accounts cannot be asked now.
 */
static int account_of(const struct zuv_peer *peer, uint32_t *ret_uid, struct offpeak_error *err)
{
        struct passwd entry, *found = NULL;
        char buffer[16384];
        int code;

        *ret_uid = peer->has_uid ? peer->uid : NONE_U32;
        if (peer->has_uid || !peer->may_submit)
                return 0;
        code = getpwnam_r(peer->name, &entry, buffer, sizeof(buffer), &found);
        if (found == NULL && code != 0 && code != ENOENT && code != ESRCH)
                return fail(err, OFFPEAK_ETRYAGAIN, "the scheduler's host cannot look up the account \"%s\" now: %s; try again",
                            peer->name, strerror(code));
        if (found != NULL && (found->pw_uid != 0 || peer->may_schedule))
                *ret_uid = found->pw_uid;
        return 0;
}

/* FNV-1a: tells a repeated request from another one under the same id. */
static uint64_t digest_of(const uint8_t *bytes, size_t size)
{
        uint64_t hash = UINT64_C(14695981039346656037);

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
        return hash;
}

static void answer(struct server *server, const struct route *route, const struct message_request *request)
{
        struct offpeak_error err = { 0 };
        char *document = NULL;
        struct now now;
        int code;

        engine_flush(server->engine); /* what is shown is on record */
        now = clocks_now(engine_clocks(server->engine));
        code = answer_query(engine_state(server->engine), server->options.store, server->options.config,
                            server->options.feeds(server->options.context), &now, request->target, request->arguments,
                            &document, &err);
        send_reply(route, request->request_id, code, 0, code != 0 ? err.text : NULL, document);
        free(document);
}

static void reload(struct server *server, const struct route *route, const struct message_request *request)
{
        struct offpeak_error err = { 0 };
        int code;

        if (!may_operate(&route->peer))
                code = fail(&err, OFFPEAK_EPERMISSION, "only root, the scheduler's own user and keys of role operator may reload its policy");
        else
                code = server->options.reload(server->options.context, &err);
        if (code != 0) {
                send_reply(route, request->request_id, code, 0, err.text, NULL);
                return;
        }
        server->reloading = true;
        server->reload_route = *route;
        memcpy(server->reload_id, request->request_id, sizeof(server->reload_id));
}

void server_reloaded(struct server *server, int code, const struct offpeak_error *err)
{
        if (!server->reloading)
                return;
        server->reloading = false;
        engine_flush(server->engine);
        send_reply(&server->reload_route, server->reload_id, code, 0, code != 0 ? err->text : NULL, NULL);
}

static void take_request(struct server *server, const struct route *where, const struct message_request *request,
                         uint64_t digest)
{
        const struct route route = *where; /* a flush forgets the turn's routes */
        struct client client = { .is_operator = may_operate(&route.peer),
                                 .may_push = route.peer.may_push,
                                 .digest = digest };
        struct input input;
        struct offpeak_error err;
        char user[OFFPEAK_MAX_NAME];

        if (route.peer.only_pushes && request->verb != VERB_PUSH) {
                send_reply(&route, request->request_id, OFFPEAK_EPERMISSION, 0,
                           "this key is of role push: it may push signals, and nothing else", NULL);
                return;
        }
        if (request->verb == VERB_QUERY) {
                answer(server, &route, request);
                return;
        }
        if (request->verb == VERB_RELOAD) {
                reload(server, &route, request);
                return;
        }
        if (account_of(&route.peer, &client.uid, &err) != 0) {
                send_reply(&route, request->request_id, err.code, 0, err.text, NULL);
                return;
        }
        user_name(&route.peer, user, sizeof(user));
        client.user = user;
        client.connection = server->first + server->n_routes - 1;
        memcpy(client.request_id, request->request_id, sizeof(client.request_id));
        if (input_from_request(request, &client, &input) != 0)
                send_reply(&route, request->request_id, OFFPEAK_EINVAL, 0,
                           "this request has no meaning; client and scheduler are of different versions", NULL);
        else
                engine_input(server->engine, &input);
}

/* ---- in: nodes */

static void take_node(struct server *server, const struct message *message, uint64_t connection,
                      const struct zuv_peer *peer)
{
        struct node_input made;

        if (!may_operate(peer)) {
                log_warning("refused: a message of a node from %s, which may not be one; over tcp an agent needs a key of role agent",
                            peer->name[0] != '\0' ? peer->name : "somebody without a key");
                return;
        }
        if (node_input_init(message, connection, &made) != 0) {
                log_warning("refused: a message of a node that makes no sense; its agent is of another version");
                return;
        }
        engine_input(server->engine, &made.input);
        node_input_finish(&made);
}

/* ---- in: both */

static void receive(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct listener *listener = context;
        struct server *server = listener->server;
        static const uint8_t no_id[16];
        struct offpeak_error err;
        struct message message;
        uint64_t connection = add_route(server, listener->socket, peer);
        const struct route *route = find_route(server, connection);

        if (route == NULL)
                return;
        if (message_decode(bytes, size, &message, &err) != 0) {
                log_warning("refused: %s", err.text);
                send_reply(route, no_id, err.code, 0, err.text, NULL);
                return;
        }
        if (message.type == MESSAGE_REQUEST)
                take_request(server, route, &message.u.request, digest_of(bytes, size));
        else if (message.type == MESSAGE_HELLO || message.type == MESSAGE_RENEW)
                take_node(server, &message, connection, peer);
        else
                log_warning("refused: a message that only a scheduler sends");
        message_finish(&message);
}

/* ---- life */

static int open_keys(struct server *server, struct offpeak_error *err)
{
        const struct config *config = server->options.config;
        int code;

        if (config->curve_secret == NULL)
                return 0;
        code = wire_keys_load_server(config->curve_secret, config->curve_clients, &server->keys, err);
        server->has_keys = code == 0;
        return code;
}

static int open_socket(struct server *server, const char *endpoint, struct offpeak_error *err)
{
        struct listener *listener = &server->listeners[server->n_listeners];
        bool is_tcp = strncmp(endpoint, "tcp:", 4) == 0;
        int code;

        listener->server = server;
        code = zuv_listen(server->options.loop, endpoint, is_tcp && server->has_keys ? &server->keys : NULL, receive, listener,
                          &listener->socket, err);
        if (code != 0)
                return code;
        server->n_listeners++;
        log_info("listening on %s", zuv_endpoint(listener->socket));
        return 0;
}

int server_reload_keys(struct server *server, struct offpeak_error *err)
{
        return server->has_keys ? wire_keys_reload(&server->keys, err) : 0;
}

int server_open(const struct server_options *options, struct server **ret_server, struct offpeak_error *err)
{
        struct server *server = calloc(1, sizeof(*server));
        int code;

        if (server == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        server->options = *options;
        server->first = 1;
        server->listeners = calloc(options->config->n_listen, sizeof(*server->listeners));
        if (server->listeners == NULL)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        else
                code = open_keys(server, err);
        for (size_t i = 0; code == 0 && i < options->config->n_listen; i++)
                code = open_socket(server, options->config->listen[i], err);
        if (code != 0) {
                server_close(server, NULL, NULL);
                return code;
        }
        *ret_server = server;
        return 0;
}

void server_set_engine(struct server *server, struct engine *engine)
{
        server->engine = engine;
}

static void destroy(struct server *server)
{
        void (*closed)(void *) = server->closed;
        void *context = server->closed_context;

        if (server->has_keys)
                wire_keys_finish(&server->keys);
        free(server->listeners);
        free(server->routes);
        free(server->nodes);
        free(server);
        if (closed != NULL)
                closed(context);
}

static void on_closed(void *context)
{
        struct server *server = context;

        if (--server->n_listeners == 0)
                destroy(server);
}

void server_close(struct server *server, void (*closed)(void *context), void *context)
{
        size_t n = server->n_listeners;

        server->closed = closed;
        server->closed_context = context;
        if (n == 0)
                destroy(server);
        for (size_t i = 0; i < n; i++)
                zuv_close(server->listeners[i].socket, on_closed, server);
}
