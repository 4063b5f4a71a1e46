/* SPDX-License-Identifier: Apache-2.0 */
/* `offpeak policy`: what check, show and diff say of files, and that a policy shown is the same policy. */
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
#include <jansson.h>

#include "cli/command.h"
#include "cli/policy.h"
#include "io/config.h"
#include "io/config_document.h"
#include "run_line.h"

static char folder[] = "/tmp/offpeak-policy-XXXXXX";

static const char *in_folder(const char *name)
{
        static char paths[4][96];
        static unsigned next;
        char *path = paths[next++ % 4];

        snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
        return path;
}

static void put(const char *name, const char *text)
{
        FILE *file = fopen(in_folder(name), "w");

        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
        chmod(in_folder(name), 0600);
}

static int set_up(void **state)
{
        (void)state;
        assert_non_null(mkdtemp(folder));
        put("token", "s3cret\n");
        put("prices.csv", "time,price_eur_per_mwh\n2026-11-22T00:00:00Z,10\n2026-11-22T01:00:00Z,20\n");
        return 0;
}

static int tear_down(void **state)
{
        static const char *const names[] = { "token", "prices.csv", "a.yaml", "b.yaml", "shown.yaml" };

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                unlink(in_folder(names[i]));
        return rmdir(folder);
}

/* `policy VERB` of a.yaml, and of b.yaml too where there are two. */
static struct outcome policy(const char *line, const char *a, const char *b)
{
        struct fake_client fake = { 0 };
        char whole[400];

        put("a.yaml", a);
        if (b != NULL)
                put("b.yaml", b);
        snprintf(whole, sizeof(whole), "policy %s %s%s%s", line, in_folder("a.yaml"), b != NULL ? " " : "",
                 b != NULL ? in_folder("b.yaml") : "");
        return run_line(&fake, whole);
}

/* FOLDER/ in the output is left out before it is compared. */
static void expect(struct outcome outcome, int code, const char *text)
{
        size_t size = strlen(folder) + 1;

        for (char *at = outcome.text; (at = strstr(at, folder)) != NULL;)
                memmove(at, at + size, strlen(at + size) + 1);
        if (outcome.code != code)
                fail_msg("%d (%s): %s", outcome.code, outcome.err.text, outcome.text);
        assert_string_equal(outcome.text, text);
        free(outcome.text);
}

#define SITES "sites: [{name: hanford, currency: EUR, grid: {price: prices.csv}}]\n"

/* ---- check */

static void good_and_bad_files(void **state)
{
        struct outcome bad;

        (void)state;
        expect(policy("check", SITES, NULL), 0, "a.yaml: ok: 1 site, 1 class, 1 file\n");
        expect(policy("check", SITES "classes: {a: {}, b: {}}\n", NULL), 0, "a.yaml: ok: 1 site, 3 classes, 1 file\n");
        bad = policy("check", SITES "classes: {a: {max_dealy: 3h, retries: -1}}\nlog_level: loud\n", NULL);
        assert_string_equal(offpeak_code_name(bad.code), "EINVAL");
        assert_int_equal(offpeak_exit_code(bad.code), 65);
        assert_non_null(strstr(bad.err.text, "a.yaml: 3 errors: offpeakd would not take it"));
        expect(bad, OFFPEAK_EINVAL,
               "a.yaml:2:15: unknown key \"max_dealy\" (did you mean \"max_delay\"?)\n"
               "a.yaml:2:39: \"retries\": \"-1\" is not a whole number from 0 on\n"
               "a.yaml:3:12: \"log_level\": \"loud\" is not known: write error, warning, info or debug\n");
        bad = policy("check", "sites: []\n", NULL);
        expect(bad, OFFPEAK_EINVAL, "a.yaml: \"sites\" is empty: name one site at least\n");
}

