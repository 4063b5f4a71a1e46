/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_bench.c - how long the planner thinks, and how good its plan is. One line of JSON for each problem.
 *
 *   plan_bench [KIND [JOBS [SLOTS [SEED [WORK]]]]]
 *
 * KIND: loose (60 % of the GPU-hours asked for), tight (95 %), reactor (a cheap first segment), starts (dear starts),
 * sites (three sites). SLOTS are hours.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan/check.h"
#include "unit/plan/random_problem.h"

struct kind {
        const char *name;
        double load, reactor;
        int64_t start_cost_s;
        size_t n_sites;
};

static const struct kind kinds[] = {
        { "loose", 0.60, 0, 300, 1 },   { "tight", 0.95, 0, 300, 1 },   { "reactor", 0.80, 1, 300, 1 },
        { "starts", 0.60, 0, 1800, 1 }, { "sites", 0.70, 0.5, 300, 3 },
};

static double seconds_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Jobs of all sizes; the sites' GPUs are what makes the load. */
static void make(struct random_problem *random, const struct kind *kind, size_t n_jobs, size_t n_slots, uint64_t seed)
{
        struct random_shape shape = {
                .n_sites = kind->n_sites,
                .n_steps = n_slots,
                .n_jobs = n_jobs,
                .n_modes = 1,
                .step_s = 3600,
                .work_s = (int64_t)n_slots * 3600 / 4,
                .skew = 2,
                .start_cost_s = kind->start_cost_s,
                .min_run_s = 2700,
                .gpus = 1000000,
                .job_gpus = 16,
                .watts_per_gpu = 700,
                .price = 80,
                .negative = 0.04,
                .two_segments = kind->reactor,
                .running = 0.05,
                .deadlines = 0.7,
                .delays = 0.3,
                .once = 0.3,
        };
        double gpu_seconds = 0, span = (double)n_slots * 3600;

        random_problem_init(random, seed, &shape);
        for (size_t j = 0; j < n_jobs; j++)
                gpu_seconds +=
                        random->jobs[j].modes[0].gpus * (random->jobs[j].work_s + (double)random->jobs[j].start_cost_s);
        random_problem_finish(random);
        shape.gpus = (uint32_t)fmax(16, gpu_seconds / span / kind->load / (double)kind->n_sites);
        random_problem_init(random, seed, &shape);
}

static int bench(const struct kind *kind, size_t n_jobs, size_t n_slots, uint64_t seed, uint64_t work)
{
        struct plan_budget budget = { .work = work };
        struct plan_verdict verdict;
        struct random_problem random;
        struct offpeak_error err;
        struct plan plan;
        double start, spent;
        size_t late = 0;

        make(&random, kind, n_jobs, n_slots, seed);
        start = seconds_now();
        if (plan_compute(&random.problem, &budget, &plan, &err) != 0) {
                fprintf(stderr, "plan_bench: %s\n", err.text);
                return 1;
        }
        spent = seconds_now() - start;
        if (plan_check(&random.problem, &plan, &verdict, &err) != 0) {
                fprintf(stderr, "plan_bench: %s\n", err.text);
                return 1;
        }
        for (size_t j = 0; j < plan.n_jobs; j++)
                late += plan.jobs[j].late_s > 0;
        printf("{\"kind\":\"%s\",\"jobs\":%zu,\"slots\":%zu,\"seed\":%" PRIu64 ",\"seconds\":%.3f,\"work\":%" PRIu64
               ",\"cost\":%.2f,\"bound\":%.2f,\"gap\":%.5f,\"captured_saving\":%.4f,\"run_now\":%.2f,\"late\":%zu}\n",
               kind->name, n_jobs, n_slots, seed, spent, plan.work, verdict.terms.total, verdict.bound,
               verdict.gap / fabs(verdict.terms.total),
               (plan.run_now.total - verdict.terms.total) / (plan.run_now.total - verdict.bound), plan.run_now.total,
               late);
        plan_finish(&plan);
        random_problem_finish(&random);
        return 0;
}

int main(int argc, char **argv)
{
        const char *kind = argc > 1 ? argv[1] : "all";
        size_t n_jobs = argc > 2 ? strtoull(argv[2], NULL, 10) : 200;
        size_t n_slots = argc > 3 ? strtoull(argv[3], NULL, 10) : 336;
        uint64_t seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
        uint64_t work = argc > 5 ? strtoull(argv[5], NULL, 10) : 50 * 1000 * 1000;
        int code = 2;

        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
                if (strcmp(kind, "all") == 0 || strcmp(kind, kinds[k].name) == 0) {
                        code = bench(&kinds[k], n_jobs, n_slots, seed, work);
                        if (code != 0)
                                return code;
                }
        if (code == 2)
                fprintf(stderr, "plan_bench: no such kind: %s\n", kind);
        return code;
}
