/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_off_grid.c - a site with sun, a battery and no grid, in virtual time. The battery is the test's own: it takes what the sun
 * leaves and gives what the load lacks, second by second, and is told to the scheduler every few minutes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/power.h"
#include "support/effort.h"
#include "support/sim_world.h"

enum { REPORT_S = 300, DEVICES = 4 };

#define J_PER_WH 3600.0

struct battery {
        struct supply_store store;
        double joules, lowest;
        bool tells;          /* how full it is */
        int64_t dark_job_s;  /* seconds in which jobs ran without the sun, once for each device */
        int64_t over_s;      /* seconds in which the load was more than sun and battery could give */
};

/* Sun of so many W for `light` seconds, then none for `dark`, again and again until day `days`; it is dark first, for `first`. */
struct shape {
        int64_t idle_w, device_w, sun_w, first, dark, light, days;
};

struct off_grid {
        struct shape shape;
        struct sim_world world;
        struct series sun;
        struct battery battery;
};

static void make_sun(struct series *sun, const struct shape *shape)
{
        series_init(sun, (enum series_kind)SERIES_SOLAR);
        assert_int_equal(series_set_names(sun, "hanford", "test"), 0);
        assert_int_equal(series_append(sun, WORLD_START, 0), 0);
        sun->end = WORLD_START + shape->days * DAY;
        for (int64_t t = WORLD_START + shape->first; t < sun->end; t += shape->dark + shape->light) {
                assert_int_equal(series_append(sun, t, shape->sun_w), 0);
                assert_int_equal(series_append(sun, t + shape->light, 0), 0);
        }
}

static void begin(struct off_grid *site, const struct battery *battery, const struct shape *shape)
{
        static const double prices[] = { 50 };
        struct supply_terms *terms;

        memset(site, 0, sizeof(*site));
        site->shape = *shape;
        world_policy(&site->world.policy);
        site->world.policy.plan_horizon_s = 2 * DAY;
        site->world.policy.plan_work = EFFORT(100000, 20000);
        terms = &site->world.policy.sites[0].terms;
        terms->grid_limit_w = 0;
        terms->has_solar = terms->has_store = true;
        terms->store = battery->store;
        site->battery = *battery;
        site->battery.lowest = battery->joules;
        make_sun(&site->sun, shape);
        sim_world_init(&site->world, prices, 1);
        assert_int_equal(sim_take_series(site->world.sim, &site->sun), 0);
        assert_int_equal(sim_add_node(site->world.sim, &(struct sim_node){ "n1", "hanford", DEVICES, shape->idle_w, (uint32_t)shape->device_w, 0 }), 0);
}

static void finish(struct off_grid *site)
{
        series_finish(&site->sun);
        sim_world_finish(&site->world);
}

static uint64_t submit(struct off_grid *site, int64_t time_s)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err = { 0 };
        uint64_t job = 0;

        world_spec(&spec, "night", 1, time_s);
        if (sim_submit(site->world.sim, &spec, &job, &err) != 0 || job == 0)
                fail_msg("%s", err.text);
        offpeak_job_spec_finish(&spec);
        return job;
}

static void tell(struct off_grid *site, int64_t now)
{
        struct series stored;

        series_init(&stored, (enum series_kind)SERIES_STORED);
        assert_int_equal(series_set_names(&stored, "hanford", "meter"), 0);
        assert_int_equal(series_append(&stored, now, (int64_t)(site->battery.joules / J_PER_WH)), 0);
        stored.end = now + 2 * REPORT_S;
        assert_int_equal(sim_take_series(site->world.sim, &stored), 0);
        series_finish(&stored);
}

/* One second of the site's power. */
static void let_flow(struct off_grid *site, int64_t now)
{
        struct battery *battery = &site->battery;
        const struct state *state = sim_state(site->world.sim);
        double sun = (double)series_at(&site->sun, now), load = (double)power_of_site(state, &state->sites[0]);
        double lack = load - sun;

        if (lack > 0) {
                battery->over_s += lack > (double)battery->store.discharge_w;
                battery->joules -= lack * 1e6 / (double)battery->store.discharge_ppm;
        } else {
                battery->joules += fmin(-lack, (double)battery->store.charge_w) * (double)battery->store.charge_ppm / 1e6;
        }
        battery->joules = fmin(battery->joules, (double)battery->store.energy_wh * J_PER_WH);
        battery->lowest = fmin(battery->lowest, battery->joules);
        if (sun == 0)
                battery->dark_job_s += ((int64_t)load - site->shape.idle_w) / site->shape.device_w;
}

static void run_until(struct off_grid *site, int64_t until)
{
        for (int64_t now = sim_now(site->world.sim); now < until; now++) {
                assert_int_equal(sim_run_until(site->world.sim, now), 0);
                if (site->battery.tells && now % REPORT_S == 0)
                        tell(site, now);
                let_flow(site, now);
        }
}

static void check_done(const struct off_grid *site, uint64_t job)
{
        assert_int_equal(sim_world_job(&site->world, job)->state, OFFPEAK_JOB_DONE);
}

static const struct battery house = { .store = { .energy_wh = 4000, .reserve_wh = 500, .charge_w = 500, .discharge_w = 350,
                                                 .charge_ppm = 950000, .discharge_ppm = 900000 },
                                      .joules = 2500 * J_PER_WH, .tells = true };

static const struct shape days = { 50, 100, 700, 12 * HOUR, 12 * HOUR, 12 * HOUR, 4 };
static const struct shape short_night = { 50, 100, 700, 6 * HOUR, 6 * HOUR, 12 * HOUR, 4 };
static const struct shape orbits = { 50, 100, 450, 1800, 1800, 3600, 4 };

