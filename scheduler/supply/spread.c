/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spread.c - a time, its lead, that lead's table.
 *
 *   lead    by how many days the value that the forecast repeats is older: series_fill's rule, walked back
 *   errors  what a forecast of that lead missed by at each quarter of an hour of the past
 *   table   of these, one spread for each hour of the day
 */
#include "supply/spread.h"

#include <stdlib.h>

#define HOUR    INT64_C(3600)
#define DAY     (24 * HOUR)
#define QUARTER INT64_C(900)

enum { HOURS = 24, QUARTERS_A_DAY = 96, PAST_DAYS = 56, ENOUGH_BY_HOUR = 14 * 4, ENOUGH_POOLED = 3 * QUARTERS_A_DAY };

struct error {
        int64_t value;
        int hour;
};

struct table {
        int64_t lead; /* days; 0: none yet */
        bool known;
        int64_t spread[HOURS];
        struct error *errors; /* room for all of the past */
};

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static int64_t floor_to(int64_t time, int64_t step)
{
        return time - (time % step + step) % step;
}

static int hour_of(int64_t time)
{
        return (int)((time - floor_to(time, DAY)) / HOUR);
}

static bool is_known(const struct series *series, int64_t time)
{
        return series_at(series, time) != SERIES_UNKNOWN;
}

/* ---- the lead */

/* The next time at which what is known of `days` before it may change. */
static int64_t edge_after(const struct series *series, int64_t time, int64_t days)
{
        int64_t edge = series_next_edge(series, time - days * DAY);

        return edge < INT64_MAX - days * DAY ? edge + days * DAY : INT64_MAX;
}

/* 0: the forecast repeats no published value. ret_until: how long it is the same lead. */
static int64_t lead_of(const struct series *series, int64_t from, int64_t time, int64_t *ret_until)
{
        int64_t until = series_next_edge(series, time), days = 1;

        for (;; days++) {
                until = earlier(until, edge_after(series, time, days));
                if (is_known(series, time - days * DAY))
                        break;
                if (time - days * DAY < from) { /* a hole that is not filled: what stands for it is a week old */
                        until = earlier(until, earlier(from + days * DAY, edge_after(series, time, days + 6)));
                        days = is_known(series, time - (days + 6) * DAY) ? days + 6 : 0;
                        break;
                }
        }
        *ret_until = until;
        return days;
}

/* ---- the table of a lead */

static int by_value(const void *a, const void *b)
{
        const struct error *x = a, *y = b;

        return x->value < y->value ? -1 : x->value > y->value;
}

static int by_hour_and_value(const void *a, const void *b)
{
        const struct error *x = a, *y = b;

        return x->hour != y->hour ? x->hour - y->hour : by_value(a, b);
}

static size_t collect_errors(const struct series *series, struct table *table)
{
        int64_t time = series->n_points > 0 ? series->points[0].start : series->end;
        size_t n = 0;

        if (time < series->end - PAST_DAYS * DAY)
                time = series->end - PAST_DAYS * DAY;
        for (time = floor_to(time + QUARTER - 1, QUARTER); time < series->end; time += QUARTER) {
                int64_t value = series_at(series, time), forecast = series_at(series, time - table->lead * DAY);
                struct error *error = &table->errors[n];

                if (value == SERIES_UNKNOWN || forecast == SERIES_UNKNOWN ||
                    __builtin_sub_overflow(value, forecast, &error->value))
                        continue;
                error->hour = hour_of(time);
                n++;
        }
        return n;
}

/* Of n errors in ascending order. */
static int64_t spread_of(const struct error *errors, size_t n)
{
        int64_t high = errors[(9 * n + 9) / 10 - 1].value, median = errors[(n + 1) / 2 - 1].value, spread;

        return __builtin_sub_overflow(high, median, &spread) ? INT64_MAX : spread;
}

static void make_table(const struct series *series, int64_t lead, struct table *table)
{
        int64_t pooled;
        size_t n;

        table->lead = lead;
        n = collect_errors(series, table);
        table->known = n >= ENOUGH_POOLED;
        if (!table->known)
                return;
        qsort(table->errors, n, sizeof(*table->errors), by_value);
        pooled = spread_of(table->errors, n);
        qsort(table->errors, n, sizeof(*table->errors), by_hour_and_value);
        for (size_t first = 0, hour = 0; hour < HOURS; hour++) {
                size_t end = first;

                while (end < n && table->errors[end].hour == (int)hour)
                        end++;
                table->spread[hour] =
                        end - first >= ENOUGH_BY_HOUR ? spread_of(&table->errors[first], end - first) : pooled;
                first = end;
        }
}

/* ---- the series */

/* Equal neighbours become one point. */
static int extend(struct series *out, int64_t time, int64_t until, int64_t value)
{
        if ((out->n_points == 0 || out->points[out->n_points - 1].value != value) &&
            series_append(out, time, value) != 0)
                return OFFPEAK_ENOMEM;
        out->end = until;
        return 0;
}

/* ret_until: how long it stays so. False: it is not known. */
static bool spread_at(const struct series *series, int64_t from, int64_t time, struct table *table, int64_t *ret_spread,
                      int64_t *ret_until)
{
        int64_t lead;

        *ret_spread = 0;
        *ret_until = series_next_edge(series, time);
        if (is_known(series, time))
                return true;
        lead = lead_of(series, from, time, ret_until);
        *ret_until = earlier(*ret_until, floor_to(time, HOUR) + HOUR);
        if (lead == 0)
                return false;
        if (lead != table->lead)
                make_table(series, lead, table);
        if (table->known)
                *ret_spread = table->spread[hour_of(time)];
        return table->known;
}

int series_spread(const struct series *series, int64_t from, int64_t to, struct series *ret_spread,
                  int64_t *ret_unknown_from)
{
        struct table table = { .errors = calloc(PAST_DAYS * QUARTERS_A_DAY + 1, sizeof(*table.errors)) };
        int64_t unknown_from = INT64_MAX, spread, until;
        struct series out;
        int code;

        series_init(&out, series->kind);
        code = table.errors != NULL ? series_set_names(&out, series->site, series->source) : OFFPEAK_ENOMEM;
        for (int64_t t = from; code == 0 && t < to; t = until) {
                if (!spread_at(series, from, t, &table, &spread, &until))
                        unknown_from = earlier(unknown_from, t);
                until = earlier(until, to);
                code = extend(&out, t, until, spread);
        }
        free(table.errors);
        if (code != 0) {
                series_finish(&out);
                return code;
        }
        *ret_spread = out;
        *ret_unknown_from = unknown_from;
        return 0;
}
