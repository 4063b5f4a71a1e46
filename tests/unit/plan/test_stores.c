/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans with stores: those of random problems pass the checker and are not below their bound, which holds for any values of
 * stored energy; the checker refuses what no store can do; and some days by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"
#include "unit/plan/random_problem.h"
#include "unit/plan/scene.h"

#define MWH 3.6e9

/* ---- random ones */

static struct random_shape shape_of(uint64_t *seed)
{
        return (struct random_shape){
                .n_sites = random_unit(seed) < 0.7 ? 1 : 2,
                .n_steps = (size_t)random_range(seed, 4, 30),
                .n_jobs = (size_t)random_range(seed, 1, 12),
                .n_modes = random_unit(seed) < 0.7 ? 1 : 2,
                .step_s = 3600,
                .irregular = random_unit(seed) < 0.3,
                .work_s = 20000,
                .start_cost_s = random_range(seed, 0, 600),
                .gpus = 16,
                .job_gpus = 8,
                .watts_per_gpu = 700,
                .price = 60,
                .negative = random_unit(seed) < 0.5 ? 0 : 0.3,
                .two_segments = 0.4,
                .limited = 0.5,
                .outages = random_unit(seed) < 0.5 ? 0 : 0.2,
                .demands = 0.4,
                .running = 0.2,
                .deadlines = 0.5,
                .delays = 0.3,
                .once = 0.2,
                .afters = 0.1,
                .movers = 0.2,
                .unfinished_cost = 1000,
        };
}

static void make_store(uint64_t *seed, struct plan_site *site, struct plan_store *store)
{
        double power = 12000 * random_unit(seed) + 100;

        *store = (struct plan_store){
                .energy_j = power * 3600 * (0.5 + 6 * random_unit(seed)),
                .charge_w = power * (0.3 + random_unit(seed)),
                .discharge_w = power,
                .charge_efficiency = 0.7 + 0.3 * random_unit(seed),
                .discharge_efficiency = random_unit(seed) < 0.3 ? 1 : 0.9,
                .end_price = random_unit(seed) < 0.5 ? 0 : 80 * random_unit(seed),
                .by_step = random_unit(seed) < 0.3,
        };
        store->start_j = store->energy_j * random_unit(seed);
        store->reserve_j = store->start_j * (random_unit(seed) < 0.5 ? 0 : random_unit(seed));
        store->least_end_j = store->reserve_j + (store->start_j - store->reserve_j) * random_unit(seed);
        for (size_t t = 0; t < site->n_steps; t++)
                ((struct plan_step *)site->steps)[t].charge_w = power * random_unit(seed);
        site->store = store;
}

static void assert_checked(const struct plan_problem *problem, const struct plan *plan)
{
        struct offpeak_error err = { 0 };

        if (plan_check(problem, plan, NULL, &err) != 0)
                fail_msg("%s", err.text);
}

/* Any values at any prices prove something, and never more than a plan costs. */
static void disturb(uint64_t *seed, const struct plan_problem *problem, struct plan *plan)
{
        struct plan_multipliers *multipliers = &plan->multipliers;
        struct offpeak_error err;
        double bound;

        for (size_t k = 0; k < multipliers->n_slots * problem->n_sites; k++) {
                if (random_unit(seed) < 0.5)
                        multipliers->storage[k] += 100 * (random_unit(seed) - 0.5);
                if (random_unit(seed) < 0.5)
                        multipliers->power[k] += 50 * (random_unit(seed) - 0.5);
        }
        assert_int_equal(plan_bound(problem, multipliers, &bound, &err), 0);
        assert_true(bound <= plan->terms.total + 1e-6 * fabs(plan->terms.total) + 1e-6);
}

