/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trial_document.h"

#include <math.h>

#include "base/when.h"
#include "core/caps.h"

json_t *trial_number(double value)
{
        return isfinite(value) ? json_real(round(value * 1e9) / 1e9) : json_null();
}

json_t *trial_number_if(bool known, double value)
{
        return known ? trial_number(value) : json_null();
}

json_t *trial_time(int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        return json_string(when_format_utc(time, text));
}

json_t *trial_segments(const struct trial *trial, const struct outcome *outcome)
{
        json_t *list = json_array();

        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];

                json_array_append_new(list,
                                      json_pack("{s:s, s:o, s:o, s:I, s:s, s:o}", "id",
                                                trial->trace.jobs[segment->job].id, "start_utc",
                                                trial_time(segment->start), "end_utc", trial_time(segment->end), "gpus",
                                                (json_int_t)segment->gpus, "site",
                                                trial->policy.sites[segment->site].name, "cap",
                                                trial_number_if(segment->level > 0, caps_ppm(segment->level) / 1e6)));
        }
        return list;
}

json_t *trial_row(const char *name, const struct tally *tally, const struct tally *run_now, double bound,
                  struct trial_known known)
{
        bool is_as_far = tally->n_done == run_now->n_done; /* nothing is saved by work that is not done */
        json_t *policy = json_object();

        json_object_set_new(policy, "name", json_string(name));
        json_object_set_new(policy, "cost", trial_number_if(known.price, tally->cost));
        json_object_set_new(policy, "carbon_kg", trial_number_if(known.carbon, tally->carbon_kg));
        json_object_set_new(policy, "energy_mwh", trial_number(tally->energy_mwh));
        json_object_set_new(policy, "run_now_cost", trial_number_if(known.price, run_now->cost));
        json_object_set_new(policy, "run_now_carbon_kg", trial_number_if(known.carbon, run_now->carbon_kg));
        json_object_set_new(policy, "lower_bound", trial_number(bound));
        json_object_set_new(policy, "delay_cost", trial_number(tally->delay_cost));
        json_object_set_new(policy, "lateness_cost", trial_number(tally->lateness_cost));
        json_object_set_new(policy, "starts_cost", trial_number(tally->starts_cost));
        json_object_set_new(policy, "net_cost", trial_number_if(known.price, tally->net_cost));
        json_object_set_new(policy, "net_saving",
                            trial_number_if(known.price && is_as_far, run_now->net_cost - tally->net_cost));
        json_object_set_new(policy, "mean_delay_h", trial_number(tally->mean_delay_h));
        json_object_set_new(policy, "p95_delay_h", trial_number(tally->p95_delay_h));
        json_object_set_new(policy, "delay_gpu_h", trial_number(tally->delay_gpu_h));
        json_object_set_new(policy, "jobs_done", json_integer((json_int_t)tally->n_done));
        json_object_set_new(policy, "missed_deadlines", json_integer((json_int_t)tally->missed_deadlines));
        json_object_set_new(policy, "starts", json_integer((json_int_t)tally->starts));
        json_object_set_new(policy, "capped_gpu_h", trial_number(tally->capped_gpu_h));
        json_object_set_new(policy, "peak_mw", trial_number(tally->peak_mw));
        json_object_set_new(policy, "utilisation", trial_number(tally->utilisation));
        json_object_set_new(policy, "unpriced_mwh", trial_number_if(known.price, tally->unpriced_mwh));
        json_object_set_new(policy, "uncounted_mwh", trial_number_if(known.carbon, tally->uncounted_mwh));
        json_object_set_new(policy, "stored_mwh", trial_number(tally->stored_mwh));
        json_object_set_new(policy, "given_mwh", trial_number(tally->given_mwh));
        json_object_set_new(policy, "store_lost_mwh", trial_number(tally->store_lost_mwh));
        json_object_set_new(policy, "store_cycles", trial_number_if(tally->has_store, tally->store_cycles));
        json_object_set_new(policy, "store_saved",
                            trial_number_if(tally->has_store && known.price, tally->store_saved));
        return policy;
}
