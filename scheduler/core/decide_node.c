/* SPDX-License-Identifier: Apache-2.0 */
/* decide_node.c - a node says hello, or the operator says that it is gone. */
#include "core/decide_parts.h"

#include <inttypes.h>

#include <string.h>

#include "core/copy.h"

static bool same_text(const char *a, const char *b)
{
        return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_position(const struct inventory *a, const struct inventory *b)
{
        if (!same_text(a->block, b->block) || !same_text(a->rack, b->rack) ||
            !same_text(a->leaf_switch, b->leaf_switch) || a->n_features != b->n_features)
                return false;
        for (size_t i = 0; i < a->n_features; i++)
                if (strcmp(a->features[i], b->features[i]) != 0)
                        return false;
        return true;
}

static bool same_links(const struct inventory *a, const struct inventory *b)
{
        return a->n_links == b->n_links &&
               (a->n_links == 0 || memcmp(a->links, b->links, a->n_links * sizeof(*a->links)) == 0);
}

static bool same_inventory(const struct inventory *a, const struct inventory *b)
{
        if (a->n_devices != b->n_devices || a->cores != b->cores || a->memory_mb != b->memory_mb ||
            a->idle_w != b->idle_w || a->power_quality != b->power_quality)
                return false;
        if (!same_text(a->address, b->address) || !same_position(a, b) || !same_links(a, b))
                return false;
        for (uint32_t i = 0; i < a->n_devices; i++)
                if (a->devices[i].kind != b->devices[i].kind || a->devices[i].numa != b->devices[i].numa ||
                    a->devices[i].max_w != b->devices[i].max_w || a->devices[i].least_w != b->devices[i].least_w ||
                    strcmp(a->devices[i].address, b->devices[i].address) != 0)
                        return false;
        return true;
}

static void record_node(const struct state *state, const struct input *input, const struct node *node,
                        struct turn *turn)
{
        struct record *record;

        if (node != NULL && strcmp(node->boot, input->u.hello.boot) == 0 &&
            strcmp(node->site, input->u.hello.site) == 0 &&
            same_inventory(&node->inventory, input->u.hello.inventory))
                return;
        record = turn_record(turn, RECORD_NODE_UP, &input->now);
        record->u.node_up.name = turn_text(turn, "%s", input->u.hello.node);
        record->u.node_up.site = turn_text(turn, "%s", input->u.hello.site);
        strncpy(record->u.node_up.boot, input->u.hello.boot, sizeof(record->u.node_up.boot) - 1);
        turn_check(turn, inventory_copy(input->u.hello.inventory, &record->u.node_up.inventory));
        want_plan(state, &input->now, turn);
}

/* Nothing about legs is concluded from a hello: it may be an old one. What was granted before still counts. */
void decide_hello(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct node *node = state_node(state, input->u.hello.node);
        struct session session = { .state = SESSION_PENDING, .term = state->term, .number = state->next_session + 1 };
        struct record *record;
        struct action *action;

        record_node(state, input, node, turn);
        if (node != NULL && node->session.state != SESSION_NONE &&
            memcmp(node->session.nonce, input->u.hello.nonce, sizeof(session.nonce)) == 0) {
                session = node->session; /* the same hello again: its answer was lost */
        } else {
                memcpy(session.nonce, input->u.hello.nonce, sizeof(session.nonce));
                session.last_reply_ms = node != NULL ? node->session.last_reply_ms : input->now.mono_ms;
                session.last_renew_ms = input->now.mono_ms;
                record = turn_record(turn, RECORD_V_SESSION, &input->now);
                record->u.session.node = node != NULL ? node->id : state->n_nodes; /* the id NODE_UP will give it */
                record->u.session.session = session;
        }
        action = turn_action(turn, ACTION_WELCOME);
        action->connection = input->u.hello.connection;
        action->node = node != NULL ? node->id : state->n_nodes;
        action->term = session.term;
        action->session = session.number;
        memcpy(action->nonce, session.nonce, sizeof(action->nonce));
}

static void end_legs_there(const struct state *state, const struct now *now, const struct node *node,
                           struct turn *turn)
{
        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (job->state != OFFPEAK_JOB_ACTIVE)
                        continue;
                for (uint32_t l = 0; l < job->attempt.n_legs; l++) {
                        struct record *record;

                        if (job->attempt.legs[l].node != node->id || job->attempt.legs[l].state == LEG_ENDED)
                                continue;
                        record = turn_record(turn, RECORD_LEG_END, now);
                        record->u.leg_end.leg = (struct record_leg_ref){ job->id, job->attempt.number, node->id };
                        record->u.leg_end.how = LEG_FENCED;
                }
        }
}

