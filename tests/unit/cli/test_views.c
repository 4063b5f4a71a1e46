/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_views.c - what people see: documents from tests/fixtures/cli as text, compared with the text beside them.
 * With OFFPEAK_WRITE_GOLDEN set in the environment the texts are written instead: look at them before they are kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/document.h"
#include "cli/views.h"

#define FIXTURES OFFPEAK_SOURCE_DIR "/tests/fixtures/cli/"

typedef int (*view)(const json_t *document, const struct screen *screen, FILE *out);

static json_t *load(const char *name)
{
        char path[512];
        json_t *document;

        snprintf(path, sizeof(path), FIXTURES "%s.json", name);
        document = json_load_file(path, 0, NULL);
        assert_non_null(document);
        return document;
}

static char *render(view print, const json_t *document, struct screen screen)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        screen.now = document_time(document, "now_utc");
        assert_int_equal(print(document, &screen, out), 0);
        fclose(out);
        return text;
}

static char *read_golden(const char *path)
{
        FILE *file = fopen(path, "re");
        char *text = calloc(1, 65536);

        if (file == NULL)
                fail_msg("no %s", path);
        assert_true(fread(text, 1, 65535, file) > 0);
        fclose(file);
        return text;
}

static void compare(const char *golden, const char *text)
{
        char path[512], *expected;

        snprintf(path, sizeof(path), FIXTURES "%s.txt", golden);
        if (getenv("OFFPEAK_WRITE_GOLDEN") != NULL) {
                FILE *file = fopen(path, "we");

                assert_non_null(file);
                fputs(text, file);
                fclose(file);
                return;
        }
        expected = read_golden(path);
        if (strcmp(expected, text) != 0)
                fail_msg("%s differs. Expected:\n%s\nbut it is:\n%s", path, expected, text);
        free(expected);
}

static void check(const char *name, const char *golden, view print, struct screen screen)
{
        json_t *document = load(name);
        char *text = render(print, document, screen);

        compare(golden, text);
        free(text);
        json_decref(document);
}

static const struct screen plain = { .width = 100 };
static const struct screen terminal = { .width = 120, .utf8 = true, .colour = true };

static void jobs_are_a_table(void **state)
{
        (void)state;
        check("jobs", "jobs", view_jobs, plain);
        check("jobs_all", "jobs_all", view_jobs, plain);
}

static void a_terminal_gets_utf8_bars(void **state)
{
        (void)state;
        check("jobs", "jobs_terminal", view_jobs, terminal);
}

static void a_job_is_told_in_full(void **state)
{
        (void)state;
        check("job_planned", "show_planned", view_show, plain);
        check("job_paused", "show_paused", view_show, plain);
}

static void hours_are_explained(void **state)
{
        (void)state;
        check("job_planned", "explain_planned", view_explain, plain);
        check("job_paused", "explain_paused", view_explain, plain);
        check("job_late", "explain_late", view_explain, plain);
}

/* The planned job's explanation with its blockers, or the job with some of its facts, as explain has it. */
static char *explain_with(const char *limit, json_t *blocker, json_t *changes)
{
        json_t *document = load("job_planned"), *job = json_object_get(document, "job");
        json_t *blockers = json_object_get(json_object_get(job, "explanation"), "blockers");
        char *text;

        if (limit != NULL) {
                json_object_set_new(json_array_get(blockers, 0), "limit", json_string(limit));
                assert_int_equal(json_object_update_new(json_array_get(blockers, 0), blocker), 0);
        }
        assert_int_equal(json_object_update_new(job, changes), 0);
        text = render(view_explain, document, plain);
        json_decref(document);
        return text;
}

static void expect_in(char *text, const char *part)
{
        if (strstr(text, part) == NULL)
                fail_msg("no \"%s\" in:\n%s", part, text);
        free(text);
}

/* Two hours planned, the first and the second under such caps; 0: under none. */
static char *explain_capped(double first, double second)
{
        json_t *planned =
                json_pack("[{s:s, s:s, s:s, s:i}, {s:s, s:s, s:s, s:i}]", "start_utc", "2025-06-11T15:00:00Z",
                          "end_utc", "2025-06-11T16:00:00Z", "site", "hanford", "gpus", 8, "start_utc",
                          "2025-06-11T16:00:00Z", "end_utc", "2025-06-11T17:00:00Z", "site", "hanford", "gpus", 8);
        const double caps[] = { first, second };

        for (size_t i = 0; i < 2; i++)
                json_object_set_new(json_array_get(planned, i), "cap", caps[i] > 0 ? json_real(caps[i]) : json_null());
        return explain_with(NULL, NULL, json_pack("{s:o}", "planned", planned));
}

static void nodes_that_are_out_are_told(void **state)
{
        json_t *document = load("job_planned"), *job = json_object_get(document, "job");

        (void)state;
        json_object_set_new(job, "waits_for", json_string("features"));
        json_object_set_new(job, "nodes_out", json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:n}]", "name", "n2", "status", "drained",
                                                        "drain_reason", "fan 3 fails", "name", "n4", "status", "silent",
                                                        "drain_reason"));
        expect_in(render(view_show, document, plain), "  waits for   nodes that have what its --constraint asks for\n"
                                                      "              n2 is drained: fan 3 fails\n"
                                                      "              n4 is silent\n");
        json_decref(document);
}

static void caps_are_explained(void **state)
{
        char *text = explain_capped(0, 0);

        (void)state;
        assert_null(strstr(text, "capped"));
        free(text);
        expect_in(explain_capped(0.7, 0.7), "  its GPUs are capped at 70 % of their limit: less power, for more time.");
        expect_in(explain_capped(0.7, 0.704), "  its GPUs are capped at 70 % of their limit: less power, for more time.");
        expect_in(explain_capped(0.8, 0.55),
                  "  its GPUs are capped at 55 to 80 % of their limit: less power, for more time.");
        expect_in(explain_capped(0, 0.6),
                  "  its GPUs are capped at 60 % of their limit for 1 h of its hours: less power");
}

static void every_limit_has_words(void **state)
{
        (void)state;
        expect_in(explain_with("gpus", json_pack("{s:i}", "missing_gpus", 1), json_object()),
                  "with: 1 more GPU free 15:00-17:00: 2.10 EUR less, 15:00-21:00\n");
        expect_in(explain_with("power", json_object(), json_object()),
                  "with: the cheaper power that others draw: 2.10 EUR less");
        expect_in(explain_with("max_delay", json_object(), json_object()),
                  "with: a longer max_delay (class nightly): 2.10 EUR less");
        expect_in(explain_with("min_run", json_object(), json_object()), "with: a shorter min_run (class nightly): ");
        expect_in(explain_with("pauses", json_object(), json_object()), "with: more pauses (class nightly): ");
        expect_in(explain_with("pauses", json_object(), json_pack("{s:b}", "interruptible", 0)),
                  "with: --interruptible yes: ");
        expect_in(explain_with("begin", json_object(), json_object()), "with: --begin 15:00: ");
        expect_in(explain_with("moon", json_object(), json_object()), "with: moon: 2.10 EUR less"); /* of a later version */
        expect_in(explain_with("gpus", json_pack("{s:i}", "saving_micro", 20), json_object()), "at the same cost");
}

