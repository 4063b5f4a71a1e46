/* SPDX-License-Identifier: Apache-2.0 */
/* test_trial_failures.c - nodes that fail: every policy meets the same failures, and what they cost is told to the
 * second. */
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

enum { HOURS = 150, JOBS = 7, SEEDS = EFFORT(2, 1), CHECKPOINT_S = 1800, START_COST_S = 300 };
#define START ((int64_t)MAKE_TRIAL_START)

static const char *const policies[] = { "offpeak",     "run-now",       "oracle",     "cheapest-window",
                                        "wait-awhile", "threshold:30%", "carbon-time" };
enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };

struct shape {
        size_t nodes;
        uint32_t gpus;
        int64_t mtbf_h;
};

/* Six days of hourly prices with cheap nights, jobs of the first day and a half. */
static void make_random(struct trial *trial, const struct shape *shape, uint64_t seed)
{
        struct outage_law law = { .mtbf_s = shape->mtbf_h * 3600, .repair_s = 2 * 3600, .seed = seed };
        double prices[HOURS];

        make_trial(trial);
        trial->policy.classes[0].start_cost_s = START_COST_S;
        trial->hardware.checkpoint_s = CHECKPOINT_S;
        make_nodes(trial, "here", shape->nodes, shape->gpus);
        for (int h = 0; h < HOURS; h++)
                prices[h] = 60 - 30 * cos(2 * M_PI * (h - 14) / 24.0) + 20 * random_unit(&seed);
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, 3600);
        for (size_t j = 0; j < JOBS; j++) {
                struct trace_job *job =
                        make_job(trial, random_range(&seed, 0, 36 * 3600), random_range(&seed, 1800, 8 * 3600),
                                 (uint32_t)random_range(&seed, 1, shape->gpus));

                job->interruptible_said = true;
                job->interruptible = random_unit(&seed) < 0.8;
        }
        make_ready(trial);
        assert_int_equal(trial_draw_outages(trial, &law), 0);
}

/* ---- what must hold of any policy */

static uint32_t gpus_up(const struct trial *trial, int64_t time)
{
        uint32_t sum = trial_gpus(trial, NULL);

        for (size_t i = 0; i < trial->hardware.outages.n; i++) {
                const struct outage *outage = &trial->hardware.outages.at[i];

                if (outage->from <= time && time < outage->to)
                        sum -= trial->nodes[outage->node].gpus;
        }
        return sum;
}

static uint32_t gpus_used(const struct outcome *outcome, int64_t time)
{
        uint32_t sum = 0;

        for (size_t i = 0; i < outcome->n; i++)
                if (outcome->segments[i].start <= time && time < outcome->segments[i].end)
                        sum += outcome->segments[i].gpus;
        return sum;
}

/* Nothing runs on what is down, at any time at which something changes. */
static void check_nodes(const struct trial *trial, const struct outcome *outcome)
{
        for (size_t i = 0; i < outcome->n; i++)
                assert_true(gpus_used(outcome, outcome->segments[i].start) <=
                            gpus_up(trial, outcome->segments[i].start));
        for (size_t i = 0; i < trial->hardware.outages.n; i++) {
                int64_t from = trial->hardware.outages.at[i].from;

                assert_true(gpus_used(outcome, from) <= gpus_up(trial, from));
        }
}

/* Each loss is the end of a run at a node's failure; at most all of that run is lost. */
static void check_losses(const struct trial *trial, const struct outcome *outcome)
{
        for (size_t l = 0; l < outcome->n_losses; l++) {
                const struct loss *loss = &outcome->losses[l];
                const struct segment *run = NULL;
                bool node_failed = false;
                int64_t kept;

                for (size_t i = 0; i < trial->hardware.outages.n; i++)
                        node_failed = node_failed || trial->hardware.outages.at[i].from == loss->at;
                for (size_t i = 0; i < outcome->n; i++)
                        if (outcome->segments[i].job == loss->job && outcome->segments[i].end == loss->at)
                                run = &outcome->segments[i];
                assert_true(node_failed);
                assert_non_null(run);
                kept = run->end - run->start - loss->lost_s;
                if (!trial->trace.jobs[loss->job].interruptible)
                        assert_int_equal(kept, 0);
                assert_true(kept >= 0 && kept % CHECKPOINT_S == 0);
                assert_true(loss->lost_s <= run->end - run->start && (kept == 0 || loss->lost_s >= START_COST_S));
                assert_true(!trial->trace.jobs[loss->job].interruptible || loss->lost_s < CHECKPOINT_S + START_COST_S);
        }
}

