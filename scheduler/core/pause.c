/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pause.h"

#include <math.h>
#include <stdlib.h>

#include "core/pin.h"
#include "core/power.h"
#include "core/room.h"
#include "core/stored.h"
#include "core/width.h"
#include "core/work.h"
#include "ledger/demand_bill.h"
#include "supply/tariff.h"

/* The share of what going on would cost that a pause must save: plans move by less from one to the next. */
#define SHARE_TO_SAVE 0.01

/* By the plan's own figures, power and carbon alone, against going on from now. */
static bool saves_money(const struct job *job)
{
        return job->planned_run_now_cost - job->planned_cost > SHARE_TO_SAVE * fabs(job->planned_run_now_cost);
}

/* Its next hours are what it is stopped for: here, or elsewhere. */
static struct pause for_money(const struct job *job, int64_t wall)
{
        for (uint32_t i = 0; i < job->n_planned; i++)
                if (job->planned[i].start > wall && job->planned[i].site != job->site)
                        return (struct pause){ .cause = PAUSE_MOVE, .site = job->planned[i].site };
                else if (job->planned[i].start > wall)
                        break;
        return (struct pause){ .cause = PAUSE_COST };
}

/* ---- is there the power? */

bool pause_for_power(const struct state *state, const struct site *site, int64_t wall)
{
        return power_of_site(state, site) > stored_limit(state, site, wall);
}

/* W that each unit gives: [enum supply_unit]. */
static void units_at(const struct site_supply *supply, int64_t time, int64_t *ret_units)
{
        struct supply_curve curve = site_supply_at(supply, time);

        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                ret_units[unit] = 0;
        for (unsigned i = 0; i < curve.n_segments; i++) {
                int64_t *unit = &ret_units[curve.segments[i].unit];

                if (__builtin_add_overflow(*unit, curve.segments[i].limit_w, unit))
                        *unit = INT64_MAX;
        }
}

static enum series_kind signal_of_unit(unsigned unit)
{
        if (unit == SUPPLY_GRID)
                return SERIES_LIMIT;
        if (unit == SUPPLY_REACTOR)
                return SERIES_CAPACITY;
        return unit == SUPPLY_SOLAR ? SERIES_SOLAR : (enum series_kind)(SERIES_PPA + (int)(unit - SUPPLY_PPA));
}

/* Since the second before the attempt began: what was pushed in that second itself it may have begun without. */
static void most_since(const struct site_supply *supply, int64_t begin, int64_t wall, int64_t *ret_most)
{
        int64_t units[SUPPLY_UNITS];

        units_at(supply, begin - 1, ret_most);
        for (int64_t t = begin; t < wall; t = site_supply_next_edge(supply, t)) {
                units_at(supply, t, units);
                for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                        ret_most[unit] = units[unit] > ret_most[unit] ? units[unit] : ret_most[unit];
        }
}

static void name_signal(const struct site_supply *supply, int64_t begin, int64_t wall, struct pause *why)
{
        int64_t had[SUPPLY_UNITS], now[SUPPLY_UNITS], lost = 0;

        most_since(supply, begin, wall, had);
        units_at(supply, wall, now);
        for (unsigned unit = SUPPLY_REACTOR; unit < SUPPLY_UNITS; unit++)
                if (had[unit] - now[unit] > lost) {
                        lost = had[unit] - now[unit];
                        why->signal = signal_of_unit(unit);
                        why->use = signal_at(&supply->signals[why->signal], wall).use;
                }
}

static const struct fit_room *room_of(const struct state *state, int64_t wall, struct pause_look *look)
{
        const struct fit_room *room = fit_room_once(state, wall, &look->room);

        look->failed = look->failed || room == NULL;
        return room;
}

bool pause_lacks_power(const struct state *state, const struct job *job, int64_t wall, struct pause_look *look,
                       struct pause *ret_why)
{
        struct pause why = { .cause = PAUSE_POWER };
        const struct fit_room *room;
        struct site_supply supply;

