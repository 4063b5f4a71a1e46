/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_past.c - answers -> jobs of the past. `jobs` says who was there, `report` what those took that have ended;
 * both are joined by the job's number.
 */
#include "cli/policy_past.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/when.h"
#include "cli/document.h"

enum { DAY = 86400, HISTORY = 56 * DAY, BEYOND = 30 * DAY };

const char *past_finding_name(enum past_finding finding)
{
        static const char *const names[PAST_FINDINGS] = {
                [PAST_OPEN] = "jobs that still wait or run",
                [PAST_CANCELLED] = "jobs that were cancelled",
                [PAST_FAILED] = "jobs that failed",
                [PAST_EARLIER] = "jobs that were submitted before this time",
                [PAST_NO_RECORD] = "jobs without a record of when they ran",
                [PAST_NO_SITE] = "jobs of a site that one of the policies lacks",
                [PAST_NO_ROOM] = "jobs that no nodes hold which are there now, or no site has the power for, under "
                                 "both policies",
                [PAST_QUOTA] = "jobs with more GPUs than one of the policies lets their class hold, or more GPU-hours "
                               "than in a month",
                [PAST_AFTER] = "jobs that came after others, replayed as submitted when these had ended",
        };

        return names[finding];
}

/* ---- asking */

static json_t *window(int64_t from, int64_t to)
{
        char first[WHEN_TEXT_SIZE], last[WHEN_TEXT_SIZE];

        return json_pack("{s:s, s:s}", "from_utc", when_format_utc(from, first), "to_utc", when_format_utc(to, last));
}

static json_t *report_arguments(const struct past *past)
{
        json_t *arguments = window(past->from, past->now);

        if (arguments != NULL)
                json_object_set_new(arguments, "steps", json_true());
        return arguments;
}

static int ask_all(struct offpeak_client *client, int64_t replay_s, struct past *past, struct offpeak_error *err)
{
        int code = command_ask(client, "jobs", json_pack("{s:b}", "all", 1), &past->listed, err);

        if (code != 0)
                return code;
        past->now = document_time(past->listed, "now_utc");
        past->from = past->now > replay_s ? past->now - replay_s : 1;
        past->to = past->now + BEYOND;
        code = command_ask(client, "report", report_arguments(past), &past->report, err);
        if (code == 0)
                code = command_ask(client, "nodes", NULL, &past->nodes, err);
        if (code == 0)
                code = command_ask(client, "price", window(past->from > HISTORY ? past->from - HISTORY : 1, past->to),
                                   &past->price, err);
        return code;
}

/* ---- joining */

/* number -> job, of the list itself, or of the list in each of several. Borrows. NULL: ENOMEM. */
static json_t *index_jobs(json_t *map, const json_t *list)
{
        const json_t *job;
        char key[24];
        size_t i;

        json_array_foreach((json_t *)list, i, job)
        {
                snprintf(key, sizeof(key), "%" PRId64, document_int_or(job, "id", 0));
                if (json_object_set(map, key, (json_t *)job) != 0)
                        return NULL;
        }
        return map;
}

static json_t *index_report(json_t *map, const json_t *reports)
{
        const json_t *report;
        size_t i;

        json_array_foreach((json_t *)reports, i,
                           report) if (index_jobs(map, json_object_get(report, "jobs")) == NULL) return NULL;
        return map;
}

static const json_t *find(const json_t *map, int64_t id)
{
        char key[24];

        snprintf(key, sizeof(key), "%" PRId64, id);
        return json_object_get(map, key);
}

static int by_start(const void *a, const void *b)
{
        const struct past_run *x = a, *y = b;

        return x->start < y->start ? -1 : x->start > y->start;
}

