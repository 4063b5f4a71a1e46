/* SPDX-License-Identifier: Apache-2.0 */
/* test_failures.c - nodes that fail in virtual time: what is lost, who goes on where, and when failures come. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/outages.h"
#include "support/sim_world.h"

enum { HOURS = 48, START_COST_S = 600, WATTS = 100 };

/* ---- when failures come */

static struct outages drawn(uint64_t seed, uint32_t nodes, int64_t hours)
{
        struct outage_law law = { .mtbf_s = 50 * HOUR, .repair_s = 2 * HOUR, .seed = seed };
        struct outages outages;

        assert_int_equal(outages_draw(&law, nodes, WORLD_START, WORLD_START + hours * HOUR, &outages), 0);
        return outages;
}

static void assert_same(const struct outages *a, const struct outages *b)
{
        assert_int_equal(a->n, b->n);
        assert_memory_equal(a->at, b->at, a->n * sizeof(*a->at));
}

static void the_same_seed_gives_the_same_failures(void **state)
{
        struct outages a = drawn(7, 5, 1000), b = drawn(7, 5, 1000), other = drawn(8, 5, 1000),
                       more = drawn(7, 9, 1000);
        size_t n = 0;

        (void)state;
        assert_true(a.n > 20);
        assert_same(&a, &b);
        assert_false(other.n == a.n && memcmp(a.at, other.at, a.n * sizeof(*a.at)) == 0);
        for (size_t i = 0; i < more.n; i++) /* of a larger cluster's the same, but for the nodes that it has beside */
                if (more.at[i].node < 5)
                        more.at[n++] = more.at[i];
        more.n = n;
        assert_same(&a, &more);
        outages_finish(&a);
        outages_finish(&b);
        outages_finish(&other);
        outages_finish(&more);
}

/* Mean and spread of exponential times, over some thousand of them; in order; none while the node is down. */
static void failures_come_as_often_as_they_should(void **state)
{
        struct outages outages = drawn(3, 100, 2600);
        double sum = 0, squares = 0, n = 0;
        int64_t up_since[100];

        (void)state;
        for (int i = 0; i < 100; i++)
                up_since[i] = WORLD_START;
        for (size_t i = 0; i < outages.n; i++) {
                const struct outage *outage = &outages.at[i];
                double up = (double)(outage->from - up_since[outage->node]) / HOUR;

                assert_true(i == 0 || outages.at[i - 1].from <= outage->from);
                assert_true(up > 0);
                assert_int_equal(outage->to - outage->from, 2 * HOUR);
                up_since[outage->node] = outage->to;
                sum += up;
                squares += up * up;
                n++;
        }
        assert_true(n > 4500 && n < 5500);
        assert_true(fabs(sum / n - 50) < 3);
        assert_true(fabs(sqrt(squares / n - sum * sum / n / n) - 50) < 4);
        outages_finish(&outages);
}

/* ---- what they do */

struct place {
        struct sim_world world;
        double prices[HOURS];
        struct outage at[2];
        struct outages outages;
        struct sim_options options;
};

/* One node or two of four GPUs of 100 W; the first fails after 2.5 h, for an hour. Work is saved each hour. */
static void open_place(struct place *place, uint32_t nodes)
{
        memset(place, 0, sizeof(*place));
        for (int h = 0; h < HOURS; h++)
                place->prices[h] = 50 + h; /* nobody waits */
        place->at[0] = (struct outage){ 0, WORLD_START + 2 * HOUR + HOUR / 2, WORLD_START + 3 * HOUR + HOUR / 2 };
        place->outages = (struct outages){ place->at, 1 };
        place->options = (struct sim_options){ .outages = &place->outages, .checkpoint_s = HOUR };
        world_policy(&place->world.policy);
        place->world.policy.classes[0].start_cost_s = START_COST_S;
        sim_world_init_failing(&place->world, place->prices, HOURS, &place->options);
        assert_int_equal(sim_add_node(place->world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, WATTS, 0 }), 0);
        if (nodes > 1)
                assert_int_equal(sim_add_node(place->world.sim, &(struct sim_node){ "n2", "hanford", 4, 0, WATTS, 0 }), 0);
        assert_int_equal(sim_run_until(place->world.sim, WORLD_START), 0);
}

static uint64_t submit(struct place *place, uint32_t nodes, uint32_t gpus, int64_t hours, enum offpeak_choice may)
{
        struct offpeak_job_spec spec;
        struct offpeak_error err;
        uint64_t id;

        world_spec(&spec, "job", gpus, hours * HOUR);
        spec.nodes = nodes;
        spec.interruptible = may;
        assert_int_equal(sim_submit(place->world.sim, &spec, &id, &err), 0);
        offpeak_job_spec_finish(&spec);
        return id;
}

static const struct job *done(struct place *place, uint64_t id)
{
        const struct job *job;

        assert_int_equal(sim_run_until(place->world.sim, WORLD_START + HOURS * HOUR), 0);
        job = sim_world_job(&place->world, id);
        assert_int_equal(job->state, OFFPEAK_JOB_DONE);
        return job;
}

/* The only loss of the place. */
static struct sim_loss only_loss(const struct place *place)
{
        size_t n;
        const struct sim_loss *losses = sim_losses(place->world.sim, &n);

        assert_int_equal(n, 1);
        assert_int_equal(losses[0].at, place->at[0].from);
        return losses[0];
}