        if (job->site >= state->n_sites)
                return false;
        room = room_of(state, wall, look);
        if (room == NULL || room->drawn_w[job->site] <= room->limit_w[job->site])
                return false;
        why.drawn_w = room->drawn_w[job->site];
        why.limit_w = room->limit_w[job->site];
        supply = state_supply_in_use(state, &state->sites[job->site], wall);
        name_signal(&supply, job->attempt.launched_at, wall, &why);
        *ret_why = why;
        return true;
}

/* Does the site draw more just now, its store included, than its demand charge is billed for so far? The plan knew better. */
static bool raises_the_peak(const struct state *state, const struct site *site, int64_t wall, struct pause_look *look,
                            struct pause *ret_why)
{
        const struct supply_terms *terms = state_terms(state, site);
        const struct supply_demand *demand = tariff_dearest(terms);
        const struct fit_room *room;
        int64_t drawn, billed;

        if (demand == NULL || !tariff_counts(terms, demand, wall))
                return false;
        room = room_of(state, wall, look);
        if (room == NULL)
                return false;
        drawn = room->drawn_w[site->id] + (int64_t)stored_flow(state, site, wall);
        billed = demand_bill(&site->meter, terms, demand, wall).billed_w;
        if (drawn <= billed)
                return false;
        *ret_why = (struct pause){ .cause = PAUSE_PEAK, .drawn_w = drawn, .limit_w = billed };
        return true;
}

/* ---- would another one lose by waiting? */

/* At this width; of one that runs, the width that it has. */
static int64_t seconds_left(const struct job *job, const struct policy_class *class, uint32_t mode, int64_t wall)
{
        double left = work_rest(job, class, wall) / width_speed(job, mode);

        return left > 0 ? (int64_t)left : 0;
}

/* Who runs may be in the way of many: what is its own is looked up once. */
struct pause_running {
        const struct job *job;
        int64_t wall;       /* now */
        int64_t until;      /* wall: when it is done */
        int64_t delay_cost; /* its class's */
};

static bool loses_by_waiting(const struct pause_waiting *waiting, const struct pause_running *running,
                             struct price_ahead *prices)
{
        const struct job *job = waiting->job;
        double later;

        if (pin_holds(job, running->wall) && job->reason == PLAN_PINNED)
                return true;
        if (waiting->delay_cost > running->delay_cost)
                return true;
        if (job->spec.deadline != 0 && running->until + waiting->start_cost_s + waiting->left_s > job->spec.deadline)
                return true;
        if (isnan(waiting->price))
                return false;
        later = price_ahead_mean(prices, running->until, waiting->left_s);
        return later - waiting->price > SHARE_TO_SAVE * fabs(later); /* false if it is not known */
}

static bool finds_no_room(const struct state *state, const struct job *job, const struct fit_room *room,
                          const struct now *now)
{
        const struct plan_interval *interval = job->state == OFFPEAK_JOB_QUEUED ? fit_interval(job, now->wall) : NULL;

        return interval != NULL && interval->site < state->n_sites &&
               fit_may_start(state, job, interval->mode, &state->sites[interval->site], now) &&
               !fit_has_room(state, job, interval->mode, &state->sites[interval->site], room);
}

static struct pause_waiting waiting_of(const struct state *state, const struct job *job, int64_t wall,
                                       struct pause_look *look)
{
        const struct policy_class *class = state_class(state, job);
        const struct plan_interval *interval = fit_interval(job, wall);
        uint32_t site = interval->site;
        int64_t left = seconds_left(job, class, interval->mode, wall);

        return (struct pause_waiting){ .job = job,
                                       .site = site,
                                       .left_s = left,
                                       .start_cost_s = class->start_cost_s,
                                       .delay_cost = class->delay_cost,
                                       .price = price_ahead_mean(&look->prices[site], wall, left) };
}

