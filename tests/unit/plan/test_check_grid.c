/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_check_grid.c - the least that a lone job can cost on equal slots, against every way to run in whole seconds: never
 * above the best way, and not below it for one run or two.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/check_grid.h"

enum { SLOTS = 4, SLOT_S = 4, SECONDS = SLOTS * SLOT_S };

struct world {
        struct check_grid grid;
        double rates[SLOTS], start_rates[SLOTS];
};

static uint64_t seed;

static double chance(void)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (double)(seed >> 11) / 9007199254740992.0;
}

static void make(struct world *world)
{
        bool negative = chance() < 0.3, hurries = chance() < 0.5;
        double steep = chance() < 0.3 ? 100 : 1; /* as deadlines are: being late costs far more than any hour */

        for (size_t t = 0; t < SLOTS; t++) {
                world->rates[t] = floor(10 * chance()) - (negative ? 4 : 0);
                world->start_rates[t] = fabs(world->rates[t]);
        }
        world->grid = (struct check_grid){
                .n = SLOTS,
                .slot_s = SLOT_S,
                .start_s = floor(6 * chance()),
                .goes_on = chance() < 0.3,
                .rates = world->rates,
                .start_rates = world->start_rates,
                .prompt_s = floor(SECONDS * chance()),
                .deadline_s = floor(SECONDS * chance()),
                .delay = hurries ? chance() : 0,
                .lateness = hurries ? 3 * steep * chance() : 0,
        };
        world->grid.run_s = 1 + floor((SECONDS - 2) * chance()) + (world->grid.goes_on ? 0 : world->grid.start_s);
}

/* The cost of running just the seconds of `way`; INFINITY if it is no way to do the work in at most `most` runs. */
static double price(const struct check_grid *grid, uint32_t way, uint32_t most)
{
        double cost = 0, ran = 0, starts = 0, end = 0, left = 0; /* left: of the start under way, this second included */
        bool on = grid->goes_on;

        if (grid->goes_on && (way & 1) == 0)
                return INFINITY;
        for (int t = 0; t < SECONDS; t++) {
                bool runs = way >> t & 1;

                if (!runs && on && left > 0)
                        return INFINITY; /* no progress: not allowed */
                starts += runs && !on;
                left = runs && !on ? grid->start_s : left - 1;
                if (runs && left > 0)
                        cost += grid->start_rates[t / SLOT_S] - grid->rates[t / SLOT_S];
                ran += runs;
                cost += runs ? grid->rates[t / SLOT_S] : 0;
                end = runs ? t + 1 : end;
                on = runs;
        }
        if (on && left > 0)
                return INFINITY;
        starts -= !grid->goes_on; /* the first start is in run_s */
        if (starts < 0 || starts + 1 > most || ran != grid->run_s + starts * grid->start_s)
                return INFINITY;
        return cost + grid->delay * fmax(0, end - grid->prompt_s) + grid->lateness * fmax(0, end - grid->deadline_s);
}

static double brute(const struct check_grid *grid, uint32_t most)
{
        double best = INFINITY;

        for (uint32_t way = 1; way < (uint32_t)1 << SECONDS; way++)
                best = fmin(best, price(grid, way, most));
        return best;
}

static void never_above_the_best_way(void **state)
{
        double scratch[18 * SLOTS + 64], gap = 0, sum = 0;
        int fits = 0;

        (void)state;
        seed = 3;
        for (int i = 0; i < 400; i++) {
                struct world world;
                double once, often, least;

                make(&world);
                once = brute(&world.grid, 1);
                often = brute(&world.grid, SECONDS);
                least = check_grid_least(&world.grid, true, scratch);
                if (isinf(often))
                        continue;
                fits++;
                if (least > often + 1e-9)
                        fail_msg("world %d: %g is above the best way, %g", i, least, often);
                if (!isinf(once))
                        assert_float_equal(check_grid_least(&world.grid, false, scratch), once, 1e-9);
                gap += often - least;
                sum += fabs(often);
        }
        assert_true(fits > 200);
        print_message("%d worlds, gap %.3f %%\n", fits, 100 * gap / sum);
        assert_true(gap < 0.08 * sum); /* starts longer than a slot, ten runs in four slots: as hard as it gets */
}

/* A start as long as the grid: one run fits, and what two would need is not looked for outside of the scratch. */
static void a_second_start_that_does_not_fit(void **state)
{
        double *scratch = malloc((18 * SLOTS + 64) * sizeof(*scratch));
        struct world world;

        (void)state;
        assert_non_null(scratch);
        for (size_t t = 0; t < SLOTS; t++)
                world.rates[t] = world.start_rates[t] = t < SLOTS / 2 ? 10 : 0;
        world.grid = (struct check_grid){ .n = SLOTS,
                                          .slot_s = SLOT_S,
                                          .run_s = SECONDS / 2,
                                          .start_s = 40 * SECONDS,
                                          .goes_on = true,
                                          .rates = world.rates,
                                          .start_rates = world.start_rates,
                                          .prompt_s = SECONDS,
                                          .deadline_s = INFINITY };
        assert_float_equal(check_grid_least(&world.grid, true, scratch), check_grid_least(&world.grid, false, scratch), 1e-9);
        free(scratch);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(never_above_the_best_way),
                cmocka_unit_test(a_second_start_that_does_not_fit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
