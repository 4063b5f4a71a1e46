/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/price_forecast.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "cli/table.h"
#include "supply/forecast.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

enum { QUANTILES = 3 };

static const double quantiles[QUANTILES] = { 0.1, 0.5, 0.9 };

struct work {
        const struct price_forecast *what;
        struct forecast_request request;
        struct forecast_choice choice;
        struct forecast forecast;
};

/* The end of what is known before `until`; 0: nothing is. */
static int64_t known_until(const struct series *series, int64_t until)
{
        for (size_t i = series->n_points; i > 0; i--) {
                int64_t end = i < series->n_points ? series->points[i].start : series->end;

                if (series->points[i - 1].value != SERIES_UNKNOWN && series->points[i - 1].start < until)
                        return end < until ? end : until;
        }
        return 0;
}

static int compute(struct work *work, struct offpeak_error *err)
{
        int code;

        work->request.origin = known_until(work->what->series, work->what->until);
        if (work->request.origin == 0)
                return fail(err, OFFPEAK_EINVAL, "%s: nothing is known to forecast from", work->what->series->source);
        work->request.to = work->request.origin + work->what->days * DAY;
        work->request.east_s = screen_utc_offset(work->request.origin);
        memcpy(work->request.quantiles, quantiles, sizeof(quantiles));
        work->request.n_quantiles = QUANTILES;
        code = forecast_choose(work->what->series, &work->request, &work->choice);
        work->request.method = work->choice.method;
        if (code == 0)
                code = forecast_make(work->what->series, &work->request, &work->forecast);
        return code == 0 ? 0 : fail(err, code, "out of memory");
}

/* ---- a day in a row */

struct day {
        double mean, quantile[QUANTILES]; /* NAN: not known */
        double low, high;
        int64_t low_at, high_at;
};

static struct day sum_up(const struct work *work, int64_t start)
{
        struct day day = { .low = INFINITY, .high = -INFINITY };

        for (int64_t t = start; t < start + DAY; t += HOUR) {
                double value = 0;

                for (int64_t quarter = t; quarter < t + HOUR; quarter += HOUR / 4) { /* an hour's mean */
                        int64_t here = series_at(&work->forecast.value, quarter);

                        value += here == SERIES_UNKNOWN ? NAN : (double)here / 4;
                        for (int q = 0; q < QUANTILES; q++) {
                                here = series_at(&work->forecast.quantiles[q], quarter);
                                day.quantile[q] += here == SERIES_UNKNOWN ? NAN : (double)here / 96;
                        }
                }
                day.mean += value / 24;
                if (value < day.low) {
                        day.low = value;
                        day.low_at = t;
                }
                if (value > day.high) {
                        day.high = value;
                        day.high_at = t;
                }
        }
        return day;
}

static void add_number(struct table *table, const struct work *work, double value)
{
        if (isnan(value) || isinf(value))
                table_add(table, NULL);
        else
                table_addf(table, "%.2f", value / work->what->scale);
}

static void add_extreme(struct table *table, const struct work *work, const struct screen *screen, double value,
                        int64_t at)
{
        char text[SCREEN_TIME_SIZE];

        if (isinf(value))
                table_add(table, NULL);
        else
                table_addf(table, "%.2f at %s", value / work->what->scale, screen_time(screen, at, text));
}

static void add_error(struct table *table, const struct work *work, const double *errors, unsigned day)
{
        if (!work->choice.compared || day >= FORECAST_LEADS)
                table_add(table, NULL);
        else
                add_number(table, work, errors[day]);
}

static int print_table(const struct work *work, const struct screen *screen, FILE *out)
{
        static const struct table_column columns[] = {
                { "FROM", false },   { "MEAN", true },    { "10 %", true },        { "50 %", true },
                { "90 %", true },    { "LOWEST", false }, { "HIGHEST", false }, { "ERROR: NAIVE", true },
                { "REGRESSION", true },
        };
        struct table table;
        int code;

        table_init(&table, screen, columns, sizeof(columns) / sizeof(columns[0]));
        for (unsigned i = 0; i < work->what->days; i++) {
                int64_t start = work->request.origin + i * DAY;
                struct day day = sum_up(work, start);
                char text[SCREEN_TIME_SIZE];

                table_add(&table, screen_time(screen, start, text));
                add_number(&table, work, day.mean);
                for (int q = 0; q < QUANTILES; q++)
                        add_number(&table, work, day.quantile[q]);
                add_extreme(&table, work, screen, day.low, day.low_at);
                add_extreme(&table, work, screen, day.high, day.high_at);
                add_error(&table, work, work->choice.naive, i);
                add_error(&table, work, work->choice.regression, i);
        }
        code = table_print(&table, out);
        table_finish(&table);
        return code;
}

