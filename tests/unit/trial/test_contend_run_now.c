/* SPDX-License-Identifier: Apache-2.0 */
/* test_contend_run_now.c - running at once, on nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/trial/make_trial.h"

#define START ((int64_t)MAKE_TRIAL_START)
enum { HOUR = 3600 };

static void make_flat(struct trial *trial, size_t nodes, uint32_t gpus)
{
        static const double prices[24] = { 50, 40, 60, 30 };

        make_trial(trial);
        make_nodes(trial, "here", nodes, gpus);
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 24, HOUR);
}

static int64_t start_of(const struct outcome *outcome, size_t job)
{
        for (size_t i = 0; i < outcome->n; i++)
                if (outcome->segments[i].job == job)
                        return outcome->segments[i].start - START;
        fail_msg("job %d never ran", (int)job);
        return 0;
}

/* Two GPUs are free on each node: they are four, but no four on one node. */
static void a_gang_waits_for_its_nodes(void **state)
{
        struct outcome outcome;
        struct trial trial;

        (void)state;
        make_flat(&trial, 2, 4);
        make_job(&trial, 0, 2 * HOUR, 3);
        make_job(&trial, 1, HOUR, 2);
        make_job(&trial, 2, HOUR, 3);     /* 3 GPUs are free, on two nodes */
        make_job(&trial, 3, 2 * HOUR, 1); /* is to start beside the promise: on the node that is busy longer */
        make_job(&trial, 4, 2 * HOUR, 2); /* it may not */
        make_ready(&trial);
        outcome = make_outcome(&trial, "run-now");
        check_outcome(&trial, &outcome);
        assert_int_equal(start_of(&outcome, 0), 0);
        assert_int_equal(start_of(&outcome, 1), 1);
        assert_int_equal(start_of(&outcome, 2), HOUR + 1);
        assert_int_equal(start_of(&outcome, 3), 3);
        assert_int_equal(start_of(&outcome, 4), 2 * HOUR);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Where each node has one GPU it is the same as counting GPUs: what plans are measured against says when. */
static void without_gangs_it_is_as_plans_have_it(void **state)
{
        static const int64_t lengths[] = { 5000, 900, 7300, 60, 3600, 3600, 200, 4400, 10, 6100, 2500, 777 };
        enum { N = sizeof(lengths) / sizeof(lengths[0]) };
        const double limit = 1e9, low = 3500; /* W: three jobs of 1 kW, as there are GPUs, and a bit */
        int64_t starts[N];

        (void)state;
        for (int limited = 0; limited < 2; limited++) {
                struct outcome outcome;
                struct trial trial;

                make_flat(&trial, limited ? 4 : 3, 1);
                make_series(&trial, "here", SERIES_LIMIT, TRIAL_TRUTH, limited ? &low : &limit, 1, 24 * HOUR);
                for (int j = 0; j < N; j++)
                        make_job(&trial, 300 * j, lengths[j], 1);
                make_ready(&trial);
                outcome = make_outcome(&trial, "run-now");
                check_outcome(&trial, &outcome);
                for (int j = 0; j < N; j++) {
                        if (limited)
                                assert_int_equal(start_of(&outcome, (size_t)j), starts[j]);
                        starts[j] = start_of(&outcome, (size_t)j);
                }
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
}

static void what_still_runs_at_the_end_is_not_done(void **state)
{
        struct outcome outcome;
        struct trial trial;

        (void)state;
        make_flat(&trial, 1, 1);
        make_job(&trial, 0, 20 * HOUR, 1);
        make_job(&trial, 1, 10 * HOUR, 1);
        make_ready(&trial);
        outcome = make_outcome(&trial, "run-now");
        assert_int_equal(outcome.finish[0], START + 20 * HOUR);
        assert_int_equal(outcome.finish[1], 0);
        assert_int_equal(seconds_of(&outcome, 1), 4 * HOUR);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_gang_waits_for_its_nodes),
                cmocka_unit_test(without_gangs_it_is_as_plans_have_it),
                cmocka_unit_test(what_still_runs_at_the_end_is_not_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
