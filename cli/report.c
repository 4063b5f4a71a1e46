/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - `offpeak report`: what a time cost, against running at once. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/period.h"
#include "cli/pictures.h"
#include "cli/table.h"
#include "cli/views.h"

static const char *hours(const json_t *side, char *buffer)
{
        int64_t seconds;

        if (!document_int(side, "mean_delay_s", &seconds))
                strcpy(buffer, "-");
        else
                when_format_duration(seconds, buffer);
        return buffer;
}

static void add_side(struct table *table, const char *label, const json_t *side, const char *currency)
{
        char text[TEXT_SIZE];

        table_add(table, label);
        table_add(table, document_energy(side, "energy_j", text));
        table_add(table, document_money(side, "cost_micro", currency, text));
        table_add(table, document_mass(side, "carbon_mg", text));
        table_add(table, hours(side, text));
        table_addf(table, "%lld", (long long)document_int_or(side, "missed_deadlines", 0));
}

static int print_sides(const json_t *report, const struct screen *screen, FILE *out)
{
        static const struct table_column columns[] = {
                { "", false },      { "energy", true },       { "cost", true },
                { "carbon", true }, { "delay (mean)", true }, { "late jobs", true }
        };
        const char *currency = document_text(report, "currency");
        struct table table;
        int r;

        table_init(&table, screen, columns, sizeof(columns) / sizeof(columns[0]));
        add_side(&table, "run at once", json_object_get(report, "run_now"), currency);
        add_side(&table, "Offpeak", json_object_get(report, "actual"), currency);
        r = table_print(&table, out);
        table_finish(&table);
        return r;
}

static void print_saved(const json_t *report, FILE *out)
{
        const char *currency = document_text(report, "currency");
        int64_t saved = document_int_or(report, "saved_micro", 0), net = document_int_or(report, "net_saved_micro", 0);
        int64_t run_now = document_int_or(json_object_get(report, "run_now"), "cost_micro", 0);
        bool more = saved < 0;
        char money[TEXT_SIZE], mass[TEXT_SIZE], waited[TEXT_SIZE], rest[TEXT_SIZE];
        int64_t carbon;

        fprintf(out, "%-12s %s", more ? "cost more" : "saved",
                text_format_money(more ? -saved : saved, currency, money));
        if (run_now > 0)
                fprintf(out, " (%+.0f %%)", -100.0 * (double)saved / (double)run_now);
        if (document_int(report, "saved_carbon_mg", &carbon))
                fprintf(out, ", %s%s CO2e", carbon < 0 ? "and emitted more: " : "",
                        text_format_mass(carbon < 0 ? -carbon : carbon, mass));
        fprintf(out, "; value of GPU-hours waited: %s; net %s\n", text_format_money(saved - net, currency, waited),
                text_format_money(net, currency, rest));
}

static void print_share(const char *label, int64_t part, double whole, const char **separator, FILE *out)
{
        double percent = 100 * (double)part / whole;

        if (part <= 0)
                return;
        fprintf(out, percent < 0.5 ? "%s%s under 1 %%" : "%s%s %.0f %%", *separator, label, percent);
        *separator = " - ";
}

static void print_quality(const json_t *report, const struct screen *screen, FILE *out)
{
        const json_t *quality = json_object_get(report, "quality");
        const json_t *nodes = json_object_get(report, "unmeasured_nodes");
        int64_t measured = document_int_or(quality, "measured_j", 0);
        int64_t modelled = document_int_or(quality, "modelled_j", 0);
        int64_t estimated = document_int_or(quality, "estimated_j", 0);
        double whole = (double)measured + (double)modelled + (double)estimated;
        const char *separator = "";
        json_t *node;
        size_t i;

        if (whole <= 0)
                return;
        fprintf(out, "%-12s ", "energy");
        print_share("measured", measured, whole, &separator, out);
        print_share("modelled", modelled, whole, &separator, out);
        print_share("estimated", estimated, whole, &separator, out);
        json_array_foreach(nodes, i, node) {
                fputs(i == 0 ? " (not measured: " : ", ", out);
                screen_print(screen, out, json_string_value(node));
        }
        fputs(json_array_size(nodes) > 0 ? ")\n" : "\n", out);
}

