/* SPDX-License-Identifier: Apache-2.0 */
/* test_simulate_command.c - `offpeak simulate` as people type it: what it comes to on three jobs and two days, and what
 * is refused how. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/command.h"
#include "run_line.h"

#define FIXTURES OFFPEAK_SOURCE_DIR "/tests/fixtures/simulate/"
#define PRICES   FIXTURES "prices.csv" /* 100 EUR/MWh, and 20 from 02:00 to 06:00 */
#define CARBON   FIXTURES "carbon.csv" /* 400 g/kWh, and 100 from 10:00 to 14:00 */
#define JOBS     FIXTURES "jobs.csv"
#define BAD      FIXTURES "bad_jobs.csv"
#define EXAMPLE  OFFPEAK_SOURCE_DIR "/deploy/examples/offpeak.yaml"
#define PLAIN    "simulate --jobs " JOBS " --price " PRICES " --gpus 8 "

static struct fake_client nobody = { .open_code = OFFPEAK_EUNREACHABLE }; /* nobody is asked */

static json_t *ask(const char *line)
{
        char with_json[1000];
        struct outcome outcome;
        json_t *document;

        snprintf(with_json, sizeof(with_json), "%s --json", line);
        outcome = run_line(&nobody, with_json);
        if (outcome.code != 0)
                fail_msg("%s: %s", line, outcome.err.text);
        document = json_loads(outcome.text, 0, NULL);
        assert_non_null(document);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.simulate/1");
        free(outcome.text);
        return document;
}

static const json_t *policy(const json_t *document, const char *name)
{
        const json_t *one;
        size_t i;

        json_array_foreach(json_object_get(document, "policies"), i, one)
        {
                if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
                        return one;
        }
        fail_msg("there is no %s", name);
        return NULL;
}

static void is(const json_t *object, const char *key, double want)
{
        const json_t *value = json_object_get(object, key);

        if (!json_is_number(value) || !(fabs(json_number_value(value) - want) < 1e-6))
                fail_msg("%s is %g, not %g", key, json_number_value(value), want);
}

static void is_null(const json_t *object, const char *key)
{
        if (!json_is_null(json_object_get(object, key)))
                fail_msg("%s is not null", key);
}

static void refused(const char *line, int code, const char *says)
{
        expect_line(&nobody, line, code, says);
}

/* ---- what it comes to */

/*
 * At 400 W each: a draws 3.2 kW for 2 h, from 00:30 on or from 02:00; b 1.6 kW for 3 h, at noon or in the next night; c
 * 0.4 kW for an hour by 14:00, which is dear anyhow.
 */
static void three_jobs_on_two_days(void **state)
{
        json_t *document = ask(PLAIN "--carbon " CARBON " -p offpeak -p oracle");
        static const char *const names[] = { "offpeak", "oracle" };
        const json_t *now = policy(document, "run-now");

        (void)state;
        is(now, "cost", 3.2e-3 * (1.5 * 100 + 0.5 * 20) + 1.6e-3 * 300 + 0.4e-3 * 100);
        is(now, "carbon_kg", 3.2 * 0.8 + 1.6 * (0.1 + 0.1 + 0.4) + 0.4 * 0.1);
        is(now, "mean_delay_h", 0);
        is(now, "net_saving", 0);
        is(now, "utilisation", (16.0 + 12 + 1) / (14.5 * 8));
        for (size_t i = 0; i < 2; i++) {
                const json_t *one = policy(document, names[i]);

                is(one, "cost", 3.2e-3 * 40 + 1.6e-3 * 60 + 0.4e-3 * 100);
                is(one, "carbon_kg", 3.2 * 0.8 + 1.6 * 1.2 + 0.4 * 0.1);
                is(one, "energy_mwh", 11.6e-3);
                is(one, "run_now_cost", 1.032);
                is(one, "run_now_carbon_kg", 3.56);
                is(one, "lower_bound", 0.264);
                is(one, "delay_cost", 0);
                is(one, "lateness_cost", 0);
                is(one, "net_cost", 0.264);
                is(one, "net_saving", 1.032 - 0.264);
                is(one, "mean_delay_h", (1.5 + 14) / 3);
                is(one, "p95_delay_h", 14);
                is(one, "delay_gpu_h", 1.5 * 8 + 14 * 4);
                is(one, "jobs_done", 3);
                is(one, "missed_deadlines", 0);
                is(one, "starts", 3);
                is(one, "peak_mw", 3.2e-3);
                is(one, "unpriced_mwh", 0);
                is(one, "uncounted_mwh", 0);
                assert_null(json_object_get(one, "segments"));
        }
        is(document, "jobs", 3);
        is(document, "gpus", 8);
        assert_string_equal(json_string_value(json_object_get(document, "from_utc")), "2026-01-05T00:00:00Z");
        assert_string_equal(json_string_value(json_object_get(document, "to_utc")), "2026-01-07T00:00:00Z");
        assert_string_equal(json_string_value(json_object_get(document, "bound_unit")), "EUR");
        json_decref(document);
}

