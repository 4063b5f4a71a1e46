/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - a small problem whose right answer can be worked out by hand, and a plan of it that the checker has taken. */
#ifndef OFFPEAK_TEST_SCENE_H
#define OFFPEAK_TEST_SCENE_H

#include "plan/plan.h"

#define NOW  INT64_C(1800000000)
#define HOUR INT64_C(3600)

/* A site of 8 GPUs without limits; a price for each hour. Jobs of 8 GPUs, 8 kW and an hour. */
struct scene {
        struct plan_step steps[24];
        struct plan_site site;
        struct plan_mode modes[4];
        struct plan_job jobs[4];
        struct plan_problem problem;
};

void scene_init(struct scene *scene, size_t n_jobs, size_t n_hours, const double *prices);

/* Plan with so much work, and let the checker look; the test fails if either refuses. */
struct plan compute(const struct plan_problem *problem, uint64_t work, uint64_t seed);

/* Interval i of job j is [NOW + start, NOW + end). */
void assert_run(const struct plan *plan, size_t j, size_t i, int64_t start, int64_t end);

#endif
