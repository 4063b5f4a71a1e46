/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_session.c - greeting, renewing, being granted.
 *
 * A welcome counts for the outstanding nonce only, a grant for a sending whose time is known only, and the lease runs
 * from that sending. A hello is repeated with the same nonce until it is answered: the scheduler then makes one
 * session.
 */
#include "agent/core/agent_parts.h"

#include <inttypes.h>
#include <string.h>

enum { HELLO_GAP_MS = 500, HELLO_GAP_MAX_MS = 15000, RENEW_DEFAULT_MS = 10000, RENEW_MIN_MS = 50 };

static bool is_current(const struct agent_state *state, uint64_t term, uint64_t session)
{
        return state->contact == AGENT_SESSION && state->term == term && state->session == session;
}

/* From this moment there is no session: orders of the last one are refused, also those a socket still holds. */
static void begin_hello(struct agent_state *state, const struct agent_input *input)
{
        state->contact = AGENT_HELLO;
        memcpy(state->nonce, input->random, sizeof(state->nonce));
        state->hello_gap_ms = 0;
        state->due_ms = input->now_ms;
}

void agent_take_start(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        (void)turn;
        state->top_term = input->u.start.term;
        state->sure = input->u.start.sure;
        state->devices = input->u.start.devices;
        begin_hello(state, input);
}

static int64_t renew_interval(const struct message_welcome *welcome)
{
        int64_t interval = welcome->renew_ms > 0 ? welcome->renew_ms : welcome->lease_ms / 6;

        if (interval <= 0)
                return RENEW_DEFAULT_MS;
        return interval < RENEW_MIN_MS ? RENEW_MIN_MS : interval;
}

void agent_take_welcome(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        const struct message_welcome *welcome = input->u.welcome;

        if (state->contact != AGENT_HELLO || memcmp(welcome->nonce, state->nonce, sizeof(state->nonce)) != 0)
                return;
        if (welcome->term < state->top_term) {
                agent_warn(turn,
                           "refused a scheduler of term %" PRIu64 ": this node has served term %" PRIu64
                           ", so it runs on an old or a foreign store",
                           welcome->term, state->top_term);
                return;
        }
        if (welcome->term > state->top_term) {
                struct agent_action *action = agent_act(turn, AGENT_KEEP_TERM);
                if (action == NULL)
                        return;
                action->number = welcome->term;
                state->top_term = welcome->term;
        }
        state->contact = AGENT_SESSION;
        state->term = welcome->term;
        state->session = welcome->session;
        state->seq = 0;
        memset(state->sent, 0, sizeof(state->sent));
        state->renew_ms = renew_interval(welcome);
        state->n_graves = state->next_grave = 0;
        state->floor = 0;
        state->changed = true;
}

static void extend_leases(const struct agent_state *state, struct agent_turn *turn)
{
        for (size_t i = 0; i < state->n_legs; i++) {
                const struct agent_leg *leg = &state->legs[i];
                struct agent_action *action;

                if (leg->state == AGENT_LEG_EXITED || leg->burying)
                        continue;
                action = agent_act(turn, AGENT_LEASE);
                if (action == NULL)
                        return;
                action->id = leg->id;
                action->deadline_ms = state->base_ms + leg->lease_ms;
        }
}

void agent_take_grant(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        const struct message_grant *grant = input->u.grant.grant;
        const struct agent_sent *sent = &state->sent[grant->seq % AGENT_SENT];
        struct agent_action *action;

        if (!is_current(state, grant->term, grant->session))
                return;
        if (grant->readings_acked > 0) {
                action = agent_act(turn, AGENT_ACKED);
                if (action == NULL)
                        return;
                action->number = grant->readings_acked;
        }
        if (grant->seq == 0 || sent->seq != grant->seq)
                return;
        if (!state->granted || sent->at_ms > state->base_ms) {
                state->granted = true;
                state->base_ms = sent->at_ms;
                extend_leases(state, turn);
        }
        if (input->u.grant.more_readings)
                state->changed = true;
}

void agent_take_stale(struct agent_state *state, const struct agent_input *input, struct agent_turn *turn)
{
        (void)turn;
        if (is_current(state, input->u.stale->term, input->u.stale->session))
                begin_hello(state, input);
}

static void send_hello(struct agent_state *state, int64_t now_ms, struct agent_turn *turn)
{
        int64_t gap = state->hello_gap_ms == 0 ? HELLO_GAP_MS : 2 * state->hello_gap_ms;

        if (agent_act(turn, AGENT_SEND_HELLO) == NULL)
                return;
        state->hello_gap_ms = gap > HELLO_GAP_MAX_MS ? HELLO_GAP_MAX_MS : gap;
        /* up to a quarter more, by node: a thousand agents do not come back in step */
        state->due_ms = now_ms + state->hello_gap_ms + state->hello_gap_ms * state->nonce[15] / 1024;
}

static void send_renew(struct agent_state *state, int64_t now_ms, struct agent_turn *turn)
{
        struct agent_action *action = agent_act(turn, AGENT_SEND_RENEW);

        if (action == NULL)
                return;
        action->number = ++state->seq;
        state->sent[state->seq % AGENT_SENT] = (struct agent_sent){ .seq = state->seq, .at_ms = now_ms };
        state->due_ms = now_ms + state->renew_ms;
        state->changed = false;
}

/* A hello at the start, and a session's first renewal, wait until every leg is known to be alive or not. */
void agent_send_due(struct agent_state *state, int64_t now_ms, struct agent_turn *turn)
{
        if (state->contact == AGENT_HELLO && now_ms >= state->due_ms && agent_legs_settled(state))
                send_hello(state, now_ms, turn);
        if (state->contact == AGENT_SESSION && (state->changed || now_ms >= state->due_ms) &&
            (state->seq > 0 || agent_legs_settled(state)))
                send_renew(state, now_ms, turn);
}