static void segments_say_when(void **state)
{
        static const char *const starts[] = { "2026-01-05T02:00:00Z", "2026-01-06T02:00:00Z", "2026-01-05T12:00:00Z" };
        static const char *const ends[] = { "2026-01-05T04:00:00Z", "2026-01-06T05:00:00Z", "2026-01-05T13:00:00Z" };
        static const char *const ids[] = { "a", "b", "c" };
        static const int gpus[] = { 8, 4, 1 };
        json_t *document = ask(PLAIN "--site mill -p offpeak --segments");
        const json_t *segments = json_object_get(policy(document, "offpeak"), "segments");

        (void)state;
        assert_int_equal(json_array_size(segments), 3);
        for (size_t i = 0; i < 3; i++) {
                const json_t *segment = json_array_get(segments, i);

                assert_string_equal(json_string_value(json_object_get(segment, "id")), ids[i]);
                assert_string_equal(json_string_value(json_object_get(segment, "start_utc")), starts[i]);
                assert_string_equal(json_string_value(json_object_get(segment, "end_utc")), ends[i]);
                assert_string_equal(json_string_value(json_object_get(segment, "site")), "mill");
                is(segment, "gpus", gpus[i]);
        }
        json_decref(document);
}

static void what_is_not_known_is_null(void **state)
{
        json_t *document = ask("simulate --jobs " JOBS " --carbon " CARBON " --gpus 8 -p run-now");
        const json_t *now = policy(document, "run-now");

        (void)state;
        assert_string_equal(json_string_value(json_object_get(document, "objective")), "carbon");
        is_null(now, "cost");
        is_null(now, "net_saving");
        is_null(now, "unpriced_mwh");
        is_null(now, "lower_bound"); /* nobody proved one */
        is(now, "carbon_kg", 3.56);
        assert_int_equal(json_array_size(json_object_get(document, "policies")), 1); /* asked for: not told twice */
        json_decref(document);
        document = ask(PLAIN "-p run-now");
        is_null(policy(document, "run-now"), "carbon_kg");
        is_null(policy(document, "run-now"), "uncounted_mwh");
        json_decref(document);
}

/* a at once (02:00 is no cleaner), b until 14:00 and an hour of 400 g, or the next morning's four; c at noon. */
static void the_least_carbon(void **state)
{
        static const char line[] = PLAIN "--carbon " CARBON " --objective carbon -p offpeak -p oracle --delay-cost 0";
        json_t *document = ask(line);
        const json_t *best = policy(document, "oracle");

        (void)state;
        assert_string_equal(json_string_value(json_object_get(document, "bound_unit")), "kg");
        is(best, "carbon_kg", 3.2 * 0.2 + 1.6 * 0.6 + 0.4 * 0.1); /* a from 10:00 to 12:00 */
        is(best, "lower_bound", 1.64);
        assert_true(json_number_value(json_object_get(best, "cost")) > 1); /* told, though nobody looked at it */
        is(policy(document, "offpeak"), "carbon_kg", 1.64);
        json_decref(document);
        expect_line(&nobody, line, 0, "bound: nobody can do it for less than 1.6 kg\n");
}

static void both_weighed_by_the_price_of_a_tonne(void **state)
{
        json_t *cheap = ask(PLAIN "--carbon " CARBON " --objective both --carbon-price 1 -p oracle");
        json_t *dear = ask(PLAIN "--carbon " CARBON " --objective both --carbon-price 5000 -p oracle");

        (void)state;
        is(policy(cheap, "oracle"), "cost", 0.264);
        is(policy(cheap, "oracle"), "lower_bound", 0.264 + 4.52e-3);
        is(policy(dear, "oracle"), "carbon_kg", 1.64);
        is(policy(dear, "oracle"), "lower_bound", 1.160 - 1.6e-3 * 80 + 1.64 * 5); /* b's third hour at 20 EUR/MWh */
        json_decref(cheap);
        json_decref(dear);
}

