/* SPDX-License-Identifier: Apache-2.0 */
/* A site's store in the books: by hand, and over random days against sums of this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exact.h"
#include "ledger/stock.h"

#define HOUR INT64_C(3600)
#define T0   (1000 * HOUR) /* when tests begin; their times count from there */
#define EUR  INT64_C(1000000)
#define KWH  INT64_C(3600000)

enum { LINES = 20000, FLOWS = 200 };

/* Books, and all that was put into them. */
struct house {
        struct series price, carbon, solar;
        struct site_supply supply;
        struct plan_flow flows[FLOWS];
        struct stock_site site;
        struct book books[ACCOUNT_COUNT];
        struct stock stock;
        struct booking lines[LINES];
        size_t n;
};

static void take(void *context, const struct booking *part)
{
        struct house *house = context;

        assert_true(house->n < LINES);
        house->lines[house->n++] = *part;
        books_apply(house->books, part);
}

/* 1 kW drawn; a store of 10 kWh that takes and gives 2 kW, nine tenths of it in and eight tenths out. */
static struct house *house_new(void)
{
        struct house *house = calloc(1, sizeof(*house));

        assert_non_null(house);
        series_init(&house->price, SERIES_PRICE);
        series_init(&house->carbon, SERIES_CARBON);
        series_init(&house->solar, (enum series_kind)SERIES_SOLAR);
        house->supply.price = &house->price;
        house->supply.carbon = &house->carbon;
        house->supply.solar = &house->solar;
        house->supply.terms.grid_limit_w = INT64_MAX;
        house->supply.terms.pue_ppm = 1000000;
        house->supply.terms.has_store = true;
        house->supply.terms.store = (struct supply_store){ .energy_wh = 10000, .charge_w = 2000, .discharge_w = 2000,
                                                           .charge_ppm = 900000, .discharge_ppm = 800000 };
        house->site = (struct stock_site){ .supply = &house->supply, .power_w = 1000, .flows = house->flows };
        return house;
}

static void house_free(struct house *house)
{
        series_finish(&house->price);
        series_finish(&house->carbon);
        series_finish(&house->solar);
        free(house);
}

static void say(struct series *series, int64_t start, int64_t value, int64_t end)
{
        assert_int_equal(series_append(series, T0 + start, value), 0);
        series->end = T0 + end;
}

static void plan(struct house *house, int64_t start, int64_t end, double watts)
{
        house->flows[house->site.n_flows++] = (struct plan_flow){ T0 + start, T0 + end, 0, watts };
}

static void count(struct house *house, int64_t time, int64_t joules)
{
        stock_count(3, T0 + time, joules, 0, house->books, &house->stock, take, house);
}

static void charge(struct house *house, int64_t until)
{
        stock_charge(3, &house->site, T0 + until, house->books, &house->stock, take, house);
}

static void load(struct house *house, enum account account, int64_t start, int64_t end, int64_t joules)
{
        const struct booking whole = { .account = account, .quality = QUALITY_MEASURED, .site = 3, .node = 1, .job = 7,
                                       .start = T0 + start, .end = T0 + end, .joules = joules };

        stock_book(&whole, &house->site, house->books, &house->stock, take, house);
}

static const struct book *held(const struct house *house)
{
        return &house->books[ACCOUNT_STORAGE];
}

/* ---- by hand */

