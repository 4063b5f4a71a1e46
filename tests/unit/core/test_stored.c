/* SPDX-License-Identifier: Apache-2.0 */
/* A site's store in the core: what plans are asked with, what may be drawn at the moment, what is possible at all. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/possible.h"
#include "core/question.h"
#include "core/stored.h"
#include "unit/core/scene.h"

#define J_PER_WH 3600.0

/* One node with a job running or not; sun of 1 kW; 10 kWh, 1 kWh of them the reserve, 600 W each way. */
static void begin(struct scene *scene, int64_t stored_wh)
{
        struct supply_terms *terms;
        struct site *site;

        scene_init(scene, ON_LOST_WAIT);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
        terms = &scene->state.policy.sites[0].terms;
        site = &scene->state.sites[0];
        terms->grid_limit_w = 0;
        terms->has_solar = terms->has_store = true;
        terms->store = (struct supply_store){ .energy_wh = 10000, .reserve_wh = 1000, .charge_w = 600, .discharge_w = 600,
                                              .charge_ppm = 900000, .discharge_ppm = 800000 };
        assert_int_equal(series_append(&site->series[SERIES_SOLAR], WORLD_START, 1000), 0);
        site->series[SERIES_SOLAR].end = WORLD_START + DAY;
        if (stored_wh < 0)
                return;
        assert_int_equal(series_append(&site->series[SERIES_STORED], WORLD_START, stored_wh), 0);
        site->series[SERIES_STORED].end = WORLD_START + DAY;
}

static void plan_flow(struct scene *scene, int64_t from, int64_t to, double watts)
{
        struct plan_flow *flows = realloc(scene->state.flows, (scene->state.n_flows + 1) * sizeof(*flows));

        assert_non_null(flows);
        flows[scene->state.n_flows++] = (struct plan_flow){ WORLD_START + from, WORLD_START + to, 0, watts };
        scene->state.flows = flows;
}

static int64_t limit(const struct scene *scene, int64_t at)
{
        return stored_limit(&scene->state, &scene->state.sites[0], WORLD_START + at);
}

static void what_is_planned_counts_and_no_more(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 5000);
        plan_flow(&scene, 0, HOUR, 400);
        plan_flow(&scene, HOUR, 2 * HOUR, -500);
        plan_flow(&scene, 2 * HOUR, 3 * HOUR, -900);
        assert_int_equal(limit(&scene, 0), 1000); /* it charges with what is left, and takes nobody's power */
        assert_int_equal(limit(&scene, HOUR), 1500);
        assert_int_equal(limit(&scene, 2 * HOUR - 1), 1500);
        assert_int_equal(limit(&scene, 2 * HOUR), 1600); /* no more than it can give */
        assert_int_equal(limit(&scene, 3 * HOUR), 1000); /* it rests */
        scene_finish(&scene);
}

/*
 * 20 Wh above the reserve are 16 at the meter: for five minutes 192 W, for the last minute 500. A minute of 500 W later, 10.4 Wh are gone,
 * and all of it soon: until somebody tells again.
 */
static void what_is_not_in_it_is_not_given(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 1020);
        plan_flow(&scene, 0, HOUR, -500);
        assert_int_equal(limit(&scene, 0), 1192);
        assert_int_equal(limit(&scene, 60), 1092);
        assert_int_equal(limit(&scene, 116), 1000);
        assert_int_equal(limit(&scene, HOUR - 60), 1000);
        assert_int_equal(series_append(&scene.state.sites[0].series[SERIES_STORED], WORLD_START + HOUR - 60, 1020), 0);
        scene.state.sites[0].series[SERIES_STORED].end = WORLD_START + DAY;
        assert_int_equal(limit(&scene, HOUR - 60), 1500);
        scene.state.sites[0].series[SERIES_STORED].points[0].value = 1000;
        assert_int_equal(limit(&scene, 0), 1000);
        scene.state.sites[0].series[SERIES_STORED].end = WORLD_START + 1;
        assert_int_equal(limit(&scene, 1), 1000); /* nobody tells */
        scene_finish(&scene);
}

