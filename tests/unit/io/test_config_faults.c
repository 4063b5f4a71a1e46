/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong with a configuration at once: each thing at its place, nothing twice, and no other verdict than
 * config_read's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/config.h"
#include "io/config_files.h"

static char folder[] = "/tmp/offpeak-faults-XXXXXX";
static char file[64];

static int set_up(void **state)
{
        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(file, sizeof(file), "%s/c.yaml", folder);
        setenv("STATE_DIRECTORY", "/var/lib/unit", 1);
        setenv("RUNTIME_DIRECTORY", "/run/unit", 1);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        unlink(file);
        return rmdir(folder);
}

static void write_file(const char *text, size_t size)
{
        FILE *out = fopen(file, "w");

        assert_non_null(out);
        assert_int_equal(fwrite(text, 1, size, out), size);
        assert_int_equal(fclose(out), 0);
}

/* "LINE:COLUMN text" of each on a line of its own, `~` before warnings. */
static int listed(const char *text, char *list, size_t size)
{
        struct config_faults faults = { 0 };
        struct offpeak_error err = { 0 };
        struct config config;
        size_t used = 0;
        int code;

        write_file(text, strlen(text));
        code = config_read_all(file, &config, &faults, &err);
        if (code == 0)
                config_finish(&config);
        list[0] = '\0';
        for (size_t i = 0; i < faults.n && used < size; i++)
                used += (size_t)snprintf(list + used, size - used, "%s%u:%u %s\n", faults.items[i].warning ? "~" : "",
                                         faults.items[i].line, faults.items[i].column, faults.items[i].text);
        config_faults_finish(&faults);
        return code;
}

static void expect(const char *text, int code, const char *list)
{
        char got[16384];

        assert_int_equal(listed(text, got, sizeof(got)), code);
        assert_string_equal(got, list);
}

#define SITES "sites: [{name: hanford, currency: EUR, grid: {price: prices.csv}}]\n"

static void nothing_wrong_is_an_empty_list(void **state)
{
        (void)state;
        expect(SITES, 0, "");
}

static void keys_and_values_in_the_order_of_the_file(void **state)
{
        (void)state;
        expect("log_level: loud\n"
               "sites:\n"
               "  hanford: {currency: EUR, grid: {prize: p.csv, limit: 20, firm: much}}\n"
               "  lulea: {grid: {}}\n"
               "classes:\n"
               "  a: {min_run: 45, max_dealy: 3h, retries: -1}\n"
               "  b: {min_run: 1h, min_run: 2h}\n"
               "planner: {interval: soon}\n"
               "colour: blue\n",
               OFFPEAK_ECONFIG,
               "1:12 \"log_level\": \"loud\" is not known: write error, warning, info or debug\n"
               "3:35 unknown key \"prize\" (did you mean \"price\"?)\n"
               "3:56 \"limit\": \"20\" is no power with a unit: write it as 20 MW, 5 kW or 300 W\n"
               "3:66 \"firm\": \"much\" is no power with a unit: write it as 20 MW, 5 kW or 300 W\n"
               "4:10 \"currency\" is missing here\n"
               "6:16 \"min_run\" has no unit: write 45m, 45h or 45s\n"
               "6:20 unknown key \"max_dealy\" (did you mean \"max_delay\"?)\n"
               "6:44 \"retries\": \"-1\" is not a whole number from 0 on\n"
               "7:20 \"min_run\" is given twice\n"
               "8:21 \"interval\": cannot read \"soon\" as a duration: write 90s, 45m, 6h, 1h30m, 2d, or as in Slurm "
               "90 (minutes), "
               "1:30:00, 2-12 (days-hours)\n"
               "9:1 unknown key \"colour\": docs/configuration.md names those there are\n");
}

