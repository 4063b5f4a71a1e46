/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/capacities.h"

#include <math.h>
#include <stdlib.h>

static int make_site(struct plan_site *site, const struct plan_limit *limit)
{
        struct plan_step *steps = calloc(limit->n_steps, sizeof(*steps));

        if (steps == NULL)
                return OFFPEAK_ENOMEM;
        for (size_t t = 0; t < limit->n_steps; t++) {
                steps[t].start = limit->steps[t].start;
                steps[t].gpus = limit->steps[t].gpus;
                steps[t].n_segments = 1;
                steps[t].segments[0].limit_w = INFINITY;
        }
        *site = (struct plan_site){ .name = limit->name, .steps = steps, .n_steps = limit->n_steps, .pue_factor = 1 };
        return 0;
}

int capacities_init(struct capacities *capacities, const struct plan_problem *problem)
{
        *capacities = (struct capacities){ .n_sites = problem->n_sites };
        capacities->at = calloc(problem->n_sites + problem->n_limits + 1, sizeof(*capacities->at));
        capacities->limits = calloc(problem->n_limits + 1, sizeof(*capacities->limits));
        if (capacities->at == NULL || capacities->limits == NULL)
                goto fail;
        for (size_t s = 0; s < problem->n_sites; s++)
                capacities->at[capacities->n++] = &problem->sites[s];
        for (size_t l = 0; l < problem->n_limits; l++) {
                if (make_site(&capacities->limits[l], &problem->limits[l]) != 0)
                        goto fail;
                capacities->at[capacities->n++] = &capacities->limits[l];
        }
        return 0;
fail:
        capacities_finish(capacities);
        return OFFPEAK_ENOMEM;
}

void capacities_finish(struct capacities *capacities)
{
        for (size_t l = 0; l + capacities->n_sites < capacities->n; l++)
                free((void *)capacities->limits[l].steps);
        free(capacities->limits);
        free(capacities->at);
        *capacities = (struct capacities){ 0 };
}

size_t capacities_of(const struct capacities *capacities, uint32_t site, const struct plan_mode *mode,
                     uint32_t used[CAPACITIES_OF_ONE])
{
        size_t n = 0;

        used[n++] = site;
        for (uint32_t l = 0; l < PLAN_MAX_LIMITS && mode->limits >> l != 0; l++)
                if ((mode->limits >> l & 1) != 0)
                        used[n++] = (uint32_t)capacities->n_sites + l;
        return n;
}
