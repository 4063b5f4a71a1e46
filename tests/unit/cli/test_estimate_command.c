/* SPDX-License-Identifier: Apache-2.0 */
/* test_estimate_command.c - `offpeak estimate` as people type it: values, files, widths, a site, and what is refused how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/when.h"
#include "cli/command.h"
#include "run_line.h"

#define FIXTURES OFFPEAK_SOURCE_DIR "/tests/fixtures/"
#define PRICES   FIXTURES "estimate/prices.csv"
#define CARBON   FIXTURES "estimate/carbon.csv"
#define PROFILES FIXTURES "estimate/profiles.csv"
#define MEGAWATT "estimate --gpus 1 --gpu-power 1MW " /* so that an hour is a MWh */
#define MWH      INT64_C(3600000000)

static struct fake_client nobody = { .open_code = OFFPEAK_EUNREACHABLE }; /* nobody is asked */

/* The document of a command line that works. */
static json_t *ask(struct fake_client *fake, const char *line)
{
        char with_json[1200];
        struct outcome outcome;
        json_t *document;

        snprintf(with_json, sizeof(with_json), "%s --json", line);
        outcome = run_line(fake, with_json);
        if (outcome.code != 0)
                fail_msg("%s: %s", line, outcome.err.text);
        document = json_loads(outcome.text, 0, NULL);
        assert_non_null(document);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.estimate/1");
        free(outcome.text);
        return document;
}

/* The value at a path like "runs.0.total.cost_micro". */
static const json_t *at(const json_t *document, const char *path)
{
        char copy[128], *rest = copy;

        snprintf(copy, sizeof(copy), "%s", path);
        for (char *word; (word = strsep(&rest, ".")) != NULL;)
                document = json_is_array(document) ? json_array_get(document, (size_t)atoi(word)) : json_object_get(document, word);
        if (document == NULL)
                fail_msg("there is no %s", path);
        return document;
}

static int64_t number_at(const json_t *document, const char *path)
{
        const json_t *value = at(document, path);

        if (!json_is_integer(value))
                fail_msg("%s is no whole number", path);
        return json_integer_value(value);
}

static const char *text_at(const json_t *document, const char *path)
{
        return json_string_value(at(document, path));
}

/* ---- values */

static void a_run_at_one_price(void **state)
{
        static const char line[] = "estimate --gpus 512 --hours 240 --gpu-power 400 --pue 1.1 --price 65EUR/MWh --carbon 385g/kWh";
        json_t *document = ask(&nobody, line);

        (void)state;
        assert_int_equal(number_at(document, "runs.0.it.energy_j"), INT64_C(176947200000));
        assert_int_equal(number_at(document, "runs.0.total.energy_j"), INT64_C(194641920000));
        assert_int_equal(number_at(document, "runs.0.overhead.energy_j"), INT64_C(17694720000));
        assert_int_equal(number_at(document, "runs.0.total.cost_micro"), INT64_C(3514368000));
        assert_int_equal(number_at(document, "runs.0.it.cost_micro"), INT64_C(3194880000));
        assert_int_equal(number_at(document, "runs.0.overhead.cost_micro"), INT64_C(319488000));
        assert_int_equal(number_at(document, "runs.0.total.carbon_mg"), INT64_C(20815872000));
        assert_true(json_is_null(at(document, "objective")));
        assert_true(json_is_null(at(document, "runs.0.starts")));
        json_decref(document);
        expect_line(&nobody, line, 0, "about 54.1 MWh, 3,514 EUR, 20.8 t CO2e: 512 GPUs for 10 d at 205 kW, PUE 1.1, price 65.00 EUR/MWh");
}

static void nodes_draw_beside_their_gpus(void **state)
{
        json_t *document = ask(&nobody, "estimate -G 9 --hours 1 --gpu-power 400 --node-overhead 1.5kW --gpus-per-node 8");

        (void)state;
        assert_int_equal(number_at(document, "runs.0.nodes"), 2);
        assert_int_equal(number_at(document, "runs.0.total.energy_j"), (9 * 400 + 2 * 1500) * 3600);
        assert_true(json_is_null(at(document, "pue_ppm"))); /* not told is not 1, and no overhead of zero */
        assert_true(json_is_null(at(document, "runs.0.overhead.energy_j")));
        assert_true(json_is_null(at(document, "runs.0.total.cost_micro")));
        json_decref(document);
        expect_line(&nobody, "estimate -G 9 --hours 1 --gpu-power 400", 0, "without what the building adds (--pue)\n");
}

