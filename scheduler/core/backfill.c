/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backfill.c - for each site:
 *
 *   rates     what a watt costs from now up to any time, as the site draws now
 *   queue     the first whose hours are later, that fits beside what is promised, and for whom now is better than then
 */
#include "core/backfill.h"

#include <math.h>
#include <stdlib.h>

#include "core/pin.h"
#include "core/power.h"
#include "core/room.h"
#include "core/width.h"
#include "supply/site_supply.h"
#include "supply/tariff.h"

#define MICRO        1e-6
#define J_PER_MWH    3.6e9
#define MG_PER_TONNE 1e9
#define J_PER_KWH    3.6e6

struct rate {
        int64_t at;
        double money, carbon; /* currency, tonnes: of one watt drawn from now on up to `at` */
        int64_t limit_w;      /* from `at` on */
};

struct look {
        const struct state *state;
        const struct now *now;
        const struct site *site;
        struct promise *promise;
        struct rate *rates;
        size_t n_rates;
        int64_t next_deadline_at; /* when the next job with a deadline begins */
};

/* ---- rates */

static int add_rate(struct look *look, const struct supply_curve *curve, int64_t from, int64_t to)
{
        int64_t drawn_w = look->promise->room->drawn_w[look->site->id];
        int64_t price = supply_average_price(curve, drawn_w), carbon = supply_average_carbon(curve, drawn_w);
        struct rate *rate = room_for_one((void **)&look->rates, look->n_rates, sizeof(*rate));
        const struct rate *last;

        if (rate == NULL)
                return OFFPEAK_ENOMEM;
        last = rate - 1;
        look->n_rates++;
        *rate = (struct rate){ .at = to };
        rate->money =
                last->money + (price == SERIES_UNKNOWN ? NAN : (double)price * MICRO / J_PER_MWH * (double)(to - from));
        rate->carbon = last->carbon +
                       (carbon == SERIES_UNKNOWN ? 0 : (double)carbon / J_PER_KWH / MG_PER_TONNE * (double)(to - from));
        return 0;
}

