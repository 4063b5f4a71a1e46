/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_plan.c - the plan in force: what it costs and what is proved of it; each site's price, limit and power over
 * time; each job's hours, those it had and those it will have.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/health.h"
#include "core/power.h"
#include "core/stored.h"
#include "io/answer_load.h"
#include "io/answer_ran.h"
#include "io/answer_supply.h"

enum { HOUR = 3600, DAY = 86400 };

struct view {
        int64_t from, to;
        const char *site;      /* NULL: all */
        bool load;             /* with who supplies the load */
        struct ran *ran;
        size_t n_ran;
};

/* ---- cost and certificate */

static void put_certificate(struct answer *answer)
{
        const struct adopted_plan *plan = &answer->state->plan;
        json_t *root = answer->root;
        bool made = plan->version > 0;

        answer_put(answer, root, "version", answer_known(made, (int64_t)plan->version));
        answer_put(answer, root, "made_utc", made ? answer_utc(plan->made_at) : json_null());
        answer_put(answer, root, "horizon_utc", made ? answer_utc(plan->horizon) : json_null());
        answer_put(answer, root, "currency", answer_text(answer_currency(answer->state)));
        answer_put(answer, root, "cost", made ? answer_terms(answer, &plan->terms) : json_null());
        answer_put(answer, root, "run_now_cost", made ? answer_terms(answer, &plan->run_now) : json_null());
        answer_put(answer, root, "bound_micro", made ? answer_money(plan->bound) : json_null());
        answer_put(answer, root, "gap_micro", made ? answer_money(plan->terms.total - plan->bound) : json_null());
        answer_put(answer, root, "captured_saving", made ? answer_captured(plan) : json_null());
        answer_put(answer, root, "planning", json_boolean(answer->state->plan_asked || answer->state->plan_wanted));
}

/* ---- sites */

/* Power above idle that jobs draw, or are expected to, at a site. */
struct load {
        int64_t start, end;
        double watts;
};

struct loads {
        struct load *at;
        size_t n;
        double idle_w;
        struct supply_terms contract;
};

static void add_load(struct loads *loads, int64_t start, int64_t end, double watts)
{
        if (start < end)
                loads->at[loads->n++] = (struct load){ start, end, watts };
}

static size_t most_loads(const struct answer *answer, const struct view *view)
{
        size_t n = view->n_ran + 1;

        for (size_t i = 0; i < answer->state->n_jobs; i++)
                n += answer->state->jobs[i].n_planned;
        return n;
}

static void add_planned(struct loads *loads, const struct answer *answer, const struct site *site,
                        const struct job *job)
{
        double watts = 0; /* asked for when the mode changes */
        uint32_t mode = UINT32_MAX;

        for (uint32_t k = 0; job->state <= OFFPEAK_JOB_ACTIVE && k < job->n_planned; k++) {
                const struct plan_interval *interval = &job->planned[k];

                if (interval->site != site->id)
                        continue;
                if (mode != interval->mode)
                        watts = (double)power_of_job_at(job, interval->mode, site);
                mode = interval->mode;
                add_load(loads, interval->start > answer->now.wall ? interval->start : answer->now.wall, interval->end,
                         watts);
        }
}

/* ENOMEM. */
static int loads_init(struct loads *loads, const struct answer *answer, const struct view *view,
                      const struct site *site)
{
        const struct state *state = answer->state;

        *loads = (struct loads){ .contract = state_supply(state, site).terms };
        loads->at = calloc(most_loads(answer, view), sizeof(*loads->at));
        if (loads->at == NULL)
                return OFFPEAK_ENOMEM;
        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (strcmp(state->nodes[i].site, site->name) == 0)
                        loads->idle_w += (double)state->nodes[i].inventory.idle_w;
        for (size_t i = 0; i < state->n_jobs; i++)
                add_planned(loads, answer, site, &state->jobs[i]);
        for (size_t i = 0; i < view->n_ran; i++)
                if (view->ran[i].site == site->id && view->ran[i].end > view->ran[i].start)
                        add_load(loads, view->ran[i].start, view->ran[i].end,
                                 (double)view->ran[i].joules / (double)(view->ran[i].end - view->ran[i].start));
        return 0;
}

/* Mean facility power of [from, to). */
static int64_t mean_power(const struct loads *loads, int64_t from, int64_t to)
{
        double joules = 0;

        for (size_t i = 0; i < loads->n; i++) {
                int64_t start = loads->at[i].start > from ? loads->at[i].start : from;
                int64_t end = loads->at[i].end < to ? loads->at[i].end : to;

                joules += start < end ? loads->at[i].watts * (double)(end - start) : 0;
        }
        return (int64_t)((double)loads->contract.pue_fixed_w +
                         (loads->idle_w + joules / (double)(to - from)) * (double)loads->contract.pue_ppm / 1e6);
}