/* An hour of 1 kW at 36 and 100 g, a tenth of it lost: 0.9 kWh for 0.036. Half a kW for half an hour out of it takes 0.3125. */
static void what_comes_out_costs_what_went_in(void **unused)
{
        struct house *house = house_new();
        const struct booking *given, *drawn, *lost;

        (void)unused;
        say(&house->price, 0, 36 * EUR, HOUR);
        say(&house->price, HOUR, 72 * EUR, 2 * HOUR);
        say(&house->carbon, 0, 100000, 2 * HOUR);
        plan(house, 0, HOUR, 1000);
        plan(house, HOUR, 2 * HOUR, -500);
        count(house, 0, 0);
        assert_int_equal(house->n, 1); /* the books are open */
        charge(house, HOUR);
        assert_int_equal(house->n, 3);
        assert_int_equal(house->lines[1].account, ACCOUNT_STORAGE);
        assert_int_equal(house->lines[1].quality, QUALITY_MODELLED);
        assert_int_equal(house->lines[1].joules, KWH);
        assert_int_equal(house->lines[1].unit_joules[SUPPLY_GRID], KWH);
        assert_int_equal(house->lines[1].cost, 36000);
        assert_int_equal(house->lines[2].account, ACCOUNT_LOSS);
        assert_int_equal(house->lines[2].joules, KWH / 10);
        assert_int_equal(house->lines[2].cost, 0);
        assert_int_equal(held(house)->joules, 9 * KWH / 10);
        assert_int_equal(held(house)->cost, 36000);
        assert_int_equal(held(house)->carbon_mg, 100000);
        load(house, ACCOUNT_JOB, HOUR, HOUR + HOUR / 2, KWH / 2);
        assert_int_equal(house->n, 6);
        given = &house->lines[3];
        lost = &house->lines[4];
        drawn = &house->lines[5];
        assert_int_equal(given->account, ACCOUNT_JOB);
        assert_int_equal(given->joules, KWH / 4);
        assert_int_equal(given->unit_joules[SUPPLY_STORE], KWH / 4);
        assert_int_equal(given->cost, 12500);      /* 0.3125 of 0.9 */
        assert_int_equal(given->price, 50 * EUR);  /* 36 / 0.9 / 0.8 */
        assert_int_equal(given->carbon_mg, 34722); /* 100 g x 0.3125 / 0.9 */
        assert_int_equal(lost->joules, KWH / 16);
        assert_int_equal(lost->cost, 0);
        assert_int_equal(lost->job, 0);
        assert_int_equal(drawn->joules, KWH / 4);
        assert_int_equal(drawn->unit_joules[SUPPLY_GRID], KWH / 4);
        assert_int_equal(drawn->price, 72 * EUR);
        assert_int_equal(held(house)->joules, 9 * KWH / 10 - 5 * KWH / 16);
        assert_int_equal(held(house)->cost, 23500);
        assert_int_equal(booking_metered(given), 0);
        assert_int_equal(booking_metered(drawn), KWH / 4);
        house_free(house);
}