/* What does not fit together is told of each site and class, whatever is wrong with others. */
static void each_part_has_its_own(void **state)
{
        (void)state;
        expect("sites:\n"
               "  a: {currency: euro, grid: {}}\n"
               "  b: {currency: EUR}\n"
               "  c: {currency: EUR, grid: {firm: 30 MW, limit: 20 MW}}\n"
               "classes:\n"
               "  x: {retries: many}\n"
               "  y: {sites: [d]}\n"
               "  y: {sites: [a, a]}\n"
               "planner: {interval: 2h, horizon: 1h}\n",
               OFFPEAK_ECONFIG,
               "2:17 \"currency\": \"euro\" is no currency code: write three letters, such as EUR\n"
               "3:3 site \"b\" has neither grid, reactor nor solar: where is its power from?\n"
               "4:35 \"firm\" is more than \"limit\"\n"
               "6:16 \"retries\": \"many\" is not a whole number from 0 on\n"
               "7:15 there is no site \"d\"\n"
               "8:18 site \"a\" is named twice\n"
               "9:21 the planner's interval is longer than its horizon: most of the time there were no plan\n");
}

/* What is left out because it is wrong is not missed a second time. */
static void nothing_is_told_twice(void **state)
{
        (void)state;
        expect("sites: [{name: a, currency: EUR, grid: {}, battery: {energy: lots, power: 1 MW}}]\n", OFFPEAK_ECONFIG,
               "1:62 \"energy\": \"lots\" is no energy with a unit: write it as 100 MWh, 5 kWh or 300 Wh\n");
        expect("sites: [{name: a, currency: EUR, grid: {}, battery: {enrgy: 1 MWh, power: 1 MW}}]\n", OFFPEAK_ECONFIG,
               "1:54 unknown key \"enrgy\" (did you mean \"energy\"?)\n");
        expect("sites: [{name: a, currency: EUR, grid: 5}, {name: b, grid: {}}]\nclasses: {x: {sites: [b]}}\n",
               OFFPEAK_ECONFIG,
               "1:40 \"grid\" takes keys with values, such as {price: ...}\n"
               "1:44 \"currency\" is missing here\n");
        expect("sites: [{name: a}]\n", OFFPEAK_ECONFIG, "1:9 \"currency\" is missing here\n");
        expect("sites: [{name: a, currency: EUR, grid: {}, ppa: [{name: w, strike_per_mwh: free, kind: baseload, "
               "power: 1 MW,"
               "carbon_g_per_kwh: 5}]}]\n",
               OFFPEAK_ECONFIG, "1:76 \"strike_per_mwh\": \"free\" is not a number: write it as 0.40\n");
        expect("sites: [{name: [a], currency: EUR, grid: {}}]\n", OFFPEAK_ECONFIG,
               "1:16 \"name\" takes one value, not a list\n");
        expect("log_level: info\n", OFFPEAK_ECONFIG, "1:1 \"sites\" is missing here\n");
        expect("sites: [\n", OFFPEAK_ECONFIG,
               "2:1 this is not YAML: did not find expected node content, while parsing a flow node\n");
        expect("sites: []\n", OFFPEAK_ECONFIG, "0:0 \"sites\" is empty: name one site at least\n");
}

/* A preset fills the plant: units beside it must not come on top. */
static void a_full_plant_takes_no_more_units(void **state)
{
        char text[4096] = "sites: [{name: a, currency: EUR, reactor: {fuel_cost_per_mwh: 8, preset: voygr-12, units: [";
        char list[1024];

        (void)state;
        for (int i = 0; i < 14; i++)
                sprintf(text + strlen(text), "{name: x%d, rating: 1 MW},", i);
        strcat(text, "]}}]\n");
        assert_int_equal(listed(text, list, sizeof(list)), OFFPEAK_ECONFIG);
        assert_string_equal(list, "1:74 there are \"units\" as well: write the preset or units, not both\n");
}

/* The file is good; that this user cannot read a secret is not its fault. The daemon, which must, refuses. */
static void what_is_not_in_the_file_is_a_warning(void **state)
{
        static const char text[] = "sites: [{name: a, currency: EUR, grid: {price: {url: "
                                   "\"https://api.example/{secret:no}\", ca: gone.pem}}}]\n";
        struct offpeak_error err;
        struct config config;
        char list[1024];

        (void)state;
        assert_int_equal(listed(text, list, sizeof(list)), 0);
        assert_memory_equal(list, "~1:54 ", 6);
        assert_non_null(strstr(list, "/no: "));
        assert_non_null(strstr(list, "\n~1:93 \"ca\": "));
        assert_int_equal(config_read(file, &config, &err), OFFPEAK_ECONFIG);
}

