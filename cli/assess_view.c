/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assess_view.c - the document offpeak.assess/1 as text: what changes, a row for each figure with a column for each
 * configuration, and what a year of it comes to.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/policy.h"
#include "cli/table.h"
#include "cli/trial_view.h"
#include "cli/views.h"

enum { MOST_CASES = 8, MOST_SITES = 128, MOST_ROW = 128 };

enum form { MONEY, MASS, ENERGY, POWER, HOURS, SHARE, TIMES, COUNT };

struct view {
        const json_t *document;
        const json_t *cases[MOST_CASES]; /* the supply as it is, and with the changes */
        size_t n;
        const char *sites[MOST_SITES]; /* of all cases, each once */
        size_t n_sites;
        const char *currency;
        const struct screen *screen;
        FILE *out;
        struct table table;
};

static double real(const json_t *object, const char *key)
{
        double value;

        return document_real(object, key, &value) ? value : NAN;
}

/* ---- figures */

static const char *figure(const struct view *view, enum form form, double value, char text[TEXT_SIZE])
{
        switch (form) {
        case MONEY:
                return text_format_money(llround(value * 1e6), view->currency, text);
        case MASS:
                return text_format_mass(llround(value * 1e6), text);
        case ENERGY:
                return text_format_energy(llround(value * 3.6e9), text);
        case POWER:
                return text_format_power(llround(value), text);
        case HOURS:
                snprintf(text, TEXT_SIZE, "%.1f h", value);
                return text;
        case SHARE:
                snprintf(text, TEXT_SIZE, "%.1f %%", 100 * value);
                return text;
        case TIMES:
                snprintf(text, TEXT_SIZE, "%.1f", value);
                return text;
        case COUNT:
                break;
        }
        snprintf(text, TEXT_SIZE, "%.0f", value);
        return text;
}

static void add_value(struct view *view, enum form form, double value)
{
        char text[TEXT_SIZE];

        table_add(&view->table, isnan(value) ? NULL : figure(view, form, value, text));
}

/* With its sign; what is the same is "=". */
static void add_difference(struct view *view, enum form form, double value)
{
        char text[TEXT_SIZE];

        if (isnan(value))
                table_add(&view->table, NULL);
        else if (fabs(value) < 1e-9)
                table_add(&view->table, "=");
        else
                table_addf(&view->table, "%s%s", value > 0 ? "+" : "", figure(view, form, value, text));
}

/* A row: the value of each case, and each change's difference. Not needed: left out where all are 0 or unknown. */
static void add_row(struct view *view, const char *label, enum form form, const double *values, bool needed)
{
        bool any = needed;

        for (size_t i = 0; i < view->n; i++)
                any = any || (!isnan(values[i]) && (form == SHARE || fabs(values[i]) > 1e-9));
        if (!any)
                return;
        table_add(&view->table, label);
        add_value(view, form, values[0]);
        for (size_t i = 1; i < view->n; i++) {
                add_value(view, form, values[i]);
                add_difference(view, form, values[i] - values[0]);
        }
}

static void add_key(struct view *view, const char *label, enum form form, const char *key, bool needed)
{
        double values[MOST_CASES];

        for (size_t i = 0; i < view->n; i++)
                values[i] = real(view->cases[i], key);
        add_row(view, label, form, values, needed);
}

/* ---- sites and sources */

static const json_t *named(const json_t *list, const char *name)
{
        const json_t *item;
        size_t i;

        json_array_foreach((json_t *)list, i, item) if (strcmp(document_text(item, "name"), name) == 0) return item;
        return NULL;
}

static const json_t *site_of(const struct view *view, size_t i, const char *site)
{
        return named(json_object_get(view->cases[i], "sites"), site);
}

static void find_sites(struct view *view)
{
        for (size_t i = 0; i < view->n; i++) {
                const json_t *site;
                size_t k;

                json_array_foreach(json_object_get(view->cases[i], "sites"), k, site)
                {
                        const char *name = document_text(site, "name");
                        bool told = view->n_sites == MOST_SITES;

                        for (size_t s = 0; s < view->n_sites; s++)
                                told = told || strcmp(view->sites[s], name) == 0;
                        if (!told)
                                view->sites[view->n_sites++] = name;
                }
        }
}

/* Before what is of one site, where there are several. */
static const char *prefix(const struct view *view, const char *site, char text[MOST_ROW])
{
        text[0] = '\0';
        if (view->n_sites > 1)
                snprintf(text, MOST_ROW, "%.60s: ", site);
        return text;
}

static void add_site_key(struct view *view, const char *site, const char *label, enum form form, const char *key)
{
        char before[MOST_ROW], text[2 * MOST_ROW];
        double values[MOST_CASES];

        for (size_t i = 0; i < view->n; i++)
                values[i] = real(site_of(view, i, site), key);
        snprintf(text, sizeof(text), "%s%s", prefix(view, site, before), label);
        add_row(view, text, form, values, true);
}

