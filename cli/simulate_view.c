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

        if (isnan(bound))
                return;
        fprintf(view->out, "bound: nobody can do it for less than %s",
                unit != NULL && unit[0] == 'k' ? text_format_mass(llround(bound * 1e6), text)
                                               : text_format_money(llround(bound * 1e6), view->currency, text));
        print_counted(view);
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
        int code;

        trial_view_findings(&view, "line", "first_line");
        fprintf(out, "%lld jobs on %lld GPUs, %.10s to %.10s\n", (long long)document_int_or(document, "jobs", 0),
                (long long)document_int_or(document, "gpus", 0), document_text(document, "from_utc"),
                document_text(document, "to_utc"));
        code = trial_view_table(&view);
        view_simulate_bound(document, screen, out);
        return code;
}