/* An account may hold money alone: what went through a store at changing prices. */
static bool is_empty(const json_t *account)
{
        return document_int_or(account, "energy_j", 0) == 0 && document_int_or(account, "cost_micro", 0) == 0;
}

/* What the accounts add up to, exactly. */
struct all_power {
        size_t rows;
        int64_t joules, cost, unpriced;
};

static struct all_power add_accounts(const json_t *accounts)
{
        struct all_power all = { 0 };
        const char *name;
        json_t *account;

        json_object_foreach((json_t *)accounts, name, account)
        {
                all.rows += !is_empty(account);
                all.joules += document_int_or(account, "energy_j", 0);
                all.cost += document_int_or(account, "cost_micro", 0);
                all.unpriced += document_int_or(account, "unpriced_energy_j", 0);
        }
        return all;
}

/* What no source gave in the time: it was there. */
static int64_t found_in_stores(const json_t *report)
{
        int64_t joules = 0;
        json_t *site;
        size_t i;

        json_array_foreach(json_object_get(report, "supplied"), i, site) joules +=
                document_int_or(json_object_get(site, "store"), "opened_with_j", 0);
        return joules;
}

/* `9.0 MWh, 113.00 EUR: job 7.0 MWh, 93.00 EUR - idle 2.0 MWh, 20.00 EUR`: the sum, if there is more than one, and its
 * rows. */
static void print_accounts(const json_t *report, FILE *out)
{
        const char *currency = document_text(report, "currency"), *separator = "", *name;
        struct all_power all = add_accounts(json_object_get(report, "accounts"));
        char energy[TEXT_SIZE], cost[TEXT_SIZE];
        json_t *account;

        fprintf(out, "%-12s ", "all power");
        if (all.rows > 1)
                fprintf(out, "%s, %s: ", text_format_energy(all.joules, energy),
                        text_format_money(all.cost, currency, cost));
        json_object_foreach(json_object_get(report, "accounts"), name, account) {
                if (is_empty(account))
                        continue;
                fprintf(out, "%s%s %s, %s", separator, name, document_energy(account, "energy_j", energy),
                        document_money(account, "cost_micro", currency, cost));
                separator = " - ";
        }
        if (found_in_stores(report) > 0)
                fprintf(out, "; %s of it were in stores when their books began",
                        text_format_energy(found_in_stores(report), energy));
        if (all.unpriced > 0)
                fprintf(out, "; %s of it without a known price, in no cost", text_format_energy(all.unpriced, energy));
        fputs(all.rows > 0 ? "\n" : "nothing on the books\n", out);
}

/* What charged the store, what of that is gone, and what is left. */
static void print_store(const json_t *store, FILE *out)
{
        int64_t charged = document_int_or(store, "charged_j", 0), lost = document_int_or(store, "lost_j", 0);
        char text[TEXT_SIZE];

        fputs("; store: ", out);
        if (charged > 0)
                fprintf(out, "charged with %s, ", text_format_energy(charged, text));
        if (lost > 0)
                fprintf(out, "lost %s, ", text_format_energy(lost, text));
        else if (lost < 0)
                fprintf(out, "%s more in it than was booked, ", text_format_energy(-lost, text));
        fprintf(out, "holds %s", text_format_energy(document_int_or(store, "held_j", 0), text));
}

/* Who supplied what, and what was left over. Nothing to tell of a site that has the grid alone. */
static void print_supplied(const json_t *site, const char *currency, const struct screen *screen, FILE *out)
{
        const json_t *units = json_object_get(site, "units"), *store = json_object_get(site, "store");
        int64_t exported = document_int_or(site, "exported_j", 0), curtailed = document_int_or(site, "curtailed_j", 0);
        int64_t settled = document_int_or(site, "settled_micro", 0);
        const char *separator = ": ", *name = document_text(site, "site");
        char text[TEXT_SIZE];
        json_t *unit;
        size_t i;

        if (json_array_size(units) < 2 && !json_is_object(store) && exported == 0 && curtailed == 0 && settled == 0)
                return;
        fprintf(out, "%-12s ", "supplied");
        screen_print(screen, out, name != NULL ? name : "-");
        json_array_foreach(units, i, unit) {
                const char *label = document_text(unit, "name");

                label = label != NULL ? label : document_text(unit, "unit");
                fputs(separator, out);
                screen_print(screen, out, label != NULL ? label : "?");
                fprintf(out, " %s", document_energy(unit, "energy_j", text));
                separator = " - ";
        }
        if (json_is_object(store))
                print_store(store, out);
        if (exported > 0)
                fprintf(out, "; exported %s", text_format_energy(exported, text));
        if (curtailed > 0)
                fprintf(out, "; curtailed %s", text_format_energy(curtailed, text));
        if (settled != 0)
                fprintf(out, "; virtual agreements %s %s", settled > 0 ? "brought" : "cost",
                        text_format_money(settled > 0 ? settled : -settled, currency, text));
        putc('\n', out);
}