/* Every file that a start reads is read, and told of where it is named. */
static void files_that_are_named(void **state)
{
        static const char text[] =
                "sites:\n"
                "  a: {currency: EUR, grid: {price: good.csv, carbon: gone.csv, limit_series: {file: bad.csv}},\n"
                "      battery: {energy: 1 MWh, power: 1 MW, stored: s.csv}}\n"
                "curve: {secret: no.key, clients: none}\n";
        struct config_faults faults = { 0 };
        struct offpeak_error err;
        struct config config;
        char good[80], bad[80];
        FILE *out;

        (void)state;
        snprintf(good, sizeof(good), "%s/good.csv", folder);
        snprintf(bad, sizeof(bad), "%s/bad.csv", folder);
        out = fopen(good, "w");
        fputs("time,price_eur_per_mwh\n2026-11-22T00:00:00Z,10\n2026-11-22T01:00:00Z,20\n", out);
        fclose(out);
        out = fopen(bad, "w");
        fputs("what,is this\n", out);
        fclose(out);
        write_file(text, strlen(text));
        assert_int_equal(config_read_all(file, &config, &faults, &err), 0);
        assert_int_equal(faults.n, 0);
        config_files_check(&config, &faults);
        assert_int_equal(faults.n_errors, 0);
        assert_int_equal(faults.n, 4);
        assert_int_equal(faults.items[0].line, 2);
        assert_non_null(strstr(faults.items[0].text, "/gone.csv: "));
        assert_non_null(strstr(faults.items[1].text, "/bad.csv"));
        assert_true(faults.items[1].column > faults.items[0].column);
        assert_int_equal(faults.items[2].line, 3);
        assert_non_null(strstr(faults.items[2].text, "/s.csv: "));
        assert_int_equal(faults.items[3].line, 4);
        assert_non_null(strstr(faults.items[3].text, "/no.key: "));
        config_faults_finish(&faults);
        config_finish(&config);
        unlink(good);
        unlink(bad);
}

static void too_much_is_cut(void **state)
{
        struct config_faults faults = { 0 };
        struct offpeak_error err;
        struct config config;
        FILE *out = fopen(file, "w");

        (void)state;
        fputs(SITES, out);
        for (int i = 0; i < 1000; i++)
                fprintf(out, "wrong%d: 1\n", i);
        fclose(out);
        assert_int_equal(config_read_all(file, &config, &faults, &err), OFFPEAK_ECONFIG);
        assert_int_equal(faults.n, CONFIG_MOST_FAULTS);
        assert_int_equal(faults.items[CONFIG_MOST_FAULTS - 1].line, 1 + CONFIG_MOST_FAULTS);
        config_faults_finish(&faults);
}

/* Aliases make a small file large: wrong or not, it is given up. */
static void aliases_of_aliases_end(void **state)
{
        struct config_faults faults = { 0 };
        struct offpeak_error err;
        struct config config;
        FILE *out = fopen(file, "w");

        (void)state;
        fputs("classes:\n  - &c {name: c, flex: &f [", out);
        for (int i = 0; i < 2000; i++)
                fputs("[], ", out);
        fputs("]}\n", out);
        for (int i = 0; i < 50000; i++)
                fputs("  - *c\n", out);
        fputs(SITES, out);
        fclose(out);
        assert_int_equal(config_read_all(file, &config, &faults, &err), OFFPEAK_ECONFIG);
        assert_true(faults.n_errors > 0 && faults.n <= CONFIG_MOST_FAULTS);
        config_faults_finish(&faults);
}

static void a_file_that_is_not_there(void **state)
{
        struct config_faults faults = { 0 };
        struct offpeak_error err;
        struct config config;

        (void)state;
        assert_int_equal(config_read_all("/tmp/there/is/none.yaml", &config, &faults, &err), OFFPEAK_ENOTFOUND);
        assert_int_equal(faults.n, 0);
        config_faults_finish(&faults);
}

