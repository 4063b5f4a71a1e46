/* SPDX-License-Identifier: Apache-2.0 */
/* estimate_view.c - the document offpeak.estimate/1 as text: the answer, what it is of, the best start; or a row for each width. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/document.h"
#include "cli/table.h"
#include "cli/views.h"

enum { TEXT_ROOM = 200 };

struct view {
        const json_t *document;
        const char *currency;
        const struct screen *screen;
        FILE *out;
        bool cost, carbon; /* are known */
};

static bool by_carbon(const struct view *view)
{
        const char *objective = document_text(view->document, "objective");

        return objective != NULL && strcmp(objective, "carbon") == 0;
}

/* ---- what it is of */

static void print_of(const struct view *view, const char *label, const char *key, const char *value_key, const char *rule)
{
        const json_t *signal = json_object_get(view->document, key);
        const char *name = document_text(signal, "name"), *source = document_text(signal, "source");
        char text[TEXT_SIZE];
        int64_t value;

        if (!json_is_object(signal))
                return;
        fprintf(view->out, "%s%s ", rule, label);
        if (document_int(signal, value_key, &value) && strcmp(key, "price") == 0)
                fputs(text_format_price(value, view->currency, text), view->out);
        else if (document_int(signal, value_key, &value))
                fprintf(view->out, "%.6g g CO2e/kWh", (double)value / 1000);
        else {
                fputs(source != NULL && strcmp(source, "site") == 0 ? "of site " : "of ", view->out);
                screen_print(view->screen, view->out, name != NULL ? name : "?");
        }
}

static void print_pue(const struct view *view)
{
        int64_t pue;

        if (document_int(view->document, "pue_ppm", &pue))
                fprintf(view->out, "PUE %.6g%s", (double)pue / 1e6,
                        document_true(view->document, "energy_includes_pue") ? ", in it already" : "");
        else if (document_true(view->document, "energy_includes_pue"))
                fputs("PUE in it already", view->out);
        else
                fputs("without what the building adds (--pue)", view->out);
}

static void print_signals(const struct view *view)
{
        print_of(view, "price", "price", "value_micro_per_mwh", ", ");
        print_of(view, "carbon", "carbon", "value_mg_per_kwh", ", ");
        putc('\n', view->out);
}

/* "8 GPUs for 36 h at 5.6 kW" */
static void print_run(const struct view *view, const json_t *run)
{
        char time[WHEN_TEXT_SIZE], power[TEXT_SIZE];
        int64_t gpus, seconds, nodes;
        double watts;

        if (document_int(run, "gpus", &gpus))
                fprintf(view->out, "%lld GPU%s ", (long long)gpus, gpus == 1 ? "" : "s");
        if (document_int(run, "nodes", &nodes))
                fprintf(view->out, "in %lld node%s ", (long long)nodes, nodes == 1 ? "" : "s");
        if (document_int(run, "time_s", &seconds))
                fprintf(view->out, "for %s", when_format_duration(seconds, time));
        if (document_real(run, "power_w", &watts))
                fprintf(view->out, " at %s", text_format_power((int64_t)llround(watts), power));
        if (document_int(run, "gpus", &gpus) || document_int(run, "time_s", &seconds))
                fputs(", ", view->out);
}

/* ---- one run */

static void add_amounts(const struct view *view, struct table *table, const char *label, const json_t *amounts)
{
        char text[TEXT_SIZE];

        table_add(table, label);
        table_add(table, document_energy(amounts, "energy_j", text));
        if (view->cost)
                table_add(table, document_money(amounts, "cost_micro", view->currency, text));
        if (view->carbon)
                table_add(table, document_mass(amounts, "carbon_mg", text));
}

/* The titles of the quantities that are known. */
static size_t titles(const struct view *view, struct table_column *columns, size_t n)
{
        if (view->cost)
                columns[n++] = (struct table_column){ "cost", true };
        if (view->carbon)
                columns[n++] = (struct table_column){ "carbon", true };
        return n;
}

