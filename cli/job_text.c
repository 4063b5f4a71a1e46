/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "cli/document.h"

static bool is_one_of(const char *word, const char *const *words)
{
        for (; word != NULL && *words != NULL; words++)
                if (strcmp(word, *words) == 0)
                        return true;
        return false;
}

static bool is_running(const char *status)
{
        static const char *const words[] = { "running", "starting", "stopping", "silent", NULL };

        return is_one_of(status, words);
}

static bool has_ended(const char *status)
{
        static const char *const words[] = { "done", "failed", "cancelled", NULL };

        return is_one_of(status, words);
}

/* ---- whom it comes after */

const char *job_after(const json_t *job, char *buffer)
{
        const json_t *other;
        size_t i, open = 0, named = 0, used = 0;

        json_array_foreach(json_object_get(job, "after"), i, other)
                open += !document_true(other, "ended");
        buffer[0] = '\0';
        json_array_foreach(json_object_get(job, "after"), i, other) {
                if (document_true(other, "ended") || named == 2)
                        continue;
                used += (size_t)snprintf(buffer + used, JOB_TEXT_SIZE - used, "%s%lld",
                                         named == 0 ? "" : open > 2 ? ", " : " and ",
                                         (long long)document_int_or(other, "id", 0));
                named++;
        }
        if (open > named)
                snprintf(buffer + used, JOB_TEXT_SIZE - used, " and %zu more", open - named);
        return open > 0 ? buffer : NULL;
}

const json_t *job_unmet(const json_t *job)
{
        const char *waits_for = document_text(job, "waits_for"), *status, *kind;
        const json_t *other;
        size_t i;

        if (waits_for == NULL || strcmp(waits_for, "dependency_never") != 0)
                return NULL;
        json_array_foreach(json_object_get(job, "after"), i, other) {
                status = document_text(other, "status");
                kind = document_text(other, "kind");
                if (document_true(other, "ended") && kind != NULL && strcmp(kind, "afterok") == 0 &&
                    (status == NULL || strcmp(status, "done") != 0))
                        return other;
        }
        return NULL;
}

/* ---- when */

const char *job_impossible(const json_t *job)
{
        const char *reason = document_text(job, "reason"), *waits_for = document_text(job, "waits_for");

        if (reason == NULL || strcmp(reason, "impossible") != 0)
                return NULL;
        if (waits_for != NULL && strcmp(waits_for, "power") == 0)
                return "no power for it now";
        if (waits_for != NULL && strcmp(waits_for, "quota") == 0)
                return "its class's quota is too small";
        if (waits_for != NULL && strcmp(waits_for, "gpu_hours") == 0)
                return "its class's GPU-hours are too few";
        if (waits_for != NULL && strcmp(waits_for, "features") == 0)
                return "no nodes with what it asks for now";
        if (waits_for != NULL && strcmp(waits_for, "switches") == 0)
                return "no switch with its nodes now";
        return waits_for != NULL && strcmp(waits_for, "nodes") == 0 ? "no nodes for it now" : "nothing free for it";
}

bool job_goes_beyond(const json_t *job)
{
        const char *reason = document_text(job, "reason");

        return reason != NULL && strcmp(reason, "beyond the horizon") == 0;
}

/* The end of its i-th hours; of the last, if the job goes on behind the plan, when it is thought to be done. */
static int64_t end_of(const json_t *job, size_t i)
{
        const json_t *planned = json_object_get(job, "planned");
        int64_t finish = document_time(job, "planned_finish_utc"),
                end = document_time(json_array_get(planned, i), "end_utc");

        return job_goes_beyond(job) && i + 1 == json_array_size(planned) && finish > end ? finish : end;
}

static bool job_is_pinned(const json_t *job)
{
        return document_true(json_object_get(job, "pinned"), "kept");
}

