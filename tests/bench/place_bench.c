/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place_bench.c - how long placement takes, and how it breaks up a cluster.
 *
 *   place_bench                    10,000 nodes with 8 GPUs: one gang (medians), and a day of 2,400 jobs
 *   place_bench --pods PODS NODES  Alibaba's pods of 2023 (CSV) on its nodes, drawn at random, that come and go: what
 * holes are left place_bench --jobs CSV NODES   Philly's jobs on so many nodes with 8 GPUs: how long they wait, what
 * links they get
 *
 * The latter two by first fit, best fit (the tightest node, the first devices) and place.h. A line of JSON each.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/placing.h"
#include "place/place.h"

enum {
        NODES = 10000,
        GPUS = 8,
        REPEAT = 101,
        DAY_JOBS = 2400,
        MAX_LEGS = 1024,
        MAX_JOBS = 100000,
        SEEDS = 3,
        STEPS = 40000
};

enum chooser { FIRST_FIT, BEST_FIT, OURS, POLICIES };
static const char *const policy_names[] = { "first fit", "best fit", "offpeak" };

struct cluster {
        struct place_node *nodes;
        uint64_t *all;
        size_t n;
        struct place_shapes *shapes;
};

struct run {
        int64_t submit, run, end;
        uint32_t gpus, n_legs;
        struct place_leg *legs;
};

