/* SPDX-License-Identifier: Apache-2.0 */
/* test_trial_caps.c - power caps in trials: what capped hours come to, and who uses them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/caps.h"
#include "unit/trial/make_trial.h"

enum { HOURS = 12, GPUS = 8, GPU_W = 1000, DEAR = 3 };
#define START ((int64_t)MAKE_TRIAL_START)
#define HOUR  INT64_C(3600)

/* Ten times as dear in one hour as in all others; waiting costs 0.05 for a GPU's hour. */
static void begin(struct trial *trial, uint32_t least_gpu_w, int64_t cap_floor_ppm)
{
        double prices[HOURS];

        for (int h = 0; h < HOURS; h++)
                prices[h] = h == DEAR ? 500 : 50;
        make_trial(trial);
        trial->policy.classes[0].cap_floor_ppm = cap_floor_ppm;
        trial->policy.classes[0].delay_cost = 50000;
        make_nodes(trial, "here", 1, GPUS);
        trial->nodes[0].least_gpu_w = least_gpu_w;
        make_series(trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, HOUR);
        make_job(trial, HOUR, 5 * HOUR, GPUS);
        make_ready(trial);
}

static void near(double got, double want)
{
        if (!(fabs(got - want) <= 1e-9))
                fail_msg("%.12g is not %.12g", got, want);
}

/* From 1:00: an hour, one under the lowest cap, an hour. */
static struct outcome three_hours(const struct trial *trial)
{
        static const uint32_t levels[] = { 0, CAPS_LEVELS - 1, 0 };
        struct outcome outcome;

        assert_int_equal(outcome_init(&outcome, trial->trace.n), 0);
        for (int h = 0; h < 3; h++) {
                struct segment hour = { 0, 0, GPUS, START + (h + 1) * HOUR, START + (h + 2) * HOUR, levels[h], false, 0 };

                assert_int_equal(outcome_add(&outcome, hour, true), 0);
        }
        return outcome;
}

