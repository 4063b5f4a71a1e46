/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast.c - the errors of fits made in the past (forecast_fit.h), and what follows from them.
 *
 *   test    both methods' errors at each slot of the last weeks, each from an origin of its own
 *   choose  whose are smaller
 *   make    fits at the grid's end, and quantiles of the errors
 */
#include "supply/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "supply/forecast_fit.h"

#define DAY INT64_C(86400)

enum {
        ENOUGH_BY_SLOT = 14,
        ENOUGH_DAYS = 3,   /* of errors, to pool them */
        ENOUGH_TESTED = 7, /* days of errors, to compare */
};

/* Errors (value less forecast) by lead, target day and slot; NAN where there is none. */
struct test {
        double *naive, *regression; /* [FORECAST_LEADS][FIT_TEST_DAYS][slots]; owned */
};

/* ---- the test */

static double *errors_of(double *errors, const struct fit_grid *grid, int lead)
{
        return errors + (lead - 1) * FIT_TEST_DAYS * grid->slots;
}

static void test_finish(struct test *test)
{
        free(test->naive);
        free(test->regression);
}

/* The errors of the forecasts made at one origin, of the days that are tested. */
static void test_origin(struct test *test, const struct fit_view *view)
{
        const struct fit_grid *grid = view->grid;

        for (int lead = 1; lead <= FORECAST_LEADS; lead++) {
                int day = view->origin + lead - 1, i = day - (FIT_GRID_DAYS - FIT_TEST_DAYS);
                double *naive, *regression;
                struct fit fit;

                if (i < 0 || day >= FIT_GRID_DAYS)
                        continue;
                naive = errors_of(test->naive, grid, lead) + i * grid->slots;
                regression = errors_of(test->regression, grid, lead) + i * grid->slots;
                fit_make(view, lead, &fit);
                for (int slot = 0; slot < grid->slots; slot++) {
                        naive[slot] = fit_grid_value(grid, day, slot) - fit_grid_naive(grid, view->origin, slot);
                        regression[slot] = fit_grid_value(grid, day, slot) - fit_at(&fit, view, day, slot);
                }
        }
}

static int test_init(struct test *test, const struct fit_grid *grid)
{
        size_t n = (size_t)(FORECAST_LEADS * FIT_TEST_DAYS * grid->slots);
        struct fit_view view = { .grid = NULL };
        int code = fit_view_init(&view, grid);

        test->naive = calloc(n, sizeof(*test->naive));
        test->regression = calloc(n, sizeof(*test->regression));
        if (code != 0 || test->naive == NULL || test->regression == NULL) {
                if (code == 0)
                        fit_view_finish(&view);
                test_finish(test);
                return OFFPEAK_ENOMEM;
        }
        for (int origin = FIT_GRID_DAYS - FIT_TEST_DAYS - FORECAST_LEADS + 1; origin < FIT_GRID_DAYS; origin++) {
                fit_view_set(&view, origin);
                test_origin(test, &view);
        }
        fit_view_finish(&view);
        return 0;
}

/* The mean absolute errors of one lead where both have one. False: too few. */
static bool compare(const struct test *test, const struct fit_grid *grid, int lead, double *ret_naive, double *ret_regression)
{
        const double *naive = errors_of(test->naive, grid, lead), *regression = errors_of(test->regression, grid, lead);
        int n = 0;

        *ret_naive = *ret_regression = 0;
        for (int i = 0; i < FIT_TEST_DAYS * grid->slots; i++) {
                if (isnan(naive[i]) || isnan(regression[i]))
                        continue;
                *ret_naive += fabs(naive[i]);
                *ret_regression += fabs(regression[i]);
                n++;
        }
        if (n < ENOUGH_TESTED * grid->slots)
                return false;
        *ret_naive /= n;
        *ret_regression /= n;
        return true;
}

