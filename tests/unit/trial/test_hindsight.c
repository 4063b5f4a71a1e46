/* SPDX-License-Identifier: Apache-2.0 */
/* test_hindsight.c - the plan that knows everything: its bound is below what any policy comes to, and below the best
 * plan there is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/effort.h"
#include "trial/hindsight.h"
#include "unit/plan/brute.h"
#include "unit/plan/random_problem.h"
#include "unit/trial/make_trial.h"

enum { HOURS = 96, TRIALS = EFFORT(3, 1), TINY = EFFORT(40, 15), TINY_JOBS = 3 };
#define START ((int64_t)MAKE_TRIAL_START)

static const char *const policies[] = { "offpeak",       "run-now",     "cheapest-window", "wait-awhile",
                                        "threshold:30%", "carbon-time", "oracle" };
enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };

/* What the bound counts of an outcome: money, waiting, carbon at its price, and hours behind deadlines. */
static double counted(const struct trial *trial, const struct outcome *outcome)
{
        struct tally sum = make_tally(trial, outcome);
        double total = sum.net_cost;

        for (size_t j = 0; j < trial->trace.n; j++) {
                const struct trace_job *job = &trial->trace.jobs[j];
                const struct policy_class *class = &trial->policy.classes[trial->classes[j]];
                int64_t allowed = class->max_delay_s > 0 ? job->submit + class->max_delay_s + job->duration_s : 0;
                int64_t due = job->deadline != 0 && (allowed == 0 || job->deadline < allowed) ? job->deadline : allowed;

                if (outcome->finish[j] == 0)
                        return INFINITY; /* what is left undone has no price here */
                if (due != 0 && outcome->finish[j] > due)
                        total += (double)(outcome->finish[j] - due) / 3600 * (double)class->lateness_cost * 1e-6;
        }
        return total + sum.carbon_kg * (double)trial->policy.classes[0].carbon_price * 1e-9;
}

/* ---- days */

static void make_days(struct trial *trial, uint64_t seed)
{
        double prices[HOURS], carbon[HOURS];

        make_trial(trial);
        trial->policy.sites[0].terms.pue_ppm = 1200000;
        trial->policy.classes[0].delay_cost = random_range(&seed, 0, 1) * 2000;
        trial->policy.classes[0].carbon_price = random_range(&seed, 0, 1) * 80000000;
        trial->policy.classes[0].start_cost_s = random_range(&seed, 0, 1) * 300;
        make_nodes(trial, "here", 2, 4);
        for (int h = 0; h < HOURS; h++) {
                prices[h] = 60 - 30 * cos(2 * M_PI * (h - 14) / 24.0) + 40 * random_unit(&seed) - 20;
                carbon[h] = 100 + 400 * random_unit(&seed);
        }
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, 3600);
        make_series(trial, "here", SERIES_CARBON, TRIAL_TRUTH, carbon, HOURS, 3600);
        for (size_t j = 0; j < 9; j++) {
                struct trace_job *job = make_job(trial, (int64_t)j * 3000, random_range(&seed, 300, 6 * 3600),
                                                 (uint32_t)random_range(&seed, 1, 4));

                if (random_unit(&seed) < 0.5)
                        job->deadline = job->submit + job->duration_s + random_range(&seed, 0, 24 * 3600);
                job->interruptible_said = true;
                job->interruptible = random_unit(&seed) < 0.6;
        }
        make_ready(trial);
}

static void no_policy_is_below_the_bound(void **state)
{
        double best = 0, bounds = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= TRIALS; seed++) {
                double bound = NAN, least = INFINITY;
                struct trial trial;

                make_days(&trial, seed);
                for (size_t i = POLICIES; i > 0; i--) { /* the oracle first: it has the bound */
                        struct outcome outcome = make_outcome(&trial, policies[i - 1]);
                        double total = counted(&trial, &outcome);

                        bound = i == POLICIES ? outcome.bound : bound;
                        if (total < bound - 1e-6)
                                fail_msg("seed %d, %s: %.9g is below the bound %.9g", (int)seed, policies[i - 1], total,
                                         bound);
                        if (i < POLICIES)
                                assert_true(isnan(outcome.bound));
                        else
                                check_outcome(&trial, &outcome);
                        least = fmin(least, total);
                        outcome_finish(&outcome);
                }
                assert_false(isnan(bound));
                best += least;
                bounds += bound;
                trial_finish(&trial);
        }
        assert_true(bounds > 0.9 * best); /* a bound that says something */
}

/* ---- seconds */

