/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
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

#include "feeds/mappings.h"
#include "io/config.h"
#include "io/config_schema.h"
#include "wire/log.h"

#define HOUR INT64_C(3600)

/* A folder of its own for each test; errors begin with its policy.yaml. */
struct place {
        char folder[64];
        char file[96];
};

static int set_up(void **state)
{
        struct place *place = calloc(1, sizeof(*place));
        char *real;

        strcpy(place->folder, "/tmp/offpeak-config-XXXXXX");
        assert_non_null(mkdtemp(place->folder));
        real = realpath(place->folder, NULL);
        assert_string_equal(real, place->folder);
        free(real);
        snprintf(place->file, sizeof(place->file), "%s/policy.yaml", place->folder);
        setenv("STATE_DIRECTORY", "/var/lib/unit", 1);
        setenv("RUNTIME_DIRECTORY", "/run/unit", 1);
        *state = place;
        return 0;
}

static int tear_down(void **state)
{
        struct place *place = *state;

        unlink(place->file);
        assert_int_equal(rmdir(place->folder), 0);
        free(place);
        return 0;
}

static void write_file(const struct place *place, const char *text, size_t size)
{
        FILE *file = fopen(place->file, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

static struct config good(const struct place *place, const char *text)
{
        struct offpeak_error err = { 0 };
        struct config config;

        write_file(place, text, strlen(text));
        if (config_read(place->file, &config, &err) != 0)
                fail_msg("%s", err.text);
        return config;
}

/* The error must be "FILE:where: text", to the letter. */
static void refused(const struct place *place, const char *text, const char *expected)
{
        struct offpeak_error err = { 0 };
        struct config config = { .snapshot_records = 77 };
        size_t folder = strlen(place->folder) + 1;

        write_file(place, text, strlen(text));
        if (config_read(place->file, &config, &err) == 0)
                fail_msg("accepted:\n%s", text);
        assert_int_equal(err.code, OFFPEAK_ECONFIG);
        assert_int_equal(config.snapshot_records, 77);
        assert_memory_equal(err.text, place->file, folder);
        assert_string_equal(err.text + folder, expected);
}

#define SITES "sites: [{name: hanford, currency: EUR, grid: {price: prices.csv}}]\n"

/* ---- what is read */

static void the_least_that_will_do(void **state)
{
        struct place *place = *state;
        struct config c = good(place, SITES);
        struct policy_class defaults;
        const struct policy_class *class = policy_class(&c.policy, NULL);
        char path[128];

        policy_class_defaults(&defaults);
        assert_int_equal(c.policy.n_sites, 1);
        assert_string_equal(c.policy.sites[0].name, "hanford");
        assert_string_equal(c.policy.sites[0].currency, "EUR");
        assert_int_equal(c.policy.sites[0].terms.grid_limit_w, INT64_MAX);
        assert_int_equal(c.policy.sites[0].terms.pue_ppm, 1000000);
        assert_false(c.policy.sites[0].terms.has_reactor);
        snprintf(path, sizeof(path), "%s/prices.csv", place->folder);
        assert_string_equal(c.files[0].price.path, path);
        assert_null(c.files[0].carbon.path);
        assert_int_equal(c.policy.n_classes, 1);
        assert_string_equal(class->name, "default");
        assert_int_equal(class->lateness_cost, defaults.lateness_cost);
        assert_int_equal(class->min_run_s, defaults.min_run_s);
        assert_int_equal(c.n_listen, 1);
        assert_string_equal(c.listen[0], "ipc:///run/unit/offpeakd.sock");
        assert_string_equal(c.state_dir, "/var/lib/unit");
        assert_null(c.curve_secret);
        assert_false(c.clock_scaled);
        assert_true(c.clock_rate == 1.0);
        assert_int_equal(c.log_level, LOG_LEVEL_INFO);
        assert_true(c.snapshot_records > 0);
        config_finish(&c);
        config_finish(&c); /* twice does no harm */
}

static const char full[] =
        "# everything there is\n"
        "state_dir: state\n"
        "listen: [\"ipc:///run/offpeak/offpeakd.sock\", tcp://10.0.0.1:7711]\n"
        "curve: {secret: keys/offpeakd.key, clients: /etc/offpeak/clients}\n"
        "clock: {start: 2025-06-09T00:00:00Z, rate: 60}\n"
        "snapshot_records: 500\n"
        "log_level: debug\n"
        "planner: {interval: 2m, horizon: 3d, work: 1000000}\n"
        "timing: {arm_timeout: 1500ms, backoff: 3s}\n"
        "sites:\n"
        "  - {name: hanford, currency: EUR,\n"
        "     grid: {price: prices.csv, carbon: carbon.csv, limit: 20 MW, limit_series: limit.csv, adder_per_mwh: "
        "-1.5},\n"
        "     reactor: {capacity: /data/reactor.csv, fuel_cost_per_mwh: 8, carbon_g_per_kwh: 11.5},\n"
        "     pue: {fixed: 250 kW, factor: 1.1}, wan: {gbit_per_s: 10, egress_per_gb: 0.02}}\n"
        "  - name: lulea\n"
        "    wan: {gbit_per_s: 2.5}\n"
        "    currency: EUR\n"
        "    grid: {limit: null}\n"
        "classes:\n"
        "  default:\n"
        "  nightly:\n"
        "    delay_cost_per_gpu_hour: 0.40\n"
        "    max_delay: 36h\n"
        "    lateness_cost_per_hour: 25\n"
        "    carbon_price_per_t: 80\n"
        "    carbon_basis: location\n"
        "    interruptible: true\n"
        "    max_pauses: null\n"
        "    min_run: 45m\n"
        "    start_cost: 4m\n"
        "    stop_grace: 120s\n"
        "    flex: [stop]\n"
        "    shed_tier: null\n"
        "    cap_floor: 0.55\n"
        "    on_lost: relaunch\n"
        "    lease: 90s\n"
        "    retries: 5\n"
        "    time_limit_factor: 1.5\n"
        "    max_price_per_mwh: null\n"
        "    risk: 0.9\n"
        "    deadline_margin: 0.05\n"
        "    quota: {gpus: 256, gpu_hours_per_month: 120000}\n"
        "    sites: [hanford, lulea]\n"
        "    may_move: true\n"
        "    move_gb: 512.5\n"
        "  urgent: {interruptible: no, max_pauses: 0, time_limit_factor: null, quota: {gpus: null, "
        "gpu_hours_per_month: null}}\n";

static void everything_there_is(void **state)
{
        struct place *place = *state;
        struct config c = good(place, full);
        const struct supply_terms *terms = &c.policy.sites[0].terms;
        const struct policy_class *class = policy_class(&c.policy, "nightly");
        char path[128];

        assert_int_equal(c.policy.n_sites, 2);
        assert_int_equal(terms->grid_limit_w, 20000000);
        assert_int_equal(terms->grid_adder, -1500000);
        assert_true(terms->has_reactor);
        assert_int_equal(terms->reactor_fuel, 8000000);
        assert_int_equal(terms->reactor_carbon, 11500);
        assert_int_equal(terms->pue_fixed_w, 250000);
        assert_int_equal(terms->pue_ppm, 1100000);
        snprintf(path, sizeof(path), "%s/limit.csv", place->folder);
        assert_string_equal(c.files[0].limit.path, path);
        assert_string_equal(c.files[0].capacity.path, "/data/reactor.csv");
        assert_int_equal(c.policy.sites[1].terms.grid_limit_w, INT64_MAX);
        assert_null(c.files[1].price.path);

        assert_int_equal(c.policy.n_classes, 3);
        assert_int_equal(class->delay_cost, 400000);
        assert_int_equal(class->max_delay_s, 36 * HOUR);
        assert_int_equal(class->lateness_cost, 25000000);
        assert_int_equal(class->carbon_price, 80000000);
        assert_true(class->interruptible);
        assert_int_equal(class->max_pauses, UINT32_MAX);
        assert_int_equal(class->min_run_s, 2700);
        assert_int_equal(class->start_cost_s, 240);
        assert_int_equal(class->stop_grace_s, 120);
        assert_int_equal(class->on_lost, ON_LOST_RELAUNCH);
        assert_int_equal(class->lease_ms, 90000);
        assert_int_equal(class->retries, 5);
        assert_int_equal(class->limit_ppm, 1500000);
        assert_int_equal(class->quota_gpus, 256);
        assert_int_equal(class->quota_gpu_hours, 120000);
        assert_int_equal(class->risk_ppm, 400000);
        assert_int_equal(class->deadline_margin_ppm, 50000);
        assert_int_equal(class->cap_floor_ppm, 550000);
        assert_true(class->may_move);
        assert_int_equal(class->move_mb, 512500);
        assert_int_equal(c.policy.sites[0].wan_mbit_per_s, 10000);
        assert_int_equal(c.policy.sites[0].egress_cost, 20000);
        assert_int_equal(c.policy.sites[1].wan_mbit_per_s, 2500);
        assert_int_equal(c.policy.sites[1].egress_cost, 0);
        assert_int_equal(class->n_sites, 2);
        assert_string_equal(class->sites[1], "lulea");
        class = policy_class(&c.policy, "urgent");
        assert_false(class->interruptible);
        assert_int_equal(class->max_pauses, 0);
        assert_int_equal(class->limit_ppm, 0);
        assert_int_equal(class->quota_gpus, 0);
        assert_int_equal(class->quota_gpu_hours, 0);

        assert_int_equal(c.policy.plan_interval_s, 120);
        assert_int_equal(c.policy.plan_horizon_s, 72 * HOUR);
        assert_int_equal(c.policy.plan_work, 1000000);
        assert_int_equal(c.policy.arm_timeout_ms, 1500);
        assert_int_equal(c.policy.backoff_ms, 3000);
        assert_int_equal(c.n_listen, 2);
        assert_string_equal(c.listen[1], "tcp://10.0.0.1:7711");
        snprintf(path, sizeof(path), "%s/keys/offpeakd.key", place->folder);
        assert_string_equal(c.curve_secret, path);
        assert_string_equal(c.curve_clients, "/etc/offpeak/clients");
        snprintf(path, sizeof(path), "%s/state", place->folder);
        assert_string_equal(c.state_dir, path);
        assert_true(c.clock_scaled);
        assert_int_equal(c.clock_start, 1749427200);
        assert_true(c.clock_rate == 60.0);
        assert_int_equal(c.snapshot_records, 500);
        assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
        config_finish(&c);
}

/* Sites may be named like classes, and classes listed like sites. */
static void both_ways_to_name_things(void **state)
{
        struct config c = good(*state, "sites:\n"
                                       "  hanford: {currency: EUR, grid: {price: prices.csv}}\n"
                                       "  \"lulea\": {currency: EUR, grid: {}, pue: , reactor: null}\n"
                                       "  desert: {currency: EUR, reactor: {capacity: r.csv, fuel_cost_per_mwh: 8}}\n"
                                       "classes: [{name: nightly, sites: [lulea]}]\n");

        assert_int_equal(c.policy.n_sites, 3);
        assert_string_equal(c.policy.sites[1].name, "lulea");
        assert_false(c.policy.sites[1].terms.has_reactor);
        assert_int_equal(c.policy.sites[2].terms.grid_limit_w, 0); /* no grid */
        assert_string_equal(policy_class(&c.policy, "nightly")->sites[0], "lulea");
        config_finish(&c);
}

static void paths_start_at_the_file(void **state)
{
        struct place *place = *state;
        struct offpeak_error err;
        struct config c;
        char here[512], path[128];

        write_file(place, SITES, strlen(SITES));
        assert_non_null(getcwd(here, sizeof(here)));
        assert_int_equal(chdir(place->folder), 0);
        assert_int_equal(config_read("policy.yaml", &c, &err), 0);
        assert_int_equal(chdir(here), 0);
        snprintf(path, sizeof(path), "%s/prices.csv", place->folder);
        assert_string_equal(c.files[0].price.path, path);
        config_finish(&c);
}

static void anchors_and_flow_are_yaml_too(void **state)
{
        struct config c = good(*state, SITES "classes:\n"
                                             "  a: &a {min_run: 10m, \"max_delay\": '36h'}\n"
                                             "  b: *a\n");

        assert_int_equal(policy_class(&c.policy, "b")->min_run_s, 600);
        assert_int_equal(policy_class(&c.policy, "b")->max_delay_s, 36 * HOUR);
        config_finish(&c);
}

/* ---- what is refused, and where */

static void keys(void **state)
{
        refused(*state, SITES "classes:\n  nightly:\n    max_dealy: 36h\n",
                "policy.yaml:4:5: unknown key \"max_dealy\" (did you mean \"max_delay\"?)");
        refused(*state, SITES "colour: blue\n",
                "policy.yaml:2:1: unknown key \"colour\": docs/configuration.md names those there are");
        refused(*state, "sites: [{name: a, currency: EUR, grid: {prize: p.csv}}]\n",
                "policy.yaml:1:41: unknown key \"prize\" (did you mean \"price\"?)");
        refused(*state, SITES "classes: {a: {<<: {}}}\n",
                "policy.yaml:2:15: unknown key \"<<\": docs/configuration.md names those there are");
        refused(*state, SITES "log_level: info\nlog_level: debug\n", "policy.yaml:3:1: \"log_level\" is given twice");
        refused(*state, SITES "classes: {a: {name: b}}\n", "policy.yaml:2:15: \"name\" is given twice");
        refused(*state, SITES "classes: {a: {}, b: {}, a: {}}\n", "policy.yaml:2:25: class \"a\" is there twice");
        refused(*state, SITES "? [a, b]\n: c\n", "policy.yaml:2:3: a key must be a word");
        refused(*state, "log_level: info\n", "policy.yaml:1:1: \"sites\" is missing here");
        refused(*state, "sites: [{name: a}]\n", "policy.yaml:1:9: \"currency\" is missing here");
        refused(*state, "sites: [{name: a, currency: EUR, reactor: {capacity: c.csv}}]\n",
                "policy.yaml:1:43: \"fuel_cost_per_mwh\" is missing here");
        refused(*state, SITES "curve: {secret: a.key}\n", "policy.yaml:2:8: \"clients\" is missing here");
}

static void shapes(void **state)
{
        refused(*state, "", "policy.yaml:1:1: the file is empty");
        refused(*state, "# nothing\n", "policy.yaml:1:1: the file is empty");
        refused(*state, "just words\n", "policy.yaml:1:1: the file must hold keys with values");
        refused(*state, "sites: 5\n", "policy.yaml:1:8: \"sites\" takes a list, such as [...]");
        refused(*state, "sites: []\n", "policy.yaml: \"sites\" is empty: name one site at least");
        refused(*state, SITES "listen: ipc:///run/x\n", "policy.yaml:2:9: \"listen\" takes a list, such as [...]");
        refused(*state, SITES "planner: 5m\n",
                "policy.yaml:2:10: \"planner\" takes keys with values, such as {interval: ...}");
        refused(*state, SITES "classes: {a: 5}\n",
                "policy.yaml:2:14: \"a\" takes keys with values, one of \"classes\"");
        refused(*state, SITES "log_level: [info]\n", "policy.yaml:2:12: \"log_level\" takes one value, not a list");
        refused(*state, SITES "log_level: {info: 1}\n",
                "policy.yaml:2:12: \"log_level\" takes one value, not a mapping");
        refused(*state, SITES "---\nlog_level: info\n",
                "policy.yaml:3:1: a second document begins here: a file holds one");
        refused(*state, SITES "log_level: \"a\\0b\"\n", "policy.yaml:2:12: \"log_level\" holds a zero byte");
}

static void broken_yaml(void **state)
{
        struct place *place = *state;
        struct offpeak_error err;
        struct config config;
        char wanted[160];

        write_file(place, "sites: [\n  {name: a\n", 20);
        assert_int_equal(config_read(place->file, &config, &err), OFFPEAK_ECONFIG);
        snprintf(wanted, sizeof(wanted), "%s:3:1: this is not YAML: ", place->file);
        assert_memory_equal(err.text, wanted, strlen(wanted));
        write_file(place, "sites:\n\t- x\n", 12);
        assert_int_equal(config_read(place->file, &config, &err), OFFPEAK_ECONFIG);
        snprintf(wanted, sizeof(wanted), "%s:2:1: this is not YAML: ", place->file);
        assert_memory_equal(err.text, wanted, strlen(wanted));
        write_file(place, "a: \xff\xfe\n", 6);
        assert_int_equal(config_read(place->file, &config, &err), OFFPEAK_ECONFIG);
}

static void durations(void **state)
{
#define CLASS(text) SITES "classes:\n  a: {" text "}\n"
        refused(*state, CLASS("min_run: 45"), "policy.yaml:3:16: \"min_run\" has no unit: write 45m, 45h or 45s");
        refused(*state, CLASS("min_run: soon"),
                "policy.yaml:3:16: \"min_run\": cannot read \"soon\" as a duration: write 90s, 45m, 6h, 1h30m, 2d, or "
                "as in "
                "Slurm 90 (minutes), 1:30:00, 2-12 (days-hours)");
        refused(*state, CLASS("min_run: 31d"),
                "policy.yaml:3:16: \"min_run\" is 31d, too long: 30 d is the most allowed");
        refused(*state, CLASS("stop_grace: 0"),
                "policy.yaml:3:19: \"stop_grace\" is 0, too short: 1 s is the least allowed");
        refused(*state, CLASS("min_run: 1500ms"), "policy.yaml:3:16: \"min_run\" is 1500ms: whole seconds are wanted");
        refused(*state, CLASS("lease: 10ms"),
                "policy.yaml:3:14: \"lease\" is 10ms, too short: 1 s is the least allowed");
        refused(*state, CLASS("min_run: null"),
                "policy.yaml:3:16: \"min_run\" has no value: write one, or leave the key out for the default");
        refused(*state, CLASS("min_run: "),
                "policy.yaml:3:16: \"min_run\" has no value: write one, or leave the key out for the default");
        refused(*state, SITES "timing: {arm_timeout: xms}\n",
                "policy.yaml:2:23: \"arm_timeout\": \"xms\" is not a duration: write 500ms");
        refused(*state, SITES "timing: {backoff: 0ms}\n",
                "policy.yaml:2:19: \"backoff\" is 0ms, too short: 1 ms is the least allowed");
        refused(*state, SITES "planner: {interval: 2d, horizon: 1d}\n",
                "policy.yaml:2:21: \"interval\" is 2d, too long: 1 d is the most allowed");
        refused(*state, SITES "planner: {interval: 2h, horizon: 1h}\n",
                "policy.yaml:2:21: the planner's interval is longer than its horizon: most of the time there were no "
                "plan");
        refused(*state, SITES "clock: {start: 2025-06-09T00:00:00}\n",
                "policy.yaml:2:16: \"start\": \"2025-06-09T00:00:00\" does not say its time zone: write UTC with a Z "
                "at the "
                "end, or an offset such as +01:00");
}

static void numbers(void **state)
{
        refused(*state, CLASS("delay_cost_per_gpu_hour: 0.40 EUR"),
                "policy.yaml:3:32: \"delay_cost_per_gpu_hour\": \"0.40 EUR\" is not a number: write it as 0.40");
        refused(*state, CLASS("delay_cost_per_gpu_hour: -1"),
                "policy.yaml:3:32: \"delay_cost_per_gpu_hour\" is -1: 0 is the least allowed");
        refused(*state, CLASS("carbon_price_per_t: 1e10"),
                "policy.yaml:3:27: \"carbon_price_per_t\" is 1e10: 1000000000 is the most allowed");
        refused(*state, CLASS("time_limit_factor: 0.5"),
                "policy.yaml:3:26: \"time_limit_factor\" is 0.5: 1 is the least allowed");
        refused(*state, CLASS("retries: -1"), "policy.yaml:3:16: \"retries\": \"-1\" is not a whole number from 0 on");
        refused(*state, CLASS("retries: 1001"), "policy.yaml:3:16: \"retries\" is 1001: it must be between 0 and 1000");
        refused(*state, CLASS("cap_floor: 0.4"), "policy.yaml:3:18: \"cap_floor\" is 0.4: 0.5 is the least allowed");
        refused(*state, CLASS("deadline_margin: 0.6"),
                "policy.yaml:3:24: \"deadline_margin\" is 0.6: 0.5 is the most allowed");
        refused(*state, CLASS("risk: 1"), "policy.yaml:3:13: \"risk\" is 1: 0.95 is the most allowed");
        refused(*state, CLASS("quota: {gpus: 0}"),
                "policy.yaml:3:21: \"gpus\" is 0: it must be between 1 and 4294967295");
        refused(*state, CLASS("quota: {gpu_hours_per_month: 0}"),
                "policy.yaml:3:36: \"gpu_hours_per_month\" is 0: it must be between 1 and 1000000000");
        refused(*state, CLASS("quota: {gpu_hours_per_month: 1.5}"),
                "policy.yaml:3:36: \"gpu_hours_per_month\": \"1.5\" is not a whole number from 0 on");
        refused(*state, CLASS("quota: {gpus: 99999999999999999999}"),
                "policy.yaml:3:21: \"gpus\": \"99999999999999999999\" is not a whole number from 0 on");
        refused(*state, SITES "clock: {rate: 0}\n", "policy.yaml:2:15: \"rate\" is 0: 0.001 is the least allowed");
#define SITE(text) "sites:\n  - {name: a, currency: EUR, " text "}\n"
        refused(*state, SITE("grid: {limit: 20}"),
                "policy.yaml:2:44: \"limit\": \"20\" is no power with a unit: write it as 20 MW, 5 kW or 300 W");
        refused(*state, SITE("grid: {limit: 20 MWh}"),
                "policy.yaml:2:44: \"limit\": \"20 MWh\" is no power with a unit: write it as 20 MW, 5 kW or 300 W");
        refused(*state, SITE("grid: {limit: -5 kW}"),
                "policy.yaml:2:44: \"limit\" is -5 kW: power cannot be negative here");
        refused(*state, SITE("grid: {}, pue: {factor: 0.9}"),
                "policy.yaml:2:54: \"factor\" is 0.9: 1 is the least allowed");
}

/* Who carries something must know how fast; who carries nothing, or has one site, need not. */
static void moves(void **state)
{
#define TWO(wan)                                                                                                       \
        "sites:\n  - {name: a, currency: EUR, grid: {}, wan: {gbit_per_s: 1}}\n"                                       \
        "  - {name: b, currency: EUR, grid: {}" wan "}\n"
        struct config c = good(*state, TWO("") "classes:\n  x: {may_move: true}\n  y: {may_move: true, move_gb: 5, sites: [b]}\n"
                                               "  z: {move_gb: 5}\n");

        assert_true(policy_class(&c.policy, "x")->may_move);
        assert_int_equal(policy_class(&c.policy, "x")->move_mb, 0);
        config_finish(&c);
        refused(*state, TWO("") "classes:\n  x: {may_move: true, move_gb: 5}\n",
                "policy.yaml:5:32: jobs of class \"x\" carry this between their sites, and site \"b\" does not say how fast: "
                "give it wan: {gbit_per_s: 10}, say");
        refused(*state, TWO(", wan: {egress_per_gb: 1}") "classes:\n  x: {may_move: true, move_gb: 5}\n",
                "policy.yaml:5:32: jobs of class \"x\" carry this between their sites, and site \"b\" does not say how fast: "
                "give it wan: {gbit_per_s: 10}, say");
        refused(*state, TWO(", wan: {gbit_per_s: 0}"), "policy.yaml:3:58: \"gbit_per_s\" is 0: 0.001 is the least allowed");
        refused(*state, TWO(", wan: {egress_per_gb: -1}"),
                "policy.yaml:3:61: \"egress_per_gb\" is -1: 0 is the least allowed");
        refused(*state, TWO(", wan: {gbit: 1}"),
                "policy.yaml:3:46: unknown key \"gbit\": docs/configuration.md names those there are");
        refused(*state, TWO("") "classes:\n  x: {move_gb: 5 GB}\n",
                "policy.yaml:5:16: \"move_gb\": \"5 GB\" is not a number: write it as 0.40");
        refused(*state, TWO("") "classes:\n  x: {may_move: maybe}\n",
                "policy.yaml:5:17: \"may_move\": \"maybe\" is neither true nor false");
}

static void words(void **state)
{
        refused(*state, CLASS("interruptible: perhaps"),
                "policy.yaml:3:22: \"interruptible\": \"perhaps\" is neither true nor false");
        refused(*state, CLASS("on_lost: retry"),
                "policy.yaml:3:16: \"on_lost\": \"retry\" is not known: write wait or relaunch");
        refused(*state, SITES "log_level: loud\n",
                "policy.yaml:2:12: \"log_level\": \"loud\" is not known: write error, warning, info or debug");
        refused(*state, CLASS("sites: [hanfrod]"),
                "policy.yaml:3:15: there is no site \"hanfrod\" (did you mean \"hanford\"?)");
        refused(*state, CLASS("sites: [oslo]"), "policy.yaml:3:15: there is no site \"oslo\"");
        refused(*state, CLASS("sites: [hanford, hanford]"), "policy.yaml:3:24: site \"hanford\" is named twice");
        refused(*state, SITES "classes: {\"a b\": {}}\n",
                "policy.yaml:2:11: \"name\": \"a b\" is no name: use letters, digits, \".\", \"_\", \"-\"");
        refused(*state, SITES "classes: {\"\": {}}\n",
                "policy.yaml:2:11: \"name\" has no value: write one, or leave the key out for the default");
        refused(*state, "sites: [{name: a, currency: euro, grid: {}}]\n",
                "policy.yaml:1:29: \"currency\": \"euro\" is no currency code: write three letters, such as EUR");
        refused(*state, "sites: [{name: a, currency: EUR, grid: {}}, {name: a, currency: EUR, grid: {}}]\n",
                "policy.yaml:1:52: site \"a\" is there twice");
        refused(*state, "sites: [{name: a, currency: EUR, grid: {}}, {name: b, currency: SEK, grid: {}}]\n",
                "policy.yaml:1:65: sites with different currencies (EUR at a, SEK at b) are not supported yet: convert "
                "the "
                "prices of one");
        refused(*state, "sites: [{name: a, currency: EUR}]\n",
                "policy.yaml:1:16: site \"a\" has neither grid, reactor nor solar: where is its power from?");
        refused(*state, SITES "listen: [offpeakd.sock]\n",
                "policy.yaml:2:10: \"listen\": \"offpeakd.sock\" is no endpoint: write ipc:///PATH or tcp://HOST:PORT");
        refused(*state, SITES "listen: [\"tcp://127.0.0.1:0\", \"tcp://*:7711\"]\n",
                "policy.yaml:2:31: \"listen\": tcp://*:7711 can be reached from other machines: that needs keys, see "
                "\"curve\"");
}

/* A key that does nothing yet must not be believed in. */
static void what_is_not_supported_yet(void **state)
{
        refused(*state, CLASS("carbon_basis: market"),
                "policy.yaml:3:21: \"carbon_basis: market\" is not supported yet: leave the key out, or write "
                "location");
        refused(*state, CLASS("flex: [stop, freeze]"),
                "policy.yaml:3:20: \"flex: freeze\" is not supported yet: leave the key out, or write stop");
        refused(*state, CLASS("shed_tier: 50"),
                "policy.yaml:3:18: \"shed_tier: 50\" is not supported yet: leave the key out, or write null");
        refused(*state, CLASS("max_price_per_mwh: 90"),
                "policy.yaml:3:26: \"max_price_per_mwh: 90\" is not supported yet: leave the key out, or write null");
}

static void files(void **state)
{
        struct place *place = *state;
        struct offpeak_error err;
        struct config config;

        assert_int_equal(config_read("/nonexistent/policy.yaml", &config, &err), OFFPEAK_ENOTFOUND);
        assert_string_equal(err.text, "/nonexistent/policy.yaml: cannot be opened: No such file or directory");
        assert_int_equal(config_read(place->file, &config, &err), OFFPEAK_ENOTFOUND);
        assert_int_equal(config_read(place->folder, &config, &err), OFFPEAK_EIO);
}

/* Aliases of aliases: bounded by the schema, and by size. */
static void aliases_do_not_multiply(void **state)
{
        struct place *place = *state;
        struct offpeak_error err;
        struct config config;
        size_t size = 0, room = 900000;
        char *text = malloc(room);

        size += (size_t)snprintf(text, room, SITES "classes:\n- &a {name: a, sites: [&s hanford");
        while (size < 50000)
                size += (size_t)snprintf(text + size, room - size, ", *s");
        size += (size_t)snprintf(text + size, room - size, "]}\n");
        while (size < 100000)
                size += (size_t)snprintf(text + size, room - size, "- *a\n");
        write_file(place, text, size);
        assert_int_equal(config_read(place->file, &config, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "the file says too much"));
        free(text);
        refused(place, SITES "classes: &c\n  a: *c\n",
                "policy.yaml:3:3: unknown key \"a\": docs/configuration.md names those there are");
}

/* ---- files with a mapping */

#define FEED(text) "sites:\n- name: a\n  currency: EUR\n  grid:\n    price: {file: p.csv, " text "}\n"

static void mappings_are_read(void **state)
{
        struct config c = good(*state, "sites:\n- name: a\n  currency: EUR\n  grid:\n"
                                       "    price: {file: p.csv, mapping: smard, column: Frankreich, vat: 1.24}\n"
                                       "    carbon: {file: c.csv}\n"
                                       "    limit_series: {file: l.json, format: json, rows: a.b, time: t, column: v,\n"
                                       "      unit: MW, missing: [x, '?'], where: {kind: a, 'no: de': \"7\"}, stamps: end}\n"
                                       "  reactor:\n    fuel_cost_per_mwh: 1\n"
                                       "    capacity: {file: r.txt, mapping: nrc_power, parts: {A 1: 836 MW, B=2: }}\n");
        const struct mapping *price = c.files[0].price.mapping, *limit = c.files[0].limit.mapping;
        const struct mapping *capacity = c.files[0].capacity.mapping;

        assert_string_equal(price->column, "Frankreich");
        assert_int_equal(price->delimiter, ';'); /* the ready mapping's */
        assert_int_equal(price->vat_ppm, 1240000);
        assert_null(c.files[0].carbon.mapping); /* no more than a name */
        assert_string_equal(strrchr(c.files[0].carbon.path, '/'), "/c.csv");
        assert_int_equal(limit->format, MAPPING_JSON);
        assert_int_equal(limit->n_missing, 2);
        assert_string_equal(limit->where[1].column, "no: de");
        assert_string_equal(limit->where[1].value, "7");
        assert_int_equal(limit->stamps, MAPPING_END);
        assert_int_equal(capacity->n_parts, 2);
        assert_int_equal(capacity->parts[0].rating_w, 836000000);
        assert_string_equal(capacity->parts[1].name, "B=2");
        assert_int_equal(capacity->parts[1].rating_w, 0);
        config_finish(&c);
}

static void mappings_are_strict(void **state)
{
        refused(*state, FEED("maping: smard"), "policy.yaml:5:26: unknown key \"maping\" (did you mean \"mapping\"?)");
        refused(*state, FEED("mapping: smart"),
                "policy.yaml:5:35: there is no mapping \"smart\" (did you mean \"smard\"?)");
        refused(*state, FEED("zone: Europe/Berln"),
                "policy.yaml:5:32: \"zone\": there is no time zone \"Europe/Berln\" in /usr/share/zoneinfo: write one such "
                "as Europe/Berlin, UTC or +01:00 (is the package tzdata installed?)");
        refused(*state, FEED("unit: EUR/therm"),
                "policy.yaml:5:32: \"unit\": \"EUR/therm\" is no unit known here: write one such as EUR/MWh, g/kWh or MW");
        refused(*state, FEED("stamps: middle"),
                "policy.yaml:5:34: \"stamps\": \"middle\" is not known: there are begin, end, hour-ending, numbered");
        refused(*state, FEED("delimiter: ab"),
                "policy.yaml:5:37: \"delimiter\": \"ab\" is no single mark: write one such as \";\", or tab, blank, none");
        refused(*state, FEED("step: 15"), "policy.yaml:5:32: \"step\": \"15\" has no unit: write 15m, or 15h");
        refused(*state, FEED("where: {a: 1, A: 2}"), "policy.yaml:5:40: \"A\" is given twice");
        refused(*state, FEED("parts: {a: 1}"),
                "policy.yaml:5:37: \"parts\": \"1\" is no power with a unit: write one such as 836 MW");
        refused(*state, FEED("mapping: entsoe_a44, zone: UTC"),
                "policy.yaml:5:35: \"zone\" means nothing in an ENTSO-E document: take it out");
        refused(*state, FEED("mapping: entsoe_a80, name: U1, parts: {U2: 5 MW}"),
                "policy.yaml:5:35: \"name\" and \"parts\" both say which units count: keep one");
        refused(*state, FEED("format: xml"), "policy.yaml:5:34: \"format\": \"xml\" is not known: there are csv, json, "
                "entsoe-a44, entsoe-a80");
        refused(*state, FEED("format: json"),
                "policy.yaml:5:19: no \"column\": name the member that holds the values");
        refused(*state, "sites: [{name: a, currency: EUR, grid: {price: {mapping: smard}}}]\n",
                "policy.yaml:1:58: \"price\" names no source: give its \"file\" or \"url\"");
        refused(*state, "sites: [{name: a, currency: EUR, grid: {price: [p.csv]}}]\n",
                "policy.yaml:1:48: \"price\" takes keys with values, such as {file: ...}");
        refused(*state, "sites: [{name: a, currency: EUR, grid: {price: null}}]\n",
                "policy.yaml:1:48: \"price\" has no value: write one, or leave the key out for the default");
}

/* ---- the manual */

static char *manual(void)
{
        FILE *file = fopen(OFFPEAK_SOURCE_DIR "/docs/configuration.md", "r");
        char *text = calloc(1, 100000);

        assert_non_null(file);
        assert_non_null(text);
        assert_in_range(fread(text, 1, 99999, file), 1000, 99998);
        fclose(file);
        return text;
}

static void write_token(const char *path)
{
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "token\n", 6), 6);
        close(fd);
}

