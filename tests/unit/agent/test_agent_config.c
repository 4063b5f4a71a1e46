/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/config.h"
#include "wire/log.h"

struct fixture {
        char directory[64], path[96];
        struct agent_config config;
        struct offpeak_error err;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->directory, "/tmp/offpeak-config-XXXXXX");
        assert_non_null(mkdtemp(f->directory));
        snprintf(f->path, sizeof(f->path), "%s/agent.yaml", f->directory);
        agent_config_init(&f->config);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        agent_config_finish(&f->config);
        unlink(f->path);
        assert_int_equal(rmdir(f->directory), 0);
        free(f);
        return 0;
}

static int load(struct fixture *f, const char *text)
{
        FILE *file = fopen(f->path, "w");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        return agent_config_read(f->path, &f->config, &f->err);
}

static void expect_refusal(struct fixture *f, const char *text, const char *place, const char *cause)
{
        char start[128];

        snprintf(start, sizeof(start), "%s:%s", f->path, place);
        assert_int_equal(load(f, text), OFFPEAK_ECONFIG);
        if (strncmp(f->err.text, start, strlen(start)) != 0 || strstr(f->err.text, cause) == NULL)
                fail_msg("expected %s ... %s, got: %s", start, cause, f->err.text);
}

static int option(struct fixture *f, const char *name, const char *value)
{
        return agent_config_option(name, value, &f->config, &f->err);
}

static void test_a_full_file(void **state)
{
        struct fixture *f = *state;
        char expected[128];

        assert_int_equal(load(f, "server: tcp://10.0.0.1:7000\n"
                                 "node: n1\n"
                                 "site: hanford\n"
                                 "state_dir: state\n"
                                 "devices: {kind: cpu-slot, count: 3}\n"
                                 "power: {idle: 120 W, per_device: 1.5 kW, cap: 300 W}\n"
                                 "topology: /x/machine.xml\n"
                                 "nvml: lib/libnvidia-ml.so.1\n"
                                 "position: {block: b1, rack: r7, switch: leaf3}\n"
                                 "features: [a100, ib]\n"
                                 "curve: {secret: n1.key, server: head.pub}\n"
                                 "log_level: debug\n"),
                         0);
        assert_string_equal(f->config.server, "tcp://10.0.0.1:7000");
        assert_string_equal(f->config.node, "n1");
        assert_string_equal(f->config.site, "hanford");
        snprintf(expected, sizeof(expected), "%s/state", f->directory); /* from the file's folder */
        assert_string_equal(f->config.state_dir, expected);
        assert_string_equal(f->config.topology, "/x/machine.xml");
        assert_string_equal(f->config.block, "b1");
        assert_string_equal(f->config.rack, "r7");
        assert_string_equal(f->config.leaf_switch, "leaf3");
        assert_int_equal(f->config.n_features, 2);
        assert_string_equal(f->config.features[0], "a100");
        assert_string_equal(f->config.features[1], "ib");
        snprintf(expected, sizeof(expected), "%s/n1.key", f->directory);
        assert_string_equal(f->config.curve_secret, expected);
        assert_int_equal(f->config.devices, AGENT_DEVICES_CPU_SLOT);
        assert_int_equal(f->config.n_slots, 3);
        assert_int_equal(f->config.idle_w, 120);
        assert_int_equal(f->config.device_w, 1500);
        assert_int_equal(f->config.cap_w, 300);
        snprintf(expected, sizeof(expected), "%s/lib/libnvidia-ml.so.1", f->directory);
        assert_string_equal(f->config.nvml, expected);
        assert_int_equal(f->config.log_level, LOG_LEVEL_DEBUG);
        assert_int_equal(agent_config_complete(&f->config, &f->err), 0);
}

static void test_defaults(void **state)
{
        struct fixture *f = *state;
        char host[256];

        setenv("OFFPEAK_SERVER", "ipc:///somewhere/socket", 1);
        setenv("STATE_DIRECTORY", "/var/lib/unit", 1);
        assert_int_equal(load(f, "site: hanford\n"), 0);
        assert_int_equal(agent_config_complete(&f->config, &f->err), 0);
        unsetenv("OFFPEAK_SERVER");
        unsetenv("STATE_DIRECTORY");
        assert_int_equal(gethostname(host, sizeof(host)), 0);
        assert_string_equal(f->config.node, host);
        assert_string_equal(f->config.server, "ipc:///somewhere/socket");
        assert_string_equal(f->config.state_dir, "/var/lib/unit");
        assert_int_equal(f->config.devices, AGENT_DEVICES_GPU);
        assert_int_equal(f->config.idle_w, AGENT_POWER_UNKNOWN);
        assert_int_equal(f->config.device_w, AGENT_POWER_UNKNOWN);
        assert_int_equal(f->config.log_level, LOG_LEVEL_INFO);
        assert_null(f->config.topology);
}