/* Does it go on, at i, where it was, on as many GPUs: under another power cap? */
static bool goes_on(const json_t *planned, size_t i)
{
        const json_t *before = json_array_get(planned, i - 1), *here = json_array_get(planned, i);
        const char *site = document_text(before, "site"), *next = document_text(here, "site");

        return document_time(before, "end_utc") == document_time(here, "start_utc") &&
               document_int_or(before, "gpus", 0) == document_int_or(here, "gpus", 0) && site != NULL && next != NULL &&
               strcmp(site, next) == 0;
}

/* The interval behind the last of an unbroken run that begins with this one. */
static size_t run_end(const json_t *planned, size_t i)
{
        for (i++; i < json_array_size(planned) && goes_on(planned, i); i++)
                ;
        return i;
}

size_t job_pauses(const json_t *planned)
{
        size_t n = 0;

        for (size_t i = run_end(planned, 0); i < json_array_size(planned); i = run_end(planned, i))
                n++;
        return n;
}

static const char *when_planned(const json_t *job, const json_t *planned, const struct screen *screen, char *buffer)
{
        size_t n = json_array_size(planned), pauses = job_pauses(planned);
        const char *beyond = job_goes_beyond(job) ? ", beyond what is planned" : job_is_pinned(job) ? ", pinned" : "";
        char span[2 * SCREEN_TIME_SIZE], pause_text[32] = "", after[JOB_TEXT_SIZE];
        bool waits = job_after(job, after) != NULL;

        screen_span(screen, document_time(json_array_get(planned, 0), "start_utc"), end_of(job, n - 1), span);
        if (pauses > 0)
                snprintf(pause_text, sizeof(pause_text), ", %zu pause%s", pauses, pauses > 1 ? "s" : "");
        snprintf(buffer, JOB_TEXT_SIZE, "%s%s%s%s%.48s", span, pause_text, beyond, waits ? ", after " : "",
                 waits ? after : "");
        return buffer;
}

static const char *when_running(const json_t *job, const json_t *planned, const struct screen *screen, char *buffer)
{
        int64_t started = document_time(job, "started_utc");
        const size_t n = json_array_size(planned), stop = n == 0 ? 0 : run_end(planned, 0);
        char until[SCREEN_TIME_SIZE], next[SCREEN_TIME_SIZE];

        if (n == 0 && started == 0) /* it is being started, or stopped before it was */
                snprintf(buffer, JOB_TEXT_SIZE, "now");
        else if (n == 0)
                snprintf(buffer, JOB_TEXT_SIZE, "since %s", screen_time(screen, started, next));
        else if (stop == n)
                snprintf(buffer, JOB_TEXT_SIZE, "until %s%s", screen_time(screen, end_of(job, n - 1), until),
                         job_goes_beyond(job) ? ", beyond what is planned" : "");
        else
                snprintf(buffer, JOB_TEXT_SIZE, "until %s, again %s",
                         screen_time(screen, document_time(json_array_get(planned, stop - 1), "end_utc"), until),
                         screen_time(screen, document_time(json_array_get(planned, stop), "start_utc"), next));
        return buffer;
}

static const char *when_ended(const json_t *job, const struct screen *screen, char *buffer)
{
        const char *end = document_text(job, "end"), *signal = document_text(job, "exit_signal");
        char at[SCREEN_TIME_SIZE], how[64] = "ended";
        int64_t code;

        if (end != NULL && strcmp(end, "lost") == 0)
                snprintf(how, sizeof(how), "lost its node");
        else if (end != NULL && strcmp(end, "time_limit") == 0)
                snprintf(how, sizeof(how), "over its time");
        else if (signal != NULL)
                snprintf(how, sizeof(how), "killed by SIG%.16s", signal);
        else if (document_int(job, "exit_code", &code) && code != 0)
                snprintf(how, sizeof(how), "exit %d", (int)code);
        snprintf(buffer, JOB_TEXT_SIZE, "%s %s", how, screen_time(screen, document_time(job, "ended_utc"), at));
        return buffer;
}

static bool waits_for_hours(const json_t *job)
{
        const char *waits_for = document_text(job, "waits_for");

        return waits_for != NULL && strcmp(waits_for, "gpu_hours") == 0;
}

