/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets how much of a node, and what is said where it cannot be kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/isolation.h"

#define GIB (INT64_C(1) << 30)

static void memory_is_shared_by_devices(void **state)
{
        (void)state;
        assert_int_equal(isolation_for_jobs(1000 * GIB, AGENT_DEFAULT), 1000 * GIB - 1000 * GIB / 100 * 5);
        assert_int_equal(isolation_for_jobs(8 * GIB, AGENT_DEFAULT), 7 * GIB); /* 1 GiB is more than a twentieth */
        assert_int_equal(isolation_for_jobs(8 * GIB, 0), 8 * GIB);
        assert_int_equal(isolation_for_jobs(8 * GIB, 100 * GIB), 4 * GIB); /* not all of it, whatever is said */
        assert_int_equal(isolation_for_jobs(GIB, AGENT_DEFAULT), GIB / 2);
        assert_int_equal(isolation_share(800 * GIB, 1, 8), 100 * GIB);
        assert_int_equal(isolation_share(800 * GIB, 8, 8), 800 * GIB);
        assert_int_equal(isolation_share(10 * GIB, 1, 3), 3413 * (GIB / 1024)); /* whole MiB, rounded down */
        assert_int_equal(isolation_share(10 * GIB + 5, 3, 3), 10 * GIB);
}

static struct hardware *open_hardware(struct agent_config *config, const char *topology)
{
        struct hardware *hardware;
        struct offpeak_error err;

        agent_config_init(config);
        config->node = strdup("isolation-test");
        config->devices = AGENT_DEVICES_CPU_SLOT;
        config->n_slots = 4;
        config->topology = topology != NULL ? strdup(topology) : NULL;
        if (hardware_open(config, NULL, &hardware, &err) != 0)
                fail_msg("%s", err.text);
        return hardware;
}

static void a_leg_is_told_its_part(void **state)
{
        struct agent_config config;
        struct hardware *hardware = open_hardware(&config, NULL);
        struct isolation isolation;
        struct leg_local one = { 0 }, all = { 0 };

        (void)state;
        config.jobs.processes = 300;
        config.jobs.memory_reserve = 0;
        assert_int_equal(isolation_open(&config, hardware, &isolation, NULL), 0);
        isolation_of_leg(&isolation, (struct leg_id){ 7, 1 }, 1, &one);
        isolation_of_leg(&isolation, (struct leg_id){ 7, 2 }, 15, &all);
        assert_true(one.memory > 0 && one.memory <= all.memory / 4 && one.memory >= all.memory / 4 - (1 << 20));
        assert_int_equal(one.processes, 300);
        assert_true(one.cpus[0] != '\0');
        assert_true(one.rlimits.given[LEG_MEMLOCK] == config.jobs.rlimits.given[LEG_MEMLOCK]);
        assert_int_equal(one.log_bytes, GIB);
        if (one.group.path[LEG_GROUP_MAIN][0] != '\0')
                assert_non_null(strstr(one.group.path[LEG_GROUP_MAIN], "offpeak-isolation-test/7.1"));
        config.jobs.share_memory = false;
        isolation_of_leg(&isolation, (struct leg_id){ 7, 1 }, 1, &one);
        assert_int_equal(one.memory, 0);
        hardware_close(hardware);
        agent_config_finish(&config);
}

/* Its CPU numbers bind nothing here, and that is told. */
static void another_machines_topology_binds_nothing(void **state)
{
        struct agent_config config;
        struct hardware *hardware =
                open_hardware(&config, OFFPEAK_SOURCE_DIR "/tests/fixtures/topology/two_sockets.xml");
        struct isolation isolation;
        struct leg_local local = { 0 };
        struct offpeak_error err;
        char line[512], last[512] = "";

        (void)state;
        assert_int_equal(isolation_open(&config, hardware, &isolation, &err), 0);
        isolation_of_leg(&isolation, (struct leg_id){ 7, 1 }, 1, &local);
        assert_string_equal(local.cpus, "");
        assert_string_equal(local.mems, "");
        assert_true(local.memory < 64 * 1024 * GIB); /* this machine's, not the file's */
        for (int i = 0; isolation_lack(&isolation, i, line, sizeof(line)); i++)
                strcpy(last, line);
        assert_non_null(strstr(last, "another machine's"));
        config.jobs.required = true;
        assert_int_equal(isolation_open(&config, hardware, &isolation, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "limits are required"));
        hardware_close(hardware);
        agent_config_finish(&config);
}

static void what_is_not_kept_is_told(void **state)
{
        struct agent_config config;
        struct hardware *hardware = open_hardware(&config, NULL);
        struct isolation isolation;
        char line[512];

        (void)state;
        assert_int_equal(isolation_open(&config, hardware, &isolation, NULL), 0);
        memset(&isolation.groups.base, 0, sizeof(isolation.groups.base)); /* a machine without cgroups */
        strcpy(isolation.groups.why_not[LEG_GROUP_MEMORY], "nothing is mounted");
        isolation.processes = 0;
        assert_true(isolation_lack(&isolation, 2, line, sizeof(line)));
        assert_string_equal(line, "jobs' memory is not limited: nothing is mounted");
        assert_false(isolation_lack(&isolation, 3, line, sizeof(line))); /* processes: no limit is wanted */
        isolation_describe(&isolation, line, sizeof(line));
        assert_string_equal(line, "a job is kept to: its processes below its shim");
        hardware_close(hardware);
        agent_config_finish(&config);
}

static void root_has_to_be_allowed(void **state)
{
        struct agent_jobs rules;
        struct isolation isolation = { .rules = &rules };
        struct offpeak_error err;

        (void)state;
        agent_jobs_init(&rules);
        assert_int_equal(isolation_check_user(&isolation, 1000, &err), 0);
        assert_int_equal(isolation_check_user(&isolation, 0, &err), OFFPEAK_EPERMISSION);
        assert_non_null(strstr(err.text, "allow_root: true"));
        rules.allow_root = true;
        assert_int_equal(isolation_check_user(&isolation, 0, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(memory_is_shared_by_devices),
                cmocka_unit_test(a_leg_is_told_its_part),
                cmocka_unit_test(another_machines_topology_binds_nothing),
                cmocka_unit_test(what_is_not_kept_is_told),
                cmocka_unit_test(root_has_to_be_allowed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
