/* SPDX-License-Identifier: Apache-2.0 */
/* test_estimate.c - energy of a run to the joule, and what it comes to over hours: as the books would have it, holes told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exact.h"
#include "ledger/booking.h"
#include "ledger/estimate.h"

#define MWH JOULES_PER_MWH

enum { HOUR = 3600 };

static uint32_t seed = 1;

static uint32_t random_below(uint32_t most)
{
        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % most;
}

/* ---- energy */

static void energy_is_gpus_times_power_times_time_times_pue(void **state)
{
        struct estimate_draw draw = { .gpus = 512, .gpu_milliwatts = 400000, .seconds = 240 * HOUR };
        struct estimate_energy energy;

        (void)state;
        assert_int_equal(estimate_energy_of_draw(&draw, 1100000, &energy), 0);
        assert_int_equal(energy.it, INT64_C(512) * 400 * 240 * HOUR);
        assert_int_equal(energy.total, INT64_C(512) * 440 * 240 * HOUR);
        assert_int_equal(energy.overhead, energy.total - energy.it);
        draw.nodes = estimate_nodes(512, 8);
        draw.node_milliwatts = 1500000;
        assert_int_equal(estimate_energy_of_draw(&draw, ESTIMATE_NO_PUE, &energy), 0);
        assert_int_equal(energy.it, INT64_C(64) * (8 * 400 + 1500) * 240 * HOUR);
        assert_int_equal(energy.total, energy.it);
        assert_int_equal(energy.overhead, SERIES_UNKNOWN);
}

static void energy_rounds_once(void **state)
{
        struct estimate_draw draw = { .gpus = 1, .gpu_milliwatts = 333, .seconds = 5 }; /* 1.665 J */
        struct estimate_energy energy;

        (void)state;
        assert_int_equal(estimate_energy_of_draw(&draw, 1500000, &energy), 0);
        assert_int_equal(energy.it, 2);
        assert_int_equal(energy.total, 2); /* 2.4975: not 1.5 x 2 */
        assert_int_equal(energy.overhead, 0);
}

static void nodes_are_whole(void **state)
{
        (void)state;
        assert_int_equal(estimate_nodes(1, 8), 1);
        assert_int_equal(estimate_nodes(8, 8), 1);
        assert_int_equal(estimate_nodes(9, 8), 2);
}

static void pue_may_be_in_it_already(void **state)
{
        struct estimate_energy energy;

        (void)state;
        assert_int_equal(estimate_energy_of_joules(1287 * MWH, 1100000, true, &energy), 0);
        assert_int_equal(energy.total, 1287 * MWH);
        assert_int_equal(energy.it, 1170 * MWH);
        assert_int_equal(energy.overhead, 117 * MWH);
        assert_int_equal(estimate_energy_of_joules(1000 * MWH, 1100000, false, &energy), 0);
        assert_int_equal(energy.total, 1100 * MWH);
        assert_int_equal(estimate_energy_of_joules(5, ESTIMATE_NO_PUE, true, &energy), 0);
        assert_int_equal(energy.total, 5);
        assert_int_equal(energy.it, SERIES_UNKNOWN); /* nobody told by how much */
        assert_int_equal(energy.overhead, SERIES_UNKNOWN);
}

static void what_makes_no_sense_is_refused(void **state)
{
        struct estimate_draw draw = { .gpus = INT64_MAX, .gpu_milliwatts = INT64_MAX, .seconds = INT64_MAX };
        struct estimate_energy energy = { 7, 7, 7 };

        (void)state;
        assert_int_equal(estimate_energy_of_draw(&draw, 1000000, &energy), OFFPEAK_EINVAL);
        draw = (struct estimate_draw){ .gpus = 1, .gpu_milliwatts = INT64_MAX, .seconds = INT64_MAX };
        assert_int_equal(estimate_energy_of_draw(&draw, INT64_MAX, &energy), OFFPEAK_EINVAL);
        draw = (struct estimate_draw){ .gpus = 1, .gpu_milliwatts = 1, .seconds = -1 };
        assert_int_equal(estimate_energy_of_draw(&draw, 1000000, &energy), OFFPEAK_EINVAL);
        assert_int_equal(estimate_energy_of_joules(5, 999999, false, &energy), OFFPEAK_EINVAL);
        assert_int_equal(estimate_energy_of_joules(-5, 1000000, false, &energy), OFFPEAK_EINVAL);
        assert_int_equal(estimate_energy_of_joules(INT64_MAX, 1100000, false, &energy), OFFPEAK_EINVAL);
        assert_int_equal(energy.total, 7);
}

/* ---- over time */

static struct series make_series(enum series_kind kind, const int64_t *values, size_t n, int64_t start, int64_t step)
{
        struct series series;

        series_init(&series, kind);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(series_append(&series, start + (int64_t)i * step, values[i]), 0);
        series.end = start + (int64_t)n * step;
        return series;
}

