/* SPDX-License-Identifier: Apache-2.0 */
/* test_answer.c - each query against a small cluster, and queries that are wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/when.h"
#include "io/answer.h"
#include "unit/io/answer_world.h"

static int setup(void **state)
{
        struct world *world = malloc(sizeof(*world));

        world_init(world);
        *state = world;
        return 0;
}

static int teardown(void **state)
{
        world_finish(*state);
        free(*state);
        return 0;
}

static void expect_time(const json_t *document, const char *path, int64_t time)
{
        char text[WHEN_TEXT_SIZE];

        world_expect_text(document, path, when_format_utc(time, text));
}

static void assert_near(double value, double expected)
{
        assert_true(fabs(value - expected) < 1e-9);
}

/* The element of an array whose key has an integer value. */
static const json_t *with_id(const json_t *array, int64_t id)
{
        const json_t *item;
        size_t i;

        json_array_foreach(array, i, item)
                if (json_integer_value(json_object_get(item, "id")) == id)
                        return item;
        fail_msg("nothing with id %lld", (long long)id);
        return NULL;
}

/* ---- the frame */

static void every_target_has_its_schema(void **state)
{
        static const char *const targets[] = { "jobs", "nodes", "plan", "price", "report", "signals", "version" };

        for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
                json_t *document = world_ask(*state, targets[i], i % 2 == 0 ? NULL : "");
                char schema[64];

                snprintf(schema, sizeof(schema), "offpeak.%s/1", targets[i]);
                world_expect_text(document, "schema", schema);
                expect_time(document, "now_utc", WORLD_NOW);
                json_decref(document);
        }
}

/* Nobody publishes carbon for any site: what was emitted is unknown, not zero. */
static void carbon_without_a_series_is_unknown(void **state)
{
        struct world *world = *state;
        json_t *document;

        for (uint32_t i = 0; i < world->state.n_sites; i++)
                world->state.sites[i].series[SERIES_CARBON].n_points = 0;
        document = world_ask(world, "report", "{\"site\":\"hanford\"}");
        world_expect_null(document, "reports.0.actual.carbon_mg");
        world_expect_null(document, "reports.0.saved_carbon_mg");
        json_decref(document);
        world->state.policy.sites[0].terms.grid_limit_w = 0; /* nothing from a grid: what the site has itself is known */
        document = world_ask(world, "report", "{\"site\":\"hanford\"}");
        assert_true(json_is_integer(world_at(document, "reports.0.actual.carbon_mg")));
        assert_true(json_is_integer(world_at(document, "reports.0.saved_carbon_mg")));
        json_decref(document);
}

static const json_t *policy_value(const json_t *document, const char *path)
{
        json_t *value;
        size_t i;

        json_array_foreach(json_object_get(document, "values"), i,
                           value) if (strcmp(json_string_value(json_object_get(value, "path")), path) ==
                                      0) return value;
        fail_msg("%s is not there", path);
        return NULL;
}

static void wrong_queries_say_why(void **state)
{
        static const struct {
                const char *target, *arguments;
                int code;
                const char *says;
        } cases[] = {
                { "jbos", NULL, OFFPEAK_ENOTFOUND, "did you mean \"jobs\"" },
                { "", NULL, OFFPEAK_ENOTFOUND, "no query" },
                { NULL, NULL, OFFPEAK_ENOTFOUND, "no query" },
                { "jobs", "{", OFFPEAK_EINVAL, "not JSON" },
                { "jobs", "[]", OFFPEAK_EINVAL, "JSON object" },
                { "jobs", "{\"all\":true,\"all\":false}", OFFPEAK_EINVAL, "not JSON" },
                { "jobs", "{\"al\":true}", OFFPEAK_EINVAL, "(did you mean \"all\"?)" },
                { "jobs", "{\"all\":1}", OFFPEAK_EINVAL, "true or false" },
                { "jobs", "{\"user\":7}", OFFPEAK_EINVAL, "must be a text" },
                { "jobs", "{\"status\":\"runing\"}", OFFPEAK_EINVAL, "did you mean \"running\"" },
                { "job", NULL, OFFPEAK_EINVAL, "{\"job\": 42}" },
                { "job", "{\"job\":\"42\"}", OFFPEAK_EINVAL, "number" },
                { "job", "{\"job\":-1}", OFFPEAK_EINVAL, "number" },
                { "job", "{\"job\":4711}", OFFPEAK_ENOTFOUND, "no job 4711" },
                { "jobs", "{\"status\":\"bogus\"}", OFFPEAK_EINVAL, "there are queued, planned, held" },
                { "jobs", "{\"status\":\"runing\"}", OFFPEAK_EINVAL, "did you mean \"running\"?" },
                { "job", "{\"job\":42,\"rank\":4096}", OFFPEAK_EINVAL, "job 42 has the ranks 0 to " },
                { "job", "{\"job\":42,\"rank\":-1}", OFFPEAK_EINVAL, "is none of them" },
                { "nodes", "{\"x\":1}", OFFPEAK_EINVAL, "no argument \"x\"" },
                { "price", "{\"site\":\"hanfrd\"}", OFFPEAK_ENOTFOUND, "there are hanford, lulea" },
                { "plan", "{\"from_utc\":\"yesterday\"}", OFFPEAK_EINVAL, "from_utc" },
                { "plan", "{\"from_utc\":\"2027-01-01T00:00:00Z\"}", OFFPEAK_EINVAL,
                  "its start, 2027-01-01T00:00:00Z, is not before" },
                { "report", "{\"from_utc\":\"1980-01-01T00:00:00Z\"}", OFFPEAK_EINVAL, "400 days" },
                { "price", "{\"from_utc\":\"2028-01-01T00:00:00Z\",\"to_utc\":\"2028-01-02T00:00:00Z\"}",
                  OFFPEAK_EINVAL, "400 days" },
                { "plan", "{\"from_utc\":\"2028-01-01T00:00:00Z\",\"to_utc\":\"2028-01-02T00:00:00Z\"}", OFFPEAK_EINVAL,
                  "400 days" },
                { "report", "{\"site\":\"mars\"}", OFFPEAK_ENOTFOUND, "no site" },
                { "signals", "{\"site\":\"mars\"}", OFFPEAK_ENOTFOUND, "no site" },
                { "policy", NULL, OFFPEAK_ENOTFOUND, "no configuration" },
                { "policy", "{\"site\":\"hanford\"}", OFFPEAK_EINVAL, "no argument \"site\"" },
                { "version", "{\"verbose\":true}", OFFPEAK_EINVAL, "verbose" },
        };
        struct world *world = *state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct offpeak_error err = { 0 };
                char *document = NULL;
                int r = answer_query(&world->state, world->store, world->config, world->feeds, &world->now,
                                     cases[i].target, cases[i].arguments, &document, &err);

                if (r != cases[i].code || strstr(err.text, cases[i].says) == NULL)
                        fail_msg("%s %s: %d \"%s\"", cases[i].target, cases[i].arguments, r, err.text);
                assert_null(document);
        }
}

/* What counts at the start alone is of the file that it was started with: after a reload nobody knows what of it was
 * said. */
static void the_policy_in_force(void **state)
{
        static const char text[] = "sites: [{name: h, currency: EUR, grid: {limit: 9 MW}}]\nlog_level: debug\n";
        struct world *world = *state;
        struct offpeak_error err;
        struct config config;
        json_t *document;
        char path[100];
        FILE *file;

        snprintf(path, sizeof(path), "%s/policy.yaml", world->directory);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        assert_int_equal(config_read(path, &config, &err), 0);
        unlink(path);
        world->config = &config;
        for (int i = 0; i < 2; i++) {
                const json_t *level, *limit;

                config.reread = i == 1;
                document = world_ask(world, "policy", NULL);
                world_expect_text(document, "schema", "offpeak.policy/1");
                world_expect_null(document, "source");
                level = policy_value(document, "log_level");
                limit = policy_value(document, "sites.h.grid.limit");
                world_expect_text(level, "value", "debug");
                world_expect_text(limit, "value", "9 MW");
                assert_true(json_is_false(json_object_get(limit, "default")));
                assert_int_equal(json_is_null(json_object_get(level, "default")), i);
                json_decref(document);
        }
        world->config = NULL;
        config_finish(&config);
}

static void an_empty_cluster_answers(void **state)
{
        static const char *const targets[] = { "jobs", "nodes", "plan", "price", "report", "version" };
        struct world world = { .now = { WORLD_NOW, 1000 } };

        (void)state;
        assert_int_equal(state_init(&world.state), 0);
        for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
                json_decref(world_ask(&world, targets[i], NULL));
        state_finish(&world.state);
}

/* Names that no codec would let in: an old log, a bug elsewhere. One job's name must not hide all others. */
static void bytes_that_are_no_text_are_replaced(void **state)
{
        json_t *document;

        strcpy(world_job(*state, 42)->spec.name, "a\xff\xfe");
        document = world_ask(*state, "jobs", NULL);
        assert_int_equal(json_array_size(json_object_get(document, "jobs")), 4);
        assert_true(json_is_string(json_object_get(with_id(json_object_get(document, "jobs"), 42), "name")));
        json_decref(document);
}

/* ---- jobs */

static void jobs_are_filtered(void **state)
{
        static const struct {
                const char *arguments;
                int ids[6];
        } cases[] = {
                { NULL, { 40, 41, 42, 43 } },
                { "{\"all\":true}", { 39, 40, 41, 42, 43 } },
                { "{\"user\":\"ana\"}", { 40, 42 } },
                { "{\"user\":\"ana\",\"all\":true}", { 39, 40, 42 } },
                { "{\"user\":\"nobody\"}", { 0 } },
                { "{\"status\":\"done\"}", { 39 } },
                { "{\"status\":\"paused\"}", { 40 } },
                { "{\"status\":\"running\"}", { 41 } },
                { "{\"status\":\"planned\"}", { 42 } },
                { "{\"status\":\"held\"}", { 43 } },
                { "{\"status\":\"queued\"}", { 40, 42, 43 } },
                { "{\"status\":\"active\",\"user\":\"jun\"}", { 41 } },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                json_t *document = world_ask(*state, "jobs", cases[i].arguments);
                const json_t *jobs = json_object_get(document, "jobs");
                size_t n = 0;

                for (; cases[i].ids[n] != 0; n++)
                        assert_int_equal(json_integer_value(world_at(json_array_get(jobs, n), "id")), cases[i].ids[n]);
                assert_int_equal(json_array_size(jobs), n);
                json_decref(document);
        }
}

static void a_planned_job_tells_hours_and_money(void **state)
{
        json_t *document = world_ask(*state, "jobs", NULL);
        const json_t *job = with_id(json_object_get(document, "jobs"), 42);

        world_expect_text(job, "site", "hanford");
        world_expect_int(job, "gpus", 8);
        expect_time(job, "planned.0.start_utc", WORLD_DAY + 20 * WORLD_HOUR);
        world_expect_int(job, "planned_cost_micro", 31400000);
        world_expect_int(job, "planned_run_now_cost_micro", 58100000);
        world_expect_text(job, "currency", "EUR");
        world_expect_text(job, "reason", "cheapest");
        world_expect_int(job, "late_s", 600); /* against its owner's deadline */
        world_expect_null(job, "started_utc");
        world_expect_null(job, "ended_utc");
        world_expect_null(job, "exit_code");
        json_decref(document);
}

/* What ran since the plan was made is booked, and in the plan: it counts once. */
static void a_cost_counts_no_hour_twice(void **state)
{
        struct job *job = world_job(*state, 42);
        json_t *document;

        job->cost_when_planned = 1500000;
        job->cost = 2000000;
        job->overhead_cost = 500000;
        document = world_ask(*state, "jobs", NULL);
        world_expect_int(with_id(json_object_get(document, "jobs"), 42), "expected_cost_micro", 1500000 + 31400000);
        json_decref(document);
        job->cost = 40000000; /* the plan was wrong */
        document = world_ask(*state, "jobs", NULL);
        world_expect_int(with_id(json_object_get(document, "jobs"), 42), "expected_cost_micro", 40500000);
        json_decref(document);
}