/* 0.3 kWh that were there first, then some at 36: the first to go are those that nobody knows the cost of. */
static void what_nobody_knows_goes_first(void **unused)
{
        struct house *house = house_new();

        (void)unused;
        say(&house->price, 0, 36 * EUR, 9 * HOUR);
        say(&house->carbon, 0, 100000, HOUR); /* of the first hour alone */
        house->supply.terms.store.discharge_ppm = 1000000;
        plan(house, 0, 2 * HOUR, 1000);
        plan(house, 2 * HOUR, 9 * HOUR, -1000);
        count(house, 0, 3 * KWH / 10);
        assert_int_equal(held(house)->unpriced_joules, 3 * KWH / 10);
        assert_int_equal(booking_metered(&house->lines[0]), 0);
        charge(house, 2 * HOUR);
        assert_int_equal(held(house)->joules, 21 * KWH / 10);
        assert_int_equal(held(house)->unpriced_joules, 3 * KWH / 10);
        assert_int_equal(held(house)->uncounted_joules, 12 * KWH / 10); /* of the second hour too */
        house->n = 0;
        load(house, ACCOUNT_JOB, 2 * HOUR, 3 * HOUR, KWH);
        assert_int_equal(house->n, 2);
        assert_int_equal(house->lines[0].joules, 3 * KWH / 10);
        assert_true(house->lines[0].price == SERIES_UNKNOWN && house->lines[0].carbon == SERIES_UNKNOWN);
        assert_int_equal(house->lines[0].cost, 0);
        assert_int_equal(house->lines[1].joules, 7 * KWH / 10);
        assert_int_equal(house->lines[1].price, 40 * EUR);
        assert_true(house->lines[1].carbon == SERIES_UNKNOWN);
        assert_int_equal(held(house)->unpriced_joules, 0);
        assert_int_equal(held(house)->uncounted_joules, 2 * KWH / 10);
        house->n = 0;
        load(house, ACCOUNT_IDLE, 3 * HOUR, 4 * HOUR, KWH); /* 1.1 kWh are left, 0.9 of them of the first hour */
        assert_int_equal(house->n, 2);
        assert_true(house->lines[0].carbon == SERIES_UNKNOWN);
        assert_int_equal(house->lines[1].joules, 8 * KWH / 10);
        assert_int_equal(house->lines[1].carbon_mg, 88889); /* of 100 g in 0.9 kWh */
        house->n = 0;
        load(house, ACCOUNT_IDLE, 4 * HOUR, 5 * HOUR, KWH); /* 0.1 kWh are left: the rest comes from the grid, unplanned */
        assert_int_equal(house->n, 2);
        assert_int_equal(house->lines[0].joules, KWH / 10);
        assert_int_equal(house->lines[1].joules, 9 * KWH / 10);
        assert_int_equal(house->lines[1].unit_joules[SUPPLY_GRID], 9 * KWH / 10);
        assert_int_equal(held(house)->joules, 0);
        assert_int_equal(held(house)->cost, 0);
        assert_int_equal(held(house)->carbon_mg, 0);
        house_free(house);
}

/* Less there is a loss, and its cost stays with the rest; more is a loss that was none, and beyond that nobody knows. */
static void a_level_is_a_stock_taking(void **unused)
{
        struct house *house = house_new();

        (void)unused;
        say(&house->price, 0, 36 * EUR, 9 * HOUR);
        plan(house, 0, HOUR, 1000);
        count(house, 0, 0);
        charge(house, HOUR); /* 0.9 kWh, 0.1 lost */
        house->n = 0;
        count(house, HOUR, 8 * KWH / 10);
        assert_int_equal(house->n, 1);
        assert_int_equal(house->lines[0].account, ACCOUNT_LOSS);
        assert_int_equal(house->lines[0].quality, QUALITY_MEASURED);
        assert_int_equal(house->lines[0].joules, KWH / 10);
        assert_int_equal(house->lines[0].cost, 0);
        assert_int_equal(held(house)->cost, 36000);
        house->n = 0;
        stock_count(3, T0 + HOUR + 1, 9 * KWH / 10, KWH / 20, house->books, &house->stock, take, house); /* 0.05 are to be taken out yet */
        assert_int_equal(house->n, 1);
        assert_int_equal(house->lines[0].quality, QUALITY_ESTIMATED);
        assert_int_equal(house->lines[0].joules, -(KWH / 10 + KWH / 20));
        assert_int_equal(house->lines[0].price, 0);
        assert_int_equal(held(house)->joules, 19 * KWH / 20);
        house->n = 0;
        count(house, HOUR + 2, 12 * KWH / 10); /* 0.05 were lost in all, 0.2 are of nobody */
        assert_int_equal(house->n, 2);
        assert_int_equal(house->lines[0].joules, -KWH / 20);
        assert_int_equal(house->lines[1].joules, -KWH / 5);
        assert_true(house->lines[1].price == SERIES_UNKNOWN);
        assert_int_equal(held(house)->unpriced_joules, KWH / 5);
        assert_int_equal(held(house)->cost, 36000);
        house->n = 0;
        count(house, HOUR + 3, 0); /* all of it is gone, and nobody is left to pay for it */
        assert_int_equal(house->n, 2);
        assert_true(house->lines[0].price == SERIES_UNKNOWN);
        assert_int_equal(house->lines[1].cost, 36000);
        assert_int_equal(held(house)->joules, 0);
        assert_int_equal(held(house)->cost, 0);
        house->n = 0;
        count(house, HOUR + 4, 0);
        assert_int_equal(house->n, 0);
        house_free(house);
}