static void values_instead_of_files(void **state)
{
        json_t *document = ask(
                "simulate --jobs " JOBS
                " --price 65EUR/MWh --carbon 385g/kWh --capacity 3MW --gpus 8 --gpu-power 0.5kW --pue 1.2 -p oracle");
        const json_t *now = policy(document, "run-now");

        (void)state;
        is(now, "energy_mwh", 29 * 0.5e-3 * 1.2);
        is(now, "cost", 29 * 0.5e-3 * 1.2 * 65);
        is(now, "carbon_kg", 29 * 0.5 * 1.2 * 0.385);
        is(policy(document, "oracle"), "cost", 29 * 0.5e-3 * 1.2 * 65);
        is(now, "peak_mw", 4e-3 * 1.2);
        json_decref(document);
}

static void waiting_has_a_price(void **state)
{
        json_t *document = ask(PLAIN "--delay-cost 10 -p offpeak");

        (void)state;
        is(policy(document, "offpeak"), "cost", 1.032); /* an hour of 8 GPUs is 80 EUR */
        json_decref(document);
        document = ask(PLAIN "--delay-cost 0.001 -p wait-awhile -p oracle");
        is(policy(document, "wait-awhile"), "delay_cost", 68e-3);
        is(policy(document, "wait-awhile"), "net_cost", 0.264 + 68e-3);
        json_decref(document);
}

/* An hour of 8 GPUs at 100 EUR/MWh: at 0.7 of the limit 0.78 of its energy, for 0.072 of an hour more. */
static void caps_are_tried(void **state)
{
        static const char line[] = "simulate --jobs " JOBS " --price 100EUR/MWh --gpus 16 --delay-cost %s --cap-floor %s "
                                   "-p offpeak -p oracle -p run-now --segments";
        static const struct { const char *delay, *floor; bool capped; } cases[] = {
                { "0", "0.7", true }, { "0.001", "70%", true }, { "0", "0", false }, { "0", "0.9", false }, { "5", "0.5", false },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[400];
                json_t *document;
                const json_t *run;
                bool capped = false;
                size_t k;

                snprintf(text, sizeof(text), line, cases[i].delay, cases[i].floor);
                document = ask(text);
                is(policy(document, "run-now"), "capped_gpu_h", 0);
                json_array_foreach(json_object_get(policy(document, "offpeak"), "segments"), k, run)
                        capped = capped || json_real_value(json_object_get(run, "cap")) == 0.7;
                assert_int_equal(capped, cases[i].capped);
                assert_int_equal(json_real_value(json_object_get(policy(document, "oracle"), "capped_gpu_h")) > 0, cases[i].capped);
                assert_int_equal(json_integer_value(json_object_get(policy(document, "offpeak"), "starts")),
                                 json_integer_value(json_object_get(policy(document, "run-now"), "starts")));
                json_decref(document);
        }
        expect_line(&nobody, "simulate --jobs " JOBS " --price 100EUR/MWh --gpus 16 --delay-cost 0 --cap-floor 0.7 -p offpeak", 0,
                    "GPU-hours were run under a power cap");
}

static void power_is_limited(void **state)
{
        json_t *free_power = ask("simulate --jobs " JOBS " --price 65EUR/MWh --gpus 16 -p run-now");
        json_t *limited =
                ask("simulate --jobs " JOBS " --price 65EUR/MWh --gpus 16 --capacity 3.3kW -p run-now --start-cost 0");

        (void)state;
        is(policy(free_power, "run-now"), "peak_mw", 3.2e-3);
        is(policy(limited, "run-now"), "peak_mw", 3.2e-3);
        json_decref(free_power);
        json_decref(limited);
        limited = ask("simulate --jobs " JOBS " --price 65EUR/MWh --gpus 16 --gpu-power 1kW --capacity 8kW -p run-now");
        is(policy(limited, "run-now"), "peak_mw", 8e-3);
        is(policy(limited, "run-now"), "mean_delay_h", 0);
        json_decref(limited);
}

static void nodes_and_their_power(void **state)
{
        json_t *document = ask("simulate --jobs " JOBS " --price " PRICES
                               " --nodes 1x4@1kW --nodes 1x4@1kW -p run-now --segments");

        (void)state;
        is(document, "nodes", 2);
        is(document, "gpus", 8);
        is(policy(document, "run-now"), "energy_mwh", 29e-3);
        json_decref(document);
        document = ask("simulate --jobs " JOBS " --price " PRICES " --gpus 10 --gpus-per-node 4 -p run-now");
        is(document, "nodes", 3);
        is(document, "gpus", 10);
        json_decref(document);
}