static double seconds_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* other work on the machine is not what is measured */
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t draw(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

/* ---- clusters */

/* 8 V100 as two quads: links of 25 GB/s, one or two to a neighbour. */
static const struct place_link *cube_mesh(void)
{
        static const char *const rows[8] = { ".1122...", "1.21.2..", "12.2..1.", "212....1",
                                             "2....112", ".2..1.21", "..1.12.2", "...1212." };
        static struct place_link links[28];

        for (uint32_t a = 0; a < 8; a++)
                for (uint32_t b = a + 1; b < 8; b++)
                        links[place_pair(8, a, b)] =
                                (struct place_link){ rows[a][b] == '.' ? 0 : (uint16_t)(25 * (rows[a][b] - '0')),
                                                     a / 2 == b / 2   ? PLACE_SWITCH
                                                     : a / 4 == b / 4 ? PLACE_NUMA
                                                                      : PLACE_FAR };
        return links;
}

static void must(bool fine, const char *what)
{
        if (!fine) {
                fprintf(stderr, "place_bench: %s\n", what);
                exit(1);
        }
}

static struct cluster make_cluster(size_t n)
{
        struct cluster cluster = { calloc(n, sizeof(struct place_node)), calloc(n, sizeof(uint64_t)), n, NULL };

        must(cluster.nodes != NULL && cluster.all != NULL && place_shapes_create(&cluster.shapes) == 0,
             "out of memory");
        return cluster;
}

static void set_node(struct cluster *cluster, size_t i, uint32_t gpus)
{
        struct place_node *node = &cluster->nodes[i];

        cluster->all[i] = (UINT64_C(1) << gpus) - 1;
        *node = (struct place_node){ .node = (uint32_t)i, .free = cluster->all[i], .empty = true };
        must(place_shapes_find(cluster->shapes, gpus, NULL, gpus == 8 ? cube_mesh() : NULL, &node->shape) == 0,
             "out of memory");
}

static void finish_cluster(struct cluster *cluster)
{
        free(cluster->nodes);
        free(cluster->all);
        place_shapes_destroy(cluster->shapes);
}

static struct cluster uniform(size_t n)
{
        struct cluster cluster = make_cluster(n);

        for (size_t i = 0; i < n; i++) {
                set_node(&cluster, i, GPUS);
                cluster.nodes[i].at =
                        (struct place_position){ 1 + (uint32_t)i / 32, 1 + (uint32_t)i / 64, 1 + (uint32_t)i / 512 };
        }
        return cluster;
}

/* ---- policies */

static uint64_t first_devices(uint64_t free_set, uint32_t need)
{
        uint64_t devices = 0;

        for (; need > 0; need--) {
                devices |= free_set & -free_set;
                free_set &= free_set - 1;
        }
        return devices;
}

/* The first node with enough, or the first of the tightest. */
static int simple(const struct cluster *cluster, bool tight, uint32_t legs, uint32_t need, struct place_leg *ret_legs)
{
        uint32_t n = 0;

        for (uint32_t width = tight ? need : 1; width <= (tight ? 64U : 1U) && n < legs; width++)
                for (size_t i = 0; i < cluster->n && n < legs; i++) {
                        uint32_t free_here = (uint32_t)__builtin_popcountll(cluster->nodes[i].free);

                        if (free_here >= need && (!tight || free_here == width))
                                ret_legs[n++] =
                                        (struct place_leg){ (uint32_t)i, first_devices(cluster->nodes[i].free, need) };
                }
        return n == legs ? 0 : OFFPEAK_ETRYAGAIN;
}

static int place(const struct cluster *cluster, enum chooser policy, uint32_t legs, uint32_t need,
                 struct place_leg *ret_legs)
{
        const struct place_want want = { .legs = legs, .devices_per_leg = need };

        if (policy == OURS)
                return place_gang(cluster->nodes, cluster->n, &want, ret_legs);
        return simple(cluster, policy == BEST_FIT, legs, need, ret_legs);
}

static void take(struct cluster *cluster, const struct place_leg *legs, uint32_t n)
{
        for (uint32_t l = 0; l < n; l++) {
                cluster->nodes[legs[l].node].free &= ~legs[l].devices;
                cluster->nodes[legs[l].node].empty = false;
        }
}

static void give_back(struct cluster *cluster, const struct place_leg *legs, uint32_t n)
{
        for (uint32_t l = 0; l < n; l++) {
                struct place_node *node = &cluster->nodes[legs[l].node];

                node->free |= legs[l].devices;
                node->empty = node->free == cluster->all[legs[l].node];
        }
}

static uint32_t legs_of(uint32_t gpus)
{
        return (gpus + GPUS - 1) / GPUS;
}

/* ---- time */

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static void time_gang(const struct cluster *cluster, uint32_t legs, uint32_t need)
{
        static struct place_leg out[MAX_LEGS];
        double times[REPEAT];
        int code = 0;

        for (int i = 0; i < REPEAT; i++) {
                double start = seconds_now();

                code = place(cluster, OURS, legs, need, out);
                times[i] = seconds_now() - start;
        }
        qsort(times, REPEAT, sizeof(*times), by_value);
        printf("{\"nodes\": %zu, \"legs\": %u, \"gpus_per_leg\": %u, \"placed\": %s, \"median_ms\": %.3f, \"p95_ms\": "
               "%.3f}\n",
               cluster->n, legs, need, code == 0 ? "true" : "false", times[REPEAT / 2] * 1e3,
               times[REPEAT * 95 / 100] * 1e3);
}

static void time_day(struct cluster *cluster, uint64_t *seed)
{
        static const uint32_t sizes[] = { 1, 1, 1, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 16, 32, 128 };
        static struct place_leg out[DAY_JOBS][MAX_LEGS / 64];
        uint32_t placed = 0, legs[DAY_JOBS] = { 0 };
        double start = seconds_now();

        for (uint32_t i = 0; i < DAY_JOBS; i++) {
                uint32_t gpus = sizes[draw(seed) % 16], need = gpus < GPUS ? gpus : GPUS;

                if (i >= DAY_JOBS / 2)
                        give_back(cluster, out[i - DAY_JOBS / 2], legs[i - DAY_JOBS / 2]);
                if (place(cluster, OURS, legs_of(gpus), need, out[i]) != 0)
                        continue;
                legs[i] = legs_of(gpus);
                take(cluster, out[i], legs[i]);
                placed++;
        }
        printf("{\"nodes\": %zu, \"jobs\": %d, \"placed\": %u, \"seconds\": %.3f}\n", cluster->n, DAY_JOBS, placed,
               seconds_now() - start);
}

/* What the scheduler makes of its nodes before the first job of a turn is placed. */
static void time_placing(void)
{
        static struct device devices[GPUS];
        static char names[NODES / 32 + 1][8];
        struct state state = { .nodes = calloc(NODES, sizeof(struct node)), .n_nodes = NODES };
        struct placing placing;
        double start;

        must(state.nodes != NULL, "out of memory");
        for (uint32_t i = 0; i < NODES; i++) {
                snprintf(names[i / 32], sizeof(names[0]), "s%u", i / 32);
                state.nodes[i].id = i;
                state.nodes[i].inventory = (struct inventory){ .devices = devices,
                                                               .n_devices = GPUS,
                                                               .links = (struct place_link *)(uintptr_t)cube_mesh(),
                                                               .n_links = (uint32_t)place_pairs(GPUS),
                                                               .leaf_switch = names[i / 32] };
        }
        start = seconds_now();
        must(placing_init(&state, &placing) == 0, "out of memory");
        printf("{\"nodes\": %d, \"placing_ms\": %.3f}\n", NODES, (seconds_now() - start) * 1e3);
        placing_finish(&placing);
        free(state.nodes);
}

static int measure_time(void)
{
        static const uint32_t gangs[][2] = { { 1, 1 },  { 1, 4 },  { 1, 8 },   { 4, 8 },
                                             { 16, 8 }, { 64, 4 }, { 128, 8 }, { 1024, 1 } };
        struct cluster cluster = uniform(NODES);
        uint64_t seed = 1;

        for (size_t i = 0; i < cluster.n; i++) /* half of it in pieces */
                if (draw(&seed) % 2 == 0)
                        cluster.nodes[i].free &= draw(&seed);
        for (size_t i = 0; i < sizeof(gangs) / sizeof(gangs[0]); i++)
                time_gang(&cluster, gangs[i][0], gangs[i][1]);
        for (size_t i = 0; i < cluster.n; i++)
                cluster.nodes[i].at = (struct place_position){ 0 };
        time_gang(&cluster, 16, 8);
        finish_cluster(&cluster);
        cluster = uniform(NODES);
        time_day(&cluster, &seed);
        time_placing();
        finish_cluster(&cluster);
        return 0;
}

/* ---- files */

/* The `column`th number of each line behind the first. */
static size_t read_column(const char *path, int column, int64_t *values)
{
        FILE *file = fopen(path, "re");
        char line[1024];
        size_t n = 0;

        must(file != NULL && fgets(line, sizeof(line), file) != NULL, "a file cannot be read");
        while (n < MAX_JOBS && fgets(line, sizeof(line), file) != NULL) {
                char *at = line;

                for (int i = 0; i < column && at != NULL; i++)
                        at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
                values[n++] = at != NULL ? atoll(at) : 0;
        }
        fclose(file);
        return n;
}

/* ---- fragmentation: pods */

/* What came of pods that come and go at random, while so many GPUs are held. */
struct churn {
        double refused, asked; /* pods with 8 GPUs */
        double whole, unused;  /* GPUs free on empty nodes with 8, and in all: sums over time */
};

static void look(const struct cluster *cluster, struct churn *churn)
{
        for (size_t i = 0; i < cluster->n; i++) {
                churn->unused += __builtin_popcountll(cluster->nodes[i].free);
                churn->whole += cluster->nodes[i].free == 0xff ? GPUS : 0;
        }
}

static void churn_pods(struct cluster *cluster, enum chooser policy, const int64_t *pods, size_t n_pods, int64_t most,
                       uint64_t seed, struct churn *churn)
{
        static struct place_leg held[MAX_JOBS];
        int64_t in_use = 0;
        size_t n = 0;

        for (int step = 0; step < STEPS; step++) {
                uint32_t gpus = (uint32_t)pods[draw(&seed) % n_pods];

                while (n > 0 && in_use + gpus > most) {
                        size_t i = draw(&seed) % n;

                        give_back(cluster, &held[i], 1);
                        in_use -= __builtin_popcountll(held[i].devices);
                        held[i] = held[--n];
                }
                churn->asked += gpus == GPUS;
                if (gpus > 0 && place(cluster, policy, 1, gpus, &held[n]) == 0) {
                        take(cluster, &held[n], 1);
                        in_use += gpus;
                        n++;
                } else {
                        churn->refused += gpus == GPUS;
                }
                if (step >= STEPS / 2 && step % 100 == 0)
                        look(cluster, churn);
        }
}

static void measure_churn(const int64_t *pods, size_t n_pods, const int64_t *gpus, size_t n, enum chooser policy,
                          int percent)
{
        struct churn churn = { 0 };

        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct cluster cluster = make_cluster(n);
                int64_t total = 0;

                for (size_t i = 0; i < n; i++) {
                        set_node(&cluster, i, (uint32_t)gpus[i]);
                        total += gpus[i];
                }
                churn_pods(&cluster, policy, pods, n_pods, total * percent / 100, seed * 1000, &churn);
                finish_cluster(&cluster);
        }
        printf("{\"policy\": \"%s\", \"held_percent\": %d, \"whole_share_of_free\": %.3f, \"refused_of_8\": %.3f}\n",
               policy_names[policy], percent, churn.whole / churn.unused, churn.refused / churn.asked);
}