/* Sun of 600 W and no grid: what the load lacks comes from the store, whatever was planned; charge gets what the load leaves. */
static void off_the_grid_the_store_gives_what_the_sources_lack(void **unused)
{
        struct house *house = house_new();

        (void)unused;
        house->supply.terms.grid_limit_w = 0;
        house->supply.terms.has_solar = true;
        say(&house->solar, 0, 600, HOUR);
        say(&house->solar, HOUR, 1300, 2 * HOUR);
        plan(house, 0, 3 * HOUR, 1500);
        assert_int_equal(stock_given_w(&house->site, T0), 400);
        assert_int_equal(stock_charge_w(&house->site, T0), 0);
        assert_int_equal(stock_given_w(&house->site, T0 + HOUR), 0);
        assert_int_equal(stock_charge_w(&house->site, T0 + HOUR), 300);
        assert_int_equal(stock_given_w(&house->site, T0 + 2 * HOUR), 0); /* nobody tells of the sun */
        assert_int_equal(stock_charge_w(&house->site, T0 + 2 * HOUR), 0);
        count(house, 0, KWH);
        load(house, ACCOUNT_JOB, 0, 2 * HOUR, 2 * KWH);
        charge(house, 3 * HOUR);
        assert_int_equal(house->books[ACCOUNT_JOB].unit_joules[SUPPLY_STORE], 4 * KWH / 10);
        assert_int_equal(house->books[ACCOUNT_JOB].unit_joules[SUPPLY_SOLAR], 16 * KWH / 10);
        assert_int_equal(held(house)->joules, KWH - KWH / 2 + 27 * KWH / 100);
        assert_int_equal(stock_taken(&house->site, 500, T0 + HOUR / 2, T0 + HOUR), KWH / 8);
        assert_int_equal(stock_taken(&house->site, 500, T0 + HOUR, T0 + HOUR / 2), -KWH / 8);
        assert_int_equal(stock_stored(&house->site, T0 + HOUR, T0 + 2 * HOUR), 27 * KWH / 100);
        house_free(house);
}

/* 1.5 kW of sun and the grid at 72: load and charge of 1 kW each pay the same mean, a quarter of the grid's price. */
static void a_charge_and_the_load_beside_it_pay_the_mean(void **unused)
{
        struct house *house = house_new();

        (void)unused;
        house->supply.terms.has_solar = true;
        say(&house->solar, 0, 1500, HOUR);
        say(&house->price, 0, 72 * EUR, HOUR);
        plan(house, 0, HOUR, 1000);
        count(house, 0, 0);
        charge(house, HOUR);
        assert_int_equal(house->lines[1].price, 18 * EUR);
        assert_int_equal(held(house)->cost, 18000);
        house->n = 0;
        load(house, ACCOUNT_JOB, 0, HOUR, KWH);
        assert_int_equal(house->n, 1);
        assert_int_equal(house->lines[0].price, 18 * EUR);
        assert_int_equal(house->lines[0].unit_joules[SUPPLY_SOLAR], 3 * KWH / 4);
        house_free(house);
}

static void it_is_charged_up_to_what_it_holds(void **unused)
{
        struct house *house = house_new();

        (void)unused;
        say(&house->price, 0, 36 * EUR, 9 * HOUR);
        plan(house, 0, HOUR, 5000); /* it takes 2000 */
        count(house, 0, 9 * KWH);
        charge(house, HOUR / 2);
        assert_int_equal(held(house)->joules, 9 * KWH + 9 * KWH / 10);
        charge(house, HOUR);
        assert_int_equal(held(house)->joules, 10 * KWH);
        assert_int_equal(house->stock.charged_until, T0 + HOUR);
        house->n = 0;
        charge(house, HOUR);
        assert_int_equal(house->n, 0);
        house_free(house);
}

