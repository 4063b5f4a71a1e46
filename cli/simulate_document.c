/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/simulate_document.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "cli/trial_document.h"

/* ---- the bound */

/* Do plans count money although no price does: an adder, other sources' costs, charges? */
static bool contracts_cost(const struct policy *policy)
{
        for (size_t s = 0; s < policy->n_sites; s++) {
                const struct supply_terms *terms = &policy->sites[s].terms;

                if (terms->grid_adder != 0 || terms->n_demands > 0 || terms->has_reactor || terms->has_solar ||
                    terms->n_ppas > 0 || terms->export_limit_w > 0)
                        return true;
        }
        return false;
}

/*
 * In the currency, or in kg where only carbon counts: nobody pays what it was weighted with. There it is none where
 * contracts are counted with the carbon.
 */
static double bound_of(const struct simulation *simulation, const struct simulate_result *results, size_t n)
{
        double best = NAN;

        for (size_t i = 0; i < n; i++)
                if (!isnan(results[i].outcome.bound) && !(results[i].outcome.bound <= best))
                        best = results[i].outcome.bound;
        if (simulation->objective != SIMULATE_CARBON)
                return best;
        return contracts_cost(&simulation->trial.policy) ? NAN : best / simulation->carbon_price * 1000;
}

/* Do plans count starts that would be paid for? */
static bool starts_count(const struct simulation *simulation)
{
        const struct trial *trial = &simulation->trial;
        bool takes_time = false;

        for (size_t c = 0; c < trial->policy.n_classes; c++)
                takes_time = takes_time || trial->policy.classes[c].start_cost_s > 0;
        for (size_t i = 0; takes_time && i < trial->n_truth; i++)
                for (size_t k = 0; trial->truth[i].kind == SERIES_PRICE && k < trial->truth[i].n_points; k++)
                        if (trial->truth[i].points[k].value != SERIES_UNKNOWN && trial->truth[i].points[k].value < 0)
                                return true;
        return false;
}

/* What the bound is made of beside what power costs, or emits. */
static json_t *bound_counts(const struct simulation *simulation)
{
        const struct policy *policy = &simulation->trial.policy;
        bool waiting = false, carbon = false, demand = false;
        json_t *list = json_array();

        for (size_t c = 0; c < policy->n_classes; c++) {
                waiting = waiting || policy->classes[c].delay_cost > 0;
                carbon = carbon || policy->classes[c].carbon_price > 0;
        }
        for (size_t s = 0; s < policy->n_sites; s++)
                demand = demand || policy->sites[s].terms.n_demands > 0;
        if (demand)
                json_array_append_new(list, json_string("demand charges"));
        if (carbon && simulation->carbon_known && simulation->objective != SIMULATE_CARBON)
                json_array_append_new(list, json_string("carbon"));
        if (waiting)
                json_array_append_new(list, json_string("waiting"));
        if (starts_count(simulation))
                json_array_append_new(list, json_string("starts at negative prices"));
        json_array_append_new(list, json_string("lateness"));
        return list;
}

/* ---- what they were tried on */

json_t *simulate_findings(const struct trace *trace)
{
        json_t *list = json_array();

        for (int i = 0; i < TRACE_FINDINGS; i++) {
                const struct trace_note *note = &trace->notes[i];

                if (note->count > 0)
                        json_array_append_new(
                                list,
                                json_pack("{s:s, s:I, s:b, s:o, s:s}", "what",
                                          trace_finding_name((enum trace_finding)i), "count", (json_int_t)note->count,
                                          "left_out", trace_finding_leaves_out((enum trace_finding)i), "first_line",
                                          note->line != 0 ? json_integer((json_int_t)note->line) : json_null(), "says",
                                          note->text));
        }
        return list;
}

static const char *objective_name(enum simulate_objective objective)
{
        static const char *const names[] = { "as configured", "cost", "carbon", "both" };

        return names[objective];
}

static const char *sight_name(const struct simulate_options *options)
{
        static const char *const names[] = { "perfect", "noise", "model" };

        return options->price_forecast != NULL || options->carbon_forecast != NULL ? "given" : names[options->forecast];
}

/* What failing nodes did to a policy; it is in all its other sums too. */
static int add_failures(json_t *policy, const struct tally *tally)
{
        return json_object_set_new(policy, "failures", json_integer((json_int_t)tally->failures)) != 0 ||
               json_object_set_new(policy, "lost_gpu_h", trial_number(tally->lost_gpu_h)) != 0 ||
               json_object_set_new(policy, "lost_mwh", trial_number(tally->lost_mwh)) != 0;
}

/* null: nodes do not fail. */
static json_t *hardware(const struct trial *trial, const struct simulate_options *options)
{
        const struct trial_hardware *hardware = &trial->hardware;
        bool fail = options->mtbf_s > 0;
        json_t *document = json_object();

        json_object_set_new(document, "ramp_s", json_integer(hardware->ramp_s));
        json_object_set_new(document, "node_mtbf_s", fail ? json_integer(options->mtbf_s) : json_null());
        json_object_set_new(document, "node_repair_s", fail ? json_integer(hardware->repair_s) : json_null());
        json_object_set_new(document, "checkpoint_s", fail ? json_integer(hardware->checkpoint_s) : json_null());
        json_object_set_new(document, "node_failures", json_integer((json_int_t)hardware->outages.n));
        return document;
}

int simulate_document(const struct simulation *simulation, const struct simulate_options *options,
                      const struct simulate_result *results, size_t n, const struct simulate_result *run_now,
                      json_t **ret_document, struct offpeak_error *err)
{
        const struct trial *trial = &simulation->trial;
        struct trial_known known = { .price = simulation->priced, .carbon = simulation->carbon_known };
        double bound = bound_of(simulation, results, n);
        json_t *policies = json_array(), *document;

        for (size_t i = 0; i < n; i++) {
                json_t *policy = trial_row(results[i].name, &results[i].tally, &run_now->tally, bound, known);

                if (add_failures(policy, &results[i].tally) != 0)
                        return fail(err, OFFPEAK_ENOMEM, "out of memory");
                if (options->segments)
                        json_object_set_new(policy, "segments", trial_segments(trial, &results[i].outcome));
                json_array_append_new(policies, policy);
        }
        document =
                json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "schema",
                          "offpeak.simulate/1", "currency", simulation->currency, "objective",
                          objective_name(simulation->objective), "bound_unit",
                          simulation->objective == SIMULATE_CARBON ? "kg" : simulation->currency, "bound_counts",
                          bound_counts(simulation), "forecast", sight_name(options), "jobs", (json_int_t)trial->trace.n,
                          "rows", (json_int_t)trial->trace.rows, "gpus", (json_int_t)trial_gpus(trial, NULL), "nodes",
                          (json_int_t)trial->n_nodes, "from_utc", trial_time(trial->from), "to_utc",
                          trial_time(trial->to), "findings", simulate_findings(&trial->trace), "policies", policies);
        if (document != NULL)
                json_object_set_new(document, "hardware", hardware(trial, options));
        *ret_document = document;
        return document != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}
