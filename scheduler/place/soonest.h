/* SPDX-License-Identifier: Apache-2.0 */
/* soonest.h - which nodes will have room for a gang soonest, as what runs on them ends. Pure. */
#ifndef OFFPEAK_PLACE_SOONEST_H
#define OFFPEAK_PLACE_SOONEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <offpeak/error.h>

/* Devices of a node that are in use, and when they will be free. */
struct soonest_release {
        int64_t at;
        uint32_t node, devices;
};

struct soonest_nodes {
        uint32_t *free;    /* devices that are free now; written: those that are when the gang starts */
        const bool *taken; /* not to be chosen; NULL: none */
        size_t n;
};

/* Ascending in time, and by node. */
void soonest_sort(struct soonest_release *releases, size_t n);

/*
 * Choose `legs` nodes with room for `devices_per_leg` each: those that have it now, in their order, then as `releases`,
 * sorted, come true. Writes legs entries, and when the last of them has it, `now` at the earliest. OFFPEAK_ETRYAGAIN:
 * there never are as many.
 */
int soonest_gang(const struct soonest_nodes *nodes, const struct soonest_release *releases, size_t n, uint32_t legs,
                 uint32_t devices_per_leg, int64_t now, uint32_t *ret_nodes, int64_t *ret_at);

/* At most n of those devices. */
uint64_t soonest_some(uint64_t devices, uint32_t n);

#endif
