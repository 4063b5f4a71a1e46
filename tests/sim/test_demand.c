/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_demand.c - demand charges in virtual time: plans that are flatter for them, and bills against a second computation from
 * the bookings alone. From 1:00 to 3:00 power costs 10 EUR/MWh, from 3:00 to 5:00 11, else 50; two jobs of 100 W and 2 h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/demand_bill.h"
#include "support/sim_world.h"

#define QUARTER INT64_C(900)

static const double prices[] = { 50, 10, 10, 11, 11, 50, 50, 50 };

/* 12.50 EUR per kW and month. */
static struct supply_terms *charge(struct policy *policy)
{
        struct supply_terms *terms = &policy->sites[0].terms;

        terms->n_demands = 1;
        terms->demands[0] = (struct supply_demand){ .per_kw = 12500000, .interval_s = QUARTER };
        return terms;
}

/* So many jobs, run to their end. */
static void run_jobs(struct sim_world *world, uint64_t n)
{
        sim_world_init(world, prices, 8);
        assert_int_equal(sim_add_node(world->sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world->sim, WORLD_START), 0);
        for (uint64_t i = 0; i < n; i++) {
                struct offpeak_job_spec spec;
                struct offpeak_error err;
                uint64_t id;

                world_spec(&spec, "job", 1, 2 * HOUR);
                spec.deadline = WORLD_START + 8 * HOUR;
                assert_int_equal(sim_submit(world->sim, &spec, &id, &err), 0);
                offpeak_job_spec_finish(&spec);
        }
        assert_int_equal(sim_run_until(world->sim, WORLD_START + 8 * HOUR), 0);
        for (uint64_t id = 1; id <= n; id++)
                assert_int_equal(sim_world_job(world, id)->state, OFFPEAK_JOB_DONE);
}

static void run(struct sim_world *world)
{
        run_jobs(world, 2);
}

/* What the report shows. */
static struct demand_bill billed(const struct sim_world *world)
{
        const struct site *site = &sim_state(world->sim)->sites[0];
        const struct supply_terms *terms = &world->policy.sites[0].terms;

        return demand_bill(&site->meter, terms, &terms->demands[0], sim_now(world->sim));
}

/* The second arithmetic: joules of each quarter of the first day, second by second of every booking. */
static double highest_quarter(const struct sim_world *world)
{
        double joules[96] = { 0 }, highest = 0;
        size_t n;
        const struct booking *bookings = sim_bookings(world->sim, &n);

        for (size_t i = 0; i < n; i++)
                for (int64_t t = bookings[i].start; t < bookings[i].end; t++)
                        joules[(t - WORLD_START) / QUARTER] +=
                                (double)bookings[i].joules / (double)(bookings[i].end - bookings[i].start);
        for (int q = 0; q < 96; q++)
                highest = fmax(highest, joules[q] / (double)QUARTER);
        return highest;
}

/* A reactor of 60 W beside the grid: of a job's 100 W it gives 60. */
static void units_supply_in_order_of_merit(void **unused)
{
        const struct book *book;
        struct supply_terms *terms;
        struct sim_world world;

        (void)unused;
        world_policy(&world.policy);
        terms = charge(&world.policy);
        terms->has_reactor = true;
        terms->reactor_fuel = 5000000;
        terms->n_reactors = 1;
        terms->reactors[0].rating_w = 60;
        run_jobs(&world, 1);
        book = &sim_state(world.sim)->sites[0].books[ACCOUNT_JOB];
        assert_int_equal(book->joules, 100 * 2 * HOUR);
        assert_int_equal(book->unit_joules[SUPPLY_REACTOR], 60 * 2 * HOUR);
        assert_int_equal(book->unit_joules[SUPPLY_GRID], 40 * 2 * HOUR);
        sim_world_finish(&world);
}

static void without_a_charge_both_run_in_the_cheap_hours(void **unused)
{
        struct sim_world world;

        (void)unused;
        world_policy(&world.policy);
        run(&world);
        assert_true(fabs(highest_quarter(&world) - 200) < 1e-6);
        assert_int_equal(sim_state(world.sim)->sites[0].meter.n, 0); /* nobody asks for it */
        sim_world_finish(&world);
}

