/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/forecast_use.h"

#include <string.h>

static int put(struct series *spread, int64_t time, int64_t until, int64_t value)
{
        if ((spread->n_points == 0 || spread->points[spread->n_points - 1].value != value) &&
            series_append(spread, time, value) != 0)
                return OFFPEAK_ENOMEM;
        spread->end = until;
        return 0;
}

/* high less median, where both are known. */
static int make_spread(const struct series *median, const struct series *high, int64_t from, int64_t to, struct series *spread)
{
        int code = 0;

        for (int64_t t = from, until; code == 0 && t < to; t = until) {
                int64_t a = series_at(median, t), b = series_at(high, t), value = SERIES_UNKNOWN;
                int64_t next_a = series_next_edge(median, t), next_b = series_next_edge(high, t);

                if (a != SERIES_UNKNOWN && b != SERIES_UNKNOWN && __builtin_sub_overflow(b, a, &value))
                        value = SERIES_UNKNOWN;
                if (value != SERIES_UNKNOWN && value < 0)
                        value = 0;
                until = next_a < next_b ? next_a : next_b;
                until = until < to ? until : to;
                code = put(spread, t, until, value);
        }
        return code;
}

static int make_regression(const struct series *series, struct forecast_request *request, struct forecast_use *use)
{
        struct forecast forecast;
        int code;

        request->method = FORECAST_REGRESSION;
        request->quantiles[0] = 0.5;
        request->quantiles[1] = 0.9;
        request->n_quantiles = 2;
        code = forecast_make(series, request, &forecast);
        if (code != 0)
                return code;
        use->method = forecast.method;
        if (forecast.method == FORECAST_REGRESSION) {
                code = make_spread(&forecast.quantiles[0], &forecast.quantiles[1], request->origin, request->to, &use->spread);
                use->value = forecast.value; /* moved */
                series_init(&forecast.value, series->kind);
        }
        forecast_finish(&forecast);
        return code;
}

int forecast_use_make(const struct series *series, int64_t origin, int64_t to, int64_t east_s, struct forecast_use *ret_use)
{
        struct forecast_request request = { .origin = origin, .to = to, .east_s = east_s };
        struct forecast_use use = { .method = FORECAST_NAIVE };
        struct forecast_choice choice;
        int code = to > origin ? forecast_choose(series, &request, &choice) : OFFPEAK_EINVAL;

        if (code != 0)
                return code;
        series_init(&use.value, series->kind);
        series_init(&use.spread, series->kind);
        use.compared = choice.compared;
        use.naive_error = choice.naive_mean;
        use.regression_error = choice.regression_mean;
        if (choice.method == FORECAST_REGRESSION)
                code = make_regression(series, &request, &use);
        if (code != 0) {
                forecast_use_finish(&use);
                return code;
        }
        *ret_use = use;
        return 0;
}

int forecast_use_copy(const struct forecast_use *use, struct forecast_use *ret_use)
{
        struct forecast_use copy = *use;

        if (series_copy(&use->value, &copy.value) != 0)
                return OFFPEAK_ENOMEM;
        if (series_copy(&use->spread, &copy.spread) != 0) {
                series_finish(&copy.value);
                return OFFPEAK_ENOMEM;
        }
        *ret_use = copy;
        return 0;
}

void forecast_use_finish(struct forecast_use *use)
{
        series_finish(&use->value);
        series_finish(&use->spread);
        memset(use, 0, sizeof(*use));
}
