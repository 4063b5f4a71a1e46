/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a list of jobs that cannot be read, to the byte: what is said of them, and that nothing behind an end is. */
#include "trial/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Behind this header one good row, which is kept, and the row that the case is about. */
static const char header[] = "id,submit_s,gpus,duration_s,start_cost_s,class\ngood,0,1,60,,\n";

static struct trace parsed(const char *row, size_t size)
{
        struct offpeak_error err = { 0 };
        struct trace trace;
        char text[512];

        memcpy(text, header, sizeof(header) - 1);
        memcpy(text + sizeof(header) - 1, row, size);
        assert_int_equal(trace_parse("jobs.csv", text, sizeof(header) - 1 + size, 0, &trace, &err), 0);
        assert_int_equal(trace.rows, 2);
        return trace;
}

static void assert_left_out(const char *row, size_t size, const char *says)
{
        struct trace trace = parsed(row, size);
        const struct trace_note *at = &trace.notes[TRACE_BAD_ROW];

        assert_int_equal(trace.n, 1);
        assert_string_equal(trace.jobs[0].id, "good");
        assert_int_equal(at->count, 1);
        assert_int_equal(at->line, 3);
        assert_string_equal(at->text, says);
        trace_finish(&trace);
}

/* What is said of it is why it cannot be read, whole and without its place, which stands beside it. */
static void tells_why_a_row_is_cut_off(void **unused)
{
        (void)unused;
        assert_left_out("a,0,1\n", 6,
                        "this row has 3 fields, the header has 6: is it cut off, or has a decimal comma?");
        assert_left_out("\"a,0,1,60,,\n", 12, "a quote is open to the end of the line");
}

/* Its place, were it all that there is room for in an error, is no reason, and nothing is read behind its end. */
static void a_long_name_of_a_file_is_no_reason(void **unused)
{
        static const char text[] = "id,submit_s,gpus,duration_s\ngood,0,1,60\nbad\n";
        struct offpeak_error err = { 0 };
        struct trace trace;
        char name[800];

        (void)unused;
        for (size_t length = sizeof(err.text) - 12; length < sizeof(err.text) + 2; length++) {
                memset(name, 'x', length);
                name[length] = '\0';
                assert_int_equal(trace_parse(name, text, strlen(text), 0, &trace, &err), 0);
                assert_int_equal(trace.notes[TRACE_BAD_ROW].count, 1);
                assert_true(trace.notes[TRACE_BAD_ROW].text[0] != '\0');
                trace_finish(&trace);
        }
}

static void a_start_never_gives_time_back(void **unused)
{
        (void)unused;
        assert_left_out("a,0,1,60,-1,\n", 13, "start_cost_s is \"-1\": it must be seconds, 0 or more");
}

/* Names end at a NUL: those of different cells could be the same, or none. */
static void names_hold_no_nul(void **unused)
{
        (void)unused;
        assert_left_out("a\0b,0,1,60,,\n", 13, "id is \"a?b\": it must be a name");
        assert_left_out("\0,0,1,60,,\n", 11, "id is \"?\": it must be a name");
        assert_left_out("a,0,1,60,,\0\n", 12, "class is \"?\": it must be a name");
}

static void keeps_what_is_said(void **unused)
{
        static const char row[] = "a,59.5,8,1.25,0.5,big\n";
        struct trace trace = parsed(row, sizeof(row) - 1);

        (void)unused;
        assert_int_equal(trace.n, 2);
        assert_string_equal(trace.jobs[1].id, "a");
        assert_string_equal(trace.jobs[1].class_name, "big");
        assert_int_equal(trace.jobs[1].submit, 60);
        assert_int_equal(trace.jobs[1].duration_s, 2);
        assert_int_equal(trace.jobs[1].start_cost_s, 1);
        assert_true(trace.jobs[0].start_cost_s == TRACE_UNSAID);
        trace_finish(&trace);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tells_why_a_row_is_cut_off),
                cmocka_unit_test(a_long_name_of_a_file_is_no_reason),
                cmocka_unit_test(a_start_never_gives_time_back),
                cmocka_unit_test(names_hold_no_nul),
                cmocka_unit_test(keeps_what_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
