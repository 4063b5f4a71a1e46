/* SPDX-License-Identifier: Apache-2.0 */
#include "io/outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/width.h"

/*
 * Ranks of a gang meet on one of the first ports, by the epoch of their attempt; what its head asks for is heard on the
 * second, by epoch and rank. Neither is among those that kernels give to whoever does not mind.
 */
enum { FIRST_MASTER_PORT = 20000, MASTER_PORTS = 10000, FIRST_REMOTE_PORT = 10000, REMOTE_PORTS = 10000 };

unsigned output_remote_port(uint64_t epoch, uint32_t leg, uint64_t devices)
{
        const unsigned first = devices != 0 ? (unsigned)__builtin_ctzll(devices) : 0;

        return FIRST_REMOTE_PORT +
               (unsigned)((epoch + leg) % (REMOTE_PORTS / OFFPEAK_MAX_DEVICES)) * OFFPEAK_MAX_DEVICES + first;
}

static struct message_clock clock_now(const struct clocks *clocks)
{
        return (struct message_clock){ .wall_ms = clocks_wall_ms(clocks), .rate = clocks->rate };
}

static void lease_range(const struct policy *policy, int64_t *ret_shortest, int64_t *ret_longest)
{
        *ret_shortest = INT64_MAX;
        *ret_longest = 0;
        for (size_t i = 0; i < policy->n_classes; i++) {
                int64_t lease_ms = policy->classes[i].lease_ms;

                if (lease_ms < *ret_shortest)
                        *ret_shortest = lease_ms;
                if (lease_ms > *ret_longest)
                        *ret_longest = lease_ms;
        }
}

static void welcome(const struct state *state, const struct clocks *clocks, const struct action *action,
                    struct message *message)
{
        int64_t shortest, longest;

        lease_range(&state->policy, &shortest, &longest);
        message->type = MESSAGE_WELCOME;
        memcpy(message->u.welcome.nonce, action->nonce, sizeof(action->nonce));
        message->u.welcome.term = action->term;
        message->u.welcome.session = action->session;
        message->u.welcome.clock = clock_now(clocks);
        message->u.welcome.lease_ms = longest;
        message->u.welcome.renew_ms = shortest / 6;
}

static void grant(const struct clocks *clocks, const struct action *action, struct message *message)
{
        message->type = MESSAGE_GRANT;
        message->u.grant.term = action->term;
        message->u.grant.session = action->session;
        message->u.grant.seq = action->seq;
        message->u.grant.readings_acked = action->readings_acked;
        message->u.grant.clock = clock_now(clocks);
}

/* ---- orders */

static int node_names(const struct state *state, const struct attempt *attempt, char ***ret_names)
{
        char **names = calloc(attempt->n_legs, sizeof(*names));

        if (names == NULL)
                return OFFPEAK_ENOMEM;
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                names[l] = state->nodes[attempt->legs[l].node].name;
        *ret_names = names;
        return 0;
}

static const char *address_of(const struct node *node)
{
        return node->inventory.address != NULL ? node->inventory.address : node->name;
}