static void the_manuals_examples_are_right(void **state)
{
        struct place *place = *state;
        static const char *const names[] = { "electricitymaps", "entsoe" };
        char *text = manual(), *at = text, keys[128], tokens[2][160];
        int n = 0;

        snprintf(keys, sizeof(keys), "%s/keys", place->folder);
        assert_int_equal(mkdir(keys, 0700), 0);
        for (int i = 0; i < 2; i++) {
                snprintf(tokens[i], sizeof(tokens[i]), "%s/%s.token", keys, names[i]);
                write_token(tokens[i]);
        }
        for (at = strstr(at, "```yaml\n"); at != NULL; at = strstr(at, "```yaml\n")) {
                char *end = strstr(at + 8, "```");
                struct config config;

                assert_non_null(end);
                *end = '\0';
                config = good(*state, at + 8);
                config_finish(&config);
                at = end + 3;
                n++;
        }
        assert_int_equal(n, 9);
        for (int i = 0; i < 2; i++)
                unlink(tokens[i]);
        rmdir(keys);
        free(text);
}

static void expect_keys(const char *text, const cyaml_schema_value_t *schema)
{
        if (schema->type == CYAML_SEQUENCE)
                expect_keys(text, schema->sequence.entry);
        if (schema->type != CYAML_MAPPING)
                return;
        for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key != NULL; field++) {
                if (strstr(text, field->key) == NULL)
                        fail_msg("docs/configuration.md does not name \"%s\"", field->key);
                expect_keys(text, &field->value);
        }
}

