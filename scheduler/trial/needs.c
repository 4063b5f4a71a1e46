/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/needs.h"

#include <math.h>
#include <string.h>

#include <offpeak/job.h>

const char *needs_class_name(const struct trace_job *job)
{
        return job->class_name != NULL ? job->class_name : "default";
}

const struct policy_class *needs_class(const struct trial *trial, const struct trace_job *job)
{
        const struct policy_class *base = policy_class(&trial->policy, needs_class_name(job));

        return base != NULL ? base : policy_class(&trial->policy, NULL);
}

/* May it run on the node at all? */
static bool may_use(const struct trial *trial, const struct trace_job *job, const struct trial_node *node)
{
        const struct policy_class *class = needs_class(trial, job);

        if (job->site != NULL)
                return strcmp(job->site, node->site) == 0;
        for (size_t i = 0; class != NULL && i < class->n_sites; i++)
                if (strcmp(class->sites[i], node->site) == 0)
                        return true;
        return class == NULL || class->n_sites == 0;
}

size_t needs_nodes_at(const struct trial *trial, const struct policy_site *site, const struct trace_job *job, uint32_t gpus)
{
        size_t fit = 0;

        for (size_t i = 0; i < trial->n_nodes; i++)
                fit += strcmp(trial->nodes[i].site, site->name) == 0 && may_use(trial, job, &trial->nodes[i]) &&
                       trial->nodes[i].gpus >= gpus;
        return fit;
}

/* Of the site that has most of them: a job runs at one. */
static size_t count_nodes(const struct trial *trial, const struct trace_job *job, uint32_t gpus)
{
        size_t most = 0;

        for (size_t s = 0; s < trial->policy.n_sites; s++) {
                size_t fit = needs_nodes_at(trial, &trial->policy.sites[s], job, gpus);

                most = fit > most ? fit : most;
        }
        return most;
}

bool needs_nodes(const struct trial *trial, const struct trace_job *job, uint32_t gpus, uint32_t *ret_nodes, uint32_t *ret_each)
{
        uint32_t largest = 0;

        if (job->nodes != 0 && gpus == job->gpus) {
                *ret_nodes = job->nodes;
                *ret_each = gpus / job->nodes;
                return count_nodes(trial, job, gpus / job->nodes) >= job->nodes;
        }

        for (size_t i = 0; i < trial->n_nodes; i++)
                if (may_use(trial, job, &trial->nodes[i]) && trial->nodes[i].gpus > largest)
                        largest = trial->nodes[i].gpus;
        for (uint32_t nodes = largest > 0 ? (gpus + largest - 1) / largest : 1;
             nodes <= OFFPEAK_MAX_NODES && nodes <= gpus; nodes++) {
                if (gpus % nodes != 0)
                        continue;
                if (count_nodes(trial, job, gpus / nodes) < nodes)
                        return false;
                *ret_nodes = nodes;
                *ret_each = gpus / nodes;
                return true;
        }
        return false;
}

double needs_watts(const struct trial *trial, const struct trace_job *job)
{
        if (!isnan(job->power_w))
                return job->power_w;
        return trial->n_nodes > 0 ? (double)job->gpus * trial->nodes[0].gpu_w : 0;
}
