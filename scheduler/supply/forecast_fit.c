/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forecast_fit.c - a grid of days and slots -> a view of it from one day, values bent -> a fit for one lead.
 */
#include "supply/forecast_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR    INT64_C(3600)
#define DAY     (24 * HOUR)
#define QUARTER INT64_C(900)

enum {
        WEEK_DAYS = 7,
        SHORT_DAYS = 56,
        LONG_DAYS = 84,
        ENOUGH_ROWS = 14, /* of a slot, for a fit */
        N = FIT_REGRESSORS,
};

_Static_assert(FIT_GRID_DAYS >= FIT_TEST_DAYS + FORECAST_LEADS + LONG_DAYS + FORECAST_LEADS + WEEK_DAYS,
               "a test's first fit has its whole past");

/* ---- the grid */

double fit_grid_value(const struct fit_grid *grid, int day, int slot)
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

void fit_grid_finish(struct fit_grid *grid)
{
        free(grid->value);
        free(grid->weekday);
}

/* 0 is Monday; 1970-01-01 was a Thursday. */
static int weekday_of(const struct fit_grid *grid, int day, int slot)
{
        int64_t local = grid->start + day * DAY + slot * grid->step + grid->east_s;
        int64_t days = (local - (local % DAY + DAY) % DAY) / DAY;

        return (int)(((days + 3) % 7 + 7) % 7);
}

int fit_grid_init(struct fit_grid *grid, const struct series *series, const struct forecast_request *request)
{
        grid->start = request->origin - FIT_GRID_DAYS * DAY;
        grid->step = step_of(series, grid->start, request->origin);
        grid->slots = (int)(DAY / grid->step);
        grid->east_s = request->east_s;
        grid->value = calloc((size_t)(FIT_GRID_DAYS * grid->slots), sizeof(*grid->value));
        grid->weekday = calloc((size_t)(FIT_GRID_DAYS * grid->slots), sizeof(*grid->weekday));
        if (grid->value == NULL || grid->weekday == NULL) {
                fit_grid_finish(grid);
                return OFFPEAK_ENOMEM;
        }
        for (int i = 0; i < FIT_GRID_DAYS * grid->slots; i++) {
                grid->value[i] = mean_over(series, grid->start + i * grid->step, grid->start + (i + 1) * grid->step);
                grid->weekday[i] = (unsigned char)weekday_of(grid, 0, i);
        }
        return 0;
}

double fit_grid_naive(const struct fit_grid *grid, int origin, int slot)
{
        double day = fit_grid_value(grid, origin - 1, slot), week = fit_grid_value(grid, origin - WEEK_DAYS, slot);

        return !isnan(day) ? day : !isnan(week) ? week : mean_of(grid->value, origin * grid->slots, 1, 1);
}

/* ---- bent values */

/* Straight within BEND of the median, as the logarithm beyond: a spike counts, but not for a hundred hours. */
static double bend(double z)
{
        double a = fabs(z);

        return isnan(z) || a <= FIT_BEND ? z : copysign(FIT_BEND + log(a - FIT_BEND + 1), z);
}

static double unbend(double z)
{
        double a = fabs(z);

        return isnan(z) || a <= FIT_BEND ? z : copysign(FIT_BEND - 1 + exp(a - FIT_BEND), z);
}

/* The k-th smallest of n values, which are put in another order (Hoare's selection). */
static double select_of(double *values, int n, int k)
{
        int low = 0, high = n - 1;

        while (low < high) {
                double pivot = values[low + (high - low) / 2];
                int i = low, j = high;

                while (i <= j) {
                        while (values[i] < pivot)
                                i++;
                        while (values[j] > pivot)
                                j--;
                        if (i <= j) {
                                double swap = values[i];

                                values[i++] = values[j];
                                values[j--] = swap;
                        }
                }
                if (k <= j)
                        high = j;
                else if (k >= i)
                        low = i;
                else
                        break;
        }
        return values[k];
}

/*
 * Median and scale of the values in [first, origin): the median distance from it, as the standard deviation of normal noise would
 * have it; where more than half the values are alike, the mean distance.
 */