static void test_what_jobs_may_do(void **state)
{
        struct fixture *f = *state;
        const struct agent_jobs *jobs = &f->config.jobs;

        assert_int_equal(load(f, "site: x\n"), 0);
        assert_false(jobs->allow_root || jobs->required);
        assert_true(jobs->share_memory);
        assert_int_equal(jobs->memory_reserve, AGENT_DEFAULT);
        assert_int_equal(jobs->processes, AGENT_DEFAULT);
        assert_int_equal(jobs->log_bytes, 1 << 30);
        assert_int_equal(jobs->log_files, 2);
        assert_int_equal(jobs->rlimits.given[LEG_MEMLOCK], geteuid() == 0); /* RDMA */
        assert_false(jobs->rlimits.given[LEG_NOFILE] || jobs->rlimits.given[LEG_CORE]);
        assert_int_equal(load(f, "allow_root: yes\n"
                                 "isolation: {memory: off, memory_reserve: 16 GiB, processes: 0, required: true}\n"
                                 "limits: {nofile: 65536, memlock: 2 GiB, core: 0, stack: unlimited}\n"
                                 "job_log_limit: off\njob_log_files: 5\n"),
                         0);
        assert_true(jobs->allow_root && jobs->required);
        assert_false(jobs->share_memory);
        assert_int_equal(jobs->memory_reserve, INT64_C(16) << 30);
        assert_int_equal(jobs->processes, 0);
        assert_int_equal(jobs->rlimits.value[LEG_NOFILE], 65536);
        assert_int_equal(jobs->rlimits.value[LEG_MEMLOCK], INT64_C(2) << 30);
        assert_true(jobs->rlimits.given[LEG_CORE]);
        assert_int_equal(jobs->rlimits.value[LEG_CORE], 0);
        assert_int_equal(jobs->rlimits.value[LEG_STACK], -1);
        assert_int_equal(jobs->log_bytes, 0);
        assert_int_equal(jobs->log_files, 5);
        assert_int_equal(load(f, "job_log_limit: 1.5 MiB\n"), 0);
        assert_int_equal(jobs->log_bytes, 3 << 19);
}

static void test_what_jobs_may_not_do_names_the_place(void **state)
{
        struct fixture *f = *state;

        expect_refusal(f, "isolation: {memory: some}\n", "1:21:", "\"memory\"");
        expect_refusal(f, "isolation: {cpus: all}\n", "1:13:", "cpus");
        expect_refusal(f, "isolation: {memory_reserve: 4}\n", "1:29:", "no size with a unit");
        expect_refusal(f, "job_log_limit: 1 kB\n", "1:16:", "must be between 64 KiB and 1 PiB");
        expect_refusal(f, "job_log_files: 0\n", "1:16:", "job_log_files");
        expect_refusal(f, "limits: {nofile: 3}\n", "1:18:", "nofile");
        expect_refusal(f, "limits: {stack: big}\n", "1:17:", "stack");
        expect_refusal(f, "allow_root: perhaps\n", "1:13:", "allow_root");
}

static void test_refusals_name_the_place(void **state)
{
        struct fixture *f = *state;

        expect_refusal(f, "site: x\nnoed: n1\n", "2:1:", "did you mean \"node\"");
        expect_refusal(f, "devices: {kind: tpu}\n", "1:17:", "kind");
        expect_refusal(f, "devices: {count: 3}\n", "1:10:", "\"kind\" is missing");
        expect_refusal(f, "devices: {kind: cpu-slot}\n", "1:17:", "count");
        expect_refusal(f, "devices: {kind: cpu-slot, count: 65}\n", "1:34:", "count");
        expect_refusal(f, "devices: {kind: gpu, count: 4}\n", "1:29:", "found, not counted");
        expect_refusal(f, "power: {idle: 120}\n", "1:15:", "idle");
        expect_refusal(f, "power: {idle: -1 W}\n", "1:15:", "idle");
        expect_refusal(f, "power: {idle: 1001 kW}\n", "1:15:", "\"idle\" is 1001 kW: 1 MW is the most allowed");
        expect_refusal(f, "power: {per_device: 20 GW}\n", "1:21:", "\"per_device\" is 20 GW: 1 MW is the most allowed");
        expect_refusal(f, "server: 10.0.0.1\n", "1:9:", "server");
        expect_refusal(f, "node: \"a b\"\n", "1:7:", "node");
        expect_refusal(f, "curve: {secret: a}\n", "1:8:", "\"server\" is missing");
        expect_refusal(f, "position: {row: 3}\n", "1:", "row");
        expect_refusal(f, "position: {rack: \"a b\"}\n", "1:18:", "rack");
        expect_refusal(f, "features: [a100, \"i b\"]\n", "1:18:", "features");
        expect_refusal(f, "features: [ib, a100, ib]\n", "1:22:", "twice");
        expect_refusal(f, "log_level: loud\n", "1:12:", "log_level");
        expect_refusal(f, "site: a\nsite: b\n", "2:1:", "twice");
        expect_refusal(f, "site: [\n", "", "");
}