static json_t *step(struct answer *answer, const struct view *view, const struct loads *loads,
                    const struct answer_supply *supply, int64_t from, int64_t *to)
{
        struct supply_curve curve = site_supply_at(&supply->supply, from);
        int64_t edge = site_supply_next_edge(&supply->supply, from), until, other, power, limit = supply_limit(&curve);
        const char *source = answer_source(supply, SERIES_PRICE, from, &until);
        json_t *object = json_object();

        *to = edge < until ? edge : until;
        *to = *to < view->to ? *to : view->to;
        power = mean_power(loads, from, *to);
        answer_put(answer, object, "start_utc", answer_utc(from));
        answer_put(answer, object, "end_utc", answer_utc(*to));
        answer_put(answer, object, "price_micro_per_mwh", answer_value(answer_marginal_price(&curve, power)));
        answer_put(answer, object, "price_source", json_string(source));
        answer_put(answer, object, "carbon_mg_per_kwh", answer_value(supply_average_carbon(&curve, power)));
        answer_put(answer, object, "carbon_source", json_string(answer_source(supply, SERIES_CARBON, from, &other)));
        answer_put(answer, object, "limit_w", answer_known(limit != INT64_MAX, limit));
        answer_put(answer, object, "power_w", json_integer(power));
        return object;
}

/* ---- who supplies the load */

/* W at the meter that the store is planned to take (or, below 0, to give), and until when at least. */
static double flow_at(const struct state *state, const struct site *site, int64_t time, int64_t *until)
{
        const struct plan_flow *lists[] = { state->flows, state->past_flows };
        const uint32_t lengths[] = { state->n_flows, state->n_past_flows };
        double watts = 0;

        for (int l = 0; l < 2; l++)
                for (uint32_t i = 0; i < lengths[l]; i++) {
                        const struct plan_flow *flow = &lists[l][i];

                        if (flow->site != site->id || flow->end <= time)
                                continue;
                        if (flow->start <= time && watts == 0)
                                watts = flow->watts;
                        else if (flow->start > time && flow->start < *until)
                                *until = flow->start;
                        if (flow->start <= time && flow->end < *until)
                                *until = flow->end;
                }
        return watts;
}

/* A cell's energy: drawn by the site, and with what goes into the store (or without what comes out of it) from its
 * sources. */
static void add_cell(const struct answer *answer, const struct site *site, const struct loads *loads,
                     const struct site_supply *supply, int64_t start, int64_t end, double *drawn, double *joules)
{
        for (int64_t t = start, next; t < end; t = next) {
                double power, flow;

                next = end;
                flow = flow_at(answer->state, site, t, &next);
                power = (double)mean_power(loads, t, next);
                flow = fmax(flow, -power);
                *drawn += power * (double)(next - t);
                joules[SUPPLY_STORE] += fmax(-flow, 0) * (double)(next - t);
                answer_load_add(supply, t, next, power + flow, joules);
        }
}

static json_t *load_step(struct answer *answer, const struct site *site, const struct loads *loads,
                         const struct answer_supply *supply, int64_t start, int64_t end)
{
        double drawn = 0, joules[SUPPLY_UNITS] = { 0 };
        json_t *object = json_object();

        add_cell(answer, site, loads, &supply->supply, start, end, &drawn, joules);
        answer_put(answer, object, "start_utc", answer_utc(start));
        answer_put(answer, object, "end_utc", answer_utc(end));
        answer_put(answer, object, "power_w", json_integer(llround(drawn / (double)(end - start))));
        answer_put(answer, object, "units", answer_load_units(answer, &supply->supply.terms, joules, end - start));
        return object;
}

/* Cells that begin at multiples of their length; one that now lies in is cut there. */
static json_t *load(struct answer *answer, const struct view *view, const struct site *site,
                    const struct answer_supply *supply)
{
        int64_t length = answer_load_cell_s(view->from, view->to), now = answer->now.wall;
        json_t *list = json_array();
        struct loads loads;

        if (loads_init(&loads, answer, view, site) != 0)
                answer->failed = true;
        for (int64_t t = view->from, next; !answer->failed && t < view->to; t = next) {
                next = (t / length + 1) * length;
                next = next < view->to ? next : view->to;
                next = t < now && now < next ? now : next;
                answer_add(answer, list, load_step(answer, site, &loads, supply, t, next));
        }
        free(loads.at);
        return list;
}

