/* SPDX-License-Identifier: Apache-2.0 */
/* test_after.c - jobs that come after others: who waits, who is put on hold, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/after.h"
#include "unit/core/scene.h"

/* A job of an hour on one GPU that comes after up to two others (0: none), and has no time to wait for the next day's prices. */
static uint64_t submit_after(struct scene *scene, const uint64_t ok[2], const uint64_t any[2])
{
        struct offpeak_job_spec spec;
        uint64_t job;

        world_spec(&spec, "child", 1, HOUR);
        spec.deadline = WORLD_START + 4 * HOUR;
        spec.after_ok = calloc(2, sizeof(uint64_t));
        spec.after_any = calloc(2, sizeof(uint64_t));
        for (int i = 0; i < 2; i++) {
                if (ok != NULL && ok[i] != 0)
                        spec.after_ok[spec.n_after_ok++] = ok[i];
                if (any != NULL && any[i] != 0)
                        spec.after_any[spec.n_after_any++] = any[i];
        }
        job = scene_submit_spec(scene, &spec);
        offpeak_job_spec_finish(&spec);
        return job;
}

static uint64_t after_ok(struct scene *scene, uint64_t parent)
{
        return submit_after(scene, (uint64_t[2]){ parent }, NULL);
}

static uint64_t after_any(struct scene *scene, uint64_t parent)
{
        return submit_after(scene, NULL, (uint64_t[2]){ parent });
}

static const struct job *job_of(const struct scene *scene, uint64_t id)
{
        return state_job(&scene->state, id);
}

/* The wall clock alone: the node needs no renewal. */
static void pass(struct scene *scene, int64_t seconds)
{
        scene->now.wall += seconds;
        scene_wait_ms(scene, 0);
}

static void assert_refused(struct scene *scene, const uint64_t ok[2], const uint64_t any[2], int code, const char *says)
{
        uint64_t n = scene->state.n_jobs;

        assert_int_equal(submit_after(scene, ok, any), 0);
        assert_int_equal(scene_sent(scene, ACTION_REPLY)->code, code);
        if (strstr(scene_sent(scene, ACTION_REPLY)->text, says) == NULL)
                fail_msg("says \"%s\", not \"%s\"", scene_sent(scene, ACTION_REPLY)->text, says);
        assert_int_equal(scene->state.n_jobs, n);
}

static void jobs_that_are_not_there_are_refused(void **unused)
{
        struct scene scene;
        uint64_t job = scene_with_job(&scene, ON_LOST_WAIT);

        (void)unused;
        assert_int_equal(job, 1);
        assert_refused(&scene, (uint64_t[2]){ 99 }, NULL, OFFPEAK_ENOTFOUND, "job 99, which does not exist; `offpeak jobs -a`");
        assert_refused(&scene, NULL, (uint64_t[2]){ UINT64_MAX }, OFFPEAK_ENOTFOUND, "does not exist");
        assert_refused(&scene, (uint64_t[2]){ 2 }, NULL, OFFPEAK_ENOTFOUND, "job 2, which would be this one");
        assert_refused(&scene, (uint64_t[2]){ 1, 1 }, NULL, OFFPEAK_EINVAL, "job 1 twice");
        assert_refused(&scene, (uint64_t[2]){ 1 }, (uint64_t[2]){ 1 }, OFFPEAK_EINVAL, "job 1 twice");
        assert_int_equal(after_ok(&scene, 1), 2);
        scene_finish(&scene);
}

/* Its hours are no promise that the other keeps. */
static void a_job_starts_when_the_other_has_ended(void **unused)
{
        struct scene scene;
        uint64_t parent = scene_with_job(&scene, ON_LOST_WAIT);
        uint64_t child = after_ok(&scene, parent);

        (void)unused;
        assert_int_equal(job_of(&scene, child)->n_planned, 1);
        assert_true(job_of(&scene, child)->planned[0].start >= job_of(&scene, parent)->planned_finish);
        pass(&scene, HOUR + 300);
        assert_null(scene_recorded(&scene, RECORD_LAUNCH));
        scene_renew_with(&scene, 0, parent, REPORT_RUNNING, 0, 0);
        assert_null(scene_recorded(&scene, RECORD_LAUNCH));
        scene_renew_with(&scene, 0, parent, REPORT_EXITED, LEG_EXIT, 0);
        assert_non_null(scene_recorded(&scene, RECORD_LAUNCH));
        assert_int_equal(scene_recorded(&scene, RECORD_LAUNCH)->u.launch.job, child);
        scene_finish(&scene);
}

