/* SPDX-License-Identifier: Apache-2.0 */
/* test_contend_offpeak.c - the scheduler itself on lists of jobs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/effort.h"
#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

enum { HOURS = 84, JOBS = 6, TRIALS = EFFORT(2, 1) };
#define START ((int64_t)MAKE_TRIAL_START)

struct shape {
        bool at_once;   /* all are submitted at the beginning */
        bool deadlines; /* some have one */
        int64_t start_cost_s;
};

/* Two nodes of four GPUs, five days of hourly prices with cheap nights, carbon beside. */
static void make_random(struct trial *trial, const struct shape *shape, uint64_t seed)
{
        double prices[HOURS], carbon[HOURS];

        make_trial(trial);
        trial->policy.classes[0].start_cost_s = shape->start_cost_s;
        make_nodes(trial, "here", 2, 4);
        for (int h = 0; h < HOURS; h++) {
                prices[h] = 60 - 30 * cos(2 * M_PI * (h - 14) / 24.0) + 20 * random_unit(&seed);
                carbon[h] = 300 + 200 * random_unit(&seed);
        }
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, 3600);
        make_series(trial, "here", SERIES_CARBON, TRIAL_TRUTH, carbon, HOURS, 3600);
        for (size_t j = 0; j < JOBS; j++) {
                static const uint32_t widths[] = { 1, 2, 4, 8 };
                int64_t submit = shape->at_once ? 0 : random_range(&seed, 0, 24 * 3600) + (int64_t)j * 7200;
                struct trace_job *job =
                        make_job(trial, submit, random_range(&seed, 300, 6 * 3600), widths[random_range(&seed, 0, 3)]);

                if (shape->deadlines && random_unit(&seed) < 0.5)
                        job->deadline = job->submit + job->duration_s + random_range(&seed, 0, 24 * 3600);
                job->interruptible_said = random_unit(&seed) < 0.5;
                job->interruptible = random_unit(&seed) < 0.5;
        }
        make_ready(trial);
}

static void all_is_done_within_the_cluster(void **state)
{
        static const struct shape shapes[] = { { false, true, 0 }, { false, false, 240 }, { true, true, 60 } };

        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++)
                for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
                        struct outcome outcome;
                        struct trial trial;

                        make_random(&trial, &shapes[i], seed);
                        outcome = make_outcome(&trial, "offpeak");
                        check_outcome(&trial, &outcome);
                        outcome_finish(&outcome);
                        trial_finish(&trial);
                }
}

static void count_record(void *context, const struct record *record)
{
        *(size_t *)context += record->type == RECORD_PLAN;
}

/* Somebody who listens is told of bounds and reasons, which nobody makes else: the hours are the same. */
static struct outcome make_watched(const struct trial *trial)
{
        const struct contender *contender;
        struct outcome outcome;
        const char *parameter;
        size_t n_plans = 0;
        struct trial_watch watch = { .record = count_record, .context = &n_plans };

        assert_int_equal(contender_find("offpeak", &contender, &parameter, NULL), 0);
        assert_int_equal(contender->run(trial, parameter, &watch, &outcome, NULL), 0);
        assert_true(n_plans > 0);
        return outcome;
}

static void the_same_again_gives_the_same(void **state)
{
        static const struct shape shape = { false, true, 60 };

        (void)state;
        for (uint64_t seed = 1; seed <= 2; seed++) {
                struct outcome once, again;
                struct trial trial;

                make_random(&trial, &shape, seed);
                once = make_outcome(&trial, "offpeak");
                again = seed == 1 ? make_outcome(&trial, "offpeak") : make_watched(&trial);
                assert_int_equal(once.n, again.n);
                for (size_t i = 0; i < once.n; i++) {
                        assert_int_equal(once.segments[i].job, again.segments[i].job);
                        assert_int_equal(once.segments[i].start, again.segments[i].start);
                        assert_int_equal(once.segments[i].end, again.segments[i].end);
                }
                outcome_finish(&once);
                outcome_finish(&again);
                trial_finish(&trial);
        }
}

static void who_knows_the_future_pays_no_more_than_who_does_not_ask(void **state)
{
        static const struct shape shape = { true, false, 0 };
        double saved = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                struct outcome offpeak, run_now;
                struct trial trial;

                make_random(&trial, &shape, seed);
                offpeak = make_outcome(&trial, "offpeak");
                run_now = make_outcome(&trial, "run-now");
                check_outcome(&trial, &run_now);
                if (make_tally(&trial, &offpeak).net_cost > make_tally(&trial, &run_now).net_cost + 1e-6)
                        fail_msg("seed %d: %g is more than %g", (int)seed, make_tally(&trial, &offpeak).net_cost,
                                 make_tally(&trial, &run_now).net_cost);
                saved += make_tally(&trial, &run_now).net_cost - make_tally(&trial, &offpeak).net_cost;
                outcome_finish(&offpeak);
                outcome_finish(&run_now);
                trial_finish(&trial);
        }
        assert_true(saved > 0);
}

/*
 * One GPU, on which a patient job runs. Of two that come in one second the second has no time to lose: it is in the
 * plan that the first one asks for, and does not wait for the next.
 */
static void who_comes_in_the_same_second_is_planned_with_the_others(void **state)
{
        double prices[24];
        struct outcome outcome;
        struct trial trial;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 1);
        for (int h = 0; h < 24; h++)
                prices[h] = 50 + h;
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 24, 3600);
        make_job(&trial, 0, 3600, 1);
        make_job(&trial, 1000, 600, 1);
        make_job(&trial, 1000, 600, 1)->deadline = START + 1600;
        make_ready(&trial);
        trial.plan_gap_s = 300;
        trial.policy.classes[0].max_delay_s = 7200; /* not to the next night */
        outcome = make_outcome(&trial, "offpeak");
        check_outcome(&trial, &outcome);
        assert_int_equal(outcome.finish[2], START + 1600);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* What is not published by then is forecast: that may cost more than knowing it, but everything is done. */
