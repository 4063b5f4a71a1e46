/* SPDX-License-Identifier: Apache-2.0 */
/* test_devices.c - devices that their agent calls unwell: who gets them, whose fault a failure is, when they come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/health.h"
#include "unit/core/scene.h"

static char lost[] = "it has fallen off the bus";

static void begin(struct scene *scene, int nodes)
{
        struct input config = { .type = INPUT_CONFIG };

        scene_init(scene, ON_LOST_WAIT);
        scene->policy.drain_after = 2;
        config.u.config.policy = &scene->policy;
        scene_send(scene, &config);
        for (int node = 0; node < nodes; node++) {
                scene_hello(scene, node, 1);
                scene_renew(scene, node, NULL, 0);
        }
}

static struct node *node_of(struct scene *scene, int node)
{
        return &scene->state.nodes[node];
}

/* A renewal with these devices unwell, and with a leg's report where there is one. */
static void tell(struct scene *scene, int node, uint64_t unwell, char *reason, const struct leg_report *leg)
{
        struct input input = { .type = INPUT_RENEW };
        struct unwell list[OFFPEAK_MAX_DEVICES];
        uint32_t n = 0;

        for (uint32_t device = 0; device < OFFPEAK_MAX_DEVICES; device++)
                if ((unwell >> device & 1) != 0)
                        list[n++] = (struct unwell){ device, reason };
        input.u.renew.node = node_of(scene, node)->name;
        input.u.renew.term = scene_session(scene, node)->term;
        input.u.renew.session = scene_session(scene, node)->number;
        input.u.renew.seq = ++scene->seq[node];
        input.u.renew.sure = true;
        input.u.renew.legs = leg;
        input.u.renew.n_legs = leg != NULL;
        input.u.renew.unwell = list;
        input.u.renew.n_unwell = n;
        scene_send(scene, &input);
}

static struct leg_report exits(const struct scene *scene, uint64_t job, int32_t status)
{
        return scene_leg(scene, job, REPORT_EXITED, LEG_EXIT, status);
}

static uint64_t devices_of(const struct scene *scene, uint64_t job)
{
        assert_int_equal(state_job(&scene->state, job)->state, OFFPEAK_JOB_ACTIVE);
        return state_job(&scene->state, job)->attempt.legs[0].devices;
}

static void wait_for_retry(struct scene *scene, int nodes, uint64_t unwell)
{
        for (int i = 0; i < 20; i++) {
                scene_wait_ms(scene, 10000);
                for (int node = 0; node < nodes; node++)
                        tell(scene, node, node == 0 ? unwell : 0, lost, NULL);
        }
}

static void assert_images_hold(const struct scene *scene)
{
        char *before = state_dump(&scene->state), *after;
        struct state again;

        assert_true(state_is_bound(&scene->state));
        state_init(&again);
        assert_int_equal(state_images(&scene->state, scene_take_image, &again), 0);
        after = state_dump(&again);
        assert_string_equal(before, after);
        for (uint32_t i = 0; i < again.n_nodes; i++)
                assert_int_equal(again.nodes[i].withheld, scene->state.nodes[i].withheld);
        free(before);
        free(after);
        state_finish(&again);
}

static void an_unwell_device_is_given_to_no_job(void **unused)
{
        struct scene scene;

        (void)unused;
        begin(&scene, 1);
        tell(&scene, 0, 0x3, lost, NULL);
        assert_non_null(scene_recorded(&scene, RECORD_DEVICES));
        assert_int_equal(node_of(&scene, 0)->withheld, 0x3);
        assert_int_equal(health_devices(&scene.state, node_of(&scene, 0)), 2);
        assert_int_equal(state_free_devices(&scene.state, node_of(&scene, 0)), 0xc);
        assert_true(health_takes_jobs(node_of(&scene, 0)));
        for (int i = 0; i < 2; i++)
                assert_int_equal(devices_of(&scene, scene_submit(&scene, scene_client(&scene), 1)) & 0x3, 0);
        assert_int_equal(state_free_devices(&scene.state, node_of(&scene, 0)), 0);
        assert_images_hold(&scene);
        scene_finish(&scene);
}

