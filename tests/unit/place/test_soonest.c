/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes that a gang has soonest, against trying every moment and every node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "place/soonest.h"
#include "unit/plan/random_problem.h"

enum { NODES = 5, RELEASES = 8, CASES = 3000 };

struct hall {
        uint32_t free[NODES];
        bool taken[NODES];
        struct soonest_release releases[RELEASES];
};

static void make_hall(struct hall *hall, uint64_t *seed)
{
        for (int i = 0; i < NODES; i++) {
                hall->free[i] = (uint32_t)random_range(seed, 0, 4);
                hall->taken[i] = random_unit(seed) < 0.2;
        }
        for (int i = 0; i < RELEASES; i++)
                hall->releases[i] = (struct soonest_release){ random_range(seed, 50, 130),
                                                              (uint32_t)random_range(seed, 0, NODES - 1),
                                                              (uint32_t)random_range(seed, 1, 4) };
}

/* Devices of a node that are free at a time. */
static uint32_t free_at(const struct hall *hall, uint32_t node, int64_t time)
{
        uint32_t n = hall->free[node];

        for (int i = 0; i < RELEASES; i++)
                if (hall->releases[i].node == node && hall->releases[i].at <= time)
                        n += hall->releases[i].devices;
        return n;
}

static uint32_t nodes_at(const struct hall *hall, uint32_t need, int64_t time)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < NODES; i++)
                n += !hall->taken[i] && free_at(hall, i, time) >= need;
        return n;
}

static void it_is_the_first_moment_at_which_there_are_enough(void **state)
{
        uint64_t seed = 7;
        int found = 0, never = 0;

        (void)state;
        for (int c = 0; c < CASES; c++) {
                uint32_t chosen[NODES], free_on[NODES], need = (uint32_t)random_range(&seed, 1, 6);
                uint32_t legs = (uint32_t)random_range(&seed, 1, 4);
                struct hall hall;
                struct soonest_nodes nodes = { free_on, hall.taken, NODES };
                int64_t at, now = 60;

                make_hall(&hall, &seed);
                memcpy(free_on, hall.free, sizeof(free_on));
                soonest_sort(hall.releases, RELEASES);
                if (soonest_gang(&nodes, hall.releases, RELEASES, legs, need, now, chosen, &at) != OFFPEAK_OK) {
                        assert_true(nodes_at(&hall, need, 1000) < legs);
                        never++;
                        continue;
                }
                assert_true(at >= now);
                assert_true(nodes_at(&hall, need, at) >= legs);
                assert_true(at == now || nodes_at(&hall, need, at - 1) < legs);
                for (uint32_t i = 0; i < legs; i++) {
                        assert_false(hall.taken[chosen[i]]);
                        assert_true(free_at(&hall, chosen[i], at) >= need);
                        assert_true(free_on[chosen[i]] >= need && free_on[chosen[i]] <= free_at(&hall, chosen[i], at));
                        for (uint32_t k = 0; k < i; k++)
                                assert_int_not_equal(chosen[i], chosen[k]);
                }
                found++;
        }
        assert_true(found > CASES / 4 && never > CASES / 20);
}

static void some_devices_are_those_or_fewer(void **state)
{
        (void)state;
        assert_int_equal(soonest_some(0xf0, 0), 0);
        assert_int_equal(__builtin_popcountll(soonest_some(0xf0, 3)), 3);
        assert_int_equal(soonest_some(0xf0, 3) & ~UINT64_C(0xf0), 0);
        assert_int_equal(soonest_some(0xf0, 9), 0xf0);
        assert_true(soonest_some(UINT64_MAX, 64) == UINT64_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_the_first_moment_at_which_there_are_enough),
                cmocka_unit_test(some_devices_are_those_or_fewer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
