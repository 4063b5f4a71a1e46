/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast_use.h - the forecast that plans go by: the method that its back-test on the series' own past chose, and how far it
 * may be off. Some 15 ms: for a worker thread, not for a loop.
 */
#ifndef OFFPEAK_SUPPLY_FORECAST_USE_H
#define OFFPEAK_SUPPLY_FORECAST_USE_H

#include "supply/forecast.h"

struct forecast_use {
        enum forecast_method method; /* naive: there is no `value`, and the last known day is repeated (series_fill) */
        struct series value;         /* owned; over [origin, to) */
        struct series spread;        /* owned; its 0.9 quantile over its median, never negative; SERIES_UNKNOWN: too few errors */
        bool compared;               /* both methods were tried; else the past is too short and the errors are 0 */
        double naive_error, regression_error; /* mean absolute errors over days 1 to 7, in the series' unit */
};

/*
 * What is before the origin is known; [origin, to) is forecast. east_s: of the clock that Saturday and Sunday go by, seconds
 * east of UTC. ENOMEM, EINVAL (to is not after the origin); ret_use is written on success only, and then the caller's.
 */
int forecast_use_make(const struct series *series, int64_t origin, int64_t to, int64_t east_s, struct forecast_use *ret_use);
int forecast_use_copy(const struct forecast_use *use, struct forecast_use *ret_use);
void forecast_use_finish(struct forecast_use *use); /* leaves it empty */

#endif