static void the_same_level_is_no_news(void **unused)
{
        static char other[] = "Xid 64";
        struct scene scene;

        (void)unused;
        begin(&scene, 1);
        tell(&scene, 0, 0x5, lost, NULL);
        scene.now.wall += 10;
        tell(&scene, 0, 0x5, lost, NULL);
        assert_null(scene_recorded(&scene, RECORD_DEVICES));
        tell(&scene, 0, 0x5, other, NULL);
        assert_non_null(scene_recorded(&scene, RECORD_DEVICES));
        assert_string_equal(node_of(&scene, 0)->health[1].reason, "Xid 64");
        assert_int_equal(node_of(&scene, 0)->health[1].since, WORLD_START);
        tell(&scene, 0, 0x1, other, NULL);
        assert_int_equal(node_of(&scene, 0)->withheld, 0x1);
        scene.now.wall += 100;
        tell(&scene, 0, 0, NULL, NULL);
        assert_int_equal(node_of(&scene, 0)->withheld, 0);
        assert_int_equal(health_devices(&scene.state, node_of(&scene, 0)), 4);
        scene.now.wall += 100;
        tell(&scene, 0, 0x8, lost, NULL);
        assert_int_equal(node_of(&scene, 0)->n_health, 1); /* of what was settled nothing is kept */
        assert_images_hold(&scene);
        scene_finish(&scene);
}

/* The job is left to its own death; that is the device's fault, and the job goes on beside it. */
static void a_job_that_dies_with_its_device_is_retried_beside_it(void **unused)
{
        struct leg_report leg;
        struct scene scene;
        uint64_t job, device;

        (void)unused;
        begin(&scene, 1);
        job = scene_submit(&scene, scene_client(&scene), 1);
        device = devices_of(&scene, job);
        leg = scene_leg(&scene, job, REPORT_RUNNING, 0, 0);
        tell(&scene, 0, device, lost, &leg);
        assert_null(scene_recorded(&scene, RECORD_STOP));
        assert_int_equal(health_devices(&scene.state, node_of(&scene, 0)), 4); /* it is held: a plan counts it */
        leg = exits(&scene, job, 1 << 8);
        scene.now.wall += 1800; /* a gang's timeouts are long */
        tell(&scene, 0, device, lost, &leg);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        assert_int_equal(state_job(&scene.state, job)->avoid_node, NONE_U32);
        assert_int_equal(scene_recorded(&scene, RECORD_OVER)->u.over.blamed, device);
        assert_int_equal(node_of(&scene, 0)->health[0].faults, 1);
        assert_int_equal(node_of(&scene, 0)->faults, 0);
        assert_int_equal(health_devices(&scene.state, node_of(&scene, 0)), 3);
        assert_images_hold(&scene);
        wait_for_retry(&scene, 1, device);
        assert_int_equal(state_job(&scene.state, job)->attempts, 2);
        assert_int_equal(devices_of(&scene, job) & device, 0);
        scene_finish(&scene);
}

static void whose_fault_it_is_is_a_matter_of_a_minute(void **unused)
{
        static const struct {
                int64_t after; /* the device was well again */
                enum offpeak_job_state state;
        } cases[] = { { 0, OFFPEAK_JOB_QUEUED }, { 60, OFFPEAK_JOB_QUEUED }, { 61, OFFPEAK_JOB_FAILED } };

        (void)unused;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct leg_report leg;
                struct scene scene;
                uint64_t job;

                begin(&scene, 1);
                job = scene_submit(&scene, scene_client(&scene), 1);
                leg = scene_leg(&scene, job, REPORT_RUNNING, 0, 0);
                tell(&scene, 0, devices_of(&scene, job), lost, &leg);
                tell(&scene, 0, 0, NULL, &leg);
                scene.now.wall += cases[i].after;
                leg = exits(&scene, job, 9);
                tell(&scene, 0, 0, NULL, &leg);
                assert_int_equal(state_job(&scene.state, job)->state, cases[i].state);
                scene_finish(&scene);
        }
}

