/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, order, pins, moves, caps and risk, where the answer is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/check.h"
#include "unit/plan/scene.h"

static int64_t first_start(const struct plan *plan, size_t j)
{
        return plan->intervals[plan->jobs[j].first].start - NOW;
}

/* Two jobs of 4 GPUs would share the cheap hour; a quota of 4 lets only one of them have it. */
static void a_limit_keeps_two_jobs_apart(void **state)
{
        static const double prices[] = { 90, 20, 40, 80, 80, 80 };
        struct plan_limit_step step = { NOW, 4 };
        struct plan_limit quota = { "quota", &step, 1 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 2, 6, prices);
        scene.modes[0] = scene.modes[1] = (struct plan_mode){ 4, 4000, 1, 0, 0 };
        plan = compute(&scene.problem, 100000, 0);
        assert_int_equal(first_start(&plan, 0), HOUR);
        assert_int_equal(first_start(&plan, 1), HOUR);
        plan_finish(&plan);
        scene.modes[0].limits = scene.modes[1].limits = 1;
        scene.problem.limits = &quota;
        scene.problem.n_limits = 1;
        plan = compute(&scene.problem, 100000, 0);
        assert_int_equal(first_start(&plan, 0) + first_start(&plan, 1), 3 * HOUR); /* the cheap hour, and the next best */
        assert_true(fabs(plan.terms.total - 0.004 * (20 + 40)) < 1e-9);
        assert_true(plan.bound > 0.004 * (20 + 30)); /* the limit has a price: sharing the cheap hour would be 0.16 */
        plan_finish(&plan);
}

/* As many limits as there may be, and the last of them counts. */
static void the_last_of_many_limits_holds(void **state)
{
        static const double prices[] = { 90, 20, 40, 80 };
        static const struct plan_limit_step room = { NOW, 100 }, closed = { NOW, 0 };
        struct plan_limit limits[PLAN_MAX_LIMITS];
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 4, prices);
        for (size_t l = 0; l < PLAN_MAX_LIMITS; l++)
                limits[l] = (struct plan_limit){ "many", &room, 1 };
        limits[PLAN_MAX_LIMITS - 1].steps = &closed;
        scene.modes[0].limits = UINT64_C(1) << (PLAN_MAX_LIMITS - 1);
        scene.problem.limits = limits;
        scene.problem.n_limits = PLAN_MAX_LIMITS;
        plan = compute(&scene.problem, 100000, 0);
        assert_int_equal(plan.jobs[0].n, 0);
        plan_finish(&plan);
}

/* The second comes after the first, and has the cheaper hour; the first then must be done before it. */
static void what_comes_after_waits(void **state)
{
        static const double prices[] = { 90, 20, 40, 80, 80, 80 };
        static const size_t after[] = { 0 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 2, 6, prices);
        scene.jobs[1].after = after;
        scene.jobs[1].n_after = 1;
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, HOUR, 2 * HOUR);
        assert_run(&plan, 1, 0, 2 * HOUR, 3 * HOUR);
        plan_finish(&plan);
        scene.steps[0].segments[0].price = 30; /* now one job's 30 and the other's 20 are cheapest */
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, 0, HOUR);
        assert_run(&plan, 1, 0, HOUR, 2 * HOUR);
        plan_finish(&plan);
}

/* After a job that can never run nothing runs. */
static void after_what_cannot_run_nothing_runs(void **state)
{
        static const double prices[] = { 90, 20, 40 };
        static const size_t after[] = { 0 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 2, 3, prices);
        scene.modes[0].gpus = 9;
        scene.jobs[1].after = after;
        scene.jobs[1].n_after = 1;
        plan = compute(&scene.problem, 100000, 0);
        assert_int_equal(plan.jobs[0].n, 0);
        assert_int_equal(plan.jobs[1].n, 0);
        plan_finish(&plan);
}

static void a_pinned_job_keeps_its_hours(void **state)
{
        static const double prices[] = { 90, 20, 40, 80 };
        static const struct plan_interval dear = { NOW, NOW + HOUR, 0, 0 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 2, 4, prices);
        scene.jobs[0].pinned = true;
        scene.jobs[0].kept = &dear;
        scene.jobs[0].n_kept = 1;
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, 0, HOUR);
        assert_run(&plan, 1, 0, HOUR, 2 * HOUR);
        assert_true(plan.terms.total - plan.bound < 1e-6);
        plan_finish(&plan);
}

/* What is over before its start costs what that drew, and no more. */
static void a_pinned_run_may_be_shorter_than_its_start(void **state)
{
        static const double prices[] = { -50, 20, 40, 80 };
        static const struct plan_interval pins[] = { { NOW, NOW + HOUR / 2, 0, 0 }, { NOW + HOUR, NOW + 3 * HOUR, 0, 0 } };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 4, prices);
        scene.jobs[0].pinned = true;
        scene.jobs[0].kept = pins;
        scene.jobs[0].n_kept = 2;
        scene.jobs[0].start_cost_s = HOUR;
        plan = compute(&scene.problem, 100000, 0);
        assert_true(fabs(plan.terms.starts - 2 * 50 * 0.008 / 2) < 1e-9);
        plan_finish(&plan);
}

