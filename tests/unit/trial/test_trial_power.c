/* SPDX-License-Identifier: Apache-2.0 */
/* test_trial_power.c - jobs that no site ever has the power for: left out of a trial, counted, with their line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/trial/make_trial.h"

enum { HOUR = 3600, HOURS = 72 };

/* 72 hours at a price; limits: W of so many hours each, one after the other. GPUs draw 1 kW. */
static void make_limited(struct trial *trial, const double *limits, size_t n)
{
        double price = 50;

        make_trial(trial);
        make_nodes(trial, "here", 1, 8);
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, HOURS * HOUR);
        make_series(trial, "here", SERIES_LIMIT, TRIAL_TRUTH, limits, n, HOURS * HOUR / (int64_t)n);
}

static void expect_left(struct trial *trial, size_t left, size_t out)
{
        struct offpeak_error err = { 0 };

        if (trial_prepare(trial, false, &err) != 0)
                fail_msg("%s", err.text);
        assert_int_equal(trial->trace.n, left);
        assert_int_equal(trial->trace.notes[TRACE_TOO_STRONG].count, out);
}

static void what_needs_more_than_there_is_is_left_out(void **state)
{
        static const double limit = 4000;
        struct trial trial;

        (void)state;
        make_limited(&trial, &limit, 1);
        make_job(&trial, 0, HOUR, 4);
        make_job(&trial, 0, HOUR, 5);
        make_job(&trial, 0, HOUR, 8)->power_w = 3999; /* it says so itself */
        make_job(&trial, 0, HOUR, 1)->power_w = 4001;
        expect_left(&trial, 2, 2);
        assert_int_equal(trial.trace.notes[TRACE_TOO_STRONG].line, 3);
        assert_string_equal(trial.trace.notes[TRACE_TOO_STRONG].text,
                            "job j2: it needs 5.0 kW at the meter, and there are no more than 4.0 kW");
        assert_string_equal(trial.trace.jobs[0].id, "j1");
        assert_string_equal(trial.trace.jobs[1].id, "j3");
        trial_finish(&trial);
}

static void idle_power_and_the_meter_count(void **state)
{
        static const double limit = 4000;
        struct trial trial;

        (void)state;
        make_limited(&trial, &limit, 1);
        trial.nodes[0].idle_w = 200;
        trial.policy.sites[0].terms.pue_ppm = 1250000;
        make_job(&trial, 0, HOUR, 3);                 /* 4000 W */
        make_job(&trial, 0, HOUR, 3)->power_w = 3010; /* 4012 W */
        expect_left(&trial, 1, 1);
        trial_finish(&trial);
}

/* Within the two days that are planned the limit of the third day is not seen, but from the second day on it is. */
static void power_may_come_later_but_not_too_late(void **state)
{
        static const double limits[] = { 4000, 4000, 8000 };
        struct trial trial;

        (void)state;
        make_limited(&trial, limits, 3);
        make_job(&trial, 0, HOUR, 8);
        make_job(&trial, HOUR, HOUR, 8);
        expect_left(&trial, 1, 1);
        assert_string_equal(trial.trace.jobs[0].id, "j2");
        trial_finish(&trial);
}

/* What went before the submission is of no use. */
static void power_that_went_is_no_power(void **state)
{
        static const double limits[] = { 8000, 4000, 4000 };
        struct trial trial;

        (void)state;
        make_limited(&trial, limits, 3);
        make_job(&trial, 0, HOUR, 8);
        make_job(&trial, 25 * HOUR, HOUR, 8);
        expect_left(&trial, 1, 1);
        assert_string_equal(trial.trace.jobs[0].id, "j1");
        trial_finish(&trial);
}

static void one_site_will_do(void **state)
{
        static const double limit = 4000, price = 50;
        struct trial trial;

        (void)state;
        make_limited(&trial, &limit, 1);
        make_site(&trial, "there");
        make_nodes(&trial, "there", 1, 6);
        make_series(&trial, "there", SERIES_PRICE, TRIAL_TRUTH, &price, 1, HOURS * HOUR);
        make_job(&trial, 0, HOUR, 6);
        make_job(&trial, 0, HOUR, 8); /* there are no nodes for it there */
        expect_left(&trial, 1, 1);
        assert_string_equal(trial.trace.jobs[0].id, "j1");
        trial_finish(&trial);
}

/* Nobody has said what the reactor gives: it is not nothing. */
static void power_that_is_not_known_may_come(void **state)
{
        static const double limit = 4000;
        struct trial trial;

        (void)state;
        make_limited(&trial, &limit, 1);
        trial.policy.sites[0].terms.has_reactor = true;
        make_job(&trial, 0, HOUR, 8);
        expect_left(&trial, 1, 0);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_needs_more_than_there_is_is_left_out),
                cmocka_unit_test(idle_power_and_the_meter_count),
                cmocka_unit_test(power_may_come_later_but_not_too_late),
                cmocka_unit_test(power_that_went_is_no_power),
                cmocka_unit_test(one_site_will_do),
                cmocka_unit_test(power_that_is_not_known_may_come),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
