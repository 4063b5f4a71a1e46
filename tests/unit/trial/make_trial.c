/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/trial/make_trial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial/widths.h"

enum { DAY = 86400 };

/* ---- a policy as `offpeak simulate` makes it of one plain site */

void make_site(struct trial *trial, const char *name)
{
        struct policy *policy = &trial->policy;
        struct policy_site *site;

        policy->sites = realloc(policy->sites, (policy->n_sites + 1) * sizeof(*policy->sites));
        assert_non_null(policy->sites);
        site = &policy->sites[policy->n_sites++];
        *site = (struct policy_site){ .name = strdup(name), .currency = strdup("EUR") };
        site->terms.grid_limit_w = INT64_MAX;
        site->terms.pue_ppm = 1000000;
}

void make_trial(struct trial *trial)
{
        struct policy_class *class;

        trial_init(trial);
        make_site(trial, "here");
        class = trial->policy.classes = calloc(1, sizeof(*class));
        assert_non_null(class);
        trial->policy.n_classes = 1;
        policy_class_defaults(class);
        class->name = strdup("default");
        class->interruptible = true;
        class->max_pauses = UINT32_MAX;
        class->min_run_s = class->start_cost_s = class->stop_grace_s = class->deadline_margin_ppm = 0;
        class->delay_cost = class->carbon_price = 0;
        trial->policy.plan_horizon_s = 2 * DAY;
        trial->policy.plan_interval_s = DAY / 4;
        trial->policy.plan_work = 200000; /* will do for a few jobs */
        trial->plan_gap_s = 300;
}

void make_nodes(struct trial *trial, const char *site, size_t n, uint32_t gpus)
{
        static const char *const names[] = { "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8" };

        for (size_t i = 0; i < n; i++) {
                trial->nodes = realloc(trial->nodes, (trial->n_nodes + 1) * sizeof(*trial->nodes));
                assert_non_null(trial->nodes);
                assert_true(trial->n_nodes < sizeof(names) / sizeof(names[0]));
                trial->nodes[trial->n_nodes] = (struct trial_node){ names[trial->n_nodes], site, gpus, 0, 1000, 0 };
                trial->n_nodes++;
        }
}

/* ---- series and jobs */

static double unit_of(enum series_kind kind)
{
        return kind == SERIES_PRICE ? 1e6 : kind == SERIES_CARBON ? 1e3 : 1;
}

void make_series(struct trial *trial, const char *site, enum series_kind kind, enum trial_role role,
                 const double *values, size_t n, int64_t step_s)
{
        struct series series;

        series_init(&series, kind);
        assert_int_equal(series_set_names(&series, site, "a test"), 0);
        for (size_t i = 0; i < n; i++) {
                int64_t value = isnan(values[i]) ? SERIES_UNKNOWN : llround(values[i] * unit_of(kind));

                assert_int_equal(series_append(&series, MAKE_TRIAL_START + (int64_t)i * step_s, value), 0);
        }
        series.end = MAKE_TRIAL_START + (int64_t)n * step_s;
        assert_int_equal(trial_take(trial, &series, role), 0);
}

struct trace_job *make_job(struct trial *trial, int64_t submit_s, int64_t duration_s, uint32_t gpus)
{
        struct trace *trace = &trial->trace;
        struct trace_job *job;
        char id[32];

        trace->jobs = realloc(trace->jobs, (trace->n + 1) * sizeof(*trace->jobs));
        assert_non_null(trace->jobs);
        job = &trace->jobs[trace->n++];
        snprintf(id, sizeof(id), "j%zu", trace->n);
        *job = (struct trace_job){ .id = strdup(id),
                                   .line = trace->n + 1,
                                   .submit = MAKE_TRIAL_START + submit_s,
                                   .duration_s = duration_s,
                                   .start_cost_s = TRACE_UNSAID,
                                   .power_w = NAN,
                                   .gpus = gpus,
                                   .min_gpus = gpus,
                                   .max_gpus = gpus };
        trace->rows++;
        return job;
}

static int by_submit(const void *a, const void *b)
{
        const struct trace_job *x = a, *y = b;

        if (x->submit != y->submit)
                return x->submit < y->submit ? -1 : 1;
        return x->line < y->line ? -1 : 1;
}