static void what_is_not_there_is_a_warning(void **state)
{
        (void)state;
        expect(policy("check",
                      "sites: [{name: h, currency: EUR, grid: {price: gone.csv, carbon: {url: "
                      "\"http://127.0.0.1/c\"}}}]\n",
                      NULL),
               0,
               "a.yaml:1:48: warning: gone.csv: cannot be opened: No such file or directory\n"
               "a.yaml: ok: 1 site, 1 class, 1 file, 1 address (not asked), 1 warning\n");
        expect(policy("check",
                      "sites: [{name: h, currency: EUR, grid: {price: {url: \"https://a.example/{secret:none}\"}}}]\n",
                      NULL),
               0,
               "a.yaml:1:54: warning: none: No such file or directory\n"
               "a.yaml: ok: 1 site, 1 class, 0 files, 1 address (not asked), 1 warning\n");
}

static void check_as_json(void **state)
{
        struct outcome outcome = policy("check --json", SITES "log_level: loud\n", NULL);
        json_t *document = json_loads(outcome.text, 0, NULL), *fault;

        (void)state;
        assert_int_equal(outcome.code, OFFPEAK_EINVAL);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.policy_check/1");
        assert_true(json_is_false(json_object_get(document, "ok")));
        assert_true(json_is_null(json_object_get(document, "sites")));
        fault = json_array_get(json_object_get(document, "faults"), 0);
        assert_int_equal(json_integer_value(json_object_get(fault, "line")), 2);
        assert_int_equal(json_integer_value(json_object_get(fault, "column")), 12);
        assert_string_equal(json_string_value(json_object_get(fault, "severity")), "error");
        json_decref(document);
        free(outcome.text);
        outcome = policy("check --json", SITES, NULL);
        document = json_loads(outcome.text, 0, NULL);
        assert_int_equal(outcome.code, 0);
        assert_true(json_is_true(json_object_get(document, "ok")));
        assert_int_equal(json_integer_value(json_object_get(document, "sites")), 1);
        assert_int_equal(json_array_size(json_object_get(document, "faults")), 0);
        json_decref(document);
        free(outcome.text);
}

static void wrong_lines(void **state)
{
        struct fake_client fake = { 0 };

        (void)state;
        expect_line(&fake, "policy", OFFPEAK_EUSAGE, "needs a verb: policy check FILE");
        expect_line(&fake, "policy chekc x", OFFPEAK_EUSAGE, "cannot \"chekc\" (did you mean \"check\"?)");
        expect_line(&fake, "policy dance", OFFPEAK_EUSAGE, "it can check, show, diff and try");
        expect_line(&fake, "policy check", OFFPEAK_EUSAGE, "policy check needs a file: offpeak policy check FILE");
        expect_line(&fake, "policy check a b", OFFPEAK_EUSAGE, "\"b\" is one word too many");
        expect_line(&fake, "policy diff a", OFFPEAK_EUSAGE, "policy diff needs two files");
        expect_line(&fake, "policy check /none/there.yaml", OFFPEAK_ENOTFOUND, "/none/there.yaml: cannot be opened");
        expect_line(&fake, "policy show /none/there.yaml", OFFPEAK_ENOTFOUND, "cannot be opened");
        expect_line(&fake, "policy diff /none/there.yaml /none/there.yaml", OFFPEAK_ENOTFOUND, "cannot be opened");
        expect_line(&fake, "policy --help", COMMAND_HELPED, "show prints every value in force");
        expect_line(&fake, "policy try", OFFPEAK_EUSAGE, "policy try needs a file: offpeak policy try NEW");
        expect_line(&fake, "policy show --replay 3d", OFFPEAK_EUSAGE, "--replay belongs to offpeak policy try");
        expect_line(&fake, "policy try a --replay 301d", OFFPEAK_EINVAL,
                    "--replay 301d: write a time of up to 300 days");
        expect_line(&fake, "policy try a --replay 0s", OFFPEAK_EINVAL, "as in --replay 30d");
        expect_line(&fake, "policy try a --replay soon", OFFPEAK_EINVAL, "--replay");
        expect_line(&fake, "policy try /none/there.yaml", OFFPEAK_ENOTFOUND, "cannot be opened");
        expect_line(&fake, "policy show --colour x", OFFPEAK_EUSAGE, "--colour");
}