static json_t *steps(struct answer *answer, const struct view *view, const struct site *site,
                     const struct answer_supply *supply)
{
        json_t *list = json_array();
        struct loads loads;
        int64_t next;

        if (loads_init(&loads, answer, view, site) != 0)
                answer->failed = true;
        for (int64_t t = view->from; !answer->failed && t < view->to; t = next)
                answer_add(answer, list, step(answer, view, &loads, supply, t, &next));
        free(loads.at);
        return list;
}

/* What the plan has the store do from now on, and what is in it then, as far as that is known: `joules` now. */
static json_t *flows(struct answer *answer, const struct view *view, const struct site *site,
                     const struct supply_store *store, bool known, double joules)
{
        json_t *list = json_array();

        for (uint32_t i = 0; i < answer->state->n_flows; i++) {
                const struct plan_flow *flow = &answer->state->flows[i];
                int64_t start = flow->start > answer->now.wall ? flow->start : answer->now.wall;
                double share = (double)(flow->watts > 0 ? store->charge_ppm : store->discharge_ppm) / 1e6;
                json_t *item;

                if (flow->site != site->id || flow->end <= answer->now.wall || start >= view->to)
                        continue;
                joules += flow->watts * (double)(flow->end - start) * (flow->watts > 0 ? share : 1 / share);
                joules = fmin(fmax(joules, 0), (double)store->energy_wh * 3600);
                item = json_object();
                answer_put(answer, item, "start_utc", answer_utc(start));
                answer_put(answer, item, "end_utc", answer_utc(flow->end));
                answer_put(answer, item, "power_w", json_integer(llround(flow->watts)));
                answer_put(answer, item, "stored_end_wh", answer_known(known, llround(joules / 3600)));
                answer_add(answer, list, item);
        }
        return list;
}

static json_t *store_object(struct answer *answer, const struct view *view, const struct site *site,
                            const struct site_supply *supply)
{
        const struct supply_store *store = &supply->terms.store;
        struct plan_store stored = { 0 }; /* as a plan made now begins with it */
        json_t *object;
        bool known;

        if (!supply->terms.has_store)
                return json_null();
        known = stored_for_plan(answer->state, site, supply, answer->now.wall, &stored);
        object = json_object();
        answer_put(answer, object, "energy_wh", json_integer(store->energy_wh));
        answer_put(answer, object, "reserve_wh", json_integer(store->reserve_wh));
        answer_put(answer, object, "charge_w", json_integer(store->charge_w));
        answer_put(answer, object, "discharge_w", json_integer(store->discharge_w));
        answer_put(answer, object, "from_reactor", json_boolean(store->from_reactor));
        answer_put(answer, object, "told_wh", answer_value(site_supply_stored(supply, answer->now.wall)));
        answer_put(answer, object, "told_utc",
                   known ? answer_utc(site_supply_stored_since(supply, answer->now.wall)) : json_null());
        answer_put(answer, object, "stored_wh", answer_known(known, llround(stored.start_j / 3600)));
        answer_put(answer, object, "flows", flows(answer, view, site, store, known, stored.start_j));
        return object;
}

/* From when on the price of its power is a forecast; null: as far as is shown it is none, as off the grid. */
static json_t *forecast_from(const struct answer *answer, const struct view *view, const struct answer_supply *supply)
{
        if (supply->supply.terms.grid_limit_w == 0)
                return json_null();
        return answer_utc(answer_forecast_from(supply, SERIES_PRICE, answer->now.wall, view->to));
}

static json_t *site_object(struct answer *answer, const struct view *view, const struct site *site)
{
        json_t *object = json_object();
        struct answer_supply supply;

        answer_put(answer, object, "name", answer_text(site->name));
        answer_put(answer, object, "currency", answer_text(answer_site_currency(answer->state, site)));
        answer_put(answer, object, "gpus", json_integer(health_gpus(answer->state, site, answer->now.mono_ms)));
        answer_put(answer, object, "price_source",
                   answer_text(answer_told(site, SERIES_PRICE, answer->now.wall)->source));
        if (answer_supply_init(answer->state, site, answer->now.wall, view->to, &supply) != 0) {
                answer->failed = true;
                return object;
        }
        answer_put(answer, object, "has_reactor", json_boolean(supply.supply.terms.has_reactor));
        answer_put(answer, object, "forecast_from_utc", forecast_from(answer, view, &supply));
        answer_put(answer, object, "store", store_object(answer, view, site, &supply.supply));
        answer_put(answer, object, "steps", steps(answer, view, site, &supply));
        if (view->load)
                answer_put(answer, object, "load", load(answer, view, site, &supply));
        answer_supply_finish(&supply);
        return object;
}

