/* SPDX-License-Identifier: Apache-2.0 */
#include "io/answer_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fail.h"
#include "base/text.h"
#include "base/when.h"
#include "wire/utf8.h"

enum { LONGEST_WINDOW = 400 * 86400 };

/* ---- building */

void answer_put(struct answer *answer, json_t *object, const char *key, json_t *value)
{
        if (json_object_set_new(object, key, value) != 0)
                answer->failed = true;
}

void answer_add(struct answer *answer, json_t *array, json_t *value)
{
        if (json_array_append_new(array, value) != 0)
                answer->failed = true;
}

/* ---- values */

json_t *answer_utc(int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        return time != 0 && time != INT64_MAX ? json_string(when_format_utc(time, text)) : json_null();
}

json_t *answer_value(int64_t value)
{
        return answer_known(value != SERIES_UNKNOWN, value);
}

static bool is_price(enum series_kind kind)
{
        return kind == SERIES_PRICE || (int)kind == SERIES_EXPORT_PRICE;
}

const char *answer_value_key(enum series_kind kind)
{
        return is_price(kind) ? "value_micro_per_mwh" : kind == SERIES_CARBON ? "value_mg_per_kwh" :
               (int)kind == SERIES_STORED ? "value_wh" : "value_w";
}

const char *answer_now_key(enum series_kind kind)
{
        return is_price(kind) ? "now_micro_per_mwh" : kind == SERIES_CARBON ? "now_mg_per_kwh" :
               (int)kind == SERIES_STORED ? "now_wh" : "now_w";
}

json_t *answer_known(bool known, int64_t value)
{
        return known ? json_integer(value) : json_null();
}

json_t *answer_real(double value)
{
        return isfinite(value) ? json_real(value) : json_null();
}

json_t *answer_money(double currency_units)
{
        double micro = currency_units * 1e6;

        return answer_known(fabs(micro) < 9e18, fabs(micro) < 9e18 ? (int64_t)llround(micro) : 0);
}

json_t *answer_text(const char *text)
{
        json_t *value;
        char *copy;

        if (text == NULL)
                return json_null();
        if (utf8_valid(text))
                return json_string(text);
        copy = strdup(text);
        if (copy == NULL)
                return NULL;
        utf8_repair(copy);
        value = json_string(copy);
        free(copy);
        return value;
}

/*
 * (run_now - cost) / (run_now - bound): the share of what can be saved at all. Unknown where nothing can be, or less
 * than a ten-thousandth: "0 %" of that would read like a bad plan. What running at once would pay for missed deadlines
 * and work left undone beyond what the plan pays is not money saved: counted in, every saving looks complete.
 */
json_t *answer_captured(const struct adopted_plan *plan)
{
        double at_once = plan->run_now.total - fmax(0, plan->run_now.lateness - plan->terms.lateness) -
                         fmax(0, plan->run_now.unfinished - plan->terms.unfinished);
        double money = plan->run_now.total - plan->run_now.lateness - plan->run_now.unfinished;
        double possible = at_once - plan->bound;

        if (!isfinite(possible) || possible <= 1e-4 * fmax(1, fabs(money)))
                return json_null();
        return answer_real((at_once - plan->terms.total) / possible);
}

json_t *answer_terms(struct answer *answer, const struct plan_terms *terms)
{
        json_t *object = json_object();

        answer_put(answer, object, "supply_micro", answer_money(terms->supply));
        answer_put(answer, object, "carbon_micro", answer_money(terms->carbon));
        answer_put(answer, object, "delay_micro", answer_money(terms->delay));
        answer_put(answer, object, "lateness_micro", answer_money(terms->lateness));
        answer_put(answer, object, "unfinished_micro", answer_money(terms->unfinished));
        answer_put(answer, object, "demand_micro", answer_money(terms->demand));
        answer_put(answer, object, "starts_micro", answer_money(terms->starts));
        answer_put(answer, object, "risk_micro", answer_money(terms->risk));
        answer_put(answer, object, "moves_micro", answer_money(terms->moves));
        answer_put(answer, object, "storage_micro", answer_money(terms->storage));
        answer_put(answer, object, "over_limit_micro", answer_money(terms->over_limit));
        answer_put(answer, object, "total_micro", answer_money(terms->total));
        return object;
}

