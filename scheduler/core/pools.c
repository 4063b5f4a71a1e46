/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pools.h"

#include <stdlib.h>
#include <string.h>

#include "core/claim.h"
#include "core/health.h"
#include "core/power.h"
#include "core/width.h"

/* "a100,ib": malloc'ed. NULL: ENOMEM. */
static char *name_of(const struct offpeak_job_spec *spec)
{
        size_t size = 1;
        char *name, *end;

        for (size_t i = 0; i < spec->n_features; i++)
                size += strlen(spec->features[i]) + 1;
        name = end = calloc(size, 1);
        for (size_t i = 0; name != NULL && i < spec->n_features; i++)
                end = stpcpy(i > 0 ? stpcpy(end, ",") : end, spec->features[i]);
        return name;
}

/* Is that the list, without a copy of it? */
static bool is_named(const struct offpeak_job_spec *spec, const char *name)
{
        for (size_t i = 0; i < spec->n_features; i++) {
                size_t length = strlen(spec->features[i]);

                if (strncmp(name, spec->features[i], length) != 0 ||
                    name[length] != (i + 1 < spec->n_features ? ',' : '\0'))
                        return false;
                name += length + 1;
        }
        return spec->n_features > 0;
}

static uint32_t devices_with(const struct state *state, const struct now *now, const struct offpeak_job_spec *spec)
{
        static const struct offpeak_width any = { .nodes = 1, .gpus_per_node = 1 };
        uint32_t devices = 0;

        for (uint32_t i = 0; i < state->n_nodes; i++)
                if (node_in_service(state, &state->nodes[i], now->mono_ms) && claim_fits(spec, &any, &state->nodes[i]))
                        devices += health_devices(state, &state->nodes[i]);
        return devices;
}

static uint32_t in_use(const struct state *state, const char *name)
{
        uint32_t gpus = 0;

        for (size_t i = 0; i < state->n_open; i++) {
                const struct job *job = state_open_job(state, i);

                if (job->state == OFFPEAK_JOB_ACTIVE && is_named(&job->spec, name))
                        gpus += claim_gpus(state, job, job->attempt.mode);
        }
        return gpus;
}

static int add(struct quotas *quotas, const struct state *state, const struct now *now,
               const struct offpeak_job_spec *spec)
{
        struct plan_limit *limit = &quotas->limits[quotas->n];
        struct plan_limit_step *step = calloc(1, sizeof(*step));
        char *name = name_of(spec);
        uint32_t least;

        if (step == NULL || name == NULL) {
                free(step);
                free(name);
                return OFFPEAK_ENOMEM;
        }
        least = in_use(state, name);
        *step = (struct plan_limit_step){ now->wall, devices_with(state, now, spec) };
        if (step->gpus < least)
                step->gpus = least;
        *limit = (struct plan_limit){ .name = name, .steps = step, .n_steps = 1 };
        quotas->n++;
        return 0;
}

int pools_add(struct quotas *quotas, const struct state *state, const struct now *now, const struct job *candidate)
{
        int code = 0;

        if (candidate != NULL)
                return candidate->spec.n_features > 0 && quotas->n < PLAN_MAX_LIMITS
                               ? add(quotas, state, now, &candidate->spec)
                               : 0;
        for (size_t i = 0; code == 0 && i < state->n_open && quotas->n < PLAN_MAX_LIMITS; i++) {
                const struct offpeak_job_spec *spec = &state_open_job(state, i)->spec;

                if (spec->n_features > 0 && pools_bit(quotas, spec) == 0)
                        code = add(quotas, state, now, spec);
        }
        return code;
}

uint64_t pools_bit(const struct quotas *quotas, const struct offpeak_job_spec *spec)
{
        for (size_t l = quotas->n_classes; l < quotas->n; l++)
                if (is_named(spec, quotas->limits[l].name))
                        return UINT64_C(1) << l;
        return 0;
}
