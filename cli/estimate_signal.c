/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/estimate_signal.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/document.h"
#include "cli/signal_value.h"
#include "ledger/estimate.h"
#include "supply/site_supply.h"

enum { NAMED_GAPS = 4 };

static const char *noun_of(enum series_kind kind)
{
        return kind == SERIES_PRICE ? "price" : "carbon intensity";
}

/* ---- a value, a file */

static int read_value(const char *text, struct estimate_signal *signal, struct offpeak_error *err)
{
        enum series_kind kind = signal->series.kind;
        int code = signal_value_series(text, kind, noun_of(kind), &signal->series, signal->currency, err);

        if (code != 0)
                return code;
        signal->source = ESTIMATE_VALUE;
        if (kind == SERIES_PRICE && signal->currency[0] == '\0')
                return fail(err, OFFPEAK_EINVAL, "\"%s\": in which currency? Write it as 65 EUR/MWh, or 6.5 EURct/kWh",
                            text);
        return 0;
}

/* Is it a price that should be a carbon intensity, or the other way round? Then say so. */
static int wrong_kind(const struct price_file *file, enum series_kind kind, struct offpeak_error *err)
{
        enum series_kind other = kind == SERIES_PRICE ? SERIES_CARBON : SERIES_PRICE;
        struct offpeak_error ignored;
        struct series series;
        char currency[4];

        if (strcmp(file->file, "/dev/stdin") == 0 || price_file_read(file, other, &series, currency, &ignored) != 0)
                return err->code;
        series_finish(&series);
        return fail(err, OFFPEAK_EINVAL, "%s: holds a %s, but a %s is wanted here: give it with --%s", file->file, noun_of(other),
                    noun_of(kind), series_kind_name(other));
}

static int read_file(const char *text, const struct price_file *described, struct estimate_signal *signal,
                     struct offpeak_error *err)
{
        struct price_file file = *described;
        struct series series;
        int code;

        file.file = strcmp(text, "-") == 0 ? "/dev/stdin" : text;
        code = price_file_read(&file, signal->series.kind, &series, signal->currency, err);
        if (code != 0)
                return code == OFFPEAK_EINVAL ? wrong_kind(&file, signal->series.kind, err) : code;
        signal->series = series;
        signal->source = ESTIMATE_FILE;
        signal->name = strcmp(text, "-") == 0 ? "the standard input" : text;
        if (series.kind == SERIES_PRICE && signal->currency[0] == '\0')
                return fail(err, OFFPEAK_EINVAL, "%s: does not say in which currency its prices are: add --set currency=EUR", text);
        return 0;
}

int estimate_signal_read(const char *text, const struct price_file *file, enum series_kind kind,
                         struct estimate_signal *ret_signal, struct offpeak_error *err)
{
        struct estimate_signal signal = { .source = ESTIMATE_NONE };
        int code;

        series_init(&signal.series, kind);
        series_init(&signal.guessed, kind);
        code = signal_value_is_file(text) ? read_file(text, file, &signal, err) : read_value(text, &signal, err);
        if (code == 0)
                *ret_signal = signal;
        else
                estimate_signal_finish(&signal);
        return code != 0 ? fail_at(err, "--%s", kind == SERIES_PRICE ? "price" : "carbon") : 0;
}

/* ---- a site */

static bool is_said(const char *source)
{
        return source != NULL && (strcmp(source, "published") == 0 || strcmp(source, "pushed") == 0);
}

static int add_value(struct estimate_signal *signal, const struct supply_terms *terms, const json_t *item)
{
        int64_t start = document_time(item, "start_utc"), value;
        const char *key = signal->series.kind == SERIES_PRICE ? "value_micro_per_mwh" : "value_mg_per_kwh";
        int code;

        if (!document_int(item, key, &value))
                value = SERIES_UNKNOWN;
        else if (signal->series.kind == SERIES_PRICE)
                value = site_supply_grid_price(terms, value);
        code = series_append(&signal->series, start, value);
        if (code == 0)
                code = series_append(&signal->guessed, start, value != SERIES_UNKNOWN && !is_said(document_text(item, "source")));
        signal->series.end = signal->guessed.end = document_time(item, "end_utc");
        return code;
}

