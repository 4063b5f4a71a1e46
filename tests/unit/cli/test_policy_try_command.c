/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `offpeak policy try`: a past that was made up, under the policy it ran under and under others.
 *
 * The clock is at 2026-11-22T10:00Z. Site h has 4 GPUs; power costs 100 EUR/MWh, and 10 from 02:00 to 04:00 that night.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/when.h"
#include "cli/command.h"
#include "io/config.h"
#include "io/config_document.h"
#include "run_line.h"

#define HOUR  INT64_C(3600)
#define DAY   (24 * HOUR)
#define NIGHT (RUN_LINE_NOW - 10 * HOUR) /* 2026-11-22T00:00:00Z */

/* A made-up job. Times in hours from NIGHT; a start of NAN: it never ran. */
struct made {
        int id;
        const char *state, *class_name, *site_asked;
        double submit, start, end;
        int gpus, watts, after;
};

static char folder[] = "/tmp/offpeak-try-XXXXXX";
static char *answers[5];

static json_t *utc(double hours)
{
        char text[WHEN_TEXT_SIZE];

        return hours == hours ? json_string(when_format_utc(NIGHT + (int64_t)(hours * 3600), text)) : json_null();
}

static json_t *or_null(const char *text)
{
        return text != NULL ? json_string(text) : json_null();
}

/* ---- the scheduler's answers */

static json_t *listed(const struct made *job)
{
        bool open = strcmp(job->state, "queued") == 0;
        json_t *after = json_array();

        if (job->after != 0)
                json_array_append_new(after, json_pack("{s:i}", "id", job->after));
        return json_pack("{s:i, s:s, s:s, s:i, s:i, s:o, s:n, s:n, s:o, s:i, s:o}", "id", job->id, "state", job->state,
                         "class", job->class_name, "gpus", job->gpus, "nodes", 1, "submitted_utc", utc(job->submit),
                         "begin_utc", "deadline_utc", "ended_utc", open ? json_null() : utc(job->end), "ran_s",
                         job->start == job->start ? (int)((job->end - job->start) * 3600) : 0, "after", after);
}

/* Of its running 60 s are a start, and no seam is lost. */
static json_t *reported(const struct made *job)
{
        int ran = (int)((job->end - job->start) * 3600);

        return json_pack("{s:i, s:o, s:n, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:[{s:s, s:o, s:o}]}", "id",
                         job->id, "site_asked", or_null(job->site_asked), "interruptible_asked", "starts", 1,
                         "start_cost_s", 60, "work_s", ran - 60, "ran_s", ran, "job_energy_j", ran * job->watts,
                         "energy_j", ran * job->watts, "cost_micro", 4321, "carbon_mg", 0, "unpriced_energy_j", 0,
                         "intervals", "site", "h", "start_utc", utc(job->start), "end_utc", utc(job->end));
}

static char *list_answer(const struct made *jobs, size_t n)
{
        json_t *list = json_array(), *root;
        char *text;

        for (size_t i = 0; i < n; i++)
                json_array_append_new(list, listed(&jobs[i]));
        root = json_pack("{s:s, s:o, s:o}", "schema", "offpeak.jobs/1", "now_utc", utc(10), "jobs", list);
        text = json_dumps(root, 0);
        json_decref(root);
        return text;
}

static char *report_answer(const struct made *jobs, size_t n)
{
        json_t *list = json_array(), *root;
        char *text;

        for (size_t i = 0; i < n; i++)
                if (jobs[i].start == jobs[i].start && jobs[i].end <= 10)
                        json_array_append_new(list, reported(&jobs[i]));
        root = json_pack("{s:s, s:[{s:o}]}", "schema", "offpeak.report/1", "reports", "jobs", list);
        text = json_dumps(root, 0);
        json_decref(root);
        return text;
}

