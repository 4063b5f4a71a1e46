/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.c - order, age, limits, size: in this order, for each makes sense of what the next one compares. */
#include "feeds/quarantine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "supply/price_limits.h"

#define MOST_CARBON INT64_C(2500000) /* mg/kWh */

enum { FEWEST_TO_COMPARE = 3, MOST_TO_COMPARE = 2000 }; /* of a longer series every second, third, ... value */

static bool is_price(enum series_kind kind)
{
        return kind == SERIES_PRICE || (int)kind == SERIES_EXPORT_PRICE;
}

/* ---- limits */

static int64_t ratings(const struct supply_terms *terms)
{
        int64_t sum = 0;

        for (uint32_t i = 0; i < terms->n_reactors; i++)
                sum += terms->reactors[i].rating_w;
        return sum;
}

void quarantine_defaults(enum series_kind kind, const char *currency, const struct supply_terms *terms,
                         struct quarantine_limits *ret_limits)
{
        struct quarantine_limits limits = { .lowest = 0, .highest = INT64_MAX };

        if (is_price(kind)) {
                limits.lowest = INT64_MIN;
                price_limits(currency, &limits.lowest, &limits.highest);
                snprintf(limits.currency, sizeof(limits.currency), "%s", currency != NULL ? currency : "");
        } else if (kind == SERIES_CARBON) {
                limits.highest = MOST_CARBON;
        } else if (kind == SERIES_CAPACITY && terms != NULL && terms->n_reactors > 0) {
                limits.highest = ratings(terms);
        } else if ((int)kind == SERIES_STORED && terms != NULL && terms->has_store) {
                limits.highest = terms->store.energy_wh;
        }
        *ret_limits = limits;
}

const char *quarantine_value_text(enum series_kind kind, const char *currency, int64_t value, char *buffer)
{
        if (is_price(kind))
                return text_format_price(value, currency, buffer);
        if ((int)kind == SERIES_STORED)
                return text_format_wh(value, buffer);
        if (kind != SERIES_CARBON)
                return text_format_power(value, buffer);
        snprintf(buffer, TEXT_SIZE, "%.6g g/kWh", (double)value / 1000);
        return buffer;
}

static bool is_outside(int64_t value, const struct quarantine_limits *limits)
{
        return value != SERIES_UNKNOWN && (value < limits->lowest || value > limits->highest);
}

/* Most of it outside is no slip, but another unit, or another quantity. */
static int check_most(const struct series *series, const struct quarantine_limits *limits, struct offpeak_error *err)
{
        size_t known = 0, outside = 0, first = 0;
        char value[TEXT_SIZE], limit[TEXT_SIZE], at[WHEN_TEXT_SIZE];
        bool high;

        for (size_t i = 0; i < series->n_points; i++) {
                known += series->points[i].value != SERIES_UNKNOWN;
                if (!is_outside(series->points[i].value, limits))
                        continue;
                first = outside == 0 ? i : first;
                outside++;
        }
        if (outside * 2 <= known)
                return 0;
        high = series->points[first].value > limits->highest;
        return fail(err, OFFPEAK_EINVAL,
                    "%zu of %zu values are outside the limits (%s at %s, %s allowed: %s): is it the right unit and column? "
                    "If so, say \"%s\" beside this feed",
                    outside, known,
                    quarantine_value_text(series->kind, limits->currency, series->points[first].value, value),
                    when_format_utc(series->points[first].start, at), high ? "most" : "least",
                    quarantine_value_text(series->kind, limits->currency, high ? limits->highest : limits->lowest, limit),
                    high ? "highest" : "lowest");
}

static void put_aside(struct series *series, const struct quarantine_limits *limits, struct quarantine *quarantine)
{
        for (size_t i = 0; i < series->n_points; i++) {
                struct series_point *point = &series->points[i];

                if (!is_outside(point->value, limits))
                        continue;
                quarantine->n_values++;
                if (quarantine->n_listed < QUARANTINE_LISTED)
                        quarantine->listed[quarantine->n_listed++] =
                                (struct quarantined){ .start = point->start,
                                                      .end = i + 1 < series->n_points ? point[1].start : series->end,
                                                      .value = point->value,
                                                      .high = point->value > limits->highest };
                point->value = SERIES_UNKNOWN;
        }
}

/* ---- order and age */

static int check_order(const struct series *series, struct offpeak_error *err)
{
        char here[WHEN_TEXT_SIZE], above[WHEN_TEXT_SIZE];

        if (series->n_points == 0)
                return fail(err, OFFPEAK_EINVAL, "there are no values in it");
        for (size_t i = 1; i < series->n_points; i++)
                if (series->points[i].start <= series->points[i - 1].start)
                        return fail(err, OFFPEAK_EINVAL, "its times run backwards: %s comes after %s",
                                    when_format_utc(series->points[i].start, here),
                                    when_format_utc(series->points[i - 1].start, above));
        if (series->end <= series->points[series->n_points - 1].start)
                return fail(err, OFFPEAK_EINVAL, "it ends before its last value begins");
        return 0;
}

