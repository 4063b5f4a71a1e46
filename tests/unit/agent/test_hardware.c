/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up machine with power counters that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/hardware.h"
#include "fake/nvml/fake_script.h"

/* The GPUs of the made-up machine, in their order; the second is of another make. */
#define GPU_0 "0000:04:00.0"
#define GPU_2 "0000:82:00.0"

struct fixture {
        char powercap[64];
        struct agent_config config;
        struct hardware *hardware;
        int64_t now_ms;
};

static void put(const struct fixture *f, const char *name, const char *text)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/intel-rapl:0/%s", f->powercap, name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void set_counter(const struct fixture *f, int64_t joules)
{
        char text[32];

        snprintf(text, sizeof(text), "%" PRId64 "000000\n", joules);
        put(f, "energy_uj", text);
}

static void make_counter(const struct fixture *f)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/intel-rapl:0", f->powercap);
        assert_int_equal(mkdir(path, 0755), 0);
        put(f, "name", "package-0\n");
        put(f, "max_energy_range_uj", "262143328850\n");
        set_counter(f, 1000);
}

static void open_hardware(struct fixture *f)
{
        struct offpeak_error err;

        if (hardware_open(&f->config, f->powercap, &f->hardware, &err) != 0)
                fail_msg("%s", err.text);
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->powercap, "/tmp/offpeak-powercap-XXXXXX");
        assert_non_null(mkdtemp(f->powercap));
        agent_config_init(&f->config);
        f->config.topology = strdup(OFFPEAK_SOURCE_DIR "/tests/fixtures/topology/two_sockets.xml");
        f->config.devices = AGENT_DEVICES_CPU_SLOT;
        f->config.n_slots = 3;
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[128];

        if (f->hardware != NULL)
                hardware_close(f->hardware);
        agent_config_finish(&f->config);
        snprintf(command, sizeof(command), "rm -rf '%s'", f->powercap);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static void expect(struct fixture *f, int64_t ms, uint64_t busy, bool scaled, int64_t node_j, int64_t idle_j,
                   enum quality quality)
{
        const struct hardware_moment moment = { f->now_ms += ms, ms, busy, scaled };
        struct hardware_energy energy;

        assert_true(hardware_energy(f->hardware, &moment, &energy));
        assert_int_equal(energy.node_uj, node_j * 1000000);
        assert_int_equal(energy.idle_uj, idle_j * 1000000);
        assert_int_equal(energy.quality, quality);
}

static void test_slots_are_offered(void **state)
{
        struct fixture *f = *state;
        char text[64];

        f->config.idle_w = 100;
        f->config.device_w = 50;
        open_hardware(f);
        const struct inventory *inventory = hardware_inventory(f->hardware);
        assert_int_equal(inventory->n_devices, 3);
        assert_int_equal(inventory->devices[2].kind, DEVICE_CPU_SLOT);
        assert_int_equal(inventory->devices[2].max_w, 50);
        assert_string_equal(inventory->devices[2].address, "slot2");
        assert_string_equal(inventory->model, "Two Sockets");
        assert_int_equal(inventory->n_links, 0); /* slots have none */
        assert_int_equal(inventory->idle_w, 100);
        assert_int_equal(inventory->power_quality, QUALITY_MODELLED);
        assert_int_equal(hardware_mask(f->hardware), 7);
        assert_string_equal(hardware_visible(f->hardware, 7, text, sizeof(text)), "");
        assert_string_equal(hardware_cpus(f->hardware, 7, text, sizeof(text)), ""); /* of another machine than this */
}

static void test_declared_watts(void **state)
{
        struct fixture *f = *state;

        f->config.idle_w = 100;
        f->config.device_w = 50;
        open_hardware(f);
        expect(f, 0, 0, false, 0, 0, QUALITY_MODELLED);
        expect(f, 10000, 0, false, 1000, 1000, QUALITY_MODELLED);
        expect(f, 10000, 5, false, 2000, 1000, QUALITY_MODELLED);
        expect(f, 1000, 7, true, 250, 100, QUALITY_MODELLED);
        assert_int_equal(hardware_idle_uj(f->hardware, 2000), 200000000);
        assert_int_equal(hardware_busy_uj(f->hardware, 5, 2000), 200000000);
}