static void a_late_job_is_told_what_helps(void **state)
{
        const char *format = "{s:{s:s, s:i, s:s, s:s, s:s, s:s}, s:s}";
        const char *noon = "2026-11-23T12:00:00Z", *ten = "2026-11-23T10:00:00Z";

        (void)state;
        expect_in(explain_with(NULL, NULL, json_pack(format, "deadline_fit", "cause", "time", "missing_gpu_s", 7200,
                                                     "limit_utc", ten, "earliest_utc", noon, "deadline_utc", noon,
                                                     "begin_utc", "2026-11-23T04:00:30Z", "limit", "deadline")),
                  "  it is late, because the time is too short, even if it were alone: 2 GPU-hours of it do not fit before "
                  "10:00.\n  it can be done by 12:00 at the earliest; --deadline 12:00 would do, and so would --begin "
                  "04:00.\n");
        expect_in(explain_with(NULL, NULL, json_pack(format, "deadline_fit", "cause", "power", "missing_gpu_s", 7200,
                                                     "limit_utc", ten, "earliest_utc", noon, "deadline_utc", noon,
                                                     "begin_utc", "2026-11-23T04:00:30Z", "limit", "max_delay")),
                  "because there is not the power for it: 2 GPU-hours of it do not fit before 10:00.\n  it can be done by "
                  "12:00 at the earliest; --begin 04:00 would do.\n");
}

/* The planned job with some of its facts changed, as show has it. */
static char *show_with(json_t *changes)
{
        json_t *document = load("job_planned");
        char *text;

        assert_int_equal(json_object_update_new(json_object_get(document, "job"), changes), 0);
        text = render(view_show, document, plain);
        json_decref(document);
        return text;
}

static void a_classs_limit_is_not_called_a_deadline(void **state)
{
        char *text = show_with(json_pack("{s:s, s:s, s:n}", "reason", "deadline", "limit", "max_delay", "deadline_utc"));

        (void)state;
        assert_non_null(strstr(text, "because     cheaper hours lie behind the max_delay of class nightly\n"));
        free(text);
        text = show_with(json_pack("{s:s, s:s}", "reason", "deadline", "limit", "deadline"));
        assert_non_null(strstr(text, "because     cheaper hours lie behind its deadline\n"));
        free(text);
}

static void a_job_that_waits_for_its_begin_says_so(void **state)
{
        char *text = show_with(json_pack("{s:s}", "begin_utc", "2026-11-22T23:00:00Z"));

        (void)state;
        assert_non_null(strstr(text, "because     it may start not before its --begin 23:00\n"));
        free(text);
        text = show_with(json_pack("{s:s}", "begin_utc", "2026-11-22T22:00:00Z")); /* it waits for more than that */
        assert_null(strstr(text, "--begin"));
        free(text);
}

/* What of a month's GPU-hours is used, wherever the job is looked at closely. */
static void gpu_hours_of_a_month_are_told(void **state)
{
        json_t *changes = json_pack("{s:s, s:s, s:{s:i, s:f, s:s}}", "waits_for", "gpu_hours", "reason", "gpu hours",
                                    "gpu_hours", "per_month", 500, "used", 480.25, "free_utc", "2026-12-01T00:00:00Z");
        char *text = show_with(json_incref(changes));

        (void)state;
        assert_non_null(strstr(text,
                               "because     its class's GPU-hours of this month are used up, or promised to those "
                               "before it\n"));
        assert_non_null(strstr(text, "waits for   GPU-hours of its class\n"));
        expect_in(text,
                  "GPU-hours   480.2 of the 500 GPU-hours that its class may hold this month are used; all are free "
                  "again 2026-12-01 00:00\n");
        expect_in(explain_with(NULL, NULL, changes), "  480.2 of the 500 GPU-hours that its class may hold this month");
}

/* The rank that failed first, and what it said. */
static void a_failure_is_told(void **state)
{
        const char *format = "{s:s, s:i, s:{s:i, s:s, s:i, s:s, s:O, s:O, s:b, s:s, s:s, s:[s, s]}}";
        json_t *none = json_null(), *code = json_integer(1), *signal = json_string("KILL"), *changes;

        (void)state;
        expect_in(show_with(json_pack(format, "status", "failed", "nodes", 2, "failure", "attempt", 2, "node", "n3",
                                      "rank", 1, "how", "exit", "exit_code", code, "exit_signal", none, "killed", 0,
                                      "at_utc", "2026-11-22T22:00:00Z", "why", "cannot run x", "last_lines",
                                      "Traceback\x07", "  boom")),
                  "  failed      attempt 2 on n3 (rank 1), 22:00: exited with 1\n"
                  "              cannot run x\n"
                  "  it said     | Traceback?\n"
                  "              |   boom\n");
        expect_in(show_with(json_pack(format, "status", "running", "nodes", 1, "failure", "attempt", 2, "node", "n3",
                                      "rank", 0, "how", "exit", "exit_code", none, "exit_signal", signal, "killed", 0,
                                      "at_utc", "2026-11-22T22:00:00Z", "why", "", "last_lines", "a", "b")),
                  "  last failed attempt 2 on n3, 22:00: killed by SIGKILL\n");
        changes = json_pack(format, "status", "failed", "nodes", 1, "failure", "attempt", 1, "node", "n3", "rank", 2,
                            "how", "exit", "exit_code", code, "exit_signal", none, "killed", 0, "at_utc",
                            "2026-11-22T22:00:00Z", "why", "out of memory", "last_lines", "a", "b");
        json_object_set_new(changes, "launcher", json_string("gpu"));
        json_object_set_new(json_object_get(changes, "failure"), "path", json_string("/home/ana/2.err"));
        expect_in(show_with(changes),
                  "  failed      attempt 1 on n3 (rank 2), 22:00: exited with 1\n"
                  "              out of memory\n"
                  "  it said     | a\n"
                  "              | b\n"
                  "  in file     /home/ana/2.err\n");
        expect_in(show_with(json_pack(format, "status", "retrying", "nodes", 2, "failure", "attempt", 2, "node", "n3",
                                      "rank", 1, "how", "not_ready", "exit_code", none, "exit_signal", none, "killed",
                                      0, "at_utc", "2026-11-22T22:00:00Z", "why",
                                      "node n3 did not get ready within 30 s", "last_lines", "a", "b")),
                  "  last failed attempt 2 on n3 (rank 1), 22:00: not ready in time\n"
                  "              node n3 did not get ready within 30 s\n");
        json_decref(code);
        json_decref(signal);
}

static json_t *pinned(bool kept)
{
        return json_pack("{s:s, s:{s:b, s:[{s:s, s:s}]}}", "reason", kept ? "pinned" : "at once", "pinned", "kept",
                         kept, "hours", "start_utc", "2026-11-22T23:00:00Z", "end_utc", "2026-11-23T05:00:00Z");
}

