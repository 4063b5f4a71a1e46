/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price.c - `offpeak price`: what the series say, where from, how old, and from when on they are a forecast; what a
 * file says with --file, and a forecast from it with --forecast.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/period.h"
#include "cli/price_file.h"
#include "cli/price_forecast.h"
#include "cli/views.h"

/* ---- values of one series */

static bool is_price(const char *kind)
{
        return strcmp(kind, "price") == 0 || strcmp(kind, "export") == 0;
}

static const char *value_key(const char *kind, bool now)
{
        if (is_price(kind))
                return now ? "now_micro_per_mwh" : "value_micro_per_mwh";
        if (strcmp(kind, "carbon") == 0)
                return now ? "now_mg_per_kwh" : "value_mg_per_kwh";
        if (strcmp(kind, "stored") == 0)
                return now ? "now_wh" : "value_wh";
        return now ? "now_w" : "value_w";
}

static const char *format_value(const char *kind, int64_t value, const char *currency, char *buffer)
{
        if (is_price(kind))
                return text_format_price(value, currency, buffer);
        if (strcmp(kind, "carbon") == 0)
                snprintf(buffer, TEXT_SIZE, "%.0f g CO2e/kWh", (double)value / 1000);
        else if (strcmp(kind, "stored") == 0)
                text_format_wh(value, buffer);
        else
                text_format_power(value, buffer);
        return buffer;
}

struct extremes {
        bool known;
        int64_t low, high, low_at, high_at;
};

static struct extremes find_extremes(const json_t *series, const char *kind)
{
        struct extremes extremes = { 0 };
        int64_t value;
        json_t *item;
        size_t i;

        json_array_foreach(json_object_get(series, "values"), i, item) {
                if (!document_int(item, value_key(kind, false), &value))
                        continue;
                if (!extremes.known || value < extremes.low) {
                        extremes.low = value;
                        extremes.low_at = document_time(item, "start_utc");
                }
                if (!extremes.known || value > extremes.high) {
                        extremes.high = value;
                        extremes.high_at = document_time(item, "start_utc");
                }
                extremes.known = true;
        }
        return extremes;
}

/* ---- the text */

/* Where the value of this moment is from, if no feed has said it. */
static const char *stands_in(const json_t *series)
{
        static const struct {
                const char *source, *text;
        } texts[] = {
                { "pushed", " (pushed)" },
                { "forecast", " (forecast)" },
                { "last", " (the last that is known)" },
                { "value", " (by the configuration)" },
        };
        const char *source = document_text(series, "now_source");

        for (size_t i = 0; source != NULL && i < sizeof(texts) / sizeof(texts[0]); i++)
                if (strcmp(texts[i].source, source) == 0)
                        return texts[i].text;
        return "";
}

/* The time that is summed up: `until 09:00` where it begins now, else `14:00-09:00`. */
static const char *window_text(const json_t *document, const struct screen *screen, char buffer[2 * SCREEN_TIME_SIZE])
{
        int64_t from = document_time(document, "from_utc"), to = document_time(document, "to_utc");
        char at[SCREEN_TIME_SIZE];

        if (from != screen->now)
                return screen_span(screen, from, to, buffer);
        snprintf(buffer, 2 * SCREEN_TIME_SIZE, "until %s", screen_time(screen, to, at));
        return buffer;
}

static void print_values(const json_t *series, const char *kind, const char *currency, const char *window,
                         const struct screen *screen, FILE *out)
{
        struct extremes extremes = find_extremes(series, kind);
        char text[TEXT_SIZE], low[TEXT_SIZE], high[TEXT_SIZE], low_at[SCREEN_TIME_SIZE], high_at[SCREEN_TIME_SIZE];
        int64_t now;

        if (document_int(series, value_key(kind, true), &now))
                fprintf(out, "now %s%s", format_value(kind, now, currency, text), stands_in(series));
        else
                fputs("now unknown", out);
        if (extremes.known && extremes.low < extremes.high)
                fprintf(out, "; %s lowest %s (%s), highest %s (%s)", window,
                        format_value(kind, extremes.low, currency, low), screen_time(screen, extremes.low_at, low_at),
                        format_value(kind, extremes.high, currency, high),
                        screen_time(screen, extremes.high_at, high_at));
}

/* What comes on top of the grid's price in plans and books. */
static void print_contract(const json_t *site, FILE *out)
{
        int64_t adder = document_int_or(site, "grid_adder_micro_per_mwh", 0),
                tax = document_int_or(site, "grid_tax_ppm", 0);
        char text[TEXT_SIZE];

        if (adder == 0 && tax == 0)
                return;
        fputs("           without what the contract adds: ", out);
        if (adder != 0)
                fputs(text_format_price(adder, document_text(site, "currency"), text), out);
        if (tax != 0)
                fprintf(out, "%s%.6g %% tax%s", adder != 0 ? ", and " : "", (double)tax / 10000,
                        adder != 0 ? " on both" : "");
        putc('\n', out);
}