static void a_plan_is_asked_with_the_store_as_it_is(void **unused)
{
        struct plan_question question;
        const struct plan_store *store;
        struct scene scene;

        (void)unused;
        begin(&scene, 5000);
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        store = question.problem.sites[0].store;
        assert_non_null(store);
        assert_true(store->energy_j == 10000 * J_PER_WH);
        assert_true(store->start_j == 5000 * J_PER_WH);
        assert_true(store->reserve_j == 1010 * J_PER_WH); /* and a minute's discharge */
        assert_true(store->least_end_j == store->start_j);
        assert_true(store->charge_w == 600 && store->discharge_w == 600);
        assert_false(store->by_step);
        plan_question_finish(&question);
        scene.state.policy.sites[0].terms.store.has_end_value = true;
        scene.state.policy.sites[0].terms.store.end_value = 30000000;
        scene.state.sites[0].series[SERIES_STORED].points[0].value = 800; /* below the reserve: no lower */
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        store = question.problem.sites[0].store;
        assert_true(store->reserve_j == 800 * J_PER_WH && store->least_end_j == store->reserve_j);
        assert_true(store->end_price == 30);
        assert_int_equal(plan_problem_check(&question.problem, NULL), 0);
        plan_question_finish(&question);
        scene.state.sites[0].series[SERIES_STORED].n_points = 0;
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        assert_null(question.problem.sites[0].store);
        plan_question_finish(&question);
        scene_finish(&scene);
}

static double stored_at(const struct scene *scene, int64_t at)
{
        struct now now = { .wall = WORLD_START + at, .mono_ms = scene->now.mono_ms };
        struct plan_question question;
        double start_j;

        assert_int_equal(plan_question_init(&scene->state, &now, &question), 0);
        start_j = question.problem.sites[0].store->start_j;
        plan_question_finish(&question);
        return start_j / J_PER_WH;
}

/* 200 Wh went in at 0.9, 250 were given at 0.8. A plan knows of both; what is drawn at the moment does not rely on the first. */
static void what_was_told_is_carried_on_by_what_was_planned(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 1200);
        plan_flow(&scene, 0, HOUR / 2, 400);
        plan_flow(&scene, HOUR / 2, HOUR, -500);
        plan_flow(&scene, HOUR, 2 * HOUR, -500);
        assert_true(fabs(stored_at(&scene, 0) - 1200) < 1e-9);
        assert_true(fabs(stored_at(&scene, HOUR / 2) - 1380) < 1e-9);
        assert_true(fabs(stored_at(&scene, HOUR) - (1380 - 312.5)) < 1e-9);
        assert_int_equal(limit(&scene, HOUR), 1000); /* 1200 less 312.5 is below the reserve */
        scene_finish(&scene);
}

static void adopt(struct scene *scene, uint64_t version, int64_t made_at, struct plan_flow *flows, uint32_t n)
{
        struct record record = { .type = RECORD_PLAN, .index = scene->state.log_index + 1, .at = WORLD_START + made_at };

        record.u.plan.plan = (struct adopted_plan){ .version = version, .made_at = WORLD_START + made_at };
        record.u.plan.flows = flows;
        record.u.plan.n_flows = n;
        assert_int_equal(apply(&scene->state, &record), 0);
}

/* Nobody told since midnight; a plan was made at one, and again at half past: what the first had the store do until then still counts. */
static void a_new_plan_does_not_forget_what_the_last_one_had_done(void **unused)
{
        struct plan_flow first[] = { { WORLD_START + HOUR, WORLD_START + 3 * HOUR, 0, -400 } };
        struct plan_flow second[] = { { WORLD_START + HOUR * 3 / 2, WORLD_START + 2 * HOUR, 0, -400 },
                                      { WORLD_START + 2 * HOUR, WORLD_START + 3 * HOUR, 0, -200 } };
        struct plan_flow third[] = { { WORLD_START + 30 * HOUR, WORLD_START + 31 * HOUR, 0, -300 } };
        struct scene scene;

        (void)unused;
        begin(&scene, 5000);
        adopt(&scene, 1, HOUR, first, 1);
        adopt(&scene, 2, HOUR * 3 / 2, second, 2);
        assert_int_equal(scene.state.n_past_flows, 1);
        assert_true(fabs(stored_at(&scene, 3 * HOUR) - (5000 - 600 / 0.8)) < 1e-9);
        adopt(&scene, 3, 30 * HOUR, third, 1);
        assert_int_equal(scene.state.n_past_flows, 0); /* a day later nobody asks */
        scene_finish(&scene);
}

static void heat_is_charged_with_what_the_reactor_gives(void **unused)
{
        struct plan_question question;
        struct supply_terms *terms;
        struct scene scene;

        (void)unused;
        begin(&scene, 5000);
        terms = &scene.state.policy.sites[0].terms;
        terms->has_reactor = terms->store.from_reactor = true;
        terms->reactors[0] = (struct supply_reactor){ .rating_w = 700 };
        terms->n_reactors = terms->n_outages = 1;
        terms->outages[0] = (struct supply_outage){ .from = WORLD_START + HOUR, .to = WORLD_START + 2 * HOUR, .power_w = 300 };
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        assert_true(question.problem.sites[0].store->by_step);
        for (size_t t = 0; t < question.problem.sites[0].n_steps; t++) {
                const struct plan_step *step = &question.problem.sites[0].steps[t];
                bool out = step->start >= WORLD_START + HOUR && step->start < WORLD_START + 2 * HOUR;

                assert_true(step->charge_w == (out ? 300 : 600));
        }
        plan_question_finish(&question);
        scene_finish(&scene);
}

