/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/exact.h"
#include "ledger/booking.h"

enum { MAX_PARTS = 256 };

struct parts {
        struct booking at[MAX_PARTS];
        size_t n;
};

static void keep(void *context, const struct booking *part)
{
        struct parts *parts = context;

        assert_true(parts->n < MAX_PARTS);
        parts->at[parts->n++] = *part;
}

static uint64_t draw(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

static int64_t between(uint64_t *seed, int64_t low, int64_t high)
{
        return low + (int64_t)(draw(seed) % (uint64_t)(high - low + 1));
}

/* A site on the grid alone: price and carbon as given, both may have holes and negative prices. */
struct market {
        struct series_point price_points[40], carbon_points[40];
        struct series price, carbon;
        struct site_supply supply;
};

static void fill_series(struct series *series, struct series_point *points, uint64_t *seed, int64_t low, int64_t high)
{
        int64_t start = between(seed, 900, 1100);

        series->points = points;
        series->n_points = (size_t)between(seed, 1, 40);
        for (size_t i = 0; i < series->n_points; i++) {
                points[i].start = start;
                points[i].value = draw(seed) % 6 == 0 ? SERIES_UNKNOWN : between(seed, low, high);
                start += between(seed, 1, 90);
        }
        series->end = start;
        series->version = draw(seed) % 100;
}

static void make_market(struct market *market, uint64_t *seed)
{
        memset(market, 0, sizeof(*market));
        market->price.kind = SERIES_PRICE;
        market->carbon.kind = SERIES_CARBON;
        fill_series(&market->price, market->price_points, seed, -500000000, 3000000000);
        fill_series(&market->carbon, market->carbon_points, seed, 0, 900000);
        market->supply.terms.grid_adder = between(seed, 0, 30000000);
        market->supply.terms.grid_limit_w = INT64_MAX;
        market->supply.terms.pue_ppm = 1000000;
        market->supply.price = &market->price;
        market->supply.carbon = &market->carbon;
}

static struct booking whole_of(int64_t start, int64_t end, int64_t joules)
{
        return (struct booking){
                .account = ACCOUNT_JOB,
                .quality = QUALITY_MEASURED,
                .site = 2,
                .node = 5,
                .job = 42,
                .attempt = 3,
                .start = start,
                .end = end,
                .joules = joules,
        };
}

/* What the header promises of one split, worked out without its arithmetic. */
static void check_parts(const struct parts *parts, const struct booking *whole, const struct market *market)
{
        int64_t joules = 0, time = whole->start;

        for (size_t i = 0; i < parts->n; i++) {
                const struct booking *part = &parts->at[i];
                int64_t price = series_at(&market->price, part->start);

                assert_int_equal(part->account, whole->account);
                assert_int_equal(part->quality, whole->quality);
                assert_int_equal(part->site, whole->site);
                assert_int_equal(part->node, whole->node);
                assert_int_equal(part->job, whole->job);
                assert_int_equal(part->attempt, whole->attempt);
                assert_int_equal(part->start, time);
                assert_true(part->end > part->start);
                for (int64_t t = part->start; t < part->end; t++) {
                        assert_int_equal(series_at(&market->price, t), price);
                        assert_int_equal(series_at(&market->carbon, t), part->carbon);
                }
                if (price == SERIES_UNKNOWN)
                        assert_int_equal(part->price, SERIES_UNKNOWN);
                else
                        assert_int_equal(part->price, price + market->supply.terms.grid_adder);
                assert_int_equal(part->price_version, market->price.version);
                assert_int_equal(part->carbon_version, market->carbon.version);
                joules += part->joules;
                time = part->end;
        }
        assert_int_equal(time, whole->end);
        assert_int_equal(joules, whole->joules);
}

/* No part is off its share of the whole by a joule or more. */
static void check_shares(const struct parts *parts, const struct booking *whole)
{
        int64_t sum = 0;

        for (size_t i = 0; i < parts->n; i++) {
                __int128 share = (__int128)whole->joules * (parts->at[i].end - whole->start);
                __int128 error;

                sum += parts->at[i].joules;
                error = share - (__int128)sum * (whole->end - whole->start);
                assert_true(error >= 0 && error < whole->end - whole->start);
        }
}

/* cost x divisor + rest is what the joules times their prices come to, to the last unit of the remainder. */
static void check_book(const struct book *before, const struct book *after, const struct parts *parts)
{
        __int128 cost = 0, carbon = 0;
        int64_t joules = 0, unpriced = 0, uncounted = 0, booked_cost = 0, booked_carbon = 0;

        for (size_t i = 0; i < parts->n; i++) {
                const struct booking *part = &parts->at[i];

                joules += part->joules;
                booked_cost += part->cost;
                booked_carbon += part->carbon_mg;
                if (part->price == SERIES_UNKNOWN) {
                        assert_int_equal(part->cost, 0);
                        unpriced += part->joules;
                } else {
                        cost += (__int128)part->joules * part->price;
                }
                if (part->carbon == SERIES_UNKNOWN) {
                        assert_int_equal(part->carbon_mg, 0);
                        uncounted += part->joules;
                } else {
                        carbon += (__int128)part->joules * part->carbon;
                }
        }
        assert_int_equal(after->joules - before->joules, joules);
        assert_int_equal(after->cost - before->cost, booked_cost);
        assert_int_equal(after->carbon_mg - before->carbon_mg, booked_carbon);
        assert_int_equal(after->unpriced_joules - before->unpriced_joules, unpriced);
        assert_int_equal(after->uncounted_joules - before->uncounted_joules, uncounted);
        assert_true((__int128)(after->cost - before->cost) * JOULES_PER_MWH + after->cost_rest - before->cost_rest ==
                    cost);
        assert_true((__int128)(after->carbon_mg - before->carbon_mg) * JOULES_PER_KWH + after->carbon_rest -
                            before->carbon_rest ==
                    carbon);
        assert_in_range(after->cost_rest, 0, JOULES_PER_MWH - 1);
        assert_in_range(after->carbon_rest, 0, JOULES_PER_KWH - 1);
}

static void split_and_apply(const struct booking *whole, const struct market *market, struct book *book,
                            struct parts *ret_parts)
{
        ret_parts->n = 0;
        book_split(whole, &market->supply, 1000, book, keep, ret_parts);
        for (size_t i = 0; i < ret_parts->n; i++)
                book_apply(book, &ret_parts->at[i]);
}

static void test_the_sum_of_the_bookings_is_the_book(void **state)
{
        static struct parts parts;
        uint64_t seed = 1;

        (void)state;
        for (int round = 0; round < 200; round++) {
                struct book book = { 0 };
                struct market market;

                make_market(&market, &seed);
                for (int i = 0; i < 12; i++) {
                        struct booking whole = whole_of(between(&seed, 800, 4000), 0, between(&seed, -1000, 5000000));
                        struct book before = book;

                        whole.end = whole.start + between(&seed, 1, 700);
                        split_and_apply(&whole, &market, &book, &parts);
                        check_parts(&parts, &whole, &market);
                        check_shares(&parts, &whole);
                        check_book(&before, &book, &parts);
                }
        }
}

/* A steady draw, metered in any pieces, comes to the same totals to the last unit of the remainder. */
static void test_any_cutting_gives_the_same_total(void **state)
{
        static struct parts parts;
        uint64_t seed = 2;

        (void)state;
        for (int round = 0; round < 100; round++) {
                int64_t watts = between(&seed, 1, 100000), end = 3000;
                struct book at_once = { 0 }, piecewise = { 0 };
                struct market market;
                struct booking whole = whole_of(800, end, watts * (end - 800));

                make_market(&market, &seed);
                split_and_apply(&whole, &market, &at_once, &parts);
                for (int64_t start = 800, stop; start < end; start = stop) {
                        stop = start + between(&seed, 1, 400);
                        stop = stop < end ? stop : end;
                        whole = whole_of(start, stop, watts * (stop - start));
                        split_and_apply(&whole, &market, &piecewise, &parts);
                }
                assert_memory_equal(&at_once, &piecewise, sizeof(at_once));
        }
}

static void test_split_only_reads_the_book(void **state)
{
        struct book book = { .cost = 7, .cost_rest = 123456, .carbon_rest = 99 }, copy = book;
        struct booking whole = whole_of(1000, 2000, 987654);
        static struct parts parts;
        struct market market;
        uint64_t seed = 3;

        (void)state;
        make_market(&market, &seed);
        book_split(&whole, &market.supply, 1000, &book, keep, &parts);
        assert_memory_equal(&book, &copy, sizeof(book));
}

/* 3.6e9 J at 50.00 a MWh are 50.00; at -10.00 they bring 10.00. */
static void test_a_megawatt_hour(void **state)
{
        struct series_point points[] = { { 0, 50000000 }, { 3600, -10000000 } };
        struct series price = { .kind = SERIES_PRICE, .points = points, .n_points = 2, .end = 7200, .version = 9 };
        struct site_supply supply = { .terms = { .grid_limit_w = INT64_MAX, .pue_ppm = 1000000 }, .price = &price };
        struct booking whole = whole_of(0, 7200, 2 * JOULES_PER_MWH);
        struct book book = { 0 };
        static struct parts parts;

        (void)state;
        book_split(&whole, &supply, 1000000, &book, keep, &parts);
        assert_int_equal(parts.n, 2);
        assert_int_equal(parts.at[0].joules, JOULES_PER_MWH);
        assert_int_equal(parts.at[0].cost, 50000000);
        assert_int_equal(parts.at[1].cost, -10000000);
        assert_int_equal(parts.at[0].price_version, 9);
        assert_int_equal(parts.at[0].carbon, SERIES_UNKNOWN); /* nobody said */
        assert_int_equal(parts.at[0].carbon_mg, 0);
        assert_int_equal(parts.at[0].carbon_version, 0);
}

/* Power above the reactor's comes from the grid, and everyone at the site pays the mean. */
static void test_the_mean_of_what_the_site_draws(void **state)
{
        struct series_point price_point = { 0, 90000000 }, capacity_point = { 0, 3000 };
        struct series price = { .kind = SERIES_PRICE, .points = &price_point, .n_points = 1, .end = 100 };
        struct series capacity = { .kind = SERIES_CAPACITY, .points = &capacity_point, .n_points = 1, .end = 100 };
        struct site_supply supply = { .price = &price, .capacity = &capacity };
        struct booking whole = whole_of(0, 100, 1000);
        struct book book = { 0 };
        static struct parts parts;

        (void)state;
        supply.terms =
                (struct supply_terms){ .grid_limit_w = INT64_MAX, .has_reactor = true, .reactor_fuel = 10000000 };
        book_split(&whole, &supply, 4000, &book, keep, &parts);
        assert_int_equal(parts.n, 1);
        assert_int_equal(parts.at[0].price, 30000000); /* (3 x 10 + 1 x 90) / 4 */
}

/*
 * 10 kW: 3 of the reactor, 2 of the sun, 1 of an agreement (11 g by contract, through the grid at 300), 4 of the grid, 2 of them
 * covered by a virtual agreement at 50.
 */
static void test_who_supplied_it(void **state)
{
        struct series_point price_point = { 0, 90000000 }, sun_point = { 0, 2000 }, carbon_point = { 0, 300000 };
        struct series price = { .kind = SERIES_PRICE, .points = &price_point, .n_points = 1, .end = 100 };
        struct series carbon = { .kind = SERIES_CARBON, .points = &carbon_point, .n_points = 1, .end = 100 };
        struct series sun = { .kind = SERIES_CAPACITY, .points = &sun_point, .n_points = 1, .end = 100 };
        struct site_supply supply = { .price = &price, .carbon = &carbon, .solar = &sun };
        struct booking whole = whole_of(0, 100, 1003);
        struct book book = { 0 };
        static struct parts parts;

        (void)state;
        supply.terms = (struct supply_terms){ .grid_limit_w = INT64_MAX, .has_reactor = true, .reactor_fuel = 10000000,
                                              .reactor_carbon = 12000, .n_reactors = 1, .has_solar = true,
                                              .solar_carbon = 48000, .n_ppas = 2 };
        supply.terms.reactors[0].rating_w = 3000;
        supply.terms.ppas[0] = (struct supply_ppa){ .kind = PPA_BASELOAD, .take_or_pay = true, .power_w = 1000, .carbon = 11000 };
        supply.terms.ppas[1] = (struct supply_ppa){ .kind = PPA_VIRTUAL, .power_w = 2000, .carbon = 50000 };
        book_split(&whole, &supply, 10000, &book, keep, &parts);
        assert_int_equal(parts.n, 1);
        /* the sun and the agreement first, both at nothing; then the reactor; each from where the last one ended */
        assert_int_equal(parts.at[0].unit_joules[SUPPLY_SOLAR], 200);  /* 0 to 200.6 */
        assert_int_equal(parts.at[0].unit_joules[SUPPLY_PPA], 100);    /* to 300.9 */
        assert_int_equal(parts.at[0].unit_joules[SUPPLY_REACTOR], 301); /* to 601.8 */
        assert_int_equal(parts.at[0].unit_joules[SUPPLY_GRID], 402);   /* to 1003 */
        assert_int_equal(parts.at[0].price, (3 * 10 + 4 * 90) * 100000);
        assert_int_equal(parts.at[0].carbon, (3 * 12 + 2 * 48 + 5 * 300) * 100);
        assert_int_equal(parts.at[0].market, (3 * 12 + 2 * 48 + 11 + 2 * 50 + 2 * 300) * 100);
        assert_int_equal(parts.at[0].market_mg, 1003 * parts.at[0].market / 3600000);
        book_apply(&book, &parts.at[0]);
        book_apply(&book, &parts.at[0]);
        assert_int_equal(book.unit_joules[SUPPLY_GRID], 804);
        assert_int_equal(book.market_rest, 2 * 1003 * parts.at[0].market % 3600000);
}

/* Of many bookings at any power: units sum to each booking, and the book has the sums. */
static void test_units_sum_to_the_booking(void **state)
{
        struct book book = { 0 };
        static struct parts parts;
        struct market market;
        uint64_t seed = 11;

        (void)state;
        make_market(&market, &seed);
        market.supply.terms.has_reactor = true;
        market.supply.terms.n_reactors = 1;
        market.supply.terms.reactors[0].rating_w = 777;
        for (int64_t power = 1; power < 3000; power += 97) {
                struct booking whole = whole_of(0, 5000, 1000 * power + 13);

                parts.n = 0;
                book_split(&whole, &market.supply, power, &book, keep, &parts);
                for (size_t i = 0; i < parts.n; i++) {
                        int64_t sum = 0;

                        for (int unit = 0; unit < SUPPLY_UNITS; unit++)
                                sum += parts.at[i].unit_joules[unit];
                        assert_int_equal(sum, parts.at[i].joules);
                        book_apply(&book, &parts.at[i]);
                }
        }
        assert_int_equal(book.unit_joules[SUPPLY_REACTOR] + book.unit_joules[SUPPLY_GRID], book.joules);
}

static void test_no_length(void **state)
{
        struct booking nothing = whole_of(1000, 1000, 0), at_once = whole_of(1000, 1000, 500),
                       backwards = whole_of(1000, 900, 500);
        struct book book = { 0 };
        static struct parts parts;
        struct market market;
        uint64_t seed = 4;

        (void)state;
        make_market(&market, &seed);
        book_split(&nothing, &market.supply, 1000, &book, keep, &parts);
        assert_int_equal(parts.n, 0);
        book_split(&at_once, &market.supply, 1000, &book, keep, &parts);
        book_split(&backwards, &market.supply, 1000, &book, keep, &parts);
        assert_int_equal(parts.n, 2);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(parts.at[i].joules, 500);
                assert_int_equal(parts.at[i].start, 1000);
                assert_int_equal(parts.at[i].end, 1000);
        }
}