static void forecasts(void **state)
{
        static const char *const lines[] = { "--forecast perfect", "--forecast noise:5%", "--forecast model",
                                             "--price-forecast " PRICES };
        static const char *const names[] = { "perfect", "noise", "model", "given" };

        (void)state;
        for (size_t i = 0; i < 4; i++) {
                char line[600];
                json_t *document;

                snprintf(line, sizeof(line), PLAIN "-p offpeak %s", lines[i]);
                document = ask(line);
                assert_string_equal(json_string_value(json_object_get(document, "forecast")), names[i]);
                is(policy(document, "offpeak"), "jobs_done", 3);
                json_decref(document);
        }
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
        static const char line[] = PLAIN "--forecast noise:0.5 --seed %d -p offpeak -p wait-awhile --segments --json";
        char *texts[3], filled[600];

        (void)state;
        for (int i = 0; i < 3; i++) {
                struct outcome outcome;

                snprintf(filled, sizeof(filled), line, i == 2 ? 8 : 7);
                outcome = run_line(&nobody, filled);
                assert_int_equal(outcome.code, 0);
                texts[i] = outcome.text;
        }
        assert_string_equal(texts[0], texts[1]);
        assert_string_not_equal(texts[0], texts[2]);
        for (int i = 0; i < 3; i++)
                free(texts[i]);
}

static double real(const json_t *object, const char *key)
{
        return json_number_value(json_object_get(object, key));
}

/* Starts are for nothing, so that all that failures cost in energy is what came to nothing. */
static void nodes_fail(void **state)
{
        static const char *const names[] = { "offpeak", "run-now", "wait-awhile" };
        json_t *without = ask(PLAIN "--gpus-per-node 2 -p offpeak -p run-now -p wait-awhile");
        json_t *with =
                ask(PLAIN "--gpus-per-node 2 -p offpeak -p run-now -p wait-awhile --node-mtbf 8h --node-repair 1h "
                          "--checkpoint 20m --seed 2");
        const json_t *hardware = json_object_get(with, "hardware");
        double failures = 0;

        (void)state;
        is(hardware, "node_mtbf_s", 8 * 3600);
        is(hardware, "node_repair_s", 3600);
        is(hardware, "checkpoint_s", 1200);
        is(hardware, "ramp_s", 0);
        assert_true(real(hardware, "node_failures") > 5);
        is_null(json_object_get(without, "hardware"), "node_mtbf_s");
        is(json_object_get(without, "hardware"), "node_failures", 0);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const json_t *policy_with = policy(with, names[i]), *policy_without = policy(without, names[i]);

                is(policy_without, "failures", 0);
                is(policy_without, "lost_gpu_h", 0);
                is(policy_with, "jobs_done", 3);
                is(policy_with, "energy_mwh", real(policy_without, "energy_mwh") + real(policy_with, "lost_mwh"));
                is(policy_with, "lost_mwh", real(policy_with, "lost_gpu_h") * 400e-6);
                failures += real(policy_with, "failures");
        }
        assert_true(failures > 0);
        json_decref(with);
        json_decref(without);
        expect_line(&nobody, PLAIN "--gpus-per-node 2 -p run-now --node-mtbf 8h --seed 2", 0,
                    "node failures, the same for all policies: of run-now's energy ");
        expect_line(&nobody, PLAIN "-p run-now --node-mtbf 10000d", 0, "no node failed\n");
}

/* Of a start's first hour half of the energy is missing. */
static void power_rises(void **state)
{
        json_t *at_once = ask(PLAIN "-p run-now"), *slowly = ask(PLAIN "-p run-now --ramp 1h");

        (void)state;
        is(json_object_get(slowly, "hardware"), "ramp_s", 3600);
        is(policy(slowly, "run-now"), "energy_mwh",
           real(policy(at_once, "run-now"), "energy_mwh") - (8 + 4 + 1) * 400e-6 / 2);
        json_decref(slowly);
        json_decref(at_once);
}

static void a_configuration_of_a_scheduler(void **state)
{
        json_t *document = ask("simulate --jobs " FIXTURES "june_jobs.csv --config " EXAMPLE
                               " --nodes hall=2x8@700W -p run-now -p wait-awhile");

        (void)state;
        assert_string_equal(json_string_value(json_object_get(document, "objective")), "as configured");
        assert_string_equal(json_string_value(json_object_get(document, "currency")), "EUR");
        is(document, "jobs", 2);
        is(policy(document, "run-now"), "jobs_done", 2);
        is(policy(document, "run-now"), "energy_mwh",
           1.12 * 0.7e-3 * (8 * (2 + 240 / 3600.0) + 4 * (1 + 240 / 3600.0))); /* a start takes 4 minutes */
        json_decref(document);
}

