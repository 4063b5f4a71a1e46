/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/price_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/period.h"
#include "cli/price_forecast.h"
#include "feeds/file_text.h"
#include "feeds/mapping_guess.h"
#include "feeds/feed_text.h"
#include "feeds/mappings.h"
#include "feeds/summary.h"

#define PERCENT_RATING INT64_C(100000000) /* W: of 100 MW one per cent is one MW, so that numbers stay per cent */

/* A file as it was read. */
struct reading {
        struct mapping mapping;
        bool guessed;
        struct series series;
        struct mapping_facts facts;
        struct summary summary;
};

/* ---- reading */

/* Why nothing is known of a file, where that is no matter of its columns. NULL: it is. */
static const char *no_table(const char *text, size_t size)
{
        if (size == 0)
                return "the file is empty";
        if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
                return "is UTF-16: save it as UTF-8";
        return memchr(text, '\0', size) != NULL ? "is no text: save it as CSV in UTF-8" : NULL;
}

static int refuse_unknown(const char *file, const char *text, size_t size, struct offpeak_error *err)
{
        const char *why = no_table(text, size);

        if (why != NULL)
                return fail(err, OFFPEAK_EINVAL, "%s: %s", file, why);
        return fail(err, OFFPEAK_EINVAL,
                    "%s: no mapping is known that has its columns and reads its times: name one with --mapping, or "
                    "describe "
                    "the file with --set, as --set zone=Europe/Berlin where times have no zone (docs/configuration.md)",
                    file);
}

static int choose_mapping(const struct price_file *what, const char *text, size_t size, struct reading *reading,
                          struct offpeak_error *err)
{
        const struct mapping *ready;

        if (what->mapping != NULL) {
                if (mappings_need(what->mapping, &ready, err) != 0)
                        return OFFPEAK_EINVAL;
        } else {
                ready = mapping_guess(text, size);
                reading->guessed = ready != NULL;
        }
        if (ready == NULL && what->n_sets == 0)
                return refuse_unknown(what->file, text, size, err);
        mapping_init(&reading->mapping, ready != NULL ? ready : mappings_find(MAPPING_OWN));
        return 0;
}

static int set_one(struct mapping *mapping, const char *words, struct offpeak_error *err)
{
        const char *equals = strchr(words, '=');
        char key[64];
        int code;

        if (equals == NULL || equals == words || (size_t)(equals - words) >= sizeof(key))
                return fail(err, OFFPEAK_EUSAGE, "--set %s: write --set KEY=VALUE", words);
        snprintf(key, sizeof(key), "%.*s", (int)(equals - words), words);
        code = mapping_set(mapping, key, equals + 1, err);
        if (code != 0) {
                fail_at(err, "--set %s", key);
                return err->code = code == OFFPEAK_ENOTFOUND ? OFFPEAK_EUSAGE : code;
        }
        return 0;
}

/* Are values in per cent of something that nobody named? */
static bool lacks_rating(const struct mapping *mapping)
{
        for (size_t i = 0; i < mapping->n_parts; i++)
                if (mapping->parts[i].rating_w != 0)
                        return false;
        return mapping->unit != NULL && strcmp(mapping->unit, "%") == 0 && mapping->rating_w == 0;
}

static int set_all(const struct price_file *what, struct mapping *mapping, struct offpeak_error *err)
{
        int code = what->column != NULL ? mapping_set(mapping, "column", what->column, err) : 0;

        for (size_t i = 0; code == 0 && i < what->n_sets; i++)
                code = set_one(mapping, what->sets[i], err);
        if (lacks_rating(mapping))
                mapping->rating_w = PERCENT_RATING;
        return code;
}

static int read_series(const struct price_file *what, enum series_kind kind, struct reading *reading,
                       struct offpeak_error *err)
{
        struct csv_request request = { .file = what->file, .kind = kind };
        char *text;
        size_t size;
        int code = file_text_read(what->file, FILE_TEXT_LARGEST, &text, &size, err);

        if (code != 0)
                return code;
        code = choose_mapping(what, text, size, reading, err);
        if (code == 0)
                code = set_all(what, &reading->mapping, err);
        if (code == 0)
                code = feed_text_read(&reading->mapping, &request, text, size, &reading->series, &reading->facts, err);
        free(text);
        return code;
}

int price_file_read(const struct price_file *what, enum series_kind kind, struct series *ret_series, char ret_currency[4],
                    struct offpeak_error *err)
{
        struct reading reading = { 0 };
        int code = read_series(what, kind, &reading, err);

        if (code == 0 && reading.facts.percent && reading.mapping.rating_w == PERCENT_RATING) {
                series_finish(&reading.series);
                code = fail(err, OFFPEAK_EINVAL, "%s: its values are per cent, of what nobody says: add --set rating=\"300 MW\"",
                            what->file);
        }
        if (code == 0) {
                *ret_series = reading.series;
                memcpy(ret_currency, reading.facts.currency, sizeof(reading.facts.currency));
        }
        mapping_finish(&reading.mapping);
        return code;
}

static int read_when(const char *option, const char *text, int64_t now, int64_t *ret_time, struct offpeak_error *err)
{
        return text == NULL ? 0 : period_when(option, text, now, ret_time, err);
}

static int summarise(const struct command_run *run, const struct price_file *what, struct reading *reading,
                     struct offpeak_error *err)
{
        int64_t from = INT64_MIN, to = INT64_MAX;
        int code = read_when("--from", what->from, run->screen.now, &from, err);

