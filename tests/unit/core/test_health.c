/* SPDX-License-Identifier: Apache-2.0 */
/* test_health.c - nodes that are given no jobs: by an operator, or because jobs failed there in a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/health.h"
#include "unit/core/scene.h"

static void begin(struct scene *scene, uint32_t drain_after)
{
        scene_init(scene, ON_LOST_WAIT);
        scene->policy.drain_after = drain_after;
        scene->policy.classes[0].retries = 0;
        scene_set_policy(scene);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
}

static const struct node *node(const struct scene *scene)
{
        return &scene->state.nodes[0];
}

static void tell(struct scene *scene, enum input_type type, struct client who, const char *name, const char *reason)
{
        struct input input = { .type = type };

        input.u.drain.client = who;
        input.u.drain.node = name;
        input.u.drain.reason = reason;
        scene_send(scene, &input);
}

static struct client an_operator(struct scene *scene)
{
        struct client client = scene_client(scene);

        client.is_operator = true;
        return client;
}

static int32_t answered(const struct scene *scene)
{
        return scene_sent(scene, ACTION_REPLY)->code;
}

/* A job is launched on the node, and ends so; two minutes go by. */
static void run_one(struct scene *scene, enum report_state state, enum leg_how how, int32_t status)
{
        uint64_t job = scene_submit(scene, scene_client(scene), 1);

        assert_int_equal(state_job(&scene->state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_renew_with(scene, 0, job, state, how, status);
        assert_true(state_job(&scene->state, job)->state > OFFPEAK_JOB_ACTIVE);
        scene->now.wall += 120;
        scene_wait_ms(scene, 1000);
        scene_renew(scene, 0, NULL, 0);
}

static void an_operator_drains_and_resumes(void **unused)
{
        struct scene scene;
        struct client operator, user;
        uint64_t job;

        (void)unused;
        begin(&scene, 2);
        user = scene_client(&scene);
        tell(&scene, INPUT_DRAIN, user, "n1", NULL);
        assert_int_equal(answered(&scene), OFFPEAK_EPERMISSION);
        assert_true(health_takes_jobs(node(&scene)));
        operator= an_operator(&scene);
        tell(&scene, INPUT_DRAIN, operator, "n9", NULL);
        assert_int_equal(answered(&scene), OFFPEAK_ENOTFOUND);
        operator= an_operator(&scene);
        tell(&scene, INPUT_DRAIN, operator, "n1", "fan 3\nfails");
        assert_int_equal(answered(&scene), OFFPEAK_EINVAL);
        operator= an_operator(&scene);
        tell(&scene, INPUT_DRAIN, operator, "n1", "fan 3 fails");
        assert_int_equal(answered(&scene), OFFPEAK_OK);
        assert_string_equal(node(&scene)->drain_reason, "fan 3 fails");
        assert_false(health_takes_jobs(node(&scene)));
        assert_int_equal(health_devices(&scene.state, node(&scene)), 0);
        job = scene_submit(&scene, scene_client(&scene), 1);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED); /* it waits for the node */
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "waits: the nodes for it are drained or down"));
        assert_int_equal(scene_submit(&scene, scene_client(&scene), 5), 0); /* nor is any as large when it is back */
        operator= an_operator(&scene);
        tell(&scene, INPUT_RESUME, operator, "n1", NULL);
        assert_null(node(&scene)->drain_reason);
        assert_int_equal(health_devices(&scene.state, node(&scene)), 4);
        job = scene_submit(&scene, scene_client(&scene), 1);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void what_runs_on_a_drained_node_goes_on(void **unused)
{
        struct scene scene;
        struct client operator;
        uint64_t job;

        (void)unused;
        begin(&scene, 2);
        job = scene_submit(&scene, scene_client(&scene), 1);
        operator= an_operator(&scene);
        tell(&scene, INPUT_DRAIN, operator, "n1", NULL);
        assert_non_null(node(&scene)->drain_reason);
        assert_null(scene_recorded(&scene, RECORD_STOP));
        assert_int_equal(health_devices(&scene.state, node(&scene)), 1); /* that it holds */
        scene_renew_with(&scene, 0, job, REPORT_RUNNING, 0, 0);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_ACTIVE);
        assert_null(scene_recorded(&scene, RECORD_STOP));
        scene_finish(&scene);
}