/* Nothing is booked yet, and its hours pay 0.16: that is less than nothing; once they have paid more, that. */
static void a_job_that_is_paid_costs_less_than_nothing(void **state)
{
        struct job *job = world_job(*state, 42);
        json_t *document;

        job->planned_cost = -0.16;
        document = world_ask(*state, "jobs", NULL);
        world_expect_int(with_id(json_object_get(document, "jobs"), 42), "planned_cost_micro", -160000);
        world_expect_int(with_id(json_object_get(document, "jobs"), 42), "expected_cost_micro", -160000);
        json_decref(document);
        job->cost_when_planned = job->cost = 500000; /* what it ran before was not free */
        document = world_ask(*state, "jobs", NULL);
        world_expect_int(with_id(json_object_get(document, "jobs"), 42), "expected_cost_micro", 340000);
        json_decref(document);
        job->cost = 300000; /* the plan grows old, and its hours pay more */
        document = world_ask(*state, "jobs", NULL);
        world_expect_int(with_id(json_object_get(document, "jobs"), 42), "expected_cost_micro", 300000);
        json_decref(document);
}

static void what_is_not_known_is_null(void **state)
{
        json_t *document;
        const json_t *held, *unpriced;

        world_job(*state, 42)->reason = PLAN_NO_PRICE;
        document = world_ask(*state, "jobs", NULL);
        held = with_id(json_object_get(document, "jobs"), 43);
        unpriced = with_id(json_object_get(document, "jobs"), 42);
        world_expect_null(held, "planned_cost_micro");
        world_expect_null(held, "planned_finish_utc");
        world_expect_null(held, "late_s");
        world_expect_null(held, "reason");
        world_expect_null(held, "site");
        world_expect_null(held, "currency"); /* the sites have two */
        world_expect_null(unpriced, "planned_cost_micro");
        world_expect_null(unpriced, "planned_run_now_cost_micro");
        json_decref(document);
}

static void progress_without_a_report_is_estimated(void **state)
{
        json_t *document = world_ask(*state, "jobs", NULL);
        const json_t *jobs = json_object_get(document, "jobs");

        /* 12:00 to 14:30 of six hours */
        assert_near(json_real_value(world_at(with_id(jobs, 41), "done_fraction")), 2.5 / 6);
        world_expect_text(with_id(jobs, 41), "done_source", "estimated");
        assert_near(json_real_value(world_at(with_id(jobs, 40), "done_fraction")), 0.25);
        world_expect_text(with_id(jobs, 40), "done_source", "reported");
        json_decref(document);
        document = world_ask(*state, "jobs", "{\"status\":\"done\"}"); /* its exit said so */
        assert_near(json_real_value(world_at(document, "jobs.0.done_fraction")), 1);
        world_expect_text(document, "jobs.0.done_source", "reported");
        json_decref(document);
}

static void status_follows_the_state_machines(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 41);
        struct session *session = &world->state.nodes[0].session;
        const struct {
                enum attempt_state attempt;
                enum leg_state leg;
                enum session_state session;
                const char *status;
        } cases[] = {
                { ATTEMPT_ARMING, LEG_ORDERED, SESSION_UP, "starting" },
                { ATTEMPT_GOING, LEG_ORDERED, SESSION_UP, "starting" },
                { ATTEMPT_GOING, LEG_RUNNING, SESSION_UP, "running" },
                { ATTEMPT_GOING, LEG_RUNNING, SESSION_SILENT, "silent" },
                { ATTEMPT_GOING, LEG_RUNNING, SESSION_NONE, "silent" },
                { ATTEMPT_GOING, LEG_ENDED, SESSION_SILENT, "running" }, /* nothing of it is there any more */
                { ATTEMPT_STOPPING, LEG_RUNNING, SESSION_UP, "stopping" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                json_t *document;

                job->attempt.state = cases[i].attempt;
                job->attempt.legs[0].state = cases[i].leg;
                session->state = cases[i].session;
                document = world_ask(world, "jobs", NULL);
                world_expect_text(with_id(json_object_get(document, "jobs"), 41), "status", cases[i].status);
                json_decref(document);
        }
}

/* ---- one job */

static void a_job_tells_all(void **state)
{
        json_t *document = world_ask(*state, "job", "{\"job\":41}");
        const json_t *job = json_object_get(document, "job");

        world_expect_text(job, "command.1", "train.py");
        world_expect_text(job, "stdout_path", "/home/ana/offpeak-41.out");
        world_expect_null(job, "stderr_path");
        world_expect_null(job, "power_w");
        world_expect_text(job, "signal", "TERM");
        world_expect_int(job, "signal_lead_s", 120);
        assert_true(json_is_true(world_at(job, "interruptible")));
        world_expect_text(job, "attempt.state", "going");
        world_expect_text(job, "attempt.legs.0.node", "n1");
        world_expect_text(job, "attempt.legs.0.state", "running");
        assert_int_equal(json_array_size(world_at(job, "attempt.legs.0.devices")), 8);
        world_expect_null(job, "waits_for");
        json_decref(document);
}

static void paths_are_as_the_job_has_them(void **state)
{
        json_t *document = world_ask(*state, "job", "{\"job\":42}");

        world_expect_text(document, "job.stdout_path", "/home/ana/out-42-0-0.%txt");
        world_expect_int(document, "job.rank", 0);
        json_decref(document);
}

static void stretches_of_running_are_joined(void **state)
{
        json_t *document = world_ask(*state, "job", "{\"job\":40}");
        const json_t *ran = world_at(document, "job.ran");

        assert_int_equal(json_array_size(ran), 1);
        expect_time(ran, "0.start_utc", WORLD_DAY + 9 * WORLD_HOUR);
        expect_time(ran, "0.end_utc", WORLD_DAY + 11 * WORLD_HOUR);
        world_expect_int(ran, "0.energy_j", 1000 * (7200 - 30));
        json_decref(document);
        document = world_ask(*state, "job", "{\"job\":41}");
        ran = world_at(document, "job.ran");
        assert_int_equal(json_array_size(ran), 1);
        expect_time(ran, "0.end_utc", WORLD_NOW); /* it runs, though its meter has told of less */
        world_expect_int(ran, "0.energy_j", 7200000);
        json_decref(document);
}

static void a_queued_job_says_what_it_waits_for(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 42);
        json_t *document = world_ask(world, "job", "{\"job\":42}");

        world_expect_text(document, "job.waits_for", "hours");
        json_decref(document);
        job->planned[0].start = WORLD_NOW - 60;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "devices");
        json_decref(document);
        world->state.policy.sites[0].terms.grid_limit_w = 1000; /* less than its nodes draw idle */
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "power");
        json_decref(document);
        for (size_t i = 0; i < world->state.policy.n_classes; i++)
                world->state.policy.classes[i].quota_gpus = 8; /* the one that runs has them */
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "quota");
        json_decref(document);
        job->not_before_ms = world->now.mono_ms + 1;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "backoff");
        json_decref(document);
        job->spec.begin = WORLD_NOW + 1;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "begin");
        json_decref(document);
        world->state.fenced_start = true;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "recovery");
        json_decref(document);
        document = world_ask(world, "job", "{\"job\":43}");
        world_expect_text(document, "job.waits_for", "release");
        json_decref(document);
}

/* The one that runs has held its eight GPUs since it was launched; its class may hold one GPU-hour in a month. */
static void a_job_says_what_its_class_has_held(void **state)
{
        struct world *world = *state;
        const struct job *running = world_job(world, 41);
        json_t *document = world_ask(world, "job", "{\"job\":42}");
        double hours = (double)(WORLD_NOW - running->attempt.launched_at) / 3600 * running->spec.nodes *
                       running->spec.gpus_per_node;

        world_expect_null(document, "job.gpu_hours");
        json_decref(document);
        assert_true(hours > 1);
        for (size_t i = 0; i < world->state.policy.n_classes; i++)
                world->state.policy.classes[i].quota_gpu_hours = 1;
        world_job(world, 42)->planned[0].start = WORLD_NOW - 60;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "gpu_hours");
        world_expect_int(document, "job.gpu_hours.per_month", 1);
        assert_true(json_real_value(world_at(document, "job.gpu_hours.used")) == hours);
        assert_non_null(strstr(json_string_value(world_at(document, "job.gpu_hours.free_utc")), "-12-01T00:00:00Z"));
        json_decref(document);
}

static void a_job_names_those_it_comes_after(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 42);
        json_t *document;

        job->spec.after_ok = malloc(2 * sizeof(uint64_t));
        job->spec.after_ok[0] = 39;
        job->spec.after_ok[1] = 41;
        job->spec.n_after_ok = 2;
        job->spec.after_any = malloc(sizeof(uint64_t));
        job->spec.after_any[0] = 43;
        job->spec.n_after_any = 1;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "dependency");
        assert_int_equal(json_array_size(world_at(document, "job.after")), 3);
        world_expect_int(document, "job.after.0.id", 39);
        world_expect_text(document, "job.after.0.kind", "afterok");
        world_expect_text(document, "job.after.0.status", "done");
        assert_true(json_is_true(world_at(document, "job.after.0.ended")));
        world_expect_null(document, "job.after.0.planned_finish_utc");
        assert_true(json_is_false(world_at(document, "job.after.1.ended")));
        expect_time(document, "job.after.1.planned_finish_utc", world_job(world, 41)->planned_finish);
        world_expect_text(document, "job.after.2.kind", "afterany");
        world_expect_null(document, "job.after.2.planned_finish_utc"); /* it is held */
        json_decref(document);
        world_job(world, 39)->state = OFFPEAK_JOB_FAILED;
        job->held = job->unmet = true;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "dependency_never");
        world_expect_text(document, "job.after.0.status", "failed");
        json_decref(document);
}

static void a_node_says_which_of_its_devices_are_unwell(void **state)
{
        struct world *world = *state;
        struct node *node = &world->state.nodes[0];
        json_t *document;

        node->health = calloc(2, sizeof(*node->health));
        node->n_health = 2;
        node->health[0] = (struct device_health){ .device = 0, .faults = 1, .since = WORLD_NOW, .reason = strdup("x") };
        node->health[1] = (struct device_health){
                .device = 1, .unwell = true, .since = WORLD_NOW - 60, .reason = strdup("Xid 79: off the bus")
        };
        state_bind_health(node);
        world->state.nodes[1].site_id = NONE_U32;
        document = world_ask(world, "nodes", NULL);
        assert_true(json_is_true(world_at(document, "nodes.0.site_known")));
        assert_true(json_is_false(world_at(document, "nodes.1.site_known")));
        world_expect_int(document, "nodes.0.gpus_withheld", 1);
        world_expect_null(document, "nodes.0.devices.0.unwell"); /* it is well again */
        world_expect_text(document, "nodes.0.devices.1.unwell.reason", "Xid 79: off the bus");
        expect_time(document, "nodes.0.devices.1.unwell.since_utc", WORLD_NOW - 60);
        world_expect_int(document, "nodes.0.devices.1.unwell.failed_attempts", 0);
        json_decref(document);
}