/* A source that a case does not have gave nothing there. */
static void add_source(struct view *view, const char *site, const char *source, const char *label, enum form form,
                       const char *key, double without)
{
        char before[MOST_ROW], text[2 * MOST_ROW];
        double values[MOST_CASES];

        for (size_t i = 0; i < view->n; i++) {
                const json_t *found = named(json_object_get(site_of(view, i, site), "sources"), source);

                values[i] = found != NULL ? real(found, key) : without;
        }
        snprintf(text, sizeof(text), "%s%s%.60s", prefix(view, site, before), label, source);
        add_row(view, text, form, values, false);
}

/* Every source that any case has at the site, once. */
static void each_source(struct view *view, const char *site, const char *label, enum form form, const char *key,
                        double without)
{
        for (size_t i = 0; i < view->n; i++) {
                const json_t *source;
                size_t k;

                json_array_foreach(json_object_get(site_of(view, i, site), "sources"), k, source)
                {
                        const char *name = document_text(source, "name");
                        bool told = false;

                        for (size_t j = 0; j < i; j++)
                                told = told || named(json_object_get(site_of(view, j, site), "sources"), name) != NULL;
                        if (!told)
                                add_source(view, site, name, label, form, key, without);
                }
        }
}

/* ---- what changes */

static void print_changes(const struct view *view, const json_t *one, size_t i)
{
        const json_t *changes = json_object_get(one, "changes"), *change;
        size_t k;

        fprintf(view->out, "%c: ", (int)('A' + i));
        screen_print(view->screen, view->out, document_text(one, "name"));
        putc('\n', view->out);
        json_array_foreach((json_t *)changes, k, change)
        {
                fputs("   ", view->out);
                policy_print_change(view->screen, view->out, change);
        }
        if (json_array_size(changes) == 0)
                fputs("   nothing is different in meaning\n", view->out);
}

static void print_head(const struct view *view)
{
        long long jobs = document_int_or(view->document, "jobs", 0), rows = document_int_or(view->document, "rows", 0);
        double days = 365 / real(view->document, "year_scale");

        fprintf(view->out, "%lld %s", jobs, jobs == 1 ? "job" : "jobs");
        if (rows > jobs)
                fprintf(view->out, " (of %lld rows)", rows);
        fprintf(view->out, " on %lld GPUs, %.16s to %.16s (%.1f days), hours by %s\n",
                (long long)document_int_or(view->document, "gpus", 0), document_text(view->document, "from_utc"),
                document_text(view->document, "to_utc"), days, document_text(view->document, "policy"));
}

/* ---- the table */

static void add_money_rows(struct view *view)
{
        add_key(view, "cost", MONEY, "cost", true);
        add_key(view, "  energy bought", MONEY, "bought", false);
        add_key(view, "  demand charges", MONEY, "demand_charges", false);
        add_key(view, "  less sold", MONEY, "sold", false);
        add_key(view, "  less settled", MONEY, "settled", false);
        add_key(view, "carbon (location)", MASS, "carbon_kg", true);
}

static void add_energy_rows(struct view *view)
{
        add_key(view, "energy", ENERGY, "energy_mwh", true);
        for (size_t i = 0; i < view->n_sites; i++)
                each_source(view, view->sites[i], "  from ", ENERGY, "used_mwh", 0);
        add_key(view, "  beyond all limits", ENERGY, "beyond_mwh", false);
        add_key(view, "into stores", ENERGY, "stored_mwh", false);
        add_key(view, "out of stores", ENERGY, "given_mwh", false);
        add_key(view, "lost in stores", ENERGY, "store_lost_mwh", false);
        add_key(view, "left in stores", ENERGY, "store_left_mwh", false);
        add_key(view, "cycles of stores", TIMES, "store_cycles", false);
        add_key(view, "sold", ENERGY, "sold_mwh", false);
        add_key(view, "curtailed", ENERGY, "curtailed_mwh", true);
        add_key(view, "hours curtailed", HOURS, "curtailed_h", false);
        for (size_t i = 0; i < view->n_sites; i++)
                each_source(view, view->sites[i], "capacity factor ", SHARE, "capacity_factor", NAN);
        for (size_t i = 0; i < view->n_sites; i++)
                add_site_key(view, view->sites[i], "peak power", POWER, "peak_w");
}

/* What they had still to draw is in no figure. */
static void add_undone(struct view *view)
{
        double values[MOST_CASES], jobs = (double)document_int_or(view->document, "jobs", 0);

        for (size_t i = 0; i < view->n; i++)
                values[i] = jobs - (double)document_int_or(view->cases[i], "jobs_done", 0);
        add_row(view, "jobs not done", COUNT, values, false);
}

