/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_parts.h - what decide() and decide_follow() are made of. Each reads state, and appends to the turn.
 */
#ifndef OFFPEAK_CORE_DECIDE_PARTS_H
#define OFFPEAK_CORE_DECIDE_PARTS_H

#include "core/turn.h"

/* ---- one input each */

void decide_start(const struct state *state, const struct input *input, struct turn *turn);
void decide_config(const struct state *state, const struct input *input, struct turn *turn);
void decide_series(const struct state *state, const struct input *input, struct turn *turn);
void decide_push(const struct state *state, const struct input *input, struct turn *turn);
void decide_submit(const struct state *state, const struct input *input, struct turn *turn);
void decide_cancel(const struct state *state, const struct input *input, struct turn *turn);
void decide_hold(const struct state *state, const struct input *input, struct turn *turn); /* and release */
void decide_pin(const struct state *state, const struct input *input, struct turn *turn);  /* and unpin */
void decide_fence(const struct state *state, const struct input *input, struct turn *turn);
void decide_drain(const struct state *state, const struct input *input, struct turn *turn); /* and to resume */
void decide_hello(const struct state *state, const struct input *input, struct turn *turn);
void decide_renew(const struct state *state, const struct input *input, struct turn *turn);
void decide_devices(const struct state *state, const struct input *input, const struct node *node,
                    struct turn *turn); /* a part of it */
void decide_plan_ready(const struct state *state, const struct input *input, struct turn *turn);
void decide_forecast_ready(const struct state *state, const struct input *input, struct turn *turn);

/* ---- what follows from the state alone; each is called until it appends nothing */

void follow_node(const struct state *state, const struct now *now, struct turn *turn);     /* silence, leases, overhead */
void follow_store(const struct state *state, const struct now *now, struct turn *turn);    /* what charges stores */
void follow_attempt(const struct state *state, const struct now *now, struct turn *turn);  /* armed, stopped, over */
void follow_dispatch(const struct state *state, const struct now *now, struct turn *turn); /* launch, pause, limit */
void follow_forecast(const struct state *state, const struct now *now, struct turn *turn); /* ask for forecasts */
void follow_profile(const struct state *state, const struct now *now, struct turn *turn);  /* fit what was measured */
void follow_plan(const struct state *state, const struct now *now, struct turn *turn);     /* ask for a plan */

/* ---- after all: the orders that this turn's records (from `first` on) and a renewal call for */

void decide_orders(const struct state *state, const struct input *input, size_t first, struct turn *turn);

/* ---- shared */

/* Answer a client. Takes a sentence or NULL. */
void reply(struct turn *turn, const struct client *client, int code, uint64_t job, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* Answer a repeated request as before (true), or refuse a request id used for something else (true); else false. */
bool answer_again(const struct state *state, const struct client *client, struct turn *turn);

/* The job of u.job, if the client may change it; else the refusal is in the turn and NULL comes back. */
const struct job *changeable_job(const struct state *state, const struct input *input, struct turn *turn);

/* The request that goes on record with a mutation. */
struct request request_on_record(struct turn *turn, const struct client *client, const struct now *now, uint64_t job,
                                 const char *text);

/* The first moment after `after` at which a version of a site's feed counts as too old; INT64_MAX: none. */
int64_t next_expiry(const struct state *state, int64_t after);

/* Keep plan_asked and the rest, and want a new plan. Once a turn is enough. */
void want_plan(const struct state *state, const struct now *now, struct turn *turn);

/* Book joules of a leg or node, cut and priced, with the proportional overhead. */
struct energy {
        uint64_t job; /* 0: idle */
        uint32_t attempt, node;
        int64_t start, end, joules;
        enum quality quality;
};
struct booker; /* running copies of one site's books during one input */
struct booker *booker_open(const struct state *state, const char *site, struct turn *turn); /* NULL: no such site */
void booker_add(struct booker *booker, const struct now *now, const struct energy *energy);
void booker_add_fixed_overhead(struct booker *booker, const struct now *now, int64_t start, int64_t end);
void booker_add_charge(struct booker *booker, const struct now *now, int64_t until); /* of its store, from where that is booked */
void booker_count(struct booker *booker, const struct now *now, int64_t time, int64_t level, int64_t pending); /* ledger/stock.h */
const struct stock_site *booker_draw(const struct booker *booker);
void booker_close(struct booker *booker); /* accepts NULL */

/* A site is told how much was in its store: a stock-taking, unless it is of no later time than the last one. */
void count_stored(const struct state *state, const struct now *now, const struct site *site, const struct series *told,
                  struct turn *turn);

#endif
