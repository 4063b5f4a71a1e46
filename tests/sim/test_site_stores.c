/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_site_stores.c - two days of a site with a battery beside its grid, and of a reactor with its salt, in virtual time. The plant is
 * the test's own: second by second it does what the plan in force says, no more than the load for a discharge, and tells every few minutes
 * what it holds. All arithmetic is the test's own, too, and is compared with the books.
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
#include "supply/presets.h"
#include "support/effort.h"
#include "support/sim_world.h"

enum { REPORT_S = 300, DAYS = 2 };

#define J_PER_WH 3600.0

/* What there is: W, and how many devices of so many. */
struct shape {
        int64_t idle_w, device_w, supply_w;
        uint32_t devices;
        double stored_wh;
};

/* One of the jobs: hours. */
struct wish {
        double submit, takes, deadline;
        uint32_t gpus;
};

struct plant {
        struct sim_world world;
        struct shape shape;
        bool has_store;
        struct supply_store store;
        const double *prices; /* hourly, for both days */
        double joules, lowest;
        double load_j, net_j, charged_j, given_j, cost; /* cost: EUR for what is drawn net */
        double spilt_j;    /* that was to go in and found it full */
        int64_t over_s;    /* seconds in which more was drawn than there is */
        int64_t broken_s;  /* in which the store was to do what it cannot */
        int64_t lent_s;    /* in which the load was above the supply, and the store carried it */
};

static void begin(struct plant *plant, const struct shape *shape, const double *prices, const struct supply_store *store)
{
        plant->shape = *shape;
        plant->prices = prices;
        plant->has_store = store != NULL;
        if (store != NULL) {
                plant->store = plant->world.policy.sites[0].terms.store = *store;
                plant->world.policy.sites[0].terms.has_store = true;
        }
        plant->joules = plant->lowest = shape->stored_wh * J_PER_WH;
        plant->world.policy.plan_horizon_s = 2 * DAY;
        plant->world.policy.plan_work = EFFORT(200000, 40000);
        sim_world_init(&plant->world, prices, (size_t)DAYS * 48); /* two days ahead at all times */
        assert_int_equal(sim_add_node(plant->world.sim, &(struct sim_node){ "n1", "hanford", shape->devices, shape->idle_w, (uint32_t)shape->device_w, 0 }), 0);
}

static void finish(struct plant *plant)
{
        sim_world_finish(&plant->world);
}

static void tell(struct plant *plant, int64_t now)
{
        struct series stored;

        series_init(&stored, (enum series_kind)SERIES_STORED);
        assert_int_equal(series_set_names(&stored, "hanford", "meter"), 0);
        assert_int_equal(series_append(&stored, now, (int64_t)(plant->joules / J_PER_WH)), 0);
        stored.end = now + 2 * REPORT_S;
        assert_int_equal(sim_take_series(plant->world.sim, &stored), 0);
        series_finish(&stored);
}

static double planned_flow(const struct state *state, int64_t now)
{
        for (uint32_t i = 0; i < state->n_flows; i++)
                if (state->flows[i].start <= now && now < state->flows[i].end)
                        return state->flows[i].watts;
        return 0;
}

/* One second. */
static void let_flow(struct plant *plant, int64_t now)
{
        const struct state *state = sim_state(plant->world.sim);
        double load = (double)power_of_site(state, &state->sites[0]), flow = plant->has_store ? planned_flow(state, now) : 0, net;
        double most = plant->has_store ? ((double)plant->store.energy_wh * J_PER_WH - plant->joules) * 1e6 / (double)plant->store.charge_ppm : 0;

        plant->broken_s += flow > (double)plant->store.charge_w + 1e-6 || -flow > (double)plant->store.discharge_w + 1e-6;
        flow = fmax(flow, -load);
        if (flow > most) {
                plant->spilt_j += flow - most;
                flow = most;
        }
        plant->joules += flow > 0 ? flow * (double)plant->store.charge_ppm / 1e6 : flow * 1e6 / (double)plant->store.discharge_ppm;
        plant->lowest = fmin(plant->lowest, plant->joules);
        net = load + flow;
        plant->over_s += net > (double)plant->shape.supply_w + 1e-6;
        plant->lent_s += load > (double)plant->shape.supply_w;
        plant->load_j += load;
        plant->net_j += net;
        plant->charged_j += fmax(0, flow);
        plant->given_j += fmax(0, -flow);
        plant->cost += net * plant->prices[(now - WORLD_START) / HOUR] / 3.6e9;
}