/* The cheapest hour is pinned away: however long is thought, the others do not have it, too. */
static void nobody_shares_what_is_pinned_away(void **state)
{
        static const double prices[] = { 90, 20, 40, 80 };
        static const struct plan_interval cheap = { NOW + HOUR, NOW + 2 * HOUR, 0, 0 };
        struct scene scene;

        (void)state;
        scene_init(&scene, 3, 4, prices);
        for (size_t j = 0; j < 3; j++) {
                struct plan plan;

                scene.jobs[j].pinned = true;
                scene.jobs[j].kept = &cheap;
                scene.jobs[j].n_kept = 1;
                plan = compute(&scene.problem, 1000000, j);
                assert_run(&plan, j, 0, HOUR, 2 * HOUR);
                plan_finish(&plan);
                scene.jobs[j].pinned = false;
                scene.jobs[j].n_kept = 0;
        }
}

static void pins_that_overlap_are_refused(void **state)
{
        static const double prices[] = { 90, 20, 40, 80 };
        static const struct plan_interval pins[] = { { NOW, NOW + HOUR, 0, 0 }, { NOW + HOUR / 2, NOW + 2 * HOUR, 0, 0 } };
        struct plan_budget budget = { .work = 1000 };
        struct offpeak_error err;
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 2, 4, prices);
        for (size_t j = 0; j < 2; j++) {
                scene.jobs[j].pinned = true;
                scene.jobs[j].kept = &pins[j];
                scene.jobs[j].n_kept = 1;
        }
        assert_int_equal(plan_compute(&scene.problem, &budget, &plan, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "jobs that are pinned need 16 GPUs, there are 8"));
}

/* Two hours of work. At 100 a cap of 60 % power for 80 % speed pays, at 20 full power does: so both are used. */
static void a_cap_is_put_on_where_power_is_dear(void **state)
{
        static const double prices[] = { 100, 20, 100, 300, 300, 300 };
        struct plan_mode modes[] = { { 8, 8000, 1, 0, 0 }, { 8, 4000, 0.75, 0, 0 } };
        struct scene scene;
        struct plan plan;
        double capped = 0, full = 0;

        (void)state;
        scene_init(&scene, 1, 6, prices);
        scene.jobs[0].modes = modes;
        scene.jobs[0].n_modes = 2;
        scene.jobs[0].work_s = 2.5 * 3600;
        plan = compute(&scene.problem, 400000, 0);
        for (size_t i = 0; i < plan.n_intervals; i++)
                *(plan.intervals[i].mode == 0 ? &full : &capped) +=
                        (double)(plan.intervals[i].end - plan.intervals[i].start) / 3600;
        assert_true(fabs(full - 1) < 0.01); /* the cheap hour whole */
        assert_true(fabs(capped - 2) < 0.01);
        assert_true(fabs(plan.terms.total - (0.008 * 20 + 2 * 0.004 * 100)) < 1e-3);
        assert_true(plan.terms.total - plan.bound < 0.02 * plan.terms.total);
        plan_finish(&plan);
}

/* Sixty widths, of which the widest that fits is the cheapest: more groups than most jobs have modes. */
static void a_job_may_have_many_widths(void **state)
{
        static const double prices[] = { 100, 20, 100, 300, 300, 300 };
        struct plan_mode modes[60];
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 6, prices);
        scene.steps[0].gpus = scene.steps[1].gpus = scene.steps[2].gpus = 64;
        for (uint32_t m = 0; m < 60; m++)
                modes[m] = (struct plan_mode){ m + 1, 1000.0 * (m + 1), (m + 1) / 60.0, 0, 0 };
        scene.jobs[0].modes = modes;
        scene.jobs[0].n_modes = 60;
        scene.jobs[0].max_starts = 1;
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, HOUR, 2 * HOUR);
        assert_int_equal(plan.intervals[0].mode, 59);
        assert_true(plan.terms.total - plan.bound < 0.3 * plan.terms.total);
        plan_finish(&plan);
}