static void measure_scale(struct fit_view *view, int first)
{
        const struct fit_grid *grid = view->grid;
        double mean = 0, distance;
        int n = 0;

        view->middle = 0;
        view->scale = 1;
        for (int i = first * grid->slots; i < view->origin * grid->slots; i++)
                if (!isnan(grid->value[i]))
                        view->room[n++] = grid->value[i];
        if (n == 0)
                return;
        view->middle = select_of(view->room, n, n / 2);
        for (int i = 0; i < n; i++) {
                view->room[i] = fabs(view->room[i] - view->middle);
                mean += view->room[i] / n;
        }
        distance = select_of(view->room, n, n / 2);
        if (distance > 0)
                view->scale = distance / 0.6745;
        else if (mean > 0)
                view->scale = mean;
}

/* ---- the view */

void fit_view_finish(struct fit_view *view)
{
        free(view->value);
        free(view->shape);
        free(view->profile);
        free(view->room);
}

int fit_view_init(struct fit_view *view, const struct fit_grid *grid)
{
        size_t n = (size_t)((FIT_GRID_DAYS + 1) * grid->slots);

        *view = (struct fit_view){ .grid = grid };
        view->value = calloc(n, sizeof(*view->value));
        view->shape = calloc(n, sizeof(*view->shape));
        view->profile = calloc(n, sizeof(*view->profile));
        view->room = calloc(n, sizeof(*view->room));
        if (view->value != NULL && view->shape != NULL && view->profile != NULL && view->room != NULL)
                return 0;
        fit_view_finish(view);
        return OFFPEAK_ENOMEM;
}

/* What the day `day` knows as an origin. */
static void summarise(struct fit_view *view, int day)
{
        int slots = view->grid->slots;
        const double *week = &view->value[(day - WEEK_DAYS) * slots], *last = &view->value[(day - 1) * slots];
        double *shape = &view->shape[day * slots], *profile = &view->profile[day * slots];

        view->week[day] = mean_of(week, WEEK_DAYS * slots, 1, WEEK_DAYS * slots / 2);
        view->day[day] = mean_of(last, slots, 1, slots / 2);
        if (isnan(view->day[day]))
                view->day[day] = view->week[day];
        for (int slot = 0; slot < slots; slot++) {
                profile[slot] = mean_of(week + slot, WEEK_DAYS, slots, 1) - view->week[day];
                if (isnan(profile[slot]))
                        profile[slot] = 0;
                shape[slot] = isnan(last[slot]) ? profile[slot] : last[slot] - view->day[day];
        }
}

void fit_view_set(struct fit_view *view, int origin)
{
        const struct fit_grid *grid = view->grid;
        int first = origin - LONG_DAYS - FORECAST_LEADS - WEEK_DAYS;

        if (first < 0)
                first = 0;
        view->origin = origin;
        view->low = view->high = 0;
        measure_scale(view, first);
        for (int i = first * grid->slots; i < origin * grid->slots; i++) {
                view->value[i] = bend((grid->value[i] - view->middle) / view->scale);
                view->low = view->value[i] < view->low ? view->value[i] : view->low;
                view->high = view->value[i] > view->high ? view->value[i] : view->high;
        }
        view->first = first;
        for (int day = first; day <= origin; day++) {
                if (day - first < WEEK_DAYS)
                        view->week[day] = NAN; /* what it would be made of is not in the view */
                else
                        summarise(view, day);
        }
}

/* The origin's level must be known. */
static void regressors_of(const struct fit_view *view, int origin, int weekday, int slot, double *x)
{
        x[0] = weekday == 5;
        x[1] = weekday == 6;
        x[2] = view->day[origin];
        x[3] = view->week[origin];
        x[4] = view->shape[origin * view->grid->slots + slot];
        x[5] = view->profile[origin * view->grid->slots + slot];
}

/* ---- the fit */

/* Sums over the rows of one slot: of each value, and of each product of two; the last value is what is explained. */
struct sums {
        int n;
        double of[N + 1], products[N + 1][N + 1];
};

/* Normal equations of all slots together, each about its own means. */
struct equations {
        double a[N][N], b[N];
        double mean[FIT_MOST_SLOTS][N + 1];
        bool known; /* each slot has rows enough */
};