static void a_job_says_how_its_last_failure_came(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 40);
        json_t *document = world_ask(world, "job", "{\"job\":40}");

        world_expect_null(document, "job.failure");
        json_decref(document);
        job->failure = (struct failure){ .attempt = 2,
                                         .node = 1,
                                         .rank = 3,
                                         .how = LEG_EXIT,
                                         .status = 7 << 8,
                                         .at = WORLD_NOW - 60,
                                         .why = strdup("cannot run x"),
                                         .tail = strdup("a\n\nb") };
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_int(document, "job.failure.attempt", 2);
        world_expect_text(document, "job.failure.node", world->state.nodes[1].name);
        world_expect_int(document, "job.failure.rank", 3);
        world_expect_text(document, "job.failure.how", "exit");
        world_expect_int(document, "job.failure.exit_code", 7);
        world_expect_null(document, "job.failure.exit_signal");
        expect_time(document, "job.failure.at_utc", WORLD_NOW - 60);
        world_expect_text(document, "job.failure.why", "cannot run x");
        world_expect_text(document, "job.failure.path", "/home/ana/offpeak-40.out");
        world_expect_text(document, "job.failure.last_lines.0", "a");
        world_expect_text(document, "job.failure.last_lines.1", "");
        world_expect_text(document, "job.failure.last_lines.2", "b");
        json_decref(document);
        job->spec.stderr_path = strdup("%j.%a.%n.%r");
        job->spec.launcher = OFFPEAK_LAUNCHER_GPU;
        job->spec.gpus_per_node = 2;
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_text(document, "job.failure.path", "/home/ana/40.2.1.3");
        json_decref(document);
        job->failure.how = 0;
        job->failure.node = 99;
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_text(document, "job.failure.how", "not_ready");
        world_expect_null(document, "job.failure.exit_code");
        world_expect_null(document, "job.failure.node");
        json_decref(document);
}

static void a_job_says_why_it_was_paused(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 40);
        json_t *document = world_ask(world, "job", "{\"job\":40}");

        world_expect_null(document, "job.last_pause"); /* from before there was a record of it */
        json_decref(document);
        job->last_pause = (struct pause){ .cause = PAUSE_POWER, .attempt = 1, .at = WORLD_NOW - 600, .drawn_w = 12000,
                                          .limit_w = 0, .signal = SERIES_CAPACITY, .use = SIGNAL_PUSHED };
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_int(document, "job.last_pause.attempt", 1);
        expect_time(document, "job.last_pause.at_utc", WORLD_NOW - 600);
        world_expect_text(document, "job.last_pause.cause", "power");
        world_expect_int(document, "job.last_pause.drawn_w", 12000);
        world_expect_int(document, "job.last_pause.limit_w", 0);
        world_expect_text(document, "job.last_pause.signal", "capacity");
        world_expect_text(document, "job.last_pause.signal_use", "pushed");
        world_expect_null(document, "job.last_pause.job");
        world_expect_null(document, "job.last_pause.to_site");
        json_decref(document);
        job->last_pause = (struct pause){ .cause = PAUSE_MOVE, .attempt = 1, .at = WORLD_NOW, .site = 1 };
        document = world_ask(world, "jobs", "{\"status\":\"paused\"}");
        world_expect_text(document, "jobs.0.last_pause.cause", "move");
        world_expect_text(document, "jobs.0.last_pause.to_site", "lulea");
        world_expect_null(document, "jobs.0.last_pause.limit_w");
        world_expect_null(document, "jobs.0.last_pause.signal");
        json_decref(document);
        job->last_pause = (struct pause){ .cause = PAUSE_ROOM, .attempt = 1, .at = WORLD_NOW, .other = 42 };
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_text(document, "job.last_pause.cause", "room");
        world_expect_int(document, "job.last_pause.job", 42);
        world_expect_null(document, "job.last_pause.to_site");
        json_decref(document);
        job->last_pause = (struct pause){ .attempt = 1, .at = WORLD_NOW };
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_null(document, "job.last_pause.cause");
        world_expect_int(document, "job.last_pause.attempt", 1);
        json_decref(document);
}

static void a_job_says_where_it_moves(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 40);
        json_t *document = world_ask(world, "job", "{\"job\":40}");

        assert_int_equal(json_array_size(world_at(document, "job.moves")), 0);
        assert_true(json_is_false(world_at(document, "job.may_move")));
        json_decref(document);
        for (size_t i = 0; i < world->state.policy.n_classes; i++) {
                world->state.policy.classes[i].may_move = true;
                world->state.policy.classes[i].move_mb = 1500;
        }
        for (size_t i = 0; i < world->state.policy.n_sites; i++)
                world->state.policy.sites[i].egress_cost = 20000;
        job->planned[0].site = 1;
        document = world_ask(world, "job", "{\"job\":40}");
        world_expect_text(document, "job.site", "hanford");
        world_expect_text(document, "job.moves.0.from", "hanford");
        world_expect_text(document, "job.moves.0.to", "lulea");
        expect_time(document, "job.moves.0.start_utc", job->planned[0].start);
        world_expect_int(document, "job.moves.0.cost_micro", 30000);
        world_expect_int(document, "job.move_mb", 1500);
        assert_true(json_is_true(world_at(document, "job.may_move")));
        json_decref(document);
}

static void an_impossible_job_says_what_is_missing(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 42);
        json_t *document;

        job->n_planned = 0;
        job->reason = PLAN_IMPOSSIBLE;
        job->spec.power_w = 3000000; /* the grid gives 2 MW */
        document = world_ask(world, "jobs", NULL);
        world_expect_text(with_id(json_object_get(document, "jobs"), 42), "waits_for", "power");
        json_decref(document);
        job->spec.power_w = 0;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "plan"); /* there is room for it again */
        json_decref(document);
        job->spec.switches = 1;
        job->spec.nodes = 2; /* there are two, and nobody knows their switches */
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "switches");
        world_expect_int(document, "job.switches", 1);
        json_decref(document);
        job->spec.switches = 0;
        job->spec.nodes = 1;
        job->spec.features = calloc(2, sizeof(char *));
        job->spec.features[0] = strdup("h100");
        job->spec.n_features = 1;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "features");
        world_expect_text(document, "job.constraint.0", "h100");
        world_expect_null(document, "job.switches");
        world_expect_text(document, "job.launcher", "node");
        json_decref(document);
        job->spec.launcher = OFFPEAK_LAUNCHER_GPU;
        job->spec.gpus_per_node = 9;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.waits_for", "nodes");
        world_expect_text(document, "job.launcher", "gpu");
        json_decref(document);
}

static void exits_are_decoded(void **state)
{
        struct job *job = world_job(*state, 39);
        json_t *document;

        job->state = OFFPEAK_JOB_FAILED;
        job->end = END_EXIT;
        job->status = 3 << 8;
        document = world_ask(*state, "job", "{\"job\":39}");
        world_expect_int(document, "job.exit_code", 3);
        world_expect_null(document, "job.exit_signal");
        json_decref(document);
        job->status = 9;
        document = world_ask(*state, "job", "{\"job\":39}");
        world_expect_null(document, "job.exit_code");
        world_expect_text(document, "job.exit_signal", "KILL");
        json_decref(document);
        job->end = END_LOST;
        document = world_ask(*state, "job", "{\"job\":39}");
        world_expect_null(document, "job.exit_code");
        world_expect_null(document, "job.exit_signal");
        json_decref(document);
}

/* 42 runs from 20:00 at 40 EUR/MWh; 15:00-17:00 costs 20. */
static void cheaper_hours_are_named_with_their_reason(void **state)
{
        json_t *document = world_ask(*state, "job", "{\"job\":42}");
        const json_t *cheaper = world_at(document, "job.explanation.cheaper");

        /* the forecast repeats the day: its hours of 24:00-26:10 cost 100, so all its neighbours are cheaper */
        world_expect_int(document, "job.explanation.now_micro_per_mwh", 100000000);
        expect_time(cheaper, "0.start_utc", WORLD_DAY + 15 * WORLD_HOUR);
        expect_time(cheaper, "0.end_utc", WORLD_DAY + 17 * WORLD_HOUR);
        world_expect_int(cheaper, "0.price_micro_per_mwh", 20000000);
        world_expect_text(cheaper, "0.why", "not worth it"); /* n2 is free then */
        json_decref(document);

        world_job(*state, 42)->spec.gpus_per_node = 16;
        document = world_ask(*state, "job", "{\"job\":42}");
        cheaper = world_at(document, "job.explanation.cheaper");
        world_expect_text(cheaper, "0.why", "taken");
        world_expect_int(cheaper, "0.jobs.0.id", 41);
        json_decref(document);
}

/* 42 wants 8 of 16 GPUs for six hours at 0.8 kW x 1.5; it has 20:00-26:10, the first four hours at 40, the rest at 100. */
static void other_ways_are_told_with_what_they_cost(void **state)
{
        json_t *document = world_ask(*state, "job", "{\"job\":42}");
        const json_t *explanation = world_at(document, "job.explanation");
        const json_t *others = json_object_get(explanation, "alternatives");
        int64_t last = INT64_MIN, cost = json_integer_value(world_at(explanation, "cost.total_micro"));

        assert_true(cost > 0);
        assert_true(json_integer_value(world_at(explanation, "cost.supply_micro")) > 0);
        assert_true(json_array_size(others) > 0);
        for (size_t i = 0; i < json_array_size(others); i++) {
                const json_t *other = json_array_get(others, i);
                int64_t difference = json_integer_value(json_object_get(other, "difference_micro"));

                assert_true(difference >= last);
                assert_true(llabs(cost + difference - json_integer_value(json_object_get(other, "cost_micro"))) <= 1);
                world_expect_text(other, "hours.0.site", "hanford");
                world_expect_text(other, "differs.0", "start");
                last = difference;
        }
        json_decref(document);
}

/* At 15:00-17:00 power costs 20, and n1 is 41's. */
static void what_keeps_a_job_from_cheaper_hours_is_told(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 42);
        json_t *document;
        const json_t *gpus;

        world->state.policy.classes[1].delay_cost = 0;
        job->spec.nodes = 2;
        job->spec.time_s = job->total_s = 2 * WORLD_HOUR;
        job->spec.deadline = WORLD_DAY + 40 * WORLD_HOUR;
        job->planned[0].start = WORLD_DAY + 25 * WORLD_HOUR;
        job->planned[0].end = WORLD_DAY + 27 * WORLD_HOUR;
        job->planned_finish = job->planned[0].end;
        document = world_ask(*state, "job", "{\"job\":42}");
        gpus = world_at(document, "job.explanation.blockers.0");
        world_expect_text(gpus, "limit", "gpus");
        world_expect_int(gpus, "missing_gpus", 8);
        world_expect_int(gpus, "missing_w", 0);
        expect_time(gpus, "hours.0.start_utc", WORLD_DAY + 15 * WORLD_HOUR);
        expect_time(gpus, "hours.0.end_utc", WORLD_DAY + 17 * WORLD_HOUR);
        expect_time(gpus, "missing_from_utc", WORLD_DAY + 15 * WORLD_HOUR);
        expect_time(gpus, "missing_to_utc", WORLD_DAY + 17 * WORLD_HOUR);
        assert_true(json_integer_value(json_object_get(gpus, "saving_micro")) > 0);
        world_expect_null(document, "job.deadline_fit");
        json_decref(document);
}

static void a_late_job_says_what_it_lacks(void **state)
{
        struct job *job = world_job(*state, 42);
        json_t *document;

        job->spec.deadline = WORLD_DAY + 18 * WORLD_HOUR; /* 3.5 hours for six */
        document = world_ask(*state, "job", "{\"job\":42}");
        world_expect_text(document, "job.deadline_fit.cause", "time");
        world_expect_int(document, "job.deadline_fit.missing_gpu_s", 8 * 5 * WORLD_HOUR / 2);
        expect_time(document, "job.deadline_fit.limit_utc", WORLD_DAY + 18 * WORLD_HOUR);
        expect_time(document, "job.deadline_fit.earliest_utc", WORLD_NOW + 6 * WORLD_HOUR);
        world_expect_null(document, "job.deadline_fit.begin_utc");
        json_decref(document);
        job->spec.nodes = 2; /* 41 has the other node until 19:00, 40 one from 20:00 on */
        job->spec.time_s = job->total_s = WORLD_HOUR;
        job->spec.interruptible = OFFPEAK_NO;
        document = world_ask(*state, "job", "{\"job\":42}");
        world_expect_text(document, "job.deadline_fit.cause", "gpus");
        expect_time(document, "job.deadline_fit.earliest_utc", WORLD_DAY + 20 * WORLD_HOUR);
        expect_time(document, "job.deadline_fit.deadline_utc", WORLD_DAY + 20 * WORLD_HOUR + 60);
        json_decref(document);
}

