/* SPDX-License-Identifier: Apache-2.0 */
/* test_contend_rules.c - policies by name, and the rules of other schedulers on a cluster that has room, and on one
 * that has not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

enum { STEPS = 48, STEP_S = 60, TRIALS = 60 };
#define START ((int64_t)MAKE_TRIAL_START)

static const char *const rules[] = { "cheapest-window", "wait-awhile", "threshold:30%", "threshold:35", "carbon-time" };
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* ---- names */

static void find_fails(const char *name, const char *says)
{
        const struct contender *contender;
        struct offpeak_error err = { 0 };
        const char *parameter;

        assert_int_equal(contender_find(name, &contender, &parameter, &err), OFFPEAK_EUSAGE);
        if (strstr(err.text, says) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void policies_have_names(void **state)
{
        const struct contender *contender;
        struct offpeak_error err;
        const char *parameter;

        (void)state;
        assert_int_equal(contender_find("threshold:40", &contender, &parameter, &err), 0);
        assert_string_equal(contender->name, "threshold");
        assert_string_equal(parameter, "40");
        assert_int_equal(contender_find("run-now", &contender, &parameter, &err), 0);
        assert_null(parameter);
        find_fails("thresh:40", "there is no policy \"thresh:40\": there are offpeak, run-now,");
        find_fails("threshold", "\"threshold\": write it as threshold:RATE|SHARE%");
        find_fails("oracle:5", "\"oracle:5\": oracle takes nothing behind a colon");
}

static void levels_that_are_none(void **state)
{
        static const char *const names[] = { "threshold:",     "threshold:cheap", "threshold:0%",
                                             "threshold:100%", "threshold:40x",   "threshold:inf" };
        const double price = 50;
        struct trial trial;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 3600);
        make_job(&trial, 0, 60, 1);
        make_ready(&trial);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const struct contender *contender;
                struct offpeak_error err = { 0 };
                struct outcome outcome;
                const char *parameter;

                assert_int_equal(contender_find(names[i], &contender, &parameter, &err), 0);
                assert_int_equal(contender->run(&trial, parameter, NULL, &outcome, &err), OFFPEAK_EUSAGE);
                assert_non_null(strstr(err.text, "give a rate, as threshold:40"));
        }
        trial_finish(&trial);
}

/* ---- with room for all */

/* Prices of each minute, and n jobs of at most a third of the time with a deadline each. */
static void make_random(struct trial *trial, double prices[STEPS], size_t n, uint32_t node_gpus, uint64_t *seed)
{
        make_trial(trial);
        make_nodes(trial, "here", 1, node_gpus);
        for (int i = 0; i < STEPS; i++)
                prices[i] = (double)random_range(seed, -20, 80);
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, STEPS, STEP_S);
        for (size_t j = 0; j < n; j++) {
                int64_t submit = random_range(seed, 0, STEPS * STEP_S / 3),
                        duration = random_range(seed, 1, STEPS * STEP_S / 3);
                struct trace_job *job = make_job(trial, submit, duration, (uint32_t)random_range(seed, 1, 3));

                job->deadline = job->submit + duration + random_range(seed, 0, STEPS * STEP_S / 3);
                job->interruptible_said = random_unit(seed) < 0.7;
                job->interruptible = random_unit(seed) < 0.5;
        }
        make_ready(trial);
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* EUR of the cheapest run of a job by itself, or of its cheapest seconds; by trying all of them. */
static double least_cost(const struct trace_job *job, const double *prices, bool in_one_piece)
{
        static double sorted[STEPS * STEP_S];
        int64_t first = job->submit - START, last = job->deadline - START;
        double least = INFINITY, sum;

        for (int64_t s = first; in_one_piece && s + job->duration_s <= last; s++) {
                sum = 0;
                for (int64_t t = s; t < s + job->duration_s; t++)
                        sum += prices[t / STEP_S];
                least = fmin(least, sum);
        }
        for (int64_t t = first; !in_one_piece && t < last; t++)
                sorted[t - first] = prices[t / STEP_S];
        if (!in_one_piece) {
                qsort(sorted, (size_t)(last - first), sizeof(*sorted), by_size);
                least = 0;
                for (int64_t i = 0; i < job->duration_s; i++)
                        least += sorted[i];
        }
        return least * job->gpus * 1000 / 3.6e9; /* a GPU draws 1 kW */
}

static void with_room_each_job_has_its_best_hours(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                double windows = 0, seconds = 0, prices[STEPS];
                struct outcome one_piece, with_pauses;
                uint64_t random = seed;
                struct trial trial;

                make_random(&trial, prices, 8, 24, &random);
                for (size_t j = 0; j < 8; j++) {
                        const struct trace_job *job = &trial.trace.jobs[j];

                        windows += least_cost(job, prices, true);
                        seconds += least_cost(job, prices, job->interruptible_said && !job->interruptible);
                }
                one_piece = make_outcome(&trial, "cheapest-window");
                with_pauses = make_outcome(&trial, "wait-awhile");
                check_outcome(&trial, &one_piece);
                check_outcome(&trial, &with_pauses);
                assert_true(fabs(make_tally(&trial, &one_piece).cost - windows) < 1e-9);
                assert_true(fabs(make_tally(&trial, &with_pauses).cost - seconds) < 1e-9);
                assert_int_equal(make_tally(&trial, &with_pauses).missed_deadlines, 0);
                outcome_finish(&one_piece);
                outcome_finish(&with_pauses);
                trial_finish(&trial);
        }
}

