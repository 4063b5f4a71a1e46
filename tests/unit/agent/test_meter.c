/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/meter.h"

enum { MAX_READINGS = 65536 };

/* A sink that remembers, and may refuse. */
struct readings {
        struct message_reading *readings;
        size_t n;
        bool full;
};

static int take(void *context, const struct message_reading *reading)
{
        struct readings *book = context;

        if (book->full)
                return OFFPEAK_ETRYAGAIN;
        assert_true(book->n < MAX_READINGS);
        book->readings[book->n++] = *reading;
        return 0;
}

struct fixture {
        struct readings book;
        struct meter meter;
};

static const int64_t DAY = INT64_C(86400) * 20000; /* a multiple of METER_CUT_S */

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));
        struct meter_sink sink = { take, &f->book };

        f->book.readings = calloc(MAX_READINGS, sizeof(*f->book.readings));
        meter_init(&f->meter, &sink);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        meter_finish(&f->meter);
        free(f->book.readings);
        free(f);
        return 0;
}

static void sample(struct fixture *f, int64_t wall_ms, int64_t node_j, int64_t idle_j)
{
        struct meter_sample s = { .wall_ms = wall_ms,
                                  .node_uj = node_j * 1000000,
                                  .idle_uj = idle_j * 1000000,
                                  .quality = QUALITY_MEASURED };
        meter_sample(&f->meter, &s);
}

static void expect(struct fixture *f, size_t i, uint64_t job, int64_t start, int64_t end, int64_t joules,
                   enum quality quality)
{
        assert_true(i < f->book.n);
        const struct message_reading *r = &f->book.readings[i];
        assert_int_equal(r->job, job);
        assert_int_equal(r->start - DAY, start);
        assert_int_equal(r->end - DAY, end);
        assert_int_equal(r->joules, joules);
        assert_int_equal(r->quality, quality);
}

static void test_idle_alone_has_everything(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, DAY * 1000 + 500, 0, 0, 0);
        sample(f, (DAY + 100) * 1000, 12000, 10000);
        assert_int_equal(f->book.n, 0);
        sample(f, (DAY + 300) * 1000, 20000, 20000);
        assert_int_equal(f->book.n, 1);
        expect(f, 0, 0, 0, 300, 32000, QUALITY_MEASURED);
}

static void test_legs_have_what_is_above_idle(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 1, 1 }, 0x1, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 2, 1 }, 0xe, 0, 0, 0);
        sample(f, (DAY + 300) * 1000, 1000, 600);
        assert_int_equal(f->book.n, 3);
        expect(f, 0, 0, 0, 300, 600, QUALITY_MEASURED);
        expect(f, 1, 1, 0, 300, 100, QUALITY_MEASURED);
        expect(f, 2, 2, 0, 300, 300, QUALITY_MEASURED);
}

static void test_legs_by_what_their_devices_drew(void **state)
{
        struct fixture *f = *state;
        int64_t device_uj[OFFPEAK_MAX_DEVICES] = { [0] = 300, [1] = 60, [2] = 40, [5] = 1000 }; /* 5: nobody's */
        struct meter_sample s = { .wall_ms = (DAY + 300) * 1000,
                                  .node_uj = 1000000000,
                                  .idle_uj = 600000000,
                                  .device_uj = device_uj,
                                  .quality = QUALITY_MEASURED };

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 1, 1 }, 0x1, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 2, 1 }, 0xe, 0, 0, 0);
        meter_sample(&f->meter, &s);
        expect(f, 1, 1, 0, 300, 300, QUALITY_MEASURED);
        expect(f, 2, 2, 0, 300, 100, QUALITY_MEASURED);
}

static void test_a_node_that_draws_less_than_idle(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 1, 1 }, 0x1, 0, 0, 0);
        sample(f, (DAY + 300) * 1000, 500, 600);
        expect(f, 0, 0, 0, 300, 500, QUALITY_MEASURED);
        expect(f, 1, 1, 0, 300, 0, QUALITY_MEASURED);
}