static void without_prices_no_way_is_cheaper(void **state)
{
        json_t *document;

        world_job(*state, 42)->reason = PLAN_NO_PRICE;
        document = world_ask(*state, "job", "{\"job\":42}");
        world_expect_null(document, "job.explanation.cost");
        assert_int_equal(json_array_size(world_at(document, "job.explanation.alternatives")), 0);
        assert_int_equal(json_array_size(world_at(document, "job.explanation.blockers")), 0);
        json_decref(document);
}

static void hours_behind_the_deadline_are_named(void **state)
{
        struct job *job = world_job(*state, 42);
        json_t *document;
        const json_t *cheaper;

        job->spec.deadline = WORLD_DAY + 15 * WORLD_HOUR;
        job->planned[0].start = WORLD_NOW;
        job->planned[0].end = WORLD_DAY + 15 * WORLD_HOUR;
        document = world_ask(*state, "job", "{\"job\":42}");
        cheaper = world_at(document, "job.explanation.cheaper");
        world_expect_int(document, "job.explanation.price_micro_per_mwh", 100000000);
        world_expect_text(cheaper, "0.why", "deadline");
        json_decref(document);
}

/* Prices are the same each day, and each has hours that are cheaper: none is told that no plan has looked at. */
static void hours_behind_the_horizon_are_not_told(void **state)
{
        static const int64_t deadlines[] = { WORLD_DAY + 60 * 24 * WORLD_HOUR,
                                             INT64_C(253402300799) /* the year 9999 */ };
        struct world *world = *state;

        world->state.policy.plan_horizon_s = 48 * WORLD_HOUR;
        for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
                const json_t *cheaper, *last;
                json_t *document;

                world_job(world, 42)->spec.deadline = deadlines[i];
                document = world_ask(world, "job", "{\"job\":42}");
                cheaper = world_at(document, "job.explanation.cheaper");
                assert_true(json_array_size(cheaper) >= 3);
                last = json_array_get(cheaper, json_array_size(cheaper) - 1);
                assert_true(strcmp(json_string_value(json_object_get(last, "end_utc")), "2026-11-25T02:30:00Z") <= 0);
                json_decref(document);
        }
}

/* Class nightly: a day at most after 08:00; then 6 hours of work. */
static void hours_behind_the_classs_delay_are_named(void **state)
{
        struct world *world = *state;
        struct job *job = world_job(world, 42);
        json_t *document = world_ask(world, "job", "{\"job\":42}");

        world_expect_text(document, "job.limit", "deadline");
        json_decref(document);
        job->spec.deadline = 0;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(document, "job.limit", "max_delay");
        json_decref(document);
        world->state.policy.classes[1].max_delay_s = 3600; /* done by 15:00 */
        job->planned[0].start = WORLD_NOW;
        job->planned[0].end = WORLD_DAY + 15 * WORLD_HOUR;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_text(world_at(document, "job.explanation.cheaper"), "0.why", "max_delay");
        json_decref(document);
        world->state.policy.classes[1].max_delay_s = 0;
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_null(document, "job.limit");
        json_decref(document);
}

static void without_prices_nothing_is_cheaper(void **state)
{
        struct world *world = *state;
        json_t *document;

        series_finish(&world->state.sites[0].series[SERIES_PRICE]);
        series_init(&world->state.sites[0].series[SERIES_PRICE], SERIES_PRICE);
        document = world_ask(world, "job", "{\"job\":42}");
        world_expect_null(document, "job.explanation.price_micro_per_mwh");
        assert_int_equal(json_array_size(world_at(document, "job.explanation.cheaper")), 0);
        json_decref(document);
}

/* ---- nodes */

static void nodes_tell_who_has_what(void **state)
{
        json_t *document = world_ask(*state, "nodes", NULL);

        world_expect_text(document, "nodes.0.status", "up");
        world_expect_int(document, "nodes.0.gpus", 8);
        world_expect_int(document, "nodes.0.gpus_free", 0);
        world_expect_int(document, "nodes.0.devices.3.job", 41);
        world_expect_int(document, "nodes.0.heard_s_ago", 3);
        world_expect_text(document, "nodes.0.power_quality", "measured");
        world_expect_int(document, "nodes.1.gpus_free", 8);
        world_expect_null(document, "nodes.1.devices.0.job");
        world_expect_null(document, "nodes.1.model");
        world_expect_null(document, "nodes.1.links_gb_per_s");
        world_expect_null(document, "nodes.1.position.rack");
        world_expect_text(document, "nodes.2.position.rack", "r7");
        world_expect_text(document, "nodes.2.features.0", "ib");
        world_expect_null(document, "nodes.2.links_gb_per_s.0.0");
        world_expect_int(document, "nodes.2.links_gb_per_s.1.0", 40);
        world_expect_text(document, "nodes.2.status", "silent");
        world_expect_null(document, "nodes.2.idle_w");
        world_expect_null(document, "nodes.2.power_quality");
        json_decref(document);
}

/* Something that is not on record any more still stops there: it is heard, and given nothing. */
static void a_node_that_is_clearing_says_so(void **state)
{
        struct world *world = *state;
        json_t *document;

        world->state.nodes[0].session.foreign = true;
        document = world_ask(world, "nodes", NULL);
        world_expect_text(document, "nodes.0.status", "clearing");
        json_decref(document);
}

/* ---- plan */

static void the_plan_carries_its_certificate(void **state)
{
        json_t *document = world_ask(*state, "plan", NULL);

        world_expect_int(document, "version", 7);
        world_expect_int(document, "cost.total_micro", 79100000);
        world_expect_int(document, "run_now_cost.total_micro", 118400000);
        world_expect_int(document, "bound_micro", 78600000);
        world_expect_int(document, "gap_micro", 500000);
        assert_near(json_real_value(world_at(document, "captured_saving")), 39.3 / 39.8);
        world_expect_null(document, "currency"); /* two: never added */
        json_decref(document);
}

static void a_plan_without_proof_claims_none(void **state)
{
        struct world *world = *state;
        json_t *document;

        world->state.plan.bound = -INFINITY;
        document = world_ask(world, "plan", NULL);
        world_expect_null(document, "bound_micro");
        world_expect_null(document, "gap_micro");
        world_expect_null(document, "captured_saving");
        json_decref(document);
        world->state.plan.bound = world->state.plan.run_now.total;
        document = world_ask(world, "plan", NULL);
        world_expect_null(document, "captured_saving"); /* nothing can be saved: no share of it */
        json_decref(document);
        world->state.plan.bound = world->state.plan.run_now.total - 0.01;
        document = world_ask(world, "plan", NULL);
        world_expect_null(document, "captured_saving"); /* or next to nothing */
        json_decref(document);
        world->state.plan.bound = 1078.6;
        world->state.plan.terms.lateness = 1000; /* late by as much, whatever is done, and at once by an hour more */
        world->state.plan.terms.total = 1079.1;
        world->state.plan.run_now.lateness = 2000;
        world->state.plan.run_now.total = 2118.4;
        document = world_ask(world, "plan", NULL);
        assert_near(json_real_value(world_at(document, "captured_saving")), 39.3 / 39.8);
        json_decref(document);
        world->state.plan.version = 0;
        document = world_ask(world, "plan", NULL);
        world_expect_null(document, "version");
        world_expect_null(document, "cost");
        json_decref(document);
}

/* Steps abut, cover the window, and say where their price comes from. */
static void steps_cover_the_window(void **state)
{
        json_t *document = world_ask(*state, "plan", NULL);
        const json_t *site, *step;
        size_t s, i;

        json_array_foreach(json_object_get(document, "sites"), s, site) {
                const char *before = json_string_value(world_at(document, "from_utc"));

                json_array_foreach(json_object_get(site, "steps"), i, step) {
                        assert_string_equal(json_string_value(world_at(step, "start_utc")), before);
                        before = json_string_value(world_at(step, "end_utc"));
                }
                assert_string_equal(before, json_string_value(world_at(document, "to_utc")));
        }
        json_array_foreach(world_at(document, "sites.0.steps"), i, step) {
                int64_t start;

                assert_int_equal(when_parse_iso(json_string_value(world_at(step, "start_utc")), &start, NULL), 0);
                world_expect_text(step, "price_source", start < WORLD_DAY + 24 * WORLD_HOUR ? "published" : "forecast");
                world_expect_int(step, "limit_w", 2000000);
                if (start >= WORLD_DAY + 15 * WORLD_HOUR && start < WORLD_DAY + 17 * WORLD_HOUR)
                        world_expect_int(step, "price_micro_per_mwh", 20000000);
        }
        expect_time(document, "sites.0.forecast_from_utc", WORLD_DAY + 24 * WORLD_HOUR);
        world_expect_text(document, "sites.1.steps.0.price_source", "unknown");
        world_expect_null(document, "sites.1.steps.0.price_micro_per_mwh");
        world_expect_null(document, "sites.1.steps.0.limit_w");
        json_decref(document);
}

static void power_is_idle_and_jobs_through_the_pue(void **state)
{
        json_t *document = world_ask(*state, "plan",
                                     "{\"from_utc\":\"2026-11-22T15:00:00Z\",\"to_utc\":\"2026-11-22T17:00:00Z\"}");

        assert_int_equal(json_array_size(world_at(document, "sites.0.steps")), 1);
        world_expect_int(document, "sites.0.steps.0.power_w", (2 * 1000 + 8 * 100) * 3 / 2); /* 41 on eight devices */
        world_expect_int(document, "sites.0.gpus", 16);
        json_decref(document);
}

/* Nobody says what its price is, and off the grid nothing is drawn at it: nothing is forecast. */
static void off_the_grid_no_price_is_forecast(void **state)
{
        struct world *world = *state;
        json_t *document = world_ask(world, "plan", "{\"site\":\"lulea\"}");

        expect_time(document, "sites.0.forecast_from_utc", WORLD_NOW);
        json_decref(document);
        world->state.policy.sites[1].terms.grid_limit_w = 0;
        document = world_ask(world, "plan", "{\"site\":\"lulea\"}");
        world_expect_null(document, "sites.0.forecast_from_utc");
        json_decref(document);
}

/* 600 W for an hour are 540 Wh more in it, and 800 W out of it 1000 less. */
static void the_plan_says_what_a_store_does(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        struct site *site = &world->state.sites[0];
        struct plan_flow *flows = calloc(2, sizeof(*flows));
        json_t *document = world_ask(world, "plan", "{}");

        world_expect_null(document, "sites.0.store");
        json_decref(document);
        terms->has_store = true;
        terms->store = (struct supply_store){ .energy_wh = 10000, .reserve_wh = 1000, .charge_w = 600, .discharge_w = 900,
                                              .charge_ppm = 900000, .discharge_ppm = 800000 };
        flows[0] = (struct plan_flow){ WORLD_NOW - 60, WORLD_NOW + 3600, 0, 600 };
        flows[1] = (struct plan_flow){ WORLD_NOW + 3600, WORLD_NOW + 7200, 0, -800 };
        world->state.flows = flows;
        world->state.n_flows = 2;
        document = world_ask(world, "plan", "{}");
        world_expect_null(document, "sites.0.store.stored_wh");
        world_expect_null(document, "sites.0.store.told_wh");
        world_expect_null(document, "sites.0.store.told_utc");
        world_expect_null(document, "sites.0.store.flows.0.stored_end_wh");
        world_expect_int(document, "sites.0.store.flows.0.power_w", 600);
        json_decref(document);
        assert_int_equal(series_append(&site->series[SERIES_STORED], WORLD_NOW, 5000), 0);
        site->series[SERIES_STORED].end = WORLD_NOW + 600;
        document = world_ask(world, "plan", "{}");
        world_expect_int(document, "sites.0.store.energy_wh", 10000);
        world_expect_int(document, "sites.0.store.stored_wh", 5000);
        world_expect_int(document, "sites.0.store.told_wh", 5000);
        world_expect_int(document, "sites.0.store.flows.0.stored_end_wh", 5540);
        world_expect_int(document, "sites.0.store.flows.1.power_w", -800);
        world_expect_int(document, "sites.0.store.flows.1.stored_end_wh", 4540);
        json_decref(document);
        document = world_ask(world, "price", "{}");
        world_expect_int(document, "sites.0.series.1.now_wh", 5000);
        json_decref(document);
}

