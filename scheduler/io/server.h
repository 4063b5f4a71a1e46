/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the control sockets: frames become inputs, actions become frames.
 *
 * Requests of clients carry an owner as the transport proved it: the peer's uid over ipc, the key's name over tcp. Hellos and
 * renewals are taken from root and from the daemon's own user, or from a key with that role.
 */
#ifndef OFFPEAK_IO_SERVER_H
#define OFFPEAK_IO_SERVER_H

#include "io/config.h"
#include "io/engine.h"
#include "io/feed_status.h"

struct server;

struct server_options {
        uv_loop_t *loop;
        const struct config *config; /* borrowed for the server's life */
        struct store *store;         /* for queries */
        /* Begin to read the configuration again; once begun it ends with server_reloaded. */
        int (*reload)(void *context, struct offpeak_error *err);
        struct feed_statuses (*feeds)(void *context); /* for queries */
        void *context;
};

int server_open(const struct server_options *options, struct server **ret_server, struct offpeak_error *err);

/* The engine that takes the inputs; must be set before the loop runs. */
void server_set_engine(struct server *server, struct engine *engine);

/* Send what an action says. ACTION_ASK_PLAN, ACTION_DROP_PLAN and ACTION_ASK_FORECAST are not for here. */
void server_act(struct server *server, const struct action *action);

/* A turn's actions are out: its connections are forgotten. */
void server_acted(struct server *server);

/* A reload is over: whoever asked for it, if anybody did, is told. code 0, or why the old configuration holds. */
void server_reloaded(struct server *server, int code, const struct offpeak_error *err);

/* Read the clients' keys again: a new one is let in, one that is gone is heard no more. Without keys nothing to do. */
int server_reload_keys(struct server *server, struct offpeak_error *err);

void server_close(struct server *server, void (*closed)(void *context), void *context);

#endif
