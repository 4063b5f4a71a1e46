/* SPDX-License-Identifier: Apache-2.0 */
/* A node's GPUs while one of them fails in every way that the fake library knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/devices/gpus.h"
#include "fake/nvml/fake_script.h"

#define A "0000:04:00.0"
#define B "0000:82:00.0"

struct fixture {
        struct fake_script script;
        struct device_set set;
        struct gpus *gpus;
};

/* Two cards, and one of another make between them. */
static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        f->set.n = 3;
        strcpy(f->set.at[0].address, A);
        strcpy(f->set.at[1].address, "0000:81:00.0");
        strcpy(f->set.at[2].address, B);
        fake_script_open(&f->script);
        fake_say(&f->script, "library init 0");
        fake_say(&f->script, A " uuid GPU-a");
        fake_say(&f->script, B " uuid GPU-b");
        fake_say(&f->script, "* fault good");
        fake_say(&f->script, "* energy 1000");
        fake_say(&f->script, "* power 100000");
        fake_say(&f->script, "* default 700000");
        fake_say(&f->script, "* util 50");
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        gpus_close(f->gpus);
        fake_script_close(&f->script);
        free(f);
        return 0;
}

static void open_gpus(struct fixture *f)
{
        struct offpeak_error err;

        if (gpus_open(&f->set, FAKE_NVML_PATH, &f->gpus, &err) != 0)
                fail_msg("%s", err.text);
}

static void test_cards_are_found_by_their_bus_id(void **state)
{
        struct fixture *f = *state;

        open_gpus(f);
        assert_ptr_equal(gpus_at(f->gpus, 0)->driver, &gpu_nvml);
        assert_string_equal(gpus_at(f->gpus, 0)->facts.uuid, "GPU-a");
        assert_string_equal(gpus_at(f->gpus, 2)->facts.uuid, "GPU-b");
        assert_null(gpus_at(f->gpus, 1)->driver);
        assert_non_null(strstr(gpus_at(f->gpus, 1)->why, "0000:81:00.0"));
}

static void test_energy_counts_from_the_first_reading(void **state)
{
        struct fixture *f = *state;

        open_gpus(f);
        gpus_read(f->gpus, 1000);
        fake_say(&f->script, A " energy 1500");
        fake_say(&f->script, B " energy 9000");
        gpus_read(f->gpus, 2000);
        assert_int_equal(gpus_at(f->gpus, 0)->uj, 500000);
        assert_int_equal(gpus_at(f->gpus, 2)->uj, 8000000);
        assert_int_equal(gpus_at(f->gpus, 0)->quality, QUALITY_MEASURED);
        assert_int_equal(gpus_at(f->gpus, 1)->uj, 0);
}

/* A counter that leaps and a power of all ones are no energy, and what the card was known to draw stays. */
static void test_what_no_card_draws_is_left_out(void **state)
{
        struct fixture *f = *state;

        fake_say(&f->script, "* max 700000");
        open_gpus(f);
        gpus_look(f->gpus, 1000);
        fake_say(&f->script, A " energy 1000000000");
        fake_say(&f->script, A " power 4294967295");
        gpus_look(f->gpus, 2000);
        assert_int_equal(gpus_at(f->gpus, 0)->quality, QUALITY_ESTIMATED);
        assert_int_equal(gpus_at(f->gpus, 0)->reading.power_mw, 100000);
        assert_true(gpus_at(f->gpus, 0)->uj <= 100000000); /* 100 W for a second */
        fake_say(&f->script, A " energy 1000000200");
        fake_say(&f->script, A " power 150000");
        gpus_look(f->gpus, 3000);
        assert_int_equal(gpus_at(f->gpus, 0)->quality, QUALITY_MEASURED);
        assert_int_equal(gpus_at(f->gpus, 0)->reading.power_mw, 150000);
        assert_true(gpus_at(f->gpus, 0)->uj <= 100200000);
}

