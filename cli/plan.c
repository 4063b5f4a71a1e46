/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - `offpeak plan`: price, limit and everybody's hours on one strip of time, and what the plan is worth. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/chart.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/job_text.h"
#include "cli/period.h"
#include "cli/pictures.h"
#include "cli/views.h"

enum { MOST_JOBS = 50 };

/* ---- a site's price and limit */

/* A step's value over the part of a cell that it covers, added to the cell's mean. */
struct mean {
        double value_s, seconds;
        bool dim;
};

static void add_step(struct mean *mean, const json_t *step, const char *key, int64_t start, int64_t end)
{
        int64_t from = document_time(step, "start_utc"), to = document_time(step, "end_utc"), value;
        const char *source = document_text(step, "price_source");

        from = from > start ? from : start;
        to = to < end ? to : end;
        if (from >= to || !document_int(step, key, &value))
                return;
        mean->value_s += (double)value * (double)(to - from);
        mean->seconds += (double)(to - from);
        mean->dim = mean->dim || (source != NULL && strcmp(source, "forecast") == 0);
}

/* The steps of a site as cells; false if none has a value. */
static bool cells_of(const struct chart *chart, const json_t *site, const char *key, double scale,
                     struct chart_cell *cells)
{
        const json_t *steps = json_object_get(site, "steps");
        bool any = false;
        json_t *step;
        size_t i;

        for (unsigned c = 0; c < chart->cells; c++) {
                struct mean mean = { 0 };

                json_array_foreach(steps, i, step)
                        add_step(&mean, step, key, chart_cell_start(chart, c), chart_cell_start(chart, c + 1));
                cells[c] = (struct chart_cell){ .known = mean.seconds > 0, .dim = mean.dim };
                if (mean.seconds > 0)
                        cells[c].value = mean.value_s / mean.seconds * scale;
                any = any || mean.seconds > 0;
        }
        return any;
}

static void draw_price(const struct chart *chart, const json_t *site)
{
        struct chart_cell cells[CHART_MOST_CELLS];
        const char *currency = document_text(site, "currency"), *name = document_text(site, "name");
        int64_t forecast = document_time(site, "forecast_from_utc");
        char unit[32], price[320], then[96] = "", at[SCREEN_TIME_SIZE];
        const char *notes[CHART_CURVE_ROWS] = { price, then };

        snprintf(unit, sizeof(unit), "%.3s/MWh", currency != NULL ? currency : "?");
        if (cells_of(chart, site, "price_micro_per_mwh", 1e-6, cells))
                snprintf(price, sizeof(price), "price at %.256s", name != NULL ? name : "?");
        else
                snprintf(price, sizeof(price), "no price known at %.256s", name != NULL ? name : "?");
        if (forecast != 0 && forecast > chart->screen->now)
                snprintf(then, sizeof(then), "a forecast from %s on", screen_time(chart->screen, forecast, at));
        else if (forecast != 0 && cells[chart->cells - 1].known)
                snprintf(then, sizeof(then), "from now on a forecast");
        chart_curve(chart, unit, cells, notes);
}

/* `limit 231 MW, 12 MW from 02:00`: the highest, and the lowest where it is another. */
static void draw_limit(const struct chart *chart, const json_t *site)
{
        struct chart_cell cells[CHART_MOST_CELLS];
        int64_t high = INT64_MIN, low = INT64_MAX, low_at = 0, limit;
        char note[160], most[TEXT_SIZE], least[TEXT_SIZE], at[SCREEN_TIME_SIZE];
        json_t *step;
        size_t i;

        if (!cells_of(chart, site, "limit_w", 1, cells))
                return;
        json_array_foreach(json_object_get(site, "steps"), i, step) {
                if (!document_int(step, "limit_w", &limit))
                        continue;
                high = limit > high ? limit : high;
                low_at = limit < low ? document_time(step, "start_utc") : low_at;
                low = limit < low ? limit : low;
        }
        if (low == high)
                snprintf(note, sizeof(note), "limit %s", text_format_power(high, most));
        else
                snprintf(note, sizeof(note), "limit %s, %s from %s", text_format_power(high, most),
                         text_format_power(low, least), screen_time(chart->screen, low_at, at));
        chart_level(chart, "limit", cells, note);
}