/* Plans count them, and so does the bound: what is paid for power says nothing of them. */
static void a_bound_names_what_it_counts(void **state)
{
        static const char line[] = "simulate --jobs " JOBS " --config " FIXTURES "demand.yaml --nodes 1x8 -p oracle";
        json_t *document = ask(line);
        double bound = json_number_value(json_object_get(policy(document, "oracle"), "lower_bound"));

        (void)state;
        assert_string_equal(json_string_value(json_array_get(json_object_get(document, "bound_counts"), 0)),
                            "demand charges");
        is(policy(document, "run-now"), "cost", 1.032 + 0.116);
        assert_true(bound > 1.2); /* more than all of the energy costs */
        json_decref(document);
        expect_line(&nobody, line, 0, "EUR, demand charges counted too\n");
        document = ask("simulate --jobs " JOBS " --config " FIXTURES
                       "demand.yaml --nodes 1x8 --objective carbon -p oracle");
        is(policy(document, "oracle"), "carbon_kg", 1.64);
        is_null(policy(document, "oracle"), "lower_bound"); /* kilograms with money in them */
        json_decref(document);
}

/* 4 kWh are bought at 20 in the night: given at noon they save 80 a MWh, of which oracle's hours need 0.4 kWh. */
static void a_store_counts_for_every_policy(void **state)
{
        static const char line[] = "simulate --jobs " JOBS " --config " FIXTURES "store.yaml --nodes 1x8 -p oracle";
        json_t *document = ask(line);
        const json_t *now = policy(document, "run-now"), *oracle = policy(document, "oracle");

        (void)state;
        is(now, "cost", 1.032 - 0.32);
        is(now, "store_saved", 0.32);
        is(now, "stored_mwh", 0.004);
        is(now, "given_mwh", 0.004);
        is(now, "store_lost_mwh", 0);
        is(now, "store_cycles", 1);
        is(oracle, "cost", 0.264 - 0.032);
        is(oracle, "store_cycles", 0.1);
        is(oracle, "run_now_cost", 1.032 - 0.32);
        is_null(oracle, "lower_bound");
        json_decref(document);
        document = ask(PLAIN "-p oracle");
        is(policy(document, "oracle"), "stored_mwh", 0);
        is_null(policy(document, "oracle"), "store_cycles"); /* there is none */
        json_decref(document);
        expect_line(&nobody, line, 0, "no bound is told: what proves one leaves the store out\n");
}

/* ---- the table */

static void a_row_for_each_policy(void **state)
{
        struct outcome outcome = run_line(&nobody, PLAIN "--carbon " CARBON);
        static const char *const lines[] = {
                "3 jobs on 8 GPUs; the series reach from 2026-01-05 to 2026-01-07\n",
                "\noffpeak  0.26 EUR  -74.4 %  4.5 kg  +27.0 %  11.6 kWh  5.2 h  14.0 h     0       3  3.2 kW  13 %   "
                "0.77 EUR\n",
                "\noracle   0.26 EUR",
                "\nrun-now  1.03 EUR   +0.0 %",
                "bound: nobody can do it for less than 0.26 EUR\n",
        };

        (void)state;
        assert_int_equal(outcome.code, 0);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                if (strstr(outcome.text, lines[i]) == NULL)
                        fail_msg("%s does not say %s", outcome.text, lines[i]);
        free(outcome.text);
        expect_line(&nobody, PLAIN "--delay-cost 0.001 -p oracle", 0, "EUR, waiting counted too\n");
        expect_line(&nobody, PLAIN "--delay-cost 0.001 --carbon " CARBON " --objective both --carbon-price 9 -p oracle",
                    0, "EUR, carbon and waiting counted too\n");
}

