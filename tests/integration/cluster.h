/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster.h - a real offpeakd and two real agents under a temporary folder, for tests that kill them.
 *
 * Everything a cluster starts, and whatever that starts, carries the cluster's token in its environment: cluster_finish
 * finds and kills what is left by it, and fails the test if jobs had to be killed.
 */
#ifndef OFFPEAK_TESTS_CLUSTER_H
#define OFFPEAK_TESTS_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <offpeak/client.h>

enum { CLUSTER_AGENTS = 2 };

struct cluster {
        char folder[64];
        char endpoint[96];
        char token[64];
        pid_t daemon;                  /* 0: not running */
        pid_t agents[CLUSTER_AGENTS];
        struct offpeak_client *client;
};

/* `classes` is YAML below "classes:"; devices per node; NULL classes: one "default" that starts jobs at once. */
void cluster_init(struct cluster *cluster, const char *classes, int devices);
void cluster_finish(struct cluster *cluster);

void cluster_start_daemon(struct cluster *cluster); /* returns when it answers */
void cluster_spawn_daemon(struct cluster *cluster); /* returns at once */
void cluster_kill_daemon(struct cluster *cluster, int signal); /* and waits for its end */
void cluster_start_agent(struct cluster *cluster, int node);
void cluster_kill_agent(struct cluster *cluster, int node, int signal);
void cluster_wait_nodes_up(struct cluster *cluster, int n);

/*
 * A job that counts to `steps`, a step each 50 ms, saves its count when asked to stop and goes on from there. It holds a
 * lock while it runs: a second copy at the same time leaves a line in FOLDER/double. Returns its number, 0 if refused.
 */
uint64_t cluster_submit(struct cluster *cluster, const char *class_name, int nodes, int steps);
uint64_t cluster_submit_with(struct offpeak_client *client, const struct cluster *cluster, const char *class_name,
                             int nodes, int steps);

/* The state of a job as `offpeak jobs` names it ("running", "done", ...); "absent" if it is not there. */
void cluster_job_status(struct cluster *cluster, uint64_t job, char *status, int size);
int cluster_job_attempts(struct cluster *cluster, uint64_t job);
void cluster_wait_job(struct cluster *cluster, uint64_t job, const char *status, int seconds);
int cluster_count_jobs(struct cluster *cluster);

bool cluster_ran_twice(const struct cluster *cluster);
/* How often the command of a job's rank was started. */
int cluster_starts(const struct cluster *cluster, uint64_t job, int rank);
/* How many processes run a job's script now: one, and for moments a fork that is about to become a command. */
int cluster_copies_alive(const struct cluster *cluster, uint64_t job);
/* kill -9 every shim of a job. */
void cluster_kill_shims(const struct cluster *cluster, uint64_t job);

void sleep_ms(int ms);

#endif