/* ---- jobs */

static bool is_at(const json_t *interval, const char *site)
{
        const char *there = document_text(interval, "site");

        return there != NULL && site != NULL && strcmp(there, site) == 0;
}

static void job_note(const json_t *job, const char *site, char *note, size_t size)
{
        const json_t *intervals = json_object_get(job, "intervals");
        int64_t gpus = document_int_or(job, "gpus", 0), slack, end = 0;
        int pauses = -1;
        char late[WHEN_TEXT_SIZE];
        json_t *interval;
        size_t i, used;

        json_array_foreach(intervals, i, interval) {
                if (!is_at(interval, site))
                        continue;
                pauses += pauses < 0 || document_time(interval, "start_utc") > end;
                end = document_time(interval, "end_utc");
        }
        used = (size_t)snprintf(note, size, "%lld GPU%s", (long long)gpus, gpus == 1 ? "" : "s");
        if (pauses > 0)
                used += (size_t)snprintf(note + used, size - used, ", %d pause%s", pauses, pauses == 1 ? "" : "s");
        if (job_slack(job, &slack) && slack < 0)
                snprintf(note + used, size - used, ", %s late", when_format_duration(-slack, late));
}

/* True if the job has hours at the site. */
static bool draw_job(const struct chart *chart, const json_t *job, const char *site, bool print)
{
        const char *name = document_text(job, "name");
        bool filled[CHART_MOST_CELLS] = { false };
        char label[320], note[128];
        bool there = false;
        json_t *interval;
        size_t i;

        json_array_foreach(json_object_get(job, "intervals"), i, interval) {
                if (!is_at(interval, site))
                        continue;
                there = true;
                chart_fill(chart, document_time(interval, "start_utc"), document_time(interval, "end_utc"), filled);
        }
        if (!there || !print)
                return there;
        snprintf(label, sizeof(label), "%3lld %.256s", (long long)document_int_or(job, "id", 0),
                 name != NULL ? name : "?");
        job_note(job, site, note, sizeof(note));
        chart_bar(chart, label, filled, note);
        return true;
}

/* The hours in which the store is charged, or gives. */
static void draw_flows(const struct chart *chart, const json_t *store, bool charging, const char *note)
{
        bool filled[CHART_MOST_CELLS] = { false };
        int64_t watts;
        bool any = false;
        json_t *flow;
        size_t i;

        json_array_foreach(json_object_get(store, "flows"), i, flow) {
                if (!document_int(flow, "power_w", &watts) || watts == 0 || (watts > 0) != charging)
                        continue;
                chart_fill(chart, document_time(flow, "start_utc"), document_time(flow, "end_utc"), filled);
                any = true;
        }
        if (any || note[0] != '\0')
                chart_bar(chart, charging ? "charges" : "gives", filled, note);
}

/* `4.0 MWh of 10.0 MWh now`, and what that was carried on from, if it reads otherwise: ` (4.7 MWh were told 14:20)`. */
static void store_note(const struct chart *chart, const json_t *store, char *note, size_t size)
{
        char now[TEXT_SIZE], most[TEXT_SIZE], told[TEXT_SIZE], at[SCREEN_TIME_SIZE];
        int64_t stored, level;
        size_t used;

        if (!document_int(store, "stored_wh", &stored)) {
                snprintf(note, size, "nobody tells what is stored, so plans do without it");
                return;
        }
        used = (size_t)snprintf(note, size, "%s of %s now", text_format_wh(stored, now),
                                text_format_wh(document_int_or(store, "energy_wh", 0), most));
        if (document_int(store, "told_wh", &level) && strcmp(text_format_wh(level, told), now) != 0)
                snprintf(note + used, size - used, " (%s were told %s)", told,
                         screen_time(chart->screen, document_time(store, "told_utc"), at));
}

/* `charges`, with what is stored, and `gives`. */
static void draw_store(const struct chart *chart, const json_t *site)
{
        const json_t *store = json_object_get(site, "store");
        char note[200];
        int64_t energy;

        if (!document_int(store, "energy_wh", &energy))
                return;
        store_note(chart, store, note, sizeof(note));
        draw_flows(chart, store, true, note);
        draw_flows(chart, store, false, "");
}

