/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/assess_document.h"

#include <math.h>

#include "base/fail.h"
#include "cli/simulate_document.h"
#include "cli/trial_document.h"

#define MICRO 1e-6

enum { YEAR = 365 * 86400, MONTHS = 12 };

static void set(json_t *object, const char *key, double value)
{
        json_object_set_new(object, key, trial_number(value));
}

/* ---- sources */

static json_t *source_json(const struct source *source, const char *name, enum supply_unit unit)
{
        json_t *object = json_pack("{s:s, s:s}", "name", name, "unit", supply_unit_name(unit));

        set(object, "rated_w", source->rated_w);
        set(object, "available_mwh", source->available_mwh);
        set(object, "used_mwh", source->used_mwh);
        set(object, "sold_mwh", source->sold_mwh);
        set(object, "curtailed_mwh", source->curtailed_mwh);
        set(object, "capacity_factor", source->capacity_factor);
        set(object, "paid", source->cost);
        return object;
}

static json_t *sources_json(const struct site_sources *sources, const struct supply_terms *terms)
{
        static const enum supply_unit own[] = { SUPPLY_GRID, SUPPLY_REACTOR, SUPPLY_SOLAR };
        json_t *list = json_array();

        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
                if (sources->units[own[i]].is_there)
                        json_array_append_new(list,
                                              source_json(&sources->units[own[i]], supply_unit_name(own[i]), own[i]));
        for (uint32_t i = 0; i < terms->n_ppas; i++)
                if (sources->units[SUPPLY_PPA + i].is_there)
                        json_array_append_new(list, source_json(&sources->units[SUPPLY_PPA + i], terms->ppas[i].name,
                                                                (enum supply_unit)(SUPPLY_PPA + i)));
        return list;
}

/* ---- one case */

/* What all sites come to together; a year of it. */
struct sums {
        double cost, bought, demand, sold, settled, carbon_kg, energy_mwh, sold_mwh, curtailed_mwh, curtailed_h,
                beyond_mwh;
        double unpriced_mwh, uncounted_mwh, cost_a_year, scale;
        unsigned months;
        double stored_mwh, given_mwh, store_lost_mwh, store_cycles;
        bool settled_known, has_store;
};

static void add_site(struct sums *sums, const struct site_sources *site)
{
        sums->cost += site->cost;
        sums->bought += site->bought;
        sums->demand += site->demand;
        sums->sold += site->sold;
        sums->settled += site->settled;
        sums->carbon_kg += site->carbon_kg;
        sums->energy_mwh += site->energy_mwh;
        sums->curtailed_mwh += site->curtailed_mwh;
        sums->curtailed_h += site->curtailed_h;
        sums->beyond_mwh += site->beyond_mwh;
        sums->unpriced_mwh += site->unpriced_mwh;
        sums->uncounted_mwh += site->uncounted_mwh;
        sums->stored_mwh += site->stored_mwh;
        sums->given_mwh += site->given_mwh;
        sums->store_lost_mwh += site->store_lost_mwh;
        sums->settled_known = sums->settled_known && site->settled_known;
        sums->months = site->months > sums->months ? site->months : sums->months;
        for (int u = 0; u < SUPPLY_UNITS; u++)
                sums->sold_mwh += site->units[u].sold_mwh;
        sums->cost_a_year += (site->cost - site->demand) * sums->scale;
        if (site->months > 0) /* months are billed whole, whatever part of them the window holds */
                sums->cost_a_year += site->demand * MONTHS / site->months;
}

static struct sums sums_of(const struct assess_case *one, double scale)
{
        const struct policy *policy = &one->simulation.trial.policy;
        struct sums sums = { .settled_known = true, .scale = scale };
        double held = 0, taken = 0;

        for (size_t s = 0; s < policy->n_sites; s++) {
                double holds = (double)policy->sites[s].terms.store.energy_wh; /* 0: there is none */

                add_site(&sums, &one->sites[s]);
                sums.has_store = sums.has_store || policy->sites[s].terms.has_store;
                held += holds;
                taken += one->sites[s].store_cycles * holds;
        }
        sums.store_cycles = held > 0 ? taken / held : NAN;
        if ((sums.unpriced_mwh > 0 && !one->simulation.priced) || !sums.settled_known)
                sums.cost = sums.bought = sums.cost_a_year = NAN;
        if (!sums.settled_known)
                sums.settled = NAN;
        if (sums.uncounted_mwh > 0 && !one->simulation.carbon_known)
                sums.carbon_kg = NAN;
        return sums;
}

static json_t *sites_json(const struct assess_case *one)
{
        const struct policy *policy = &one->simulation.trial.policy;
        json_t *list = json_array();

        for (size_t s = 0; s < policy->n_sites; s++) {
                const struct site_sources *site = &one->sites[s];
                json_t *object = json_pack("{s:s}", "name", policy->sites[s].name);

                set(object, "peak_w", site->peak_w);
                json_object_set_new(object, "peak_utc", site->peak_w > 0 ? trial_time(site->peak_at) : json_null());
                set(object, "energy_mwh", site->energy_mwh);
                set(object, "demand_charges", site->demand);
                set(object, "stored_mwh", site->stored_mwh);
                set(object, "given_mwh", site->given_mwh);
                json_object_set_new(object, "sources", sources_json(site, &policy->sites[s].terms));
                json_array_append_new(list, object);
        }
        return list;
}