/* Carbon of the compared jobs by contract, where that is another figure. */
static void print_market(const json_t *report, FILE *out)
{
        const json_t *run_now = json_object_get(report, "run_now"), *actual = json_object_get(report, "actual");
        int64_t location, market;
        char text[TEXT_SIZE], against[TEXT_SIZE];

        if (!document_int(actual, "carbon_mg", &location) || !document_int(actual, "market_carbon_mg", &market) ||
            location == market)
                return;
        fprintf(out, "%-12s %s by contract (market-based), at once %s; above it is by location\n", "carbon",
                text_format_mass(market, text), document_mass(run_now, "market_carbon_mg", against));
}

/* Why so much is billed: the month's peak, or the least of the contract. */
static void print_demand(const json_t *charge, const char *currency, const struct screen *screen, FILE *out)
{
        int64_t peak = document_int_or(charge, "peak_w", 0), billed = document_int_or(charge, "billed_w", 0);
        char month[SCREEN_TIME_SIZE], at[SCREEN_TIME_SIZE], peak_text[TEXT_SIZE], billed_text[TEXT_SIZE], money[TEXT_SIZE];
        struct when_civil civil =
                when_civil(document_time(charge, "month_utc") + document_int_or(charge, "utc_offset_s", 0));

        snprintf(month, sizeof(month), "%04d-%02d", civil.year, civil.month);
        fprintf(out, "%-12s ", "demand");
        screen_print(screen, out, document_text(charge, "site") != NULL ? document_text(charge, "site") : "-");
        fprintf(out, " in %s: %s", month, document_money(charge, "charge_micro", currency, money));
        if (billed == 0)
                fputs(", nothing drawn", out);
        else
                fprintf(out, " for %s", text_format_power(billed, billed_text));
        if (peak < billed)
                fprintf(out, ", billed at least; peak %s", text_format_power(peak, peak_text));
        else if (peak > 0)
                fputs(", the peak", out);
        if (peak > 0)
                fprintf(out, " of %s", screen_time(screen, document_time(charge, "peak_utc"), at));
        if (document_text(charge, "hours") != NULL) {
                fputs("; counted ", out);
                screen_print(screen, out, document_text(charge, "hours"));
        }
        putc('\n', out);
}

/* What is taken of running at once where the limits did not stay as they were. */
static void print_at_once(const json_t *report, FILE *out)
{
        int64_t cuts = document_int_or(report, "run_now_cuts", 0), beyond = document_int_or(report, "run_now_without_room", 0);

        if (cuts > 0)
                fprintf(out,
                        "%-12s knows no limit beforehand: it was cut %lld time%s where power went, and goes on when there is "
                        "some\n",
                        "run at once", (long long)cuts, cuts == 1 ? "" : "s");
        if (beyond > 0)
                fprintf(out, "%-12s has no room for %lld job%s under the limits on record: taken to run without them\n",
                        "run at once", (long long)beyond, beyond == 1 ? "" : "s");
}