static void draw_site(const struct chart *chart, const json_t *site, const json_t *jobs)
{
        const char *name = document_text(site, "name");
        size_t i, shown = 0;
        json_t *job;

        draw_price(chart, site);
        draw_limit(chart, site);
        draw_store(chart, site);
        chart_axis(chart);
        json_array_foreach(jobs, i, job)
                shown += draw_job(chart, job, name, shown < MOST_JOBS);
        if (shown > MOST_JOBS)
                fprintf(chart->out, "... and %zu jobs more: `offpeak jobs` lists them\n", shown - MOST_JOBS);
}

/* Hours, though not of the time that is shown. */
static bool has_hours(const json_t *job)
{
        const char *state = document_text(job, "state");

        return json_array_size(json_object_get(job, "intervals")) > 0 ||
               json_array_size(json_object_get(job, "planned")) > 0 || (state != NULL && strcmp(state, "active") == 0);
}

/* Those that have no hours at all: `without hours: 44 probe (held), 45 big (no power for it now)`. */
static void print_unplanned(const json_t *jobs, const struct screen *screen, FILE *out)
{
        size_t i, n = 0;
        json_t *job;

        json_array_foreach(jobs, i, job) {
                const char *name = document_text(job, "name"), *status = document_text(job, "status");
                const char *why = job_impossible(job) != NULL ? job_impossible(job) : status;

                if (has_hours(job) || n++ >= MOST_JOBS)
                        continue;
                fprintf(out, "%s%lld ", n == 1 ? "without hours: " : ", ", (long long)document_int_or(job, "id", 0));
                screen_print(screen, out, name != NULL ? name : "?");
                fprintf(out, " (%s)", why != NULL ? why : "?");
        }
        if (n > 0)
                putc('\n', out);
}

/* ---- what it is worth */

static int64_t deadlines_at_risk(const json_t *jobs)
{
        int64_t n = 0;
        json_t *job;
        size_t i;

        json_array_foreach(jobs, i, job)
                n += document_int_or(job, "late_s", 0) > 0 ||
                     (job_impossible(job) != NULL && document_text(job, "deadline_utc") != NULL);
        return n;
}

/* `planned: power 70.10 EUR, carbon 6.00 EUR, waiting 3.00 EUR`; nothing if power is all there is. */
static void print_terms(const json_t *document, const char *currency, FILE *out)
{
        static const struct {
                const char *key, *label;
        } terms[] = {
                { "supply_micro", "power" },      { "carbon_micro", "carbon" },
                { "delay_micro", "waiting" },     { "lateness_micro", "lateness" },
                { "unfinished_micro", "work left undone" }, { "demand_micro", "demand charge" },
                { "starts_micro", "starts at negative prices" },
                { "risk_micro", "prices not known yet" },  { "moves_micro", "moves" },
                { "storage_micro", "less in store in the end" },
                { "over_limit_micro", "power above the limit" },
        };
        const json_t *cost = json_object_get(document, "cost");
        const char *separator = "planned: ";
        char money[TEXT_SIZE];

        if (document_int_or(cost, "supply_micro", 0) == document_int_or(cost, "total_micro", 0))
                return;
        for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
                if (document_int_or(cost, terms[i].key, 0) == 0)
                        continue;
                fprintf(out, "%s%s %s", separator, terms[i].label, document_money(cost, terms[i].key, currency, money));
                separator = ", ";
        }
        putc('\n', out);
}

static bool waits_or_runs(const json_t *jobs)
{
        json_t *job;
        size_t i;

        json_array_foreach(jobs, i, job)
                if (document_text(job, "ended_utc") == NULL)
                        return true;
        return false;
}

static bool is_nothing(const json_t *document)
{
        const json_t *cost = json_object_get(document, "cost"), *run_now = json_object_get(document, "run_now_cost");

        return document_int_or(cost, "total_micro", 1) == 0 && document_int_or(run_now, "total_micro", 1) == 0;
}