/* Neither its energy nor what that would cost and emit: 0 would be a claim. */
static void an_overhead_that_is_not_known_costs_nothing_known(void **state)
{
        static const char *const keys[] = { "energy_j", "cost_micro", "carbon_mg" };
        json_t *document =
                ask(&nobody, "estimate --gpus 8 --hours 2 --gpu-power 400 --price 65EUR/MWh --carbon 385g/kWh");

        (void)state;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                assert_true(json_is_null(json_object_get(at(document, "runs.0.overhead"), keys[i])));
        assert_int_equal(number_at(document, "runs.0.it.cost_micro"), 416000); /* 6.4 kWh */
        assert_int_equal(number_at(document, "runs.0.total.cost_micro"), 416000);
        assert_int_equal(number_at(document, "runs.0.it.carbon_mg"), 2464000);
        json_decref(document);
        document = ask(&nobody, "estimate --gpus 8 --hours 2 --gpu-power 400 --pue 1 --price 65EUR/MWh");
        assert_int_equal(number_at(document, "runs.0.overhead.energy_j"), 0); /* it was told */
        assert_int_equal(number_at(document, "runs.0.overhead.cost_micro"), 0);
        json_decref(document);
}

static void pue_can_be_in_the_energy(void **state)
{
        json_t *document = ask(&nobody, "estimate --energy 1287MWh --energy-includes-pue --pue 1.1 --carbon 429g/kWh");

        (void)state;
        assert_int_equal(number_at(document, "runs.0.total.energy_j"), 1287 * MWH);
        assert_int_equal(number_at(document, "runs.0.it.energy_j"), 1170 * MWH);
        assert_int_equal(number_at(document, "runs.0.total.carbon_mg"), INT64_C(552123000000));
        json_decref(document);
        document = ask(&nobody, "estimate --gpus 10 --hours 1 --gpu-power 1kW --energy-includes-pue --pue 1.25");
        assert_int_equal(number_at(document, "runs.0.total.energy_j"), MWH / 100);
        assert_int_equal(number_at(document, "runs.0.it.energy_j"), MWH / 125);
        json_decref(document);
        expect_line(&nobody, "estimate --energy 5MWh --energy-includes-pue", 0, "about 5.0 MWh: PUE in it already\n");
}

static void hours_may_be_durations(void **state)
{
        static const struct {
                const char *hours;
                int64_t seconds;
        } cases[] = { { "1.5", 5400 }, { "36", 129600 }, { "2d", 172800 }, { "1h30m", 5400 }, { "90m", 5400 }, { "0.0003", 1 } };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char line[128];
                json_t *document;

                snprintf(line, sizeof(line), "estimate -G 1 --gpu-power 100 --hours %s", cases[i].hours);
                document = ask(&nobody, line);
                assert_int_equal(number_at(document, "runs.0.time_s"), cases[i].seconds);
                json_decref(document);
        }
}

/* ---- files */

static void a_file_gives_each_hour_its_price(void **state)
{
        json_t *document = ask(&nobody, MEGAWATT "--hours 1.5 --price " PRICES " --carbon " CARBON);

        (void)state;
        assert_string_equal(text_at(document, "runs.0.begin_utc"), "2026-11-22T10:00:00Z"); /* now */
        assert_int_equal(number_at(document, "runs.0.total.cost_micro"), 105500000); /* 70 + 71 / 2 */
        assert_int_equal(number_at(document, "runs.0.total.carbon_mg"), INT64_C(461000000)); /* 309 + 304 / 2 kg */
        assert_string_equal(text_at(document, "objective"), "cost");
        assert_string_equal(text_at(document, "currency"), "EUR");
        assert_string_equal(text_at(document, "runs.0.starts.lowest.start_utc"), "2026-11-23T00:00:00Z");
        assert_int_equal(number_at(document, "runs.0.starts.lowest.cost_micro"), 31250000); /* 20 + 22.5 / 2 */
        assert_int_equal(number_at(document, "runs.0.starts.lowest.saved_micro"), 74250000);
        assert_string_equal(text_at(document, "runs.0.starts.highest.start_utc"), "2026-11-22T17:00:00Z");
        assert_int_equal(number_at(document, "runs.0.starts.highest.cost_micro"), 184375000);
        assert_string_equal(text_at(document, "runs.0.starts.last_utc"), "2026-11-24T20:30:00Z");
        assert_true(json_is_true(at(document, "runs.0.starts.holes")));
        json_decref(document);
}