static const char *when_waiting(const json_t *job, const struct screen *screen, char *buffer)
{
        const char *status = document_text(job, "status");
        int64_t begin = document_time(job, "begin_utc");
        const json_t *unmet = job_unmet(job);
        char at[SCREEN_TIME_SIZE], after[JOB_TEXT_SIZE];

        if (unmet != NULL)
                snprintf(buffer, JOB_TEXT_SIZE, "until released: %lld %.32s", (long long)document_int_or(unmet, "id", 0),
                         document_text(unmet, "status") != NULL ? document_text(unmet, "status") : "is not known");
        else if (status != NULL && strcmp(status, "held") == 0)
                snprintf(buffer, JOB_TEXT_SIZE, "until released");
        else if (job_impossible(job) != NULL)
                snprintf(buffer, JOB_TEXT_SIZE, "%s", job_impossible(job));
        else if (waits_for_hours(job))
                snprintf(buffer, JOB_TEXT_SIZE, "when its class has GPU-hours again");
        else if (job_after(job, after) != NULL)
                snprintf(buffer, JOB_TEXT_SIZE, "after %.64s", after);
        else if (begin > screen->now)
                snprintf(buffer, JOB_TEXT_SIZE, "after %s", screen_time(screen, begin, at));
        else
                snprintf(buffer, JOB_TEXT_SIZE, "not planned yet");
        return buffer;
}

/* `resumes 01:00`, and where, if that is not where it ran. */
static const char *when_resumed(const json_t *job, const json_t *planned, const struct screen *screen, char *buffer)
{
        const char *site = document_text(job, "site"), *next = document_text(json_array_get(planned, 0), "site");
        bool moves = site != NULL && next != NULL && strcmp(site, next) != 0;
        char at[SCREEN_TIME_SIZE];

        snprintf(buffer, JOB_TEXT_SIZE, "resumes %s%s%.64s",
                 screen_time(screen, document_time(json_array_get(planned, 0), "start_utc"), at), moves ? " at " : "",
                 moves ? next : "");
        return buffer;
}

const char *job_when(const json_t *job, const struct screen *screen, char *buffer)
{
        const json_t *planned = json_object_get(job, "planned");
        const char *status = document_text(job, "status");

        if (has_ended(status))
                return when_ended(job, screen, buffer);
        if (is_running(status))
                return when_running(job, planned, screen, buffer);
        if (json_array_size(planned) == 0)
                return when_waiting(job, screen, buffer);
        if (document_int_or(job, "attempts", 0) == 0)
                return when_planned(job, planned, screen, buffer);
        return when_resumed(job, planned, screen, buffer);
}

/* ---- what */

const char *job_cost(const json_t *job, char *buffer)
{
        int64_t booked = document_int_or(job, "cost_micro", 0), unpriced = document_int_or(job, "unpriced_energy_j", 0);
        int64_t expected = booked;
        bool known = document_int(job, "expected_cost_micro", &expected);
        char money[TEXT_SIZE];

        if (document_int_or(job, "energy_j", 0) == 0 && !known) {
                strcpy(buffer, "-");
                return buffer;
        }
        snprintf(buffer, JOB_TEXT_SIZE, "%s%s%s", unpriced > 0 ? "> " : "",
                 text_format_money(expected, document_text(job, "currency"), money),
                 job_goes_beyond(job) ? " so far planned" : "");
        return buffer;
}

bool job_costs(const json_t *job, int64_t *ret_planned, int64_t *ret_run_now)
{
        return document_int(job, "planned_cost_micro", ret_planned) &&
               document_int(job, "planned_run_now_cost_micro", ret_run_now);
}

/* Beyond this a share of next to nothing says nothing. */
#define MOST_SHARE 10

