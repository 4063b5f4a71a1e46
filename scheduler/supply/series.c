/* SPDX-License-Identifier: Apache-2.0 */
#include "supply/series.h"

#include <stdlib.h>
#include <string.h>

#define DAY  INT64_C(86400)
#define WEEK (7 * DAY)

void series_init(struct series *series, enum series_kind kind)
{
        memset(series, 0, sizeof(*series));
        series->kind = kind;
}

void series_finish(struct series *series)
{
        free(series->site);
        free(series->source);
        free(series->points);
        series_init(series, series->kind);
}

static int copy_name(const char *name, char **ret_name)
{
        *ret_name = name != NULL ? strdup(name) : NULL;
        return name == NULL || *ret_name != NULL ? 0 : OFFPEAK_ENOMEM;
}

int series_set_names(struct series *series, const char *site, const char *source)
{
        char *new_site = NULL, *new_source = NULL;

        if (copy_name(site, &new_site) != 0 || copy_name(source, &new_source) != 0) {
                free(new_site);
                return OFFPEAK_ENOMEM;
        }
        free(series->site);
        free(series->source);
        series->site = new_site;
        series->source = new_source;
        return 0;
}

/* A copy of everything but the points. */
static int copy_frame(const struct series *series, struct series *ret_series)
{
        struct series copy = *series;

        copy.site = copy.source = NULL;
        copy.points = NULL;
        copy.n_points = copy.room = 0;
        if (series_set_names(&copy, series->site, series->source) != 0)
                return OFFPEAK_ENOMEM;
        *ret_series = copy;
        return 0;
}

int series_copy(const struct series *series, struct series *ret_series)
{
        struct series copy;

        if (copy_frame(series, &copy) != 0)
                return OFFPEAK_ENOMEM;
        if (series->n_points > 0) {
                copy.points = malloc(series->n_points * sizeof(*copy.points));
                if (copy.points == NULL) {
                        series_finish(&copy);
                        return OFFPEAK_ENOMEM;
                }
                memcpy(copy.points, series->points, series->n_points * sizeof(*copy.points));
                copy.n_points = copy.room = series->n_points;
        }
        *ret_series = copy;
        return 0;
}

int series_append(struct series *series, int64_t start, int64_t value)
{
        if (series->n_points > 0 && start <= series->points[series->n_points - 1].start)
                return OFFPEAK_EINVAL;
        if (series->n_points >= series->room) {
                size_t room = series->n_points * 2 + 8;
                struct series_point *points = realloc(series->points, room * sizeof(*points));

                if (points == NULL)
                        return OFFPEAK_ENOMEM;
                series->points = points;
                series->room = room;
        }
        series->points[series->n_points++] = (struct series_point){ start, value };
        if (series->end < start)
                series->end = start;
        return 0;
}

