/* SPDX-License-Identifier: Apache-2.0 */
/* The checker against numbers worked out by hand; the working stands beside each. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"

#define NOW  INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define HOUR INT64_C(3600)
#define MW   1e6

/*
 * Four hours at one site, "here", PUE 1, no idle: 100, 20, -50 and 60 per MWh, 8 GPUs, no power limit. "there" is a
 * second site of the same kind. Job 1 holds 2 GPUs and draws 1 MW for 1 h; job 2 as well. Tests change what they mean.
 */
struct scene {
        struct plan_step steps[2][4];
        struct plan_site sites[2];
        struct plan_mode modes[2][2];
        struct plan_job jobs[2];
        struct plan_problem problem;

        struct plan_interval intervals[4];
        struct plan_job_result results[2];
        struct plan plan;

        int64_t edges[8];
        double power[8], gpus[8];
        struct offpeak_error err;
};

static void scene_init(struct scene *scene)
{
        static const double prices[4] = { 100, 20, -50, 60 };

        memset(scene, 0, sizeof(*scene));
        for (int s = 0; s < 2; s++) {
                for (int t = 0; t < 4; t++)
                        scene->steps[s][t] = (struct plan_step){ .start = NOW + t * HOUR,
                                                                 .n_segments = 1,
                                                                 .segments = { { prices[t], INFINITY } },
                                                                 .gpus = 8 };
                scene->sites[s] = (struct plan_site){
                        .name = s == 0 ? "here" : "there", .steps = scene->steps[s], .n_steps = 4, .pue_factor = 1
                };
        }
        for (int j = 0; j < 2; j++) {
                scene->modes[j][0] = (struct plan_mode){ 2, MW, 1, 0, 0 };
                scene->modes[j][1] = (struct plan_mode){ 2, 0.6 * MW, 0.8, 0, 0 };
                scene->jobs[j] = (struct plan_job){ .id = (uint64_t)j + 1,
                                                    .sites = 1,
                                                    .modes = scene->modes[j],
                                                    .n_modes = 1,
                                                    .work_s = 3600,
                                                    .release = NOW,
                                                    .max_starts = PLAN_ANY_STARTS,
                                                    .earliest_finish = NOW + HOUR };
                scene->results[j].id = (uint64_t)j + 1;
        }
        scene->problem = (struct plan_problem){ .now = NOW,
                                                .horizon = NOW + 4 * HOUR,
                                                .sites = scene->sites,
                                                .n_sites = 2,
                                                .jobs = scene->jobs,
                                                .n_jobs = 1,
                                                .terminal_price = 100,
                                                .unfinished_cost = 1000,
                                                .over_limit_cost = 5000 };
        plan_init(&scene->plan);
        scene->plan.jobs = scene->results;
        scene->plan.n_jobs = 1;
        scene->plan.intervals = scene->intervals;
}

/* The next interval of job j, in seconds from NOW, at "here" in mode 0. Jobs in order. */
static struct plan_interval *runs(struct scene *scene, size_t j, int64_t start, int64_t end)
{
        struct plan_interval *interval = &scene->intervals[scene->plan.n_intervals];

        *interval = (struct plan_interval){ NOW + start, NOW + end, 0, 0 };
        if (scene->results[j].n == 0)
                scene->results[j].first = scene->plan.n_intervals;
        scene->results[j].n++;
        scene->plan.n_intervals++;
        return interval;
}

static void says(struct scene *scene, size_t j, int64_t finish, double cost)
{
        if (scene->results[j].n == 0)
                scene->results[j].first = scene->plan.n_intervals;
        scene->results[j].finish = NOW + finish;
        scene->results[j].cost = cost;
}

static struct plan_verdict accepted(struct scene *scene)
{
        struct plan_verdict verdict = { 0 };

        if (plan_check(&scene->problem, &scene->plan, &verdict, &scene->err) != 0)
                fail_msg("refused: %s", scene->err.text);
        return verdict;
}