/*
 * Twelve hours dark, twelve light. Six jobs of three hours are 1.8 kWh, more than there is above the reserve beside idle power: what
 * is left of them waits for the sun. Four more in the evening, on what the day has left.
 */
static void jobs_run_through_the_night_on_the_battery(void **unused)
{
        struct off_grid site;
        uint64_t jobs[10];
        int64_t first_night;

        (void)unused;
        begin(&site, &house, &days);
        run_until(&site, WORLD_START + 60);
        for (int j = 0; j < 6; j++)
                jobs[j] = submit(&site, 3 * HOUR);
        run_until(&site, WORLD_START + 12 * HOUR);
        first_night = site.battery.dark_job_s;
        assert_true(first_night >= 8 * HOUR);
        run_until(&site, WORLD_START + 23 * HOUR + 1800);
        for (int j = 0; j < 6; j++)
                check_done(&site, jobs[j]);
        for (int j = 6; j < 10; j++)
                jobs[j] = submit(&site, 5 * HOUR);
        run_until(&site, WORLD_START + 40 * HOUR);
        for (int j = 6; j < 10; j++)
                check_done(&site, jobs[j]);
        assert_true(site.battery.dark_job_s - first_night >= 10 * HOUR);
        assert_int_equal(site.battery.over_s, 0);
        assert_true(site.battery.lowest >= (double)house.store.reserve_wh * J_PER_WH);
        finish(&site);
}

/* Ninety minutes an orbit, half an hour of them in the shadow: a job is as long as two orbits, and is not stopped. */
static void a_job_runs_on_through_eclipses(void **unused)
{
        struct battery battery = house;
        struct off_grid site;
        uint64_t jobs[2];

        (void)unused;
        battery.store.energy_wh = 400;
        battery.store.reserve_wh = 100;
        battery.joules = 150 * J_PER_WH;
        begin(&site, &battery, &orbits);
        for (int j = 0; j < 2; j++)
                jobs[j] = submit(&site, 3 * HOUR);
        run_until(&site, WORLD_START + 8 * HOUR);
        for (int j = 0; j < 2; j++) {
                check_done(&site, jobs[j]);
                assert_true(sim_world_job(&site.world, jobs[j])->pauses <= 1);
        }
        assert_true(site.battery.dark_job_s >= 3600);
        assert_int_equal(site.battery.over_s, 0);
        assert_true(site.battery.lowest >= 100 * J_PER_WH);
        finish(&site);
}

/* The same night, and nobody tells how full the battery is: what is not known is not relied on. */
static void nothing_runs_on_a_battery_that_nobody_tells_of(void **unused)
{
        struct battery battery = house;
        struct off_grid site;
        uint64_t job;

        (void)unused;
        battery.tells = false;
        begin(&site, &battery, &short_night);
        job = submit(&site, 3 * HOUR);
        run_until(&site, WORLD_START + 10 * HOUR);
        check_done(&site, job);
        assert_int_equal(sim_world_job(&site.world, job)->attempt.launched_at, WORLD_START + 6 * HOUR);
        assert_int_equal(site.battery.dark_job_s, 0);
        finish(&site);
}

/* Half of what was there is lost at once: the jobs on it are stopped before the reserve is touched. */
static void a_battery_that_fails_sheds_its_jobs(void **unused)
{
        struct off_grid site;
        uint64_t job;

        (void)unused;
        begin(&site, &house, &days);
        job = submit(&site, 8 * HOUR);
        run_until(&site, WORLD_START + 2 * HOUR);
        assert_int_equal(sim_world_job(&site.world, job)->state, OFFPEAK_JOB_ACTIVE);
        site.battery.joules = site.battery.lowest = 1100 * J_PER_WH;
        run_until(&site, WORLD_START + 11 * HOUR);
        assert_int_equal(sim_world_job(&site.world, job)->state, OFFPEAK_JOB_QUEUED);
        assert_true(site.battery.lowest >= (double)house.store.reserve_wh * J_PER_WH);
        run_until(&site, WORLD_START + 23 * HOUR);
        check_done(&site, job);
        assert_int_equal(site.battery.over_s, 0);
        finish(&site);
}

/*
 * Before dawn there is far more in the battery than the idle site and a job need; of the days behind what is known of the sun nobody
 * knows how the site will be carried, and that is no reason to wait, nor to stop.
 */
static void a_job_runs_at_once_on_what_is_there(void **unused)
{
        static const struct shape orbit = { 100, 300, 4000, 6 * HOUR, 12 * HOUR, 12 * HOUR, 4 };
        static const struct battery full = { .store = { .energy_wh = 10000, .reserve_wh = 1000, .charge_w = 2000, .discharge_w = 2000,
                                                        .charge_ppm = 948683, .discharge_ppm = 948683 },
                                             .joules = 8000 * J_PER_WH, .tells = true };
        struct off_grid site;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&site, &full, &orbit);
        run_until(&site, WORLD_START + 60);
        id = submit(&site, 20 * 60);
        run_until(&site, WORLD_START + HOUR);
        check_done(&site, id);
        job = sim_world_job(&site.world, id);
        assert_int_equal(job->pauses, 0);
        assert_in_range(job->attempt.launched_at, WORLD_START + 59, WORLD_START + 60);
        assert_int_equal(site.battery.over_s, 0);
        finish(&site);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_run_through_the_night_on_the_battery),
                cmocka_unit_test(a_job_runs_on_through_eclipses),
                cmocka_unit_test(nothing_runs_on_a_battery_that_nobody_tells_of),
                cmocka_unit_test(a_job_runs_at_once_on_what_is_there),
                cmocka_unit_test(a_battery_that_fails_sheds_its_jobs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
