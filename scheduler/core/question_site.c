/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question_site.c - series, filled to the horizon -> supply curves -> steps.
 *
 * What is unknown: a price beyond all forecast counts as the mean of the known ones (so that no hour looks better for being
 * unknown), carbon as 0 weight.
 */
#include "core/question_site.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/claim.h"
#include "core/health.h"
#include "core/lone_room.h"
#include "core/power.h"
#include "core/question_demand.h"
#include "core/question_jobs.h"
#include "core/room.h"
#include "core/stored.h"
#include "core/usage.h"
#include "core/width.h"
#include "core/work.h"
#include "supply/spread.h"

#define MICRO 1e-6

static double mean_price(const struct series *series, int64_t from, int64_t to)
{
        double weighted = 0;
        double seconds = 0;

        for (int64_t t = from; t < to;) {
                int64_t edge = series_next_edge(series, t);
                int64_t value = series_at(series, t);
                int64_t end = edge < to ? edge : to;

                if (value != SERIES_UNKNOWN) {
                        weighted += (double)value * (double)(end - t);
                        seconds += (double)(end - t);
                }
                t = end;
        }
        return seconds > 0 ? weighted / seconds * MICRO : 0;
}

/* The grid's, where the site can draw so much that it is needed: it is what varies. Else that of the cheapest source.
 */
static double carbon_of(const struct supply_curve *curve, double most_w)
{
        int64_t carbon = SERIES_UNKNOWN;
        double from = 0;

        for (unsigned i = 0; i < curve->n_segments && (i == 0 || from < most_w); i++) {
                if (carbon == SERIES_UNKNOWN || curve->segments[i].unit == SUPPLY_GRID)
                        carbon = curve->segments[i].carbon;
                from += (double)curve->segments[i].limit_w;
        }
        return carbon == SERIES_UNKNOWN ? 0 : (double)carbon / 1000;
}

/* most_w: what the whole site can draw. */
static void fill_step(struct plan_step *step, const struct supply_curve *curve, double unknown_price, double most_w)
{
        step->n_segments = curve->n_segments;
        for (unsigned i = 0; i < curve->n_segments; i++) {
                const struct supply_segment *segment = &curve->segments[i];

                step->segments[i].price =
                        segment->price == SERIES_UNKNOWN ? unknown_price : (double)segment->price * MICRO;
                step->segments[i].limit_w = segment->limit_w == INT64_MAX ? INFINITY : (double)segment->limit_w;
        }
        /* an unknown price that was given the mean may now stand before a dearer one */
        for (unsigned i = 1; i < step->n_segments; i++)
                for (unsigned k = i; k > 0 && step->segments[k].price < step->segments[k - 1].price; k--) {
                        struct plan_segment swap = step->segments[k];

                        step->segments[k] = step->segments[k - 1];
                        step->segments[k - 1] = swap;
                }
        step->carbon = carbon_of(curve, most_w);
}

/*
 * Power already promised takes the cheapest segments first. Below zero: what a store was planned to give to the job itself, or to
 * the idle site, is there beside the sources, and counts as dear as the last of them.
 */
static void take_power(struct plan_step *step, double facility_w)
{
        if (facility_w < -1) {
                double price = step->n_segments > 0 ? step->segments[step->n_segments - 1].price : 0;

                step->segments[step->n_segments++] = (struct plan_segment){ price, -facility_w };
        }
        for (unsigned i = 0; i < step->n_segments && facility_w > 0; i++) {
                double taken = fmin(facility_w, step->segments[i].limit_w);

                if (!isinf(step->segments[i].limit_w))
                        step->segments[i].limit_w -= taken;
                facility_w -= taken;
        }
}

/* The planned hours of every other job at the site, as changes. */
static int collect_usage(const struct state *state, const struct site *site, const struct job *candidate, int64_t now,
                         struct usage **ret_usage, size_t *ret_n)
{
        const struct supply_terms *terms = state_terms(state, site);

        for (size_t j = 0; j < state->n_open; j++) {
                const struct job *job = state_open_job(state, j);

                if (job->id == candidate->id || job->state >= OFFPEAK_JOB_DONE || job->held)
                        continue;
                for (uint32_t i = 0; i < job->n_planned; i++) {
                        const struct plan_interval *interval = &job->planned[i];
                        int64_t gpus = claim_gpus(state, job, interval->mode);
                        double watts = (double)power_at_meter(terms, power_of_job_at(job, interval->mode, site));

                        if (interval->site != site->id || interval->end <= now)
                                continue;
                        if (usage_add(ret_usage, ret_n, interval->start > now ? interval->start : now, gpus, watts) != 0 ||
                            usage_add(ret_usage, ret_n, interval->end, -gpus, -watts) != 0)
                                return OFFPEAK_ENOMEM;
                }
        }
        return 0;
}

