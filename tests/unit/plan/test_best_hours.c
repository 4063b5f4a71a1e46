/* SPDX-License-Identifier: Apache-2.0 */
/* test_best_hours.c - one job's hours where slots have seats besides rates. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/best_hours.h"

enum { HOUR = 3600, HOURS = 336 };

/* Hours 2 and 4 are cheap; what the hour between them costs. */
struct between {
        float rate, seat;
};

static void fill(void *context, size_t first, size_t n, float *rates, float *seats)
{
        const struct between *between = context;

        for (size_t t = first; t < first + n; t++) {
                bool cheap = t == 2 || t == 4;

                rates[t - first] = t == 3 ? between->rate : cheap ? 1 : 2;
                seats[t - first] = t == 3 ? between->seat : 0;
        }
}

/* A job of two hours: its best hours in *hours. */
static void ask(struct between between, int64_t start_cost_s, struct hours *hours)
{
        struct plan_step step = { .start = 0, .n_segments = 1, .segments = { { 1, INFINITY } }, .gpus = 1 };
        struct plan_site site = { .name = "hall", .steps = &step, .n_steps = 1, .pue_factor = 1 };
        struct plan_mode mode = { 1, 1000, 1, 0, 0 };
        struct plan_job job = { .id = 1, .sites = 1, .modes = &mode, .n_modes = 1, .work_s = 2 * HOUR - start_cost_s,
                                .start_cost_s = start_cost_s, .max_starts = PLAN_ANY_STARTS };
        struct plan_problem problem = { .horizon = (int64_t)HOURS * HOUR, .sites = &site, .n_sites = 1, .jobs = &job,
                                        .n_jobs = 1, .unfinished_cost = 1e6 };
        struct wish wish = { &problem, &job, 0, 0, NAN };
        struct rates rates = { .context = &between, .fill = fill, .least = 1 };
        struct slots slots;

        assert_int_equal(slots_init(&slots, &problem, SLOTS_COARSE), 0);
        assert_int_equal(slots.n, HOURS);
        hours_init(hours);
        assert_int_equal(best_hours(&wish, &slots, &rates, hours), 0);
        slots_finish(&slots);
}

static void expect_both(const struct hours *hours)
{
        assert_int_equal(hours->n_runs, 2);
        assert_int_equal(hours->runs[0].start, 2 * HOUR);
        assert_int_equal(hours->runs[0].end, 3 * HOUR);
        assert_int_equal(hours->runs[1].start, 4 * HOUR);
        assert_int_equal(hours->runs[1].end, 5 * HOUR);
        assert_float_equal(hours->cost, 2 * HOUR, 1e-3);
}

static void test_free_start_takes_no_seat(void **state)
{
        struct hours hours;

        (void)state;
        ask((struct between){ 2, 10 * HOUR }, 0, &hours);
        expect_both(&hours);
        hours_finish(&hours);
}

static void test_free_start_behind_full_slot(void **state)
{
        struct hours hours;

        (void)state;
        ask((struct between){ INFINITY, 0 }, 0, &hours);
        expect_both(&hours);
        hours_finish(&hours);
}

static void test_start_that_takes_time_takes_a_seat(void **state)
{
        struct hours hours;

        (void)state;
        ask((struct between){ 2, 10 * HOUR }, 60, &hours);
        assert_int_equal(hours.n_runs, 1);
        hours_finish(&hours);
        ask((struct between){ 2, 0 }, 60, &hours);
        assert_int_equal(hours.n_runs, 2);
        hours_finish(&hours);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_free_start_takes_no_seat),
                cmocka_unit_test(test_free_start_behind_full_slot),
                cmocka_unit_test(test_start_that_takes_time_takes_a_seat),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