static void pins_are_told(void **state)
{
        char *text = show_with(pinned(true));

        (void)state;
        assert_non_null(strstr(text, "when        23:00-05:00, pinned\n"));
        assert_non_null(strstr(text, "because     it is pinned to them\n"));
        expect_in(text, "  pinned      23:00-05:00\n");
        text = explain_with(NULL, NULL, pinned(true));
        assert_null(strstr(text, "  it is pinned to"));
        free(text);
        expect_in(show_with(pinned(false)),
                  "  pinned      23:00-05:00, which it cannot have as things are: planned as any "
                  "other until it can\n");
        expect_in(explain_with(NULL, NULL, pinned(false)),
                  "  it is pinned to 23:00-05:00, which it cannot have as things are");
}

static json_t *other(int id, const char *kind, const char *status, bool ended, const char *finish)
{
        return json_pack("{s:i, s:s, s:s, s:s, s:b, s:s?}", "id", id, "name", "prep", "kind", kind, "status", status,
                         "ended", ended, "planned_finish_utc", finish);
}

static void a_job_names_those_it_waits_for(void **state)
{
        const char *eleven = "2026-11-22T23:00:00Z";
        json_t *changes = json_pack("{s:s, s:[o, o]}", "waits_for", "dependency", "after",
                                    other(41, "afterok", "running", false, eleven), other(40, "afterany", "done", true, NULL));
        char *text = show_with(json_incref(changes));

        (void)state;
        assert_non_null(strstr(text, "when        23:00-05:00, after 41\n"));
        assert_non_null(strstr(text, "because     it starts when 41 has ended\n"));
        assert_non_null(strstr(text, "waits for   the end of what it comes after\n"));
        assert_non_null(strstr(text, "after       41 prep, running, planned to end 23:00\n"));
        expect_in(text, "            40 prep, done\n");
        expect_in(explain_with("dependency", json_object(), json_incref(changes)), "with: an end of 41 by 15:00: 2.10 EUR less");
        text = explain_with(NULL, NULL, changes);
        assert_null(strstr(text, "prep (40)"));
        expect_in(text, "  it comes after prep (41): running, planned to end 23:00.\n");
        text = show_with(json_pack("{s:s, s:[], s:n, s:[o, o, o, o]}", "waits_for", "dependency", "planned", "reason", "after",
                                   other(1, "afterok", "held", false, NULL), other(2, "afterok", "held", false, NULL),
                                   other(3, "afterany", "held", false, NULL), other(4, "afterok", "held", false, NULL)));
        assert_non_null(strstr(text, "            3 prep, held (in whatever way it ends)\n"));
        expect_in(text, "when        after 1, 2 and 2 more\n");
}

static void a_job_that_can_never_start_says_why(void **state)
{
        json_t *changes = json_pack("{s:s, s:s, s:[], s:n, s:[o]}", "waits_for", "dependency_never", "status", "held",
                                    "planned", "reason", "after", other(41, "afterok", "failed", true, NULL));
        char *text = show_with(json_incref(changes));

        (void)state;
        assert_non_null(strstr(text, "when        until released: 41 failed\n"));
        expect_in(text, "waits for   its release, to run it all the same: offpeak release");
        expect_in(explain_with(NULL, NULL, changes), "  it comes after prep (41): failed.\n  `offpeak release` runs it");
}

/* A paused job as `explain` and `jobs` have it; the word stands alone behind the hours. */
static void expect_pause(json_t *pause, const char *sentence, const char *word)
{
        json_t *document = load("job_paused"), *job = json_object_get(document, "job"), *list;
        char *text;

        if (json_is_object(pause))
                assert_int_equal(json_object_update(json_object_get(job, "last_pause"), pause), 0);
        else
                json_object_set(job, "last_pause", pause);
        json_decref(pause);
        text = render(view_explain, document, plain);
        if (sentence == NULL && strstr(text, "paused 13:00") != NULL)
                fail_msg("says when in:\n%s", text);
        expect_in(text, sentence != NULL ? sentence : "");
        list = json_pack("{s:O, s:[O]}", "now_utc", json_object_get(document, "now_utc"), "jobs", job);
        text = render(view_jobs, list, plain);
        expect_in(text, word);
        json_decref(list);
        json_decref(document);
}

static void a_pause_tells_its_cause(void **state)
{
        const char *format = "{s:s}";

        (void)state;
        expect_pause(json_object(), "  it was paused 13:00, because the site may draw 8.0 MW (capacity, pushed) and drew 12.6 MW.\n",
                     "  resumes 01:00  power  ");
        expect_pause(json_pack("{s:n, s:n}", "signal", "signal_use"), "may draw 8.0 MW and drew 12.6 MW.\n", "  power  ");
        expect_pause(json_pack("{s:n, s:n}", "limit_w", "drawn_w"), "because power was short.\n", "  power  ");
        expect_pause(json_pack(format, "cause", "cost"), "because later hours are cheaper.\n", "  cost  ");
        expect_pause(json_pack(format, "cause", "demand_peak"),
                     "because the site drew 12.6 MW, more than the 8.0 MW that its demand charge is for.\n", "  peak  ");
        expect_pause(json_pack("{s:s, s:s}", "cause", "move", "to_site", "lulea"), "because it goes on at lulea.\n", "  move  ");
        expect_pause(json_pack("{s:s, s:i}", "cause", "room", "job", 42), "because job 42 needed the room.\n", "  job 42  ");
        expect_pause(json_pack(format, "cause", "owner"), "because its owner put it on hold.\n", "  owner  ");
        expect_pause(json_pack(format, "cause", "operator"), "because an operator put it on hold.\n", "  operator  ");
        expect_pause(json_pack("{s:n}", "cause"), "because of what is not on record.\n", "  hours  ");
        expect_pause(json_pack("{s:i}", "attempt", 1), "  it was last paused 13:00, because the site may draw", "  hours  ");
        expect_pause(json_null(), NULL, "  hours  ");
}

static void a_job_that_moves_says_from_where_to_where(void **state)
{
        const char *one = "2026-11-23T01:00:00Z";
        json_t *changes = json_pack("{s:i, s:s, s:i, s:[{s:s, s:s, s:s, s:i}], s:[{s:s, s:s, s:s}]}", "attempts", 1, "status",
                                    "paused", "move_mb", 500000, "moves", "from", "hanford", "to", "lulea", "start_utc", one,
                                    "cost_micro", 10000000, "planned", "start_utc", one, "end_utc", "2026-11-23T05:00:00Z", "site", "lulea");
        char *text = show_with(json_incref(changes));

        (void)state;
        assert_non_null(strstr(text, "when        resumes 01:00 at lulea\n"));
        expect_in(text, "moves       from hanford to lulea with 500 GB (10.00 EUR), goes on 01:00\n");
        expect_in(explain_with(NULL, NULL, json_incref(changes)),
                  "  it moves from hanford to lulea and goes on there 01:00, for 10.00 EUR beside the power");
        expect_in(explain_with(NULL, NULL, json_incref(changes)), "\n  at hanford power costs it ");
        json_object_set_new(json_array_get(json_object_get(changes, "moves"), 0), "cost_micro", json_integer(0));
        expect_in(explain_with(NULL, NULL, changes), "goes on there 01:00: that costs nothing beside the power, as move_gb");
}

