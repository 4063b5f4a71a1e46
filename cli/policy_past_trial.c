/* SPDX-License-Identifier: Apache-2.0 */
/* policy_past_trial.c - the past under a policy: its nodes as they are now, its series as they were, its kept jobs. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cli/document.h"
#include "cli/policy_past.h"
#include "core/copy.h"
#include "core/room.h"

enum { PLAN_GAP_S = 300, PLAN_AGAIN_S = 6 * 3600, PLAN_WORK = 400000 };

/* ---- nodes */

bool past_node_counts(const json_t *node, const struct policy *policy)
{
        const char *status = document_text(node, "status"), *site = document_text(node, "site");

        return site != NULL && policy_site(policy, site) != NULL && document_int_or(node, "gpus", 0) > 0 &&
               (status == NULL || strcmp(status, "fenced") != 0);
}

/* The lowest limit that all of its GPUs can be given; 0: one cannot be set. */
static uint32_t least_gpu_w(const json_t *devices)
{
        int64_t least = 0;
        const json_t *device;
        size_t i;

        json_array_foreach(devices, i, device)
        {
                int64_t own = document_int_or(device, "least_w", 0);

                if (own == 0)
                        return 0;
                least = own > least ? own : least;
        }
        return (uint32_t)least;
}

static int add_nodes(const struct past *past, struct trial *trial)
{
        const json_t *node;
        size_t i;

        json_array_foreach(json_object_get(past->nodes, "nodes"), i, node)
        {
                struct trial_node *kept;
                const json_t *first = json_array_get(json_object_get(node, "devices"), 0);

                if (!past_node_counts(node, &trial->policy))
                        continue;
                kept = room_for_one((void **)&trial->nodes, trial->n_nodes, sizeof(*kept));
                if (kept == NULL)
                        return OFFPEAK_ENOMEM;
                *kept = (struct trial_node){ .name = document_text(node, "name"),
                                             .site = document_text(node, "site"),
                                             .gpus = (uint32_t)document_int_or(node, "gpus", 0),
                                             .idle_w = document_int_or(node, "idle_w", 0),
                                             .gpu_w = (uint32_t)document_int_or(first, "max_w", 0),
                                             .least_gpu_w = least_gpu_w(json_object_get(node, "devices")) };
                trial->n_nodes++;
        }
        return 0;
}

/* ---- series */

static const char *value_key(enum series_kind kind)
{
        if (series_kind_in_files(kind) == SERIES_PRICE)
                return "value_micro_per_mwh";
        return kind == SERIES_CARBON ? "value_mg_per_kwh" : "value_w";
}

/* Which of the site's series it is. 0: none that a trial has, or of an agreement that the policy does not. */
static enum series_kind kind_of(const json_t *told, const struct policy_site *site)
{
        const char *text = document_text(told, "kind"), *name = document_text(told, "name");

        for (int kind = SERIES_PRICE; text != NULL && kind < SERIES_PPA; kind++)
                if (strcmp(text, series_kind_name((enum series_kind)kind)) == 0)
                        return (enum series_kind)kind;
        for (uint32_t i = 0; name != NULL && i < site->terms.n_ppas; i++)
                if (strcmp(site->terms.ppas[i].name, name) == 0)
                        return (enum series_kind)(SERIES_PPA + (int)i);
        return 0;
}

/* What is known before the time is history; the time itself is there in any case, unknown if need be. */
static int fill_series(const struct past *past, const json_t *told, struct series *series)
{
        const json_t *value;
        size_t i;
        int code = 0;

        json_array_foreach(json_object_get(told, "values"), i, value)
        {
                int64_t start = document_time(value, "start_utc"), end = document_time(value, "end_utc"), v;

                if (!document_int(value, value_key(series->kind), &v))
                        v = SERIES_UNKNOWN;
                if (series->n_points == 0 && v == SERIES_UNKNOWN && end <= past->from)
                        continue;
                if (series->n_points == 0 && v == SERIES_UNKNOWN && start < past->from)
                        start = past->from;
                code = code == 0 ? series_append(series, start, v) : code;
                series->end = end;
        }
        return code;
}

static int take_series(const struct past *past, const struct policy_site *site, const json_t *told, struct trial *trial)
{
        enum series_kind kind = kind_of(told, site);
        struct series series;
        int code;

        if (kind == 0)
                return 0;
        series_init(&series, kind);
        code = series_set_names(&series, site->name, "the scheduler");
        if (code == 0)
                code = fill_series(past, told, &series);
        if (code == 0 && series.n_points > 0)
                code = trial_take(trial, &series, TRIAL_TRUTH);
        series_finish(&series);
        return code;
}