static void test_cut_on_the_way_shares_by_time(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, (DAY + 200) * 1000, 0, 0, 0);
        sample(f, (DAY + 1000) * 1000, 800, 800); /* 1 W over two cuts */
        assert_int_equal(f->book.n, 3);
        expect(f, 0, 0, 200, 300, 100, QUALITY_MEASURED);
        expect(f, 1, 0, 300, 600, 300, QUALITY_MEASURED);
        expect(f, 2, 0, 600, 900, 300, QUALITY_MEASURED);
        meter_cut(&f->meter);
        expect(f, 3, 0, 900, 1000, 100, QUALITY_MEASURED);
}

/* What is told ends with a whole second, and so does the energy in it. */
static void test_cut_within_a_second(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        sample(f, DAY * 1000 + 10500, 1050, 1050);
        meter_cut(&f->meter);
        expect(f, 0, 0, 0, 10, 1000, QUALITY_MEASURED);
        sample(f, DAY * 1000 + 20000, 950, 950);
        meter_cut(&f->meter);
        expect(f, 1, 0, 10, 20, 1000, QUALITY_MEASURED);
        meter_cut(&f->meter);
        assert_int_equal(f->book.n, 2);
}

static void test_a_leg_nobody_saw_end(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, (DAY + 5000) * 1000, 0, 0, 0);
        meter_past(&f->meter, (struct leg_id){ 7, 1 }, DAY + 100, (DAY + 400) * 1000 - 500, 299500000,
                   QUALITY_MODELLED);
        assert_int_equal(f->book.n, 2);
        expect(f, 0, 7, 100, 300, 200, QUALITY_MODELLED);
        expect(f, 1, 7, 300, 400, 99, QUALITY_MODELLED);
        meter_past(&f->meter, (struct leg_id){ 7, 1 }, DAY + 400, (DAY + 399) * 1000, 5, QUALITY_MODELLED);
        assert_int_equal(f->book.n, 2);
}

static void test_end_of_a_leg(void **state)
{
        struct fixture *f = *state;
        struct leg_id leg = { 7, 2 };

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        sample(f, DAY * 1000 + 10200, 0, 0);
        meter_begin(&f->meter, leg, 1, 0, 0, 0);
        assert_true(meter_has(&f->meter, leg));
        sample(f, DAY * 1000 + 20300, 5, 0);
        meter_end(&f->meter, leg);
        assert_false(meter_has(&f->meter, leg));
        meter_end(&f->meter, leg);
        assert_int_equal(f->book.n, 1);
        expect(f, 0, 7, 10, 21, 5, QUALITY_MEASURED);
        assert_int_equal(f->book.readings[0].attempt, 2);
}

/* Seconds are rounded outwards, but nobody knows how good a reading of no time is: the scheduler takes none such. */
static void test_a_leg_between_two_samples_has_no_reading(void **state)
{
        struct fixture *f = *state;
        const struct leg_id leg = { 1, 1 };

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        sample(f, DAY * 1000 + 2500, 100, 10);
        meter_begin(&f->meter, leg, 1, 0, 0, 0);
        meter_end(&f->meter, leg);
        assert_false(meter_has(&f->meter, leg));
        meter_begin(&f->meter, leg, 1, 0, 0, 0);
        meter_cut(&f->meter);
        for (size_t i = 0; i < f->book.n; i++)
                assert_int_equal(f->book.readings[i].quality, QUALITY_MEASURED);
        sample(f, DAY * 1000 + 2600, 50, 10);
        meter_end(&f->meter, leg);
        expect(f, f->book.n - 1, 1, 2, 3, 40, QUALITY_MEASURED);
}