/* The cheapest start of this run lies in an hour, not at its beginning: it ends as the dear hours begin. */
static void a_start_may_lie_between_hours(void **state)
{
        json_t *document = ask(&nobody, MEGAWATT "--hours 6.5 --begin 2026-11-22T22:00Z --by 2026-11-23T08:00Z --price " PRICES);

        (void)state;
        assert_string_equal(text_at(document, "runs.0.starts.lowest.start_utc"), "2026-11-23T00:00:00Z");
        json_decref(document);
        document = ask(&nobody, MEGAWATT "--hours 6.5 --begin 2026-11-22T20:00Z --by 2026-11-23T06:00Z --price " PRICES);
        assert_string_equal(text_at(document, "runs.0.starts.lowest.start_utc"), "2026-11-22T23:30:00Z");
        assert_string_equal(text_at(document, "runs.0.starts.last_utc"), "2026-11-22T23:30:00Z");
        assert_int_equal(number_at(document, "runs.0.starts.lowest.cost_micro"), 186500000);
        json_decref(document);
}

static void carbon_can_be_what_is_looked_for(void **state)
{
        json_t *document = ask(&nobody, MEGAWATT "--hours 2 --price " PRICES " --carbon " CARBON " --objective carbon");

        (void)state;
        assert_string_equal(text_at(document, "runs.0.starts.lowest.start_utc"), "2026-11-22T12:00:00Z");
        assert_int_equal(number_at(document, "runs.0.starts.lowest.carbon_mg"), 601000000);
        json_decref(document);
        document = ask(&nobody, MEGAWATT "--hours 2 --carbon " CARBON); /* and is, where there is nothing else */
        assert_string_equal(text_at(document, "objective"), "carbon");
        json_decref(document);
        expect_line(&nobody, MEGAWATT "--hours 2 --carbon " CARBON, 0, "\ncleanest ");
}

static void a_file_of_the_past_begins_with_it(void **state)
{
        json_t *document = ask(&nobody, MEGAWATT "--hours 1 --price " FIXTURES "feeds/awattar.json");

        (void)state;
        assert_string_not_equal(text_at(document, "runs.0.begin_utc"), "2026-11-22T10:00:00Z");
        assert_int_equal(number_at(document, "runs.0.total.cost_micro"), 2160000);
        json_decref(document);
}

static void hours_that_are_not_known_are_named(void **state)
{
        (void)state;
        expect_line(&nobody, MEGAWATT "--hours 4 --begin 2026-11-24T05:00Z --price " PRICES, OFFPEAK_EINVAL,
                    "prices.csv: no price is known from 2026-11-24T06:00:00Z to 2026-11-24T07:00:00Z (1 h of the run in all): begin "
                    "elsewhere with --begin");
        expect_line(&nobody, MEGAWATT "--hours 18 --begin 2026-11-24T05:00Z --price " PRICES, OFFPEAK_EINVAL,
                    "07:00:00Z, 2026-11-24T22:00:00Z to 2026-11-24T23:00:00Z (2 h of the run in all)");
        expect_line(&nobody, MEGAWATT "--hours 1 --begin 2026-11-22T09:30Z --price 5EUR/MWh --carbon " CARBON, OFFPEAK_EINVAL,
                    "carbon.csv: no carbon intensity is known from 2026-11-22T09:30:00Z to 2026-11-22T10:00:00Z (30 min");
        expect_line(&nobody, MEGAWATT "--hours 40d --price " PRICES, OFFPEAK_EINVAL, "from 2026-11-24T06:00:00Z");
        expect_line(&nobody, MEGAWATT "--hours 6 --by 2026-11-22T15:00Z --price " PRICES, OFFPEAK_EINVAL,
                    "--by: begun then it takes 6 h and ends at 2026-11-22T16:00:00Z, 1 h late");
}