void make_ready(struct trial *trial)
{
        struct offpeak_error err = { 0 };
        size_t n = trial->trace.n;

        qsort(trial->trace.jobs, n, sizeof(*trial->trace.jobs), by_submit);
        if (trial_prepare(trial, false, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(trial->trace.n, n);
}

/* ---- what came of it */

struct outcome make_outcome(const struct trial *trial, const char *name)
{
        const struct contender *contender;
        struct offpeak_error err = { 0 };
        struct outcome outcome;
        const char *parameter;

        if (contender_find(name, &contender, &parameter, &err) != 0 ||
            contender->run(trial, parameter, NULL, &outcome, &err) != 0)
                fail_msg("%s: %s", name, err.text);
        return outcome;
}

struct tally make_tally(const struct trial *trial, const struct outcome *outcome)
{
        struct offpeak_error err = { 0 };
        struct tally sum;

        if (tally(trial, outcome, &sum, &err) != 0)
                fail_msg("%s", err.text);
        return sum;
}

int64_t seconds_of(const struct outcome *outcome, size_t job)
{
        int64_t sum = 0;

        for (size_t i = 0; i < outcome->n; i++)
                sum += outcome->segments[i].job == job ? outcome->segments[i].end - outcome->segments[i].start : 0;
        return sum;
}

size_t runs_of(const struct outcome *outcome, size_t job)
{
        size_t n = 0;

        for (size_t i = 0; i < outcome->n; i++)
                n += outcome->segments[i].job == job;
        return n;
}

/* GPUs in use at a site where a segment begins: nowhere are there more. */
static uint32_t gpus_at(const struct outcome *outcome, uint32_t site, int64_t time)
{
        uint32_t sum = 0;

        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];

                sum += segment->site == site && segment->start <= time && time < segment->end ? segment->gpus : 0;
        }
        return sum;
}

static bool interruptible(const struct trial *trial, size_t j)
{
        const struct trace_job *job = &trial->trace.jobs[j];

        return job->interruptible_said ? job->interruptible : trial->policy.classes[trial->classes[j]].interruptible;
}

static bool is_width_of(const struct trial *trial, size_t j, uint32_t gpus)
{
        size_t n;
        const struct trial_width *widths = widths_of(trial, j, &n);
        bool found = gpus == trial->trace.jobs[j].gpus;

        for (size_t i = 0; i < n; i++)
                found = found || widths[i].gpus == gpus;
        return found;
}

void check_room(const struct trial *trial, const struct outcome *outcome)
{
        for (size_t i = 0; i < outcome->n; i++) {
                const struct segment *segment = &outcome->segments[i];
                const struct trace_job *job = &trial->trace.jobs[segment->job];

                assert_true(segment->job < trial->trace.n && segment->site < trial->policy.n_sites);
                assert_true(job->submit <= segment->start && segment->start < segment->end);
                assert_true(is_width_of(trial, segment->job, segment->gpus));
                assert_true(gpus_at(outcome, segment->site, segment->start) <=
                            trial_gpus(trial, trial->policy.sites[segment->site].name));
                if (i > 0 && segment[-1].job == segment->job)
                        assert_true(segment[-1].end <= segment->start);
        }
}

void check_outcome(const struct trial *trial, const struct outcome *outcome)
{
        assert_int_equal(outcome->n_jobs, trial->trace.n);
        check_room(trial, outcome);
        for (size_t j = 0; j < trial->trace.n; j++) {
                int64_t start_cost_s = trial->policy.classes[trial->classes[j]].start_cost_s, last = 0;
                size_t runs = runs_of(outcome, j);

                for (size_t i = 0; i < outcome->n; i++)
                        last = outcome->segments[i].job == j ? outcome->segments[i].end : last;
                assert_true(runs > 0);
                assert_int_equal(seconds_of(outcome, j) - (int64_t)runs * start_cost_s,
                                 trial->trace.jobs[j].duration_s);
                assert_int_equal(outcome->finish[j], last);
                if (!interruptible(trial, j))
                        assert_int_equal(runs, 1);
        }
}