/* Four hours of work, two of which are cheap here and two there. */
static void a_job_moves_if_that_pays(void **state)
{
        static const double prices[] = { 20, 20, 200, 200, 200, 200 };
        struct plan_step there[6];
        struct plan_site sites[2];
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 6, prices);
        for (size_t t = 0; t < 6; t++) {
                there[t] = scene.steps[t];
                there[t].segments[0].price = t >= 3 && t < 5 ? 20 : 200;
        }
        sites[0] = scene.site;
        sites[1] = (struct plan_site){ .name = "there", .steps = there, .n_steps = 6, .pue_factor = 1 };
        scene.problem.sites = sites;
        scene.problem.n_sites = 2;
        scene.jobs[0].sites = 3;
        scene.jobs[0].work_s = 4 * 3600;
        scene.jobs[0].may_move = true;
        scene.jobs[0].home = 0;
        scene.jobs[0].move_cost = 0.5;
        scene.jobs[0].move_s = 1800;
        plan = compute(&scene.problem, 400000, 0);
        assert_run(&plan, 0, 0, 0, 2 * HOUR);
        assert_run(&plan, 0, 1, 3 * HOUR, 5 * HOUR);
        assert_int_equal(plan.intervals[1].site, 1);
        assert_true(fabs(plan.terms.moves - 0.5) < 1e-9);
        plan_finish(&plan);
        scene.steps[0].segments[0].price = scene.steps[1].segments[0].price = 500;
        there[0].segments[0].price = there[1].segments[0].price = there[2].segments[0].price = 30;
        scene.jobs[0].move_s = 2 * HOUR;
        plan = compute(&scene.problem, 400000, 0);
        assert_run(&plan, 0, 0, 2 * HOUR, 6 * HOUR); /* only then it can be there */
        plan_finish(&plan);
        scene.jobs[0].rests_since = scene.problem.now - HOUR; /* it is on its way already */
        plan = compute(&scene.problem, 400000, 0);
        assert_int_equal(plan.intervals[0].site, 1);
        assert_run(&plan, 0, 0, HOUR, 5 * HOUR);
        plan_finish(&plan);
        scene.jobs[0].rests_since = 0;
        scene.jobs[0].move_cost = 5; /* more than the energy it saves */
        plan = compute(&scene.problem, 400000, 0);
        for (size_t i = 0; i < plan.n_intervals; i++)
                assert_int_equal(plan.intervals[i].site, 0);
        plan_finish(&plan);
}

/* What being late for a part of a slot costs is a hundred thousand times what power does: that hides no cheaper hours. */
static void a_deadline_hides_no_cheap_hours(void **state)
{
        static const double prices[] = { 10, 10, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200 };
        struct plan_step there[14];
        struct plan_site sites[2];
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 14, prices);
        for (size_t t = 0; t < 14; t++) {
                there[t] = scene.steps[t];
                there[t].segments[0].price = t >= 3 && t < 6 ? 10 : 200;
        }
        sites[0] = scene.site;
        sites[1] = (struct plan_site){ .name = "there", .steps = there, .n_steps = 14, .pue_factor = 1 };
        scene.problem.sites = sites;
        scene.problem.n_sites = 2;
        scene.problem.horizon = scene.problem.now + 168 * HOUR;
        scene.modes[0].watts = 100;
        scene.modes[0].gpus = 1;
        scene.jobs[0].sites = 3;
        scene.jobs[0].work_s = 4 * 3600;
        scene.jobs[0].deadline = scene.problem.now + 12 * HOUR - 348;
        scene.jobs[0].lateness_cost = 1000;
        scene.jobs[0].may_move = true;
        scene.jobs[0].home = PLAN_ANYWHERE;
        scene.jobs[0].move_cost = 0.00675;
        scene.jobs[0].move_s = 5400;
        plan = compute(&scene.problem, 4000000, 0);
        assert_true(fabs(plan.terms.total - 0.01075) < 1e-6); /* 0.004 of energy and a move; at one site 0.023 */
        plan_finish(&plan);
}

/* A start of an hour and a half does not fit the first cheap hour: there it would only burn power. */
static void a_start_may_be_longer_than_a_slot(void **state)
{
        static const double prices[] = { 10, 200, 200, 30, 30, 30, 30, 200 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 8, prices);
        scene.jobs[0].start_cost_s = 5400;
        scene.jobs[0].work_s = 2 * 3600 + 1800;
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, 3 * HOUR, 7 * HOUR);
        plan_finish(&plan);
}

/* An hour that will likely be cheap but may be dear: who minds waits for the one that is sure. */
static void risk_keeps_away_from_unsure_hours(void **state)
{
        static const double prices[] = { 90, 30, 20, 80 };
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, 1, 4, prices);
        scene.steps[2].spread = 40;
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, 2 * HOUR, 3 * HOUR);
        plan_finish(&plan);
        scene.jobs[0].risk = 0.5;
        plan = compute(&scene.problem, 100000, 0);
        assert_run(&plan, 0, 0, HOUR, 2 * HOUR);
        assert_true(plan.terms.risk == 0);
        plan_finish(&plan);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_limit_keeps_two_jobs_apart),
                cmocka_unit_test(the_last_of_many_limits_holds),
                cmocka_unit_test(what_comes_after_waits),
                cmocka_unit_test(after_what_cannot_run_nothing_runs),
                cmocka_unit_test(a_pinned_job_keeps_its_hours),
                cmocka_unit_test(nobody_shares_what_is_pinned_away),
                cmocka_unit_test(a_pinned_run_may_be_shorter_than_its_start),
                cmocka_unit_test(pins_that_overlap_are_refused),
                cmocka_unit_test(a_cap_is_put_on_where_power_is_dear),
                cmocka_unit_test(a_job_may_have_many_widths),
                cmocka_unit_test(a_job_moves_if_that_pays),
                cmocka_unit_test(a_deadline_hides_no_cheap_hours),
                cmocka_unit_test(a_start_may_be_longer_than_a_slot),
                cmocka_unit_test(risk_keeps_away_from_unsure_hours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