/* Of a run behind its start, or of one that was cut off what was not lost. */
static int64_t progress_of(const struct outcome *outcome, const struct segment *run)
{
        int64_t ran = run->end - run->start;

        for (size_t l = 0; l < outcome->n_losses; l++)
                if (outcome->losses[l].job == run->job && outcome->losses[l].at == run->end)
                        return ran - outcome->losses[l].lost_s;
        return ran > START_COST_S ? ran - START_COST_S : 0;
}

/* All work is done, to the second. */
static void check_work(const struct trial *trial, const struct outcome *outcome)
{
        for (size_t j = 0; j < trial->trace.n; j++) {
                int64_t made = 0;

                for (size_t i = 0; i < outcome->n; i++)
                        made += outcome->segments[i].job == j ? progress_of(outcome, &outcome->segments[i]) : 0;
                assert_true(outcome->finish[j] != 0);
                assert_int_equal(made, trial->trace.jobs[j].duration_s);
        }
}

static void check_all(const struct trial *trial, const struct outcome *outcome)
{
        check_room(trial, outcome);
        check_nodes(trial, outcome);
        check_losses(trial, outcome);
        check_work(trial, outcome);
}

static void every_policy_gets_through(void **state)
{
        static const struct shape shape = { 3, 4, 12 };
        size_t losses[POLICIES] = { 0 };

        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct trial trial;

                make_random(&trial, &shape, seed);
                for (size_t p = 0; p < POLICIES; p++) {
                        struct outcome outcome = make_outcome(&trial, policies[p]);

                        check_all(&trial, &outcome);
                        losses[p] += outcome.n_losses;
                        outcome_finish(&outcome);
                }
                trial_finish(&trial);
        }
        for (size_t p = 0; p < POLICIES; p++)
                if (losses[p] == 0)
                        fail_msg("%s met no failure", policies[p]);
}

/* With one node nobody can be elsewhere: whatever runs when it fails is lost, whoever planned it. */
static void no_run_goes_on_through_a_failure(void **state)
{
        static const struct shape shape = { 1, 8, 8 };

        (void)state;
        for (uint64_t seed = 11; seed < 11 + SEEDS; seed++) {
                struct trial trial;

                make_random(&trial, &shape, seed);
                for (size_t p = 0; p < POLICIES; p++) {
                        struct outcome outcome = make_outcome(&trial, policies[p]);
                        size_t met = 0;

                        check_all(&trial, &outcome);
                        for (size_t i = 0; i < trial.hardware.outages.n; i++) {
                                int64_t from = trial.hardware.outages.at[i].from;

                                for (size_t k = 0; k < outcome.n; k++) {
                                        const struct segment *run = &outcome.segments[k];

                                        assert_false(run->start < from && from < run->end);
                                        met += run->end == from && outcome.finish[run->job] != from;
                                }
                        }
                        assert_true(outcome.n_losses <= met); /* others ended there of themselves */
                        outcome_finish(&outcome);
                }
                trial_finish(&trial);
        }
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
        assert_int_equal(a->n, b->n);
        for (size_t i = 0; i < a->n; i++) {
                assert_int_equal(a->segments[i].job, b->segments[i].job);
                assert_int_equal(a->segments[i].start, b->segments[i].start);
                assert_int_equal(a->segments[i].end, b->segments[i].end);
        }
        assert_int_equal(a->n_losses, b->n_losses);
}

/* Failures that come when all is over change nothing: nor does it that policies without nodes are held against them. */
static void failures_that_nobody_meets_change_nothing(void **state)
{
        static const struct shape shape = { 3, 4, 100000 };
        struct outage late = { 1, START + (HOURS - 1) * 3600, START + HOURS * 3600 };

        (void)state;
        for (uint64_t seed = 21; seed < 21 + SEEDS; seed++) {
                struct trial trial;

                make_random(&trial, &shape, seed);
                for (size_t p = 0; p < POLICIES; p++) {
                        struct outcome without, with;

                        outages_finish(&trial.hardware.outages);
                        without = make_outcome(&trial, policies[p]);
                        trial.hardware.outages = (struct outages){ &late, 1 };
                        with = make_outcome(&trial, policies[p]);
                        trial.hardware.outages = (struct outages){ 0 };
                        assert_same(&without, &with);
                        outcome_finish(&without);
                        outcome_finish(&with);
                }
                trial_finish(&trial);
        }
}

