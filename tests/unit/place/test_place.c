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
        struct place_shapes *shapes;
        size_t n;
};

static struct place_shape *shape_of(struct place_shapes *shapes, uint32_t n, const uint8_t *numa,
                                    const struct place_link *links)
{
        struct place_shape *shape = NULL;

        assert_int_equal(place_shapes_find(shapes, n, numa, links, &shape), 0);
        return shape;
}

static int place(const struct place_node *nodes, size_t n, uint32_t legs, uint32_t need, struct place_leg *ret_legs)
{
        const struct place_want want = { .legs = legs, .devices_per_leg = need };

        return place_gang(nodes, n, &want, ret_legs);
}

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
        assert_int_equal(place_shapes_create(&cluster->shapes), 0);
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
                node->shape = draw(seed) % 5 == 0 ? NULL : shape_of(cluster->shapes, DEVICES, cluster->numa[i], NULL);
        }
}

static unsigned bits(uint64_t set)
{
        return (unsigned)__builtin_popcountll(set);
}

static unsigned numa_touched(const struct cluster *cluster, size_t i, uint64_t devices)
{
        bool touched[256] = { false };
        unsigned n = 0;

        for (unsigned d = 0; d < 64; d++) {
                unsigned numa = cluster->nodes[i].shape != NULL ? cluster->numa[i][d] : 0;

                if ((devices >> d & 1) != 0 && !touched[numa]) {
                        touched[numa] = true;
                        n++;
                }
        }
        return n;
}

static unsigned fewest_numa(const struct cluster *cluster, size_t i, unsigned need)
{
        unsigned fewest = UINT32_MAX;

        for (uint64_t set = 0; set < UINT64_C(1) << DEVICES; set++)
                if (bits(set) == need && (set & ~cluster->nodes[i].free) == 0 && numa_touched(cluster, i, set) < fewest)
                        fewest = numa_touched(cluster, i, set);
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
        rc = place(cluster->nodes, cluster->n, legs, need, got);
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
                assert_int_equal(numa_touched(cluster, i, got[leg].devices), fewest_numa(cluster, i, need));
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
                place_shapes_destroy(cluster.shapes);
        }
}

