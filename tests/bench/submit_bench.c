/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit_bench - how long a submission takes, from a connected client to the scheduler's durable answer.
 *
 *   submit_bench ENDPOINT [N]     one JSON line: {"submits", "median_ms", "p95_ms", "worst_ms"}; cancels what it made
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <offpeak/client.h>

static double now_ms(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static int submit(struct offpeak_client *client, double *ret_ms)
{
        static char *words[] = { (char *)"true", NULL };
        struct offpeak_job_spec spec;
        struct offpeak_answer answer;
        struct offpeak_error err;
        double began = now_ms();

        offpeak_job_spec_init(&spec);
        spec.argv = words;
        spec.argc = 1;
        spec.time_s = 3600;
        spec.hold = true;
        if (offpeak_submit(client, &spec, &answer, &err) != 0) {
                fprintf(stderr, "submit_bench: %s\n", err.text);
                return 1;
        }
        *ret_ms = now_ms() - began;
        offpeak_cancel(client, answer.job, NULL, &err);
        offpeak_answer_finish(&answer);
        return 0;
}

int main(int argc, char **argv)
{
        size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
        double *ms = calloc(n + 1, sizeof(*ms));
        struct offpeak_client *client;
        struct offpeak_error err;

        if (argc < 2 || n == 0 || ms == NULL || offpeak_open(argv[1], NULL, &client, &err) != 0) {
                fprintf(stderr, "usage: submit_bench ENDPOINT [N], with an offpeakd there\n");
                return 64;
        }
        for (size_t i = 0; i < n; i++)
                if (submit(client, &ms[i]) != 0)
                        return 1;
        qsort(ms, n, sizeof(*ms), ascending);
        printf("{\"submits\": %zu, \"median_ms\": %.3f, \"p95_ms\": %.3f, \"worst_ms\": %.3f}\n", n, ms[n / 2],
               ms[n * 95 / 100], ms[n - 1]);
        offpeak_close(client);
        free(ms);
        return 0;
}
