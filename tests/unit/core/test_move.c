/* SPDX-License-Identifier: Apache-2.0 */
/* test_move.c - how long a move takes and what it costs, who may move, and what the planner is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/fit.h"
#include "core/move.h"
#include "core/possible.h"
#include "unit/core/scene.h"

static const char *const sites[] = { "hanford", "lulea", "oslo" };

/* Links of 10, 2 and 1 Gbit/s; a GB that leaves costs 0.01, 0.05 and nothing. 500 GB to carry. */
static void begin(struct scene *scene)
{
        static const int64_t mbit[] = { 10000, 2000, 1000 }, egress[] = { 10000, 50000, 0 };
        struct input config = { .type = INPUT_CONFIG };
        struct policy *policy = &scene->policy;

        scene_init(scene, ON_LOST_WAIT);
        policy->sites = realloc(policy->sites, 3 * sizeof(*policy->sites));
        policy->n_sites = 3;
        for (int s = 0; s < 3; s++) {
                policy->sites[s] = policy->sites[0];
                if (s > 0) {
                        policy->sites[s].name = strdup(sites[s]);
                        policy->sites[s].currency = strdup("EUR");
                }
                policy->sites[s].wan_mbit_per_s = mbit[s];
                policy->sites[s].egress_cost = egress[s];
        }
        policy->classes[0].may_move = true;
        policy->classes[0].move_mb = 500000;
        config.u.config.policy = policy;
        scene_send(scene, &config);
}

static void a_move_is_as_slow_as_its_slower_end(void **unused)
{
        struct scene scene;
        struct job job = { .site = NONE_U32, .attempt = { .over_at = WORLD_START } };

        (void)unused;
        begin(&scene);
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[2]), 0); /* it has run nowhere */
        job.site = 0;
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[0]), 0);
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[1]), WORLD_START + 2000);
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[2]), WORLD_START + 4000);
        job.site = 2;
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[0]), WORLD_START + 4000);
        job.spec.site = (char *)(uintptr_t)"oslo"; /* its owner wants it there */
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[0]), INT64_MAX);
        job.spec.site = NULL;
        scene.policy.classes[0].move_mb = 0;
        scene_set_policy(&scene);
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[0]), WORLD_START);
        scene.policy.classes[0].may_move = false;
        scene_set_policy(&scene);
        assert_int_equal(move_ready_at(&scene.state, &job, &scene.state.sites[0]), INT64_MAX);
        scene_finish(&scene);
}

static void a_plan_counts_the_dearest_and_the_slowest(void **unused)
{
        struct scene scene;
        struct job job = { .site = 0 };
        struct move_terms terms;

        (void)unused;
        begin(&scene);
        assert_int_equal(move_price(&scene.state, &job, &scene.state.sites[0]), 5000000);
        assert_int_equal(move_price(&scene.state, &job, &scene.state.sites[2]), 0);
        terms = move_dearest(&scene.state, &job, 7);
        assert_true(terms.cost == 25.0);
        assert_int_equal(terms.seconds, 4000);
        terms = move_dearest(&scene.state, &job, 3);
        assert_int_equal(terms.seconds, 2000);
        terms = move_dearest(&scene.state, &job, 5);
        assert_true(terms.cost == 5.0);
        scene_finish(&scene);
}

/* ---- a job that ran at hanford and is paused; nodes of four GPUs at all three sites */

static void add_node(struct scene *scene, const char *name, const char *site)
{
        struct device devices[4] = { { .kind = DEVICE_GPU, .max_w = 100 }, { .kind = DEVICE_GPU, .max_w = 100 },
                                     { .kind = DEVICE_GPU, .max_w = 100 }, { .kind = DEVICE_GPU, .max_w = 100 } };
        struct inventory inventory = { .devices = devices, .n_devices = 4 };
        struct input input = { .type = INPUT_HELLO };

        input.u.hello.node = name;
        input.u.hello.site = site;
        input.u.hello.boot = "boot";
        input.u.hello.nonce[0] = 1;
        input.u.hello.inventory = &inventory;
        scene_send(scene, &input);
}

