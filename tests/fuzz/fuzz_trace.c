/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_trace.c - any bytes as a list of jobs: either refused with a place and nothing written, or jobs in order, each
 * of which could be run, no id twice, and every row that is none of them counted.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial/trace.h"

static void check(int holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
}

static void check_job(const struct trace *trace, size_t j)
{
        const struct trace_job *job = &trace->jobs[j];

        check(job->id != NULL && job->id[0] != '\0', "a job has an id");
        check(job->duration_s > 0 && job->gpus > 0, "it could be run");
        check((job->min_gpus == 0 && job->max_gpus == 0) || (job->min_gpus > 0 && job->min_gpus <= job->gpus && job->gpus <= job->max_gpus),
                      "widths");
        check(isnan(job->power_w) || (job->power_w >= 0 && isfinite(job->power_w)), "power");
        check(j == 0 || trace->jobs[j - 1].submit <= job->submit, "submissions ascend");
        for (size_t i = 0; i < j; i++)
                check(strcmp(trace->jobs[i].id, job->id) != 0, "no id twice");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct trace trace = { .n = 7 };
        struct offpeak_error err = { 0 };
        size_t out = 0;

        if (trace_parse("f", (const char *)data, size, INT64_C(1767571200), &trace, &err) != 0) {
                check(trace.n == 7 && trace.jobs == NULL, "nothing is written on failure");
                check(strncmp(err.text, "f:", 2) == 0, "the error has its place");
                return 0;
        }
        check(trace.n > 0, "there are jobs");
        for (size_t j = 0; j < trace.n; j++)
                check_job(&trace, j);
        for (int i = 0; i < TRACE_FINDINGS; i++) {
                out += trace_finding_leaves_out((enum trace_finding)i) ? trace.notes[i].count : 0;
                check((trace.notes[i].count == 0) == (trace.notes[i].line == 0), "what is found has its line");
        }
        check(trace.n + out == trace.rows, "each row is a job or a finding");
        trace_finish(&trace);
        return 0;
}