static void random_plans_hold(void **state)
{
        size_t flows = 0, saved = 0;

        (void)state;
        for (uint64_t i = 1; i <= 150; i++) {
                uint64_t seed = i;
                struct random_shape shape = shape_of(&seed);
                struct plan_budget budget = { .work = 60000 };
                struct plan_store stores[2];
                struct random_problem random;
                struct offpeak_error err;
                struct plan plan, alone;

                random_problem_init(&random, i, &shape);
                for (size_t s = 0; s < random.problem.n_sites; s++)
                        if (s == 0 || random_unit(&seed) < 0.5)
                                make_store(&seed, &random.sites[s], &stores[s]);
                assert_int_equal(plan_compute(&random.problem, &budget, &plan, &err), 0);
                assert_checked(&random.problem, &plan);
                assert_true(plan.terms.total <= plan.run_now.total + 1e-9 * fabs(plan.run_now.total));
                flows += plan.n_flows;
                disturb(&seed, &random.problem, &plan);
                assert_int_equal(plan_run_now(&random.problem, &alone, &err), 0);
                assert_checked(&random.problem, &alone);
                assert_true(fabs(alone.terms.total - plan.run_now.total) <= 1e-9 * fabs(alone.terms.total) + 1e-9);
                saved += plan.terms.total < plan.run_now.total - 1e-6;
                plan_finish(&alone);
                plan_finish(&plan);
                random_problem_finish(&random);
        }
        assert_true(flows > 500);
        assert_true(saved > 50);
}

/* ---- days by hand: 8 kW for an hour */

static const struct plan_store plain = { .energy_j = 0.008 * MWH, .charge_w = 8000, .discharge_w = 8000,
                                         .charge_efficiency = 0.8, .discharge_efficiency = 1 };

static void plan_day(struct scene *scene, const struct plan_store *store, struct plan *plan)
{
        struct plan_budget budget = { .work = 200000 };
        struct offpeak_error err = { 0 };

        scene->site.store = store;
        if (plan_compute(&scene->problem, &budget, plan, &err) != 0)
                fail_msg("%s", err.text);
        assert_checked(&scene->problem, plan);
}

/* A job that must run at 100: 8 kWh of it were bought at 10, of which a fifth is lost. */
static void charges_before_a_dear_hour(void **state)
{
        const double prices[] = { 10, 10, 100, 50 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 4, prices);
        scene.jobs[0].release = NOW + 2 * HOUR;
        scene.jobs[0].deadline = NOW + 3 * HOUR;
        scene.jobs[0].lateness_cost = 1000;
        plan_day(&scene, &plain, &plan);
        assert_true(fabs(plan.terms.total - 0.008 / 0.8 * 10) < 1e-6);
        assert_true(fabs(plan.bound - plan.terms.total) < 1e-3);
        assert_true(plan.flows[0].watts > 0 && plan.flows[plan.n_flows - 1].watts < 0);
        plan_finish(&plan);
}

/* Sun for two hours and none after: who is put off runs at night as far as the store carries. */
static void runs_at_night_on_what_the_day_left(void **state)
{
        const double prices[] = { 0, 0, 0, 0 };
        struct plan_store store = plain;
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 2, 4, prices);
        for (int t = 0; t < 4; t++)
                scene.steps[t].segments[0].limit_w = t < 2 ? 12000 : 0;
        store.charge_efficiency = 1;
        store.energy_j *= 1.01;
        store.discharge_w *= 1.01;
        for (int j = 0; j < 2; j++) {
                scene.jobs[j].release = j == 0 ? NOW : NOW + 2 * HOUR;
                scene.jobs[j].deadline = j == 0 ? NOW + HOUR : NOW + 3 * HOUR;
                scene.jobs[j].lateness_cost = 1000;
        }
        plan_day(&scene, &store, &plan);
        assert_int_equal(plan.jobs[0].late_s, 0);
        assert_int_equal(plan.jobs[1].late_s, 0);
        assert_true(plan.intervals[plan.jobs[1].first].start == NOW + 2 * HOUR);
        plan_finish(&plan);
        store.energy_j *= 0.87; /* seven eighths of an hour do not run a job for an hour */
        plan_day(&scene, &store, &plan);
        assert_true(plan.jobs[1].unfinished_s > 0);
        plan_finish(&plan);
}

/* Five jobs of a GPU each on two GPUs: release, deadline and work in hours. */
/*
 * A store that holds a hundred times what jobs could draw: all is carried for nothing, and that no plan costs less is
 * proved, also where a peak would be charged. What such a store could give beyond the load is worth nothing.
 */
