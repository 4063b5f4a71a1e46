/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stored_books.c - the books of sites with a battery, in virtual time. The battery is the test's own: it gives what the sources
 * lack and what was planned, takes what is planned to charge it, and is told to the scheduler every few minutes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exact.h"
#include "core/power.h"
#include "core/stored.h"
#include "support/effort.h"
#include "support/sim_world.h"

enum { STEP_S = 10, REPORT_S = 300, IDLE_W = 50, DEVICE_W = 100, DEVICES = 4, REACTOR_W = 60 };

#define J_PER_WH 3600.0

struct battery {
        double joules;
        double charge, discharge;      /* efficiencies that it really has */
        double from_sources_j, given_j, charged_j; /* what flowed */
        int64_t error_j;               /* of each report, either way */
        uint64_t seed;
};

struct house {
        struct sim_world world;
        struct series sun;
        struct battery battery;
};

static const struct supply_store store_terms = { .energy_wh = 4000, .reserve_wh = 500, .charge_w = 500, .discharge_w = 350,
                                                 .charge_ppm = 950000, .discharge_ppm = 900000 };

static uint64_t draw(uint64_t *seed)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return *seed >> 33;
}

/* Dark first, for twelve hours; then light. */
static void make_sun(struct series *sun, int64_t watts, int days)
{
        series_init(sun, (enum series_kind)SERIES_SOLAR);
        assert_int_equal(series_set_names(sun, "hanford", "test"), 0);
        for (int day = 0; day < days; day++) {
                assert_int_equal(series_append(sun, WORLD_START + day * DAY, 0), 0);
                assert_int_equal(series_append(sun, WORLD_START + day * DAY + 12 * HOUR, watts), 0);
        }
        sun->end = WORLD_START + days * DAY;
}

static void begin(struct house *house, bool has_grid, double joules, const double *prices, size_t n)
{
        struct supply_terms *terms;

        memset(house, 0, sizeof(*house));
        world_policy(&house->world.policy);
        house->world.policy.plan_horizon_s = 36 * HOUR;
        house->world.policy.plan_work = 4000;
        terms = &house->world.policy.sites[0].terms;
        if (!has_grid) {
                terms->grid_limit_w = 0;
                terms->has_solar = terms->has_reactor = true;
                terms->solar_carbon = 40000;
                terms->reactor_carbon = 6000;
                terms->reactor_fuel = 30000000;
                terms->reactors[0] = (struct supply_reactor){ .rating_w = REACTOR_W };
                terms->n_reactors = 1;
        }
        terms->has_store = true;
        terms->store = store_terms;
        house->battery = (struct battery){ .joules = joules, .charge = 0.95, .discharge = 0.9, .seed = 7 };
        sim_world_init(&house->world, prices, n);
        if (!has_grid) {
                make_sun(&house->sun, 700, 4);
                assert_int_equal(sim_take_series(house->world.sim, &house->sun), 0);
        }
        assert_int_equal(sim_add_node(house->world.sim, &(struct sim_node){ "n1", "hanford", DEVICES, IDLE_W, DEVICE_W, 0 }), 0);
}

static void finish(struct house *house)
{
        series_finish(&house->sun);
        sim_world_finish(&house->world);
}

static uint64_t submit(struct house *house, int64_t time_s)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err = { 0 };
        uint64_t job = 0;

        world_spec(&spec, "night", 1, time_s);
        if (sim_submit(house->world.sim, &spec, &job, &err) != 0 || job == 0)
                fail_msg("%s", err.text);
        offpeak_job_spec_finish(&spec);
        return job;
}

static void tell(struct house *house, int64_t now)
{
        struct battery *battery = &house->battery;
        double error = battery->error_j > 0 ? (double)draw(&battery->seed) / (double)(UINT64_C(1) << 30) - 1 : 0;
        struct series stored;

        series_init(&stored, (enum series_kind)SERIES_STORED);
        assert_int_equal(series_set_names(&stored, "hanford", "meter"), 0);
        assert_int_equal(series_append(&stored, now, (int64_t)((battery->joules + error * (double)battery->error_j) / J_PER_WH)), 0);
        stored.end = now + 2 * REPORT_S;
        assert_int_equal(sim_take_series(house->world.sim, &stored), 0);
        series_finish(&stored);
}