/* A cap comes and goes while the job runs: that is no pause. */
static void a_cap_is_no_pause(void **state)
{
        static const char *const hours[][4] = {
                /* status, when the second of two spans begins, its GPUs, the line */
                { "planned", "2026-11-22T23:30:00Z", "8", "23:00-05:00" },
                { "planned", "2026-11-22T23:30:00Z", "4", "23:00-05:00, 1 pause" },
                { "planned", "2026-11-22T23:45:00Z", "8", "23:00-05:00, 1 pause" },
                { "running", "2026-11-22T23:30:00Z", "8", "until 05:00" },
                { "running", "2026-11-22T23:45:00Z", "8", "until 23:30, again 23:45" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
                json_t *first = json_pack("{s:s, s:s, s:s, s:i, s:f}", "start_utc", "2026-11-22T23:00:00Z", "end_utc",
                                          "2026-11-22T23:30:00Z", "site", "hanford", "gpus", 8, "cap", 0.55);
                json_t *second = json_pack("{s:s, s:s, s:s, s:i, s:n}", "start_utc", hours[i][1], "end_utc",
                                           "2026-11-23T05:00:00Z", "site", "hanford", "gpus", atoi(hours[i][2]), "cap");
                char *text = show_with(json_pack("{s:s, s:[o, o]}", "status", hours[i][0], "planned", first, second));
                char line[64];

                snprintf(line, sizeof(line), "  when        %s\n", hours[i][3]);
                assert_non_null(strstr(text, line));
                free(text);
        }
}

/* Planned to Mon 05:00, and done two days later; at once it would cost a cent less. */
static void a_job_longer_than_the_plan_says_so(void **state)
{
        char *text = show_with(json_pack("{s:s, s:s, s:n, s:i, s:i}", "reason", "beyond the horizon",
                                         "planned_finish_utc", "2026-11-25T05:00:00Z", "deadline_utc",
                                         "planned_cost_micro", 31400000, "planned_run_now_cost_micro", 31390000));

        (void)state;
        assert_non_null(strstr(text, "when        23:00-Wed 05:00, beyond what is planned\n"));
        assert_non_null(strstr(text, "cost        31.40 EUR so far planned\n"));
        assert_non_null(strstr(text, "planned     31.40 EUR so far planned, 31.39 EUR at once (0 % saved)\n"));
        free(text);
}

static int submitted_in_time(const json_t *document, const struct screen *screen, FILE *out)
{
        return view_submitted(document, NULL, screen, out);
}

/* The planned job at such a cost, and such a one at once, as `show`, `explain`, `submit` and `jobs` tell it. */
static char *priced(int64_t planned, int64_t run_now)
{
        static const view views[] = { view_show, view_explain, submitted_in_time };
        json_t *document = load("job_planned"), *job = json_object_get(document, "job"), *list;
        char *all = calloc(1, 65536), *text;

        json_object_set_new(job, "planned_cost_micro", json_integer(planned));
        json_object_set_new(job, "planned_run_now_cost_micro", json_integer(run_now));
        for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
                text = render(views[i], document, plain);
                strcat(all, text);
                free(text);
        }
        list = json_pack("{s:[O], s:O}", "jobs", job, "now_utc", json_object_get(document, "now_utc"));
        text = render(view_jobs, list, plain);
        strcat(all, text);
        free(text);
        json_decref(list);
        json_decref(document);
        return all;
}

/* A share of nothing, or of a gain, is none: then what is saved is money. */
static void a_saving_has_its_sign(void **state)
{
        (void)state;
        expect_in(priced(-160000, 2160000), " - -0.16 EUR instead of 2.16 EUR now (-107 %)");
        expect_in(priced(-160000, 2160000), "-0.16 EUR for what is still to run, 2.16 EUR at once (107 % saved)");
        expect_in(priced(-160000, 2160000), " 107 %  08:00");
        expect_in(priced(5500000, 5000000), " - 5.50 EUR instead of 5.00 EUR now (+10 %)");
        expect_in(priced(5500000, 5000000), "5.50 EUR for what is still to run, 5.00 EUR at once (10 % more)");
        expect_in(priced(5500000, 5000000), " -10 %  08:00");
        expect_in(priced(-160000, -40000), " - -0.16 EUR instead of -0.04 EUR now (-0.12 EUR)");
        expect_in(priced(-160000, -40000), "-0.16 EUR for what is still to run, -0.04 EUR at once (0.12 EUR saved)");
        expect_in(priced(-160000, -40000), ": -0.16 EUR, against -0.04 EUR at once.");
        expect_in(priced(-160000, -40000), " 0.12 EUR  08:00");
        expect_in(priced(-40000, -160000), " - -0.04 EUR instead of -0.16 EUR now (+0.12 EUR)");
        expect_in(priced(-40000, -160000), "-0.04 EUR for what is still to run, -0.16 EUR at once (0.12 EUR more)");
        expect_in(priced(-40000, -160000), " -0.12 EUR  08:00");
        expect_in(priced(-160000, 0), " - -0.16 EUR instead of 0.00 EUR now (-0.16 EUR)");
        expect_in(priced(-160000, 1), " 0.16 EUR  08:00"); /* 16,000,100 % of nearly nothing say nothing */
        expect_in(priced(0, 0), ", 8 GPUs - 0.00 EUR - ends");
        expect_in(priced(0, 0), " 0 %  08:00");
        expect_in(priced(-40000, -40000), ", 8 GPUs - -0.04 EUR - ends");
        expect_in(priced(5010000, 5000000), ", 8 GPUs - 5.01 EUR - ends"); /* by less than half a per cent */
}

/* Below the table: which devices are kept from jobs, and why. */
static void nodes_of_an_unknown_site_are_told(void **state)
{
        json_t *document = json_pack("{s:[{s:s, s:s, s:b, s:s}, {s:s, s:s, s:b, s:s}]}", "nodes", "name", "n1", "site",
                                     "hall", "site_known", 1, "status", "up", "name", "n2", "site", "hal", "site_known",
                                     0, "status", "up");
        char *text = render(view_nodes, document, plain);

        (void)state;
        assert_non_null(strstr(text, "\nn2 is given no job: its agent says site \"hal\", which the scheduler's "
                                     "configuration does not name: correct the one or the other\n"));
        assert_null(strstr(text, "\nn1 is given no job"));
        free(text);
        json_decref(document);
}