static int take_runs(const json_t *intervals, struct past_job *job)
{
        const json_t *interval;
        size_t i, kept = 0;

        job->runs = calloc(json_array_size(intervals) + 1, sizeof(*job->runs));
        if (job->runs == NULL)
                return OFFPEAK_ENOMEM;
        json_array_foreach((json_t *)intervals, i, interval) if (document_text(interval, "site") != NULL)
                job->runs[job->n_runs++] =
                (struct past_run){ document_text(interval, "site"), document_time(interval, "start_utc"),
                                   document_time(interval, "end_utc") };
        qsort(job->runs, job->n_runs, sizeof(*job->runs), by_start);
        for (i = 0; i < job->n_runs; i++) { /* readings of two sites may overlap by their seams */
                struct past_run run = job->runs[i];

                if (kept > 0 && run.start < job->runs[kept - 1].end)
                        run.start = job->runs[kept - 1].end;
                if (run.start < run.end)
                        job->runs[kept++] = run;
        }
        job->n_runs = kept;
        return 0;
}

/* Those that it came after have ended by now: the last end of them. */
static int64_t others_end(const json_t *listed, const json_t *by_id)
{
        const json_t *other;
        int64_t last = 0;
        size_t i;

        json_array_foreach(json_object_get(listed, "after"), i, other)
        {
                int64_t ended = document_time(find(by_id, document_int_or(other, "id", 0)), "ended_utc");

                last = ended > last ? ended : last;
        }
        return last;
}

/* It was released no later than it ran, and a deadline before that is one that is missed. */
static void settle_times(struct past_job *job, const json_t *listed, const json_t *by_id)
{
        int64_t begin = document_time(listed, "begin_utc"), others = others_end(listed, by_id);

        job->release = document_time(listed, "submitted_utc");
        job->release = begin > job->release ? begin : job->release;
        job->release = others > job->release ? others : job->release;
        if (job->n_runs > 0 && job->runs[0].start < job->release)
                job->release = job->runs[0].start;
        job->finish = document_time(listed, "ended_utc");
        job->deadline = document_time(listed, "deadline_utc");
        if (job->deadline != 0 && job->deadline <= job->release)
                job->deadline = job->release + 1;
}

static int choice(const json_t *value)
{
        return json_is_boolean(value) ? json_is_true(value) ? OFFPEAK_YES : OFFPEAK_NO : OFFPEAK_CLASS_DECIDES;
}

static int take_told(const json_t *told, struct past_job *job)
{
        int64_t ran = document_int_or(told, "ran_s", 0);

        job->site_asked = document_text(told, "site_asked");
        job->interruptible = choice(json_object_get(told, "interruptible_asked"));
        job->work_s = document_int_or(told, "work_s", 0);
        job->start_cost_s = document_int_or(told, "start_cost_s", 0);
        job->drawn_w = ran > 0 ? (double)document_int_or(told, "job_energy_j", 0) / (double)ran : 0;
        if (!document_real(told, "power_w", &job->power_w))
                job->power_w = job->drawn_w;
        job->joules = document_int_or(told, "energy_j", 0);
        job->cost = document_int_or(told, "cost_micro", 0);
        job->carbon_mg = document_int_or(told, "carbon_mg", 0);
        job->unpriced_joules = document_int_or(told, "unpriced_energy_j", 0);
        return take_runs(json_object_get(told, "intervals"), job);
}

static enum past_finding finding_of(const struct past *past, const json_t *listed, const struct past_job *job)
{
        const char *state = document_text(listed, "state");

        if (state == NULL || strcmp(state, "queued") == 0 || strcmp(state, "active") == 0)
                return PAST_OPEN;
        if (strcmp(state, "cancelled") == 0)
                return PAST_CANCELLED;
        if (strcmp(state, "failed") == 0)
                return PAST_FAILED;
        if (document_time(listed, "submitted_utc") < past->from)
                return PAST_EARLIER;
        return job->n_runs == 0 || job->work_s <= 0 ? PAST_NO_RECORD : PAST_KEPT;
}

static int64_t ran_gpu_s(const json_t *listed)
{
        return document_int_or(listed, "ran_s", 0) * document_int_or(listed, "gpus", 0);
}

