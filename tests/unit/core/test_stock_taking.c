/* SPDX-License-Identifier: Apache-2.0 */
/* A site's store in the core's books: flows of plans that have passed, readings that come late, and the log that tells it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/pause.h"
#include "unit/core/scene.h"

#define KWH INT64_C(3600000)

enum { JOB_W = 100, IDLE_W = 10 };

/* A scene whose records are applied to a second state as they come. */
struct house {
        struct scene scene;
        struct state replayed;
        uint64_t job, plans;
        int64_t opened; /* J that were in the store when its books were opened */
};

static const struct site *site_of(const struct house *house)
{
        return &house->scene.state.sites[0];
}

/* A job of 100 W on a node of 10 W, on the grid; a store of 2 kWh. */
static void begin(struct house *house)
{
        struct supply_terms *terms;

        memset(house, 0, sizeof(*house));
        house->job = scene_with_job(&house->scene, ON_LOST_WAIT);
        terms = &house->scene.state.policy.sites[0].terms;
        terms->has_store = true;
        terms->store = (struct supply_store){ .energy_wh = 2000, .charge_w = 500, .discharge_w = 500,
                                              .charge_ppm = 900000, .discharge_ppm = 800000 };
        terms->n_demands = 1;
        terms->demands[0] = (struct supply_demand){ .per_kw = 1000000, .interval_s = 900 };
        state_init(&house->replayed);
        assert_int_equal(state_images(&house->scene.state, scene_take_image, &house->replayed), 0);
}

/* The log as it was read, and a snapshot of its end, lead to the same state. */
static void finish(struct house *house)
{
        char *live = state_dump(&house->scene.state), *replayed = state_dump(&house->replayed), *from_images;
        struct state third;

        assert_string_equal(live, replayed);
        state_init(&third);
        assert_int_equal(state_images(&house->scene.state, scene_take_image, &third), 0);
        from_images = state_dump(&third);
        assert_string_equal(live, from_images);
        free(live);
        free(replayed);
        free(from_images);
        state_finish(&third);
        state_finish(&house->replayed);
        scene_finish(&house->scene);
}

static void log_turn(struct house *house)
{
        for (size_t i = 0; i < house->scene.turn.n_records; i++) {
                struct record copy = house->scene.turn.records[i];
                const struct booking *line = &copy.u.booked.booking;

                if (!record_is_durable(&copy))
                        continue;
                assert_int_equal(apply(&house->replayed, &copy), 0);
                if (copy.type == RECORD_BOOKED && line->account == ACCOUNT_STORAGE && booking_metered(line) == 0)
                        house->opened += line->joules;
        }
}

static void send(struct house *house, struct input *input)
{
        scene_send(&house->scene, input);
        log_turn(house);
}

static void pass(struct house *house, int64_t seconds)
{
        struct input tick = { .type = INPUT_TICK };

        house->scene.now.wall += seconds;
        send(house, &tick);
}

static void tell(struct house *house, int64_t at, int64_t wh)
{
        struct input input = { .type = INPUT_SERIES };
        struct series stored;

        series_init(&stored, (enum series_kind)SERIES_STORED);
        assert_int_equal(series_set_names(&stored, "hanford", "meter"), 0);
        assert_int_equal(series_append(&stored, at, wh), 0);
        stored.end = at + DAY;
        input.u.series.series = &stored;
        send(house, &input);
        series_finish(&stored);
}

/* The node tells of its job, or of itself; since when it told last. */
static void read_meter(struct house *house, bool of_job, int64_t start, int64_t joules)
{
        struct leg_report leg = scene_leg(&house->scene, house->job, REPORT_RUNNING, 0, 0);
        struct reading reading = { .seq = 1, .job = of_job ? house->job : 0, .attempt = of_job ? 1 : 0, .start = start,
                                   .end = house->scene.now.wall, .joules = joules, .quality = QUALITY_MEASURED };
        struct input input = { .type = INPUT_RENEW };

        input.u.renew.node = "n1";
        input.u.renew.term = scene_session(&house->scene, 0)->term;
        input.u.renew.session = scene_session(&house->scene, 0)->number;
        input.u.renew.seq = ++house->scene.seq[0];
        input.u.renew.sure = true;
        input.u.renew.legs = &leg;
        input.u.renew.n_legs = 1;
        input.u.renew.readings = &reading;
        input.u.renew.n_readings = 1;
        send(house, &input);
}

