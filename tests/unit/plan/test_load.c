/* SPDX-License-Identifier: Apache-2.0 */
/* test_load.c - use of a site by slots and seconds, against a count of every single second. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/load.h"
#include "plan/supply_rate.h"

enum { NOW = 1000, SPAN = 60, STEPS = 4, USES = 24 };

/* Sixty seconds in steps of unequal length, and all that is used of them, second by second. */
struct world {
        struct plan_step steps[STEPS];
        struct plan_site site;
        struct plan_problem problem;
        struct slots slots;
        const struct plan_step *of_slot[SPAN + STEPS];
        struct load load;
        int64_t gpus[SPAN], mw[SPAN];
};

struct use {
        int64_t start, end;
        struct plan_mode mode;
};

static uint64_t seed;

static int64_t below(int64_t n)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (int64_t)((double)(seed >> 11) / 9007199254740992.0 * (double)n);
}

static void world_init(struct world *world)
{
        static const int64_t starts[STEPS] = { 0, 13, 30, 47 };

        memset(world, 0, sizeof(*world));
        for (size_t t = 0; t < STEPS; t++) {
                world->steps[t] = (struct plan_step){ .start = NOW + starts[t], .n_segments = 1, .gpus = 20 };
                world->steps[t].segments[0] = (struct plan_segment){ 10.0 * (double)t, t % 2 == 0 ? 9000 : INFINITY };
                if (t == 2) {
                        world->steps[t].n_segments = 2;
                        world->steps[t].segments[0].limit_w = 3000;
                        world->steps[t].segments[1] = (struct plan_segment){ 90, 6000 };
                }
        }
        world->site = (struct plan_site){
                .name = "here", .steps = world->steps, .n_steps = STEPS, .idle_w = 100, .pue_fixed_w = 50, .pue_factor = 1.25
        };
        world->problem = (struct plan_problem){
                .now = NOW, .horizon = NOW + SPAN, .sites = &world->site, .n_sites = 1
        };
        assert_int_equal(slots_init(&world->slots, &world->problem, SLOTS_COARSE), 0);
        for (size_t t = 0, step = 0; t < world->slots.n; t++) {
                while (step + 1 < STEPS && world->steps[step + 1].start <= world->slots.edges[t])
                        step++;
                world->of_slot[t] = &world->steps[step];
        }
        assert_int_equal(load_init(&world->load, &world->site, &world->slots, world->of_slot), 0);
}

static void world_finish(struct world *world)
{
        load_finish(&world->load);
        slots_finish(&world->slots);
}

static void count(struct world *world, const struct use *use, int sign)
{
        for (int64_t t = use->start; t < use->end; t++) {
                world->gpus[t - NOW] += sign * (int64_t)use->mode.gpus;
                world->mw[t - NOW] += sign * load_milliwatts(&use->mode);
        }
}

static struct use some_use(void)
{
        int64_t start = below(SPAN), end = start + 1 + below(SPAN - start);

        return (struct use){ NOW + start, NOW + end, { (uint32_t)(1 + below(5)), (double)below(2000) + 0.25, 1, 0, 0 } };
}

static double facility(const struct world *world, int64_t mw)
{
        return site_facility_w(&world->site, (double)mw / 1000);
}

static void check_piece(const struct world *world, struct load_piece piece, const struct plan_mode *mode)
{
        const struct plan_step *step = world->of_slot[piece.slot];
        int64_t first = world->slots.edges[piece.slot] - NOW + piece.from;
        int64_t last = world->slots.edges[piece.slot] - NOW + piece.to, more = load_milliwatts(mode);
        double sum = 0, gpus, mw, over_gpus = 0, over_mw = 0;
        bool room = true;

        for (int64_t t = first; t < last; t++) {
                double limit = (supply_firm_limit(step) - facility(world, 0)) / world->site.pue_factor * 1000;

                room = room && world->gpus[t] + mode->gpus <= step->gpus;
                room = room && (more == 0 || (double)(world->mw[t] + more) <= limit);
                over_gpus = fmax(over_gpus, (double)(world->gpus[t] + mode->gpus) - step->gpus);
                over_mw = fmax(over_mw, (double)(world->mw[t] + more) - limit);
                sum += supply_rate(step, facility(world, world->mw[t]) + world->site.pue_factor * mode->watts) -
                       supply_rate(step, facility(world, world->mw[t]));
        }
        assert_int_equal(load_has_room(&world->load, piece, mode), room);
        load_over(&world->load, piece, mode, &gpus, &mw);
        assert_float_equal(gpus, over_gpus, 1e-9);
        if (!isinf(over_mw))
                assert_float_equal(mw, over_mw, 1e-6);
        assert_float_equal(load_marginal(&world->load, piece, mode), sum / (double)(last - first), 1e-12);
}