static void capped_hours_are_one_run(void **state)
{
        double share = caps_power(CAPS_LEVELS - 1), mw = GPUS * GPU_W / 1e6;
        struct outcome outcome;
        struct tally tally;
        struct trial trial;

        (void)state;
        begin(&trial, GPU_W / 2, 550000);
        outcome = three_hours(&trial);
        tally = make_tally(&trial, &outcome);
        assert_int_equal(outcome.n, 3);
        assert_int_equal(tally.starts, 1);
        near(tally.capped_gpu_h, GPUS);
        near(tally.energy_mwh, mw * (2 + share));
        near(tally.cost, mw * (50 + 50 * share + 500));
        near(tally.peak_mw, mw);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Two hours and a half until it draws all of its power: the ramp goes on under the cap, and behind it. */
static void a_ramp_goes_on_under_a_cap(void **state)
{
        double share = caps_power(CAPS_LEVELS - 1), mw = GPUS * GPU_W / 1e6;
        struct outcome outcome;
        struct trial trial;

        (void)state;
        begin(&trial, GPU_W / 2, 550000);
        trial.hardware.ramp_s = 5 * HOUR / 2;
        outcome = three_hours(&trial);
        near(make_tally(&trial, &outcome).energy_mwh, mw * (0.2 + 0.6 * share + (0.5 * 0.9 + 0.5)));
        outcome_finish(&outcome);
        trial_finish(&trial);
}

/* Starts at negative prices are counted as long as they last, under whatever cap. */
static void a_start_may_last_into_the_next_cap(void **state)
{
        double share = caps_power(CAPS_LEVELS - 1), mw = GPUS * GPU_W / 1e6, prices[HOURS];
        struct outcome outcome;
        struct trial trial;

        (void)state;
        for (int h = 0; h < HOURS; h++)
                prices[h] = -10;
        make_trial(&trial);
        trial.policy.classes[0].start_cost_s = 3 * HOUR / 2;
        make_nodes(&trial, "here", 1, GPUS);
        make_series(&trial, "here", SERIES_PRICE, TRIAL_TRUTH, prices, HOURS, HOUR);
        make_job(&trial, HOUR, 2 * HOUR, GPUS);
        make_ready(&trial);
        outcome = three_hours(&trial);
        near(make_tally(&trial, &outcome).starts_cost, 2 * 10 * mw * (1 + 0.5 * share));
        outcome_finish(&outcome);
        trial_finish(&trial);
}

static void what_was_metered_counts(void **state)
{
        struct outcome outcome;
        struct trial trial;

        (void)state;
        begin(&trial, 0, 0);
        outcome = three_hours(&trial);
        outcome.segments[1].drawn_w = 1234;
        near(make_tally(&trial, &outcome).energy_mwh, 2 * GPUS * GPU_W / 1e6 + 1234 / 1e6);
        outcome_finish(&outcome);
        trial_finish(&trial);
}

static double progress_of(const struct outcome *outcome)
{
        double seconds = 0;

        for (size_t i = 0; i < outcome->n; i++)
                seconds += caps_speed(outcome->segments[i].level) * (double)(outcome->segments[i].end - outcome->segments[i].start);
        return seconds;
}

/*
 * Stopping for the dear hour saves 3.6 and costs 4 of waiting; at 0.7 of the limit it saves 0.89, and the work is done 0.072 of an hour
 * later, which costs 0.29.
 */
static void a_dear_hour_is_spent_under_a_cap(void **state)
{
        static const char *const who[] = { "offpeak", "oracle" };

        (void)state;
        for (int i = 0; i < 2; i++) {
                struct outcome outcome, at_once;
                struct tally tally, plain;
                struct trial trial;

                begin(&trial, GPU_W / 2, 550000);
                trial.policy.classes[0].delay_cost = 500000;
                outcome = make_outcome(&trial, who[i]);
                at_once = make_outcome(&trial, "run-now");
                tally = make_tally(&trial, &outcome);
                plain = make_tally(&trial, &at_once);
                assert_int_equal(tally.n_done, 1);
                assert_int_equal(tally.starts, 1);
                assert_int_equal(at_once.n, 1);
                near(plain.capped_gpu_h, 0);
                assert_true(fabs(progress_of(&outcome) - 5 * (double)HOUR) <= 3);
                assert_true(tally.capped_gpu_h > 0);
                assert_true(tally.net_cost < plain.net_cost - 0.1);
                if (!isnan(outcome.bound))
                        assert_true(outcome.bound <= tally.net_cost + tally.starts_cost + 1e-9 && outcome.bound > 0.99 * tally.net_cost);
                outcome_finish(&at_once);
                outcome_finish(&outcome);
                trial_finish(&trial);
        }
}

static void nobody_caps_what_may_not_be(void **state)
{
        static const struct { uint32_t least_w; int64_t floor_ppm; } shapes[] = { { 0, 550000 }, { GPU_W / 2, 0 }, { 900, 550000 } };

        (void)state;
        for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
                for (int k = 0; k < 2; k++) {
                        struct outcome outcome;
                        struct trial trial;

                        begin(&trial, shapes[i].least_w, shapes[i].floor_ppm);
                        outcome = make_outcome(&trial, k == 0 ? "offpeak" : "oracle");
                        near(make_tally(&trial, &outcome).capped_gpu_h, 0);
                        outcome_finish(&outcome);
                        trial_finish(&trial);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(capped_hours_are_one_run),
                cmocka_unit_test(a_ramp_goes_on_under_a_cap),
                cmocka_unit_test(a_start_may_last_into_the_next_cap),
                cmocka_unit_test(what_was_metered_counts),
                cmocka_unit_test(a_dear_hour_is_spent_under_a_cap),
                cmocka_unit_test(nobody_caps_what_may_not_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