/* The key of the configuration that says where a signal is from. */
static const char *key_of(const char *kind)
{
        static const struct {
                const char *kind, *key;
        } keys[] = {
                { "price", "grid.price" },         { "carbon", "grid.carbon" },        { "limit", "grid.limit_series" },
                { "export", "grid.export_price" }, { "capacity", "reactor.capacity" }, { "solar", "solar.series" },
                { "stored", "battery.stored" },
        };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (strcmp(keys[i].kind, kind) == 0)
                        return keys[i].key;
        return "ppa[].series";
}

static void print_none(const char *kind, bool no_grid, FILE *out)
{
        if (no_grid && strcmp(kind, "price") == 0)
                fputs("           nothing is drawn from the grid here, so none is needed\n", out);
        else
                fprintf(out, "           nobody has published any: name a file or an address in the configuration (%s), or push it; "
                             "`offpeak signals` tells of one that fails\n", key_of(kind));
}

/* Behind what is published: a forecast where there is one, else what the configuration says or nothing. */
static void print_behind(const json_t *series, const struct screen *screen, FILE *out)
{
        int64_t from = document_time(series, "forecast_from_utc");
        char at[SCREEN_TIME_SIZE];

        if (from == 0)
                return;
        if (json_is_object(json_object_get(series, "forecast")))
                fprintf(out, from <= screen->now ? "; all that follows is a forecast" : "; a forecast from %s on",
                        screen_time(screen, from, at));
        else if (from <= screen->now)
                fputs("; nothing is published for now", out);
}

static void print_origin(const json_t *series, const struct screen *screen, FILE *out)
{
        const char *source = document_text(series, "source");
        int64_t until = document_time(series, "published_until_utc"), age;
        char at[SCREEN_TIME_SIZE], old[WHEN_TEXT_SIZE];

        fputs("           ", out);
        if (document_text(series, "name") != NULL) {
                screen_print(screen, out, document_text(series, "name"));
                fputs(", ", out);
        }
        fputs("from ", out);
        screen_print(screen, out, source);
        if (document_int(series, "age_s", &age))
                fprintf(out, ", %s old", when_format_duration(age, old));
        fprintf(out, ", published until %s", screen_time(screen, until, at));
        print_behind(series, screen, out);
        putc('\n', out);
}

/* How the forecast is made, and what it was off by on the series' own past. */
static void print_forecast(const json_t *series, const char *kind, const char *currency, FILE *out)
{
        const json_t *forecast = json_object_get(series, "forecast");
        const char *method = json_is_object(forecast) ? document_text(forecast, "method") : NULL;
        bool by_regression = method != NULL && strcmp(method, "regression") == 0;
        char own[TEXT_SIZE], other[TEXT_SIZE];
        int64_t naive, regression;

        if (method == NULL)
                return;
        fprintf(out, "           %sforecast by %s",
                document_time(series, "forecast_from_utc") == 0 ? "behind that " : "",
                by_regression ? "a regression on its past" : "its last day again");
        if (document_int(forecast, "naive_error", &naive) && document_int(forecast, "regression_error", &regression))
                fprintf(out, ": off by %s on average in the last eight weeks, %s by %s",
                        format_value(kind, by_regression ? regression : naive, currency, own),
                        by_regression ? "the last day again" : "a regression",
                        format_value(kind, by_regression ? naive : regression, currency, other));
        putc('\n', out);
}

static void print_site(const json_t *site, const char *window, const struct screen *screen, FILE *out)
{
        const char *currency = document_text(site, "currency"), *name = document_text(site, "name");
        int64_t limit;
        json_t *series;
        size_t i;

        screen_print(screen, out, name != NULL ? name : "?");
        putc('\n', out);
        json_array_foreach(json_object_get(site, "series"), i, series) {
                const char *kind = document_text(series, "kind");

                if (kind == NULL)
                        continue;
                fprintf(out, "  %-8.8s ", kind);
                print_values(series, kind, currency, window, screen, out);
                putc('\n', out);
                if (strcmp(kind, "price") == 0 && document_text(series, "source") != NULL)
                        print_contract(site, out);
                if (document_text(series, "source") == NULL) {
                        print_none(kind, document_int(site, "grid_limit_w", &limit) && limit == 0, out);
                        continue;
                }
                print_origin(series, screen, out);
                print_forecast(series, kind, currency, out);
        }
}

