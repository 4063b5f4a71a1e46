/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - one input: decide, apply, follow until quiet, then orders. */
#include "core/decide.h"

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
        case INPUT_PUSH:
                decide_push(state, input, turn);
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
        case INPUT_DRAIN:
        case INPUT_RESUME:
                decide_drain(state, input, turn);
                break;
        case INPUT_PIN:
        case INPUT_UNPIN:
                decide_pin(state, input, turn);
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
        case INPUT_FORECAST_READY:
                decide_forecast_ready(state, input, turn);
                break;
        }
}

void decide_follow(const struct state *state, const struct now *now, struct turn *turn)
{
        size_t before = turn->n_records;

        follow_node(state, now, turn);
        if (turn->n_records == before)
                follow_store(state, now, turn); /* alone: a site's books are opened once at a time */
        if (turn->n_records == before)
                follow_attempt(state, now, turn);
        if (turn->n_records == before)
                follow_profile(state, now, turn);
        if (turn->n_records == before)
                follow_dispatch(state, now, turn);
        if (turn->n_records == before)
                follow_forecast(state, now, turn);
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