static void add_row(struct sums *sums, const double *row)
{
        sums->n++;
        for (int i = 0; i <= N; i++) {
                sums->of[i] += row[i];
                for (int j = 0; j <= i; j++)
                        sums->products[i][j] += row[i] * row[j];
        }
}

static void add_slot(struct equations *equations, const struct sums *sums, int slot)
{
        double *mean = equations->mean[slot];

        if (sums->n < ENOUGH_ROWS) {
                equations->known = false;
                return;
        }
        for (int i = 0; i <= N; i++)
                mean[i] = sums->of[i] / sums->n;
        for (int i = 0; i < N; i++) {
                for (int j = 0; j <= i; j++)
                        equations->a[i][j] += sums->products[i][j] - sums->of[i] * mean[j];
                equations->b[i] += sums->products[N][i] - sums->of[N] * mean[i];
        }
}

/* Cholesky, a regressor at a time; one that is told by those before it is left out. */
static void solve(double a[N][N], const double *b, double *ret_x)
{
        double l[N][N] = { 0 }, y[N] = { 0 };

        for (int i = 0; i < N; i++) {
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
        for (int i = N - 1; i >= 0; i--) {
                double sum = y[i];

                for (int j = i + 1; j < N; j++)
                        sum -= l[j][i] * ret_x[j];
                ret_x[i] = l[i][i] > 0 ? sum / l[i][i] : 0;
        }
}

/* A share of the fit that these equations give, added to it. */
static void add_solution(struct equations *equations, int slots, double share, struct fit *fit)
{
        double weight[N] = { 0 };

        solve(equations->a, equations->b, weight);
        for (int i = 0; i < N; i++)
                fit->weight[i] += share * weight[i];
        for (int slot = 0; slot < slots; slot++) {
                double level = equations->mean[slot][N];

                for (int i = 0; i < N; i++)
                        level -= weight[i] * equations->mean[slot][i];
                fit->level[slot] += share * level;
        }
}

/* From the newest day back, so that the short window's sums are on the way to the long one's. */
static void add_rows(const struct fit_view *view, int lead, int slot, struct equations *recent, struct equations *all)
{
        struct sums sums = { 0 };
        double row[N + 1];

        for (int back = 1; back <= LONG_DAYS; back++) {
                int day = view->origin - back, origin = day - lead + 1, at = day * view->grid->slots + slot;

                if (origin >= view->first + WEEK_DAYS && !isnan(view->value[at]) && !isnan(view->week[origin])) {
                        regressors_of(view, origin, view->grid->weekday[at], slot, row);
                        row[N] = view->value[at];
                        add_row(&sums, row);
                }
                if (back == SHORT_DAYS)
                        add_slot(recent, &sums, slot);
        }
        add_slot(all, &sums, slot);
}

void fit_make(const struct fit_view *view, int lead, struct fit *fit)
{
        struct equations recent = { .known = true }, all = { .known = true };

        memset(fit, 0, sizeof(*fit));
        for (int slot = 0; slot < view->grid->slots && all.known; slot++)
                add_rows(view, lead, slot, &recent, &all);
        fit->known = all.known;
        if (!fit->known)
                return;
        add_solution(&all, view->grid->slots, recent.known ? 0.5 : 1, fit);
        if (recent.known)
                add_solution(&recent, view->grid->slots, 0.5, fit);
}

/* The fit alone. */
static double fitted(const struct fit *fit, const struct fit_view *view, int day, int slot)
{
        double x[N], z;

        regressors_of(view, view->origin, weekday_of(view->grid, day, slot), slot, x);
        z = fit->level[slot];
        for (int i = 0; i < N; i++)
                z += fit->weight[i] * x[i];
        z = fmin(fmax(z, view->low - 1), view->high + 1);
        return view->middle + view->scale * unbend(z);
}

double fit_at(const struct fit *fit, const struct fit_view *view, int day, int slot)
{
        double last = fit_grid_value(view->grid, view->origin - 1, slot),
               week = fit_grid_value(view->grid, day - WEEK_DAYS, slot), alone;

        if (!fit->known || isnan(view->week[view->origin]))
                return NAN;
        alone = fitted(fit, view, day, slot);
        return 0.8 * alone + 0.1 * (isnan(last) ? alone : last) + 0.1 * (isnan(week) ? alone : week);
}