/* What the plan has the site's store do: it draws like a job, or leaves the others more. */
static int collect_flows(const struct state *state, const struct site *site, int64_t now, struct usage **ret_usage, size_t *ret_n)
{
        for (uint32_t i = 0; i < state->n_flows; i++) {
                const struct plan_flow *flow = &state->flows[i];

                if (flow->site != site->id || flow->end <= now)
                        continue;
                if (usage_add(ret_usage, ret_n, flow->start > now ? flow->start : now, 0, flow->watts) != 0 ||
                    usage_add(ret_usage, ret_n, flow->end, 0, -flow->watts) != 0)
                        return OFFPEAK_ENOMEM;
        }
        return 0;
}

/* What is in use of a site's signals over the horizon. */
struct site_filled {
        struct signal price;                /* as it was asked: where it is a forecast, and of which method */
        struct series in_use[SERIES_COUNT]; /* [enum series_kind]; of those that may be forecast */
        struct series spread;               /* of the last known day repeated */
        const struct series *forecast_spread; /* the state's; NULL: none */
        struct site_supply supply;
};

static void site_filled_finish(struct site_filled *filled)
{
        for (int kind = 0; kind < SERIES_COUNT; kind++)
                series_finish(&filled->in_use[kind]);
        series_finish(&filled->spread);
}

/* Does any class mind that prices are not known? */
static bool any_risk(const struct policy *policy)
{
        for (size_t c = 0; c < policy->n_classes; c++)
                if (policy->classes[c].risk_ppm != 0)
                        return true;
        return false;
}

/* Written out once, so that a forecast is not looked up at every step. */
static int write_out(struct site_filled *filled, enum series_kind kind, int64_t from, int64_t to)
{
        struct signal *signal = &filled->supply.signals[kind];
        bool varies = kind == SERIES_PRICE || kind == SERIES_CARBON || (int)kind == SERIES_EXPORT_PRICE;

        if (!varies && signal_fallback(&signal->rule, kind) != SIGNAL_TAKE_FORECAST)
                return 0;
        if (signal_series(signal, from, to, &filled->in_use[kind]) != 0)
                return OFFPEAK_ENOMEM;
        *signal = (struct signal){ .in_force = &filled->in_use[kind] };
        return 0;
}

static int write_spread(const struct site *site, struct site_filled *filled, int64_t from, int64_t to)
{
        struct series fresh = signal_fresh(&filled->price);
        int64_t ignored;

        if (filled->price.forecast != NULL)
                filled->forecast_spread = &site->forecasts[SERIES_PRICE].made.spread;
        return series_spread(&fresh, from, to, &filled->spread, &ignored);
}

static int site_filled_init(const struct state *state, const struct site *site, int64_t from, int64_t to,
                            struct site_filled *filled)
{
        int code = 0;

        memset(filled, 0, sizeof(*filled));
        filled->supply = state_supply_in_use(state, site, from);
        filled->price = filled->supply.signals[SERIES_PRICE];
        for (int kind = 0; kind < SERIES_COUNT; kind++)
                series_init(&filled->in_use[kind], (enum series_kind)kind);
        series_init(&filled->spread, SERIES_PRICE);
        if (any_risk(&state->policy))
                code = write_spread(site, filled, from, to);
        for (int kind = SERIES_PRICE; code == 0 && kind <= SERIES_LAST; kind++)
                code = write_out(filled, (enum series_kind)kind, from, to);
        if (code != 0)
                site_filled_finish(filled);
        return code;
}

/* What the price in use may be off by; *edge is moved to where that changes. */
static int64_t price_spread_at(const struct site_filled *filled, int64_t time, int64_t *edge)
{
        const struct series *spread = &filled->spread;
        struct signal_value price = signal_at(&filled->price, time);
        int64_t next;

        if (price.use == SIGNAL_FORECAST && filled->forecast_spread != NULL)
                spread = filled->forecast_spread;
        next = series_next_edge(spread, time);
        if (price.until < *edge && spread != &filled->spread)
                *edge = price.until;
        if (next < *edge)
                *edge = next;
        return price.use == SIGNAL_FORECAST || price.use == SIGNAL_REPEATED ? series_at(spread, time) : SERIES_UNKNOWN;
}