static void another_jobs_device_excuses_nobody(void **unused)
{
        struct leg_report leg;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene, 1);
        job = scene_submit(&scene, scene_client(&scene), 1);
        leg = exits(&scene, job, 1 << 8);
        tell(&scene, 0, 0xf & ~devices_of(&scene, job), lost, &leg);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_FAILED);
        assert_int_equal(state_job(&scene.state, job)->end, END_EXIT);
        scene_finish(&scene);
}

/* It fails with each job: from the second on it stays away, well or not, until the operator's word. */
static void a_device_that_fails_twice_is_kept_off_until_it_is_resumed(void **unused)
{
        struct input resume = { .type = INPUT_RESUME };
        struct leg_report leg;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene, 1);
        for (uint32_t i = 1; i <= 2; i++) {
                tell(&scene, 0, 0xe, lost, NULL); /* one is left */
                job = scene_submit(&scene, scene_client(&scene), 1);
                assert_int_equal(devices_of(&scene, job), 1);
                leg = exits(&scene, job, 1 << 8);
                tell(&scene, 0, 0xf, lost, &leg);
                assert_int_equal(node_of(&scene, 0)->health[0].faults, i);
                scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), job);
                scene.now.wall += 600;
                tell(&scene, 0, 0, NULL, NULL);
                assert_int_equal(node_of(&scene, 0)->withheld, i == 1 ? 0 : 1);
        }
        assert_true(node_of(&scene, 0)->health[0].kept_off);
        assert_null(node_of(&scene, 0)->drain_reason);
        assert_int_equal(health_devices(&scene.state, node_of(&scene, 0)), 3);
        assert_images_hold(&scene);
        resume.u.drain.client = scene_client(&scene);
        resume.u.drain.client.is_operator = true;
        resume.u.drain.node = "n1";
        scene_send(&scene, &resume);
        assert_int_equal(node_of(&scene, 0)->withheld, 0);
        assert_int_equal(node_of(&scene, 0)->health[0].faults, 0);
        scene_finish(&scene);
}

static void what_ends_well_on_it_ends_the_row(void **unused)
{
        struct leg_report leg;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene, 1);
        tell(&scene, 0, 0xe, lost, NULL);
        for (int i = 0; i < 3; i++) {
                job = scene_submit(&scene, scene_client(&scene), 1);
                assert_int_equal(devices_of(&scene, job), 1);
                leg = exits(&scene, job, 1 << 8);
                tell(&scene, 0, 0xf, lost, &leg);
                assert_int_equal(node_of(&scene, 0)->health[0].faults, 1);
                scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), job);
                scene.now.wall += 600;
                tell(&scene, 0, 0xe, lost, NULL);
                job = scene_submit(&scene, scene_client(&scene), 1);
                leg = exits(&scene, job, 0);
                tell(&scene, 0, 0xe, lost, &leg);
                assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_DONE);
                assert_int_equal(node_of(&scene, 0)->health[0].faults, 0);
        }
        scene_finish(&scene);
}

