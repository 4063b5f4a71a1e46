/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast.c - a grid of days and slots, a fit for each lead, the errors of fits made in the past.
 *
 *   grid    the past before the origin: days that end there, slots of a day, NAN for a hole
 *   fit     of one lead, from the days before one day of the grid: that day is its origin, and no later one is read
 *   test    both methods' errors at each slot of the last weeks, each from an origin of its own
 *   make    fits at the grid's end, and quantiles of the errors
 */
#include "supply/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR    INT64_C(3600)
#define DAY     (24 * HOUR)
#define QUARTER INT64_C(900)

enum {
        WEEK_DAYS = 7,
        FIT_DAYS = 56,
        TEST_DAYS = 28,
        /* a test's first fit has its whole past */
        GRID_DAYS = TEST_DAYS + FORECAST_LEADS + FIT_DAYS + FORECAST_LEADS + WEEK_DAYS,
        ENOUGH_ROWS = 14,  /* of a slot, for a fit */
        ENOUGH_BY_SLOT = 14,
        ENOUGH_DAYS = 3,   /* of errors, to pool them */
        ENOUGH_TESTED = 7, /* days of errors, to compare */
        MOST_SLOTS = 96,
        N_REGRESSORS = 6,
};

struct grid {
        int64_t start; /* of day 0; day GRID_DAYS begins at the origin */
        int64_t step;
        int64_t east_s;
        int slots;
        double *value;                /* [GRID_DAYS][slots]; owned */
        double *profile;              /* [GRID_DAYS + 1][slots]: mean of the slot over the week before that day; owned */
        double day[GRID_DAYS + 1];    /* mean of the day before */
        double week[GRID_DAYS + 1];   /* mean of the week before */
        double mean;                  /* of all */
};

struct fit {
        bool known;
        double weight[N_REGRESSORS];
        double level[MOST_SLOTS];
};

/* Errors (value less forecast) by lead, target day and slot; NAN where there is none. */
struct test {
        double *naive, *regression; /* [FORECAST_LEADS][TEST_DAYS][slots]; owned */
};

/* ---- the grid */

static double value_in(const struct grid *grid, int day, int slot)
{
        return day >= 0 ? grid->value[day * grid->slots + slot] : NAN;
}

/* Mean over [from, to); NAN if not all of it is known. */
static double mean_over(const struct series *series, int64_t from, int64_t to)
{
        double sum = 0;

        for (int64_t t = from, until; t < to; t = until) {
                int64_t value = series_at(series, t);

                if (value == SERIES_UNKNOWN)
                        return NAN;
                until = series_next_edge(series, t);
                if (until > to)
                        until = to;
                sum += (double)value * (double)(until - t);
        }
        return sum / (double)(to - from);
}

/* An hour, or a quarter of one if the value changes in between two full hours from the origin. */
static int64_t step_of(const struct series *series, int64_t start, int64_t origin)
{
        for (int64_t t = series_next_edge(series, start); t < origin; t = series_next_edge(series, t))
                if ((origin - t) % HOUR != 0)
                        return QUARTER;
        return HOUR;
}

/* Mean of n values that are not NAN, at a stride; NAN if they are fewer than enough. */
static double mean_of(const double *values, int n, int stride, int enough)
{
        double sum = 0;
        int known = 0;

        for (int i = 0; i < n; i++)
                if (!isnan(values[i * stride])) {
                        sum += values[i * stride];
                        known++;
                }
        return known > 0 && known >= enough ? sum / known : NAN;
}

static void summarise(struct grid *grid)
{
        int slots = grid->slots;

        grid->mean = mean_of(grid->value, GRID_DAYS * slots, 1, 1);
        for (int day = 0; day <= GRID_DAYS; day++) {
                int first = day < WEEK_DAYS ? 0 : day - WEEK_DAYS;
                const double *week = &grid->value[first * slots];

                grid->day[day] = grid->week[day] = NAN;
                for (int slot = 0; slot < slots; slot++)
                        grid->profile[day * slots + slot] = mean_of(week + slot, day - first, slots, 1);
                if (day < WEEK_DAYS)
                        continue;
                grid->week[day] = mean_of(week, WEEK_DAYS * slots, 1, WEEK_DAYS * slots / 2);
                grid->day[day] = mean_of(&grid->value[(day - 1) * slots], slots, 1, slots / 2);
                if (isnan(grid->day[day]))
                        grid->day[day] = grid->week[day];
        }
}