static void what_was_left_out_is_said_first(void **state)
{
        static const char line[] = "simulate --jobs " BAD " --price " PRICES " --gpus 8 -p oracle";
        static const char *const lines[] = {
                "left out, rows that cannot be read: 1; in line 8: this row has 3 fields, the header has 6: is it cut "
                "off,",
                "left out, durations that are not above zero: 1; in line 6: duration_s is 0\n",
                "left out, ids that stand twice: 1; in line 7: \"a\" stands in line 2 already\n",
                "\nrows out of the order of submission: 2; first in line 4: job early\n",
                "\ndeadlines that nobody could meet: 1; in line 9: job hasty\n",
                "\ncolumns that are not known: 1; in line 1: \"colour\"\n",
                "left out, jobs wider than the cluster: 1; in line 5: job wide: the widest that fits is 8\n",
                "left out, jobs submitted before the series begin: 1; in line 4: job early: they begin at "
                "2026-01-05T00:00:00Z\n",
                "left out, jobs that cannot end before the series do: 1; in line 3: job late: they end at "
                "2026-01-07T00:00:00Z\n",
                "\n3 jobs on 8 GPUs",
                ", lateness counted too\n", /* of 30 s, which nobody could avoid */
        };
        struct outcome outcome = run_line(&nobody, line);
        json_t *document = ask(line);
        const json_t *findings = json_object_get(document, "findings");

        (void)state;
        assert_int_equal(outcome.code, 0);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                if (strstr(outcome.text, lines[i]) == NULL)
                        fail_msg("%s does not say %s", outcome.text, lines[i]);
        free(outcome.text);
        assert_int_equal(json_array_size(findings), 9);
        is(json_array_get(findings, 0), "count", 1);
        is(json_array_get(findings, 0), "first_line", 8);
        assert_true(json_is_true(json_object_get(json_array_get(findings, 0), "left_out")));
        is(document, "rows", 9);
        is(policy(document, "oracle"), "lateness_cost", 30 / 3.6);
        is(policy(document, "oracle"), "missed_deadlines", 1);
        json_decref(document);
}

/* The scheduler would refuse it: so no policy has it. Job a draws 3.2 kW, b 1.6 kW. */
static void jobs_that_no_site_has_the_power_for_are_left_out(void **state)
{
        static const char *const policies[] = { "offpeak", "oracle", "run-now", "wait-awhile" };
        static const char line[] = "simulate --jobs " JOBS " --price " PRICES " --gpus 8 --capacity 3kW -p offpeak "
                                   "-p oracle -p wait-awhile";
        json_t *document = ask(line);
        const json_t *finding = json_array_get(json_object_get(document, "findings"), 0);

        (void)state;
        is(document, "jobs", 2);
        for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
                is(policy(document, policies[i]), "jobs_done", 2);
        is(finding, "count", 1);
        is(finding, "first_line", 2);
        assert_true(json_is_true(json_object_get(finding, "left_out")));
        json_decref(document);
        expect_line(&nobody, line, 0,
                    "left out, jobs that draw more than any site ever has: 1; in line 2: job a: it needs 3.2 kW at the "
                    "meter, and there are no more than 3.0 kW\n");
        expect_line(&nobody, PLAIN "--capacity 3.2kW --strict -p offpeak", 0, NULL);
        refused(PLAIN "--capacity 3kW --strict", OFFPEAK_EINVAL,
                "jobs that draw more than any site ever has: 1 (line 2");
}

/* ---- what is refused */

static void strict_refuses_any_finding(void **state)
{
        (void)state;
        refused("simulate --jobs " BAD " --price " PRICES " --gpus 8 --strict", OFFPEAK_EINVAL,
                "bad_jobs.csv: rows that cannot be read: 1 (line 8: this row has 3 fields, the header has 6");
        refused("simulate --jobs " BAD " --price " PRICES " --gpus 8 --strict", OFFPEAK_EINVAL,
                ". Mend them, or leave out --strict");
        expect_line(&nobody, PLAIN "--strict -p run-now", 0, NULL);
}