/* Told ten minutes ago, and charged with 600 W since: 100 Wh, of which 90 are in it. A plan made now begins so. */
static void the_plan_carries_a_stores_level_on(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        struct site *site = &world->state.sites[0];
        struct plan_flow *flows = calloc(1, sizeof(*flows));
        json_t *document;

        terms->has_store = true;
        terms->store = (struct supply_store){
                .energy_wh = 10000, .charge_w = 600, .discharge_w = 900, .charge_ppm = 900000, .discharge_ppm = 800000
        };
        flows[0] = (struct plan_flow){ WORLD_NOW - 3600, WORLD_NOW + 3600, 0, 600 };
        world->state.flows = flows;
        world->state.n_flows = 1;
        assert_int_equal(series_append(&site->series[SERIES_STORED], WORLD_NOW - 600, 5000), 0);
        site->series[SERIES_STORED].end = WORLD_NOW + 600;
        document = world_ask(world, "plan", "{}");
        world_expect_int(document, "sites.0.store.told_wh", 5000);
        expect_time(document, "sites.0.store.told_utc", WORLD_NOW - 600);
        world_expect_int(document, "sites.0.store.stored_wh", 5090);
        world_expect_int(document, "sites.0.store.flows.0.stored_end_wh", 5090 + 540);
        json_decref(document);
}

/* W of a unit in an item of a load, or of all; 0: it is not there. */
static int64_t unit_watts(const json_t *item, const char *unit)
{
        int64_t watts = 0;
        const json_t *one;
        size_t i;

        json_array_foreach(json_object_get(item, "units"), i,
                           one) if (unit == NULL || strcmp(json_string_value(json_object_get(one, "unit")), unit) == 0)
                watts += json_integer_value(json_object_get(one, "power_w"));
        return watts;
}

static int64_t time_of(const json_t *item, const char *key)
{
        int64_t time = 0;

        assert_int_equal(when_parse_iso(json_string_value(json_object_get(item, key)), &time, NULL), 0);
        return time;
}

/* 41 draws 4200 W with its site; 3000 W of sun until 16:00, an agreement of 500 W throughout, the rest from the grid.
 */
static void the_load_is_told_by_who_supplies_it(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        struct site *site = &world->state.sites[0];
        const json_t *item;
        json_t *document = world_ask(world, "plan", NULL);
        int64_t before = WORLD_DAY + 15 * WORLD_HOUR;
        size_t i;

        assert_null(world_at(document, "sites.0.load")); /* nobody asked for it */
        json_decref(document);
        terms->has_solar = true;
        terms->ppas[0] = (struct supply_ppa){
                .name = "wind", .kind = PPA_BASELOAD, .take_or_pay = true, .behind_meter = true, .power_w = 500
        };
        terms->n_ppas = 1;
        assert_int_equal(series_append(&site->series[SERIES_SOLAR], WORLD_DAY, 3000), 0);
        site->series[SERIES_SOLAR].end = WORLD_DAY + 16 * WORLD_HOUR;
        document =
                world_ask(world, "plan",
                          "{\"load\":true,\"from_utc\":\"2026-11-22T15:00:00Z\",\"to_utc\":\"2026-11-22T17:00:00Z\"}");
        json_array_foreach(world_at(document, "sites.0.load"), i, item)
        {
                bool sun = time_of(item, "start_utc") < WORLD_DAY + 16 * WORLD_HOUR;

                assert_int_equal(time_of(item, "start_utc"), before);
                before = time_of(item, "end_utc");
                world_expect_int(item, "power_w", 4200);
                assert_int_equal(unit_watts(item, "solar"), sun ? 3000 : 0);
                assert_int_equal(unit_watts(item, "ppa"), 500);
                assert_int_equal(unit_watts(item, "grid"), sun ? 700 : 3700);
        }
        assert_int_equal(before, WORLD_DAY + 17 * WORLD_HOUR);
        json_decref(document);
}

/* Charging draws more of the sources, and what is given less; the site itself draws the same. */
static void a_store_is_part_of_the_load(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        struct plan_flow *flows = calloc(2, sizeof(*flows)), *past = calloc(1, sizeof(*past));
        const json_t *item;
        json_t *document;
        size_t i;

        terms->has_store = true;
        terms->store = (struct supply_store){
                .energy_wh = 10000, .charge_w = 600, .discharge_w = 900, .charge_ppm = 900000, .discharge_ppm = 800000
        };
        flows[0] = (struct plan_flow){ WORLD_NOW - 60, WORLD_NOW + 3600, 0, 600 };
        flows[1] = (struct plan_flow){ WORLD_NOW + 3600, WORLD_NOW + 7200, 0, -800 };
        past[0] = (struct plan_flow){ WORLD_NOW - 7200, WORLD_NOW - 3600, 0, -300 };
        world->state.flows = flows;
        world->state.n_flows = 2;
        world->state.past_flows = past;
        world->state.n_past_flows = 1;
        document = world_ask(world, "plan", "{\"load\":true}");
        json_array_foreach(world_at(document, "sites.0.load"), i, item)
        {
                int64_t start = time_of(item, "start_utc"), end = time_of(item, "end_utc");
                int64_t power = json_integer_value(json_object_get(item, "power_w"));
                int64_t flow = end <= WORLD_NOW - 7200    ? 0
                               : end <= WORLD_NOW - 3600  ? -300
                               : end <= WORLD_NOW - 300   ? 0
                               : start < WORLD_NOW        ? INT64_MAX
                               : start < WORLD_NOW + 3600 ? 600
                               : start < WORLD_NOW + 7200 ? -800
                                                          : 0;

                assert_true(start >= WORLD_NOW || end <= WORLD_NOW); /* now is an edge */
                if (flow == INT64_MAX)
                        continue;
                assert_in_range(unit_watts(item, NULL) - (power + (flow > 0 ? flow : 0)) + 2, 1, 3);
                assert_in_range(unit_watts(item, "store") - (flow < 0 ? -flow : 0) + 2, 1, 3);
        }
        assert_true(i > 100);
        json_decref(document);
}

static void jobs_show_what_they_had_and_will_have(void **state)
{
        json_t *document = world_ask(*state, "plan", "{\"from_utc\":\"2026-11-22T09:00:00Z\"}");
        const json_t *jobs = json_object_get(document, "jobs");

        assert_int_equal(json_array_size(jobs), 5); /* 39 ended in the window */
        world_expect_text(with_id(jobs, 40), "intervals.0.kind", "ran");
        world_expect_text(with_id(jobs, 40), "intervals.1.kind", "planned");
        expect_time(with_id(jobs, 41), "intervals.0.start_utc", WORLD_DAY + 12 * WORLD_HOUR);
        expect_time(with_id(jobs, 41), "intervals.0.end_utc", WORLD_NOW);
        expect_time(with_id(jobs, 41), "intervals.1.start_utc", WORLD_NOW); /* the plan's own start lies before */
        assert_int_equal(json_array_size(world_at(with_id(jobs, 43), "intervals")), 0);
        json_decref(document);
        document = world_ask(*state, "plan", "{\"site\":\"lulea\"}");
        assert_int_equal(json_array_size(json_object_get(document, "sites")), 1);
        assert_int_equal(json_array_size(json_object_get(document, "jobs")), 0);
        json_decref(document);
}

/* 39 ran 10:00-12:00, 40 09:00-11:00, 41 runs from 12:00 to 19:00, 42 will from 20:00 on. */
static void hours_end_at_the_windows_edges(void **state)
{
        json_t *document = world_ask(*state, "plan",
                                     "{\"from_utc\":\"2026-11-22T10:30:00Z\",\"to_utc\":\"2026-11-22T11:30:00Z\"}");
        const json_t *jobs = json_object_get(document, "jobs");

        expect_time(with_id(jobs, 39), "intervals.0.start_utc", WORLD_DAY + 10 * WORLD_HOUR + 1800);
        expect_time(with_id(jobs, 39), "intervals.0.end_utc", WORLD_DAY + 11 * WORLD_HOUR + 1800);
        expect_time(with_id(jobs, 40), "intervals.0.end_utc", WORLD_DAY + 11 * WORLD_HOUR);
        assert_int_equal(json_array_size(world_at(with_id(jobs, 40), "intervals")), 1);
        assert_int_equal(json_array_size(world_at(with_id(jobs, 41), "intervals")), 0);
        assert_int_equal(json_array_size(world_at(with_id(jobs, 42), "intervals")), 0);
        json_decref(document);
        document = world_ask(*state, "plan",
                             "{\"from_utc\":\"2026-11-22T06:00:00Z\",\"to_utc\":\"2026-11-22T08:00:00Z\"}");
        assert_int_equal(json_array_size(json_object_get(document, "jobs")), 4); /* 39 has ended, and ran later */
        json_decref(document);
}

/* ---- signals */

static void signals_tell_what_is_in_use(void **state)
{
        json_t *document = world_ask(*state, "signals", NULL);

        world_expect_text(document, "schema", "offpeak.signals/1");
        world_expect_text(document, "sites.0.signals.0.kind", "price");
        world_expect_text(document, "sites.0.signals.0.source", "prices.csv");
        world_expect_int(document, "sites.0.signals.0.age_s", 9000);
        expect_time(document, "sites.0.signals.0.covers_until_utc", WORLD_DAY + 24 * WORLD_HOUR);
        world_expect_int(document, "sites.0.signals.0.gaps", 0);
        world_expect_int(document, "sites.0.signals.0.now_micro_per_mwh", 100000000);
        world_expect_text(document, "sites.0.signals.0.in_use", "published");
        world_expect_text(document, "sites.0.signals.0.state", "none");
        world_expect_null(document, "sites.0.signals.0.feed");
        assert_int_equal(json_array_size(world_at(document, "sites.0.signals")), 1);
        world_expect_text(document, "sites.1.signals.0.in_use", "nothing");
        world_expect_null(document, "sites.1.signals.0.now_micro_per_mwh");
        world_expect_null(document, "sites.1.signals.0.gaps");
        world_expect_text(document, "sites.1.signals.0.why",
                          "no value is published for now: there is nothing that one could be made from");
        json_decref(document);
        ((struct world *)*state)->state.policy.sites[1].terms.grid_limit_w = 0; /* as without the key `grid` */
        document = world_ask(*state, "signals", NULL);
        world_expect_text(document, "sites.1.signals.0.why", "no value is published for now: nothing is drawn from the grid");
        json_decref(document);
        document = world_ask(*state, "signals", "{\"site\":\"lulea\"}");
        assert_int_equal(json_array_size(world_at(document, "sites")), 1);
        world_expect_text(document, "sites.0.name", "lulea");
        json_decref(document);
}

