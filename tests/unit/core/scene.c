/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/core/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/pause.h"

void scene_send(struct scene *scene, struct input *input)
{
        turn_finish(&scene->turn);
        turn_init(&scene->turn);
        input->now = scene->now;
        assert_int_equal(core_step(&scene->state, input, &scene->turn), 0);
}

void scene_wait_ms(struct scene *scene, int64_t ms)
{
        struct input tick = { .type = INPUT_TICK };

        scene->now.mono_ms += ms;
        scene->now.wall += ms / 1000;
        scene_send(scene, &tick);
}

const struct action *scene_sent(const struct scene *scene, enum action_type type)
{
        for (size_t i = 0; i < scene->turn.n_actions; i++)
                if (scene->turn.actions[i].type == type)
                        return &scene->turn.actions[i];
        return NULL;
}

const struct action *scene_ordered(const struct scene *scene, enum want want)
{
        for (size_t i = 0; i < scene->turn.n_actions; i++)
                if (scene->turn.actions[i].type == ACTION_ORDER && scene->turn.actions[i].want == want)
                        return &scene->turn.actions[i];
        return NULL;
}

const struct record *scene_recorded(const struct scene *scene, enum record_type type)
{
        for (size_t i = 0; i < scene->turn.n_records; i++)
                if (scene->turn.records[i].type == type)
                        return &scene->turn.records[i];
        return NULL;
}

bool scene_pause_is_due(const struct scene *scene, const struct job *job, struct pause *ret_why)
{
        struct pause_look look = { 0 };
        bool due = pause_is_due(&scene->state, job, &scene->now, &look, ret_why);

        pause_look_finish(&look);
        return due;
}

bool scene_lacks_power(const struct scene *scene, const struct job *job, struct pause *ret_why)
{
        struct pause_look look = { 0 };
        bool lacks = pause_lacks_power(&scene->state, job, scene->now.wall, &look, ret_why);

        pause_look_finish(&look);
        return lacks;
}

/* ---- the node's messages */

static const char *const names[] = { "n1", "n2" };

const struct session *scene_session(const struct scene *scene, int node)
{
        return &state_node(&scene->state, names[node])->session;
}

void scene_hello(struct scene *scene, int node, uint8_t nonce)
{
        struct device devices[4] = { { .kind = DEVICE_CPU_SLOT, .max_w = 100, .address = "slot" } };
        struct inventory inventory = { .devices = devices, .n_devices = 4, .idle_w = 10 };
        struct input input = { .type = INPUT_HELLO };

        devices[0].least_w = scene->least_w;
        for (int i = 1; i < 4; i++)
                devices[i] = devices[0];
        input.u.hello.node = names[node];
        input.u.hello.site = "hanford";
        input.u.hello.boot = "boot";
        input.u.hello.nonce[0] = nonce;
        input.u.hello.inventory = &inventory;
        scene_send(scene, &input);
}

void scene_renew(struct scene *scene, int node, const struct leg_report *legs, uint32_t n)
{
        struct input input = { .type = INPUT_RENEW };

        input.u.renew.node = names[node];
        input.u.renew.term = scene_session(scene, node)->term;
        input.u.renew.session = scene_session(scene, node)->number;
        input.u.renew.seq = ++scene->seq[node];
        input.u.renew.sure = true;
        input.u.renew.legs = legs;
        input.u.renew.n_legs = n;
        scene_send(scene, &input);
}

struct leg_report scene_leg(const struct scene *scene, uint64_t job, enum report_state state, enum leg_how how,
                                int32_t status)
{
        const struct attempt *attempt = &state_job(&scene->state, job)->attempt;

        return (struct leg_report){ .job = job, .attempt = attempt->number, .epoch = attempt->epoch, .state = state,
                                    .how = how, .status = status };
}

void scene_renew_with(struct scene *scene, int node, uint64_t job, enum report_state state, enum leg_how how,
                       int32_t status)
{
        struct leg_report leg = scene_leg(scene, job, state, how, status);

        scene_renew(scene, node, &leg, 1);
}

/* ---- the client's */

struct client scene_client(struct scene *scene)
{
        struct client client = { .uid = 1000, .user = "ana", .digest = ++scene->next_request };

        memcpy(client.request_id, &scene->next_request, sizeof(scene->next_request));
        return client;
}

void scene_set_policy(struct scene *scene)
{
        struct input input = { .type = INPUT_CONFIG };

        input.u.config.policy = &scene->policy;
        scene_send(scene, &input);
}

uint64_t scene_submit_spec(struct scene *scene, const struct offpeak_job_spec *spec)
{
        struct input input = { .type = INPUT_SUBMIT };

        input.u.submit.client = scene_client(scene);
        input.u.submit.spec = spec;
        scene_send(scene, &input);
        return scene_sent(scene, ACTION_REPLY)->job;
}

uint64_t scene_submit(struct scene *scene, struct client who, uint32_t nodes)
{
        struct offpeak_job_spec spec;
        struct input input = { .type = INPUT_SUBMIT };

        world_spec(&spec, "job", 1, HOUR);
        spec.nodes = nodes;
        input.u.submit.client = who;
        input.u.submit.spec = &spec;
        scene_send(scene, &input);
        offpeak_job_spec_finish(&spec);
        return scene_sent(scene, ACTION_REPLY)->job;
}

void scene_tell(struct scene *scene, enum input_type type, struct client who, uint64_t job)
{
        struct input input = { .type = type };

        input.u.job.client = who;
        input.u.job.job = job;
        scene_send(scene, &input);
}

/* ---- scenes */

void scene_init(struct scene *scene, enum on_lost on_lost)
{
        static const double prices[] = { 10, 20, 30, 40, 50, 60, 70, 80 };
        struct input start = { .type = INPUT_START };
        struct input config = { .type = INPUT_CONFIG };
        struct input series = { .type = INPUT_SERIES };
        struct series price;

        memset(scene, 0, sizeof(*scene));
        scene->now = (struct now){ .wall = WORLD_START, .mono_ms = 1000000 };
        state_init(&scene->state);
        world_policy(&scene->policy);
        scene->policy.classes[0].on_lost = on_lost;
        scene->policy.classes[0].lease_ms = 60000;
        scene->policy.classes[0].stop_grace_s = 10;
        turn_init(&scene->turn);
        scene_send(scene, &start);
        config.u.config.policy = &scene->policy;
        scene_send(scene, &config);
        world_series(&price, SERIES_PRICE, WORLD_START, prices, 8);
        series.u.series.series = &price;
        scene_send(scene, &series);
        series_finish(&price);
}

void scene_finish(struct scene *scene)
{
        turn_finish(&scene->turn);
        state_finish(&scene->state);
        policy_finish(&scene->policy);
}

/* One node up, one job launched there. Prices rise: it starts at once. */
uint64_t scene_with_job(struct scene *scene, enum on_lost on_lost)
{
        uint64_t job;

        scene_init(scene, on_lost);
        scene_hello(scene, 0, 1);
        scene_renew(scene, 0, NULL, 0);
        job = scene_submit(scene, scene_client(scene), 1);
        assert_int_equal(state_job(&scene->state, job)->state, OFFPEAK_JOB_ACTIVE);
        return job;
}

int scene_take_image(void *state, const struct record *image)
{
        struct record copy = *image;

        return apply(state, &copy);
}