/* What was bought for nothing, say, and is not needed by the end. */
static double left_in_stores(const struct sums *sums)
{
        double left = sums->stored_mwh - sums->given_mwh - sums->store_lost_mwh;

        return left > 1e-9 ? left : 0;
}

static json_t *case_json(const struct assess_case *one, const struct sums *sums)
{
        json_t *object = json_object();

        json_object_set_new(object, "name", json_string(one->text));
        set(object, "cost", sums->cost);
        set(object, "bought", sums->bought);
        set(object, "demand_charges", sums->demand);
        set(object, "sold", sums->sold);
        set(object, "settled", sums->settled);
        json_object_set_new(object, "months", json_integer(sums->months));
        set(object, "carbon_kg", sums->carbon_kg);
        set(object, "energy_mwh", sums->energy_mwh);
        set(object, "sold_mwh", sums->sold_mwh);
        set(object, "curtailed_mwh", sums->curtailed_mwh);
        set(object, "curtailed_h", sums->curtailed_h);
        set(object, "beyond_mwh", sums->beyond_mwh);
        set(object, "unpriced_mwh", sums->unpriced_mwh);
        set(object, "uncounted_mwh", sums->uncounted_mwh);
        json_object_set_new(object, "has_store", json_boolean(sums->has_store));
        set(object, "stored_mwh", sums->stored_mwh);
        set(object, "given_mwh", sums->given_mwh);
        set(object, "store_lost_mwh", sums->store_lost_mwh);
        set(object, "store_left_mwh", left_in_stores(sums));
        set(object, "store_cycles", sums->store_cycles);
        set(object, "mean_delay_h", one->tally.mean_delay_h);
        set(object, "delay_cost", one->tally.delay_cost);
        json_object_set_new(object, "jobs_done", json_integer((json_int_t)one->tally.n_done));
        json_object_set_new(object, "missed_deadlines", json_integer((json_int_t)one->tally.missed_deadlines));
        json_object_set_new(object, "store_left_out", json_boolean(one->added.store_left));
        json_object_set_new(object, "sites", sites_json(one));
        return object;
}

/* ---- what a change makes */

static json_t *differences(const struct sums *sums, const struct sums *base, const struct assess_case *one,
                           const struct assess_case *as_it_is)
{
        json_t *object = json_object();

        set(object, "cost", sums->cost - base->cost);
        set(object, "carbon_kg", sums->carbon_kg - base->carbon_kg);
        set(object, "energy_mwh", sums->energy_mwh - base->energy_mwh);
        set(object, "curtailed_mwh", sums->curtailed_mwh - base->curtailed_mwh);
        set(object, "demand_charges", sums->demand - base->demand);
        set(object, "mean_delay_h", one->tally.mean_delay_h - as_it_is->tally.mean_delay_h);
        json_object_set_new(
                object, "missed_deadlines",
                json_integer((json_int_t)one->tally.missed_deadlines - (json_int_t)as_it_is->tally.missed_deadlines));
        return object;
}

/* worth: what the change may cost a year itself before it costs more than it saves. */
static json_t *a_year(const struct sums *sums, const struct sums *base, const struct assess_change *change)
{
        double worth = base->cost_a_year - sums->cost_a_year;
        double yearly = change->has_yearly_cost ? (double)change->yearly_cost * MICRO : NAN;
        json_t *object = json_object();

        set(object, "cost", -worth);
        set(object, "carbon_kg", (sums->carbon_kg - base->carbon_kg) * sums->scale);
        set(object, "break_even", worth);
        set(object, "yearly_cost", yearly);
        set(object, "net_worth", worth - yearly);
        return object;
}

static json_t *change_json(const struct assess_case *one, const struct sums *sums, const struct assess_case *as_it_is,
                           const struct sums *base)
{
        json_t *object = case_json(one, sums);

        json_object_set(object, "changes", one->changes);
        json_object_set_new(object, "free_fuel", json_boolean(one->added.free_fuel));
        json_object_set_new(object, "no_losses", json_boolean(one->added.no_losses));
        json_object_set_new(object, "difference", differences(sums, base, one, as_it_is));
        json_object_set_new(object, "a_year", a_year(sums, base, one->change));
        return object;
}

/* ---- all of it */

int assess_document(const struct assess_case *cases, size_t n, const char *policy, int64_t from, int64_t to,
                    json_t **ret_document, struct offpeak_error *err)
{
        const struct simulation *simulation = &cases[0].simulation;
        double scale = (double)YEAR / (double)(to - from);
        struct sums base = sums_of(&cases[0], scale);
        json_t *list = json_array();

        for (size_t i = 1; i < n; i++) {
                struct sums sums = sums_of(&cases[i], scale);

                json_array_append_new(list, change_json(&cases[i], &sums, &cases[0], &base));
        }
        *ret_document = json_pack(
                "{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", "offpeak.assess/1",
                "currency", simulation->currency, "policy", policy, "jobs", (json_int_t)simulation->trial.trace.n,
                "rows", (json_int_t)simulation->trial.trace.rows, "gpus",
                (json_int_t)trial_gpus(&simulation->trial, NULL), "from_utc", trial_time(from), "to_utc",
                trial_time(to), "year_scale", trial_number(scale), "base", case_json(&cases[0], &base), "with", list,
                "findings", simulate_findings(&simulation->trial.trace));
        return *ret_document != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory, or a name is not UTF-8");
}