static void unwell_devices_are_told(void **state)
{
        json_t *document = json_pack(
                "{s:[{s:s, s:s, s:i, s:i, s:[{s:i, s:s, s:s, s:n, s:{s:s, s:b, s:s, s:i, s:b}},"
                " {s:i, s:s, s:s, s:i, s:{s:s, s:b, s:s, s:i, s:b}}, {s:i, s:s, s:n}]}]}",
                "nodes", "name", "n1", "status", "up", "gpus", 4, "gpus_free", 2, "devices", "index", 0, "kind", "gpu",
                "address", "0000:04:00.0", "job", "unwell", "reason", "Xid 64: a bad row", "now", 1, "since_utc",
                "2026-11-22T22:00:00Z", "failed_attempts", 0, "until_resumed", 0, "index", 1, "kind", "gpu", "address",
                "0000:05:00.0", "job", 42, "unwell", "reason", "off the bus", "now", 0, "since_utc",
                "2026-11-22T22:00:00Z", "failed_attempts", 2, "until_resumed", 1, "index", 2, "kind", "gpu", "unwell");
        char *text = render(view_nodes, document, plain);

        (void)state;
        assert_non_null(strstr(text, " 1 of 4 "));
        assert_non_null(strstr(text,
                               "n1 GPU 0 (0000:04:00.0) is unwell since 2026-11-22 22:00, and is given to no job: "
                               "Xid 64: a bad row\n"));
        expect_in(text,
                  "n1 GPU 1 (0000:05:00.0) is given to no job: 2 attempts failed on it, until offpeak resume n1; off "
                  "the bus\n");
        json_decref(document);
}

static void nodes_are_a_table(void **state)
{
        (void)state;
        check("nodes", "nodes", view_nodes, plain);
}

static void the_plan_is_drawn(void **state)
{
        (void)state;
        check("plan", "plan", view_plan, plain);
        check("plan", "plan_terminal", view_plan, terminal);
        check("plan", "plan_narrow", view_plan, (struct screen){ .width = 60 });
}

/* The hours of its flows, and how full it is; nobody says so where nobody knows. */
static void a_store_is_drawn_below_the_limit(void **state)
{
        json_t *document = load("plan"), *site = json_array_get(json_object_get(document, "sites"), 0), *store;
        const char *now = document_text(document, "now_utc"), *to = document_text(document, "to_utc");
        char *text = render(view_plan, document, plain);

        (void)state;
        assert_null(strstr(text, "charges"));
        free(text);
        store = json_pack("{s:I, s:n, s:[{s:s, s:s, s:i}]}", "energy_wh", (json_int_t)10000000, "stored_wh", "flows", "start_utc", now,
                          "end_utc", to, "power_w", -800);
        assert_non_null(store);
        json_object_set_new(site, "store", store);
        text = render(view_plan, document, plain);
        assert_non_null(strstr(text, "nobody tells what is stored, so plans do without it\n"));
        assert_non_null(strstr(text, "gives"));
        free(text);
        json_object_set_new(store, "stored_wh", json_integer(4000000));
        json_object_set_new(json_array_get(json_object_get(store, "flows"), 0), "power_w", json_integer(800));
        text = render(view_plan, document, plain);
        assert_non_null(strstr(text, "charges"));
        assert_non_null(strstr(text, "4.0 MWh of 10.0 MWh now\n"));
        assert_null(strstr(text, "gives"));
        free(text);
        json_object_set_new(store, "told_wh", json_integer(4000000));
        json_object_set_new(store, "told_utc", json_string("2026-11-22T14:20:00Z"));
        expect_in(render(view_plan, document, plain), "4.0 MWh of 10.0 MWh now\n");
        json_object_set_new(store, "told_wh", json_integer(4700000));
        expect_in(render(view_plan, document, plain), "4.0 MWh of 10.0 MWh now (4.7 MWh were told 14:20)\n");
        json_decref(document);
}

static json_t *plan_that_is_late(json_int_t planned_micro, json_int_t at_once_micro)
{
        json_t *document = load("plan"), *cost = json_object_get(document, "cost");
        json_t *run_now = json_object_get(document, "run_now_cost");

        json_object_update_new(cost, json_pack("{s:I, s:I}", "lateness_micro", planned_micro, "total_micro",
                                               (json_int_t)79100000 + planned_micro));
        json_object_update_new(run_now, json_pack("{s:I, s:I}", "lateness_micro", at_once_micro, "total_micro",
                                                  (json_int_t)118400000 + at_once_micro));
        return document;
}

/* Both sides of the comparison pay for what the plan, too, is late. */
static void lateness_is_told_on_both_sides(void **state)
{
        json_t *document = plan_that_is_late(0, 500000000);

        (void)state;
        expect_in(render(view_plan, document, plain), "now 118.40 EUR and late - planned 79.10 EUR - ");
        json_decref(document);
        document = plan_that_is_late(100000000, 500000000);
        expect_in(render(view_plan, document, plain), "now 218.40 EUR and late - planned 179.10 EUR - ");
        json_decref(document);
        document = plan_that_is_late(100000000, 100000000);
        expect_in(render(view_plan, document, plain), "now 218.40 EUR - planned 179.10 EUR - ");
        json_decref(document);
}

static void without_a_plan_nothing_is_claimed(void **state)
{
        (void)state;
        check("plan_empty", "plan_empty", view_plan, plain);
}

/* A job that no site has the power for has no hours, and its deadline is lost. */
static void an_impossible_job_is_a_risk(void **state)
{
        json_t *document = load("plan"), *job = json_array_get(json_object_get(document, "jobs"), 4);
        char *text;

        (void)state;
        json_object_update_new(job, json_pack("{s:s, s:s, s:s, s:s}", "status", "queued", "reason", "impossible",
                                              "waits_for", "power", "deadline_utc", "2026-11-23T08:00:00Z"));
        text = render(view_plan, document, plain);
        assert_non_null(strstr(text, "without hours: 44 probe (no power for it now)\n"));
        assert_non_null(strstr(text, " - 2 deadlines at risk\n"));
        free(text);
        json_decref(document);
}

/* Its hours lie elsewhere: that is not the same as having none. */
static void hours_outside_the_window_are_hours(void **state)
{
        json_t *document = load("plan"), *job = json_array_get(json_object_get(document, "jobs"), 2);
        char *text;

        (void)state;
        json_object_set_new(job, "intervals", json_array());
        text = render(view_plan, document, plain);
        assert_null(strstr(text, "llama-ft"));
        free(text);
        json_decref(document);
}

static void prices_tell_their_origin(void **state)
{
        (void)state;
        check("price", "price", view_price, plain);
}

/* The site's first series, with such changes to it and to the site; consumed. */
static char *price_with(json_t *of_site, json_t *of_series)
{
        json_t *document = load("price"), *site = json_array_get(json_object_get(document, "sites"), 0);
        char *text;

        assert_int_equal(json_object_update_new(site, of_site), 0);
        assert_int_equal(json_object_update_new(json_array_get(json_object_get(site, "series"), 0), of_series), 0);
        text = render(view_price, document, plain);
        json_decref(document);
        return text;
}

