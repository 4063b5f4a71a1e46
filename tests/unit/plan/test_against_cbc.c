/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans and bounds against a MILP solver: every second of a short horizon is a slot, so that the model is exact. The
 * solver is the `cbc` command; without it the test says so and is skipped.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "plan/check.h"
#include "unit/plan/random_problem.h"

#define SECONDS 16

static const struct plan_step *step_at(const struct plan_site *site, int64_t time)
{
        size_t t = 0;

        while (t + 1 < site->n_steps && site->steps[t + 1].start <= time)
                t++;
        return &site->steps[t];
}

static void write_objective(FILE *file, const struct plan_problem *problem)
{
        const struct plan_site *site = &problem->sites[0];

        fprintf(file, "Minimize\n obj: 0 nil\n");
        for (int t = 0; t < SECONDS; t++) {
                const struct plan_step *step = step_at(site, problem->now + t);

                for (unsigned i = 0; i < step->n_segments; i++)
                        fprintf(file, " %+.12g y%d_%u\n", step->segments[i].price / PLAN_JOULES_PER_MWH * 1e6, t, i);
                for (size_t j = 0; j < problem->n_jobs; j++)
                        fprintf(file, " %+.12g x%zu_%d\n",
                                problem->jobs[j].carbon_price * site->pue_factor * problem->jobs[j].modes[0].watts /
                                        PLAN_JOULES_PER_MWH * step->carbon / 1000,
                                j, t);
        }
        for (size_t j = 0; j < problem->n_jobs; j++)
                fprintf(file, " %+.12g d%zu %+.12g l%zu\n",
                        problem->jobs[j].delay_cost * problem->jobs[j].modes[0].gpus / 3600, j,
                        problem->jobs[j].lateness_cost / 3600, j);
}

/* Power in MW above idle = what the segments give above what idle takes of them. */
static void write_supply(FILE *file, const struct plan_problem *problem)
{
        const struct plan_site *site = &problem->sites[0];

        for (int t = 0; t < SECONDS; t++) {
                const struct plan_step *step = step_at(site, problem->now + t);

                fprintf(file, " p%d: 0 nil", t);
                for (unsigned i = 0; i < step->n_segments; i++)
                        fprintf(file, " + y%d_%u", t, i);
                for (size_t j = 0; j < problem->n_jobs; j++)
                        fprintf(file, " - %.12g x%zu_%d", site->pue_factor * problem->jobs[j].modes[0].watts / 1e6, j,
                                t);
                fprintf(file, " = 0\n g%d: 0 nil", t);
                for (size_t j = 0; j < problem->n_jobs; j++)
                        fprintf(file, " + %u x%zu_%d", problem->jobs[j].modes[0].gpus, j, t);
                fprintf(file, " <= %u\n", step->gpus);
        }
}

/* On x, starts z: z_t = 1 exactly where x_t = 1 follows x_(t-1) = 0. */
static void write_starts(FILE *file, const struct plan_problem *problem, size_t j)
{
        const struct plan_job *job = &problem->jobs[j];
        int s = (int)job->start_cost_s;

        for (int t = 0; t < SECONDS; t++) {
                if (t == 0 && job->running)
                        fprintf(file, " a%zu_%d: z%zu_%d = 0\n", j, t, j, t);
                else if (t == 0)
                        fprintf(file, " a%zu_%d: z%zu_%d - x%zu_%d = 0\n", j, t, j, t, j, t);
                else
                        fprintf(file, " a%zu_%d: z%zu_%d - x%zu_%d + x%zu_%d >= 0\n b%zu_%d: z%zu_%d + x%zu_%d <= 1\n",
                                j, t, j, t, j, t, j, t - 1, j, t, j, t, j, t - 1);
                fprintf(file, " c%zu_%d: z%zu_%d - x%zu_%d <= 0\n", j, t, j, t, j, t);
                /* the start, and one second of progress */
                for (int k = t; k <= t + s; k++)
                        if (k < SECONDS)
                                fprintf(file, " m%zu_%d_%d: z%zu_%d - x%zu_%d <= 0\n", j, t, k, j, t, j, k);
                        else
                                fprintf(file, " m%zu_%d_%d: z%zu_%d = 0\n", j, t, k, j, t);
        }
        fprintf(file, " w%zu: 0 nil", j);
        for (int t = 0; t < SECONDS; t++)
                fprintf(file, " + x%zu_%d - %d z%zu_%d", j, t, s, j, t);
        fprintf(file, " = %.0f\n", job->work_s);
        if (job->max_starts < SECONDS) {
                fprintf(file, " n%zu: 0 nil", j);
                for (int t = 0; t < SECONDS; t++)
                        fprintf(file, " + z%zu_%d", j, t);
                fprintf(file, " <= %u\n", job->max_starts);
        }
}

static void write_end(FILE *file, const struct plan_problem *problem, size_t j)
{
        const struct plan_job *job = &problem->jobs[j];
        int64_t free_until = job->earliest_finish - problem->now, deadline = job->deadline - problem->now;

        for (int t = 0; t < SECONDS; t++) {
                if (problem->now + t < job->release)
                        fprintf(file, " r%zu_%d: x%zu_%d = 0\n", j, t, j, t);
                if (t + 1 > free_until)
                        fprintf(file, " e%zu_%d: d%zu - %lld x%zu_%d >= 0\n", j, t, j, (long long)(t + 1 - free_until),
                                j, t);
                if (job->deadline != 0 && t + 1 > deadline)
                        fprintf(file, " f%zu_%d: l%zu - %lld x%zu_%d >= 0\n", j, t, j, (long long)(t + 1 - deadline), j,
                                t);
        }
}