static int print_parts(const struct view *view, const json_t *run)
{
        struct table_column columns[4] = { { "", false }, { "energy", true } };
        const json_t *it = json_object_get(run, "it"), *overhead = json_object_get(run, "overhead");
        struct table table;
        int64_t joules;
        int r;

        if (!document_int(it, "energy_j", &joules) || !document_int(overhead, "energy_j", &joules))
                return 0;
        table_init(&table, view->screen, columns, titles(view, columns, 2));
        add_amounts(view, &table, "IT", it);
        add_amounts(view, &table, "overhead", overhead);
        add_amounts(view, &table, "total", json_object_get(run, "total"));
        r = table_print(&table, view->out);
        table_finish(&table);
        return r;
}

static void print_answer(const struct view *view, const json_t *run)
{
        const json_t *total = json_object_get(run, "total");
        char text[TEXT_SIZE];

        fprintf(view->out, "about %s", document_energy(total, "energy_j", text));
        if (view->cost)
                fprintf(view->out, ", %s", document_money(total, "cost_micro", view->currency, text));
        if (view->carbon)
                fprintf(view->out, ", %s CO2e", document_mass(total, "carbon_mg", text));
        fputs(": ", view->out);
        print_run(view, run);
        print_pue(view);
        print_signals(view);
}

/* ---- starts */

/* "-31.40 EUR (-46 %)" against the first start, in what is looked for. */
static const char *against(const struct view *view, const json_t *start, const json_t *total, char *buffer)
{
        const char *saved_key = by_carbon(view) ? "saved_carbon_mg" : "saved_micro";
        const char *whole_key = by_carbon(view) ? "carbon_mg" : "cost_micro";
        char text[TEXT_SIZE], percent[32] = "";
        int64_t saved, whole;

        if (!document_int(start, saved_key, &saved) || !document_int(total, whole_key, &whole))
                return NULL;
        if (saved == 0)
                return "the same";
        if (whole > 0)
                snprintf(percent, sizeof(percent), " (%+.0f %%)", -100.0 * (double)saved / (double)whole);
        snprintf(buffer, TEXT_ROOM, "%s%s%s", saved < 0 ? "+" : "",
                 by_carbon(view) ? text_format_mass(-saved, text) : text_format_money(-saved, view->currency, text), percent);
        return buffer;
}

/* How much of its hours' prices is a forecast; NULL: nothing. */
static const char *forecast_part(const struct view *view, const json_t *start, const json_t *run, char *buffer)
{
        int64_t guessed = document_int_or(start, by_carbon(view) ? "carbon_forecast_s" : "price_forecast_s", 0);
        int64_t seconds = document_int_or(run, "time_s", 0);

        if (guessed == 0 || seconds == 0)
                return "none of it";
        snprintf(buffer, TEXT_ROOM, "%.0f %%", fmax(1, 100.0 * (double)guessed / (double)seconds));
        return buffer;
}

static bool of_site(const struct view *view)
{
        const char *source = document_text(json_object_get(view->document, by_carbon(view) ? "carbon" : "price"), "source");

        return source != NULL && strcmp(source, "site") == 0;
}

static void add_start(const struct view *view, struct table *table, const char *label, const json_t *start, const json_t *run)
{
        const json_t *total = json_object_get(run, "total");
        bool first = strncmp(label, "at ", 3) == 0; /* the one that the others are held against */
        char text[TEXT_ROOM], from[SCREEN_TIME_SIZE], to[SCREEN_TIME_SIZE];

        table_add(table, label);
        table_add(table, screen_time(view->screen, document_time(start, first ? "begin_utc" : "start_utc"), from));
        table_add(table, screen_time(view->screen, document_time(start, "end_utc"), to));
        if (view->cost)
                table_add(table, document_money(first ? total : start, "cost_micro", view->currency, text));
        if (view->carbon)
                table_add(table, document_mass(first ? total : start, "carbon_mg", text));
        table_add(table, first ? "" : against(view, start, total, text));
        if (of_site(view))
                table_add(table, forecast_part(view, start, run, text));
}