/* STEP_S of the site's power. */
static void let_flow(struct house *house, int64_t now)
{
        struct battery *battery = &house->battery;
        const struct state *state = sim_state(house->world.sim);
        bool off_grid = house->sun.n_points > 0;
        double sources = off_grid ? (double)series_at(&house->sun, now) + REACTOR_W : INFINITY;
        double load = (double)power_of_site(state, &state->sites[0]), planned = stored_flow(state, &state->sites[0], now);
        double given = fmin(fmax(fmax(-planned, load - sources), 0), load);
        double charge = fmin(fmin(fmax(planned, 0), (double)store_terms.charge_w), fmax(sources - load, 0));

        given = fmin(given, battery->joules * battery->discharge / STEP_S);
        charge = given > 0 ? 0 : fmin(charge, ((double)store_terms.energy_wh * J_PER_WH - battery->joules) / battery->charge / STEP_S);
        battery->joules += STEP_S * (charge * battery->charge - given / battery->discharge);
        battery->from_sources_j += STEP_S * (load + charge - given);
        battery->given_j += STEP_S * given;
        battery->charged_j += STEP_S * charge;
}

static void run_until(struct house *house, int64_t until)
{
        for (int64_t now = sim_now(house->world.sim); now < until; now += STEP_S) {
                assert_int_equal(sim_run_until(house->world.sim, now), 0);
                if (now % REPORT_S == 0)
                        tell(house, now);
                let_flow(house, now);
        }
}

/* ---- what the books come to */

struct sums {
        int64_t load, charged, lost, opened; /* J */
        int64_t sources, store_in_loads;     /* by unit */
        int64_t cost, carbon_mg;             /* of all accounts */
        __int128 paid, emitted;              /* J x price, J x carbon, of what the sources gave */
        int64_t unpriced_given;              /* J out of the store whose price nobody knew */
        int64_t last_unpriced;               /* when such were last drawn */
};

static int64_t sourced(const struct booking *booking)
{
        int64_t sum = 0;

        for (int unit = 0; unit < SUPPLY_UNITS; unit++)
                sum += unit == SUPPLY_STORE ? 0 : booking->unit_joules[unit];
        return sum;
}

static void add(struct sums *sums, const struct booking *booking)
{
        int64_t given = booking->unit_joules[SUPPLY_STORE], sources = sourced(booking);

        sums->sources += sources;
        if (booking->account == ACCOUNT_LOSS)
                sums->lost += booking->joules;
        else if (booking->account != ACCOUNT_STORAGE)
                sums->load += booking->joules;
        else if (sources == 0)
                sums->opened += booking->joules;
        else
                sums->charged += booking->joules;
        if (booking->account < ACCOUNT_LOSS) {
                assert_int_equal(sources + given, booking->joules); /* all of it sourced */
                sums->store_in_loads += given;
                if (given != 0 && booking->price == SERIES_UNKNOWN) {
                        sums->unpriced_given += given;
                        sums->last_unpriced = booking->end;
                }
        }
        if (sources != 0) { /* nothing was paid for the store's own */
                assert_true(booking->price != SERIES_UNKNOWN);
                sums->paid += (__int128)booking->price * sources;
                sums->emitted += (__int128)booking->carbon * sources;
        }
}

static struct sums sums_of(const struct house *house)
{
        const struct site *site = &sim_state(house->world.sim)->sites[0];
        struct sums sums = { 0 };
        size_t n;
        const struct booking *bookings = sim_bookings(house->world.sim, &n);

        for (size_t i = 0; i < n; i++)
                add(&sums, &bookings[i]);
        for (int account = ACCOUNT_JOB; account < ACCOUNT_COUNT; account++) {
                sums.cost += site->books[account].cost;
                sums.carbon_mg += site->books[account].carbon_mg;
        }
        return sums;
}

/* Joules to the joule; money and carbon to what five accounts have not made up to a whole unit yet. */
static void check_closed(const struct house *house, const struct sums *sums)
{
        const struct book *held = &sim_state(house->world.sim)->sites[0].books[ACCOUNT_STORAGE];
        int64_t left = (int64_t)(sums->paid / JOULES_PER_MWH) - sums->cost;

        assert_int_equal(sums->sources, sums->load + sums->lost + held->joules - sums->opened);
        assert_int_equal(held->joules, sums->opened + sums->charged - sums->store_in_loads - sums->lost);
        assert_true(left >= 0 && left <= 5);
        left = (int64_t)(sums->emitted / JOULES_PER_KWH) - sums->carbon_mg;
        assert_true(held->uncounted_joules > 0 || (left >= 0 && left <= 5));
}

static void check_close(double a, double b, double within)
{
        if (fabs(a - b) > within)
                fail_msg("%.0f is not %.0f, give or take %.0f", a, b, within);
}

/* ---- */