/* ---- show */

static void same_feed(const struct config_feed *a, const struct config_feed *b)
{
        assert_int_equal(a->path == NULL, b->path == NULL);
        if (a->path != NULL)
                assert_string_equal(a->path, b->path);
        assert_int_equal(a->has_lowest, b->has_lowest);
        assert_int_equal(a->has_highest, b->has_highest);
        assert_int_equal(a->lowest, b->lowest);
        assert_int_equal(a->highest, b->highest);
        assert_int_equal(a->mapping == NULL, b->mapping == NULL);
        assert_int_equal(a->url == NULL, b->url == NULL);
}

/* Everything that the daemon goes by. */
static void same_config(const struct config *a, const struct config *b)
{
        json_t *values = config_document(a, false), *again = config_document(b, false);
        json_t *entry;
        size_t i;

        assert_true(policy_same(&a->policy, &b->policy));
        for (size_t s = 0; s < a->policy.n_sites; s++) {
                const struct config_feed *one = (const struct config_feed *)&a->files[s],
                                         *two = (const void *)&b->files[s];

                for (size_t k = 0; k < sizeof(a->files[s]) / sizeof(*one); k++)
                        same_feed(&one[k], &two[k]);
        }
        assert_int_equal(a->clock_start, b->clock_start);
        assert_true(a->clock_rate == b->clock_rate);
        assert_int_equal(a->log_level, b->log_level);
        assert_int_equal(a->snapshot_records, b->snapshot_records);
        json_array_foreach(values, i, entry)
        { /* short forms are spelled out, and what was a default is said */
                const char *path = json_string_value(json_object_get(entry, "path"));
                bool found = strcmp(json_string_value(json_object_get(entry, "kind")), "short") == 0;
                json_t *other;
                size_t k;

                json_array_foreach(again, k,
                                   other) if (strcmp(json_string_value(json_object_get(other, "path")), path) == 0)
                {
                        if (!json_equal(json_object_get(entry, "value"), json_object_get(other, "value")))
                                fail_msg("%s is another value", path);
                        found = true;
                }
                if (!found)
                        fail_msg("%s is gone", path);
        }
        json_decref(values);
        json_decref(again);
}

static struct config read_back(const char *name)
{
        struct offpeak_error err;
        struct config config;

        if (config_read(in_folder(name), &config, &err) != 0)
                fail_msg("%s", err.text);
        return config;
}

/* Shown, read, and shown again: the same policy, and after the first time the same text but for what was a default. */
static void survives(const char *text)
{
        struct outcome first = policy("show", text, NULL), second;
        struct config before = read_back("a.yaml"), after;

        assert_int_equal(first.code, 0);
        put("shown.yaml", first.text);
        after = read_back("shown.yaml");
        same_config(&before, &after);
        config_finish(&before);
        config_finish(&after);
        second = policy("show", first.text, NULL);
        assert_int_equal(second.code, 0);
        free(first.text);
        first = policy("show", second.text, NULL);
        assert_string_equal(first.text, second.text);
        free(first.text);
        free(second.text);
}

