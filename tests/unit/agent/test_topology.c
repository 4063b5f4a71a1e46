/* SPDX-License-Identifier: Apache-2.0 */
/* Topology and devices, from a small machine of our own and from recorded ones where they lie at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/devices/device.h"

#define FIXTURE  OFFPEAK_SOURCE_DIR "/tests/fixtures/topology/two_sockets.xml"
#define RECORDED OFFPEAK_SHARED_DATA "/open/topology/"

static struct topology *open_topology(const char *path)
{
        struct offpeak_error err = { 0 };
        struct topology *topology = NULL;

        if (topology_open(path, &topology, &err) != 0)
                fail_msg("%s", err.text);
        return topology;
}

static struct device_set find_gpus(const struct topology *topology)
{
        struct offpeak_error err = { 0 };
        struct device_set set;

        if (devices_find_gpus(topology, &set, &err) != 0)
                fail_msg("%s", err.text);
        return set;
}

static struct device_set make_slots(const struct topology *topology, uint32_t count)
{
        struct offpeak_error err = { 0 };
        struct device_set set;

        if (devices_make_slots(topology, count, &set, &err) != 0)
                fail_msg("%s", err.text);
        return set;
}

/* ---- the machine */

static void test_facts(void **state)
{
        struct topology *topology = open_topology(FIXTURE);
        struct topology_facts facts = topology_facts(topology);

        (void)state;
        assert_string_equal(facts.model, "Two Sockets");
        assert_int_equal(facts.sockets, 2);
        assert_int_equal(facts.numa_nodes, 2);
        assert_int_equal(facts.cores, 8);
        assert_int_equal(facts.pus, 16);
        assert_int_equal(facts.memory_mb, 16384);
        topology_close(topology);
        topology_close(NULL);
}

static void test_this_machine(void **state)
{
        struct topology *topology = open_topology(NULL);
        struct topology_facts facts = topology_facts(topology);
        struct device_set slots;
        char cpus[1024];

        (void)state;
        assert_true(facts.cores >= 1 && facts.pus >= facts.cores);
        assert_true(facts.memory_mb > 0);
        slots = make_slots(topology, 1);
        assert_string_not_equal(device_set_cpus(&slots, 1, cpus, sizeof(cpus)), "");
        device_set_finish(&slots);
        topology_close(topology);
}

static void test_memory_near_devices(void **state)
{
        const int64_t node = INT64_C(8) << 30;
        struct topology *topology = open_topology(FIXTURE);
        struct device_set slots = make_slots(topology, 4); /* two on each socket */
        char mems[64];
        int64_t bytes;

        (void)state;
        assert_string_equal(device_set_mems(&slots, topology, 1, mems, sizeof(mems), &bytes), "0");
        assert_int_equal(bytes, node);
        assert_string_equal(device_set_mems(&slots, topology, 8 + 4, mems, sizeof(mems), &bytes), "1");
        assert_int_equal(bytes, node);
        assert_string_equal(device_set_mems(&slots, topology, 4 + 1, mems, sizeof(mems), &bytes), ""); /* all of them */
        assert_int_equal(bytes, 2 * node);
        assert_string_equal(device_set_mems(&slots, topology, 1, mems, 1, &bytes), ""); /* does not fit */
        assert_int_equal(bytes, 2 * node);
        device_set_finish(&slots);
        topology_close(topology);
}

/* ---- files that are refused */

static void check_refused(const char *path, int code, const char *said)
{
        struct offpeak_error err = { 0 };
        struct topology *topology = NULL;

        assert_int_equal(topology_open(path, &topology, &err), code);
        assert_null(topology);
        if (strstr(err.text, said) == NULL || (path != NULL && strstr(err.text, path) == NULL))
                fail_msg("\"%s\" does not say %s: %s", err.text, path, said);
}

static void check_text_refused(const char *text, size_t size, const char *said)
{
        char path[] = "/tmp/offpeak-topology-XXXXXX";
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), size);
        close(fd);
        check_refused(path, OFFPEAK_ECONFIG, said);
        unlink(path);
}

static char *read_fixture(size_t *ret_size)
{
        FILE *file = fopen(FIXTURE, "r");
        char *text = malloc(1 << 16);

        assert_non_null(file);
        *ret_size = fread(text, 1, 1 << 16, file);
        fclose(file);
        return text;
}

static void test_files_that_cannot_be_read_are_named(void **state)
{
        static const char nccl[] = "<system version=\"1\">\n  <cpu numaid=\"0\"/>\n</system>\n";
        size_t size;
        char *text = read_fixture(&size), *version;

        (void)state;
        check_refused("/no/such/machine.xml", OFFPEAK_ENOTFOUND, "No such file");
        check_text_refused("", 0, "empty");
        check_text_refused("power: 3", 8, "lstopo");
        check_text_refused(nccl, strlen(nccl), "NCCL");
        check_text_refused(text, size / 2, "cut off");
        version = strstr(text, "version=\"2.0\"");
        memcpy(version, "version=\"3.0\"", 13);
        check_text_refused(text, size, "hwloc 3");
        check_refused(OFFPEAK_SOURCE_DIR "/tests", OFFPEAK_ECONFIG, "no file");
        free(text);
}

