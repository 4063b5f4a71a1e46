/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_ways.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/document.h"
#include "cli/job_text.h"

/* Less than it would show in the fourth place of a currency unit. */
enum { NO_DIFFERENCE_MICRO = 50 };

static bool is(const char *text, const char *word)
{
        return text != NULL && strcmp(text, word) == 0;
}

static const json_t *explained(const json_t *job, const char *key)
{
        return json_object_get(json_object_get(job, "explanation"), key);
}

/* ---- parts of a line */

/* The label once, then as much room. */
static void print_label(const char *label, size_t i, FILE *out)
{
        fprintf(out, "  %-25s ", i == 0 ? label : "");
}

/* `, on 2 GPUs, capped`: where it is not as the job has it now. */
static void print_width(const json_t *job, const json_t *hours, FILE *out)
{
        int64_t gpus = document_int_or(json_array_get(hours, 0), "gpus", 0), least = gpus, most = gpus;
        bool capped = false;
        json_t *stretch;
        double cap;
        size_t i;

        json_array_foreach(hours, i, stretch) {
                int64_t here = document_int_or(stretch, "gpus", 0);

                least = here < least ? here : least;
                most = here > most ? here : most;
                capped = capped || document_real(stretch, "cap", &cap);
        }
        if (least != most)
                fprintf(out, ", on %lld to %lld GPUs", (long long)least, (long long)most);
        else if (gpus > 0 && gpus != document_int_or(job, "gpus", gpus))
                fprintf(out, ", on %lld GPU%s", (long long)gpus, gpus == 1 ? "" : "s");
        if (capped)
                fputs(", capped", out);
}

/* `23:00-05:00 at hanford, on 2 GPUs, 1 pause` */
static void print_hours(const json_t *job, const json_t *way, bool with_site, const struct screen *screen, FILE *out)
{
        const json_t *hours = json_object_get(way, "hours");
        size_t n = json_array_size(hours), pauses = job_pauses(hours);
        const json_t *first = json_array_get(hours, 0), *last = json_array_get(hours, n > 0 ? n - 1 : 0);
        const char *site = document_text(first, "site");
        char span[2 * SCREEN_TIME_SIZE];

        fputs(screen_span(screen, document_time(first, "start_utc"), document_time(last, "end_utc"), span), out);
        if (with_site && site != NULL) {
                fputs(" at ", out);
                screen_print(screen, out, site);
        }
        print_width(job, hours, out);
        if (pauses > 0)
                fprintf(out, ", %zu pause%s", pauses, pauses > 1 ? "s" : "");
}

/* `0.42 EUR more`, `0.42 EUR less`, `at the same cost` */
static void print_difference(int64_t micro, const char *currency, FILE *out)
{
        char money[TEXT_SIZE];

        if (llabs(micro) < NO_DIFFERENCE_MICRO)
                fputs("at the same cost", out);
        else
                fprintf(out, "%s %s", text_format_money(llabs(micro), currency, money), micro > 0 ? "more" : "less");
}

static void print_late(const json_t *way, FILE *out)
{
        int64_t late_s = document_int_or(way, "late_s", 0);
        char late[WHEN_TEXT_SIZE];

        if (late_s > 0)
                fprintf(out, ", %s late", when_format_duration(late_s, late));
}

static void print_class(const json_t *job, const struct screen *screen, FILE *out)
{
        const char *class = document_text(job, "class");

        fputs(" (class ", out);
        screen_print(screen, out, class != NULL ? class : "?");
        putc(')', out);
}

/* ---- alternatives */

void explain_alternatives(const json_t *job, const struct screen *screen, FILE *out)
{
        json_t *way;
        size_t i;

        json_array_foreach(explained(job, "alternatives"), i, way)
        {
                print_label("it could also run:", i, out);
                print_hours(job, way, true, screen, out);
                fputs(": ", out);
                print_difference(document_int_or(way, "difference_micro", 0), document_text(job, "currency"), out);
                print_late(way, out);
                putc('\n', out);
        }
}

/* ---- blockers */

/* ` 13:00-17:00` */
static void print_missing(const json_t *blocker, const struct screen *screen, FILE *out)
{
        int64_t from = document_time(blocker, "missing_from_utc");
        char span[2 * SCREEN_TIME_SIZE];

        if (from != 0)
                fprintf(out, " %s", screen_span(screen, from, document_time(blocker, "missing_to_utc"), span));
}

static void print_gpus(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        long long gpus = (long long)document_int_or(blocker, "missing_gpus", 0);

        (void)job;
        fprintf(out, "%lld more GPU%s free", gpus, gpus == 1 ? "" : "s");
        print_missing(blocker, screen, out);
}

static void print_power(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        int64_t watts = document_int_or(blocker, "missing_w", 0);
        char power[TEXT_SIZE];

        (void)job;
        if (watts == 0) {
                fputs("the cheaper power that others draw", out);
                return;
        }
        fprintf(out, "%s more power", text_format_power(watts, power));
        print_missing(blocker, screen, out);
}