/* A site with a store and two units, the first of which is out until 15:00, needs to be told of both; nobody does. */
static void what_a_site_has_itself_is_told(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        json_t *document = world_ask(world, "signals", NULL);

        world_expect_null(document, "sites.0.store");
        assert_int_equal(json_array_size(world_at(document, "sites.0.units")), 0);
        json_decref(document);
        terms->has_store = true;
        terms->store =
                (struct supply_store){ .energy_wh = 10000, .reserve_wh = 1000, .charge_w = 600, .discharge_w = 900 };
        terms->has_reactor = true;
        terms->n_reactors = 2;
        terms->reactors[0] = (struct supply_reactor){ .name = "a", .rating_w = 5000 };
        terms->reactors[1] = (struct supply_reactor){ .name = "b", .rating_w = 3000 };
        terms->n_outages = 2;
        terms->outages[0] = (struct supply_outage){ .unit = 0,
                                                    .from = WORLD_DAY + 20 * WORLD_HOUR,
                                                    .to = WORLD_DAY + 21 * WORLD_HOUR };
        terms->outages[1] = (struct supply_outage){
                .unit = 0, .from = WORLD_DAY, .to = WORLD_DAY + 15 * WORLD_HOUR, .power_w = 2000
        };
        document = world_ask(world, "signals", NULL);
        world_expect_text(document, "sites.0.signals.1.kind", "capacity");
        world_expect_text(document, "sites.0.signals.1.in_use", "units");
        world_expect_int(document, "sites.0.signals.1.now_w", 5000);
        world_expect_text(document, "sites.0.signals.1.why",
                          "no value is published for now: its units' ratings less outages are expected");
        world_expect_text(document, "sites.0.signals.2.kind", "stored");
        world_expect_text(document, "sites.0.signals.2.in_use", "nothing");
        world_expect_null(document, "sites.0.signals.2.now_wh");
        assert_non_null(
                strstr(json_string_value(world_at(document, "sites.0.signals.2.why")), "plans do without the store"));
        world_expect_int(document, "sites.0.store.energy_wh", 10000);
        world_expect_int(document, "sites.0.store.reserve_wh", 1000);
        world_expect_int(document, "sites.0.store.charge_w", 600);
        world_expect_int(document, "sites.0.store.discharge_w", 900);
        world_expect_text(document, "sites.0.units.0.name", "a");
        world_expect_int(document, "sites.0.units.0.rating_w", 5000);
        world_expect_int(document, "sites.0.units.0.expected_w", 2000);
        expect_time(document, "sites.0.units.0.outage_from_utc", WORLD_DAY);
        expect_time(document, "sites.0.units.0.outage_until_utc", WORLD_DAY + 15 * WORLD_HOUR);
        world_expect_int(document, "sites.0.units.1.expected_w", 3000);
        world_expect_null(document, "sites.0.units.1.outage_from_utc");
        json_decref(document);
        world->now.wall = WORLD_DAY + 15 * WORLD_HOUR; /* it is back, and the other outage is to come */
        document = world_ask(world, "signals", NULL);
        world_expect_int(document, "sites.0.units.0.expected_w", 5000);
        expect_time(document, "sites.0.units.0.outage_from_utc", WORLD_DAY + 20 * WORLD_HOUR);
        json_decref(document);
}

static void a_late_signal_is_forecast(void **state)
{
        struct world *world = *state;
        struct feed_status status = { .site = "hanford", .kind = SERIES_PRICE, .transport = "file", .good_at = WORLD_NOW };
        json_t *document;

        world->feeds = (struct feed_statuses){ &status, 1 };
        world->now.wall = WORLD_DAY + 25 * WORLD_HOUR;
        document = world_ask(world, "signals", NULL);
        world_expect_text(document, "sites.0.signals.0.in_use", "forecast");
        world_expect_text(document, "sites.0.signals.0.state", "late");
        world_expect_int(document, "sites.0.signals.0.now_micro_per_mwh", 100000000);
        json_decref(document);
}

/* hanford's price is known until midnight; one was pushed over it, and then the rules say what is in use. */
static void signals_tell_each_layer(void **state)
{
        struct world *world = *state;
        struct site *site = &world->state.sites[0];
        struct signal_rule *rule = &world->state.policy.sites[0].signals[SERIES_PRICE];
        struct feed_status status = { .site = "hanford", .kind = SERIES_PRICE, .transport = "file", .good_at = WORLD_NOW };
        json_t *document;

        world->feeds = (struct feed_statuses){ &status, 1 };
        series_init(&site->pushed[SERIES_PRICE], SERIES_PRICE);
        assert_int_equal(series_set_names(&site->pushed[SERIES_PRICE], "hanford", "desk"), 0);
        assert_int_equal(series_append(&site->pushed[SERIES_PRICE], WORLD_NOW, 7000000), 0);
        site->pushed[SERIES_PRICE].end = WORLD_NOW + WORLD_HOUR;
        document = world_ask(world, "signals", "{\"site\":\"hanford\"}");
        world_expect_text(document, "sites.0.signals.0.in_use", "pushed");
        world_expect_text(document, "sites.0.signals.0.why", "it was pushed by desk, and has not expired");
        expect_time(document, "sites.0.signals.0.pushed_until_utc", WORLD_NOW + WORLD_HOUR);
        world_expect_text(document, "sites.0.signals.0.source", "desk");
        json_decref(document);
        assert_int_equal(series_copy(&site->series[SERIES_PRICE], &site->feed[SERIES_PRICE]), 0);
        assert_int_equal(series_set_names(&site->series[SERIES_PRICE], "hanford", "desk"), 0); /* the last to speak of either */
        site->series[SERIES_PRICE].issued = site->pushed[SERIES_PRICE].end = WORLD_NOW - 60; /* and then it was taken back */
        document = world_ask(world, "signals", "{\"site\":\"hanford\"}");
        world_expect_text(document, "sites.0.signals.0.in_use", "published");
        world_expect_text(document, "sites.0.signals.0.source", "prices.csv");
        world_expect_int(document, "sites.0.signals.0.age_s", 9000);
        json_decref(document);
        world->now.wall = WORLD_DAY + 25 * WORLD_HOUR;
        *rule = (struct signal_rule){ .fallback = SIGNAL_TAKE_VALUE, .value = 33000000 };
        document = world_ask(world, "signals", "{\"site\":\"hanford\"}");
        world_expect_text(document, "sites.0.signals.0.in_use", "value");
        world_expect_int(document, "sites.0.signals.0.now_micro_per_mwh", 33000000);
        world_expect_text(document, "sites.0.signals.0.why", "no value is published for now: its fallback is this value");
        json_decref(document);
        world->now.wall = WORLD_NOW + 2 * WORLD_HOUR;
        series_finish(&site->feed[SERIES_PRICE]);
        assert_int_equal(series_copy(&site->series[SERIES_PRICE], &site->feed[SERIES_PRICE]), 0);
        *rule = (struct signal_rule){ .fallback = SIGNAL_TAKE_LAST, .stale_after_s = 60 };
        document = world_ask(world, "signals", "{\"site\":\"hanford\"}");
        world_expect_text(document, "sites.0.signals.0.in_use", "last");
        world_expect_text(document, "sites.0.signals.0.state", "late");
        assert_non_null(strstr(json_string_value(world_at(document, "sites.0.signals.0.why")), "older than its stale_after"));
        json_decref(document);
}

static void a_feed_tells_its_state(void **state)
{
        static const char *const states[] = { "ok", "quarantined", "failing", "waiting" };
        struct world *world = *state;
        struct feed_status ok = { .site = "hanford", .kind = SERIES_PRICE, .transport = "url", .source = "https://x/y",
                                  .tried_at = WORLD_NOW - 60, .good_at = WORLD_NOW - 60, .next_at = WORLD_NOW + 840 };
        struct feed_status cases[] = { ok, ok, ok, { .site = "hanford", .kind = SERIES_PRICE } };

        cases[1].quarantine = (struct quarantine){ .n_values = 9, .n_listed = 1, .listed[0] = { .start = WORLD_NOW,
                                                   .end = WORLD_NOW + 3600, .value = 7, .high = true } };
        cases[0].pages = 3;
        cases[2].failures = 2;
        cases[2].failing_since = WORLD_NOW - 600;
        cases[2].error = (struct offpeak_error){ OFFPEAK_EIO, "https://x/y: nobody there" };
        for (size_t i = 0; i < 4; i++) {
                json_t *document;

                world->feeds = (struct feed_statuses){ &cases[i], 1 };
                document = world_ask(world, "signals", NULL);
                world_expect_text(document, "sites.0.signals.0.state", states[i]);
                world_expect_int(document, "sites.0.signals.0.feed.n_quarantined", i == 1 ? 9 : 0);
                if (i == 0)
                        world_expect_int(document, "sites.0.signals.0.feed.pages", 3);
                else
                        world_expect_null(document, "sites.0.signals.0.feed.pages");
                if (i == 1)
                        world_expect_int(document, "sites.0.signals.0.feed.quarantined.0.value_micro_per_mwh", 7);
                if (i == 2) {
                        world_expect_text(document, "sites.0.signals.0.feed.error", "https://x/y: nobody there");
                        expect_time(document, "sites.0.signals.0.feed.next_try_utc", WORLD_NOW + 840);
                        expect_time(document, "sites.0.signals.0.feed.failing_since_utc", WORLD_NOW - 600);
                } else {
                        world_expect_null(document, "sites.0.signals.0.feed.error");
                }
                json_decref(document);
        }
}

/* ---- price */

/* hanford's price is known until midnight. Pushed over it from 15:00 to 16:00, and behind it what the rule says. */
static void what_is_in_use_is_told_with_its_reason(void **state)
{
        struct world *world = *state;
        struct site *site = &world->state.sites[0];
        struct signal_rule *rule = &world->state.policy.sites[0].signals[SERIES_PRICE];
        json_t *document;

        series_init(&site->pushed[SERIES_PRICE], SERIES_PRICE);
        assert_int_equal(series_append(&site->pushed[SERIES_PRICE], WORLD_DAY + 15 * WORLD_HOUR, 7000000), 0);
        site->pushed[SERIES_PRICE].end = WORLD_DAY + 16 * WORLD_HOUR;
        *rule = (struct signal_rule){ .fallback = SIGNAL_TAKE_VALUE, .value = 33000000 };
        document = world_ask(world, "price", "{\"site\":\"hanford\",\"from_utc\":\"2026-11-22T14:30:00Z\",\"to_utc\":\"2026-11-23T02:00:00Z\"}");
        world_expect_text(document, "sites.0.series.0.now_source", "published");
        world_expect_text(document, "sites.0.series.0.values.0.source", "published");
        world_expect_text(document, "sites.0.series.0.values.1.source", "pushed");
        world_expect_int(document, "sites.0.series.0.values.1.value_micro_per_mwh", 7000000);
        world_expect_text(document, "sites.0.series.0.values.1.end_utc", "2026-11-22T16:00:00Z");
        world_expect_text(document, "sites.0.series.0.values.2.source", "published");
        world_expect_text(document, "sites.0.series.0.values.5.source", "value");
        world_expect_int(document, "sites.0.series.0.values.5.value_micro_per_mwh", 33000000);
        world_expect_text(document, "sites.0.series.0.forecast_from_utc", "2026-11-23T00:00:00Z");
        world_expect_null(document, "sites.0.series.0.forecast");
        json_decref(document);
        series_set_names(&site->pushed[SERIES_PRICE], "hanford", "desk");
        site->pushed[SERIES_PRICE].points[0].start = WORLD_NOW - 600; /* now it holds */
        site->pushed[SERIES_PRICE].issued = WORLD_NOW - 600;
        document = world_ask(world, "price", "{\"site\":\"hanford\"}");
        world_expect_text(document, "sites.0.series.0.now_source", "pushed");
        world_expect_text(document, "sites.0.series.0.source", "desk");
        world_expect_int(document, "sites.0.series.0.age_s", 600);
        json_decref(document);
        *rule = (struct signal_rule){ .fallback = SIGNAL_TAKE_LAST };
        document = world_ask(world, "price", "{\"site\":\"hanford\",\"from_utc\":\"2026-11-23T00:30:00Z\",\"to_utc\":\"2026-11-23T02:00:00Z\"}");
        world_expect_text(document, "sites.0.series.0.values.0.source", "last");
        world_expect_int(document, "sites.0.series.0.values.0.value_micro_per_mwh", 40000000);
        json_decref(document);
}