static int print_table(struct view *view)
{
        static const char *const names[] = { "A", "B", "C", "D", "E", "F", "G" };
        static const char *const differences[] = { "A'S CHANGE", "B'S CHANGE", "C'S CHANGE", "D'S CHANGE",
                                                   "E'S CHANGE", "F'S CHANGE", "G'S CHANGE" };
        struct table_column columns[TABLE_MAX_COLUMNS] = { { "", false }, { "AS IT IS", true } };
        int code;

        for (size_t i = 1; i < view->n; i++) {
                columns[2 * i] = (struct table_column){ names[i - 1], true };
                columns[2 * i + 1] = (struct table_column){ differences[i - 1], true };
        }
        table_init(&view->table, view->screen, columns, 2 * view->n);
        add_money_rows(view);
        add_energy_rows(view);
        add_key(view, "mean delay", HOURS, "mean_delay_h", true);
        add_key(view, "waiting counts", MONEY, "delay_cost", false);
        add_key(view, "missed deadlines", COUNT, "missed_deadlines", true);
        add_undone(view);
        code = table_print(&view->table, view->out);
        table_finish(&view->table);
        return code;
}

/* ---- a year */

static int print_year(struct view *view)
{
        static const struct table_column columns[] = { { "A YEAR", false },      { "COST", true },
                                                       { "CARBON", true },       { "PAYS BELOW", true },
                                                       { "ITS OWN COST", true }, { "NET WORTH", true } };
        bool given = false;
        int code;

        for (size_t i = 1; i < view->n; i++)
                given = given || !isnan(real(json_object_get(view->cases[i], "a_year"), "yearly_cost"));
        table_init(&view->table, view->screen, columns, given ? 6 : 4);
        for (size_t i = 1; i < view->n; i++) {
                const json_t *year = json_object_get(view->cases[i], "a_year");
                double worth = real(year, "break_even");

                table_addf(&view->table, "%c", (int)('A' + i - 1));
                add_difference(view, MONEY, real(year, "cost"));
                add_difference(view, MASS, real(year, "carbon_kg"));
                if (worth <= 0)
                        table_add(&view->table, "never");
                else
                        add_value(view, MONEY, worth);
                if (!given)
                        continue;
                add_value(view, MONEY, real(year, "yearly_cost"));
                add_value(view, MONEY, real(year, "net_worth"));
        }
        code = table_print(&view->table, view->out);
        table_finish(&view->table);
        return code;
}

/* ---- what is to be known of it */

static void print_scale(const struct view *view)
{
        double scale = real(view->document, "year_scale");
        bool months = false;

        for (size_t i = 0; i < view->n; i++)
                months = months || document_int_or(view->cases[i], "months", 0) > 0;
        fprintf(view->out, "a year is scaled: %.1f days times %.3g", 365 / scale, scale);
        if (months)
                fputs(", demand charges by months", view->out);
        fputs("; another season may differ\n", view->out);
}

static bool any(const struct view *view, const char *key)
{
        bool found = false;

        for (size_t i = 0; i < view->n; i++)
                found = found || document_true(view->cases[i], key);
        return found;
}

static void print_most(const struct view *view, const char *key, const char *before, const char *behind)
{
        double most = 0;
        char text[TEXT_SIZE];

        for (size_t i = 0; i < view->n; i++)
                most = fmax(most, real(view->cases[i], key));
        if (most > 1e-9)
                fprintf(view->out, "%s %s%s\n", before, text_format_energy(llround(most * 3.6e9), text), behind);
}

static void print_notes(const struct view *view)
{
        if (any(view, "has_store"))
                fputs("a store is run afterwards, for the hours that the jobs have and with perfect foresight of "
                      "prices: the most that it can be worth for these\n",
                      view->out);
        if (any(view, "store_left_out"))
                fputs("the added plant's own store is left out: its site has a store, and one is supported\n",
                      view->out);
        if (any(view, "no_losses"))
                fputs("the added battery loses nothing: write its efficiency, there and back, behind it (85%)\n",
                      view->out);
        if (any(view, "free_fuel"))
                fputs("the added reactor's fuel counts nothing: write its cost behind it (9EUR/MWh)\n", view->out);
        print_most(view, "unpriced_mwh", "no price is known of up to", ": that is in no cost");
        print_most(view, "uncounted_mwh", "no carbon intensity is known of up to", ": that is in no carbon");
        print_most(view, "beyond_mwh", "drawn beyond what the sources can give: up to", "");
}

int view_assess(const json_t *document, const struct screen *screen, FILE *out)
{
        struct view view = {
                .document = document, .currency = document_text(document, "currency"), .screen = screen, .out = out
        };
        const json_t *one;
        size_t i;
        int code;

        view.cases[view.n++] = json_object_get(document, "base");
        json_array_foreach(json_object_get(document, "with"), i, one)
        {
                view.cases[view.n++] = one;
                print_changes(&view, one, i);
        }
        find_sites(&view);
        trial_view_findings(&(struct trial_view){ .document = document, .screen = screen, .out = out }, "line", "first_line");
        print_head(&view);
        code = print_table(&view);
        if (code == 0)
                code = print_year(&view);
        print_scale(&view);
        print_notes(&view);
        return code;
}