static bool begin_prices(const struct state *state, int64_t wall, const struct fit_room *room, struct pause_look *look)
{
        look->prices = calloc(state->n_sites + 1, sizeof(*look->prices));
        look->n_prices = state->n_sites;
        for (uint32_t s = 0; look->prices != NULL && s < state->n_sites; s++) {
                struct site_supply supply = state_supply(state, &state->sites[s]);

                price_ahead_init(&look->prices[s], &supply, room->drawn_w[s], wall);
        }
        return look->prices != NULL;
}

/* One look for all who run: whether there is room does not depend on whom one asks for. */
static void look_for_crowd(const struct state *state, const struct now *now, struct pause_look *look)
{
        const struct fit_room *room = room_of(state, now->wall, look);

        look->looked = true;
        look->failed = look->failed || !begin_prices(state, now->wall, room, look);
        for (size_t i = 0; i < state->n_open && !look->failed; i++) {
                const struct job *job = state_open_job(state, i);
                struct pause_waiting *kept;

                if (!finds_no_room(state, job, room, now))
                        continue;
                kept = room_for_one((void **)&look->crowd, look->n, sizeof(*kept));
                look->failed = kept == NULL;
                if (kept != NULL) {
                        *kept = waiting_of(state, job, now->wall, look);
                        look->n++;
                }
        }
}

void pause_look_finish(struct pause_look *look)
{
        for (uint32_t s = 0; look->prices != NULL && s < look->n_prices; s++)
                price_ahead_finish(&look->prices[s]);
        free(look->prices);
        free(look->crowd);
        fit_room_finish(&look->room);
        *look = (struct pause_look){ 0 };
}

static bool somebody_needs_the_room(const struct state *state, const struct job *running, const struct now *now,
                                    struct pause_look *look, struct pause *ret_why)
{
        const struct policy_class *class = state_class(state, running);
        struct pause_running who = { running, now->wall,
                                     now->wall + seconds_left(running, class, running->attempt.mode, now->wall),
                                     class->delay_cost };

        if (!look->looked)
                look_for_crowd(state, now, look);
        for (size_t i = 0; i < look->n; i++) {
                const struct pause_waiting *waiting = &look->crowd[i];

                if (waiting->site != running->site || !loses_by_waiting(waiting, &who, &look->prices[waiting->site]))
                        continue;
                *ret_why = (struct pause){ .cause = PAUSE_ROOM, .other = waiting->job->id };
                return true;
        }
        return false;
}

/* What was begun lasts a minimum run, whatever later plans say: the plan that began it promised that. */
static bool ran_its_minimum(const struct state *state, const struct job *job, int64_t wall)
{
        return wall - job->attempt.launched_at >= state_class(state, job)->min_run_s;
}

bool pause_is_due(const struct state *state, const struct job *job, const struct now *now, struct pause_look *look,
                  struct pause *ret_why)
{
        if (job->site >= state->n_sites) {
                *ret_why = (struct pause){ 0 };
                return true;
        }
        if (pause_lacks_power(state, job, now->wall, look, ret_why))
                return true;
        if (pin_holds(job, now->wall) && job->reason == PLAN_PINNED) {
                *ret_why = (struct pause){ .cause = PAUSE_PINNED };
                return true;
        }
        if (!ran_its_minimum(state, job, now->wall))
                return false;
        if (saves_money(job)) {
                *ret_why = for_money(job, now->wall);
                return true;
        }
        return raises_the_peak(state, &state->sites[job->site], now->wall, look, ret_why) ||
               somebody_needs_the_room(state, job, now, look, ret_why);
}

bool pause_to_resize(const struct state *state, const struct job *job, const struct plan_interval *present, int64_t wall,
                     struct pause *ret_why)
{
        uint32_t gpus = width_gpus(&job->spec, present->mode);

        if (gpus == width_held(job) || present->site != job->site || !ran_its_minimum(state, job, wall) ||
            !fit_instead(state, job, present->mode, wall))
                return false;
        *ret_why = (struct pause){ .cause = PAUSE_RESIZE, .gpus = gpus };
        return true;
}