static const char rich[] =
        "state_dir: s\n"
        "listen: [\"ipc:///r/o.sock\", \"tcp://127.0.0.1:7711\"]\n"
        "clock: {start: 2025-06-09T00:00:00Z, rate: 0.5}\n"
        "planner: {interval: 90s, horizon: 60h, work: 12345}\n"
        "timing: {arm_timeout: 1500ms, backoff: 3s}\n"
        "log_level: debug\n"
        "sites:\n"
        "  - name: h.1\n"
        "    currency: EUR\n"
        "    grid: {price: {file: p.csv, mapping: awattar, lowest: -5.5 EUR/MWh, stale_after: 3h, fallback: last},\n"
        "      carbon: {url: \"https://a.example/{now-1d:%Y%m%d}?k={secret:token}&z=%41\", mapping: energy_charts, "
        "every: 90s, timeout: "
        "1500ms, max_bytes: 2.5 MB,\n"
        "               headers: {Authorization: \"Bearer {secret:token}\", X-Key: {secret: token}}, fallback: 385.5 "
        "g/kWh},\n"
        "      limit: 9000001 W, limit_series: {file: \"l #1.csv\", missing: [\"-\", \"n/e\"], where: {LMP_TYPE: LMP, "
        "\"a: b\": \"1\"}, column: x,\n"
        "                      unit: MW, time: t, delimiter: \";\", decimal: \",\"},\n"
        "      adder_per_mwh: -12.000001, tax: 0.19, export_limit: 1 MW, export_price_per_mwh: -3, firm: 5 MW, "
        "curtailable: 1 MW,\n"
        "      utc_offset: \"-05:30\",\n"
        "      demand: [{per_kw: 2.5, hours: 07:30-20 Mon-Fri, contract: 5 MW, minimum_share: 0.5, interval: 1h}, "
        "{per_kw: 1}]}\n"
        "    ppa: [{name: w, kind: as_produced, strike_per_mwh: 41.5, series: w.csv, share: 0.25, take_or_pay: no, "
        "behind_meter: yes,\n"
        "           start: 2026-01-01T00:00:00Z, end: 2036-01-01T00:00:00+01:00, carbon_g_per_kwh: 11.5},\n"
        "          {name: f, preset: helion, strike_per_mwh: 60, power: 40 MW},\n"
        "          {name: v, kind: virtual, strike_per_mwh: 6, power: 3 MW, carbon_g_per_kwh: 0}]\n"
        "    reactor: {fuel_cost_per_mwh: 8, capacity: {file: a80.zip, mapping: entsoe_a80, parts: {Loviisa 1: 507 MW, "
        "Loviisa 2: }},\n"
        "      house_load: 4 MW, units: [{name: u1, rating: 77 MW, minimum: 15.4 MW, ramp_per_min: 770 kW, restart: "
        "24h}, {name: u2, rating: 1 W}],\n"
        "      outages: [{unit: u1, from: 2026-11-01T00:00:00Z, to: 2026-11-20T00:00:00Z, power: 1 MW}, {unit: u2, "
        "from: "
        "2026-11-01T00:00:00Z, to: 2026-11-20T00:00:00Z}]}\n"
        "    solar: {series: sun.csv, carbon_g_per_kwh: 40}\n"
        "    battery: {energy: 100 MWh, charge: 20 MW, discharge: 25 MW, efficiency: 0.85, reserve: 1 kWh, "
        "end_value_per_mwh: 20,\n"
        "      stored: {file: soc.csv, highest: 90 MWh}}\n"
        "    pue: {fixed: 250 kW, factor: 1.1}\n"
        "    wan: {gbit_per_s: 2.5, egress_per_gb: 0.02}\n"
        "  - {name: 7, currency: EUR, reactor: {fuel_cost_per_mwh: 8, preset: natrium}, wan: {gbit_per_s: 1}}\n"
        "  - {name: bw, currency: EUR, reactor: {fuel_cost_per_mwh: 0, preset: voygr-4, storage: {energy: 1 GWh, "
        "power: 5 MW}}, grid: {limit: 0 "
        "kW}}\n"
        "classes:\n"
        "  default: {max_pauses: 0}\n"
        "  a+b: {max_delay: null, max_pauses: null, time_limit_factor: null, quota: {gpus: null}, risk: 0.95, lease: "
        "1500ms}\n"
        "  c: {sites: [h.1, \"7\"], may_move: true, move_gb: 512.5, quota: {gpus: 8}, on_lost: relaunch, "
        "interruptible: no,\n"
        "      delay_cost_per_gpu_hour: 0.000001, lateness_cost_per_hour: 1e9, deadline_margin: 0, flex: [stop], "
        "carbon_basis: location}\n";

static void a_policy_shown_is_the_same_policy(void **state)
{
        (void)state;
        survives(SITES);
        survives("sites: {a: {currency: GBP, grid: {}}}\n");
        survives("sites: {a: {currency: EUR, solar: {series: s.csv}}}\nclasses: {nightly: {}}\n");
        survives(rich);
}