static void a_store_that_nobody_tells_of_is_in_no_books(void **unused)
{
        struct house *house = house_new();
        struct booking lines[1];

        (void)unused;
        say(&house->price, 0, 36 * EUR, 9 * HOUR);
        plan(house, 0, HOUR, -500);
        charge(house, HOUR);
        load(house, ACCOUNT_JOB, 0, HOUR, KWH);
        assert_int_equal(house->n, 1);
        lines[0] = house->lines[0];
        assert_int_equal(lines[0].unit_joules[SUPPLY_GRID], KWH);
        assert_int_equal(held(house)->joules, 0);
        house_free(house);
}

/* ---- random days */

static uint64_t draw(uint64_t *seed, uint64_t n)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (*seed >> 33) % n;
}

/* What the lines come to, each taken by itself: who gave, who took, what was paid. */
struct sums {
        __int128 sources, nowhere, opened, paid[ACCOUNT_COUNT], emitted[ACCOUNT_COUNT];
        __int128 joules[ACCOUNT_COUNT], out;
};

static __int128 whole_units(__int128 sum, int64_t unit)
{
        return sum / unit - (sum % unit < 0 ? 1 : 0);
}

static struct sums sums_of(const struct house *house)
{
        struct sums sums = { 0 };

        for (size_t i = 0; i < house->n; i++) {
                const struct booking *line = &house->lines[i];
                int64_t sources = line->unit_joules[SUPPLY_GRID] + line->unit_joules[SUPPLY_SOLAR];

                sums.sources += sources;
                sums.out += line->unit_joules[SUPPLY_STORE];
                sums.joules[line->account] += line->joules;
                assert_true(line->unit_joules[SUPPLY_STORE] == 0 || (sources == 0 && line->unit_joules[SUPPLY_STORE] == line->joules));
                if (line->account == ACCOUNT_STORAGE && sources == 0)
                        sums.opened += line->joules;
                else
                        sums.nowhere += line->joules - sources - line->unit_joules[SUPPLY_STORE];
                if (line->unit_joules[SUPPLY_STORE] == 0 && line->price != SERIES_UNKNOWN)
                        sums.paid[line->account] += (__int128)line->price * line->joules;
                if (line->unit_joules[SUPPLY_STORE] == 0 && line->carbon != SERIES_UNKNOWN)
                        sums.emitted[line->account] += (__int128)line->carbon * line->joules;
        }
        return sums;
}

static void check(const struct house *house)
{
        const struct book *stored = held(house);
        struct sums sums = sums_of(house);
        __int128 joules = 0, cost = 0, carbon = 0, paid = 0, emitted = 0;

        for (int account = ACCOUNT_JOB; account < ACCOUNT_COUNT; account++) {
                joules += house->books[account].joules;
                cost += house->books[account].cost;
                carbon += house->books[account].carbon_mg;
                paid += whole_units(sums.paid[account], JOULES_PER_MWH); /* each account keeps its own remainder */
                emitted += whole_units(sums.emitted[account], JOULES_PER_KWH);
                if (account < ACCOUNT_STORAGE)
                        assert_true(house->books[account].joules == (int64_t)sums.joules[account]);
        }
        assert_true(sums.nowhere == 0);
        assert_true(joules == sums.sources + sums.opened);
        assert_true(stored->joules == (int64_t)(sums.joules[ACCOUNT_STORAGE] - sums.out));
        assert_true(cost == paid);
        assert_true(carbon == emitted);
        assert_true(stored->joules >= 0 && stored->joules <= house->supply.terms.store.energy_wh * 3600);
        assert_true(stored->unpriced_joules >= 0 && stored->unpriced_joules <= stored->joules);
        assert_true(stored->uncounted_joules >= 0 && stored->uncounted_joules <= stored->joules);
        assert_true(stored->unmarketed_joules >= 0 && stored->unmarketed_joules <= stored->joules);
        assert_true(stored->unpriced_joules < stored->joules || stored->cost == 0);
        assert_true(house->stock.lost >= 0);
}