static void test_nothing_is_known(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;

        open_hardware(f);
        assert_false(hardware_energy(f->hardware, &(struct hardware_moment){ 1000, 1000, 1, false }, &energy));
        assert_int_equal(hardware_inventory(f->hardware)->power_quality, QUALITY_ESTIMATED);
}

/* What the counters of an idle node say is its idle, whatever was declared for all of it. */
static void test_a_sensor_learns_idle(void **state)
{
        struct fixture *f = *state;

        make_counter(f);
        f->config.idle_w = 400;
        open_hardware(f);
        assert_int_equal(hardware_inventory(f->hardware)->power_quality, QUALITY_MEASURED);
        set_counter(f, 1100);
        expect(f, 1000, 0, false, 100, 100, QUALITY_MEASURED); /* 100 W */
        set_counter(f, 1350);
        expect(f, 1000, 1, false, 250, 100, QUALITY_MEASURED);
        set_counter(f, 1350 + 12000);
        expect(f, 60000, 0, false, 12000, 12000, QUALITY_MEASURED); /* 200 W for a minute: that is idle now */
        set_counter(f, 1350 + 12000 + 300);
        expect(f, 1000, 1, false, 300, 200, QUALITY_MEASURED);
}

static void test_a_sensor_that_fails_loses_nothing(void **state)
{
        struct fixture *f = *state;

        make_counter(f);
        open_hardware(f);
        set_counter(f, 1100);
        expect(f, 1000, 0, false, 100, 100, QUALITY_MEASURED);
        put(f, "energy_uj", "rubbish\n");
        expect(f, 1000, 1, false, 0, 100, QUALITY_MEASURED);
        set_counter(f, 1500);
        expect(f, 1000, 1, false, 400, 100, QUALITY_MEASURED);
}

/* In a scaled time measured joules mean nothing. */
static void test_scaled_time_uses_the_model(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;

        make_counter(f);
        open_hardware(f);
        assert_false(hardware_energy(f->hardware, &(struct hardware_moment){ 1000, 1000, 0, true }, &energy));
        hardware_close(f->hardware);
        f->config.idle_w = 100;
        open_hardware(f);
        set_counter(f, 9999);
        expect(f, 1000, 1, true, 100, 100, QUALITY_MODELLED);
}

/* Counters of processors are not the power of a node whose jobs run on GPUs. */
static void test_gpus_are_not_measured_by_processors(void **state)
{
        struct fixture *f = *state;

        make_counter(f);
        f->config.devices = AGENT_DEVICES_GPU;
        f->config.device_w = 400;
        open_hardware(f);
        assert_true(hardware_inventory(f->hardware)->n_devices > 0);
        assert_int_equal(hardware_inventory(f->hardware)->devices[0].kind, DEVICE_GPU);
        assert_int_equal(hardware_inventory(f->hardware)->n_links,
                         place_pairs(hardware_inventory(f->hardware)->n_devices));
        assert_int_equal(hardware_inventory(f->hardware)->power_quality, QUALITY_MODELLED);
        expect(f, 1000, 1, false, 400, 0, QUALITY_MODELLED);
}

/* ---- GPUs that a library measures */

static void make_gpus(struct fixture *f, struct fake_script *script)
{
        fake_script_open(script);
        fake_say(script, GPU_0 " uuid GPU-a");
        fake_say(script, GPU_2 " uuid GPU-b");
        fake_say(script, "0000:81:00.0 uuid GPU-c"); /* as if this one were NVIDIA's, too */
        fake_say(script, "* default 700000");
        fake_say(script, "* power 60000");
        fake_say(script, "* energy 0");
        f->config.devices = AGENT_DEVICES_GPU;
        f->config.nvml = strdup(FAKE_NVML_PATH);
}

static void end_gpus(struct fixture *f, struct fake_script *script)
{
        hardware_close(f->hardware);
        f->hardware = NULL;
        fake_script_close(script);
}