static void refused(struct scene *scene, const char *words)
{
        if (plan_check(&scene->problem, &scene->plan, NULL, &scene->err) != OFFPEAK_EINVAL)
                fail_msg("accepted, though \"%s\"", words);
        if (strstr(scene->err.text, words) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", scene->err.text, words);
}

static void near(double found, double expected)
{
        if (!(fabs(found - expected) <= 1e-8 * (1 + fabs(expected))))
                fail_msg("%.12g is not %.12g", found, expected);
}

/* ---- costs */

static void one_hour_costs_its_price(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 3600, 7200); /* 1 MWh at 20 */
        says(&scene, 0, 7200, 20);
        scene.plan.terms.supply = scene.plan.terms.total = 20;
        near(accepted(&scene).terms.total, 20);
}

static void seconds_count_across_an_edge(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 3000, 6600); /* 600 s at 100 and 3000 s at 20: 16.666667 + 16.666667 */
        says(&scene, 0, 6600, 100.0 / 3);
        scene.plan.terms.supply = scene.plan.terms.total = 100.0 / 3;
        near(accepted(&scene).terms.supply, 100.0 / 3);
}

static void negative_price_earns(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 7200, 10800); /* 1 MWh at -50 */
        says(&scene, 0, 10800, -50);
        scene.plan.terms.supply = scene.plan.terms.total = -50;
        near(accepted(&scene).terms.total, -50);
}

static void waiting_is_paid_by_the_gpu_hour(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].delay_cost = 50;
        runs(&scene, 0, 0, 3600); /* at once: 100, no delay */
        says(&scene, 0, 3600, 100);
        scene.plan.terms = (struct plan_terms){ .supply = 100, .total = 100 };
        near(accepted(&scene).terms.total, 100);

        scene_init(&scene);
        scene.jobs[0].delay_cost = 50;
        runs(&scene, 0, 3600, 7200); /* 20, and 1 h x 2 GPUs x 50 = 100: worse than running at once */
        says(&scene, 0, 7200, 120);
        scene.plan.terms = (struct plan_terms){ .supply = 20, .delay = 100, .total = 120 };
        near(accepted(&scene).terms.delay, 100);
}

static void two_segments_are_filled_cheapest_first(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        /* a reactor of 1 MW at 5, then the grid at 100 */
        scene.steps[0][0].n_segments = 2;
        scene.steps[0][0].segments[0] = (struct plan_segment){ 5, 1 * MW };
        scene.steps[0][0].segments[1] = (struct plan_segment){ 100, 3 * MW };
        scene.modes[0][0].watts = scene.modes[1][0].watts = 0.8 * MW;
        scene.problem.n_jobs = scene.plan.n_jobs = 2;
        runs(&scene, 0, 0, 3600);
        runs(&scene, 1, 0, 3600);
        /* together 1.6 MW: 1 x 5 + 0.6 x 100 = 65; each alone 0.8 x 5 = 4, so that each is 61 at the margin */
        says(&scene, 0, 3600, 61);
        says(&scene, 1, 3600, 61);
        scene.plan.terms.supply = scene.plan.terms.total = 65;
        near(accepted(&scene).terms.supply, 65);
}

static void idle_power_fills_the_cheap_segment_first(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.steps[0][0].n_segments = 2;
        scene.steps[0][0].segments[0] = (struct plan_segment){ 5, 1 * MW };
        scene.steps[0][0].segments[1] = (struct plan_segment){ 100, 3 * MW };
        scene.sites[0].idle_w = 0.4 * MW;
        scene.sites[0].pue_fixed_w = 0.1 * MW;
        scene.sites[0].pue_factor = 1.5;
        scene.modes[0][0].watts = 0.4 * MW;
        runs(&scene, 0, 0, 3600);
        /* idle: 0.1 + 1.5 x 0.4 = 0.7 MW; the job's 0.6 MW are 0.3 at 5 and 0.3 at 100: 31.5 */
        says(&scene, 0, 3600, 31.5);
        scene.plan.terms.supply = scene.plan.terms.total = 31.5;
        near(accepted(&scene).terms.supply, 31.5);
}