static void grid_finish(struct grid *grid)
{
        free(grid->value);
        free(grid->profile);
}

static int grid_init(struct grid *grid, const struct series *series, const struct forecast_request *request)
{
        grid->start = request->origin - GRID_DAYS * DAY;
        grid->step = step_of(series, grid->start, request->origin);
        grid->slots = (int)(DAY / grid->step);
        grid->east_s = request->east_s;
        grid->value = calloc((size_t)(GRID_DAYS * grid->slots), sizeof(*grid->value));
        grid->profile = calloc((size_t)((GRID_DAYS + 1) * grid->slots), sizeof(*grid->profile));
        if (grid->value == NULL || grid->profile == NULL) {
                grid_finish(grid);
                return OFFPEAK_ENOMEM;
        }
        for (int i = 0; i < GRID_DAYS * grid->slots; i++)
                grid->value[i] = mean_over(series, grid->start + i * grid->step, grid->start + (i + 1) * grid->step);
        summarise(grid);
        return 0;
}

/* ---- the two methods */

/* Whatever the lead: the day before the origin, as series_fill repeats it. NAN if nothing is known at all. */
static double naive_of(const struct grid *grid, int origin, int slot)
{
        double day = value_in(grid, origin - 1, slot), week = value_in(grid, origin - WEEK_DAYS, slot);

        return !isnan(day) ? day : !isnan(week) ? week : mean_of(grid->value, origin * grid->slots, 1, 1);
}

/* 0 is Monday; 1970-01-01 was a Thursday. */
static int weekday_of(const struct grid *grid, int day, int slot)
{
        int64_t local = grid->start + day * DAY + slot * grid->step + grid->east_s;
        int64_t days = (local - (local % DAY + DAY) % DAY) / DAY;

        return (int)(((days + 3) % 7 + 7) % 7);
}

/* False: the level is not known. */
static bool regressors_of(const struct grid *grid, int origin, int day, int slot, double *x)
{
        double last = value_in(grid, origin - 1, slot), profile = grid->profile[origin * grid->slots + slot];
        int weekday = weekday_of(grid, day, slot);

        if (isnan(grid->week[origin]))
                return false;
        x[0] = weekday == 5;
        x[1] = weekday == 6;
        x[2] = grid->day[origin];
        x[3] = grid->week[origin];
        x[5] = isnan(profile) ? 0 : profile - grid->week[origin];
        x[4] = isnan(last) ? x[5] : last - grid->day[origin];
        return true;
}

/* Cholesky, a regressor at a time; one that is told by those before it is left out. */
static void solve(double a[N_REGRESSORS][N_REGRESSORS], const double *b, double *ret_x)
{
        double l[N_REGRESSORS][N_REGRESSORS] = { 0 }, y[N_REGRESSORS] = { 0 };

        for (int i = 0; i < N_REGRESSORS; i++) {
                double pivot = a[i][i];

                for (int j = 0; j < i; j++) {
                        double sum = a[i][j];

                        for (int k = 0; k < j; k++)
                                sum -= l[i][k] * l[j][k];
                        l[i][j] = l[j][j] > 0 ? sum / l[j][j] : 0;
                        pivot -= l[i][j] * l[i][j];
                }
                if (pivot <= 1e-9 * a[i][i]) /* also if it never varies */
                        continue;
                l[i][i] = sqrt(pivot);
                y[i] = b[i];
                for (int j = 0; j < i; j++)
                        y[i] -= l[i][j] * y[j];
                y[i] /= l[i][i];
        }
        for (int i = N_REGRESSORS - 1; i >= 0; i--) {
                double sum = y[i];

                for (int j = i + 1; j < N_REGRESSORS; j++)
                        sum -= l[j][i] * ret_x[j];
                ret_x[i] = l[i][i] > 0 ? sum / l[i][i] : 0;
        }
}

