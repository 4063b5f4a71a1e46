/* SPDX-License-Identifier: Apache-2.0 */
/* Caps on scripted cards: recorded, bounded, read back, put back, by whoever finds the leg over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/devices/gpu_caps.h"
#include "fake/nvml/fake_script.h"

#define A "0000:04:00.0"
#define B "0000:82:00.0"

static const struct leg_id SEVEN = { 7, 1 }, EIGHT = { 8, 1 };

struct fixture {
        struct fake_script script;
        char state[64];
        struct offpeak_error err;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        strcpy(f->state, "/tmp/offpeak-caps-XXXXXX");
        assert_non_null(mkdtemp(f->state));
        fake_script_open(&f->script);
        fake_say(&f->script, A " uuid GPU-a");
        fake_say(&f->script, B " uuid GPU-b");
        fake_say(&f->script, "* default 700000");
        fake_say(&f->script, "* min 200000");
        fake_say(&f->script, "* max 700000");
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char command[96];

        snprintf(command, sizeof(command), "rm -rf '%s'", f->state);
        assert_int_equal(system(command), 0);
        fake_script_close(&f->script);
        free(f);
        return 0;
}

static uint32_t put(struct fixture *f, struct leg_id leg, const char *address, uint32_t mw)
{
        uint32_t got = 0;

        if (gpu_caps_put(f->state, leg, address, FAKE_NVML_PATH, mw, &got, &f->err) != 0)
                fail_msg("%s", f->err.text);
        return got;
}

static bool all(void *context, struct leg_id leg)
{
        (void)context;
        (void)leg;
        return true;
}

static bool is_that(void *context, struct leg_id leg)
{
        const struct leg_id *that = context;

        return leg.job == that->job && leg.attempt == that->attempt;
}

static unsigned put_back(struct fixture *f, const struct leg_id *leg)
{
        struct leg_id that = leg != NULL ? *leg : SEVEN;
        unsigned n;

        if (gpu_caps_put_back(f->state, leg != NULL ? is_that : all, &that, &n, &f->err) != 0)
                fail_msg("%s", f->err.text);
        return n;
}

static void expect_limits(const struct fixture *f, const char *expected)
{
        char limits[1024];

        assert_string_equal(fake_limits(&f->script, limits, sizeof(limits)), expected);
}

static bool is_recorded(const struct fixture *f, const char *address)
{
        uint32_t before;

        return gpu_caps_before(f->state, address, &before);
}

static void test_put_and_back(void **state)
{
        struct fixture *f = *state;
        uint32_t before;

        assert_int_equal(put(f, SEVEN, A, 300000), 300000);
        assert_true(gpu_caps_before(f->state, A, &before));
        assert_int_equal(before, 700000);
        assert_false(is_recorded(f, B));
        assert_int_equal(put_back(f, &EIGHT), 0);
        assert_true(is_recorded(f, A));
        assert_int_equal(put_back(f, &SEVEN), 1);
        assert_false(is_recorded(f, A));
        assert_int_equal(put_back(f, NULL), 0);
        expect_limits(f, A " 300000\n" A " 700000\n");
}

static void test_bounds(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(put(f, SEVEN, A, 100000), 200000);
        assert_int_equal(put(f, SEVEN, B, 900000), 700000); /* nothing to cap, nothing to put back */
        assert_false(is_recorded(f, B));
        expect_limits(f, A " 200000\n");
}

/* What holds is what the card made of it; what it goes back to is what was. */
static void test_a_card_that_clamps(void **state)
{
        struct fixture *f = *state;

        fake_say(&f->script, A " clamp 450000");
        assert_int_equal(put(f, SEVEN, A, 300000), 450000);
        assert_int_equal(put_back(f, NULL), 1);
        expect_limits(f, A " 450000\n" A " 700000\n");
}