static void add_value(json_t *values, double from, double to, json_t *value)
{
        json_array_append_new(values, json_pack("{s:o, s:o, s:o}", "start_utc", utc(from), "end_utc", utc(to),
                                                "value_micro_per_mwh", value));
}

/* Known from three days before NIGHT to the end of the day that is on, but for a hole. */
static char *price_answer(double hole_from, double hole_to)
{
        json_t *values = json_array(), *root;
        char *text;

        add_value(values, -24 * 30, -72, json_null());
        for (int h = -72; h < 48; h++)
                add_value(values, h, h + 1,
                          h >= hole_from && h < hole_to ? json_null()
                                                        : json_integer(h == 2 || h == 3 ? 10000000 : 100000000));
        add_value(values, 48, 24 * 31, json_integer(100000000));
        root = json_pack("{s:s, s:[{s:s, s:[{s:s, s:o}]}]}", "schema", "offpeak.price/1", "sites", "name", "h",
                         "series", "kind", "price", "values", values);
        text = json_dumps(root, 0);
        json_decref(root);
        return text;
}

static const char *put(const char *name, const char *text)
{
        static char path[96];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
        return path;
}

/* What a daemon tells everybody of the file. */
static char *policy_answer(const char *text)
{
        struct offpeak_error err;
        struct config config;
        json_t *root;
        char *answer;

        if (config_read(put("old.yaml", text), &config, &err) != 0)
                fail_msg("%s", err.text);
        root = json_pack("{s:s, s:n, s:o}", "schema", "offpeak.policy/1", "source", "values",
                         config_document(&config, false));
        answer = json_dumps(root, 0);
        json_decref(root);
        config_finish(&config);
        return answer;
}

#define NODES                                                                                                          \
        "{\"schema\":\"offpeak.nodes/1\",\"nodes\":[{\"name\":\"n1\",\"site\":\"h\",\"status\":\"up\",\"gpus\":4,"     \
        "\"idle_w\":200,\"devices\":[{\"max_w\":500}]},{\"name\":\"n2\",\"site\":\"h\",\"status\":\"fenced\","         \
        "\"gpus\":8,\"idle_w\":200,\"devices\":[]}]}"

static void answer_with(struct fake_client *fake, const char *in_force, const struct made *jobs, size_t n, char *price)
{
        const char *const targets[] = { "policy", "jobs", "report", "price" };

        *fake = (struct fake_client){ 0 };
        answers[0] = policy_answer(in_force);
        answers[1] = list_answer(jobs, n);
        answers[2] = report_answer(jobs, n);
        answers[3] = price;
        for (size_t i = 0; i < 4; i++) {
                fake->documents[i].target = targets[i];
                fake->documents[i].document = answers[i];
        }
        fake->documents[4].target = "nodes";
        fake->documents[4].document = NODES;
}

/* ---- trying */

#define CLASS(delay) "  patient: {max_delay: " delay ", delay_cost_per_gpu_hour: 0, min_run: 5m, start_cost: 1m}\n"
#define SITE         "sites: {h: {currency: EUR, grid: {limit: 1 MW}}}\n"
#define OLD          SITE "classes:\n" CLASS("12h")

/* `policy try` of `new`, as it prints. */
static struct outcome try(struct fake_client *fake, const char *options, const char *new)
{
        char line[200];
        struct outcome outcome;

        snprintf(line, sizeof(line), "policy try %s %s", put("new.yaml", new), options);
        outcome = run_line(fake, line);
        for (size_t i = 0; i < 5; i++) {
                free(answers[i]);
                answers[i] = NULL;
        }
        return outcome;
}

static json_t *try_json(struct fake_client *fake, const char *options, const char *new)
{
        char all[100];
        struct outcome outcome;
        json_t *document;

        snprintf(all, sizeof(all), "--json %s", options);
        outcome = try(fake, all, new);
        if (outcome.code != 0)
                fail_msg("%d: %s", outcome.code, outcome.err.text);
        document = json_loads(outcome.text, 0, NULL);
        assert_non_null(document);
        free(outcome.text);
        return document;
}

