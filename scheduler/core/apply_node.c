/* SPDX-License-Identifier: Apache-2.0 */
#include "core/apply_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/room.h"

static struct node *add_node(struct state *state, const char *name)
{
        struct node *node = room_for_one((void **)&state->nodes, state->n_nodes, sizeof(*node));

        if (node == NULL || copy_text(name, &node->name) != 0)
                return NULL;
        node->id = state->n_nodes++;
        return node;
}

/* A site's fixed overhead is booked from its first node's coming on. */
static void begin_overhead(struct state *state, const char *name, int64_t at)
{
        struct site *site = state_site(state, name);

        if (site != NULL && site->overhead_until == 0)
                site->overhead_until = at;
}

int apply_node_up(struct state *state, const struct record *record)
{
        struct node *node = state_node(state, record->u.node_up.name);
        struct inventory inventory, before;
        char *site;
        int code;

        if (node == NULL)
                node = add_node(state, record->u.node_up.name);
        if (node == NULL || copy_text(record->u.node_up.site, &site) != 0)
                return OFFPEAK_ENOMEM;
        if (inventory_copy(&record->u.node_up.inventory, &inventory) != 0) {
                free(site);
                return OFFPEAK_ENOMEM;
        }
        before = node->inventory;
        node->inventory = inventory;
        code = apply_renumbered(node, &before);
        inventory_finish(&before);
        free(node->site);
        node->site = site;
        memcpy(node->boot, record->u.node_up.boot, sizeof(node->boot));
        begin_overhead(state, site, record->at);
        state_bind_nodes(state);
        return code;
}

int apply_node_fenced(struct state *state, const struct record *record)
{
        if (record->u.node_fenced.node >= state->n_nodes)
                return OFFPEAK_EINVAL;
        state->nodes[record->u.node_fenced.node].fenced = record->u.node_fenced.fenced;
        return apply_request(state, &record->u.node_fenced.request);
}

/* Who is told to take jobs again begins without faults. */
int apply_drained(struct state *state, const struct record *record)
{
        struct node *node;
        char *reason = NULL;

        if (record->u.drained.node >= state->n_nodes)
                return OFFPEAK_EINVAL;
        if (record->u.drained.reason != NULL && copy_text(record->u.drained.reason, &reason) != 0)
                return OFFPEAK_ENOMEM;
        node = &state->nodes[record->u.drained.node];
        free(node->drain_reason);
        node->drain_reason = reason;
        if (reason == NULL) {
                node->faults = 0;
                apply_resume(node, record->at);
        }
        return apply_request(state, &record->u.drained.request);
}

int apply_session(struct state *state, const struct record *record)
{
        const struct session *session = &record->u.session.session;

        if (record->u.session.node >= state->n_nodes)
                return OFFPEAK_EINVAL;
        state->nodes[record->u.session.node].session = *session;
        if (session->number > state->next_session)
                state->next_session = session->number;
        return 0;
}

int apply_renewed(struct state *state, const struct record *record)
{
        struct session *session;

        if (record->u.renewed.node >= state->n_nodes)
                return OFFPEAK_EINVAL;
        session = &state->nodes[record->u.renewed.node].session;
        session->state = SESSION_UP;
        session->last_seq = record->u.renewed.seq;
        session->foreign = record->u.renewed.foreign;
        session->last_renew_ms = record->u.renewed.mono_ms;
        session->last_reply_ms = record->u.renewed.mono_ms;
        return 0;
}

/* No session outlives a process, and what was granted before is not known: every lease counts from now. */
int apply_started(struct state *state, const struct record *record)
{
        int64_t mono_ms = record->u.started.mono_ms;

        state->started_ms = mono_ms;
        state->forecasts = record->u.started.forecasts;
        for (uint32_t i = 0; i < state->n_nodes; i++)
                state->nodes[i].session = (struct session){ .last_reply_ms = mono_ms };
        for (size_t i = 0; i < state->n_open; i++)
                if (state_open_job(state, i)->state == OFFPEAK_JOB_ACTIVE)
                        state_open_job(state, i)->attempt.launched_ms = mono_ms;
        return 0;
}
