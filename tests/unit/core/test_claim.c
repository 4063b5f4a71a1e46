/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs ask of their nodes: features, switches, links, to be alone, and to be where they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/claim.h"
#include "core/possible.h"
#include "unit/core/scene.h"

enum { DEVICES = 4, PAIRS = 6 };

/* A node in touch with four GPUs. */
static void add_node(struct scene *scene, const char *name, const char *leaf_switch, char **features, size_t n_features,
                     const struct place_link *links)
{
        struct device devices[DEVICES];
        struct inventory inventory = { .devices = devices,
                                       .n_devices = DEVICES,
                                       .idle_w = 10,
                                       .links = (struct place_link *)(uintptr_t)links,
                                       .n_links = links != NULL ? PAIRS : 0,
                                       .leaf_switch = (char *)(uintptr_t)leaf_switch,
                                       .features = features,
                                       .n_features = n_features };
        struct input hello = { .type = INPUT_HELLO }, renew = { .type = INPUT_RENEW };

        for (int i = 0; i < DEVICES; i++)
                devices[i] = (struct device){ .kind = DEVICE_GPU, .max_w = 100, .address = "gpu" };
        hello.u.hello.node = name;
        hello.u.hello.site = "hanford";
        hello.u.hello.boot = "boot";
        memcpy(hello.u.hello.nonce, name, strlen(name));
        hello.u.hello.inventory = &inventory;
        scene_send(scene, &hello);
        renew.u.renew.node = name;
        renew.u.renew.term = state_node(&scene->state, name)->session.term;
        renew.u.renew.session = state_node(&scene->state, name)->session.number;
        renew.u.renew.seq = 1;
        renew.u.renew.sure = true;
        scene_send(scene, &renew);
}

static struct offpeak_job_spec spec_of(uint32_t nodes, uint32_t per_node)
{
        struct offpeak_job_spec spec;

        world_spec(&spec, "job", per_node, HOUR);
        spec.nodes = nodes;
        return spec;
}

static void ask(struct offpeak_job_spec *spec, const char *feature)
{
        spec->features = realloc(spec->features, (spec->n_features + 2) * sizeof(char *));
        spec->features[spec->n_features++] = strdup(feature);
        spec->features[spec->n_features] = NULL;
}

static const struct job *submit(struct scene *scene, struct offpeak_job_spec *spec)
{
        uint64_t id = scene_submit_spec(scene, spec);

        offpeak_job_spec_finish(spec);
        return id != 0 ? state_job(&scene->state, id) : NULL;
}

static void check_refused(struct scene *scene, struct offpeak_job_spec *spec, const char *said)
{
        assert_null(submit(scene, spec));
        if (strstr(scene_sent(scene, ACTION_REPLY)->text, said) == NULL)
                fail_msg("\"%s\" does not say: %s", scene_sent(scene, ACTION_REPLY)->text, said);
}

static const char *node_of(const struct scene *scene, const struct job *job, uint32_t leg)
{
        assert_int_equal(job->state, OFFPEAK_JOB_ACTIVE);
        return scene->state.nodes[job->attempt.legs[leg].node].name;
}

static void jobs_get_nodes_with_their_features(void **state)
{
        char a100[] = "a100", ib[] = "ib", *both[] = { a100, ib, NULL }, *one[] = { ib, NULL };
        struct offpeak_job_spec spec = spec_of(1, 1);
        struct scene scene;

        (void)state;
        scene_init(&scene, ON_LOST_RELAUNCH);
        add_node(&scene, "plain", NULL, NULL, 0, NULL);
        add_node(&scene, "net", NULL, one, 1, NULL);
        add_node(&scene, "fast", NULL, both, 2, NULL);
        ask(&spec, "ib");
        ask(&spec, "a100");
        assert_string_equal(node_of(&scene, submit(&scene, &spec), 0), "fast");
        spec = spec_of(1, 4);
        ask(&spec, "ib");
        assert_string_equal(node_of(&scene, submit(&scene, &spec), 0), "net");
        spec = spec_of(1, 4); /* fits, but not now: it waits */
        ask(&spec, "a100");
        assert_int_equal(submit(&scene, &spec)->state, OFFPEAK_JOB_QUEUED);
        spec = spec_of(1, 1);
        ask(&spec, "h100");
        check_refused(&scene, &spec, "no node has the feature \"h100\", there are ");
        spec = spec_of(2, 1);
        ask(&spec, "a100");
        check_refused(&scene, &spec, "2 node(s) with 1 GPU(s) each and a100");
        scene_finish(&scene);
}

