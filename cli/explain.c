/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - `offpeak explain`: why a job has its hours and no cheaper ones, and what else it could have. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/explain_ways.h"
#include "cli/job_text.h"
#include "cli/pause_text.h"
#include "cli/views.h"

/* Where its hours are; where they are at several sites its moves are told. */
static void explain_site(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *site = document_text(json_array_get(json_object_get(job, "planned"), 0), "site");
        char after[JOB_TEXT_SIZE];

        if (site == NULL || json_array_size(json_object_get(job, "moves")) > 0)
                return;
        fputs(job_after(job, after) != NULL ? ", at " : " at ", out);
        screen_print(screen, out, site);
}

static void explain_cost(const json_t *job, FILE *out)
{
        const char *currency = document_text(job, "currency");
        char cost[TEXT_SIZE], run_now[TEXT_SIZE];
        int64_t planned, at_once;

        if (!job_costs(job, &planned, &at_once))
                return;
        fprintf(out, ": %s%s, against %s at once", text_format_money(planned, currency, cost),
                job_goes_beyond(job) ? " so far planned" : "", text_format_money(at_once, currency, run_now));
}

/* Of the site that its last hours are at: said where it has hours at others too. */
static void explain_price(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *explanation = json_object_get(job, "explanation");
        const char *currency = document_text(job, "currency");
        int64_t price, now;
        char mean[TEXT_SIZE], at_once[TEXT_SIZE];

        if (!document_int(explanation, "price_micro_per_mwh", &price))
                return;
        fputs("  ", out);
        if (json_array_size(json_object_get(job, "moves")) > 0 && document_text(explanation, "site") != NULL) {
                fputs("at ", out);
                screen_print(screen, out, document_text(explanation, "site"));
                putc(' ', out);
        }
        fprintf(out, "power costs it %s on the mean", text_format_price(price, currency, mean));
        if (document_int(explanation, "now_micro_per_mwh", &now))
                fprintf(out, "; now it costs %s", text_format_price(now, currency, at_once));
        fputs(".\n", out);
}

static void explain_jobs(const json_t *jobs, const struct screen *screen, FILE *out)
{
        json_t *other;
        size_t i;

        fputs("GPUs taken", out);
        json_array_foreach(jobs, i, other) {
                fputs(i == 0 ? " by " : ", ", out);
                screen_print(screen, out, document_text(other, "name") != NULL ? document_text(other, "name") : "?");
                fprintf(out, " (%lld)", (long long)document_int_or(other, "id", 0));
        }
}

static void explain_class(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *class = document_text(job, "class");

        fputs("behind the max_delay of class ", out);
        screen_print(screen, out, class != NULL ? class : "?");
}

static void explain_cheaper(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *currency = document_text(job, "currency");
        json_t *stretch;
        size_t i;

        json_array_foreach(json_object_get(json_object_get(job, "explanation"), "cheaper"), i, stretch) {
                const char *why = document_text(stretch, "why");
                char span[2 * SCREEN_TIME_SIZE], price[TEXT_SIZE];

                fprintf(out, "  %s %s at %s: ",
                        i == 0 ? "cheaper hours it does not have:" : "                               ",
                        screen_span(screen, document_time(stretch, "start_utc"), document_time(stretch, "end_utc"),
                                    span),
                        text_format_price(document_int_or(stretch, "price_micro_per_mwh", 0), currency, price));
                if (why != NULL && strcmp(why, "taken") == 0)
                        explain_jobs(json_object_get(stretch, "jobs"), screen, out);
                else if (why != NULL && strcmp(why, "deadline") == 0)
                        fputs("behind its deadline", out);
                else if (why != NULL && strcmp(why, "max_delay") == 0)
                        explain_class(job, screen, out);
                else if (why != NULL && strcmp(why, "gpu_hours") == 0)
                        fputs("its class has no GPU-hours left for it in that month", out);
                else
                        fputs("another start or a longer wait would cost more than it saves", out);
                putc('\n', out);
        }
}

static void explain_waiting(const json_t *job, FILE *out)
{
        int64_t rate, gpus = document_int_or(job, "gpus", 0);
        const char *class = document_text(job, "class");
        char money[TEXT_SIZE];

        if (!document_int(job, "delay_cost_micro_per_gpu_hour", &rate))
                return;
        if (rate == 0)
                fprintf(out, "  waiting costs nothing (class %s: idle hardware is free).\n",
                        class != NULL ? class : "?");
        else
                fprintf(out,
                        "  waiting costs %s an hour (%lld GPU%s at the class's value of a GPU-hour): that is "
                        "weighed in.\n",
                        text_format_money(rate * gpus, document_text(job, "currency"), money), (long long)gpus,
                        gpus == 1 ? "" : "s");
}

/* Those it waits for, or the one because of which it does not run. */
static void explain_after(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *unmet = job_unmet(job);
        json_t *other;
        size_t i;

        json_array_foreach(json_object_get(job, "after"), i, other) {
                const char *name = document_text(other, "name"), *status = document_text(other, "status");
                int64_t finish = document_time(other, "planned_finish_utc");
                char at[SCREEN_TIME_SIZE];

                if (document_true(other, "ended") && other != unmet)
                        continue;
                fputs("  it comes after ", out);
                screen_print(screen, out, name != NULL ? name : "?");
                fprintf(out, " (%lld): %s", (long long)document_int_or(other, "id", 0),
                        status != NULL ? status : "not known");
                if (finish != 0)
                        fprintf(out, ", planned to end %s", screen_time(screen, finish, at));
                fputs(".\n", out);
        }
        if (unmet != NULL)
                fputs("  `offpeak release` runs it all the same, `offpeak cancel` removes it.\n", out);
}