static uint64_t submit(struct plant *plant, const struct wish *wish)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err = { 0 };
        uint64_t job = 0;

        world_spec(&spec, "job", wish->gpus, (int64_t)(wish->takes * 3600));
        spec.deadline = wish->deadline > 0 ? WORLD_START + (int64_t)(wish->deadline * 3600) : 0;
        if (sim_submit(plant->world.sim, &spec, &job, &err) != 0 || job == 0)
                fail_msg("%s", err.text);
        offpeak_job_spec_finish(&spec);
        return job;
}

static void run(struct plant *plant, const struct wish *wishes, size_t n, uint64_t *jobs)
{
        size_t next = 0;

        for (int64_t now = WORLD_START; now < WORLD_START + DAYS * DAY; now++) {
                assert_int_equal(sim_run_until(plant->world.sim, now), 0);
                if (plant->has_store && now % REPORT_S == 0)
                        tell(plant, now);
                for (; next < n && WORLD_START + (int64_t)(wishes[next].submit * 3600) <= now; next++)
                        jobs[next] = submit(plant, &wishes[next]);
                assert_int_equal(sim_run_until(plant->world.sim, now), 0); /* what follows from that */
                let_flow(plant, now);
        }
}

/* What the books say that jobs drew. */
static double booked_j(const struct plant *plant)
{
        double joules = 0;
        size_t n;
        const struct booking *bookings = sim_bookings(plant->world.sim, &n);

        for (size_t i = 0; i < n; i++)
                joules += bookings[i].account == ACCOUNT_JOB ? (double)bookings[i].joules : 0;
        return joules;
}

static void check_plant(const struct plant *plant, double begin_wh)
{
        double stored_j = plant->charged_j * (double)plant->store.charge_ppm / 1e6 - plant->given_j * 1e6 / (double)plant->store.discharge_ppm;

        assert_int_equal(plant->over_s, 0);
        assert_int_equal(plant->broken_s, 0);
        assert_true(plant->spilt_j <= 60 * (double)plant->store.charge_w); /* a job ended a moment sooner, say */
        assert_true(plant->lowest >= (double)plant->store.reserve_wh * J_PER_WH);
        /* what was drawn net is what was used and what went in, less what came out; what went in and out is what is in it more */
        assert_true(fabs(plant->net_j - (plant->load_j + plant->charged_j - plant->given_j)) < 1e-9 * plant->load_j);
        assert_true(fabs(plant->joules - begin_wh * J_PER_WH - stored_j) < 1e-9 * plant->load_j);
        assert_true(fabs(booked_j(plant) - (plant->load_j - (double)plant->shape.idle_w * DAYS * DAY)) < 1e-9 * plant->load_j);
}

/* All are done; in time? */
static bool all_in_time(const struct plant *plant, const struct wish *wishes, const uint64_t *jobs, size_t n)
{
        bool in_time = true;

        for (size_t j = 0; j < n; j++) {
                const struct job *job = sim_world_job(&plant->world, jobs[j]);

                assert_int_equal(job->state, OFFPEAK_JOB_DONE);
                in_time = in_time && (wishes[j].deadline <= 0 || job->attempt.over_at <= WORLD_START + (int64_t)(wishes[j].deadline * 3600));
        }
        return in_time;
}

/* ---- a battery beside the grid */

/* Cheap at night and noon, dear in the morning and the evening. */
static void make_prices(double *prices)
{
        for (int h = 0; h < DAYS * 48; h++)
                prices[h] = h % 24 < 6 ? 20 : h % 24 < 10 ? 140 : h % 24 < 16 ? 40 : h % 24 < 22 ? 180 : 60;
}

/*
 * 300 W from the grid, 50 of them idle; four devices of 100 W. What must be done in the morning or the evening runs on what was bought at
 * night or noon, and three or four at once above what the grid gives.
 */