/* The examples of the documentation are policies too. */
static void the_examples_survive(void **state)
{
        static const char *const files[] = { OFFPEAK_SOURCE_DIR "/deploy/examples/offpeak.yaml",
                                             OFFPEAK_SOURCE_DIR "/tests/fixtures/config/full.yaml" };

        (void)state;
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                char text[16384];
                FILE *file = fopen(files[i], "r");
                size_t size;

                assert_non_null(file);
                size = fread(text, 1, sizeof(text) - 1, file);
                fclose(file);
                text[size] = '\0';
                survives(text);
        }
}

static void lines_of_a_policy(void **state)
{
        struct outcome outcome =
                policy("show", SITES "classes: {nightly: {max_delay: null, deadline_margin: 0.05}}\n", NULL);

        (void)state;
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.text, "\n    deadline_margin: 0.05                   # of the run time\n"));
        assert_non_null(strstr(outcome.text, "\n    min_run: 15m                            # default\n"));
        assert_non_null(strstr(outcome.text, "\n    max_delay: null                         # no limit\n"));
        assert_non_null(
                strstr(outcome.text, "\n    lateness_cost_per_hour: 1000            # EUR per hour; default\n"));
        assert_non_null(strstr(outcome.text, "\n    # battery: none\n"));
        assert_non_null(strstr(outcome.text, "\n        # highest: 9999 EUR/MWh             # default\n"));
        free(outcome.text);
        outcome = policy("show", SITES "classes: {a: {retries: many}, b: {retries: all}}\n", NULL);
        assert_int_equal(outcome.code, OFFPEAK_EINVAL);
        assert_non_null(
                strstr(outcome.err.text,
                       "a.yaml:2:24: \"retries\": \"many\" is not a whole number from 0 on\n`offpeak policy check "));
        assert_string_equal(outcome.text, "");
        free(outcome.text);
}

/* ---- diff */

static void nothing_is_different(void **state)
{
        (void)state;
        expect(policy("diff", SITES, SITES), 0, "");
        expect(policy("diff", SITES,
                      "sites:\n  hanford:\n    grid: {limit: null, price: {file: ./prices.csv}}\n    currency: "
                      "\"EUR\"\n"
                      "classes: {default: {min_run: 900s, deadline_margin: 2e-2, max_pauses: 6}}\n"),
               COMMAND_DIFFERS,
               "sites.hanford.grid.price.file: prices.csv -> ./prices.csv\n"
               "1 change: 1 by `offpeak reload`\n");
        expect(policy("diff", "sites: {a: {currency: EUR, reactor: {fuel_cost_per_mwh: 8, preset: evinci}}}\n",
                      "sites: {a: {currency: EUR, reactor: {fuel_cost_per_mwh: 8, units: {u1: {rating: 5 MW, minimum: "
                      "1000 kW, ramp_per_min: "
                      "250 kW, restart: 720m}}}}}\n"),
               0, "");
}

static void values_that_changed(void **state)
{
        (void)state;
        expect(policy("diff",
                      SITES "classes: {nightly: {deadline_margin: 0.02, quota: {gpus: 8}}}\nlog_level: info\nclock: "
                            "{rate: 60}\n",
                      "sites: [{name: hanford, currency: EUR, grid: {price: prices.csv, limit: 20 MW, adder_per_mwh: "
                      "3}}]\n"
                      "classes: {nightly: {deadline_margin: 0.05, max_delay: null, sites: [hanford]}}\nlog_level: "
                      "debug\nclock: {rate: 30}\n"),
               COMMAND_DIFFERS,
               "log_level: info -> debug  (counts when offpeakd is started again)\n"
               "clock.rate: 60 -> 30 times real time  (a store keeps the clock it was begun with: needs another "
               "state_dir)\n"
               "sites.hanford.grid.limit: no limit -> 20 MW\n"
               "sites.hanford.grid.adder_per_mwh: 0 -> 3 EUR per MWh\n"
               "classes.nightly.max_delay: 1d -> no limit\n"
               "classes.nightly.deadline_margin: 0.02 -> 0.05 of the run time\n"
               "classes.nightly.quota.gpus: 8 GPUs at once -> no limit\n"
               "classes.nightly.sites: all sites -> [\"hanford\"]\n"
               "8 changes: 6 by `offpeak reload`, 1 by a restart of offpeakd, 1 with a new store\n");
}