static void draw(struct fixture *f, int64_t ms, uint64_t busy, struct hardware_energy *energy)
{
        const struct hardware_moment moment = { f->now_ms += ms, ms, busy, false };

        assert_true(hardware_energy(f->hardware, &moment, energy));
}

static void test_gpus_are_told_by_their_cards(void **state)
{
        struct fixture *f = *state;
        struct fake_script script;
        char text[128];

        make_gpus(f, &script);
        fake_say(&script, GPU_2 " default 350500");
        f->config.device_w = 111;
        open_hardware(f);
        const struct inventory *inventory = hardware_inventory(f->hardware);
        assert_int_equal(inventory->n_devices, 3);
        assert_int_equal(inventory->devices[0].max_w, 700);
        assert_int_equal(inventory->devices[2].max_w, 351);
        assert_int_equal(inventory->power_quality, QUALITY_MEASURED);
        assert_string_equal(hardware_visible(f->hardware, 5, text, sizeof(text)), "GPU-a,GPU-b");
        end_gpus(f, &script);
}

/* At rest all is idle; a job gets what its GPUs draw above that; the processors' counters come on top. */
static void test_gpus_and_processors(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;
        struct fake_script script;

        make_gpus(f, &script);
        make_counter(f);
        open_hardware(f);
        draw(f, 0, 0, &energy);
        assert_int_equal(energy.node_uj, 0);
        fake_say(&script, "* energy 60000"); /* each 60 W, and the processors 100 W, for 1,000 s */
        set_counter(f, 1000 + 100000);
        draw(f, 1000000, 0, &energy);
        assert_int_equal(energy.node_uj, INT64_C(1000000) * (3 * 60 + 100000));
        assert_int_equal(energy.idle_uj, energy.node_uj);
        assert_int_equal(energy.idle_quality, QUALITY_MEASURED);
        fake_say(&script, GPU_0 " energy 560000"); /* a job draws 500 J on one, of which 60 J/1000 s were its idle */
        set_counter(f, 1000 + 100000 + 150);
        draw(f, 1000, 1, &energy);
        assert_int_equal(energy.node_uj, INT64_C(1000000) * (500 + 150));
        assert_int_equal(energy.idle_uj, INT64_C(1000000) * 100 + 60000);
        assert_int_equal(energy.device_uj[0], INT64_C(1000000) * 500 - 60000);
        assert_int_equal(energy.device_uj[1], 0);
        assert_int_equal(energy.device_uj[2], 0);
        assert_int_equal(energy.device_quality[0], QUALITY_MEASURED);
        end_gpus(f, &script);
}

/* Without processors' counters what is declared for the idle node is what stands beside its GPUs' idle. */
static void test_gpus_and_a_declared_node(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;
        struct fake_script script;

        make_gpus(f, &script);
        f->config.idle_w = 400;
        open_hardware(f);
        draw(f, 0, 0, &energy);
        fake_say(&script, "* energy 600000"); /* 3 x 60 W for 10 s; 220 W are left */
        draw(f, 10000, 0, &energy);
        assert_int_equal(energy.node_uj, INT64_C(4000) * 1000000);
        assert_int_equal(energy.idle_uj, energy.node_uj);
        assert_int_equal(energy.idle_quality, QUALITY_MODELLED);
        assert_int_equal(energy.quality, QUALITY_MEASURED);
        fake_say(&script, "* energy 1200000"); /* the same, and a job that draws nothing */
        draw(f, 10000, 2, &energy);
        assert_int_equal(energy.node_uj, energy.idle_uj);
        assert_int_equal(hardware_idle_uj(f->hardware, 1000), 400 * 1000000);
        end_gpus(f, &script);
}

/* Its joules are unknown from there; those of the others are as good as before. */
static void test_a_gpu_is_lost(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;
        struct fake_script script;
        char text[512];

        make_gpus(f, &script);
        open_hardware(f);
        draw(f, 0, 5, &energy);
        fake_say(&script, "* energy 100000");
        fake_say(&script, GPU_0 " fault lost");
        draw(f, 1000, 5, &energy);
        assert_int_equal(energy.device_uj[0], 0);
        assert_int_equal(energy.device_uj[2], 100000000);
        assert_int_equal(energy.device_quality[0], QUALITY_ESTIMATED);
        assert_int_equal(energy.device_quality[2], QUALITY_MEASURED);
        assert_int_equal(energy.idle_quality, QUALITY_MEASURED);
        assert_non_null(strstr(hardware_describe(f->hardware, 0, text, sizeof(text)), "; lost: " GPU_0));
        assert_null(strstr(hardware_describe(f->hardware, 2, text, sizeof(text)), "lost"));
        end_gpus(f, &script);
}

