/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.c - `offpeak signals`: where each signal is from, how old, how far it reaches, what is in use and why, and how
 * its source is doing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/period.h"
#include "cli/table.h"
#include "cli/views.h"

static bool is_price(const char *kind)
{
        return strcmp(kind, "price") == 0 || strcmp(kind, "export") == 0;
}

static const char *format_value(const char *kind, int64_t value, const char *currency, char buffer[TEXT_SIZE])
{
        if (is_price(kind))
                return text_format_price(value, currency, buffer);
        if (strcmp(kind, "stored") == 0)
                return text_format_wh(value, buffer);
        if (strcmp(kind, "carbon") != 0)
                return text_format_power(value, buffer);
        snprintf(buffer, TEXT_SIZE, "%.6g g/kWh", (double)value / 1000);
        return buffer;
}

/* The member `prefix_<unit>` of an object, in whichever unit it is. */
static bool find_value(const json_t *object, const char *prefix, int64_t *ret_value)
{
        static const char *const units[] = { "micro_per_mwh", "mg_per_kwh", "w", "wh" };
        char key[64];

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                snprintf(key, sizeof(key), "%s_%s", prefix, units[i]);
                if (document_int(object, key, ret_value))
                        return true;
        }
        return false;
}

static const char *kind_of(const json_t *signal)
{
        const char *kind = document_text(signal, "kind");

        return kind != NULL ? kind : "?";
}

/* ---- the table */

static const char *name_of(const json_t *signal, char text[128])
{
        const char *name = document_text(signal, "name");

        snprintf(text, 128, "%s%s%s", kind_of(signal), name != NULL ? " " : "", name != NULL ? name : "");
        return text;
}

static const char *state_text(const json_t *signal, char text[64])
{
        const char *state = document_text(signal, "state");
        int64_t n = document_int_or(json_object_get(signal, "feed"), "n_quarantined", 0);

        if (state == NULL || strcmp(state, "none") == 0)
                return NULL;
        if (n > 0 && strcmp(state, "quarantined") == 0)
                snprintf(text, 64, "%lld quarantined", (long long)n);
        else
                snprintf(text, 64, "%s", state);
        return text;
}

static const char *gaps_text(const json_t *signal, char text[80])
{
        char length[WHEN_TEXT_SIZE];
        int64_t n, seconds;

        if (!document_int(signal, "gaps", &n) || !document_int(signal, "gaps_s", &seconds))
                return NULL;
        if (n == 0)
                return "none";
        snprintf(text, 80, "%lld (%s)", (long long)n, when_format_duration(seconds, length));
        return text;
}

static void add_time(struct table *table, const struct screen *screen, int64_t time)
{
        char text[SCREEN_TIME_SIZE];

        table_add(table, time != 0 ? screen_time(screen, time, text) : NULL);
}

/* Where from, and in how many pages, if that is more than one. */
static void add_source(struct table *table, const json_t *signal)
{
        const json_t *feed = json_object_get(signal, "feed");
        const char *source = document_text(feed, "source");
        int64_t pages = document_int_or(feed, "pages", 0);

        source = source != NULL ? source : document_text(signal, "source");
        if (pages > 1 && source != NULL)
                table_addf(table, "%s (%lld pages)", source, (long long)pages);
        else
                table_add(table, source);
}

/* The value in use; of what is stored, of how much there can be. */
static const char *now_text(const json_t *site, const json_t *signal, char text[2 * TEXT_SIZE])
{
        const char *kind = kind_of(signal);
        char value[TEXT_SIZE], most[TEXT_SIZE];
        int64_t number, energy;

        if (!find_value(signal, "now", &number))
                return NULL;
        format_value(kind, number, document_text(site, "currency"), value);
        if (strcmp(kind, "stored") == 0 && document_int(json_object_get(site, "store"), "energy_wh", &energy))
                snprintf(text, 2 * TEXT_SIZE, "%s of %s", value, text_format_wh(energy, most));
        else
                snprintf(text, 2 * TEXT_SIZE, "%s", value);
        return text;
}