void decide_fence(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.fence.client;
        const struct node *node = state_node(state, input->u.fence.node);
        struct record *record;

        if (answer_again(state, client, turn))
                return;
        if (node == NULL) {
                reply(turn, client, OFFPEAK_ENOTFOUND, 0, "there is no node \"%s\"; `offpeak nodes` lists them",
                      input->u.fence.node);
                return;
        }
        if (!client->is_operator) {
                reply(turn, client, OFFPEAK_EPERMISSION, 0, "only an operator may fence a node: it declares what runs there dead");
                return;
        }
        if (node->session.state == SESSION_UP && !input->u.fence.seen_dead) {
                reply(turn, client, OFFPEAK_ESTATE, 0,
                      "node %s is up: it was heard %" PRId64 " s ago, and what runs there would run twice. Switch it off first, or stop its "
                      "agent and what it runs; to empty it, `offpeak drain %s` and cancel or hold its jobs", node->name,
                      (input->now.mono_ms - node->session.last_renew_ms) / 1000, node->name);
                return;
        }
        record = turn_record(turn, RECORD_NODE_FENCED, &input->now);
        record->u.node_fenced.node = node->id;
        record->u.node_fenced.fenced = true;
        record->u.node_fenced.request = request_on_record(turn, client, &input->now, 0, NULL);
        record = turn_record(turn, RECORD_V_SESSION, &input->now);
        record->u.session.node = node->id;
        record->u.session.session = node->session;
        record->u.session.session.state = SESSION_NONE;
        end_legs_there(state, &input->now, node, turn);
        want_plan(state, &input->now, turn);
        reply(turn, client, OFFPEAK_OK, 0, NULL);
}

enum { REASON_SIZE = 256 };

static bool is_a_line(const char *text)
{
        for (const char *c = text; *c != '\0'; c++)
                if ((unsigned char)*c < ' ' || c - text >= REASON_SIZE - 1)
                        return false;
        return true;
}

/* To drain: `reason` is why, NULL: nobody said. */
void decide_drain(const struct state *state, const struct input *input, struct turn *turn)
{
        const struct client *client = &input->u.drain.client;
        const struct node *node = state_node(state, input->u.drain.node);
        bool drain = input->type == INPUT_DRAIN;
        const char *reason = input->u.drain.reason;
        struct record *record;

        if (answer_again(state, client, turn))
                return;
        if (node == NULL) {
                reply(turn, client, OFFPEAK_ENOTFOUND, 0, "there is no node \"%s\"; `offpeak nodes` lists them",
                      input->u.drain.node);
                return;
        }
        if (!client->is_operator) {
                reply(turn, client, OFFPEAK_EPERMISSION, 0, "only an operator may %s a node",
                      drain ? "drain" : "resume");
                return;
        }
        if (drain && reason != NULL && !is_a_line(reason)) {
                reply(turn, client, OFFPEAK_EINVAL, 0, "--reason: one line of at most %d bytes is told with the node", REASON_SIZE - 1);
                return;
        }
        record = turn_record(turn, RECORD_DRAINED, &input->now);
        record->u.drained.node = node->id;
        if (drain && reason != NULL && reason[0] != '\0')
                record->u.drained.reason = turn_text(turn, "%s", reason);
        else if (drain)
                record->u.drained.reason =
                        turn_text(turn, "by %s", client->user != NULL ? client->user : "an operator");
        record->u.drained.request = request_on_record(turn, client, &input->now, 0, NULL);
        want_plan(state, &input->now, turn);
        reply(turn, client, OFFPEAK_OK, 0, NULL);
}