static int fill_rates(struct look *look)
{
        struct site_supply supply = state_supply_in_use(look->state, look->site, look->now->wall);
        int64_t now = look->now->wall, horizon = now + look->state->policy.plan_horizon_s;
        struct rate *first = room_for_one((void **)&look->rates, 0, sizeof(*first));

        if (first == NULL)
                return OFFPEAK_ENOMEM;
        *first = (struct rate){ .at = now };
        look->n_rates = 1;
        for (int64_t t = now, edge; t < horizon; t = edge) {
                struct supply_curve curve = site_supply_at(&supply, t);

                edge = site_supply_next_edge(&supply, t);
                edge = edge < horizon ? edge : horizon;
                look->rates[look->n_rates - 1].limit_w = supply_limit(&curve);
                if (add_rate(look, &curve, t, edge) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* Of a watt from now up to a time; what lies behind the horizon counts as the mean before it. */
static struct rate rate_until(const struct look *look, int64_t time)
{
        size_t low = 0, high = look->n_rates - 1;
        const struct rate *a, *b;
        double share;

        if (time <= look->rates[0].at)
                return look->rates[0];
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (look->rates[middle].at <= time)
                        low = middle;
                else
                        high = middle;
        }
        a = &look->rates[time > look->rates[high].at ? 0 : low];
        b = &look->rates[high];
        share = (double)(time - a->at) / (double)(b->at - a->at);
        return (struct rate){ time, a->money + share * (b->money - a->money),
                              a->carbon + share * (b->carbon - a->carbon), 0 };
}

static double cost_of(const struct look *look, const struct policy_class *class, double watts, int64_t start,
                      int64_t end)
{
        struct rate a = rate_until(look, start), b = rate_until(look, end);

        return watts * (b.money - a.money + (double)class->carbon_price * MICRO * (b.carbon - a.carbon));
}

/* ---- what is promised */

/* What is planned for jobs with a deadline is not to be in somebody's way: nobody starts early who would still run
 * then. */
static void fill_next_deadline(struct look *look)
{
        look->next_deadline_at = INT64_MAX;
        for (size_t i = 0; i < look->state->n_open; i++) {
                const struct job *job = state_open_job(look->state, i);

                if (job->state != OFFPEAK_JOB_QUEUED || job->held)
                        continue;
                for (uint32_t k = 0; job->spec.deadline != 0 && k < job->n_planned; k++)
                        if (job->planned[k].start < look->next_deadline_at && job->planned[k].end > look->now->wall)
                                look->next_deadline_at = job->planned[k].start;
        }
}

/* ---- who may have it */

/* What it loses by waiting, against what power costs more now. */
static bool gains(const struct look *look, const struct job *job, int64_t finish, double *ret_cost)
{
        const struct policy_class *class = state_class(look->state, job);
        const struct supply_terms *terms = state_terms(look->state, look->site);
        uint32_t mode = job->planned[0].mode;
        double watts = (double)power_at_meter(terms, power_of_job_at(job, mode, look->site));
        double gpus = (double)width_gpus(&job->spec, 0), then = 0;
        int64_t later = job->planned_finish;

        for (uint32_t i = 0; i < job->n_planned; i++) {
                const struct plan_interval *hours = &job->planned[i];
                int64_t drawn = power_of_job_at(job, hours->mode, look->site);

                then += cost_of(look, class, (double)power_at_meter(terms, drawn), hours->start, hours->end);
        }
        if (later == 0)
                later = look->now->wall + look->state->policy.plan_horizon_s;
        *ret_cost = cost_of(look, class, watts, look->now->wall, finish);
        return (double)(later - finish) / 3600 * gpus * (double)class->delay_cost * MICRO > *ret_cost - then;
}

/* The power is there now (fit.h): is it known to last? */
static bool power_lasts(const struct look *look, const struct job *job, int64_t finish)
{
        const struct supply_terms *terms = state_terms(look->state, look->site);
        int64_t drawn_w = look->promise->room->drawn_w[look->site->id] +
                          power_at_meter(terms, power_of_job_at(job, job->planned[0].mode, look->site));

        for (size_t i = 0; i + 1 < look->n_rates && look->rates[i].at < finish; i++)
                if (drawn_w > look->rates[i].limit_w)
                        return false;
        return true;
}

static bool may_ask(const struct state *state, const struct job *job, int64_t wall)
{
        return job->state == OFFPEAK_JOB_QUEUED && !job->held && job->n_planned > 0 &&
               state_class(state, job)->delay_cost > 0 && fit_interval(job, wall) == NULL && !pin_holds(job, wall);
}

bool backfill_may_help(const struct state *state, const struct now *now)
{
        for (size_t i = 0; i < state->n_open; i++)
                if (may_ask(state, state_open_job(state, i), now->wall))
                        return true;
        return false;
}

static bool is_roomy(const struct look *look, const struct job *job)
{
        struct offpeak_width width = width_of(&job->spec, job->planned[0].mode);

        return width.gpus_per_node <= OFFPEAK_MAX_DEVICES &&
               look->promise->room->ready[look->site->id][width.gpus_per_node] >= width.nodes;
}

static int prepare(struct look *look)
{
        if (look->n_rates > 0)
                return 0;
        fill_next_deadline(look);
        return fill_rates(look);
}

static int try_one(struct look *look, const struct job *job, struct backfill *ret)
{
        uint32_t mode = job->planned[0].mode;
        int64_t finish = promise_done_at(look->state, job, mode, look->now->wall);

        if (!fit_may_start(look->state, job, mode, look->site, look->now))
                return 0;
        if (prepare(look) != 0)
                return OFFPEAK_ENOMEM;
        if (finish > look->next_deadline_at || !gains(look, job, finish, &ret->cost) || !power_lasts(look, job, finish))
                return 0;
        ret->places = promise_find(look->promise, look->state, job, mode, look->site, look->now, false);
        if (ret->places == NULL)
                return look->promise->failed ? OFFPEAK_ENOMEM : 0;
        ret->job = job;
        ret->run = (struct plan_interval){ look->now->wall, finish, look->site->id, mode };
        return 0;
}

/* Where a peak is charged, or a store carries, an hour's price does not say what drawing more in it costs. */
static bool is_plain(const struct state *state, const struct site *site)
{
        const struct supply_terms *terms = state_terms(state, site);

        return tariff_dearest(terms) == NULL && terms->store.energy_wh == 0;
}

static int find_at(struct look *look, struct backfill *ret)
{
        int code = 0;

        for (size_t i = 0; code == 0 && ret->job == NULL && i < look->state->n_open; i++) {
                const struct job *job = state_open_job(look->state, i);

                if (may_ask(look->state, job, look->now->wall) && job->planned[0].site == look->site->id &&
                    is_roomy(look, job))
                        code = try_one(look, job, ret);
        }
        return code;
}

int backfill_find(const struct state *state, const struct now *now, struct promise *promise,
                  struct backfill *ret_backfill)
{
        int code = 0;

        *ret_backfill = (struct backfill){ 0 };
        if (!promise_look(promise, state, now->wall))
                return OFFPEAK_ENOMEM;
        for (uint32_t s = 0; code == 0 && ret_backfill->job == NULL && s < state->n_sites; s++) {
                struct look look = { .state = state, .now = now, .site = &state->sites[s], .promise = promise };

                if (is_plain(state, look.site))
                        code = find_at(&look, ret_backfill);
                free(look.rates);
        }
        return code;
}
