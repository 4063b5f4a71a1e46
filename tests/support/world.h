/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - a small cluster for tests: policies, series and jobs in a line each. */
#ifndef OFFPEAK_TESTS_WORLD_H
#define OFFPEAK_TESTS_WORLD_H

#include "core/policy.h"
#include "supply/series.h"

#include <offpeak/job.h>

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

/* 2025-06-09T00:00:00Z, a Monday. */
#define WORLD_START INT64_C(1749427200)

/* One site "hanford" in EUR without limit, PUE 1; one class "default" (interruptible, start cost 0, min run 0). */
void world_policy(struct policy *ret_policy);

/* An hourly series from start: values in EUR/MWh (price), g/kWh (carbon) or W (capacity, limit). */
void world_series(struct series *ret_series, enum series_kind kind, int64_t start, const double *values, size_t n);

/* A job of `gpus` on one node for `time_s`, command "true". Finish with offpeak_job_spec_finish. */
void world_spec(struct offpeak_job_spec *ret_spec, const char *name, uint32_t gpus, int64_t time_s);

#endif
