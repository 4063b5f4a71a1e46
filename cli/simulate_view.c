/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_view.c - the document offpeak.simulate/1 as text: what was left out, a row for each policy, and how good the
 * best could be. */
#include <math.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/trial_view.h"
#include "cli/views.h"

static bool somebody_is_late(const struct trial_view *view)
{
        const json_t *policy;
        size_t i;

        json_array_foreach(json_object_get(view->document, "policies"), i, policy)
        {
                if (trial_view_real(policy, "lateness_cost") > 0)
                        return true;
        }
        return false;
}

/* ", carbon and waiting counted too": what is in the bound beside what power costs, or emits. */
static void print_counted(const struct trial_view *view)
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

static void print_bound(const struct trial_view *view)
{
        const json_t *first = json_array_get(json_object_get(view->document, "policies"), 0);
        const char *unit = document_text(view->document, "bound_unit");
        double bound = trial_view_real(first, "lower_bound");
        char text[TEXT_SIZE];

        if (isnan(bound) && !isnan(trial_view_real(first, "store_cycles")))
                fputs("no bound is told: what proves one leaves the store out\n", view->out);
        if (isnan(bound))
                return;
        fprintf(view->out, "bound: nobody can do it for less than %s",
                unit != NULL && unit[0] == 'k' ? text_format_mass(llround(bound * 1e6), text)
                                               : text_format_money(llround(bound * 1e6), view->currency, text));
        print_counted(view);
}

/* "12 node failures, the same for all policies: of offpeak's energy 31 kWh came to nothing" */
static void print_lost(const struct trial_view *view, long long failures)
{
        const json_t *first = json_array_get(json_object_get(view->document, "policies"), 0);
        int64_t joules = llround(trial_view_real(first, "lost_mwh") * 3.6e9);
        char text[TEXT_SIZE];

        if (failures == 0)
                fputs("no node failed\n", view->out);
        else
                fprintf(view->out,
                        "%lld node failure%s, the same for all policies: of %s's energy %s came to nothing\n", failures,
                        failures == 1 ? "" : "s", document_text(first, "name"),
                        joules > 0 ? text_format_energy(joules, text) : "none");
}

static void print_failures(const struct trial_view *view)
{
        const json_t *hardware = json_object_get(view->document, "hardware"), *policy;
        int64_t jobs = document_int_or(view->document, "jobs", 0);
        size_t i;

        if (isnan(trial_view_real(hardware, "node_mtbf_s")))
                return;
        print_lost(view, (long long)document_int_or(hardware, "node_failures", 0));
        json_array_foreach(json_object_get(view->document, "policies"), i, policy)
        {
                long long left = (long long)(jobs - document_int_or(policy, "jobs_done", jobs));

                if (left > 0)
                        fprintf(view->out, "%s: %lld job%s not done when the series end\n",
                                document_text(policy, "name"), left, left == 1 ? " was" : "s were");
        }
}

void view_simulate_bound(const json_t *document, const struct screen *screen, FILE *out)
{
        struct trial_view view = trial_view_of(document, screen, out);

        print_bound(&view);
        trial_view_unknown(&view);
}

int view_simulate(const json_t *document, const struct screen *screen, FILE *out)
{
        struct trial_view view = trial_view_of(document, screen, out);
        long long jobs = document_int_or(document, "jobs", 0);
        int code;

        trial_view_findings(&view, "line", "first_line");
        fprintf(out, "%lld %s on %lld GPUs; the series reach from %.10s to %.10s\n", jobs, jobs == 1 ? "job" : "jobs",
                (long long)document_int_or(document, "gpus", 0), document_text(document, "from_utc"),
                document_text(document, "to_utc"));
        code = trial_view_table(&view);
        print_failures(&view);
        trial_view_undone(&view);
        trial_view_caps(&view);
        trial_view_stores(&view);
        view_simulate_bound(document, screen, out);
        return code;
}