/* ` - 1 deadline at risk`, and the end of the line. */
static void print_risk(const json_t *jobs, const char *dot, FILE *out)
{
        int64_t risk = deadlines_at_risk(jobs);

        fprintf(out, " %s %lld deadline%s at risk\n", dot, (long long)risk, risk == 1 ? "" : "s");
}

static void print_nothing(const json_t *jobs, const char *dot, FILE *out)
{
        if (!waits_or_runs(jobs)) {
                fputs("nothing to plan: no job waits or runs\n", out);
                return;
        }
        fputs("no job has hours in this plan", out);
        print_risk(jobs, dot, out);
}

/* What a term of running at once is beyond the plan's own. */
static int64_t beyond_plan(const json_t *document, const char *term)
{
        int64_t now = document_int_or(json_object_get(document, "run_now_cost"), term, 0);
        int64_t planned = document_int_or(json_object_get(document, "cost"), term, 0);

        return now > planned ? now - planned : 0;
}

static void print_worth(const json_t *document, const struct screen *screen, FILE *out)
{
        const char *currency = document_text(document, "currency"), *dot = screen->utf8 ? "\xc2\xb7" : "-";
        char now[TEXT_SIZE], planned[TEXT_SIZE], bound[TEXT_SIZE], gap[TEXT_SIZE];
        const json_t *run_now = json_object_get(document, "run_now_cost");
        int64_t at_once = document_int_or(run_now, "total_micro", 0) - beyond_plan(document, "lateness_micro") -
                          beyond_plan(document, "unfinished_micro");
        double captured;

        if (document_text(document, "made_utc") == NULL) {
                fprintf(out, "no plan yet%s\n", document_true(document, "planning") ? ": one is being made" : "");
                return;
        }
        if (is_nothing(document)) {
                print_nothing(json_object_get(document, "jobs"), dot, out);
                return;
        }
        fprintf(out, "now %s%s %s planned %s %s bound %s (gap %s)", text_format_money(at_once, currency, now),
                at_once < document_int_or(run_now, "total_micro", 0) ? " and late" : "", dot,
                document_money(json_object_get(document, "cost"), "total_micro", currency, planned), dot,
                document_money(document, "bound_micro", currency, bound),
                document_money(document, "gap_micro", currency, gap));
        if (document_real(document, "captured_saving", &captured))
                fprintf(out, " %s %.0f %% of what can be saved", dot, floor(100 * captured));
        else
                fprintf(out, " %s nothing to save: running at once is as good", dot);
        print_risk(json_object_get(document, "jobs"), dot, out);
        print_terms(document, currency, out);
}

int view_plan_worth(const json_t *document, const struct screen *screen, FILE *out)
{
        print_unplanned(json_object_get(document, "jobs"), screen, out);
        print_worth(document, screen, out);
        return 0;
}

int view_plan(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *jobs = json_object_get(document, "jobs"), *sites = json_object_get(document, "sites");
        struct chart chart =
                chart_of(screen, out, document_time(document, "from_utc"), document_time(document, "to_utc"));
        json_t *site;
        size_t i;

        if (json_array_size(sites) == 0)
                fputs("no sites: the configuration names none\n", out);
        json_array_foreach(sites, i, site) {
                if (i > 0)
                        putc('\n', out);
                draw_site(&chart, site, jobs);
        }
        return view_plan_worth(document, screen, out);
}

/* ---- the command */

const struct option_row plan_rows[] = {
        { PERIOD_NEXT, 0, "next", "TIME", "look so far ahead: 24h, 3d (as far as anything is planned)" },
        { PERIOD_LAST, 0, "last", "TIME", "look so far back (3h)" },
        { PERIOD_FROM, 0, "from", "WHEN", "begin there" },
        { PERIOD_TO, 0, "to", "WHEN", "end there" },
        { PERIOD_SITE, 0, "site", "NAME", "this site only" },
        { PERIOD_SVG, 0, "svg", "FILE", "draw it into this file too, as SVG; - : instead of the text" },
        COMMAND_OPTIONS,
};

int command_plan(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        static const struct period_picture picture = { "load", picture_of_plan };

        return period_command_with_picture(run, argc, argv, "plan", view_plan, &picture, err);
}
