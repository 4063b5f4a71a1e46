/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound holds: against every plan of thousands of tiny problems, under any multipliers. And the checker agrees with
 * the oracle on what the best plan costs.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/check.h"
#include "support/effort.h"
#include "unit/plan/brute.h"
#include "unit/plan/random_problem.h"

/* Slots of random length that span the problem, prices about those of its steps, GPUs priced now and then. */
/* Evenly over a month that holds all, or less than all that it costs. Most often the jobs' price of power knows of it. */
static void spread_demand(uint64_t *seed, const struct plan_problem *problem, size_t s,
                          struct plan_multipliers *multipliers)
{
        const struct plan_site *site = &problem->sites[s];
        double hours = (double)(problem->horizon - problem->now) / 3600, spread;
        bool known = random_unit(seed) < 0.8;

        if (site->n_demands != 1)
                return;
        spread = site->demands[0].price / hours * (random_unit(seed) < 0.5 ? 1 : random_unit(seed));
        for (size_t t = 0; t < multipliers->n_slots; t++) {
                multipliers->demand[s * multipliers->n_slots + t] = spread;
                multipliers->power[s * multipliers->n_slots + t] += known ? spread : 0;
        }
}

static struct plan_multipliers random_multipliers(uint64_t *seed, const struct plan_problem *problem, double price)
{
        size_t most = (size_t)(problem->horizon - problem->now);
        struct plan_multipliers multipliers = {
                .edges = calloc(most + 1, sizeof(int64_t)),
                .power = calloc(most * problem->n_sites, sizeof(double)),
                .gpus = calloc(most * problem->n_sites, sizeof(double)),
                .demand = calloc(most * problem->n_sites, sizeof(double)),
                .limits = calloc(most * 2, sizeof(double)),
        };
        int64_t time = problem->now;

        for (multipliers.edges[0] = time; time < problem->horizon;) {
                time += random_range(seed, 1, 4);
                multipliers.edges[++multipliers.n_slots] = time < problem->horizon ? time : problem->horizon;
        }
        for (size_t k = 0; k < multipliers.n_slots * problem->n_sites; k++) {
                multipliers.power[k] = price * (2 * random_unit(seed) - 0.4);
                if (random_unit(seed) < 0.3)
                        multipliers.gpus[k] = problem->unfinished_cost * random_unit(seed) * random_unit(seed) * 0.2;
        }
        for (size_t k = 0; k < multipliers.n_slots * problem->n_limits; k++)
                if (random_unit(seed) < 0.3)
                        multipliers.limits[k] = problem->unfinished_cost * random_unit(seed) * random_unit(seed) * 0.2;
        for (size_t s = 0; s < problem->n_sites; s++)
                spread_demand(seed, problem, s, &multipliers);
        return multipliers;
}

/* A handful of seconds; every feature at random. Watts are such that a second costs about price / 1000. */
static struct random_shape tiny(uint64_t *seed)
{
        return (struct random_shape){
                .n_sites = random_unit(seed) < 0.75 ? 1 : 2,
                .n_steps = (size_t)random_range(seed, 1, 4),
                .n_jobs = (size_t)random_range(seed, 1, 3),
                .n_modes = random_unit(seed) < 0.75 ? 1 : (size_t)random_range(seed, 2, 4),
                .step_s = 2,
                .irregular = true,
                .work_s = 5,
                .start_cost_s = random_range(seed, 0, 2),
                .min_run_s = random_range(seed, 0, 3),
                .gpus = 3,
                .job_gpus = 3,
                .watts_per_gpu = 3.6e6,
                .price = 100,
                .negative = random_unit(seed) < 0.5 ? 0 : 0.5,
                .two_segments = 0.4,
                .limited = 0.4,
                .outages = random_unit(seed) < 0.6 ? 0 : 0.4,
                .demands = random_unit(seed) < 0.5 ? 0 : 0.7,
                .running = 0.3,
                .deadlines = 0.4,
                .delays = 0.4,
                .once = 0.3,
                .limits = 0.4,
                .afters = random_unit(seed) < 0.6 ? 0 : 0.7,
                .movers = random_unit(seed) < 0.5 ? 0 : 0.7,
                .risks = random_unit(seed) < 0.6 ? 0 : 0.5,
                .fractions = random_unit(seed) < 0.7 ? 0 : 0.7,
                .unfinished_cost = random_unit(seed) < 0.8 ? 0 : 300,
        };
}