static void a_series_that_nobody_tells_names_its_key(void **state)
{
        static const char *const keys[][2] = { { "solar", "(solar.series)" },
                                               { "ppa", "(ppa[].series)" },
                                               { "stored", "(battery.stored)" } };

        (void)state;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                expect_in(price_with(json_object(), json_pack("{s:s, s:n}", "kind", keys[i][0], "source")), keys[i][1]);
}

static void prices_say_of_what_they_are(void **state)
{
        json_t *document = load("price");

        (void)state;
        expect_in(price_with(json_object(), json_object()), "\n  price    now 140.00 EUR/MWh; 14:00-09:00 lowest 20.00 "
                                                            "EUR/MWh (00:00), highest 140.00 EUR/MWh (14:00)\n");
        json_object_set(document, "from_utc", json_object_get(document, "now_utc"));
        expect_in(render(view_price, document, plain), "now 140.00 EUR/MWh; until 09:00 lowest ");
        json_decref(document);
        expect_in(price_with(json_pack("{s:i, s:i}", "grid_adder_micro_per_mwh", 62500000, "grid_tax_ppm", 195000),
                             json_object()),
                  "\n           without what the contract adds: 62.50 EUR/MWh, and 19.5 % tax on both\n");
        expect_in(price_with(json_pack("{s:i, s:i}", "grid_adder_micro_per_mwh", 62500000, "grid_tax_ppm", 0),
                             json_object()),
                  "\n           without what the contract adds: 62.50 EUR/MWh\n");
        expect_in(price_with(json_pack("{s:i, s:i}", "grid_adder_micro_per_mwh", 0, "grid_tax_ppm", 190000),
                             json_object()),
                  "\n           without what the contract adds: 19 % tax\n");
        expect_in(price_with(json_object(), json_object()),
                  "\n           forecast by a regression on its past: off by 15.65 EUR/MWh on average in the last "
                  "eight weeks, the last day "
                  "again by 18.70 EUR/MWh\n");
        expect_in(price_with(json_object(), json_pack("{s:n}", "forecast_from_utc")),
                  "\n           behind that forecast by a regression on its past: ");
}

static void signals_tell_how_they_do(void **state)
{
        (void)state;
        check("signals", "signals", view_signals, plain);
}

static json_t *unit_of(const char *name, int rating, int expected, const char *from, const char *until)
{
        return json_pack("{s:s, s:i, s:i, s:s?, s:s?}", "name", name, "rating_w", rating, "expected_w", expected,
                         "outage_from_utc", from, "outage_until_utc", until);
}

/* lulea has 8 kWh in its store. */
static void signals_tell_what_a_site_has_itself(void **state)
{
        json_t *document = load("signals"), *site = json_array_get(json_object_get(document, "sites"), 1);
        char *text;

        (void)state;
        json_object_set_new(site, "store",
                            json_pack("{s:i, s:i, s:i, s:i, s:b}", "energy_wh", 20000, "reserve_wh", 1000, "charge_w",
                                      4000, "discharge_w", 5000, "from_reactor", 0));
        json_object_set_new(
                site, "units",
                json_pack("[o, o, o]", unit_of("a", 300000000, 300000000, NULL, NULL),
                          unit_of("b", 300000000, 0, "2026-11-22T06:00:00Z", "2026-11-22T18:00:00Z"),
                          unit_of("c", 300000000, 300000000, "2026-11-22T23:00:00Z", "2026-11-23T05:00:00Z")));
        text = render(view_signals, document, plain);
        compare("signals_own", text);
        free(text);
        json_object_set_new(json_object_get(site, "store"), "from_reactor", json_true());
        json_object_set_new(json_object_get(site, "store"), "reserve_wh", json_integer(0));
        expect_in(render(view_signals, document, plain),
                  "\nlulea store: holds 20.0 kWh of the reactor's, takes 4.0 kW and gives 5.0 kW\n");
        json_decref(document);
}

static void an_estimate_answers_first(void **state)
{
        (void)state;
        check("estimate_values", "estimate_values", view_estimate, plain);
        check("estimate_site", "estimate_site", view_estimate, plain);
        check("estimate_carbon", "estimate_carbon", view_estimate, plain);
        check("estimate_widths", "estimate_widths", view_estimate, plain);
}

static void signals_tell_their_pages(void **state)
{
        json_t *document = load("signals");
        json_t *site = json_array_get(json_object_get(document, "sites"), 0);
        json_t *feed = json_object_get(json_array_get(json_object_get(site, "signals"), 0), "feed");
        char part[200];

        (void)state;
        snprintf(part, sizeof(part), "  %s\n", json_string_value(json_object_get(feed, "source")));
        json_object_set_new(feed, "pages", json_integer(1));
        expect_in(render(view_signals, document, plain), part);
        snprintf(part, sizeof(part), "  %s (3 pages)\n", json_string_value(json_object_get(feed, "source")));
        json_object_set_new(feed, "pages", json_integer(3));
        expect_in(render(view_signals, document, plain), part);
        json_decref(document);
}

static void the_report_compares(void **state)
{
        (void)state;
        check("report", "report", view_report, plain);
        check("report_worse", "report_worse", view_report, plain);
        check("report_demand", "report_demand", view_report, plain);
        check("report_store", "report_store", view_report, plain);
}

static void the_report_tells_what_it_takes_of_running_at_once(void **state)
{
        json_t *document = load("report"), *report = json_array_get(json_object_get(document, "reports"), 0);

        (void)state;
        json_object_set_new(report, "run_now_cuts", json_integer(3));
        expect_in(render(view_report, document, plain),
                  "\nrun at once  knows no limit beforehand: it was cut 3 times where power went, and goes on when there is some\nall power");
        json_object_set_new(report, "run_now_cuts", json_integer(0));
        json_object_set_new(report, "run_now_without_room", json_integer(1));
        expect_in(render(view_report, document, plain),
                  "\nrun at once  has no room for 1 job under the limits on record: taken to run without them\nall power");
        json_decref(document);
}

static int submitted_late(const json_t *document, const struct screen *screen, FILE *out)
{
        return view_submitted(document, "misses its deadline by 20 min", screen, out);
}

/* Of the report's sides, as it is printed. */
static char *report_without_prices(json_int_t actual_j, json_int_t run_now_j)
{
        json_t *document = load("report"), *report = json_array_get(json_object_get(document, "reports"), 0);
        char *text;

        json_object_set_new(json_object_get(report, "actual"), "unpriced_energy_j", json_integer(actual_j));
        json_object_set_new(json_object_get(report, "run_now"), "unpriced_energy_j", json_integer(run_now_j));
        text = render(view_report, document, plain);
        json_decref(document);
        return text;
}

static void energy_without_a_price_is_told_of_each_side(void **state)
{
        json_int_t mwh = INT64_C(3600000000);
        char *text = report_without_prices(0, 0);

        (void)state;
        assert_null(strstr(text, "unpriced"));
        free(text);
        expect_in(report_without_prices(2 * mwh, 2 * mwh + 1),
                  "\nunpriced     2.0 MWh on either side had no known price and are in no cost\nall power");
        expect_in(report_without_prices(mwh, 2 * mwh),
                  "\nunpriced     Offpeak 1.0 MWh, run at once 2.0 MWh: they had no known price "
                  "and are in no cost, so what is saved is not exact\nall power");
        expect_in(report_without_prices(mwh, 0), "\nunpriced     Offpeak 1.0 MWh, run at once 0 J: ");
}

