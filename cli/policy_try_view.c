/* SPDX-License-Identifier: Apache-2.0 */
/* policy_try_view.c - the document offpeak.policy_try/1 as text. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "cli/document.h"
#include "cli/trial_view.h"
#include "cli/views.h"

static const json_t *row(const json_t *document, const char *name)
{
        const json_t *policy;
        size_t i;

        json_array_foreach(json_object_get(document, "policies"), i,
                           policy) if (document_text(policy, "name") != NULL &&
                                       strcmp(document_text(policy, "name"), name) == 0) return policy;
        return NULL;
}

/* "-3.10 EUR (-4.5 %)" of what `base` comes to, or of carbon where no price is known. */
static void print_difference(const struct trial_view *view, const json_t *difference, const json_t *base)
{
        const char *key = view->priced ? "cost" : view->carbon ? "carbon_kg" : "energy_mwh";
        double by = trial_view_real(difference, key), of = trial_view_real(base, key);
        int64_t micro = llround(fabs(by) * 1e6);
        char text[TEXT_SIZE];

        fprintf(view->out, "%c%s", by < 0 && micro != 0 ? '-' : '+',
                view->priced   ? text_format_money(micro, view->currency, text)
                : view->carbon ? text_format_mass(micro, text)
                               : text_format_energy(llround(fabs(by) * 3.6e9), text));
        if (of != 0)
                fprintf(view->out, " (%+.1f %%)", 100 * by / fabs(of));
        fprintf(view->out, ", %+.1f h of delay on average, %+lld late\n", trial_view_real(difference, "mean_delay_h"),
                (long long)document_int_or(difference, "missed_deadlines", 0));
}

static void print_change(const struct trial_view *view)
{
        const json_t *document = view->document;
        const char *source = document_text(document, "source"), *slash = strrchr(source, '/');

        fputs("replayed against what happened, the same policy: ", view->out);
        print_difference(view, json_object_get(document, "model_error"), row(document, "actual"));
        screen_print(view->screen, view->out, slash != NULL ? slash + 1 : source);
        fputs(" against the policy in force, both replayed: ", view->out);
        print_difference(view, json_object_get(document, "change"), row(document, "in_force"));
}

static void print_booked(const struct trial_view *view)
{
        const json_t *booked = json_object_get(view->document, "booked");
        char energy[TEXT_SIZE], cost[TEXT_SIZE];

        fprintf(view->out, "by the books, fixed overhead included, what happened drew %s and cost %s\n",
                document_energy(booked, "energy_j", energy),
                document_money(booked, "cost_micro", view->currency, cost));
}

static void print_after_now(const struct trial_view *view)
{
        const json_t *policy;
        size_t i;
        char text[TEXT_SIZE];

        json_array_foreach(json_object_get(view->document, "policies"), i, policy)
        {
                double mwh = trial_view_real(policy, "after_now_mwh");
                int64_t left = document_int_or(view->document, "jobs", 0) - document_int_or(policy, "jobs_done", 0);

                if (mwh > 1e-9) {
                        screen_print(view->screen, view->out, document_text(policy, "label"));
                        fprintf(view->out, ": %s of it after now, at prices as they are said or forecast today\n",
                                text_format_energy(llround(mwh * 3.6e9), text));
                }
                if (left > 0) {
                        screen_print(view->screen, view->out, document_text(policy, "label"));
                        fprintf(view->out, ": %lld jobs are not done: what they lack is in no cost\n", (long long)left);
                }
        }
}

static void print_remarks(const struct trial_view *view)
{
        int64_t gpu_s = document_int_or(view->document, "left_out_gpu_s", 0);
        const json_t *remark;
        size_t i;

        if (gpu_s >= 360)
                fprintf(view->out, "what was left out ran for %.1f GPU-hours: replays have these GPUs free\n",
                        (double)gpu_s / 3600);
        json_array_foreach(json_object_get(view->document, "remarks"), i, remark)
        {
                screen_print(view->screen, view->out, json_string_value(remark));
                putc('\n', view->out);
        }
}

int view_policy_try(const json_t *document, const struct screen *screen, FILE *out)
{
        struct trial_view view = trial_view_of(document, screen, out);
        int code;

        trial_view_findings(&view, "job", "first_job");
        fprintf(out, "%lld jobs on %lld GPUs, submitted from %.10s to %.10s\n",
                (long long)document_int_or(document, "jobs", 0), (long long)document_int_or(document, "gpus", 0),
                document_text(document, "from_utc"), document_text(document, "to_utc"));
        code = trial_view_table(&view);
        trial_view_caps(&view);
        trial_view_stores(&view);
        print_booked(&view);
        print_change(&view);
        trial_view_undone(&view);
        trial_view_unknown(&view);
        print_after_now(&view);
        print_remarks(&view);
        return code;
}