static void the_forecasts_method_is_told(void **state)
{
        struct world *world = *state;
        struct site *site = &world->state.sites[0];
        json_t *document = world_ask(world, "price", "{\"site\":\"hanford\"}");

        world_expect_text(document, "sites.0.series.0.forecast.method", "naive");
        world_expect_null(document, "sites.0.series.0.forecast.naive_error");
        json_decref(document);
        site->forecasts = calloc(SERIES_COUNT, sizeof(*site->forecasts));
        assert_non_null(site->forecasts);
        site->forecasts[SERIES_PRICE].made_for = (struct forecast_wish){ .version = 3 };
        site->forecasts[SERIES_PRICE].made = (struct forecast_use){ .method = FORECAST_REGRESSION, .compared = true,
                                                                    .naive_error = 9e6, .regression_error = 8e6 };
        assert_int_equal(series_append(&site->forecasts[SERIES_PRICE].made.value, WORLD_DAY + 24 * WORLD_HOUR, 55000000), 0);
        site->forecasts[SERIES_PRICE].made.value.end = WORLD_DAY + 48 * WORLD_HOUR;
        document = world_ask(world, "price", "{\"site\":\"hanford\",\"from_utc\":\"2026-11-23T00:30:00Z\",\"to_utc\":\"2026-11-23T02:00:00Z\"}");
        world_expect_text(document, "sites.0.series.0.forecast.method", "regression");
        world_expect_int(document, "sites.0.series.0.forecast.naive_error", 9000000);
        world_expect_int(document, "sites.0.series.0.forecast.regression_error", 8000000);
        world_expect_text(document, "sites.0.series.0.values.0.source", "forecast");
        world_expect_int(document, "sites.0.series.0.values.0.value_micro_per_mwh", 55000000);
        json_decref(document);
        site->series[SERIES_PRICE].version = 4; /* of an older version it is not used, nor told */
        document = world_ask(world, "price", "{\"site\":\"hanford\"}");
        world_expect_text(document, "sites.0.series.0.forecast.method", "naive");
        world_expect_null(document, "sites.0.series.0.forecast.naive_error");
        json_decref(document);
}

static void prices_tell_source_age_and_reach(void **state)
{
        json_t *document = world_ask(*state, "price", NULL);
        const json_t *series = world_at(document, "sites.0.series.0");

        world_expect_text(series, "kind", "price");
        world_expect_text(series, "source", "prices.csv");
        world_expect_int(series, "age_s", 2 * 3600 + 1800);
        world_expect_int(series, "version", 3);
        world_expect_int(series, "now_micro_per_mwh", 100000000);
        expect_time(series, "published_until_utc", WORLD_DAY + 24 * WORLD_HOUR);
        expect_time(series, "forecast_from_utc", WORLD_DAY + 24 * WORLD_HOUR);
        world_expect_text(series, "values.0.source", "published");
        series = world_at(document, "sites.1.series.0");
        world_expect_null(series, "source");
        world_expect_null(series, "age_s");
        world_expect_null(series, "now_micro_per_mwh");
        expect_time(series, "forecast_from_utc", WORLD_NOW);
        json_decref(document);
}

static void values_before_the_first_are_unknown(void **state)
{
        json_t *document = world_ask(*state, "price",
                                     "{\"from_utc\":\"2026-11-21T00:00:00Z\",\"to_utc\":\"2026-11-22T01:00:00Z\"}");

        world_expect_text(document, "sites.0.series.0.values.0.source", "unknown");
        world_expect_null(document, "sites.0.series.0.values.0.value_micro_per_mwh");
        world_expect_int(document, "sites.0.series.0.values.1.value_micro_per_mwh", 100000000);
        json_decref(document);
}

/* ---- report */

static void the_report_compares_what_ended(void **state)
{
        json_t *document = world_ask(*state, "report", NULL);
        const json_t *report = world_at(document, "reports.0");

        assert_int_equal(json_array_size(json_object_get(document, "reports")), 2); /* two currencies */
        world_expect_text(report, "currency", "EUR");
        world_expect_text(report, "sites.0", "hanford");
        world_expect_int(report, "n_jobs", 1);
        world_expect_int(report, "jobs.0.id", 39);
        world_expect_int(report, "actual.energy_j", 7200000);
        world_expect_int(report, "actual.cost_micro", 100000);
        /* at 08:00 it would have run two hours at once: 1 kW through a PUE of 1.5 at 100 EUR/MWh */
        world_expect_int(report, "run_now.energy_j", 10800000);
        world_expect_int(report, "run_now.cost_micro", 300000);
        world_expect_int(report, "run_now.unpriced_energy_j", 0);
        world_expect_int(report, "actual.unpriced_energy_j", 0);
        world_expect_int(report, "saved_micro", 200000);
        world_expect_int(report, "actual.mean_delay_s", 2 * 3600);
        /* two hours of one GPU at 0.40 EUR */
        world_expect_int(report, "net_saved_micro", 200000 - 800000);
        world_expect_int(report, "accounts.job.energy_j", 7200000 + 1000 * (7200 - 30) + 7200000);
        world_expect_int(report, "quality.measured_j", 7200000 + 1000 * (7200 - 30) + 7200000);
        assert_int_equal(json_array_size(world_at(report, "unmeasured_nodes")), 0);
        world_expect_null(report, "jobs.0.site_asked");
        world_expect_null(report, "jobs.0.interruptible_asked");
        world_expect_int(report, "jobs.0.starts", 1);
        world_expect_int(report, "jobs.0.ran_s", 7200);
        world_expect_int(report, "jobs.0.work_s", 7200 - json_integer_value(world_at(report, "jobs.0.start_cost_s")));
        world_expect_int(report, "jobs.0.job_energy_j", 7200000);
        world_expect_text(document, "reports.1.currency", "SEK");
        world_expect_int(document, "reports.1.n_jobs", 0);
        world_expect_null(document, "reports.1.actual.mean_delay_s");
        json_decref(document);
}

/* No price is known before 09:00, of half of its time at once, from 08:00 to 10:00. It drew 77 J unpriced. */
static void the_report_tells_unpriced_energy_of_each_side(void **state)
{
        struct series *price = &((struct world *)*state)->state.sites[0].series[SERIES_PRICE];
        json_t *document;

        price->points[0].start = WORLD_DAY + 9 * WORLD_HOUR;
        world_job(*state, 39)->unpriced_joules = 77;
        document = world_ask(*state, "report", NULL);
        world_expect_int(document, "reports.0.run_now.unpriced_energy_j", 5400000);
        world_expect_int(document, "reports.0.actual.unpriced_energy_j", 77);
        world_expect_int(document, "reports.0.jobs.0.unpriced_energy_j", 77);
        json_decref(document);
}

static void come_after(struct job *job, uint64_t other)
{
        job->spec.after_any = malloc(sizeof(uint64_t));
        job->spec.after_any[0] = other;
        job->spec.n_after_any = 1;
}

static void the_report_keeps_jobs_in_their_order(void **state)
{
        struct job *first = world_job(*state, 39), *second = world_job(*state, 40);
        json_t *document;

        second->state = OFFPEAK_JOB_DONE;
        second->ended_at = WORLD_DAY + 13 * WORLD_HOUR;
        second->ran_s = 0;
        come_after(first, 40); /* which is not compared: it never ran */
        document = world_ask(*state, "report", NULL);
        world_expect_int(document, "reports.0.n_jobs", 1);
        world_expect_int(document, "reports.0.run_now.delay_s", 5 * WORLD_HOUR); /* from 08:00 */
        json_decref(document);

        first->spec.n_after_any = 0;
        second->spec.gpus_per_node = 1;
        second->ran_s = WORLD_HOUR;
        document = world_ask(*state, "report", NULL);
        world_expect_int(document, "reports.0.n_jobs", 2);
        world_expect_int(document, "reports.0.run_now.delay_s", 0);
        json_decref(document);
        come_after(second, 39); /* which takes two hours */
        document = world_ask(*state, "report", NULL);
        world_expect_int(document, "reports.0.run_now.delay_s", 2 * WORLD_HOUR);
        json_decref(document);
}

/* A plan that everybody in it is done with says nothing of the coming hours. */
static void the_report_tells_of_a_plan_while_it_plans_something(void **state)
{
        struct state *cluster = &((struct world *)*state)->state;
        json_t *document;

        cluster->plan.version = 7;
        cluster->plan.made_at = WORLD_NOW - 60;
        document = world_ask(*state, "report", NULL);
        expect_time(document, "plan.made_utc", WORLD_NOW - 60);
        json_decref(document);
        for (size_t i = 0; i < cluster->n_jobs; i++)
                if (cluster->jobs[i].id != 43) /* it is held */
                        cluster->jobs[i].state = OFFPEAK_JOB_DONE;
        document = world_ask(*state, "report", NULL);
        world_expect_null(document, "plan");
        json_decref(document);
}

static void the_report_can_be_narrowed(void **state)
{
        json_t *document = world_ask(*state, "report", "{\"site\":\"hanford\",\"user\":\"jun\"}");

        assert_int_equal(json_array_size(json_object_get(document, "reports")), 1);
        world_expect_int(document, "reports.0.n_jobs", 0);
        json_decref(document);
        document = world_ask(*state, "report", "{\"to_utc\":\"2026-11-22T12:00:00Z\"}");
        world_expect_int(document, "reports.0.n_jobs", 0); /* it ended at 12:00, which is behind the window */
        world_expect_int(document, "reports.0.accounts.job.energy_j", 7200000 + 1000 * (7200 - 30));
        json_decref(document);
}

/* Now is 2026-11-22 14:30; 1.8 GJ in the quarter from noon are 2 MW; last month there were 900 MJ, half as much. */
static void the_report_has_the_demand_charge(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        struct site_meter *meter = &world->state.sites[0].meter;
        json_t *document;

        terms->n_demands = 2;
        terms->demands[0] = (struct supply_demand){ .per_kw = 10000000, .interval_s = 900 };
        terms->demands[1] = (struct supply_demand){ .per_kw = 1000000,
                                                    .interval_s = 3600,
                                                    .contract_w = 4000000,
                                                    .minimum_share_ppm = 850000,
                                                    .hours = { .days = 31, .from_minute = 420, .to_minute = 1200 } };
        assert_int_equal(site_meter_add(meter, WORLD_DAY + 12 * WORLD_HOUR, WORLD_DAY + 12 * WORLD_HOUR + 900, 1800000000), 0);
        assert_int_equal(site_meter_add(meter, WORLD_DAY - 27 * 24 * WORLD_HOUR, WORLD_DAY - 27 * 24 * WORLD_HOUR + 900, 900000000), 0);
        document = world_ask(world, "report", NULL);
        assert_int_equal(json_array_size(world_at(document, "reports.0.demand_charges")), 2);
        world_expect_text(document, "reports.0.demand_charges.0.site", "hanford");
        world_expect_text(document, "reports.0.demand_charges.0.month_utc", "2026-11-01T00:00:00Z");
        world_expect_int(document, "reports.0.demand_charges.0.peak_w", 2000000);
        world_expect_text(document, "reports.0.demand_charges.0.peak_utc", "2026-11-22T12:00:00Z");
        world_expect_int(document, "reports.0.demand_charges.0.charge_micro", INT64_C(20000000000));
        world_expect_null(document, "reports.0.demand_charges.0.hours");
        world_expect_int(document, "reports.0.demand_charges.1.peak_w", 0); /* it is a Sunday */
        world_expect_int(document, "reports.0.demand_charges.1.billed_w", 3400000);
        world_expect_int(document, "reports.0.demand_charges.1.charge_micro", INT64_C(3400000000));
        world_expect_text(document, "reports.0.demand_charges.1.hours", "07:00-20:00 Mon,Tue,Wed,Thu,Fri");
        assert_int_equal(json_array_size(world_at(document, "reports.1.demand_charges")), 0);
        json_decref(document);
        document = world_ask(world, "report", "{\"from_utc\":\"2026-07-01T00:00:00Z\"}"); /* this month and the last */
        assert_int_equal(json_array_size(world_at(document, "reports.0.demand_charges")), 4);
        world_expect_text(document, "reports.0.demand_charges.0.month_utc", "2026-10-01T00:00:00Z");
        world_expect_int(document, "reports.0.demand_charges.0.peak_w", 1000000);
        json_decref(document);
}