int forecast_choose(const struct series *series, const struct forecast_request *request, struct forecast_choice *ret_choice)
{
        struct forecast_choice choice = { .method = FORECAST_NAIVE, .compared = true };
        struct fit_grid grid;
        struct test test;

        if (fit_grid_init(&grid, series, request) != 0)
                return OFFPEAK_ENOMEM;
        if (test_init(&test, &grid) != 0) {
                fit_grid_finish(&grid);
                return OFFPEAK_ENOMEM;
        }
        for (int i = 0; i < FORECAST_LEADS && choice.compared; i++) {
                choice.compared = compare(&test, &grid, i + 1, &choice.naive[i], &choice.regression[i]);
                choice.naive_mean += choice.naive[i] / FORECAST_LEADS;
                choice.regression_mean += choice.regression[i] / FORECAST_LEADS;
        }
        if (!choice.compared)
                choice = (struct forecast_choice){ .method = FORECAST_NAIVE };
        else if (choice.regression_mean < choice.naive_mean)
                choice.method = FORECAST_REGRESSION;
        test_finish(&test);
        fit_grid_finish(&grid);
        *ret_choice = choice;
        return 0;
}

/* ---- the forecast */

/* For each lead and slot what is added to the forecast for one quantile; NAN: not known. */
typedef double table[FORECAST_LEADS][FIT_MOST_SLOTS];