static void a_store_far_beyond_the_load_proves_no_more_than_it_saves(void **state)
{
        const double prices[] = { 60, 70, 100, 90, 40, 20, 30, 80 };
        struct plan_demand demand = { .start = NOW, .end = NOW + 8 * HOUR, .price = 10000, .interval_s = 900 };
        struct plan_store store = plain;
        struct scene scene;

        (void)state;
        store.energy_j *= 100;
        store.start_j = store.energy_j / 2;
        store.charge_w = store.discharge_w = 800000;
        scene_init(&scene, 3, 8, prices);
        for (int j = 0; j < 3; j++)
                scene.jobs[j].release = NOW + 2 * j * HOUR;
        scene.site.demands = &demand;
        for (scene.site.n_demands = 0; scene.site.n_demands < 2; scene.site.n_demands++) {
                struct plan plan;

                plan_day(&scene, &store, &plan);
                assert_true(fabs(plan.terms.total) < 1e-6);
                assert_true(plan.bound > -1e-3);
                plan_finish(&plan);
        }
}

static void make_dawn_job(struct plan_job *job, struct plan_mode *mode, uint64_t id)
{
        static const int64_t release[] = { 0, 0, 2, 5, 5 }, deadline[] = { 13, 12, 5, 11, 8 }, hours[] = { 1, 4, 3, 1, 3 };
        static const double watts[] = { 533, 659, 534, 482, 455 };

        *mode = (struct plan_mode){ .gpus = 1, .watts = watts[id], .speed = 1 };
        *job = (struct plan_job){ .id = id,
                                  .sites = 1,
                                  .modes = mode,
                                  .n_modes = 1,
                                  .work_s = (double)(hours[id] * HOUR),
                                  .release = NOW + release[id] * HOUR,
                                  .deadline = NOW + deadline[id] * HOUR,
                                  .lateness_cost = 1000,
                                  .max_starts = PLAN_ANY_STARTS,
                                  .delay_cost = 0.001,
                                  .earliest_finish = NOW + (release[id] + hours[id]) * HOUR };
}

/* Until the sun is up at six the store has enough for jobs 0, 2 and 4, and not for job 1: whoever asks first decides who is late. */
static void nobody_is_late_who_need_not_be(void **state)
{
        static const double sun[] = { 0, 0, 0, 0, 0, 0, 460, 1350, 2147, 2798, 3259, 3497, 3497 };
        const struct plan_store store = { .energy_j = 36.287e6, .reserve_j = 3.6287e6, .start_j = 18.1435e6, .least_end_j = 18.1435e6,
                                          .charge_w = 3360, .discharge_w = 1120,
                                          .charge_efficiency = 0.95, .discharge_efficiency = 0.95 };
        struct plan_step steps[13] = { 0 };
        struct plan_mode modes[5];
        struct plan_job jobs[5];
        struct plan_site site = { .name = "hall", .steps = steps, .n_steps = 13, .pue_factor = 1.1, .store = &store };
        struct plan_problem problem = { .now = NOW, .horizon = NOW + 13 * HOUR, .sites = &site, .n_sites = 1, .jobs = jobs, .n_jobs = 5,
                                        .terminal_price = 1000, .unfinished_cost = 10000, .over_limit_cost = 100000 };
        struct plan_budget budget = { .work = 4000000 };
        struct offpeak_error err = { 0 };
        struct plan plan;

        (void)state;
        for (int t = 0; t < 13; t++)
                steps[t] = (struct plan_step){ .start = NOW + t * HOUR, .n_segments = 1, .segments = { { 0, sun[t] } }, .gpus = 2 };
        for (uint64_t j = 0; j < 5; j++)
                make_dawn_job(&jobs[j], &modes[j], j);
        if (plan_compute(&problem, &budget, &plan, &err) != 0)
                fail_msg("%s", err.text);
        assert_checked(&problem, &plan);
        assert_true(plan.terms.lateness == 0 && plan.terms.unfinished == 0);
        assert_true(plan.terms.delay < 0.0071); /* seven hours: the best in whole hours */
        plan_finish(&plan);
}

/*
 * An idle hall of 2 kW, two hours of sun and two without. What its store carries of it is not above the limit; what it does not carry
 * is, at 5 an hour and kW, and no more nor less than that.
 */