static struct job *paused(struct scene *scene)
{
        uint64_t id;
        struct job *job;

        begin(scene);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
        id = scene_submit(scene, scene_client(scene), 1);
        scene->now.wall += 600;
        scene_tell(scene, INPUT_HOLD, scene_client(scene), id);
        scene_renew_with(scene, 0, id, REPORT_EXITED, LEG_ASKED, 0);
        scene_tell(scene, INPUT_RELEASE, scene_client(scene), id);
        add_node(scene, "m1", "lulea");
        add_node(scene, "m2", "oslo");
        job = state_job(&scene->state, id);
        return job;
}

static struct plan_job asked(const struct scene *scene)
{
        struct plan_question question;
        struct plan_job job;

        assert_int_equal(plan_question_init(&scene->state, &scene->now, &question), 0);
        assert_int_equal(plan_problem_check(&question.problem, NULL), 0);
        assert_int_equal(question.problem.n_jobs, 1);
        job = question.problem.jobs[0];
        plan_question_finish(&question);
        return job;
}

static void the_planner_is_told_where_its_data_is(void **unused)
{
        struct scene scene;
        const struct job *job = paused(&scene);
        struct plan_job question;

        (void)unused;
        if (job->state == OFFPEAK_JOB_ACTIVE) { /* it went on at once */
                question = asked(&scene);
                assert_true(question.running && question.may_move);
                assert_int_equal(question.home, question.run_site);
                scene_tell(&scene, INPUT_HOLD, scene_client(&scene), job->id);
                scene_renew_with(&scene, 0, job->id, REPORT_EXITED, LEG_ASKED, 0);
                scene.state.jobs[0].n_planned = 0;
                scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), job->id);
        }
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(job->attempt.over_at, scene.now.wall);
        scene.now.wall += 100;
        question = asked(&scene);
        assert_true(question.may_move && !question.running);
        assert_int_equal(question.sites, 7);
        assert_int_equal(question.home, 0);
        assert_int_equal(question.rests_since, scene.now.wall - 100);
        assert_int_equal(question.move_s, 4000);
        assert_true(question.move_cost == 25.0);
        scene.policy.classes[0].may_move = false;
        scene_set_policy(&scene);
        question = asked(&scene);
        assert_false(question.may_move);
        assert_int_equal(question.sites, 1);
        scene_finish(&scene);
}

/* Hours at another site are no reason to start there before what it needs can be there. */
static void nothing_starts_before_it_has_moved(void **unused)
{
        struct scene scene;
        const struct job *job = paused(&scene);
        struct job elsewhere = *job;

        (void)unused;
        elsewhere.state = OFFPEAK_JOB_QUEUED;
        elsewhere.attempt.over_at = scene.now.wall;
        scene.now.wall += 1999;
        assert_true(fit_may_start(&scene.state, &elsewhere, 0, &scene.state.sites[0], &scene.now));
        assert_false(fit_may_start(&scene.state, &elsewhere, 0, &scene.state.sites[1], &scene.now));
        scene.now.wall++;
        assert_true(fit_may_start(&scene.state, &elsewhere, 0, &scene.state.sites[1], &scene.now));
        assert_false(fit_may_start(&scene.state, &elsewhere, 0, &scene.state.sites[2], &scene.now));
        scene.policy.classes[0].may_move = false;
        scene_set_policy(&scene);
        assert_false(fit_may_start(&scene.state, &elsewhere, 0, &scene.state.sites[1], &scene.now));
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_move_is_as_slow_as_its_slower_end),
                cmocka_unit_test(a_plan_counts_the_dearest_and_the_slowest),
                cmocka_unit_test(the_planner_is_told_where_its_data_is),
                cmocka_unit_test(nothing_starts_before_it_has_moved),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
