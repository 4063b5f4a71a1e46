/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.h - how the devices of a node are linked: NVLink and xGMI as hwloc's distances tell them, and the PCI bus.
 *
 * hwloc knows the distances where its NVML or RSMI plugins are, or where a file has them. A vendor's library that knows
 * better is asked afterwards (devices/gpu_links.h).
 */
#ifndef OFFPEAK_AGENT_LINKS_H
#define OFFPEAK_AGENT_LINKS_H

#include "agent/devices/device.h"
#include "place/pick.h"

/*
 * Fill in place_pairs(set->n) links: GB/s in one direction, over switches too; and the nearest that two have in common.
 * Returns how many there are.
 */
uint32_t links_find(const struct topology *topology, const struct device_set *set, struct place_link *links);

/* How near two PCI devices are, or what hangs on them. */
enum place_near links_near(hwloc_obj_t a, hwloc_obj_t b);

/* The PCI device of this address; NULL: there is none. */
hwloc_obj_t links_device(const struct topology *topology, const char *address);

const char *links_near_name(enum place_near near);

#endif