/* ---- what is refused */

static void what_makes_no_sense_is_refused(void **state)
{
        static const struct {
                const char *rest;
                int code;
                const char *says;
        } cases[] = {
                { "--gpus 0", OFFPEAK_EINVAL, "--gpus 0: write a whole number from 1 to 1000000" },
                { "--gpus 1.5", OFFPEAK_EINVAL, "--gpus 1.5: write a whole number" },
                { "--gpus nan", OFFPEAK_EINVAL, "--gpus nan: write a whole number" },
                { "--hours -3", OFFPEAK_EINVAL, "--hours -3: must be above 0" },
                { "--hours 0", OFFPEAK_EINVAL, "--hours 0: must be above 0" },
                { "--hours nan", OFFPEAK_EINVAL, "--hours nan: is no time: write hours" },
                { "--hours 1e12", OFFPEAK_EINVAL, "at most 876600 hours" },
                { "--hours inf", OFFPEAK_EINVAL, "is no time" },
                { "--pue 0.99", OFFPEAK_EINVAL, "--pue 0.99: is facility power per IT power: write a number from 1 to 10" },
                { "--pue nan", OFFPEAK_EINVAL, "--pue nan" },
                { "--pue 11", OFFPEAK_EINVAL, "--pue 11" },
                { "--gpu-power 0", OFFPEAK_EINVAL, "--gpu-power 0: is no power above 0" },
                { "--gpu-power -4", OFFPEAK_EINVAL, "--gpu-power -4: is no power above 0" },
                { "--gpu-power 5MWh", OFFPEAK_EINVAL, "--gpu-power 5MWh: is no power" },
                { "--energy 5", OFFPEAK_EINVAL, "--energy 5: is no energy above 0: write a number and its unit" },
                { "--energy 0MWh", OFFPEAK_EINVAL, "--energy 0MWh: is no energy above 0" },
                { "--energy 1e30MWh", OFFPEAK_EINVAL, "--energy 1e30MWh" },
                { "--work 0", OFFPEAK_EINVAL, "--work 0: is no amount of work above 0" },
                { "--objective time", OFFPEAK_EUSAGE, "--objective time: write cost or carbon" },
                { "", OFFPEAK_EUSAGE, "Add --gpus N, --hours H, --gpu-power WATTS; or give --energy, or --profiles" },
                { "--gpus 8 --hours 5", OFFPEAK_EUSAGE, "Add --gpu-power WATTS;" },
                { "--energy 5MWh --gpus 8", OFFPEAK_EUSAGE, "--energy says it all" },
                { "--energy 5MWh --class a", OFFPEAK_EUSAGE, "name their file with --profiles" },
                { "--energy 5MWh --by now+1h", OFFPEAK_EUSAGE, "--by is about a run of some length: add --hours" },
                { "--energy 5MWh --price " PRICES, OFFPEAK_EUSAGE, "say with --hours over which time --energy is drawn" },
                { "--energy 5MWh --column x", OFFPEAK_EUSAGE, "--mapping, --column and --set describe a file: name it with --price" },
                { "--energy 5MWh --carbon 5g/kWh --carbon-column x", OFFPEAK_EUSAGE, "name it with --carbon" },
                { "--energy 5MWh --price - --carbon -", OFFPEAK_EUSAGE, "cannot both be read from the standard input" },
                { "--gpus 8 --hours 5 --gpu-power 4 --node-overhead 5", OFFPEAK_EUSAGE, "give both" },
                { "--gpus 8 --hours 5 --gpu-power 4 --gpus-per-node 8", OFFPEAK_EUSAGE, "give both" },
                { "--energy 5MWh --price 65 EUR/MWh", OFFPEAK_EUSAGE, "\"EUR/MWh\" stands alone: a value and its unit are one word" },
                { "--energy 5MWh --price 65", OFFPEAK_EINVAL, "--price: \"65\": in which unit is this price? Write 65 and then EUR/MWh" },
                { "--energy 5MWh --price 65g/kWh", OFFPEAK_EINVAL, "in which unit is this price?" },
                { "--energy 5MWh --price 6.5ct/kWh", OFFPEAK_EINVAL, "in which currency?" },
                { "--energy 5MWh --carbon 65EUR/MWh", OFFPEAK_EINVAL, "--carbon: \"65EUR/MWh\": in which unit is this carbon intensity?" },
                { "--energy 5MWh --carbon -5g/kWh", OFFPEAK_EINVAL, "a carbon intensity cannot be negative" },
                { "--energy 5MWh --price nan", OFFPEAK_ENOTFOUND, "--price: nan: cannot be opened" },
                { "--energy 5MWh --hours 1 --price " CARBON, OFFPEAK_EINVAL,
                  "carbon.csv: holds a carbon intensity, but a price is wanted here: give it with --carbon" },
                { "--energy 5MWh --hours 1 --carbon " PRICES, OFFPEAK_EINVAL,
                  "prices.csv: holds a price, but a carbon intensity is wanted here: give it with --price" },
                { "--energy 5MWh --hours 1 --price " PROFILES, OFFPEAK_EINVAL, "--price: " },
                { "--energy 5MWh --hours 1 --price 6EUR/MWh --objective cost", OFFPEAK_EUSAGE, "give --price as a file, or --site" },
                { "--energy 5MWh --hours 1 --price " PRICES " --objective carbon", OFFPEAK_EUSAGE, "give --carbon as a file, or --site" },
                { "--energy 5MWh --hours 1 --price " PRICES " --begin soon", OFFPEAK_EINVAL, "--begin: " },
                { "--energy 1e8MWh --price 1e12EUR/MWh", OFFPEAK_EINVAL, "beyond 64 bits" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char line[600];

                snprintf(line, sizeof(line), "estimate%s%s", cases[i].rest[0] != '\0' ? " " : "", cases[i].rest);
                expect_line(&nobody, line, cases[i].code, cases[i].says);
        }
        assert_int_equal(nobody.n_calls, 0);
}

/* ---- widths */

static void every_width_is_told(void **state)
{
        json_t *document = ask(&nobody, "estimate --profiles " PROFILES " --class bert --hours 10 --gpus 8 --pue 1.2 --price " PRICES);

        (void)state;
        assert_int_equal(json_array_size(at(document, "runs")), 3);
        assert_int_equal(number_at(document, "runs.0.gpus"), 4);
        assert_int_equal(number_at(document, "runs.0.time_s"), 68034); /* 36000 x 2230 / 1180, up */
        assert_int_equal(number_at(document, "runs.0.it.energy_j"), INT64_C(68034) * 1310);
        assert_int_equal(number_at(document, "runs.1.time_s"), 36000);
        assert_int_equal(number_at(document, "runs.1.total.energy_j"), INT64_C(36000) * 2600 * 12 / 10);
        assert_int_equal(number_at(document, "runs.2.time_s"), 20585);
        json_decref(document);
        expect_line(&nobody, "estimate --profiles " PROFILES " --class bert --work 1e8", 0,
                    "least energy on 4 GPUs: 30.8 kWh in 23 h 32 min; fastest on 16: 37.8 kWh in 7 h 7 min\n");
}

static void one_width_is_one_run(void **state)
{
        json_t *document = ask(&nobody, "estimate --profiles " PROFILES " --class bert --work 1e8 --gpus 16");

        (void)state;
        assert_int_equal(json_array_size(at(document, "runs")), 1);
        assert_int_equal(number_at(document, "runs.0.time_s"), 25642);
        json_decref(document);
}

/* The narrow width takes longer than the file reaches: it alone is not priced, and says why. */
static void a_width_beyond_the_file_says_so(void **state)
{
        static const char line[] = "estimate --profiles " PROFILES " --class bert --hours 20 --gpus 8 --begin 2026-11-22T10:00Z --price " PRICES;
        static const char longer[] = "estimate --profiles " PROFILES " --class bert --hours 30 --gpus 8 --price " PRICES;
        json_t *document = ask(&nobody, longer);

        (void)state;
        assert_true(json_is_null(at(document, "runs.0.total.cost_micro")));
        assert_non_null(strstr(text_at(document, "runs.0.missing"), "no price is known from 2026-11-24T06:00:00Z"));
        assert_true(json_is_integer(at(document, "runs.1.total.cost_micro")));
        assert_true(json_is_null(at(document, "runs.1.missing")));
        json_decref(document);
        expect_line(&nobody, longer, 0, "\n4 GPUs: ");
        expect_line(&nobody, line, 0, "CHEAPEST START");
        expect_line(&nobody, "estimate --profiles " PROFILES " --class bert --hours 300 --gpus 8 --price " PRICES, OFFPEAK_EINVAL,
                    "no price is known"); /* of no width */
}

static void profiles_are_refused_with_a_reason(void **state)
{
        static const struct {
                const char *rest;
                int code;
                const char *says;
        } cases[] = {
                { "", OFFPEAK_EUSAGE, "name one with --class" },
                { "--class bert", OFFPEAK_EUSAGE, "how much is to be done? Give --work UNITS" },
                { "--class bert --hours 5", OFFPEAK_EUSAGE, "how much is to be done? Give --work UNITS" },
                { "--class bert --work 5 --hours 5", OFFPEAK_EUSAGE, "--work and --hours both say" },
                { "--class bert --work 5 --energy 5MWh", OFFPEAK_EUSAGE, "leave out --energy and --gpu-power" },
                { "--class bert --work 5 --gpu-power 5", OFFPEAK_EUSAGE, "leave out --energy and --gpu-power" },
                { "--class brt --work 5", OFFPEAK_ENOTFOUND, "has no class \"brt\" (did you mean \"bert\"?)" },
                { "--class bert --work 5 --gpus 5", OFFPEAK_ENOTFOUND, "class \"bert\" has no row of 5 GPUs" },
                { "--class bert --work 1e15", OFFPEAK_EINVAL, "more than a thousand years" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char line[400];

                snprintf(line, sizeof(line), "estimate --profiles " PROFILES " %s", cases[i].rest);
                line[strlen(line) - (cases[i].rest[0] == '\0')] = '\0';
                expect_line(&nobody, line, cases[i].code, cases[i].says);
        }
        expect_line(&nobody, "estimate --profiles " PRICES " --class a --work 5", OFFPEAK_EINVAL,
                    "prices.csv:2:1: the header lacks: class, gpus, throughput, power_w.");
        expect_line(&nobody, "estimate --profiles /nonexistent --class a --work 5", OFFPEAK_ENOTFOUND, "/nonexistent");
}

/* ---- a site */

#define CLOCK "{\"schema\":\"offpeak.version/1\",\"now_utc\":\"2026-11-22T14:00:00Z\",\"version\":\"0.1.0\"}"

static char *read_text(const char *path)
{
        FILE *file = fopen(path, "re");
        char *text = calloc(1, 65536);

        assert_non_null(file);
        assert_true(fread(text, 1, 65535, file) > 0);
        fclose(file);
        return text;
}

static void a_site_tells_what_is_forecast(void **state)
{
        char *document_text = read_text(FIXTURES "cli/price.json");
        struct fake_client fake = { .documents = { { "version", CLOCK }, { "price", document_text } } };
        json_t *document = ask(&fake, MEGAWATT "--hours 4 --site hanford");

        (void)state;
        assert_string_equal(fake.calls[0], "query version");
        assert_string_equal(fake.calls[1], "query price {\"site\":\"hanford\",\"from_utc\":\"2026-11-22T14:00:00Z\",\"to_utc\":"
                                           "\"2026-11-29T18:00:00Z\"}");
        assert_string_equal(text_at(document, "site"), "hanford");
        assert_int_equal(number_at(document, "pue_ppm"), 1200000); /* the site's */
        assert_int_equal(number_at(document, "runs.0.total.energy_j"), MWH * 48 / 10);
        assert_int_equal(number_at(document, "runs.0.total.cost_micro"), 630000000); /* 1.2 x (140 + 135 + 130 + 120) */
        assert_int_equal(number_at(document, "runs.0.price_forecast_s"), 0);
        assert_true(json_is_null(at(document, "carbon"))); /* the site has none */
        assert_string_equal(text_at(document, "runs.0.starts.lowest.start_utc"), "2026-11-22T22:00:00Z");
        assert_int_equal(number_at(document, "runs.0.starts.lowest.cost_micro"), 109200000); /* 1.2 x (25 + 22 + 20 + 24) */
        assert_int_equal(number_at(document, "runs.0.starts.lowest.price_forecast_s"), 7200);
        json_decref(document);
        expect_line(&fake, MEGAWATT "--hours 4 --site hanford", 0, "-520.80 EUR (-83 %)        50 %\n");
        expect_line(&fake, MEGAWATT "--hours 4 --site hanford --pue 1 --price 1EUR/MWh", 0, "4.00 EUR");
        free(document_text);
}

#define SITE(contract)                                                                                                 \
        "{\"schema\":\"offpeak.price/1\",\"now_utc\":\"2026-11-22T14:00:00Z\",\"sites\":[{\"name\":\"a\",\"currency\":\"EUR\"," contract \
        "\"series\":[{\"kind\":\"price\",\"values\":["                                                                 \
        "{\"start_utc\":\"2026-11-22T14:00:00Z\",\"end_utc\":\"2026-11-22T15:00:00Z\",\"value_micro_per_mwh\":100000000,\"source\":\"pushed\"}," \
        "{\"start_utc\":\"2026-11-22T15:00:00Z\",\"end_utc\":\"2026-11-22T16:00:00Z\",\"value_micro_per_mwh\":null,\"source\":\"unknown\"}]},"   \
        "{\"kind\":\"carbon\",\"values\":["                                                                            \
        "{\"start_utc\":\"2026-11-22T14:00:00Z\",\"end_utc\":\"2026-11-22T16:00:00Z\",\"value_mg_per_kwh\":50000,\"source\":\"value\"}]}]}]}"

static void a_sites_price_is_what_it_pays(void **state)
{
        struct fake_client fake = { .documents = { { "version", CLOCK },
                                                   { "price", SITE("\"grid_adder_micro_per_mwh\":10000000,\"grid_tax_ppm\":190000,") } } };
        json_t *document = ask(&fake, MEGAWATT "--hours 1 --site a");

        (void)state;
        assert_int_equal(number_at(document, "runs.0.total.cost_micro"), 130900000); /* (100 + 10) x 1.19 */
        assert_int_equal(number_at(document, "runs.0.total.carbon_mg"), 50000000);
        assert_int_equal(number_at(document, "runs.0.carbon_forecast_s"), 3600); /* a constant of the configuration: nobody published it */
        json_decref(document);
        expect_line(&fake, MEGAWATT "--hours 2 --site a", OFFPEAK_EINVAL,
                    "a: no price is known from 2026-11-22T15:00:00Z to 2026-11-22T16:00:00Z");
        expect_line(&fake, MEGAWATT "--hours 2 --site a --price 5EUR/MWh", 0, "10.00 EUR");
        expect_line(&nobody, MEGAWATT "--hours 2 --site a", OFFPEAK_EUNREACHABLE, "nobody listens");
}

static void a_site_without_a_grid_has_no_price(void **state)
{
        struct fake_client fake = { .documents = { { "version", CLOCK }, { "price", SITE("\"grid_limit_w\":0,") } } };

        (void)state;
        expect_line(&fake, MEGAWATT "--hours 1 --site a", OFFPEAK_EINVAL, "draws nothing from the grid");
        expect_line(&fake, MEGAWATT "--hours 1 --site a --price 9EUR/MWh", 0, "9.00 EUR");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_at_one_price),
                cmocka_unit_test(nodes_draw_beside_their_gpus),
                cmocka_unit_test(an_overhead_that_is_not_known_costs_nothing_known),
                cmocka_unit_test(pue_can_be_in_the_energy),
                cmocka_unit_test(hours_may_be_durations),
                cmocka_unit_test(a_file_gives_each_hour_its_price),
                cmocka_unit_test(a_start_may_lie_between_hours),
                cmocka_unit_test(carbon_can_be_what_is_looked_for),
                cmocka_unit_test(a_file_of_the_past_begins_with_it),
                cmocka_unit_test(hours_that_are_not_known_are_named),
                cmocka_unit_test(what_makes_no_sense_is_refused),
                cmocka_unit_test(every_width_is_told),
                cmocka_unit_test(one_width_is_one_run),
                cmocka_unit_test(a_width_beyond_the_file_says_so),
                cmocka_unit_test(profiles_are_refused_with_a_reason),
                cmocka_unit_test(a_site_tells_what_is_forecast),
                cmocka_unit_test(a_sites_price_is_what_it_pays),
                cmocka_unit_test(a_site_without_a_grid_has_no_price),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