static void test_the_quality_is_the_worst(void **state)
{
        struct fixture *f = *state;
        struct meter_sample modelled = {
                .wall_ms = (DAY + 100) * 1000, .node_uj = 5000000, .idle_uj = 5000000, .quality = QUALITY_MODELLED
        };

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        meter_sample(&f->meter, &modelled);
        sample(f, (DAY + 400) * 1000, 300, 300);
        sample(f, (DAY + 600) * 1000, 200, 200);
        expect(f, 0, 0, 0, 300, 205, QUALITY_MODELLED);
        expect(f, 1, 0, 300, 600, 300, QUALITY_MEASURED);
}

/* A leg's joules are as good as the worst of its own devices'; those of others do it no harm. */
static void test_each_leg_has_its_quality(void **state)
{
        struct fixture *f = *state;
        const int64_t device_uj[OFFPEAK_MAX_DEVICES] = { 60000000, 0, 30000000, 10000000 };
        const enum quality qualities[OFFPEAK_MAX_DEVICES] = { QUALITY_MEASURED, QUALITY_MEASURED, QUALITY_MEASURED,
                                                              QUALITY_ESTIMATED };
        struct meter_sample s = { .wall_ms = (DAY + 300) * 1000,
                                  .node_uj = 150000000,
                                  .idle_uj = 50000000,
                                  .device_uj = device_uj,
                                  .quality = QUALITY_MEASURED,
                                  .idle_quality = QUALITY_MODELLED,
                                  .device_quality = qualities };

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 7, 1 }, 3, 0, 0, 0);
        meter_begin(&f->meter, (struct leg_id){ 8, 1 }, 12, 0, 0, 0);
        meter_sample(&f->meter, &s);
        assert_int_equal(f->book.n, 3);
        expect(f, 0, 0, 0, 300, 50, QUALITY_MODELLED);
        expect(f, 1, 7, 0, 300, 60, QUALITY_MEASURED);
        expect(f, 2, 8, 0, 300, 40, QUALITY_ESTIMATED);
}

/* What was metered before a restart ends at 150; nobody looked until 950. */
static void test_gap_after_a_restart(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, (DAY + 950) * 1000, DAY + 150, 800 * 1000000, QUALITY_ESTIMATED);
        meter_begin(&f->meter, (struct leg_id){ 7, 1 }, 1, DAY + 350, 600 * 1000000, QUALITY_ESTIMATED);
        assert_int_equal(f->book.n, 5);
        expect(f, 0, 0, 150, 300, 150, QUALITY_ESTIMATED);
        expect(f, 1, 0, 300, 600, 300, QUALITY_ESTIMATED);
        expect(f, 2, 0, 600, 900, 300, QUALITY_ESTIMATED);
        expect(f, 3, 7, 350, 600, 250, QUALITY_ESTIMATED);
        expect(f, 4, 7, 600, 900, 300, QUALITY_ESTIMATED);
        sample(f, (DAY + 1200) * 1000, 500, 250);
        expect(f, 5, 0, 900, 1200, 300, QUALITY_ESTIMATED);
        expect(f, 6, 7, 900, 1200, 300, QUALITY_ESTIMATED);
}

static void test_time_does_not_go_back(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, (DAY + 100) * 1000, 0, 0, 0);
        sample(f, (DAY + 50) * 1000, 10, 10);
        sample(f, (DAY + 299) * 1000, 10, 10);
        assert_int_equal(f->book.n, 0);
        sample(f, (DAY + 300) * 1000, 10, 10);
        expect(f, 0, 0, 100, 300, 30, QUALITY_MEASURED);
}

static void test_metered_beyond_now(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, (DAY + 100) * 1000, DAY + 600, 999, QUALITY_ESTIMATED);
        sample(f, (DAY + 700) * 1000, 600, 600);
        assert_int_equal(f->book.n, 0); /* until 600 it is all told already */
        sample(f, (DAY + 900) * 1000, 200, 200);
        expect(f, 0, 0, 600, 900, 800, QUALITY_MEASURED);
}