/* hwloc would take the file for this machine without a word. */
static void test_another_machine_from_the_environment_is_refused(void **state)
{
        (void)state;
        setenv("HWLOC_XMLFILE", FIXTURE, 1);
        check_refused(NULL, OFFPEAK_ECONFIG, "HWLOC_XMLFILE");
        unsetenv("HWLOC_XMLFILE");
}

/* ---- GPUs */

static void test_gpus_by_bus_id(void **state)
{
        struct topology *topology = open_topology(FIXTURE);
        struct device_set set = find_gpus(topology);
        char cpus[64];

        (void)state;
        assert_int_equal(set.n,
                         3); /* not the processor's graphics, not ASPEED's, not Matrox's; CUDA, NVML, OpenCL: one */
        assert_string_equal(set.at[0].address, "0000:04:00.0");
        assert_string_equal(set.at[1].address, "0000:81:00.0");
        assert_string_equal(set.at[2].address, "0000:82:00.0");
        for (uint32_t i = 0; i < set.n; i++)
                assert_int_equal(set.at[i].kind, DEVICE_GPU);
        assert_int_equal(set.at[0].numa, 0);
        assert_int_equal(set.at[1].numa, 1);
        assert_int_equal(set.at[2].numa, 1);
        assert_string_equal(device_set_cpus(&set, 1, cpus, sizeof(cpus)), "0-7");
        assert_string_equal(device_set_cpus(&set, 6, cpus, sizeof(cpus)), "8-15");
        assert_string_equal(device_set_cpus(&set, 3, cpus, sizeof(cpus)), "0-15");
        assert_string_equal(device_set_cpus(&set, 0, cpus, sizeof(cpus)), "");
        assert_string_equal(device_set_cpus(&set, 3, cpus, 3), ""); /* does not fit: rather none than half of it */
        assert_string_equal(device_set_near(&set, 7, cpus, sizeof(cpus)), "0-7;8-15;8-15");
        assert_string_equal(device_set_near(&set, 7, cpus, 5), "");
        hwloc_bitmap_zero(set.at[0].cpus); /* not known: the place of the others is what it was */
        assert_string_equal(device_set_near(&set, 7, cpus, sizeof(cpus)), ";8-15;8-15");
        device_set_finish(&set);
        topology_close(topology);
}

static void test_what_a_job_sees(void **state)
{
        struct topology *topology = open_topology(FIXTURE);
        struct device_set set = find_gpus(topology);
        char visible[128];

        (void)state;
        assert_string_equal(device_set_visible(&set, 1, visible, sizeof(visible)),
                            "GPU-029490c8-a116-638b-7018-1a6b7a9002ef");
        assert_string_equal(device_set_visible(&set, 1, visible, 20), "0"); /* too long: its number */
        assert_string_equal(device_set_visible(&set, 6, visible, sizeof(visible)), "1,2");
        assert_string_equal(device_set_visible(&set, 7, visible, sizeof(visible)), "0,1,2"); /* not all have a UUID */
        assert_string_equal(device_set_visible(&set, 0, visible, sizeof(visible)), "");
        device_set_finish(&set);
        set = make_slots(topology, 4);
        assert_string_equal(device_set_visible(&set, 15, visible, sizeof(visible)), "");
        device_set_finish(&set);
        topology_close(topology);
}

static void test_no_gpu_names_the_way_out(void **state)
{
        char path[] = "/tmp/offpeak-topology-XXXXXX", *text, *io;
        struct offpeak_error err = { 0 };
        struct topology *topology;
        struct device_set set;
        size_t size;
        FILE *file;

        (void)state;
        text = read_fixture(&size);
        text[size] = '\0';
        while ((io = strstr(text, "[10de:")) != NULL || (io = strstr(text, "[1002:")) != NULL)
                memcpy(io, "[1a03:", 6); /* all displays are of management controllers now */
        while ((io = strstr(text, "osdev_type=\"5\"")) != NULL)
                memcpy(io, "osdev_type=\"2\"", 14);
        while ((io = strstr(text, "nvml0")) != NULL || (io = strstr(text, "rsmi0")) != NULL)
                memcpy(io, "card7", 5);
        file = fdopen(mkstemp(path), "w");
        fwrite(text, 1, size, file);
        fclose(file);
        topology = open_topology(path);
        assert_int_equal(devices_find_gpus(topology, &set, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "cpu-slot"));
        topology_close(topology);
        unlink(path);
        free(text);
}

/* ---- CPU slots */

