/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kill.c - kill -9 of everything, at random moments: no acknowledged job is lost, none runs twice, running ones go on.
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
#include <unistd.h>

#include <cmocka.h>

#include "cluster.h"
#include "core/decide.h"
#include "io/store.h"

enum { KILLS = 50, SUBMITS = 40 };

static const char classes[] = "  - {name: default, min_run: 0s, start_cost: 0s, stop_grace: 2s, lease: 6s}\n"
                              "  - {name: relaunch, min_run: 0s, start_cost: 0s, stop_grace: 1s, lease: 8s, on_lost: relaunch}\n"
                              "  - {name: long, min_run: 0s, start_cost: 0s, stop_grace: 1s, lease: 120s, on_lost: relaunch}\n";

/* ---- the books, read from the store when nobody else holds it */

static int take_record(void *context, struct record *record)
{
        return apply(context, record);
}

static int by_leg_and_time(const void *a, const void *b)
{
        const struct booking *x = a, *y = b;

        if (x->job != y->job)
                return x->job < y->job ? -1 : 1;
        if (x->attempt != y->attempt)
                return x->attempt < y->attempt ? -1 : 1;
        if (x->node != y->node)
                return x->node < y->node ? -1 : 1;
        return x->start < y->start ? -1 : x->start > y->start;
}

/* Each leg's stretches abut: no hole, no second booking. */
static void assert_stretches_abut(struct booking *bookings, size_t n)
{
        qsort(bookings, n, sizeof(*bookings), by_leg_and_time);
        for (size_t i = 1; i < n; i++) {
                const struct booking *last = &bookings[i - 1], *this = &bookings[i];

                if (last->job == this->job && last->attempt == this->attempt && last->node == this->node)
                        assert_int_equal(last->end, this->start);
        }
}

/* Job bookings, moved to the front; returns how many. */
static size_t keep_jobs(struct booking *bookings, size_t n)
{
        size_t kept = 0;

        for (size_t i = 0; i < n; i++)
                if (bookings[i].account == ACCOUNT_JOB)
                        bookings[kept++] = bookings[i];
        return kept;
}

static void assert_books(const struct cluster *cluster)
{
        struct booking *bookings;
        struct offpeak_error err;
        struct store *store;
        struct state state;
        int64_t joules = 0, cost = 0;
        bool lost_tail = true;
        char path[128];
        size_t n;

        snprintf(path, sizeof(path), "%s/state/offpeakd.db", cluster->folder);
        assert_int_equal(store_open(path, &store, &err), 0);
        state_init(&state);
        assert_int_equal(store_replay(store, take_record, &state, &lost_tail, &err), 0);
        assert_false(lost_tail);
        assert_int_equal(store_bookings(store, 0, INT64_MAX, &bookings, &n, &err), 0);
        n = keep_jobs(bookings, n);
        assert_true(n > 0);
        assert_stretches_abut(bookings, n);
        for (size_t i = 0; i < n; i++) {
                joules += bookings[i].joules;
                cost += bookings[i].cost;
        }
        assert_int_equal(joules, state.sites[0].books[ACCOUNT_JOB].joules);
        assert_int_equal(cost, state.sites[0].books[ACCOUNT_JOB].cost);
        for (size_t j = 0; j < state.n_jobs; j++) {
                joules -= state.jobs[j].joules;
                assert_true(state.jobs[j].joules > 0);
        }
        assert_int_equal(joules, 0);
        free(bookings);
        state_finish(&state);
        store_close(store);
}

/* ---- the scheduler */

/* In a process of its own: submit, whatever becomes of the daemon meanwhile; write each acknowledged number down. */
static pid_t submit_meanwhile(const struct cluster *cluster, int to)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid != 0)
                return pid;
        for (int i = 0; i < SUBMITS; i++) {
                struct offpeak_options options = { .timeout_ms = 60000 };
                struct offpeak_client *client = NULL;
                struct offpeak_error err;
                uint64_t job = 0;

                while (offpeak_open(cluster->endpoint, &options, &client, &err) != 0)
                        sleep_ms(5);
                job = cluster_submit_with(client, cluster, "default", 1 + (i % 5 == 4), 10 + i % 30);
                offpeak_close(client);
                if (write(to, &job, sizeof(job)) != sizeof(job))
                        _exit(1);
                sleep_ms(40);
        }
        _exit(0);
}

