/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c - answers to clients, and the requests that go on record so that a repeated one is answered as before. */
#include "core/decide_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reply(struct turn *turn, const struct client *client, int code, uint64_t job, const char *format, ...)
{
        char text[768] = "";
        struct action *action;
        va_list args;

        if (format != NULL) {
                va_start(args, format);
                vsnprintf(text, sizeof(text), format, args);
                va_end(args);
        }
        action = turn_action(turn, ACTION_REPLY);
        action->connection = client->connection;
        action->code = code;
        action->job = job;
        memcpy(action->nonce, client->request_id, sizeof(action->nonce));
        if (text[0] != '\0')
                action->text = turn_text(turn, "%s", text);
}

bool answer_again(const struct state *state, const struct client *client, struct turn *turn)
{
        const struct request *request = state_request(state, client->request_id);

        if (request == NULL)
                return false;
        if (request->digest != client->digest || request->uid != client->uid)
                reply(turn, client, OFFPEAK_ECONFLICT, 0,
                      "this request id was used before for another request; draw a new one");
        else
                reply(turn, client, request->code, request->job, request->text != NULL ? "%s" : NULL, request->text);
        return true;
}

struct request request_on_record(struct turn *turn, const struct client *client, const struct now *now, uint64_t job,
                                 const char *text)
{
        struct request request = { .uid = client->uid, .digest = client->digest, .job = job, .at = now->wall };

        memcpy(request.id, client->request_id, sizeof(request.id));
        if (text != NULL && text[0] != '\0')
                request.text = turn_text(turn, "%s", text);
        return request;
}
