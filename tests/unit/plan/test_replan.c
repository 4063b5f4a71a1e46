/* SPDX-License-Identifier: Apache-2.0 */
/* test_replan.c - planning again: hours that still hold are kept, unless moving pays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"
#include "plan/plan.h"
#include "support/effort.h"
#include "unit/plan/random_problem.h"

enum { NOISY = EFFORT(4, 1), FORECASTS = 96, LITTLE = 250000, ENOUGH = 1000000 };

static struct plan compute(const struct plan_problem *problem, uint64_t work, int i)
{
        struct plan_budget budget = { .work = work };
        struct offpeak_error err;
        struct plan plan;

        if (plan_compute(problem, &budget, &plan, &err) != 0 || plan_check(problem, &plan, NULL, &err) != 0)
                fail_msg("plan %d: %s", i, err.text);
        return plan;
}

static void make(struct random_problem *random, uint64_t seed)
{
        struct random_shape shape = {
                .n_sites = 1,
                .n_steps = 48,
                .n_jobs = 40,
                .n_modes = 1,
                .step_s = 3600,
                .work_s = 8 * 3600,
                .skew = 1,
                .start_cost_s = 300,
                .gpus = 24,
                .job_gpus = 8,
                .watts_per_gpu = 700,
                .price = 80,
                .two_segments = 0.5,
                .deadlines = 1,
        };

        random_problem_init(random, seed, &shape);
}

/* The hours of a plan become what the next one may keep, its prices where it begins. `room` holds the hours. */
static void remember(struct random_problem *random, const struct plan *plan, struct plan_interval **room)
{
        free(*room);
        *room = malloc((plan->n_intervals + 1) * sizeof(**room));
        assert_non_null(*room);
        memcpy(*room, plan->intervals, plan->n_intervals * sizeof(**room));
        for (size_t j = 0; j < random->problem.n_jobs; j++) {
                random->jobs[j].kept = *room + plan->jobs[j].first;
                random->jobs[j].n_kept = plan->jobs[j].n;
        }
        random->problem.last = &plan->multipliers;
}

static void forget(struct random_problem *random)
{
        for (size_t j = 0; j < random->problem.n_jobs; j++) {
                random->jobs[j].kept = NULL;
                random->jobs[j].n_kept = 0;
        }
        random->problem.last = NULL;
}

static size_t count_moves(const struct plan *a, const struct plan *b)
{
        size_t moves = 0;

        for (size_t j = 0; j < a->n_jobs; j++)
                moves += (a->jobs[j].n == 0) != (b->jobs[j].n == 0) ||
                         (a->jobs[j].n > 0 &&
                          a->intervals[a->jobs[j].first].start != b->intervals[b->jobs[j].first].start);
        return moves;
}

/* Prices of the last segments, with up to 6 % of noise. */
static void forecast(struct random_problem *random, const double *prices, uint64_t *seed)
{
        for (size_t t = 0; t < random->sites[0].n_steps; t++) {
                struct plan_step *step = &random->steps[t];

                double price = prices[t] * (1 + 0.06 * (2 * random_unit(seed) - 1));

                if (step->n_segments > 1)
                        price = fmax(price, step->segments[0].price);
                step->segments[step->n_segments - 1].price = price;
        }
}