/* The same where power comes from the grid. */
static double spread_at(const struct site_filled *filled, const struct supply_curve *curve, int64_t time, int64_t *edge)
{
        int64_t spread = price_spread_at(filled, time, edge);
        bool has_grid = false;

        for (unsigned i = 0; i < curve->n_segments; i++)
                has_grid = has_grid || curve->segments[i].unit == SUPPLY_GRID;
        if (!has_grid || spread == SERIES_UNKNOWN)
                return 0;
        return (double)spread * MICRO * (1 + (double)filled->supply.terms.grid_tax_ppm * MICRO);
}

/* What a lone job finds at a site. All 0: nobody asks for one. */
struct beside {
        struct usage *usage; /* what is promised to others; owned */
        size_t n_usage;
        bool is_capped;
        uint32_t gpus;     /* that it can use at the most */
        double facility_w; /* likewise, at the meter, with what idles */
};

/* What is there beyond what a lone job can use makes no difference to it; a W is rounding. */
static void cap_step(const struct beside *beside, struct plan_step *step)
{
        double limit = 0;

        if (step->gpus > beside->gpus)
                step->gpus = beside->gpus;
        for (unsigned i = 0; i < step->n_segments; i++) {
                limit += step->segments[i].limit_w;
                if (limit < beside->facility_w + 1)
                        continue;
                step->segments[i].limit_w = INFINITY;
                step->n_segments = i + 1;
        }
}

/* Does a step go on as the one before it, so that both are one? */
static bool goes_on(const struct plan_step *before, const struct plan_step *step)
{
        if (step->gpus != before->gpus || step->carbon != before->carbon || step->spread != before->spread ||
            step->charge_w != before->charge_w || step->n_segments != before->n_segments)
                return false;
        for (unsigned i = 0; i < step->n_segments; i++)
                if (step->segments[i].price != before->segments[i].price ||
                    step->segments[i].limit_w != before->segments[i].limit_w)
                        return false;
        return true;
}

/*
 * Steps from now to the horizon: an edge wherever the supply changes, or what is promised. Most of what thousands of
 * others are promised makes no difference to a lone job; then there is no edge.
 */
static int fill_steps(struct plan_site *site, const struct site_filled *filled, const struct beside *beside,
                      uint32_t gpus, double most_w, int64_t now, int64_t horizon)
{
        const struct usage *usage = beside->usage;
        size_t n_usage = beside->n_usage;
        struct plan_step *steps = NULL;
        size_t n = 0, next = 0;
        double unknown_price = mean_price(&filled->in_use[SERIES_PRICE], now, horizon);
        int64_t used_gpus = 0, supply_edge = now;
        struct supply_curve curve = { 0 };
        double used_w = 0;

        for (int64_t t = now, edge; t < horizon; t = edge) {
                struct plan_step *step = room_for_one((void **)&steps, n, sizeof(*step));

                if (step == NULL) {
                        free(steps);
                        return OFFPEAK_ENOMEM;
                }
                if (t == supply_edge) { /* usage changes far more often */
                        curve = site_supply_at(&filled->supply, t);
                        supply_edge = site_supply_next_edge(&filled->supply, t);
                }
                edge = supply_edge;
                for (; next < n_usage && usage[next].at <= t; next++) {
                        used_gpus += usage[next].gpus;
                        used_w += usage[next].facility_w;
                }
                step->start = t;
                fill_step(step, &curve, unknown_price, most_w);
                step->spread = spread_at(filled, &curve, t, &edge);
                step->charge_w = stored_charge_at(&filled->supply, t);
                take_power(step, used_w);
                step->gpus = used_gpus >= gpus ? 0 : gpus - (uint32_t)used_gpus;
                if (next < n_usage && usage[next].at < edge)
                        edge = usage[next].at;
                if (beside->is_capped)
                        cap_step(beside, step);
                if (!beside->is_capped || n == 0 || !goes_on(step - 1, step))
                        n++;
        }
        site->steps = steps;
        site->n_steps = n;
        return 0;
}

static int fill_demands(const struct state *state, const struct site *site, int64_t now, int64_t horizon,
                        struct plan_site *plan_site)
{
        struct plan_demand *demands = NULL;
        int code = question_demands(state, site, now, horizon,
                                    plan_site->pue_fixed_w + plan_site->pue_factor * plan_site->idle_w, &demands,
                                    &plan_site->n_demands);