static void a_start_costs_what_it_draws(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].start_cost_s = 600;
        runs(&scene, 0, 3600, 5400);  /* 1800 s, 1200 of progress: 0.5 MWh at 20 = 10 */
        runs(&scene, 0, 7200, 10200); /* 3000 s, 2400 of progress: 5/6 MWh at -50 = -41.666667 */
        says(&scene, 0, 10200, -15);  /* its start drew 1/6 MWh, which shall cost 50 each and not earn 50: 2 x 8.333333 */
        scene.plan.terms.supply = 10 - 125.0 / 3;
        scene.plan.terms.starts = 50.0 / 3;
        scene.plan.terms.total = -15;
        near(accepted(&scene).terms.supply, 10 - 125.0 / 3);
        near(accepted(&scene).terms.starts, 50.0 / 3);
}

/* A job of 1 MW; a MW of rise in the month's highest quarter of an hour costs 30. */
static void the_highest_mean_is_charged(void **state)
{
        static const struct plan_demand months[] = {
                { NOW - HOUR, NOW + 2 * HOUR, 30, 250000, 900 },
                { NOW + 2 * HOUR, NOW + 9 * HOUR, 40, 250000, 3600 },
        };
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.sites[0].demands = months;
        scene.sites[0].n_demands = 1;
        scene.jobs[0].work_s = 3600;
        runs(&scene, 0, 3600, 7200); /* 1 MWh at 20, and 1 MW all the time: 0.75 MW above what is paid for */
        says(&scene, 0, 7200, 20);
        scene.plan.terms.supply = 20;
        scene.plan.terms.demand = 0.75 * 30;
        scene.plan.terms.total = 42.5;
        near(accepted(&scene).terms.demand, 22.5);
        scene.plan.terms.demand = 0;
        scene.plan.terms.total = 20;
        refused(&scene, "demand charge costs 0, it costs 22.5");
        scene_init(&scene);
        scene.sites[0].demands = months;
        scene.sites[0].n_demands = 2;
        scene.jobs[0].work_s = 1500;
        runs(&scene, 0, 3600 + 600, 3600 + 1500); /* 900 s over two quarters: a third of the one, two thirds of the other */
        runs(&scene, 0, 7200, 7200 + 600);        /* the second month: a sixth of an hour */
        says(&scene, 0, 7800, 5 - 50.0 / 6);
        scene.plan.terms.supply = 5 - 50.0 / 6;
        scene.plan.terms.demand = (600.0 / 900 - 0.25) * 30; /* 1/6 MW is less than is paid for */
        scene.plan.terms.total = scene.plan.terms.supply + scene.plan.terms.demand;
        near(accepted(&scene).terms.demand, 12.5);
}

static void going_on_is_no_start(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].start_cost_s = 600;
        scene.jobs[0].max_starts = 0;
        scene.jobs[0].running = true;
        runs(&scene, 0, 0, 3600); /* 1 MWh at 100, nothing lost */
        says(&scene, 0, 3600, 100);
        scene.plan.terms.supply = scene.plan.terms.total = 100;
        accepted(&scene);
        scene.jobs[0].running = false;
        refused(&scene, "starts more often");
}

static void a_cap_changes_without_a_start(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].n_modes = 2;
        scene.jobs[0].max_starts = 1;
        runs(&scene, 0, 2700, 3600)->mode = 1; /* 900 s x 0.8 = 720; 0.15 MWh at 100 = 15 */
        runs(&scene, 0, 3600, 6480);           /* 2880 s; 0.8 MWh at 20 = 16 */
        says(&scene, 0, 6480, 31);
        scene.plan.terms.supply = scene.plan.terms.total = 31;
        near(accepted(&scene).terms.supply, 31);
        scene.modes[0][1].gpus = 1; /* another width is another run */
        refused(&scene, "starts more often");
}