/* A version that both begins and ends before the last one is an older one: yesterday's file again. */
static int check_age(const struct series *series, const struct series *last, struct offpeak_error *err)
{
        char here[WHEN_TEXT_SIZE], there[WHEN_TEXT_SIZE];

        if (last == NULL || last->n_points == 0 || series->points[0].start >= last->points[0].start ||
            series->end >= last->end)
                return 0;
        return fail(err, OFFPEAK_EINVAL,
                    "this is older than what came before: it ends %s, that ends %s. If it is meant, `offpeak reload` takes "
                    "it",
                    when_format_utc(series->end, here), when_format_utc(last->end, there));
}

/* ---- size */

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* How far off a ratio is from 1, as a power of ten that units are apart by: 3, 6, -3, -6; 0: it is none of them. */
static int factor_of(double ratio, double slack)
{
        static const int powers[] = { 3, 6, -3, -6 };
        static const double factors[] = { 1e3, 1e6, 1e-3, 1e-6 };

        for (int i = 0; i < 4; i++)
                if (ratio > factors[i] / slack && ratio < factors[i] * slack)
                        return powers[i];
        return 0;
}

/* The median size of the values that are neither unknown nor zero; 0: too few. sizes: room for MOST_TO_COMPARE. */
static double median_size(const struct series *series, double *sizes)
{
        size_t n = 0, stride = series->n_points / MOST_TO_COMPARE + 1;

        for (size_t i = 0; i < series->n_points; i += stride)
                if (series->points[i].value != SERIES_UNKNOWN && series->points[i].value != 0)
                        sizes[n++] = series->points[i].value < 0 ? -(double)series->points[i].value
                                                                 : (double)series->points[i].value;
        if (n < FEWEST_TO_COMPARE)
                return 0;
        qsort(sizes, n, sizeof(*sizes), by_size);
        return sizes[n / 2];
}

/* The ratios to what was said of the same times, sorted; returns how many. */
static size_t ratios_of(const struct series *series, const struct series *last, double *ratios)
{
        size_t n = 0, stride = series->n_points / MOST_TO_COMPARE + 1;

        for (size_t i = 0; i < series->n_points; i += stride) {
                int64_t value = series->points[i].value, other = series_at(last, series->points[i].start);

                if (value != SERIES_UNKNOWN && value != 0 && other != SERIES_UNKNOWN && other != 0 &&
                    (value < 0) == (other < 0))
                        ratios[n++] = (double)value / (double)other;
        }
        qsort(ratios, n, sizeof(*ratios), by_size);
        return n;
}

/*
 * Where both speak of the same hours, nine of ten ratios must be near the factor. Where they do not, medians are
 * compared, but not of prices and of the sun: these really are a thousand times smaller at times.
 */
static int suspected_factor(const struct series *series, const struct series *last, double *memory)
{
        size_t n = ratios_of(series, last, memory);
        double here, there;
        int low, high;

        if (n >= FEWEST_TO_COMPARE) {
                low = factor_of(memory[n / 20], 2);
                high = factor_of(memory[n - 1 - n / 20], 2);
                return low == high ? low : 0;
        }
        if (series->kind != SERIES_CARBON && series->kind != SERIES_CAPACITY && series->kind != SERIES_LIMIT)
                return 0;
        here = median_size(series, memory);
        there = median_size(last, memory);
        return here == 0 || there == 0 ? 0 : factor_of(here / there, 3);
}

static int check_size(const struct series *series, const struct series *last, struct offpeak_error *err)
{
        double *memory;
        int power;

        if (last == NULL || last->n_points == 0)
                return 0;
        memory = malloc(MOST_TO_COMPARE * sizeof(*memory));
        if (memory == NULL)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        power = suspected_factor(series, last, memory);
        free(memory);
        if (power == 0)
                return 0;
        return fail(err, OFFPEAK_EINVAL,
                    "its values are about %s times %s than those that came before: is it the right unit? If it is, `offpeak "
                    "reload` takes them",
                    power == 3 || power == -3 ? "1,000" : "1,000,000", power > 0 ? "larger" : "smaller");
}

/* ---- the whole */

int quarantine_judge(struct series *series, const struct series *last, const struct quarantine_limits *limits,
                     struct quarantine *ret_quarantine, struct offpeak_error *err)
{
        struct quarantine quarantine = { 0 };
        int code = check_order(series, err);

        if (code == 0)
                code = check_age(series, last, err);
        if (code == 0 && !limits->trusted)
                code = check_size(series, last, err);
        if (code == 0)
                code = check_most(series, limits, err);
        if (code != 0)
                return code;
        put_aside(series, limits, &quarantine);
        *ret_quarantine = quarantine;
        return 0;
}

void quarantine_gaps(const struct series *series, uint32_t *ret_n, int64_t *ret_seconds)
{
        bool before = false;

        *ret_n = 0;
        *ret_seconds = 0;
        for (size_t i = 0; i < series->n_points; i++) {
                bool unknown = series->points[i].value == SERIES_UNKNOWN;
                int64_t end = i + 1 < series->n_points ? series->points[i + 1].start : series->end;

                if (unknown)
                        *ret_seconds += end - series->points[i].start;
                if (unknown && !before)
                        (*ret_n)++;
                before = unknown;
        }
}