static void two_jobs_in_a_row_drain_it(void **unused)
{
        static const enum leg_how faults[] = { LEG_SHIM_LOST, LEG_NEVER, LEG_REBOOT };

        (void)unused;
        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
                struct scene scene;

                begin(&scene, 2);
                run_one(&scene, REPORT_EXITED, faults[i], 0);
                assert_int_equal(node(&scene)->faults, 1);
                assert_null(node(&scene)->drain_reason);
                run_one(&scene, REPORT_EXITED, faults[i], 0);
                assert_int_equal(node(&scene)->faults, 2);
                assert_non_null(node(&scene)->drain_reason);
                assert_non_null(strstr(node(&scene)->drain_reason, "2 jobs in a row failed on it, the last one 2: "));
                scene_finish(&scene);
        }
}

static void never_where_the_policy_says_so(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 0);
        for (int i = 0; i < 4; i++)
                run_one(&scene, REPORT_EXITED, LEG_SHIM_LOST, 0);
        assert_null(node(&scene)->drain_reason);
        scene_finish(&scene);
}

/* Its own exit code says nothing of the node; one that ends well says that it is good. */
static void what_jobs_do_themselves_is_no_fault(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 2);
        for (int i = 0; i < 5; i++)
                run_one(&scene, REPORT_EXITED, LEG_EXIT, 256);
        assert_int_equal(node(&scene)->faults, 0);
        run_one(&scene, REPORT_EXITED, LEG_SHIM_LOST, 0);
        run_one(&scene, REPORT_EXITED, LEG_EXIT, 0);
        assert_int_equal(node(&scene)->faults, 0);
        run_one(&scene, REPORT_EXITED, LEG_SHIM_LOST, 0);
        assert_int_equal(node(&scene)->faults, 1);
        assert_null(node(&scene)->drain_reason);
        scene_finish(&scene);
}

/* Straight on the counter: who the job is, and when. */
static void one_job_or_one_minute_is_one_fault(void **unused)
{
        struct node bad = { 0 };
        struct state state = { .nodes = &bad, .n_nodes = 1 };
        const struct job one = { .id = 7 }, other = { .id = 8 };
        struct leg lost = { .how = LEG_SHIM_LOST }, refused = { .how = LEG_NEVER, .before_stop = false };

        (void)unused;
        health_note(&state, &one, &lost, 1000);
        health_note(&state, &one, &lost, 5000); /* the same job: it may be the one that does it */
        assert_int_equal(bad.faults, 1);
        health_note(&state, &other, &lost, 1030); /* the same event */
        assert_int_equal(bad.faults, 1);
        health_note(&state, &other, &refused, 9000); /* told not to start, as another rank failed */
        assert_int_equal(bad.faults, 1);
        refused.before_stop = true;
        health_note(&state, &other, &refused, 9000);
        assert_int_equal(bad.faults, 2);
}

/* A job is launched wherever there is room and refused there, until it is given up; ten minutes go by. */
static void refuse_until_it_fails(struct scene *scene)
{
        const uint64_t id = scene_submit(scene, scene_client(scene), 1);
        const struct job *job;

        for (int i = 0; (job = state_job(&scene->state, id))->state < OFFPEAK_JOB_DONE && i < 100; i++) {
                if (job->state == OFFPEAK_JOB_ACTIVE)
                        scene_renew_with(scene, job->attempt.legs[0].node, id, REPORT_EXITED, LEG_NEVER, 0);
                scene_wait_ms(scene, 10000);
                for (uint32_t n = 0; n < 2; n++)
                        scene_renew(scene, n, NULL, 0);
        }
        assert_int_equal(state_job(&scene->state, id)->state, OFFPEAK_JOB_FAILED);
        assert_int_equal(state_job(&scene->state, id)->losses, 3);
        scene->now.wall += 600;
}

/* Two nodes refuse one and the same: of somebody without an account. However many such jobs come, no node is drained. */
static void a_job_that_all_refuse_is_at_fault(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 2);
        scene.policy.classes[0].retries = 3;
        scene_set_policy(&scene);
        scene_hello(&scene, 1, 1);
        scene_renew(&scene, 1, NULL, 0);
        for (int i = 0; i < 4; i++)
                refuse_until_it_fails(&scene);
        for (int n = 0; n < 2; n++) {
                assert_null(scene.state.nodes[n].drain_reason);
                assert_int_equal(scene.state.nodes[n].faults, 0);
        }
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_operator_drains_and_resumes),
                cmocka_unit_test(what_runs_on_a_drained_node_goes_on),
                cmocka_unit_test(two_jobs_in_a_row_drain_it),
                cmocka_unit_test(never_where_the_policy_says_so),
                cmocka_unit_test(what_jobs_do_themselves_is_no_fault),
                cmocka_unit_test(one_job_or_one_minute_is_one_fault),
                cmocka_unit_test(a_job_that_all_refuse_is_at_fault),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
