/* SPDX-License-Identifier: Apache-2.0 */
/* test_seats.c - a run takes its seat in a slot once, however often its power changes there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/board.h"
#include "unit/plan/scene.h"

/* A job of 4 GPUs that may be capped, beside one of 4 GPUs. */
struct world {
        struct scene scene;
        struct plan_mode modes[2];
        struct prices prices;
        struct dependents dependents;
        struct board board;
        struct chooser chooser;
};

static void world_init(struct world *world)
{
        static const double hours[] = { 50, 60, 70, 80 };

        scene_init(&world->scene, 2, 4, hours);
        world->modes[0] = (struct plan_mode){ 4, 4000, 1, 0, 0 };
        world->modes[1] = (struct plan_mode){ 4, 2800, 0.85, 0, 0 };
        world->scene.jobs[0].modes = world->modes;
        world->scene.jobs[0].n_modes = 2;
        world->scene.modes[1].gpus = 4;
        assert_int_equal(prices_init(&world->prices, &world->scene.problem, 4), 0);
        assert_int_equal(dependents_init(&world->dependents, &world->scene.problem), 0);
        assert_int_equal(board_init(&world->board, &world->scene.problem, &world->prices, &world->dependents), 0);
        chooser_init(&world->chooser);
        for (size_t t = 0; t < world->prices.slots.n; t++) {
                world->prices.base.gpus[t] = 0.5;
                world->board.seat_price[t] = 0.5F;
        }
}

static void world_finish(struct world *world)
{
        chooser_finish(&world->chooser);
        board_finish(&world->board);
        dependents_finish(&world->dependents);
        prices_finish(&world->prices);
}

static double cost_of(struct world *world, struct market market, struct plan_interval *intervals, size_t n)
{
        double cost;

        assert_int_equal(choice_cost(&market, &world->scene.jobs[0], &world->chooser, intervals, n, &cost), 0);
        return cost;
}

static void prices_take_one_seat(void **state)
{
        int64_t whole;
        struct world world;

        (void)state;
        world_init(&world);
        whole = slots_length(&world.prices.slots, 0);
        world.prices.parts_take_all = true;
        prices_steepen(&world.prices, 0);
        {
                struct market market = prices_market(&world.prices);
                struct plan_interval one[] = { { NOW, NOW + whole, 0, 0 } };
                struct plan_interval cut[] = { { NOW, NOW + 300, 0, 0 }, { NOW + 300, NOW + whole, 0, 0 } };
                struct plan_interval apart[] = { { NOW, NOW + 300, 0, 0 }, { NOW + 310, NOW + whole, 0, 0 } };
                struct choice choice = { .intervals = cut, .n = 2 };

                assert_true(fabs(cost_of(&world, market, one, 1) - cost_of(&world, market, cut, 2)) < 1e-6);
                assert_true(cost_of(&world, market, apart, 2) > cost_of(&world, market, one, 1) + 0.1); /* two runs, two seats */
                prices_use(&world.prices, 0, &choice, 1);
                assert_true(world.prices.table.gpus[0] == 4);
                prices_use(&world.prices, 0, &choice, -1);
                assert_true(world.prices.table.gpus[0] == 0);
        }
        world_finish(&world);
}

/* Also in a slot that is divided, as another job is in a part of it. */
static void a_board_takes_one_seat(void **state)
{
        struct plan_interval other[] = { { NOW, NOW + 700, 0, 0 } };
        struct plan_interval one[] = { { NOW + 100, NOW + 1500, 0, 0 } };
        struct plan_interval cut[] = { { NOW + 100, NOW + 900, 0, 0 }, { NOW + 900, NOW + 1500, 0, 0 } };
        struct plan_interval capped[] = { { NOW + 100, NOW + 900, 0, 1 }, { NOW + 900, NOW + 1500, 0, 0 } };
        struct world world;
        struct look look;
        struct rates rates;
        struct market market;

        (void)state;
        world_init(&world);
        assert_int_equal(board_put(&world.board, 1, other, 1), 0);
        world.board.guided = true;
        market = board_market(&world.board);
        look = (struct look){ market.world, &world.scene.jobs[0], 0, 0 };
        rates = market.rates(&look);
        assert_true(rates.is_divided(rates.context, 0));
        assert_true(fabs(cost_of(&world, market, one, 1) - cost_of(&world, market, cut, 2)) < 1e-6);
        /* 1.2 kW less for 800 s at 50, and 120 s of work left undone */
        assert_true(fabs(cost_of(&world, market, one, 1) - cost_of(&world, market, capped, 2) -
                         (1200 * 800 / 3.6e9 * 50 - 120 * job_undone_rate(&world.scene.problem, &world.scene.jobs[0]))) < 1e-6);
        world_finish(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(prices_take_one_seat),
                cmocka_unit_test(a_board_takes_one_seat),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