/* 2 h 20 min of work were done, of which two hours are saved; the rest is done when the node is back. */
static void a_job_goes_back_to_its_checkpoint(void **state)
{
        struct place place;
        const struct job *job;
        int64_t began;

        (void)state;
        open_place(&place, 1);
        job = done(&place, submit(&place, 1, 1, 5, OFFPEAK_YES));
        assert_int_equal(job->first_started_at, WORLD_START);
        assert_int_equal(job->attempts, 2);
        assert_int_equal(only_loss(&place).lost_s, HOUR / 2);
        began = job->ended_at - 3 * HOUR - START_COST_S;
        assert_true(began >= place.at[0].to && began <= place.at[0].to + 10);
        assert_int_equal(job->joules,
                         WATTS * (5 * HOUR + HOUR / 2 + START_COST_S)); /* each second that it ran, and no other */
        sim_world_finish(&place.world);
}

/* Wherever it was placed: one of the two failures hits it. */
static void another_node_takes_over_at_once(void **state)
{
        size_t hits = 0;

        (void)state;
        for (uint32_t node = 0; node < 2; node++) {
                struct place place;
                const struct job *job;
                size_t n;

                open_place(&place, 2);
                place.at[0].node = node;
                job = done(&place, submit(&place, 1, 1, 5, OFFPEAK_YES));
                sim_losses(place.world.sim, &n);
                hits += n;
                if (n > 0)
                        assert_in_range(job->ended_at - place.at[0].from, 3 * HOUR + START_COST_S,
                                        3 * HOUR + START_COST_S + 10);
                else
                        assert_int_equal(job->ended_at, WORLD_START + 5 * HOUR + START_COST_S);
                sim_world_finish(&place.world);
        }
        assert_int_equal(hits, 1);
}

static void what_may_not_be_interrupted_begins_anew(void **state)
{
        struct place place;
        const struct job *job;

        (void)state;
        open_place(&place, 1);
        job = done(&place, submit(&place, 1, 1, 5, OFFPEAK_NO));
        assert_int_equal(only_loss(&place).lost_s, 2 * HOUR + HOUR / 2);
        assert_int_equal(job->joules, WATTS * (7 * HOUR + HOUR / 2 + START_COST_S));
        sim_world_finish(&place.world);
}

/* Its ranks on the other node are stopped in that second, and go back as far. */
static void a_job_on_two_nodes_loses_both(void **state)
{
        struct place place;
        const struct job *job;

        (void)state;
        open_place(&place, 2);
        job = done(&place, submit(&place, 2, 4, 5, OFFPEAK_YES));
        assert_int_equal(only_loss(&place).lost_s, HOUR / 2);
        assert_int_equal(job->attempts, 2);
        assert_int_equal(job->joules, 8 * WATTS * (5 * HOUR + HOUR / 2 + START_COST_S));
        sim_world_finish(&place.world);
}

/* A node that is back fails again; and one that fails where nothing runs takes nothing along. */
static void a_node_may_fail_again(void **state)
{
        struct place place;
        const struct job *job;
        const struct sim_loss *losses;
        size_t n;

        (void)state;
        open_place(&place, 1);
        place.at[1] = (struct outage){ 0, WORLD_START + 5 * HOUR, WORLD_START + 6 * HOUR };
        place.outages.n = 2;
        job = done(&place, submit(&place, 1, 1, 5, OFFPEAK_YES));
        losses = sim_losses(place.world.sim, &n);
        assert_int_equal(n, 2);
        assert_true(losses[1].at == place.at[1].from && losses[1].lost_s >= HOUR / 2 - 10 &&
                    losses[1].lost_s <= HOUR / 2);
        assert_int_equal(job->attempts, 3);
        assert_int_equal(job->joules, WATTS * (5 * HOUR + START_COST_S + losses[0].lost_s + losses[1].lost_s));
        sim_world_finish(&place.world);

        open_place(&place, 1);
        assert_int_equal(sim_run_until(place.world.sim, WORLD_START + 4 * HOUR), 0);
        job = done(&place, submit(&place, 1, 1, 5, OFFPEAK_YES));
        sim_losses(place.world.sim, &n);
        assert_int_equal(n, 0);
        assert_int_equal(job->attempts, 1);
        sim_world_finish(&place.world);
}

/* Rising evenly from none, half of the ramp's energy is missing, however often it is read. */
static void power_rises_evenly(void **state)
{
        struct sim_options options = { .ramp_s = 1200, .renew_s = 61 };
        double prices[HOURS];
        struct place place;
        const struct job *job;

        (void)state;
        memset(&place, 0, sizeof(place));
        for (int h = 0; h < HOURS; h++)
                prices[h] = 50 + h;
        world_policy(&place.world.policy);
        sim_world_init_failing(&place.world, prices, HOURS, &options);
        assert_int_equal(sim_add_node(place.world.sim, &(struct sim_node){ "n1", "hanford", 4, 0, WATTS, 0 }), 0);
        assert_int_equal(sim_run_until(place.world.sim, WORLD_START), 0);
        job = done(&place, submit(&place, 1, 1, 2, OFFPEAK_YES));
        assert_int_equal(job->joules, WATTS * (2 * HOUR - 600));
        sim_world_finish(&place.world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_seed_gives_the_same_failures),
                cmocka_unit_test(failures_come_as_often_as_they_should),
                cmocka_unit_test(a_job_goes_back_to_its_checkpoint),
                cmocka_unit_test(another_node_takes_over_at_once),
                cmocka_unit_test(what_may_not_be_interrupted_begins_anew),
                cmocka_unit_test(a_job_on_two_nodes_loses_both),
                cmocka_unit_test(a_node_may_fail_again),
                cmocka_unit_test(power_rises_evenly),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
