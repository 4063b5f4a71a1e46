/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outcome.h"

#include <string.h>

bool outcome_is_known(const struct job *job, int64_t from, int64_t to)
{
        return job->state >= OFFPEAK_JOB_DONE && job->ended_at >= from && job->ended_at < to && job->ran_s > 0;
}

struct report_job outcome_of_job(const struct state *state, const struct job *job, uint32_t site)
{
        const struct policy_class *class = state_class(state, job);
        int64_t starting = class->start_cost_s * job->attempts;

        return (struct report_job){
                .id = job->id,
                .site = site,
                .gpus = job->spec.nodes * job->spec.gpus_per_node,
                .release = job->spec.begin > job->submitted_at ? job->spec.begin : job->submitted_at,
                .finish = job->ended_at,
                .deadline = job->spec.deadline,
                .work_s = job->ran_s > starting ? job->ran_s - starting : 1,
                .start_cost_s = class->start_cost_s,
                .power_w = job->ran_s > 0 ? job->joules / job->ran_s : 0,
                .delay_cost = class->delay_cost,
                .joules = job->joules + job->overhead_joules,
                .cost = job->cost + job->overhead_cost,
                .carbon_mg = job->carbon_mg + job->overhead_carbon_mg,
                .unpriced_joules = job->unpriced_joules,
                .starts = job->attempts,
        };
}

struct report_site outcome_of_site(const struct state *state, const struct site *site)
{
        struct report_site outcome = { .name = site->name, .supply = state_supply(state, site) };

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                if (strcmp(state->nodes[i].site, site->name) != 0)
                        continue;
                outcome.gpus += state->nodes[i].inventory.n_devices;
                outcome.idle_w += state->nodes[i].inventory.idle_w;
        }
        return outcome;
}