/* Three nodes, one of them as two jobs want it: plans do not put both at once, though there are GPUs enough. */
static void plans_know_how_many_have_the_features(void **state)
{
        char a100[] = "a100", *features[] = { a100, NULL };
        struct plan_budget budget = { .work = 200000 };
        struct plan_question question;
        struct scene scene;
        struct plan plan;

        (void)state;
        scene_init(&scene, ON_LOST_RELAUNCH);
        add_node(&scene, "n1", NULL, NULL, 0, NULL);
        add_node(&scene, "n2", NULL, features, 1, NULL);
        add_node(&scene, "n3", NULL, NULL, 0, NULL);
        for (int i = 0; i < 3; i++) {
                struct offpeak_job_spec spec = spec_of(1, 4);

                if (i < 2)
                        ask(&spec, "a100");
                assert_non_null(submit(&scene, &spec));
        }
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        assert_int_equal(question.problem.n_jobs, 3);
        assert_int_equal(question.problem.n_limits, 1);
        assert_string_equal(question.problem.limits[0].name, "a100");
        assert_int_equal(question.problem.limits[0].steps[0].gpus, 4);
        assert_int_equal(question.problem.jobs[2].modes[0].limits, 0);
        assert_int_equal(question.problem.jobs[0].modes[0].limits, 1);
        plan_init(&plan);
        assert_int_equal(plan_compute(&question.problem, &budget, &plan, NULL), 0);
        for (size_t a = plan.jobs[0].first; a < plan.jobs[0].first + plan.jobs[0].n; a++)
                for (size_t b = plan.jobs[1].first; b < plan.jobs[1].first + plan.jobs[1].n; b++)
                        assert_true(plan.intervals[a].end <= plan.intervals[b].start ||
                                    plan.intervals[b].end <= plan.intervals[a].start);
        assert_true(plan.jobs[0].n > 0 && plan.jobs[1].n > 0);
        plan_finish(&plan);
        plan_question_finish(&question);
        scene_finish(&scene);
}

static void gangs_stay_on_few_switches(void **state)
{
        static const char *const switches[] = { "s1", "s2", "s1", "s2", "s1", NULL };
        struct offpeak_job_spec spec = spec_of(2, 4);
        struct scene scene;
        const struct job *job;

        (void)state;
        scene_init(&scene, ON_LOST_RELAUNCH);
        for (int i = 0; i < 6; i++) {
                char name[8];

                snprintf(name, sizeof(name), "n%d", i);
                add_node(&scene, name, switches[i], NULL, 0, NULL);
        }
        job = submit(&scene, &spec); /* s2 has two, s1 three */
        assert_string_equal(node_of(&scene, job, 0), "n1");
        assert_string_equal(node_of(&scene, job, 1), "n3");
        spec = spec_of(4, 1);
        spec.switches = 1;
        check_refused(&scene, &spec, "4 nodes for it on 1 switch(es): raise --switches");
        spec = spec_of(2, 4);
        spec.switches = 1;
        job = submit(&scene, &spec);
        assert_string_equal(node_of(&scene, job, 0), "n0");
        assert_string_equal(node_of(&scene, job, 1), "n2");
        spec = spec_of(2, 4); /* n4 and n5 are free: on one switch each, as nobody knows better */
        spec.switches = 1;
        job = submit(&scene, &spec);
        assert_int_equal(job->state, OFFPEAK_JOB_QUEUED);
        scene_finish(&scene);
}