/* Every core in some slot; in one only, unless there are more slots than cores; no slot without a core. */
static void check_slots(const struct topology *topology, uint32_t count)
{
        struct device_set set = make_slots(topology, count);
        hwloc_bitmap_t all = hwloc_bitmap_alloc();
        uint32_t cores = topology_facts(topology).cores;
        int widest = 0, narrowest = INT32_MAX;

        assert_int_equal(set.n, count);
        for (uint32_t i = 0; i < count; i++) {
                char address[20];
                int weight = hwloc_bitmap_weight(set.at[i].cpus);

                snprintf(address, sizeof(address), "slot%u", i);
                assert_string_equal(set.at[i].address, address);
                assert_int_equal(set.at[i].kind, DEVICE_CPU_SLOT);
                assert_true(weight > 0);
                if (count <= cores)
                        assert_false(hwloc_bitmap_intersects(all, set.at[i].cpus));
                hwloc_bitmap_or(all, all, set.at[i].cpus);
                widest = weight > widest ? weight : widest;
                narrowest = weight < narrowest ? weight : narrowest;
        }
        assert_true(hwloc_bitmap_isequal(all, hwloc_get_root_obj(topology_hwloc(topology))->cpuset));
        assert_true(widest - narrowest <= (int)(topology_facts(topology).pus / cores)); /* a core at most */
        hwloc_bitmap_free(all);
        device_set_finish(&set);
}

static void test_slots_share_out_the_cores(void **state)
{
        struct topology *topology = open_topology(FIXTURE);
        struct device_set set;
        char cpus[64];

        (void)state;
        for (uint32_t count = 1; count <= OFFPEAK_MAX_DEVICES; count++)
                check_slots(topology, count);
        set = make_slots(topology, 4);
        assert_string_equal(device_set_cpus(&set, 1, cpus, sizeof(cpus)), "0-3");
        assert_string_equal(device_set_cpus(&set, 9, cpus, sizeof(cpus)), "0-3,12-15");
        assert_int_equal(set.at[1].numa, 0);
        assert_int_equal(set.at[2].numa, 1);
        device_set_finish(&set);
        topology_close(topology);
}

static void test_slots_that_cannot_be_made(void **state)
{
        struct topology *topology = open_topology(FIXTURE);
        struct offpeak_error err = { 0 };
        struct device_set set;

        (void)state;
        assert_int_equal(devices_make_slots(topology, 0, &set, &err), OFFPEAK_ECONFIG);
        assert_int_equal(devices_make_slots(topology, 65, &set, &err), OFFPEAK_ECONFIG);
        assert_non_null(strstr(err.text, "64"));
        topology_close(topology);
}

/* ---- recorded machines */

struct recorded {
        const char *file;
        uint32_t sockets, cores, gpus, numa_nodes_with_gpus;
};

static void check_recorded(const struct recorded *machine)
{
        char path[512];
        struct topology *topology;
        struct topology_facts facts;
        struct device_set set;
        uint64_t numa = 0;

        snprintf(path, sizeof(path), "%s%s", RECORDED, machine->file);
        topology = open_topology(path);
        facts = topology_facts(topology);
        set = find_gpus(topology);
        assert_int_equal(facts.sockets, machine->sockets);
        assert_int_equal(facts.cores, machine->cores);
        assert_int_equal(set.n, machine->gpus);
        assert_non_null(facts.model);
        for (uint32_t i = 0; i < set.n; i++) {
                assert_true(hwloc_bitmap_weight(set.at[i].cpus) > 0);
                numa |= UINT64_C(1) << set.at[i].numa;
        }
        assert_int_equal(__builtin_popcountll(numa), machine->numa_nodes_with_gpus);
        device_set_finish(&set);
        check_slots(topology, 7);
        topology_close(topology);
}

static void test_recorded_machines(void **state)
{
        static const struct recorded machines[] = {
                { "lassen_4xV100.xml", 2, 40, 4, 2 },
                { "pascal_2xP100.xml", 2, 36, 2, 1 },
                { "aws_g4dn_metal_8xT4.xml", 2, 48, 8, 2 },
                { "tioga_8xMI250X_gcd.xml", 1, 64, 8, 4 },
        };

        (void)state;
        if (access(RECORDED, R_OK) != 0) {
                print_message("skipped: no recorded machines in %s\n", RECORDED);
                skip();
        }
        for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
                check_recorded(&machines[i]);
        check_refused(RECORDED "dgx2_16xV100_nvlink.xml", OFFPEAK_ECONFIG, "hwloc 3");
        check_refused(RECORDED "dgx_gb10.xml", OFFPEAK_ECONFIG, "hwloc 3");
        check_refused(RECORDED "nccl_topo_8xA100.xml", OFFPEAK_ECONFIG, "NCCL");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_facts),
                cmocka_unit_test(test_this_machine),
                cmocka_unit_test(test_memory_near_devices),
                cmocka_unit_test(test_files_that_cannot_be_read_are_named),
                cmocka_unit_test(test_another_machine_from_the_environment_is_refused),
                cmocka_unit_test(test_gpus_by_bus_id),
                cmocka_unit_test(test_what_a_job_sees),
                cmocka_unit_test(test_no_gpu_names_the_way_out),
                cmocka_unit_test(test_slots_share_out_the_cores),
                cmocka_unit_test(test_slots_that_cannot_be_made),
                cmocka_unit_test(test_recorded_machines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