static void the_manual_names_every_key(void **state)
{
        char *text = manual();

        (void)state;
        expect_keys(text, &config_schema);
        for (const struct mapping *mapping = mappings; mapping->name != NULL; mapping++)
                if (strstr(text, mapping->name) == NULL)
                        fail_msg("docs/configuration.md does not name \"%s\"", mapping->name);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_least_that_will_do, set_up, tear_down),
                cmocka_unit_test_setup_teardown(everything_there_is, set_up, tear_down),
                cmocka_unit_test_setup_teardown(both_ways_to_name_things, set_up, tear_down),
                cmocka_unit_test_setup_teardown(paths_start_at_the_file, set_up, tear_down),
                cmocka_unit_test_setup_teardown(anchors_and_flow_are_yaml_too, set_up, tear_down),
                cmocka_unit_test_setup_teardown(keys, set_up, tear_down),
                cmocka_unit_test_setup_teardown(shapes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(broken_yaml, set_up, tear_down),
                cmocka_unit_test_setup_teardown(durations, set_up, tear_down),
                cmocka_unit_test_setup_teardown(numbers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(words, set_up, tear_down),
                cmocka_unit_test_setup_teardown(moves, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_not_supported_yet, set_up, tear_down),
                cmocka_unit_test_setup_teardown(files, set_up, tear_down),
                cmocka_unit_test_setup_teardown(mappings_are_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(mappings_are_strict, set_up, tear_down),
                cmocka_unit_test_setup_teardown(aliases_do_not_multiply, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_manuals_examples_are_right, set_up, tear_down),
                cmocka_unit_test(the_manual_names_every_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
