/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's driver against a library of our own that has the real one's symbols and layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "agent/devices/gpu_driver.h"
#include "fake/nvml/fake_script.h"

#define ADDRESS "0000:04:00.0"

struct fixture {
        struct fake_script script;
        void *state, *gpu;
        struct offpeak_error err;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        fake_script_open(&f->script);
        fake_say(&f->script, "library init 0");
        fake_say(&f->script, ADDRESS " uuid GPU-11111111-2222-3333-4444-555555555555");
        fake_say(&f->script, ADDRESS " fault good");
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        if (f->state != NULL)
                gpu_nvml.close(f->state);
        fake_script_close(&f->script);
        free(f);
        return 0;
}

static void open_one(struct fixture *f)
{
        if (gpu_nvml.open(FAKE_NVML_PATH, &f->state, &f->err) != 0 ||
            gpu_nvml.find(f->state, ADDRESS, &f->gpu, &f->err) != 0)
                fail_msg("%s", f->err.text);
}

static void expect_said(const struct fixture *f, const char *word)
{
        if (strstr(f->err.text, word) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", f->err.text, word);
}

static void test_facts(void **state)
{
        struct fixture *f = *state;
        struct gpu_facts facts;

        fake_say(&f->script, ADDRESS " name Test H100 80GB");
        fake_say(&f->script, ADDRESS " default 700000");
        fake_say(&f->script, ADDRESS " min 200000");
        fake_say(&f->script, ADDRESS " max 750000");
        open_one(f);
        assert_int_equal(gpu_nvml.facts(f->state, f->gpu, &facts, &f->err), 0);
        assert_string_equal(facts.uuid, "GPU-11111111-2222-3333-4444-555555555555");
        assert_string_equal(facts.model, "Test H100 80GB");
        assert_int_equal(facts.limit_mw, 700000);
        assert_int_equal(facts.default_mw, 700000);
        assert_int_equal(facts.min_mw, 200000);
        assert_int_equal(facts.max_mw, 750000);
        assert_true(facts.has_counter);
        assert_false(facts.is_split);
        fake_say(&f->script, ADDRESS " mig 1");
        fake_say(&f->script, ADDRESS " fault no-counter");
        assert_int_equal(gpu_nvml.facts(f->state, f->gpu, &facts, &f->err), 0);
        assert_true(facts.is_split);
        assert_false(facts.has_counter);
        fake_say(&f->script, ADDRESS " mig 0");
        fake_say(&f->script, ADDRESS " fault no-limit");
        assert_int_equal(gpu_nvml.facts(f->state, f->gpu, &facts, &f->err), 0);
        assert_int_equal(facts.limit_mw | facts.default_mw | facts.min_mw | facts.max_mw, 0);
}

static void test_readings(void **state)
{
        struct fixture *f = *state;
        struct gpu_reading reading;

        fake_say(&f->script, ADDRESS " energy 123456789012");
        fake_say(&f->script, ADDRESS " power 345678");
        fake_say(&f->script, ADDRESS " util 87");
        fake_say(&f->script, ADDRESS " memory 81920");
        fake_say(&f->script, ADDRESS " used 70000");
        fake_say(&f->script, ADDRESS " mhz 1755");
        fake_say(&f->script, ADDRESS " ecc 3");
        open_one(f);
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
        assert_int_equal(reading.counter_uj, INT64_C(123456789012000));
        assert_int_equal(reading.power_mw, 345678);
        assert_int_equal(reading.compute_percent, 87);
        assert_int_equal(reading.memory_mb, 81920);
        assert_int_equal(reading.memory_used_mb, 70000);
        assert_int_equal(reading.clock_mhz, 1755);
        assert_int_equal(reading.memory_clock_mhz, 3510);
        assert_int_equal(reading.ecc_errors, 3);
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, false, &reading, &f->err), 0);
        assert_int_equal(reading.counter_uj, INT64_C(123456789012000));
        assert_int_equal(reading.power_mw, GPU_UNKNOWN);
        assert_int_equal(reading.compute_percent, GPU_UNKNOWN);
        assert_int_equal(reading.ecc_errors, GPU_UNKNOWN);
}

/* Unknown is not zero. */
static void test_what_the_card_does_not_have_is_unknown(void **state)
{
        struct fixture *f = *state;
        struct gpu_reading reading;

        fake_say(&f->script, ADDRESS " energy 7");
        fake_say(&f->script, ADDRESS " power 9");
        fake_say(&f->script, ADDRESS " fault no-health");
        open_one(f);
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
        assert_int_equal(reading.counter_uj, 7000);
        assert_int_equal(reading.compute_percent, GPU_UNKNOWN);
        assert_int_equal(reading.memory_mb, GPU_UNKNOWN);
        assert_int_equal(reading.clock_mhz, GPU_UNKNOWN);
        assert_int_equal(reading.ecc_errors, GPU_UNKNOWN);
        fake_say(&f->script, ADDRESS " fault no-counter");
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
        assert_int_equal(reading.counter_uj, GPU_UNKNOWN);
        assert_int_equal(reading.power_mw, 9);
        fake_say(&f->script, ADDRESS " fault no-power");
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
        assert_int_equal(reading.counter_uj, 7000);
        assert_int_equal(reading.power_mw, GPU_UNKNOWN);
}