static void print_compared(const struct view *view, const json_t *starts)
{
        char from[SCREEN_TIME_SIZE], to[SCREEN_TIME_SIZE], by[SCREEN_TIME_SIZE];

        fprintf(view->out, "all starts from %s to %s were compared, to the second",
                screen_time(view->screen, document_time(starts, "first_utc"), from),
                screen_time(view->screen, document_time(starts, "last_utc"), to));
        if (document_time(view->document, "by_utc") != 0)
                fprintf(view->out, "; it must end by %s", screen_time(view->screen, document_time(view->document, "by_utc"), by));
        if (document_true(starts, "holes"))
                fputs("; those that meet hours of which nothing is known are left out", view->out);
        putc('\n', view->out);
}

static int print_starts(const struct view *view, const json_t *run)
{
        const json_t *starts = json_object_get(run, "starts");
        struct table_column columns[8] = { { "", false }, { "start", false }, { "end", false } };
        size_t n = titles(view, columns, 3);
        bool now = document_time(run, "begin_utc") == document_time(view->document, "now_utc");
        struct table table;
        int r;

        if (!json_is_object(starts))
                return 0;
        columns[n++] = (struct table_column){ now ? "against now" : "against begin", true };
        if (of_site(view))
                columns[n++] = (struct table_column){ "forecast", true };
        putc('\n', view->out);
        table_init(&table, view->screen, columns, n);
        add_start(view, &table, now ? "at once" : "at begin", run, run);
        add_start(view, &table, by_carbon(view) ? "cleanest" : "cheapest", json_object_get(starts, "lowest"), run);
        add_start(view, &table, by_carbon(view) ? "dirtiest" : "dearest", json_object_get(starts, "highest"), run);
        r = table_print(&table, view->out);
        table_finish(&table);
        print_compared(view, starts);
        return r;
}

/* ---- widths */

static void add_width(const struct view *view, struct table *table, const json_t *run, bool starts)
{
        const json_t *total = json_object_get(run, "total"), *lowest = json_object_get(json_object_get(run, "starts"), "lowest");
        char text[TEXT_SIZE], at[SCREEN_TIME_SIZE];
        double watts = 0;

        document_real(run, "power_w", &watts);
        table_addf(table, "%lld", (long long)document_int_or(run, "gpus", 0));
        table_add(table, when_format_duration(document_int_or(run, "time_s", 0), text));
        table_add(table, text_format_power((int64_t)llround(watts), text));
        table_add(table, document_energy(total, "energy_j", text));
        if (view->cost)
                table_add(table, document_money(total, "cost_micro", view->currency, text));
        if (view->carbon)
                table_add(table, document_mass(total, "carbon_mg", text));
        if (!starts)
                return;
        table_add(table, screen_time(view->screen, document_time(lowest, "start_utc"), at));
        table_add(table, by_carbon(view) ? document_mass(lowest, "carbon_mg", text) :
                                           document_money(lowest, "cost_micro", view->currency, text));
}

/* The run with the least of a quantity of its total (key) or of itself (NULL: its time); NULL: none is known. */
static const json_t *least(const json_t *runs, const char *key)
{
        const json_t *found = NULL;
        json_t *run;
        int64_t best = 0, value;
        size_t i;

        json_array_foreach(runs, i, run) {
                bool known = key != NULL ? document_int(json_object_get(run, "total"), key, &value) :
                                           document_int(run, "time_s", &value);

                if (known && (found == NULL || value < best)) {
                        found = run;
                        best = value;
                }
        }
        return found;
}

static bool any_missing(const json_t *runs)
{
        json_t *run;
        size_t i;

        json_array_foreach(runs, i, run)
                if (document_text(run, "missing") != NULL)
                        return true;
        return false;
}

