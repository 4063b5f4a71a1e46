/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots that know what stores carry: jobs put on one after the other at random sites are carried by the store, by the arithmetic of
 * dispatch.c; and one that may not pause is put nowhere only where no hour carries it, and never later than the first one that does.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/carry.h"
#include "plan/dispatch.h"
#include "unit/plan/random_problem.h"

enum { HOURS = 24, JOBS = 10, GPUS = 4 };

struct yard {
        struct plan_step steps[HOURS];
        struct plan_store store;
        struct plan_site site;
        struct plan_mode modes[JOBS];
        struct plan_job jobs[JOBS];
        struct plan_problem problem;
        int64_t edges[HOURS + 1];
        struct slots slots;
};

/* A start takes time where there is one: so all ends are at whole hours, and no slot is taken in part. */
static void make_job(struct yard *yard, int j, uint64_t *seed)
{
        bool may_pause = random_unit(seed) < 0.5;
        int64_t start_cost_s = may_pause ? 0 : 300;

        yard->modes[j] = (struct plan_mode){ (uint32_t)random_range(seed, 1, 2), 300 + 700 * random_unit(seed), 1, 0, 0 };
        yard->jobs[j] = (struct plan_job){ .sites = 1,
                                           .modes = &yard->modes[j],
                                           .n_modes = 1,
                                           .work_s = (double)(3600 * random_range(seed, 1, 5) - start_cost_s),
                                           .start_cost_s = start_cost_s,
                                           .min_run_s = 5400,
                                           .release = 3600 * random_range(seed, 0, 12),
                                           .max_starts = may_pause ? PLAN_ANY_STARTS : 1 };
}

static void make_yard(struct yard *yard, uint64_t *seed)
{
        *yard = (struct yard){ .store = { .energy_j = 3600.0 * (double)random_range(seed, 2000, 12000),
                                          .charge_w = 3000,
                                          .discharge_w = 2000,
                                          .charge_efficiency = 0.9,
                                          .discharge_efficiency = 0.95 } };
        yard->store.start_j = 0.5 * yard->store.energy_j;
        yard->store.reserve_j = 0.1 * yard->store.energy_j;
        yard->store.least_end_j = 0.4 * yard->store.energy_j;
        for (int t = 0; t < HOURS; t++) {
                yard->edges[t] = t * 3600;
                yard->steps[t] = (struct plan_step){ .start = t * 3600, .n_segments = 1, .gpus = GPUS };
                yard->steps[t].segments[0].limit_w = t % 24 >= 6 && t % 24 < 18 ? 2500 * random_unit(seed) : 0;
        }
        yard->edges[HOURS] = HOURS * 3600;
        yard->slots = (struct slots){ .n = HOURS, .edges = yard->edges };
        yard->site = (struct plan_site){ .name = "yard", .steps = yard->steps, .n_steps = HOURS, .pue_factor = 1.1, .store = &yard->store };
        for (int j = 0; j < JOBS; j++)
                make_job(yard, j, seed);
        yard->problem = (struct plan_problem){ .horizon = HOURS * 3600, .sites = &yard->site, .n_sites = 1, .jobs = yard->jobs, .n_jobs = JOBS };
}

static bool is_carried(const struct yard *yard, const struct schedule *schedule)
{
        const struct plan_flow nothing = { 0 };
        bool carries;

        assert_int_equal(dispatch_carries(&yard->problem, schedule, &nothing, &carries), 0);
        for (int t = 0; t < HOURS; t++) {
                uint32_t gpus = 0;

                for (size_t j = 0; j < JOBS; j++)
                        for (size_t i = 0; i < schedule->jobs[j].n; i++)
                                if (schedule->jobs[j].intervals[i].start < (t + 1) * 3600 && schedule->jobs[j].intervals[i].end > t * 3600)
                                        gpus += yard->modes[j].gpus;
                carries = carries && gpus <= GPUS;
        }
        return carries;
}

/* The first second at which a job in one piece would be done, by trying every hour; the horizon and more: none. */
static int64_t first_end(const struct yard *yard, struct schedule *schedule, size_t j)
{
        int64_t length = (int64_t)yard->jobs[j].work_s + yard->jobs[j].start_cost_s;

        for (int64_t start = yard->jobs[j].release; start + length <= HOURS * 3600; start += 3600) {
                struct plan_interval run = { start, start + length, 0, 0 };
                bool carried;

                assert_int_equal(choice_set(&schedule->jobs[j], &run, 1), 0);
                carried = is_carried(yard, schedule);
                schedule->jobs[j].n = 0;
                if (carried)
                        return start + length;
        }
        return INT64_MAX;
}

static void check_yard(uint64_t seed, size_t *placed, size_t *refused, size_t *paused)
{
        struct yard yard;
        struct schedule schedule;
        struct carry carry;

        make_yard(&yard, &seed);
        assert_int_equal(schedule_init(&schedule, JOBS), 0);
        assert_int_equal(carry_init(&carry, &yard.problem, &yard.slots), 0);
        for (size_t j = 0; j < JOBS; j++) {
                int64_t end = first_end(&yard, &schedule, j), found;

                assert_int_equal(carry_find(&carry, &yard.jobs[j], &schedule.jobs[j]), 0);
                carry_put(&carry, &yard.jobs[j], &schedule.jobs[j]);
                carry_refresh(&carry, 0, HOURS);
                found = schedule_end(&yard.problem, j, &schedule.jobs[j]);
                assert_true(yard.jobs[j].max_starts == 1 ? found == end : found <= end);
                assert_true(is_carried(&yard, &schedule) || schedule.jobs[j].n == 0);
                *placed += schedule.jobs[j].n > 0;
                *refused += schedule.jobs[j].n == 0;
                *paused += schedule.jobs[j].n > 1;
        }
        carry_finish(&carry);
        schedule_finish(&schedule);
}

static void finds_what_the_store_carries(void **state)
{
        size_t placed = 0, refused = 0, paused = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 200; seed++)
                check_yard(seed, &placed, &refused, &paused);
        assert_true(placed > 200 && refused > 200 && paused > 20);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(finds_what_the_store_carries),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