/* A day of forecasts every quarter of an hour: the plan does not flap, and costs little for that. */
static void noise_moves_few_jobs(void **state)
{
        double most = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= NOISY; seed++) {
                struct plan_interval *kept = NULL;
                uint64_t noise = 1000 + seed;
                struct random_problem random;
                double prices[48], loyal = 0, fresh = 0;
                struct plan last, next;
                size_t moves = 0;

                make(&random, seed);
                for (size_t t = 0; t < 48; t++)
                        prices[t] = random.steps[t].segments[random.steps[t].n_segments - 1].price;
                last = compute(&random.problem, LITTLE, 0);
                for (int i = 1; i <= FORECASTS; i++) {
                        forecast(&random, prices, &noise);
                        if (i % 8 == 0) {
                                forget(&random);
                                next = compute(&random.problem, LITTLE, i);
                                fresh += next.terms.total;
                                plan_finish(&next);
                        }
                        remember(&random, &last, &kept);
                        next = compute(&random.problem, LITTLE, i);
                        if (i % 8 == 0)
                                loyal += next.terms.total;
                        moves += count_moves(&last, &next);
                        plan_finish(&last);
                        last = next;
                }
                print_message("seed %d: %.2f moves for each job, %.3f %% dearer\n", (int)seed,
                              (double)moves / (double)random.problem.n_jobs, 100 * (loyal / fresh - 1));
                most += (double)moves / (double)random.problem.n_jobs / NOISY;
                assert_true(loyal <= 1.005 * fresh);
                plan_finish(&last);
                free(kept);
                random_problem_finish(&random);
        }
        print_message("%.2f moves for each job on average\n", most);
        assert_true(most <= 2);
}

/* What is asked again is answered again, or better. */
static void the_same_problem_keeps_its_plan(void **state)
{
        struct plan_interval *kept = NULL;
        struct random_problem random;
        struct plan first, second;

        (void)state;
        make(&random, 7);
        first = compute(&random.problem, ENOUGH, 0);
        remember(&random, &first, &kept);
        second = compute(&random.problem, ENOUGH, 1);
        assert_true(second.terms.total <= first.terms.total + 1e-9 * fabs(first.terms.total));
        if (count_moves(&first, &second) > 0)
                assert_true(second.terms.total < first.terms.total * 0.9999);
        plan_finish(&first);
        plan_finish(&second);
        free(kept);
        random_problem_finish(&random);
}

/* When prices really change the plan follows. */
static void a_new_world_is_a_new_plan(void **state)
{
        struct plan_interval *kept = NULL;
        struct random_problem random;
        struct plan first, second, fresh;

        (void)state;
        make(&random, 9);
        first = compute(&random.problem, ENOUGH, 0);
        for (size_t t = 0; t < random.sites[0].n_steps; t++) {
                struct plan_step *step = &random.steps[t];

                step->segments[step->n_segments - 1].price = t % 12 < 6 ? 400 : 12; /* no less than a reactor's */
        }
        fresh = compute(&random.problem, ENOUGH, 1);
        remember(&random, &first, &kept);
        second = compute(&random.problem, ENOUGH, 2);
        print_message("anew %.4f, from the old plan %.4f\n", fresh.terms.total, second.terms.total);
        assert_true(second.terms.total <= 1.005 * fresh.terms.total);
        plan_finish(&first);
        plan_finish(&second);
        plan_finish(&fresh);
        free(kept);
        random_problem_finish(&random);
}

/* With the last plan's prices a little work proves what took a lot without. */
static void last_prices_prove_at_once(void **state)
{
        (void)state;
        for (uint64_t seed = 20; seed < 24; seed++) {
                struct random_problem random;
                struct plan first, cold, warm;

                make(&random, seed);
                first = compute(&random.problem, ENOUGH, 0);
                cold = compute(&random.problem, LITTLE / 20, 1);
                random.problem.last = &first.multipliers;
                warm = compute(&random.problem, LITTLE / 20, 2);
                assert_true(warm.bound > cold.bound);
                assert_true(first.bound - warm.bound <= 0.1 * (first.bound - cold.bound));
                plan_finish(&first);
                plan_finish(&cold);
                plan_finish(&warm);
                random_problem_finish(&random);
        }
}

/* Prices of a cluster with other sites say nothing. */
static void prices_of_other_sites_are_left_alone(void **state)
{
        struct random_problem random;
        struct plan first, again;

        (void)state;
        make(&random, 12);
        first = compute(&random.problem, LITTLE, 0);
        first.multipliers.n_sites++;
        random.problem.last = &first.multipliers;
        again = compute(&random.problem, LITTLE, 1);
        assert_true(first.terms.total == again.terms.total && first.bound == again.bound);
        plan_finish(&first);
        plan_finish(&again);
        random_problem_finish(&random);
}

