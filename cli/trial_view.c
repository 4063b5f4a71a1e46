/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trial_view.h"

#include <math.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/table.h"

double trial_view_real(const json_t *object, const char *key)
{
        double value;

        return document_real(object, key, &value) ? value : NAN;
}

struct trial_view trial_view_of(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *policies = json_object_get(document, "policies"), *policy, *first = json_array_get(policies, 0);
        struct trial_view view = { document, document_text(document, "currency"), screen, out, false, false, false,
                                   false };
        size_t i;

        view.priced = !isnan(trial_view_real(first, "cost"));
        view.fails = document_int_or(json_object_get(document, "hardware"), "node_failures", 0) > 0;
        view.carbon = !isnan(trial_view_real(first, "carbon_kg"));
        json_array_foreach((json_t *)policies, i, policy) view.delay =
                view.delay || trial_view_real(policy, "delay_cost") > 0;
        return view;
}

void trial_view_findings(const struct trial_view *view, const char *place, const char *first)
{
        const json_t *finding;
        size_t i;

        json_array_foreach(json_object_get(view->document, "findings"), i, finding)
        {
                int64_t count = document_int_or(finding, "count", 0), line;

                fprintf(view->out, "%s%s: %lld", document_true(finding, "left_out") ? "left out, " : "",
                        document_text(finding, "what"), (long long)count);
                if (document_int(finding, first, &line))
                        fprintf(view->out, "; %s %s %lld", count > 1 ? "first in" : "in", place, (long long)line);
                if (document_text(finding, "says") != NULL && *document_text(finding, "says") != '\0') {
                        fputs(": ", view->out);
                        screen_print(view->screen, view->out, document_text(finding, "says"));
                }
                putc('\n', view->out);
        }
}

static const char *label_of(const json_t *policy)
{
        return document_text(policy, "label") != NULL ? document_text(policy, "label") : document_text(policy, "name");
}

static void add_money(struct table *table, const struct trial_view *view, double amount)
{
        char text[TEXT_SIZE];

        table_add(table, isnan(amount) ? NULL : text_format_money(llround(amount * 1e6), view->currency, text));
}

static void add_share(struct table *table, double value, double base)
{
        if (isnan(value) || isnan(base) || base == 0)
                table_add(table, NULL);
        else
                table_addf(table, "%+.1f %%", 100 * (value - base) / fabs(base));
}

static void add_row(struct table *table, const struct trial_view *view, const json_t *policy)
{
        bool all_done = document_int_or(policy, "jobs_done", 0) >= document_int_or(view->document, "jobs", 0) &&
                        (!view->priced || !isnan(trial_view_real(policy, "net_saving")));
        double base_cost = all_done ? trial_view_real(policy, "run_now_cost") : NAN;
        double base_carbon = all_done ? trial_view_real(policy, "run_now_carbon_kg") : NAN;
        char text[TEXT_SIZE];

        table_add(table, label_of(policy));
        if (view->priced) {
                add_money(table, view, trial_view_real(policy, "cost"));
                add_share(table, trial_view_real(policy, "cost"), base_cost);
        }
        if (view->carbon) {
                table_add(table, text_format_mass(llround(trial_view_real(policy, "carbon_kg") * 1e6), text));
                add_share(table, trial_view_real(policy, "carbon_kg"), base_carbon);
        }
        table_add(table, text_format_energy(llround(trial_view_real(policy, "energy_mwh") * 3.6e9), text));
        table_addf(table, "%.1f h", trial_view_real(policy, "mean_delay_h"));
        table_addf(table, "%.1f h", trial_view_real(policy, "p95_delay_h"));
        table_addf(table, "%lld", (long long)document_int_or(policy, "missed_deadlines", 0));
        table_addf(table, "%lld", (long long)document_int_or(policy, "starts", 0));
        if (view->fails) {
                table_addf(table, "%lld", (long long)document_int_or(policy, "failures", 0));
                table_addf(table, "%.1f GPU-h", trial_view_real(policy, "lost_gpu_h"));
        }
        table_add(table, text_format_power(llround(trial_view_real(policy, "peak_mw") * 1e6), text));
        table_addf(table, "%.0f %%", 100 * trial_view_real(policy, "utilisation"));
        if (view->delay)
                add_money(table, view, trial_view_real(policy, "delay_cost"));
        if (view->priced)
                add_money(table, view, trial_view_real(policy, "net_saving"));
}