static void add_signal(struct table *table, const json_t *site, const json_t *signal)
{
        const json_t *feed = json_object_get(signal, "feed");
        char text[128], age[WHEN_TEXT_SIZE];
        int64_t number;

        table_add(table, document_text(site, "name"));
        table_add(table, name_of(signal, text));
        table_add(table, state_text(signal, text));
        table_add(table, document_text(signal, "in_use"));
        table_add(table, now_text(site, signal, text));
        table_add(table, document_int(signal, "age_s", &number) ? when_format_duration(number, age) : NULL);
        add_time(table, table->screen, document_time(signal, "covers_until_utc"));
        table_add(table, gaps_text(signal, text));
        add_time(table, table->screen, document_time(feed, "next_try_utc"));
        add_source(table, signal);
}

static bool is_below_rating(const json_t *unit)
{
        return document_int_or(unit, "expected_w", 0) < document_int_or(unit, "rating_w", 0);
}

/* A unit of the reactor, in the columns of the signals: what it can give by its outages, of its rating. */
static void add_unit(struct table *table, const json_t *site, const json_t *unit)
{
        const char *name = document_text(unit, "name");
        char now[TEXT_SIZE], rating[TEXT_SIZE];

        text_format_power(document_int_or(unit, "expected_w", 0), now);
        text_format_power(document_int_or(unit, "rating_w", 0), rating);
        table_add(table, document_text(site, "name"));
        table_addf(table, "unit %s", name != NULL ? name : "?");
        table_add(table, is_below_rating(unit) ? "out" : NULL);
        table_add(table, NULL);
        table_addf(table, "%s of %s", now, rating);
        for (unsigned i = 0; i < 4; i++)
                table_add(table, NULL);
        table_add(table, "the configuration");
}

static void add_site(struct table *table, const json_t *site)
{
        json_t *signal, *unit;
        size_t i;

        json_array_foreach(json_object_get(site, "signals"), i, signal) add_signal(table, site, signal);
        json_array_foreach(json_object_get(site, "units"), i, unit) add_unit(table, site, unit);
}

/* ---- what is to be said below it */

static void print_place(const json_t *site, const json_t *signal, const struct screen *screen, FILE *out)
{
        const char *name = document_text(site, "name");
        char text[128];

        screen_print(screen, out, name != NULL ? name : "?");
        putc(' ', out);
        screen_print(screen, out, name_of(signal, text));
        fputs(": ", out);
}

static void note_failure(const json_t *site, const json_t *signal, const struct screen *screen, FILE *out)
{
        const json_t *feed = json_object_get(signal, "feed");
        int64_t failures = document_int_or(feed, "failures", 0);
        const char *error = document_text(feed, "error");
        char since[SCREEN_TIME_SIZE];

        if (failures == 0)
                return;
        print_place(site, signal, screen, out);
        fprintf(out, "failing since %s, %lld %s: ",
                screen_time(screen, document_time(feed, "failing_since_utc"), since), (long long)failures,
                failures == 1 ? "time" : "times");
        screen_print(screen, out, error != NULL ? error : "nobody says why");
        putc('\n', out);
}

static void note_quarantine(const json_t *site, const json_t *signal, const struct screen *screen, FILE *out)
{
        const json_t *list = json_object_get(json_object_get(signal, "feed"), "quarantined");
        const char *currency = document_text(site, "currency"), *reason;
        char value[TEXT_SIZE], at[SCREEN_TIME_SIZE];
        int64_t number;
        json_t *item;
        size_t i;

        json_array_foreach(list, i, item) {
                if (!find_value(item, "value", &number))
                        continue;
                print_place(site, signal, screen, out);
                reason = document_text(item, "reason");
                fprintf(out, "%s at %s counts as unknown: %s that is allowed\n",
                        format_value(kind_of(signal), number, currency, value),
                        screen_time(screen, document_time(item, "start_utc"), at),
                        reason != NULL ? reason : "outside what");
        }
}

static void note_use(const json_t *site, const json_t *signal, const struct screen *screen, FILE *out)
{
        const char *in_use = document_text(signal, "in_use"), *why = document_text(signal, "why");

        if (in_use == NULL || why == NULL || strcmp(in_use, "published") == 0)
                return;
        print_place(site, signal, screen, out);
        screen_print(screen, out, why);
        putc('\n', out);
}