static double number(const json_t *document, size_t row, const char *key)
{
        return json_number_value(json_object_get(json_array_get(json_object_get(document, "policies"), row), key));
}

static int64_t found(const json_t *document, const char *what, const char *key)
{
        const json_t *finding;
        size_t i;

        json_array_foreach(json_object_get(document, "findings"), i,
                           finding) if (strstr(json_string_value(json_object_get(finding, "what")), what) !=
                                        NULL) return json_integer_value(json_object_get(finding, key));
        return 0;
}

static bool remarked(const json_t *document, const char *text)
{
        const json_t *remark;
        size_t i;

        json_array_foreach(json_object_get(document, "remarks"), i,
                           remark) if (strstr(json_string_value(remark), text) != NULL) return true;
        return false;
}

#define NEVER   __builtin_nan("")
#define N(list) (sizeof(list) / sizeof((list)[0]))

/* Job 1 waited for the night: 2 kW for two hours at 10 EUR/MWh. Job 2 did not wait: 1 kW for an hour at 100. */
static const struct made two[] = {
        { 1, "done", "patient", NULL, -4, 2, 4, 2, 2000, 0 },
        { 2, "done", "patient", NULL, 5, 5, 6, 1, 1000, 0 },
};

static void what_happened_beside_replays(void **state)
{
        struct fake_client fake;
        json_t *document;

        (void)state;
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        document = try_json(&fake, "--replay 1d", OLD);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.policy_try/1");
        assert_int_equal(json_integer_value(json_object_get(document, "jobs")), 2);
        assert_int_equal(json_integer_value(json_object_get(document, "gpus")), 4); /* fenced ones are none */
        assert_float_equal(number(document, 0, "cost"), 0.04 + 0.1, 1e-9);
        assert_float_equal(number(document, 0, "energy_mwh"), 0.005, 1e-12);
        assert_float_equal(number(document, 0, "mean_delay_h"), (6 + 2 * 60 / 3600.0) / 2, 1e-9);
        assert_int_equal((int)number(document, 0, "starts"), 2);
        /* twice the same policy: twice the same, and job 1 waits as it did */
        assert_float_equal(number(document, 1, "cost"), number(document, 2, "cost"), 0);
        assert_float_equal(number(document, 1, "cost"), 0.14, 0.005);
        assert_float_equal(json_number_value(json_object_get(json_object_get(document, "change"), "cost")), 0, 0);
        assert_float_equal(json_number_value(json_object_get(json_object_get(document, "model_error"), "cost")),
                           number(document, 1, "cost") - number(document, 0, "cost"), 1e-9);
        /* at once: from 20:00 on, at 100 */
        assert_float_equal(number(document, 3, "cost"), 0.4 + 0.1, 1e-9);
        assert_float_equal(number(document, 3, "energy_mwh"), 0.005, 1e-12);
        assert_float_equal(number(document, 0, "net_saving"), 0.36, 1e-9);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "booked"), "cost_micro")), 8642);
        assert_int_equal(json_array_size(json_object_get(document, "findings")), 0);
        assert_true(remarked(document, "1 nodes of site h are fenced"));
        assert_int_equal(json_array_size(json_object_get(document, "remarks")), 1);
        json_decref(document);
}

static void a_policy_that_waits_less_costs_more(void **state)
{
        struct fake_client fake;
        json_t *document;

        (void)state;
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        document = try_json(&fake, "--replay 1d", SITE "classes:\n" CLASS("1h"));
        assert_float_equal(number(document, 2, "cost"), 0.5, 1e-9);
        assert_true(number(document, 2, "mean_delay_h") <= 1.1);
        assert_float_equal(json_number_value(json_object_get(json_object_get(document, "change"), "cost")),
                           0.5 - number(document, 1, "cost"), 1e-9);
        json_decref(document);
}