static void only_what_the_store_does_not_carry_is_above_the_limit(void **state)
{
        static const struct { double stored_kwh, over_kwh; } nights[] = { { 0, 4 }, { 1.5, 2.5 }, { 4, 0 }, { 8, 0 } };
        const double prices[] = { 0, 0, 0, 0 };

        (void)state;
        for (size_t i = 0; i < sizeof(nights) / sizeof(nights[0]); i++) {
                struct plan_store store = plain;
                struct plan_verdict verdict;
                struct offpeak_error err;
                struct scene scene;
                struct plan plan;

                scene_init(&scene, 1, 4, prices);
                scene.site.idle_w = 2000;
                for (int t = 0; t < 4; t++)
                        scene.steps[t].segments[0].limit_w = t < 2 ? 0 : 10000;
                scene.problem.over_limit_cost = 5000;
                store.energy_j = 0.01 * MWH;
                store.start_j = nights[i].stored_kwh * MWH / 1000;
                plan_day(&scene, &store, &plan);
                assert_run(&plan, 0, 0, 2 * HOUR, 3 * HOUR);
                assert_true(plan.terms.over_limit >= 0 && plan.run_now.over_limit >= 0);
                assert_true(fabs(plan.terms.over_limit - 5 * nights[i].over_kwh) < 1e-9);
                assert_true(fabs(plan.run_now.over_limit - 5 * nights[i].over_kwh) < 1e-9);
                assert_int_equal(plan_check(&scene.problem, &plan, &verdict, &err), 0);
                assert_true(fabs(verdict.terms.over_limit - 5 * nights[i].over_kwh) < 1e-9);
                assert_true(plan.bound <= plan.terms.total + 1e-9 && plan.bound > plan.terms.total - 1e-3);
                plan_finish(&plan);
        }
}

/*
 * A site in orbit for a week: 100 W idle, sun from six to six for four days and then nobody knows, 10 kWh of which 8 are there. Two GPUs
 * of 300 W for twenty minutes; a start takes four.
 */
struct orbit {
        struct plan_step steps[10];
        struct plan_store store;
        struct plan_site site;
        struct plan_mode mode;
        struct plan_job jobs[3];
        struct plan_problem problem;
};

static void orbit_init(struct orbit *orbit, size_t n_jobs)
{
        *orbit = (struct orbit){ 0 };
        orbit->store = (struct plan_store){ .energy_j = 0.01 * MWH, .reserve_j = 0.00103 * MWH, .start_j = 0.008 * MWH,
                                            .least_end_j = 0.008 * MWH, .charge_w = 2000, .discharge_w = 2000,
                                            .charge_efficiency = 0.95, .discharge_efficiency = 0.95 };
        for (int t = 0; t < 9; t++)
                orbit->steps[t] = (struct plan_step){ .start = NOW + (t == 0 ? 0 : (12 * t - 6) * HOUR),
                                                      .n_segments = 1,
                                                      .segments = { { 0, t % 2 == 1 ? 4000 : 0 } },
                                                      .gpus = 4 };
        orbit->site = (struct plan_site){ .name = "orbit", .steps = orbit->steps, .n_steps = 9, .idle_w = 100, .pue_factor = 1,
                                          .store = &orbit->store };
        orbit->mode = (struct plan_mode){ .gpus = 2, .watts = 600, .speed = 1 };
        for (size_t j = 0; j < n_jobs; j++)
                orbit->jobs[j] = (struct plan_job){ .id = j + 1, .sites = 1, .modes = &orbit->mode, .n_modes = 1, .work_s = 1200, .release = NOW,
                                                    .deadline = NOW + 24 * HOUR, .lateness_cost = 1000, .start_cost_s = 240,
                                                    .min_run_s = 900, .max_starts = 7, .delay_cost = 1e-5, .earliest_finish = NOW + 1440 };
        orbit->problem = (struct plan_problem){ .now = NOW, .horizon = NOW + 7 * 24 * HOUR, .sites = &orbit->site, .n_sites = 1,
                                                .jobs = orbit->jobs, .n_jobs = n_jobs, .terminal_price = 100,
                                                .unfinished_cost = 10000, .over_limit_cost = 1000 };
}

/* That nothing carries the site in the last nights is no reason to wait in the first: nor is it that the job was told to wait. */
static void a_job_runs_at_once_on_what_is_there(void **state)
{
        static const struct plan_interval later = { NOW + 6 * HOUR, NOW + 6 * HOUR + 1440, 0, 0 };

        (void)state;
        for (int told = 0; told < 2; told++) {
                struct orbit orbit;
                struct plan plan;

                orbit_init(&orbit, 1);
                orbit.jobs[0].kept = told == 1 ? &later : NULL;
                orbit.jobs[0].n_kept = (size_t)told;
                plan = compute(&orbit.problem, 4000000, 1);
                assert_int_equal(plan.jobs[0].n, 1);
                assert_run(&plan, 0, 0, 0, 1440);
                assert_true(plan.terms.over_limit > 0);
                plan_finish(&plan);
        }
}