/* Why it stopped, which its hours to come do not tell. */
static void explain_pause(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *pause = json_object_get(job, "last_pause");
        char why[JOB_TEXT_SIZE], at[SCREEN_TIME_SIZE];
        const char *because = pause_text(job, why);

        if (because == NULL)
                return;
        fprintf(out, "  it was %spaused %s, because ", pause_lasts(job) ? "" : "last ",
                screen_time(screen, document_time(pause, "at_utc"), at));
        screen_print(screen, out, because);
        fputs(".\n", out);
}

/* What leaving the site costs; nothing, as it is by default, is said in words. */
static void explain_move_cost(const json_t *job, const json_t *move, FILE *out)
{
        char money[TEXT_SIZE];

        if (document_int_or(move, "cost_micro", 0) == 0)
                fputs(": that costs nothing beside the power, as move_gb or the site's egress_per_gb is 0.\n", out);
        else
                fprintf(out, ", for %s beside the power: that is weighed in.\n",
                        document_money(move, "cost_micro", document_text(job, "currency"), money));
}

static void explain_moves(const json_t *job, const struct screen *screen, FILE *out)
{
        json_t *move;
        size_t i;

        json_array_foreach(json_object_get(job, "moves"), i, move) {
                const char *from = document_text(move, "from"), *to = document_text(move, "to");
                char at[SCREEN_TIME_SIZE];

                fputs("  it moves from ", out);
                screen_print(screen, out, from != NULL ? from : "?");
                fputs(" to ", out);
                screen_print(screen, out, to != NULL ? to : "?");
                fprintf(out, " and goes on there %s", screen_time(screen, document_time(move, "start_utc"), at));
                explain_move_cost(job, move, out);
        }
}

/* How much of its hours is under a power cap, and under which. */
static void explain_caps(const json_t *job, FILE *out)
{
        const json_t *planned = json_object_get(job, "planned");
        int64_t all = 0, capped = 0;
        double cap, least = 1, most = 0;
        char span[WHEN_TEXT_SIZE];
        json_t *stretch;
        size_t i;

        json_array_foreach(planned, i, stretch) {
                int64_t length = document_time(stretch, "end_utc") - document_time(stretch, "start_utc");

                all += length;
                if (!document_real(stretch, "cap", &cap))
                        continue;
                capped += length;
                least = fmin(least, cap);
                most = fmax(most, cap);
        }
        if (capped == 0)
                return;
        fputs("  its GPUs are capped at ", out);
        if (round(100 * least) < round(100 * most))
                fprintf(out, "%.0f to ", 100 * least);
        fprintf(out, "%.0f %% of their limit", 100 * most);
        if (capped < all)
                fprintf(out, " for %s of its hours", when_format_duration(capped, span));
        fputs(": less power, for more time.\n", out);
}

/* That it is pinned is its reason; that it is and cannot have its hours is not. */
static void explain_pin(const json_t *job, const struct screen *screen, FILE *out)
{
        char text[JOB_TEXT_SIZE];

        if (!document_true(json_object_get(job, "pinned"), "kept") && job_pin(job, screen, text) != NULL)
                fprintf(out, "  it is pinned to %s.\n", text);
}

static void explain_gpu_hours(const json_t *job, const struct screen *screen, FILE *out)
{
        char text[JOB_TEXT_SIZE];

        if (job_gpu_hours(job, screen, text) != NULL)
                fprintf(out, "  %s.\n", text);
}

int view_explain(const json_t *document, const struct screen *screen, FILE *out)
{
        const json_t *job = json_object_get(document, "job");
        const char *name = document_text(job, "name"), *status = document_text(job, "status");
        char when[JOB_TEXT_SIZE], because[JOB_TEXT_SIZE];
        const char *reason = job_reason(job, screen, because);
        bool has_hours = reason != NULL && json_array_size(json_object_get(job, "planned")) > 0;

        screen_print(screen, out, name != NULL ? name : "?");
        fprintf(out, " (%lld) is %s: %s", (long long)document_int_or(job, "id", 0), status != NULL ? status : "?",
                job_when(job, screen, when));
        if (has_hours) {
                explain_site(job, screen, out);
                fputs(", because ", out);
                screen_print(screen, out, reason);
        }
        explain_cost(job, out);
        fputs(".\n", out);
        explain_pause(job, screen, out);
        explain_pin(job, screen, out);
        explain_gpu_hours(job, screen, out);
        explain_after(job, screen, out);
        explain_moves(job, screen, out);
        if (has_hours) {
                explain_price(job, screen, out);
                explain_caps(job, out);
                explain_cheaper(job, screen, out);
                explain_alternatives(job, screen, out);
                explain_blockers(job, screen, out);
                explain_waiting(job, out);
        }
        explain_fit(job, screen, out);
        return 0;
}

/* ---- the command */

const struct option_row explain_rows[] = { COMMAND_OPTIONS };

int command_explain(struct command_run *run, int argc, char **argv, struct offpeak_error *err)
{
        return command_ask_job(run, argc, argv, view_explain, err);
}