static int measure_pods(const char *pods_path, const char *nodes_path)
{
        static const int percents[] = { 70, 90, 95 };
        static int64_t pods[MAX_JOBS], gpus[MAX_JOBS];
        size_t n_pods = read_column(pods_path, 3, pods), n = read_column(nodes_path, 3, gpus);

        for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
                for (enum chooser policy = 0; policy < POLICIES; policy++)
                        measure_churn(pods, n_pods, gpus, n, policy, percents[i]);
        return 0;
}

/* ---- fragmentation: jobs that come and go */

struct result {
        double wait_h, wide_wait_h, links, no_link;
        uint32_t n_wide, n_linked;
};

/* What the GPUs of a job inside one node have between them. */
static void count_links(const struct run *job, struct result *result)
{
        uint64_t set = job->legs[0].devices;
        uint32_t worst = UINT32_MAX;

        if (job->gpus < 2 || job->gpus >= GPUS)
                return;
        for (uint32_t a = 0; a < GPUS; a++)
                for (uint32_t b = a + 1; b < GPUS; b++)
                        if ((set >> a & 1) != 0 && (set >> b & 1) != 0 &&
                            cube_mesh()[place_pair(8, a, b)].gb_per_s < worst)
                                worst = cube_mesh()[place_pair(8, a, b)].gb_per_s;
        result->n_linked++;
        result->links += worst;
        result->no_link += worst == 0;
}