static void test_no_such_file(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(agent_config_read("/nowhere/agent.yaml", &f->config, &f->err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(f->err.text, "/nowhere/agent.yaml"));
        assert_int_equal(load(f, "site: x\n"), 0); /* something to clear up */
}

static void test_options_override_the_file(void **state)
{
        struct fixture *f = *state;
        char expected[1100], here[1024];

        assert_int_equal(load(f, "site: hanford\nnode: n1\ndevices: {kind: gpu}\npower: {idle: 10 W}\n"), 0);
        assert_int_equal(option(f, "site", "lulea"), 0);
        assert_int_equal(option(f, "node", "n2"), 0);
        assert_int_equal(option(f, "server", "ipc:///a/b"), 0);
        assert_int_equal(option(f, "state-dir", "here"), 0);
        assert_int_equal(option(f, "topology", "/x.xml"), 0);
        assert_int_equal(option(f, "devices", "count=2,kind=cpu-slot"), 0);
        assert_int_equal(option(f, "idle-w", "100"), 0);
        assert_int_equal(option(f, "slot-w", "15 W"), 0);
        assert_string_equal(f->config.site, "lulea");
        assert_string_equal(f->config.node, "n2");
        assert_string_equal(f->config.server, "ipc:///a/b");
        snprintf(expected, sizeof(expected), "%s/here", getcwd(here, sizeof(here)));
        assert_string_equal(f->config.state_dir, expected);
        assert_int_equal(f->config.devices, AGENT_DEVICES_CPU_SLOT);
        assert_int_equal(f->config.n_slots, 2);
        assert_int_equal(f->config.idle_w, 100);
        assert_int_equal(f->config.device_w, 15);
        assert_int_equal(option(f, "devices", "kind=gpu"), 0);
        assert_int_equal(f->config.n_slots, 0);
}

static void test_options_that_are_wrong(void **state)
{
        static const char *const wrong[][2] = {
                { "site", "" },
                { "site", "a/b" },
                { "node", "a b" },
                { "server", "somewhere" },
                { "idle-w", "-1" },
                { "idle-w", "x" },
                { "idle-w", "10 kW" },
                { "idle-w", "" },
                { "slot-w", "99999999999999999999" },
                { "devices", "" },
                { "devices", "kind=cpu-slot" },
                { "devices", "count=3" },
                { "devices", "kind=cpu-slot,count=0" },
                { "devices", "kind=cpu-slot,count=65" },
                { "devices", "kind=cpu-slot,count=3x" },
                { "devices", "kind=tpu,count=3" },
                { "devices", "kind=gpu,count=3" },
                { "devices", "kind=cpu-slot,count=3,more" },
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                int code = option(f, wrong[i][0], wrong[i][1]);
                if (code != OFFPEAK_EUSAGE)
                        fail_msg("--%s \"%s\" gave %d", wrong[i][0], wrong[i][1], code);
                assert_int_equal(f->err.code, OFFPEAK_EUSAGE);
                assert_non_null(strstr(f->err.text, wrong[i][0]));
        }
        assert_int_equal(option(f, "nonsense", "1"), OFFPEAK_ENOTFOUND);
        assert_int_equal(load(f, "site: x\n"), 0);
}

static void test_what_cannot_be_guessed(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(load(f, "node: n1\n"), 0);
        assert_int_equal(agent_config_complete(&f->config, &f->err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(f->err.text, "--site"));
}

static void test_another_machine_needs_keys(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(load(f, "site: x\nserver: tcp://10.0.0.1:7000\n"), 0);
        assert_int_equal(agent_config_complete(&f->config, &f->err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(f->err.text, "curve"));
        assert_int_equal(option(f, "server", "tcp://127.0.0.1:7000"), 0);
        assert_int_equal(agent_config_complete(&f->config, &f->err), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_a_full_file),
                TEST(test_defaults),
                TEST(test_what_jobs_may_do),
                TEST(test_what_jobs_may_not_do_names_the_place),
                TEST(test_refusals_name_the_place),
                TEST(test_no_such_file),
                TEST(test_options_override_the_file),
                TEST(test_options_that_are_wrong),
                TEST(test_what_cannot_be_guessed),
                TEST(test_another_machine_needs_keys),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