static void checker_and_oracle_agree(const struct brute *brute, uint64_t seed)
{
        struct plan_verdict verdict;
        struct offpeak_error err;
        struct plan plan;

        brute_plan(brute, &plan);
        if (plan_check(brute->problem, &plan, &verdict, &err) != 0)
                fail_msg("seed %llu: the oracle's plan is refused: %s", (unsigned long long)seed, err.text);
        if (fabs(verdict.terms.total - brute->cost) > 1e-6 * (1 + fabs(brute->cost)))
                fail_msg("seed %llu: checker %.12g, oracle %.12g", (unsigned long long)seed, verdict.terms.total,
                         brute->cost);
        plan_finish(&plan);
}

static double bound_holds(const struct brute *brute, const struct plan_multipliers *multipliers, uint64_t seed)
{
        struct offpeak_error err;
        double bound = NAN;

        if (plan_bound(brute->problem, multipliers, &bound, &err) != 0)
                fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        if (!(bound <= brute->cost + 1e-9 * (1 + fabs(brute->cost))))
                fail_msg("seed %llu: the bound %.12g is above the best plan, %.12g", (unsigned long long)seed, bound,
                         brute->cost);
        return bound;
}

static void the_bound_holds_under_any_multipliers(void **state)
{
        unsigned tried = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(4000, 1000); seed++) {
                uint64_t random_seed = seed;
                struct random_shape shape = tiny(&random_seed);
                struct random_problem random;
                struct brute brute;

                random_problem_init(&random, random_next(&random_seed), &shape);
                if (brute_init(&brute, &random.problem, 20000)) {
                        checker_and_oracle_agree(&brute, seed);
                        for (int round = 0; round < 5; round++) {
                                struct plan_multipliers multipliers =
                                        random_multipliers(&random_seed, &random.problem, shape.price);

                                bound_holds(&brute, &multipliers, seed);
                                plan_multipliers_finish(&multipliers);
                        }
                        tried++;
                }
                brute_finish(&brute);
                random_problem_finish(&random);
        }
        assert_true(tried > EFFORT(2000, 500));
}

/* The same where starts are long against pieces, jobs have several modes and half of them move. */
static void the_bound_holds_where_starts_are_long(void **state)
{
        unsigned tried = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(1000, 300); seed++) {
                uint64_t random_seed = seed * 7919;
                struct random_shape shape = tiny(&random_seed);
                struct random_problem random;
                struct brute brute;

                shape.n_jobs = 1 + seed % 2;
                shape.n_modes = seed % 3 == 0 ? 1 : 2;
                shape.n_sites = 1 + seed % 2;
                shape.movers = (double)(seed % 2);
                shape.start_cost_s = (int64_t)(seed % 5);
                shape.step_s = 1 + (int64_t)(seed % 3);
                random_problem_init(&random, random_next(&random_seed), &shape);
                if (brute_init(&brute, &random.problem, 20000)) {
                        for (int round = 0; round < 5; round++) {
                                struct plan_multipliers multipliers = random_multipliers(&random_seed, &random.problem, shape.price);

                                bound_holds(&brute, &multipliers, seed);
                                plan_multipliers_finish(&multipliers);
                        }
                        tried++;
                }
                brute_finish(&brute);
                random_problem_finish(&random);
        }
        assert_true(tried > EFFORT(600, 180));
}

/* The multipliers that a lone job in a world without limits sees: its own marginal prices, on steps that are those of every site. */
static struct plan_multipliers true_prices(const struct plan_problem *problem)
{
        const struct plan_site *site = &problem->sites[0];
        struct plan_multipliers multipliers = {
                .n_sites = problem->n_sites,
                .n_slots = site->n_steps,
                .edges = calloc(site->n_steps + 1, sizeof(int64_t)),
                .power = calloc(problem->n_sites * site->n_steps, sizeof(double)),
                .gpus = calloc(problem->n_sites * site->n_steps, sizeof(double)),
        };

