/* SPDX-License-Identifier: Apache-2.0 */
/* What a lone job's question says of the others' hours: all that makes a difference to it, and no more steps than that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/question.h"
#include "unit/core/scene.h"

enum { GPUS = 4, OTHERS = 4, MINUTE = 60 };

/* Minutes from now on in which each of the others, on one GPU, is planned: all four at once from 25 to 35, and from 130
 * to 131. */
static const int64_t others[OTHERS][2] = { { 3, 90 }, { 7, 35 }, { 25, 100 }, { 11, 131 } };
static const int64_t again[OTHERS - 1][2] = { { 117, 140 }, { 130, 150 }, { 119, 155 } };

static void plan_hours(struct job *job, size_t i, int64_t now)
{
        job->n_planned = 1 + (i < OTHERS - 1);
        free(job->planned);
        job->planned = calloc(job->n_planned, sizeof(*job->planned));
        assert_non_null(job->planned);
        job->planned[0] =
                (struct plan_interval){ .start = now + others[i][0] * MINUTE, .end = now + others[i][1] * MINUTE };
        if (job->n_planned > 1)
                job->planned[1] = (struct plan_interval){ .start = now + again[i][0] * MINUTE,
                                                          .end = now + again[i][1] * MINUTE };
}

static void begin(struct scene *scene)
{
        struct client client;

        scene_init(scene, ON_LOST_WAIT);
        scene_hello(scene, 0, 1);
        for (size_t i = 0; i < OTHERS; i++) {
                client = scene_client(scene);
                assert_true(scene_submit(scene, client, 1) > 0);
        }
        for (size_t i = 0; i < OTHERS; i++)
                plan_hours(&scene->state.jobs[i], i, scene->now.wall);
}

/* GPUs that others leave at a minute from now on. */
static uint32_t left_at(int64_t minute)
{
        uint32_t used = 0;

        for (size_t i = 0; i < OTHERS; i++)
                used += (others[i][0] <= minute && minute < others[i][1]) ||
                        (i < OTHERS - 1 && again[i][0] <= minute && minute < again[i][1]);
        return GPUS - used;
}

static const struct plan_step *step_at(const struct plan_site *site, int64_t time)
{
        size_t t = 0;

        while (t + 1 < site->n_steps && site->steps[t + 1].start <= time)
                t++;
        return &site->steps[t];
}

/* Room at each minute as it is, for a job of so many GPUs; returns how many steps there are. */
static size_t room_is_told(uint32_t gpus)
{
        struct plan_question question;
        struct scene scene;
        struct job job;
        size_t n;

        begin(&scene);
        job = scene.state.jobs[0]; /* borrowed */
        job.id = 1000;
        job.spec.gpus_per_node = gpus;
        assert_int_equal(question_for_one(&scene.state, &scene.now, &job, &question), 0);
        assert_int_equal(question.problem.n_jobs, 1);
        for (int64_t minute = 0; minute < 200; minute++) {
                const struct plan_step *step = step_at(&question.problem.sites[0], scene.now.wall + minute * MINUTE);

                assert_int_equal(step->gpus >= gpus, left_at(minute) >= gpus);
                assert_true(step->gpus <= left_at(minute)); /* never more than there is */
        }
        n = question.problem.sites[0].n_steps;
        plan_question_finish(&question);
        scene_finish(&scene);
        return n;
}

static size_t steps_of_the_supply(void)
{
        struct plan_question question;
        struct scene scene;
        size_t n;

        begin(&scene);
        assert_int_equal(plan_question_init(&scene.state, &scene.now, &question), 0);
        n = question.problem.sites[0].n_steps;
        plan_question_finish(&question);
        scene_finish(&scene);
        return n;
}

static void only_what_makes_a_difference_is_an_edge(void **state)
{
        size_t plain = steps_of_the_supply();

        (void)state;
        assert_int_equal(room_is_told(1), plain + 4); /* no room from minute 25 to 35, and from 130 to 131 */
        assert_true(room_is_told(2) > plain + 4);
        room_is_told(3);
        room_is_told(4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_makes_a_difference_is_an_edge),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
