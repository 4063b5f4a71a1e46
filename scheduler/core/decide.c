/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - one input: decide, apply, follow until quiet, then orders. */
#include "core/decide.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decide_parts.h"

/* More rounds than any chain of consequences has; a turn that is still not quiet goes on in the next one. */
enum { ROUNDS = 10000 };

void decide(const struct state *state, const struct input *input, struct turn *turn)
{
        switch (input->type) {
        case INPUT_START:
                decide_start(state, input, turn);
                break;
        case INPUT_TICK:
                break; /* time alone: everything follows */
        case INPUT_CONFIG:
                decide_config(state, input, turn);
                break;
        case INPUT_SERIES:
                decide_series(state, input, turn);
                break;
        case INPUT_SUBMIT:
                decide_submit(state, input, turn);
                break;
        case INPUT_CANCEL:
                decide_cancel(state, input, turn);
                break;
        case INPUT_HOLD:
        case INPUT_RELEASE:
                decide_hold(state, input, turn);
                break;
        case INPUT_FENCE:
                decide_fence(state, input, turn);
                break;
        case INPUT_HELLO:
                decide_hello(state, input, turn);
                break;
        case INPUT_RENEW:
                decide_renew(state, input, turn);
                break;
        case INPUT_PLAN_READY:
                decide_plan_ready(state, input, turn);
                break;
        }
}

void decide_follow(const struct state *state, const struct now *now, struct turn *turn)
{
        size_t before = turn->n_records;

        follow_node(state, now, turn);
        if (turn->n_records == before)
                follow_attempt(state, now, turn);
        if (turn->n_records == before)
                follow_dispatch(state, now, turn);
        if (turn->n_records == before)
                follow_plan(state, now, turn);
}

static int apply_from(struct state *state, struct turn *turn, size_t first)
{
        for (size_t i = first; i < turn->n_records; i++) {
                int code = apply(state, &turn->records[i]);

                if (code != 0)
                        return code;
        }
        return 0;
}

int core_step(struct state *state, const struct input *input, struct turn *turn)
{
        size_t first = turn->n_records;
        size_t done = first;
        int code;

        decide(state, input, turn);
        code = apply_from(state, turn, done);
        for (int round = 0; code == 0 && !turn->failed && round < ROUNDS; round++) {
                done = turn->n_records;
                decide_follow(state, &input->now, turn);
                if (turn->n_records == done)
                        break;
                code = apply_from(state, turn, done);
        }
        if (code == 0)
                decide_orders(state, input, first, turn);
        if (code != 0)
                turn->failed = true;
        return turn->failed && code == 0 ? OFFPEAK_ENOMEM : code;
}

/* ---- shared by the parts */

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

void want_plan(const struct state *state, const struct now *now, struct turn *turn)
{
        struct record *record;

        if (state->plan_wanted)
                return;
        record = turn_record(turn, RECORD_V_PLANNING, now);
        record->u.planning.wanted = true;
        record->u.planning.asked = state->plan_asked;
        record->u.planning.asked_index = state->plan_asked_index;
        record->u.planning.due_at = state->plan_due_at;
}
