/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_store.c - a site's store in the books: what charges it is booked as time goes on, and what is told of how much is in it
 * is a stock-taking (ledger/stock.h). What it gives is booked with the energy of whoever draws it.
 */
#include "core/decide_parts.h"

#include "core/power.h"

#define J_PER_WH INT64_C(3600)

/* A charge is booked in stretches of so many wall seconds, and where it ends. */
enum { CHARGE_STEP_S = 300 };

/* ---- charge */

/* Up to where it is to be booked: a step's end, or the end of what was planned since. */
static int64_t charge_due(const struct stock_site *draw, int64_t from, int64_t now)
{
        int64_t due = now - now % CHARGE_STEP_S, next;

        for (int64_t t = from > due ? from : due; t < now; t = next)
                if (stock_flow_at(draw, t, &next) > 0 && next <= now)
                        due = next;
        return due;
}

void follow_store(const struct state *state, const struct now *now, struct turn *turn)
{
        for (uint32_t i = 0; i < state->n_sites; i++) {
                const struct site *site = &state->sites[i];
                struct booker *booker;
                int64_t due;

                if (site->stock.counted_at == 0 || site->stock.charged_until >= now->wall ||
                    !state_terms(state, site)->has_store)
                        continue;
                booker = booker_open(state, site->name, turn);
                if (booker == NULL)
                        continue;
                due = charge_due(booker_draw(booker), site->stock.charged_until, now->wall);
                booker_add_charge(booker, now, due);
                booker_close(booker);
        }
}

/* ---- stock-taking */

/* What a load of so many W takes out of the store for the time after `booked`, and what it took beyond `time`. */
static int64_t pending_of(const struct stock_site *draw, int64_t load_w, int64_t booked, int64_t time)
{
        return booked != 0 ? stock_taken(draw, load_w, booked, time) : 0;
}

static int64_t pending_of_legs(const struct state *state, const struct stock_site *draw, const struct site *site, int64_t time)
{
        int64_t pending = 0;

        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                for (uint32_t l = 0; job->state == OFFPEAK_JOB_ACTIVE && l < job->attempt.n_legs; l++) {
                        const struct leg *leg = &job->attempt.legs[l];
                        int64_t booked = leg->booked_until == 0 && job->attempt.go ? job->attempt.launched_at : leg->booked_until;

                        if (leg->state != LEG_ENDED && state->nodes[leg->node].site_id == site->id)
                                pending += pending_of(draw, power_at_meter(&draw->supply->terms, power_of_leg(state, job, leg)),
                                                      booked, time);
                }
        }
        return pending;
}

/* Readings come some time after the energy: what all that draws is thought to have taken since its last one. */
static int64_t pending_at(const struct state *state, const struct stock_site *draw, const struct site *site, int64_t time)
{
        const struct supply_terms *terms = &draw->supply->terms;
        int64_t pending = pending_of(draw, terms->pue_fixed_w, site->overhead_until, time);

        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (state->nodes[i].site_id == site->id)
                        pending += pending_of(draw, power_at_meter(terms, state->nodes[i].inventory.idle_w),
                                              state->nodes[i].idle_until, time);
        return pending + pending_of_legs(state, draw, site, time);
}

/* The last point that is not to come yet, and known. */
static const struct series_point *latest(const struct series *told, int64_t now)
{
        const struct series_point *point = NULL;

        for (size_t i = 0; i < told->n_points && told->points[i].start <= now; i++)
                point = &told->points[i];
        return point != NULL && point->value != SERIES_UNKNOWN && point->value >= 0 ? point : NULL;
}

void count_stored(const struct state *state, const struct now *now, const struct site *site, const struct series *told,
                  struct turn *turn)
{
        const struct series_point *point = latest(told, now->wall);
        struct booker *booker = NULL;
        const struct supply_store *store;
        int64_t level, pending;

        if (point != NULL && point->start > site->stock.counted_at)
                booker = booker_open(state, site->name, turn);
        if (booker == NULL)
                return;
        store = &booker_draw(booker)->supply->terms.store;
        level = (point->value < store->energy_wh ? point->value : store->energy_wh) * J_PER_WH;
        if (booker_draw(booker)->supply->terms.has_store) {
                booker_add_charge(booker, now, point->start);
                pending = pending_at(state, booker_draw(booker), site, point->start);
                if (site->stock.counted_at != 0) /* what is booked of the charge beyond that */
                        pending += stock_stored(booker_draw(booker), point->start, site->stock.charged_until);
                booker_count(booker, now, point->start, level, pending);
        }
        booker_close(booker);
}