int view_price(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *sites = json_object_get(document, "sites");
        char buffer[2 * SCREEN_TIME_SIZE];
        const char *window = window_text(document, screen, buffer);
        json_t *site;
        size_t i;

        if (json_array_size(sites) == 0)
                fputs("no sites: the configuration names none\n", out);
        json_array_foreach(sites, i, site) print_site(site, window, screen, out);
        return 0;
}

/* ---- the command */

enum { OPT_FILE = 1, OPT_MAPPING, OPT_COLUMN, OPT_SET, OPT_FORECAST, OPT_DAYS };

const struct option_row price_rows[] = {
        { PERIOD_SITE, 0, "site", "NAME", "this site only" },
        { PERIOD_FROM, 0, "from", "WHEN", "begin there (now; of a file: its beginning)" },
        { PERIOD_TO, 0, "to", "WHEN", "end there (24 hours later; of a file: its end)" },
        { PERIOD_NEXT, 0, "next", "TIME", "end so long after now: 48h" },
        { OPT_FILE, 0, "file", "FILE", "instead, sum up a file; no scheduler is asked" },
        PRICE_FILE_OPTIONS(OPT_MAPPING, OPT_COLUMN, OPT_SET),
        { OPT_FORECAST, 0, "forecast", NULL, "what comes behind the end of the file (or behind --to), and how far off that was" },
        { OPT_DAYS, 0, "days", "N", "so many days of it (7)" },
        COMMAND_OPTIONS,
};

struct settings {
        struct period period;
        struct price_file file;
        bool of_file; /* an option was given that only a file has */
        bool forecast;
        unsigned days; /* 0: not given */
};

static int take_set(struct price_file *file, const char *words, struct offpeak_error *err)
{
        if (file->n_sets == PRICE_FILE_MOST_SETS)
                return fail(err, OFFPEAK_EUSAGE, "more than %d times --set", PRICE_FILE_MOST_SETS);
        file->sets[file->n_sets++] = words;
        return 0;
}

static int take_days(unsigned *days, const char *text, struct offpeak_error *err)
{
        if (text[0] == '\0' || strlen(text) > 2 || text[strspn(text, "0123456789")] != '\0' || atoi(text) < 1 ||
            atoi(text) > PRICE_FORECAST_MOST_DAYS)
                return fail(err, OFFPEAK_EUSAGE, "--days %s: write a number of days from 1 to %d", text,
                            PRICE_FORECAST_MOST_DAYS);
        *days = (unsigned)atoi(text);
        return 0;
}

static int take(void *context, const struct option_found *found, struct offpeak_error *err)
{
        struct settings *settings = context;

        settings->of_file |= found->id == OPT_MAPPING || found->id == OPT_COLUMN || found->id == OPT_SET;
        settings->of_file |= found->id == OPT_FORECAST || found->id == OPT_DAYS;
        switch (found->id) {
        case OPT_FILE:
                settings->file.file = found->value;
                return 0;
        case OPT_MAPPING:
                settings->file.mapping = found->value;
                return 0;
        case OPT_COLUMN:
                settings->file.column = found->value;
                return 0;
        case OPT_FORECAST:
                settings->forecast = true;
                return 0;
        case OPT_DAYS:
                return take_days(&settings->days, found->value, err);
        case OPT_SET:
                return take_set(&settings->file, found->value, err);
        default:
                return period_take(&settings->period, found, err);
        }
}

static int sum_up_file(struct command_run *run, struct settings *settings, struct offpeak_error *err)
{
        if (settings->period.site != NULL || settings->period.next_s != 0)
                return fail(err, OFFPEAK_EUSAGE, "--site and --next ask the scheduler, --file does not: give either");
        if (settings->days > 0 && !settings->forecast)
                return fail(err, OFFPEAK_EUSAGE, "--days says how far --forecast goes: give both");
        if (settings->forecast && settings->period.from != NULL)
                return fail(err, OFFPEAK_EUSAGE,
                            "--forecast begins where the file ends, or at --to: leave out --from");
        if (settings->forecast)
                settings->file.forecast_days = settings->days > 0 ? settings->days : PRICE_FORECAST_DAYS;
        settings->file.from = settings->period.from;
        settings->file.to = settings->period.to;
        return price_file_run(run, &settings->file, err);
}

int command_price(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        struct settings settings = { 0 };
        int r = command_parse(run, argc, argv, take, &settings, err);

        if (r == 0)
                r = command_expect(run, 0, 0, "no words", err);
        if (r != 0)
                return r;
        if (settings.file.file != NULL)
                return sum_up_file(run, &settings, err);
        if (settings.of_file)
                return fail(err, OFFPEAK_EUSAGE, "--mapping, --column, --set and --forecast are of a file: name it with --file");
        return period_ask(run, &settings.period, "price", view_price, err);
}