/* `hall store: holds 20.0 kWh, takes 4.0 kW and gives 4.0 kW; 1.0 kWh is kept in reserve`. */
static void note_store(const json_t *site, const struct screen *screen, FILE *out)
{
        const json_t *store = json_object_get(site, "store");
        char most[TEXT_SIZE], in[TEXT_SIZE], from[TEXT_SIZE], kept[TEXT_SIZE];
        int64_t energy, reserve = document_int_or(store, "reserve_wh", 0);

        if (!document_int(store, "energy_wh", &energy))
                return;
        screen_print(screen, out, document_text(site, "name") != NULL ? document_text(site, "name") : "?");
        fprintf(out, " store: holds %s%s, takes %s and gives %s", text_format_wh(energy, most),
                document_true(store, "from_reactor") ? " of the reactor's" : "",
                text_format_power(document_int_or(store, "charge_w", 0), in),
                text_format_power(document_int_or(store, "discharge_w", 0), from));
        if (reserve > 0)
                fprintf(out, "; %s of it is kept in reserve", text_format_wh(reserve, kept));
        putc('\n', out);
}

/* `river unit b: out until Tue 06:00`, `river unit b: out Tue 06:00-Wed 06:00`. */
static void note_outage(const json_t *site, const json_t *unit, const struct screen *screen, FILE *out)
{
        int64_t from = document_time(unit, "outage_from_utc"), until = document_time(unit, "outage_until_utc");
        const char *name = document_text(site, "name"), *of = document_text(unit, "name");
        char span[2 * SCREEN_TIME_SIZE];

        if (until == 0)
                return;
        screen_print(screen, out, name != NULL ? name : "?");
        fputs(" unit ", out);
        screen_print(screen, out, of != NULL ? of : "?");
        if (from <= screen->now)
                fprintf(out, ": out until %s\n", screen_time(screen, until, span));
        else
                fprintf(out, ": out %s\n", screen_span(screen, from, until, span));
}

static void note_own(const json_t *sites, const struct screen *screen, FILE *out)
{
        json_t *site, *unit;
        size_t i, k;

        json_array_foreach(sites, i, site)
        {
                note_store(site, screen, out);
                json_array_foreach(json_object_get(site, "units"), k, unit) note_outage(site, unit, screen, out);
        }
}

typedef void (*note_call)(const json_t *site, const json_t *signal, const struct screen *screen, FILE *out);

static void each_signal(const json_t *sites, note_call note, const struct screen *screen, FILE *out)
{
        json_t *site, *signal;
        size_t i, k;

        json_array_foreach(sites, i, site)
                json_array_foreach(json_object_get(site, "signals"), k, signal)
                        note(site, signal, screen, out);
}

int view_signals(const json_t *document, const struct screen *screen, FILE *out)
{
        static const struct table_column columns[] = { { "SITE", false },         { "SIGNAL", false }, { "STATE", false },
                                                       { "IN USE", false },       { "NOW", true },     { "AGE", true },
                                                       { "COVERS UNTIL", false }, { "GAPS", false },   { "NEXT TRY", false },
                                                       { "SOURCE", false } };
        const json_t *sites = json_object_get(document, "sites");
        struct table table;
        json_t *site;
        size_t i;
        int r;

        if (json_array_size(sites) == 0) {
                fputs("no sites: the configuration names none\n", out);
                return 0;
        }
        table_init(&table, screen, columns, sizeof(columns) / sizeof(columns[0]));
        json_array_foreach(sites, i, site) add_site(&table, site);
        r = table_print(&table, out);
        table_finish(&table);
        each_signal(sites, note_failure, screen, out);
        each_signal(sites, note_quarantine, screen, out);
        each_signal(sites, note_use, screen, out);
        note_own(sites, screen, out);
        return r;
}

/* ---- the command */

const struct option_row signals_rows[] = {
        { PERIOD_SITE, 0, "site", "NAME", "this site only" },
        COMMAND_OPTIONS,
};

int command_signals(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return period_command(run, argc, argv, "signals", view_signals, err);
}