/* ---- what it comes to */

/* A job of 2 GPUs and 800 W, cut off twice; the site's meter sees 1.25 times that. */
static void what_was_lost_is_told(void **state)
{
        static const double price = 100;
        struct outcome outcome;
        struct trial trial;
        struct tally sum;

        (void)state;
        make_trial(&trial);
        trial.policy.sites[0].terms.pue_ppm = 1250000;
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, &price, 1, 86400);
        make_job(&trial, 0, 7200, 2)->power_w = 800;
        make_ready(&trial);
        assert_int_equal(outcome_init(&outcome, 1), 0);
        outcome_add(&outcome, (struct segment){ 0, 0, 2, START, START + 3600, 0, false, 0 }, false);
        outcome_add(&outcome, (struct segment){ 0, 0, 2, START + 7200, START + 9000, 0, false, 0 }, false);
        outcome_add(&outcome, (struct segment){ 0, 0, 2, START + 10000, START + 10000 + 5400, 0, false, 0 }, false);
        outcome_lose(&outcome, (struct loss){ 0, 0, START + 3600, 1800 });
        outcome_lose(&outcome, (struct loss){ 0, 0, START + 9000, 1800 });
        outcome.finish[0] = START + 15400;
        sum = make_tally(&trial, &outcome);
        assert_int_equal(sum.failures, 2);
        assert_true(fabs(sum.lost_gpu_h - 2.0) < 1e-12);
        assert_true(fabs(sum.lost_mwh - 0.001) < 1e-12);   /* an hour of 1 kW */
        assert_true(fabs(sum.energy_mwh - 0.003) < 1e-12); /* of three */
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Over a ramp half of its energy is missing, at whatever price it comes; its steps follow the line. */
static void power_rises_over_the_ramp(void **state)
{
        static const double prices[] = { 100, 300 };
        struct outcome outcome;
        struct trial trial;
        struct tally sum;

        (void)state;
        make_trial(&trial);
        trial.hardware.ramp_s = 3600;
        make_nodes(&trial, "here", 1, 8);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, 2, 1800);
        make_job(&trial, 0, 3600, 1)->power_w = 1000;
        make_ready(&trial);
        assert_int_equal(outcome_init(&outcome, 1), 0);
        outcome_add(&outcome, (struct segment){ 0, 0, 1, START, START + 3600, 0, false, 0 }, false);
        sum = make_tally(&trial, &outcome);
        assert_true(fabs(sum.energy_mwh - 0.0005) < 1e-12);
        assert_true(fabs(sum.cost - (100 * 0.000125 + 300 * 0.000375)) < 0.01 * sum.cost);
        assert_true(fabs(sum.peak_mw - 0.001) < 1e-12);
        outcome.segments[0].end = START + 600; /* it was cut off before it drew much */
        sum = make_tally(&trial, &outcome);
        assert_true(fabs(sum.energy_mwh - 1e-3 * 600 * 600 / 2 / 3600 / 3600) < 2e-6);
        assert_true(sum.peak_mw < 0.0003);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* What is proved without failures holds with them, unless energy run in vain is paid for; of other power it says
 * nothing. */
static void a_bound_is_told_where_it_holds(void **state)
{
        static const struct shape shape = { 2, 4, 30 };
        struct outcome outcome, others;
        struct trial trial;

        (void)state;
        make_random(&trial, &shape, 3);
        outcome = make_outcome(&trial, "oracle");
        for (size_t p = 0; p < POLICIES; p++) {
                others = make_outcome(&trial, policies[p]);
                assert_true(make_tally(&trial, &others).net_cost >= outcome.bound - 1e-9);
                outcome_finish(&others);
        }
        outcome_finish(&outcome);
        trial.hardware.ramp_s = 60;
        outcome = make_outcome(&trial, "oracle");
        assert_true(isnan(outcome.bound));
        outcome_finish(&outcome);
        trial.hardware.ramp_s = 0;
        trial.truth[0].points[90].value = -1;
        outcome = make_outcome(&trial, "oracle");
        assert_true(isnan(outcome.bound));
        outcome_finish(&outcome);
        trial_finish(&trial);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_policy_gets_through),
                cmocka_unit_test(no_run_goes_on_through_a_failure),
                cmocka_unit_test(failures_that_nobody_meets_change_nothing),
                cmocka_unit_test(what_was_lost_is_told),
                cmocka_unit_test(power_rises_over_the_ramp),
                cmocka_unit_test(a_bound_is_told_where_it_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