/* A job that runs, and its hours are over as it takes longer than was thought, or they go on: it is not stopped, whoever comes beside it. */
static void who_runs_goes_on(void **state)
{
        static const struct plan_interval on = { NOW - HOUR, NOW + 700, 0, 0 }, over = { NOW - HOUR, NOW, 0, 0 };

        (void)state;
        for (int i = 0; i < 4; i++) {
                struct orbit orbit;
                struct plan plan;

                orbit_init(&orbit, i < 2 ? 1 : 3);
                orbit.jobs[0].running = true;
                orbit.jobs[0].work_s = i % 2 == 0 ? 700 : 12;
                orbit.jobs[0].kept = i % 2 == 0 ? &on : &over;
                orbit.jobs[0].n_kept = 1;
                plan = compute(&orbit.problem, 4000000, (uint64_t)i);
                assert_int_equal(plan.jobs[0].n, 1);
                assert_run(&plan, 0, 0, 0, i % 2 == 0 ? 700 : 12);
                plan_finish(&plan);
        }
}

/* What is left above the reserve carries the idle site until six, and the job for a part of its hour: it does not stop before that. */
static void who_runs_goes_on_as_far_as_it_is_carried(void **state)
{
        static const struct plan_interval on = { NOW - HOUR, NOW + 3 * HOUR, 0, 0 };
        struct orbit orbit;
        struct plan plan;
        const struct plan_interval *first;

        (void)state;
        orbit_init(&orbit, 1);
        orbit.store.start_j = orbit.store.least_end_j = orbit.store.reserve_j + (600 + 1200) * 3600 / 0.95; /* two hours of 600 W */
        orbit.jobs[0].running = true;
        orbit.jobs[0].work_s = 3 * HOUR;
        orbit.jobs[0].kept = &on;
        orbit.jobs[0].n_kept = 1;
        plan = compute(&orbit.problem, 4000000, 1);
        first = &plan.intervals[plan.jobs[0].first];
        assert_true(plan.jobs[0].n > 1);
        assert_int_equal(first->start, NOW);
        assert_true(first->end >= NOW + HOUR && first->end <= NOW + 2 * HOUR);
        assert_int_equal(first[1].start, NOW + 6 * HOUR);
        plan_finish(&plan);
}

/* Nothing has changed: nobody is worse off for it, and hardly anybody moves but for a plan that is much cheaper. */
static void a_plan_begins_with_the_last_one(void **state)
{
        size_t jobs = 0, moved = 0;

        (void)state;
        for (uint64_t i = 1; i <= 60; i++) {
                uint64_t seed = i;
                struct random_shape shape = shape_of(&seed);
                struct plan_budget budget = { .work = 60000 };
                struct plan_store stores[2];
                struct random_problem random;
                struct offpeak_error err;
                struct plan plan, next;

                random_problem_init(&random, i, &shape);
                for (size_t s = 0; s < random.problem.n_sites; s++)
                        make_store(&seed, &random.sites[s], &stores[s]);
                assert_int_equal(plan_compute(&random.problem, &budget, &plan, &err), 0);
                for (size_t j = 0; j < random.problem.n_jobs; j++) {
                        random.jobs[j].kept = &plan.intervals[plan.jobs[j].first];
                        random.jobs[j].n_kept = plan.jobs[j].n;
                }
                assert_int_equal(plan_compute(&random.problem, &budget, &next, &err), 0);
                assert_checked(&random.problem, &next);
                assert_true(next.terms.total <= plan.terms.total + 0.01 * fabs(plan.terms.total) + 1e-6);
                for (size_t j = 0; next.terms.total > plan.terms.total - 0.005 * fabs(plan.terms.total) && j < random.problem.n_jobs; j++) {
                        bool same = plan.jobs[j].n == next.jobs[j].n;

                        for (size_t k = 0; same && k < plan.jobs[j].n; k++)
                                same = plan.intervals[plan.jobs[j].first + k].start == next.intervals[next.jobs[j].first + k].start;
                        jobs++;
                        moved += !same;
                }
                plan_finish(&next);
                plan_finish(&plan);
                random_problem_finish(&random);
        }
        print_message("%zu of %zu jobs moved\n", moved, jobs);
        assert_true(jobs > 200 && 50 * moved < jobs);
}