/* The rows of one slot: their mean, and their moments about it added to a and b. False: too few. */
static bool add_slot(const struct grid *grid, int origin, int lead, int slot, double *ret_mean,
                     double a[N_REGRESSORS][N_REGRESSORS], double *b)
{
        double rows[FIT_DAYS][N_REGRESSORS + 1], *mean = ret_mean;
        int n = 0;

        memset(mean, 0, (N_REGRESSORS + 1) * sizeof(*mean));
        for (int day = origin - FIT_DAYS; day < origin; day++) {
                double *row = rows[n];

                if (day - lead + 1 < WEEK_DAYS || isnan(value_in(grid, day, slot)) ||
                    !regressors_of(grid, day - lead + 1, day, slot, row))
                        continue;
                row[N_REGRESSORS] = value_in(grid, day, slot);
                for (int i = 0; i <= N_REGRESSORS; i++)
                        mean[i] += row[i];
                n++;
        }
        if (n < ENOUGH_ROWS)
                return false;
        for (int i = 0; i <= N_REGRESSORS; i++)
                mean[i] /= n;
        for (int r = 0; r < n; r++)
                for (int i = 0; i < N_REGRESSORS; i++) {
                        double x = rows[r][i] - mean[i];

                        for (int j = 0; j <= i; j++)
                                a[i][j] += x * (rows[r][j] - mean[j]);
                        b[i] += x * (rows[r][N_REGRESSORS] - mean[N_REGRESSORS]);
                }
        return true;
}

static void fit_make(const struct grid *grid, int origin, int lead, struct fit *fit)
{
        double a[N_REGRESSORS][N_REGRESSORS] = { 0 }, b[N_REGRESSORS] = { 0 };
        double means[MOST_SLOTS][N_REGRESSORS + 1];

        fit->known = true;
        for (int slot = 0; slot < grid->slots && fit->known; slot++)
                fit->known = add_slot(grid, origin, lead, slot, means[slot], a, b);
        if (!fit->known)
                return;
        solve(a, b, fit->weight);
        for (int slot = 0; slot < grid->slots; slot++) {
                fit->level[slot] = means[slot][N_REGRESSORS];
                for (int i = 0; i < N_REGRESSORS; i++)
                        fit->level[slot] -= fit->weight[i] * means[slot][i];
        }
}

/* NAN: not known. */
static double fit_at(const struct fit *fit, const struct grid *grid, int origin, int day, int slot)
{
        double x[N_REGRESSORS], value;

        if (!fit->known || !regressors_of(grid, origin, day, slot, x))
                return NAN;
        value = fit->level[slot];
        for (int i = 0; i < N_REGRESSORS; i++)
                value += fit->weight[i] * x[i];
        return value;
}

/* ---- the test */

static double *errors_of(double *errors, const struct grid *grid, int lead)
{
        return errors + (lead - 1) * TEST_DAYS * grid->slots;
}

static void test_finish(struct test *test)
{
        free(test->naive);
        free(test->regression);
}

static int test_init(struct test *test, const struct grid *grid)
{
        size_t n = (size_t)(FORECAST_LEADS * TEST_DAYS * grid->slots);

        test->naive = calloc(n, sizeof(*test->naive));
        test->regression = calloc(n, sizeof(*test->regression));
        if (test->naive == NULL || test->regression == NULL) {
                test_finish(test);
                return OFFPEAK_ENOMEM;
        }
        for (int lead = 1; lead <= FORECAST_LEADS; lead++)
                for (int i = 0; i < TEST_DAYS; i++) {
                        int day = GRID_DAYS - TEST_DAYS + i, origin = day - lead + 1;
                        double *naive = errors_of(test->naive, grid, lead) + i * grid->slots;
                        double *regression = errors_of(test->regression, grid, lead) + i * grid->slots;
                        struct fit fit;

                        fit_make(grid, origin, lead, &fit);
                        for (int slot = 0; slot < grid->slots; slot++) {
                                naive[slot] = value_in(grid, day, slot) - naive_of(grid, origin, slot);
                                regression[slot] = value_in(grid, day, slot) - fit_at(&fit, grid, origin, day, slot);
                        }
                }
        return 0;
}