/* ---- the same verdict as the daemon's */

static const char rich[] =
        "state_dir: s\nlisten: [\"ipc:///r/o.sock\"]\nclock: {start: 2025-06-09T00:00:00Z, rate: 60}\n"
        "planner: {interval: 2m, horizon: 3d}\ntiming: {backoff: 3s}\n"
        "sites:\n  - {name: h, currency: EUR, grid: {price: {file: p.csv, mapping: awattar, lowest: -5 EUR/MWh}, "
        "limit: 9 MW, firm: 5 MW,\n"
        "     export_limit: 1 MW, export_price_per_mwh: 3, utc_offset: \"+01:00\",\n"
        "     demand: [{per_kw: 2, interval: 15m, hours: 07-20 Mon-Fri, contract: 5 MW, minimum_share: 0.5}]},\n"
        "     ppa: [{name: w, preset: helion, strike_per_mwh: 6}], pue: {factor: 1.1},\n"
        "     reactor: {fuel_cost_per_mwh: 8, units: [{name: u, rating: 7 MW, minimum: 1 MW}],\n"
        "       outages: [{unit: u, from: 2026-11-01T00:00:00Z, to: 2026-11-20T00:00:00Z}]},\n"
        "     battery: {energy: 1 MWh, power: 1 MW, stored: {file: s.csv, stale_after: 1h, fallback: last}}}\n"
        "classes: {n: &n {max_delay: 36h, flex: [stop], sites: [h], quota: {gpus: 8}}, o: *n}\n";

static void same_verdict(const char *text, size_t size)
{
        struct config_faults faults = { 0 };
        struct offpeak_error first = { 0 }, err = { 0 };
        struct config config;
        bool told = false;
        int one, all;

        write_file(text, size);
        one = config_read(file, &config, &first);
        if (one == 0)
                config_finish(&config);
        all = config_read_all(file, &config, &faults, &err);
        if (all == 0)
                config_finish(&config);
        if (one != all)
                fail_msg("config_read says %d (%s), config_read_all %d (%s):\n%.*s", one, first.text, all, err.text,
                         (int)size, text);
        for (size_t i = 0; i < faults.n && !told; i++) {
                char whole[1024];

                if (faults.items[i].line > 0)
                        snprintf(whole, sizeof(whole), "%s:%u:%u: %s", file, faults.items[i].line,
                                 faults.items[i].column, faults.items[i].text);
                else
                        snprintf(whole, sizeof(whole), "%s: %s", file, faults.items[i].text);
                told = strcmp(whole, first.text) == 0;
        }
        if (one != 0 && !told)
                fail_msg("\"%s\" is not told of:\n%.*s", first.text, (int)size, text);
        config_faults_finish(&faults);
}

/* Each byte left out, and each made another: the verdict is the daemon's, and what the daemon says is among what is
 * told. */
static void no_other_verdict_than_the_daemons(void **state)
{
        static const char instead[] = { 'x', '9', ':', '{', ' ' };
        char text[sizeof(rich)];
        size_t size = sizeof(rich) - 1;

        (void)state;
        same_verdict(rich, size);
        for (size_t i = 0; i < size; i++) {
                memcpy(text, rich, i);
                memcpy(text + i, rich + i + 1, size - i - 1);
                same_verdict(text, size - 1);
                memcpy(text, rich, size);
                for (size_t k = 0; k < sizeof(instead); k++) {
                        text[i] = instead[k];
                        same_verdict(text, size);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_wrong_is_an_empty_list),
                cmocka_unit_test(keys_and_values_in_the_order_of_the_file),
                cmocka_unit_test(each_part_has_its_own),
                cmocka_unit_test(nothing_is_told_twice),
                cmocka_unit_test(a_full_plant_takes_no_more_units),
                cmocka_unit_test(what_is_not_in_the_file_is_a_warning),
                cmocka_unit_test(files_that_are_named),
                cmocka_unit_test(too_much_is_cut),
                cmocka_unit_test(aliases_of_aliases_end),
                cmocka_unit_test(a_file_that_is_not_there),
                cmocka_unit_test(no_other_verdict_than_the_daemons),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
