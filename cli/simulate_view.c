/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_view.c - the document offpeak.simulate/1 as text: what was left out, a row for each policy, and how good the
 * best could be. */
#include <math.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/table.h"
#include "cli/views.h"

struct view {
        const json_t *document;
        const char *currency;
        const struct screen *screen;
        FILE *out;
        bool priced, carbon, delay; /* is known, or is counted */
};

void view_findings(const json_t *findings, const struct screen *screen, FILE *out)
{
        const json_t *finding;
        size_t i;

        json_array_foreach((json_t *)findings, i, finding)
        {
                int64_t count = document_int_or(finding, "count", 0), line;

                fprintf(out, "%s%s: %lld", document_true(finding, "left_out") ? "left out, " : "",
                        document_text(finding, "what"), (long long)count);
                if (document_int(finding, "first_line", &line))
                        fprintf(out, "; %s line %lld", count > 1 ? "first in" : "in", (long long)line);
                if (document_text(finding, "says") != NULL && *document_text(finding, "says") != '\0') {
                        fputs(": ", out);
                        screen_print(screen, out, document_text(finding, "says"));
                }
                putc('\n', out);
        }
}

static double real(const json_t *object, const char *key)
{
        double value;

        return document_real(object, key, &value) ? value : NAN;
}

static void add_money(struct table *table, const struct view *view, double amount)
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

static void add_row(struct table *table, const struct view *view, const json_t *policy)
{
        char text[TEXT_SIZE];

        table_add(table, document_text(policy, "name"));
        if (view->priced) {
                add_money(table, view, real(policy, "cost"));
                add_share(table, real(policy, "cost"), real(policy, "run_now_cost"));
        }
        if (view->carbon) {
                table_add(table, text_format_mass(llround(real(policy, "carbon_kg") * 1e6), text));
                add_share(table, real(policy, "carbon_kg"), real(policy, "run_now_carbon_kg"));
        }
        table_add(table, text_format_energy(llround(real(policy, "energy_mwh") * 3.6e9), text));
        table_addf(table, "%.1f h", real(policy, "mean_delay_h"));
        table_addf(table, "%.1f h", real(policy, "p95_delay_h"));
        table_addf(table, "%lld", (long long)document_int_or(policy, "missed_deadlines", 0));
        table_addf(table, "%lld", (long long)document_int_or(policy, "starts", 0));
        table_add(table, text_format_power(llround(real(policy, "peak_mw") * 1e6), text));
        table_addf(table, "%.0f %%", 100 * real(policy, "utilisation"));
        if (view->delay)
                add_money(table, view, real(policy, "delay_cost"));
        if (view->priced)
                add_money(table, view, real(policy, "net_saving"));
}

static size_t make_columns(const struct view *view, struct table_column *columns)
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
        columns[n++] = (struct table_column){ "PEAK", true };
        columns[n++] = (struct table_column){ "USE", true };
        if (view->delay)
                columns[n++] = (struct table_column){ "WAITING", true };
        if (view->priced)
                columns[n++] = (struct table_column){ "NET SAVED", true };
        return n;
}

static bool somebody_is_late(const struct view *view)
{
        const json_t *policy;
        size_t i;

        json_array_foreach(json_object_get(view->document, "policies"), i, policy)
        {
                if (real(policy, "lateness_cost") > 0)
                        return true;
        }
        return false;
}

/* ", carbon and waiting counted too": what is in the bound beside what power costs, or emits. */
static void print_counted(const struct view *view)
{
        const json_t *counts = json_object_get(view->document, "bound_counts"), *word;
        bool late = somebody_is_late(view);
        size_t i, n = json_array_size(counts), told = 0;

        n -= !late && n > 0; /* lateness is the last one, and nobody's */
        json_array_foreach(counts, i, word)
        {
                if (i < n)
                        fprintf(view->out, "%s%s", told++ == 0 || i + 1 < n ? ", " : " and ", json_string_value(word));
        }
        fputs(told > 0 ? " counted too\n" : "\n", view->out);
}

static void print_bound(const struct view *view)
{
        const json_t *first = json_array_get(json_object_get(view->document, "policies"), 0);
        const char *unit = document_text(view->document, "bound_unit");
        double bound = real(first, "lower_bound");
        char text[TEXT_SIZE];

        if (isnan(bound))
                return;
        fprintf(view->out, "bound: nobody can do it for less than %s",
                unit != NULL && unit[0] == 'k' ? text_format_mass(llround(bound * 1e6), text)
                                               : text_format_money(llround(bound * 1e6), view->currency, text));
        print_counted(view);
}

static void print_unknown(const struct view *view)
{
        const json_t *policy = json_array_get(json_object_get(view->document, "policies"), 0);
        double unpriced = real(policy, "unpriced_mwh"), uncounted = real(policy, "uncounted_mwh");
        char text[TEXT_SIZE];

        if (unpriced > 1e-9)
                fprintf(view->out, "no price is known of %s of it: that is in no cost\n",
                        text_format_energy(llround(unpriced * 3.6e9), text));
        if (uncounted > 1e-9)
                fprintf(view->out, "no carbon intensity is known of %s of it\n",
                        text_format_energy(llround(uncounted * 3.6e9), text));
}

int view_simulate(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *policies = json_object_get(document, "policies"), *policy, *first = json_array_get(policies, 0);
        struct view view = { document, document_text(document, "currency"), screen, out, false, false, false };
        struct table_column columns[TABLE_MAX_COLUMNS];
        struct table table;
        size_t i;
        int code;

        view.priced = !isnan(real(first, "cost"));
        view.carbon = !isnan(real(first, "carbon_kg"));
        json_array_foreach(policies, i, policy) view.delay = view.delay || real(policy, "delay_cost") > 0;
        view_findings(json_object_get(document, "findings"), screen, out);
        fprintf(out, "%lld jobs on %lld GPUs, %.10s to %.10s\n", (long long)document_int_or(document, "jobs", 0),
                (long long)document_int_or(document, "gpus", 0), document_text(document, "from_utc"),
                document_text(document, "to_utc"));
        table_init(&table, screen, columns, make_columns(&view, columns));
        json_array_foreach(policies, i, policy) add_row(&table, &view, policy);
        code = table_print(&table, out);
        table_finish(&table);
        print_bound(&view);
        print_unknown(&view);
        return code;
}