/* A plan is adopted now, with these flows. */
static void adopt(struct house *house, struct plan_flow *flows, uint32_t n)
{
        struct record record = { .type = RECORD_PLAN, .at = house->scene.now.wall }, copy;

        record.u.plan.plan.version = ++house->plans;
        record.u.plan.flows = flows;
        record.u.plan.n_flows = n;
        copy = record;
        assert_int_equal(apply(&house->scene.state, &record), 0);
        copy.index = record.index;
        assert_int_equal(apply(&house->replayed, &copy), 0);
}

static void adopt_one(struct house *house, int64_t start, int64_t end, double watts)
{
        struct plan_flow flow = { WORLD_START + start, WORLD_START + end, 0, watts };

        adopt(house, &flow, 1);
}

/* ---- flows that have passed */

static void plans_that_were_replaced_are_remembered_for_a_day(void **unused)
{
        struct house house;
        const struct state *state = &house.scene.state;

        (void)unused;
        begin(&house);
        adopt_one(&house, 0, 3 * HOUR, 200);
        pass(&house, HOUR);
        adopt_one(&house, HOUR - 60, 4 * HOUR, 200); /* it was asked for a minute before */
        assert_int_equal(state->n_past_flows, 1);
        assert_int_equal(state->past_flows[0].end, WORLD_START + HOUR);
        assert_int_equal(state->n_flows, 1);
        assert_int_equal(state->flows[0].start, WORLD_START + HOUR);
        pass(&house, HOUR);
        adopt_one(&house, 2 * HOUR, 5 * HOUR, -100); /* what went on as before is one with it */
        assert_int_equal(state->n_past_flows, 1);
        assert_int_equal(state->past_flows[0].end, WORLD_START + 2 * HOUR);
        pass(&house, HOUR);
        adopt(&house, NULL, 0);
        assert_int_equal(state->n_past_flows, 2);
        assert_int_equal(state->past_flows[1].start, WORLD_START + 2 * HOUR);
        assert_int_equal(state->past_flows[1].end, WORLD_START + 3 * HOUR);
        assert_int_equal(state->n_flows, 0);
        pass(&house, 23 * HOUR + 1); /* a day after the first of them ended */
        adopt(&house, NULL, 0);
        assert_int_equal(state->n_past_flows, 1);
        finish(&house);
}

/* ---- one hour */

/* Half an hour of 200 W into it and half an hour of 55 W out of it, half of what the site draws; told an hour later. */
static void a_late_reading_finds_what_was_planned_then(void **unused)
{
        struct plan_flow flows[] = { { WORLD_START, WORLD_START + HOUR / 2, 0, 200 },
                                     { WORLD_START + HOUR / 2, WORLD_START + HOUR, 0, -(JOB_W + IDLE_W) / 2 } };
        struct house house;
        const struct book *job, *held;

        (void)unused;
        begin(&house);
        pass(&house, 1);
        tell(&house, WORLD_START + 1, 1000);
        assert_int_equal(house.opened, KWH);
        flows[0].start = WORLD_START + 1;
        adopt(&house, flows, 2);
        pass(&house, HOUR);
        adopt(&house, NULL, 0); /* another plan, without flows */
        held = &site_of(&house)->books[ACCOUNT_STORAGE];
        assert_int_equal(held->joules, KWH + 200 * (HOUR / 2 - 1) * 9 / 10);
        assert_int_equal(site_of(&house)->stock.charged_until, WORLD_START + HOUR / 2);
        read_meter(&house, true, WORLD_START + 1, JOB_W * HOUR);
        job = &site_of(&house)->books[ACCOUNT_JOB];
        assert_int_equal(job->joules, JOB_W * HOUR);
        assert_int_equal(job->unit_joules[SUPPLY_STORE], JOB_W * HOUR / 4);
        assert_int_equal(job->unit_joules[SUPPLY_GRID], 3 * JOB_W * HOUR / 4);
        assert_int_equal(job->unpriced_joules, JOB_W * HOUR / 4); /* of what was there first */
        assert_int_equal(site_of(&house)->books[ACCOUNT_LOSS].joules,
                         200 * (HOUR / 2 - 1) / 10 + JOB_W * HOUR / 16);
        /* the meter saw the load's part of the grid and the charge, and nothing of what the store gave */
        for (size_t i = 0; i < site_of(&house)->meter.n; i++)
                if (site_of(&house)->meter.intervals[i].start == WORLD_START + 600)
                        assert_int_equal(site_of(&house)->meter.intervals[i].joules, (200 + JOB_W) * 300);
                else if (site_of(&house)->meter.intervals[i].start == WORLD_START + 2400)
                        assert_int_equal(site_of(&house)->meter.intervals[i].joules, JOB_W * 300 / 2);
        finish(&house);
}