static void print_verdict(const struct view *view, const json_t *runs)
{
        const char *key = view->cost && !by_carbon(view) ? "cost_micro" : view->carbon ? "carbon_mg" : "energy_j";
        const json_t *best = least(runs, key), *fastest = least(runs, NULL);
        const json_t *best_total = json_object_get(best, "total"), *fast_total = json_object_get(fastest, "total");
        char own[TEXT_SIZE], other[TEXT_SIZE], time[WHEN_TEXT_SIZE], long_time[WHEN_TEXT_SIZE];
        const char *(*format)(const json_t *, const char *, char *) = strcmp(key, "energy_j") == 0 ? document_energy : document_mass;
        bool money = strcmp(key, "cost_micro") == 0;

        if (best == NULL || fastest == NULL)
                return;
        if (any_missing(runs))
                fputs("of those that are priced, ", view->out);
        fprintf(view->out, "least %s on %lld GPUs: %s in %s", money ? "cost" : strcmp(key, "carbon_mg") == 0 ? "carbon" : "energy",
                (long long)document_int_or(best, "gpus", 0),
                money ? document_money(best_total, key, view->currency, own) : format(best_total, key, own),
                when_format_duration(document_int_or(best, "time_s", 0), long_time));
        if (best != fastest)
                fprintf(view->out, "; fastest on %lld: %s in %s", (long long)document_int_or(fastest, "gpus", 0),
                        money ? document_money(fast_total, key, view->currency, other) : format(fast_total, key, other),
                        when_format_duration(document_int_or(fastest, "time_s", 0), time));
        putc('\n', view->out);
}

static void print_missing(const struct view *view, const json_t *runs)
{
        json_t *run;
        size_t i;

        json_array_foreach(runs, i, run) {
                if (document_text(run, "missing") == NULL)
                        continue;
                fprintf(view->out, "%lld GPUs: ", (long long)document_int_or(run, "gpus", 0));
                screen_print(view->screen, view->out, document_text(run, "missing"));
                putc('\n', view->out);
        }
}

static int print_widths(const struct view *view, const json_t *runs)
{
        struct table_column columns[8] = { { "GPUS", true }, { "TIME", true }, { "POWER", true }, { "ENERGY", true } };
        bool starts = document_text(view->document, "objective") != NULL;
        const char *class = document_text(view->document, "class");
        char begin[SCREEN_TIME_SIZE];
        struct table table;
        size_t n = 4, i;
        json_t *run;
        int r;

        screen_print(view->screen, view->out, class != NULL ? class : "?");
        fprintf(view->out, " from %s on, ",
                screen_time(view->screen, document_time(json_array_get(runs, 0), "begin_utc"), begin));
        print_pue(view);
        print_signals(view);
        if (view->cost)
                columns[n++] = (struct table_column){ "COST", true };
        if (view->carbon)
                columns[n++] = (struct table_column){ "CARBON", true };
        if (starts) {
                columns[n++] = (struct table_column){ by_carbon(view) ? "CLEANEST START" : "CHEAPEST START", false };
                columns[n++] = (struct table_column){ by_carbon(view) ? "ITS CARBON" : "ITS COST", true };
        }
        table_init(&table, view->screen, columns, n);
        json_array_foreach(runs, i, run)
                add_width(view, &table, run, starts);
        r = table_print(&table, view->out);
        table_finish(&table);
        print_verdict(view, runs);
        print_missing(view, runs);
        return r;
}

int view_estimate(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *runs = json_object_get(document, "runs"), *run = json_array_get(runs, 0);
        struct view view = { .document = document,
                             .currency = document_text(document, "currency"),
                             .screen = screen,
                             .out = out,
                             .cost = json_is_object(json_object_get(document, "price")),
                             .carbon = json_is_object(json_object_get(document, "carbon")) };
        int r;

        if (json_array_size(runs) > 1)
                return print_widths(&view, runs);
        print_answer(&view, run);
        r = print_parts(&view, run);
        return r != 0 ? r : print_starts(&view, run);
}