static void the_questions_asked(void **state)
{
        static const char *const calls[] = {
                "querypolicy",
                "queryjobs{\"all\":true}",
                "queryreport{\"from_utc\":\"2026-11-15T10:00:00Z\",\"to_utc\":\"2026-11-22T10:00:00Z\",\"steps\":true}",
                "querynodes",
                "queryprice{\"from_utc\":\"2026-09-20T10:00:00Z\",\"to_utc\":\"2026-12-22T10:00:00Z\"}",
        };
        struct fake_client fake;
        size_t asked = 0;

        (void)state;
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        json_decref(try_json(&fake, "--replay 7d", OLD));
        assert_int_equal(fake.opened, 1);
        for (unsigned i = 0; i < fake.n_calls; i++) {
                char plain[256];
                size_t n = 0;

                if (strncmp(fake.calls[i], "query", 5) != 0)
                        continue;
                for (const char *at = fake.calls[i]; *at != '\0'; at++)
                        if (*at != ' ')
                                plain[n++] = *at;
                plain[n] = '\0';
                assert_true(asked < N(calls));
                if (strncmp(plain, calls[asked], strlen(calls[asked])) != 0)
                        fail_msg("%s is not %s", plain, calls[asked]);
                asked++;
        }
        assert_int_equal(asked, N(calls));
}

/* ---- what is left out */

static void left_out_and_why(void **state)
{
        static const struct made jobs[] = {
                { 1, "done", "patient", NULL, -4, 2, 4, 2, 2000, 0 },
                { 2, "queued", "patient", NULL, 5, NEVER, NEVER, 1, 1000, 0 },
                { 3, "cancelled", "patient", NULL, 5, NEVER, 6, 1, 1000, 0 },
                { 4, "failed", "patient", NULL, 5, 5, 7, 1, 1000, 0 },
                { 5, "done", "patient", NULL, -30, -5, -4, 1, 1000, 0 },
                { 6, "done", "patient", NULL, 5, NEVER, 6, 1, 1000, 0 },
                { 7, "done", "patient", NULL, -40, -39, -38, 1, 1000, 0 }, /* before the time: of no concern */
                { 8, "done", "patient", "l", 5, 5, 6, 1, 1000, 0 },
                { 9, "done", "default", NULL, 5, 5, 6, 8, 1000, 0 },
                { 10, "done", "patient", NULL, 5, 5, 6, 3, 1000, 0 },
                { 11, "done", "patient", NULL, 3, 4, 5, 1, 1000, 1 },
        };
        struct fake_client fake;
        json_t *document;

        (void)state;
        answer_with(&fake,
                    "sites: {h: {currency: EUR, grid: {}}, l: {currency: EUR, grid: {}}}\nclasses:\n" CLASS("12h"),
                    jobs, N(jobs), price_answer(0, 0));
        document = try_json(&fake, "--replay 1d",
                            SITE "classes:\n  patient: {max_delay: 12h, delay_cost_per_gpu_hour: 0, start_cost: 1m, "
                                 "quota: {gpus: 2}}\n");
        assert_int_equal(json_integer_value(json_object_get(document, "jobs")), 2);
        assert_int_equal(found(document, "still wait or run", "first_job"), 2);
        assert_int_equal(found(document, "cancelled", "first_job"), 3);
        assert_int_equal(found(document, "failed", "first_job"), 4);
        assert_int_equal(found(document, "before this time", "first_job"), 5);
        assert_int_equal(found(document, "without a record", "first_job"), 6);
        assert_int_equal(found(document, "policies lacks", "first_job"), 8);
        assert_int_equal(found(document, "no nodes hold", "first_job"), 9);
        assert_int_equal(found(document, "more GPUs than", "first_job"), 10);
        assert_int_equal(found(document, "came after others", "first_job"), 11);
        assert_int_equal(json_array_size(json_object_get(document, "findings")), 9);
        /* 4: two hours; 5, 8: one; 9: one on eight; 10: one on three */
        assert_int_equal(json_integer_value(json_object_get(document, "left_out_gpu_s")), 3600 * (2 + 1 + 1 + 8 + 3));
        assert_true(remarked(document, "site l is not in"));
        /* job 11 was submitted at 03:00, and could run from 04:00 on, when job 1 had ended */
        assert_float_equal(number(document, 0, "mean_delay_h"), (6 + 2 * 60 / 3600.0) / 2, 1e-9);
        json_decref(document);
}