/* What a card drew while it did not answer comes at once, and is no more power than it was. */
static void test_a_gpu_that_does_not_answer_for_a_while(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;
        struct fake_script script;

        make_gpus(f, &script);
        open_hardware(f);
        draw(f, 0, 0, &energy);
        fake_say(&script, "* energy 60000");
        draw(f, 1000, 0, &energy); /* 60 W each */
        fake_say(&script, GPU_0 " fault unknown");
        for (int i = 2; i <= 100; i++) {
                fake_say(&script, "* energy %d", 60000 * i);
                draw(f, 1000, 0, &energy);
        }
        fake_say(&script, GPU_0 " fault good");
        fake_say(&script, "* energy 6060000");
        draw(f, 1000, 0, &energy);
        assert_int_equal(hardware_idle_uj(f->hardware, 1000), 3 * 60 * 1000000);
        fake_say(&script, GPU_0 " fault unknown");
        for (int i = 0; i < 9; i++)
                draw(f, 1000, 1, &energy);
        fake_say(&script, GPU_0 " fault good");
        fake_say(&script, GPU_0 " energy 10060000"); /* 400 W for 10 s, of which 60 W are its idle */
        draw(f, 1000, 1, &energy);
        assert_int_equal(energy.device_uj[0], INT64_C(3400) * 1000000);
        end_gpus(f, &script);
}

/* A card that no library knows is modelled as declared, beside those that are measured. */
static void test_a_gpu_of_another_make(void **state)
{
        struct fixture *f = *state;
        struct hardware_energy energy;
        struct fake_script script;

        make_gpus(f, &script);
        free(script.text);
        script.text = strdup(GPU_0 " uuid GPU-a\n" GPU_2 " uuid GPU-b\n");
        fake_say(&script, "* power 60000");
        f->config.device_w = 300;
        open_hardware(f);
        assert_int_equal(hardware_inventory(f->hardware)->power_quality, QUALITY_MODELLED);
        assert_int_equal(hardware_inventory(f->hardware)->devices[1].max_w, 300);
        draw(f, 0, 3, &energy);
        fake_say(&script, "* energy 70000");
        draw(f, 1000, 3, &energy);
        assert_int_equal(energy.device_uj[0], 70000000);
        assert_int_equal(energy.device_uj[1], 300000000);
        assert_int_equal(energy.device_quality[0], QUALITY_MEASURED);
        assert_int_equal(energy.device_quality[1], QUALITY_MODELLED);
        end_gpus(f, &script);
}

static void test_no_such_topology(void **state)
{
        struct fixture *f = *state;
        struct offpeak_error err;

        free(f->config.topology);
        f->config.topology = strdup("/nowhere/machine.xml");
        assert_int_equal(hardware_open(&f->config, f->powercap, &f->hardware, &err), OFFPEAK_ENOTFOUND);
        assert_null(f->hardware);
        assert_non_null(strstr(err.text, "/nowhere/machine.xml"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_slots_are_offered),
                TEST(test_declared_watts),
                TEST(test_nothing_is_known),
                TEST(test_a_sensor_learns_idle),
                TEST(test_a_sensor_that_fails_loses_nothing),
                TEST(test_scaled_time_uses_the_model),
                TEST(test_gpus_are_not_measured_by_processors),
                TEST(test_gpus_are_told_by_their_cards),
                TEST(test_gpus_and_processors),
                TEST(test_gpus_and_a_declared_node),
                TEST(test_a_gpu_is_lost),
                TEST(test_a_gpu_that_does_not_answer_for_a_while),
                TEST(test_a_gpu_of_another_make),
                TEST(test_no_such_topology),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
