/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

static void finish_request(struct message_request *request)
{
        offpeak_job_spec_finish(&request->spec);
        free(request->target);
        free(request->arguments);
        free(request->push.site);
        free(request->push.agreement);
        free(request->push.currency);
        free(request->push.source);
        free(request->push.points);
}

static void finish_reply(struct message_reply *reply)
{
        free(reply->text);
        free(reply->document);
}

static void finish_hello(struct message_hello *hello)
{
        free(hello->node);
        free(hello->site);
        free(hello->model);
        free(hello->address);
        free(hello->devices);
        free(hello->links);
        free(hello->block);
        free(hello->rack);
        free(hello->leaf_switch);
        for (size_t i = 0; i < hello->n_features; i++)
                free(hello->features[i]);
        free(hello->features);
}

static void finish_renew(struct message_renew *renew)
{
        free(renew->node);
        for (uint32_t i = 0; i < renew->n_legs; i++)
                free(renew->legs[i].tail);
        free(renew->legs);
        free(renew->readings);
        free(renew->unwell);
}

static void finish_launch(struct message_launch *launch)
{
        offpeak_job_spec_finish(&launch->spec);
        for (uint32_t i = 0; i < launch->n_nodes; i++)
                free(launch->nodes[i]);
        free(launch->nodes);
        free(launch->user);
        free(launch->master_address);
        for (size_t i = 0; i < launch->n_addresses; i++)
                free(launch->addresses[i]);
        free(launch->addresses);
}

void message_finish(struct message *message)
{
        switch (message->type) {
        case MESSAGE_REQUEST:
                finish_request(&message->u.request);
                break;
        case MESSAGE_REPLY:
                finish_reply(&message->u.reply);
                break;
        case MESSAGE_HELLO:
                finish_hello(&message->u.hello);
                break;
        case MESSAGE_RENEW:
                finish_renew(&message->u.renew);
                break;
        case MESSAGE_ORDER:
                finish_launch(&message->u.order.launch);
                break;
        case MESSAGE_WELCOME:
        case MESSAGE_GRANT:
        case MESSAGE_STALE:
                break;
        }
        memset(message, 0, sizeof(*message));
}