static void a_missed_deadline_is_paid_by_the_hour(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].deadline = NOW + 5400;
        scene.jobs[0].lateness_cost = 10;
        runs(&scene, 0, 3600, 7200); /* 20, and 1800 s late: 5 */
        says(&scene, 0, 7200, 25);
        scene.results[0].late_s = 1800;
        scene.plan.terms = (struct plan_terms){ .supply = 20, .lateness = 5, .total = 25 };
        near(accepted(&scene).terms.lateness, 5);
        scene.results[0].late_s = 0;
        refused(&scene, "late");
}

static void work_left_undone_is_paid(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].work_s = 7200;
        scene.jobs[0].deadline = NOW + 5 * HOUR; /* it would end an hour behind the horizon: in time */
        scene.jobs[0].delay_cost = 1;
        scene.sites[0].pue_factor = 1.25;
        runs(&scene, 0, 3 * HOUR, 4 * HOUR); /* 1.25 MWh at 60 = 75 */
        /* 1 h undone: 2 GPUs x 1000 + 1.25 MWh x 100 = 2125; delay: 4 h x 2 GPUs x 1 = 8 */
        says(&scene, 0, 5 * HOUR, 75 + 2125 + 8);
        scene.results[0].unfinished_s = 3600;
        scene.plan.terms = (struct plan_terms){ .supply = 75, .unfinished = 2125, .delay = 8, .total = 2208 };
        near(accepted(&scene).terms.unfinished, 2125);
        scene.results[0].unfinished_s = 0;
        refused(&scene, "progress");
}

static void carbon_is_paid_on_the_energy_drawn(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.steps[0][1].carbon = 400;
        scene.jobs[0].carbon_price = 80;
        scene.sites[0].pue_factor = 1.5;
        runs(&scene, 0, 3600, 7200); /* 1.5 MWh: 30; 1.5 MWh x 400 kg = 0.6 t at 80 = 48 */
        says(&scene, 0, 7200, 78);
        scene.plan.terms = (struct plan_terms){ .supply = 30, .carbon = 48, .total = 78 };
        near(accepted(&scene).terms.carbon, 48);
}

static void a_job_that_never_runs_may_say_so(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.modes[0][0].gpus = 16;
        /* 1 h undone: 16 GPUs x 1000 + 1 MWh x 100 */
        says(&scene, 0, -NOW, 16100);
        scene.results[0].unfinished_s = 3600;
        scene.plan.terms = (struct plan_terms){ .unfinished = 16100, .total = 16100 };
        near(accepted(&scene).terms.total, 16100);
        scene.modes[0][0].gpus = 8; /* it could */
        refused(&scene, "not when its work is done");
}

/* ---- constraints, each broken in turn */

static void intervals_must_be_sound(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 3600, 3600);
        refused(&scene, "job 1 at 2027-01-15T09:00:00Z: an interval ends no later than it starts");
        scene_init(&scene);
        runs(&scene, 0, -10, 3590);
        refused(&scene, "outside [now, horizon)");
        scene_init(&scene);
        runs(&scene, 0, 10810, 14410);
        refused(&scene, "outside [now, horizon)");
        scene_init(&scene);
        runs(&scene, 0, 0, 1800);
        runs(&scene, 0, 1700, 3500);
        refused(&scene, "overlap");
        scene_init(&scene);
        scene.jobs[0].release = NOW + 60;
        runs(&scene, 0, 0, 3600);
        refused(&scene, "before its release");
        scene_init(&scene);
        runs(&scene, 0, 0, 3600)->mode = 1;
        refused(&scene, "no such mode");
}

static void sites_bind(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 0, 3600)->site = 1;
        refused(&scene, "may not run at this site");
        scene_init(&scene);
        runs(&scene, 0, 0, 3600)->site = 7;
        refused(&scene, "may not run at this site");
        scene_init(&scene);
        scene.jobs[0].sites = 3;
        runs(&scene, 0, 0, 1800);
        runs(&scene, 0, 1800, 3600)->site = 1;
        refused(&scene, "moves to another site");
}