        for (size_t t = 0; t < site->n_steps; t++) {
                multipliers.edges[t] = site->steps[t].start;
                for (size_t s = 0; s < problem->n_sites; s++)
                        multipliers.power[s * site->n_steps + t] = problem->sites[s].steps[t].segments[0].price;
        }
        multipliers.edges[site->n_steps] = problem->horizon;
        return multipliers;
}

/* Where nothing couples, one run is priced exactly, and pauses nearly so. */
static void the_bound_of_a_lone_job_is_tight(void **state)
{
        struct random_shape shape = { .n_sites = 1,
                                      .n_steps = 4,
                                      .n_jobs = 1,
                                      .n_modes = 1,
                                      .step_s = 2,
                                      .irregular = true,
                                      .work_s = 6,
                                      .gpus = 3,
                                      .job_gpus = 3,
                                      .watts_per_gpu = 3.6e6,
                                      .price = 100,
                                      .deadlines = 0.5,
                                      .delays = 0.5,
                                      .running = 0.2 };
        double gaps = 0, costs = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(600, 200); seed++) {
                struct random_problem random;
                struct plan_multipliers multipliers;
                struct brute brute;
                double gap;

                shape.start_cost_s = (int64_t)(seed % 3);
                shape.once = seed % 2 == 0 ? 1 : 0;
                shape.negative = seed % 5 == 0 ? 0.4 : 0;
                random_problem_init(&random, seed, &shape);
                multipliers = true_prices(&random.problem);
                if (brute_init(&brute, &random.problem, 20000)) {
                        gap = brute.cost - bound_holds(&brute, &multipliers, seed);
                        if (shape.once == 1 && gap > 1e-7 * (1 + fabs(brute.cost)))
                                fail_msg("seed %llu: one run leaves a gap of %g", (unsigned long long)seed, gap);
                        gaps += gap;
                        costs += fabs(brute.cost);
                }
                brute_finish(&brute);
                plan_multipliers_finish(&multipliers);
                random_problem_finish(&random);
        }
        print_message("gap of lone jobs: %.3f %% of their cost\n", 100 * gaps / costs);
        assert_true(gaps < 0.03 * costs);
}

/* A lone job that may move: it pays its moves, in the bound as well. */
static void the_bound_of_a_job_that_moves_is_tight(void **state)
{
        struct random_shape shape = { .n_sites = 2,
                                      .n_steps = 5,
                                      .n_jobs = 1,
                                      .n_modes = 1,
                                      .step_s = 2,
                                      .work_s = 8,
                                      .gpus = 3,
                                      .job_gpus = 3,
                                      .watts_per_gpu = 3.6e6,
                                      .price = 100,
                                      .deadlines = 0.5,
                                      .delays = 0.3,
                                      .movers = 1,
                                      .running = 0.2 };
        double gaps = 0, costs = 0;
        unsigned moved = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= EFFORT(400, 150); seed++) {
                struct random_problem random;
                struct plan_multipliers multipliers;
                struct brute brute;

                shape.start_cost_s = (int64_t)(seed % 2);
                shape.once = seed % 5 == 0 ? 1 : 0;
                shape.negative = seed % 7 == 0 ? 0.4 : 0;
                random_problem_init(&random, seed, &shape);
                random.jobs[0].move_s = 0; /* the time of a move is not in the bound */
                multipliers = true_prices(&random.problem);
                if (random.problem.jobs[0].may_move && brute_init(&brute, &random.problem, 200000)) {
                        struct plan plan;

                        gaps += brute.cost - bound_holds(&brute, &multipliers, seed);
                        costs += fabs(brute.cost);
                        brute_plan(&brute, &plan);
                        moved += plan.terms.moves > 0;
                        plan_finish(&plan);
                        brute_finish(&brute);
                }
                plan_multipliers_finish(&multipliers);
                random_problem_finish(&random);
        }
        /* 1.0 % were only one move paid */
        print_message("gap of jobs that move: %.3f %% of their cost; %u moved\n", 100 * gaps / costs, moved);
        assert_true(moved > EFFORT(20, 7));
        assert_true(gaps < 0.0075 * costs);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_bound_holds_under_any_multipliers),
                cmocka_unit_test(the_bound_holds_where_starts_are_long),
                cmocka_unit_test(the_bound_of_a_lone_job_is_tight),
                cmocka_unit_test(the_bound_of_a_job_that_moves_is_tight),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