static void a_failure_puts_on_hold_what_comes_after_it(void **unused)
{
        struct scene scene;
        uint64_t parent = scene_with_job(&scene, ON_LOST_WAIT);
        uint64_t child = after_ok(&scene, parent), grandchild = after_ok(&scene, child);
        uint64_t other = after_any(&scene, parent), second;

        (void)unused;
        pass(&scene, HOUR + 300);
        scene_renew_with(&scene, 0, parent, REPORT_EXITED, LEG_EXIT, 256);
        assert_true(job_of(&scene, child)->held && job_of(&scene, child)->unmet);
        assert_int_equal(job_of(&scene, child)->state, OFFPEAK_JOB_QUEUED);
        assert_false(job_of(&scene, grandchild)->held); /* its own has not ended */
        assert_int_equal(job_of(&scene, other)->state, OFFPEAK_JOB_ACTIVE);
        second = after_ok(&scene, parent); /* it has ended already */
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "on hold, as job 1"));
        assert_true(job_of(&scene, second)->unmet);
        scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), child);
        assert_false(job_of(&scene, child)->held);
        assert_int_equal(job_of(&scene, child)->state, OFFPEAK_JOB_ACTIVE);
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), second);
        assert_int_equal(job_of(&scene, second)->state, OFFPEAK_JOB_CANCELLED);
        scene_finish(&scene);
}

/* Of two, one failed: the other is still waited for, and how it ends does not matter any more. */
static void released_it_still_waits_for_the_rest(void **unused)
{
        struct scene scene;
        uint64_t first = scene_with_job(&scene, ON_LOST_WAIT), second = scene_submit(&scene, scene_client(&scene), 1);
        uint64_t child = submit_after(&scene, (uint64_t[2]){ first, second }, NULL);

        (void)unused;
        pass(&scene, HOUR + 300);
        scene_tell(&scene, INPUT_CANCEL, scene_client(&scene), first);
        scene_renew_with(&scene, 0, first, REPORT_EXITED, LEG_ASKED, 0);
        assert_true(job_of(&scene, child)->unmet);
        scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), child);
        assert_false(job_of(&scene, child)->held);
        assert_int_equal(job_of(&scene, child)->state, OFFPEAK_JOB_QUEUED);
        scene_renew_with(&scene, 0, second, REPORT_EXITED, LEG_EXIT, 256);
        assert_int_equal(job_of(&scene, child)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

/* Who holds a job of his own does not know yet that it will miss what it needs. */
static void a_hold_of_its_owner_is_not_an_answer(void **unused)
{
        struct scene scene;
        uint64_t parent = scene_with_job(&scene, ON_LOST_WAIT), child = after_ok(&scene, parent);

        (void)unused;
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), child);
        pass(&scene, HOUR + 300);
        scene_renew_with(&scene, 0, parent, REPORT_EXITED, LEG_EXIT, 256);
        assert_false(job_of(&scene, child)->unmet);
        scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), child);
        assert_non_null(strstr(scene_sent(&scene, ACTION_REPLY)->text, "stays on hold: job 1"));
        assert_true(job_of(&scene, child)->held && job_of(&scene, child)->unmet);
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), child); /* it is held, and for the same */
        assert_true(job_of(&scene, child)->unmet);
        scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), child);
        assert_null(scene_sent(&scene, ACTION_REPLY)->text);
        assert_int_equal(job_of(&scene, child)->state, OFFPEAK_JOB_ACTIVE);
        scene_finish(&scene);
}

/* ---- the question */

static const struct plan_job *asked(const struct scene *scene, struct plan_question *question, uint64_t job)
{
        assert_int_equal(plan_question_init(&scene->state, &scene->now, question), 0);
        assert_int_equal(plan_problem_check(&question->problem, NULL), 0);
        for (size_t j = 0; j < question->problem.n_jobs; j++)
                if (question->problem.jobs[j].id == job)
                        return &question->problem.jobs[j];
        return NULL;
}