static void without_the_future_all_is_done_too(void **state)
{
        static const struct shape shape = { false, true, 60 };
        struct outcome outcome;
        struct trial trial;

        (void)state;
        make_random(&trial, &shape, 1);
        trial.sight = TRIAL_SEES_PUBLISHED;
        outcome = make_outcome(&trial, "offpeak");
        check_outcome(&trial, &outcome);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Where planners see a forecast, they go by it, and not by what comes true. */
static void a_forecast_that_is_wrong_misleads(void **state)
{
        double truth[48], seen[48];
        struct outcome outcome;
        struct trial trial;

        (void)state;
        for (int h = 0; h < 48; h++) {
                truth[h] = h == 20 ? 10 : 50;
                seen[h] = h == 9 ? 10 : 50;
        }
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, truth, 48, 3600);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_SEEN, seen, 48, 3600);
        trial.sight = TRIAL_SEES_GIVEN;
        make_job(&trial, 0, 3600, 8);
        make_ready(&trial);
        outcome = make_outcome(&trial, "offpeak");
        assert_int_equal(outcome.n, 1);
        assert_int_equal(outcome.segments[0].start, START + 9 * 3600);
        assert_true(fabs(make_tally(&trial, &outcome).cost - 8 * 0.050) < 1e-9); /* 8 kWh at what they cost */
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* How often a job is started is the scheduler's doing: what that takes is not held against the job's own limit. */
static void a_start_that_outlasts_the_work_is_no_overrun(void **state)
{
        double prices[HOURS];
        struct outcome outcome;
        struct trial trial;

        (void)state;
        for (int h = 0; h < HOURS; h++)
                prices[h] = 50;
        make_trial(&trial);
        trial.policy.classes[0].start_cost_s = 300;
        assert_true(trial.policy.classes[0].limit_ppm < 3000000); /* of a minute: less than the start alone takes */
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, 3600);
        make_job(&trial, 0, 60, 4);
        make_ready(&trial);
        outcome = make_outcome(&trial, "offpeak");
        check_outcome(&trial, &outcome);
        assert_int_equal(seconds_of(&outcome, 0), 360);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Prices that rise all day look lower again behind their end: nobody is to wait for hours that are not counted. */
static void nothing_is_put_off_to_hours_that_are_not_known(void **state)
{
        static const int64_t delays[] = { 86400, 0 };
        double prices[24];

        (void)state;
        for (int h = 0; h < 24; h++)
                prices[h] = h;
        for (size_t i = 0; i < 2; i++) {
                struct outcome outcome;
                struct trial trial;

                make_trial(&trial);
                trial.policy.classes[0].max_delay_s = delays[i];
                make_nodes(&trial, "here", 1, 8);
                make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 24, 3600);
                make_job(&trial, 3 * 3600, 5400, 4);
                make_job(&trial, 4 * 3600, 5400, 4)->deadline = START + 40 * 3600;
                make_ready(&trial);
                outcome = make_outcome(&trial, "offpeak");
                check_outcome(&trial, &outcome);
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
}

/* ---- what is told on the way */

struct launch {
        size_t job;
        int64_t at;
};

struct heard {
        struct launch launches[200];
        size_t n_launches, ends;
        double share;
};

/* Jobs are numbered from 1 on as they are submitted. */
static void hear(void *context, const struct record *record)
{
        struct heard *heard = context;

        if (record->type == RECORD_LAUNCH) {
                assert_true(heard->n_launches < 200);
                heard->launches[heard->n_launches++] = (struct launch){ record->u.launch.job - 1, record->at };
        }
        heard->ends += record->type == RECORD_ENDED;
}

static bool is_told(const struct heard *heard, const struct segment *segment)
{
        for (size_t i = 0; i < heard->n_launches; i++)
                if (heard->launches[i].job == segment->job && heard->launches[i].at == segment->start)
                        return true;
        return false;
}

static void progress(void *context, double share)
{
        struct heard *heard = context;

        assert_true(share >= heard->share && share <= 1);
        heard->share = share;
}

static void each_start_is_on_record(void **state)
{
        static const struct shape shape = { false, true, 0 };
        const struct contender *contender;
        struct offpeak_error err = { 0 };
        struct heard heard = { 0 };
        struct trial_watch watch = { .record = hear, .progress = progress, .context = &heard };
        struct outcome outcome;
        const char *parameter;
        struct trial trial;

        (void)state;
        make_random(&trial, &shape, 5);
        assert_int_equal(contender_find("offpeak", &contender, &parameter, &err), 0);
        assert_int_equal(contender->run(&trial, parameter, &watch, &outcome, &err), 0);
        for (size_t i = 0; i < outcome.n; i++)
                assert_true(is_told(&heard, &outcome.segments[i]));
        assert_int_equal(heard.ends, JOBS);
        assert_true(heard.share > 0);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_is_done_within_the_cluster),
                cmocka_unit_test(the_same_again_gives_the_same),
                cmocka_unit_test(who_knows_the_future_pays_no_more_than_who_does_not_ask),
                cmocka_unit_test(who_comes_in_the_same_second_is_planned_with_the_others),
                cmocka_unit_test(without_the_future_all_is_done_too),
                cmocka_unit_test(a_forecast_that_is_wrong_misleads),
                cmocka_unit_test(a_start_that_outlasts_the_work_is_no_overrun),
                cmocka_unit_test(nothing_is_put_off_to_hours_that_are_not_known),
                cmocka_unit_test(each_start_is_on_record),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
