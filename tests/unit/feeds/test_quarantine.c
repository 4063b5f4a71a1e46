/* SPDX-License-Identifier: Apache-2.0 */
/* test_quarantine.c - what is let through, what becomes unknown, and what is refused as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "feeds/quarantine.h"

#define MICRO INT64_C(1000000)
#define HOUR  INT64_C(3600)
#define START INT64_C(1764201600) /* 2025-11-27T00:00:00Z */

/* n hourly values from START + first hours on: scale x (10 + i % 24). */
static struct series ramp(enum series_kind kind, int first, int n, int64_t scale)
{
        struct series series;

        series_init(&series, kind);
        for (int i = 0; i < n; i++)
                assert_int_equal(series_append(&series, START + (first + i) * HOUR, scale * (10 + (first + i) % 24)), 0);
        series.end = START + (first + n) * HOUR;
        return series;
}

static struct quarantine_limits limits_of(enum series_kind kind)
{
        struct quarantine_limits limits;

        quarantine_defaults(kind, "EUR", NULL, &limits);
        return limits;
}

static struct quarantine taken(struct series *series, const struct series *last)
{
        struct quarantine_limits limits = limits_of(series->kind);
        struct offpeak_error err = { 0 };
        struct quarantine quarantine;

        if (quarantine_judge(series, last, &limits, &quarantine, &err) != 0)
                fail_msg("%s", err.text);
        return quarantine;
}

