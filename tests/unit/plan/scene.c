/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plan/scene.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"

struct plan compute(const struct plan_problem *problem, uint64_t work, uint64_t seed)
{
        struct plan_budget budget = { .work = work };
        struct plan_verdict verdict;
        struct offpeak_error err;
        struct plan plan;

        if (plan_compute(problem, &budget, &plan, &err) != 0)
                fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        if (plan_check(problem, &plan, &verdict, &err) != 0)
                fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        return plan;
}

void scene_init(struct scene *scene, size_t n_jobs, size_t n_hours, const double *prices)
{
        memset(scene, 0, sizeof(*scene));
        for (size_t t = 0; t < n_hours; t++)
                scene->steps[t] = (struct plan_step){ .start = NOW + (int64_t)t * HOUR, .n_segments = 1, .segments = { { prices[t], INFINITY } }, .gpus = 8 };
        scene->site = (struct plan_site){
                .name = "here", .steps = scene->steps, .n_steps = n_hours, .pue_factor = 1
        };
        for (size_t j = 0; j < 4; j++) {
                scene->modes[j] = (struct plan_mode){ 8, 8000, 1, 0, 0 };
                scene->jobs[j] = (struct plan_job){ .id = j + 1,
                                                    .sites = 1,
                                                    .modes = &scene->modes[j],
                                                    .n_modes = 1,
                                                    .work_s = 3600,
                                                    .release = NOW,
                                                    .max_starts = PLAN_ANY_STARTS,
                                                    .earliest_finish = NOW + HOUR };
        }
        scene->problem = (struct plan_problem){ .now = NOW,
                                                .horizon = NOW + (int64_t)n_hours * HOUR,
                                                .sites = &scene->site,
                                                .n_sites = 1,
                                                .jobs = scene->jobs,
                                                .n_jobs = n_jobs,
                                                .terminal_price = 200,
                                                .unfinished_cost = 10 };
}

void assert_run(const struct plan *plan, size_t j, size_t i, int64_t start, int64_t end)
{
        const struct plan_interval *interval = &plan->intervals[plan->jobs[j].first + i];

        if (i >= plan->jobs[j].n || interval->start != NOW + start || interval->end != NOW + end)
                fail_msg("job %zu runs %lld-%lld, %zu intervals", j, (long long)(interval->start - NOW),
                         (long long)(interval->end - NOW), plan->jobs[j].n);
}
