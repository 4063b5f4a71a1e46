/* SPDX-License-Identifier: Apache-2.0 */
/* test_grid_path.c - the cheapest hours against all ways to choose them, tried one by one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/grid_path.h"

enum { SLOTS = 9 };

struct world {
        struct grid_question ask;
        float full[SLOTS], start[SLOTS], head[SLOTS], tail[SLOTS], end_full[SLOTS], end_tail[SLOTS];
};

static uint64_t seed;

static double chance(void)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(seed >> 11) / 9007199254740992.0;
}

static void make(struct world *world)
{
        double part = 0.1 + 0.8 * chance(), slope = chance() < 0.5 ? 0 : chance();

        *world = (struct world){ .ask = { .n = 1 + (size_t)(chance() * SLOTS) } };
        for (size_t t = 0; t < SLOTS; t++) {
                double rate = chance() < 0.1 ? INFINITY : 10 * chance() - 1;

                world->full[t] = (float)rate;
                world->head[t] = chance() < 0.1 ? INFINITY : (float)(part * rate);
                world->tail[t] = chance() < 0.1 ? INFINITY : (float)(part * rate);
                world->start[t] = (float)(3 * chance());
                world->end_full[t] = (float)(slope * (double)(t + 1));
                world->end_tail[t] = (float)(slope * ((double)t + part));
        }
        world->ask.has_rest = chance() < 0.6;
        world->ask.whole = (size_t)(chance() * (double)(world->ask.n + 1));
        world->ask.goes_on = chance() < 0.3;
        world->ask.full = world->full;
        world->ask.start = world->start;
        world->ask.head = world->head;
        world->ask.tail = world->tail;
        world->ask.end_full = world->end_full;
        world->ask.end_tail = world->end_tail;
}

/* What each slot does: nothing, whole, its last seconds, its first. */
enum use { OFF, WHOLE, HEAD, TAIL };

/* INFINITY if it is not an answer at all. */
static double price(const struct grid_question *ask, const enum use *uses)
{
        size_t whole = 0, rests = 0, last = SIZE_MAX;
        bool on = ask->goes_on, begun = false;
        double cost = 0;

        for (size_t t = 0; t < ask->n; t++) {
                if (uses[t] == OFF) {
                        on = false;
                        if (ask->goes_on && t == 0)
                                return INFINITY;
                        continue;
                }
                last = t;
                if (uses[t] == HEAD && t == 0 && ask->goes_on)
                        return INFINITY;
                if ((!on || uses[t] == HEAD) && (begun))
                        cost += ask->start[t];
                begun = true;
                cost += uses[t] == WHOLE ? ask->full[t] : uses[t] == HEAD ? ask->head[t] : ask->tail[t];
                whole += uses[t] == WHOLE;
                rests += uses[t] != WHOLE;
                on = uses[t] != TAIL;
        }
        if (whole != ask->whole || rests != ask->has_rest)
                return INFINITY;
        return cost + (uses[last] == TAIL ? ask->end_tail[last] : ask->end_full[last]);
}

static double brute(const struct grid_question *ask)
{
        size_t ways = (size_t)1 << 2 * ask->n;
        double best = INFINITY;

        if (ask->whole + ask->has_rest == 0)
                return INFINITY;
        for (size_t way = 0; way < ways; way++) {
                enum use uses[SLOTS];
                int rests = 0;

                for (size_t t = 0; t < ask->n; t++) {
                        uses[t] = (enum use)(way >> 2 * t & 3);
                        rests += uses[t] >= HEAD;
                }
                if (rests == ask->has_rest)
                        best = fmin(best, price(ask, uses));
        }
        return best;
}

static double price_path(const struct grid_question *ask, const struct grid_path *path)
{
        enum use uses[SLOTS] = { OFF };

        for (size_t i = 0; i < path->n_runs; i++) {
                const struct grid_run *run = &path->runs[i];

                assert_true(run->first <= run->last && run->last < ask->n);
                assert_true(i == 0 || run->first > path->runs[i - 1].last);
                for (size_t t = run->first; t <= run->last; t++)
                        uses[t] = WHOLE;
                if (run->head)
                        uses[run->first] = HEAD;
                if (run->tail)
                        uses[run->last] = TAIL;
        }
        return price(ask, uses);
}

static void nothing_is_cheaper(void **state)
{
        struct grid_path path;
        int fits = 0;

        (void)state;
        seed = 1;
        grid_path_init(&path);
        for (int i = 0; i < 600; i++) {
                struct world world;
                double best;

                make(&world);
                best = brute(&world.ask);
                assert_int_equal(grid_path_find(&world.ask, &path), 0);
                if (isinf(best)) {
                        assert_true(isinf(path.cost));
                        continue;
                }
                fits++;
                assert_float_equal(path.cost, best, 1e-4);
                assert_float_equal(price_path(&world.ask, &path), best, 1e-4);
        }
        assert_true(fits > 300);
        grid_path_finish(&path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_cheaper),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