static void what_comes_and_goes_is_told_once(void **state)
{
        (void)state;
        expect(policy("diff",
                      "sites:\n  a: {currency: EUR, grid: {price: prices.csv, demand: [{per_kw: 2}, {per_kw: 3}]}}\n  "
                      "b: {currency: EUR, grid: {}}\n"
                      "classes: {old: {}}\n",
                      "sites:\n  a: {currency: EUR, grid: {carbon: prices.csv, demand: [{per_kw: 2}]}, battery: "
                      "{energy: 1 MWh, power: 1 MW},\n"
                      "      ppa: {w: {preset: helion, strike_per_mwh: 5}}}\n"
                      "  c: {currency: EUR, grid: {price: {url: \"https://c.example/p\"}}}\n"
                      "classes: {new: {}}\n"),
               COMMAND_DIFFERS,
               "sites.a.grid.price: prices.csv -> none\n"
               "sites.a.grid.carbon: none -> prices.csv\n"
               "sites.a.grid.demand[1]: removed\n"
               "sites.a.battery: added\n"
               "sites.a.ppa.w: added\n"
               "sites.b: removed  (nothing more is started there)\n"
               "sites.c: added\n"
               "classes.old: removed  (its jobs go by class \"default\")\n"
               "classes.new: added\n"
               "9 changes: 9 by `offpeak reload`\n");
        expect(policy("diff", SITES,
                      "sites: [{name: hanford, currency: EUR, grid: {price: {url: \"https://c.example/p\", every: "
                      "5m}}}]\n"),
               COMMAND_DIFFERS,
               "sites.hanford.grid.price.file: prices.csv -> none\n"
               "sites.hanford.grid.price.url: none -> https://c.example/p\n"
               "sites.hanford.grid.price.every: none -> 5m\n"
               "3 changes: 3 by `offpeak reload`\n");
}

static void diff_as_json(void **state)
{
        struct outcome outcome = policy("diff --json", SITES, SITES "log_level: debug\n");
        json_t *document = json_loads(outcome.text, 0, NULL),
               *change = json_array_get(json_object_get(document, "changes"), 0);

        (void)state;
        assert_int_equal(outcome.code, COMMAND_DIFFERS);
        assert_string_equal(json_string_value(json_object_get(document, "schema")), "offpeak.policy_diff/1");
        assert_string_equal(json_string_value(json_object_get(change, "path")), "log_level");
        assert_string_equal(json_string_value(json_object_get(change, "what")), "changed");
        assert_string_equal(json_string_value(json_object_get(change, "old")), "info");
        assert_string_equal(json_string_value(json_object_get(change, "new")), "debug");
        assert_string_equal(json_string_value(json_object_get(change, "needs")), "restart");
        json_decref(document);
        free(outcome.text);
        outcome = policy("diff --json", SITES, SITES);
        assert_int_equal(outcome.code, 0);
        assert_non_null(strstr(outcome.text, "\"changes\": []"));
        free(outcome.text);
        outcome = policy("diff", SITES, "sites: []\n");
        assert_int_equal(outcome.code, OFFPEAK_EINVAL);
        free(outcome.text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_and_bad_files),
                cmocka_unit_test(what_is_not_there_is_a_warning),
                cmocka_unit_test(check_as_json),
                cmocka_unit_test(wrong_lines),
                cmocka_unit_test(a_policy_shown_is_the_same_policy),
                cmocka_unit_test(the_examples_survive),
                cmocka_unit_test(lines_of_a_policy),
                cmocka_unit_test(nothing_is_different),
                cmocka_unit_test(values_that_changed),
                cmocka_unit_test(what_comes_and_goes_is_told_once),
                cmocka_unit_test(diff_as_json),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
