/* SPDX-License-Identifier: Apache-2.0 */
/* test_ease_starts.c - a start is run in the mode of its width that draws least, whatever the price; and such hours are kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/check.h"
#include "plan/ease_starts.h"
#include "unit/plan/scene.h"

static struct scene scene;
static struct plan_mode modes[3];

/* 8 GPUs, capped or not, or 4 of them; a start takes ten minutes. */
static void begin(const double *prices)
{
        scene_init(&scene, 1, 4, prices);
        modes[0] = (struct plan_mode){ 8, 8000, 1, 0, 0 };
        modes[1] = (struct plan_mode){ 4, 4000, 0.5, 0, 0 };
        modes[2] = (struct plan_mode){ 8, 5600, 0.85, 0, 0 };
        scene.jobs[0].modes = modes;
        scene.jobs[0].n_modes = 3;
        scene.jobs[0].start_cost_s = 600;
}

static void assert_eased(const struct plan_interval *runs, size_t n, const struct plan_interval *eased, size_t n_eased)
{
        struct choice choice = { 0 };
        double before, after;

        assert_int_equal(choice_set(&choice, runs, n), 0);
        before = job_progress(&scene.problem, &scene.jobs[0], choice.intervals, choice.n);
        assert_int_equal(ease_starts(&scene.problem, &scene.jobs[0], &choice), 0);
        after = job_progress(&scene.problem, &scene.jobs[0], choice.intervals, choice.n);
        assert_true(fabs(before - after) < 1e-9);
        assert_int_equal(choice.n, n_eased);
        for (size_t i = 0; i < n_eased; i++) {
                assert_int_equal(choice.intervals[i].start, eased[i].start);
                assert_int_equal(choice.intervals[i].end, eased[i].end);
                assert_int_equal(choice.intervals[i].mode, eased[i].mode);
        }
        assert_true(job_may_run(&scene.problem, &scene.jobs[0], choice.intervals, choice.n));
        free(choice.intervals);
}

static void starts_are_eased(void **state)
{
        static const double prices[] = { 50, 60, 70, 80 };
        struct plan_interval one[] = { { NOW, NOW + HOUR, 0, 0 } };
        struct plan_interval one_eased[] = { { NOW, NOW + 600, 0, 2 }, { NOW + 600, NOW + HOUR, 0, 0 } };
        struct plan_interval narrow[] = { { NOW, NOW + HOUR, 0, 1 } };
        struct plan_interval capped[] = { { NOW, NOW + HOUR, 0, 2 } };
        struct plan_interval joined[] = { { NOW, NOW + 600, 0, 0 }, { NOW + 600, NOW + HOUR, 0, 2 } };
        struct plan_interval longer[] = { { NOW, NOW + 400, 0, 0 }, { NOW + 400, NOW + HOUR, 0, 0 } };
        struct plan_interval wider[] = { { NOW, NOW + HOUR, 0, 1 }, { NOW + HOUR, NOW + 2 * HOUR, 0, 0 }, { NOW + 3 * HOUR, NOW + 4 * HOUR, 0, 0 } };
        struct plan_interval wider_eased[] = { { NOW, NOW + HOUR, 0, 1 },
                                               { NOW + HOUR, NOW + HOUR + 600, 0, 2 },
                                               { NOW + HOUR + 600, NOW + 2 * HOUR, 0, 0 },
                                               { NOW + 3 * HOUR, NOW + 3 * HOUR + 600, 0, 2 },
                                               { NOW + 3 * HOUR + 600, NOW + 4 * HOUR, 0, 0 } };

        (void)state;
        begin(prices);
        assert_eased(one, 1, one_eased, 2);
        assert_eased(narrow, 1, narrow, 1); /* nothing as wide draws less */
        assert_eased(capped, 1, capped, 1);
        assert_eased(joined, 2, capped, 1);
        assert_eased(longer, 2, one_eased, 2);
        assert_eased(wider, 3, wider_eased, 5);
        modes[2].limits = 1; /* counts elsewhere: there may be no room */
        assert_eased(one, 1, one, 1);
        modes[2].limits = 0;
        scene.jobs[0].running = true; /* goes on: no start */
        scene.jobs[0].run_mode = 2;
        assert_eased(one, 1, one, 1);
}

/* At 3,600 J per s of a second at full power: 2.4 kW less for 600 s, at a price or at what burning would earn. */
static void a_plan_saves_what_its_start_draws_less(void **state)
{
        static const double high[] = { 90, 30, 90, 90 }, low[] = { 90, -30, 90, 90 };
        const double *prices[] = { high, low };

        (void)state;
        for (int i = 0; i < 2; i++) {
                double sign = i == 0 ? 1 : -1, saved = 2400.0 * 600 / PLAN_JOULES_PER_MWH * 30;
                struct plan plan;

                begin(prices[i]);
                scene.jobs[0].work_s = 3000;
                scene.jobs[0].deadline = NOW + 2 * HOUR;
                scene.jobs[0].lateness_cost = 1000;
                plan = compute(&scene.problem, 200000, (uint64_t)i);
                assert_int_equal(plan.jobs[0].n, 2);
                assert_run(&plan, 0, 0, HOUR, HOUR + 600);
                assert_run(&plan, 0, 1, HOUR + 600, 2 * HOUR);
                assert_true(fabs(plan.terms.total - (sign * 8000.0 * 3000 / PLAN_JOULES_PER_MWH * 30 +
                                                     8000.0 * 600 / PLAN_JOULES_PER_MWH * 30 - saved)) < 1e-6);
                plan_finish(&plan);
        }
}

/* The last plan's hours, an eased start in them, are found again to the second. */
static void eased_hours_are_kept(void **state)
{
        static const double prices[] = { 90, 30, 31, 90 };
        struct plan_interval kept[] = { { NOW + HOUR, NOW + HOUR + 600, 0, 2 }, { NOW + HOUR + 600, NOW + 2 * HOUR, 0, 0 } };
        struct plan plan;

        (void)state;
        begin(prices);
        scene.jobs[0].work_s = 3000;
        scene.jobs[0].deadline = NOW + 2 * HOUR;
        scene.jobs[0].kept = kept;
        scene.jobs[0].n_kept = 2;
        plan = compute(&scene.problem, 1, 1); /* no budget to find them by thinking */
        assert_int_equal(plan.jobs[0].n, 2);
        assert_run(&plan, 0, 0, HOUR, HOUR + 600);
        assert_run(&plan, 0, 1, HOUR + 600, 2 * HOUR);
        plan_finish(&plan);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(starts_are_eased),
                cmocka_unit_test(a_plan_saves_what_its_start_draws_less),
                cmocka_unit_test(eased_hours_are_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