/* What jobs have drawn and nobody has told of is no loss; what is missing beyond that is. An old level says nothing. */
static void a_level_counts_what_is_still_to_be_told(void **unused)
{
        struct house house;
        int64_t taken_wh = (JOB_W + IDLE_W) * 5 / 4; /* of an hour */

        (void)unused;
        begin(&house);
        pass(&house, 1);
        read_meter(&house, true, WORLD_START, JOB_W);
        read_meter(&house, false, WORLD_START, IDLE_W);
        tell(&house, WORLD_START + 1, 1000);
        adopt_one(&house, 1, DAY, -(JOB_W + IDLE_W));
        pass(&house, HOUR);
        tell(&house, WORLD_START + HOUR + 1, 1000 - taken_wh); /* half a Wh is told more than is there */
        assert_in_range(-site_of(&house)->books[ACCOUNT_LOSS].joules, 1, 3600);
        read_meter(&house, true, WORLD_START + 1, JOB_W * HOUR);
        read_meter(&house, false, WORLD_START + 1, IDLE_W * HOUR);
        assert_int_equal(site_of(&house)->books[ACCOUNT_STORAGE].joules, (1000 - taken_wh) * 3600);
        assert_int_equal(site_of(&house)->books[ACCOUNT_JOB].unit_joules[SUPPLY_STORE], JOB_W * HOUR);
        tell(&house, WORLD_START + HOUR + 61, 700); /* of a time to come */
        assert_int_equal(site_of(&house)->stock.counted_at, WORLD_START + HOUR + 1);
        tell(&house, WORLD_START + HOUR, 100); /* of a time before the last */
        assert_int_equal(site_of(&house)->stock.counted_at, WORLD_START + HOUR + 1);
        pass(&house, 60);
        tell(&house, WORLD_START + HOUR + 31, 700); /* half a minute ago */
        assert_int_equal(site_of(&house)->stock.counted_at, WORLD_START + HOUR + 31);
        finish(&house);
}

/* The charge is booked beyond the moment of which the level is told: it is as it should be. */
static void a_level_of_the_past_is_compared_with_the_past(void **unused)
{
        struct house house;

        (void)unused;
        begin(&house);
        pass(&house, 1);
        tell(&house, WORLD_START + 1, 1000);
        adopt_one(&house, 1, DAY, 200);
        pass(&house, 600);
        assert_int_equal(site_of(&house)->stock.charged_until, WORLD_START + 600);
        tell(&house, WORLD_START + 301, 1015);
        assert_int_equal(site_of(&house)->books[ACCOUNT_LOSS].joules, 20 * 599);
        assert_int_equal(site_of(&house)->books[ACCOUNT_STORAGE].joules, KWH + 180 * 599);
        finish(&house);
}

/* All that the site drew was planned to come out of the store; a second job begins when that is told. */
static void what_begins_later_has_no_share(void **unused)
{
        struct offpeak_job_spec spec;
        struct house house;

        (void)unused;
        begin(&house);
        pass(&house, 1);
        read_meter(&house, true, WORLD_START, JOB_W);
        tell(&house, WORLD_START + 1, 1000);
        adopt_one(&house, 1, HOUR, -(JOB_W + IDLE_W));
        house.scene.now.wall = WORLD_START + HOUR;
        world_spec(&spec, "second", 1, HOUR);
        spec.deadline = WORLD_START + 2 * HOUR + 60;
        assert_true(scene_submit_spec(&house.scene, &spec) != 0);
        offpeak_job_spec_finish(&spec);
        log_turn(&house);
        assert_int_equal(house.scene.state.jobs[1].state, OFFPEAK_JOB_ACTIVE);
        read_meter(&house, true, WORLD_START + 1, JOB_W * (HOUR - 1));
        assert_int_equal(site_of(&house)->books[ACCOUNT_JOB].unit_joules[SUPPLY_STORE], JOB_W * (HOUR - 1));
        finish(&house);
}