static bool start(struct cluster *cluster, enum chooser policy, struct run *job, int64_t now)
{
        uint32_t legs = legs_of(job->gpus), need = job->gpus < GPUS ? job->gpus : GPUS;

        job->legs = calloc(legs, sizeof(*job->legs));
        must(job->legs != NULL, "out of memory");
        if (place(cluster, policy, legs, need, job->legs) != 0) {
                free(job->legs);
                job->legs = NULL;
                return false;
        }
        job->n_legs = legs;
        job->end = now + job->run;
        take(cluster, job->legs, legs);
        return true;
}

static int64_t next_end(struct run *const *running, size_t n)
{
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < n; i++)
                next = running[i]->end < next ? running[i]->end : next;
        return next;
}

static size_t end_jobs(struct cluster *cluster, struct run **running, size_t n, int64_t now)
{
        size_t kept = 0;

        for (size_t i = 0; i < n; i++) {
                if (running[i]->end > now) {
                        running[kept++] = running[i];
                        continue;
                }
                give_back(cluster, running[i]->legs, running[i]->n_legs);
                free(running[i]->legs);
        }
        return kept;
}

static struct result replay(enum chooser policy, struct run *jobs, size_t n_jobs, size_t n_nodes)
{
        static struct run *queue[MAX_JOBS], *running[MAX_JOBS];
        struct cluster cluster = uniform(n_nodes);
        size_t next = 0, n_queue = 0, n_running = 0;
        struct result result = { 0 };

