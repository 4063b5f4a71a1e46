/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.h - the core's side of the protocol for tests: one node "n1" (and "n2" if called) with four devices, whose messages
 * are written by hand. Prices rise by the hour.
 */
#ifndef OFFPEAK_TESTS_CORE_SCENE_H
#define OFFPEAK_TESTS_CORE_SCENE_H

#include "core/decide.h"
#include "support/world.h"

struct scene {
        struct policy policy;
        struct state state;
        struct turn turn; /* of the last input */
        struct now now;
        uint64_t seq[2];
        uint64_t next_request;
        uint32_t least_w; /* lowest power limit of the devices of a node that says hello; 0: none can be set */
};

void scene_init(struct scene *scene, enum on_lost on_lost);
void scene_finish(struct scene *scene);

/* For state_images(): makes a second state of a first one's images. */
int scene_take_image(void *state, const struct record *image);

/* One node up, one job launched there. Prices rise: it starts at once. */
uint64_t scene_with_job(struct scene *scene, enum on_lost on_lost);

void scene_send(struct scene *scene, struct input *input);
void scene_wait_ms(struct scene *scene, int64_t ms);

/* Of the last turn: the first of its kind, or NULL. */
const struct action *scene_sent(const struct scene *scene, enum action_type type);
const struct action *scene_ordered(const struct scene *scene, enum want want);
const struct record *scene_recorded(const struct scene *scene, enum record_type type);

/* pause_is_due() and pause_lacks_power() of a job, with a look of its own. */
struct pause;
bool scene_pause_is_due(const struct scene *scene, const struct job *job, struct pause *ret_why);
bool scene_lacks_power(const struct scene *scene, const struct job *job, struct pause *ret_why);

/* ---- the node's messages */

const struct session *scene_session(const struct scene *scene, int node);
void scene_hello(struct scene *scene, int node, uint8_t nonce);
void scene_renew(struct scene *scene, int node, const struct leg_report *legs, uint32_t n);
struct leg_report scene_leg(const struct scene *scene, uint64_t job, enum report_state state, enum leg_how how,
                            int32_t status);
void scene_renew_with(struct scene *scene, int node, uint64_t job, enum report_state state, enum leg_how how,
                      int32_t status);

/* ---- the client's */

/* The scheduler reads its policy again. */
void scene_set_policy(struct scene *scene);

struct client scene_client(struct scene *scene);
/* A job of an hour on one GPU of each node; its number, 0 if it was refused. */
uint64_t scene_submit(struct scene *scene, struct client who, uint32_t nodes);
uint64_t scene_submit_spec(struct scene *scene, const struct offpeak_job_spec *spec);
/* CANCEL, HOLD, RELEASE */
void scene_tell(struct scene *scene, enum input_type type, struct client who, uint64_t job);

#endif