static void test_wide_holes_stay_whole(void **state)
{
        const struct place_node nodes[] = { { .node = 0, .free = 0xff },
                                            { .node = 1, .free = 0x0f },
                                            { .node = 2, .free = 0x3c } };
        struct place_leg leg;

        (void)state;
        assert_int_equal(place(nodes, 3, 1, 4, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 1); /* as tight as node 2, and before it */
        assert_int_equal(leg.devices, 0x0f);
        assert_int_equal(place(nodes, 3, 1, 5, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 0);
}

static void test_avoided_node_only_if_nothing_else_fits(void **state)
{
        const struct place_node nodes[] = { { .node = 5, .free = 0x03, .avoid = true }, { .node = 6, .free = 0xff } };
        struct place_leg legs[2];

        (void)state;
        assert_int_equal(place(nodes, 2, 1, 2, legs), OFFPEAK_OK);
        assert_int_equal(legs[0].node, 6);
        assert_int_equal(place(nodes, 2, 2, 2, legs), OFFPEAK_OK);
        assert_int_equal(legs[0].node, 6);
        assert_int_equal(legs[1].node, 5);
}

static void test_small_holes_of_a_numa_node_are_used_first(void **state)
{
        static const uint8_t numa[64] = { 0, 0, 0, 0, 1, 1, 1, 1 };
        struct place_node node = { .node = 0, .free = 0xcf };
        struct place_shapes *shapes;
        struct place_leg leg;

        (void)state;
        assert_int_equal(place_shapes_create(&shapes), 0);
        node.shape = shape_of(shapes, 8, numa, NULL);
        assert_int_equal(place(&node, 1, 1, 2, &leg), OFFPEAK_OK);
        assert_int_equal(leg.devices, 0xc0); /* numa 1 has just two: numa 0 keeps its four */
        assert_int_equal(place(&node, 1, 1, 5, &leg), OFFPEAK_OK);
        assert_int_equal(leg.devices, 0x4f);
        place_shapes_destroy(shapes);
}

static void test_edges(void **state)
{
        const struct place_node full = { .node = 3, .free = UINT64_MAX };
        struct place_leg leg = { .node = 77 };

        (void)state;
        assert_int_equal(place(&full, 1, 1, 64, &leg), OFFPEAK_OK);
        assert_true(leg.devices == UINT64_MAX);
        assert_int_equal(place(&full, 1, 1, 65, &leg), OFFPEAK_ETRYAGAIN);
        assert_int_equal(place(NULL, 0, 1, 1, &leg), OFFPEAK_ETRYAGAIN);
        assert_int_equal(place(NULL, 0, 0, 1, NULL), OFFPEAK_OK);
}

/* ---- positions and links */

enum { WORST_TRIED = 3 };

/* Nodes of two devices: the link between them is one of three. */
struct rig {
        struct place_node nodes[2 * MAX_NODES];
        uint32_t gb_per_s[2 * MAX_NODES];
        struct place_shapes *shapes;
        size_t n;
};

static void make_rig(struct rig *rig, uint64_t *seed)
{
        bool known = draw(seed) % 4 != 0, avoids = draw(seed) % 3 == 0;

        memset(rig, 0, sizeof(*rig));
        assert_int_equal(place_shapes_create(&rig->shapes), 0);
        rig->n = 2 + draw(seed) % (2 * MAX_NODES - 2);
        for (size_t i = 0; i < rig->n; i++) {
                struct place_node *node = &rig->nodes[i];
                struct place_link link = { .gb_per_s = (uint16_t)(rig->gb_per_s[i] = draw(seed) % WORST_TRIED * 100) };

                node->node = (uint32_t)i;
                node->free = draw(seed) % 6 == 0 ? 1 : 3;
                node->empty = node->free == 3 && draw(seed) % 3 != 0;
                node->was = draw(seed) % 4 == 0;
                node->avoid = avoids && draw(seed) % 5 == 0;
                node->shape = shape_of(rig->shapes, 2, NULL, &link);
                if (known && draw(seed) % 8 != 0) {
                        node->at.sw = 1 + (uint32_t)(draw(seed) % 5 % rig->n);
                        node->at.rack = (node->at.sw + 1) / 2; /* of two switches each */
                        node->at.block = (node->at.sw + 3) / 4;
                }
        }
}

static uint32_t group(const struct place_node *node, int level)
{
        return level == 0 ? node->at.sw : level == 1 ? node->at.rack : node->at.block;
}

/* What is not known is like nothing else. */
static unsigned groups(const struct rig *rig, unsigned set, int level)
{
        unsigned n = 0;

        for (size_t i = 0; i < rig->n; i++) {
                bool before = false;

                for (size_t j = 0; j < i; j++)
                        before |= (set >> j & 1) != 0 && group(&rig->nodes[j], level) != 0 &&
                                  group(&rig->nodes[j], level) == group(&rig->nodes[i], level);
                n += (set >> i & 1) != 0 && !before;
        }
        return n;
}

/* Lexicographically: avoided nodes, switches, worst link, then several racks, several blocks. */
static uint64_t gang_cost(const struct rig *rig, unsigned set, unsigned need)
{
        unsigned avoided = 0, worst = 1000, narrow = groups(rig, set, 1) == 1 ? 0 : groups(rig, set, 2) == 1 ? 1 : 2;

        for (size_t i = 0; i < rig->n; i++) {
                if ((set >> i & 1) == 0)
                        continue;
                avoided += rig->nodes[i].avoid;
                worst = rig->gb_per_s[i] < worst ? rig->gb_per_s[i] : worst;
        }
        if (avoided > 0) /* then only the number of switches is promised */
                return (UINT64_C(1) << 60) + groups(rig, set, 0);
        return (uint64_t)groups(rig, set, 0) << 40 | (uint64_t)(need > 1 ? 1000 - worst : 0) << 20 | narrow;
}

static bool may_be_gang(const struct rig *rig, unsigned set, const struct place_want *want)
{
        if (bits(set) != want->legs || (want->switches != 0 && groups(rig, set, 0) > want->switches))
                return false;
        for (size_t i = 0; i < rig->n; i++)
                if ((set >> i & 1) != 0 &&
                    (bits(rig->nodes[i].free) < want->devices_per_leg || (want->exclusive && !rig->nodes[i].empty)))
                        return false;
        return true;
}

static void check_gang(const struct rig *rig, const struct place_want *want)
{
        uint64_t best = UINT64_MAX;
        struct place_leg got[2 * MAX_NODES];
        unsigned set = 0;
        int rc = place_gang(rig->nodes, rig->n, want, got);

        for (unsigned tried = 0; tried < 1U << rig->n; tried++)
                if (may_be_gang(rig, tried, want) && gang_cost(rig, tried, want->devices_per_leg) < best)
                        best = gang_cost(rig, tried, want->devices_per_leg);
        if (best == UINT64_MAX) {
                assert_int_equal(rc, OFFPEAK_ETRYAGAIN);
                return;
        }
        assert_int_equal(rc, OFFPEAK_OK);
        for (uint32_t l = 0; l < want->legs; l++) {
                set |= 1U << got[l].node;
                assert_int_equal(bits(got[l].devices), want->devices_per_leg);
                assert_int_equal(got[l].devices & ~rig->nodes[got[l].node].free, 0);
        }
        assert_true(may_be_gang(rig, set, want));
        assert_true(gang_cost(rig, set, want->devices_per_leg) == best);
}

static void test_gangs_agree_with_brute_force(void **state)
{
        uint64_t seed = 7;
        struct rig rig;

        (void)state;
        for (int round = 0; round < 600; round++) {
                make_rig(&rig, &seed);
                for (uint32_t legs = 1; legs <= 4; legs++) {
                        const struct place_want want = { .legs = legs,
                                                         .devices_per_leg = 1 + (uint32_t)(draw(&seed) % 2),
                                                         .exclusive = draw(&seed) % 4 == 0,
                                                         .switches = (uint32_t)(draw(&seed) % 4) };
                        check_gang(&rig, &want);
                }
                place_shapes_destroy(rig.shapes);
        }
}

static void test_a_job_stays_where_it_ran(void **state)
{
        const struct place_node nodes[] = { { .node = 0, .free = 0x03 }, { .node = 1, .free = 0xff, .was = true } };
        struct place_leg leg;

        (void)state;
        assert_int_equal(place(nodes, 2, 1, 2, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 1);
}

/* Of two nodes with the same worst link: more in all; then those that leave an island whole; then the tight fit. */
static void test_links_in_sum_come_before_tight_fits(void **state)
{
        const struct place_link good[] = { { 50, 0 }, { 50, 0 }, { 50, 0 } },
                                mixed[] = { { 50, 0 }, { 50, 0 }, { 80, 0 } };
        struct place_node nodes[] = { { .node = 0, .free = 7 }, { .node = 1, .free = 7 } };
        struct place_shapes *shapes;
        struct place_leg leg;

        (void)state;
        assert_int_equal(place_shapes_create(&shapes), 0);
        nodes[0].shape = shape_of(shapes, 3, NULL, good);
        nodes[1].shape = shape_of(shapes, 3, NULL, mixed);
        assert_int_equal(place(nodes, 2, 1, 3, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 1);
        assert_int_equal(place(nodes, 2, 1, 1, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 0); /* both leave two: two links of 50 are cut off, not one of 50 and one of 80 */
        nodes[1].free = 3;
        assert_int_equal(place(nodes, 2, 1, 1, &leg), OFFPEAK_OK);
        assert_int_equal(leg.node, 1); /* tighter */
        place_shapes_destroy(shapes);
}

/* Three fit on either switch: the one with three keeps the other whole; but not where the job ran. */
static void test_narrow_switches_are_filled_first(void **state)
{
        struct place_node nodes[7];
        struct place_leg legs[5];

        (void)state;
        for (uint32_t i = 0; i < 7; i++)
                nodes[i] = (struct place_node){ .node = i, .free = 1, .at.sw = i < 4 ? 1 : 2 };
        assert_int_equal(place(nodes, 7, 3, 1, legs), OFFPEAK_OK);
        for (uint32_t i = 0; i < 3; i++)
                assert_int_equal(legs[i].node, 4 + i);
        nodes[2].was = true;
        assert_int_equal(place(nodes, 7, 3, 1, legs), OFFPEAK_OK);
        assert_int_equal(legs[0].node, 2);
        assert_true(legs[1].node < 4 && legs[2].node < 4);
        assert_int_equal(place(nodes, 7, 5, 1, legs), OFFPEAK_OK);
        for (uint32_t i = 0; i < 4; i++) /* all of the wide one: ranks of one switch are neighbours */
                assert_true(legs[i].node < 4);
        assert_int_equal(place_fewest_switches(nodes, 7, 4), 1);
        assert_int_equal(place_fewest_switches(nodes, 7, 5), 2);
        assert_int_equal(place_fewest_switches(nodes, 7, 8), 0);
}

/* Many nodes, all alike but for how tight they are: the tightest, in their order, whatever way they were found. */
static void test_the_best_of_many(void **state)
{
        enum { N = 500, LEGS = 200 };
        static struct place_node nodes[N];
        static struct place_leg legs[LEGS];
        uint64_t seed = 3;

        (void)state;
        for (uint32_t i = 0; i < N; i++)
                nodes[i] = (struct place_node){ .node = i, .free = UINT64_MAX >> draw(&seed) % 60 };
        assert_int_equal(place(nodes, N, LEGS, 4, legs), OFFPEAK_OK);
        for (uint32_t l = 1; l < LEGS; l++) {
                unsigned before = bits(nodes[legs[l - 1].node].free), here = bits(nodes[legs[l].node].free);

                assert_true(before < here || (before == here && legs[l - 1].node < legs[l].node));
        }
        for (uint32_t i = 0; i < N; i++) {
                bool taken = false, tighter = bits(nodes[i].free) < bits(nodes[legs[LEGS - 1].node].free);

                for (uint32_t l = 0; l < LEGS; l++)
                        taken |= legs[l].node == i;
                assert_true(taken || !tighter);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_agrees_with_brute_force),
                cmocka_unit_test(test_wide_holes_stay_whole),
                cmocka_unit_test(test_avoided_node_only_if_nothing_else_fits),
                cmocka_unit_test(test_small_holes_of_a_numa_node_are_used_first),
                cmocka_unit_test(test_edges),
                cmocka_unit_test(test_gangs_agree_with_brute_force),
                cmocka_unit_test(test_a_job_stays_where_it_ran),
                cmocka_unit_test(test_links_in_sum_come_before_tight_fits),
                cmocka_unit_test(test_narrow_switches_are_filled_first),
                cmocka_unit_test(test_the_best_of_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