/* 0.0002 EUR more for power, 1.25 EUR less for the peak. */
static void with_one_they_take_turns(void **unused)
{
        struct sim_world world;
        struct demand_bill bill;

        (void)unused;
        world_policy(&world.policy);
        charge(&world.policy);
        run(&world);
        bill = billed(&world);
        assert_true(fabs(highest_quarter(&world) - 100) < 1e-6);
        assert_int_equal(bill.peak_w, llround(highest_quarter(&world)));
        assert_int_equal(bill.billed_w, 100);
        assert_int_equal(bill.charge, llround(highest_quarter(&world) / 1000 * 12.5 * 1e6));
        assert_int_equal(bill.charge, 1250000);
        assert_int_equal(bill.start, WORLD_START - 8 * DAY); /* June */
        assert_int_equal(bill.end, WORLD_START + 22 * DAY);
        sim_world_finish(&world);
}

/* 850 W are billed in any case: being flat would save nothing. */
static void below_what_is_billed_anyway_shaving_saves_nothing(void **unused)
{
        struct supply_terms *terms;
        struct sim_world world;
        struct demand_bill bill;

        (void)unused;
        world_policy(&world.policy);
        terms = charge(&world.policy);
        terms->demands[0].contract_w = 1000;
        terms->demands[0].minimum_share_ppm = 850000;
        run(&world);
        bill = billed(&world);
        assert_true(fabs(highest_quarter(&world) - 200) < 1e-6);
        assert_int_equal(bill.peak_w, 200);
        assert_int_equal(bill.billed_w, 850);
        assert_int_equal(bill.charge, 10625000);
        sim_world_finish(&world);
}

/* It counts from 1:00 to 3:00 on Mondays: behind that they may run together. */
static void hours_that_count_are_kept_free(void **unused)
{
        struct supply_terms *terms;
        struct sim_world world;
        struct demand_bill bill;

        (void)unused;
        world_policy(&world.policy);
        terms = charge(&world.policy);
        terms->demands[0].hours = (struct supply_hours){ .days = 1, .from_minute = 60, .to_minute = 180 };
        run(&world);
        bill = billed(&world);
        assert_true(fabs(highest_quarter(&world) - 200) < 1e-6);
        assert_int_equal(bill.peak_w, 0);
        assert_int_equal(bill.charge, 0);
        sim_world_finish(&world);
}

/*
 * The first runs from 0:00 on; at 1:00 a second comes that must be done by 3:10. There is room for both, and power costs the
 * same at all times: the first one pauses, for the peak's sake alone.
 */
static void a_running_job_pauses_for_the_peak(void **unused)
{
        static const double flat[] = { 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10 };
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        struct sim_world world;
        uint64_t first, second;

        (void)unused;
        world_policy(&world.policy);
        charge(&world.policy);
        sim_world_init(&world, flat, 12);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, 100, 0 }), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START), 0);
        world_spec(&spec, "long", 1, 4 * HOUR);
        spec.deadline = WORLD_START + 12 * HOUR;
        assert_int_equal(sim_submit(world.sim, &spec, &first, &err), 0);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR), 0);
        assert_int_equal(sim_world_job(&world, first)->state, OFFPEAK_JOB_ACTIVE);
        spec.time_s = 2 * HOUR;
        spec.deadline = WORLD_START + 3 * HOUR + 600;
        assert_int_equal(sim_submit(world.sim, &spec, &second, &err), 0);
        offpeak_job_spec_finish(&spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, first)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_world_job(&world, first)->pauses, 1);
        assert_int_equal(sim_world_job(&world, first)->last_pause.cause, PAUSE_PEAK);
        assert_true(sim_world_job(&world, first)->last_pause.drawn_w > sim_world_job(&world, first)->last_pause.limit_w);
        assert_true(sim_world_job(&world, second)->ended_at <= WORLD_START + 3 * HOUR + 600);
        assert_true(highest_quarter(&world) < 101);
        assert_int_equal(billed(&world).peak_w, llround(highest_quarter(&world)));
        sim_world_finish(&world);
}