/* One card is lost, comes back and counts on; the other never notices. */
static void test_a_lost_card_is_contained(void **state)
{
        struct fixture *f = *state;
        const struct gpu_now *a, *b;

        open_gpus(f);
        a = gpus_at(f->gpus, 0);
        b = gpus_at(f->gpus, 2);
        gpus_read(f->gpus, 1000);
        fake_say(&f->script, A " fault lost");
        fake_say(&f->script, "* energy 2000");
        gpus_read(f->gpus, 2000);
        assert_true(a->lost);
        assert_false(a->answers);
        assert_int_equal(a->quality, QUALITY_ESTIMATED);
        assert_non_null(strstr(a->why, "off the bus"));
        assert_false(b->lost);
        assert_int_equal(b->uj, 1000000);
        assert_int_equal(b->quality, QUALITY_MEASURED);
        fake_say(&f->script, A " fault good");
        fake_say(&f->script, A " energy 10"); /* it was reset */
        gpus_read(f->gpus, 2000 + GPUS_HEALTH_MS);
        assert_false(a->lost);
        assert_string_equal(a->why, "");
        assert_int_equal(a->uj, 0);
        fake_say(&f->script, A " energy 30");
        gpus_read(f->gpus, 3000 + GPUS_HEALTH_MS);
        assert_int_equal(a->uj, 20000);
}

/* One that was lost before this agent came is found when it is back. */
static void test_a_card_that_is_lost_at_the_start(void **state)
{
        struct fixture *f = *state;

        fake_say(&f->script, A " fault lost");
        open_gpus(f);
        gpus_read(f->gpus, 1000);
        assert_true(gpus_at(f->gpus, 0)->lost);
        assert_non_null(strstr(gpus_at(f->gpus, 0)->why, "off the bus"));
        assert_non_null(strstr(gpus_at(f->gpus, 0)->unwell, "off the bus"));
        assert_string_equal(gpus_at(f->gpus, 1)->unwell, ""); /* none of this library's */
        assert_true(gpus_at(f->gpus, 2)->answers);
        fake_say(&f->script, A " fault good");
        gpus_read(f->gpus, 1000 + GPUS_HEALTH_MS);
        assert_ptr_equal(gpus_at(f->gpus, 0)->driver, &gpu_nvml);
        assert_string_equal(gpus_at(f->gpus, 0)->facts.uuid, "GPU-a");
        assert_true(gpus_at(f->gpus, 0)->answers);
        assert_string_equal(gpus_at(f->gpus, 0)->unwell, "");
        assert_null(gpus_at(f->gpus, 1)->driver);
}

/* What a missed reading missed comes with the next. */
static void test_a_card_that_does_not_answer_loses_nothing(void **state)
{
        struct fixture *f = *state;
        const struct gpu_now *a;

        open_gpus(f);
        a = gpus_at(f->gpus, 0);
        gpus_read(f->gpus, 1000);
        fake_say(&f->script, A " fault unknown");
        gpus_read(f->gpus, 2000);
        assert_false(a->lost);
        assert_false(a->answers);
        assert_int_equal(a->uj, 0);
        fake_say(&f->script, A " fault good");
        fake_say(&f->script, A " energy 6000");
        gpus_read(f->gpus, 3000);
        assert_true(a->answers);
        assert_int_equal(a->uj, 5000000);
}

/* The caller is not kept, and the counter has it all when the call is back. */
static void test_a_call_that_hangs_is_left_behind(void **state)
{
        struct fixture *f = *state;
        const struct gpu_now *b;

        open_gpus(f);
        b = gpus_at(f->gpus, 2);
        gpus_read(f->gpus, 1000);
        fake_say(&f->script, A " fault hang");
        gpus_read(f->gpus, 2000);
        assert_false(b->answers);
        assert_int_equal(b->quality, QUALITY_ESTIMATED);
        gpus_read(f->gpus, 3000);
        fake_say(&f->script, B " energy 7000");
        fake_say(&f->script, A " fault good");
        for (int i = 0; i < 200 && !b->answers; i++) {
                usleep(20000);
                gpus_read(f->gpus, 4000);
        }
        assert_true(b->answers);
        assert_int_equal(b->uj, 6000000);
}

/* A driver that never comes back keeps nobody from leaving. */
static void test_leaving_while_a_call_hangs(void **state)
{
        struct fixture *f = *state;

        open_gpus(f);
        fake_say(&f->script, A " fault hang");
        gpus_read(f->gpus, 1000);
        gpus_close(f->gpus);
        f->gpus = NULL;
        fake_say(&f->script, A " fault good");
        usleep(200000); /* what was left behind ends by itself */
}

static void test_without_a_counter_power_is_integrated(void **state)
{
        struct fixture *f = *state;

        fake_say(&f->script, "* fault no-counter");
        open_gpus(f);
        assert_false(gpus_at(f->gpus, 0)->facts.has_counter);
        gpus_read(f->gpus, 1000);
        fake_say(&f->script, A " power 300000");
        gpus_read(f->gpus, 2000);
        assert_int_equal(gpus_at(f->gpus, 0)->uj, 200000 * 1000);
        assert_int_equal(gpus_at(f->gpus, 0)->quality, QUALITY_MEASURED);
}