static void test_totals_do_not_come_round(void **state)
{
        struct book book = { .joules = INT64_MAX - 1, .cost = INT64_MIN + 5 };
        struct booking booking = whole_of(0, 1, 100);

        (void)state;
        booking.price = booking.carbon = SERIES_UNKNOWN;
        booking.cost = -100;
        book_apply(&book, &booking);
        assert_true(book.joules == INT64_MAX);
        assert_true(book.cost < -INT64_MAX + 5);
}

static void test_names(void **state)
{
        (void)state;
        assert_string_equal(account_name(ACCOUNT_JOB), "job");
        assert_string_equal(account_name(ACCOUNT_LOSS), "loss");
        assert_string_equal(quality_name(QUALITY_MODELLED), "modelled");
        assert_string_equal(account_name((enum account)9), "?");
        assert_string_equal(quality_name((enum quality)0), "?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_sum_of_the_bookings_is_the_book),
                cmocka_unit_test(test_any_cutting_gives_the_same_total),
                cmocka_unit_test(test_split_only_reads_the_book),
                cmocka_unit_test(test_a_megawatt_hour),
                cmocka_unit_test(test_the_mean_of_what_the_site_draws),
                cmocka_unit_test(test_who_supplied_it),
                cmocka_unit_test(test_units_sum_to_the_booking),
                cmocka_unit_test(test_no_length),
                cmocka_unit_test(test_totals_do_not_come_round),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