/* The mean absolute errors of one lead where both have one. False: too few. */
static bool compare(const struct test *test, const struct grid *grid, int lead, double *ret_naive, double *ret_regression)
{
        const double *naive = errors_of(test->naive, grid, lead), *regression = errors_of(test->regression, grid, lead);
        int n = 0;

        *ret_naive = *ret_regression = 0;
        for (int i = 0; i < TEST_DAYS * grid->slots; i++) {
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
        struct grid grid;
        struct test test;

        if (grid_init(&grid, series, request) != 0)
                return OFFPEAK_ENOMEM;
        if (test_init(&test, &grid) != 0) {
                grid_finish(&grid);
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
        grid_finish(&grid);
        *ret_choice = choice;
        return 0;
}

/* ---- the forecast */

/* For each lead and slot what is added to the forecast for one quantile; NAN: not known. */
typedef double table[FORECAST_LEADS][MOST_SLOTS];

static int ascending(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* The quantile of those of n values at a stride that are not NAN; NAN if they are fewer than enough. room: for n. */
static double quantile_of(const double *values, int n, int stride, int enough, double quantile, double *room)
{
        int known = 0, rank;

        for (int i = 0; i < n; i++)
                if (!isnan(values[i * stride]))
                        room[known++] = values[i * stride];
        if (known < enough)
                return NAN;
        qsort(room, (size_t)known, sizeof(*room), ascending);
        rank = (int)ceil(quantile * known - 1e-9); /* 0.9 times 10 is 9 */
        return room[rank < 1 ? 0 : rank - 1];
}

static void make_quantiles(double *errors, const struct grid *grid, double quantile, double *room, table ret_table)
{
        int n = TEST_DAYS * grid->slots;

        for (int lead = 1; lead <= FORECAST_LEADS; lead++) {
                const double *all = errors_of(errors, grid, lead);
                double pooled = quantile_of(all, n, 1, ENOUGH_DAYS * grid->slots, quantile, room);

                for (int slot = 0; slot < grid->slots; slot++) {
                        double own = quantile_of(all + slot, TEST_DAYS, grid->slots, ENOUGH_BY_SLOT, quantile, room);

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
static int make_series(const struct series *series, const struct forecast_request *request, const struct grid *grid,
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
static enum forecast_method make_values(const struct forecast_request *request, const struct grid *grid, int64_t n,
                                        double *values)
{
        struct fit fits[FORECAST_LEADS];
        bool regress = request->method == FORECAST_REGRESSION && !isnan(grid->week[GRID_DAYS]);

        for (int i = 0; i < FORECAST_LEADS && regress; i++) {
                fit_make(grid, GRID_DAYS, i + 1, &fits[i]);
                regress = fits[i].known;
        }
        for (int64_t i = 0; i < n; i++) {
                int64_t day = i / grid->slots, lead = day < FORECAST_LEADS ? day : FORECAST_LEADS - 1;
                int slot = (int)(i % grid->slots);

                values[i] = regress ? fit_at(&fits[lead], grid, GRID_DAYS, GRID_DAYS + (int)day, slot)
                                    : naive_of(grid, GRID_DAYS, slot);
        }
        return regress ? FORECAST_REGRESSION : FORECAST_NAIVE;
}

static int make_quantile_series(const struct series *series, const struct forecast_request *request,
                                const struct grid *grid, const double *values, struct forecast *forecast)
{
        double *room = calloc((size_t)(TEST_DAYS * grid->slots), sizeof(*room));
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
        struct grid grid;
        int64_t n;
        int code;

        if (!is_valid(request))
                return OFFPEAK_EINVAL;
        if (grid_init(&grid, series, request) != 0)
                return OFFPEAK_ENOMEM;
        n = (request->to - request->origin + grid.step - 1) / grid.step;
        values = calloc((size_t)n, sizeof(*values));
        code = values != NULL ? 0 : OFFPEAK_ENOMEM;
        if (code == 0) {
                forecast.method = make_values(request, &grid, n, values);
                code = make_series(series, request, &grid, values, NULL, &forecast.value);
        }
        if (code == 0 && request->n_quantiles > 0)
                code = make_quantile_series(series, request, &grid, values, &forecast);
        free(values);
        grid_finish(&grid);
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