static json_t *account(json_int_t joules, json_int_t micro, json_int_t unpriced_j)
{
        return json_pack("{s:I, s:I, s:I}", "energy_j", joules, "cost_micro", micro, "unpriced_energy_j", unpriced_j);
}

/* In MWh: 10 + 2 - 3 = 9; in EUR: 100 + 20 - 7 = 113; without a price: 2 + 0.5 - 1 = 1.5. */
static void the_sum_of_all_power_is_that_of_its_rows(void **state)
{
        json_t *document = load("report"), *report = json_array_get(json_object_get(document, "reports"), 0);
        json_int_t mwh = INT64_C(3600000000);

        (void)state;
        json_object_set_new(report, "accounts",
                            json_pack("{s:o, s:o, s:o, s:o}", "job", account(10 * mwh, 100000000, 2 * mwh), "idle",
                                      account(2 * mwh, 20000000, mwh / 2), "overhead", account(0, 0, 0), "storage",
                                      account(-3 * mwh, -7000000, -mwh)));
        expect_in(render(view_report, document, plain), "\nall power    9.0 MWh, 113.00 EUR: job 10.0 MWh, 100.00 EUR "
                                                        "- idle 2.0 MWh, 20.00 EUR - storage -3.0 MWh, -7.00 "
                                                        "EUR; 1.5 MWh of it without a known price, in no cost\n");
        json_object_set_new(report, "supplied",
                            json_pack("[{s:s, s:n}, {s:s, s:{s:I}}, {s:s, s:{s:I}}]", "site", "a", "store", "site", "b",
                                      "store", "opened_with_j", mwh, "site", "c", "store", "opened_with_j", mwh / 2));
        expect_in(render(view_report, document, plain),
                  "storage -3.0 MWh, -7.00 EUR; 1.5 MWh of it were in stores when their books began; "
                  "1.5 MWh of it without a known price, in no cost\n");
        json_object_del(report, "supplied");
        /* what went out of a store again, at another price than it came in at */
        json_object_set_new(json_object_get(report, "accounts"), "storage", account(0, 5000000, -2 * mwh - mwh / 2));
        expect_in(render(view_report, document, plain),
                  "\nall power    12.0 MWh, 125.00 EUR: job 10.0 MWh, 100.00 EUR - idle 2.0 MWh, "
                  "20.00 EUR - storage 0 J, 5.00 EUR\n");
        json_object_set_new(report, "accounts",
                            json_pack("{s:o, s:o}", "job", account(10 * mwh, 100000000, 0), "idle", account(0, 0, 0)));
        expect_in(render(view_report, document, plain), "\nall power    job 10.0 MWh, 100.00 EUR\n");
        json_object_set_new(report, "accounts", json_pack("{s:o}", "job", account(0, 0, 0)));
        expect_in(render(view_report, document, plain), "\nall power    nothing on the books\n");
        json_decref(document);
}

static void a_job_that_will_move_names_all_its_sites(void **state)
{
        json_t *document = load("job_planned"), *job = json_object_get(document, "job");

        (void)state;
        json_object_set_new(job, "moves", json_pack("[{s:s, s:s}, {s:s, s:s}]", "from", "hanford", "to", "lulea", "from", "lulea",
                                                    "to", "hanford"));
        expect_in(render(submitted_in_time, document, plain), " at hanford, then lulea, then hanford, 8 GPUs - ");
        json_decref(document);
}

static void a_job_says_what_its_nodes_must_be(void **state)
{
        json_t *document = load("job_planned"), *job = json_object_get(document, "job");
        char *text = render(view_show, document, plain);

        (void)state;
        assert_null(strstr(text, "\nnodes"));
        assert_null(strstr(text, "\nlauncher"));
        free(text);
        json_object_set_new(job, "launcher", json_string("gpu"));
        expect_in(render(view_show, document, plain), "gpu: one process for each GPU\n");
        json_object_set_new(job, "constraint", json_pack("[s, s]", "a100", "ib"));
        json_object_set_new(job, "exclusive", json_true());
        json_object_set_new(job, "switches", json_integer(1));
        expect_in(render(view_show, document, plain), "a100, ib, no other job there, on 1 switch at most\n");
        json_decref(document);
}

static void a_job_that_starts_says_now(void **state)
{
        json_t *document = load("job_planned"), *job = json_object_get(document, "job");

        (void)state;
        json_object_set_new(job, "status", json_string("starting"));
        expect_in(render(submitted_in_time, document, plain), "42  starting now, until 05:00 at hanford, 8 GPUs");
        json_object_set_new(job, "planned", json_array());
        expect_in(render(submitted_in_time, document, plain), "42  starting now at hanford, 8 GPUs");
        json_decref(document);
}

static void a_submitted_job_is_one_line(void **state)
{
        (void)state;
        check("job_planned", "submitted", submitted_in_time, plain);
        check("job_late", "submitted_late", submitted_late, plain);
        check("job_planned", "submitted", submitted_late, plain); /* others made room since it was warned */
}

/* Nothing that another user named may reach the terminal as a control sequence. */
/* Sunday 2026-11-22 14:30 is now. Of a time that begins on another day and ends a day and more from now both days are
 * clear. */
static void a_span_tells_its_days(void **state)
{
        static const struct {
                int from_h, to_h; /* hours of Sunday */
                const char *text;
        } cases[] = {
                { 15, 18, "15:00-18:00" },         { 23, 29, "23:00-05:00" },         { 20, 41, "20:00-Mon 17:00" },
                { 35, 41, "Mon 11:00-17:00" },     { 37, 63, "Mon 13:00-Tue 15:00" }, { 47, 53, "Mon 23:00-Tue 05:00" },
                { 60, 62, "Tue 12:00-14:00" },     { -30, -26, "Fri 18:00-22:00" },   { -2, 3, "Sat 22:00-03:00" },
                { -2, 40, "Sat 22:00-Mon 16:00" },
        };
        struct screen screen = { .now = 1795305600 + 52200 };
        char buffer[2 * SCREEN_TIME_SIZE];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_string_equal(screen_span(&screen, 1795305600 + 3600 * cases[i].from_h,
                                                1795305600 + 3600 * cases[i].to_h, buffer),
                                    cases[i].text);
}

static void control_characters_never_pass(void **state)
{
        static const view views[] = { view_jobs, view_plan };
        static const char *const names[] = { "jobs", "plan" };

        (void)state;
        for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
                json_t *document = load(names[i]);
                char *text = render(views[i], document, (struct screen){ .width = 100, .utf8 = true });

                for (const char *at = text; *at != '\0'; at++)
                        assert_true((unsigned char)*at >= 0x20 || *at == '\n');
                free(text);
                json_decref(document);
        }
}