static void assert_all_done(struct cluster *cluster, int from)
{
        bool seen[SUBMITS + 1] = { false };
        uint64_t job;
        int n = 0;

        while (read(from, &job, sizeof(job)) == sizeof(job)) {
                assert_in_range(job, 1, SUBMITS);
                assert_false(seen[job]); /* one job a request */
                seen[job] = true;
                cluster_wait_job(cluster, job, "done", 120);
                assert_int_equal(cluster_starts(cluster, job, 0), 1); /* it went on, and was adopted */
                assert_in_range(cluster_starts(cluster, job, 1), 0, 1);
                n++;
        }
        assert_int_equal(n, SUBMITS);
        assert_int_equal(cluster_count_jobs(cluster), SUBMITS);
}

static void the_scheduler_may_die_at_any_time(void **state)
{
        struct cluster *cluster = *state;
        int pipes[2], status;
        pid_t submitter;

        srand(4711);
        cluster_init(cluster, classes, 8);
        cluster_start_daemon(cluster);
        for (int i = 0; i < CLUSTER_AGENTS; i++)
                cluster_start_agent(cluster, i);
        cluster_wait_nodes_up(cluster, 2);
        assert_int_equal(pipe(pipes), 0);
        submitter = submit_meanwhile(cluster, pipes[1]);
        close(pipes[1]);
        for (int i = 0; i < KILLS; i++) {
                sleep_ms(20 + rand() % 180);
                cluster_kill_daemon(cluster, SIGKILL);
                cluster_spawn_daemon(cluster);
        }
        assert_int_equal(waitpid(submitter, &status, 0), submitter);
        assert_int_equal(status, 0);
        assert_all_done(cluster, pipes[0]);
        close(pipes[0]);
        assert_false(cluster_ran_twice(cluster));
        cluster_kill_daemon(cluster, SIGTERM);
        assert_books(cluster);
}

/* ---- the agent */

/*
 * The agent may die before it wrote its leg down: that attempt never began and another follows. What began goes on, so
 * each job starts once. Leases are long: on a slow machine no agent lives long enough to renew one, and then a short one
 * ends as it should.
 */
static void jobs_go_on_without_their_agent(void **state)
{
        struct cluster *cluster = *state;
        uint64_t jobs[4];

        srand(4712);
        cluster_init(cluster, classes, 4);
        cluster_start_daemon(cluster);
        cluster_start_agent(cluster, 0);
        cluster_wait_nodes_up(cluster, 1);
        for (int i = 0; i < 4; i++) {
                jobs[i] = cluster_submit(cluster, i % 2 == 0 ? "default" : "long", 1, 100);
                assert_true(jobs[i] != 0);
        }
        for (int i = 0; i < 8; i++) {
                sleep_ms(rand() % 500);
                cluster_kill_agent(cluster, 0, SIGKILL);
                sleep_ms(rand() % 300);
                cluster_start_agent(cluster, 0);
        }
        for (int i = 0; i < 4; i++) {
                cluster_wait_job(cluster, jobs[i], "done", 60);
                assert_int_equal(cluster_starts(cluster, jobs[i], 0), 1);
        }
        assert_false(cluster_ran_twice(cluster));
        cluster_kill_daemon(cluster, SIGTERM);
        assert_books(cluster);
}

/* ---- agent and shim together, or a dead link */

static void wait_for_copies(const struct cluster *cluster, uint64_t job, int n)
{
        int alive = cluster_copies_alive(cluster, job);

        for (int i = 0; i < 200 && alive != n; i++) {
                sleep_ms(50);
                alive = cluster_copies_alive(cluster, job); /* a child of the script counts, too, until it is something else */
        }
        assert_int_equal(alive, n);
}