static void what_the_new_policy_lacks(void **state)
{
        struct fake_client fake;
        json_t *document;

        (void)state;
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        document = try_json(&fake, "--replay 1d",
                            "sites: {h: {currency: EUR, grid: {}, ppa: {w: {kind: as_produced, carbon_g_per_kwh: 0, "
                            "strike_per_mwh: 4, series: w.csv}}}, "
                            "m: {currency: EUR, grid: {}, battery: {energy: 1 MWh, power: 1 MW}}}\n"
                            "classes: {default: {delay_cost_per_gpu_hour: 0.01}}\n");
        assert_true(remarked(document, "class patient is not in "));
        assert_true(remarked(document, "its jobs, 2 here, go by class default"));
        assert_true(remarked(document, "has another delay_cost"));
        assert_true(remarked(document, "site m is new in "));
        assert_true(remarked(document, "agreement w of site h is new in "));
        assert_float_equal(number(document, 0, "cost"), 0.14, 1e-9);
        assert_float_equal(number(document, 0, "delay_cost"), 0, 0);
        json_decref(document);
}

/* From 03:00 to 04:00 nobody knows the price: that half of job 1 is in no cost. */
static void unknown_prices_are_told(void **state)
{
        struct fake_client fake;
        struct outcome outcome;

        (void)state;
        answer_with(&fake, OLD, two, N(two), price_answer(3, 4));
        outcome = try(&fake, "--replay 1d", OLD);
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.text, "no price is known of 2.0 kWh of it"));
        assert_non_null(strstr(outcome.text, "what happened"));
        assert_non_null(strstr(outcome.text, "0.12 EUR"));
        free(outcome.text);
}

/* A job of 09:00 that may wait longer than its past lasted: what it then draws is at prices that nobody paid. */
static void hours_after_now_are_told(void **state)
{
        static const struct made jobs[] = { { 1, "done", "patient", NULL, 8, 8, 9, 1, 1000, 0 } };
        struct fake_client fake;
        json_t *document, *price = json_loads(answers[3] = price_answer(0, 0), 0, NULL), *values, *value;
        size_t i;

        (void)state;
        free(answers[3]);
        values = json_object_get(
                json_array_get(json_object_get(json_array_get(json_object_get(price, "sites"), 0), "series"), 0),
                "values");
        json_array_foreach(values, i, value) if (strcmp(json_string_value(json_object_get(value, "start_utc")),
                                                        "2026-11-22T15:00:00Z") == 0)
                json_object_set_new(value, "value_micro_per_mwh", json_integer(-50000000));
        answer_with(&fake, OLD, jobs, 1, json_dumps(price, 0));
        json_decref(price);
        document = try_json(&fake, "--replay 1d", OLD);
        assert_float_equal(number(document, 2, "cost"), -0.05, 0.003);
        assert_float_equal(number(document, 2, "after_now_mwh"), 0.001, 1e-9);
        assert_float_equal(number(document, 0, "after_now_mwh"), 0, 0);
        json_decref(document);
}

/* An address is shown without its query and headers without values: the policy can be read all the same. */
static void addresses_that_are_cut_do_not_matter(void **state)
{
        struct fake_client fake;
        json_t *document;

        (void)state;
        answer_with(&fake,
                    "log_level: debug\nsites: {h: {currency: EUR, grid: {limit: 1 MW, price: {url: "
                    "\"https://a.example/p?key=1\", every: 5m, headers: {X-Key: secret}}}}}\nclasses:\n" CLASS("12h"),
                    two, N(two), price_answer(0, 0));
        document = try_json(&fake, "--replay 1d", OLD);
        assert_float_equal(number(document, 1, "cost"), number(document, 2, "cost"), 0);
        json_decref(document);
}