static void exclusive_jobs_are_alone(void **state)
{
        struct offpeak_job_spec spec = spec_of(1, 2);
        struct scene scene;
        const struct job *alone, *other;
        uint64_t id;

        (void)state;
        scene_init(&scene, ON_LOST_RELAUNCH);
        add_node(&scene, "n1", NULL, NULL, 0, NULL);
        add_node(&scene, "n2", NULL, NULL, 0, NULL);
        other = submit(&scene, &spec);
        assert_string_equal(node_of(&scene, other, 0), "n1");
        spec = spec_of(1, 1);
        spec.exclusive = true;
        alone = submit(&scene, &spec);
        id = alone->id;
        assert_string_equal(node_of(&scene, alone, 0), "n2");
        assert_int_equal(__builtin_popcountll(alone->attempt.legs[0].devices), 1);
        assert_int_equal(claim_gpus(&scene.state, alone, 0), 4);
        assert_int_equal(state_free_devices(&scene.state, state_node(&scene.state, "n2")), 0);
        spec = spec_of(1, 3); /* three are free there, and two where the other one is */
        assert_int_equal(submit(&scene, &spec)->state, OFFPEAK_JOB_QUEUED);
        spec = spec_of(1, 1);
        spec.exclusive = true;
        assert_int_equal(submit(&scene, &spec)->state, OFFPEAK_JOB_QUEUED);
        assert_int_equal(state_job(&scene.state, id)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

static void links_decide_which_devices(void **state)
{
        struct place_link links[PAIRS] = { { 0 } };
        struct offpeak_job_spec spec = spec_of(1, 2);
        struct scene scene;
        const struct job *job;

        (void)state;
        links[place_pair(DEVICES, 0, 2)].gb_per_s = links[place_pair(DEVICES, 1, 3)].gb_per_s = 40;
        scene_init(&scene, ON_LOST_RELAUNCH);
        add_node(&scene, "n1", NULL, NULL, 0, links);
        job = submit(&scene, &spec);
        node_of(&scene, job, 0);
        assert_int_equal(job->attempt.legs[0].devices, 0x5);
        spec = spec_of(1, 2);
        job = submit(&scene, &spec);
        node_of(&scene, job, 0);
        assert_int_equal(job->attempt.legs[0].devices, 0xa);
        scene_finish(&scene);
}

/* The same again is no news; a link, a switch or a feature more is. */
static void what_changed_is_recorded(void **state)
{
        char ib[] = "ib", *features[] = { ib, NULL };
        struct place_link links[PAIRS] = { { 25, PLACE_SWITCH } };
        const struct inventory *known;
        struct scene scene;

        (void)state;
        scene_init(&scene, ON_LOST_RELAUNCH);
        add_node(&scene, "n1", NULL, NULL, 0, NULL);
        known = &state_node(&scene.state, "n1")->inventory;
        assert_int_equal(known->n_links, 0);
        add_node(&scene, "n1", "s1", features, 1, links);
        known = &state_node(&scene.state, "n1")->inventory;
        assert_int_equal(known->n_links, PAIRS);
        assert_int_equal(known->links[0].gb_per_s, 25);
        assert_string_equal(known->leaf_switch, "s1");
        assert_true(claim_has_feature(state_node(&scene.state, "n1"), "ib"));
        links[5].gb_per_s = 50;
        add_node(&scene, "n1", "s1", features, 1, links);
        assert_int_equal(state_node(&scene.state, "n1")->inventory.links[5].gb_per_s, 50);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_get_nodes_with_their_features),
                cmocka_unit_test(gangs_stay_on_few_switches),
                cmocka_unit_test(exclusive_jobs_are_alone),
                cmocka_unit_test(links_decide_which_devices),
                cmocka_unit_test(what_changed_is_recorded),
                cmocka_unit_test(plans_know_how_many_have_the_features),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