static void print_verdict(const struct work *work, const struct screen *screen, FILE *out)
{
        const struct forecast_choice *choice = &work->choice;
        bool regression = work->forecast.method == FORECAST_REGRESSION;
        double better = regression ? choice->regression_mean : choice->naive_mean;
        double worse = regression ? choice->naive_mean : choice->regression_mean;
        char at[SCREEN_TIME_SIZE];

        fprintf(out, "forecast from %s on, in %s, ", screen_time(screen, work->request.origin, at), work->what->unit);
        if (!choice->compared) {
                fputs("by repeating the last known day: what is known before is too short to test anything better\n",
                      out);
                return;
        }
        fprintf(out, "by %s: forecasts of the last eight weeks were off by %.2f on average, by %s %.2f\n",
                regression ? "regression" : "repeating the last known day", better / work->what->scale,
                regression ? "repeating the last day" : "regression", worse / work->what->scale);
}

/* ---- JSON */

static json_t *number(const struct work *work, double value)
{
        return isnan(value) ? json_null() : json_real(round(value / work->what->scale * 1e6) / 1e6);
}

static json_t *value_at(const struct work *work, const struct series *series, int64_t time)
{
        int64_t value = series_at(series, time);

        return number(work, value == SERIES_UNKNOWN ? NAN : (double)value);
}

static json_t *time_of(int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        return json_string(when_format_utc(time, text));
}

static json_t *values_of(const struct work *work)
{
        json_t *values = json_array();
        int64_t step = work->what->step_s < HOUR ? HOUR / 4 : HOUR; /* as the forecast is cut */

        for (int64_t t = work->request.origin; t < work->request.to; t += step) {
                const struct series *q = work->forecast.quantiles;
                json_t *item = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "start_utc", time_of(t), "end_utc",
                                         time_of(t + step), "value", value_at(work, &work->forecast.value, t), "q10",
                                         value_at(work, &q[0], t), "q50", value_at(work, &q[1], t), "q90",
                                         value_at(work, &q[2], t));

                if (json_array_append_new(values, item) != 0) {
                        json_decref(values);
                        return NULL;
                }
        }
        return values;
}

static json_t *errors_of(const struct work *work, const double *errors)
{
        json_t *list;

        if (!work->choice.compared)
                return json_null();
        list = json_array();
        for (int i = 0; i < FORECAST_LEADS; i++)
                json_array_append_new(list, number(work, errors[i]));
        return list;
}

static int print_json(const struct command_run *run, const struct work *work)
{
        json_t *document = json_pack("{s:o, s:s, s:s, s:b, s:o, s:o, s:o}", "from_utc", time_of(work->request.origin),
                                     "unit", work->what->unit, "method",
                                     forecast_method_name(work->forecast.method), "compared", work->choice.compared,
                                     "naive_errors", errors_of(work, work->choice.naive), "regression_errors",
                                     errors_of(work, work->choice.regression), "values", values_of(work));

        if (document == NULL)
                return OFFPEAK_ENOMEM;
        command_print_json(run, document);
        json_decref(document);
        return 0;
}

int price_forecast_show(const struct command_run *run, const struct price_forecast *what, struct offpeak_error *err)
{
        struct work work = { .what = what };
        int code = compute(&work, err);

        if (code != 0)
                return code;
        if (run->json) {
                code = print_json(run, &work);
        } else {
                print_verdict(&work, &run->screen, run->out);
                code = print_table(&work, &run->screen, run->out);
        }
        forecast_finish(&work.forecast);
        return code == 0 ? 0 : fail(err, code, "out of memory");
}
