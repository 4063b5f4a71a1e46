/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace.c - lists of jobs: what is read of them, what is left out and how that is told, what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial/trace.h"

#define EPOCH INT64_C(1767571200) /* 2026-01-05T00:00:00Z */
#define HEAD  "id,submit,gpus,duration_s"
#define ROW_A "a,2026-01-05T00:00:00Z,1,60\n"

static struct trace parse(const char *text)
{
        struct offpeak_error err = { 0 };
        struct trace trace;

        if (trace_parse("jobs.csv", text, strlen(text), EPOCH, &trace, &err) != 0)
                fail_msg("%s: %s", text, err.text);
        return trace;
}

static void refused(const char *text, const char *says)
{
        struct offpeak_error err = { 0 };
        struct trace trace;

        assert_int_equal(trace_parse("jobs.csv", text, strlen(text), EPOCH, &trace, &err), OFFPEAK_EINVAL);
        if (strstr(err.text, says) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

/* The one finding that a list has: so often, in that line, in these words. */
static void finds(const char *text, enum trace_finding finding, size_t count, size_t line, const char *says,
                  size_t jobs)
{
        struct trace trace = parse(text);

        for (int i = 0; i < TRACE_FINDINGS; i++)
                assert_int_equal(trace.notes[i].count, i == (int)finding ? count : 0);
        assert_int_equal(trace.notes[finding].line, line);
        if (strstr(trace.notes[finding].text, says) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", trace.notes[finding].text, says);
        assert_int_equal(trace.n, jobs);
        trace_finish(&trace);
}

/* ---- what is read */

static void every_column(void **state)
{
        struct trace trace = parse(
                "user,class,start_cost_s,max_gpus,min_gpus,power_w,interruptible,deadline,duration_s,gpus,submit,id\n"
                "ada,nightly,90,16,4,5300.5,yes,2026-01-06T08:00:00Z,3600,8,2026-01-05T01:30:00Z,llama\n");
        const struct trace_job *job = &trace.jobs[0];

        (void)state;
        assert_int_equal(trace.n, 1);
        assert_int_equal(trace.rows, 1);
        assert_string_equal(job->id, "llama");
        assert_string_equal(job->class_name, "nightly");
        assert_string_equal(job->user, "ada");
        assert_int_equal(job->line, 2);
        assert_int_equal(job->submit, EPOCH + 5400);
        assert_int_equal(job->duration_s, 3600);
        assert_int_equal(job->deadline, EPOCH + 32 * 3600);
        assert_int_equal(job->start_cost_s, 90);
        assert_true(job->power_w == 5300.5);
        assert_int_equal(job->gpus, 8);
        assert_int_equal(job->min_gpus, 4);
        assert_int_equal(job->max_gpus, 16);
        assert_true(job->interruptible && job->interruptible_said);
        for (int i = 0; i < TRACE_FINDINGS; i++)
                assert_int_equal(trace.notes[i].count, 0);
        trace_finish(&trace);
}

static void what_is_not_said(void **state)
{
        struct trace trace =
                parse("submit,gpus,duration_s,deadline,interruptible,power_w,class,start_cost_s,min_gpus,max_gpus\n"
                      "2026-01-05T00:00:00Z,2,60,,,,,,,\n");
        const struct trace_job *job = &trace.jobs[0];

        (void)state;
        assert_string_equal(job->id, "2"); /* its line */
        assert_int_equal(job->deadline, 0);
        assert_false(job->interruptible_said);
        assert_true(isnan(job->power_w));
        assert_null(job->class_name);
        assert_null(job->user);
        assert_true(job->start_cost_s == TRACE_UNSAID);
        assert_int_equal(job->min_gpus, 0); /* neither is said */
        assert_int_equal(job->max_gpus, 0);
        trace_finish(&trace);
}

static void columns_of_public_traces(void **state)
{
        struct trace trace = parse("job_id,num_gpus,submit_s,duration_s,deadline_s,model_name,vc\n"
                                   "x1,4,0.2,59.5,86400,resnet,team\n"
                                   "x2,1,3600,1,,,\n");

        (void)state;
        assert_int_equal(trace.n, 2);
        assert_string_equal(trace.jobs[0].id, "x1");
        assert_int_equal(trace.jobs[0].submit, EPOCH + 1); /* never before it was submitted */
        assert_int_equal(trace.jobs[0].duration_s, 60);
        assert_int_equal(trace.jobs[0].deadline, EPOCH + 86400);
        assert_string_equal(trace.jobs[0].class_name, "resnet");
        assert_string_equal(trace.jobs[0].user, "team");
        assert_int_equal(trace.jobs[1].submit, EPOCH + 3600);
        trace_finish(&trace);
        trace = parse("Submit_S,CPUS_units_as_published,Duration_S\n5,3,7\n"); /* case does not count */
        assert_int_equal(trace.jobs[0].gpus, 3);
        assert_int_equal(trace.notes[TRACE_UNKNOWN_COLUMN].count, 0);
        trace_finish(&trace);
}

static void of_two_names_for_one_thing_the_first_counts(void **state)
{
        struct trace trace = parse("submit_s,submit,num_gpus,gpus,duration_s\n9,2026-01-05T00:00:01Z,5,2,60\n");

        (void)state;
        assert_int_equal(trace.jobs[0].submit, EPOCH + 1);
        assert_int_equal(trace.jobs[0].gpus, 2);
        trace_finish(&trace);
}

static void quotes_bom_and_line_ends(void **state)
{
        struct trace trace = parse("\xEF\xBB\xBF" HEAD ",class\r\n"
                                   "\"a,1\",2026-01-05T00:00:00Z,\"2\",60,\"say \"\"hi\"\"\"\r\n"
                                   "# a comment\r\n\r\n"
                                   "b,2026-01-05T00:00:00Z,1,60,");

        (void)state;
        assert_int_equal(trace.n, 2);
        assert_string_equal(trace.jobs[0].id, "a,1");
        assert_string_equal(trace.jobs[0].class_name, "say \"hi\"");
        assert_int_equal(trace.jobs[0].gpus, 2);
        assert_int_equal(trace.jobs[1].line, 5);
        trace_finish(&trace);
}

static void choices(void **state)
{
        static const struct {
                const char *word;
                bool is;
        } words[] = { { "1", true },      { "0", false },  { "true", true },
                      { "FALSE", false }, { "Yes", true }, { "no", false } };

        (void)state;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                char text[128];
                struct trace trace;

                snprintf(text, sizeof(text), "submit_s,gpus,duration_s,interruptible\n0,1,60,%s\n", words[i].word);
                trace = parse(text);
                assert_true(trace.jobs[0].interruptible_said);
                assert_int_equal(trace.jobs[0].interruptible, words[i].is);
                trace_finish(&trace);
        }
}

/* ---- what is found */

static void names_with_a_zero_in_them(void **state)
{
        static const char text[] = HEAD "\n" ROW_A "\0b,2026-01-05T00:00:00Z,1,60\n";
        struct offpeak_error err = { 0 };
        struct trace trace;

        (void)state;
        assert_int_equal(trace_parse("jobs.csv", text, sizeof(text) - 1, EPOCH, &trace, &err), 0);
        assert_int_equal(trace.n, 1);
        assert_int_equal(trace.notes[TRACE_BAD_ROW].line, 3);
        trace_finish(&trace);
}

static void rows_that_cannot_be_read(void **state)
{
        static const struct {
                const char *row, *says;
        } rows[] = {
                { "b,yesterday,1,60,,,,", "submit is \"yesterday\": it must be a time such as 2026-11-22T08:00:00Z" },
                { "b,,1,60,,,,", "submit is \"\"" },
                { "b,2026-01-05T00:00:00Z,0,60,,,,",
                  "gpus is \"0\": it must be a whole number of GPUs, 1 to 2,000,000,000" },
                { "b,2026-01-05T00:00:00Z,1.5,60,,,,", "gpus is \"1.5\"" },
                { "b,2026-01-05T00:00:00Z,9999999999,60,,,,", "gpus is \"9999999999\"" },
                { "b,2026-01-05T00:00:00Z,1,an hour,,,,", "duration_s is \"an hour\": it must be seconds" },
                { "b,2026-01-05T00:00:00Z,1,1e300,,,,", "duration_s" },
                { "b,2026-01-05T00:00:00Z,1,60,soon,,,", "deadline is \"soon\"" },
                { "b,2026-01-05T00:00:00Z,1,60,,maybe,,", "interruptible is \"maybe\": it must be 0 or 1" },
                { "b,2026-01-05T00:00:00Z,1,60,,,-1,", "power_w is \"-1\": it must be watts, 0 or more" },
                { "b,2026-01-05T00:00:00Z,1,60,,,,2", "gpus must lie from min_gpus to max_gpus" },
                { "b,2026-01-05T00:00:00Z,1", "this row has 3 fields, the header has 8" },
                { "b,2026-01-05T00:00:00Z,1,60,,,,,,", "this row has 10 fields" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char text[400];

                snprintf(text, sizeof(text),
                         HEAD ",deadline,interruptible,power_w,min_gpus\na,2026-01-05T00:00:00Z,1,60,,,,\n%s\n",
                         rows[i].row);
                finds(text, TRACE_BAD_ROW, 1, 3, rows[i].says, 1);
        }
        finds(HEAD "\n" ROW_A "b\nc\n\"d", TRACE_BAD_ROW, 3, 3, "this row has 1 field,", 1);
        finds(HEAD ",max_gpus\na,2026-01-05T00:00:00Z,1,60,\nb,2026-01-05T00:00:00Z,8,60,4\n", TRACE_BAD_ROW, 1, 3,
              "max_gpus", 1);
        assert_true(trace_finding_leaves_out(TRACE_BAD_ROW));
}

static void durations_that_are_none(void **state)
{
        (void)state;
        finds(HEAD "\n" ROW_A "b,2026-01-05T00:00:00Z,1,0\nc,2026-01-05T00:00:00Z,1,-5\n", TRACE_NO_TIME, 2, 3,
              "duration_s is 0", 1);
        assert_true(trace_finding_leaves_out(TRACE_NO_TIME));
}

static void ids_that_stand_twice(void **state)
{
        struct trace trace;

        (void)state;
        finds(HEAD "\n" ROW_A "b,2026-01-05T00:00:00Z,1,60\na,2026-01-05T00:01:00Z,2,60\na,2026-01-05T00:02:00Z,3,60\n",
              TRACE_TWICE, 2, 4, "\"a\" stands in line 2 already", 2);
        trace = parse(HEAD "\n" ROW_A "a,2026-01-05T00:01:00Z,2,60\n");
        assert_int_equal(trace.jobs[0].gpus, 1); /* the first one is kept */
        assert_true(trace_finding_leaves_out(TRACE_TWICE));
        trace_finish(&trace);
}

static void rows_out_of_order_are_sorted_in(void **state)
{
        static const char text[] = HEAD
                "\n" ROW_A "c,2026-01-05T02:00:00Z,1,60\nb,2026-01-05T01:00:00Z,1,60\nd,2026-01-05T02:00:00Z,1,60\n";
        struct trace trace = parse(text);

        (void)state;
        finds(text, TRACE_OUT_OF_ORDER, 1, 4, "job b", 4);
        assert_string_equal(trace.jobs[1].id, "b");
        assert_string_equal(trace.jobs[2].id, "c"); /* submitted with d, and above it */
        assert_string_equal(trace.jobs[3].id, "d");
        assert_false(trace_finding_leaves_out(TRACE_OUT_OF_ORDER));
        trace_finish(&trace);
}

static void deadlines_that_nobody_could_meet(void **state)
{
        (void)state;
        finds(HEAD ",deadline\na,2026-01-05T00:00:00Z,1,60,2026-01-05T00:01:00Z\nb,2026-01-05T00:00:00Z,1,60,2026-01-"
                   "05T00:00:59Z\n",
              TRACE_PAST_DEADLINE, 1, 3, "job b", 2);
        assert_false(trace_finding_leaves_out(TRACE_PAST_DEADLINE));
}

static void columns_that_are_not_known(void **state)
{
        (void)state;
        finds("id,submit,gpus,duration_s,colour,priority\na,2026-01-05T00:00:00Z,1,60,red,\n", TRACE_UNKNOWN_COLUMN, 2,
              1, "\"colour\"", 1);
        assert_false(trace_finding_leaves_out(TRACE_UNKNOWN_COLUMN));
}

static bool is_wide(const void *context, const struct trace_job *job)
{
        return job->gpus > *(const uint32_t *)context;
}

static void what_a_cluster_cannot_hold_is_sifted_out(void **state)
{
        struct trace trace =
                parse(HEAD "\n" ROW_A
                           "b,2026-01-05T00:00:00Z,9,60\nc,2026-01-05T00:00:00Z,2,60\nd,2026-01-05T00:00:00Z,7,60\n");
        uint32_t most = 4;

        (void)state;
        trace_sift(&trace, TRACE_TOO_WIDE, is_wide, &most, "the widest that fits is 4");
        assert_int_equal(trace.n, 2);
        assert_string_equal(trace.jobs[1].id, "c");
        assert_int_equal(trace.notes[TRACE_TOO_WIDE].count, 2);
        assert_int_equal(trace.notes[TRACE_TOO_WIDE].line, 3);
        assert_string_equal(trace.notes[TRACE_TOO_WIDE].text, "job b: the widest that fits is 4");
        trace_finish(&trace);
}

/* ---- what is refused */

static void lists_that_are_none(void **state)
{
        (void)state;
        refused("", "jobs.csv:1:1: the file is empty");
        refused("id,gpus,duration_s\na,1,60\n", "jobs.csv:1:1: there is no column \"submit\"");
        refused("id,submit,duration_s\n" ROW_A, "there is no column \"gpus\"");
        refused("# of 2026\nid,submit,gpus\n" ROW_A,
                "jobs.csv:2:1: there is no column \"duration_s\": a list of jobs needs submit, gpus");
        refused("id,id,submit,gpus,duration_s\n" ROW_A, "the column \"id\" stands twice");
        refused(HEAD "\n", "there is no job in it that could be run (0 rows)");
        refused(HEAD "\na,2026-01-05T00:00:00Z,1,0\n", "there is no job in it that could be run (1 row): durations "
                                                       "that are not above zero: 1 (line 2: duration_s is 0)");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_column),
                cmocka_unit_test(what_is_not_said),
                cmocka_unit_test(columns_of_public_traces),
                cmocka_unit_test(of_two_names_for_one_thing_the_first_counts),
                cmocka_unit_test(quotes_bom_and_line_ends),
                cmocka_unit_test(choices),
                cmocka_unit_test(names_with_a_zero_in_them),
                cmocka_unit_test(rows_that_cannot_be_read),
                cmocka_unit_test(durations_that_are_none),
                cmocka_unit_test(ids_that_stand_twice),
                cmocka_unit_test(rows_out_of_order_are_sorted_in),
                cmocka_unit_test(deadlines_that_nobody_could_meet),
                cmocka_unit_test(columns_that_are_not_known),
                cmocka_unit_test(what_a_cluster_cannot_hold_is_sifted_out),
                cmocka_unit_test(lists_that_are_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