static void the_planner_is_told_who_comes_after_whom(void **unused)
{
        struct scene scene;
        uint64_t ended = scene_with_job(&scene, ON_LOST_WAIT), parent, child, grandchild;
        struct plan_question question;
        const struct plan_job *job;

        (void)unused;
        scene_renew_with(&scene, 0, ended, REPORT_EXITED, LEG_EXIT, 0);
        parent = scene_submit(&scene, scene_client(&scene), 1);
        child = submit_after(&scene, (uint64_t[2]){ ended, parent }, NULL);
        grandchild = after_any(&scene, child);
        job = asked(&scene, &question, child);
        assert_int_equal(job->n_after, 1);
        assert_int_equal(question.problem.jobs[job->after[0]].id, parent);
        assert_int_equal(job->release, scene.now.wall);
        plan_question_finish(&question);
        job = asked(&scene, &question, grandchild);
        assert_int_equal(question.problem.jobs[job->after[0]].id, child);
        plan_question_finish(&question);
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), child);
        assert_null(asked(&scene, &question, grandchild)); /* nobody can say when it may start */
        plan_question_finish(&question);
        scene_finish(&scene);
}

/* A plan that did not know of it takes away hours that stand on nothing; and its class's max_delay counts from others' ends. */
static void hours_behind_a_held_job_are_taken_back(void **unused)
{
        struct scene scene;
        uint64_t parent, child;
        struct plan_budget budget = { .work = 100000 };
        struct input input = { .type = INPUT_PLAN_READY };
        struct plan_question question;
        struct plan plan;

        (void)unused;
        scene_init(&scene, ON_LOST_WAIT);
        scene_hello(&scene, 0, 1);
        parent = scene_submit(&scene, scene_client(&scene), 1);
        child = after_ok(&scene, parent);
        assert_int_equal(job_of(&scene, child)->n_planned, 1);
        scene_tell(&scene, INPUT_HOLD, scene_client(&scene), parent);
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        assert_int_equal(question.problem.n_jobs, 0);
        plan_init(&plan);
        assert_int_equal(plan_compute(&question.problem, &budget, &plan, NULL), 0);
        input.u.plan_ready.plan = &plan;
        input.u.plan_ready.problem = &question.problem;
        scene_send(&scene, &input);
        assert_int_equal(job_of(&scene, child)->n_planned, 0);
        assert_int_equal(job_of(&scene, child)->reason, PLAN_AFTER);
        plan_finish(&plan);
        plan_question_finish(&question);
        assert_true(after_is_unknown(&scene.state, job_of(&scene, child)));
        scene_finish(&scene);
}

/* ---- what is kept */

static void a_snapshot_keeps_it(void **unused)
{
        struct scene scene;
        uint64_t parent = scene_with_job(&scene, ON_LOST_WAIT);
        struct state again;
        char *live, *rebuilt;

        (void)unused;
        after_ok(&scene, parent);
        scene_tell(&scene, INPUT_RELEASE, scene_client(&scene), after_any(&scene, parent));
        scene_renew_with(&scene, 0, parent, REPORT_EXITED, LEG_EXIT, 256);
        state_init(&again);
        assert_int_equal(state_images(&scene.state, scene_take_image, &again), 0);
        live = state_dump(&scene.state);
        rebuilt = state_dump(&again);
        assert_string_equal(live, rebuilt);
        free(live);
        free(rebuilt);
        state_finish(&again);
        scene_finish(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_that_are_not_there_are_refused),
                cmocka_unit_test(a_job_starts_when_the_other_has_ended),
                cmocka_unit_test(a_failure_puts_on_hold_what_comes_after_it),
                cmocka_unit_test(released_it_still_waits_for_the_rest),
                cmocka_unit_test(a_hold_of_its_owner_is_not_an_answer),
                cmocka_unit_test(the_planner_is_told_who_comes_after_whom),
                cmocka_unit_test(hours_behind_a_held_job_are_taken_back),
                cmocka_unit_test(a_snapshot_keeps_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