/* A demand charge is for what the sources give: a job on the store is not paused for its sake, one beside a charge is. */
static void what_the_store_gives_raises_no_peak(void **unused)
{
        struct house house;
        const struct job *job;
        struct pause why;

        (void)unused;
        begin(&house);
        pass(&house, 1);
        job = state_job(&house.scene.state, house.job);
        assert_true(scene_pause_is_due(&house.scene, job, &why)); /* nothing is billed yet */
        adopt_one(&house, 1, HOUR, -(JOB_W + IDLE_W));
        assert_false(scene_pause_is_due(&house.scene, job, &why));
        adopt(&house, NULL, 0);
        assert_true(scene_pause_is_due(&house.scene, job, &why));
        assert_int_equal(site_meter_add(&house.scene.state.sites[0].meter, WORLD_START, WORLD_START + 900, 150 * 900),
                         0);
        assert_int_equal(site_meter_add(&house.replayed.sites[0].meter, WORLD_START, WORLD_START + 900, 150 * 900), 0);
        assert_false(scene_pause_is_due(&house.scene, job, &why));
        adopt_one(&house, 1, HOUR, 50);
        assert_true(scene_pause_is_due(&house.scene, job, &why));
        finish(&house);
}

/* ---- anything at all */

static uint64_t draw(uint64_t *seed, uint64_t n)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (*seed >> 33) % n;
}

static void check_books(const struct house *house)
{
        const struct book *books = site_of(house)->books, *held = &books[ACCOUNT_STORAGE];
        int64_t joules = 0, sources = 0, store = 0;

        for (int account = ACCOUNT_JOB; account < ACCOUNT_COUNT; account++) {
                joules += books[account].joules;
                store += books[account].unit_joules[SUPPLY_STORE];
                for (int unit = SUPPLY_REACTOR; unit < SUPPLY_STORE; unit++)
                        sources += books[account].unit_joules[unit];
        }
        assert_int_equal(joules, sources + house->opened);
        assert_int_equal(store, 0);
        assert_true(held->joules >= 0); /* it may be more than fits: what was drawn and is not told yet is still in the books */
        assert_in_range(held->unpriced_joules, 0, held->joules);
}

static void adopt_random(struct house *house, uint64_t *seed)
{
        int64_t now = house->scene.now.wall, at = now - (int64_t)draw(seed, 60);
        struct plan_flow flows[8];
        uint32_t n = (uint32_t)draw(seed, 9);

        for (uint32_t i = 0; i < n; i++) {
                int64_t end = at + 1 + (int64_t)draw(seed, 1200);

                flows[i] = (struct plan_flow){ at, end, 0, (double)draw(seed, 1200) - 600.5 };
                at = end + (int64_t)draw(seed, 2) * 300;
        }
        adopt(house, flows, n);
}

static void random_life(uint64_t seed)
{
        struct house house;
        int64_t told[2] = { WORLD_START, WORLD_START };

        begin(&house);
        for (int step = 0; step < 300; step++) {
                int64_t now = house.scene.now.wall;
                bool of_job = draw(&seed, 2) == 0;

                switch (draw(&seed, 5)) {
                case 0:
                        tell(&house, now - (int64_t)draw(&seed, 200), (int64_t)draw(&seed, 2500));
                        break;
                case 1:
                        adopt_random(&house, &seed);
                        break;
                case 2:
                        pass(&house, (int64_t)draw(&seed, 900));
                        break;
                default:
                        read_meter(&house, of_job, told[of_job], (int64_t)draw(&seed, 200000));
                        told[of_job] = now;
                }
                check_books(&house);
        }
        assert_true(site_of(&house)->stock.counted_at != 0);
        finish(&house);
}

static void any_life_adds_up_and_is_told_by_the_log(void **unused)
{
        (void)unused;
        for (uint64_t seed = 1; seed <= 30; seed++)
                random_life(seed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plans_that_were_replaced_are_remembered_for_a_day),
                cmocka_unit_test(a_late_reading_finds_what_was_planned_then),
                cmocka_unit_test(a_level_counts_what_is_still_to_be_told),
                cmocka_unit_test(a_level_of_the_past_is_compared_with_the_past),
                cmocka_unit_test(what_begins_later_has_no_share),
                cmocka_unit_test(what_the_store_gives_raises_no_peak),
                cmocka_unit_test(any_life_adds_up_and_is_told_by_the_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