/* How many points start at or before time. */
static size_t points_until(const struct series *series, int64_t time)
{
        size_t low = 0, high = series->n_points;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (series->points[middle].start <= time)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int64_t series_at(const struct series *series, int64_t time)
{
        size_t n = points_until(series, time);

        return n > 0 && time < series->end ? series->points[n - 1].value : SERIES_UNKNOWN;
}

int64_t series_since(const struct series *series, int64_t time)
{
        for (size_t n = points_until(series, time); n > 0; n--)
                if (series->points[n - 1].value != SERIES_UNKNOWN)
                        return series->points[n - 1].start;
        return INT64_MIN;
}

int64_t series_next_edge(const struct series *series, int64_t time)
{
        size_t n = points_until(series, time);

        if (series->n_points == 0 || time >= series->end)
                return INT64_MAX;
        return n < series->n_points && series->points[n].start < series->end ? series->points[n].start : series->end;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

int64_t series_first_unknown(const struct series *series, int64_t from, int64_t to)
{
        for (int64_t t = from; t < to; t = series_next_edge(series, t))
                if (series_at(series, t) == SERIES_UNKNOWN)
                        return t;
        return to;
}

bool series_same_values(const struct series *a, const struct series *b)
{
        if (a->kind != b->kind || a->end != b->end || a->n_points != b->n_points || !same_text(a->site, b->site))
                return false;
        for (size_t i = 0; i < a->n_points; i++)
                if (a->points[i].start != b->points[i].start || a->points[i].value != b->points[i].value)
                        return false;
        return true;
}

const char *series_kind_name(enum series_kind kind)
{
        switch (kind) {
        case SERIES_PRICE:
                return "price";
        case SERIES_CARBON:
                return "carbon";
        case SERIES_CAPACITY:
                return "capacity";
        case SERIES_LIMIT:
                return "limit";
        }
        if ((int)kind == SERIES_EXPORT_PRICE)
                return "export";
        if ((int)kind == SERIES_SOLAR)
                return "solar";
        if ((int)kind == SERIES_STORED)
                return "stored";
        return series_kind_is_ppa(kind) ? "ppa" : "unknown";
}

enum series_kind series_kind_in_files(enum series_kind kind)
{
        if ((int)kind == SERIES_EXPORT_PRICE)
                return SERIES_PRICE;
        return (int)kind == SERIES_SOLAR || series_kind_is_ppa(kind) ? SERIES_CAPACITY : kind;
}

bool series_kind_is_ppa(enum series_kind kind)
{
        return (int)kind >= SERIES_PPA && (int)kind < SERIES_PPA + SUPPLY_MAX_PPAS;
}

/* ---- the forecast */

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* Over the time at which the value is known, rounded down; SERIES_UNKNOWN if it never is. */
static int64_t mean(const struct series *series)
{
        __int128 sum = 0, seconds = 0;

        for (size_t i = 0; i < series->n_points && series->points[i].start < series->end; i++) {
                const struct series_point *point = &series->points[i];
                int64_t length = series_next_edge(series, point->start) - point->start;

                if (point->value != SERIES_UNKNOWN) {
                        sum += (__int128)point->value * length;
                        seconds += length;
                }
        }
        if (seconds == 0)
                return SERIES_UNKNOWN;
        return (int64_t)(sum / seconds - (sum % seconds < 0 ? 1 : 0));
}

/* What a hole at `time` is filled with, from what stands before it, and until when that holds. */
static int64_t seasonal(const struct series *before, int64_t time, int64_t fallback, int64_t *ret_until)
{
        int64_t day = series_at(before, time - DAY), week = series_at(before, time - WEEK);

        *ret_until = earlier(series_next_edge(before, time - DAY), INT64_MAX - DAY) + DAY;
        if (day != SERIES_UNKNOWN)
                return day;
        *ret_until = earlier(*ret_until, earlier(series_next_edge(before, time - WEEK), INT64_MAX - WEEK) + WEEK);
        return week != SERIES_UNKNOWN ? week : fallback;
}

/* Let `value` hold from time to until; equal neighbours become one point. */
static int extend(struct series *out, int64_t time, int64_t until, int64_t value)
{
        if (out->n_points == 0 || out->points[out->n_points - 1].value != value)
                if (series_append(out, time, value) != 0)
                        return OFFPEAK_ENOMEM;
        out->end = until;
        return 0;
}

int series_fill(const struct series *series, int64_t from, int64_t to, struct series *ret_series,
                int64_t *ret_filled_from)
{
        int64_t fallback = mean(series), filled_from = INT64_MAX, end, until;
        struct series out;

        if (fallback == SERIES_UNKNOWN || from >= to) {
                *ret_filled_from = INT64_MAX;
                return series_copy(series, ret_series);
        }
        if (copy_frame(series, &out) != 0)
                return OFFPEAK_ENOMEM;
        end = series->end > to ? series->end : to;
        for (int64_t t = earlier(from, series->points[0].start); t < end; t = until) {
                int64_t value = series_at(series, t), seasonal_until;

                /* before the first point series_next_edge gives its start; from the end on, INT64_MAX */
                until = earlier(series_next_edge(series, t), end);
                until = t < from ? earlier(until, from) : t < to ? earlier(until, to) : until;
                if (value == SERIES_UNKNOWN && t >= from && t < to) {
                        value = seasonal(&out, t, fallback, &seasonal_until);
                        until = earlier(until, seasonal_until);
                        filled_from = earlier(filled_from, t);
                }
                if (extend(&out, t, until, value) != 0) {
                        series_finish(&out);
                        return OFFPEAK_ENOMEM;
                }
        }
        *ret_series = out;
        *ret_filled_from = filled_from;
        return 0;
}