static void refused(struct series *series, const struct series *last, const char *says)
{
        struct quarantine_limits limits = limits_of(series->kind);
        struct quarantine quarantine = { .n_values = 77 };
        struct offpeak_error err = { 0 };
        struct series before;

        assert_int_equal(series_copy(series, &before), 0);
        assert_int_equal(quarantine_judge(series, last, &limits, &quarantine, &err), OFFPEAK_EINVAL);
        if (strstr(err.text, says) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", err.text, says);
        assert_int_equal(quarantine.n_values, 77);
        assert_true(series_same_values(&before, series)); /* left as it was */
        series_finish(&before);
}

static void one_bad_value_becomes_unknown(void **state)
{
        struct series series = ramp(SERIES_PRICE, 0, 24, MICRO);
        struct quarantine quarantine;

        (void)state;
        series.points[3].value = 94640 * MICRO;
        series.points[23].value = -10000 * MICRO;
        quarantine = taken(&series, NULL);
        assert_int_equal(quarantine.n_values, 2);
        assert_int_equal(quarantine.n_listed, 2);
        assert_int_equal(quarantine.listed[0].start, START + 3 * HOUR);
        assert_int_equal(quarantine.listed[0].end, START + 4 * HOUR);
        assert_int_equal(quarantine.listed[0].value, 94640 * MICRO);
        assert_true(quarantine.listed[0].high);
        assert_int_equal(quarantine.listed[1].end, START + 24 * HOUR);
        assert_false(quarantine.listed[1].high);
        assert_int_equal(series.points[3].value, SERIES_UNKNOWN);
        assert_int_equal(series.points[23].value, SERIES_UNKNOWN);
        assert_int_equal(series.points[4].value, 14 * MICRO);
        series_finish(&series);
}

static void many_bad_values_are_counted_and_some_listed(void **state)
{
        struct series series = ramp(SERIES_CARBON, 0, 48, 1000);
        struct quarantine quarantine;

        (void)state;
        for (int i = 0; i < 20; i++)
                series.points[2 * i].value = -1;
        quarantine = taken(&series, NULL);
        assert_int_equal(quarantine.n_values, 20);
        assert_int_equal(quarantine.n_listed, QUARANTINE_LISTED);
        series_finish(&series);
}

/* Scarcity and gluts are prices like others; unknown values are no evidence of anything. */
static void unusual_is_not_wrong(void **state)
{
        struct series series = ramp(SERIES_PRICE, 0, 24, MICRO), last = ramp(SERIES_PRICE, 0, 24, MICRO);

        (void)state;
        series.points[18].value = 4000 * MICRO;
        series.points[13].value = -500 * MICRO;
        series.points[2].value = SERIES_UNKNOWN;
        assert_int_equal(taken(&series, &last).n_values, 0);
        series_finish(&series);
        series = ramp(SERIES_PRICE, 24, 24, 300 * MICRO); /* the next day is 300 times as dear: other hours, a price */
        assert_int_equal(taken(&series, &last).n_values, 0);
        series_finish(&series);
        series_finish(&last);
}

static void most_of_it_outside_is_refused(void **state)
{
        struct series series = ramp(SERIES_PRICE, 0, 24, 1000 * MICRO);

        (void)state;
        refused(&series, NULL, "24 of 24 values are outside the limits (10,000 EUR/MWh at "
                "2025-11-27T00:00:00Z, most allowed: 9,999 EUR/MWh)");
        series_finish(&series);
        series = ramp(SERIES_LIMIT, 0, 3, -1);
        refused(&series, NULL, "say \"lowest\" beside this feed");
        series_finish(&series);
}

static void another_unit_is_refused(void **state)
{
        struct series last = ramp(SERIES_LIMIT, 0, 48, MICRO), series = ramp(SERIES_LIMIT, 24, 48, 1000);
        struct quarantine_limits limits = limits_of(SERIES_LIMIT);
        struct quarantine quarantine;
        struct offpeak_error err;

        (void)state;
        refused(&series, &last, "about 1,000 times smaller");
        limits.trusted = true; /* who gave both limits is believed */
        assert_int_equal(quarantine_judge(&series, &last, &limits, &quarantine, &err), 0);
        series_finish(&series);
        series = ramp(SERIES_LIMIT, 24, 48, MICRO * MICRO);
        refused(&series, &last, "about 1,000,000 times larger");
        series_finish(&series);
        series = ramp(SERIES_LIMIT, 100, 48, 1000); /* no hour in common: medians */
        refused(&series, &last, "about 1,000 times smaller");
        series_finish(&series);
        series = ramp(SERIES_LIMIT, 24, 48, 10000); /* a hundredth is a limit like another */
        assert_int_equal(taken(&series, &last).n_values, 0);
        series_finish(&series);
        series_finish(&last);
}

/* A price of 0.05 beside one of 50 is a windy day: only where the same hours are all off is the unit another. */
static void a_cheap_day_is_no_other_unit(void **state)
{
        struct series last = ramp(SERIES_PRICE, 0, 24, 5 * MICRO), next = ramp(SERIES_PRICE, 24, 24, MICRO / 200);
        struct series again = ramp(SERIES_PRICE, 0, 24, MICRO / 200);

        (void)state;
        assert_int_equal(taken(&next, &last).n_values, 0);
        refused(&again, &last, "1,000 times smaller");
        for (int i = 0; i < 6; i++)
                again.points[i].value = last.points[i].value;
        assert_int_equal(taken(&again, &last).n_values, 0);
        series_finish(&last);
        series_finish(&next);
        series_finish(&again);
}

/* Of a long series a part is looked at, however long it is. */
static void long_series_are_compared_too(void **state)
{
        static const int sizes[] = { 1999, 2000, 2001, 3999, 4000, 4001, 70001 };

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct series last = ramp(SERIES_PRICE, 0, sizes[i], 5 * MICRO);
                struct series series = ramp(SERIES_PRICE, 0, sizes[i], MICRO / 200);

                refused(&series, &last, "1,000 times smaller");
                series_finish(&last);
                series_finish(&series);
        }
}

static void yesterdays_file_again_is_refused(void **state)
{
        struct series last = ramp(SERIES_PRICE, 24, 48, MICRO), yesterday = ramp(SERIES_PRICE, 0, 48, MICRO);
        struct series longer = ramp(SERIES_PRICE, 0, 72, MICRO), shorter = ramp(SERIES_PRICE, 30, 24, MICRO);

        (void)state;
        refused(&yesterday, &last, "older than what came before: it ends 2025-11-29T00:00:00Z");
        assert_int_equal(taken(&yesterday, NULL).n_values, 0); /* after a reload */
        assert_int_equal(taken(&longer, &last).n_values, 0);
        assert_int_equal(taken(&shorter, &last).n_values, 0);
        series_finish(&last);
        series_finish(&yesterday);
        series_finish(&longer);
        series_finish(&shorter);
}

static void order_is_kept(void **state)
{
        struct series series = ramp(SERIES_PRICE, 0, 4, MICRO), empty;

        (void)state;
        series.points[2].start = series.points[1].start;
        refused(&series, NULL, "run backwards");
        series.points[2].start = START + 2 * HOUR;
        series.end = START + 3 * HOUR;
        refused(&series, NULL, "ends before");
        series_init(&empty, SERIES_PRICE);
        refused(&empty, NULL, "no values");
        series_finish(&series);
}