/* ---- what cannot be tried */

static void refused(struct fake_client *fake, const char *new, int code, const char *says)
{
        struct outcome outcome = try(fake, "--replay 1d", new);

        if (outcome.code != code || strstr(outcome.err.text, says) == NULL)
                fail_msg("%d: %s", outcome.code, outcome.err.text);
        free(outcome.text);
}

static void what_cannot_be_tried(void **state)
{
        static const struct made wide[] = { { 1, "done", "patient", NULL, 5, 5, 6, 8, 1000, 0 } };
        struct fake_client fake;

        (void)state;
        answer_with(&fake, OLD, two, 0, price_answer(0, 0));
        refused(&fake, OLD, OFFPEAK_ENOTFOUND, "no job was submitted and done in the last 1d: there is nothing to try");
        answer_with(&fake, OLD, wide, 1, price_answer(0, 0));
        refused(&fake, OLD, OFFPEAK_ENOTFOUND, "but there are 1 jobs that no nodes hold");
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        refused(&fake, "sites: {m: {currency: EUR, grid: {}}}\n", OFFPEAK_ENOTFOUND, "no site that the cluster has");
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        refused(&fake, "sites: {h: {currency: SEK, grid: {}}}\n", OFFPEAK_EINVAL, "nobody adds these up");
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        refused(&fake, "sites: {h: {currency: EUR, grid: {limit: 100 W}}}\n", OFFPEAK_ENOTFOUND,
                "but there are 2 jobs that no nodes hold which are there now, or no site has the power for");
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        refused(&fake, "sites: {h: {currency: EUR, gird: {}}}\n", OFFPEAK_EINVAL, "policy check");
        assert_int_equal(fake.opened, 0); /* nobody is asked for a file that is wrong */
}

static void as_text(void **state)
{
        struct fake_client fake;
        struct outcome outcome;

        (void)state;
        answer_with(&fake, OLD, two, N(two), price_answer(0, 0));
        outcome = try(&fake, "--replay 1d", SITE "classes:\n" CLASS("1h"));
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.text, "2 jobs on 4 GPUs, submitted from 2026-11-21 to 2026-11-22\n"));
        assert_non_null(strstr(outcome.text, "in force, replayed"));
        assert_non_null(strstr(outcome.text, "new.yaml, replayed"));
        assert_non_null(strstr(outcome.text, "run at once"));
        assert_non_null(strstr(outcome.text, "drew 5.0 kWh and cost 0.0086 EUR"));
        assert_non_null(strstr(outcome.text, "replayed against what happened, the same policy: "));
        assert_non_null(strstr(outcome.text, "new.yaml against the policy in force, both replayed: +0.36 EUR (+2"));
        free(outcome.text);
}

static int set_up(void **state)
{
        (void)state;
        assert_non_null(mkdtemp(folder));
        return 0;
}

static int tear_down(void **state)
{
        static const char *const names[] = { "old.yaml", "new.yaml" };
        char path[96];

        (void)state;
        for (size_t i = 0; i < N(names); i++) {
                snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                unlink(path);
        }
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_happened_beside_replays), cmocka_unit_test(a_policy_that_waits_less_costs_more),
                cmocka_unit_test(the_questions_asked),          cmocka_unit_test(left_out_and_why),
                cmocka_unit_test(what_the_new_policy_lacks),    cmocka_unit_test(unknown_prices_are_told),
                cmocka_unit_test(hours_after_now_are_told),     cmocka_unit_test(addresses_that_are_cut_do_not_matter),
                cmocka_unit_test(what_cannot_be_tried),         cmocka_unit_test(as_text),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