/* ---- what is refused */

struct lie {
        struct plan_flow flows[2];
        size_t n;
        const char *why;
};

static void the_checker_refuses_what_no_store_can_do(void **state)
{
        static const struct lie lies[] = {
                { { { NOW, NOW + HOUR, 0, 9000 } }, 1, "charges with more than it can" },
                { { { NOW + HOUR, NOW + 2 * HOUR, 0, -9000 } }, 1, "gives more than it can" },
                { { { NOW, NOW + HOUR, 0, 8000 }, { NOW + HOUR, NOW + 2 * HOUR, 0, 8000 } }, 2, "holds more than it can" },
                { { { NOW + HOUR, NOW + 2 * HOUR, 0, -4000 } }, 1, "emptier than its reserve" },
                { { { NOW + HOUR, NOW + HOUR + 600, 0, -5000 } }, 1, "less than it must at the horizon" },
                { { { NOW, NOW + 600, 0, -5000 }, { NOW + 2 * HOUR, NOW + 2 * HOUR + 600, 0, 6500 } }, 2, "gives more than the site draws" },
                { { { NOW + HOUR, NOW + 2 * HOUR, 0, 5000 } }, 1, "more than there is left" },
                { { { NOW, NOW + HOUR, 0, 100 }, { NOW + 600, NOW + 2 * HOUR, 0, 100 } }, 2, "overlap" },
                { { { NOW, NOW, 0, 100 } }, 1, "end after it starts" },
                { { { NOW, NOW + HOUR, 7, 100 } }, 1, "stores nothing" },
                { { { NOW, NOW + HOUR, 0, 100 } }, 1, "supply costs" },
        };
        struct plan_store store = plain;
        const double prices[] = { 10, 10, 10, 10 };
        struct scene scene;
        struct plan plan;

        (void)state;
        store.start_j = store.least_end_j = 0.5 * store.energy_j;
        store.reserve_j = 0.25 * store.energy_j;
        scene_init(&scene, 1, 4, prices);
        scene.jobs[0].release = NOW + HOUR;
        scene.jobs[0].deadline = NOW + 2 * HOUR;
        for (int t = 0; t < 4; t++)
                scene.steps[t].segments[0].limit_w = 12000;
        scene.site.store = NULL;
        for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
                struct offpeak_error err = { 0 };
                struct plan_budget budget = { .work = 100000 };

                scene.site.store = NULL;
                assert_int_equal(plan_compute(&scene.problem, &budget, &plan, &err), 0);
                plan.multipliers.n_slots = 0;
                plan.bound = -INFINITY;
                scene.site.store = &store;
                free(plan.flows);
                plan.flows = calloc(2, sizeof(*plan.flows));
                assert_non_null(plan.flows);
                memcpy(plan.flows, lies[i].flows, lies[i].n * sizeof(*plan.flows));
                plan.n_flows = lies[i].n;
                assert_int_not_equal(plan_check(&scene.problem, &plan, NULL, &err), 0);
                if (strstr(err.text, lies[i].why) == NULL)
                        fail_msg("flow %zu is refused as: %s", i, err.text);
                plan_finish(&plan);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(random_plans_hold),
                cmocka_unit_test(charges_before_a_dear_hour),
                cmocka_unit_test(runs_at_night_on_what_the_day_left),
                cmocka_unit_test(a_store_far_beyond_the_load_proves_no_more_than_it_saves),
                cmocka_unit_test(nobody_is_late_who_need_not_be),
                cmocka_unit_test(a_job_runs_at_once_on_what_is_there),
                cmocka_unit_test(who_runs_goes_on),
                cmocka_unit_test(who_runs_goes_on_as_far_as_it_is_carried),
                cmocka_unit_test(a_plan_begins_with_the_last_one),
                cmocka_unit_test(only_what_the_store_does_not_carry_is_above_the_limit),
                cmocka_unit_test(the_checker_refuses_what_no_store_can_do),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