static int rebuild(void *context, const struct record *image)
{
        struct record copy = *image;

        return apply(context, &copy);
}

/* The meter stands in snapshots, late readings and all. */
static void a_snapshot_has_the_meter(void **unused)
{
        struct sim_world world;
        struct state rebuilt;
        char *before, *after;

        (void)unused;
        world_policy(&world.policy);
        charge(&world.policy);
        run(&world);
        assert_true(sim_state(world.sim)->sites[0].meter.n >= 4 * 12);
        assert_int_equal(state_init(&rebuilt), 0);
        assert_int_equal(state_images(sim_state(world.sim), rebuild, &rebuilt), 0);
        before = state_dump(sim_state(world.sim));
        after = state_dump(&rebuilt);
        assert_string_equal(before, after);
        free(before);
        free(after);
        state_finish(&rebuilt);
        sim_world_finish(&world);
}

/* What the planner is asked: the dearest charge, in months; the peak so far, and what is billed anyway, are paid for. */
static void the_question_has_months(void **unused)
{
        struct now now = { .wall = WORLD_START + 20 * DAY };
        struct plan_question question;
        const struct plan_site *site;
        struct supply_terms *terms;
        struct sim_world world;

        (void)unused;
        world_policy(&world.policy);
        terms = charge(&world.policy);
        terms->n_demands = 2;
        terms->demands[1] = (struct supply_demand){ .per_kw = 1, .interval_s = 300 };
        terms->demands[0].contract_w = 150;
        terms->demands[0].minimum_share_ppm = 500000;
        run(&world);
        assert_int_equal(plan_question_init(sim_state(world.sim), &now, &question), 0);
        site = &question.problem.sites[0];
        assert_int_equal(site->n_demands, 2); /* a week from June 29 on */
        assert_int_equal(site->demands[0].end, WORLD_START + 22 * DAY);
        assert_int_equal(site->demands[1].start, WORLD_START + 22 * DAY);
        assert_int_equal(site->demands[0].interval_s, QUARTER);
        assert_true(site->demands[0].price == 12500 && site->demands[1].price == 12500);
        assert_true(site->demands[0].paid_w == 100);
        assert_true(site->demands[1].paid_w == 75);
        plan_question_finish(&question);
        sim_world_finish(&world);
}

/* Five working days before the horizon: five windows, a fifth of the price each. */
static void and_windows_of_hours(void **unused)
{
        struct now now = { .wall = WORLD_START };
        struct plan_question question;
        const struct plan_site *site;
        struct supply_terms *terms;
        struct sim_world world;

        (void)unused;
        world_policy(&world.policy);
        terms = charge(&world.policy);
        terms->demands[0].hours = (struct supply_hours){ .days = 31, .from_minute = 420, .to_minute = 1200 };
        run(&world);
        assert_int_equal(plan_question_init(sim_state(world.sim), &now, &question), 0);
        site = &question.problem.sites[0];
        assert_int_equal(site->n_demands, 5);
        for (int d = 0; d < 5; d++) {
                assert_int_equal(site->demands[d].start, WORLD_START + d * DAY + 7 * HOUR);
                assert_int_equal(site->demands[d].end, WORLD_START + d * DAY + 20 * HOUR);
                assert_true(site->demands[d].price == 2500);
        }
        plan_question_finish(&question);
        sim_world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_charge_both_run_in_the_cheap_hours),
                cmocka_unit_test(with_one_they_take_turns),
                cmocka_unit_test(below_what_is_billed_anyway_shaving_saves_nothing),
                cmocka_unit_test(hours_that_count_are_kept_free),
                cmocka_unit_test(a_running_job_pauses_for_the_peak),
                cmocka_unit_test(units_supply_in_order_of_merit),
                cmocka_unit_test(a_snapshot_has_the_meter),
                cmocka_unit_test(the_question_has_months),
                cmocka_unit_test(and_windows_of_hours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