        plan_site->demands = demands;
        return code;
}

/* A problem's job draws the same at all sites: what it would at the first that can hold it. In the mode in which that is most. */
static int64_t most_w_of(const struct state *state, const struct job *job)
{
        int64_t most = 0;

        for (uint32_t s = 0; s < state->n_sites; s++)
                for (uint32_t mode = 0; mode < width_count(&job->spec); mode++) {
                        int64_t here = power_of_job_at(job, mode, &state->sites[s]);

                        most = here > most ? here : most;
                }
        return most;
}

static uint32_t most_gpus_of(const struct state *state, const struct job *job)
{
        uint32_t most = 0;

        for (uint32_t mode = 0; mode < width_count(&job->spec); mode++) {
                uint32_t gpus = claim_gpus(state, job, mode);

                most = gpus > most ? gpus : most;
        }
        return most;
}

/* All that is promised at the site already, and what its store could give the job beside it, at the width asked for. */
static int collect_promised(const struct state *state, const struct now *now, const struct site *site,
                            const struct site_filled *filled, const struct job *candidate, int64_t horizon,
                            const struct plan_site *plan_site, struct beside *ret_beside)
{
        const struct policy_class *class = state_class(state, candidate);
        struct lone_room room = { .state = state,
                                  .site = site,
                                  .supply = &filled->supply,
                                  .now = now->wall,
                                  .horizon = horizon,
                                  .release = question_release(state, now, candidate, true),
                                  .seconds =
                                          class->start_cost_s + (int64_t)ceil(work_left(candidate, class, now->wall)),
                                  .job_w = plan_site->pue_factor * (double)power_of_job_at(candidate, 0, site),
                                  .idle_w = plan_site->pue_fixed_w + plan_site->pue_factor * plan_site->idle_w,
                                  .job_gpus = claim_gpus(state, candidate, 0),
                                  .gpus = health_gpus(state, site, now->mono_ms) };
        struct usage **usage = &ret_beside->usage;
        size_t *n = &ret_beside->n_usage, sorted;
        int code = collect_usage(state, site, candidate, now->wall, usage, n);

        ret_beside->is_capped = true;
        ret_beside->gpus = most_gpus_of(state, candidate);
        ret_beside->facility_w = room.idle_w + plan_site->pue_factor * (double)most_w_of(state, candidate);
        if (code == 0)
                code = usage_sort(*usage, *n);
        sorted = *n;
        if (code == 0 && candidate->state == OFFPEAK_JOB_QUEUED)
                code = lone_room_add(&room, usage, n);
        if (code == 0)
                code = collect_flows(state, site, now->wall, usage, n);
        if (code == 0 && *n > sorted)
                code = usage_sort(*usage, *n);
        return code;
}

int question_site(const struct state *state, const struct now *now, const struct site *site, int64_t horizon,
                  const struct job *candidate, struct plan_store *store, struct plan_site *ret_site)
{
        struct site_filled filled;
        struct beside beside = { 0 };
        uint32_t gpus = health_gpus(state, site, now->mono_ms);
        double most_w;
        int code = site_filled_init(state, site, now->wall, horizon, &filled);

        if (code != 0)
                return code;
        ret_site->name = site->name;
        ret_site->idle_w = (double)power_idle_at(state, site, now->mono_ms);
        ret_site->pue_fixed_w = (double)filled.supply.terms.pue_fixed_w;
        ret_site->pue_factor = (double)filled.supply.terms.pue_ppm * MICRO;
        most_w = ret_site->pue_fixed_w + ret_site->pue_factor * (double)power_full_at(state, site, now->mono_ms);
        if (candidate != NULL)
                code = collect_promised(state, now, site, &filled, candidate, horizon, ret_site, &beside);
        if (code == 0)
                code = fill_steps(ret_site, &filled, &beside, gpus, most_w, now->wall, horizon);
        if (store != NULL && stored_for_plan(state, site, &filled.supply, now->wall, store))
                ret_site->store = store;
        if (code == 0)
                code = fill_demands(state, site, now->wall, horizon, ret_site);
        free(beside.usage);
        site_filled_finish(&filled);
        return code;
}

void question_site_finish(struct plan_site *site)
{
        free((void *)site->steps);
        free((void *)site->demands);
}