static void test_faults_of_a_card(void **state)
{
        static const struct {
                const char *fault;
                int code;
                const char *said;
                int found;
        } rows[] = { { "lost", OFFPEAK_ENOTFOUND, "off the bus", OFFPEAK_ESTATE },
                     { "reset", OFFPEAK_ENOTFOUND, "reset", OFFPEAK_ESTATE },
                     { "unknown", OFFPEAK_EIO, "999", OFFPEAK_EIO } };
        struct fixture *f = *state;
        struct gpu_reading reading;
        uint32_t mw;

        open_one(f);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                fake_say(&f->script, ADDRESS " fault %s", rows[i].fault);
                assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), rows[i].code);
                expect_said(f, ADDRESS);
                expect_said(f, rows[i].said);
                assert_int_equal(gpu_nvml.limit(f->state, f->gpu, &mw, &f->err), rows[i].code);
                assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 300000, &f->err), rows[i].code);
                assert_int_equal(gpu_nvml.find(f->state, ADDRESS, &f->gpu, &f->err), rows[i].found);
        }
        fake_say(&f->script, ADDRESS " fault good");
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
}

static void test_faults_are_told_once(void **state)
{
        struct fixture *f = *state;
        struct gpu_reading reading;

        open_one(f);
        fake_say(&f->script, ADDRESS " xid 79");
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
        assert_int_equal(reading.fault, 79);
        assert_int_equal(gpu_nvml.read(f->state, f->gpu, true, &reading, &f->err), 0);
        assert_int_equal(reading.fault, 0);
}

static void test_limits(void **state)
{
        struct fixture *f = *state;
        uint32_t mw;

        fake_say(&f->script, ADDRESS " default 700000");
        fake_say(&f->script, ADDRESS " min 200000");
        fake_say(&f->script, ADDRESS " max 700000");
        open_one(f);
        assert_int_equal(gpu_nvml.limit(f->state, f->gpu, &mw, &f->err), 0);
        assert_int_equal(mw, 700000);
        assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 350000, &f->err), 0);
        assert_int_equal(gpu_nvml.limit(f->state, f->gpu, &mw, &f->err), 0);
        assert_int_equal(mw, 350000);
        assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 100000, &f->err), OFFPEAK_EINVAL);
        assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 900000, &f->err), OFFPEAK_EINVAL);
        fake_say(&f->script, ADDRESS " clamp 400000");
        assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 300000, &f->err), 0);
        assert_int_equal(gpu_nvml.limit(f->state, f->gpu, &mw, &f->err), 0);
        assert_int_equal(mw, 400000);
        fake_say(&f->script, ADDRESS " fault denied");
        assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 300000, &f->err), OFFPEAK_EPERMISSION);
        expect_said(f, "root");
        fake_say(&f->script, ADDRESS " fault no-limit");
        assert_int_equal(gpu_nvml.set_limit(f->state, f->gpu, 300000, &f->err), OFFPEAK_ESTATE);
        assert_int_equal(gpu_nvml.limit(f->state, f->gpu, &mw, &f->err), OFFPEAK_ESTATE);
}

static void test_other_cards_are_not_found(void **state)
{
        struct fixture *f = *state;
        void *gpu;

        open_one(f);
        assert_int_equal(gpu_nvml.find(f->state, "0000:81:00.0", &gpu, &f->err), OFFPEAK_ENOTFOUND);
        expect_said(f, "0000:81:00.0");
}

static void test_libraries_that_are_none(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(gpu_nvml.open("/nowhere/libnvidia-ml.so.1", &f->state, &f->err), OFFPEAK_ENOTFOUND);
        expect_said(f, "/nowhere/libnvidia-ml.so.1");
        assert_int_equal(gpu_nvml.open("libm.so.6", &f->state, &f->err), OFFPEAK_ENOTFOUND);
        expect_said(f, "nvmlInit_v2");
        fake_say(&f->script, "library init 9");
        assert_int_equal(gpu_nvml.open(FAKE_NVML_PATH, &f->state, &f->err), OFFPEAK_ENOTFOUND);
        expect_said(f, "kernel driver is not loaded");
        fake_say(&f->script, "library init 18");
        assert_int_equal(gpu_nvml.open(FAKE_NVML_PATH, &f->state, &f->err), OFFPEAK_EIO);
        expect_said(f, "different versions");
        assert_null(f->state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_facts),
                TEST(test_readings),
                TEST(test_what_the_card_does_not_have_is_unknown),
                TEST(test_faults_of_a_card),
                TEST(test_faults_are_told_once),
                TEST(test_limits),
                TEST(test_other_cards_are_not_found),
                TEST(test_libraries_that_are_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
