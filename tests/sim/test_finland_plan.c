/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_finland_plan.c - a month of jobs planned at a plant that follows Finland's reactors, against CLP.
 *
 * The linear program lets every job run any share of an hour and knows halls and power as means of hours, so each plan that is
 * late for nobody is a solution of it: its optimum is no more than the plan's cost. And the planner's bound is a Lagrangian one
 * on the same relaxation, so no more than that optimum: bound <= optimum <= cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "bench/plan_mps.h"
#include "plan/check.h"
#include "plan/plan.h"
#include "sim/finland.h"

enum { MOST_JOBS = 400 };

struct month {
        struct series price, capacity, carbon;
        struct site_supply supply;
        struct plan_step steps[FINLAND_HOURS];
        struct plan_site site;
        struct plan_mode modes[MOST_JOBS];
        struct plan_job jobs[MOST_JOBS];
        struct plan_problem problem;
        double share; /* of the hall-hours that there are */
};

static void make_steps(struct month *month)
{
        finland_terms(&month->supply.terms);
        month->supply.price = &month->price;
        month->supply.capacity = &month->capacity;
        month->supply.carbon = &month->carbon;
        for (int h = 0; h < FINLAND_HOURS; h++) {
                struct supply_curve curve = site_supply_at(&month->supply, FINLAND_START + h * HOUR);
                struct plan_step *step = &month->steps[h];

                *step = (struct plan_step){ .start = FINLAND_START + h * HOUR,
                                            .n_segments = curve.n_segments,
                                            .gpus = FINLAND_HALLS };
                assert_int_equal(curve.n_segments, 2);
                for (unsigned i = 0; i < curve.n_segments; i++) {
                        assert_true(curve.segments[i].price != SERIES_UNKNOWN);
                        step->segments[i].price = (double)curve.segments[i].price / 1e6;
                        step->segments[i].limit_w = (double)curve.segments[i].limit_w;
                }
        }
}

static void make_jobs(struct month *month)
{
        struct finland_job jobs[MOST_JOBS];
        int most[FINLAND_HOURS], n;
        double hours = 0;

        for (int h = 0; h < FINLAND_HOURS; h++) { /* what the plant alone could feed, and half of the grid */
                double watts = month->steps[h].segments[0].limit_w + month->steps[h].segments[1].limit_w - 1e8;

                most[h] = (int)((watts - 5e6) / 1.05 / (double)FINLAND_HALL_W);
                most[h] = most[h] < FINLAND_HALLS ? most[h] : FINLAND_HALLS;
        }
        n = finland_jobs(jobs, MOST_JOBS, most, 20240105);
        for (int j = 0; j < n; j++) {
                month->modes[j] = (struct plan_mode){ jobs[j].halls, (double)jobs[j].halls * (double)FINLAND_HALL_W, 1, 0, 0 };
                month->jobs[j] = (struct plan_job){ .id = (uint64_t)j + 1,
                                                    .sites = 1,
                                                    .modes = &month->modes[j],
                                                    .n_modes = 1,
                                                    .work_s = (double)(jobs[j].hours * HOUR),
                                                    .release = FINLAND_START + jobs[j].release * HOUR,
                                                    .deadline = FINLAND_START + jobs[j].deadline * HOUR,
                                                    .lateness_cost = 1e6 * jobs[j].halls,
                                                    .max_starts = PLAN_ANY_STARTS,
                                                    .earliest_finish =
                                                            FINLAND_START + (jobs[j].release + jobs[j].hours) * HOUR };
                hours += jobs[j].hours * (double)jobs[j].halls;
        }
        month->problem.n_jobs = (size_t)n;
        month->share = hours / (FINLAND_HALLS * (double)FINLAND_HOURS);
}