/* The first limit is what the last one goes back to, whoever capped in between and was killed. */
static void test_capped_anew_before_it_was_put_back(void **state)
{
        struct fixture *f = *state;
        uint32_t before;

        put(f, SEVEN, A, 300000);
        assert_int_equal(put(f, EIGHT, A, 400000), 400000);
        assert_true(gpu_caps_before(f->state, A, &before));
        assert_int_equal(before, 700000);
        assert_int_equal(put_back(f, &SEVEN), 0); /* it is another's by now */
        assert_int_equal(put(f, EIGHT, A, 900000), 700000);
        assert_int_equal(put_back(f, &EIGHT), 1);
        expect_limits(f, A " 300000\n" A " 400000\n" A " 700000\n");
}

/* Killed between any two calls: after the record, the limit is as it was or as it was set, and goes back from both. */
static void test_killed_after_the_record(void **state)
{
        struct fixture *f = *state;
        pid_t child;
        int status;

        fake_say(&f->script, A " uuid GPU-a");
        child = fork();
        if (child == 0) {
                uint32_t got;

                gpu_caps_put(f->state, SEVEN, A, FAKE_NVML_PATH, 300000, &got, &f->err);
                _exit(0); /* as by kill -9: nothing is put back, the lock falls with the process */
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(is_recorded(f, A));
        assert_int_equal(put_back(f, NULL), 1);
        expect_limits(f, A " 300000\n" A " 700000\n");
}

static void test_refused(void **state)
{
        struct fixture *f = *state;
        uint32_t got;

        fake_say(&f->script, A " fault denied");
        assert_int_equal(gpu_caps_put(f->state, SEVEN, A, FAKE_NVML_PATH, 300000, &got, &f->err), OFFPEAK_EPERMISSION);
        assert_false(is_recorded(f, A));
        fake_say(&f->script, A " fault no-limit");
        assert_int_equal(gpu_caps_put(f->state, SEVEN, A, FAKE_NVML_PATH, 300000, &got, &f->err), OFFPEAK_ESTATE);
        fake_say(&f->script, A " fault good");
        fake_say(&f->script, A " mig 1");
        assert_int_equal(gpu_caps_put(f->state, SEVEN, A, FAKE_NVML_PATH, 300000, &got, &f->err), OFFPEAK_ESTATE);
        assert_non_null(strstr(f->err.text, "MIG"));
        assert_int_equal(gpu_caps_put(f->state, SEVEN, A, "/nowhere/lib.so", 300000, &got, &f->err), OFFPEAK_ENOTFOUND);
        assert_false(is_recorded(f, A));
        expect_limits(f, "");
}

/* A card that cannot be reached keeps its record, and keeps no other from being put back. */
static void test_a_card_that_is_lost_meanwhile(void **state)
{
        struct fixture *f = *state;
        unsigned n;

        put(f, SEVEN, A, 300000);
        put(f, SEVEN, B, 300000);
        fake_say(&f->script, A " fault lost");
        assert_int_equal(gpu_caps_put_back(f->state, all, NULL, &n, &f->err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(f->err.text, A));
        assert_int_equal(n, 1);
        assert_true(is_recorded(f, A));
        assert_false(is_recorded(f, B));
        fake_say(&f->script, A " fault good");
        assert_int_equal(put_back(f, NULL), 1);
        expect_limits(f, A " 300000\n" B " 300000\n" B " 700000\n" A " 700000\n");
}

static void test_a_record_that_is_damaged(void **state)
{
        struct fixture *f = *state;
        char path[128];
        unsigned n;

        put(f, SEVEN, A, 300000);
        snprintf(path, sizeof(path), "%s/caps/" A, f->state);
        assert_int_equal(truncate(path, 9), 0);
        assert_int_equal(gpu_caps_put_back(f->state, all, NULL, &n, &f->err), OFFPEAK_EINVAL);
        assert_non_null(strstr(f->err.text, A));
        assert_non_null(strstr(f->err.text, "by hand"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_put_and_back),
                TEST(test_bounds),
                TEST(test_a_card_that_clamps),
                TEST(test_capped_anew_before_it_was_put_back),
                TEST(test_killed_after_the_record),
                TEST(test_refused),
                TEST(test_a_card_that_is_lost_meanwhile),
                TEST(test_a_record_that_is_damaged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