/* ---- arguments */

int answer_expect(const struct answer *answer, const char *const *names, struct offpeak_error *err)
{
        const char *given, *nearest;
        json_t *value;
        size_t n = 0;

        while (names[n] != NULL)
                n++;
        json_object_foreach((json_t *)answer->arguments, given, value) {
                size_t i = 0;

                while (i < n && strcmp(names[i], given) != 0)
                        i++;
                if (i < n)
                        continue;
                nearest = text_nearest(given, names, n);
                return fail(err, OFFPEAK_EINVAL, "the query has no argument \"%.40s\"%s%s%s", given,
                            nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                            nearest != NULL ? "\"?)" : "; docs/json.md lists them");
        }
        return 0;
}

int answer_argument_text(const struct answer *answer, const char *name, const char **ret_text,
                         struct offpeak_error *err)
{
        const json_t *value = json_object_get(answer->arguments, name);

        if (value != NULL && !json_is_string(value))
                return fail(err, OFFPEAK_EINVAL, "the query's argument \"%s\" must be a text", name);
        if (value != NULL)
                *ret_text = json_string_value(value);
        return 0;
}

int answer_argument_bool(const struct answer *answer, const char *name, bool *ret_value, struct offpeak_error *err)
{
        const json_t *value = json_object_get(answer->arguments, name);

        if (value != NULL && !json_is_boolean(value))
                return fail(err, OFFPEAK_EINVAL, "the query's argument \"%s\" must be true or false", name);
        if (value != NULL)
                *ret_value = json_is_true(value);
        return 0;
}

int answer_argument_job(const struct answer *answer, const struct job **ret_job, struct offpeak_error *err)
{
        const json_t *id = json_object_get(answer->arguments, "job");
        const struct job *job;

        if (!json_is_integer(id) || json_integer_value(id) < 1)
                return fail(err, OFFPEAK_EINVAL, "the query needs a job's number: {\"job\": 42}");
        job = state_job(answer->state, (uint64_t)json_integer_value(id));
        if (job == NULL)
                return fail(err, OFFPEAK_ENOTFOUND,
                            "there is no job %lld; `offpeak jobs --all` lists those there are",
                            (long long)json_integer_value(id));
        *ret_job = job;
        return 0;
}

int answer_argument_time(const struct answer *answer, const char *name, int64_t *ret_time, struct offpeak_error *err)
{
        const char *text = NULL;
        int r = answer_argument_text(answer, name, &text, err);

        if (r != 0 || text == NULL)
                return r;
        if (when_parse_iso(text, ret_time, err) != 0)
                return fail_at(err, "the query's argument \"%s\"", name);
        return 0;
}

int answer_argument_window(const struct answer *answer, int64_t *from, int64_t *to, struct offpeak_error *err)
{
        int64_t start = *from, end = *to;
        char from_text[WHEN_TEXT_SIZE], to_text[WHEN_TEXT_SIZE];
        int r = answer_argument_time(answer, "from_utc", &start, err);

        if (r == 0)
                r = answer_argument_time(answer, "to_utc", &end, err);
        if (r != 0)
                return r;
        if (start >= end)
                return fail(err, OFFPEAK_EINVAL, "the time asked for is empty: its start, %s, is not before its end, %s",
                            when_format_utc(start, from_text), when_format_utc(end, to_text));
        if (end - start > LONGEST_WINDOW)
                return fail(err, OFFPEAK_EINVAL, "the query's time is too long: ask for at most 400 days at once");
        if (end - answer->now.wall > LONGEST_WINDOW) /* what stands in for prices is written out from now on */
                return fail(err, OFFPEAK_EINVAL,
                            "the query's time lies too far ahead: its end, %s, must be within 400 days from now",
                            when_format_utc(end, to_text));
        *from = start;
        *to = end;
        return 0;
}

int answer_no_site(const struct answer *answer, const char *name, struct offpeak_error *err)
{
        const struct state *state = answer->state;
        char known[256] = "";

        for (uint32_t i = 0; i < state->n_sites; i++)
                text_list_add(known, sizeof(known), state->sites[i].name);
        return fail(err, OFFPEAK_ENOTFOUND, "there is no site \"%.60s\"; there %s %s", name,
                    state->n_sites == 1 ? "is" : "are", known[0] != '\0' ? known : "none yet");
}