/* Two days and nights without a grid: where every joule came from, what it cost and emitted. */
static void two_days_off_the_grid_are_accounted_for(void **unused)
{
        static const int64_t readings_j = 900 * (IDLE_W + DEVICES * DEVICE_W); /* a node tells every 900 s */
        static const double prices[] = { 50 };
        const struct book *held;
        struct house house;
        struct sums sums;

        (void)unused;
        begin(&house, false, 2000 * J_PER_WH, prices, 1);
        run_until(&house, WORLD_START + 60);
        for (int j = 0; j < 6; j++)
                submit(&house, 3 * HOUR);
        run_until(&house, WORLD_START + 22 * HOUR);
        for (int j = 0; j < 8; j++)
                submit(&house, 5 * HOUR);
        run_until(&house, WORLD_START + 36 * HOUR);
        for (int j = 0; j < 5; j++)
                submit(&house, 4 * HOUR);
        run_until(&house, WORLD_START + 48 * HOUR + STEP_S);
        sums = sums_of(&house);
        held = &sim_state(house.world.sim)->sites[0].books[ACCOUNT_STORAGE];
        check_closed(&house, &sums);
        assert_int_equal(sums.opened, 2000 * 3600);
        assert_true(sums.store_in_loads > 2000 * 3600 && sums.charged > 2000 * 3600);
        check_close((double)sums.load, house.battery.from_sources_j + house.battery.given_j - house.battery.charged_j,
                    (double)readings_j);
        check_close((double)sums.store_in_loads, house.battery.given_j, 10 * J_PER_WH); /* by day nothing waits for its reading */
        check_close((double)sums.charged, house.battery.charged_j, 10 * J_PER_WH);
        check_close((double)held->joules, house.battery.joules, 10 * J_PER_WH);
        /* what was there before anybody booked it: nobody knows its cost until it is used up, and that is all nobody knows */
        assert_in_range(sums.unpriced_given, 1, 2000 * 3600 * 9 / 10);
        assert_true(sums.last_unpriced < WORLD_START + 30 * HOUR);
        assert_int_equal(held->unpriced_joules, 0);
        assert_int_equal(held->uncounted_joules, 0);
        /* charged by sun (0 per MWh, 40 g/kWh) or reactor (30 per MWh, 6 g/kWh), and dearer for what was lost on the way in */
        check_close((double)held->cost, (double)held->joules / 3.6e9 * 15e6 / 0.9, (double)held->joules / 3.6e9 * 15e6 / 0.9);
        assert_true((double)held->carbon_mg > (double)held->joules / J_PER_WH * 6 && (double)held->carbon_mg < (double)held->joules / J_PER_WH * 40 / 0.9);
        finish(&house);
}

/* A night at 20 and a day at 90, and a battery that is not what the configuration says, told with errors either way. */
static void one_day_on_the_grid(uint64_t seed)
{
        double prices[48], carbon[48];
        struct series series;
        struct house house;
        struct sums sums;

        for (int hour = 0; hour < 48; hour++) {
                prices[hour] = hour % 24 < 8 ? 20 : 90 + 10 * (double)(draw(&seed) % 5);
                carbon[hour] = 50 + (double)(draw(&seed) % 300);
        }
        begin(&house, true, (double)(600 + draw(&seed) % 3000) * J_PER_WH, prices, 48);
        world_series(&series, SERIES_CARBON, WORLD_START, carbon, 48);
        assert_int_equal(sim_take_series(house.world.sim, &series), 0);
        series_finish(&series);
        house.battery.charge = 0.88 + 0.01 * (double)(draw(&seed) % 10);
        house.battery.discharge = 0.85 + 0.01 * (double)(draw(&seed) % 10);
        house.battery.error_j = (int64_t)(draw(&seed) % 30) * 3600;
        for (int j = 0; j < 8; j++) {
                run_until(&house, WORLD_START + j * 2 * HOUR + (int64_t)(draw(&seed) % 300) * STEP_S);
                submit(&house, HOUR / 2 + (int64_t)(draw(&seed) % 3) * HOUR);
                sums = sums_of(&house);
                check_closed(&house, &sums);
        }
        run_until(&house, WORLD_START + DAY);
        sums = sums_of(&house);
        check_closed(&house, &sums);
        assert_true(sums.store_in_loads > 100 * 3600 && sums.charged > 100 * 3600);
        check_close((double)sums.store_in_loads, house.battery.given_j, 0.1 * house.battery.given_j + 900 * 450);
        check_close((double)sim_state(house.world.sim)->sites[0].books[ACCOUNT_STORAGE].joules, house.battery.joules,
                    900 * 450 + 2 * (double)house.battery.error_j);
        finish(&house);
}

static void a_battery_that_is_not_as_configured_is_accounted_for(void **unused)
{
        (void)unused;
        for (uint64_t seed = 1; seed <= EFFORT(4, 2); seed++)
                one_day_on_the_grid(seed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_days_off_the_grid_are_accounted_for),
                cmocka_unit_test(a_battery_that_is_not_as_configured_is_accounted_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
