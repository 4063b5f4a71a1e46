/* SPDX-License-Identifier: Apache-2.0 */
/* Placement against a brute-force oracle that tries every set of nodes and every set of devices of small clusters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "place/place.h"

enum { MAX_NODES = 6, DEVICES = 8 };

struct cluster {
        struct place_node nodes[MAX_NODES];
        uint8_t numa[MAX_NODES][64];
        size_t n;
};

/* splitmix64: the cases are the same on every run. */
static uint64_t draw(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

static void make_cluster(struct cluster *cluster, uint64_t *seed)
{
        memset(cluster, 0, sizeof(*cluster));
        cluster->n = 1 + draw(seed) % MAX_NODES;
        for (size_t i = 0; i < cluster->n; i++) {
                struct place_node *node = &cluster->nodes[i];

                node->node = (uint32_t)(100 + 7 * i);
                node->free = draw(seed) & draw(seed) % (UINT64_C(1) << DEVICES);
                if (draw(seed) % 3 == 0)
                        node->free = (UINT64_C(1) << DEVICES) - 1;
                node->avoid = draw(seed) % 4 == 0;
                for (unsigned d = 0; d < DEVICES; d++)
                        cluster->numa[i][d] = (uint8_t)(draw(seed) % 3 * 127);
                node->numa = draw(seed) % 5 == 0 ? NULL : cluster->numa[i];
        }
}

static unsigned bits(uint64_t set)
{
        return (unsigned)__builtin_popcountll(set);
}

static unsigned numa_touched(const struct place_node *node, uint64_t devices)
{
        bool touched[256] = { false };
        unsigned n = 0;

        for (unsigned d = 0; d < 64; d++) {
                unsigned numa = node->numa != NULL ? node->numa[d] : 0;

                if ((devices >> d & 1) != 0 && !touched[numa]) {
                        touched[numa] = true;
                        n++;
                }
        }
        return n;
}

static unsigned fewest_numa(const struct place_node *node, unsigned need)
{
        unsigned fewest = UINT32_MAX;

        for (uint64_t set = 0; set < UINT64_C(1) << DEVICES; set++)
                if (bits(set) == need && (set & ~node->free) == 0 && numa_touched(node, set) < fewest)
                        fewest = numa_touched(node, set);
        return fewest;
}

/* What a set of nodes costs, lexicographically: avoided nodes, then devices left over, then positions as a number. */
static uint64_t cost_of(const struct cluster *cluster, unsigned set, unsigned need)
{
        uint64_t avoided = 0, spare = 0, positions = 0;

        for (unsigned i = 0; i < cluster->n; i++) {
                if ((set >> i & 1) == 0)
                        continue;
                avoided += cluster->nodes[i].avoid;
                spare += bits(cluster->nodes[i].free) - need;
                positions |= UINT64_C(1) << i;
        }
        return avoided << 40 | spare << 20 | positions;
}

/* The cheapest set of `legs` nodes wide enough, 0 if there is none. Equal cost up to the position is settled by it. */
static unsigned best_set(const struct cluster *cluster, unsigned legs, unsigned need)
{
        unsigned best = 0;

        for (unsigned set = 1; set < 1U << cluster->n; set++) {
                bool fits = bits(set) == legs;

                for (unsigned i = 0; i < cluster->n; i++)
                        fits = fits && ((set >> i & 1) == 0 || bits(cluster->nodes[i].free) >= need);
                if (fits && (best == 0 || cost_of(cluster, set, need) < cost_of(cluster, best, need)))
                        best = set;
        }
        return best;
}

static size_t index_of(const struct cluster *cluster, uint32_t node)
{
        for (size_t i = 0; i < cluster->n; i++)
                if (cluster->nodes[i].node == node)
                        return i;
        fail_msg("node %u is none of the cluster's", node);
        return 0;
}

static void check_case(const struct cluster *cluster, unsigned legs, unsigned need)
{
        struct place_leg got[MAX_NODES + 1], untouched[MAX_NODES + 1];
        unsigned best = best_set(cluster, legs, need), set = 0;
        int rc;

        memset(got, 0xa5, sizeof(got));
        memset(untouched, 0xa5, sizeof(untouched));
        rc = place_gang(cluster->nodes, cluster->n, legs, need, got);
        if (best == 0) {
                assert_int_equal(rc, OFFPEAK_ETRYAGAIN);
                assert_memory_equal(got, untouched, sizeof(got));
                return;
        }
        assert_int_equal(rc, OFFPEAK_OK);
        assert_memory_equal(&got[legs], &untouched[legs], sizeof(got[0]));
        for (unsigned leg = 0; leg < legs; leg++) {
                size_t i = index_of(cluster, got[leg].node);
                const struct place_node *node = &cluster->nodes[i];

                assert_int_equal(set >> i & 1, 0);
                set |= 1U << i;
                assert_int_equal(bits(got[leg].devices), need);
                assert_int_equal(got[leg].devices & ~node->free, 0);
                assert_int_equal(numa_touched(node, got[leg].devices), fewest_numa(node, need));
        }
        assert_int_equal(cost_of(cluster, set, need) >> 20, cost_of(cluster, best, need) >> 20);
        assert_int_equal(set, best);
}

static void test_agrees_with_brute_force(void **state)
{
        uint64_t seed = 1;
        struct cluster cluster;

        (void)state;
        for (int round = 0; round < 400; round++) {
                make_cluster(&cluster, &seed);
                for (unsigned legs = 1; legs <= cluster.n + 1 && legs <= MAX_NODES; legs++)
                        check_case(&cluster, legs, 1 + (unsigned)(draw(&seed) % DEVICES));
        }
}

static void test_wide_holes_stay_whole(void **state)
{
        const struct place_node nodes[] = { { .node = 0, .free = 0xff },
                                            { .node = 1, .free = 0x0f },
                                            { .node = 2, .free = 0x3c } };
        struct place_leg leg;

        (void)state;
        assert_int_equal(place_gang(nodes, 3, 1, 4, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 1); /* as tight as node 2, and before it */
        assert_int_equal(leg.devices, 0x0f);
        assert_int_equal(place_gang(nodes, 3, 1, 5, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 0);
}

static void test_avoided_node_only_if_nothing_else_fits(void **state)
{
        const struct place_node nodes[] = { { .node = 5, .free = 0x03, .avoid = true }, { .node = 6, .free = 0xff } };
        struct place_leg legs[2];

        (void)state;
        assert_int_equal(place_gang(nodes, 2, 1, 2, legs), OFFPEAK_OK);
        assert_int_equal(legs[0].node, 6);
        assert_int_equal(place_gang(nodes, 2, 2, 2, legs), OFFPEAK_OK);
        assert_int_equal(legs[0].node, 6);
        assert_int_equal(legs[1].node, 5);
}

static void test_small_holes_of_a_numa_node_are_used_first(void **state)
{
        static const uint8_t numa[64] = { 0, 0, 0, 0, 1, 1, 1, 1 };
        const struct place_node node = { .node = 0, .free = 0xcf, .numa = numa };
        struct place_leg leg;

        (void)state;
        assert_int_equal(place_gang(&node, 1, 1, 2, &leg), OFFPEAK_OK);
        assert_int_equal(leg.devices, 0xc0); /* numa 1 has just two: numa 0 keeps its four */
        assert_int_equal(place_gang(&node, 1, 1, 5, &leg), OFFPEAK_OK);
        assert_int_equal(leg.devices, 0x4f);
}

static void test_edges(void **state)
{
        const struct place_node full = { .node = 3, .free = UINT64_MAX };
        struct place_leg leg = { .node = 77 };

        (void)state;
        assert_int_equal(place_gang(&full, 1, 1, 64, &leg), OFFPEAK_OK);
        assert_true(leg.devices == UINT64_MAX);
        assert_int_equal(place_gang(&full, 1, 1, 65, &leg), OFFPEAK_ETRYAGAIN);
        assert_int_equal(place_gang(NULL, 0, 1, 1, &leg), OFFPEAK_ETRYAGAIN);
        assert_int_equal(place_gang(NULL, 0, 0, 1, NULL), OFFPEAK_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_agrees_with_brute_force),
                cmocka_unit_test(test_wide_holes_stay_whole),
                cmocka_unit_test(test_avoided_node_only_if_nothing_else_fits),
                cmocka_unit_test(test_small_holes_of_a_numa_node_are_used_first),
                cmocka_unit_test(test_edges),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