static void print_deadline(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        int64_t finish = document_time(blocker, "finish_utc");
        char at[SCREEN_TIME_SIZE];

        (void)job;
        fprintf(out, "a deadline at %s", screen_time(screen, (finish + 59) / 60 * 60, at));
}

static void print_max_delay(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        (void)blocker;
        fputs("a longer max_delay", out);
        print_class(job, screen, out);
}

static void print_min_run(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        (void)blocker;
        fputs("a shorter min_run", out);
        print_class(job, screen, out);
}

static void print_pauses(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        (void)blocker;
        if (!document_true(job, "interruptible")) {
                fputs("--interruptible yes", out);
                return;
        }
        fputs("more pauses", out);
        print_class(job, screen, out);
}

static void print_begin(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        int64_t start = document_time(json_array_get(json_object_get(blocker, "hours"), 0), "start_utc");
        char at[SCREEN_TIME_SIZE];

        (void)job;
        fprintf(out, "--begin %s", screen_time(screen, start, at));
}

static void print_dependency(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        int64_t start = document_time(json_array_get(json_object_get(blocker, "hours"), 0), "start_utc");
        char at[SCREEN_TIME_SIZE], after[JOB_TEXT_SIZE];

        fprintf(out, "an end of %s by %s", job_after(job, after) != NULL ? after : "those before it",
                screen_time(screen, start, at));
}

static void print_site(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        const char *site = document_text(json_array_get(json_object_get(blocker, "hours"), 0), "site");

        (void)job;
        fputs("--site ", out);
        screen_print(screen, out, site != NULL ? site : "?");
}

static const struct {
        const char *limit;
        void (*print)(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out);
} limits[] = {
        { "gpus", print_gpus },           { "power", print_power },     { "deadline", print_deadline },
        { "max_delay", print_max_delay }, { "min_run", print_min_run }, { "pauses", print_pauses },
        { "begin", print_begin },         { "site", print_site },       { "dependency", print_dependency },
};

/* `8 more GPUs free 13:00-17:00`; a limit that this program does not know by its name. */
static void print_limit(const json_t *job, const json_t *blocker, const struct screen *screen, FILE *out)
{
        const char *limit = document_text(blocker, "limit");

        for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
                if (is(limit, limits[i].limit)) {
                        limits[i].print(job, blocker, screen, out);
                        return;
                }
        screen_print(screen, out, limit != NULL ? limit : "?");
}

void explain_blockers(const json_t *job, const struct screen *screen, FILE *out)
{
        json_t *blocker;
        size_t i;

        json_array_foreach(explained(job, "blockers"), i, blocker)
        {
                print_label("it would be cheaper with:", i, out);
                print_limit(job, blocker, screen, out);
                fputs(": ", out);
                print_difference(-document_int_or(blocker, "saving_micro", 0), document_text(job, "currency"), out);
                fputs(", ", out);
                print_hours(job, blocker, is(document_text(blocker, "limit"), "site"), screen, out);
                putc('\n', out);
        }
}

/* ---- late */

static const char *cause_text(const char *cause)
{
        static const struct {
                const char *name, *text;
        } causes[] = {
                { "time", "the time is too short, even if it were alone" },
                { "gpus", "others have the GPUs" },
                { "power", "there is not the power for it" },
                { "gpus and power", "others have the GPUs, and there is not the power for it" },
                { "dependency", "what it comes after ends too late for it" },
                { "nothing", "being in time would cost more than being late" },
        };

        for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
                if (is(cause, causes[i].name))
                        return causes[i].text;
        return cause != NULL ? cause : "?";
}

static void print_remedies(const json_t *job, const json_t *fit, const struct screen *screen, FILE *out)
{
        int64_t deadline = document_time(fit, "deadline_utc"), begin = document_time(fit, "begin_utc");
        char at[SCREEN_TIME_SIZE];

        if (is(document_text(job, "limit"), "max_delay"))
                deadline = 0; /* its class decides, whatever deadline it has */
        if (deadline != 0)
                fprintf(out, "; --deadline %s would do", screen_time(screen, deadline, at));
        if (begin != 0)
                fprintf(out, "%s--begin %s%s", deadline != 0 ? ", and so would " : "; ",
                        screen_time(screen, begin / 60 * 60, at), deadline != 0 ? "" : " would do");
}

void explain_fit(const json_t *job, const struct screen *screen, FILE *out)
{
        const json_t *fit = json_object_get(job, "deadline_fit");
        int64_t missing = document_int_or(fit, "missing_gpu_s", 0), earliest = document_time(fit, "earliest_utc");
        char at[SCREEN_TIME_SIZE];

        if (!json_is_object(fit))
                return;
        fprintf(out, "  it is late, because %s", cause_text(document_text(fit, "cause")));
        if (missing > 0)
                fprintf(out, ": %.3g GPU-hours of it do not fit before %s", (double)missing / 3600,
                        screen_time(screen, document_time(fit, "limit_utc"), at));
        if (earliest != 0)
                fprintf(out, ".\n  it can be done by %s at the earliest", screen_time(screen, earliest, at));
        print_remedies(job, fit, screen, out);
        fputs(".\n", out);
}