static void check_all(const struct world *world)
{
        struct plan_mode mode = { (uint32_t)(1 + below(8)), (double)below(4000), 1, 0, 0 };

        for (size_t t = 0; t < world->slots.n; t++) {
                int64_t length = slots_length(&world->slots, t), from = below(length);

                check_piece(world, (struct load_piece){ t, 0, length }, &mode);
                check_piece(world, (struct load_piece){ t, from, from + 1 + below(length - from) }, &mode);
        }
}

static void every_second_counts(void **state)
{
        (void)state;
        seed = 1;
        for (int round = 0; round < 40; round++) {
                struct use uses[USES];
                struct world world;

                world_init(&world);
                check_all(&world);
                for (int i = 0; i < USES; i++) {
                        uses[i] = some_use();
                        assert_int_equal(load_add(&world.load, uses[i].start, uses[i].end, &uses[i].mode), 0);
                        count(&world, &uses[i], 1);
                        if (i % 6 == 5)
                                check_all(&world);
                }
                for (int i = 0; i < USES; i++) { /* in another order than they came */
                        const struct use *use = &uses[(i * 7) % USES];

                        load_remove(&world.load, use->start, use->end, &use->mode);
                        count(&world, use, -1);
                        if (i % 6 == 5)
                                check_all(&world);
                }
                for (size_t t = 0; t < world.slots.n; t++) {
                        assert_int_equal(world.load.at[t].n_spans, 0);
                        assert_float_equal(world.load.peak_gpus[t], 0, 0);
                        assert_float_equal(world.load.peak_mw[t], 0, 0);
                }
                world_finish(&world);
        }
}

static void slots_hold_every_edge(void **state)
{
        struct world world;

        (void)state;
        world_init(&world);
        for (size_t t = 1; t < STEPS; t++)
                assert_int_equal(world.slots.edges[slots_find(&world.slots, world.steps[t].start)],
                                 world.steps[t].start);
        for (int64_t time = NOW; time < NOW + SPAN; time++) {
                size_t t = slots_find(&world.slots, time);

                assert_true(world.slots.edges[t] <= time && time < world.slots.edges[t + 1]);
        }
        for (size_t t = 0; t < world.slots.n; t++)
                for (size_t other = t; other < world.slots.same_until[t]; other++)
                        assert_int_equal(slots_length(&world.slots, other), slots_length(&world.slots, t));
        world_finish(&world);
}

/* Slots of an hour with an odd beginning and end: the quick way to find one. */
static void slots_are_found_at_once(void **state)
{
        (void)state;
        for (int64_t odd = 0; odd < 3600; odd += 599) {
                struct plan_step step = { .start = 7200 - odd, .n_segments = 1, .segments = { { 1, INFINITY } } };
                struct plan_site site = { .name = "here", .steps = &step, .n_steps = 1, .pue_factor = 1 };
                struct plan_problem problem = {
                        .now = 7200 - odd, .horizon = 7200 + 300 * 3600 + odd, .sites = &site, .n_sites = 1
                };
                struct slots slots;

                assert_int_equal(slots_init(&slots, &problem, SLOTS_COARSE), 0);
                for (int64_t time = problem.now; time < problem.horizon; time += 97) {
                        size_t t = slots_find(&slots, time);

                        assert_true(slots.edges[t] <= time && time < slots.edges[t + 1]);
                }
                slots_finish(&slots);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_second_counts),
                cmocka_unit_test(slots_hold_every_edge),
                cmocka_unit_test(slots_are_found_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