static void starts_bind(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].max_starts = 1;
        runs(&scene, 0, 0, 1800);
        runs(&scene, 0, 3600, 5400);
        refused(&scene, "job 1 at 2027-01-15T09:00:00Z: it starts more often than max_starts allows");
        scene_init(&scene);
        scene.jobs[0].start_cost_s = 600;
        runs(&scene, 0, 0, 600); /* burns 600 s for nothing */
        runs(&scene, 0, 3600, 7800);
        refused(&scene, "makes no progress");
}

static void minimum_run_binds_but_for_the_last(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].min_run_s = 1800;
        runs(&scene, 0, 0, 900);
        runs(&scene, 0, 3600, 6300);
        refused(&scene, "shorter than min_run_s");
        scene_init(&scene);
        scene.jobs[0].min_run_s = 1800;
        runs(&scene, 0, 0, 2700);    /* 0.75 MWh at 100 */
        runs(&scene, 0, 3600, 4500); /* 0.25 MWh at 20: ends the job */
        says(&scene, 0, 4500, 80);
        scene.plan.terms.supply = scene.plan.terms.total = 80;
        accepted(&scene);
        scene.jobs[0].work_s = 3601; /* now it ends nothing */
        refused(&scene, "shorter than min_run_s");
}

static void work_is_not_overdone(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 7200, 10801); /* a second too long, at a price that makes it tempting */
        refused(&scene, "longer than its work needs");
        scene_init(&scene);
        scene.jobs[0].work_s = 3599.5; /* the last second is needed in part */
        runs(&scene, 0, 3600, 7200);
        says(&scene, 0, 7200, 20);
        scene.plan.terms.supply = scene.plan.terms.total = 20;
        accepted(&scene);
}

static void gpus_bind_at_every_second(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.problem.n_jobs = scene.plan.n_jobs = 2;
        scene.steps[0][1].gpus = 3;
        runs(&scene, 0, 3600, 7200);
        runs(&scene, 1, 7199, 10799); /* one second together: 4 of 3 */
        refused(&scene, "site here at 2027-01-15T09:59:59Z: 4 GPUs are used, the limit is 3");
        scene_init(&scene);
        scene.problem.n_jobs = scene.plan.n_jobs = 2;
        scene.steps[0][1].gpus = 3;
        runs(&scene, 0, 3600, 7200);  /* 20 */
        runs(&scene, 1, 7200, 10800); /* -50 */
        says(&scene, 0, 7200, 20);
        says(&scene, 1, 10800, -50);
        scene.plan.terms.supply = scene.plan.terms.total = -30;
        accepted(&scene);
}

static void power_binds(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.steps[0][1].segments[0].limit_w = 0.9 * MW;
        runs(&scene, 0, 3600, 7200);
        refused(&scene, "1000000 W are used, the limit is 900000");
        scene_init(&scene); /* idle alone is above the limit: no job may run */
        scene.steps[0][1].segments[0].limit_w = 0.9 * MW;
        scene.sites[0].idle_w = 2 * MW;
        runs(&scene, 0, 3600, 7200);
        refused(&scene, "3000000 W are used, the limit is 2000000");
        scene_init(&scene); /* a step without any supply */
        scene.steps[0][1].n_segments = 0;
        runs(&scene, 0, 3600, 7200);
        refused(&scene, "W are used, the limit is 0");
}

static void the_plan_must_be_whole(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.plan.n_jobs = 0;
        refused(&scene, "speaks of 0 jobs");
        scene_init(&scene);
        scene.results[0].id = 9;
        refused(&scene, "is of job 9, not of job 1");
        scene_init(&scene);
        runs(&scene, 0, 0, 3600);
        scene.results[0].n = 2;
        refused(&scene, "do not follow");
        scene_init(&scene);
        runs(&scene, 0, 0, 3600);
        says(&scene, 0, 3600, 100);
        scene.plan.n_intervals = 2;
        refused(&scene, "belong to no job");
}