static void defaults_know_their_kind(void **state)
{
        struct supply_terms terms = { .n_reactors = 2, .reactors = { { .rating_w = 77000000 }, { .rating_w = 77000000 } } };
        struct quarantine_limits limits;

        (void)state;
        quarantine_defaults(SERIES_CAPACITY, "EUR", &terms, &limits);
        assert_int_equal(limits.lowest, 0);
        assert_int_equal(limits.highest, 154000000);
        terms.n_reactors = 0;
        quarantine_defaults(SERIES_CAPACITY, "EUR", &terms, &limits);
        assert_int_equal(limits.highest, INT64_MAX);
        quarantine_defaults(SERIES_PRICE, "USD", &terms, &limits);
        assert_int_equal(limits.lowest, -10000 * MICRO);
        assert_int_equal(limits.highest, 20000 * MICRO);
        quarantine_defaults(SERIES_PRICE, "XTS", &terms, &limits);
        assert_int_equal(limits.lowest, INT64_MIN);
        assert_int_equal(limits.highest, INT64_MAX);
        quarantine_defaults(SERIES_PRICE, NULL, &terms, &limits);
        assert_int_equal(limits.lowest, INT64_MIN);
        assert_int_equal(limits.highest, INT64_MAX);
        quarantine_defaults((enum series_kind)SERIES_EXPORT_PRICE, "EUR", &terms, &limits);
        assert_int_equal(limits.lowest, -9999 * MICRO);
        quarantine_defaults(SERIES_CARBON, "EUR", &terms, &limits);
        assert_int_equal(limits.highest, 2500000);
        assert_false(limits.trusted);
}

/* What a market in the currency has as its own limit is a price, and a thousand times what power costs there is none. */
static void limits_of_currencies_hold_what_markets_publish(void **state)
{
        static const struct {
                const char *currency;
                int64_t lowest, highest, usual; /* whole units per MWh */
        } rules[] = {
                { "EUR", -500, 5000, 90 },   { "GBP", -500, 6000, 80 },         { "USD", -1000, 10000, 40 },
                { "CAD", -2000, 2000, 35 },  { "AUD", -1000, 22800, 90 },       { "JPY", 10, 999000, 13000 },
                { "SEK", -5750, 57500, 600 }, { "NOK", -6000, 60000, 600 },     { "DKK", -3730, 37300, 600 },
                { "PLN", -2250, 22500, 400 }, { "CZK", -12500, 125000, 2200 },  { "HUF", -200000, 2000000, 40000 },
                { "RON", -2500, 25000, 500 }, { "CHF", -500, 5000, 90 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
                struct quarantine_limits limits;

                quarantine_defaults(SERIES_PRICE, rules[i].currency, NULL, &limits);
                if (limits.lowest > rules[i].lowest * MICRO || limits.highest < rules[i].highest * MICRO)
                        fail_msg("%s: a price that a market may have is outside", rules[i].currency);
                if (limits.highest >= 1000 * rules[i].usual * MICRO || limits.lowest <= -1000 * rules[i].usual * MICRO)
                        fail_msg("%s: a price in another unit is inside", rules[i].currency);
        }
}

static void gaps_are_counted(void **state)
{
        struct series series = ramp(SERIES_PRICE, 0, 10, MICRO);
        int64_t seconds;
        uint32_t n;

        (void)state;
        quarantine_gaps(&series, &n, &seconds);
        assert_int_equal(n, 0);
        series.points[2].value = series.points[3].value = series.points[9].value = SERIES_UNKNOWN;
        quarantine_gaps(&series, &n, &seconds);
        assert_int_equal(n, 2);
        assert_int_equal(seconds, 3 * HOUR);
        series_finish(&series);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_bad_value_becomes_unknown),
                cmocka_unit_test(many_bad_values_are_counted_and_some_listed),
                cmocka_unit_test(unusual_is_not_wrong),
                cmocka_unit_test(most_of_it_outside_is_refused),
                cmocka_unit_test(another_unit_is_refused),
                cmocka_unit_test(a_cheap_day_is_no_other_unit),
                cmocka_unit_test(long_series_are_compared_too),
                cmocka_unit_test(yesterdays_file_again_is_refused),
                cmocka_unit_test(order_is_kept),
                cmocka_unit_test(defaults_know_their_kind),
                cmocka_unit_test(limits_of_currencies_hold_what_markets_publish),
                cmocka_unit_test(gaps_are_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
