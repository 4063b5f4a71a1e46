/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pick.h - which devices of one node a job takes: those with the best links between them, and with the fewest to what
 * stays free. Pure.
 *
 * Nodes that have the same devices and links share a shape, which remembers what was picked of which free devices:
 * where thousands of nodes are alike, few searches are made. Sets of devices are bit masks, as in place.h.
 */
#ifndef OFFPEAK_PLACE_PICK_H
#define OFFPEAK_PLACE_PICK_H

#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

/* How close two devices are on the PCI bus. Stored as numbers: only append. */
enum place_near {
        PLACE_FAR = 0,    /* nothing in common but the machine, or not known */
        PLACE_NUMA = 1,   /* cores and memory */
        PLACE_BRIDGE = 2, /* the way to the processor */
        PLACE_SWITCH = 3, /* a PCIe switch */
        PLACE_NEAR_LAST = PLACE_SWITCH,
};

/* Between two devices. A faster link is better, whatever the bus; the bus tells apart what has no link. */
struct place_link {
        uint16_t gb_per_s; /* NVLink or xGMI, GB/s in one direction; 0: none known */
        uint16_t near; /* enum place_near */
};

/* Pairs of n devices, and where the link of a < b stands among them: row by row of the upper triangle. */
static inline size_t place_pairs(size_t n)
{
        return n > 1 ? n * (n - 1) / 2 : 0;
}

static inline size_t place_pair(size_t n, size_t a, size_t b)
{
        return a * n - a * (a + 1) / 2 + (b - a - 1);
}

struct place_shapes;
struct place_shape;

int place_shapes_create(struct place_shapes **ret_shapes); /* ENOMEM */
void place_shapes_destroy(struct place_shapes *shapes);    /* accepts NULL */

/*
 * The shape of a node with n devices (at most 64): numa[n], NULL: all on one; links of place_pairs(n), NULL: none
 * known. Both are copied. It lives as long as `shapes`. ENOMEM.
 */
int place_shapes_find(struct place_shapes *shapes, uint32_t n, const uint8_t *numa, const struct place_link *links,
                      struct place_shape **ret_shape);

/* A choice. Links count as GB/s and, below that, nearness; `worst` and `sum` are only good for comparing. */
struct place_pick {
        uint64_t devices;
        uint32_t worst; /* link between two of them; 0 for one device, or without any */
        uint64_t sum;   /* of the links between all of them */
        uint64_t cut;   /* of the links from them to what stays free */
};

/*
 * `need` of the `free` devices (there are as many): the worst link between two of them is as good as can be, then the
 * sum of all as high, then the sum of those to the rest as low, so that islands stay whole. Exact for up to 16 free
 * devices, a good choice for more. Where nothing is known of links: as few NUMA nodes as can be, small holes first.
 * shape NULL: nothing is known.
 */
struct place_pick place_pick(struct place_shape *shape, uint64_t free, uint32_t need);

#endif