/* ---- lies */

static void lies_about_money_are_found(void **state)
{
        struct scene scene;
        double *terms[] = { &scene.plan.terms.supply,   &scene.plan.terms.carbon,     &scene.plan.terms.delay,
                            &scene.plan.terms.lateness, &scene.plan.terms.unfinished, &scene.plan.terms.over_limit,
                            &scene.plan.terms.starts,   &scene.plan.terms.demand,     &scene.plan.terms.total,
                            &scene.plan.terms.risk,     &scene.plan.terms.moves,
                            &scene.results[0].cost };

        (void)state;
        for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
                scene_init(&scene);
                runs(&scene, 0, 3600, 7200);
                says(&scene, 0, 7200, 20);
                scene.plan.terms.supply = scene.plan.terms.total = 20;
                accepted(&scene);
                *terms[i] += 0.01;
                refused(&scene, terms[i] == &scene.results[0].cost ? "its share is said to be" : "the plan says its");
        }
}

static void the_finish_is_checked(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 3600, 7200);
        says(&scene, 0, 7201, 20);
        refused(&scene, "not when its work is done");
}

/* ---- the bound */

/* Multipliers on the four hours of "here"; "there" has none. */
static void priced(struct scene *scene, double p0, double p1, double p2, double p3)
{
        scene->plan.multipliers = (struct plan_multipliers){
                .n_slots = 4, .edges = scene->edges, .power = scene->power, .gpus = scene->gpus
        };
        memset(scene->power, 0, sizeof(scene->power));
        memset(scene->gpus, 0, sizeof(scene->gpus));
        for (int t = 0; t < 5; t++)
                scene->edges[t] = NOW + t * HOUR;
        scene->power[0] = p0;
        scene->power[1] = p1;
        scene->power[2] = p2;
        scene->power[3] = p3;
}

static double bound_of(struct scene *scene)
{
        double bound = NAN;

        if (plan_bound(&scene->problem, &scene->plan.multipliers, &bound, &scene->err) != 0)
                fail_msg("refused: %s", scene->err.text);
        return bound;
}

static void the_bound_of_one_job_is_its_cheapest_hour(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        priced(&scene, 100, 20, -50, 60);
        near(bound_of(&scene), -50);
        scene.jobs[0].deadline = NOW + 2 * HOUR; /* the third hour would be an hour late */
        scene.jobs[0].lateness_cost = 1000;
        near(bound_of(&scene), 20);
}

static void the_bound_of_one_run_is_exact_between_edges(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].max_starts = 1;
        scene.jobs[0].work_s = 5400;
        priced(&scene, 100, 20, -50, 60);
        near(bound_of(&scene), -40); /* 0.5 h at 20 and 1 h at -50 */
        scene.jobs[0].start_cost_s = 600;
        near(bound_of(&scene), -50 + 20 * 2400 / 3600.0); /* 6000 s: the hour at -50 and 2400 s at 20 */
}

static void supply_pays_back_what_prices_take_too_much(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        /* price 30 in the second hour, where power costs 20 up to 4 MW, with 0.5 MW of idle power: */
        /* the dual is (20 - 30) x min(3.5, all jobs: 1) = -10; the job pays -50 in the third hour: -60 */
        scene.sites[0].idle_w = 0.5 * MW;
        scene.steps[0][1].segments[0].limit_w = 4 * MW;
        priced(&scene, 100, 30, -50, 60);
        near(bound_of(&scene), -60);
        /* a limit of 1 MW leaves 0.5: the job cannot run there, and the dual is -5 */
        scene.steps[0][1].segments[0].limit_w = 1 * MW;
        near(bound_of(&scene), -55);
}