static void month_init(struct month *month)
{
        memset(month, 0, sizeof(*month));
        month->price = finland_price();
        month->capacity = finland_capacity();
        month->carbon = finland_carbon();
        make_steps(month);
        month->site = (struct plan_site){ .name = "hanford",
                                          .steps = month->steps,
                                          .n_steps = FINLAND_HOURS,
                                          .pue_fixed_w = 5e6,
                                          .pue_factor = 1.05 };
        month->problem = (struct plan_problem){ .now = FINLAND_START,
                                                .horizon = FINLAND_START + FINLAND_HOURS * HOUR,
                                                .sites = &month->site,
                                                .n_sites = 1,
                                                .jobs = month->jobs,
                                                .unfinished_cost = 1e7,
                                                .over_limit_cost = 1e6 };
        make_jobs(month);
}

static void month_finish(struct month *month)
{
        series_finish(&month->price);
        series_finish(&month->capacity);
        series_finish(&month->carbon);
}

/* CLP's optimum in EUR; the program is in thousandths. */
static double solve(const char *path)
{
        char command[300], line[300];
        double optimum = NAN;
        FILE *pipe;

        snprintf(command, sizeof(command), "clp %s -dualsimplex", path);
        pipe = popen(command, "r");
        assert_non_null(pipe);
        while (fgets(line, sizeof(line), pipe) != NULL) /* the last such line is that of the whole program */
                sscanf(line, "Optimal objective %lf", &optimum);
        pclose(pipe);
        if (isnan(optimum))
                fail_msg("clp found no optimum of %s", path);
        return optimum / 1000;
}

static void a_month_is_planned_as_well_as_a_linear_program_says(void **state)
{
        struct plan_budget budget = { .work = 4000000 };
        struct month *month = malloc(sizeof(*month));
        char path[] = "/tmp/offpeak-finland-XXXXXX";
        struct plan_verdict verdict;
        struct offpeak_error err = { 0 };
        struct plan plan;
        double optimum;

        (void)state;
        if (!finland_is_here()) {
                puts("skipped: " FINLAND_PRICES " or the output beside it is not here");
                free(month);
                skip();
        }
        month_init(month);
        assert_true(month->problem.n_jobs >= 250);
        if (plan_compute(&month->problem, &budget, &plan, &err) != 0 ||
            plan_check(&month->problem, &plan, &verdict, &err) != 0)
                fail_msg("%s", err.text);
        for (size_t j = 0; j < plan.n_jobs; j++)
                assert_true(plan.jobs[j].late_s == 0 && plan.jobs[j].unfinished_s == 0);
        printf("%zu jobs, %.1f %% of the hall-hours: at once %.0f EUR (and late: %.0f), plan %.0f, bound %.0f (gap %.3f %%)\n",
               plan.n_jobs, 100 * month->share, plan.run_now.total - plan.run_now.lateness, plan.run_now.lateness,
               verdict.terms.total, verdict.bound,
               100 * (verdict.terms.total - verdict.bound) / fabs(verdict.terms.total));
        assert_true(verdict.bound <= verdict.terms.total);
        assert_true(verdict.terms.total <= plan.run_now.total);
        if (system("command -v clp >/dev/null") != 0) {
                puts("skipped: clp is not installed");
                plan_finish(&plan);
                month_finish(month);
                free(month);
                skip();
        }
        close(mkstemp(path));
        assert_int_equal(plan_write_lp(&month->problem, path, &err), 0);
        optimum = solve(path);
        assert_int_equal(unlink(path), 0);
        printf("CLP's optimum %.2f EUR: the plan is %.5f %% above, the bound %.3f %% below\n", optimum,
               100 * (verdict.terms.total / optimum - 1), 100 * (1 - verdict.bound / optimum));
        assert_true(verdict.bound <= optimum + 1e-6 * fabs(optimum));
        assert_true(verdict.terms.total >= optimum - 1e-6 * fabs(optimum));
        assert_true(verdict.terms.total <= optimum + 0.001 * fabs(optimum)); /* measured: docs/measurements.md */
        assert_true(verdict.bound >= optimum - 0.005 * fabs(optimum));
        plan_finish(&plan);
        month_finish(month);
        free(month);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(a_month_is_planned_as_well_as_a_linear_program_says) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
