/* SPDX-License-Identifier: Apache-2.0 */
#include "core/claim.h"

#include <string.h>

#include "core/width.h"

bool claim_has_feature(const struct node *node, const char *feature)
{
        for (size_t i = 0; i < node->inventory.n_features; i++)
                if (strcmp(node->inventory.features[i], feature) == 0)
                        return true;
        return false;
}

bool claim_fits(const struct offpeak_job_spec *spec, const struct offpeak_width *width, const struct node *node)
{
        if (node->inventory.n_devices < width->gpus_per_node)
                return false;
        for (size_t i = 0; i < spec->n_features; i++)
                if (!claim_has_feature(node, spec->features[i]))
                        return false;
        return true;
}

uint32_t claim_gpus(const struct state *state, const struct job *job, uint32_t mode)
{
        struct offpeak_width width = width_of(&job->spec, mode);
        uint32_t smallest = 0;

        if (!job->spec.exclusive || job->spec.n_widths > 0)
                return width_gpus(&job->spec, mode);
        for (uint32_t i = 0; i < state->n_nodes; i++) {
                const struct node *node = &state->nodes[i];
                uint32_t devices = (uint32_t)__builtin_popcountll(state_all_devices(node) & ~node->withheld);

                if (devices >= width.gpus_per_node && claim_fits(&job->spec, &width, node) &&
                    (smallest == 0 || devices < smallest))
                        smallest = devices;
        }
        return smallest != 0 ? width.nodes * smallest : width_gpus(&job->spec, mode);
}