/* Where each of them hears what the head asks for. On ENOMEM what was made is the launch's all the same. */
static int remote_addresses(const struct state *state, const struct attempt *attempt, struct message_launch *launch)
{
        launch->addresses = calloc(attempt->n_legs, sizeof(*launch->addresses));
        if (launch->addresses == NULL)
                return OFFPEAK_ENOMEM;
        for (uint32_t l = 0; l < attempt->n_legs; l++) {
                const char *host = address_of(&state->nodes[attempt->legs[l].node]);
                const bool v6 = strchr(host, ':') != NULL;
                const unsigned port = output_remote_port(attempt->epoch, l, attempt->legs[l].devices);

                if (asprintf(&launch->addresses[l], "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port) < 0) {
                        launch->addresses[l] = NULL;
                        return OFFPEAK_ENOMEM;
                }
                launch->n_addresses++;
        }
        return 0;
}

static int fill_launch(const struct state *state, const struct job *job, uint32_t rank, struct message_launch *launch)
{
        const struct attempt *attempt = &job->attempt;
        const struct offpeak_width width = width_of(&job->spec, attempt->mode);
        int code = node_names(state, attempt, &launch->nodes);

        if (code != 0)
                return code;
        launch->n_nodes = attempt->n_legs;
        launch->spec = job->spec;
        launch->spec.nodes = width.nodes; /* a node knows of one width: this attempt's */
        launch->spec.gpus_per_node = width.gpus_per_node;
        launch->spec.power_w = width.power_w;
        launch->spec.n_widths = 0;
        launch->cap_ppm = width_cap_ppm(&job->spec, attempt->mode);
        launch->rank = rank;
        launch->devices = attempt->legs[rank].devices;
        launch->lease_ms = attempt->lease_ms;
        launch->grace_s = attempt->grace_s;
        launch->on_lost = attempt->on_lost;
        launch->uid = job->uid;
        launch->user = job->user;
        launch->gang = attempt->n_legs > 1;
        launch->master_address = (char *)address_of(&state->nodes[attempt->legs[0].node]);
        launch->master_port = FIRST_MASTER_PORT + (uint32_t)(attempt->epoch % MASTER_PORTS);
        return job->spec.launcher == OFFPEAK_LAUNCHER_HEAD ? remote_addresses(state, attempt, launch) : 0;
}

/* Orders outlive their attempts on the way: only the present one starts anything. */
static int with_launch(const struct state *state, const struct action *action, struct message_order *order)
{
        const struct job *job = state_job(state, action->job);

        if (job == NULL || job->attempts == 0 || job->attempt.number != action->attempt)
                return OFFPEAK_EINVAL;
        for (uint32_t l = 0; l < job->attempt.n_legs; l++)
                if (job->attempt.legs[l].node == action->node) {
                        order->has_launch = true;
                        return fill_launch(state, job, l, &order->launch);
                }
        return OFFPEAK_EINVAL;
}

static int order(const struct state *state, const struct action *action, struct message *message)
{
        struct message_order *order = &message->u.order;

        message->type = MESSAGE_ORDER;
        order->term = action->term;
        order->session = action->session;
        order->job = action->job;
        order->attempt = action->attempt;
        order->epoch = action->epoch;
        order->want = action->want;
        order->reason = action->reason;
        order->grace_s = action->grace_s;
        if (action->want == WANT_ARM || action->want == WANT_GO)
                return with_launch(state, action, order);
        return 0;
}

int output_message(const struct state *state, const struct clocks *clocks, const struct action *action,
                   struct message *ret_message)
{
        int code;

        memset(ret_message, 0, sizeof(*ret_message));
        switch (action->type) {
        case ACTION_WELCOME:
                welcome(state, clocks, action, ret_message);
                return 0;
        case ACTION_GRANT:
                grant(clocks, action, ret_message);
                return 0;
        case ACTION_STALE:
                ret_message->type = MESSAGE_STALE;
                ret_message->u.stale.term = action->term;
                ret_message->u.stale.session = action->session;
                return 0;
        case ACTION_ORDER:
                code = order(state, action, ret_message);
                if (code != 0)
                        output_message_finish(ret_message);
                return code;
        case ACTION_REPLY:
        case ACTION_ASK_PLAN:
        case ACTION_DROP_PLAN:
        case ACTION_ASK_FORECAST:
                break;
        }
        return OFFPEAK_EINVAL;
}

void output_message_finish(struct message *message)
{
        struct message_launch *launch = &message->u.order.launch;

        if (message->type != MESSAGE_ORDER)
                return;
        free(launch->nodes); /* the names are the state's */
        for (size_t i = 0; i < launch->n_addresses; i++)
                free(launch->addresses[i]);
        free(launch->addresses);
}