static void amounts_follow_the_hours(void **state)
{
        static const int64_t prices[] = { 10000000, 20000000, -5000000 };
        struct series series = make_series(SERIES_PRICE, prices, 3, HOUR, HOUR);
        struct series carbon = make_series(SERIES_CARBON, prices, 3, HOUR, HOUR);

        (void)state;
        assert_int_equal(estimate_amount(&series, 3 * MWH, HOUR, 4 * HOUR), 25000000);
        assert_int_equal(estimate_amount(&series, MWH, HOUR + HOUR / 4, 2 * HOUR + HOUR / 4), 12500000);
        assert_int_equal(estimate_amount(&series, MWH, 3 * HOUR, 4 * HOUR), -5000000);
        assert_int_equal(estimate_amount(&carbon, MWH, HOUR, 2 * HOUR), INT64_C(10000000) * 1000); /* mg per kWh */
        assert_int_equal(estimate_amount(&series, MWH, HOUR - 1, 2 * HOUR), SERIES_UNKNOWN);
        assert_int_equal(estimate_amount(&series, MWH, HOUR, 4 * HOUR + 1), SERIES_UNKNOWN);
        assert_int_equal(estimate_amount(&series, MWH, HOUR, HOUR), SERIES_UNKNOWN);
        assert_int_equal(estimate_amount(&series, INT64_MAX, HOUR, 2 * HOUR), INT64_MAX / 360);
        series.points[0].value = INT64_MAX;
        assert_int_equal(estimate_amount(&series, INT64_MAX, HOUR, 2 * HOUR), SERIES_UNKNOWN); /* beyond 64 bits */
        series_finish(&series);
        series_finish(&carbon);
}

static void add(void *context, const struct booking *part)
{
        book_apply(context, part);
}

/* The same run booked by the ledger: the same cost and carbon, to the micro-currency and the milligram. */
static void the_books_say_the_same(void **state)
{
        (void)state;
        for (int round = 0; round < 200; round++) {
                int64_t prices[48], carbons[48];
                struct site_supply supply = { .terms = { .grid_limit_w = INT64_MAX, .pue_ppm = 1000000 } };
                struct booking whole = { .account = ACCOUNT_JOB, .quality = QUALITY_MODELLED, .job = 1, .node = 1 };
                struct book book = { 0 };
                struct series price, carbon;

                for (int i = 0; i < 48; i++) {
                        prices[i] = (int64_t)random_below(200000000) - 40000000;
                        carbons[i] = random_below(700000);
                }
                price = make_series(SERIES_PRICE, prices, 48, HOUR, HOUR);
                carbon = make_series(SERIES_CARBON, carbons, 48, HOUR, HOUR);
                supply.price = &price;
                supply.carbon = &carbon;
                whole.start = HOUR + random_below(20 * HOUR);
                whole.end = whole.start + 1 + random_below(27 * HOUR);
                whole.joules = 1 + (int64_t)random_below(16000000) * random_below(4000);
                book_split(&whole, &supply, 1000, &book, add, &book);
                assert_int_equal(book.joules, whole.joules);
                assert_int_equal(book.unpriced_joules, 0);
                assert_int_equal(estimate_amount(&price, whole.joules, whole.start, whole.end), book.cost);
                assert_int_equal(estimate_amount(&carbon, whole.joules, whole.start, whole.end), book.carbon_mg);
                series_finish(&price);
                series_finish(&carbon);
        }
}

/* 8,784 hours at a price with no exact decimal share: no micro-currency is lost on the way. */
static void a_year_of_hours_does_not_drift(void **state)
{
        struct series series;
        int64_t joules = INT64_C(1234567891011);

        (void)state;
        series_init(&series, SERIES_PRICE);
        for (int64_t hour = 0; hour < 8784; hour++)
                assert_int_equal(series_append(&series, (hour + 1) * HOUR, 33333333), 0);
        series.end = 8785 * HOUR;
        assert_int_equal(estimate_amount(&series, joules, HOUR, 8785 * HOUR),
                         (int64_t)((__int128)joules * 33333333 / MWH));
        series_finish(&series);
}

static void gaps_are_named(void **state)
{
        static const int64_t values[] = { 1, SERIES_UNKNOWN, SERIES_UNKNOWN, 2, SERIES_UNKNOWN, 3 };
        struct series series = make_series(SERIES_PRICE, values, 6, 10, 10), none;
        struct estimate_gap gaps[4] = { 0 };

        (void)state;
        assert_int_equal(estimate_gaps(&series, 10, 20, gaps, 4), 0);
        assert_int_equal(estimate_gaps(&series, 5, 75, gaps, 4), 4);
        assert_int_equal(gaps[0].start, 5);
        assert_int_equal(gaps[0].end, 10);
        assert_int_equal(gaps[1].start, 20); /* two holes side by side are one */
        assert_int_equal(gaps[1].end, 40);
        assert_int_equal(gaps[2].start, 50);
        assert_int_equal(gaps[2].end, 60);
        assert_int_equal(gaps[3].start, 70);
        assert_int_equal(gaps[3].end, 75);
        memset(gaps, 0, sizeof(gaps));
        assert_int_equal(estimate_gaps(&series, 5, 75, gaps, 1), 4); /* counted, but there is no room */
        assert_int_equal(gaps[0].end, 10);
        assert_int_equal(gaps[1].end, 0);
        assert_int_equal(estimate_seconds_of(&series, SERIES_UNKNOWN, 5, 75), 40);
        assert_int_equal(estimate_seconds_of(&series, 2, 45, 75), 5);
        series_init(&none, SERIES_PRICE);
        assert_int_equal(estimate_gaps(&none, 5, 75, gaps, 4), 1);
        assert_int_equal(gaps[0].end, 75);
        series_finish(&series);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(energy_is_gpus_times_power_times_time_times_pue),
                cmocka_unit_test(energy_rounds_once),
                cmocka_unit_test(nodes_are_whole),
                cmocka_unit_test(pue_may_be_in_it_already),
                cmocka_unit_test(what_makes_no_sense_is_refused),
                cmocka_unit_test(amounts_follow_the_hours),
                cmocka_unit_test(the_books_say_the_same),
                cmocka_unit_test(a_year_of_hours_does_not_drift),
                cmocka_unit_test(gaps_are_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