static void gpus_are_paid_back_too(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        priced(&scene, 100, 20, -50, 60);
        scene.gpus[2] = 40; /* third hour: the job pays -50 + 2 x 40 = 30; second: 20. Less 8 x 40 */
        near(bound_of(&scene), 20 - 320);
        /* with 2 GPUs in service: two jobs, 20 + 20 - 80 = -40; the best plan is 20 - 50 = -30 */
        scene.steps[0][2].gpus = 2;
        scene.problem.n_jobs = 2;
        near(bound_of(&scene), -40);
        scene.gpus[2] = 35; /* both hours are worth the same: 20 + 20 - 70 */
        near(bound_of(&scene), -30);
}

static void the_bound_covers_pauses(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.jobs[0].work_s = 7200;
        scene.problem.horizon = NOW + 3 * HOUR;
        scene.sites[0].n_steps = scene.sites[1].n_steps = 3;
        scene.steps[0][0].segments[0].price = 10;
        scene.steps[0][1].segments[0].price = 100;
        scene.steps[0][2].segments[0].price = 10;
        priced(&scene, 10, 100, 10, 0);
        scene.plan.multipliers.n_slots = 3;
        scene.power[3] = scene.power[4] = scene.power[5] = 0;
        near(bound_of(&scene), 20); /* two hours at 10, no start cost */
        scene.jobs[0].start_cost_s = 360;
        /* in one run: 2.1 h, 2 of them cheap... the middle one lies between: 10 + 100 + 0.1 x 10 = 111 */
        /* in two: 2.2 h, 0.2 of them in the middle: 20 + 20 = 40 */
        near(bound_of(&scene), 40);
        scene.jobs[0].max_starts = 1;
        near(bound_of(&scene), 111);
}

static void never_running_bounds_what_is_dearer(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        scene.problem.unfinished_cost = 1;
        scene.problem.terminal_price = 5;
        priced(&scene, 100, 20, 200, 60);
        scene.steps[0][2].segments[0].price = 200;
        near(bound_of(&scene), 7); /* 2 GPU-hours and 1 MWh undone, against 20 */
}

static void a_bound_above_what_is_proved_is_a_lie(void **state)
{
        struct scene scene;

        (void)state;
        scene_init(&scene);
        runs(&scene, 0, 3600, 7200);
        says(&scene, 0, 7200, 20);
        scene.plan.terms.supply = scene.plan.terms.total = 20;
        scene.plan.bound = -50;
        refused(&scene, "without multipliers");
        priced(&scene, 100, 20, -50, 60);
        near(accepted(&scene).bound, -50);
        near(accepted(&scene).gap, 70);
        scene.plan.bound = -49.99;
        refused(&scene, "claims the bound -49.99, its multipliers prove -50");
        scene.plan.bound = NAN;
        refused(&scene, "claims the bound");
}

static void multipliers_must_be_sound(void **state)
{
        struct scene scene;
        double bound;

        (void)state;
        scene_init(&scene);
        priced(&scene, 100, 20, -50, 60);
        scene.gpus[1] = -1;
        assert_int_equal(plan_bound(&scene.problem, &scene.plan.multipliers, &bound, &scene.err), OFFPEAK_EINVAL);
        assert_non_null(strstr(scene.err.text, "site here, slot 1"));
        priced(&scene, 100, 20, NAN, 60);
        assert_int_equal(plan_bound(&scene.problem, &scene.plan.multipliers, &bound, &scene.err), OFFPEAK_EINVAL);
        priced(&scene, 100, 20, -50, 60);
        scene.edges[4] -= 1;
        assert_int_equal(plan_bound(&scene.problem, &scene.plan.multipliers, &bound, &scene.err), OFFPEAK_EINVAL);
        priced(&scene, 100, 20, -50, 60);
        scene.edges[2] = scene.edges[1];
        assert_int_equal(plan_bound(&scene.problem, &scene.plan.multipliers, &bound, &scene.err), OFFPEAK_EINVAL);
}

/* ---- problems that contradict themselves */

