/* SPDX-License-Identifier: Apache-2.0 */
/* `offpeak assess`: small supplies whose figures anybody can add up, what does not go together, and the table. */
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
#include <math.h>

#include "unit/cli/run_line.h"

static char folder[] = "/tmp/offpeak-assess-XXXXXX";
static char old_folder[4096];

static void put(const char *name, const char *text)
{
        FILE *file = fopen(name, "w");

        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

/* An hourly series of a day and so many hours. */
static void put_hours(const char *name, const char *header, int hours, double (*value)(int hour))
{
        FILE *file = fopen(name, "w");

        assert_non_null(file);
        fprintf(file, "time,%s\n", header);
        for (int h = 0; h < hours; h++)
                fprintf(file, "2025-03-%02dT%02d:00:00Z,%g\n", 10 + h / 24, h % 24, value(h));
        fclose(file);
}

static double hundred(int hour)
{
        (void)hour;
        return 100;
}

static double ten_then_hundred(int hour)
{
        return hour < 5 ? 10 : 100;
}

static double four_hundred(int hour)
{
        (void)hour;
        return 400;
}

/* 5 MW from 6 to 9, half of it from 9 to 12. */
static double sun(int hour)
{
        return hour % 24 >= 6 && hour % 24 < 9 ? 5 : hour % 24 >= 9 && hour % 24 < 12 ? 2.5 : 0;
}

#define CLASS      "classes: {default: {start_cost: 0s}}\n"
#define SITE(more) "sites: [{name: hall, currency: EUR, grid: {price: prices.csv, carbon: carbon.csv" more "}}]\n" CLASS

#define TWO_PRICES(more)                                                                                               \
        "sites: [{name: hall, currency: EUR, grid: {price: two.csv, carbon: carbon.csv}" more "}]\n" CLASS

static int set_up(void **state)
{
        (void)state;
        assert_non_null(getcwd(old_folder, sizeof(old_folder)));
        assert_non_null(mkdtemp(folder));
        assert_int_equal(chdir(folder), 0);
        put_hours("prices.csv", "price_eur_per_mwh", 72, hundred);
        put_hours("short.csv", "price_eur_per_mwh", 24, hundred);
        put_hours("carbon.csv", "carbon_g_per_kwh", 72, four_hundred);
        put_hours("sun.csv", "capacity_mw", 72, sun);
        /* 4 kW for ten hours from midnight on */
        put("jobs.csv", "id,submit,gpus,duration_s\na,2025-03-10T00:00:00Z,8,36000\n");
        put("late.csv", "id,submit,gpus,duration_s\na,2025-03-10T00:00:00Z,8,36000\nb,2025-03-11T04:00:00Z,8,3600\n");
        put("base.yaml", SITE(""));
        put("demand.yaml", SITE(", demand: [{per_kw: 10}]"));
        put("short.yaml", "sites: [{name: hall, currency: EUR, grid: {price: short.csv, carbon: carbon.csv}}]\n" CLASS);
        put("limited.yaml", SITE(", limit: 4 kW"));
        put("dollars.yaml", "sites: [{name: hall, currency: USD, grid: {}}]\n");
        put("selling.yaml", SITE(", export_limit: 1 MW, export_price_per_mwh: 30"));
        put_hours("two.csv", "price_eur_per_mwh", 72, ten_then_hundred);
        put("twoprices.yaml", TWO_PRICES(""));
        put("stored.yaml", TWO_PRICES(", battery: {energy: 9 kWh, power: 2 kW, efficiency: 0.81}"));
        put("battery.yaml",
            "sites: [{name: hall, currency: EUR, grid: {price: prices.csv}, battery: {energy: 10 kWh, power: 5 kW, "
            "efficiency: 0.9}}]\n" CLASS);
        return 0;
}

static int tear_down(void **state)
{
        char line[300];

        (void)state;
        assert_int_equal(chdir(old_folder), 0);
        snprintf(line, sizeof(line), "rm -r %s", folder);
        return system(line) == 0 ? 0 : -1;
}

/* `assess` of a configuration, with what else the words say. */
static struct outcome assess_line(const char *config, const char *words)
{
        struct fake_client fake = { 0 };
        char line[1000];

        snprintf(line, sizeof(line), "assess --jobs jobs.csv --nodes hall=1x8@500W -p run-now --config %s %s", config,
                 words);
        return run_line(&fake, line);
}

static json_t *assess(const char *config, const char *words)
{
        char whole[700];
        struct outcome outcome;
        json_t *document;

        snprintf(whole, sizeof(whole), "%s --json", words);
        outcome = assess_line(config, whole);
        if (outcome.code != 0)
                fail_msg("%s: %s", words, outcome.err.text);
        document = json_loads(outcome.text, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.assess/1");
        free(outcome.text);
        return document;
}

/* "with.0.a_year.cost" */
static const json_t *at(const json_t *document, const char *path)
{
        char copy[200], *rest, *step;

        snprintf(copy, sizeof(copy), "%s", path);
        for (step = strtok_r(copy, ".", &rest); step != NULL; step = strtok_r(NULL, ".", &rest))
                document = json_is_array(document) ? json_array_get(document, (size_t)atoi(step))
                                                   : json_object_get(document, step);
        if (document == NULL)
                fail_msg("there is no %s", path);
        return document;
}

static void is(const json_t *document, const char *path, double value)
{
        const json_t *found = at(document, path);

        if (!json_is_number(found) || fabs(json_number_value(found) - value) > 1e-6)
                fail_msg("%s is %.9g and not %.9g", path, json_number_value(found), value);
}

static void refused(const char *config, const char *words, const char *code, const char *says)
{
        struct outcome outcome = assess_line(config, words);

        if (outcome.code == 0 || strcmp(offpeak_code_name(outcome.code), code) != 0 ||
            strstr(outcome.err.text, says) == NULL)
                fail_msg("%s: %s: %s", words, offpeak_code_name(outcome.code), outcome.err.text);
        free(outcome.text);
}

/* ---- figures */

static void an_agreement(void **state)
{
        json_t *document = assess("base.yaml", "--add ppa=50EUR/MWh:2kW@hall --yearly-cost 500");

        (void)state;
        is(document, "base.cost", 4);
        is(document, "base.energy_mwh", 0.04);
        is(document, "base.carbon_kg", 16);
        is(document, "with.0.cost", 2 + 1);
        is(document, "with.0.carbon_kg", 16); /* by location: it comes through the grid */
        is(document, "with.0.difference.cost", -1);
        is(document, "with.0.sites.0.sources.1.used_mwh", 0.02);
        is(document, "with.0.sites.0.sources.1.paid", 1);
        is(document, "with.0.sites.0.sources.1.capacity_factor", 1);
        is(document, "year_scale", 876);
        is(document, "with.0.a_year.break_even", 876);
        is(document, "with.0.a_year.net_worth", 376);
        json_decref(document);
        document = assess("base.yaml", "--add ppa=50EUR/MWh:10kW"); /* six of them are paid and not used */
        is(document, "with.0.cost", 5);
        is(document, "with.0.curtailed_mwh", 0.06);
        is(document, "with.0.curtailed_h", 10);
        is(document, "with.0.a_year.break_even", -876);
        assert_true(json_is_null(at(document, "with.0.a_year.net_worth")));
        json_decref(document);
}

static void a_reactor(void **state)
{
        json_t *document = assess(
                "base.yaml", "--add reactor=voygr:1:3kW:10EUR/MWh@hall --add reactor=voygr-4 --add reactor=natrium");

        (void)state;
        is(document, "with.0.cost", 0.03 * 10 + 0.01 * 100);
        is(document, "with.0.carbon_kg", 30 * 0.012 + 10 * 0.4);
        is(document, "with.0.sites.0.sources.1.rated_w", 3000);
        is(document, "with.0.sites.0.sources.1.capacity_factor", 1);
        assert_true(json_is_false(at(document, "with.0.free_fuel")));
        is(document, "with.1.sites.0.sources.1.rated_w", 4 * 77e6);
        is(document, "with.1.cost", 0);
        assert_true(json_is_true(at(document, "with.1.free_fuel")));
        assert_true(json_is_false(at(document, "with.1.store_left_out")));
        assert_true(json_is_true(at(document, "with.2.has_store"))); /* its salt */
        assert_true(json_is_false(at(document, "with.2.store_left_out")));
        json_decref(document);
        document = assess("battery.yaml", "--add reactor=natrium");
        assert_true(json_is_true(at(document, "with.0.store_left_out"))); /* the site has its battery */
        json_decref(document);
}

/* At 10 from midnight on and at 100 from 5 to 10, 4 kW all the time. */
static void a_battery(void **state)
{
        json_t *document = assess("twoprices.yaml", "--add battery=2kW:9kWh:81%@hall --add battery=2kW:9kWh:0.81 "
                                                    "--add battery=3kW:6kWh --with stored.yaml");

        (void)state;
        is(document, "base.cost", 0.02 * 10 + 0.02 * 100);
        assert_true(json_is_false(at(document, "base.has_store")));
        is(document, "base.stored_mwh", 0);
        assert_true(json_is_null(at(document, "base.store_cycles")));
        /* 9 kWh are stored of 10, and 8.1 of them are given, at 2 kW */
        is(document, "with.0.stored_mwh", 0.010);
        is(document, "with.0.given_mwh", 0.0081);
        is(document, "with.0.store_lost_mwh", 0.0019);
        is(document, "with.0.store_left_mwh", 0);
        is(document, "with.0.store_cycles", 1);
        is(document, "with.0.energy_mwh", 0.0419);
        is(document, "with.0.cost", 2.2 + 0.10 - 0.81);
        is(document, "with.0.carbon_kg", 41.9 * 0.4);
        is(document, "with.0.difference.cost", -0.71);
        is(document, "with.0.a_year.break_even", 0.71 * 876);
        is(document, "with.0.sites.0.peak_w", 6000);
        assert_true(json_is_false(at(document, "with.0.no_losses")));
        is(document, "with.1.cost", 2.2 - 0.71);
        is(document, "with.2.cost", 2.2 - 0.006 * 90);
        assert_true(json_is_true(at(document, "with.2.no_losses")));
        is(document, "with.3.cost", 2.2 - 0.71); /* a configuration's own is run alike */
        assert_string_equal(json_string_value(at(document, "with.3.changes.0.path")), "sites.hall.battery");
        json_decref(document);
}

static void the_sun(void **state)
{
        json_t *document = assess("base.yaml", "--add solar=sun.csv:6kW@hall");

        (void)state;
        /* 6 kW from 6 to 9, and 3 kW from 9 to 10, when the job ends: it takes 4 and 3 */
        is(document, "with.0.sites.0.sources.1.used_mwh", 0.012 + 0.003);
        is(document, "with.0.curtailed_mwh", 0.006);
        is(document, "with.0.curtailed_h", 3);
        is(document, "with.0.cost", 2.5);
        is(document, "with.0.carbon_kg", 25 * 0.4 + 15 * 0.048);
        is(document, "with.0.sites.0.sources.1.rated_w", 6000);
        json_decref(document);
        document = assess("selling.yaml", "--add solar=sun.csv:6kW");
        is(document, "with.0.sold_mwh", 0.006);
        is(document, "with.0.sold", 0.18);
        is(document, "with.0.cost", 2.5 - 0.18);
        is(document, "with.0.curtailed_mwh", 0);
        json_decref(document);
}

static double thirds(int hour)
{
        return hour == 0 ? 3 : 2;
}

/* 1000 W, and then 666.7: no watt is lost in each hour. */
static void scaling_rounds_to_the_nearest(void **state)
{
        json_t *document;
        double made;

        (void)state;
        put_hours("thirds.csv", "capacity_mw", 72, thirds);
        document = assess("base.yaml", "--add solar=thirds.csv:1kW");
        made = json_number_value(at(document, "with.0.sites.0.sources.1.available_mwh"));
        assert_string_equal(json_string_value(at(document, "with.0.sites.0.sources.1.unit")), "solar");
        assert_true(fabs(made - 7000e-6) < 5e-6);
        json_decref(document);
}

static void demand_charges(void **state)
{
        json_t *document = assess("demand.yaml", "--with base.yaml --add limit=8kW");

        (void)state;
        is(document, "base.demand_charges", 40);
        is(document, "base.cost", 44);
        is(document, "base.months", 1);
        is(document, "with.0.demand_charges", 0);
        is(document, "with.0.difference.cost", -40);
        is(document, "with.0.a_year.break_even", 480); /* twelve months, and not 876 times ten hours */
        is(document, "with.1.difference.cost", 0);
        is(document, "with.1.sites.0.sources.0.capacity_factor", 0.5);
        json_decref(document);
}

static void the_connection(void **state)
{
        json_t *document = assess("limited.yaml", "--add limit=+50%@hall --add limit=+25%,ppa=100EUR/MWh:1kW:12g/kWh");

        (void)state;
        is(document, "base.sites.0.sources.0.capacity_factor", 1);
        is(document, "with.0.sites.0.sources.0.rated_w", 6000);
        is(document, "with.0.difference.cost", 0);
        assert_string_equal(json_string_value(at(document, "with.0.changes.0.path")), "sites.hall.grid.limit");
        assert_string_equal(json_string_value(at(document, "with.0.changes.0.new")), "6 kW");
        is(document, "with.1.sites.0.sources.0.rated_w", 5000);
        is(document, "with.1.sites.0.sources.1.used_mwh", 0.01);
        assert_int_equal(json_array_size(at(document, "with.1.changes")), 2);
        json_decref(document);
}

static void the_same_jobs_in_the_same_time(void **state)
{
        struct fake_client fake = { 0 };
        struct outcome outcome =
                run_line(&fake, "assess --jobs late.csv --nodes hall=1x8@500W -p run-now --config base.yaml "
                                "--with short.yaml --with base.yaml --json");
        json_t *document = json_loads(outcome.text, 0, NULL);

        (void)state;
        assert_int_equal(outcome.code, 0);
        is(document, "jobs", 1); /* the second one ends behind the shorter prices */
        is(document, "rows", 2);
        is(document, "base.cost", 4);
        is(document, "with.0.difference.cost", 0);
        assert_int_equal(json_array_size(at(document, "with.0.changes")), 1);
        assert_int_equal(json_array_size(at(document, "with.1.changes")), 0);
        is(document, "with.1.difference.cost", 0);
        is(document, "with.1.a_year.break_even", 0);
        json_decref(document);
        free(outcome.text);
}

/* One job alone is run at once by whoever makes the hours: prices are the same at all of them. */
static void any_policy_replays(void **state)
{
        static const char *const names[] = { "oracle", "offpeak", "wait-awhile" };

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                struct fake_client fake = { 0 };
                struct outcome outcome;
                json_t *document;
                char line[300];

                snprintf(line, sizeof(line),
                         "assess --jobs jobs.csv --nodes hall=1x8@500W -p %s --config base.yaml --add "
                         "ppa=50EUR/MWh:4kW --json",
                         names[i]);
                outcome = run_line(&fake, line);
                assert_int_equal(outcome.code, 0);
                document = json_loads(outcome.text, 0, NULL);
                assert_string_equal(json_string_value(at(document, "policy")), names[i]);
                is(document, "base.cost", 4);
                is(document, "with.0.cost", 2);
                json_decref(document);
                free(outcome.text);
        }
}

/* ---- for people */

static void says(const char *text, const char *what)
{
        if (strstr(text, what) == NULL)
                fail_msg("no \"%s\" in\n%s", what, text);
}

static void the_table(void **state)
{
        struct outcome outcome =
                assess_line("battery.yaml", "--add ppa=50EUR/MWh:2kW --add reactor=voygr:1 --with base.yaml");

        (void)state;
        assert_int_equal(outcome.code, 0);
        says(outcome.text, "A: ppa=50EUR/MWh:2kW\n   sites.hall.ppa.added: added\n");
        says(outcome.text, "C: base.yaml\n");
        says(outcome.text, "1 job on 8 GPUs, 2025-03-10T00:00 to 2025-03-10T10:00 (0.4 days), hours by run-now\n");
        says(outcome.text, "A'S CHANGE");
        says(outcome.text, "-1.00 EUR");
        says(outcome.text, "876.00 EUR");
        says(outcome.text, "a year is scaled: 0.4 days times 876;");
        says(outcome.text,
             "a store is run afterwards, for the hours that the jobs have and with perfect foresight of prices");
        says(outcome.text, "the added reactor's fuel counts nothing");
        assert_null(strstr(outcome.text, "OWN COST"));
        free(outcome.text);
}

/* A site that only the change has, and a site that idles: each has its rows. */
static void sites_have_their_own_rows(void **state)
{
        struct outcome outcome;

        (void)state;
        put("two.yaml",
            "sites:\n"
            "- {name: hall, currency: EUR, grid: {price: prices.csv, carbon: carbon.csv}}\n"
            "- {name: yard, currency: EUR, grid: {}, ppa: [{name: wind, kind: baseload, strike_per_mwh: 10, "
            "power: 1 kW, carbon_g_per_kwh: 11}]}\n" CLASS);
        outcome = assess_line("base.yaml", "--with two.yaml");
        assert_int_equal(outcome.code, 0);
        says(outcome.text, "   sites.yard: added\n");
        says(outcome.text, "hall:   from grid");
        says(outcome.text, "yard: capacity factor wind");
        says(outcome.text, "+0.10 EUR"); /* paid for, and used by nobody */
        says(outcome.text, "never");
        free(outcome.text);
}

/* Two jobs of 40 hours on all GPUs, in 72 hours: what the second had still to draw is in no figure, and that is said.
 */
static void work_that_is_not_done(void **state)
{
        struct outcome outcome;

        (void)state;
        put("crowd.csv",
            "id,submit,gpus,duration_s\na,2025-03-10T00:00:00Z,8,144000\nb,2025-03-10T00:00:00Z,8,144000\n");
        outcome = assess_line("base.yaml", "--jobs crowd.csv --with demand.yaml");
        assert_int_equal(outcome.code, 0);
        says(outcome.text, "jobs not done");
        free(outcome.text);
        outcome = assess_line("base.yaml", "--with demand.yaml");
        assert_int_equal(outcome.code, 0);
        assert_null(strstr(outcome.text, "jobs not done"));
        free(outcome.text);
}

/* ---- what does not go together */

static void refusals(void **state)
{
        (void)state;
        refused("base.yaml", "--gpu-power 500", "EUSAGE", "what would change?");
        refused("base.yaml", "--yearly-cost 3 --with base.yaml", "EUSAGE", "put it behind --with or --add");
        refused("base.yaml", "--with base.yaml --yearly-cost 3 --yearly-cost 4", "EUSAGE", "twice");
        refused("base.yaml", "--with base.yaml -p oracle", "EUSAGE", "one --policy");
        refused("base.yaml", "--with base.yaml --jobs -", "EUSAGE", "name a file");
        refused("base.yaml", "--with none.yaml", "ENOTFOUND", "none.yaml");
        put("twice.csv", "id,submit,gpus,duration_s\na,2025-03-10T00:00:00Z,8,60\na,2025-03-10T00:00:00Z,8,60\n");
        refused("base.yaml", "--with base.yaml --jobs twice.csv --strict", "EINVAL",
                "ids that stand twice: 1 (line 3: ");
        refused("base.yaml", "--with dollars.yaml", "EINVAL", "nobody can compare them");
        refused("base.yaml", "--add wind=3MW", "EINVAL", "\"wind\" is not known");
        refused("base.yaml", "--add ppa", "EINVAL", "--add \"ppa\"");
        refused("base.yaml", "--add ppa=@hall", "EINVAL", "what there would be");
        refused("base.yaml", "--add ppa=50:3MW", "EINVAL", "write ppa=50EUR/MWh:3MW");
        refused("base.yaml", "--add ppa=50EUR/MWh:1e9MW", "EINVAL", "up to 1 TW");
        refused("base.yaml", "--add solar=sun.csv:1e9MW", "EINVAL", "up to 1 TW");
        refused("base.yaml", "--add reactor=voygr:1:1e9MW", "EINVAL", "up to 1 TW");
        refused("base.yaml", "--add limit=1e9MW", "EINVAL", "write limit=+30%");
        refused("base.yaml", "--add ppa=50USD/MWh:3MW", "EINVAL", "site hall is in EUR");
        refused("base.yaml", "--add ppa=50EUR/MWh:3MW@yard", "ENOTFOUND", "no site \"yard\"");
        refused("base.yaml", "--add battery=2MW", "EINVAL", "write battery=2MW:8MWh");
        refused("base.yaml", "--add battery=2MW:8MW", "EINVAL", "write battery=2MW:8MWh");
        refused("base.yaml", "--add battery=8MWh:2MW", "EINVAL", "write battery=2MW:8MWh");
        refused("base.yaml", "--add battery=11GW:8MWh", "EINVAL", "up to 10 GW");
        refused("base.yaml", "--add battery=2MW:8MWh:101%", "EINVAL", "10 to 100");
        refused("base.yaml", "--add battery=2MW:8MWh:0.05", "EINVAL", "10 to 100");
        refused("base.yaml", "--add battery=2MW:8MWh:85%:3", "EINVAL", "write battery=2MW:8MWh");
        refused("battery.yaml", "--add battery=2MW:8MWh", "EINVAL", "site hall has a store");
        refused("base.yaml", "--add reactor=candu:1", "ENOTFOUND", "voygr-4");
        refused("base.yaml", "--add reactor=voygr", "EINVAL", "how many modules?");
        refused("base.yaml", "--add reactor=voygr:13", "EINVAL", "from 1 to 12");
        refused("base.yaml", "--add reactor=voygr:1:blue", "EINVAL", "\"blue\"");
        refused("base.yaml", "--add reactor=evinci,reactor=evinci", "EINVAL", "has a reactor");
        refused("base.yaml", "--add solar=none.csv:3MW", "ENOTFOUND", "none.csv");
        refused("base.yaml", "--add solar=sun.csv", "EINVAL", "write solar=FILE:2MW");
        refused("base.yaml", "--add limit=+30%", "EINVAL", "no limit to change");
        refused("limited.yaml", "--add limit=-100%", "EINVAL", "write limit=+30%");
        refused("limited.yaml", "--add limit=much", "EINVAL", "write limit=+30%");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_agreement),
                cmocka_unit_test(a_reactor),
                cmocka_unit_test(a_battery),
                cmocka_unit_test(the_sun),
                cmocka_unit_test(scaling_rounds_to_the_nearest),
                cmocka_unit_test(demand_charges),
                cmocka_unit_test(the_connection),
                cmocka_unit_test(the_same_jobs_in_the_same_time),
                cmocka_unit_test(any_policy_replays),
                cmocka_unit_test(the_table),
                cmocka_unit_test(sites_have_their_own_rows),
                cmocka_unit_test(work_that_is_not_done),
                cmocka_unit_test(refusals),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