static void options_that_are_missing_or_contradict(void **state)
{
        static const struct {
                const char *line, *says;
        } lines[] = {
                { "simulate --price " PRICES " --gpus 8", "which jobs? Add --jobs FILE" },
                { "simulate --jobs " JOBS " --price " PRICES,
                  "how large is the cluster? Add --gpus N, or --nodes 4x8" },
                { "simulate --jobs " JOBS " --gpus 8",
                  "what does power cost? Add --price FILE, --carbon FILE, or --config FILE" },
                { PLAIN "--nodes 1x8", "--gpus and --nodes both say how large the cluster is: give one" },
                { "simulate --jobs " JOBS " --price " PRICES " --nodes 1x8 --gpus-per-node 4",
                  "--gpus-per-node goes with --gpus" },
                { "simulate --jobs " JOBS " --carbon " CARBON " --gpus 8 --objective cost",
                  "there are no prices: add --price FILE" },
                { PLAIN "--objective carbon", "there are no carbon intensities: add --carbon FILE" },
                { PLAIN "--carbon " CARBON " --objective both",
                  "what does a tonne of CO2e count? Add --carbon-price X" },
                { PLAIN "--objective less", "--objective less: write cost, carbon or both" },
                { PLAIN "--forecast noise:0.1 --price-forecast " PRICES, "a forecast file what they are: give one" },
                { PLAIN "--forecast crystal", "--forecast crystal: write perfect, model, or noise:0.05" },
                { PLAIN "--forecast noise:-1", "--forecast noise:-1" },
                { PLAIN "--forecast noise:2000%", "--forecast noise:2000%" },
                { PLAIN "--policy best",
                  "--policy: there is no policy \"best\": there are offpeak, run-now, threshold" },
                { PLAIN "-p threshold", "\"threshold\": write it as threshold:RATE|SHARE%" },
                { PLAIN "-p threshold:low", "threshold:low: give a rate, as threshold:40" },
                { PLAIN "-p oracle --events /dev/null",
                  "--events are what policy offpeak decides: add --policy offpeak" },
                { "simulate --jobs " JOBS " --price 65EUR/MWh --gpus 8 --column DE", "name it with --price" },
                { "simulate --jobs " JOBS " --price 65EUR/MWh --gpus 8 --carbon-set step=1h", "name it with --carbon" },
                { "simulate --jobs " JOBS " --config " EXAMPLE " --nodes 1x8 --pue 1.2",
                  "--pue is of a cluster without --config" },
                { "simulate --jobs - --price - --gpus 8", "\"-\": the standard input can be one of them" },
                { PLAIN "--node-repair 1h", "--node-repair is of nodes that fail: add --node-mtbf TIME" },
                { PLAIN "--checkpoint 1h", "--checkpoint is of nodes that fail: add --node-mtbf TIME" },
                { PLAIN "--node-mtbf 9d --node-repair 0", "--node-repair 0: a node that fails is down for a second" },
                { PLAIN "--node-mtbf 9m", "--node-mtbf: nodes that fail more often than every 10 minutes" },
                { PLAIN "now", "\"now\" is one word too many" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                refused(lines[i].line, OFFPEAK_EUSAGE, lines[i].says);
}

static void values_that_are_none(void **state)
{
        static const struct {
                const char *line, *says;
        } lines[] = {
                { "simulate --gpus 0", "--gpus 0: write a whole number from 1 to 1000000" },
                { "simulate --gpus 1.5", "--gpus 1.5: write a whole number" },
                { "simulate --gpus-per-node 65", "--gpus-per-node 65: write a whole number from 1 to 64" },
                { "simulate --nodes 4",
                  "--nodes 4: write --nodes 4x8 (nodes, and GPUs in each: up to 64), or hanford=4x8@700W" },
                { "simulate --nodes 4x0", "--nodes 4x0: write" },
                { "simulate --nodes 4x65", "--nodes 4x65: write" },
                { "simulate --nodes =4x8", "--nodes =4x8: write" },
                { "simulate --nodes 4x8@", "--nodes 4x8@: write" },
                { "simulate --nodes 4x8@700kg", "--nodes 4x8@700kg: write" },
                { "simulate --gpu-power 0", "--gpu-power 0: is no power above 0" },
                { "simulate --gpu-power much",
                  "--gpu-power much: is no power above 0: write --gpu-power 400 (watts), or 0.4kW" },
                { "simulate --idle-power -3", "--idle-power -3: is no power" },
                { "simulate --pue 0.9", "--pue 0.9: is facility power per IT power: write a number from 1 to 10" },
                { "simulate --carbon-price free", "--carbon-price free: is no sum of money" },
                { "simulate --delay-cost -1", "--delay-cost -1: is no sum of money" },
                { "simulate --cap-floor 0.4", "--cap-floor 0.4: write a share of a GPU's power limit from 0.5 to 1" },
                { "simulate --cap-floor 2", "--cap-floor 2: write a share" },
                { "simulate --cap-floor low", "--cap-floor low: write a share" },
                { "simulate --max-delay long", "--max-delay: " },
                { "simulate --start-cost -5m", "--start-cost: " },
                { "simulate --plan-gap x", "--plan-gap: " },
                { "simulate --node-mtbf often", "--node-mtbf: " },
                { "simulate --ramp -1m", "--ramp: " },
                { "simulate --seed 0", "--seed 0: write a whole number from 1 to" },
                { "simulate --jobs " JOBS " --price 65 --gpus 8", "--price: " },
                { "simulate --jobs " JOBS " --price 65g/kWh --gpus 8", "--price: " },
                { "simulate --jobs " JOBS " --carbon -5g/kWh --gpus 8", "a carbon intensity cannot be negative" },
                { PLAIN "--epoch someday", "--epoch: " },
                { "simulate --jobs " PRICES " --price " PRICES " --gpus 8",
                  "prices.csv:1:1: there is no column \"submit\"" },
                { "simulate --jobs " JOBS " --price " JOBS " --gpus 8", "--price: " },
                { "simulate --jobs " FIXTURES "june_jobs.csv --price " PRICES " --gpus 8",
                  "no job is left of 2 rows: jobs submitted before the series begin: 2 (line 2: job " },
                { "simulate --jobs " JOBS " --price " PRICES " --gpus 8 --capacity 300W",
                  "no job is left of 3 rows: jobs that draw more than any site ever has: 3 (line 2: job " },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                refused(lines[i].line, OFFPEAK_EINVAL, lines[i].says);
}

static void what_is_not_there(void **state)
{
        (void)state;
        refused("simulate --jobs /nowhere/jobs.csv --price " PRICES " --gpus 8", OFFPEAK_ENOTFOUND,
                "/nowhere/jobs.csv");
        refused("simulate --jobs " JOBS " --price /nowhere/prices.csv --gpus 8", OFFPEAK_ENOTFOUND,
                "--price: /nowhere/prices.csv");
        refused("simulate --jobs " JOBS " --config " EXAMPLE " --nodes mill=1x8", OFFPEAK_ENOTFOUND,
                "--nodes mill=1x8: there is no such site");
        refused("simulate --jobs " JOBS " --config " EXAMPLE " --nodes 1x8 --site mill", OFFPEAK_ENOTFOUND,
                "--site mill: ");
        refused("simulate --jobs " JOBS " --config /nowhere/offpeak.yaml --nodes 1x8", OFFPEAK_ENOTFOUND,
                "/nowhere/offpeak.yaml");
        refused("simulate --jobs " JOBS " --config " JOBS " --nodes 1x8", OFFPEAK_ECONFIG, "jobs.csv");
        refused(PLAIN "--events /nowhere/events -p offpeak", OFFPEAK_EIO, "--events /nowhere/events: ");
}

/* Names stand in the document, which is UTF-8: they would be lost. */
static void lists_in_other_encodings(void **state)
{
        char path[] = "/tmp/offpeak-test-XXXXXX", line[256];
        static const char text[] =
                "id,submit,gpus,duration_s\nok,2026-01-05T01:00:00Z,1,60\nM\xfcller,2026-01-05T01:00:00Z,1,60\n";
        int file = mkstemp(path);

        (void)state;
        assert_true(file >= 0);
        assert_int_equal(write(file, text, sizeof(text) - 1), sizeof(text) - 1);
        close(file);
        snprintf(line, sizeof(line), "simulate --jobs %s --price 65EUR/MWh --gpus 8", path);
        refused(line, OFFPEAK_EINVAL, ":3: is no text in UTF-8: save the list of jobs as UTF-8");
        unlink(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(three_jobs_on_two_days),
                cmocka_unit_test(segments_say_when),
                cmocka_unit_test(caps_are_tried),
                cmocka_unit_test(what_is_not_known_is_null),
                cmocka_unit_test(the_least_carbon),
                cmocka_unit_test(both_weighed_by_the_price_of_a_tonne),
                cmocka_unit_test(values_instead_of_files),
                cmocka_unit_test(waiting_has_a_price),
                cmocka_unit_test(power_is_limited),
                cmocka_unit_test(nodes_and_their_power),
                cmocka_unit_test(forecasts),
                cmocka_unit_test(the_same_seed_gives_the_same_bytes),
                cmocka_unit_test(nodes_fail),
                cmocka_unit_test(power_rises),
                cmocka_unit_test(a_configuration_of_a_scheduler),
                cmocka_unit_test(a_bound_names_what_it_counts),
                cmocka_unit_test(a_store_counts_for_every_policy),
                cmocka_unit_test(a_row_for_each_policy),
                cmocka_unit_test(what_was_left_out_is_said_first),
                cmocka_unit_test(jobs_that_no_site_has_the_power_for_are_left_out),
                cmocka_unit_test(strict_refuses_any_finding),
                cmocka_unit_test(options_that_are_missing_or_contradict),
                cmocka_unit_test(values_that_are_none),
                cmocka_unit_test(what_is_not_there),
                cmocka_unit_test(lists_in_other_encodings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
