/* SPDX-License-Identifier: Apache-2.0 */
/* What a trial makes of jobs: their classes, their nodes, and which it leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial/trial.h"

#define HOUR INT64_C(3600)
#define FROM INT64_C(1795305600) /* 2026-11-22T00:00:00Z */

static const char *const site_names[] = { "h", "l" };
static const char *const class_names[] = { "default", "nightly", "at-l" };

/* Sites h and l; classes default, nightly and at-l, which is bound to l. */
static void make_policy(struct policy *policy)
{
        policy->sites = calloc(2, sizeof(*policy->sites));
        policy->classes = calloc(3, sizeof(*policy->classes));
        policy->n_sites = 2;
        policy->n_classes = 3;
        for (size_t i = 0; i < 2; i++) {
                policy->sites[i].name = strdup(site_names[i]);
                policy->sites[i].currency = strdup("EUR");
                policy->sites[i].terms.grid_limit_w = INT64_MAX;
                policy->sites[i].terms.pue_ppm = 1000000;
        }
        for (size_t i = 0; i < 3; i++) {
                policy_class_defaults(&policy->classes[i]);
                policy->classes[i].name = strdup(class_names[i]);
        }
        policy->classes[2].sites = calloc(1, sizeof(char *));
        policy->classes[2].sites[0] = strdup("l");
        policy->classes[2].n_sites = 1;
}

static void add_price(struct trial *trial, const char *site)
{
        struct series series;

        series_init(&series, SERIES_PRICE);
        assert_int_equal(series_set_names(&series, site, "test"), 0);
        assert_int_equal(series_append(&series, FROM, 20000000), 0);
        series.end = FROM + 48 * HOUR;
        assert_int_equal(trial_take(trial, &series, TRIAL_TRUTH), 0);
}

/* h: two nodes of 4 GPUs; l: one of 2. */
static struct trial make_trial(size_t n_jobs)
{
        static const struct trial_node nodes[] = { { "n1", "h", 4, 0, 300, 0 },
                                                   { "n2", "h", 4, 0, 300, 0 },
                                                   { "n3", "l", 2, 0, 300, 0 } };
        struct trial trial;

        trial_init(&trial);
        make_policy(&trial.policy);
        trial.nodes = malloc(sizeof(nodes));
        memcpy(trial.nodes, nodes, sizeof(nodes));
        trial.n_nodes = 3;
        add_price(&trial, "h");
        add_price(&trial, "l");
        trial.trace.jobs = calloc(n_jobs, sizeof(*trial.trace.jobs));
        trial.trace.n = trial.trace.rows = n_jobs;
        for (size_t j = 0; j < n_jobs; j++)
                trial.trace.jobs[j] = (struct trace_job){ .id = strdup((char[]){ (char)('a' + j), '\0' }),
                                                          .submit = FROM + (int64_t)j,
                                                          .duration_s = HOUR,
                                                          .start_cost_s = TRACE_UNSAID,
                                                          .power_w = 500,
                                                          .gpus = 2,
                                                          .line = j };
        return trial;
}

static void prepare(struct trial *trial)
{
        struct offpeak_error err;

        if (trial_prepare(trial, true, &err) != 0)
                fail_msg("%s", err.text);
}

/* Each start cost of its own is one more class than the policy came with, whatever room it came with. */
static void own_start_costs_are_classes_of_their_own(void **state)
{
        struct trial trial = make_trial(6);

        (void)state;
        for (size_t j = 0; j < 5; j++) {
                trial.trace.jobs[j].class_name = strdup("nightly");
                trial.trace.jobs[j].start_cost_s = 7 + (int64_t)j;
        }
        prepare(&trial);
        assert_int_equal(trial.policy.n_classes, 3 + 5);
        for (size_t j = 0; j < 5; j++) {
                const struct policy_class *class = &trial.policy.classes[trial.classes[j]];
                char name[32];

                snprintf(name, sizeof(name), "nightly+start:%zu", 7 + j);
                assert_string_equal(class->name, name);
                assert_int_equal(class->start_cost_s, 7 + (int64_t)j);
        }
        assert_string_equal(trial.policy.classes[trial.classes[5]].name, "default");
        trial_finish(&trial);
}

static void a_job_keeps_its_shape_and_its_site(void **state)
{
        struct trial trial = make_trial(3);
        struct offpeak_job_spec spec;

        (void)state;
        trial.trace.jobs[0].nodes = 2;
        trial.trace.jobs[1].site = strdup("l");
        prepare(&trial);
        assert_int_equal(trial.trace.n, 3);
        assert_int_equal(trial_spec(&trial, 0, &spec), 0);
        assert_int_equal(spec.nodes, 2);
        assert_int_equal(spec.gpus_per_node, 1);
        assert_null(spec.site);
        offpeak_job_spec_finish(&spec);
        assert_int_equal(trial_spec(&trial, 1, &spec), 0);
        assert_string_equal(spec.site, "l");
        offpeak_job_spec_finish(&spec);
        assert_int_equal(trial_spec(&trial, 2, &spec), 0);
        assert_int_equal(spec.nodes, 1);
        assert_int_equal(spec.gpus_per_node, 2);
        offpeak_job_spec_finish(&spec);
        trial_finish(&trial);
}

/* Four GPUs in one node there are, but not at l; eight in two nodes h has. */
static void what_no_site_holds_is_left_out(void **state)
{
        struct trial trial = make_trial(4);

        (void)state;
        trial.trace.jobs[0].gpus = 4;
        trial.trace.jobs[0].class_name = strdup("at-l");
        trial.trace.jobs[1].gpus = 4;
        trial.trace.jobs[1].site = strdup("l");
        trial.trace.jobs[2].gpus = 8;
        prepare(&trial);
        assert_int_equal(trial.trace.n, 2);
        assert_string_equal(trial.trace.jobs[0].id, "c");
        assert_string_equal(trial.trace.jobs[1].id, "d");
        assert_int_equal(trial.trace.notes[TRACE_TOO_WIDE].count, 2);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(own_start_costs_are_classes_of_their_own),
                cmocka_unit_test(a_job_keeps_its_shape_and_its_site),
                cmocka_unit_test(what_no_site_holds_is_left_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