/* What idle power leaves of a segment, MW. */
static double left_of(const struct plan_site *site, const struct plan_step *step, unsigned segment)
{
        double idle = site->pue_fixed_w + site->pue_factor * site->idle_w;

        for (unsigned i = 0; i < segment; i++)
                idle = fmax(0, idle - step->segments[i].limit_w);
        return fmax(0, step->segments[segment].limit_w - idle) / 1e6;
}

static void write_lp(const char *path, const struct plan_problem *problem)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        write_objective(file, problem);
        fprintf(file, "Subject To\n zero: nil = 0\n");
        write_supply(file, problem);
        for (size_t j = 0; j < problem->n_jobs; j++) {
                write_starts(file, problem, j);
                write_end(file, problem, j);
        }
        fprintf(file, "Bounds\n");
        for (int t = 0; t < SECONDS; t++) {
                const struct plan_step *step = step_at(&problem->sites[0], problem->now + t);

                for (unsigned i = 0; i < step->n_segments; i++)
                        if (!isinf(step->segments[i].limit_w))
                                fprintf(file, " y%d_%u <= %.12g\n", t, i, left_of(&problem->sites[0], step, i));
        }
        fprintf(file, "Binaries\n");
        for (size_t j = 0; j < problem->n_jobs; j++)
                for (int t = 0; t < SECONDS; t++)
                        fprintf(file, " x%zu_%d z%zu_%d\n", j, t, j, t);
        fprintf(file, "End\n");
        assert_int_equal(fclose(file), 0);
}

/* The best plan's cost; INFINITY where there is none that does all the work, NAN if the solver does not say. */
static double solve(const char *folder, const struct plan_problem *problem)
{
        char lp[256], solution[256], command[768], line[256] = "";
        double cost = NAN;
        FILE *file;

        snprintf(lp, sizeof(lp), "%s/plan.lp", folder);
        snprintf(solution, sizeof(solution), "%s/solution", folder);
        snprintf(command, sizeof(command), "cbc %s sec 20 ratio 0 solve solution %s >%s/log 2>&1", lp, solution,
                 folder);
        write_lp(lp, problem);
        if (system(command) != 0)
                return NAN;
        file = fopen(solution, "r");
        if (file == NULL)
                return NAN;
        if (fgets(line, sizeof(line), file) != NULL && sscanf(line, "Optimal - objective value %lf", &cost) != 1 &&
            strncmp(line, "Infeasible", 10) == 0)
                cost = INFINITY;
        fclose(file);
        return cost;
}

static void clean(const char *folder)
{
        static const char *const names[] = { "plan.lp", "solution", "log" };
        char path[256];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                unlink(path);
        }
        rmdir(folder);
}

static struct random_shape shape_of(uint64_t seed)
{
        return (struct random_shape){
                .n_sites = 1,
                .n_steps = 8,
                .n_jobs = 3 + seed % 4,
                .n_modes = 1,
                .step_s = SECONDS / 8,
                .work_s = 7,
                .start_cost_s = (int64_t)(seed % 3),
                .gpus = 6,
                .job_gpus = 4,
                .watts_per_gpu = 3.6e6,
                .price = 100,
                .negative = seed % 3 == 0 ? 0.3 : 0,
                .two_segments = 0.5,
                .limited = seed % 4 == 0 ? 1 : 0,
                .running = 0.2,
                .deadlines = 0.4,
                .delays = 0.4,
                .once = 0.3,
        };
}

static void plans_and_bounds_enclose_the_optimum(void **state)
{
        char folder[] = "/tmp/offpeak-cbc-XXXXXX";
        double cost = 0, best = 0, bound = 0, at_once = 0;
        unsigned solved = 0;

        (void)state;
        assert_non_null(mkdtemp(folder));
        for (uint64_t seed = 1; seed <= 40; seed++) {
                struct random_shape shape = shape_of(seed);
                struct plan_budget budget = { .work = 100000 };
                struct random_problem random;
                struct plan_verdict verdict;
                struct offpeak_error err;
                struct plan plan;
                double optimum;

                random_problem_init(&random, seed, &shape);
                optimum = solve(folder, &random.problem);
                if (plan_compute(&random.problem, &budget, &plan, &err) != 0 ||
                    plan_check(&random.problem, &plan, &verdict, &err) != 0)
                        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
                if (isfinite(optimum)) {
                        double slack = 1e-5 * (1 + fabs(optimum));

                        if (verdict.bound > optimum + slack)
                                fail_msg("seed %llu: bound %.9g, optimum %.9g", (unsigned long long)seed, verdict.bound,
                                         optimum);
                        if (plan.terms.unfinished == 0 && verdict.terms.total < optimum - slack)
                                fail_msg("seed %llu: cost %.9g, optimum %.9g", (unsigned long long)seed,
                                         verdict.terms.total, optimum);
                        if (plan.terms.unfinished > 0)
                                fail_msg("seed %llu: work is left undone, though all can be done",
                                         (unsigned long long)seed);
                        cost += verdict.terms.total;
                        best += optimum;
                        bound += verdict.bound;
                        at_once += plan.run_now.total;
                        solved++;
                }
                plan_finish(&plan);
                random_problem_finish(&random);
        }
        clean(folder);
        print_message("%u problems: at once %.3f, planned %.3f, optimum %.3f, bound %.3f\n", solved, at_once, cost,
                      best, bound);
        assert_true(solved >= 10);
        assert_true(cost - best <= 0.03 * (at_once - best));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plans_and_bounds_enclose_the_optimum),
        };

        if (system("command -v cbc >/dev/null 2>&1") != 0) {
                printf("skipped: no cbc command to compare with (Debian: coinor-cbc)\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
