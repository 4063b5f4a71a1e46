/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.c - hwloc's matrices of bandwidth are over GPUs, switches and processors, in MB/s. Two GPUs have what their own
 * entry says, and what both have to switches; a way over a processor is no link.
 */
#include "agent/links.h"

#include <stdbool.h>
#include <string.h>

enum { MB_PER_GB = 1000, NOBODY = -1, MAX_MATRICES = 8 };

hwloc_obj_t links_device(const struct topology *topology, const char *address)
{
        return hwloc_get_pcidev_by_busidstring(topology_hwloc(topology), address);
}

const char *links_near_name(enum place_near near)
{
        static const char *const names[] = { "far", "numa", "bridge", "switch" };

        return names[near <= PLACE_NEAR_LAST ? near : PLACE_FAR];
}

static bool is_below(hwloc_obj_t object, hwloc_obj_t above)
{
        while (object != NULL && object != above)
                object = object->parent;
        return object != NULL;
}

enum place_near links_near(hwloc_obj_t a, hwloc_obj_t b)
{
        hwloc_obj_t common = a->parent;

        while (common != NULL && !is_below(b, common))
                common = common->parent;
        if (common == NULL)
                return PLACE_FAR;
        if (common->type == HWLOC_OBJ_BRIDGE)
                return common->attr->bridge.upstream_type == HWLOC_OBJ_BRIDGE_PCI ? PLACE_SWITCH : PLACE_BRIDGE;
        return common->nodeset != NULL && hwloc_bitmap_weight(common->nodeset) == 1 ? PLACE_NUMA : PLACE_FAR;
}

/* ---- bandwidth */

/* A row of a matrix: the device of that number, or NOBODY's: a switch, or a processor. */
struct end {
        int device;
        bool is_switch;
};

static hwloc_obj_t card_of(hwloc_obj_t object)
{
        while (object != NULL && object->type == HWLOC_OBJ_OS_DEVICE)
                object = object->parent;
        return object != NULL && object->type == HWLOC_OBJ_PCI_DEVICE ? object : NULL;
}

static struct end end_of(const struct topology *topology, const struct device_set *set, hwloc_obj_t object)
{
        hwloc_obj_t card = card_of(object);
        struct end end = { NOBODY, card != NULL };

        for (uint32_t i = 0; card != NULL && i < set->n; i++)
                if (links_device(topology, set->at[i].address) == card)
                        end = (struct end){ (int)i, false };
        return end;
}

static void raise(struct place_link *link, uint64_t mb_per_s)
{
        uint64_t gb_per_s = mb_per_s / MB_PER_GB;

        if (gb_per_s > UINT16_MAX)
                gb_per_s = UINT16_MAX;
        if (gb_per_s > link->gb_per_s)
                link->gb_per_s = (uint16_t)gb_per_s;
}

/* How much a row has to switches. */
static uint64_t to_switches(const struct hwloc_distances_s *matrix, const struct end *ends, unsigned row)
{
        uint64_t sum = 0;

        for (unsigned i = 0; i < matrix->nbobjs; i++)
                if (ends[i].is_switch)
                        sum += matrix->values[row * matrix->nbobjs + i];
        return sum;
}

static void take_pair(const struct hwloc_distances_s *matrix, const struct end *ends, unsigned a, unsigned b,
                      const struct device_set *set, struct place_link *links)
{
        uint64_t direct = matrix->values[a * matrix->nbobjs + b], back = matrix->values[b * matrix->nbobjs + a];
        uint64_t out = to_switches(matrix, ends, a), in = to_switches(matrix, ends, b);

        if (ends[a].device == NOBODY || ends[b].device == NOBODY || ends[a].device >= ends[b].device)
                return;
        raise(&links[place_pair(set->n, (size_t)ends[a].device, (size_t)ends[b].device)],
              (direct < back ? direct : back) + (out < in ? out : in));
}

static void take_matrix(const struct topology *topology, const struct hwloc_distances_s *matrix,
                        const struct device_set *set, struct place_link *links)
{
        enum { MOST = 512 };
        struct end ends[MOST];

        if (matrix->nbobjs > MOST)
                return;
        for (unsigned i = 0; i < matrix->nbobjs; i++)
                ends[i] = matrix->objs[i] != NULL ? end_of(topology, set, matrix->objs[i])
                                                  : (struct end){ NOBODY, false };
        for (unsigned a = 0; a < matrix->nbobjs; a++)
                for (unsigned b = 0; b < matrix->nbobjs; b++)
                        if (a != b)
                                take_pair(matrix, ends, a, b, set, links);
}

static void take_bandwidth(const struct topology *topology, const char *name, const struct device_set *set,
                           struct place_link *links)
{
        struct hwloc_distances_s *matrices[MAX_MATRICES];
        unsigned n = MAX_MATRICES;

        if (hwloc_distances_get_by_name(topology_hwloc(topology), name, &n, matrices, 0) != 0)
                return;
        for (unsigned i = 0; i < n && i < MAX_MATRICES; i++) {
                take_matrix(topology, matrices[i], set, links);
                hwloc_distances_release(topology_hwloc(topology), matrices[i]);
        }
}

uint32_t links_find(const struct topology *topology, const struct device_set *set, struct place_link *links)
{
        memset(links, 0, place_pairs(set->n) * sizeof(*links));
        for (uint32_t a = 0; a < set->n; a++)
                for (uint32_t b = a + 1; b < set->n; b++) {
                        hwloc_obj_t one = links_device(topology, set->at[a].address);
                        hwloc_obj_t other = links_device(topology, set->at[b].address);

                        if (one != NULL && other != NULL)
                                links[place_pair(set->n, a, b)].near = (uint16_t)links_near(one, other);
                }
        take_bandwidth(topology, "NVLinkBandwidth", set, links);
        take_bandwidth(topology, "XGMIBandwidth", set, links);
        return (uint32_t)place_pairs(set->n);
}