static void test_nothing_to_drive(void **state)
{
        struct fixture *f = *state;
        struct offpeak_error err;

        assert_int_equal(gpus_open(&f->set, "/nowhere/libnvidia-ml.so.1", &f->gpus, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "nvml: /nowhere/"));
        f->set.n = 1;
        strcpy(f->set.at[0].address, "0000:81:00.0");
        assert_int_equal(gpus_open(&f->set, FAKE_NVML_PATH, &f->gpus, &err), OFFPEAK_ENOTFOUND);
        assert_non_null(strstr(err.text, "0000:81:00.0"));
        assert_null(f->gpus);
}

static void test_what_a_person_reads(void **state)
{
        struct fixture *f = *state;
        char text[512];

        fake_say(&f->script, A " name Test GPU");
        fake_say(&f->script, A " mig 1");
        open_gpus(f);
        gpus_read(f->gpus, 1000);
        gpu_describe(gpus_at(f->gpus, 0), A, text, sizeof(text));
        assert_non_null(strstr(text, "GPU " A ": Test GPU, GPU-a, split (MIG), limit 700 W"));
        assert_non_null(strstr(text, "draws 100 W, busy 50 %"));
        fake_say(&f->script, A " fault reset");
        gpus_read(f->gpus, 2000);
        gpu_describe(gpus_at(f->gpus, 0), A, text, sizeof(text));
        assert_non_null(strstr(text, "lost: " A));
}

static void expect_unwell(const struct fixture *f, uint32_t device, const char *part)
{
        const char *unwell = gpus_at(f->gpus, device)->unwell;

        if (part == NULL ? unwell[0] != '\0' : strstr(unwell, part) == NULL)
                fail_msg("device %u is unwell with \"%s\"", device, unwell);
}

static void test_a_lost_card_is_unwell_until_it_is_found(void **state)
{
        struct fixture *f = *state;

        open_gpus(f);
        gpus_read(f->gpus, 1000);
        for (uint32_t i = 0; i < 3; i++)
                expect_unwell(f, i, NULL); /* one that no library knows is none, either */
        fake_say(&f->script, A " fault lost");
        gpus_read(f->gpus, 2000);
        expect_unwell(f, 0, "off the bus");
        expect_unwell(f, 2, NULL);
        fake_say(&f->script, A " fault good");
        gpus_read(f->gpus, 2000 + GPUS_HEALTH_MS);
        expect_unwell(f, 0, NULL);
}

/* A program's own faults, and those that were put right, leave the card as good as it was. */
static void test_faults_that_take_a_reset_make_a_card_unwell(void **state)
{
        static const unsigned fatal[] = { 48, 64, 74, 79, 95, 119, 120 },
                              harmless[] = { 13, 31, 43, 45, 63, 92, 94, 999 };
        struct fixture *f = *state;
        int64_t now_ms = 1000;

        open_gpus(f);
        gpus_read(f->gpus, now_ms);
        for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
                fake_say(&f->script, A " xid %u", harmless[i]);
                gpus_look(f->gpus, now_ms += 100);
                expect_unwell(f, 0, NULL);
        }
        for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
                char named[16];

                snprintf(named, sizeof(named), "Xid %u: ", fatal[i]);
                fake_say(&f->script, A " xid 13 %u 45", fatal[i]); /* the grave one among others */
                gpus_look(f->gpus, now_ms += 100);
                expect_unwell(f, 0, named);
                fake_say(&f->script, A " xid 45"); /* what follows it */
                gpus_look(f->gpus, now_ms += 100);
                expect_unwell(f, 0, named);
                expect_unwell(f, 2, NULL);
                fake_say(&f->script, A " fault lost"); /* it is reset */
                gpus_read(f->gpus, now_ms += 100);
                fake_say(&f->script, A " fault good");
                gpus_look(f->gpus, now_ms += 100);
                expect_unwell(f, 0, NULL);
        }
}

/* What was counted before the agent came is not held against a card. */
static void test_memory_errors_that_come_make_a_card_unwell(void **state)
{
        struct fixture *f = *state;

        fake_say(&f->script, A " ecc 7");
        open_gpus(f);
        gpus_read(f->gpus, 1000);
        expect_unwell(f, 0, NULL);
        fake_say(&f->script, A " ecc 9");
        gpus_look(f->gpus, 1010); /* a failed job makes it look at once */
        expect_unwell(f, 0, "2 memory errors that could not be corrected");
        gpus_look(f->gpus, 1020);
        expect_unwell(f, 0, "2 memory errors");
        fake_say(&f->script, A " ecc 0"); /* the driver was loaded anew */
        gpus_look(f->gpus, 1030);
        expect_unwell(f, 0, NULL);
}