static void note(struct past *past, enum past_finding finding, uint64_t job)
{
        if (past->notes[finding].count++ == 0)
                past->notes[finding].first = job;
}

static int take_job(struct past *past, const json_t *listed, const json_t *by_id, const json_t *told_by_id)
{
        struct past_job *job = &past->jobs[past->n_jobs];
        int64_t ended = document_time(listed, "ended_utc");
        const json_t *told;

        if (ended != 0 && ended < past->from)
                return 0;
        *job = (struct past_job){ .id = (uint64_t)document_int_or(listed, "id", 0),
                                  .class_name = document_text(listed, "class"),
                                  .gpus = (uint32_t)document_int_or(listed, "gpus", 0),
                                  .nodes = (uint32_t)document_int_or(listed, "nodes", 0) };
        past->n_jobs++;
        told = find(told_by_id, (int64_t)job->id);
        if (told != NULL && take_told(told, job) != 0)
                return OFFPEAK_ENOMEM;
        settle_times(job, listed, by_id);
        job->out = finding_of(past, listed, job);
        if (job->out != PAST_KEPT) {
                note(past, job->out, job->id);
                past->left_out_gpu_s += ran_gpu_s(listed);
        } else if (json_array_size(json_object_get(listed, "after")) > 0) {
                note(past, PAST_AFTER, job->id);
        }
        return 0;
}

static int join(struct past *past)
{
        const json_t *list = json_object_get(past->listed, "jobs"), *listed;
        json_t *by_id = json_object(), *told = json_object();
        size_t i;
        int code = 0;

        past->jobs = calloc(json_array_size(list) + 1, sizeof(*past->jobs));
        if (past->jobs == NULL || index_jobs(by_id, list) == NULL ||
            index_report(told, json_object_get(past->report, "reports")) == NULL)
                code = OFFPEAK_ENOMEM;
        json_array_foreach((json_t *)list, i, listed) if (code == 0) code = take_job(past, listed, by_id, told);
        json_decref(by_id);
        json_decref(told);
        return code;
}

int past_ask(struct offpeak_client *client, int64_t replay_s, struct past *past, struct offpeak_error *err)
{
        int code;

        *past = (struct past){ 0 };
        code = ask_all(client, replay_s, past, err);
        return code != 0 ? code : join(past) == 0 ? 0 : fail(err, OFFPEAK_ENOMEM, "out of memory");
}

void past_finish(struct past *past)
{
        json_decref(past->report);
        json_decref(past->listed);
        json_decref(past->nodes);
        json_decref(past->price);
        for (size_t i = 0; i < past->n_jobs; i++)
                free(past->jobs[i].runs);
        free(past->jobs);
        *past = (struct past){ 0 };
}

/* ---- what a policy lacks */

void past_leave_out(struct past *past, struct past_job *job, enum past_finding finding)
{
        job->out = finding;
        note(past, finding, job->id);
        for (size_t i = 0; i < job->n_runs; i++)
                past->left_out_gpu_s += (job->runs[i].end - job->runs[i].start) * job->gpus;
}

static bool exceeds_quota(const struct past_job *job, const struct policy *policy)
{
        const struct policy_class *class = policy_class(policy, job->class_name);

        if (class == NULL)
                class = policy_class(policy, NULL);
        if (class == NULL)
                return false;
        return (class->quota_gpus != 0 && job->gpus > class->quota_gpus) ||
               (class->quota_gpu_hours != 0 &&
                (class->start_cost_s + job->work_s) * job->gpus > class->quota_gpu_hours * 3600);
}

void past_sift(struct past *past, const struct policy *policy)
{
        for (size_t i = 0; i < past->n_jobs; i++) {
                struct past_job *job = &past->jobs[i];

                if (job->out != PAST_KEPT)
                        continue;
                if (job->site_asked != NULL && policy_site(policy, job->site_asked) == NULL)
                        past_leave_out(past, job, PAST_NO_SITE);
                else if (exceeds_quota(job, policy))
                        past_leave_out(past, job, PAST_QUOTA);
        }
}
