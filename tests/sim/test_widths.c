/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_widths.c - elastic jobs through the virtual-time host: they widen where power is cheap and narrow where the
 * quota, the power or the nodes end, each change is a stop and a start, and the books hold what each width drew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/width.h"
#include "support/sim_world.h"

enum { GPU_W = 500, IDLE_W = 100, MOST_RUNS = 16 };

struct run {
        uint32_t mode;
        int64_t start, end;
};

/* From the bookings of each attempt, and its launch. */
struct story {
        struct run runs[MOST_RUNS];
        uint32_t n;
};

static struct story story;

static void note(const struct sim_world *world, uint64_t job)
{
        size_t n;
        const struct booking *bookings = sim_bookings(world->sim, &n);

        memset(&story, 0, sizeof(story));
        for (size_t i = 0; i < n; i++) {
                struct run *run = &story.runs[bookings[i].attempt];

                if (bookings[i].account != ACCOUNT_JOB || bookings[i].job != job)
                        continue;
                assert_true(bookings[i].attempt < MOST_RUNS);
                story.n = bookings[i].attempt > story.n ? bookings[i].attempt : story.n;
                run->start = run->start == 0 || bookings[i].start < run->start ? bookings[i].start : run->start;
                run->end = bookings[i].end > run->end ? bookings[i].end : run->end;
                assert_int_equal(bookings[i].joules % (bookings[i].end - bookings[i].start), 0);
                run->mode = (uint32_t)(bookings[i].joules /
                                       (bookings[i].end - bookings[i].start)); /* W: a width draws its own */
        }
}

/* An hour as asked for on two GPUs; half as fast on one, 1.8 times on four. */
static void elastic(struct offpeak_job_spec *spec, int64_t time_s)
{
        static const struct offpeak_width widths[] = { { 1, 1, 500000, 0 }, { 1, 4, 1800000, 0 } };

        world_spec(spec, "wide", 2, time_s);
        spec->widths = malloc(sizeof(widths));
        assert_non_null(spec->widths);
        memcpy(spec->widths, widths, sizeof(widths));
        spec->n_widths = 2;
}

static uint64_t submit(struct sim_world *world, const struct offpeak_job_spec *spec)
{
        struct offpeak_error err = { 0 };
        uint64_t id;

        if (sim_submit(world->sim, spec, &id, &err) != 0)
                fail_msg("%s", err.text);
        assert_true(id > 0);
        return id;
}

/* Dear, an hour that costs next to nothing, dear again: the hour does as much as it can. */
static void it_is_wide_where_power_is_cheap(void **unused)
{
        const double prices[] = { 100, 2, 100, 90, 100, 100, 100, 100 };
        struct sim_world world;
        struct offpeak_job_spec spec;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 8);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, IDLE_W, GPU_W, 0 }), 0);
        elastic(&spec, 2 * HOUR);
        spec.deadline = WORLD_START + 4 * HOUR;
        id = submit(&world, &spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 8 * HOUR), 0);
        note(&world, id);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        assert_true(sim_world_job(&world, id)->ended_at <= spec.deadline);
        /* 1.8 of its 2 hours in the cheap one, the rest in the next best, on one GPU, which is cheapest by the work
         * done */
        assert_int_equal(story.n, 2);
        assert_int_equal(story.runs[1].mode, 4 * GPU_W);
        assert_int_equal(story.runs[1].start, WORLD_START + HOUR);
        assert_int_equal(story.runs[1].end, WORLD_START + 2 * HOUR);
        assert_int_equal(story.runs[2].mode == 2 * GPU_W || story.runs[2].mode == GPU_W, true);
        assert_true(story.runs[2].start >= WORLD_START + 3 * HOUR);
        /* the exact share of the work is left to do, at the speed of its width */
        assert_int_equal(story.runs[2].end - story.runs[2].start,
                         (int64_t)(0.2 * HOUR / (story.runs[2].mode == GPU_W ? 0.5 : 1)));
        assert_int_equal(sim_world_job(&world, id)->joules,
                         4 * GPU_W * HOUR + story.runs[2].mode * (story.runs[2].end - story.runs[2].start));
        assert_int_equal(sim_world_job(&world, id)->gpu_s,
                         4 * HOUR + story.runs[2].mode / GPU_W * (story.runs[2].end - story.runs[2].start));
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* From one hour to the next it narrows without a gap, and what it is stopped for is told. */
static void it_is_resized_from_one_hour_to_the_next(void **unused)
{
        const double prices[] = { 1, 80, 300, 300, 300, 300, 300, 300 };
        struct sim_world world;
        struct offpeak_job_spec spec;
        const struct job *job;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 8);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, IDLE_W, GPU_W, 0 }), 0);
        elastic(&spec, 2 * HOUR + 2880); /* 1.8 hours of it in the first, one in the second */
        spec.deadline = WORLD_START + 2 * HOUR + 600;
        id = submit(&world, &spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + HOUR + 60), 0);
        job = sim_world_job(&world, id);
        assert_int_equal(job->last_pause.cause, PAUSE_RESIZE);
        assert_int_equal(job->last_pause.gpus, width_held(job));
        assert_int_equal(job->state, OFFPEAK_JOB_ACTIVE);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 8 * HOUR), 0);
        note(&world, id);
        assert_int_equal(story.n, 2);
        assert_int_equal(story.runs[1].mode, 4 * GPU_W);
        assert_int_equal(story.runs[1].end, WORLD_START + HOUR);
        assert_int_equal(story.runs[2].start, WORLD_START + HOUR);
        assert_true(story.runs[2].mode < 4 * GPU_W);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* What no node is wide enough for, or the quota allows, is no mode of it. */