const char *job_saved(const json_t *job, char *buffer)
{
        int64_t planned, run_now;
        double saved;

        if (!job_costs(job, &planned, &run_now)) {
                strcpy(buffer, "-");
                return buffer;
        }
        saved = (double)run_now - (double)planned;
        if (saved == 0)
                strcpy(buffer, "0 %");
        else if (run_now <= 0 || fabs(saved) > MOST_SHARE * (double)run_now)
                text_format_money(run_now - planned, document_text(job, "currency"), buffer);
        else /* the zero is added lest it read "-0 %" */
                snprintf(buffer, JOB_TEXT_SIZE, "%.0f %%", round(100 * saved / (double)run_now) + 0.0);
        return buffer;
}

const char *job_done(const json_t *job, const struct screen *screen, char *buffer)
{
        const char *source = document_text(job, "done_source");
        bool estimated = source == NULL || strcmp(source, "reported") != 0;
        char number[16], bar[64];
        double done;

        if (document_int_or(job, "attempts", 0) == 0 || !document_real(job, "done_fraction", &done)) {
                strcpy(buffer, "-");
        } else {
                snprintf(number, sizeof(number), "%s%.0f", estimated ? "~" : "", 100 * done);
                snprintf(buffer, JOB_TEXT_SIZE, "%4s %%  %s", number, screen_bar(screen, done, bar));
        }
        return buffer;
}

bool job_slack(const json_t *job, int64_t *ret_slack_s)
{
        int64_t deadline = document_time(job, "deadline_utc"), ended = document_time(job, "ended_utc");
        int64_t finish = ended != 0 ? ended : document_time(job, "planned_finish_utc");
        const char *status = document_text(job, "status");

        if (deadline == 0 || finish == 0 || (has_ended(status) && strcmp(status, "done") != 0))
                return false;
        *ret_slack_s = deadline - finish;
        return true;
}

const char *job_deadline(const json_t *job, const struct screen *screen, char *buffer)
{
        int64_t deadline = document_time(job, "deadline_utc"), slack;
        char at[SCREEN_TIME_SIZE], by[WHEN_TEXT_SIZE];

        if (!job_slack(job, &slack) || slack == 0)
                snprintf(buffer, JOB_TEXT_SIZE, "%s", screen_time(screen, deadline, at));
        else
                snprintf(buffer, JOB_TEXT_SIZE, "%s (%s %s)", screen_time(screen, deadline, at),
                         when_format_duration(slack > 0 ? slack : -slack, by), slack > 0 ? "early" : "late");
        return buffer;
}

/* What bounds its hours: its own deadline, or its class. */
static const char *limit_reason(const json_t *job, bool late, char *buffer)
{
        const char *limit = document_text(job, "limit"), *class = document_text(job, "class");

        if (limit == NULL || strcmp(limit, "max_delay") != 0)
                return late ? "no plan meets its deadline" : "cheaper hours lie behind its deadline";
        snprintf(buffer, JOB_TEXT_SIZE, late ? "no plan starts it within the max_delay of class %.64s"
                                             : "cheaper hours lie behind the max_delay of class %.64s",
                 class != NULL ? class : "?");
        return buffer;
}

static const char *impossible_reason(const json_t *job)
{
        const char *waits_for = document_text(job, "waits_for");

        if (waits_for != NULL && strcmp(waits_for, "power") == 0)
                return "no site ever has the power for it";
        if (waits_for != NULL && strcmp(waits_for, "quota") == 0)
                return "its class may not hold as many GPUs";
        if (waits_for != NULL && strcmp(waits_for, "gpu_hours") == 0)
                return "it takes more GPU-hours than its class may hold in a month";
        if (waits_for != NULL && strcmp(waits_for, "features") == 0)
                return "no site has the nodes with its --constraint now";
        if (waits_for != NULL && strcmp(waits_for, "switches") == 0)
                return "no site has its nodes on so few switches now";
        return waits_for != NULL && strcmp(waits_for, "nodes") == 0 ? "no site has the nodes for it now"
                                                                    : "others have all that it could have";
}

/* It waits for no price, but for the time that its owner asked for. */
static bool starts_at_its_begin(const json_t *job, const char *reason)
{
        static const char *const others[] = { "late", "beyond the horizon", "running", NULL };
        const json_t *first = json_array_get(json_object_get(job, "planned"), 0);
        int64_t begin = document_time(job, "begin_utc");

        return begin > document_time(job, "submitted_utc") && document_time(first, "start_utc") == begin &&
               document_int_or(job, "attempts", 0) == 0 && !is_one_of(reason, others);
}

