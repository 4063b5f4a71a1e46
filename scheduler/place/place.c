/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Best fit on two levels. Nodes: walk the total order (avoided, devices left over, position) upwards and take the
 * first `legs` that are wide enough. Inside a node: best fit over NUMA nodes.
 */
#include "place/place.h"

enum { NUMA_COUNT = 256, DEVICE_COUNT = 64 };

static uint32_t free_count(const struct place_node *node)
{
        return (uint32_t)__builtin_popcountll(node->free);
}

/* Is nodes[a] a better choice than nodes[b]? A total order: no two nodes are equal. */
static bool goes_before(const struct place_node *nodes, size_t a, size_t b)
{
        if (nodes[a].avoid != nodes[b].avoid)
                return nodes[b].avoid;
        if (free_count(&nodes[a]) != free_count(&nodes[b]))
                return free_count(&nodes[a]) < free_count(&nodes[b]);
        return a < b;
}

/* The best node that fits and comes after `last` in the order (n_nodes: none was taken yet); n_nodes if none is left.
 */
static size_t next_node(const struct place_node *nodes, size_t n_nodes, uint32_t need, size_t last)
{
        size_t best = n_nodes;

        for (size_t i = 0; i < n_nodes; i++) {
                if (free_count(&nodes[i]) < need)
                        continue;
                if (last < n_nodes && !goes_before(nodes, last, i))
                        continue;
                if (best == n_nodes || goes_before(nodes, i, best))
                        best = i;
        }
        return best;
}

static unsigned numa_of(const struct place_node *node, unsigned device)
{
        return node->numa != NULL ? node->numa[device] : 0;
}

/* The NUMA node to take from next: the tightest that holds all of need, else the one with most. */
static unsigned next_numa(const uint8_t free_on[NUMA_COUNT], uint32_t need)
{
        unsigned widest = 0, tightest = NUMA_COUNT;

        for (unsigned i = 0; i < NUMA_COUNT; i++) {
                if (free_on[i] > free_on[widest])
                        widest = i;
                if (free_on[i] >= need && (tightest == NUMA_COUNT || free_on[i] < free_on[tightest]))
                        tightest = i;
        }
        return tightest < NUMA_COUNT ? tightest : widest;
}

/* Taking the widest until the rest fits into one touches as few NUMA nodes as any choice can. */
static uint64_t choose_devices(const struct place_node *node, uint32_t need)
{
        uint8_t free_on[NUMA_COUNT] = { 0 };
        uint64_t chosen = 0;

        for (unsigned d = 0; d < DEVICE_COUNT; d++)
                if (node->free >> d & 1)
                        free_on[numa_of(node, d)]++;
        while (need > 0) {
                unsigned numa = next_numa(free_on, need);

                for (unsigned d = 0; d < DEVICE_COUNT && need > 0; d++) {
                        if ((node->free >> d & 1) == 0 || numa_of(node, d) != numa)
                                continue;
                        chosen |= UINT64_C(1) << d;
                        need--;
                }
                free_on[numa] = 0;
        }
        return chosen;
}

int place_gang(const struct place_node *nodes, size_t n_nodes, uint32_t legs, uint32_t devices_per_leg,
               struct place_leg *ret_legs)
{
        size_t fitting = 0, last = n_nodes;

        for (size_t i = 0; i < n_nodes; i++)
                if (free_count(&nodes[i]) >= devices_per_leg)
                        fitting++;
        if (fitting < legs)
                return OFFPEAK_ETRYAGAIN;
        for (uint32_t leg = 0; leg < legs; leg++) {
                last = next_node(nodes, n_nodes, devices_per_leg, last);
                ret_legs[leg].node = nodes[last].node;
                ret_legs[leg].devices = choose_devices(&nodes[last], devices_per_leg);
        }
        return OFFPEAK_OK;
}