/* Prices and carbon that are unknown now and then, flows of any size, loads late and early, levels told with errors. */
static void one_day(uint64_t seed)
{
        struct house *house = house_new();
        int64_t loads_until[ACCOUNT_OVERHEAD + 1] = { 0 };
        struct supply_store *store = &house->supply.terms.store;
        bool grid = draw(&seed, 2) == 0;

        store->charge_ppm = (int64_t)(700000 + draw(&seed, 300001));
        store->discharge_ppm = (int64_t)(700000 + draw(&seed, 300001));
        store->energy_wh = (int64_t)(100 + draw(&seed, 8000));
        house->supply.terms.has_solar = true;
        house->supply.terms.solar_carbon = 41000;
        house->supply.terms.grid_limit_w = grid ? INT64_MAX : 0;
        for (int64_t t = 0; t < 24 * HOUR; t += 900 + (int64_t)draw(&seed, 5400)) {
                int64_t price = (int64_t)draw(&seed, 200) * EUR - 50 * EUR;

                say(&house->price, t, draw(&seed, 6) == 0 ? SERIES_UNKNOWN : price, 24 * HOUR);
                say(&house->carbon, t, draw(&seed, 6) == 0 ? SERIES_UNKNOWN : (int64_t)draw(&seed, 500000), 24 * HOUR);
                say(&house->solar, t, grid ? (int64_t)draw(&seed, 3000) : (int64_t)(1000 + draw(&seed, 3000)), 24 * HOUR);
        }
        for (int64_t t = 0; t < 24 * HOUR && house->site.n_flows < FLOWS; t += 1800)
                plan(house, t, t + 300 + (int64_t)draw(&seed, 1501), (double)draw(&seed, 6000) - 3000.25);
        count(house, 1, (int64_t)draw(&seed, (uint64_t)store->energy_wh) * 3600);
        for (int64_t now = 2; now < 24 * HOUR; now += (int64_t)draw(&seed, 500)) {
                enum account account = (enum account)(ACCOUNT_JOB + draw(&seed, 3));
                int64_t level = held(house)->joules + (int64_t)draw(&seed, 400000) - 200000;

                house->site.power_w = (int64_t)(1 + draw(&seed, 1000));
                load(house, account, loads_until[account], now, (int64_t)draw(&seed, 1000000));
                loads_until[account] = now;
                if (draw(&seed, 2) == 0)
                        charge(house, now - (int64_t)draw(&seed, 300));
                if (draw(&seed, 5) == 0)
                        stock_count(3, T0 + now, level < 0 ? 0 : level > store->energy_wh * 3600 ? store->energy_wh * 3600 : level, 0,
                                    house->books, &house->stock, take, house);
                check(house);
        }
        house_free(house);
}

static void over_random_days_everything_adds_up(void **unused)
{
        (void)unused;
        for (uint64_t seed = 1; seed <= 60; seed++)
                one_day(seed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_comes_out_costs_what_went_in),
                cmocka_unit_test(what_nobody_knows_goes_first),
                cmocka_unit_test(a_level_is_a_stock_taking),
                cmocka_unit_test(off_the_grid_the_store_gives_what_the_sources_lack),
                cmocka_unit_test(a_charge_and_the_load_beside_it_pay_the_mean),
                cmocka_unit_test(it_is_charged_up_to_what_it_holds),
                cmocka_unit_test(a_store_that_nobody_tells_of_is_in_no_books),
                cmocka_unit_test(over_random_days_everything_adds_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
