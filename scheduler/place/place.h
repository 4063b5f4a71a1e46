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

#include "place/pick.h"

/* Where a node stands: numbers of the caller's, the same for the same place; 0: not known, and then like no other's. */
struct place_position {
        uint32_t sw, rack, block; /* each 0, or 1 to n_nodes */
};

struct place_node {
        uint32_t node; /* the caller's index, handed back */
        uint64_t free; /* devices that can be taken */
        struct place_shape
                *shape; /* its devices and links; NULL: nothing is known. Remembers what is picked (pick.h) */
        struct place_position at;
        bool avoid; /* take it only if nothing else fits (it refused or lost this job lately) */
        bool was;   /* the job ran here last */
        bool empty; /* no job is there */
};

struct place_want {
        uint32_t legs, devices_per_leg;
        bool exclusive;    /* empty nodes only */
        uint32_t switches; /* on at most so many; 0: on any number */
};

struct place_leg {
        uint32_t node;
        uint64_t devices;
};

/*
 * Choose `legs` different nodes with `devices_per_leg` devices each. What counts, the first first: no node to be
 * avoided; few switches; the worst link inside a node; one rack, or one block, if it takes no more switches; where the
 * job ran last; links as a sum; tight fits, so that wide holes stay whole; few links cut; the order of `nodes`. With
 * several switches the widest are filled first and the rest goes to the tightest, which is the fewest there can be.
 * Devices inside a node: pick.h. Where nothing is known of links and positions that is: tightest fit, and as few NUMA
 * nodes as can be.
 *
 * Writes `legs` entries, those of one switch together. OFFPEAK_ETRYAGAIN when they are not free together, ENOMEM.
 */
int place_gang(const struct place_node *nodes, size_t n_nodes, const struct place_want *want,
               struct place_leg *ret_legs);

/*
 * The fewest switches that hold `legs` of these nodes, whatever is free on them; nodes of an unknown switch each count
 * as one. 0: there are not so many nodes, or no memory.
 */
uint32_t place_fewest_switches(const struct place_node *nodes, size_t n_nodes, uint32_t legs);

#endif