        if (code == 0)
                code = read_when("--to", what->to, run->screen.now, &to, err);
        if (code != 0)
                return code;
        reading->summary = summary_of(&reading->series, reading->facts.step_s, from, to);
        if (reading->summary.count + reading->summary.missing == 0)
                return fail(err, OFFPEAK_EINVAL, "%s: holds nothing between --from and --to", what->file);
        return 0;
}

/* ---- showing */

static const char *unit_of(const struct reading *reading, double *ret_scale, char text[32])
{
        const char *currency = reading->facts.currency[0] != '\0' ? reading->facts.currency : "?";
        bool percent = reading->facts.percent && reading->mapping.rating_w == PERCENT_RATING;

        *ret_scale = reading->series.kind == SERIES_CARBON ? 1e3 : 1e6;
        if (reading->series.kind == SERIES_PRICE)
                snprintf(text, 32, "%s/MWh", currency);
        else
                snprintf(text, 32, "%s", percent ? "%" : reading->series.kind == SERIES_CARBON ? "gCO2e/kWh" : "MW");
        return text;
}

/* In the unit, to six decimals; null where nothing is known. */
static json_t *number(const struct reading *reading, double value, double scale)
{
        return reading->summary.count > 0 ? json_real(round(value / scale * 1e6) / 1e6) : json_null();
}

static int print_json(const struct command_run *run, const struct reading *reading)
{
        const struct summary *summary = &reading->summary;
        double scale;
        char text[32];
        const char *unit = unit_of(reading, &scale, text);
        json_t *document =
                json_pack("{s:I, s:o, s:o, s:o, s:I, s:s, s:I, s:s*}", "count", (json_int_t)summary->count, "mean",
                          number(reading, summary->mean, scale), "min", number(reading, (double)summary->min, scale),
                          "max", number(reading, (double)summary->max, scale), "missing", (json_int_t)summary->missing,
                          "unit", unit, "step_s", (json_int_t)reading->facts.step_s, "unmatched",
                          reading->facts.unmatched[0] != '\0' ? reading->facts.unmatched : NULL);

        if (document == NULL)
                return OFFPEAK_ENOMEM;
        command_print_json(run, document);
        json_decref(document);
        return 0;
}

/* `91.32 EUR/MWh`; of a power `5.0 kW`: some plants and sites are far below a megawatt. */
static const char *value_text(const struct reading *reading, double value, char buffer[TEXT_SIZE])
{
        double scale;
        char text[32];
        const char *unit = unit_of(reading, &scale, text);

        if (strcmp(unit, "MW") == 0)
                return text_format_power(llround(value), buffer);
        snprintf(buffer, TEXT_SIZE, "%.2f %s", value / scale, unit);
        return buffer;
}

static void print_text(const struct command_run *run, const struct price_file *what, const struct reading *reading)
{
        const struct summary *summary = &reading->summary;
        char step[WHEN_TEXT_SIZE], from[SCREEN_TIME_SIZE], to[SCREEN_TIME_SIZE];
        char mean[TEXT_SIZE], low[TEXT_SIZE], high[TEXT_SIZE];

        if (summary->count > 0)
                fprintf(run->out, "mean %s, lowest %s, highest %s", value_text(reading, summary->mean, mean),
                        value_text(reading, (double)summary->min, low),
                        value_text(reading, (double)summary->max, high));
        else
                fputs("nothing is known", run->out);
        fprintf(run->out, "; %llu value%s, one every %s, %llu missing\n", (unsigned long long)summary->count,
                summary->count == 1 ? "" : "s", when_format_duration(reading->facts.step_s, step),
                (unsigned long long)summary->missing);
        fprintf(run->out, "%s to %s, \"", screen_time(&run->screen, summary->from, from),
                screen_time(&run->screen, summary->to, to));
        screen_print(&run->screen, run->out, reading->facts.column);
        fputs("\" of ", run->out);
        screen_print(&run->screen, run->out, what->file);
        fprintf(run->out, "\nread as %s%s\n", reading->mapping.name,
                reading->guessed ? ", guessed from its header (--mapping names another)" : "");
        if (reading->facts.unmatched[0] != '\0') {
                fputs("no outage here of ", run->out);
                screen_print(&run->screen, run->out, reading->facts.unmatched);
                fputs(": at its rating all the time. Is that its name?\n", run->out);
        }
}

/* ---- the forecast */

static int forecast(const struct command_run *run, const struct price_file *what, const struct reading *reading,
                    struct offpeak_error *err)
{
        struct price_forecast forecast = { .series = &reading->series,
                                           .step_s = reading->facts.step_s,
                                           .until = INT64_MAX,
                                           .days = what->forecast_days };
        char unit[32];
        int code = read_when("--to", what->to, run->screen.now, &forecast.until, err);

        forecast.unit = unit_of(reading, &forecast.scale, unit);
        return code == 0 ? price_forecast_show(run, &forecast, err) : code;
}

int price_file_run(struct command_run *run, const struct price_file *what, struct offpeak_error *err)
{
        struct reading reading = { 0 };
        int code = read_series(what, 0, &reading, err);

        if (code == 0 && what->forecast_days > 0) {
                code = forecast(run, what, &reading, err);
                series_finish(&reading.series);
                mapping_finish(&reading.mapping);
                return code;
        }
        if (code == 0)
                code = summarise(run, what, &reading, err);
        if (code == 0 && run->json && print_json(run, &reading) != 0)
                code = fail(err, OFFPEAK_ENOMEM, "out of memory");
        else if (code == 0 && !run->json)
                print_text(run, what, &reading);
        series_finish(&reading.series);
        mapping_finish(&reading.mapping);
        return code;
}