static void test_a_hang_says_nothing_about_a_card(void **state)
{
        struct fixture *f = *state;

        open_gpus(f);
        gpus_read(f->gpus, 1000);
        fake_say(&f->script, A " fault hang");
        gpus_look(f->gpus, 2000);
        expect_unwell(f, 0, NULL);
        expect_unwell(f, 2, NULL);
        fake_say(&f->script, A " fault good");
        for (int i = 0; i < 100 && !gpus_at(f->gpus, 0)->answers; i++) {
                usleep(20000);
                gpus_read(f->gpus, 3000 + i);
        }
        expect_unwell(f, 0, NULL);
}

/* ---- links */

/* GB/s between the two cards and from each to the one of another make, over what was known. */
static void expect_links(struct fixture *f, unsigned a_b, unsigned a_other, unsigned b_other)
{
        struct place_link links[3] = { { 7, 1 }, { 7, 2 }, { 7, 3 } };

        open_gpus(f);
        gpus_links(f->gpus, &f->set, links);
        assert_int_equal(links[place_pair(3, 0, 2)].gb_per_s, a_b);
        assert_int_equal(links[place_pair(3, 0, 1)].gb_per_s, a_other);
        assert_int_equal(links[place_pair(3, 1, 2)].gb_per_s, b_other);
        assert_int_equal(links[place_pair(3, 0, 2)].near, 2); /* that is the PCI bus's matter */
        gpus_close(f->gpus);
        f->gpus = NULL;
}

static void test_links_between_two_sum_up(void **state)
{
        struct fixture *f = *state;

        expect_links(f, 7, 7, 7); /* none is up: the library knows nothing */
        for (unsigned link = 0; link < 4; link++) {
                fake_say(&f->script, A " link %u " B, link);
                fake_say(&f->script, B " link %u " A, link);
        }
        fake_say(&f->script, A " link 4 0000:81:00.0"); /* which tells nothing */
        fake_say(&f->script, A " link 5 other");        /* a processor */
        expect_links(f, 80, 7, 7);
        fake_say(&f->script, "* nvlink 4");
        expect_links(f, 100, 7, 7);
        fake_say(&f->script, "* nvlink 7");
        expect_links(f, 200, 7, 7);
        fake_say(&f->script, B " link 3 down"); /* the slower direction counts */
        expect_links(f, 150, 7, 7);
        fake_say(&f->script, "* nvlink 9"); /* of a version to come */
        expect_links(f, 7, 7, 7);
        fake_say(&f->script, "* speed 99000");
        expect_links(f, 297, 7, 7);
        fake_say(&f->script, B " fault no-links");
        expect_links(f, 7, 7, 7);
        fake_say(&f->script, B " fault lost");
        expect_links(f, 7, 7, 7);
}

static void test_over_switches_all_see_one_another(void **state)
{
        struct fixture *f = *state;

        fake_say(&f->script, "0000:81:00.0 uuid GPU-c");
        for (unsigned link = 0; link < 18; link++)
                fake_say(&f->script, "* link %u switch", link);
        fake_say(&f->script, "* nvlink 6");
        expect_links(f, 450, 450, 450);
        fake_say(&f->script, B " link 17 down");
        expect_links(f, 425, 450, 425);
        fake_say(&f->script, A " link 17 " B); /* one beside the switches, from both sides */
        fake_say(&f->script, B " link 17 " A);
        expect_links(f, 450, 425, 425);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_cards_are_found_by_their_bus_id),
                TEST(test_energy_counts_from_the_first_reading),
                TEST(test_what_no_card_draws_is_left_out),
                TEST(test_a_lost_card_is_contained),
                TEST(test_links_between_two_sum_up),
                TEST(test_over_switches_all_see_one_another),
                TEST(test_a_lost_card_is_unwell_until_it_is_found),
                TEST(test_faults_that_take_a_reset_make_a_card_unwell),
                TEST(test_memory_errors_that_come_make_a_card_unwell),
                TEST(test_a_hang_says_nothing_about_a_card),
                TEST(test_a_card_that_is_lost_at_the_start),
                TEST(test_a_card_that_does_not_answer_loses_nothing),
                TEST(test_a_call_that_hangs_is_left_behind),
                TEST(test_without_a_counter_power_is_integrated),
                TEST(test_nothing_to_drive),
                TEST(test_what_a_person_reads),
                TEST(test_leaving_while_a_call_hangs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
