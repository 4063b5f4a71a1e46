/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - turns "2 nodes with 4 devices each" into named devices on named nodes. Pure.
 *
 * Sets of devices are bit masks over a node's device indices (at most 64 devices a node).
 */
#ifndef OFFPEAK_PLACE_PLACE_H
#define OFFPEAK_PLACE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

struct place_node {
        uint32_t node;          /* the caller's index, handed back */
        uint64_t free;          /* devices that can be taken */
        const uint8_t *numa;    /* NUMA node of each device, indexed by device; NULL: all on one */
        bool avoid;             /* take it only if nothing else fits (it refused or lost this job lately) */
};

struct place_leg {
        uint32_t node;
        uint64_t devices;
};

/*
 * Choose `legs` different nodes with `devices_per_leg` devices each: tightest fit first, so that wide holes
 * stay whole; inside a node the devices of as few NUMA nodes as can be; ties by the order of `nodes`. Writes legs
 * entries. Returns OFFPEAK_OK, or OFFPEAK_ETRYAGAIN when they are not free together.
 */
int place_gang(const struct place_node *nodes, size_t n_nodes, uint32_t legs, uint32_t devices_per_leg,
               struct place_leg *ret_legs);

#endif