        while (next < n_jobs || n_queue > 0) {
                int64_t now = next_end(running, n_running);
                bool blocked[MAX_LEGS * GPUS + 1] = { false };
                size_t kept = 0;

                now = next < n_jobs && jobs[next].submit < now ? jobs[next].submit : now;
                n_running = end_jobs(&cluster, running, n_running, now);
                while (next < n_jobs && jobs[next].submit <= now)
                        queue[n_queue++] = &jobs[next++];
                for (size_t i = 0; i < n_queue; i++) {
                        struct run *job = queue[i];

                        if (blocked[job->gpus] || !start(&cluster, policy, job, now)) {
                                blocked[job->gpus] = true;
                                queue[kept++] = job;
                                continue;
                        }
                        running[n_running++] = job;
                        result.wait_h += (double)(now - job->submit) / 3600;
                        result.wide_wait_h += job->gpus >= GPUS ? (double)(now - job->submit) / 3600 : 0;
                        result.n_wide += job->gpus >= GPUS;
                        count_links(job, &result);
                }
                n_queue = kept;
        }
        end_jobs(&cluster, running, n_running, INT64_MAX);
        finish_cluster(&cluster);
        return result;
}

static int measure_jobs(const char *path, size_t n_nodes)
{
        static int64_t submits[MAX_JOBS], gpus[MAX_JOBS], runs[MAX_JOBS];
        static struct run jobs[MAX_JOBS];
        size_t n = read_column(path, 0, submits), n_jobs = 0;

        read_column(path, 1, gpus);
        read_column(path, 2, runs);
        for (size_t i = 0; i < n; i++)
                if (gpus[i] >= 1 && legs_of((uint32_t)gpus[i]) <= n_nodes)
                        jobs[n_jobs++] =
                                (struct run){ .submit = submits[i], .run = runs[i], .gpus = (uint32_t)gpus[i] };
        for (enum chooser policy = 0; policy < POLICIES; policy++) {
                double begun = seconds_now();
                struct result result = replay(policy, jobs, n_jobs, n_nodes);

                printf("{\"policy\": \"%s\", \"jobs\": %zu, \"nodes\": %zu, \"wait_h\": %.3f, \"wait_8_or_more_h\": "
                       "%.3f, "
                       "\"worst_link_gb_per_s\": %.1f, \"without_link_share\": %.3f, \"seconds\": %.1f}\n",
                       policy_names[policy], n_jobs, n_nodes, result.wait_h / (double)n_jobs,
                       result.wide_wait_h / result.n_wide, result.links / result.n_linked,
                       result.no_link / result.n_linked, seconds_now() - begun);
        }
        return 0;
}

int main(int argc, char **argv)
{
        if (argc == 1)
                return measure_time();
        if (argc == 4 && strcmp(argv[1], "--pods") == 0)
                return measure_pods(argv[2], argv[3]);
        if (argc == 4 && strcmp(argv[1], "--jobs") == 0 && atoll(argv[3]) > 0)
                return measure_jobs(argv[2], (size_t)atoll(argv[3]));
        fprintf(stderr, "usage: place_bench [--pods PODS NODES | --jobs CSV NODES]\n");
        return 64;
}
