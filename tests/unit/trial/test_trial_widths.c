/* SPDX-License-Identifier: Apache-2.0 */
/* test_trial_widths.c - what widths a trial's jobs have, by profile and by the built-in curve, and what comes of them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trial/widths.h"
#include "unit/trial/make_trial.h"

#define HOUR 3600

static const char bert[] = "class,gpus,throughput,power_w\n"
                           "bert,2,600,700\n"
                           "bert,4,1000,1300\n"
                           "bert,8,1800,2500\n";

static void give_profiles(struct trial *trial, const char *text)
{
        struct offpeak_error err = { 0 };

        if (profiles_parse("profiles.csv", text, strlen(text), &trial->profiles, &err) != 0)
                fail_msg("%s", err.text);
}

static void make_prices(struct trial *trial)
{
        double prices[48];

        for (int h = 0; h < 48; h++)
                prices[h] = h % 24 < 6 ? 5 : 100;
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 48, HOUR);
}

static void widths_come_from_the_profile_of_the_class(void **unused)
{
        struct trial trial;
        struct trace_job *job;
        const struct trial_width *widths;
        size_t n;

        (void)unused;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_prices(&trial);
        give_profiles(&trial, bert);
        job = make_job(&trial, 0, HOUR, 4);
        job->class_name = strdup("bert");
        job->min_gpus = job->max_gpus = 0;
        job = make_job(&trial, 1, HOUR, 4); /* no wider than it is */
        job->class_name = strdup("bert");
        job->min_gpus = 1;
        job = make_job(&trial, 2, HOUR, 4); /* twice what the profile draws */
        job->class_name = strdup("bert");
        job->power_w = 2600;
        job->min_gpus = job->max_gpus = 0;
        make_job(&trial, 3, HOUR, 4); /* of no class with a profile, and rigid */
        make_ready(&trial);

        widths = widths_of(&trial, 0, &n);
        assert_int_equal(n, 2);
        assert_int_equal(widths[0].gpus, 2);
        assert_true(fabs(widths[0].speed - 0.6) < 1e-12);
        assert_true(fabs(widths[0].watts - 700) < 1e-9);
        assert_int_equal(widths[1].gpus, 8);
        assert_true(fabs(widths[1].speed - 1.8) < 1e-12);
        assert_true(fabs(widths_watts(&trial, 0, 8, 0) - 2500) < 1e-9);
        assert_true(fabs(widths_watts(&trial, 0, 4, 0) - 1300) < 1e-9); /* the trace says no power */
        widths = widths_of(&trial, 1, &n);
        assert_int_equal(n, 1);
        assert_int_equal(widths[0].gpus, 2);
        assert_true(fabs(widths_watts(&trial, 2, 8, 0) - 5000) < 1e-9);
        assert_true(fabs(widths_watts(&trial, 2, 4, 0) - 2600) < 1e-9);
        widths_of(&trial, 3, &n);
        assert_int_equal(n, 0);
        trial_finish(&trial);
}

static void without_a_profile_they_are_halved_and_doubled(void **unused)
{
        struct trial trial;
        struct trace_job *job;
        const struct trial_width *widths;
        size_t n;

        (void)unused;
        make_trial(&trial);
        make_nodes(&trial, "here", 2, 8);
        make_prices(&trial);
        job = make_job(&trial, 0, HOUR, 4);
        job->power_w = 1000;
        job->min_gpus = 1;
        job->max_gpus = 20;
        make_ready(&trial);
        widths = widths_of(&trial, 0, &n);
        assert_int_equal(n, 4);
        assert_int_equal(widths[0].gpus, 1);
        assert_int_equal(widths[1].gpus, 2);
        assert_int_equal(widths[2].gpus, 8);
        assert_int_equal(widths[3].gpus, 16);
        assert_true(fabs(widths[2].speed - pow(2, 0.9)) < 1e-5); /* told in millionths */
        assert_true(fabs(widths[0].speed - pow(0.25, 0.9)) < 1e-5);
        assert_true(fabs(widths[3].watts - 4000) < 1e-9);
        trial_finish(&trial);
}

static void a_class_that_lacks_the_own_width_is_named(void **unused)
{
        struct trial trial;
        struct trace_job *job;
        size_t n;

        (void)unused;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_prices(&trial);
        give_profiles(&trial, bert);
        job = make_job(&trial, 0, HOUR, 3);
        job->class_name = strdup("bert");
        make_ready(&trial);
        assert_int_equal(trial.trace.n, 1); /* it stays */
        assert_int_equal(trial.trace.notes[TRACE_NO_PROFILE].count, 1);
        assert_int_equal(trial.trace.notes[TRACE_NO_PROFILE].line, 2);
        assert_string_equal(trial.trace.notes[TRACE_NO_PROFILE].text, "job j1: it keeps its width");
        widths_of(&trial, 0, &n);
        assert_int_equal(n, 0);
        trial_finish(&trial);
}

/* Progress of each run at its width's speed is the job's work, to the second, and energy is what the widths draw. */
static void what_is_done_is_the_work(void **unused)
{
        static const char *const policies[] = { "offpeak", "oracle", "run-now" };
        double cost[3];

        (void)unused;
        for (int p = 0; p < 3; p++) {
                struct trial trial;
                struct trace_job *job;
                struct outcome outcome;
                struct tally tally;
                double watt_s = 0;

                make_trial(&trial);
                make_nodes(&trial, "here", 2, 8);
                make_prices(&trial);
                give_profiles(&trial, bert);
                for (int j = 0; j < 4; j++) {
                        job = make_job(&trial, j * 1000, 9 * HOUR, 4);
                        job->class_name = strdup("bert");
                        job->min_gpus = job->max_gpus = 0;
                        job->deadline = job->submit + 34 * HOUR;
                }
                make_ready(&trial);
                outcome = make_outcome(&trial, policies[p]);
                check_room(&trial, &outcome);
                for (size_t j = 0; j < 4; j++) {
                        double done = 0;

                        for (size_t i = 0; i < outcome.n; i++) {
                                const struct segment *run = &outcome.segments[i];
                                double speed = run->gpus == 2 ? 0.6 : run->gpus == 8 ? 1.8 : 1;

                                if (run->job != j)
                                        continue;
                                assert_true(run->gpus == 2 || run->gpus == 4 || run->gpus == 8);
                                done += speed * (double)(run->end - run->start);
                                watt_s += widths_watts(&trial, j, run->gpus, 0) * (double)(run->end - run->start);
                        }
                        assert_true(fabs(done - 9 * HOUR) <= 2 * 1.8);
                        assert_true(outcome.finish[j] != 0 && outcome.finish[j] <= trial.trace.jobs[j].deadline);
                }
                tally = make_tally(&trial, &outcome);
                assert_true(fabs(tally.energy_mwh - watt_s / 3.6e9) < 1e-9);
                cost[p] = tally.cost;
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
        assert_true(cost[0] < 0.6 * cost[2]); /* 24 hours of GPUs for 36 at night: the wide ones fit in */
        assert_true(cost[1] <= cost[0] * 1.005);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(widths_come_from_the_profile_of_the_class),
                cmocka_unit_test(without_a_profile_they_are_halved_and_doubled),
                cmocka_unit_test(a_class_that_lacks_the_own_width_is_named),
                cmocka_unit_test(what_is_done_is_the_work),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