int estimate_signal_of_site(const json_t *site, enum series_kind kind, struct estimate_signal *ret_signal,
                            struct offpeak_error *err)
{
        struct supply_terms terms = { .grid_adder = document_int_or(site, "grid_adder_micro_per_mwh", 0),
                                      .grid_tax_ppm = document_int_or(site, "grid_tax_ppm", 0) };
        struct estimate_signal signal = { .name = document_text(site, "name") };
        const char *currency = document_text(site, "currency"), *said;
        json_t *series, *item;
        size_t i, v;
        int code = 0;

        series_init(&signal.series, kind);
        series_init(&signal.guessed, kind);
        json_array_foreach(json_object_get(site, "series"), i, series) {
                said = document_text(series, "kind");
                if (said == NULL || strcmp(said, series_kind_name(kind)) != 0)
                        continue;
                signal.source = ESTIMATE_SITE;
                json_array_foreach(json_object_get(series, "values"), v, item)
                        code = code == 0 ? add_value(&signal, &terms, item) : code;
        }
        if (code != 0) {
                estimate_signal_finish(&signal);
                return code == OFFPEAK_ENOMEM ? fail(err, code, "out of memory") :
                                                fail(err, OFFPEAK_EPROTOCOL, "the scheduler's values run backwards: use the same "
                                                                             "version of both");
        }
        if (kind == SERIES_PRICE && currency != NULL && strlen(currency) < sizeof(signal.currency))
                strcpy(signal.currency, currency);
        *ret_signal = signal;
        return 0;
}

void estimate_signal_finish(struct estimate_signal *signal)
{
        series_finish(&signal->series);
        series_finish(&signal->guessed);
}

/* ---- what is known */

bool estimate_signal_varies(const struct estimate_signal *signal)
{
        return signal->source == ESTIMATE_FILE || signal->source == ESTIMATE_SITE;
}

int estimate_signal_covers(const struct estimate_signal *signal, int64_t start, int64_t end, struct offpeak_error *err)
{
        struct estimate_gap gaps[NAMED_GAPS] = { 0 };
        size_t n = signal->source != ESTIMATE_NONE ? estimate_gaps(&signal->series, start, end, gaps, NAMED_GAPS) : 0;
        char list[NAMED_GAPS * 2 * WHEN_TEXT_SIZE] = "", from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE], gap[2 * WHEN_TEXT_SIZE + 8];
        char all[WHEN_TEXT_SIZE], more[48] = "";

        if (n == 0)
                return 0;
        for (size_t i = 0; i < n && i < NAMED_GAPS; i++) {
                snprintf(gap, sizeof(gap), "%s to %s", when_format_utc(gaps[i].start, from), when_format_utc(gaps[i].end, to));
                text_list_add(list, sizeof(list), gap);
        }
        if (n > NAMED_GAPS)
                snprintf(more, sizeof(more), " and %zu more stretches", n - NAMED_GAPS);
        when_format_duration(estimate_seconds_of(&signal->series, SERIES_UNKNOWN, start, end), all);
        return fail(err, OFFPEAK_EINVAL,
                    "%s: no %s is known from %s%s (%s of the run in all): begin elsewhere with --begin, or give a series that "
                    "covers them",
                    signal->name, noun_of(signal->series.kind), list, more, all);
}

int64_t estimate_signal_first(const struct estimate_signal *signal, int64_t time)
{
        while (series_at(&signal->series, time) == SERIES_UNKNOWN) {
                int64_t next = series_next_edge(&signal->series, time);

                if (next == INT64_MAX)
                        return INT64_MAX;
                time = next;
        }
        return time;
}