static int ascending(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/*
 * How much of a distribution the quantile of n errors of one lead must leave below it for `quantile` of what comes to be below
 * it. Of n errors and one more each rank is as likely to be the new one's: quantile (n + 1) / n of the n. And the errors of days
 * side by side have all but one of their days ahead in common, so that n of them tell as much as fewer: 2 n / (lead + 1) are
 * counted, half way between n and the n / lead of a random walk.
 */
static double widened(double quantile, int n, int lead)
{
        double upper = quantile >= 0.5 ? quantile : 1 - quantile, wide;

        if (upper == 0.5)
                return quantile;
        wide = fmin(1, upper * (1 + (lead + 1) / (2.0 * n)));
        return quantile >= 0.5 ? wide : 1 - wide;
}

/*
 * The quantile of those of n values at a stride that are not NAN, in between two of them in proportion; NAN if they are fewer
 * than enough. each: how many of the values are one day's. room: for n.
 */
static double quantile_of(const double *values, int n, int stride, int enough, double quantile, int lead, int each,
                          double *room)
{
        double rank;
        int known = 0, below;

        for (int i = 0; i < n; i++)
                if (!isnan(values[i * stride]))
                        room[known++] = values[i * stride];
        if (known < enough)
                return NAN;
        qsort(room, (size_t)known, sizeof(*room), ascending);
        rank = widened(quantile, known / each > 0 ? known / each : 1, lead) * known;
        below = (int)rank;
        if (below < 1)
                return room[0];
        if (below >= known)
                return room[known - 1];
        return room[below - 1] + (rank - below) * (room[below] - room[below - 1]);
}

static void make_quantiles(double *errors, const struct fit_grid *grid, double quantile, double *room, table ret_table)
{
        int n = FIT_TEST_DAYS * grid->slots;

        for (int lead = 1; lead <= FORECAST_LEADS; lead++) {
                const double *all = errors_of(errors, grid, lead);
                double pooled = quantile_of(all, n, 1, ENOUGH_DAYS * grid->slots, quantile, lead, grid->slots, room);

                for (int slot = 0; slot < grid->slots; slot++) {
                        double own = quantile_of(all + slot, FIT_TEST_DAYS, grid->slots, ENOUGH_BY_SLOT, quantile, lead, 1,
                                                 room);

                        ret_table[lead - 1][slot] = isnan(own) ? pooled : own;
                }
        }
}

static int64_t to_value(double value, enum series_kind kind)
{
        if (isnan(value))
                return SERIES_UNKNOWN;
        if (value < 0 && kind != SERIES_PRICE && kind != (enum series_kind)SERIES_EXPORT_PRICE)
                return 0;
        return value >= 0x1p62 ? INT64_C(1) << 62 : value <= -0x1p62 ? -(INT64_C(1) << 62) : llround(value);
}

/* values: of the grid's slots from the origin on, added to them what `add` says. */
static int make_series(const struct series *series, const struct forecast_request *request, const struct fit_grid *grid,
                       const double *values, table *add, struct series *ret_series)
{
        struct series out;
        int code;

        series_init(&out, series->kind);
        code = series_set_names(&out, series->site, series->source);
        out.issued = series->issued;
        out.version = series->version;
        for (int64_t i = 0; code == 0 && request->origin + i * grid->step < request->to; i++) {
                int64_t lead = i / grid->slots < FORECAST_LEADS ? i / grid->slots : FORECAST_LEADS - 1;
                double more = add != NULL ? (*add)[lead][i % grid->slots] : 0;
                int64_t value = to_value(values[i] + more, series->kind);

                if (out.n_points == 0 || out.points[out.n_points - 1].value != value)
                        code = series_append(&out, request->origin + i * grid->step, value);
        }
        out.end = request->to;
        if (code != 0)
                series_finish(&out);
        else
                *ret_series = out;
        return code;
}

/* The forecast of each slot until request->to, by the method that this can be done by. */
static int make_values(const struct forecast_request *request, const struct fit_grid *grid, int64_t n, double *values,
                       enum forecast_method *ret_method)
{
        struct fit fits[FORECAST_LEADS];
        struct fit_view view;
        bool regress = request->method == FORECAST_REGRESSION;

        if (fit_view_init(&view, grid) != 0)
                return OFFPEAK_ENOMEM;
        fit_view_set(&view, FIT_GRID_DAYS);
        for (int i = 0; i < FORECAST_LEADS && regress; i++) {
                fit_make(&view, i + 1, &fits[i]);
                regress = fits[i].known && !isnan(fit_at(&fits[i], &view, FIT_GRID_DAYS, 0));
        }
        for (int64_t i = 0; i < n; i++) {
                int day = (int)(i / grid->slots % FORECAST_LEADS), slot = (int)(i % grid->slots);

                values[i] = regress ? fit_at(&fits[day], &view, FIT_GRID_DAYS + day, slot)
                                    : fit_grid_naive(grid, FIT_GRID_DAYS, slot);
        }
        fit_view_finish(&view);
        *ret_method = regress ? FORECAST_REGRESSION : FORECAST_NAIVE;
        return 0;
}

static int make_quantile_series(const struct series *series, const struct forecast_request *request,
                                const struct fit_grid *grid, const double *values, struct forecast *forecast)
{
        double *room = calloc((size_t)(FIT_TEST_DAYS * grid->slots), sizeof(*room));
        table *add = calloc(1, sizeof(*add));
        struct test test = { 0 };
        int code = room != NULL && add != NULL ? test_init(&test, grid) : OFFPEAK_ENOMEM;

        if (code == 0) {
                for (size_t i = 0; code == 0 && i < request->n_quantiles; i++) {
                        make_quantiles(forecast->method == FORECAST_NAIVE ? test.naive : test.regression, grid,
                                       request->quantiles[i], room, *add);
                        code = make_series(series, request, grid, values, add, &forecast->quantiles[i]);
                        forecast->n_quantiles += code == 0;
                }
                test_finish(&test);
        }
        free(room);
        free(add);
        return code;
}

static bool is_valid(const struct forecast_request *request)
{
        if (request->to <= request->origin || request->n_quantiles > FORECAST_MAX_QUANTILES)
                return false;
        for (size_t i = 0; i < request->n_quantiles; i++)
                if (!(request->quantiles[i] > 0 && request->quantiles[i] <= 1))
                        return false;
        return request->method == FORECAST_NAIVE || request->method == FORECAST_REGRESSION;
}

int forecast_make(const struct series *series, const struct forecast_request *request, struct forecast *ret_forecast)
{
        struct forecast forecast = { 0 };
        double *values = NULL;
        struct fit_grid grid;
        int64_t n;
        int code;

        if (!is_valid(request))
                return OFFPEAK_EINVAL;
        if (fit_grid_init(&grid, series, request) != 0)
                return OFFPEAK_ENOMEM;
        n = (request->to - request->origin + grid.step - 1) / grid.step;
        values = calloc((size_t)n, sizeof(*values));
        code = values != NULL ? 0 : OFFPEAK_ENOMEM;
        if (code == 0)
                code = make_values(request, &grid, n, values, &forecast.method);
        if (code == 0)
                code = make_series(series, request, &grid, values, NULL, &forecast.value);
        if (code == 0 && request->n_quantiles > 0)
                code = make_quantile_series(series, request, &grid, values, &forecast);
        free(values);
        fit_grid_finish(&grid);
        if (code != 0)
                forecast_finish(&forecast);
        else
                *ret_forecast = forecast;
        return code;
}

void forecast_finish(struct forecast *forecast)
{
        series_finish(&forecast->value);
        for (size_t i = 0; i < forecast->n_quantiles; i++)
                series_finish(&forecast->quantiles[i]);
        *forecast = (struct forecast){ 0 };
}

const char *forecast_method_name(enum forecast_method method)
{
        return method == FORECAST_REGRESSION ? "regression" : method == FORECAST_NAIVE ? "naive" : "unknown";
}