/* ---- shared facts */

const char *answer_leg_how(enum leg_how how)
{
        switch (how) {
        case LEG_EXIT:
                return "exit";
        case LEG_ASKED:
                return "asked";
        case LEG_NEVER:
                return "never_started";
        case LEG_SHIM_LOST:
                return "shim_lost";
        case LEG_REBOOT:
                return "reboot";
        case LEG_ABSENT:
                return "absent";
        case LEG_LEASE_OVER:
                return "lease_over";
        case LEG_FENCED:
                return "fenced";
        case LEG_NO_GO:
                return "no_go";
        }
        return NULL;
}

const char *answer_stop_reason(enum stop_reason reason)
{
        switch (reason) {
        case STOP_NONE:
                return NULL;
        case STOP_PAUSE:
                return "pause";
        case STOP_CANCEL:
                return "cancel";
        case STOP_HOLD:
                return "hold";
        case STOP_LIMIT:
                return "time_limit";
        case STOP_LEG_FAILED:
                return "rank_failed";
        case STOP_ARM_TIMEOUT:
                return "gang_not_ready";
        case STOP_SHED:
                return "power_gone";
        }
        return NULL;
}

const char *answer_session(const struct node *node)
{
        if (node->fenced)
                return "fenced";
        if (node->drain_reason != NULL && node->session.state == SESSION_UP)
                return "drained";
        switch (node->session.state) {
        case SESSION_UP:
                return node->session.foreign ? "clearing" : "up";
        case SESSION_PENDING:
                return "pending";
        case SESSION_SILENT:
                return "silent";
        case SESSION_NONE:
                break;
        }
        return "unknown";
}

/* Legs of an attempt that is under way, as far as its nodes are heard. */
static const char *going_status(const struct state *state, const struct attempt *attempt)
{
        bool running = false;

        for (uint32_t i = 0; i < attempt->n_legs; i++) {
                const struct leg *leg = &attempt->legs[i];

                if (leg->state != LEG_ENDED && state->nodes[leg->node].session.state != SESSION_UP)
                        return "silent";
                running = running || leg->state >= LEG_RUNNING;
        }
        return running ? "running" : "starting";
}

static const char *queued_status(const struct job *job)
{
        if (job->held)
                return "held";
        if (job->attempts > 0 && job->attempt.stop == STOP_NONE)
                return "retrying";
        if (job->attempts > 0)
                return "paused";
        return job->n_planned > 0 ? "planned" : "queued";
}

const char *answer_job_status(const struct state *state, const struct job *job)
{
        switch (job->state) {
        case OFFPEAK_JOB_QUEUED:
                return queued_status(job);
        case OFFPEAK_JOB_DONE:
                return "done";
        case OFFPEAK_JOB_FAILED:
                return "failed";
        case OFFPEAK_JOB_CANCELLED:
                return "cancelled";
        case OFFPEAK_JOB_ACTIVE:
                break;
        }
        if (job->attempt.state == ATTEMPT_ARMING)
                return "starting";
        return job->attempt.state == ATTEMPT_STOPPING ? "stopping" : going_status(state, &job->attempt);
}

void answer_put_status(struct answer *answer, json_t *object, bool known, int32_t status)
{
        bool exited = known && WIFEXITED(status), signalled = known && WIFSIGNALED(status);

        answer_put(answer, object, "exit_code", answer_known(exited, exited ? WEXITSTATUS(status) : 0));
        answer_put(answer, object, "exit_signal", answer_text(signalled ? sigabbrev_np(WTERMSIG(status)) : NULL));
}

const char *answer_site_currency(const struct state *state, const struct site *site)
{
        const struct policy_site *terms = site != NULL ? policy_site(&state->policy, site->name) : NULL;

        return terms != NULL ? terms->currency : NULL;
}

const char *answer_currency(const struct state *state)
{
        const char *common = NULL;

        for (size_t i = 0; i < state->policy.n_sites; i++) {
                const char *currency = state->policy.sites[i].currency;

                if (currency == NULL || (common != NULL && strcmp(common, currency) != 0))
                        return NULL;
                common = currency;
        }
        return common;
}