static void senseless_problems_are_refused(void **state)
{
        struct scene scene;

#define BREAK(change, words)                                                                                           \
        do {                                                                                                           \
                scene_init(&scene);                                                                                    \
                change;                                                                                                \
                refused(&scene, words);                                                                                \
        } while (0)

        (void)state;
        BREAK(scene.problem.horizon = NOW, "horizon");
        BREAK(scene.problem.terminal_price = NAN, "terminal price");
        BREAK(scene.steps[0][0].start++, "must start now");
        BREAK(scene.steps[0][1].start = NOW, "step 1");
        BREAK(scene.steps[0][3].start = NOW + 4 * HOUR, "behind the horizon");
        BREAK(scene.steps[0][2].segments[0].price = NAN, "not a price");
        BREAK(scene.steps[0][2].segments[0].limit_w = -1, "not an amount");
        BREAK((scene.steps[0][2].n_segments = 2, scene.steps[0][2].segments[1].price = -60), "ascend by price");
        BREAK(scene.sites[1].pue_factor = 0.9, "PUE");
        BREAK(scene.jobs[0].sites = 0, "name sites");
        BREAK(scene.jobs[0].sites = 4, "name sites");
        BREAK(scene.jobs[0].n_modes = 0, "no mode");
        BREAK(scene.modes[0][0].gpus = 0, "mode 0");
        BREAK(scene.modes[0][0].speed = 0, "mode 0");
        BREAK(scene.jobs[0].work_s = 0, "amount of work");
        BREAK(scene.jobs[0].work_s = NAN, "amount of work");
        BREAK(scene.jobs[0].release = NOW - 1, "release");
        BREAK(scene.jobs[0].start_cost_s = -1, "start cost");
        BREAK(scene.jobs[0].delay_cost = -1, "delay");
        BREAK(scene.jobs[0].deadline = -1, "UTC");
        BREAK((scene.jobs[0].running = true, scene.jobs[0].run_mode = 1), "may not use");
#undef BREAK
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_hour_costs_its_price),
                cmocka_unit_test(seconds_count_across_an_edge),
                cmocka_unit_test(negative_price_earns),
                cmocka_unit_test(waiting_is_paid_by_the_gpu_hour),
                cmocka_unit_test(two_segments_are_filled_cheapest_first),
                cmocka_unit_test(idle_power_fills_the_cheap_segment_first),
                cmocka_unit_test(a_start_costs_what_it_draws),
                cmocka_unit_test(the_highest_mean_is_charged),
                cmocka_unit_test(going_on_is_no_start),
                cmocka_unit_test(a_cap_changes_without_a_start),
                cmocka_unit_test(a_missed_deadline_is_paid_by_the_hour),
                cmocka_unit_test(work_left_undone_is_paid),
                cmocka_unit_test(carbon_is_paid_on_the_energy_drawn),
                cmocka_unit_test(a_job_that_never_runs_may_say_so),
                cmocka_unit_test(intervals_must_be_sound),
                cmocka_unit_test(sites_bind),
                cmocka_unit_test(starts_bind),
                cmocka_unit_test(minimum_run_binds_but_for_the_last),
                cmocka_unit_test(work_is_not_overdone),
                cmocka_unit_test(gpus_bind_at_every_second),
                cmocka_unit_test(power_binds),
                cmocka_unit_test(the_plan_must_be_whole),
                cmocka_unit_test(lies_about_money_are_found),
                cmocka_unit_test(the_finish_is_checked),
                cmocka_unit_test(the_bound_of_one_job_is_its_cheapest_hour),
                cmocka_unit_test(the_bound_of_one_run_is_exact_between_edges),
                cmocka_unit_test(supply_pays_back_what_prices_take_too_much),
                cmocka_unit_test(gpus_are_paid_back_too),
                cmocka_unit_test(the_bound_covers_pauses),
                cmocka_unit_test(never_running_bounds_what_is_dearer),
                cmocka_unit_test(a_bound_above_what_is_proved_is_a_lie),
                cmocka_unit_test(multipliers_must_be_sound),
                cmocka_unit_test(senseless_problems_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