/* Whatever width: no line of the chart is wider than the screen but by its note. */
static void the_chart_fits_every_width(void **state)
{
        json_t *document = load("plan");

        (void)state;
        for (unsigned width = 40; width <= 400; width += 7) {
                char *text = render(view_plan, document, (struct screen){ .width = width });

                for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
                        if (strncmp(line, "now ", 4) != 0 && strncmp(line, "without", 7) != 0)
                                assert_true(strlen(line) <= (width < 60 ? 60 : width) + 14);
                free(text);
        }
        json_decref(document);
}

/* A job that is being started or stopped may have no first moment yet. */
static void what_has_not_started_has_no_since(void **state)
{
        json_t *document = json_loads("{\"now_utc\":\"2026-11-22T10:00:00Z\",\"job\":{\"id\":1,\"status\":\"stopping\","
                                      "\"attempts\":1}}", 0, NULL);
        char *text = render(view_show, document, plain);

        (void)state;
        assert_null(strstr(text, "since -"));
        assert_non_null(strstr(text, "when        now\n"));
        free(text);
        json_decref(document);
}

/* Only work that was done, or is still to be done, is early or late. */
static void what_failed_is_not_early(void **state)
{
        static const char *const early[] = { "done", "planned" }, *const neither[] = { "failed", "cancelled" };
        char json[256];

        (void)state;
        for (size_t i = 0; i < 4; i++) {
                json_t *document;
                char *text;

                snprintf(json, sizeof(json),
                         "{\"now_utc\":\"2026-11-22T10:00:00Z\",\"job\":{\"id\":1,\"status\":\"%s\",\"%s\":"
                         "\"2026-11-22T09:00:00Z\",\"deadline_utc\":\"2026-11-22T12:00:00Z\"}}",
                         i < 2 ? early[i] : neither[i - 2], i == 1 ? "planned_finish_utc" : "ended_utc");
                document = json_loads(json, 0, NULL);
                text = render(view_show, document, plain);
                assert_non_null(strstr(text, "  deadline"));
                assert_int_equal(strstr(text, " early)") != NULL, i < 2);
                free(text);
                json_decref(document);
        }
}

/* An empty document of the right schema, as of a newer or a broken scheduler, is told as unknown and not trusted. */
static void what_is_missing_is_unknown(void **state)
{
        static const view views[] = { view_jobs, view_show,  view_explain, view_nodes,
                                      view_plan, view_price, view_report,  view_signals,
                                      view_estimate, submitted_in_time };
        static const char *const documents[] = {
                "{}",
                "{\"jobs\":[{}],\"nodes\":[{}],\"sites\":[{}],\"reports\":[{}],\"runs\":[{}],\"job\":{}}",
                "{\"jobs\":[1],\"nodes\":{},\"sites\":[[]],\"reports\":[null],\"runs\":[1,{}],\"price\":{},\"job\":[]}",
                "{\"now_utc\":\"2026-11-22T10:00:00Z\",\"from_utc\":\"2026-11-22T10:00:00Z\",\"to_utc\":\"2026-11-"
                "22T12:00:00Z\","
                "\"sites\":[{\"steps\":[{}],\"series\":[{\"kind\":\"price\"}]}],\"jobs\":[{\"intervals\":[{}],"
                "\"planned\":[{}]}]}",
        };

        (void)state;
        for (size_t v = 0; v < sizeof(views) / sizeof(views[0]); v++)
                for (size_t d = 0; d < sizeof(documents) / sizeof(documents[0]); d++) {
                        json_t *document = json_loads(documents[d], 0, NULL);
                        char *text = render(views[v], document, plain);

                        assert_true(strlen(text) > 0);
                        assert_null(strstr(text, "(null)"));
                        free(text);
                        json_decref(document);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_are_a_table),
                cmocka_unit_test(a_terminal_gets_utf8_bars),
                cmocka_unit_test(a_job_is_told_in_full),
                cmocka_unit_test(hours_are_explained),
                cmocka_unit_test(nodes_that_are_out_are_told),
                cmocka_unit_test(caps_are_explained),
                cmocka_unit_test(every_limit_has_words),
                cmocka_unit_test(a_late_job_is_told_what_helps),
                cmocka_unit_test(a_classs_limit_is_not_called_a_deadline),
                cmocka_unit_test(a_job_that_waits_for_its_begin_says_so),
                cmocka_unit_test(gpu_hours_of_a_month_are_told),
                cmocka_unit_test(a_failure_is_told),
                cmocka_unit_test(pins_are_told),
                cmocka_unit_test(a_job_names_those_it_waits_for),
                cmocka_unit_test(a_job_that_can_never_start_says_why),
                cmocka_unit_test(a_pause_tells_its_cause),
                cmocka_unit_test(a_job_that_moves_says_from_where_to_where),
                cmocka_unit_test(a_cap_is_no_pause),
                cmocka_unit_test(a_job_longer_than_the_plan_says_so),
                cmocka_unit_test(a_saving_has_its_sign),
                cmocka_unit_test(nodes_of_an_unknown_site_are_told),
                cmocka_unit_test(unwell_devices_are_told),
                cmocka_unit_test(nodes_are_a_table),
                cmocka_unit_test(the_plan_is_drawn),
                cmocka_unit_test(a_store_is_drawn_below_the_limit),
                cmocka_unit_test(lateness_is_told_on_both_sides),
                cmocka_unit_test(without_a_plan_nothing_is_claimed),
                cmocka_unit_test(an_impossible_job_is_a_risk),
                cmocka_unit_test(hours_outside_the_window_are_hours),
                cmocka_unit_test(prices_tell_their_origin),
                cmocka_unit_test(a_series_that_nobody_tells_names_its_key),
                cmocka_unit_test(prices_say_of_what_they_are),
                cmocka_unit_test(signals_tell_how_they_do),
                cmocka_unit_test(signals_tell_what_a_site_has_itself),
                cmocka_unit_test(an_estimate_answers_first),
                cmocka_unit_test(signals_tell_their_pages),
                cmocka_unit_test(the_report_compares),
                cmocka_unit_test(the_report_tells_what_it_takes_of_running_at_once),
                cmocka_unit_test(energy_without_a_price_is_told_of_each_side),
                cmocka_unit_test(the_sum_of_all_power_is_that_of_its_rows),
                cmocka_unit_test(a_job_says_what_its_nodes_must_be),
                cmocka_unit_test(a_job_that_starts_says_now),
                cmocka_unit_test(a_submitted_job_is_one_line),
                cmocka_unit_test(a_job_that_will_move_names_all_its_sites),
                cmocka_unit_test(a_span_tells_its_days),
                cmocka_unit_test(control_characters_never_pass),
                cmocka_unit_test(the_chart_fits_every_width),
                cmocka_unit_test(what_has_not_started_has_no_since),
                cmocka_unit_test(what_failed_is_not_early),
                cmocka_unit_test(what_is_missing_is_unknown),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
