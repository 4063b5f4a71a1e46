/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_trace.c - any bytes as a list of jobs: either refused and nothing written, or jobs in the order of their
 * submission, no name twice, that a cluster could run; and each row is one of them or is counted among what was left
 * out.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
}

static int by_name(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_names(const struct trace *trace)
{
        const char **names = malloc(trace->n * sizeof(*names));

        if (names == NULL)
                exit(71);
        for (size_t i = 0; i < trace->n; i++)
                names[i] = trace->jobs[i].id;
        qsort(names, trace->n, sizeof(*names), by_name);
        for (size_t i = 1; i < trace->n; i++)
                check(strcmp(names[i - 1], names[i]) != 0, "no name stands twice");
        free(names);
}

static void check_job(const struct trace_job *job)
{
        check(job->id != NULL && job->id[0] != '\0', "a job has a name");
        check(job->line >= 2, "and a line behind the header");
        check(job->duration_s > 0 && job->submit != TRACE_UNSAID, "and its times");
        check(job->gpus >= 1 && job->min_gpus >= 1 && job->min_gpus <= job->gpus && job->max_gpus >= job->gpus,
              "and its GPUs");
        check(isnan(job->power_w) || job->power_w >= 0, "and its power");
        check(job->start_cost_s == TRACE_UNSAID || job->start_cost_s >= 0, "and what a start costs");
        check(!job->interruptible || job->interruptible_said, "it may be paused only if that was said");
}

static void check_notes(const struct trace *trace)
{
        size_t left_out = 0;

        for (int i = 0; i < TRACE_FINDINGS; i++) {
                const struct trace_note *at = &trace->notes[i];

                check(memchr(at->text, '\0', sizeof(at->text)) != NULL, "a note ends");
                check(at->count == 0 || (at->line >= 1 && at->text[0] != '\0'),
                      "a finding has its line, and says what it is");
                if (trace_finding_leaves_out((enum trace_finding)i))
                        left_out += at->count;
        }
        check(trace->n + left_out == trace->rows, "each row is a job or is left out");
}

static bool is_odd(const void *context, const struct trace_job *job)
{
        (void)context;
        return job->line % 2 == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct trace trace = { .n = 7 };
        struct offpeak_error err = { 0 };

        if (trace_parse("f", (const char *)data, size, 1593561600, &trace, &err) != 0) {
                check(trace.n == 7 && trace.jobs == NULL, "nothing is written on failure");
                check(err.code == OFFPEAK_EINVAL && strncmp(err.text, "f:", 2) == 0, "the error has its place");
                return 0;
        }
        check(trace.n > 0, "there are jobs");
        for (size_t i = 0; i < trace.n; i++) {
                check_job(&trace.jobs[i]);
                check(i == 0 || trace.jobs[i - 1].submit <= trace.jobs[i].submit, "they stand in order");
        }
        check_names(&trace);
        check_notes(&trace);
        trace_sift(&trace, TRACE_TOO_WIDE, is_odd, NULL, "odd");
        check_notes(&trace);
        trace_finish(&trace);
        return 0;
}