static void test_a_full_spool_makes_longer_stretches(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        f->book.full = true;
        sample(f, (DAY + 700) * 1000, 700, 700);
        f->book.full = false;
        sample(f, (DAY + 1000) * 1000, 300, 300);
        assert_int_equal(f->book.n, 1);
        expect(f, 0, 0, 0, 900, 900, QUALITY_MEASURED);
}

static void test_a_wild_clock_makes_no_flood(void **state)
{
        struct fixture *f = *state;

        meter_start(&f->meter, DAY * 1000, 0, 0, 0);
        sample(f, (DAY + 86400 * 365 * 50) * 1000, 1000000, 0);
        assert_in_range(f->book.n, 1, 5000);
        meter_cut(&f->meter);
        int64_t sum = 0;
        for (size_t i = 0; i < f->book.n; i++)
                sum += f->book.readings[i].joules;
        assert_int_equal(sum, 1000000);
}

/* A million random things: stretches of an account abut, and every joule stands in one of them. */
static void test_nothing_is_lost(void **state)
{
        struct fixture *f = *state;
        enum { LEGS = 5 };
        int64_t ends[LEGS + 1] = { 0 }, wall_ms = DAY * 1000 + 123, fed_uj = 0, booked_j = 0;
        bool on[LEGS + 1] = { true };
        size_t seen = 0;

        srand(7);
        meter_start(&f->meter, wall_ms, 0, 0, 0);
        for (int i = 0; i < 20000; i++) {
                int leg = 1 + rand() % LEGS;
                struct leg_id id = { (uint64_t)leg, 1 };
                if (rand() % 4 == 0 && !on[leg]) {
                        meter_begin(&f->meter, id, UINT64_C(1) << leg, 0, 0, 0);
                        on[leg] = true;
                        ends[leg] = 0;
                } else if (rand() % 8 == 0 && on[leg]) {
                        meter_end(&f->meter, id);
                        on[leg] = false;
                }
                int64_t device_uj[OFFPEAK_MAX_DEVICES] = { 0 };
                for (int d = 1; d <= LEGS; d++)
                        device_uj[d] = rand() % 3 == 0 ? 0 : rand();
                struct meter_sample s = { .wall_ms = wall_ms += rand() % 90000,
                                          .node_uj = rand() % 90000007,
                                          .idle_uj = rand() % 50000000,
                                          .device_uj = rand() % 2 ? device_uj : NULL,
                                          .quality = QUALITY_MEASURED };
                meter_sample(&f->meter, &s);
                fed_uj += s.node_uj;
                for (; seen < f->book.n; seen++) {
                        const struct message_reading *r = &f->book.readings[seen];
                        assert_true(r->end > r->start && r->joules >= 0);
                        assert_true(ends[r->job] == 0 || r->start == ends[r->job]);
                        assert_true(r->start / METER_CUT_S == (r->end - 1) / METER_CUT_S);
                        ends[r->job] = r->end;
                        booked_j += r->joules;
                }
        }
        int64_t open_uj = 0;
        for (size_t i = 0; i < f->meter.n_accounts; i++)
                open_uj += f->meter.accounts[i].uj;
        assert_int_equal(booked_j * 1000000 + open_uj, fed_uj);
        assert_true(seen > 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_idle_alone_has_everything),
                TEST(test_legs_have_what_is_above_idle),
                TEST(test_legs_by_what_their_devices_drew),
                TEST(test_a_node_that_draws_less_than_idle),
                TEST(test_cut_on_the_way_shares_by_time),
                TEST(test_cut_within_a_second),
                TEST(test_a_leg_nobody_saw_end),
                TEST(test_end_of_a_leg),
                TEST(test_a_leg_between_two_samples_has_no_reading),
                TEST(test_the_quality_is_the_worst),
                TEST(test_each_leg_has_its_quality),
                TEST(test_gap_after_a_restart),
                TEST(test_time_does_not_go_back),
                TEST(test_metered_beyond_now),
                TEST(test_a_full_spool_makes_longer_stretches),
                TEST(test_a_wild_clock_makes_no_flood),
                TEST(test_nothing_is_lost),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