/* One agent holds the job; the other joins later, so that it is clear where the job is. */
static uint64_t start_with_one_job(struct cluster *cluster, const char *class_name, int steps)
{
        uint64_t job;

        cluster_init(cluster, classes, 2);
        cluster_start_daemon(cluster);
        cluster_start_agent(cluster, 0);
        cluster_wait_nodes_up(cluster, 1);
        job = cluster_submit(cluster, class_name, 1, steps);
        assert_true(job != 0);
        cluster_wait_job(cluster, job, "running", 10);
        wait_for_copies(cluster, job, 1);
        cluster_start_agent(cluster, 1);
        cluster_wait_nodes_up(cluster, 2);
        return job;
}

static void kill_agent_and_shim(struct cluster *cluster, uint64_t job)
{
        cluster_kill_agent(cluster, 0, SIGKILL);
        cluster_kill_shims(cluster, job);
        wait_for_copies(cluster, job, 0); /* processes die with their shim */
}

static void a_relaunch_job_moves_when_its_lease_is_over(void **state)
{
        struct cluster *cluster = *state;
        uint64_t job = start_with_one_job(cluster, "relaunch", 100);

        kill_agent_and_shim(cluster, job);
        cluster_wait_job(cluster, job, "done", 60);
        assert_int_equal(cluster_job_attempts(cluster, job), 2);
        assert_false(cluster_ran_twice(cluster));
}

static void a_waiting_job_stays_until_its_node_answers(void **state)
{
        struct cluster *cluster = *state;
        uint64_t job = start_with_one_job(cluster, "default", 60);

        kill_agent_and_shim(cluster, job);
        sleep_ms(12000); /* far longer than its lease */
        assert_int_equal(cluster_job_attempts(cluster, job), 1);
        assert_int_equal(cluster_copies_alive(cluster, job), 0);
        cluster_start_agent(cluster, 0);
        cluster_wait_job(cluster, job, "done", 60);
        assert_int_equal(cluster_job_attempts(cluster, job), 2);
        assert_false(cluster_ran_twice(cluster));
}

/* A stopped agent is a link cut on both sides; its shims hear nothing any more. */
static void a_cut_link_ends_a_relaunch_job_before_it_starts_elsewhere(void **state)
{
        struct cluster *cluster = *state;
        uint64_t job = start_with_one_job(cluster, "relaunch", 300);

        kill(cluster->agents[0], SIGSTOP);
        for (int i = 0; i < 600 && cluster_job_attempts(cluster, job) < 2; i++) {
                assert_false(cluster_ran_twice(cluster));
                sleep_ms(20);
        }
        assert_int_equal(cluster_job_attempts(cluster, job), 2);
        wait_for_copies(cluster, job, 1);
        kill(cluster->agents[0], SIGCONT);
        cluster_wait_job(cluster, job, "done", 60);
        assert_int_equal(cluster_job_attempts(cluster, job), 2);
        assert_false(cluster_ran_twice(cluster));
}

static void a_cut_link_does_not_touch_a_waiting_job(void **state)
{
        struct cluster *cluster = *state;
        uint64_t job = start_with_one_job(cluster, "default", 400);

        kill(cluster->agents[0], SIGSTOP);
        sleep_ms(12000);
        assert_int_equal(cluster_job_attempts(cluster, job), 1);
        wait_for_copies(cluster, job, 1);
        kill(cluster->agents[0], SIGCONT);
        cluster_wait_job(cluster, job, "done", 60);
        assert_int_equal(cluster_job_attempts(cluster, job), 1);
        assert_false(cluster_ran_twice(cluster));
}

/* Whatever a test leaves running, also when it fails. */
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

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_scheduler_may_die_at_any_time, begin, end),
                cmocka_unit_test_setup_teardown(jobs_go_on_without_their_agent, begin, end),
                cmocka_unit_test_setup_teardown(a_relaunch_job_moves_when_its_lease_is_over, begin, end),
                cmocka_unit_test_setup_teardown(a_waiting_job_stays_until_its_node_answers, begin, end),
                cmocka_unit_test_setup_teardown(a_cut_link_ends_a_relaunch_job_before_it_starts_elsewhere, begin, end),
                cmocka_unit_test_setup_teardown(a_cut_link_does_not_touch_a_waiting_job, begin, end),
        };

        if (argc > 1)
                cmocka_set_test_filter(argv[1]);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
