/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_cluster.c - the cluster of a simulation: its policy, a configuration's or that of one plain site, and its
 * nodes. */
#include "cli/simulate_building.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "core/room.h"

enum { GPU_W = 400, PER_NODE = 8 };

#define PPM INT64_C(1000000)

/* ---- policy */

static int plain_site(struct policy *policy, const struct simulate_options *options)
{
        policy->sites = calloc(1, sizeof(*policy->sites));
        if (policy->sites == NULL)
                return OFFPEAK_ENOMEM;
        policy->n_sites = 1;
        policy->sites[0].terms.grid_limit_w = INT64_MAX;
        policy->sites[0].terms.pue_ppm = options->pue_ppm != 0 ? options->pue_ppm : PPM;
        policy->sites[0].name = strdup(options->site != NULL ? options->site : "cluster");
        policy->sites[0].currency = strdup("EUR"); /* until the prices tell */
        return policy->sites[0].name != NULL && policy->sites[0].currency != NULL ? 0 : OFFPEAK_ENOMEM;
}

/* Runs are as long as they say and starts as short, so nothing is kept back for those that are not; pausing is free. */
static int plain_class(struct policy *policy)
{
        struct policy_class *class = policy->classes = calloc(1, sizeof(*class));

        if (class == NULL)
                return OFFPEAK_ENOMEM;
        policy->n_classes = 1;
        policy_class_defaults(class);
        class->max_pauses = UINT32_MAX;
        class->min_run_s = class->start_cost_s = class->stop_grace_s = class->deadline_margin_ppm = 0;
        class->name = strdup("default");
        return class->name != NULL ? 0 : OFFPEAK_ENOMEM;
}

/* What the command line says of classes holds for all of them. */
static void tune_classes(struct policy *policy, const struct simulate_options *options)
{
        for (size_t c = 0; c < policy->n_classes; c++) {
                struct policy_class *class = &policy->classes[c];

                if (options->has_delay_cost)
                        class->delay_cost = options->delay_cost;
                if (options->has_max_delay)
                        class->max_delay_s = options->max_delay_s;
                if (options->has_start_cost)
                        class->start_cost_s = options->start_cost_s;
                if (options->has_carbon_price)
                        class->carbon_price = options->carbon_price;
                if (options->has_cap_floor)
                        class->cap_floor_ppm = options->cap_floor_ppm;
        }
}

int building_make_policy(struct building *building, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        struct policy *policy = &building->simulation->trial.policy;
        int code = 0;

        if (options->config != NULL) {
                if (policy_copy(&building->config->policy, policy) != 0)
                        code = building_no_memory(err);
        } else if (plain_site(policy, options) != 0 || plain_class(policy) != 0) {
                code = building_no_memory(err);
        }
        if (code != 0)
                return code;
        tune_classes(policy, options);
        building->site = policy->n_sites == 1 ? policy->sites[0].name : NULL;
        if (options->config == NULL || options->site == NULL)
                return 0;
        if (policy_site(policy, options->site) == NULL)
                return fail(err, OFFPEAK_ENOTFOUND, "--site %s: %s has no such site", options->site, options->config);
        building->site = options->site;
        return 0;
}

/* ---- nodes */

static int add_node(struct simulation *simulation, const char *site, int64_t gpus, int64_t gpu_milliwatts,
                    int64_t idle_milliwatts)
{
        char **name = room_for_one((void **)&simulation->names, simulation->n_names, sizeof(*name));
        struct trial_node *node =
                room_for_one((void **)&simulation->trial.nodes, simulation->trial.n_nodes, sizeof(*node));

        if (name == NULL || node == NULL || asprintf(name, "n%zu", simulation->n_names + 1) < 0)
                return OFFPEAK_ENOMEM;
        simulation->n_names++;
        *node = (struct trial_node){ .name = *name,
                                     .site = site,
                                     .gpus = (uint32_t)gpus,
                                     .idle_w = (idle_milliwatts + 500) / 1000,
                                     .gpu_w = (uint32_t)((gpu_milliwatts + 500) / 1000) };
        node->least_gpu_w = node->gpu_w / 2 + (node->gpu_w == 1); /* whether GPUs are capped is said by the classes */
        simulation->trial.n_nodes++;
        return 0;
}

/* The site that --nodes names, or the only one. NULL, with err. */
static const char *site_of(const struct building *building, const struct simulate_nodes *nodes,
                           struct offpeak_error *err)
{
        const struct policy *policy = &building->simulation->trial.policy;

        if (nodes->site == NULL && building->site == NULL)
                fail(err, OFFPEAK_EUSAGE, "at which of the sites? Write --nodes %s=4x8 for each of them",
                     policy->sites[0].name);
        if (nodes->site == NULL)
                return building->site;
        for (size_t s = 0; s < policy->n_sites; s++)
                if (strlen(policy->sites[s].name) == nodes->site_size &&
                    strncmp(policy->sites[s].name, nodes->site, nodes->site_size) == 0)
                        return policy->sites[s].name;
        fail(err, OFFPEAK_ENOTFOUND, "--nodes %s: there is no such site", nodes->site);
        return NULL;
}

static int add_nodes(struct building *building, const struct simulate_nodes *nodes, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        const char *site = site_of(building, nodes, err);
        int64_t gpu = nodes->gpu_milliwatts != 0     ? nodes->gpu_milliwatts
                      : options->gpu_milliwatts != 0 ? options->gpu_milliwatts
                                                     : GPU_W * 1000;

        if (site == NULL)
                return err->code;
        for (int64_t i = 0; i < nodes->count; i++)
                if (add_node(building->simulation, site, nodes->gpus, gpu, options->idle_milliwatts) != 0)
                        return building_no_memory(err);
        return 0;
}

int building_make_nodes(struct building *building, struct offpeak_error *err)
{
        const struct simulate_options *options = building->options;
        int64_t each = options->gpus_per_node != 0 ? options->gpus_per_node : PER_NODE;
        struct simulate_nodes whole = { .count = options->gpus / each, .gpus = each };
        struct simulate_nodes rest = { .count = options->gpus % each != 0, .gpus = options->gpus % each };
        int code = 0;

        for (size_t i = 0; code == 0 && i < options->n_nodes; i++)
                code = add_nodes(building, &options->nodes[i], err);
        if (code == 0 && options->gpus != 0)
                code = add_nodes(building, &whole, err);
        if (code == 0 && options->gpus != 0)
                code = add_nodes(building, &rest, err);
        return code;
}
