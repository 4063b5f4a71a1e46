/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_try_document.h"

#include <string.h>

#include "base/fail.h"
#include "cli/trial_document.h"
#include "trial/walk.h"

#define J_PER_MWH 3.6e9

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash != NULL ? slash + 1 : path;
}

static json_t *label_of(const struct try_facts *facts, enum try_row row)
{
        static const char *const labels[TRY_ROWS] = { "what happened", "in force, replayed", NULL, "run at once" };

        if (row == TRY_NEW)
                return json_sprintf("%s, replayed", base_name(facts->source));
        return json_string(labels[row]);
}

/* Energy at the meter that a row draws after now, at values that are as yet said or forecast. */
static double after_now_mwh(const struct trial *trial, const struct outcome *outcome, int64_t now)
{
        double mwh = 0;

        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];
                int64_t start = segment->start > now ? segment->start : now;

                if (segment->end > start)
                        mwh += walk_watts(trial, segment) * (double)(segment->end - start) / J_PER_MWH;
        }
        return mwh;
}

static struct trial_known known_of(const struct trial *trial)
{
        struct trial_known known = { false, false };

        for (size_t i = 0; i < trial->n_truth; i++) {
                const struct series *series = &trial->truth[i];
                bool said = series_first_unknown(series, trial->from, trial->to) != trial->from || series->n_points > 1;

                known.price = known.price || (said && series->kind == SERIES_PRICE);
                known.carbon = known.carbon || (said && series->kind == SERIES_CARBON);
        }
        return known;
}

static json_t *rows_of(const struct try_facts *facts, struct trial_known known)
{
        static const char *const names[TRY_ROWS] = { "actual", "in_force", "new", "run_now" };
        const struct tally *base = &facts->results[TRY_RUN_NOW].tally;
        json_t *rows = json_array();

        for (int r = 0; r < TRY_ROWS; r++) {
                const struct try_result *result = &facts->results[r];
                json_t *row = trial_row(names[r], &result->tally, base, result->outcome.bound, known);

                json_object_set_new(row, "label", label_of(facts, (enum try_row)r));
                if (r == TRY_ACTUAL) /* books know what was drawn, and no caps */
                        json_object_set_new(row, "capped_gpu_h", json_null());
                json_object_set_new(row, "after_now_mwh",
                                    trial_number(after_now_mwh(facts->trials[r], &result->outcome, facts->past->now)));
                json_array_append_new(rows, row);
        }
        return rows;
}

/* What b comes to, less a. */
static json_t *difference(const struct tally *a, const struct tally *b, struct trial_known known)
{
        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "cost", trial_number_if(known.price, b->cost - a->cost),
                         "carbon_kg", trial_number_if(known.carbon, b->carbon_kg - a->carbon_kg), "energy_mwh",
                         trial_number(b->energy_mwh - a->energy_mwh), "mean_delay_h",
                         trial_number(b->mean_delay_h - a->mean_delay_h), "net_cost",
                         trial_number_if(known.price, b->net_cost - a->net_cost), "missed_deadlines",
                         (json_int_t)b->missed_deadlines - (json_int_t)a->missed_deadlines);
}

static json_t *findings_of(const struct past *past)
{
        json_t *list = json_array();

        for (int i = PAST_KEPT + 1; i < PAST_FINDINGS; i++)
                if (past->notes[i].count > 0)
                        json_array_append_new(
                                list, json_pack("{s:s, s:I, s:b, s:I}", "what", past_finding_name((enum past_finding)i),
                                                "count", (json_int_t)past->notes[i].count, "left_out",
                                                i <= PAST_LEFT_OUT, "first_job", (json_int_t)past->notes[i].first));
        return list;
}

static json_t *booked(const struct past *past, struct trial_known known)
{
        int64_t joules = 0, cost = 0, carbon = 0, unpriced = 0;

        for (size_t i = 0; i < past->n_jobs; i++)
                if (past->jobs[i].out == PAST_KEPT) {
                        joules += past->jobs[i].joules;
                        cost += past->jobs[i].cost;
                        carbon += past->jobs[i].carbon_mg;
                        unpriced += past->jobs[i].unpriced_joules;
                }
        return json_pack("{s:I, s:I, s:o, s:I}", "energy_j", (json_int_t)joules, "cost_micro", (json_int_t)cost,
                         "carbon_mg", known.carbon ? json_integer(carbon) : json_null(), "unpriced_energy_j",
                         (json_int_t)unpriced);
}

int policy_try_document(const struct try_facts *facts, json_t **ret_document, struct offpeak_error *err)
{
        const struct trial *trial = facts->trials[TRY_IN_FORCE];
        const struct try_result *results = facts->results;
        struct trial_known known = known_of(trial);

        *ret_document = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
                                  "schema", "offpeak.policy_try/1", "source", facts->source, "currency",
                                  trial->policy.sites[0].currency, "now_utc", trial_time(facts->past->now), "from_utc",
                                  trial_time(facts->past->from), "to_utc", trial_time(facts->past->now), "jobs",
                                  (json_int_t)trial->trace.n, "gpus", (json_int_t)trial_gpus(trial, NULL), "nodes",
                                  (json_int_t)trial->n_nodes, "left_out_gpu_s", (json_int_t)facts->past->left_out_gpu_s,
                                  "findings", findings_of(facts->past), "remarks", policy_try_remarks(facts), "booked",
                                  booked(facts->past, known), "policies", rows_of(facts, known), "model_error",
                                  difference(&results[TRY_ACTUAL].tally, &results[TRY_IN_FORCE].tally, known), "change",
                                  difference(&results[TRY_IN_FORCE].tally, &results[TRY_NEW].tally, known));
        return *ret_document != NULL ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}