/* Both sides leave it out of their cost, and not always the same amount. */
static void print_unpriced(const json_t *report, FILE *out)
{
        int64_t at_once = document_int_or(json_object_get(report, "run_now"), "unpriced_energy_j", 0);
        int64_t actual = document_int_or(json_object_get(report, "actual"), "unpriced_energy_j", 0);
        char left[TEXT_SIZE], right[TEXT_SIZE];

        if (at_once <= 0 && actual <= 0)
                return;
        text_format_energy(actual, left);
        text_format_energy(at_once, right);
        if (strcmp(left, right) == 0)
                fprintf(out, "%-12s %s on either side had no known price and are in no cost\n", "unpriced", left);
        else
                fprintf(out,
                        "%-12s Offpeak %s, run at once %s: they had no known price and are in no cost, so what is "
                        "saved is "
                        "not exact\n",
                        "unpriced", left, right);
}

static int print_report(const json_t *report, const struct screen *screen, FILE *out)
{
        int64_t jobs = document_int_or(report, "n_jobs", 0);
        json_t *charge, *site;
        size_t i;
        int r = 0;

        if (jobs > 0) {
                r = print_sides(report, screen, out);
                print_saved(report, out);
                print_at_once(report, out);
        }
        print_unpriced(report, out);
        print_accounts(report, out);
        print_market(report, out);
        json_array_foreach(json_object_get(report, "supplied"), i, site)
                print_supplied(site, document_text(report, "currency"), screen, out);
        json_array_foreach(json_object_get(report, "demand_charges"), i, charge)
                print_demand(charge, document_text(report, "currency"), screen, out);
        print_quality(report, screen, out);
        return r;
}

/* The present plan, and how far it is from the best there can be. */
static void print_plan(const json_t *plan, const struct screen *screen, FILE *out)
{
        const char *currency = document_text(plan, "currency");
        char cost[TEXT_SIZE], gap[TEXT_SIZE], made[SCREEN_TIME_SIZE];
        double captured;

        if (document_text(plan, "made_utc") == NULL || document_int_or(plan, "cost_micro", 0) == 0)
                return;
        fprintf(out, "%-12s of %s: %s planned, at most %s above the best there is", "plan",
                screen_time(screen, document_time(plan, "made_utc"), made),
                document_money(plan, "cost_micro", currency, cost), document_money(plan, "gap_micro", currency, gap));
        if (document_real(plan, "captured_saving", &captured))
                fprintf(out, "; %.0f %% of what can be saved", floor(100 * captured));
        putc('\n', out);
}

int view_report(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *reports = json_object_get(document, "reports");
        char since[SCREEN_TIME_SIZE], until[SCREEN_TIME_SIZE];
        int64_t from = document_time(document, "from_utc"), to = document_time(document, "to_utc");
        json_t *report, *site;
        size_t i, s;
        int r = 0;

        if (json_array_size(reports) == 0)
                fputs("no sites: the configuration names none\n", out);
        json_array_foreach(reports, i, report) {
                int64_t jobs = document_int_or(report, "n_jobs", 0);

                fprintf(out, "%s%lld job%s ended", i > 0 ? "\n" : "", (long long)jobs, jobs == 1 ? "" : "s");
                json_array_foreach(json_object_get(report, "sites"), s, site) {
                        fputs(s == 0 ? " at " : ", ", out);
                        screen_print(screen, out, json_string_value(site));
                }
                fprintf(out, " since %s", screen_time(screen, from, since));
                if (to < screen->now)
                        fprintf(out, " until %s", screen_time(screen, to, until));
                putc('\n', out);
                if (print_report(report, screen, out) != 0)
                        r = OFFPEAK_ENOMEM;
        }
        print_plan(json_object_get(document, "plan"), screen, out);
        return r;
}

/* ---- the command */

const struct option_row report_rows[] = {
        { PERIOD_LAST, 0, "last", "TIME", "the time up to now: 7d (the default), 24h, 4w" },
        { PERIOD_FROM, 0, "from", "WHEN", "begin there" },
        { PERIOD_TO, 0, "to", "WHEN", "end there (now)" },
        { PERIOD_SITE, 0, "site", "NAME", "this site only" },
        { PERIOD_USER, 'u', "user", "NAME", "this user's jobs only (the accounts are everybody's)" },
        { PERIOD_SVG, 0, "svg", "FILE", "draw it into this file too, as SVG; - : instead of the text" },
        COMMAND_OPTIONS,
};

int command_report(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        static const struct period_picture picture = { "steps", picture_of_report };

        return period_command_with_picture(run, argc, argv, "report", view_report, &picture, err);
}
