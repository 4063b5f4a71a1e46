/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_slow_planner.c - planning never blocks: with a planner that takes five seconds in its place, renewals, submissions
 * and stops go on meanwhile.
 *
 * A limit that is pushed while it computes cuts it short: what has no power any more stops after one plan's time, not two.
 *
 * The daemon runs in a child process as the function that it is (daemon.h), with the slow planner put into it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cluster.h"
#include "io/daemon.h"

enum { PLAN_MS = 5000 };

static int slow_compute(const struct plan_problem *problem, const struct plan_budget *budget, struct plan *ret_plan,
                        struct offpeak_error *err)
{
        for (int waited = 0; waited < PLAN_MS && !budget->aborted(budget->context); waited += 10)
                sleep_ms(10);
        return plan_compute(problem, budget, ret_plan, err);
}

static pid_t start_slow_daemon(const struct cluster *cluster)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                char config[128];
                struct daemon_options options = { .config_path = config, .compute = slow_compute };
                struct offpeak_error err;

                snprintf(config, sizeof(config), "%s/offpeakd.yaml", cluster->folder);
                setenv("OFFPEAK_TEST_TOKEN", cluster->token, 1);
                _exit(daemon_run(&options, &err) == 0 ? 0 : 1);
        }
        return pid;
}

static int64_t now_ms(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool is_status(struct cluster *cluster, uint64_t job, const char *wanted)
{
        char status[32];

        cluster_job_status(cluster, job, status, sizeof(status));
        return strcmp(status, wanted) == 0;
}

static void nothing_waits_for_the_planner(void **state)
{
        struct cluster *cluster = *state;
        struct offpeak_error err;
        uint64_t first, second;
        int64_t began;

        cluster_init(cluster, NULL, 4);
        cluster->daemon = start_slow_daemon(cluster);
        for (int i = 0; i < 200 && cluster_count_jobs(cluster) != 0; i++)
                sleep_ms(20);
        sleep_ms(500);
        cluster_start_agent(cluster, 0);
        cluster_wait_nodes_up(cluster, 1);
        began = now_ms();
        first = cluster_submit(cluster, "default", 1, 1000);  /* a plan begins with it, and takes 5 s */
        second = cluster_submit(cluster, "default", 1, 1000); /* taken while it is computed */
        assert_true(first != 0 && second != 0);
        cluster_wait_job(cluster, first, "running", 4);       /* placed at once, launched without the plan */
        cluster_wait_job(cluster, second, "running", 4);
        assert_int_equal(offpeak_cancel(cluster->client, first, NULL, &err), 0);
        cluster_wait_job(cluster, first, "cancelled", 4);     /* stopped meanwhile */
        assert_true(now_ms() - began < PLAN_MS);              /* all of it within one plan's time */
        for (int i = 0; i < 80; i++) {                        /* longer than half a lease: renewals were answered */
                assert_true(is_status(cluster, second, "running"));
                sleep_ms(100);
        }
        cluster_kill_daemon(cluster, SIGTERM);                /* and the stop does not wait for it either */
}

/* Just after a plan has begun the grid gives nothing more: that plan is not waited for, and the next one takes its five seconds. */
static void a_plan_that_a_push_overtakes_is_cut_short(void **state)
{
        struct cluster *cluster = *state;
        struct offpeak_signal_point nothing = { 0, 0 };
        struct offpeak_push push = { .signal = OFFPEAK_LIMIT, .site = (char *)"hall", .points = &nothing, .n_points = 1,
                                     .life_s = 3600 };
        struct offpeak_error err;
        uint64_t first;
        int64_t began;

        cluster_init(cluster, NULL, 4);
        cluster->daemon = start_slow_daemon(cluster);
        for (int i = 0; i < 200 && cluster_count_jobs(cluster) != 0; i++)
                sleep_ms(20);
        sleep_ms(500);
        cluster_start_agent(cluster, 0);
        cluster_wait_nodes_up(cluster, 1);
        first = cluster_submit(cluster, "default", 1, 1000);
        cluster_wait_job(cluster, first, "running", 4);
        sleep_ms(PLAN_MS + 1000); /* its plan is there */
        assert_true(cluster_submit(cluster, "default", 1, 1000) != 0); /* another one begins */
        sleep_ms(100);
        began = now_ms();
        assert_int_equal(offpeak_push(cluster->client, &push, NULL, &err), 0);
        cluster_wait_job(cluster, first, "paused", 15);
        assert_true(now_ms() - began > PLAN_MS - 100);
        assert_true(now_ms() - began < 2 * PLAN_MS - 500);
        cluster_kill_daemon(cluster, SIGTERM);
}

static int begin(void **state)
{
        *state = calloc(1, sizeof(struct cluster));
        return *state == NULL;
}

static int end(void **state)
{
        cluster_finish(*state);
        free(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(nothing_waits_for_the_planner, begin, end),
                cmocka_unit_test_setup_teardown(a_plan_that_a_push_overtakes_is_cut_short, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