/* It waits for no price either, but for the last of those that it comes after. */
static bool starts_after_others(const json_t *job, const char *reason)
{
        static const char *const others[] = { "late", "beyond the horizon", NULL };
        const json_t *first = json_array_get(json_object_get(job, "planned"), 0), *other;
        int64_t last = 0;
        size_t i;

        json_array_foreach(json_object_get(job, "after"), i, other)
                if (document_time(other, "planned_finish_utc") > last)
                        last = document_time(other, "planned_finish_utc");
        return last != 0 && document_time(first, "start_utc") - last < 60 && !is_one_of(reason, others);
}

const char *job_reason(const json_t *job, const struct screen *screen, char *buffer)
{
        static const struct {
                const char *name, *text;
        } reasons[] = {
                { "cheapest", "its hours are the cheapest it can have" },
                { "at once", "nothing cheaper is worth waiting for" },
                { "crowded", "the GPUs or the power of cheaper hours are taken" },
                { "no price", "no price is known, so nothing is gained by waiting" },
                { "beyond the horizon", "its hours lie beyond what is planned so far" },
                { "after others", "one that it comes after has no hours" },
                { "pinned", "it is pinned to them" },
                { "gpu hours", "its class's GPU-hours of this month are used up, or promised to those before it" },
                { "running", "it runs, and stopping it would cost more than it saves" },
        };
        const char *reason = document_text(job, "reason");
        char at[SCREEN_TIME_SIZE], after[JOB_TEXT_SIZE];

        if (reason == NULL)
                return NULL;
        if (strcmp(reason, "impossible") == 0)
                return impossible_reason(job);
        if (starts_at_its_begin(job, reason)) {
                snprintf(buffer, JOB_TEXT_SIZE, "it may start not before its --begin %s",
                         screen_time(screen, document_time(job, "begin_utc"), at));
                return buffer;
        }
        if (job_after(job, after) != NULL && starts_after_others(job, reason)) {
                snprintf(buffer, JOB_TEXT_SIZE, "it starts when %.64s %s ended", after,
                         strchr(after, ' ') != NULL ? "have" : "has");
                return buffer;
        }
        if (strcmp(reason, "late") == 0 || strcmp(reason, "deadline") == 0)
                return limit_reason(job, strcmp(reason, "late") == 0, buffer);
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (strcmp(reason, reasons[i].name) == 0)
                        return reasons[i].text;
        return reason;
}

const char *job_gpu_hours(const json_t *job, const struct screen *screen, char *buffer)
{
        const json_t *hours = json_object_get(job, "gpu_hours");
        char at[SCREEN_TIME_SIZE];
        double used;

        if (!document_real(hours, "used", &used))
                return NULL;
        snprintf(buffer, JOB_TEXT_SIZE,
                 "%.1f of the %lld GPU-hours that its class may hold this month are used; all are free again %s", used,
                 (long long)document_int_or(hours, "per_month", 0),
                 screen_time(screen, document_time(hours, "free_utc"), at));
        return buffer;
}

const char *job_pin(const json_t *job, const struct screen *screen, char *buffer)
{
        const json_t *pin = json_object_get(job, "pinned"), *hours = json_object_get(pin, "hours");
        size_t n = json_array_size(hours);
        char span[2 * SCREEN_TIME_SIZE];

        if (n == 0)
                return NULL;
        snprintf(buffer, JOB_TEXT_SIZE, "%s%s%s",
                 screen_span(screen, document_time(json_array_get(hours, 0), "start_utc"),
                             document_time(json_array_get(hours, n - 1), "end_utc"), span),
                 n > 1 ? ", with pauses" : "",
                 document_true(pin, "kept")
                         ? ""
                         : ", which it cannot have as things are: planned as any other until it can");
        return buffer;
}