/* Nobody said who supplied the bookings of the world; from here on the sun does half, and sells what is left. */
static void the_report_says_who_supplied_what(void **state)
{
        struct world *world = *state;
        struct supply_terms *terms = &world->state.policy.sites[0].terms;
        struct site *site = &world->state.sites[0];
        json_t *document = world_ask(world, "report", NULL);

        assert_int_equal(json_array_size(world_at(document, "reports.0.supplied.0.units")), 0);
        world_expect_null(document, "reports.0.supplied.0.exported_j");
        json_decref(document);
        terms->has_solar = true;
        terms->export_limit_w = 3000;
        terms->has_export_price = true;
        terms->export_price = 1;
        assert_int_equal(series_append(&site->series[SERIES_SOLAR], WORLD_DAY, 5000), 0);
        site->series[SERIES_SOLAR].end = WORLD_NOW;
        assert_int_equal(site_meter_add(&site->meter, WORLD_DAY, WORLD_DAY + WORLD_HOUR, 1000 * WORLD_HOUR), 0);
        document = world_ask(world, "report", "{\"to_utc\":\"2026-11-22T01:00:00Z\"}");
        world_expect_text(document, "reports.0.supplied.0.site", "hanford");
        world_expect_text(document, "reports.0.supplied.0.surplus_from_utc", "2026-11-22T00:00:00Z");
        world_expect_int(document, "reports.0.supplied.0.exported_j", 3000 * WORLD_HOUR);
        world_expect_int(document, "reports.0.supplied.0.curtailed_j", 1000 * WORLD_HOUR);
        world_expect_int(document, "reports.0.supplied.0.settled_micro", 0);
        json_decref(document);
}

static void the_report_tells_of_a_store(void **state)
{
        struct world *world = *state;
        struct site *site = &world->state.sites[0];
        json_t *document = world_ask(world, "report", NULL);

        world_expect_null(document, "reports.0.supplied.0.store");
        world_expect_int(document, "reports.0.accounts.storage.energy_j", 0);
        json_decref(document);
        world->state.policy.sites[0].terms.has_store = true;
        site->stock.counted_at = WORLD_DAY;
        site->books[ACCOUNT_STORAGE] = (struct book){ .joules = 7200, .cost = 12, .unpriced_joules = 3600 };
        world_book_store(world, 1000, WORLD_DAY, WORLD_DAY + WORLD_HOUR);
        document = world_ask(world, "report", NULL);
        world_expect_int(document, "reports.0.supplied.0.units.0.energy_j", 1000);
        world_expect_text(document, "reports.0.supplied.0.units.0.unit", "store");
        world_expect_int(document, "reports.0.supplied.0.store.given_j", 1000);
        world_expect_int(document, "reports.0.supplied.0.store.charged_j", 0);
        world_expect_int(document, "reports.0.supplied.0.store.lost_j", 0);
        world_expect_int(document, "reports.0.supplied.0.store.held_j", 7200);
        world_expect_int(document, "reports.0.supplied.0.store.held_cost_micro", 12);
        world_expect_int(document, "reports.0.supplied.0.store.held_unpriced_j", 3600);
        world_expect_text(document, "reports.0.supplied.0.store.counted_utc", "2026-11-22T00:00:00Z");
        world_expect_int(document, "reports.0.accounts.storage.energy_j", -1000);
        json_decref(document);
}

/* What was booked is what is drawn, joule for joule; where nothing was, nothing is known. */
static void the_report_tells_what_was_drawn_when(void **state)
{
        struct world *world = *state;
        const char *day = "{\"steps\":true,\"from_utc\":\"2026-11-22T00:00:00Z\",\"to_utc\":\"2026-11-22T14:00:00Z\"}";
        json_t *document = world_ask(world, "report", NULL);
        int64_t joules = 0, stored = 0, before = WORLD_DAY;
        const json_t *item;
        size_t i;

        assert_null(world_at(document, "reports.0.supplied.0.steps"));
        assert_null(world_at(document, "reports.0.jobs.0.intervals"));
        json_decref(document);
        world_book_store(world, 7200 * 500, WORLD_DAY + 5 * WORLD_HOUR, WORLD_DAY + 7 * WORLD_HOUR);
        document = world_ask(world, "report", day);
        json_array_foreach(world_at(document, "reports.0.supplied.0.steps"), i, item)
        {
                int64_t start = time_of(item, "start_utc"), end = time_of(item, "end_utc"),
                        hour = (start - WORLD_DAY) / WORLD_HOUR;
                const json_t *power = json_object_get(item, "power_w");

                assert_int_equal(start, before);
                before = end;
                assert_int_equal(json_is_integer(power), (hour >= 5 && hour < 7) || hour >= 9);
                joules += json_integer_value(power) * (end - start);
                stored += unit_watts(item, "store") * (end - start);
                world_expect_int(item, "price_micro_per_mwh", 100000000);
                world_expect_int(item, "limit_w", 2000000);
        }
        assert_int_equal(before, WORLD_DAY + 14 * WORLD_HOUR);
        /* to half a watt a step: 39 two hours, 40 but for 30 s, 41 two hours, the store's */
        assert_true(llabs(joules - (7200 * 1000 + 7170 * 1000 + 7200 * 1000 + 7200 * 500)) <= 14 * WORLD_HOUR / 2);
        assert_int_equal(stored, 7200 * 500);
        world_expect_text(document, "reports.0.jobs.0.intervals.0.site", "hanford");
        expect_time(document, "reports.0.jobs.0.intervals.0.start_utc", WORLD_DAY + 10 * WORLD_HOUR);
        expect_time(document, "reports.0.jobs.0.intervals.0.end_utc", WORLD_DAY + 12 * WORLD_HOUR);
        json_decref(document);
}
int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_target_has_its_schema, setup, teardown),
                cmocka_unit_test_setup_teardown(carbon_without_a_series_is_unknown, setup, teardown),
                cmocka_unit_test_setup_teardown(wrong_queries_say_why, setup, teardown),
                cmocka_unit_test_setup_teardown(the_policy_in_force, setup, teardown),
                cmocka_unit_test(an_empty_cluster_answers),
                cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_replaced, setup, teardown),
                cmocka_unit_test_setup_teardown(jobs_are_filtered, setup, teardown),
                cmocka_unit_test_setup_teardown(a_planned_job_tells_hours_and_money, setup, teardown),
                cmocka_unit_test_setup_teardown(a_cost_counts_no_hour_twice, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_that_is_paid_costs_less_than_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_not_known_is_null, setup, teardown),
                cmocka_unit_test_setup_teardown(progress_without_a_report_is_estimated, setup, teardown),
                cmocka_unit_test_setup_teardown(status_follows_the_state_machines, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_tells_all, setup, teardown),
                cmocka_unit_test_setup_teardown(paths_are_as_the_job_has_them, setup, teardown),
                cmocka_unit_test_setup_teardown(stretches_of_running_are_joined, setup, teardown),
                cmocka_unit_test_setup_teardown(a_queued_job_says_what_it_waits_for, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_says_what_its_class_has_held, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_names_those_it_comes_after, setup, teardown),
                cmocka_unit_test_setup_teardown(a_node_says_which_of_its_devices_are_unwell, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_says_how_its_last_failure_came, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_says_why_it_was_paused, setup, teardown),
                cmocka_unit_test_setup_teardown(a_job_says_where_it_moves, setup, teardown),
                cmocka_unit_test_setup_teardown(an_impossible_job_says_what_is_missing, setup, teardown),
                cmocka_unit_test_setup_teardown(exits_are_decoded, setup, teardown),
                cmocka_unit_test_setup_teardown(cheaper_hours_are_named_with_their_reason, setup, teardown),
                cmocka_unit_test_setup_teardown(other_ways_are_told_with_what_they_cost, setup, teardown),
                cmocka_unit_test_setup_teardown(what_keeps_a_job_from_cheaper_hours_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(a_late_job_says_what_it_lacks, setup, teardown),
                cmocka_unit_test_setup_teardown(without_prices_no_way_is_cheaper, setup, teardown),
                cmocka_unit_test_setup_teardown(hours_behind_the_deadline_are_named, setup, teardown),
                cmocka_unit_test_setup_teardown(hours_behind_the_horizon_are_not_told, setup, teardown),
                cmocka_unit_test_setup_teardown(hours_behind_the_classs_delay_are_named, setup, teardown),
                cmocka_unit_test_setup_teardown(without_prices_nothing_is_cheaper, setup, teardown),
                cmocka_unit_test_setup_teardown(nodes_tell_who_has_what, setup, teardown),
                cmocka_unit_test_setup_teardown(a_node_that_is_clearing_says_so, setup, teardown),
                cmocka_unit_test_setup_teardown(the_plan_carries_its_certificate, setup, teardown),
                cmocka_unit_test_setup_teardown(a_plan_without_proof_claims_none, setup, teardown),
                cmocka_unit_test_setup_teardown(steps_cover_the_window, setup, teardown),
                cmocka_unit_test_setup_teardown(off_the_grid_no_price_is_forecast, setup, teardown),
                cmocka_unit_test_setup_teardown(the_plan_says_what_a_store_does, setup, teardown),
                cmocka_unit_test_setup_teardown(the_plan_carries_a_stores_level_on, setup, teardown),
                cmocka_unit_test_setup_teardown(the_load_is_told_by_who_supplies_it, setup, teardown),
                cmocka_unit_test_setup_teardown(a_store_is_part_of_the_load, setup, teardown),
                cmocka_unit_test_setup_teardown(power_is_idle_and_jobs_through_the_pue, setup, teardown),
                cmocka_unit_test_setup_teardown(jobs_show_what_they_had_and_will_have, setup, teardown),
                cmocka_unit_test_setup_teardown(hours_end_at_the_windows_edges, setup, teardown),
                cmocka_unit_test_setup_teardown(signals_tell_what_is_in_use, setup, teardown),
                cmocka_unit_test_setup_teardown(what_a_site_has_itself_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(a_late_signal_is_forecast, setup, teardown),
                cmocka_unit_test_setup_teardown(a_feed_tells_its_state, setup, teardown),
                cmocka_unit_test_setup_teardown(prices_tell_source_age_and_reach, setup, teardown),
                cmocka_unit_test_setup_teardown(signals_tell_each_layer, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_in_use_is_told_with_its_reason, setup, teardown),
                cmocka_unit_test_setup_teardown(the_forecasts_method_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(values_before_the_first_are_unknown, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_compares_what_ended, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_tells_unpriced_energy_of_each_side, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_keeps_jobs_in_their_order, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_tells_of_a_plan_while_it_plans_something, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_can_be_narrowed, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_has_the_demand_charge, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_says_who_supplied_what, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_tells_of_a_store, setup, teardown),
                cmocka_unit_test_setup_teardown(the_report_tells_what_was_drawn_when, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
