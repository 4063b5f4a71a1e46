/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job_text.h"

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

static const char *when_planned(const json_t *job, const json_t *planned, const struct screen *screen, char *buffer)
{
        size_t n = json_array_size(planned), pauses = n - 1;
        const char *beyond = job_goes_beyond(job) ? ", beyond what is planned" : "";
        char span[2 * SCREEN_TIME_SIZE];

        screen_span(screen, document_time(json_array_get(planned, 0), "start_utc"), end_of(job, n - 1), span);
        if (pauses == 0)
                snprintf(buffer, JOB_TEXT_SIZE, "%s%s", span, beyond);
        else
                snprintf(buffer, JOB_TEXT_SIZE, "%s, %zu pause%s%s", span, pauses, pauses > 1 ? "s" : "", beyond);
        return buffer;
}

static const char *when_running(const json_t *job, const json_t *planned, const struct screen *screen, char *buffer)
{
        int64_t started = document_time(job, "started_utc");
        char until[SCREEN_TIME_SIZE], next[SCREEN_TIME_SIZE];

        if (json_array_size(planned) == 0 && started == 0) /* it is being started, or stopped before it was */
                snprintf(buffer, JOB_TEXT_SIZE, "now");
        else if (json_array_size(planned) == 0)
                snprintf(buffer, JOB_TEXT_SIZE, "since %s", screen_time(screen, started, next));
        else if (json_array_size(planned) == 1)
                snprintf(buffer, JOB_TEXT_SIZE, "until %s%s", screen_time(screen, end_of(job, 0), until),
                         job_goes_beyond(job) ? ", beyond what is planned" : "");
        else
                snprintf(buffer, JOB_TEXT_SIZE, "until %s, again %s",
                         screen_time(screen, document_time(json_array_get(planned, 0), "end_utc"), until),
                         screen_time(screen, document_time(json_array_get(planned, 1), "start_utc"), next));
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

static const char *when_waiting(const json_t *job, const struct screen *screen, char *buffer)
{
        const char *status = document_text(job, "status");
        int64_t begin = document_time(job, "begin_utc");
        char at[SCREEN_TIME_SIZE];

        if (status != NULL && strcmp(status, "held") == 0)
                snprintf(buffer, JOB_TEXT_SIZE, "until released");
        else if (job_impossible(job) != NULL)
                snprintf(buffer, JOB_TEXT_SIZE, "%s", job_impossible(job));
        else if (begin > screen->now)
                snprintf(buffer, JOB_TEXT_SIZE, "after %s", screen_time(screen, begin, at));
        else
                snprintf(buffer, JOB_TEXT_SIZE, "not planned yet");
        return buffer;
}

const char *job_when(const json_t *job, const struct screen *screen, char *buffer)
{
        const json_t *planned = json_object_get(job, "planned");
        const char *status = document_text(job, "status");
        char at[SCREEN_TIME_SIZE];

        if (has_ended(status))
                return when_ended(job, screen, buffer);
        if (is_running(status))
                return when_running(job, planned, screen, buffer);
        if (json_array_size(planned) == 0)
                return when_waiting(job, screen, buffer);
        if (document_int_or(job, "attempts", 0) == 0)
                return when_planned(job, planned, screen, buffer);
        snprintf(buffer, JOB_TEXT_SIZE, "resumes %s",
                 screen_time(screen, document_time(json_array_get(planned, 0), "start_utc"), at));
        return buffer;
}

/* ---- what */

const char *job_cost(const json_t *job, char *buffer)
{
        int64_t booked = document_int_or(job, "cost_micro", 0), unpriced = document_int_or(job, "unpriced_energy_j", 0);
        int64_t planned = 0;
        bool known = document_int(job, "planned_cost_micro", &planned);
        char money[TEXT_SIZE];

        if (document_int_or(job, "energy_j", 0) == 0 && !known) {
                strcpy(buffer, "-");
                return buffer;
        }
        snprintf(buffer, JOB_TEXT_SIZE, "%s%s%s", unpriced > 0 ? "> " : "",
                 text_format_money(booked + planned, document_text(job, "currency"), money),
                 job_goes_beyond(job) ? " so far planned" : "");
        return buffer;
}

bool job_saved(const json_t *job, double *ret_fraction)
{
        int64_t planned, run_now;

        if (!document_int(job, "planned_cost_micro", &planned) ||
            !document_int(job, "planned_run_now_cost_micro", &run_now) || run_now <= 0)
                return false;
        *ret_fraction = (double)(run_now - planned) / (double)run_now;
        if (*ret_fraction < 0 && *ret_fraction >= -0.005)
                *ret_fraction = 0; /* it would read "-0 %" */
        return true;
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
                { "running", "it runs, and stopping it would cost more than it saves" },
        };
        const char *reason = document_text(job, "reason");
        char at[SCREEN_TIME_SIZE];

        if (reason == NULL)
                return NULL;
        if (strcmp(reason, "impossible") == 0)
                return impossible_reason(job);
        if (starts_at_its_begin(job, reason)) {
                snprintf(buffer, JOB_TEXT_SIZE, "it may start not before its --begin %s",
                         screen_time(screen, document_time(job, "begin_utc"), at));
                return buffer;
        }
        if (strcmp(reason, "late") == 0 || strcmp(reason, "deadline") == 0)
                return limit_reason(job, strcmp(reason, "late") == 0, buffer);
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (strcmp(reason, reasons[i].name) == 0)
                        return reasons[i].text;
        return reason;
}