/* Charging is power that a lone job does not find. */
static void a_lone_job_is_placed_beside_the_flows(void **unused)
{
        struct plan_question question;
        struct scene scene;
        struct job job;
        uint64_t id;

        (void)unused;
        begin(&scene, 5000);
        id = scene_submit(&scene, scene_client(&scene), 1);
        job = *state_job(&scene.state, id); /* borrowed */
        job.spec.power_w = 700; /* more than charging leaves */
        free(scene.state.flows);
        scene.state.flows = NULL;
        scene.state.n_flows = 0;
        plan_flow(&scene, HOUR, 2 * HOUR, 400);
        assert_int_equal(question_for_one(&scene.state, &scene.now, &job, &question), 0);
        assert_null(question.problem.sites[0].store);
        for (size_t t = 0; t < question.problem.sites[0].n_steps; t++) {
                const struct plan_step *step = &question.problem.sites[0].steps[t];
                bool charges = step->start >= WORLD_START + HOUR && step->start < WORLD_START + 2 * HOUR;

                if (step->start < WORLD_START + 3 * HOUR)
                        assert_true(charges ? step->segments[0].limit_w == 600 : step->segments[0].limit_w >= 1000);
        }
        plan_question_finish(&question);
        scene_finish(&scene);
}

static uint64_t submit_at_night(struct scene *scene, int64_t deadline)
{
        struct offpeak_job_spec spec;
        uint64_t id;

        world_spec(&spec, "night", 1, HOUR);
        spec.power_w = 500;
        spec.deadline = WORLD_START + deadline;
        spec.strict_deadline = true;
        id = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return id;
}

/*
 * Dark for six hours, and 990 Wh that give 792: 60 for the idle site, and an hour of 500 W for the first who asks, at once. The second has
 * to wait for the sun, or is refused if he cannot; and so is anybody where nobody tells what is there.
 */
static void a_lone_job_is_given_what_is_not_promised(void **unused)
{
        struct series *sun;
        struct scene scene;
        const struct job *job;
        uint64_t id;

        (void)unused;
        begin(&scene, 2000);
        sun = &scene.state.sites[0].series[SERIES_SOLAR];
        sun->points[0].value = 0;
        assert_int_equal(series_append(sun, WORLD_START + 6 * HOUR, 1000), 0);
        sun->end = WORLD_START + DAY;
        id = submit_at_night(&scene, 2 * HOUR);
        assert_int_not_equal(id, 0);
        job = state_job(&scene.state, id);
        assert_int_equal(job->n_planned, 1);
        assert_true(job->planned[0].start == scene.now.wall && job->planned[0].end < WORLD_START + 2 * HOUR);
        assert_int_equal(submit_at_night(&scene, 5 * HOUR), 0);
        id = submit_at_night(&scene, 8 * HOUR);
        assert_int_not_equal(id, 0);
        assert_true(state_job(&scene.state, id)->planned[0].start == WORLD_START + 6 * HOUR);
        scene_finish(&scene);
        begin(&scene, -1);
        scene.state.sites[0].series[SERIES_SOLAR].points[0].value = 0;
        assert_int_equal(submit_at_night(&scene, 5 * HOUR), 0);
        scene_finish(&scene);
}

/* 1.5 kW where the sun gives one, and the battery 600 W more. */
static void a_battery_makes_more_possible(void **unused)
{
        struct offpeak_job_spec spec;
        struct scene scene;
        struct job *job;

        (void)unused;
        begin(&scene, 5000);
        world_spec(&spec, "hungry", 1, HOUR);
        spec.power_w = 1500;
        job = state_job(&scene.state, scene_submit_spec(&scene, &spec));
        assert_non_null(job);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(possible_lack(&scene.state, &scene.now, job), LACK_NOTHING);
        scene.state.sites[0].series[SERIES_STORED].n_points = 0;
        assert_int_equal(possible_lack(&scene.state, &scene.now, job), LACK_POWER);
        offpeak_job_spec_finish(&spec);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_planned_counts_and_no_more),
                cmocka_unit_test(what_is_not_in_it_is_not_given),
                cmocka_unit_test(a_plan_is_asked_with_the_store_as_it_is),
                cmocka_unit_test(what_was_told_is_carried_on_by_what_was_planned),
                cmocka_unit_test(a_new_plan_does_not_forget_what_the_last_one_had_done),
                cmocka_unit_test(heat_is_charged_with_what_the_reactor_gives),
                cmocka_unit_test(a_lone_job_is_placed_beside_the_flows),
                cmocka_unit_test(a_lone_job_is_given_what_is_not_promised),
                cmocka_unit_test(a_battery_makes_more_possible),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
