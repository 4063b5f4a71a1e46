/* SPDX-License-Identifier: Apache-2.0 */
#include "support/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void world_policy(struct policy *ret_policy)
{
        policy_init(ret_policy);
        ret_policy->sites = calloc(1, sizeof(*ret_policy->sites));
        ret_policy->sites[0].name = strdup("hanford");
        ret_policy->sites[0].currency = strdup("EUR");
        ret_policy->sites[0].terms.grid_limit_w = INT64_MAX;
        ret_policy->sites[0].terms.pue_ppm = 1000000;
        ret_policy->n_sites = 1;
        ret_policy->classes = calloc(1, sizeof(*ret_policy->classes));
        policy_class_defaults(&ret_policy->classes[0]);
        ret_policy->classes[0].name = strdup("default");
        ret_policy->classes[0].start_cost_s = 0;
        ret_policy->classes[0].min_run_s = 0;
        ret_policy->n_classes = 1;
}

void world_series(struct series *ret_series, enum series_kind kind, int64_t start, const double *values, size_t n)
{
        double scale = kind == SERIES_PRICE ? 1e6 : kind == SERIES_CARBON ? 1e3 : 1;

        series_init(ret_series, kind);
        series_set_names(ret_series, "hanford", "test");
        for (size_t i = 0; i < n; i++)
                series_append(ret_series, start + (int64_t)i * HOUR, (int64_t)llround(values[i] * scale));
        ret_series->end = start + (int64_t)n * HOUR;
}

void world_spec(struct offpeak_job_spec *ret_spec, const char *name, uint32_t gpus, int64_t time_s)
{
        offpeak_job_spec_init(ret_spec);
        ret_spec->name = strdup(name);
        ret_spec->argv = calloc(2, sizeof(char *));
        ret_spec->argv[0] = strdup("true");
        ret_spec->argc = 1;
        ret_spec->gpus_per_node = gpus;
        ret_spec->time_s = time_s;
}