static void a_battery_makes_the_grid_cheaper(void **unused)
{
        static const struct wish wishes[] = { { 0.5, 5, 24, 2 }, { 5.5, 2, 8.5, 2 }, { 12, 3, 30, 1 }, { 15.5, 3, 20, 2 },
                                              { 17, 2, 20, 1 }, { 30, 3, 34, 2 }, { 33, 6, 46, 1 } };
        static const struct supply_store battery = { .energy_wh = 2000, .reserve_wh = 200, .charge_w = 250, .discharge_w = 300,
                                                     .charge_ppm = 950000, .discharge_ppm = 950000,
                                                     .has_end_value = true, .end_value = 70000000 };
        static const struct shape shape = { 50, 100, 300, 4, 800 };
        enum { N = sizeof(wishes) / sizeof(wishes[0]) };
        double prices[DAYS * 48], cost[2], left_j;
        bool in_time;
        uint64_t jobs[N];

        (void)unused;
        make_prices(prices);
        for (int with = 0; with < 2; with++) {
                struct plant plant = { 0 };

                world_policy(&plant.world.policy);
                plant.world.policy.sites[0].terms.grid_limit_w = shape.supply_w;
                begin(&plant, &shape, prices, with == 1 ? &battery : NULL);
                run(&plant, wishes, N, jobs);
                in_time = all_in_time(&plant, wishes, jobs, N);
                left_j = plant.joules - shape.stored_wh * J_PER_WH;
                cost[with] = plant.cost - fmin(0, left_j) / 0.95 * 180 / 3.6e9; /* what is gone is bought again, and dear */
                if (with == 1) {
                        check_plant(&plant, shape.stored_wh);
                        assert_true(in_time);
                        assert_true(plant.lent_s > HOUR);
                        assert_true(plant.given_j > 2000 * J_PER_WH);
                }
                finish(&plant);
        }
        print_message("EUR: %.6f without, %.6f with\n", cost[0], cost[1]);
        assert_true(cost[1] < 0.9 * cost[0]);
}

/* ---- a reactor's salt */

/*
 * Natrium and no grid: 345 MW, and 155 more for as long as the salt is hot. The hall's 20 MW, and one device for each 20 MW: two jobs of eight
 * run on the reactor, three on both. Three must be done in five hours: with the salt they are.
 */
static void salt_carries_what_the_reactor_does_not(void **unused)
{
        static const struct wish wishes[] = { { 1, 4, 6.5, 8 }, { 1, 4, 6.5, 8 }, { 1, 4, 6.5, 8 },
                                              { 20, 5, 26.5, 8 }, { 20, 5, 26.5, 8 }, { 20.5, 4, 26.5, 8 } };
        static const struct shape shape = { 20000000, 20000000, 345000000, 24, 700000000 };
        enum { N = sizeof(wishes) / sizeof(wishes[0]) };
        double prices[DAYS * 48]; /* of a grid that is not there; but hours differ */
        struct supply_store salt;
        uint64_t jobs[N];

        (void)unused;
        assert_true(preset_store("natrium", &salt));
        for (int h = 0; h < DAYS * 48; h++)
                prices[h] = 30 + h % 24;
        salt.reserve_wh = 50000000;
        salt.has_end_value = true;
        salt.end_value = 20000000; /* more than fuel costs: it is charged again */
        for (int with = 0; with < 2; with++) {
                struct plant plant = { 0 };
                struct supply_terms *terms;

                world_policy(&plant.world.policy);
                terms = &plant.world.policy.sites[0].terms;
                terms->grid_limit_w = 0;
                terms->has_reactor = true;
                terms->reactor_fuel = 9000000;
                assert_true(preset_reactors("natrium", terms->reactors, &terms->n_reactors));
                begin(&plant, &shape, prices, with == 1 ? &salt : NULL);
                run(&plant, wishes, N, jobs);
                assert_int_equal(all_in_time(&plant, wishes, jobs, N), with == 1);
                if (with == 1) {
                        check_plant(&plant, shape.stored_wh);
                        assert_true(plant.lent_s > 6 * HOUR);
                }
                finish(&plant);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_battery_makes_the_grid_cheaper),
                cmocka_unit_test(salt_carries_what_the_reactor_does_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