static void make_tiny(struct trial *trial, uint64_t seed)
{
        double prices[BRUTE_SECONDS];

        make_trial(trial);
        make_nodes(trial, "here", 1, 2);
        for (int t = 0; t < BRUTE_SECONDS; t++)
                prices[t] = (double)random_range(&seed, -20, 90) * 1000; /* so that a second counts */
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, BRUTE_SECONDS, 1);
        for (size_t j = 0; j < TINY_JOBS; j++) {
                struct trace_job *job =
                        make_job(trial, (int64_t)j, random_range(&seed, 1, 4), (uint32_t)random_range(&seed, 1, 2));

                job->deadline =
                        random_unit(&seed) < 0.5 ? 0 : job->submit + job->duration_s + random_range(&seed, 0, 6);
                job->interruptible_said = true;
                job->interruptible = random_unit(&seed) < 0.6;
        }
        make_ready(trial);
}

/* The best of all plans, second by second, is no better than the bound, and no policy than it. */
static void against_trying_everything(void **state)
{
        size_t tried = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= TINY; seed++) {
                struct outcome oracle, rule;
                struct offpeak_error err = { 0 };
                struct hindsight hindsight;
                struct brute brute;
                struct trial trial;

                make_tiny(&trial, seed);
                if (hindsight_init(&hindsight, &trial, true, &err) != 0)
                        fail_msg("%s", err.text);
                assert_int_equal(hindsight.question.problem.n_jobs, TINY_JOBS);
                if (brute_init(&brute, &hindsight.question.problem, 2e6)) {
                        oracle = make_outcome(&trial, "oracle");
                        rule = make_outcome(&trial, "wait-awhile");
                        assert_true(oracle.bound <= brute.cost + 1e-9);
                        assert_true(counted(&trial, &oracle) >= brute.cost - 1e-9);
                        assert_true(counted(&trial, &rule) >= brute.cost - 1e-9);
                        outcome_finish(&oracle);
                        outcome_finish(&rule);
                        tried++;
                }
                brute_finish(&brute);
                hindsight_finish(&hindsight);
                trial_finish(&trial);
        }
        assert_true(tried > TINY / 2);
}

/* ---- what could never run */

static void a_job_that_no_site_may_run_is_an_error(void **state)
{
        const double price = 50;
        struct offpeak_error err = { 0 };
        struct hindsight hindsight;
        struct trial trial;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 1, 2);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 7200);
        make_job(&trial, 0, 3600, 1);
        make_ready(&trial);                             /* before, for it would leave the job out */
        trial.policy.sites[0].terms.grid_limit_w = 500; /* of the 1 kW that it draws */
        assert_int_equal(hindsight_init(&hindsight, &trial, true, &err), OFFPEAK_EINVAL);
        assert_non_null(strstr(err.text, "of 1 jobs only 0 could have run at all"));
        hindsight_finish(&hindsight);
        trial_finish(&trial);
}

/* With room for all, and pauses for nothing, each job in its own cheapest instants is the optimum; they begin in the
 * middle of hours. */
static void the_oracle_comes_near_the_optimum_over_months(void **state)
{
        enum { DAYS = 30, JOBS_A_DAY = 12 };
        static double prices[24 * DAYS];
        struct outcome oracle, instants;
        struct trial trial;
        double found, least;
        uint64_t seed = 4;

        (void)state;
        make_trial(&trial);
        make_nodes(&trial, "here", 2, 60);
        for (int h = 0; h < 24 * DAYS; h++)
                prices[h] = 60 - 30 * cos(2 * M_PI * (h - 14) / 24.0) + 20 * random_unit(&seed);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 24 * DAYS, 3600);
        for (int j = 0; j < (DAYS - 2) * JOBS_A_DAY; j++) {
                struct trace_job *job =
                        make_job(&trial, random_range(&seed, 0, (DAYS - 2) * 86400), random_range(&seed, 300, 5400), 1);

                job->deadline = job->submit + job->duration_s + 6 * 3600;
        }
        make_ready(&trial);
        oracle = make_outcome(&trial, "oracle");
        instants = make_outcome(&trial, "wait-awhile");
        check_outcome(&trial, &oracle);
        found = make_tally(&trial, &oracle).cost;
        least = make_tally(&trial, &instants).cost;
        if (found < least * (1 - 1e-9) || found > least * 1.002)
                fail_msg("%g is not %g", found, least);
        assert_true(oracle.bound <= least * (1 + 1e-9));
        assert_true(oracle.bound >= least * 0.995);
        outcome_finish(&oracle);
        outcome_finish(&instants);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_policy_is_below_the_bound),
                cmocka_unit_test(against_trying_everything),
                cmocka_unit_test(a_job_that_no_site_may_run_is_an_error),
                cmocka_unit_test(the_oracle_comes_near_the_optimum_over_months),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
