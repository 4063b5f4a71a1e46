/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outcome.h"

#include "core/width.h"

bool outcome_is_known(const struct job *job, int64_t from, int64_t to)
{
        return job->state >= OFFPEAK_JOB_DONE && job->ended_at >= from && job->ended_at < to && job->ran_s > 0;
}

/*
 * Seconds of one start: as the class has it, but never so much that no second of work is left. What ran for less than
 * its starts are thought to take would otherwise be longer at once than it was; and of a job that was narrow, or capped,
 * less than the time it ran counts as work.
 */
static int64_t start_cost(const struct policy_class *class, const struct job *job)
{
        const int64_t worked = width_worked_s(job), least = worked < job->ran_s ? worked : job->ran_s;
        int64_t most = job->attempts > 0 && least > 0 ? (least - 1) / job->attempts : 0;

        return class->start_cost_s < most ? class->start_cost_s : most;
}

/* W at that width: as it drew, by the GPU. */
static double power_as_asked(const struct job *job)
{
        if (job->spec.n_widths > 0 || job->gpu_s > 0)
                return job->gpu_s > 0 ? (double)job->joules / (double)job->gpu_s * width_gpus(&job->spec, 0) : 0;
        return job->ran_s > 0 ? (double)job->joules / (double)job->ran_s : 0;
}

struct report_job outcome_of_job(const struct state *state, const struct job *job, uint32_t site)
{
        const struct policy_class *class = state_class(state, job);
        int64_t starting = start_cost(class, job);

        return (struct report_job){
                .id = job->id,
                .site = site,
                .gpus = width_gpus(&job->spec, 0),
                .release = job->spec.begin > job->submitted_at ? job->spec.begin : job->submitted_at,
                .finish = job->ended_at,
                .deadline = job->spec.deadline,
                .work_s = width_worked_s(job) - starting * job->attempts,
                .start_cost_s = starting,
                .power_w = power_as_asked(job),
                .delay_cost = class->delay_cost,
                .joules = job->joules + job->overhead_joules,
                .cost = job->cost + job->overhead_cost,
                .carbon_mg = job->carbon_mg + job->overhead_carbon_mg,
                .market_mg = job->market_mg + job->overhead_market_mg,
                .unpriced_joules = job->unpriced_joules,
                .starts = job->attempts,
        };
}

struct report_site outcome_of_site(const struct state *state, const struct site *site)
{
        struct report_site outcome = { .name = site->name, .supply = state_supply(state, site) };

        for (uint32_t i = 0; i < state->n_nodes; i++) {
                if (state->nodes[i].site_id != site->id)
                        continue;
                outcome.gpus += state->nodes[i].inventory.n_devices;
                outcome.idle_w += state->nodes[i].inventory.idle_w;
        }
        return outcome;
}