static int add_series(const struct past *past, struct trial *trial)
{
        const json_t *at, *told;
        size_t i, k;
        int code = 0;

        json_array_foreach(json_object_get(past->price, "sites"), i, at)
        {
                const char *name = document_text(at, "name");
                const struct policy_site *site = name != NULL ? policy_site(&trial->policy, name) : NULL;

                if (site == NULL)
                        continue;
                json_array_foreach(json_object_get(at, "series"), k, told) if (code == 0) code =
                        take_series(past, site, told, trial);
        }
        return code;
}

/* ---- jobs */

static int add_job(const struct past_job *job, size_t index, struct trace *trace)
{
        struct trace_job *kept = room_for_one((void **)&trace->jobs, trace->n, sizeof(*kept));

        if (kept == NULL)
                return OFFPEAK_ENOMEM;
        *kept = (struct trace_job){ .index = index,
                                    .submit = job->release,
                                    .duration_s = job->work_s,
                                    .deadline = job->deadline,
                                    .start_cost_s = job->start_cost_s,
                                    .power_w = job->power_w,
                                    .gpus = job->gpus,
                                    .min_gpus = job->gpus,
                                    .max_gpus = job->gpus,
                                    .nodes = job->nodes,
                                    .interruptible = job->interruptible == OFFPEAK_YES,
                                    .interruptible_said = job->interruptible != OFFPEAK_CLASS_DECIDES };
        trace->n++;
        if (asprintf(&kept->id, "%" PRIu64, job->id) < 0)
                kept->id = NULL;
        return kept->id != NULL && copy_text(job->class_name, &kept->class_name) == 0 &&
                               copy_text(job->site_asked, &kept->site) == 0
                       ? 0
                       : OFFPEAK_ENOMEM;
}

static int by_submit(const void *a, const void *b)
{
        const struct trace_job *x = a, *y = b;

        if (x->submit != y->submit)
                return x->submit < y->submit ? -1 : 1;
        return x->index < y->index ? -1 : x->index > y->index;
}

static int add_jobs(const struct past *past, struct trial *trial)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < past->n_jobs; i++)
                if (past->jobs[i].out == PAST_KEPT)
                        code = add_job(&past->jobs[i], i, &trial->trace);
        trial->trace.rows = trial->trace.n;
        if (trial->trace.n > 0)
                qsort(trial->trace.jobs, trial->trace.n, sizeof(*trial->trace.jobs), by_submit);
        return code;
}

/* Days are replayed in minutes: nothing happens but what asks for a plan itself, and each plan takes no more than it
 * must. */
static void spare(struct policy *policy)
{
        if (policy->plan_interval_s < PLAN_AGAIN_S)
                policy->plan_interval_s = PLAN_AGAIN_S;
        if (policy->plan_work > PLAN_WORK)
                policy->plan_work = PLAN_WORK;
}

int past_trial(const struct past *past, const struct policy *policy, struct trial *trial, struct offpeak_error *err)
{
        int code;

        trial_init(trial);
        policy_finish(&trial->policy);
        code = policy_copy(policy, &trial->policy);
        if (code == 0)
                code = add_nodes(past, trial);
        if (code == 0)
                code = add_series(past, trial);
        if (code == 0)
                code = add_jobs(past, trial);
        if (code != 0)
                return fail(err, OFFPEAK_ENOMEM, "out of memory");
        trial->sight = TRIAL_SEES_PUBLISHED;
        trial->plan_gap_s = PLAN_GAP_S;
        spare(&trial->policy);
        return trial_prepare(trial, true, err);
}

/* ---- what happened */

static int add_runs(const struct past_job *job, size_t j, const struct trial *trial, struct outcome *outcome)
{
        int code = 0;

        for (size_t i = 0; code == 0 && i < job->n_runs; i++) {
                const struct policy_site *site = policy_site(&trial->policy, job->runs[i].site);
                struct segment segment = { .job = j,
                                           .site = site != NULL ? (uint32_t)(site - trial->policy.sites) : UINT32_MAX,
                                           .gpus = job->gpus,
                                           .start = job->runs[i].start,
                                           .end = job->runs[i].end,
                                           .drawn_w = job->drawn_w };

                code = outcome_add(outcome, segment, false);
        }
        return code;
}

int past_outcome(const struct past *past, const struct trial *trial, struct outcome *ret_outcome)
{
        struct outcome outcome;
        int code = outcome_init(&outcome, trial->trace.n);

        for (size_t j = 0; code == 0 && j < trial->trace.n; j++) {
                const struct past_job *job = &past->jobs[trial->trace.jobs[j].index];

                outcome.finish[j] = job->finish;
                code = add_runs(job, j, trial, &outcome);
        }
        if (code != 0) {
                outcome_finish(&outcome);
                return code;
        }
        *ret_outcome = outcome;
        return 0;
}