/* ---- jobs */

/* The part within the time that is shown, if there is one. */
static void add_interval(struct answer *answer, const struct view *view, json_t *list, const char *kind, uint32_t site,
                         int64_t start, int64_t end)
{
        json_t *item;

        start = start > view->from ? start : view->from;
        end = end < view->to ? end : view->to;
        if (start >= end)
                return;
        item = json_object();
        answer_put(answer, item, "kind", json_string(kind));
        answer_put(answer, item, "site",
                   answer_text(site < answer->state->n_sites ? answer->state->sites[site].name : NULL));
        answer_put(answer, item, "start_utc", answer_utc(start));
        answer_put(answer, item, "end_utc", answer_utc(end));
        answer_add(answer, list, item);
}

static json_t *job_intervals(struct answer *answer, const struct view *view, const struct job *job)
{
        json_t *list = json_array();

        for (size_t i = 0; i < view->n_ran; i++)
                if (view->ran[i].job == job->id)
                        add_interval(answer, view, list, "ran", view->ran[i].site, view->ran[i].start, view->ran[i].end);
        for (uint32_t i = 0; job->state <= OFFPEAK_JOB_ACTIVE && !job->held && i < job->n_planned; i++) {
                const struct plan_interval *planned = &job->planned[i];

                add_interval(answer, view, list, "planned", planned->site,
                             planned->start > answer->now.wall ? planned->start : answer->now.wall, planned->end);
        }
        return list;
}

static bool is_at(const struct view *view, const json_t *summary)
{
        const char *site = json_string_value(json_object_get(summary, "site"));

        return view->site == NULL || (site != NULL && strcmp(site, view->site) == 0);
}

/* A job that has ended is shown if it ran in the time that is shown. */
static void add_job(struct answer *answer, const struct view *view, json_t *list, const struct job *job)
{
        json_t *object, *shown;

        if (job->state >= OFFPEAK_JOB_DONE && (job->ended_at < view->from || job->first_started_at == 0))
                return;
        object = answer_job_summary(answer, job);
        shown = job_intervals(answer, view, job);
        if (is_at(view, object) && (job->state <= OFFPEAK_JOB_ACTIVE || json_array_size(shown) > 0)) {
                answer_put(answer, object, "intervals", shown);
                answer_add(answer, list, object);
        } else {
                json_decref(shown);
                json_decref(object);
        }
}

static int64_t default_end(const struct answer *answer)
{
        int64_t end = answer->now.wall + DAY;

        for (size_t i = 0; i < answer->state->n_jobs; i++) {
                const struct job *job = &answer->state->jobs[i];

                for (uint32_t k = 0; job->state <= OFFPEAK_JOB_ACTIVE && k < job->n_planned; k++)
                        if (job->planned[k].end > end)
                                end = job->planned[k].end;
        }
        return end;
}

static void put_all(struct answer *answer, const struct view *view)
{
        json_t *sites = json_array(), *jobs = json_array();

        answer_put(answer, answer->root, "from_utc", answer_utc(view->from));
        answer_put(answer, answer->root, "to_utc", answer_utc(view->to));
        put_certificate(answer);
        for (uint32_t i = 0; i < answer->state->n_sites; i++)
                if (view->site == NULL || strcmp(view->site, answer->state->sites[i].name) == 0)
                        answer_add(answer, sites, site_object(answer, view, &answer->state->sites[i]));
        for (size_t i = 0; i < answer->state->n_jobs; i++)
                add_job(answer, view, jobs, &answer->state->jobs[i]);
        answer_put(answer, answer->root, "sites", sites);
        answer_put(answer, answer->root, "jobs", jobs);
}

int answer_plan(struct answer *answer, struct offpeak_error *err)
{
        static const char *const names[] = { "site", "from_utc", "to_utc", "load", NULL };
        struct view view = { .from = answer->now.wall - 3 * HOUR, .to = default_end(answer) };
        int r = answer_expect(answer, names, err);

        if (r == 0)
                r = answer_argument_text(answer, "site", &view.site, err);
        if (r == 0)
                r = answer_argument_bool(answer, "load", &view.load, err);
        if (r == 0)
                r = answer_argument_window(answer, &view.from, &view.to, err);
        if (r != 0)
                return r;
        if (view.site != NULL && state_site(answer->state, view.site) == NULL)
                return answer_no_site(answer, view.site, err);
        r = answer_ran(answer, 0, view.from, &view.ran, &view.n_ran, err);
        if (r != 0)
                return r;
        put_all(answer, &view);
        free(view.ran);
        return 0;
}