/* Rank 0 gives up first; only then is it known that rank 1's device was the cause. */
static void a_gangs_failure_is_the_fault_of_any_of_its_devices(void **unused)
{
        struct leg_report leg;
        struct scene scene;
        uint64_t job, device;

        (void)unused;
        begin(&scene, 2);
        job = scene_submit(&scene, scene_client(&scene), 2);
        for (int node = 0; node < 2; node++)
                scene_renew_with(&scene, node, job, REPORT_ARMED, 0, 0);
        device = state_job(&scene.state, job)->attempt.legs[1].devices;
        scene_renew_with(&scene, 0, job, REPORT_EXITED, LEG_EXIT, 1 << 8);
        scene.now.wall += 5;
        leg = scene_leg(&scene, job, REPORT_EXITED, LEG_ASKED, 15);
        tell(&scene, 1, device, lost, &leg);
        assert_int_equal(state_job(&scene.state, job)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        assert_int_equal(node_of(&scene, 1)->health[0].faults, 1);
        assert_int_equal(node_of(&scene, 0)->n_health, 0);
        assert_int_equal(state_job(&scene.state, job)->failure.node, 0);
        assert_images_hold(&scene);
        scene_finish(&scene);
}

static void a_refusal_for_it_is_no_fault_of_the_node(void **unused)
{
        struct leg_report leg;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene, 1);
        job = scene_submit(&scene, scene_client(&scene), 1);
        leg = scene_leg(&scene, job, REPORT_EXITED, LEG_NEVER, 0);
        tell(&scene, 0, devices_of(&scene, job), lost, &leg);
        assert_int_equal(node_of(&scene, 0)->faults, 0);
        assert_int_equal(state_job(&scene.state, job)->losses, 1);
        assert_int_equal(state_job(&scene.state, job)->avoid_node, NONE_U32);
        scene_finish(&scene);
}

static void who_wants_a_node_alone_gets_what_is_well_of_it(void **unused)
{
        struct offpeak_job_spec spec;
        struct scene scene;
        uint64_t job;

        (void)unused;
        begin(&scene, 1);
        tell(&scene, 0, 0x1, lost, NULL);
        world_spec(&spec, "alone", 2, HOUR);
        spec.exclusive = true;
        job = scene_submit_spec(&scene, &spec);
        assert_int_equal(devices_of(&scene, job) & 0x1, 0);
        offpeak_job_spec_finish(&spec);
        scene_finish(&scene);
}

/* A GPU that is lost at a boot is not there at all: those behind it move up. */
static void devices_are_known_by_their_addresses(void **unused)
{
        struct device devices[4];
        struct inventory inventory = { .devices = devices, .n_devices = 4, .idle_w = 10 };
        struct input input = { .type = INPUT_HELLO };
        struct scene scene;

        (void)unused;
        begin(&scene, 0);
        memset(devices, 0, sizeof(devices));
        for (int i = 0; i < 4; i++) {
                devices[i] = (struct device){ .kind = DEVICE_GPU, .max_w = 100 };
                snprintf(devices[i].address, sizeof(devices[i].address), "0000:0%d:00.0", i);
        }
        input.u.hello.node = "n1";
        input.u.hello.site = "hanford";
        input.u.hello.boot = "first";
        input.u.hello.nonce[0] = 1;
        input.u.hello.inventory = &inventory;
        scene_send(&scene, &input);
        tell(&scene, 0, 0xa, lost, NULL);
        assert_int_equal(node_of(&scene, 0)->withheld, 0xa);
        memmove(&devices[1], &devices[2], 2 * sizeof(devices[0]));
        inventory.n_devices = 3;
        input.u.hello.boot = "second";
        input.u.hello.nonce[0] = 2;
        scene_send(&scene, &input);
        assert_int_equal(node_of(&scene, 0)->n_health, 1);
        assert_int_equal(node_of(&scene, 0)->withheld, 0x4);
        assert_images_hold(&scene);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_unwell_device_is_given_to_no_job),
                cmocka_unit_test(the_same_level_is_no_news),
                cmocka_unit_test(a_job_that_dies_with_its_device_is_retried_beside_it),
                cmocka_unit_test(whose_fault_it_is_is_a_matter_of_a_minute),
                cmocka_unit_test(another_jobs_device_excuses_nobody),
                cmocka_unit_test(a_device_that_fails_twice_is_kept_off_until_it_is_resumed),
                cmocka_unit_test(what_ends_well_on_it_ends_the_row),
                cmocka_unit_test(a_gangs_failure_is_the_fault_of_any_of_its_devices),
                cmocka_unit_test(a_refusal_for_it_is_no_fault_of_the_node),
                cmocka_unit_test(who_wants_a_node_alone_gets_what_is_well_of_it),
                cmocka_unit_test(devices_are_known_by_their_addresses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