static void it_keeps_within_nodes_and_quota(void **unused)
{
        const double prices[] = { 1, 100, 100, 100, 100, 100, 100, 100 };

        (void)unused;
        for (int quota = 0; quota < 2; quota++) {
                struct sim_world world;
                struct offpeak_job_spec spec;
                uint64_t id;

                world_policy(&world.policy);
                if (quota)
                        world.policy.classes[0].quota_gpus = 3;
                sim_world_init(&world, prices, 8);
                assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", quota ? 4 : 3, IDLE_W, GPU_W, 0 }), 0);
                elastic(&spec, 2 * HOUR);
                spec.deadline = WORLD_START + 6 * HOUR;
                id = submit(&world, &spec);
                assert_int_equal(sim_run_until(world.sim, WORLD_START + 8 * HOUR), 0);
                note(&world, id);
                assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
                for (uint32_t i = 1; i <= story.n; i++)
                        assert_in_range(story.runs[i].mode, 1, 2 * GPU_W);
                offpeak_job_spec_finish(&spec);
                sim_world_finish(&world);
        }
}

/* Asked for two, and there is one: it runs on that. */
static void it_runs_where_the_width_asked_for_never_fits(void **unused)
{
        const double prices[] = { 10, 10, 10, 10, 10, 10, 10, 10 };
        struct sim_world world;
        struct offpeak_job_spec spec;
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 8);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 1, IDLE_W, GPU_W, 0 }), 0);
        elastic(&spec, HOUR);
        id = submit(&world, &spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 8 * HOUR), 0);
        note(&world, id);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(story.n, 1);
        assert_int_equal(story.runs[1].end - story.runs[1].start, 2 * HOUR); /* half as fast */
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

/* Two gangs of several nodes, an elastic one beside a rigid one: nobody ever holds what another has. */
static void it_makes_room_over_several_nodes(void **unused)
{
        const double prices[] = { 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
        static const struct offpeak_width widths[] = { { 1, 4, 550000, 0 }, { 4, 4, 1900000, 0 } };
        struct sim_world world;
        struct offpeak_job_spec spec, rigid;
        uint64_t id, other;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 12);
        for (int i = 0; i < 4; i++) {
                char name[8] = { 'n', (char)('1' + i), '\0' };

                assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ name, "hanford", 4, IDLE_W, GPU_W, 0 }), 0);
        }
        world_spec(&rigid, "rigid", 4, HOUR);
        rigid.nodes = 2;
        rigid.deadline = WORLD_START + HOUR + 600;
        other = submit(&world, &rigid);
        world_spec(&spec, "wide", 4, 3 * HOUR);
        spec.nodes = 2;
        spec.widths = malloc(sizeof(widths));
        memcpy(spec.widths, widths, sizeof(widths));
        spec.n_widths = 2;
        spec.deadline = WORLD_START + 2 * HOUR + 1800;
        id = submit(&world, &spec);
        assert_int_equal(sim_run_until(world.sim, WORLD_START + 12 * HOUR), 0);
        assert_int_equal(sim_world_job(&world, other)->state, OFFPEAK_JOB_DONE);
        assert_int_equal(sim_world_job(&world, id)->state, OFFPEAK_JOB_DONE);
        assert_true(sim_world_job(&world, other)->ended_at <= rigid.deadline);
        assert_true(sim_world_job(&world, id)->ended_at <= spec.deadline); /* it must be wide for a while */
        offpeak_job_spec_finish(&spec);
        offpeak_job_spec_finish(&rigid);
        sim_world_finish(&world);
}

static void widths_are_checked(void **unused)
{
        const double prices[] = { 10, 10 };
        struct sim_world world;
        struct offpeak_job_spec spec;
        struct offpeak_error err = { 0 };
        uint64_t id;

        (void)unused;
        world_policy(&world.policy);
        sim_world_init(&world, prices, 2);
        assert_int_equal(sim_add_node(world.sim, &(struct sim_node){ "n1", "hanford", 4, IDLE_W, GPU_W, 0 }), 0);
        elastic(&spec, HOUR);
        spec.widths[1].gpus_per_node = 2;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "the job names the width of 2 GPUs twice: name it once");
        spec.widths[1].gpus_per_node = 0;
        assert_int_equal(sim_submit(world.sim, &spec, &id, &err), OFFPEAK_EINVAL);
        assert_string_equal(err.text, "a width needs at least one node and one GPU");
        offpeak_job_spec_finish(&spec);
        sim_world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_wide_where_power_is_cheap),
                cmocka_unit_test(it_is_resized_from_one_hour_to_the_next),
                cmocka_unit_test(it_keeps_within_nodes_and_quota),
                cmocka_unit_test(it_runs_where_the_width_asked_for_never_fits),
                cmocka_unit_test(it_makes_room_over_several_nodes),
                cmocka_unit_test(widths_are_checked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