/* A run of minutes 2 and 3, and one of minute 5: what 35 EUR/MWh allow; the rest when there is no more time to wait. */
static void a_threshold_pauses_where_it_is_dear(void **state)
{
        static const double prices[] = { 50, 60, 30, 20, 70, 35, 90, 40, 40, 40, 40, 40 };
        struct outcome outcome;
        struct trial trial;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 12, 60);
        make_job(&trial, 0, 240, 1)->deadline = START + 480;
        make_ready(&trial);
        outcome = make_outcome(&trial, "threshold:35");
        check_outcome(&trial, &outcome);
        assert_int_equal(outcome.n, 3);
        assert_int_equal(outcome.segments[0].start, START + 120);
        assert_int_equal(outcome.segments[0].end, START + 240);
        assert_int_equal(outcome.segments[1].start, START + 300);
        assert_int_equal(outcome.segments[1].end, START + 360);
        assert_int_equal(outcome.segments[2].start, START + 420);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

static void a_class_bounds_the_waiting_of_jobs_without_deadline(void **state)
{
        double prices[STEPS];
        struct outcome outcome;
        struct trial trial;

        (void)state;
        for (int i = 0; i < STEPS; i++)
                prices[i] = STEPS - i; /* later is cheaper */
        make_trial(&trial);
        trial.policy.classes[0].max_delay_s = 600;
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, STEPS, STEP_S);
        make_job(&trial, 30, 240, 1);
        make_ready(&trial);
        outcome = make_outcome(&trial, "cheapest-window");
        assert_int_equal(outcome.n, 1);
        assert_int_equal(outcome.segments[0].start, START + 630);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* ---- without */

static void nobody_has_more_than_there_is(void **state)
{
        size_t pauses = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++)
                for (size_t i = 0; i < RULES; i++) {
                        struct outcome outcome;
                        double prices[STEPS];
                        uint64_t random = seed;
                        struct trial trial;

                        make_random(&trial, prices, 4, 4, &random);
                        outcome = make_outcome(&trial, rules[i]);
                        for (size_t k = 0; k < outcome.n;
                             k++) /* what has no room may not be done in time: no more than that */
                                assert_true(outcome.segments[k].end <= START + STEPS * STEP_S);
                        for (size_t j = 0; j < 4; j++) {
                                const struct trace_job *job = &trial.trace.jobs[j];

                                if (outcome.finish[j] != 0)
                                        assert_int_equal(seconds_of(&outcome, j), job->duration_s);
                                if (job->interruptible_said && !job->interruptible)
                                        assert_true(runs_of(&outcome, j) <= 1);
                                pauses += runs_of(&outcome, j) > 1;
                        }
                        check_room(&trial, &outcome);
                        outcome_finish(&outcome);
                        trial_finish(&trial);
                }
        assert_true(pauses > 0);
}

/* Given time enough, everything is done, start costs included. */
static void all_is_done_in_the_end(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++)
                for (size_t i = 0; i < RULES; i++) {
                        double prices[10 * STEPS];
                        struct outcome outcome;
                        uint64_t random = seed;
                        struct trial trial;

                        make_trial(&trial);
                        trial.policy.classes[0].start_cost_s = random_range(&random, 0, 90);
                        make_nodes(&trial, "here", 1, 2);
                        make_nodes(&trial, "here", 1, 2);
                        for (int k = 0; k < 10 * STEPS; k++)
                                prices[k] = (double)random_range(&random, 0, 80);
                        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 10 * STEPS, STEP_S);
                        for (size_t j = 0; j < 8; j++)
                                make_job(&trial, random_range(&random, 0, 900), random_range(&random, 1, 1800),
                                         (uint32_t)random_range(&random, 1, 2))
                                        ->deadline = START + random_range(&random, 900, 3600);
                        make_ready(&trial);
                        outcome = make_outcome(&trial, rules[i]);
                        check_outcome(&trial, &outcome);
                        outcome_finish(&outcome);
                        trial_finish(&trial);
                }
}

/* Two jobs of 1 kW at a PUE of 1.5 where 2 kW may be drawn at first: one after the other, until 3 kW may be. */
static void power_is_a_limit_too(void **state)
{
        static const double prices[] = { 50, 50, 50, 50, 50, 50 }, limit[] = { 2000, 2000, 3000, 3000, 3000, 3000 };
        struct outcome outcome;
        struct trial trial;

        (void)state;
        make_trial(&trial);
        trial.policy.sites[0].terms.pue_ppm = 1500000;
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 6, 3600);
        make_series(&trial, "here", SERIES_LIMIT, TRIAL_TRUTH, limit, 6, 3600);
        make_job(&trial, 0, 10000, 1);
        make_job(&trial, 0, 600, 1);
        make_ready(&trial);
        outcome = make_outcome(&trial, "threshold:60");
        check_outcome(&trial, &outcome);
        assert_int_equal(outcome.segments[0].start, START);
        assert_int_equal(outcome.segments[1].start, START + 7200);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(policies_have_names),
                cmocka_unit_test(levels_that_are_none),
                cmocka_unit_test(with_room_each_job_has_its_best_hours),
                cmocka_unit_test(a_threshold_pauses_where_it_is_dear),
                cmocka_unit_test(a_class_bounds_the_waiting_of_jobs_without_deadline),
                cmocka_unit_test(nobody_has_more_than_there_is),
                cmocka_unit_test(all_is_done_in_the_end),
                cmocka_unit_test(power_is_a_limit_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