static size_t make_columns(const struct trial_view *view, struct table_column *columns)
{
        size_t n = 0;

        columns[n++] = (struct table_column){ "POLICY", false };
        if (view->priced) {
                columns[n++] = (struct table_column){ "COST", true };
                columns[n++] = (struct table_column){ "", true };
        }
        if (view->carbon) {
                columns[n++] = (struct table_column){ "CARBON", true };
                columns[n++] = (struct table_column){ "", true };
        }
        columns[n++] = (struct table_column){ "ENERGY", true };
        columns[n++] = (struct table_column){ "DELAY", true };
        columns[n++] = (struct table_column){ "P95", true };
        columns[n++] = (struct table_column){ "LATE", true };
        columns[n++] = (struct table_column){ "STARTS", true };
        if (view->fails) {
                columns[n++] = (struct table_column){ "CUT OFF", true };
                columns[n++] = (struct table_column){ "LOST", true };
        }
        columns[n++] = (struct table_column){ "PEAK", true };
        columns[n++] = (struct table_column){ "USE", true };
        if (view->delay)
                columns[n++] = (struct table_column){ "WAITING", true };
        if (view->priced)
                columns[n++] = (struct table_column){ "NET SAVED", true };
        return n;
}

int trial_view_table(const struct trial_view *view)
{
        struct table_column columns[TABLE_MAX_COLUMNS];
        struct table table;
        const json_t *policy;
        size_t i;
        int code;

        table_init(&table, view->screen, columns, make_columns(view, columns));
        json_array_foreach(json_object_get(view->document, "policies"), i, policy) add_row(&table, view, policy);
        code = table_print(&table, view->out);
        table_finish(&table);
        return code;
}

static void print_unknown(const struct trial_view *view, const json_t *policy)
{
        double unpriced = trial_view_real(policy, "unpriced_mwh"), uncounted = trial_view_real(policy, "uncounted_mwh");
        char text[TEXT_SIZE];

        if (unpriced > 1e-9)
                fprintf(view->out, "%s: no price is known of %s of it: that is in no cost\n", label_of(policy),
                        text_format_energy(llround(unpriced * 3.6e9), text));
        if (uncounted > 1e-9)
                fprintf(view->out, "%s: no carbon intensity is known of %s of it: that is in no carbon\n",
                        label_of(policy), text_format_energy(llround(uncounted * 3.6e9), text));
}

static void print_undone(const struct trial_view *view, const json_t *policy)
{
        int64_t jobs = document_int_or(view->document, "jobs", 0), done = document_int_or(policy, "jobs_done", jobs);

        if (done < jobs)
                fprintf(view->out,
                        "%s: %lld of %lld jobs %s not done by the end: what %s still to draw is in no figure\n",
                        label_of(policy), (long long)(jobs - done), (long long)jobs, jobs - done == 1 ? "was" : "were",
                        jobs - done == 1 ? "it had" : "they had");
}

void trial_view_unknown(const struct trial_view *view)
{
        const json_t *policy;
        size_t i;

        json_array_foreach(json_object_get(view->document, "policies"), i, policy) print_unknown(view, policy);
}

void trial_view_undone(const struct trial_view *view)
{
        const json_t *policy;
        size_t i;

        json_array_foreach(json_object_get(view->document, "policies"), i, policy) print_undone(view, policy);
}

void trial_view_caps(const struct trial_view *view)
{
        const json_t *policy;
        size_t i;

        json_array_foreach(json_object_get(view->document, "policies"), i, policy)
        {
                double hours = trial_view_real(policy, "capped_gpu_h");

                if (hours > 0)
                        fprintf(view->out, "%s: %.*f GPU-hours were run under a power cap\n", label_of(policy), hours < 10 ? 1 : 0,
                                hours);
        }
}

static void print_store(const struct trial_view *view, const json_t *policy)
{
        double saved = trial_view_real(policy, "store_saved");
        char in[TEXT_SIZE], out[TEXT_SIZE], money[TEXT_SIZE];

        if (isnan(trial_view_real(policy, "store_cycles")))
                return;
        fprintf(view->out, "%s: the store draws %s and gives %s for jobs and idle power, %.1f cycles", label_of(policy),
                text_format_energy(llround(trial_view_real(policy, "stored_mwh") * 3.6e9), in),
                text_format_energy(llround(trial_view_real(policy, "given_mwh") * 3.6e9), out),
                trial_view_real(policy, "store_cycles"));
        if (!isnan(saved))
                fprintf(view->out, ": to the jobs that is worth %s",
                        text_format_money(llround(saved * 1e6), view->currency, money));
        putc('\n', view->out);
}

void trial_view_stores(const struct trial_view *view)
{
        const json_t *policy;
        bool any = false;
        size_t i;

        json_array_foreach(json_object_get(view->document, "policies"), i, policy)
        {
                any = any || !isnan(trial_view_real(policy, "store_cycles"));
                print_store(view, policy);
        }
        if (any)
                fputs("a store is run afterwards, for each row's hours and with perfect foresight of prices: "
                      "the most that it can be worth for these\n",
                      view->out);
}