/* Hours of a world that is gone: sites, modes, GPUs and times that are not there any more. */
static void senseless_hours_are_forgotten(void **state)
{
        struct plan_interval kept[] = {
                { 1, 2, 0, 0 }, { INT64_MAX / 8, INT64_MAX / 4, 0, 0 }, { 0, INT64_MAX / 4, 77, 0 }, { 0, 1, 0, 99 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
                struct random_problem random;
                struct plan plan;

                make(&random, 11);
                for (size_t j = 0; j < random.problem.n_jobs; j++) {
                        random.jobs[j].kept = &kept[i];
                        random.jobs[j].n_kept = 1;
                }
                plan = compute(&random.problem, ENOUGH, (int)i);
                plan_finish(&plan);
                random_problem_finish(&random);
        }
}

/* Prices that are no numbers, and limits that had none: where prices begin, so that the next plan is sound all the same. */
static void a_last_plan_may_say_anything(void **state)
{
        static const double odd[] = { NAN, INFINITY, -INFINITY, 1e300, -1e300 };
        static const struct plan_limit_step quota = { 1800000000, 24 };
        static const struct plan_limit limit = { "quota", &quota, 1 };
        struct random_problem random;
        struct plan first;

        (void)state;
        make(&random, 5);
        random.problem.limits = &limit;
        random.problem.n_limits = 1;
        for (size_t j = 0; j < random.problem.n_jobs; j++)
                random.modes[j].limits = 1;
        first = compute(&random.problem, LITTLE, 0);
        for (int i = 0; i < 5; i++) {
                struct plan_multipliers last = first.multipliers;
                double *power = malloc(last.n_slots * sizeof(double)), *gpus = malloc(last.n_slots * sizeof(double));
                struct plan plan;

                assert_true(power != NULL && gpus != NULL);
                for (size_t t = 0; t < last.n_slots; t++)
                        power[t] = gpus[t] = odd[(t + (size_t)i) % 5];
                last.power = power;
                last.gpus = last.demand = gpus;
                last.limits = i == 0 ? NULL : gpus;
                random.problem.last = &last;
                plan = compute(&random.problem, LITTLE, i);
                assert_true(isfinite(plan.bound));
                plan_finish(&plan);
                free(power);
                free(gpus);
        }
        plan_finish(&first);
        random_problem_finish(&random);
}

/* What the last plan spread over a month need not fit this one: other intervals, a lower price, or no demand charge at all. */
static void a_last_spread_is_made_to_fit(void **state)
{
        struct plan_demand month = { 1800000000 - 3600, 1800000000 + 20 * 3600, 50, 1e6, 4 * 3600 };
        struct random_problem random;
        struct plan first;

        (void)state;
        make(&random, 5);
        first = compute(&random.problem, LITTLE, 0);
        for (int i = 0; i < 4; i++) {
                struct plan_multipliers last = first.multipliers;
                double *demand = malloc(last.n_slots * sizeof(double));
                struct plan plan;

                assert_non_null(demand);
                for (size_t t = 0; t < last.n_slots; t++)
                        demand[t] = (double)(t % 3) * 10;
                last.demand = demand;
                random.problem.last = &last;
                random.sites[0].demands = &month;
                random.sites[0].n_demands = i % 2;
                plan = compute(&random.problem, i < 2 ? 0 : LITTLE, i);
                plan_finish(&plan);
                free(demand);
        }
        plan_finish(&first);
        random_problem_finish(&random);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(noise_moves_few_jobs),
                cmocka_unit_test(the_same_problem_keeps_its_plan),
                cmocka_unit_test(a_new_world_is_a_new_plan),
                cmocka_unit_test(last_prices_prove_at_once),
                cmocka_unit_test(prices_of_other_sites_are_left_alone),
                cmocka_unit_test(senseless_hours_are_forgotten),
                cmocka_unit_test(a_last_plan_may_say_anything),
                cmocka_unit_test(a_last_spread_is_made_to_fit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
